//! Keys of a table: which it may have, and what is said of one that it may not.

use std::ops::Range;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::{Rename, Walk};
use crate::config::declarations::{Node, properties, required};
use crate::config::explain::nearest;

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
    /// Gives the path of the key that is meant, where that is clear.
    pub fn unknown(
        &mut self,
        path: String,
        key: &Range<usize>,
        value: &DeValue<'_>,
        name: &str,
        names: &[&str],
    ) -> Option<String> {
        let general = without_indices(&path);
        if let Some(rename) = self.renames.iter().find(|rename| rename.old == general) {
            return self.old_key(path, key, rename.new);
        }
        let inside = |old: &str| {
            let rest = old.strip_prefix(general.as_str());
            rest.is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]"))
        };
        let tables: Vec<(String, &DeTable<'_>)> = match value {
            DeValue::Table(table) => vec![(path.clone(), table)],
            DeValue::Array(items) => {
                let tables = items.iter().enumerate();
                tables
                    .filter_map(|(i, item)| Some((format!("{path}[{i}]"), item.get_ref().as_table()?)))
                    .collect()
            }
            _ => Vec::new(),
        };
        if !tables.is_empty() && self.renames.iter().any(|rename| inside(rename.old)) {
            for (path, table) in tables {
                for (key, value) in table {
                    let name = key.get_ref().as_ref();
                    self.unknown(format!("{path}.{name}"), &key.span(), value.get_ref(), name, &[]);
                }
            }
            return None;
        }
        if let Some(new) = self.renamed(&path) {
            return self.old_key(path, key, &new);
        }
        let meant = nearest(name, names);
        let label =
            meant.map_or("not a key of this table".into(), |meant| format!("did you mean `{meant}`?"));
        let help = (!names.is_empty()).then(|| format!("the keys here are {}", names.join(", ")));
        let parent = path.strip_suffix(name).unwrap_or_default().to_string();
        self.add(path, key, format!("unknown key `{name}`"), label, help);
        meant.map(|meant| format!("{parent}{meant}"))
    }

    /// What took the place of the key `path`, where it is an old one.
    pub fn renamed(&self, path: &str) -> Option<String> {
        let path = without_indices(path);
        let exact = self.renames.iter().find(|rename| rename.old == path);
        let with_rest = |rename: &Rename| {
            let rest = path.strip_prefix(rename.old.strip_suffix('*')?)?;
            Some(rename.new.replace('*', rest))
        };
        exact.map(|rename| rename.new.to_string()).or_else(|| self.renames.iter().find_map(with_rest))
    }

    /// Adds that the key at `path` has become `new`, a path or a sentence; gives the path.
    pub fn old_key(&mut self, path: String, key: &Range<usize>, new: &str) -> Option<String> {
        let general = without_indices(&path);
        if new.contains(' ') {
            let message = format!("`{general}` is no longer a key: {new}");
            self.add(path, key, message, "no longer a key".into(), None);
            return None;
        }
        self.add(path, key, format!("`{general}` is now `{new}`"), format!("renamed to `{new}`"), None);
        Some(new.to_string())
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
