//! `spinhebb device wer`, `disturb` and `retention` end to end: what they find for each shipped device, what they refuse.

use crate::program::{archive, at, folder_with, number, refused_with, results};

fn arguments(action: &str) -> [&str; 7] {
    ["device", action, "--config", "small.toml", "--json", "--name", "run"]
}

/// Defaults of every shipped macrospin but for the work: each finds its own voltages.
#[test]
fn one_configuration_serves_both_kinds_of_device() {
    for preset in ["perpendicular-40nm", "in-plane"] {
        let head = format!("device.from = \"{preset}\"\n[table]\nmost_repeats = 2\n");
        let text = format!(
            "{head}trials = 500\n[wer]\nvoltages = [\"2 Vc0\", \"3 Vc0\"]\nlongest_width = \"8 ns\"\nwidths = 8\n"
        );
        let folder = folder_with(&text);
        let found = results(folder.path(), &arguments("wer"));
        assert!(number(&found, "width_for_write_error/3 Vc0/1e-6") > 0.0, "{found}");
        assert!(number(&found, "accuracy/worst_reached") > 0.0);
        let data = archive(folder.path(), "run").dataset("device/write_error").unwrap();
        let (rate, error) =
            (data.numbers("write_error").unwrap(), data.numbers("write_error_error").unwrap());
        assert_eq!(rate.len(), 16);
        // The rates fall with the width, and each has an error.
        for row in rate.chunks(8) {
            assert!(row.windows(2).all(|pair| pair[1] < pair[0]), "{row:?}");
        }
        assert!(error.iter().all(|e| e.is_finite() && *e > 0.0), "{error:?}");

        let folder = folder_with(&format!("{head}[disturb]\nvoltages = [\"0.6 Vc0\", \"0.7 Vc0\"]\n"));
        let found = results(folder.path(), &arguments("disturb"));
        let rate = |voltage: &str| number(&found, &format!("escape_rate/{voltage}"));
        assert!(rate("0.7 Vc0") > 10.0 * rate("0.6 Vc0") && rate("0.6 Vc0") > 0.0, "{found}");
        assert_eq!(at(&found, "escape_rate/0.6 Vc0/unit"), "s-1");

        let folder = folder_with(&head);
        let found = results(folder.path(), &arguments("retention"));
        assert!(number(&found, "retention_time") > 1e6, "{found}");
        assert_eq!(at(&found, "retention_time/unit"), "year");
    }
}

const FLAT: &str = "device.from = \"in-plane\"\n[device.geometry]\nlength = \"50 nm\"\nwidth = \"50 nm\"";

/// What every one of them refuses.
const ALL: &[(&str, &[&str])] = &[
    ("device.from = \"nobody\"", &["nobody", "perpendicular-40nm", "small.toml:1"]),
    ("device.from = \"composite-40nm\"", &["coupled", "device table", "small.toml:1"]),
    ("table.relative_error = 0.0", &["relative_error` is 0", "above zero", "small.toml:1"]),
    ("table.relative_error = nan", &["relative_error", "small.toml:1"]),
    ("table.most_repeats = 1", &["most_repeats = 1", "2 to 10000", "small.toml:1"]),
    (FLAT, &["no energy minimum", "expected", "small.toml"]),
    ("[device.thermal]\ntemperature = \"0 K\"", &["device.thermal.temperature", "above 0 K", "small.toml:2"]),
    ("[device.field]\napplied = [\"0 A/m\", \"0 A/m\", \"2 MA/m\"]", &["expected", "small.toml"]),
];

/// What those with voltages refuse; `wer` stands for the table of the command.
const DRIVEN: &[(&str, &[&str])] = &[
    ("wer.start = \"up\"", &["up", "anti-parallel", "small.toml:1"]),
    ("wer.voltages = []", &["voltages = []", "rising values above zero", "small.toml:1"]),
    ("wer.voltages = [\"-0.1 V\"]", &["-100 mV", "magnitude", "start", "small.toml:1"]),
    ("wer.voltages = [\"-1 Vc0\"]", &["-1 Vc0", "above zero", "small.toml:1"]),
    ("wer.voltages = [\"0 V\", \"0.1 V\"]", &["voltages", "above zero", "small.toml:1"]),
    ("wer.voltages = [\"0.2 V\", \"0.1 V\"]", &["voltages", "rising", "small.toml:1"]),
    ("wer.voltages = [\"nan V\"]", &["nan V", "small.toml:1"]),
    ("wer.voltages = [\"nan Vc0\"]", &["nan Vc0", "1.5 Vc0", "small.toml:1"]),
    ("wer.voltages = [0.7]", &["`0.7` has no unit", "1.5 Vc0", "small.toml:1"]),
    ("wer.voltages = [\"0.7 A\"]", &["0.7 A", "1.5 Vc0", "small.toml:1"]),
    (
        "[device.spin_transfer.efficiency]\nkind = \"constant\"\npolarisation = 0.0",
        &["device", "a torque that can switch it", "spin_transfer", "small.toml"],
    ),
];

