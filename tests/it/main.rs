mod core_notices;
mod harness;
