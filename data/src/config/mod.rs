//! Configuration files: TOML read into typed configurations, with errors that point at the word.
//!
//! A [`Document`] is one file, or several laid over each other (a user's file over a shipped preset).
//! It remembers where every key stands, so that a complaint raised long after reading, by a
//! validation across fields, still finds the line:
//!
//! ```
//! use serde::Deserialize;
//! use spinhebb_data::{config::Document, quantity::Length};
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Pillar {
//!     diameter: Length,
//! }
//!
//! let text = "diameter = \"-40 nm\"";
//! let document = Document::from_text("pillar.toml", text)?;
//! let pillar: Pillar = document.parse()?;
//! if pillar.diameter.si() <= 0.0 {
//!     let error = document.at_key("diameter", "`diameter` must be positive");
//!     assert_eq!(error.location(), Some(("pillar.toml", 1, 12)));
//! }
//! # Ok::<(), spinhebb_data::config::ConfigError>(())
//! ```

mod error;
pub mod reference;

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

pub use error::{ConfigError, Fault};

/// Longest configuration file that is read, in bytes; no honest one comes near.
const LONGEST_BYTES: u64 = 4 << 20;

/// Keys that say which model a table configures; see [`Document::over`].
const MODEL_KEYS: [&str; 3] = ["kind", "law", "source"];

/// One or several TOML texts, laid over each other, and the place of every key.
#[derive(Debug, Clone)]
pub struct Document {
    /// The texts, the winning one first.
    layers: Vec<Layer>,
}

/// One text. Blanks before it move its spans behind those of the layers above, so that a
/// position names layer and place at once.
#[derive(Debug, Clone)]
struct Layer {
    name: String,
    padded: String,
    offset: usize,
}

impl Layer {
    fn text(&self) -> &str {
        &self.padded[self.offset..]
    }
}

impl Document {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// The file is missing, a folder, unreadable, longer than 4 MiB, not UTF-8, or not TOML.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let unreadable = |reason: String| ConfigError::Unreadable { file: name.clone(), reason };
        let attributes = std::fs::metadata(path).map_err(|e| unreadable(e.to_string()))?;
        if attributes.is_dir() {
            return Err(unreadable("it is a folder; name the TOML file in it".into()));
        }
        let file = std::fs::File::open(path).map_err(|e| unreadable(e.to_string()))?;
        let mut bytes = Vec::new();
        file.take(LONGEST_BYTES + 1).read_to_end(&mut bytes).map_err(|e| unreadable(e.to_string()))?;
        if bytes.len() as u64 > LONGEST_BYTES {
            return Err(unreadable("it is longer than 4 MiB, so not a configuration".into()));
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            let line = e.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count() + 1;
            unreadable(format!("it is not UTF-8 text (byte {at}, line {line})"))
        })?;
        Self::from_text(&name, &text)
    }

    /// Reads a text that is called `name` in messages.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn from_text(name: &str, text: &str) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document =
            Self { layers: vec![Layer { name: name.to_string(), padded: text.to_string(), offset: 0 }] };
        match DeTable::parse(text) {
            Ok(_) => Ok(document),
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                let message = format!("not valid TOML: {}", error.message());
                Err(document.fault(&span, message, "here".into(), None))
            }
        }
    }

    /// Lays this document over `base`: keys of this one win, tables merge key by key.
    ///
    /// A table that names another model than the base's (its `kind`, `law` or `source` differs) replaces the base's
    /// table whole, since the keys of two models do not mix.
    #[must_use]
    pub fn over(self, base: &Self) -> Self {
        let mut merged = self;
        let end = merged.layers.last().map_or(0, |layer| layer.padded.len()) + 1;
        for layer in &base.layers {
            let offset = end + layer.offset;
            let padded = format!("{:offset$}{}", "", layer.text());
            merged.layers.push(Layer { name: layer.name.clone(), padded, offset });
        }
        merged
    }

    /// The merged table, with the span of every key and value.
    fn table(&self) -> toml::Spanned<DeTable<'_>> {
        let mut tables = self.layers.iter().filter_map(|layer| DeTable::parse(&layer.padded).ok());
        let mut merged = tables.next().unwrap_or_else(|| toml::Spanned::new(0..0, DeTable::new()));
        for lower in tables {
            merge(merged.get_mut(), lower.into_inner());
        }
        merged
    }

    /// The configuration this document describes.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is not what the key takes; the error points at the word.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let table = self.table();
        T::deserialize(toml::de::Deserializer::from(table.clone())).map_err(|error| {
            let span = error.span().unwrap_or_else(|| table.span());
            self.explain(&table, error.message(), &span)
        })
    }

    /// The value written at `key_path` if it is a string, such as the name of a preset.
    #[must_use]
    pub fn text_at(&self, key_path: &str) -> Option<String> {
        let table = self.table();
        let (_, value) = find(table.get_ref(), key_path)?;
        value?.get_ref().as_str().map(str::to_string)
    }

    /// An error about the value at `key_path` (`device.geometry.diameter`, `layers[1].kind`).
    ///
    /// The label stands under the value; where the file does not hold the key (a default is the
    /// culprit), under the nearest table that it holds.
    #[must_use]
    pub fn at_key(&self, key_path: &str, message: impl Into<String>) -> ConfigError {
        match find(self.table().get_ref(), key_path) {
            Some((key, Some(value))) => {
                let (span, label) = match value.get_ref() {
                    DeValue::Table(_) => (key, "in this table"),
                    _ => (value.span(), "this value"),
                };
                self.fault(&span, message.into(), label.into(), None)
            }
            Some((key, None)) => {
                let label = format!("`{key_path}` is not written here: its default is meant");
                self.fault(&key, message.into(), label, None)
            }
            None => {
                let start = self.layers.first().map_or(0, |l| l.offset);
                let label = format!("`{key_path}` is not in this file: its default is meant");
                self.fault(&(start..start), message.into(), label, None)
            }
        }
    }

    /// Turns a message of the deserialiser into one for people, at the word it is about.
    fn explain(&self, table: &toml::Spanned<DeTable<'_>>, message: &str, span: &Range<usize>) -> ConfigError {
        let quoted = message.split('`').nth(1).unwrap_or_default();
        let names: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        if message.starts_with("unknown field ") {
            let key = find_within(table, span, |key, _| key == quoted).unwrap_or_else(|| span.clone());
            return self.fault(
                &key,
                format!("unknown key `{quoted}`"),
                suggestion(quoted, &names).unwrap_or_else(|| "not a key of this table".into()),
                (!names.is_empty()).then(|| format!("the keys here are {}", names.join(", "))),
            );
        }
        if message.starts_with("unknown variant ") {
            let is_word = |value: &DeValue<'_>| value.as_str() == Some(quoted);
            let value = find_within(table, span, |key, value| is_word(value) || key == quoted)
                .unwrap_or_else(|| span.clone());
            return self.fault(
                &value,
                format!("`{quoted}` is not a choice here"),
                suggestion(quoted, &names).unwrap_or_else(|| "not one of the choices".into()),
                (!names.is_empty()).then(|| format!("the choices are {}", names.join(", "))),
            );
        }
        if message.starts_with("missing field ") {
            let header = key_of(table, span);
            let label = if header.is_some() { "in this table" } else { "in this file" };
            let place = header.unwrap_or(span.start..span.start);
            return self.fault(&place, format!("the key `{quoted}` is missing"), label.into(), None);
        }
        // A value of a buffered enum carries the span of its table: look for the quoted text in it.
        let is_word = |value: &DeValue<'_>| match value {
            DeValue::String(text) => text == quoted,
            DeValue::Integer(number) => number.to_string() == quoted,
            DeValue::Float(number) => number.to_string() == quoted,
            _ => false,
        };
        let exact =
            (!quoted.is_empty()).then(|| find_within(table, span, |_, value| is_word(value))).flatten();
        let place = exact.or_else(|| self.spans_lines(span).then(|| key_of(table, span)).flatten());
        self.fault(&place.unwrap_or_else(|| span.clone()), message.to_string(), "here".into(), None)
    }

    fn spans_lines(&self, span: &Range<usize>) -> bool {
        let layer = self.layer(span.start);
        layer.text().get(span.start - layer.offset..span.end - layer.offset).is_some_and(|t| t.contains('\n'))
    }

    fn layer(&self, position: usize) -> &Layer {
        let holds = |l: &&Layer| l.offset <= position && position <= l.padded.len();
        self.layers.iter().find(holds).unwrap_or(&self.layers[0])
    }

    fn fault(
        &self,
        span: &Range<usize>,
        message: String,
        label: String,
        help: Option<String>,
    ) -> ConfigError {
        let layer = self.layer(span.start);
        let start = span.start.saturating_sub(layer.offset).min(layer.text().len());
        let end = span.end.saturating_sub(layer.offset).clamp(start, layer.text().len());
        ConfigError::At(Box::new(Fault::new(&layer.name, layer.text(), start..end, message, label, help)))
    }
}

