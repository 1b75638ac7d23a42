//! Sensitivities, settling, tiling and writes against independent answers.

mod random_array;

use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use random_array::{Kind, random_array};
use spinhebb_circuit::array::cell::{Cell, CellLaw, Cells};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::crossbar::{Array, End};
use spinhebb_circuit::operate::read::{Converter, ReadChain, Subtraction};
use spinhebb_circuit::operate::settling::LineCapacitance;
use spinhebb_circuit::operate::tile::TiledMap;
use spinhebb_circuit::operate::write::{
    CellPulse, LearningStep, Role, WriteDrivers, WriteScheme, states, write,
};
use spinhebb_circuit::solve::newton::Solver;
use spinhebb_data::config::Document;
use spinhebb_data::quantity::{Area, Energy, Resistance, Time};
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::switching::table::{LookupFlag, Probability};

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    /// The adjoint derivatives are central differences of the solved outputs, also for nonlinear cells.
    #[test]
    fn sensitivities_are_the_differences(seed: u64, linear: bool) {
        let array = random_array(seed, Kind { linear, ideal_lines: true });
        let (rows, cols) = array.shape();
        let weights: Vec<f64> = (0..cols).map(|j| 1.0 - 0.3 * j as f64).collect();
        let objective = |array: &Array| -> f64 {
            let solution = array.solve().unwrap();
            solution.output_amperes().iter().zip(&weights).map(|(i, c)| i * c).sum()
        };
        let sensitivity = array.sensitivity(&array.solve().unwrap(), &weights).unwrap();
        let (i, j) = (rows / 2, cols / 2);
        // A conductance in parallel, both ways: cells are made linear ones about their own value.
        let cell = array.cells.get(i, j);
        if let (CellLaw::Linear { siemens }, 0.0) = (cell.law, cell.access_ohm) {
            let step = 1e-3 * siemens;
            let moved = |siemens: f64| {
                let mut solver = Solver::new(array.clone()).unwrap();
                solver.set_cell(i, j, CellLaw::Linear { siemens }.into()).unwrap();
                objective(solver.array())
            };
            let difference = (moved(siemens + step) - moved(siemens - step)) / (2.0 * step);
            let derivative = sensitivity.to_siemens[(i, j)];
            prop_assert!((difference - derivative).abs() < 1e-5 * sensitivity.to_siemens.amax() + 1e-9);
        }
        let i = i.min(array.word.first.len() - 1);
        if let End::Driven { volts, ohm } = array.word.first[i] {
            let step = 1e-4;
            let moved = |volts: f64| {
                let mut array = array.clone();
                array.word.first[i] = End::Driven { volts, ohm };
                objective(&array)
            };
            let difference = (moved(volts + step) - moved(volts - step)) / (2.0 * step);
            prop_assert!((difference - sensitivity.to_word_volts[i]).abs() < 1e-8, "{difference:e}");
        }
    }
}

/// One cell: C_w behind the driver and C_b before the sense resistor give a 2 x 2 problem.
#[test]
fn settling_of_one_cell_is_the_slowest_mode() {
    let array = Array::new(Cells::Linear(dmatrix![1e-4]), 10.0, 10.0).for_read(&[1.0], 990.0, 1990.0);
    let capacitance = LineCapacitance { word_farad: 2e-15, bit_farad: 1e-15 };
    let settling = array.settling(&array.solve().unwrap(), capacitance, 1e-3).unwrap();
    // A = [[1/1000 + G, -G], [-G, 1/2000 + G]], eigenvalues of C^-1 A in closed form.
    let (g, gw, gb) = (1e-4_f64, 1e-3_f64, 5e-4_f64);
    let (a, d) = ((gw + g) / 2e-15, (gb + g) / 1e-15);
    let bc = g * g / (2e-15 * 1e-15);
    let slowest = 0.5 * (a + d - ((a - d) * (a - d) + 4.0 * bc).sqrt());
    assert!(settling.slowest_low_s <= 1.0 / slowest * (1.0 + 1e-9));
    assert!(settling.slowest_high_s >= 1.0 / slowest * (1.0 - 1e-9));
    assert!(settling.slowest_high_s / settling.slowest_low_s < 1.002);
}

/// An array of ideal lines.
fn ideal_array() -> ArrayConfig {
    Document::from_text("array.toml", include_str!("array.toml")).unwrap().parse().unwrap()
}

