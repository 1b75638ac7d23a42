//! Random crossbars of every kind: floating, driven and ideal lines, breaks, open cells, all laws.

use nalgebra::DMatrix;
use rand::RngExt;
use spinhebb_circuit::array::cell::{Cell, CellLaw, Cells};
use spinhebb_circuit::array::crossbar::{Array, Break, End, Lines, Wiring};
use spinhebb_data::random_stream::{StreamRng, Streams};
use spinhebb_device::junction::transport::Transport;

/// What the random arrays may contain.
#[derive(Clone, Copy)]
pub struct Kind {
    pub linear: bool,
    pub ideal_lines: bool,
}

fn lines(rng: &mut StreamRng, count: usize, length: usize, kind: Kind) -> Lines {
    let mut lines = Lines::floating(count, 0.0);
    for line in 0..count {
        let ideal = kind.ideal_lines && rng.random_bool(0.3);
        lines.segment_ohm[line] = if ideal { 0.0 } else { 10_f64.powf(rng.random_range(-1.0..2.0)) };
        // One driven end with an ideal source at most, so that no two sources are shorted.
        let first = rng.random_bool(0.6);
        if first {
            let ohm = if rng.random_bool(0.5) { 0.0 } else { rng.random_range(1.0..200.0) };
            lines.first[line] = End::Driven { volts: rng.random_range(-1.0..1.0), ohm };
        }
        if rng.random_bool(0.4) {
            let ohm = rng.random_range(1.0..200.0);
            lines.last[line] = End::Driven { volts: rng.random_range(-1.0..1.0), ohm };
        }
        if !ideal && rng.random_bool(0.1) {
            lines.breaks.push(Break { line, segment: rng.random_range(0..=length) });
        }
    }
    lines
}

fn cell(rng: &mut StreamRng) -> Cell {
    let siemens = 10_f64.powf(rng.random_range(-5.0..-3.0));
    let scale_volts = rng.random_range(0.1..1.0);
    let law = match rng.random_range(0..5) {
        0 => CellLaw::Linear { siemens },
        1 => CellLaw::Cubic { siemens, scale_volts },
        2 => CellLaw::Sinh { siemens, scale_volts },
        3 => CellLaw::Open,
        _ => CellLaw::Junction {
            transport: Transport { parallel_s: siemens, tmr: 1.2, half_voltage_v: scale_volts },
            cosine: if rng.random_bool(0.5) { 1.0 } else { -1.0 },
        },
    };
    let access_ohm = if rng.random_bool(0.5) { 0.0 } else { rng.random_range(500.0..5000.0) };
    Cell { law, access_ohm }
}

/// The random array number `seed`, with at least one driven end and no isolated node.
pub fn random_array(seed: u64, kind: Kind) -> Array {
    let mut rng = Streams::new(seed, "test/random-array").rng(0);
    let (rows, cols) = (rng.random_range(1..8_usize), rng.random_range(1..8_usize));
    let cells = if kind.linear {
        Cells::Linear(DMatrix::from_fn(rows, cols, |_, _| 10_f64.powf(rng.random_range(-5.0..-3.0))))
    } else {
        Cells::Devices(DMatrix::from_fn(rows, cols, |_, _| cell(&mut rng)))
    };
    let parallel = rng.random_bool(0.3);
    let word = if parallel { lines(&mut rng, cols, rows, kind) } else { lines(&mut rng, rows, cols, kind) };
    let mut bit = lines(&mut rng, cols, rows, kind);
    bit.last[0] = End::Driven { volts: 0.0, ohm: 5.0 };
    bit.breaks.retain(|broken| broken.line != 0);
    if parallel {
        // Columns do not touch each other: each needs its own source.
        bit.last.fill(End::Driven { volts: 0.0, ohm: 5.0 });
        bit.breaks.clear();
    }
    let wiring = if parallel { Wiring::Parallel } else { Wiring::Crossed };
    Array { cells, word, bit, wiring }
}
