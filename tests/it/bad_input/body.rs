//! The arguments of a block of HCL.

use std::collections::BTreeMap;

use serde_json::Value;

/// By name, each as it stands in the block.
#[derive(Clone, Default)]
pub struct Body(BTreeMap<&'static str, String>);

impl Body {
    pub fn with(mut self, argument: &'static str, value: impl Into<Value>) -> Self {
        self.set_expression(argument, &hcl(&value.into()));
        self
    }

    /// With an inner block of texts.
    pub fn with_block(mut self, name: &'static str, members: &[(&str, &str)]) -> Self {
        let members: String =
            members.iter().map(|(name, value)| format!("    {name} = {value:?}\n")).collect();
        self.0.insert(name, format!("{name} {{\n{members}  }}"));
        self
    }

    pub fn set_expression(&mut self, argument: &'static str, expression: &str) {
        self.0.insert(argument, format!("{argument} = {expression}"));
    }

    pub fn without(mut self, argument: &'static str) -> Self {
        self.0.remove(argument);
        self
    }

    pub fn in_block(&self, head: &str) -> String {
        let lines: String = self.0.values().map(|line| format!("  {line}\n")).collect();
        format!("{head} {{\n{lines}}}\n")
    }
}

/// JSON is HCL. Written one member a line, each has a place of its own in a message.
fn hcl(value: &Value) -> String {
    format!("{value:#}")
}