/// Writes `configuration` as TOML that reads back to the same value.
///
/// # Errors
/// A value has no TOML form, such as an integer above 2^63 - 1 or a map whose keys are not strings.
pub fn render<T: Serialize>(configuration: &T) -> Result<String, ConfigError> {
    toml::to_string_pretty(configuration).map_err(|e| ConfigError::Unwritable { reason: e.to_string() })
}

/// "did you mean", where one of `names` is near enough to `word`.
fn suggestion(word: &str, names: &[&str]) -> Option<String> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    names
        .iter()
        .map(|name| (strsim::jaro_winkler(&plain(word), &plain(name)), name))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| format!("did you mean `{name}`?"))
}

/// Span of the deepest existing part of `key_path`, and the value if the whole path exists.
fn find<'t, 'a>(
    mut table: &'t DeTable<'a>,
    key_path: &str,
) -> Option<(Range<usize>, Option<&'t toml::Spanned<DeValue<'a>>>)> {
    let mut key_span = None;
    let mut parts = key_path.split('.').peekable();
    while let Some(part) = parts.next() {
        let (name, indices) = part.split_once('[').map_or((part, ""), |(n, i)| (n, i));
        let Some((key, mut value)) = table.get_key_value(name) else { break };
        key_span = Some(key.span());
        for index in indices.split(['[', ']']).filter(|i| !i.is_empty()) {
            let array = value.get_ref().as_array();
            let Some(item) = index.parse::<usize>().ok().and_then(|i| array.and_then(|a| a.get(i))) else {
                return key_span.map(|span| (span, None));
            };
            value = item;
        }
        match (parts.peek(), value.get_ref().as_table()) {
            (None, _) => return key_span.map(|span| (span, Some(value))),
            (Some(_), Some(inner)) => table = inner,
            (Some(_), None) => break,
        }
    }
    key_span.map(|span| (span, None))
}

