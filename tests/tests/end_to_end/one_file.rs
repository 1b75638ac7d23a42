//! One system file with every part and the small table of every command serves all commands as it stands.

use crate::program::{archive_bytes, number, results, spinhebb};

const WHOLE: &str = r#"
# A system in full: every part, and the small table of every command.
seed = 5

[device]
from = "perpendicular-40nm"

[population]
resistance_area = { relative = 0.05, distribution = "log-normal" }
barrier = { relative = 0.06, distribution = "log-normal" }

[faults]
stuck_state = 0.02

[table]
method = "fokker-planck"
widths = ["2 ns"]
voltages = 9

[pulses]
width = "2 ns"
potentiation = 0.4
depression = 0.3

[array]
inputs = 8
outputs = 6
word_wire = "1 ohm"
scheme = "half-bias"

[network]
recipe = "paper"
neurons = 10
copies = 1

[images]
train = 2000

[pattern]
parallel = 0.4
active = 0.5

[demonstrator]
runs = 100

[trajectory]
voltage = "0.7 V"
trajectories = 2

[wer]
voltages = ["2 Vc0", "3 Vc0"]
widths = 6

[retention]
bits = 1e6

[disturb]
voltages = ["0.5 Vc0"]

[solve]
sizes = [4, 8]

[write]
dendrite = 1
sizes = [[4, 2]]

[map]
inputs = 12
outputs = 7

[calibrate]
model = "sun"

[train]
every = 50

[evaluate]
checkpoint = "state"

[grid]
neurons = [10]
copies = [1]
repetitions = 1

[ablation]
neurons = 45

[sensitivity]
probability = [0.5]

[reproduce]
profile = "default"

[[reproduce.curves]]
device = { from = "in-plane" }
table = { voltages = 5 }
"#;

const COMMANDS: [&str; 6] =
    ["device table", "device wer", "circuit solve", "circuit write", "circuit map", "network train"];

#[test]
fn one_file_serves_all_commands() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("whole.toml"), WHOLE).unwrap();
    let run = |command: &str, more: &[&str]| {
        let words: Vec<&str> = command.split(' ').collect();
        let common = ["-c", "whole.toml", "--set", "images.train=300", "--json"];
        results(folder.path(), &[&words, &common[..], more].concat())
    };
    let found = COMMANDS.map(|command| run(command, &[]));
    let [table, wer, solve, write, map, train] = &found;
    let critical = number(table, "anti-parallel/critical_voltage");
    assert!((number(wer, "voltage/3 Vc0") - 3.0 * critical).abs() < 1e-6, "the same device in both");
    // Solving does not ask what writing asks, and the other way round; both stand on the same array.
    assert!(number(solve, "error_by_size/8") > number(solve, "error_by_size/4"));
    // Barriers of 6 %, log-normal, within six deviations: from 0.69 to 1.43 of the nominal one in steps of 0.1.
    assert_eq!(number(write, "switching_tables"), 10.0);
    assert_eq!((number(map, "inputs"), number(map, "tiles")), (12.0, 4.0));
    assert_eq!(number(train, "accounting/images"), 300.0, "--set wins over the file");
    // Each leaves its run, under its own name, with what was asked: the file, and the key that was set.
    for command in COMMANDS {
        let run = folder.path().join("runs").join(command.replace(' ', "-"));
        assert!(run.join("run.h5").is_file(), "{command}");
        let asked = std::fs::read_to_string(run.join("config.toml")).unwrap();
        assert!(asked.contains("train = 300") && asked.contains("[sensitivity]"), "{asked}");
    }
    // What a command does not read does not change what it finds, nor its bytes.
    run("circuit solve", &["--name", "other", "--set", "write.dendrite=2", "--set", "network.neurons=99"]);
    let bytes = |name: &str| archive_bytes(folder.path(), name);
    assert!(bytes("other") == bytes("circuit-solve"));
    run("circuit solve", &["--name", "moved", "--set", "array.word_wire=2 ohm"]);
    assert!(bytes("moved") != bytes("circuit-solve"));
}

/// Every other command takes the file as well.
#[test]
fn no_command_refuses_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("whole.toml"), WHOLE).unwrap();
    for experiment in spinhebb_experiments::registry::EXPERIMENTS {
        // Inputs that are not there are another matter; `reproduce` is the array of the 4x2 patterns, and `network sensitivity`
        // has no table in which other barriers would switch otherwise: both say so.
        let others = ["calibrate", "network evaluate", "network sensitivity", "reproduce"];
        if others.contains(&experiment.name) {
            continue;
        }
        let command = experiment.name.split(' ');
        spinhebb(folder.path()).args(command).args(["-c", "whole.toml", "--dry-run"]).assert().success();
    }
    spinhebb(folder.path()).args(["show", "-c", "whole.toml"]).assert().success();
}
