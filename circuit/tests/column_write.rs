//! The ladders of a column of tiles against the nodal solution of every tile.

use nalgebra::DMatrix;
use rand::RngExt;
use spinhebb_circuit::array::cell::{Cell, CellLaw, Cells};
use spinhebb_circuit::array::config::{ArrayConfig, CellKind};
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::{Contacts, TilePlace};
use spinhebb_circuit::operate::write::{
    ColumnStep, ColumnWrite, Compensation, LearningStep, WriteDrivers, WritePhase, phases, write,
};
use spinhebb_data::config::Document;
use spinhebb_data::quantity::Resistance;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;

const NOMINAL: Transport = Transport { parallel_s: 6e-4, tmr: 1.1, half_voltage_v: 0.5 };
/// Three tiles, the last of which is not full.
const INPUTS: usize = 28;
const ROWS: usize = 12;
const COLS: usize = 5;
const WIDTH_S: f64 = 2e-9;
/// Pulses in V, depression and potentiation.
const VOLTS: [f64; 2] = [-0.4, 0.5];

fn config() -> ArrayConfig {
    let document = Document::from_text("array.toml", include_str!("array.toml"));
    let ideal: ArrayConfig = document.unwrap().parse().unwrap();
    ArrayConfig {
        inputs: ROWS,
        outputs: COLS,
        word_wire: Resistance(3.0),
        bit_wire: Resistance(2.0),
        write_driver: Resistance(40.0),
        scheme: WriteScheme::CutOff,
        off: Resistance(1e15),
        ..ideal
    }
}

/// Devices that differ, one of them open and one shorted, and which inputs are active.
struct Chip {
    cells: DMatrix<Cell>,
    active: Vec<bool>,
}

impl Chip {
    fn new(config: &ArrayConfig, seed: u64) -> Self {
        let mut rng = Streams::new(seed, "test").rng(0);
        let cells = DMatrix::from_fn(INPUTS, COLS, |i, j| {
            let transport = Transport {
                parallel_s: NOMINAL.parallel_s * rng.random_range(0.8..1.2),
                tmr: NOMINAL.tmr * rng.random_range(0.8..1.2),
                ..NOMINAL
            };
            let state = if rng.random_bool(0.5) { State::Parallel } else { State::AntiParallel };
            let law = match (i, j) {
                (3, 1) => CellLaw::Open,
                (20, 1) => CellLaw::Linear { siemens: 5e-3 },
                _ => CellLaw::junction(transport, state),
            };
            config.cell_of(Cell { law, access_ohm: config.access.si() })
        });
        Self { cells, active: (0..INPUTS).map(|_| rng.random_bool(0.3)).collect() }
    }

    /// What the column solves, against every tile on its own.
    fn compare(&self, config: &ArrayConfig, seed: u64) -> (usize, f64, f64) {
        let cells = |i, j| self.cells[(i, j)];
        let mut column = ColumnWrite::new(config, NOMINAL, (INPUTS, COLS), cells).unwrap();
        let contacts: Vec<Option<Contacts>> = (0..INPUTS)
            .step_by(ROWS)
            .map(|first| {
                let inputs = first..(first + ROWS).min(INPUTS);
                Contacts::draw(config, seed, &TilePlace { inputs, outputs: 0..COLS })
            })
            .collect();
        let (mut compared, mut most, mut stated) = (0, 0.0f64, 0.0f64);
        for dendrite in [1, 4] {
            let solved: Vec<_> = (0..contacts.len())
                .map(|tile| self.nodal(config, (tile, dendrite), contacts[tile].as_ref()))
                .collect();
            for side in 0..2 {
                let at_once = config.phases == 1 && config.scheme.drives_both_at_once();
                let driven = if at_once { [true; 2] } else { [side == 0, side == 1] };
                let step = ColumnStep {
                    dendrite,
                    active: &self.active,
                    volts: VOLTS,
                    driven,
                    width_s: WIDTH_S,
                    contacts: &contacts,
                };
                let joules = column.phase(&step, |input| self.cells[(input, dendrite)]).unwrap();
                stated = stated.max(column.relative_error() * VOLTS[1]);
                let mut expected_j = 0.0;
                for (tile, phases) in solved.iter().enumerate() {
                    // The phase of the tile that drives the same side, if it drives any line.
                    let side_of = |row: usize| usize::from(self.active[tile * ROWS + row]);
                    let wanted = |phase: &&WritePhase| {
                        (0..phase.driven.len()).all(|row| phase.driven[row] == driven[side_of(row)])
                            && phase.driven.contains(&true)
                    };
                    let Some(phase) = phases.iter().find(wanted) else { continue };
                    expected_j += phase.energy_joules;
                    for row in 0..phase.driven.len() {
                        let input = tile * ROWS + row;
                        let expected = phase.device_volts[(row, dendrite)];
                        most = most.max((column.device_volts(input, dendrite) - expected).abs());
                        compared += 1;
                        let conducts = |col: &usize| self.cells[(input, *col)].law != CellLaw::Open;
                        for col in (0..COLS).filter(|col| *col != dendrite).filter(conducts) {
                            // Behind a transistor of 1e15 ohm nothing is left.
                            let expected = phase.device_volts[(row, col)];
                            most = most.max((column.other_volts(input, col) - expected).abs());
                        }
                    }
                }
                let error = if config.scheme == WriteScheme::CutOff { 1e-8 } else { 1e-3 };
                assert!((joules / expected_j - 1.0).abs() < error, "{joules:e} {expected_j:e}");
            }
        }
        (compared, most, stated)
    }

