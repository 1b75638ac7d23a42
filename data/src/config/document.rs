//! One or several TOML texts, laid over each other, and the place of every key.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Fault};
use super::explain;
use super::layer::Layer;
use super::tree::{self, Found};

/// Longest configuration file that is read, in bytes; no honest one comes near.
pub(super) const LONGEST_BYTES: u64 = 4 << 20;

/// One or several TOML texts, laid over each other, and the place of every key.
///
/// A layer is a file ([`Document::read`]), a text that the program came with ([`Document::built_in`]), an
/// argument `--set key.path=value` ([`Document::set`]) or another flag ([`Document::flag`]).
#[derive(Debug, Clone)]
pub struct Document {
    /// The texts, the winning one first.
    layers: Vec<Layer>,
    /// Texts that are read in place of those that are written, by the path of the value.
    replaced: Vec<(String, String)>,
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
        Ok(Self::of(Layer::file(&name, &text)?.in_folder_of(path)))
    }

    /// Reads a text of the user that is called `name` in messages.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn from_text(name: &str, text: &str) -> Result<Self, ConfigError> {
        Ok(Self::of(Layer::file(name, text)?))
    }

    /// Reads a text that the program came with, such as defaults or a preset: what stands in it is not
    /// written by the user.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn built_in(name: &str, text: &str) -> Result<Self, ConfigError> {
        let mut layer = Layer::file(name, text)?;
        layer.shipped = true;
        Ok(Self::of(layer))
    }

    /// The layer of one argument `--set key.path=value`.
    ///
    /// The value is read as TOML; what is not TOML is text, so that `array.word_wire=2 ohm` needs no
    /// quotes. Only what begins as a list, a table or a text in quotes must be one.
    ///
    /// # Errors
    /// The path is not one of bare keys, there is no value, or a list, table or quoted text is broken.
    pub fn set(argument: &str) -> Result<Self, ConfigError> {
        Ok(Self::of(Layer::argument(argument)?))
    }

    /// The layer of a flag that stands for `value` at `path`; `flag` is the flag as typed, `--seed 7`.
    #[must_use]
    pub fn flag(flag: &str, path: &str, value: impl Into<toml::Value>) -> Self {
        Self::of(Layer::flag(flag, path, value.into()))
    }

    fn of(layer: Layer) -> Self {
        Self { layers: vec![layer], replaced: Vec::new() }
    }

    /// The document with `text` read in place of the text at `path`, which stays where it is written: a file name that
    /// counts from the folder of its file, as it is found from here. Where no text stands at `path` nothing changes.
    #[must_use]
    pub fn read_as(mut self, path: &str, text: String) -> Self {
        self.replaced.push((path.to_string(), text));
        self
    }

    /// Lays this document over `base`: keys of this one win, tables merge key by key, lists are replaced.
    ///
    /// A table whose `kind` differs from that of the base's replaces the base's table whole, since the
    /// keys of two models do not mix.
    #[must_use]
    pub fn over(self, base: &Self) -> Self {
        let mut layers = self.layers;
        for layer in &base.layers {
            let mut layer = layer.clone();
            layer.offset = layers.last().map_or(0, Layer::end);
            layers.push(layer);
        }
        let replaced = self.replaced.into_iter().chain(base.replaced.iter().cloned()).collect();
        Self { layers, replaced }
    }

    /// The document as if what stands at `paths` were not written in the layer that wins there, so that the
    /// value of the layer beneath shows through. A path into a list takes the whole list away.
    #[must_use]
    pub fn without<P: AsRef<str>>(&self, paths: &[P]) -> Self {
        let table = self.table();
        let mut result = self.clone();
        for path in paths {
            let path = path.as_ref().split('[').next().unwrap_or_default();
            if let Some(Found { key, value: Some(_) }) = tree::find(table.get_ref(), path) {
                result.layers[self.index(key.start)].hide(path);
            }
        }
        result
    }

    /// The configuration this document describes.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is not what the key takes; the error points at the word.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        self.parse_part(&|_| true)
    }

    /// The configuration that the root keys that are `wanted` describe.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_part<T: DeserializeOwned>(&self, wanted: &dyn Fn(&str) -> bool) -> Result<T, ConfigError> {
        let table = self.table();
        let span = table.span();
        let kept = table.into_inner().into_iter().filter(|(key, _)| wanted(key.get_ref()));
        let table = Spanned::new(span, kept.collect::<DeTable<'_>>());
        T::deserialize(toml::de::Deserializer::from(table.clone())).map_err(|error| {
            let span = error.span().unwrap_or_else(|| table.span());
            let fault = explain::explain(self, &table, error.message(), &span);
            ConfigError::At(Box::new(fault))
        })
    }

    /// The value written at `key_path` if it is a string, such as the name of a preset.
    #[must_use]
    pub fn text_at(&self, key_path: &str) -> Option<String> {
        self.with_value(key_path, |value| value.get_ref().as_str().map(str::to_string))?
    }

    /// The value at `key_path`, of all layers together.
    #[must_use]
    pub fn value_at(&self, key_path: &str) -> Option<toml::Value> {
        self.with_value(key_path, |value| tree::plain(value.get_ref()))
    }

    /// All layers together, without their places.
    #[must_use]
    pub fn merged(&self) -> toml::Table {
        tree::plain_table(self.table().get_ref())
    }

    /// Whether the user wrote something at `key_path`: in a file, by `--set` or by a flag.
    #[must_use]
    pub fn is_written(&self, key_path: &str) -> bool {
        let table = self.table_of(|layer| !layer.shipped);
        tree::find(table.get_ref(), key_path).is_some_and(|found| found.value.is_some())
    }

    /// Folder of the file in which the value at `key_path` is written, from which the file names in it
    /// count. `None` for arguments and for texts that are no files.
    #[must_use]
    pub fn folder_of(&self, key_path: &str) -> Option<PathBuf> {
        let span = self.with_value(key_path, |value| value.span())?;
        self.layers[self.index(span.start)].folder.clone()
    }

    /// An error about the value at `key_path` (`device.geometry.diameter`, `layers[1].kind`).
    ///
    /// The label stands under the value. Where the user did not write it (a default is the culprit), it
    /// stands under the nearest table that the user wrote, and says where the default comes from.
    #[must_use]
    pub fn at_key(&self, key_path: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::At(Box::new(self.fault_at(key_path, message.into())))
    }

    /// The fault of [`Document::at_key`].
    pub(super) fn fault_at(&self, key_path: &str, message: String) -> Fault {
        let table = self.table();
        let found = tree::find(table.get_ref(), key_path);
        let value = found.as_ref().and_then(|found| found.value.map(|value| (found.key.clone(), value)));
        let written = self.table_of(|layer| !layer.shipped);
        let nearest = tree::find(written.get_ref(), key_path);
        let has_file = self.layers.iter().any(|layer| layer.is_file() && !layer.shipped);
        let is_by_user = |value: &Spanned<DeValue<'_>>| !self.layers[self.index(value.span().start)].shipped;
        if let Some((key, value)) = &value
            && (is_by_user(value) || (nearest.is_none() && !has_file))
        {
            let (span, label) = match value.get_ref() {
                DeValue::Table(_) => (key.clone(), "in this table"),
                _ => (value.span(), "this value"),
            };
            return self.fault(&span, message, label.into(), None);
        }
        let origin = value.map(|(_, value)| self.origin(value)).unwrap_or_default();
        let (span, here) = match nearest {
            Some(found) => (found.key, "written here"),
            None => (self.home(), "in this file"),
        };
        let label = format!("`{key_path}` is not {here}: its default{origin} is meant");
        self.fault(&span, message, label, None)
    }

    /// ` "40 nm" (built-in defaults, line 3)`, for a value of a shipped layer.
    fn origin(&self, value: &Spanned<DeValue<'_>>) -> String {
        let span = value.span();
        let layer = &self.layers[self.index(span.start)];
        let fault = layer.fault(self.within(&span), String::new(), String::new(), None);
        let written = match value.get_ref() {
            DeValue::Table(_) | DeValue::Array(_) => String::new(),
            scalar => format!(" {}", tree::plain(scalar)),
        };
        format!("{written} ({}, line {})", layer.name(), fault.line)
    }

    /// The merged table, with the span of every key and value.
    pub(super) fn table(&self) -> Spanned<DeTable<'_>> {
        self.table_of(|_| true)
    }

    fn table_of(&self, wanted: impl Fn(&Layer) -> bool) -> Spanned<DeTable<'_>> {
        let home = self.home();
        // From the lowest upwards: what a kind replaces is decided by all that lies beneath it.
        let tables = self.layers.iter().rev().filter(|layer| wanted(layer)).map(Layer::table);
        let merged = tables.map(Spanned::into_inner).reduce(|lower, mut upper| {
            tree::merge(&mut upper, lower);
            upper
        });
        let mut table = merged.unwrap_or_default();
        for (path, text) in &self.replaced {
            tree::replace_text(&mut table, path, text);
        }
        Spanned::new(home, table)
    }

    fn with_value<R>(&self, key_path: &str, of: impl FnOnce(&Spanned<DeValue<'_>>) -> R) -> Option<R> {
        let table = self.table();
        tree::find(table.get_ref(), key_path)?.value.map(of)
    }

    /// Start of the text that a missing key belongs into: the user's first file, or else the first text.
    fn home(&self) -> Range<usize> {
        let of_user = self.layers.iter().find(|layer| layer.is_file() && !layer.shipped);
        let home = of_user.or_else(|| self.layers.iter().find(|layer| layer.is_file()));
        let start = home.map_or(0, |layer| layer.offset);
        start..start
    }

    /// The text that `span` covers.
    pub(super) fn text_of(&self, span: &Range<usize>) -> &str {
        self.layers[self.index(span.start)].text().get(self.within(span)).unwrap_or_default()
    }

    /// Index of the layer that holds `position`.
    fn index(&self, position: usize) -> usize {
        self.layers.iter().rposition(|layer| layer.offset <= position).unwrap_or(0)
    }

    /// `span`, counted from the start of its layer.
    fn within(&self, span: &Range<usize>) -> Range<usize> {
        let layer = &self.layers[self.index(span.start)];
        let start = span.start.saturating_sub(layer.offset).min(layer.text().len());
        let end = span.end.saturating_sub(layer.offset).clamp(start, layer.text().len());
        start..end
    }

    /// A fault at `span` of the merged table.
    pub(super) fn fault(
        &self,
        span: &Range<usize>,
        message: String,
        label: String,
        help: Option<String>,
    ) -> Fault {
        self.layers[self.index(span.start)].fault(self.within(span), message, label, help)
    }
}
