//! Which of several forms a value is meant to have.

use serde_json::Value;
use toml::de::DeValue;

use super::scalar;
use super::shape::{Shape, takes};
use crate::config::declarations::{Declarations, Node, properties, required};

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
