//! Documentation of configurations from their own declarations: a commented example file and a
//! table of all keys.
//!
//! Descriptions are the doc comments of the configuration structs, units and defaults come with
//! the types; nothing is written twice.

mod example;
mod listing;

use std::fmt::Write as _;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use super::ConfigError;
use super::declarations::{DEEPEST, Declarations, description};
use example::comment;
use listing::Place;

/// What is known about one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Path from the root, such as `device.geometry.diameter`; `[]` marks the items of a list, and
    /// `<name>` a key of the user's choice.
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
    Reference::of::<T>().keys()
}

/// All keys of the configuration `T` as a table in Markdown.
#[must_use]
pub fn markdown<T: JsonSchema>() -> String {
    Reference::of::<T>().markdown()
}

/// `configuration` as TOML in which every key carries its description; valid input that reads back to
/// the same value. Keys that may be left out and are, stand as comments.
///
/// # Errors
/// The configuration has no TOML form.
pub fn example<T: JsonSchema + Serialize>(configuration: &T) -> Result<String, ConfigError> {
    let table = toml::Table::try_from(configuration)
        .map_err(|e| ConfigError::Unwritable { reason: e.to_string() })?;
    Ok(Reference::of::<T>().example(&table))
}

/// The documentation of a schema, of all its root keys or of some.
pub struct Reference {
    declarations: Declarations,
    is_partial: bool,
}

impl Reference {
    /// Of the configuration `T`.
    #[must_use]
    pub fn of<T: JsonSchema>() -> Self {
        Self { declarations: Declarations::of::<T>(), is_partial: false }
    }

    /// Of a schema that was put together.
    #[must_use]
    pub fn new(schema: &Schema) -> Self {
        Self { declarations: Declarations::new(schema), is_partial: false }
    }

    /// Of the root keys that are `wanted` only.
    #[must_use]
    pub fn only(mut self, wanted: impl Fn(&str) -> bool) -> Self {
        if let Some(Value::Object(declared)) = self.declarations.root.get_mut("properties") {
            declared.retain(|key, _| wanted(key));
        }
        self.is_partial = true;
        self
    }

    /// All keys, each table before its keys.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        let root = Place { path: "", only_for: None, is_one_form: false, depth: DEEPEST };
        self.declarations.list(&self.declarations.root, root, &mut keys);
        keys
    }

    /// All keys as a table in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = "| key | value | default | meaning |\n|---|---|---|---|\n".to_string();
        for key in self.keys() {
            let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
            let default = match (&key.default, key.required) {
                (Some(value), _) => format!("`{}`", cell(value)),
                (None, true) => "required".into(),
                (None, false) => "none".into(),
            };
            let only_for = key.only_for.map_or(String::new(), |choice| format!("Only for `{choice}`. "));
            let meaning = format!("{only_for}{}", key.description);
            let _ =
                writeln!(text, "| `{}` | {} | {default} | {} |", key.path, cell(&key.form), cell(&meaning));
        }
        text
    }

    /// `table` as TOML in which every key carries its description; keys that may be left out and are, stand
    /// as comments. Root keys that are not wanted are left out.
    #[must_use]
    pub fn example(&self, table: &toml::Table) -> String {
        let root = &self.declarations.root;
        let mut table = table.clone();
        if self.is_partial {
            let declared = root.get("properties").and_then(Value::as_object);
            table.retain(|key, _| declared.is_some_and(|declared| declared.contains_key(key)));
        }
        let mut text = String::new();
        comment(&mut text, &description(root));
        self.declarations.write_table(&mut text, "", &table, root);
        text
    }
}

#[cfg(test)]
mod tests;
