//! Drivers that make up for what lines take of a write pulse.
//!
//! # Formula
//! A device of the dendrite sees `V - R_s I - b`: its driver's voltage less what the word line takes of its own current, less the
//! potential of the dendrite. A driver knows the pulse v wanted at a device, how many lines are driven with either pulse and how many
//! of their devices are parallel (from a read), and the nominal cell; with these
//! - the word line takes `R_s I(v)` of a device in the state that the pulse is to change, and more where other dendrites draw
//!   current from it under the scheme;
//! - all cells together carry `I = sum over pulses of n_P I_P(v) + n_AP I_AP(v)`, and lines that wait at 0 V carry some of
//!   it back;
//! - spread evenly over the dendrite, `I` raises its mean potential by `b = R I`, with `R` the mean over all pairs of rows of the
//!   resistance that their ways to the ground switch share.
//!
//! [`Compensation::Count`] adds the mean to all rows alike, [`Compensation::Row`] to each row what the even spread gives at its place.
//!
//! # Not modelled
//! What dendrites that are left open or held carry from one word line to another: there the drivers raise too little.

use super::{Compensation, WriteScheme};
use crate::array::cell::Cell;

/// The lines of an array as its drivers know them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownLines {
    /// Word lines and dendrites.
    pub rows: usize,
    /// Dendrites.
    pub cols: usize,
    /// Resistance of a word line's driver, and of one of its segments, in ohm.
    pub word_ohm: [f64; 2],
    /// Resistance of the dendrite's ground switch with its way from the last node, and of a segment, in ohm.
    pub bit_ohm: [f64; 2],
    /// Cells of the nominal device in the parallel and in the anti-parallel state, behind their access transistors.
    pub nominal: [Cell; 2],
}

/// How many lines of a kind there are, and how many of their devices on the dendrite are parallel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineCount {
    /// Lines.
    pub lines: usize,
    /// Devices of them that are parallel.
    pub parallel: usize,
}

impl LineCount {
    /// Counts a further line.
    pub fn add(&mut self, parallel: bool) {
        self.lines += 1;
        self.parallel += usize::from(parallel);
    }
}

/// What drivers add in a phase, for depression (0) and potentiation (1) pulses.
#[derive(Debug, Clone, PartialEq)]
pub struct Raise {
    /// Added to the pulses for the word line, in V, of the sign of each.
    pub word_volts: [f64; 2],
    /// Added to all rows for the dendrite, in V.
    pub dendrite_volts: f64,
    /// Factor of `dendrite_volts` at each row; 1 where there is none.
    pub along: Option<Vec<f64>>,
}

impl Raise {
    /// Nothing.
    pub const NONE: Self = Self { word_volts: [0.0; 2], dendrite_volts: 0.0, along: None };

    /// Voltage of the driver of `row` for a pulse of `volts` on `side`.
    #[must_use]
    pub fn driver_volts(&self, row: usize, side: usize, volts: f64) -> f64 {
        let along = self.along.as_ref().map_or(1.0, |along| along[row]);
        volts + self.word_volts[side] + along * self.dendrite_volts
    }
}

impl KnownLines {
    /// Zero-bias conductance in S of a device, without its access transistor, above which a read takes it for parallel: the
    /// geometric mean of the two states.
    #[must_use]
    pub fn parallel_above_siemens(&self) -> f64 {
        self.nominal.iter().map(|cell| cell.law.zero_bias_siemens()).product::<f64>().sqrt()
    }

    /// What drivers add in a phase that drives `counts` lines (depression, potentiation) with pulses of `volts` on `dendrite`, while
    /// `waiting` lines are held at 0 V; a pulse that no line gets is not driven in this phase.
    #[must_use]
    pub fn raise(
        &self,
        compensation: Compensation,
        scheme: WriteScheme,
        (dendrite, volts): (usize, [f64; 2]),
        (counts, waiting): ([LineCount; 2], LineCount),
    ) -> Raise {
        if matches!(compensation, Compensation::None | Compensation::BothEnds) {
            return Raise::NONE;
        }
        // A pulse out of the parallel state is a depression.
        let word_volts = [0, 1].map(|side| {
            let target = &self.nominal[side];
            let [own, shared] = self.word_resistance(dendrite);
            let amperes = target.law.amperes(volts[side]);
            (own + target.access_ohm) * amperes
                + shared * self.mean_siemens() * scheme.shares().other_dendrite() * volts[side]
        });
        if compensation == Compensation::Feedback {
            return Raise { word_volts, ..Raise::NONE };
        }
        let carried = |count: LineCount, volts: f64| {
            count.parallel as f64 * self.nominal[0].law.amperes(volts)
                + (count.lines - count.parallel) as f64 * self.nominal[1].law.amperes(volts)
        };
        let driven = carried(counts[0], volts[0]) + carried(counts[1], volts[1]);
        let alone = volts[usize::from(counts[1].lines > 0)];
        let half_selected = carried(waiting, scheme.shares().waiting_input() * alone);
        let [own, _] = self.word_resistance(dendrite);
        let back: f64 = [(0, waiting.parallel), (1, waiting.lines - waiting.parallel)]
            .iter()
            .map(|&(state, lines)| {
                let cell = &self.nominal[state];
                let siemens = cell.law.zero_bias_siemens();
                lines as f64 * siemens / (1.0 + (own + cell.access_ohm) * siemens)
            })
            .sum();
        let shared = self.shared_ohm();
        let mean = shared.iter().sum::<f64>() / self.rows as f64;
        let dendrite_volts = mean * (driven + half_selected) / (1.0 + mean * back);
        let along = (compensation == Compensation::Row && mean > 0.0)
            .then(|| shared.iter().map(|ohm| ohm / mean).collect());
        Raise { word_volts, dendrite_volts, along }
    }

