use super::sample::{RENAMES, SAMPLE, System, schema};
use crate::config::*;

/// Path, file, place, message and label of every fault of `text`.
fn faults(text: &str) -> Vec<(String, Fault)> {
    let document = Document::from_text("run.toml", text).unwrap();
    conform(&document, &schema(), &|_| true, RENAMES)
}

/// The only fault of the sample with `from` replaced.
fn fault(from: &str, to: &str) -> (String, Fault, String) {
    let text = SAMPLE.replacen(from, to, 1);
    assert_ne!(text, SAMPLE, "{from}");
    let mut found = faults(&text);
    assert_eq!(found.len(), 1, "{to}: {found:#?}");
    let (path, fault) = found.remove(0);
    let word = text[fault.span.clone()].to_string();
    (path, fault, word)
}

#[test]
fn the_sample_conforms_and_reads() {
    assert_eq!(faults(SAMPLE).len(), 0, "{:#?}", faults(SAMPLE));
    let document = Document::from_text("run.toml", SAMPLE).unwrap();
    let system: System = document.parse().unwrap();
    let rendered = render(&system).unwrap();
    assert_eq!(faults(&rendered).len(), 0, "{rendered}");
    assert_eq!(Document::from_text("", &rendered).unwrap().parse::<System>().unwrap(), system);
}

/// What is replaced in the sample, by what; path of the fault, word under the caret, part of the message.
#[rustfmt::skip]
const CASES: &[[&str; 5]] = &[
    ["seed = 7", "seed = -7", "seed", "-7", "`seed` is -7; expected whole number from 0"],
    ["seed = 7", "seed = 7.5", "seed", "7.5", "`seed` is 7.5; expected whole number from 0"],
    ["seed = 7", "seed = 2005-01-01", "seed", "2005-01-01", "expected whole number"],
    ["seed = 7", "seed = 9223372036854775808", "seed", "9223372036854775808", "whole numbers end at"],
    ["seed = 7", "", "seed", "", "the key `seed` is missing"],
    ["seed = 7", "seed = 7\nsede = 8", "sede", "sede", "unknown key `sede`"],
    ["\"40 nm\"", "40", "device.diameter", "40", "`40` has no unit; expected a length"],
    ["\"40 nm\"", "true", "device.diameter", "true", "`device.diameter` is true; expected text with a unit"],
    ["\"40 nm\"", "\"40 ns\"", "device.diameter", "\"40 ns\"", "is not a length"],
    ["\"40 nm\"", "\"-40 nm\"", "device.diameter", "\"-40 nm\"", "expected a length from 0 m to 1 m"],
    ["diameter =", "diametre =", "device.diametre", "diametre", "unknown key `diametre`"],
    ["diameter =", "radius =", "device.radius", "radius", "`device.radius` is now `device.diameter`"],
    ["\"anti-parallel\"", "\"AP\"", "device.start[1]", "\"AP\"", "`AP` is not a choice here"],
    ["[0.3, 0.4]", "[0.3]", "device.tensor[1]", "[0.3]", "has 1 items; expected 2"],
    ["0.4]", "nan]", "device.tensor[1][1]", "nan", "expected a finite number"],
    ["\"1 nm\"", "\"1 V\"", "device.layers[0].thickness", "\"1 V\"", "is not a length"],
    ["thickness = \"2 nm\"", "", "device.layers[1].thickness", "[[device.layers]]", "`thickness` is missing"],
    ["\"points\"", "\"point\"", "device.layers[0].material.kind", "\"point\"", "`point` is not a choice here"],
    ["kind = \"points\"\n", "", "device.layers[0].material.kind", "material", "the key `kind` is missing"],
    ["\"300 K\"", "\"300 C\"", "device.layers[0].material.temperatures[1]", "\"300 C\"", "not a temperature"],
    ["order = 3", "order = 6", "device.layers[0].material.between.order", "6", "from 0 to 5"],
    ["\"spline\"", "3", "device.layers[0].material.between.kind", "3", "kind` is 3; expected one of \"linear\", \"spline\""],
    ["exponent = 1.5", "exponent = 5", "device.layers[1].material.exponent", "5", "number from 0.5 to 4"],
    ["\"1100 K\"", "1100", "device.layers[1].material.curie", "1100", "`1100` has no unit"],
    ["material.kind = \"none\"", "material = { kind = \"none\", x = 1 }", "device.layers[2].material.x", "x", "unknown key `x`"],
    ["inputs = 16", "inputs = \"16\"", "array.inputs", "\"16\"", "is \"16\"; expected whole number"],
    ["[\"1 kohm\", \"2 kohm\"]", "\"grond\"", "array.sense", "\"grond\"", "`grond` is not a choice here"],
    ["[\"1 kohm\", \"2 kohm\"]", "\"1 kOhm\"", "array.sense", "\"1 kOhm\"", "`kOhm` in `1 kOhm` is not a known unit"],
    ["[\"1 kohm\", \"2 kohm\"]", "{ bits = 17 }", "array.sense.bits", "17", "whole number from 1 to 16"],
    ["[\"1 kohm\", \"2 kohm\"]", "4", "array.sense", "4", "one of \"ground\", \"open\" or text with a unit"],
    ["\"2 kohm\"", "\"2 kV\"", "array.sense[1]", "\"2 kV\"", "is not a resistance"],
    ["floating = true", "floating = \"yes\"", "array.floating", "\"yes\"", "expected true or false"],
    ["\"1.5 Vc0\"", "\"1.5 Vc\"", "array.drivers.word.amplitude", "\"1.5 Vc\"", "or a multiple of the device's critical"],
    ["\"1.5 Vc0\"", "1.5", "array.drivers.word.amplitude", "1.5", "`1.5` has no unit"],
    ["[array.drivers.bit]\n", "[array.drivers.bit]\nphase = 1\n", "array.drivers.bit.phase", "phase", "unknown key"],
    ["first = 1.0", "first = \"1\"", "training.gain.first", "\"1\"", "expected number"],
    ["\"geometric\"", "\"log\"", "training.gain.course", "\"log\"", "not a choice"],
    ["last = 0.5, ", "", "training.gain.last", "gain", "the key `last` is missing"],
    ["{ first = 1.0, last = 0.5, course = \"geometric\" }", "[1]", "training.gain", "[1]", "a list; expected number or table"],
    ["0.35", "1.35", "training.pulse.values[1]", "1.35", "expected number from 0 to 1"],
    ["\"35 %\"", "\"135 %\"", "training.pulse.values[2]", "\"135 %\"", "expected a probability from 0 to 1"],
    ["values = [\"0.7 V\"", "values = [\"0.7 m\"", "training.pulse.values[0]", "\"0.7 m\"", "not a voltage"],
    ["share = 0.5", "share = 1.0", "training.share", "1.0", "number above 0 and below 1"],
    ["widths = [\"5 ns\"]", "widths = []", "training.widths", "[]", "has 0 items; expected at least 1"],
    ["share = 0.5", "share = 0.5\nepochs = 3", "training.epochs", "epochs", "is no longer a key: say how many"],
];

