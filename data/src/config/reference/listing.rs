//! Every key of a configuration, from its declarations.

use serde_json::Value;

use super::Key;
use crate::config::declarations::{Declarations, Node, description, properties, required, toml_text};

/// Where the listing is.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// Path of the table.
    pub path: &'p str,
    /// The choice that the table's keys belong to.
    pub only_for: Option<&'p str>,
    /// Whether the table has other forms, so that none of its keys is required.
    pub is_one_form: bool,
    /// Tables within tables that are still followed.
    pub depth: usize,
}

impl Place<'_> {
    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) }
    }
}

impl Declarations {
    /// Adds the keys of the table that `node` declares, each table before its keys.
    pub(super) fn list(&self, node: &Node, place: Place<'_>, keys: &mut Vec<Key>) {
        let Some(depth) = place.depth.checked_sub(1) else { return };
        let place = Place { depth, ..place };
        let tag = self.tag(node);
        for (key, value) in properties(node) {
            if tag.as_ref().is_none_or(|(tag, _)| *tag != key) {
                self.list_key(&key, &value, node, place, keys);
            }
        }
        match tag {
            Some((tag, words)) => self.list_kinds(node, &tag, &words, place, keys),
            None => {
                for form in self.alternatives(node) {
                    self.list(&form, Place { is_one_form: true, ..place }, keys);
                }
            }
        }
        if let Some(entry) = node.get("additionalProperties").filter(|entry| entry.is_object()) {
            let path = place.path_of("<name>");
            self.list(&self.resolved(entry), Place { path: &path, ..place }, keys);
        }
    }

    fn list_key(&self, key: &str, value: &Value, node: &Node, place: Place<'_>, keys: &mut Vec<Key>) {
        let inner = self.resolved(value);
        let path = place.path_of(key);
        let is_required = !place.is_one_form && required(node).any(|name| name == key);
        keys.push(Key {
            path: path.clone(),
            form: self.form(&inner),
            si_unit: inner.get("x-si-unit").and_then(Value::as_str).map(str::to_string),
            required: is_required && !inner.contains_key("default"),
            default: inner.get("default").filter(|v| !v.is_null() && !v.is_object()).map(toml_text),
            only_for: place.only_for.map(str::to_string),
            description: description(&inner),
        });
        let inside = Place { is_one_form: false, ..place };
        match inner.get("items").map(|items| self.resolved(items)) {
            Some(items) => self.list(&items, Place { path: &format!("{path}[]"), ..inside }, keys),
            None => self.list(&inner, Place { path: &path, ..inside }, keys),
        }
    }

    fn list_kinds(
        &self,
        node: &Node,
        tag: &str,
        words: &[(String, String)],
        place: Place<'_>,
        keys: &mut Vec<Key>,
    ) {
        let listed: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let meaning = words.iter().filter(|(_, meaning)| !meaning.is_empty());
        keys.push(Key {
            path: place.path_of(tag),
            form: format!("one of {}", listed.join(", ")),
            si_unit: None,
            required: true,
            default: None,
            only_for: place.only_for.map(str::to_string),
            description: meaning.map(|(word, m)| format!("{word}: {m}")).collect::<Vec<_>>().join(" "),
        });
        for mut alternative in self.alternatives(node) {
            let choice = properties(&alternative).get(tag).and_then(|v| v.get("const")).map(toml_text);
            if let Some(Value::Object(inner)) = alternative.get_mut("properties") {
                inner.remove(tag);
            }
            let choice = choice.map(|choice| format!("{tag} = {choice}"));
            self.list(&alternative, Place { only_for: choice.as_deref(), ..place }, keys);
        }
    }
}
