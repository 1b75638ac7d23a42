//! Documentation of configurations from their own declarations: a commented example file and a
//! table of all keys.
//!
//! Descriptions are the doc comments of the configuration structs, units and defaults come with
//! the types; nothing is written twice.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::ConfigError;

/// Width at which comments are wrapped.
const WIDTH: usize = 98;

/// Tables within tables beyond this depth are not followed (a type that contains itself).
const DEEPEST: usize = 12;

/// What is known about one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Path from the root, such as `device.geometry.diameter`; `[]` marks the items of a list.
    pub path: String,
    /// What the value may be, in words.
    pub form: String,
    /// SI unit in UDUNITS spelling, for physical quantities.
    pub si_unit: Option<String>,
    /// Whether the key must be given.
    pub required: bool,
    /// Value taken where the key is not given, as TOML.
    pub default: Option<String>,
    /// The choice this key belongs to, such as `kind = "leaky"`, where it is not always allowed.
    pub only_for: Option<String>,
    /// Description, plain text.
    pub description: String,
}

/// All keys of the configuration `T`, each table before its keys.
#[must_use]
pub fn keys<T: JsonSchema>() -> Vec<Key> {
    let declarations = Declarations::of::<T>();
    let mut keys = Vec::new();
    declarations.list(&declarations.root, "", None, DEEPEST, &mut keys);
    keys
}

/// All keys of the configuration `T` as a table in Markdown.
#[must_use]
pub fn markdown<T: JsonSchema>() -> String {
    let mut text = "| key | value | default | meaning |\n|---|---|---|---|\n".to_string();
    for key in keys::<T>() {
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let default = match (&key.default, key.required) {
            (Some(value), _) => format!("`{}`", cell(value)),
            (None, true) => "required".into(),
            (None, false) => "none".into(),
        };
        let only_for = key.only_for.map_or(String::new(), |choice| format!("Only for `{choice}`. "));
        let meaning = format!("{only_for}{}", key.description);
        let _ = writeln!(text, "| `{}` | {} | {default} | {} |", key.path, cell(&key.form), cell(&meaning));
    }
    text
}

/// `configuration` as TOML in which every key carries its description; valid input that reads back to
/// the same value. Keys that may be left out and are, stand as comments.
///
/// # Errors
/// The configuration has no TOML form.
pub fn example<T: JsonSchema + Serialize>(configuration: &T) -> Result<String, ConfigError> {
    let table = toml::Table::try_from(configuration)
        .map_err(|e| ConfigError::Unwritable { reason: e.to_string() })?;
    let declarations = Declarations::of::<T>();
    let mut text = String::new();
    comment(&mut text, &description(&declarations.root));
    declarations.write_table(&mut text, "", &table, &declarations.root);
    Ok(text)
}

/// The JSON schema of a configuration, with a way to follow its references.
struct Declarations {
    root: Map<String, Value>,
    shared: Map<String, Value>,
}

impl Declarations {
    fn of<T: JsonSchema>() -> Self {
        let schema =
            schemars::generate::SchemaSettings::default().into_generator().into_root_schema_for::<T>();
        let mut root = object(schema.as_value());
        let shared = root.remove("$defs").map(|defs| object(&defs)).unwrap_or_default();
        let declarations = Self { root: Map::new(), shared };
        Self { root: declarations.resolved(&Value::Object(root)), ..declarations }
    }

