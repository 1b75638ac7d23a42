//! A configuration as TOML in which every key is explained.

use std::fmt::Write as _;

use serde_json::Value;

use crate::config::declarations::{Declarations, Node, description, properties, toml_text};

/// Width at which comments are wrapped.
const WIDTH: usize = 98;

impl Declarations {
    /// Declarations of the keys of `table`, which `node` describes: for a table of several kinds, those
    /// of the kind that it is.
    fn properties_for(&self, table: &toml::Table, node: &Node) -> Node {
        let mut declared = properties(node);
        let fits = |alternative: &Node| {
            let properties = properties(alternative);
            table.iter().all(|(key, value)| {
                let Some(declared) = properties.get(key) else { return declared.contains_key(key) };
                declared.get("const").is_none_or(|word| word.as_str() == value.as_str())
            })
        };
        if let Some(kind) = self.alternatives(node).into_iter().find(fits) {
            declared.extend(properties(&kind));
            if let Some((tag, words)) = self.tag(node) {
                let words: Vec<Value> = words.into_iter().map(|(word, _)| word.into()).collect();
                let mut choice = Node::new();
                choice.insert("description".into(), description(&kind).into());
                choice.insert("enum".into(), words.into());
                declared.insert(tag, choice.into());
            }
        }
        declared
    }

    pub(super) fn write_table(&self, text: &mut String, path: &str, table: &toml::Table, node: &Node) {
        let declared = self.properties_for(table, node);
        let declaration = |key: &str| declared.get(key).map(|value| self.resolved(value)).unwrap_or_default();
        let is_table = |value: &toml::Value| match value {
            toml::Value::Table(_) => true,
            toml::Value::Array(items) => !items.is_empty() && items.iter().all(toml::Value::is_table),
            _ => false,
        };
        for (key, value) in table.iter().filter(|(_, value)| !is_table(value)) {
            self.comment_key(text, &declaration(key), Some(value));
            let _ = writeln!(text, "{} = {value}", key_text(key));
        }
        for (key, value) in declared.iter().filter(|(key, _)| !table.contains_key(*key)) {
            let absent = self.resolved(value);
            if self.form(&absent).starts_with("table") {
                continue;
            }
            self.comment_key(text, &absent, None);
            let sample = absent.get("examples").and_then(|e| e.get(0)).or_else(|| absent.get("default"));
            let sample = sample.filter(|v| !v.is_null()).map_or_else(|| "...".into(), toml_text);
            let _ = writeln!(text, "# {} = {sample}", key_text(key));
        }
        for (key, value) in table.iter().filter(|(_, value)| is_table(value)) {
            let inner_path =
                if path.is_empty() { key_text(key) } else { format!("{path}.{}", key_text(key)) };
            let inner = declaration(key);
            match value {
                toml::Value::Table(inside) => {
                    text.push('\n');
                    comment(text, &description(&inner));
                    let _ = writeln!(text, "[{inner_path}]");
                    self.write_table(text, &inner_path, inside, &inner);
                }
                toml::Value::Array(items) => {
                    let item = inner.get("items").map(|items| self.resolved(items)).unwrap_or_default();
                    for (index, inside) in items.iter().filter_map(toml::Value::as_table).enumerate() {
                        text.push('\n');
                        if index == 0 {
                            comment(text, &description(&inner));
                        }
                        let _ = writeln!(text, "[[{inner_path}]]");
                        self.write_table(text, &inner_path, inside, &item);
                    }
                }
                _ => {}
            }
        }
    }

    /// Description, choices and default of a key as a comment.
    fn comment_key(&self, text: &mut String, node: &Node, value: Option<&toml::Value>) {
        let mut words = description(node);
        let choices = self.choices(node);
        if !choices.is_empty() {
            let listed: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            let _ = write!(words, " One of {}.", listed.join(", "));
        } else if value.is_none() {
            let _ = write!(words, " Optional: {}.", self.form(node));
        }
        let default = node.get("default").filter(|v| !v.is_null() && !v.is_object()).map(toml_text);
        if let (Some(default), Some(value)) = (default, value)
            && default != value.to_string()
        {
            let _ = write!(words, " Default: {default}.");
        }
        comment(text, words.trim());
    }
}

fn key_text(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { key.to_string() } else { toml::Value::from(key).to_string() }
}

/// Appends `words` as comment lines.
pub(super) fn comment(text: &mut String, words: &str) {
    let mut line = String::new();
    for word in words.split_whitespace() {
        if !line.is_empty() && line.len() + word.len() + 3 > WIDTH {
            let _ = writeln!(text, "# {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(text, "# {line}");
    }
}
