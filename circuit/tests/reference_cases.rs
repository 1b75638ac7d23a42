//! The crossbars of `data/circuit`, solved by other programs: every node voltage and output
//! current agrees to 1e-9 of the largest value (verification problem 10). The references
//! themselves carry up to 1.3e-11 (ngspice against the direct solver).

use std::path::{Path, PathBuf};

use nalgebra::DMatrix;
use serde_json::Value;
use spinhebb_circuit::array::cell::{Cell, CellLaw, Cells};
use spinhebb_circuit::array::crossbar::{Array, End};
use spinhebb_circuit::solve::newton::Solver;

const TOLERANCE: f64 = 1e-9;

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/circuit").join(case)
}

fn matrix(path: &Path) -> DMatrix<f64> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let rows: Vec<Vec<f64>> =
        text.lines().map(|line| line.split(',').map(|v| v.trim().parse().unwrap()).collect()).collect();
    DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

struct Case {
    parameters: Value,
    array: Array,
    inputs: DMatrix<f64>,
    folder: PathBuf,
}

fn read(name: &str) -> Case {
    let folder = folder(name);
    let text = std::fs::read_to_string(folder.join("case.json")).unwrap();
    let parameters: Value = serde_json::from_str(&text).unwrap();
    let number = |key: &str| parameters[key].as_f64().unwrap();
    let flag = |key: &str, line: usize| parameters[key][line].as_bool().unwrap();
    let ohm = matrix(&folder.join("R_ohm.csv"));
    let inputs = matrix(&folder.join("V_left.csv"));
    let access = folder.join("Racc_ohm.csv");
    let access = access.exists().then(|| matrix(&access));
    let cells = match (parameters["law"].as_str().unwrap(), access) {
        ("linear", None) => Cells::Linear(ohm.map(|ohm| 1.0 / ohm)),
        (law, access) => Cells::Devices(DMatrix::from_fn(ohm.nrows(), ohm.ncols(), |i, j| {
            let siemens = 1.0 / ohm[(i, j)];
            let law = match law {
                "linear" => CellLaw::Linear { siemens },
                "cubic" => {
                    CellLaw::Cubic { siemens, scale_volts: parameters["law_par"]["Vh"].as_f64().unwrap() }
                }
                "sinh" => {
                    CellLaw::Sinh { siemens, scale_volts: parameters["law_par"]["Vs"].as_f64().unwrap() }
                }
                other => panic!("unknown law {other}"),
            };
            Cell { law, access_ohm: access.as_ref().map_or(0.0, |ohm| ohm[(i, j)]) }
        })),
    };
    let (rows, cols) = ohm.shape();
    let mut array = Array::new(cells, number("r_wl"), number("r_bl"));
    for i in 0..rows {
        if flag("row_left", i) {
            array.word.first[i] = End::Driven { volts: 0.0, ohm: number("R_drv") };
        }
        assert!(!flag("row_right", i), "no case drives rows from the right");
    }
    for j in 0..cols {
        if flag("col_bottom", j) {
            let volts = parameters["VB"][j].as_f64().unwrap();
            array.bit.last[j] = End::Driven { volts, ohm: number("R_sense") };
        }
        assert!(!flag("col_top", j), "no case drives columns from the top");
    }
    Case { parameters, array, inputs, folder }
}

fn largest(matrix: &DMatrix<f64>) -> f64 {
    matrix.iter().fold(0.0_f64, |a, v| a.max(v.abs()))
}

fn check(name: &str, solvers: &[&str]) {
    let case = read(name);
    let mut solver = Solver::new(case.array).unwrap();
    for p in 0..case.inputs.ncols() {
        solver.set_word_volts(case.inputs.column(p).as_slice()).unwrap();
        let solution = solver.solve().unwrap();
        for reference in solvers {
            let vw = matrix(&case.folder.join(format!("vw_{reference}_p{p}.csv")));
            let vb = matrix(&case.folder.join(format!("vb_{reference}_p{p}.csv")));
            let scale = largest(&vw).max(largest(&vb));
            for (ours, theirs) in [(&solution.word_volts, &vw), (&solution.bit_volts, &vb)] {
                let off = largest(&(ours - theirs)) / scale;
                assert!(off < TOLERANCE, "{name}, input {p}, {reference}: voltages off by {off:e}");
            }
            let currents: Vec<f64> = case.parameters["Iout"][reference][p]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap())
                .collect();
            let scale = currents.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
            for (j, theirs) in currents.iter().enumerate() {
                let off = (solution.output_amperes()[j] - theirs).abs() / scale;
                assert!(
                    off < TOLERANCE,
                    "{name}, input {p}, {reference}, column {j}: current off by {off:e}"
                );
            }
        }
        let error = solution.certificate.error_volts;
        assert!(error < 1e-11, "{name}: estimated error {error:e} V");
    }
}

#[test]
fn four_by_two_with_wires() {
    check("a_4x2_equal", &["exact", "badcrossbar"]);
}

#[test]
fn drivers_and_sense_resistors() {
    check("d_16x16_drv_sense", &["exact"]);
}

#[test]
fn one_selected_cell_among_floating_lines() {
    check("h_15x15_floating_unselected", &["exact"]);
}

#[test]
fn cubic_cells() {
    check("o_16x16_cubic", &["exact"]);
}

#[test]
fn one_transistor_one_resistor_with_rows_switched_off() {
    check("s_16x16_1T1R_cubic", &["exact"]);
}

#[test]
fn ideal_word_lines() {
    check("x_12x10_rwl0", &["badcrossbar"]);
}
