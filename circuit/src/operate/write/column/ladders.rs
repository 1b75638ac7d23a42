//! Columns whose other dendrites are cut off: one ladder for each tile, eight side by side.

use std::ops::Range;

use super::{ColumnStep, Conducting, Tiles};
use crate::array::cell::Cell;
use crate::array::compensation::Compensation;
use crate::error::CircuitError;
use crate::operate::write::sources::Request;
use crate::solve::ladder::{self, LANES, LadderEnds, LadderRow};

/// Error of the devices' voltages, over the largest pulse.
pub(super) const TOLERANCE: f64 = 1e-10;

/// Tiles side by side, one in each lane.
#[derive(Debug, Clone)]
struct Group {
    tiles: Range<usize>,
    rows: Vec<LadderRow>,
}

#[derive(Debug, Clone)]
pub(super) struct Ladders {
    /// Up to eight tiles of equal height each; only the last may be lower.
    groups: Vec<Group>,
}

impl Ladders {
    pub(super) fn new(tiles: &Tiles) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for (tile, lines) in tiles.known.iter().enumerate() {
            match groups.last_mut() {
                Some(group) if group.tiles.len() < LANES && group.rows.len() == lines.rows => {
                    group.tiles.end = tile + 1;
                }
                _ => groups.push(Group { tiles: tile..tile + 1, rows: vec![LadderRow::EMPTY; lines.rows] }),
            }
        }
        Self { groups }
    }

    pub(super) fn phase(
        &mut self,
        tiles: &Tiles,
        step: &ColumnStep<'_>,
        cell: impl Fn(usize) -> Cell,
    ) -> Result<f64, CircuitError> {
        let largest = step.volts[1].max(-step.volts[0]);
        let compensation = tiles.drivers.compensation;
        let mut joules = 0.0;
        for group in &mut self.groups {
            let mut ends = LadderEnds {
                segment_ohm: tiles.segment_ohm[1],
                foot_ohm: [0.0; LANES],
                both_ends: compensation == Compensation::BothEnds,
                head_ohm: [tiles.drivers.dendrite_ohm; LANES],
                feedback: compensation == Compensation::Feedback,
                inverse_half_squared: tiles.inverse_half_squared,
            };
            for (lane, tile) in group.tiles.clone().enumerate() {
                let contacts = step.contacts.get(tile).and_then(Option::as_ref);
                let contact = contacts.map_or(0.0, |contacts| contacts.dendrite_ohm[step.dendrite]);
                ends.foot_ohm[lane] = tiles.known[tile].bit_ohm[0] + contact;
                ends.head_ohm[lane] += contact;
                load((&mut group.rows, lane), (tiles, tile), step, &cell);
            }
            let solved = ladder::solve(&mut group.rows, &ends, TOLERANCE * largest)?;
            joules += solved.watts[..group.tiles.len()].iter().sum::<f64>() * step.width_s;
        }
        Ok(joules)
    }

    pub(super) fn device_volts(&self, tile: usize, row: usize) -> f64 {
        // Only the last tile may stand in a group of its own.
        let usual = (tile / LANES).min(self.groups.len() - 1);
        let group = &self.groups[usual];
        let group = if group.tiles.contains(&tile) { group } else { &self.groups[self.groups.len() - 1] };
        group.rows[row].device_volts[tile - group.tiles.start]
    }
}

/// Devices, sources and series resistances of one tile.
fn load(
    (rows, lane): (&mut [LadderRow], usize),
    (tiles, tile): (&Tiles, usize),
    step: &ColumnStep<'_>,
    cell: &impl Fn(usize) -> Cell,
) {
    let (inputs, known) = (tiles.inputs(tile), &tiles.known[tile]);
    for (row, at) in rows.iter_mut().enumerate() {
        let Conducting { parallel_s, tmr } = Conducting::of(&cell(inputs.start + row));
        at.parallel_s[lane] = parallel_s;
        at.tmr[lane] = tmr;
    }
    let above = known.parallel_above_siemens();
    let contacts = step.contacts.get(tile).and_then(Option::as_ref);
    let request = Request {
        scheme: tiles.scheme,
        compensation: tiles.drivers.compensation,
        dendrite: step.dendrite,
        active: &step.active[inputs],
        volts: step.volts,
        driven: step.driven,
        contacts,
    };
    let sources =
        request.sources(known, |row| rows[row].parallel_s[lane] > above * (1.0 + rows[row].tmr[lane]));
    let [driver, segment] = known.word_ohm;
    let way = driver + segment * (step.dendrite + 1) as f64 + tiles.access_ohm;
    for (row, at) in rows.iter_mut().enumerate() {
        at.source_volts[lane] = sources.word[row];
        at.series_ohm[lane] = way + contacts.map_or(0.0, |contacts| contacts.word_ohm[row]);
    }
}
