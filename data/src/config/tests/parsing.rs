use std::path::Path;

use serde::Deserialize;

use crate::config::document::LONGEST_BYTES;
use crate::config::*;
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
    for part in
        ["run.toml:3:1", "diamter = \"40 nm\"", "───┬───", "did you mean `diameter`?", "diameter, thickness"]
    {
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
