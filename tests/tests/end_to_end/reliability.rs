//! `spinhebb device wer`, `disturb` and `retention` end to end: what they find for each shipped device, what they refuse.

use serde_json::Value;
use spinhebb_data::archive::Archive;

use crate::program::{folder_with, results, spinhebb};

fn arguments(action: &str) -> [&str; 7] {
    ["device", action, "--config", "small.toml", "--json", "--name", "run"]
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} is missing in {value}"))
}

/// Defaults of every shipped macrospin but for the work: each finds its own voltages.
#[test]
fn one_configuration_serves_both_kinds_of_device() {
    for preset in ["perpendicular-40nm", "in-plane"] {
        let text = format!(
            "preset = \"{preset}\"\nvoltages = [\"2 Vc0\", \"3 Vc0\"]\nlongest_width = \"8 ns\"\nwidths = 8\n\
             trials = 500\nmost_repeats = 2\n"
        );
        let folder = folder_with(&text);
        let found = results(folder.path(), &arguments("wer"));
        assert!(found["width_ns_for_write_error"]["3 Vc0"]["1e-6"].as_f64().is_some(), "{found}");
        assert!(number(&found["accuracy"], "worst_reached") > 0.0);
        let archive = Archive::open(&folder.path().join("runs/run/run.h5")).unwrap();
        let data = archive.dataset("device/write_error").unwrap();
        let (rate, error) =
            (data.numbers("write_error").unwrap(), data.numbers("write_error_error").unwrap());
        assert_eq!(rate.len(), 16);
        // The rates fall with the width, and each has an error.
        for row in rate.chunks(8) {
            assert!(row.windows(2).all(|pair| pair[1] < pair[0]), "{row:?}");
        }
        assert!(error.iter().all(|e| e.is_finite() && *e > 0.0), "{error:?}");

        let text =
            format!("preset = \"{preset}\"\nvoltages = [\"0.6 Vc0\", \"0.7 Vc0\"]\nmost_repeats = 2\n");
        let folder = folder_with(&text);
        let found = results(folder.path(), &arguments("disturb"));
        let rate = |voltage: &str| number(&found["escape_rate"][voltage], "per_second");
        assert!(rate("0.7 Vc0") > 10.0 * rate("0.6 Vc0") && rate("0.6 Vc0") > 0.0, "{found}");

        let folder = folder_with(&format!("preset = \"{preset}\"\nmost_repeats = 2\n"));
        let found = results(folder.path(), &arguments("retention"));
        assert!(number(&found, "retention_time_years") > 1e6, "{found}");
    }
}

