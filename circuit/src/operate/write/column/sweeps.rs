//! Columns whose other dendrites carry current: whole tiles, sixteen side by side.

use super::{ColumnStep, Conducting, Tiles};
use crate::array::cell::Cell;
use crate::array::compensation::Compensation;
use crate::operate::write::sources::Request;
use crate::solve::line_sweeps::{Foot, LANES, LineSweeps, SweepEnds};

/// Wanted error of node voltages, over the largest pulse.
const TOLERANCE: f64 = 3e-5;

#[derive(Debug, Clone)]
pub(super) struct Sweeps {
    groups: Vec<LineSweeps>,
    relative_error: f64,
}

const NO_FOOT: Foot = Foot { volts: [0.0; LANES], ohm: [1.0; LANES] };

impl Sweeps {
    pub(super) fn new(tiles: &Tiles, cell: &impl Fn(usize, usize) -> Cell) -> Self {
        let (count, first) = (tiles.known.len(), &tiles.known[0]);
        // Lower tiles have empty rows at their foot.
        let rows = first.rows.max(if count > 1 { tiles.rows } else { 0 });
        let arrays = || {
            LineSweeps::new(
                (rows, first.cols),
                tiles.segment_ohm,
                tiles.access_ohm,
                tiles.inverse_half_squared,
            )
        };
        let mut sweeps =
            Self { groups: (0..count.div_ceil(LANES)).map(|_| arrays()).collect(), relative_error: 0.0 };
        for tile in 0..count {
            for (row, input) in tiles.inputs(tile).enumerate() {
                for col in 0..first.cols {
                    sweeps.set_cell((tile, row, col), &cell(input, col));
                }
            }
        }
        sweeps
    }

    pub(super) fn set_cell(&mut self, (tile, row, col): (usize, usize, usize), cell: &Cell) {
        let Conducting { parallel_s, tmr } = Conducting::of(cell);
        self.groups[tile / LANES].set_device((tile % LANES, row, col), parallel_s, tmr);
    }

    pub(super) fn device_volts(&self, (tile, row, col): (usize, usize, usize)) -> f64 {
        self.groups[tile / LANES].device_volts((tile % LANES, row, col))
    }

    pub(super) fn range_of_others(&self, dendrite: usize) -> (f64, f64) {
        let ranges = self.groups.iter().map(|arrays| arrays.range_beside(dendrite));
        ranges.fold((0.0, 0.0), |(low, high), (l, h)| (low.min(f64::from(l)), high.max(f64::from(h))))
    }

    pub(super) const fn relative_error(&self) -> f64 {
        self.relative_error
    }

    pub(super) fn phase(&mut self, tiles: &Tiles, step: &ColumnStep<'_>) -> f64 {
        let largest = step.volts[1].max(-step.volts[0]);
        let (mut joules, mut error) = (0.0, 0.0f32);
        for (group, arrays) in self.groups.iter_mut().enumerate() {
            let first = group * LANES;
            let own = first..(first + LANES).min(tiles.known.len());
            let ends = ends(arrays, (tiles, own.clone()), step);
            let swept = arrays.solve(&ends, (TOLERANCE * largest) as f32);
            error = error.max(swept.error_volts);
            joules += (0..own.len()).map(|lane| arrays.watts(&ends, lane)).sum::<f64>() * step.width_s;
        }
        self.relative_error = f64::from(error) / largest;
        joules
    }
}

/// Sources of all lines of the tiles of a group.
fn ends(
    arrays: &LineSweeps,
    (tiles, own): (&Tiles, std::ops::Range<usize>),
    step: &ColumnStep<'_>,
) -> SweepEnds {
    let (rows, cols) = arrays.shape();
    let compensation = tiles.drivers.compensation;
    let mut word = vec![NO_FOOT; rows];
    let mut bit = vec![None; cols];
    let mut head = NO_FOOT;
    let mut last = [0; LANES];
    for (lane, tile) in own.enumerate() {
        let (inputs, known) = (tiles.inputs(tile), &tiles.known[tile]);
        let contacts = step.contacts.get(tile).and_then(Option::as_ref);
        let request = Request {
            scheme: tiles.scheme,
            compensation,
            dendrite: step.dendrite,
            active: &step.active[inputs],
            volts: step.volts,
            driven: step.driven,
            contacts,
        };
        let above = known.parallel_above_siemens();
        let sources = request.sources(known, |row| arrays.is_above((lane, row, step.dendrite), above));
        for (row, &volts) in sources.word.iter().enumerate() {
            word[row].volts[lane] = volts as f32;
        }
        let [driver, segment] = known.word_ohm;
        for (row, word) in word.iter_mut().enumerate() {
            let contact = contacts.and_then(|contacts| contacts.word_ohm.get(row)).unwrap_or(&0.0);
            word.ohm[lane] = (driver + segment + contact) as f32;
        }
        last[lane] = known.rows - 1;
        for (col, foot) in bit.iter_mut().enumerate() {
            let selected = col == step.dendrite;
            let Some(volts) = (if selected { Some(sources.selected) } else { sources.others }) else {
                continue;
            };
            let contact = contacts.map_or(0.0, |contacts| contacts.dendrite_ohm[col]);
            let foot = foot.get_or_insert(NO_FOOT);
            foot.volts[lane] = volts as f32;
            // The wire to the foot of a lower tile is that of its empty rows.
            foot.ohm[lane] = (tiles.drivers.dendrite_ohm + tiles.segment_ohm[1] + contact) as f32;
            if selected {
                head.volts[lane] = volts as f32;
                head.ohm[lane] = (tiles.drivers.dendrite_ohm + contact) as f32;
            }
        }
    }
    SweepEnds {
        word,
        bit,
        head: (compensation == Compensation::BothEnds).then_some((step.dendrite, head)),
        feedback: (compensation == Compensation::Feedback).then_some((step.dendrite, last)),
    }
}
