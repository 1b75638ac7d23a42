//! Every way in which one key of a configuration can be written wrongly, for tests that the fault is shown
//! at exactly that key.

use std::ops::Range;

use schemars::Schema;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::conform::{Keys, Shape, Variant, chosen, takes, variant};
use super::declarations::{Declarations, Node};
use super::{ConfigError, Document};
use crate::quantity::Kind;

/// A configuration with one fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation {
    /// Path of the key that is wrong.
    pub path: String,
    /// The whole text with the fault.
    pub text: String,
    /// What was done: `` `true` where text with a unit is due ``.
    pub what: String,
    /// Line of the wrong word, from 1: there the first fault must be shown.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

/// `example` with every leaf in turn given a wrong type, a word that is no choice, a wrong unit, no unit or
/// a value out of range, and every key of a leaf misspelt.
///
/// Leaves whose declaration in `schema` takes anything, and keys of maps, are left alone.
///
/// # Errors
/// The example is not TOML.
pub fn mutations(schema: &Schema, example: &str) -> Result<Vec<Mutation>, ConfigError> {
    let document = Document::from_text("example", example)?;
    let declarations = Declarations::new(schema);
    let mut mutator = Mutator { example, document: &document, declarations: &declarations, made: Vec::new() };
    mutator.table(document.table().get_ref(), &declarations.root, "");
    Ok(mutator.made)
}

struct Mutator<'e> {
    example: &'e str,
    document: &'e Document,
    declarations: &'e Declarations,
    made: Vec<Mutation>,
}

impl Mutator<'_> {
    fn table(&mut self, table: &DeTable<'_>, node: &Node, path: &str) {
        let Variant::Known(node) = variant(self.declarations, table, node) else { return };
        let keys = Keys::of(&node);
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let Some(declared) = keys.declaration(name) else { continue };
            let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
            let holds_table = match value.get_ref() {
                DeValue::Table(_) => true,
                DeValue::Array(items) => items.iter().any(|item| item.get_ref().is_table()),
                _ => false,
            };
            if !holds_table && !keys.takes_more && keys.like.is_none() {
                let misspelt = format!("{name}_zz");
                self.replace(&path, &key.span(), &misspelt, format!("`{misspelt}` for `{name}`"));
            }
            self.value(value, &self.declarations.resolved(declared), &path);
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, node: &Node, path: &str) {
        let all_forms = node;
        let node = chosen(self.declarations, value.get_ref(), node.clone());
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, &node, path),
            DeValue::Array(items) => {
                let first = node.get("prefixItems").and_then(Value::as_array);
                for (index, item) in items.iter().enumerate() {
                    let declared = first.and_then(|first| first.get(index)).or_else(|| node.get("items"));
                    if let Some(declared) = declared {
                        let declared = self.declarations.resolved(declared);
                        self.value(item, &declared, &format!("{path}[{index}]"));
                    }
                }
                if !items.iter().any(|item| item.get_ref().is_table()) {
                    self.wrong_type(value, all_forms, path);
                }
            }
            _ => {
                self.wrong_type(value, all_forms, path);
                self.leaf(value, &node, path);
            }
        }
    }

    fn leaf(&mut self, value: &Spanned<DeValue<'_>>, node: &Node, path: &str) {
        let span = value.span();
        if takes(self.declarations, node, Shape::Text) {
            if !self.declarations.choices(node).is_empty() && Declarations::quantity(node).is_none() {
                self.replace(path, &span, "\"no-such-word\"", "a word that is no choice".into());
            }
            if let Some(kind) = Declarations::quantity(node) {
                for (text, what) in wrong_quantities(kind) {
                    self.replace(path, &span, &toml::Value::from(text).to_string(), what.into());
                }
            }
        }
        for (number, what) in wrong_numbers(node) {
            self.replace(path, &span, &number, what);
        }
    }

    fn wrong_type(&mut self, value: &Spanned<DeValue<'_>>, node: &Node, path: &str) {
        let candidates = [
            ("true", Shape::Truth),
            ("\"?\"", Shape::Text),
            ("7", Shape::Whole),
            ("[true]", Shape::List),
            ("{ zz = 1 }", Shape::Table),
        ];
        for (literal, shape) in candidates {
            if !takes(self.declarations, node, shape) {
                let what = format!("`{literal}` where {} is due", self.declarations.form(node));
                self.replace(path, &value.span(), literal, what);
            }
        }
    }

    /// Adds the example with `literal` in place of `span`.
    fn replace(&mut self, path: &str, span: &Range<usize>, literal: &str, what: String) {
        let mut text = self.example.trim_start_matches('\u{feff}').to_string();
        text.replace_range(span.clone(), literal);
        let place = self.document.fault(span, String::new(), String::new(), None);
        self.made.push(Mutation { path: path.into(), text, what, line: place.line, column: place.column });
    }
}

/// Texts that are not a quantity of `kind`.
fn wrong_quantities(kind: &Kind) -> Vec<(String, &'static str)> {
    let other = if kind.type_name == "Temperature" { "1 m" } else { "1 K" };
    let low = if kind.lowest < 0.0 { 10.0 * kind.lowest } else { -kind.highest };
    vec![
        ("1 furlong".into(), "a unit that is not known"),
        (other.into(), "a unit of another dimension"),
        ("much".into(), "no number"),
        (kind.format(10.0 * kind.highest), "a quantity that is too large"),
        (kind.format(low), "a quantity that is too small"),
    ]
}

/// Numbers outside the limits of `node`.
fn wrong_numbers(node: &Node) -> Vec<(String, String)> {
    let bound = |name: &str| node.get(name).and_then(Value::as_f64);
    let is_whole = node.get("type").and_then(Value::as_str) == Some("integer");
    let literal = |number: f64| if is_whole { format!("{number:.0}") } else { format!("{number:?}") };
    let wrong = [
        (bound("minimum").map(|low| low - 1.0), "below the least"),
        (bound("exclusiveMinimum"), "at the limit that it must exceed"),
        (bound("maximum").map(|high| high + 1.0), "above the greatest"),
        (bound("exclusiveMaximum"), "at the limit that it must not reach"),
        (node.get("type").filter(|name| *name == "number").map(|_| f64::NAN), "no number"),
    ];
    let numbers = wrong.into_iter().filter_map(|(number, what)| Some((number?, what)));
    let named = |(number, what): (f64, &str)| {
        let literal = if number.is_nan() { "nan".into() } else { literal(number) };
        let what = format!("`{literal}`, {what}");
        (literal, what)
    };
    numbers.map(named).collect()
}