/// A message without the breaks and frames of the terminal.
fn unwrapped(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message).replace('│', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Bad inputs: an error with the key, the value and what was expected, before anything is written.
#[test]
fn bad_inputs_are_refused_before_anything_is_written() {
    let flat = "preset = \"in-plane\"\n[device.geometry]\nlength = \"50 nm\"\nwidth = \"50 nm\"";
    let cold = "[device.thermal]\ntemperature = \"0 K\"";
    let still = "[device.spin_transfer.efficiency]\nlaw = \"constant\"\npolarisation = 0.0";
    let all: &[(&str, &[&str])] = &[
        ("start = \"up\"", &["up", "anti-parallel", "small.toml"]),
        ("preset = \"nobody\"", &["nobody", "perpendicular-40nm", "small.toml"]),
        ("preset = \"composite-40nm\"", &["coupled", "device table", "small.toml:1"]),
        ("relative_error = 0.0", &["relative_error = 0", "0.2", "small.toml"]),
        ("relative_error = nan", &["relative_error = NaN", "small.toml"]),
        ("most_repeats = 1", &["most_repeats = 1", "2 to 10000", "small.toml"]),
        (flat, &["no energy minimum", "expected", "spinhebb presets", "small.toml"]),
        (cold, &["device.thermal.temperature", "above 0 K", "small.toml"]),
        ("[device.field]\napplied = [\"0 A/m\", \"0 A/m\", \"2 MA/m\"]", &["expected", "spinhebb presets"]),
    ];
    let driven: &[(&str, &[&str])] = &[
        ("voltages = []", &["voltages = []", "rising values above zero", "small.toml:1"]),
        ("voltages = [\"-0.1 V\"]", &["-100 mV", "magnitude", "start", "small.toml:1"]),
        ("voltages = [\"-1 Vc0\"]", &["-1 Vc0", "above zero", "small.toml:1"]),
        ("voltages = [\"0 V\", \"0.1 V\"]", &["voltages", "above zero", "small.toml:1"]),
        ("voltages = [\"0.2 V\", \"0.1 V\"]", &["voltages", "rising", "small.toml:1"]),
        ("voltages = [\"nan V\"]", &["nan V", "0.68 V", "small.toml:1"]),
        ("voltages = [\"nan Vc0\"]", &["nan Vc0", "1.5 Vc0"]),
        ("voltages = [0.7]", &["0.7", "no unit", "1.5 Vc0"]),
        ("voltages = [\"0.7 A\"]", &["0.7 A", "1.5 Vc0"]),
        (still, &["device", "no voltage", "1000 V", "spin_transfer", "small.toml"]),
    ];
    let wer: &[(&str, &[&str])] = &[
        ("widths = 0", &["widths = 0", "2 to 2000", "small.toml:1"]),
        ("widths = 100000000000", &["widths = 100000000000", "2 to 2000", "small.toml:1"]),
        ("widths = -3", &["-3", "small.toml:1"]),
        ("longest_width = \"0 ns\"", &["longest_width = 0 s", "above 0 s", "small.toml:1"]),
        ("longest_width = \"-5 ns\"", &["longest_width = -5 ns", "above 0 s", "small.toml:1"]),
        ("longest_width = \"nan s\"", &["nan s", "small.toml"]),
        ("longest_width = \"1 h\"", &["longest_width", "damping times", "device disturb", "small.toml:1"]),
        (
            "preset = \"in-plane\"\nlongest_width = \"10 us\"",
            &["longest_width", "damping times", "small.toml:2"],
        ),
        ("trials = 0", &["trials = 0", "small.toml:1"]),
        ("voltages = [\"1 V\", \"1000 V\"]", &["voltages = 1 kV", "50 Vc0", "small.toml:1"]),
        ("back_end = \"guess\"", &["guess", "splitting", "small.toml:1"]),
        (
            "preset = \"in-plane\"\nback_end = \"fokker-planck\"",
            &["does not hold", "symmetr", "auto", "small.toml:2"],
        ),
    ];
    let disturb: &[(&str, &[&str])] = &[
        (
            "voltages = [\"0.1 V\", \"1.2 Vc0\"]",
            &["voltages = 1.2 Vc0", "0.2663 V", "device wer", "small.toml:1"],
        ),
        (
            "preset = \"in-plane\"\nvoltages = [\"0.98 Vc0\"]",
            &["voltages = 0.98 Vc0", "0.95 Vc0", "small.toml:2"],
        ),
        ("durations = []", &["durations = []", "small.toml:1"]),
        ("durations = [\"-1 s\"]", &["durations = [-1 s]", "above zero", "small.toml:1"]),
        ("durations = [\"1 s\", \"1 ns\"]", &["durations", "rising", "small.toml:1"]),
    ];
    let retention: &[(&str, &[&str])] = &[
        ("bits = 0.0", &["bits = 0", "one or more", "small.toml:1"]),
        ("bits = inf", &["bits = inf", "small.toml:1"]),
        ("barrier_deviations = []", &["barrier_deviations = []", "small.toml:1"]),
        ("barrier_deviations = [-1.0]", &["barrier_deviations = -1", "0 to 50", "small.toml:1"]),
        ("barrier_deviations = [nan]", &["barrier_deviations = NaN", "small.toml:1"]),
        ("storage_time = \"-1 s\"", &["storage_time = -1 s", "10 year", "small.toml:1"]),
    ];
    let mut missing = Vec::new();
    for (action, lists) in [
        ("wer", [all, driven, wer]),
        ("disturb", [all, driven, disturb]),
        ("retention", [all, retention, &[]]),
    ] {
        for (text, messages) in lists.into_iter().flatten() {
            let folder = folder_with(text);
            let assertion = spinhebb(folder.path()).args(arguments(action)).assert().failure();
            let shown = unwrapped(&assertion.get_output().stderr);
            assert!(!shown.contains("panicked"), "{action}, {text}: {shown}");
            for message in *messages {
                if !shown.contains(message) {
                    missing.push(format!("{action}, {text}: no `{message}` in {shown}"));
                }
            }
            let run = folder.path().join("runs/run");
            assert!(!run.exists(), "{action}, {text}: something was written");
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
