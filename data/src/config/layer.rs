//! One text of a document, and the table of keys and values that it makes.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::NamedSource;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Fault};
use super::tree;

/// One text. Its spans are moved behind those of the layers above, so that a position names layer and
/// place at once.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    source: Arc<NamedSource<String>>,
    form: Form,
    /// Paths that are read as if they had not been written.
    hidden: Vec<String>,
    pub offset: usize,
    /// Whether the program came with this text.
    pub shipped: bool,
    /// Folder of the file, where it is one.
    pub folder: Option<PathBuf>,
}

/// What a text is.
#[derive(Debug, Clone)]
enum Form {
    /// TOML.
    File,
    /// `key.path=value`, as typed.
    Argument,
    /// A flag as typed, which stands for `value` (TOML) at `path`.
    Flag { path: String, value: String },
}

/// The wrong part of a key path as typed, and why.
struct BadPath {
    span: Range<usize>,
    message: String,
    label: &'static str,
}

impl Layer {
    pub fn file(name: &str, text: &str) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let layer = Self::new(name, text, Form::File);
        match DeTable::parse(text) {
            Ok(_) => Ok(layer),
            Err(error) => Err(layer.not_toml(&error, 0)),
        }
    }

    pub fn argument(argument: &str) -> Result<Self, ConfigError> {
        let layer = Self::new("--set", argument, Form::Argument);
        if let Err(bad) = key_path(argument) {
            return Err(layer.complain(bad.span, bad.message, bad.label));
        }
        let Some((key, value)) = argument.split_once('=') else {
            let end = argument.trim_end().len();
            let message = "a value is missing: write `key.path=value`".to_string();
            return Err(layer.complain(end..end, message, "expected `=` and a value"));
        };
        let start = key.len() + 1;
        if value.trim().is_empty() {
            let message = "a value is missing after `=`; an empty text is `\"\"`".to_string();
            return Err(layer.complain(start..start, message, "expected a value"));
        }
        match DeValue::parse(value.trim()) {
            Err(error) if is_meant_as_toml(value.trim()) => {
                let blanks = value.len() - value.trim_start().len();
                Err(layer.not_toml(&error, start + blanks))
            }
            _ => Ok(layer),
        }
    }

    pub fn flag(flag: &str, path: &str, value: toml::Value) -> Self {
        let name = flag.split([' ', '=']).next().unwrap_or(flag);
        Self::new(name, flag, Form::Flag { path: path.to_string(), value: value.to_string() })
    }

    fn new(name: &str, text: &str, form: Form) -> Self {
        let source = Arc::new(NamedSource::new(name, text.to_string()).with_language("toml"));
        Self { source, form, hidden: Vec::new(), offset: 0, shipped: false, folder: None }
    }

    pub fn in_folder_of(mut self, file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new(""));
        let here = folder.as_os_str().is_empty();
        self.folder = Some(if here { PathBuf::from(".") } else { folder.to_path_buf() });
        self
    }

    pub fn name(&self) -> &str {
        self.source.name()
    }

    pub fn text(&self) -> &str {
        self.source.inner()
    }

    pub const fn is_file(&self) -> bool {
        matches!(self.form, Form::File)
    }

    /// First position behind this layer.
    pub fn end(&self) -> usize {
        self.offset + self.text().len() + 1
    }

    pub fn hide(&mut self, path: &str) {
        self.hidden.push(path.to_string());
    }

    /// Keys and values with their spans, moved by the offset; without what is hidden.
    pub fn table(&self) -> Spanned<DeTable<'_>> {
        let mut table = match &self.form {
            Form::File => match DeTable::parse(self.text()) {
                Ok(table) => tree::moved(table, &|span| span.start + self.offset..span.end + self.offset),
                Err(_) => Spanned::new(self.offset..self.offset, DeTable::new()),
            },
            Form::Argument => self.argument_table(),
            Form::Flag { path, value } => self.flag_table(path, value),
        };
        for path in &self.hidden {
            tree::remove(table.get_mut(), path);
        }
        table
    }

    fn argument_table(&self) -> Spanned<DeTable<'_>> {
        let text = self.text();
        let whole = self.offset..self.offset + text.len();
        let (Ok(keys), Some((path, value))) = (key_path(text), text.split_once('=')) else {
            return Spanned::new(whole, DeTable::new());
        };
        let start = self.offset + path.len() + 1 + (value.len() - value.trim_start().len());
        let value = value.trim();
        let value = match DeValue::parse(value) {
            // No key takes a date: what looks like one is a name.
            Ok(parsed) if !parsed.get_ref().is_datetime() => {
                tree::moved_value(parsed, &|span| span.start + start..span.end + start)
            }
            _ => Spanned::new(start..start + value.len(), DeValue::String(Cow::Borrowed(value))),
        };
        let keys = keys.into_iter().map(|span| {
            let word = &text[span.clone()];
            Spanned::new(span.start + self.offset..span.end + self.offset, Cow::Borrowed(word))
        });
        nested(keys, value, whole)
    }

    fn flag_table<'t>(&'t self, path: &'t str, value: &'t str) -> Spanned<DeTable<'t>> {
        let text = self.text();
        let whole = self.offset..self.offset + text.len();
        let word = text.find([' ', '=']);
        let key = self.offset..self.offset + word.unwrap_or(text.len());
        let place = word.map_or(key.clone(), |at| self.offset + at + 1..whole.end);
        let Ok(value) = DeValue::parse(value) else { return Spanned::new(whole, DeTable::new()) };
        let value = tree::moved_value(value, &|_| place.clone());
        let keys = path.split('.').map(|word| Spanned::new(key.clone(), Cow::Borrowed(word)));
        nested(keys, value, whole)
    }

    /// A fault of this layer at `span`, which counts from the start of the layer.
    pub fn fault(&self, span: Range<usize>, message: String, label: String, help: Option<String>) -> Fault {
        Fault::new(&self.source, span, message, label, help)
    }

    fn complain(&self, span: Range<usize>, message: String, label: &str) -> ConfigError {
        ConfigError::At(Box::new(self.fault(span, message, label.into(), None)))
    }

    fn not_toml(&self, error: &toml::de::Error, offset: usize) -> ConfigError {
        let span = error.span().unwrap_or(0..0);
        let message = format!("not valid TOML: {}", error.message());
        self.complain(span.start + offset..span.end + offset, message, "here")
    }
}