    /// `node` with references followed, `null` alternatives dropped and `allOf` merged; what is said at
    /// the place of use wins over what is said at the declaration.
    fn resolved(&self, node: &Value) -> Map<String, Value> {
        let mut node = object(node);
        for _ in 0..DEEPEST {
            let mut beneath = Vec::new();
            if let Some(Value::String(reference)) = node.remove("$ref") {
                let name = reference.rsplit('/').next().unwrap_or_default();
                beneath.extend(self.shared.get(name).cloned());
            }
            if let Some(Value::Array(parts)) = node.remove("allOf") {
                beneath.extend(parts);
            }
            for list in ["anyOf", "oneOf"] {
                if let Some(Value::Array(mut items)) = node.remove(list) {
                    items.retain(|item| item.get("type").and_then(Value::as_str) != Some("null"));
                    match items.len() {
                        1 => beneath.extend(items),
                        _ => drop(node.insert(list.into(), Value::Array(items))),
                    }
                }
            }
            if beneath.is_empty() {
                break;
            }
            for lower in beneath {
                for (key, value) in object(&lower) {
                    match (node.get_mut(&key), value) {
                        (Some(Value::Object(upper)), Value::Object(lower)) => {
                            for (key, value) in lower {
                                upper.entry(key).or_insert(value);
                            }
                        }
                        (Some(Value::Array(upper)), Value::Array(lower)) if key == "required" => {
                            upper.extend(lower);
                        }
                        (Some(_), _) => {}
                        (None, value) => drop(node.insert(key, value)),
                    }
                }
            }
        }
        node
    }

    fn alternatives(&self, node: &Map<String, Value>) -> Vec<Map<String, Value>> {
        let list = |name: &str| node.get(name).and_then(Value::as_array);
        let items = list("oneOf").or_else(|| list("anyOf")).into_iter().flatten();
        items.map(|item| self.resolved(item)).collect()
    }

    /// The words `node` chooses from, each with its description.
    fn choices(&self, node: &Map<String, Value>) -> Vec<(String, String)> {
        let word = |value: &Value| value.as_str().map(str::to_string);
        let plain = |node: &Map<String, Value>| -> Vec<(String, String)> {
            let listed = node.get("enum").and_then(Value::as_array).into_iter().flatten();
            let words = listed.chain(node.get("const")).filter_map(word);
            words.map(|word| (word, description(node))).collect()
        };
        let own = plain(node).into_iter().map(|(word, _)| (word, String::new()));
        own.chain(self.alternatives(node).iter().flat_map(plain)).collect()
    }

    /// Keys that tell the table alternatives of `node` apart, with their words and descriptions.
    fn tag(&self, node: &Map<String, Value>) -> Option<(String, Vec<(String, String)>)> {
        let mut tag = None;
        let mut words = Vec::new();
        for alternative in self.alternatives(node) {
            for (key, value) in properties(&alternative) {
                if let Some(word) = value.get("const").and_then(Value::as_str) {
                    words.push((word.to_string(), description(&alternative)));
                    tag = Some(key);
                }
            }
        }
        tag.map(|key| (key, words))
    }

    /// What `node` may be, in words.
    fn form(&self, node: &Map<String, Value>) -> String {
        let choices = self.choices(node);
        if !choices.is_empty() {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            return format!("one of {}", words.join(", "));
        }
        if node.contains_key("x-si-unit") {
            let example = node.get("examples").and_then(|e| e.get(0)).and_then(Value::as_str);
            return format!("text with a unit, such as \"{}\"", example.unwrap_or_default());
        }
        let bound = |name: &str| node.get(name).filter(|bound| !bound.is_null()).map(toml_text);
        let range = match (bound("minimum"), bound("maximum")) {
            (Some(low), Some(high)) => format!(" from {low} to {high}"),
            (Some(low), None) => format!(" from {low}"),
            (None, Some(high)) => format!(" up to {high}"),
            (None, None) => String::new(),
        };
        match json_type(node) {
            Some("integer") => format!("whole number{range}"),
            Some("number") => format!("number{range}"),
            Some("boolean") => "true or false".into(),
            Some("string") => "text".into(),
            Some("array") => match node.get("items") {
                Some(items) => format!("list of: {}", self.form(&self.resolved(items))),
                None => "list".into(),
            },
            Some("object") => "table".into(),
            _ if !self.alternatives(node).is_empty() => "table of one of several kinds".into(),
            _ => "value".into(),
        }
    }

