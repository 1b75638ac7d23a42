//! The exported netlist solved by ngspice agrees to 1e-9 of the largest voltage, for all laws, terminations and
//! wirings. Skipped, by name, where ngspice is not installed.

mod random_array;

use std::collections::HashMap;
use std::process::Command;

use random_array::{Kind, random_array};
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::cell::{CellLaw, Cells};

/// Node voltages that ngspice prints, by name; `None` if there is no ngspice.
fn ngspice(deck: &str, name: &str) -> Option<HashMap<String, f64>> {
    let path = std::env::temp_dir().join(format!("spinhebb-{}-{name}.cir", std::process::id()));
    std::fs::write(&path, deck).unwrap();
    let output = Command::new("ngspice").arg("-b").arg(&path).output();
    std::fs::remove_file(&path).unwrap();
    let text = String::from_utf8_lossy(&output.ok()?.stdout).to_string();
    let pairs = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(" = ")?;
        Some((name.trim().to_string(), value.trim().parse().ok()?))
    });
    Some(pairs.collect())
}

fn agrees(array: &Array, name: &str) -> bool {
    let deck = array.to_spice(name).unwrap();
    let Some(voltages) = ngspice(&deck, name) else {
        assert!(std::env::var_os("SPINHEBB_PEERS").is_none(), "ngspice is not installed");
        eprintln!("skipped: ngspice is not installed");
        return false;
    };
    let solution = array.solve().unwrap();
    let (rows, cols) = array.shape();
    let scale = solution.word_volts.amax().max(solution.bit_volts.amax());
    let mut compared = 0;
    for i in 0..rows {
        for j in 0..cols {
            for (kind, ours) in [("w", solution.word_volts[(i, j)]), ("b", solution.bit_volts[(i, j)])] {
                // Nodes of ideal lines appear once.
                let Some(theirs) = voltages.get(&format!("{kind}{i}_{j}")) else { continue };
                compared += 1;
                assert!(
                    (ours - theirs).abs() < 1e-9 * scale,
                    "{name}, {kind}{i}_{j}: {ours} against {theirs}"
                );
            }
        }
    }
    assert!(compared > 0, "{name}: ngspice printed no node voltage:\n{voltages:?}");
    true
}

#[test]
fn exported_netlists_agree() {
    let mut compared = 0;
    for seed in 0..40 {
        let mut array = random_array(seed, Kind { linear: seed % 2 == 0, ideal_lines: seed % 3 == 0 });
        // ngspice needs a path to ground for every node: no isolated pieces.
        array.word.breaks.clear();
        array.bit.breaks.clear();
        if let Cells::Devices(cells) = &mut array.cells {
            for cell in cells.iter_mut().filter(|cell| cell.law == CellLaw::Open) {
                cell.law = CellLaw::Linear { siemens: 1e-6 };
            }
        }
        if !agrees(&array, &format!("case{seed}")) {
            return;
        }
        compared += 1;
    }
    assert!(compared == 40, "{compared}");
}
