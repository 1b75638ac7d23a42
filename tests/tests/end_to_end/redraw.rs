//! A run is drawn again from its archive alone, and computed again from its `config.toml`, from wherever that is asked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use spinhebb_experiments::registry::{EXPERIMENTS, find};

use crate::case::{self, Case};
use crate::program::spinhebb;

/// Words of the command of a case.
fn command(name: &str) -> &'static str {
    let matching = EXPERIMENTS.iter().filter(|experiment| name.starts_with(&experiment.stem()));
    matching
        .max_by_key(|experiment| experiment.name.len())
        .unwrap_or_else(|| panic!("{name} is of no command"))
        .name
}

/// Every drawn file of a run: its path within the run, and its bytes.
fn drawn(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let figures = std::fs::read_dir(run.join("figures")).unwrap().map(|entry| entry.unwrap().path());
    let files = ["report.html", "references.bib"].map(|name| run.join(name));
    let read = |path: PathBuf| (path.strip_prefix(run).unwrap().to_path_buf(), std::fs::read(&path).unwrap());
    figures.chain(files).map(read).collect()
}

fn check(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let run = Case::named(name).run(folder.path());
    let first = drawn(&run);
    let seal = std::fs::read(run.join("run.h5")).unwrap();

    // Drawn anew into another folder, which has only what `report` draws; and in place.
    let elsewhere = folder.path().join("drawn");
    let report = |more: &[&str]| {
        let run = run.to_str().unwrap();
        spinhebb(Path::new("/")).args(["report", run]).args(more).assert().success();
    };
    report(&["--out", elsewhere.to_str().unwrap()]);
    assert!(drawn(&elsewhere) == first, "{name}: drawn elsewhere it differs");
    for file in first.keys() {
        std::fs::remove_file(run.join(file)).unwrap();
    }
    report(&[]);
    assert!(drawn(&run) == first, "{name}: drawn in place it differs");
    assert!(std::fs::read(run.join("run.h5")).unwrap() == seal, "{name}: `report` touched the archive");

    // Computed anew from what was asked, by its own words alone, in a folder that lies elsewhere.
    let other = folder.path().join("another/folder");
    std::fs::create_dir_all(&other).unwrap();
    let asked = run.join("config.toml");
    spinhebb(&other)
        .args(command(name).split(' '))
        .args(["-c", asked.to_str().unwrap(), "--name", "again"])
        .assert()
        .success();
    let again = std::fs::read(other.join("runs/again/run.h5")).unwrap();
    assert!(again == seal, "{name}: computed anew the archive differs");
}

macro_rules! redrawn {
    ($($test:ident $case:literal),+ $(,)?) => {
        $(
            #[test]
            fn $test() {
                check($case);
            }
        )+

        #[test]
        fn every_experiment_is_among_them() {
            let commands = [$(command($case)),+];
            for experiment in EXPERIMENTS {
                assert!(commands.contains(&experiment.name), "{} is not drawn again", experiment.name);
                assert_eq!(find(&experiment.stem()).map(|e| e.name), Some(experiment.name));
            }
            for name in [$($case),+] {
                assert!(case::names().iter().any(|known| known == name), "no case {name}");
            }
        }
    };
}

redrawn! {
    trajectory "device-trajectory",
    trajectory_of_coupled_layers "device-trajectory-coupled",
    trajectory_under_a_pulse_of_a_file "device-trajectory-alone",
    table "device-table-auto",
    table_of_an_ensemble "device-table-ensemble",
    write_error "device-wer",
    retention "device-retention",
    disturb "device-disturb",
    calibrate "calibrate",
    calibrate_a_population "calibrate-population",
    solve "circuit-solve",
    write "circuit-write",
    write_a_calibrated_population "circuit-write-calibrated",
    map "circuit-map",
    spice "circuit-spice",
    train "network-train-best",
    train_with_costs "network-train-costs",
    train_with_voltages "network-train-pulses",
    evaluate "network-evaluate",
    grid "network-grid",
    on_the_array "network-train-array",
    drives "network-drives",
    ablation "network-ablation",
    sensitivity "network-sensitivity",
    reproduce "reproduce",
}