/// Tiles of the full size of the matrix are the array itself; smaller tiles with ideal wires are the product.
#[test]
fn tiles_reproduce_the_array_and_the_product() {
    let siemens = DMatrix::from_fn(13, 9, |i, j| 1e-5 * (1.0 + ((5 * i + 3 * j) % 7) as f64));
    let volts: Vec<f64> = (0..13).map(|i| 0.01 * f64::from(i)).collect();
    let ideal = ArrayConfig {
        cell_area: Area(1e-14),
        driver_area: Area(0.0),
        sense_area: Area(0.0),
        conversion_energy: Energy(0.0),
        read_time: Time(1e-8),
        ..ideal_array()
    };
    let config = ArrayConfig {
        inputs: 13,
        outputs: 9,
        word_wire: Resistance(3.0),
        bit_wire: Resistance(2.0),
        driver: Resistance(20.0),
        sense: Resistance(10.0),
        ..ideal.clone()
    };
    let array = Array::new(Cells::Linear(siemens.clone()), 3.0, 2.0).for_read(&volts, 20.0, 10.0);
    let solution = array.solve().unwrap();
    let map = TiledMap::new(&siemens, &config).unwrap();
    let currents = map.apply(&volts).unwrap();
    for (ours, theirs) in currents.iter().zip(solution.output_amperes().iter()) {
        assert!((ours / theirs - 1.0).abs() < 1e-11);
    }
    let energy = map.read_joules(&volts).unwrap();
    assert!((energy / (solution.power_watts(&array) * 1e-8) - 1.0).abs() < 1e-11);
    let config = ArrayConfig { inputs: 4, outputs: 4, ..ideal };
    let map = TiledMap::new(&siemens, &config).unwrap();
    assert_eq!((map.tiles.len(), map.cost().cells), (12, 192));
    assert!((map.effective_siemens() - &siemens).amax() < 1e-18);
    let error = |config| TiledMap::new(&siemens, &config).unwrap_err().to_string();
    let refused = error(ArrayConfig { inputs: 5000, ..config.clone() });
    assert_eq!(refused, "`inputs` is 5000; expected at most 4096 lines of a tile");
    assert!(error(ArrayConfig { sense: Resistance(-1.0), ..config }).starts_with("`sense` is -1 ohm"));
}

#[test]
fn reading_subtracts_and_converts() {
    let siemens = dmatrix![1.9e-4, 1e-4; 1e-4, 1.9e-4];
    let array = Array::new(Cells::Linear(siemens), 0.0, 0.0)
        .for_read(&[0.1, 0.0], 0.0, 0.0)
        .with_reference_column(1.45e-4)
        .unwrap();
    let converter = Converter { bits: 4, full_scale_amperes: 8e-6, offset_amperes: 2e-7 };
    let chain = ReadChain {
        subtraction: Subtraction::ReferenceColumn(2),
        converter: Some(converter),
        settling: None,
        integration_s: 1e-8,
    };
    let reading = array.read(&chain).unwrap();
    assert!((reading.outputs[0] - 0.45e-5).abs() < 1e-19 && (reading.outputs[1] + 0.45e-5).abs() < 1e-19);
    // A step is 1 uA: 4.5 + 0.2 and -4.5 + 0.2 steps.
    assert_eq!(reading.codes.unwrap(), vec![5, -4]);
    assert!((reading.energy_joules - 0.1 * (1.9e-5 + 1e-5 + 1.45e-5) * 1e-8).abs() < 1e-25);
}

/// A row update with a warm start gives what a cold solve gives, in fewer iterations.
#[test]
fn warm_start_after_a_row_update() {
    let siemens = DMatrix::from_fn(96, 96, |i, j| 1e-5 * (1.0 + ((7 * i + 11 * j) % 13) as f64));
    let volts: Vec<f64> = (0..96).map(|i| 0.1 + 0.001 * f64::from(i)).collect();
    let array = Array::new(Cells::Linear(siemens), 5.0, 5.0).for_read(&volts, 10.0, 10.0);
    let mut solver = Solver::new(array).unwrap();
    solver.solve().unwrap();
    let row: Vec<Cell> =
        (0..96).map(|j| CellLaw::Linear { siemens: 1e-5 * f64::from(1 + j % 5) }.into()).collect();
    solver.set_row(40, &row).unwrap();
    let warm = solver.solve().unwrap();
    let cold = solver.array().solve().unwrap();
    assert!((&warm.bit_volts - &cold.bit_volts).amax() < 1e-12);
    assert!(warm.certificate.iterations < cold.certificate.iterations, "{:?}", warm.certificate);
}

