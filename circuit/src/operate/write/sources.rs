//! Voltages of all sources in one phase of a learning step.

use super::compensation::{KnownLines, LineCount};
use super::{Compensation, WriteScheme};
use crate::array::variation::Contacts;

/// A phase as the drivers of one array see it.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) scheme: WriteScheme,
    pub(super) compensation: Compensation,
    /// Selected dendrite.
    pub(super) dendrite: usize,
    /// Whether each input is active.
    pub(super) active: &'a [bool],
    /// Pulses in V: depression (below 0) and potentiation.
    pub(super) volts: [f64; 2],
    /// Whether depression and potentiation are driven in this phase.
    pub(super) driven: [bool; 2],
    pub(super) contacts: Option<&'a Contacts>,
}

/// Source voltages in V.
pub(super) struct Sources {
    /// Of the word lines.
    pub(super) word: Vec<f64>,
    /// Of the selected dendrite.
    pub(super) selected: f64,
    /// Of the other dendrites; `None` where they float.
    pub(super) others: Option<f64>,
}

impl Request<'_> {
    /// Pulse and whether it is driven, of an input.
    fn pulse(&self, row: usize) -> (usize, bool) {
        let side = usize::from(self.active[row]);
        (side, self.driven[side])
    }

    /// Voltages of the sources; `parallel(row)` is what a read of the selected dendrite says of its devices.
    pub(super) fn sources(&self, known: &KnownLines, parallel: impl Fn(usize) -> bool) -> Sources {
        let (mut counts, mut waiting) = ([LineCount::default(); 2], LineCount::default());
        for row in 0..self.active.len() {
            let (side, driven) = self.pulse(row);
            let count = if driven { &mut counts[side] } else { &mut waiting };
            count.add(parallel(row));
        }
        // A pulse that no line of the array gets is not driven there.
        let volts = [0, 1].map(|side| if counts[side].lines > 0 { self.volts[side] } else { 0.0 });
        let raise = known.raise(self.compensation, self.scheme, (self.dendrite, volts), (counts, waiting));
        // Where both pulses are driven at once no other line is biased.
        let alone = volts[0] + volts[1];
        let shares = self.scheme.shares();
        let word = (0..self.active.len())
            .map(|row| {
                let (side, driven) = self.pulse(row);
                let source = if driven {
                    let full = raise.driver_volts(row, side, self.volts[side]);
                    shares.driven * self.volts[side] + (full - self.volts[side])
                } else {
                    shares.waiting * alone
                };
                source * self.contacts.map_or(1.0, |contacts| contacts.supply[row])
            })
            .collect();
        Sources { word, selected: shares.selected * alone, others: shares.others.map(|share| share * alone) }
    }
}
