//! TOML types, and which of them a declaration takes.

use toml::de::DeValue;

use crate::config::declarations::{Declarations, Node, json_types, own_words};

/// The TOML type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Shape {
    Text,
    Whole,
    Number,
    Truth,
    Date,
    List,
    Table,
}

impl Shape {
    pub fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(_) => Self::Text,
            DeValue::Integer(_) => Self::Whole,
            DeValue::Float(_) => Self::Number,
            DeValue::Boolean(_) => Self::Truth,
            DeValue::Datetime(_) => Self::Date,
            DeValue::Array(_) => Self::List,
            DeValue::Table(_) => Self::Table,
        }
    }

    /// Whether a value of this type is one of the JSON type.
    fn is(self, json: &str) -> bool {
        match json {
            "string" => self == Self::Text,
            "integer" => self == Self::Whole,
            "number" => matches!(self, Self::Whole | Self::Number),
            "boolean" => self == Self::Truth,
            "array" => self == Self::List,
            "object" => self == Self::Table,
            _ => false,
        }
    }
}

/// Whether `node` takes values of the type `shape`.
pub(in crate::config) fn takes(declarations: &Declarations, node: &Node, shape: Shape) -> bool {
    let types = json_types(node);
    if !types.is_empty() {
        return types.iter().any(|json| shape.is(json));
    }
    if !own_words(node).is_empty() {
        return shape == Shape::Text;
    }
    let alternatives = declarations.alternatives(node);
    if !alternatives.is_empty() {
        return alternatives.iter().any(|alternative| takes(declarations, alternative, shape));
    }
    if node.get("type").is_some() {
        return false; // `null` alone
    }
    let is_table = node.contains_key("properties") || node.contains_key("additionalProperties");
    !is_table || shape == Shape::Table
}