/// Span of the only key or value that `wanted` accepts in the word or table at `span`, or else in
/// the whole document: the key's where the key alone matches, else the value's.
fn find_within(
    table: &toml::Spanned<DeTable<'_>>,
    span: &Range<usize>,
    wanted: impl Fn(&str, &DeValue<'_>) -> bool,
) -> Option<Range<usize>> {
    let mut everywhere = Vec::new();
    let mut in_table = Vec::new();
    let see =
        |found: &mut Vec<_>, key: Option<(&str, Range<usize>)>, value: &toml::Spanned<DeValue<'_>>| match key
        {
            Some((name, key_span)) if wanted(name, &DeValue::Boolean(false)) => found.push(key_span),
            _ if wanted("", value.get_ref()) => found.push(value.span()),
            _ => {}
        };
    visit(table.get_ref(), &mut |key, value| {
        see(&mut everywhere, key, value);
        // The span of a table written under a header is that of the header alone; an array of
        // tables shares it with its first table, which comes after it here.
        if value.span() == *span {
            in_table.clear();
            visit_inside(value, &mut |key, value| see(&mut in_table, key, value));
        }
    });
    let at_word: Vec<_> =
        everywhere.iter().filter(|f| span.start <= f.start && f.end <= span.end).cloned().collect();
    [at_word, in_table, everywhere].into_iter().find_map(|found| match found.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    })
}

/// Span of the key whose value has the span `span`.
fn key_of(table: &toml::Spanned<DeTable<'_>>, span: &Range<usize>) -> Option<Range<usize>> {
    let mut found = None;
    visit(table.get_ref(), &mut |key, value| {
        if let Some((_, key_span)) = key
            && value.span() == *span
        {
            found = Some(key_span);
        }
    });
    found
}

type Visitor<'a> = dyn FnMut(Option<(&str, Range<usize>)>, &toml::Spanned<DeValue<'_>>) + 'a;

/// Calls `see` for every value, with its key where it has one.
fn visit(table: &DeTable<'_>, see: &mut Visitor<'_>) {
    for (key, value) in table {
        see(Some((key.get_ref().as_ref(), key.span())), value);
        visit_inside(value, see);
    }
}

fn visit_inside(value: &toml::Spanned<DeValue<'_>>, see: &mut Visitor<'_>) {
    match value.get_ref() {
        DeValue::Table(table) => visit(table, see),
        DeValue::Array(items) => {
            for item in items {
                see(None, item);
                visit_inside(item, see);
            }
        }
        _ => {}
    }
}

/// Fills `upper` with what only `lower` has; see [`Document::over`].
fn merge<'a>(upper: &mut DeTable<'a>, lower: DeTable<'a>) {
    for (key, below) in lower {
        let Some(above) = upper.get_mut(key.get_ref().as_ref()) else {
            upper.insert(key, below);
            continue;
        };
        if let DeValue::Table(above) = above.get_mut()
            && let DeValue::Table(below) = below.into_inner()
            && !names_another_model(above, &below)
        {
            merge(above, below);
        }
    }
}

fn names_another_model(upper: &DeTable<'_>, lower: &DeTable<'_>) -> bool {
    let model = |table: &DeTable<'_>, key: &str| table.get(key)?.get_ref().as_str().map(str::to_string);
    MODEL_KEYS
        .iter()
        .any(|key| model(upper, key).is_some_and(|name| model(lower, key).as_ref() != Some(&name)))
}

#[cfg(test)]
mod tests;
