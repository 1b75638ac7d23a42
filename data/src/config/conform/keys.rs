//! Keys of a table: which it may have, and what is said of one that it may not.

use std::ops::Range;

use serde_json::Value;
use toml::de::DeValue;

use super::Walk;
use crate::config::declarations::{Node, properties, required};
use crate::config::explain::suggestion;

/// The keys that a table may have.
pub(in crate::config) struct Keys {
    pub declared: Node,
    pub required: Vec<String>,
    /// Declaration of every key that has none of its own: the table is a map.
    pub like: Option<Value>,
    /// Whether keys without a declaration are fine.
    pub takes_more: bool,
}

impl Keys {
    pub fn of(node: &Node) -> Self {
        let declared = properties(node);
        let pattern = node.get("patternProperties").and_then(Value::as_object);
        let pattern = pattern.and_then(|patterns| patterns.values().next()).cloned();
        let additional = node.get("additionalProperties");
        let like = pattern.or_else(|| additional.filter(|node| node.is_object()).cloned());
        let is_refused = |node: Option<&Value>| node == Some(&Value::Bool(false));
        let refuses = is_refused(additional)
            || is_refused(node.get("unevaluatedProperties"))
            || (additional.is_none() && !declared.is_empty());
        let required = required(node).map(str::to_string).collect();
        Self { takes_more: !refuses, required, declared, like }
    }

    pub fn declaration(&self, key: &str) -> Option<&Value> {
        self.declared.get(key).or(self.like.as_ref())
    }

    pub fn names(&self) -> Vec<&str> {
        self.declared.keys().map(String::as_str).collect()
    }
}

impl Walk<'_> {
    /// A key that the schema does not know, at `path`: it was renamed, something in it was, or it is a slip.
    pub fn unknown(
        &mut self,
        path: String,
        key: &Range<usize>,
        value: &DeValue<'_>,
        name: &str,
        names: &[&str],
    ) {
        let general = without_indices(&path);
        if let Some(rename) = self.renames.iter().find(|rename| rename.old == general) {
            let (message, label) = match rename.new.contains(' ') {
                true => (format!("`{general}` is no longer a key: {}", rename.new), "no longer a key".into()),
                false => {
                    (format!("`{general}` is now `{}`", rename.new), format!("renamed to `{}`", rename.new))
                }
            };
            return self.add(path, key, message, label, None);
        }
        let inside = |old: &str| {
            let rest = old.strip_prefix(general.as_str());
            rest.is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]"))
        };
        if self.renames.iter().any(|rename| inside(rename.old)) {
            match value {
                DeValue::Table(_) => return self.unknown_inside(&path, value),
                DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                    for (index, item) in items.iter().enumerate() {
                        self.unknown_inside(&format!("{path}[{index}]"), item.get_ref());
                    }
                    return;
                }
                _ => {}
            }
        }
        let label = suggestion(name, names).unwrap_or_else(|| "not a key of this table".into());
        let help = (!names.is_empty()).then(|| format!("the keys here are {}", names.join(", ")));
        self.add(path, key, format!("unknown key `{name}`"), label, help);
    }

    fn unknown_inside(&mut self, path: &str, value: &DeValue<'_>) {
        for (key, value) in value.as_table().into_iter().flatten() {
            let name = key.get_ref().as_ref();
            self.unknown(format!("{path}.{name}"), &key.span(), value.get_ref(), name, &[]);
        }
    }
}

/// `layers[1].kind` as `layers[].kind`.
fn without_indices(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|&c| {
            inside = (inside || c == '[') && c != ']';
            !inside || c == '['
        })
        .collect()
}