    fn list(
        &self,
        node: &Map<String, Value>,
        path: &str,
        only_for: Option<&str>,
        depth: usize,
        keys: &mut Vec<Key>,
    ) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let required = |key: &str| {
            let names = node.get("required").and_then(Value::as_array).into_iter().flatten();
            names.filter_map(Value::as_str).any(|name| name == key)
        };
        let tag = self.tag(node);
        for (key, value) in properties(node) {
            if tag.as_ref().is_some_and(|(tag, _)| *tag == key) {
                continue;
            }
            let inner = self.resolved(&value);
            let inner_path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            keys.push(Key {
                path: inner_path.clone(),
                form: self.form(&inner),
                si_unit: inner.get("x-si-unit").and_then(Value::as_str).map(str::to_string),
                required: required(&key) && !inner.contains_key("default"),
                default: inner.get("default").filter(|v| !v.is_null() && !v.is_object()).map(toml_text),
                only_for: only_for.map(str::to_string),
                description: description(&inner),
            });
            let items = inner.get("items").map(|items| self.resolved(items));
            let (inside, inside_path) = match &items {
                Some(items) => (items, format!("{inner_path}[]")),
                None => (&inner, inner_path),
            };
            self.list(inside, &inside_path, only_for, depth, keys);
        }
        if let Some((tag, words)) = tag {
            let listed: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            let meaning = words.iter().filter(|(_, meaning)| !meaning.is_empty());
            keys.push(Key {
                path: if path.is_empty() { tag.clone() } else { format!("{path}.{tag}") },
                form: format!("one of {}", listed.join(", ")),
                si_unit: None,
                required: true,
                default: None,
                only_for: only_for.map(str::to_string),
                description: meaning.map(|(word, m)| format!("{word}: {m}")).collect::<Vec<_>>().join(" "),
            });
            for mut alternative in self.alternatives(node) {
                let choice = properties(&alternative).get(&tag).and_then(|v| v.get("const")).map(toml_text);
                if let Some(Value::Object(inner)) = alternative.get_mut("properties") {
                    inner.remove(&tag);
                }
                let choice = choice.map(|choice| format!("{tag} = {choice}"));
                self.list(&alternative, path, choice.as_deref(), depth, keys);
            }
        }
    }

    /// Declarations of the keys of `table`, which `node` describes: for a table of several kinds, those
    /// of the kind that it is.
    fn properties_for(&self, table: &toml::Table, node: &Map<String, Value>) -> Map<String, Value> {
        let mut declared = properties(node);
        let fits = |alternative: &Map<String, Value>| {
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
                let mut choice = Map::new();
                choice.insert("description".into(), description(&kind).into());
                choice.insert("enum".into(), words.into());
                declared.insert(tag, choice.into());
            }
        }
        declared
    }

    fn write_table(&self, text: &mut String, path: &str, table: &toml::Table, node: &Map<String, Value>) {
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
    fn comment_key(&self, text: &mut String, node: &Map<String, Value>, value: Option<&toml::Value>) {
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

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn properties(node: &Map<String, Value>) -> Map<String, Value> {
    node.get("properties").map(object).unwrap_or_default()
}

fn json_type(node: &Map<String, Value>) -> Option<&str> {
    match node.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

/// First paragraph and source of a doc comment, without its links.
fn description(node: &Map<String, Value>) -> String {
    let text = node.get("description").and_then(Value::as_str).unwrap_or_default();
    let source = |paragraph: &&str| paragraph.trim_start().starts_with("Source:");
    let mut paragraphs = text.split("\n\n");
    let kept: Vec<&str> = paragraphs.next().into_iter().chain(paragraphs.filter(source)).collect();
    let line = kept.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace("[`", "`").replace("`]", "`")
}

fn key_text(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { key.to_string() } else { toml::Value::from(key).to_string() }
}

/// A JSON value as TOML.
fn toml_text(value: &Value) -> String {
    toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}

/// Appends `words` as comment lines.
fn comment(text: &mut String, words: &str) {
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

#[cfg(test)]
mod tests;