    fn mean_siemens(&self) -> f64 {
        0.5 * (self.nominal[0].zero_bias_siemens() + self.nominal[1].zero_bias_siemens())
    }

    /// Resistance of a word line's way to the cell of `dendrite`, and sum over all other dendrites of the part of it that their
    /// currents share.
    fn word_resistance(&self, dendrite: usize) -> [f64; 2] {
        let [driver, segment] = self.word_ohm;
        let way = |segments: usize| driver + segment * segments as f64;
        // Cells before share their own way, those behind that to the dendrite.
        let before = dendrite as f64 * driver + segment * (dendrite * (dendrite + 1)) as f64 / 2.0;
        let behind = (self.cols - 1 - dendrite) as f64 * way(dendrite + 1);
        [way(dendrite + 1), before + behind]
    }

    /// For each row, the mean over all rows of the resistance that both ways to the ground switch share.
    fn shared_ohm(&self) -> Vec<f64> {
        let ([foot, segment], rows) = (self.bit_ohm, self.rows);
        (0..rows)
            .map(|i| {
                // Rows above share the way from row i on, rows below that from their own.
                let below = rows - 1 - i;
                let segments = (i + 1) * below + below * below.saturating_sub(1) / 2;
                foot + segment * segments as f64 / rows as f64
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::cell::CellLaw;

    fn known() -> KnownLines {
        let cell = |siemens| Cell { law: CellLaw::Linear { siemens }, access_ohm: 0.0 };
        KnownLines {
            rows: 7,
            cols: 5,
            word_ohm: [20.0, 3.0],
            bit_ohm: [11.0, 2.0],
            nominal: [cell(1e-3), cell(5e-4)],
        }
    }

    /// Against sums over all pairs of rows and over all dendrites.
    #[test]
    fn shared_resistances_are_those_of_the_lines() {
        let known = known();
        for (i, found) in known.shared_ohm().into_iter().enumerate() {
            let sum: f64 = (0..7).map(|k| 11.0 + 2.0 * (6 - i.max(k)) as f64).sum();
            assert!((found - sum / 7.0).abs() < 1e-12, "{i}");
        }
        for dendrite in 0..5 {
            let way = |col: usize| 20.0 + 3.0 * (col.min(dendrite) + 1) as f64;
            let shared: f64 = (0..5).filter(|col| *col != dendrite).map(way).sum();
            assert_eq!(known.word_resistance(dendrite), [way(dendrite), shared]);
        }
    }

    /// Both pulses at once pull against each other; lines that wait carry current back.
    #[test]
    fn the_dendrite_is_raised_by_what_its_cells_carry() {
        let known = known();
        let raise = |counts, waiting, volts| {
            known.raise(Compensation::Count, WriteScheme::CutOff, (2, volts), (counts, waiting))
        };
        let (four, three) = (LineCount { lines: 4, parallel: 1 }, LineCount { lines: 3, parallel: 3 });
        let none = LineCount::default();
        let both = raise([four, three], none, [-0.4, 0.5]);
        let mean = known.shared_ohm().iter().sum::<f64>() / 7.0;
        let expected = mean * (0.5 * 3.0 * 1e-3 - 0.4 * (1e-3 + 3.0 * 5e-4));
        assert!((both.dendrite_volts - expected).abs() < 1e-12, "{both:?}");
        // A potentiated device is anti-parallel before, a depressed one parallel.
        let way = 20.0 + 9.0;
        assert!((both.word_volts[1] - way * 0.5 * 5e-4).abs() < 1e-12, "{both:?}");
        assert!((both.word_volts[0] + way * 0.4 * 1e-3).abs() < 1e-12, "{both:?}");
        let alone = raise([none, three], four, [0.0, 0.5]);
        assert!(alone.dendrite_volts > 0.0 && alone.dendrite_volts < mean * 0.5 * 3.0 * 1e-3, "{alone:?}");
    }
}