const WER: &[(&str, &[&str])] = &[
    ("wer.widths = 0", &["widths = 0", "2 to 2000", "small.toml:1"]),
    ("wer.widths = 100000000000", &["widths = 100000000000", "2 to 2000", "small.toml:1"]),
    ("wer.widths = -3", &["-3", "small.toml:1"]),
    ("wer.longest_width = \"0 ns\"", &["longest_width` is 0 s", "above 0 s", "small.toml:1"]),
    ("wer.longest_width = \"-5 ns\"", &["-5 ns", "out of range", "small.toml:1"]),
    ("wer.longest_width = \"nan s\"", &["nan s", "small.toml:1"]),
    ("wer.longest_width = \"1 h\"", &["longest_width", "damping times", "device disturb", "small.toml:1"]),
    (
        "device.from = \"in-plane\"\nwer.longest_width = \"10 us\"",
        &["longest_width", "damping times", "small.toml:2"],
    ),
    ("table.trials = 0", &["trials = 0", "small.toml:1"]),
    ("wer.voltages = [\"1 V\", \"1000 V\"]", &["voltages[1]` is 1 kV", "50 Vc0", "small.toml:1"]),
    ("table.method = \"guess\"", &["guess", "splitting", "small.toml:1"]),
    ("device.from = \"in-plane\"\ntable.method = \"fokker-planck\"", &["symmetr", "small.toml:2"]),
];

const DISTURB: &[(&str, &[&str])] = &[
    (
        "disturb.voltages = [\"0.1 V\", \"1.2 Vc0\"]",
        &["voltages[1]` is 1.2 Vc0", "0.2663 V", "device wer", "small.toml:1"],
    ),
    (
        "device.from = \"in-plane\"\ndisturb.voltages = [\"0.98 Vc0\"]",
        &["voltages[0]` is 0.98 Vc0", "0.95 Vc0", "small.toml:2"],
    ),
    ("disturb.durations = []", &["durations = []", "small.toml:1"]),
    ("disturb.durations = [\"-1 s\"]", &["durations", "-1 s", "out of range", "small.toml:1"]),
    ("disturb.durations = [\"1 s\", \"1 ns\"]", &["durations", "rising", "small.toml:1"]),
];

const RETENTION: &[(&str, &[&str])] = &[
    ("retention.start = \"up\"", &["up", "anti-parallel", "small.toml:1"]),
    ("retention.bits = 0.0", &["bits = 0", "one or more", "small.toml:1"]),
    ("retention.bits = inf", &["bits", "inf", "small.toml:1"]),
    (
        "retention.barrier_deviations = [2.0]",
        &["barrier_deviations", "population.barrier.relative", "small.toml:1"],
    ),
    ("population.barrier.relative = -0.1", &["population.barrier.relative", "-0.1", "small.toml:1"]),
    ("retention.storage_time = \"-1 s\"", &["-1 s", "out of range", "small.toml:1"]),
];

/// Bad inputs: an error with the key, the value and what was expected, before anything is written.
#[test]
fn bad_inputs_are_refused_before_anything_is_written() {
    let disturb: Vec<(String, &[&str])> =
        DRIVEN.iter().map(|(text, words)| (text.replace("wer.", "disturb."), *words)).collect();
    let disturb: Vec<(&str, &[&str])> = disturb.iter().map(|(text, words)| (text.as_str(), *words)).collect();
    for (action, lists) in [
        ("wer", [ALL, DRIVEN, WER]),
        ("disturb", [ALL, &disturb, DISTURB]),
        ("retention", [ALL, RETENTION, &[]]),
    ] {
        refused_with(&["device", action], &lists.concat());
    }
}
