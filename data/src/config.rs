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

/// Key that says which model a table configures; see [`Document::over`].
const MODEL_KEY: &str = "kind";

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
    /// A table that names another model than the base's (its `kind` differs) replaces the base's
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
    let model = |table: &DeTable<'_>| table.get(MODEL_KEY)?.get_ref().as_str().map(str::to_string);
    model(upper).is_some_and(|name| model(lower).as_ref() != Some(&name))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::quantity::{Length, Time, Voltage};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        seed: u64,
        geometry: Geometry,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        neuron: Option<Neuron>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pulses: Vec<Pulse>,
        terminals: Vec<Terminal>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
    enum Terminal {
        Driven { amplitude: Voltage },
        Floating,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Geometry {
        diameter: Length,
        thickness: Length,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
    enum Neuron {
        LeakyIntegrateAndFire { leak: Time },
        Threshold { level: f64 },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pulse {
        amplitude: Voltage,
    }

    const GOOD: &str = r#"seed = 7
[geometry]
diameter = "40 nm"
thickness = "2.6 nm" # free layer
[neuron]
kind = "leaky-integrate-and-fire"
leak = "10 ns"
[[pulses]]
amplitude = "0.68 V"
[[terminals]]
kind = "driven"
amplitude = "10 mV"
[[terminals]]
kind = "driven"
amplitude = "10 mV"
"#;

    /// The error of `GOOD` with `from` replaced, and the word it points at.
    fn fault(from: &str, to: &str) -> (Fault, String) {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD);
        match Document::from_text("run.toml", &text).and_then(|d| d.parse::<Config>()) {
            Err(ConfigError::At(fault)) => {
                let word = text[fault.span.clone()].to_string();
                (*fault, word)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_rendered_reads_back() {
        let config: Config = Document::from_text("run.toml", GOOD).unwrap().parse().unwrap();
        let rendered = render(&config).unwrap();
        let again: Config = Document::from_text("rendered", &rendered).unwrap().parse().unwrap();
        assert_eq!(config, again);
        assert_eq!(render(&again).unwrap(), rendered);
    }

    #[test]
    fn every_complaint_points_at_its_word() {
        let cases = [
            ("diameter", "diamter", "diamter", (3, 1), "unknown key `diamter`", "did you mean `diameter`?"),
            ("\"40 nm\"", "40", "40", (3, 12), "`40` has no unit", "here"),
            ("\"40 nm\"", "4.5e-8", "4.5e-8", (3, 12), "has no unit; expected a length", "here"),
            ("\"40 nm\"", "\"40 ns\"", "\"40 ns\"", (3, 12), "is not a length", "here"),
            ("\"40 nm\"", "true", "true", (3, 12), "boolean `true`, expected a length", "here"),
            ("seed = 7", "seed = -7", "-7", (1, 8), "expected u64", "here"),
            ("seed = 7", "seed = 7\nsede = 8", "sede", (2, 1), "unknown key `sede`", "did you mean `seed`?"),
            ("thickness = \"2.6 nm\"", "", "geometry", (2, 2), "`thickness` is missing", "in this table"),
            ("seed = 7", "", "", (1, 1), "`seed` is missing", "in this file"),
            ("leaky-", "leeky-", "\"leeky-integrate-and-fire\"", (6, 8), "not a choice", "did you mean"),
            ("\"10 ns\"", "\"10 nm\"", "\"10 nm\"", (7, 8), "is not a time", "here"),
            ("\"10 ns\"", "10", "10", (7, 8), "`10` has no unit", "here"),
            ("leak =", "leack =", "leack", (7, 1), "unknown key `leack`", "did you mean `leak`?"),
            ("amplitude", "amplitud", "amplitud", (9, 1), "unknown key", "did you mean `amplitude`?"),
            (
                "0.68 V",
                "0.68 Volt",
                "\"0.68 Volt\"",
                (9, 13),
                "`Volt` in `0.68 Volt` is not a known unit",
                "here",
            ),
            ("\"driven\"", "\"drivem\"", "\"drivem\"", (11, 8), "not a choice", "did you mean `driven`?"),
            ("10 mV", "10 mT", "\"10 mT\"", (12, 13), "is not a voltage", "here"),
            ("[neuron]", "[neurons]", "neurons", (5, 2), "unknown key `neurons`", "did you mean `neuron`?"),
            ("[neuron]", "[neuron", "", (5, 8), "not valid TOML", "here"),
            ("seed = 7", "seed = 7\nseed = 8", "seed", (2, 1), "not valid TOML: duplicate key", "here"),
        ];
        for (from, to, word, place, message, label) in cases {
            let (fault, found) = fault(from, to);
            assert!(fault.message.contains(message), "{to}: {}", fault.message);
            assert!(fault.label.contains(label), "{to}: {}", fault.label);
            assert_eq!(found.trim(), word, "{to}");
            assert_eq!((fault.line, fault.column), place, "{to}");
        }
    }

    #[test]
    fn the_report_shows_file_line_and_caret() {
        let text = GOOD.replace("diameter", "diamter");
        let error = Document::from_text("run.toml", &text).unwrap().parse::<Config>().unwrap_err();
        let report = error.report();
        for part in [
            "run.toml:3:1",
            "diamter = \"40 nm\"",
            "───┬───",
            "did you mean `diameter`?",
            "diameter, thickness",
        ] {
            assert!(report.contains(part), "{part} is not in\n{report}");
        }
    }

    #[test]
    fn a_key_path_finds_its_value() {
        let document = Document::from_text("run.toml", GOOD).unwrap();
        let place = |path: &str| document.at_key(path, "must be positive").location().map(|(_, l, c)| (l, c));
        assert_eq!(place("geometry.diameter"), Some((3, 12)));
        assert_eq!(place("pulses[0].amplitude"), Some((9, 13)));
        assert_eq!(place("geometry.height"), Some((2, 2)), "the table, where the key is a default");
        assert_eq!(place("geometry"), Some((2, 2)));
        assert_eq!(place("absent.key"), Some((1, 1)));
        assert_eq!(document.text_at("neuron.kind").as_deref(), Some("leaky-integrate-and-fire"));
        assert_eq!(document.text_at("seed"), None);
    }

    #[test]
    fn a_file_lies_over_a_preset() {
        let preset = Document::from_text("preset", GOOD).unwrap();
        let layered = |text: &str| Document::from_text("mine.toml", text).unwrap().over(&preset);
        let config: Config = layered("[geometry]\ndiameter = \"50 nm\"").parse().unwrap();
        assert_eq!(config.geometry, Geometry { diameter: Length(50e-9), thickness: Length(2.6e-9) });
        assert_eq!(config.seed, 7);
        let config: Config = layered("[neuron]\nkind = \"threshold\"\nlevel = 2.0").parse().unwrap();
        assert_eq!(config.neuron, Some(Neuron::Threshold { level: 2.0 }), "another model replaces the table");

        let mine = layered("[geometry]\ndiameter = 50");
        assert_eq!(mine.parse::<Config>().unwrap_err().location(), Some(("mine.toml", 2, 12)));
        let theirs = mine.at_key("geometry.thickness", "must be positive");
        assert_eq!(theirs.location(), Some(("preset", 4, 13)));
        let top = Document::from_text("--set", "seed = 8").unwrap().over(&mine);
        assert_eq!(top.at_key("geometry.thickness", "").location(), Some(("preset", 4, 13)));
        assert_eq!(top.at_key("geometry.diameter", "").location(), Some(("mine.toml", 2, 12)));
        assert_eq!(top.at_key("seed", "").location(), Some(("--set", 1, 8)));
    }

    #[test]
    fn unreadable_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = |path: &Path| Document::read(path).unwrap_err().to_string();
        let file = folder.path().join("run.toml");
        assert!(message(&file).contains("run.toml"), "missing");
        assert!(message(folder.path()).contains("it is a folder"));
        std::fs::write(&file, b"seed = 7\n# caf\xe9\n").unwrap();
        assert!(message(&file).contains("not UTF-8 text (byte 14, line 2)"), "{}", message(&file));
        std::fs::write(&file, vec![b'#'; (LONGEST_BYTES + 1) as usize]).unwrap();
        assert!(message(&file).contains("longer than 4 MiB"));
        #[cfg(target_os = "linux")]
        assert!(message(Path::new("/dev/zero")).contains("longer than 4 MiB"), "an endless file");
        std::fs::write(&file, format!("\u{feff}{GOOD}")).unwrap();
        assert!(Document::read(&file).unwrap().parse::<Config>().is_ok(), "a byte-order mark is no error");
    }

    proptest::proptest! {
        /// Cut and altered files give an error or a configuration, never a panic, and reports render.
        #[test]
        fn damaged_files_never_panic(cut in 0..GOOD.len(), at in 0..GOOD.len(), with in "[\\x00-\\x7f«]{0,3}") {
            let mut text = GOOD.to_string();
            text.replace_range(at..=at, &with);
            while !text.is_char_boundary(cut.min(text.len())) { text.pop(); }
            text.truncate(cut.min(text.len()).max(cut / 2));
            if let Err(error) = Document::from_text("run.toml", &text).and_then(|d| d.parse::<Config>()) {
                proptest::prop_assert!(!error.report().is_empty());
            }
        }
    }
}
