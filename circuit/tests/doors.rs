//! The door from device to circuit: what tables say that a learning step switches, against the solver and the back end for
//! each device's own macrospin.

use std::sync::Arc;

use nalgebra::DMatrix;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::{FaultsConfig, Variation};
use spinhebb_circuit::operate::array_devices::ArrayDevices;
use spinhebb_circuit::operate::write::{LearningStep, write};
use spinhebb_data::config::Document;
use spinhebb_data::quantity::Resistance;
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::{Junction, preset};
use spinhebb_device::population::{Population, PopulationConfig, RoundingTest};
use spinhebb_device::switching::fokker_planck::Resolution;
use spinhebb_device::switching::probability::{ByFokkerPlanck, SwitchingProbability};
use spinhebb_device::switching::table::LookupFlag;
use spinhebb_device::switching::table_config::{TableConfig, TableRequest};

const WIDTH_S: f64 = 2e-9;
const SHAPE: (usize, usize) = (6, 4);

fn table_config() -> TableConfig {
    let document = Document::from_text("table.toml", include_str!("../../device/tests/table.toml"));
    document.unwrap().parse().unwrap()
}

#[test]
fn a_learning_step_switches_each_device_with_its_own_probability() {
    let junction = Junction::new(&preset::load("perpendicular-40nm").unwrap().device).unwrap();
    let mtj = junction.macrospin("a test").unwrap();
    let text = r#"
        resistance_area = { relative = 0.05 }
        barrier = { relative = 0.05 }
        stray_field = { deviation = "3 mT" }
        hazard = { relative = 0.3, distribution = "log-normal" }
    "#;
    let spreads: PopulationConfig = Document::from_text("", text).unwrap().parse().unwrap();
    let faults = FaultsConfig { stuck_state: 0.1, stuck_open: 0.05, ..FaultsConfig::default() };
    let population = Population::new(&spreads, 3).unwrap();
    let variation = Variation::new(&spreads, &faults, 3).unwrap();
    let config = table_config();
    let request = TableRequest::new(&junction, &[WIDTH_S], 1);
    let tables =
        Arc::new(config.device_tables(&request, &population, |request| config.table(request)).unwrap());
    let (up, down) = (0.44, -0.43);
    let back_end = ByFokkerPlanck(Resolution::TABLE);
    let volts = [0.8, 0.9, 1.0].map(|share| [share * up, share * down]).concat();
    let test = RoundingTest { back_end: &back_end, volts: &volts, width_s: WIDTH_S, devices: 100 };
    let stated = tables.rounding(&population, &test).unwrap();

    let document = Document::from_text("array.toml", include_str!("array.toml"));
    let ideal: ArrayConfig = document.unwrap().parse().unwrap();
    let (rows, cols) = SHAPE;
    let states =
        DMatrix::from_fn(
            rows,
            cols,
            |i, j| {
                if (i + j) % 2 == 0 { State::Parallel } else { State::AntiParallel }
            },
        );
    let active = [true, false, true, true, false, false];
    let mut compared = 0;
    for scheme in WriteScheme::ALL {
        let wired = ArrayConfig {
            inputs: rows,
            outputs: cols,
            word_wire: Resistance(5.0),
            bit_wire: Resistance(5.0),
            write_driver: Resistance(50.0),
            scheme,
            ..ideal.clone()
        };
        let array = wired.made(mtj.transport, &states, &variation);
        let step = LearningStep {
            dendrite: 1,
            active: &active,
            potentiation_volts: up,
            depression_volts: down,
            width_s: WIDTH_S,
            contacts: None,
        };
        let written = write(&array, scheme, &wired.write_drivers(mtj.transport), &step).unwrap();
        let devices = ArrayDevices::new(variation.devices(rows, cols), Arc::clone(&tables));
        let flips = written.flip_probability(&states, &devices).unwrap();
        for i in 0..rows {
            for j in 0..cols {
                let draw = variation.device(i, j, rows, cols);
                let found = flips[(i, j)];
                assert!(found.lower <= found.p && found.p <= found.upper, "{found:?}");
                if draw.fault.is_some() {
                    assert_eq!(found.p, 0.0);
                    continue;
                }
                let own = Junction::Single(Box::new(draw.factors.macrospin(mtj).unwrap()));
                let leave = |volts: f64, start: State| {
                    if volts * start.switching_polarity() <= 0.0 {
                        return 0.0;
                    }
                    let pulse = Pulse::rectangular(volts, WIDTH_S);
                    draw.factors.with_hazard(back_end.probability(&own, &pulse, start).unwrap().p)
                };
                let start = states[(i, j)];
                let exact = written.phases.iter().fold(0.0, |p, phase| {
                    let volts = phase.device_volts[(i, j)];
                    p * (1.0 - leave(volts, start.opposite())) + (1.0 - p) * leave(volts, start)
                });
                let allowed = stated.largest * written.phases.len() as f64;
                assert!(
                    (found.p - exact).abs() <= allowed,
                    "{scheme:?} ({i}, {j}): {found:?} {exact} {stated:?}"
                );
                compared += usize::from(exact > 0.01);
                // Small probabilities keep their order of magnitude, where they are not flagged.
                if exact > 1e-15 && found.flag != LookupFlag::Extrapolated {
                    assert!((found.p / exact).ln().abs() < 0.2, "{scheme:?} ({i}, {j}): {found:?} {exact}");
                }
            }
        }
    }
    assert!(compared > 10, "{compared} cells with a probability to speak of");
}
