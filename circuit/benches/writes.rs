//! Write events of a layer: 784 inputs on tiles of 56 x 50, 0.5 ohm per segment, 20 ohm drivers, one dendrite after another, another
//! pattern each time. One thread.
//!
//! ```text
//! cargo bench -p spinhebb-circuit --bench writes -- [events]
//! ```

use cpu_time::ProcessTime;
use nalgebra::DMatrix;
use rand::RngExt;
use spinhebb_circuit::array::cell::{Cell, CellLaw, Cells};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::operate::write::{
    ColumnStep, ColumnWrite, Compensation, LearningStep, WriteTile, phases,
};
use spinhebb_data::config::Document;
use spinhebb_data::quantity::Resistance;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;

const NOMINAL: Transport = Transport { parallel_s: 6e-4, tmr: 1.1, half_voltage_v: 0.5 };
const INPUTS: usize = 784;
const ACTIVE: f64 = 0.15;

fn main() {
    let events: usize = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(200);
    let document = Document::from_text("array.toml", include_str!("../tests/array.toml"));
    let ideal: ArrayConfig = document.and_then(|document| document.parse()).expect("the array is sound");
    let config = ArrayConfig {
        inputs: 56,
        outputs: 50,
        word_wire: Resistance(0.5),
        bit_wire: Resistance(0.5),
        write_driver: Resistance(20.0),
        ..ideal
    };
    let mut rng = Streams::new(1, "bench/writes").rng(0);
    let cells = DMatrix::from_fn(INPUTS, config.outputs, |_, _| {
        let state = if rng.random_bool(0.5) { State::Parallel } else { State::AntiParallel };
        Cell::from(CellLaw::junction(NOMINAL, state))
    });
    let patterns: Vec<Vec<bool>> =
        (0..events).map(|_| (0..INPUTS).map(|_| rng.random_bool(ACTIVE)).collect()).collect();

    for compensation in [Compensation::None, Compensation::Count, Compensation::Feedback] {
        let config = ArrayConfig { scheme: WriteScheme::CutOff, compensation, ..config.clone() };
        column(&config, &cells, &patterns);
    }
    for scheme in
        [WriteScheme::Grounded, WriteScheme::Floating, WriteScheme::HalfBias, WriteScheme::ThirdBias]
    {
        let config = ArrayConfig { scheme, ..config.clone() };
        column(&config, &cells, &patterns);
        each_tile(&config, &cells, &patterns[..events.min(20)]);
    }
}

/// The shortcut of a training.
fn column(config: &ArrayConfig, cells: &DMatrix<Cell>, patterns: &[Vec<bool>]) {
    let mut column =
        ColumnWrite::new(config, NOMINAL, cells.shape(), |i, j| cells[(i, j)]).expect("a sound array");
    let (start, mut error) = (ProcessTime::now(), 0.0f64);
    for (event, active) in patterns.iter().enumerate() {
        let dendrite = event * 7 % config.outputs;
        for driven in phases(config.scheme, config.phases == 2, active) {
            let step =
                ColumnStep { dendrite, active, volts: [-0.4, 0.5], driven, width_s: 2e-9, contacts: &[] };
            column.phase(&step, |input| cells[(input, dendrite)]).expect("solved");
            error = error.max(column.relative_error());
        }
    }
    println!(
        "{}, {}: {:.1} us per event, error {error:.1e} of the pulse",
        config.scheme.name(),
        config.compensation.name(),
        start.elapsed().as_secs_f64() / patterns.len() as f64 * 1e6,
    );
}

/// The nodal solution of every tile.
fn each_tile(config: &ArrayConfig, cells: &DMatrix<Cell>, patterns: &[Vec<bool>]) {
    let drivers = config.write_drivers(NOMINAL);
    let tiles = || (0..INPUTS).step_by(config.inputs);
    let mut solvers: Vec<WriteTile> = tiles()
        .map(|first| {
            let own = cells.rows(first, config.inputs).into_owned();
            WriteTile::new(&config.wired(Cells::Devices(own)), config.scheme, drivers, 1e-12)
                .expect("a sound tile")
        })
        .collect();
    let start = ProcessTime::now();
    for (event, pattern) in patterns.iter().enumerate() {
        for (tile, first) in tiles().enumerate() {
            let active = &pattern[first..first + config.inputs];
            let dendrite = event * 7 % config.outputs;
            let step = LearningStep {
                dendrite,
                active,
                potentiation_volts: 0.5,
                depression_volts: -0.4,
                width_s: 2e-9,
                contacts: None,
            };
            for driven in phases(config.scheme, config.phases == 2, active) {
                solvers[tile].phase(&step, driven).expect("solved");
            }
        }
    }
    let each = start.elapsed().as_secs_f64() / patterns.len() as f64;
    println!("{}, nodal: {:.1} us per event", config.scheme.name(), each * 1e6);
}
