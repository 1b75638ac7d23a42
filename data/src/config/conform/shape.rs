//! TOML types, and which of them a declaration takes.

use serde_json::Value;
use toml::de::DeValue;

use super::scalar;
use crate::config::declarations::{Declarations, Node, json_types, own_words, properties, required};

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

/// How well `value`, of a type that `node` takes, agrees with `node`, without a look into what it holds.
pub(super) fn score(declarations: &Declarations, value: &DeValue<'_>, node: &Node) -> i64 {
    match value {
        DeValue::Table(table) => {
            let declared = properties(node);
            let known = table.keys().filter(|key| declared.contains_key(key.get_ref().as_ref())).count();
            let missing = required(node).filter(|key| !table.contains_key(*key)).count();
            let weight = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / 4);
            2 * weight(known) - 2 * weight(table.len() - known) - weight(missing)
        }
        DeValue::Array(items) => {
            let first = node.get("prefixItems").and_then(|items| items.get(0)).or_else(|| node.get("items"));
            let fits = |item: &DeValue<'_>, node: &Value| {
                takes(declarations, &declarations.resolved(node), Shape::of(item))
            };
            let agrees = items.first().zip(first).is_none_or(|(item, node)| fits(item.get_ref(), node));
            i64::from(agrees) + i64::from(scalar::size_problem(items.len(), node, "").is_none())
        }
        DeValue::String(text) => {
            if scalar::problem(declarations, value, text, node, "").is_none() {
                return 2;
            }
            let is_number = text.trim_start().starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
            i64::from(is_number == declarations.choices(node).is_empty())
        }
        _ => i64::from(scalar::problem(declarations, value, "", node, "").is_none()),
    }
}
