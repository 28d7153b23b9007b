mod core_notices;
mod core_rules;
mod harness;