    fn nodal(
        &self,
        config: &ArrayConfig,
        (tile, dendrite): (usize, usize),
        contacts: Option<&Contacts>,
    ) -> Vec<WritePhase> {
        let first = tile * ROWS;
        let rows = ROWS.min(INPUTS - first);
        let cells = DMatrix::from_fn(rows, COLS, |i, j| self.cells[(first + i, j)]);
        let tail_ohm = (ROWS - rows) as f64 * config.bit_wire.si();
        let drivers = WriteDrivers { tail_ohm, ..config.write_drivers(NOMINAL) };
        let active = &self.active[first..first + rows];
        let step = LearningStep {
            dendrite,
            active,
            potentiation_volts: VOLTS[1],
            depression_volts: VOLTS[0],
            width_s: WIDTH_S,
            contacts,
        };
        let found = write(&config.wired(Cells::Devices(cells)), config.scheme, &drivers, &step).unwrap();
        assert_eq!(found.phases.len(), phases(config.scheme, config.phases == 2, active).len());
        found.phases
    }
}

/// Every scheme and compensation, both pulses at once and one after the other, with and without transistors, differing supplies and
/// contacts, and the bias law: cut-off columns within 1e-9 V, the others within what they state, every cell.
#[test]
fn columns_are_the_nodal_solution() {
    let mut checked = 0;
    for scheme in WriteScheme::ALL {
        for compensation in Compensation::ALL {
            for phases in [1, 2] {
                for (access, spread, cell) in [
                    (0.0, 0.0, CellKind::Junction),
                    (800.0, 0.03, CellKind::Junction),
                    (0.0, 0.03, CellKind::Linear),
                ] {
                    let config = ArrayConfig {
                        scheme,
                        compensation,
                        phases,
                        access: Resistance(access),
                        supply_spread: spread,
                        contact_spread: Resistance(300.0 * spread),
                        cell,
                        ..config()
                    };
                    let (compared, most, stated) = Chip::new(&config, 5).compare(&config, 5);
                    assert!(compared >= 60, "{compared}");
                    // Numbers of 32 bits round the sweeps' voltages.
                    let allowed = if scheme == WriteScheme::CutOff { 1e-9 } else { 1.5 * stated + 1e-6 };
                    assert!(
                        most < allowed,
                        "{scheme:?} {compensation:?} {phases} {access}: {most:e} {stated:e} V"
                    );
                    checked += 1;
                }
            }
        }
    }
    assert_eq!(checked, 5 * 5 * 2 * 3);
}

/// Laws that ladders do not have, and transistors that leak, take the nodal solution.
#[test]
fn what_ladders_leave_out_is_solved_whole() {
    for (cell, off) in [(CellKind::Sinh, 1e15), (CellKind::Junction, 1e5)] {
        let config = ArrayConfig { cell, off: Resistance(off), phases: 2, ..config() };
        let chip = Chip::new(&config, 7);
        let (_, most, _) = chip.compare(&config, 7);
        assert!(most < 1e-10, "{cell:?} {off}: {most:e} V");
    }
}

/// Compensated drivers bring the mean over the driven cells near the pulse; without, lines take a good part of it.
#[test]
fn compensation_restores_the_mean_pulse() {
    let mean_of = |compensation, phases| {
        let config = ArrayConfig { compensation, phases, ..config() };
        let chip = Chip::new(&config, 6);
        let found = chip.nodal(&config, (0, 2), None);
        let mut means = [0.0; 2];
        for side in 0..2 {
            let active = &chip.active[..ROWS];
            // A device counts where the pulse can change it.
            let rows: Vec<usize> = (0..ROWS)
                .filter(|&row| {
                    let CellLaw::Junction { cosine, .. } = chip.cells[(row, 2)].law else { return false };
                    usize::from(active[row]) == side && (cosine < 0.0) == (side == 1)
                })
                .collect();
            let volts = |row: usize| {
                let phase = found.iter().find(|phase| phase.driven[row]).unwrap();
                phase.device_volts[(row, 2)]
            };
            means[side] = rows.iter().map(|&row| volts(row)).sum::<f64>() / rows.len() as f64 / VOLTS[side];
        }
        means
    };
    for phases in [1, 2] {
        let [none, count, row, feedback] =
            [Compensation::None, Compensation::Count, Compensation::Row, Compensation::Feedback]
                .map(|compensation| mean_of(compensation, phases));
        let worst = |means: [f64; 2]| means.iter().map(|mean| (mean - 1.0).abs()).fold(0.0, f64::max);
        assert!(worst(none) > 0.05, "{phases}: {none:?}");
        for (name, means) in [("count", count), ("row", row), ("feedback", feedback)] {
            assert!(worst(means) < 0.02, "{phases} {name}: {means:?}");
        }
    }
}