#[test]
fn every_fault_is_found_at_its_leaf() {
    for &[from, to, path, word, message] in CASES {
        let (found, fault, at) = fault(from, to);
        assert_eq!((found.as_str(), at.as_str()), (path, word), "{to}: {fault}");
        assert!(fault.message.contains(message), "{to}: {}", fault.message);
    }
}

#[test]
fn a_misspelt_required_key_is_one_fault() {
    let (path, fault, word) = fault("order = 3", "ordre = 3");
    assert_eq!((path.as_str(), word.as_str()), ("device.layers[0].material.between.ordre", "ordre"));
    assert_eq!(fault.label, "did you mean `order`?");
    let found = faults(&SAMPLE.replace("order = 3", "wavelength = 3"));
    let messages: Vec<&str> = found.iter().map(|(_, fault)| fault.message.as_str()).collect();
    assert_eq!(messages, ["unknown key `wavelength`", "the key `order` is missing"]);
}

#[test]
fn an_old_key_names_the_new_one() {
    let text = format!("{SAMPLE}\n[hardware]\nspeed = 1\n[hardware.tile]\nrows = 4\n[hardware.tile.columns]\nwire = 1\n[old]\nwire = 2\n")
        .replace("\"2 nm\"", "\"2 nm\"\nheight = 1");
    let found = faults(&text);
    let seen: Vec<(&str, &str)> = found.iter().map(|(_, f)| (f.message.as_str(), f.label.as_str())).collect();
    let expected = [
        (
            "`device.layers[].height` is now `device.layers[].thickness`",
            "renamed to `device.layers[].thickness`",
        ),
        ("`hardware.speed` is now `array.speed`", "renamed to `array.speed`"),
        ("`hardware.tile.rows` is now `array.inputs`", "renamed to `array.inputs`"),
        ("`hardware.tile.columns` is now `array.tile.columns`", "renamed to `array.tile.columns`"),
        ("`old.wire` is no longer a key: device.wire or array.wire", "no longer a key"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn values_are_checked_only_where_they_are_read() {
    let text = "seed = 7\ndevice.from = 3\n[training]\ngain = true\nspeed = 1\n[array]\nsense = { bit = 1 }\ninputs = []\n";
    let document = Document::from_text("run.toml", text).unwrap();
    let found = conform(&document, &schema(), &|key| key == "array", RENAMES);
    let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    let expected = ["training.speed", "array.sense.bit", "array.inputs", "array.wire"];
    assert_eq!(paths, expected, "unknown keys everywhere; types and missing keys in `array` alone");
}

#[test]
fn recursion_and_free_forms_end() {
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Tree {
        value: Option<serde_json::Value>,
        branches: Vec<Tree>,
        one: Option<Box<Tree>>,
    }
    let schema = schemars::schema_for!(Tree);
    let text =
        "value = { a = [1, { b = 2 }] }\n[[branches]]\n[[branches.branches]]\nbranches = []\none = 3\n";
    let document = Document::from_text("tree.toml", text).unwrap();
    let found = conform(&document, &schema, &|_| true, &[]);
    let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["branches[0].branches[0].one"]);
    assert_eq!(reference::Reference::new(&schema).keys().first().map(|key| key.path.as_str()), Some("value"));
}
