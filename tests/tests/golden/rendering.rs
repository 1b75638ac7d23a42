//! The results of a run as text: one line for each fact, `key = value`, sorted, to ten significant digits.

use std::fmt::{Display, Write as _};
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use spinhebb_data::archive::Archive;
use spinhebb_data::labelled::{Attribute, Attributes, Dataset, Values, Variable};

/// Variables with more values than this are cut to the first `SHOWN`, with the checksum of all.
const LONGEST: usize = 200;
const SHOWN: usize = 20;
/// Results with these names are times of the clock on the wall.
const WALL_CLOCK: &str = "training_time_";

/// What the run in `directory` gave.
pub fn render(directory: &Path) -> String {
    let mut text = String::new();
    let archive = Archive::open(&directory.join("run.h5")).unwrap();
    about(&mut text, directory, &archive);
    let summary = std::fs::read_to_string(directory.join("summary.json")).unwrap();
    let mut summary: Value = serde_json::from_str(&summary).unwrap();
    results(&mut text, "results", &summary["results"].take());
    for name in archive.names().unwrap() {
        dataset(&mut text, &archive.dataset(&name).unwrap());
    }
    text
}

fn line(text: &mut String, key: impl Display, value: impl Display) {
    writeln!(text, "{key} = {value}").unwrap();
}

/// Title, seed, inputs, papers, figures and netlist.
fn about(text: &mut String, directory: &Path, archive: &Archive) {
    let header = archive.header().unwrap();
    line(text, "title", quoted(&header.title));
    line(text, "seed", header.seed);
    for (name, sum) in &header.inputs {
        line(text, format!("input {name}"), sum);
    }
    let papers = std::fs::read_to_string(directory.join("references.bib")).unwrap();
    let keys = papers.lines().filter_map(|line| line.strip_prefix('@')?.split_once('{'));
    let mut keys: Vec<&str> = keys.map(|(_, key)| key.trim_end_matches(',')).collect();
    keys.sort_unstable();
    line(text, "papers", keys.join(" "));
    let figures = std::fs::read_dir(directory.join("figures")).unwrap();
    let mut figures: Vec<String> =
        figures.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    figures.sort_unstable();
    line(text, "figures", figures.join(" "));
    if let Ok(netlist) = std::fs::read_to_string(directory.join("crossbar.cir")) {
        line(text, "netlist", format!("{} lines, sha256 {}", netlist.lines().count(), sha256(&netlist)));
    }
}

/// Scalars of the summary below `key`.
fn results(text: &mut String, key: &str, value: &Value) {
    match value {
        Value::Object(map) => {
            let mut names: Vec<&String> = map.keys().filter(|name| !name.starts_with(WALL_CLOCK)).collect();
            names.sort_unstable();
            for name in names {
                results(text, &format!("{key}.{name}"), &map[name]);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                results(text, &format!("{key}[{index}]"), value);
            }
        }
        Value::Number(number) if number.is_f64() => {
            line(text, key, digits(number.as_f64().unwrap()));
        }
        Value::String(string) => line(text, key, quoted(string)),
        other => line(text, key, other),
    }
}

fn dataset(text: &mut String, dataset: &Dataset) {
    attributes(text, &dataset.name, &dataset.attributes);
    let mut variables: Vec<&Variable> = dataset.variables.iter().collect();
    variables.sort_unstable_by_key(|variable| &variable.name);
    for variable in variables {
        let key = format!("{}/{}", dataset.name, variable.name);
        attributes(text, &key, &variable.attributes);
        let axes = variable.dims.iter().zip(&variable.shape);
        let axes: Vec<String> = axes.map(|(name, length)| format!("{name} {length}")).collect();
        let (kind, values) = written(&variable.values);
        let all = values.join(" ");
        let values = if values.len() > LONGEST {
            format!("{} ... sha256 {}", values[..SHOWN].join(" "), sha256(&all))
        } else {
            all
        };
        let unit = &variable.unit;
        line(text, key, format!("{kind} [{}] {unit}: {values}", axes.join(", ")));
    }
}

fn attributes(text: &mut String, owner: &str, attributes: &Attributes) {
    for (name, value) in attributes {
        let value = match value {
            Attribute::Text(string) => quoted(string),
            Attribute::F64(number) => digits(*number),
            Attribute::I64(number) => number.to_string(),
            Attribute::U64(number) => number.to_string(),
        };
        line(text, format!("{owner}@{name}"), value);
    }
}

/// Type and values.
fn written(values: &Values) -> (&'static str, Vec<String>) {
    fn whole<T: Display>(values: &[T]) -> Vec<String> {
        values.iter().map(T::to_string).collect()
    }
    match values {
        Values::F64(v) => ("f64", v.iter().map(|&x| digits(x)).collect()),
        Values::F32(v) => ("f32", v.iter().map(|&x| digits(f64::from(x))).collect()),
        Values::I64(v) => ("i64", whole(v)),
        Values::U64(v) => ("u64", whole(v)),
        Values::U32(v) => ("u32", whole(v)),
        Values::U16(v) => ("u16", whole(v)),
        Values::U8(v) => ("u8", whole(v)),
        Values::Text(v) => ("text", v.iter().map(|x| quoted(x)).collect()),
    }
}

fn digits(value: f64) -> String {
    format!("{value:.9e}")
}

/// On one line, whatever the text holds.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