/// `value` under one key within the other; every table has the span of its key.
fn nested<'t>(
    keys: impl DoubleEndedIterator<Item = Spanned<Cow<'t, str>>>,
    value: Spanned<DeValue<'t>>,
    whole: Range<usize>,
) -> Spanned<DeTable<'t>> {
    let mut inside = value;
    for key in keys.rev() {
        let span = key.span();
        let mut table = DeTable::new();
        table.insert(key, inside);
        inside = Spanned::new(span, DeValue::Table(table));
    }
    match inside.into_inner() {
        DeValue::Table(table) => Spanned::new(whole, table),
        _ => Spanned::new(whole, DeTable::new()),
    }
}

/// Spans of the keys in `argument`, whose path ends at the first `=`.
fn key_path(argument: &str) -> Result<Vec<Range<usize>>, BadPath> {
    let path = argument.split('=').next().unwrap_or_default();
    let mut keys = Vec::new();
    let mut start = 0;
    for part in path.split('.') {
        let blanks = part.len() - part.trim_start().len();
        let key = part.trim();
        let span = start + blanks..start + blanks + key.len();
        start += part.len() + 1;
        let whole = path.trim();
        if key.is_empty() {
            let message = match whole {
                "" => "a key is missing: write `key.path=value`".to_string(),
                _ => format!("`{whole}` is not a path of keys: a key is missing"),
            };
            return Err(BadPath { span, message, label: "expected a key" });
        }
        let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if let Some((at, wrong)) = key.char_indices().find(|(_, c)| !is_bare(*c)) {
            let at = span.start + at;
            let (message, label) = match wrong {
                '[' => ("an item of a list cannot be set alone; give the whole list", "a list begins here"),
                _ => ("a key is made of letters, digits, `_` and `-`", "not part of a key"),
            };
            let message = format!("`{whole}` is not a path of keys: {message}");
            return Err(BadPath { span: at..at + wrong.len_utf8(), message, label });
        }
        keys.push(span);
    }
    Ok(keys)
}

/// Whether what does not read as TOML was meant to: a list, a table or a text in quotes.
fn is_meant_as_toml(value: &str) -> bool {
    value.starts_with(['[', '{', '"', '\''])
}