fn demonstrator() -> (Array, DMatrix<State>) {
    let on = [true, true, false, false];
    let states = DMatrix::from_fn(4, 2, |i, _| if on[i] { State::Parallel } else { State::AntiParallel });
    let transport = Transport { parallel_s: 1.9e-4, tmr: 0.9, half_voltage_v: f64::INFINITY };
    (Array::new(Cells::junctions(transport, &states), 0.0, 0.0), states)
}

/// Ideal lines: what each scheme puts on every cell can be said by hand.
#[test]
fn write_schemes_give_their_textbook_voltages() {
    let (array, in_states) = demonstrator();
    assert_eq!(states(&array).unwrap(), in_states);
    let active = [true, false, true, false];
    let (up, down) = (0.9, -0.6);
    let step = LearningStep {
        dendrite: 1,
        active: &active,
        potentiation_volts: up,
        depression_volts: down,
        width_s: 1e-8,
        contacts: None,
    };
    let drivers = WriteDrivers { off_ohm: f64::INFINITY, ..WriteDrivers::default() };
    for scheme in WriteScheme::ALL {
        let outcome = write(&array, scheme, &drivers, &step).unwrap();
        for (k, phase) in outcome.phases.iter().enumerate() {
            let volts = if k == 0 { up } else { down };
            for (i, &is_active) in active.iter().enumerate() {
                let wanted = if is_active { up } else { down };
                let selected = phase.device_volts[(i, 1)];
                let other = phase.device_volts[(i, 0)];
                let expected = match (scheme, phase.driven[i]) {
                    (WriteScheme::Grounded, _) => (wanted, wanted),
                    (WriteScheme::CutOff, _) => (wanted, 0.0),
                    // Open dendrite of two P and two AP cells: it floats to the weighted mean.
                    (WriteScheme::Floating, _) => {
                        (wanted, wanted - (1.9 * up + 1.9 * down + up + down) / 5.8)
                    }
                    (WriteScheme::HalfBias, true) => (volts, 0.5 * volts),
                    (WriteScheme::HalfBias, false) => (0.5 * volts, 0.0),
                    (WriteScheme::ThirdBias, true) => (volts, volts / 3.0),
                    (WriteScheme::ThirdBias, false) => (volts / 3.0, -volts / 3.0),
                };
                assert!((selected - expected.0).abs() < 1e-14, "{scheme:?} {i} {selected}");
                assert!((other - expected.1).abs() < 1e-14, "{scheme:?} {i} {other}");
            }
        }
        let two = matches!(scheme, WriteScheme::HalfBias | WriteScheme::ThirdBias);
        assert_eq!(outcome.phases.len(), if two { 2 } else { 1 });
    }
}

/// A switch that happens surely above 0.8 V: the cells meant to learn do, and flips add up over phases.
#[test]
fn switching_follows_the_voltages() {
    let (array, in_states) = demonstrator();
    let active = [true, true, false, false];
    let step = LearningStep {
        dendrite: 0,
        active: &active,
        potentiation_volts: 0.9,
        depression_volts: -0.9,
        width_s: 1e-8,
        contacts: None,
    };
    let lookup = |CellPulse { volts, start, .. }: CellPulse| {
        let p = if volts * start.switching_polarity() > 0.8 { 0.5 } else { 0.0 };
        Ok(Probability { p, lower: p, upper: p, flag: LookupFlag::Counted })
    };
    let outcome = write(&array, WriteScheme::HalfBias, &WriteDrivers::default(), &step).unwrap();
    let flips = outcome.flip_probability(&in_states, &lookup).unwrap();
    // Rows 0 and 1 are P already, rows 2 and 3 AP already: pulses towards the present state change nothing.
    assert!(flips.iter().all(|flip| flip.p == 0.0));
    let opposite = in_states.map(State::opposite);
    let flips = outcome.flip_probability(&opposite, &lookup).unwrap();
    assert_eq!(flips.map(|flip| flip.p), dmatrix![0.5, 0.0; 0.5, 0.0; 0.5, 0.0; 0.5, 0.0]);
    let summary = outcome.summary(&opposite, &lookup).unwrap();
    let selected = summary.iter().find(|s| s.role == Role::Selected).unwrap();
    assert_eq!((selected.count, selected.expected_switches), (4, 2.0));
    assert!(outcome.energy_joules() > 0.0);
}
