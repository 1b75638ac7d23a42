//! Supply voltages and contact resistances that differ from line to line.

use std::ops::Range;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use spinhebb_data::random_stream::Streams;

use crate::array::config::ArrayConfig;
use crate::array::crossbar::{Array, End};

/// What the lines of one physical array got.
#[derive(Debug, Clone, PartialEq)]
pub struct Contacts {
    /// Factor of the source voltage of each word line.
    pub supply: Vec<f64>,
    /// Resistance in ohm that each word line has beside its driver's.
    pub word_ohm: Vec<f64>,
    /// Resistance in ohm that each dendrite has beside that of its sense circuit or ground switch.
    pub dendrite_ohm: Vec<f64>,
}

/// Where arrays stand among those that hold a logical matrix: their logical word lines and dendrites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TilePlace {
    /// Word lines.
    pub inputs: Range<usize>,
    /// Dendrites.
    pub outputs: Range<usize>,
}

impl Contacts {
    /// Draws of the array at `place` for a master seed; `None` where all lines are alike.
    ///
    /// # Formula
    /// supply = 1 + `array.supply_spread` N, contact = `array.contact_spread` |N|, N standard normal, from the streams (seed, purpose,
    /// line, tile).
    #[must_use]
    pub fn draw(array: &ArrayConfig, seed: u64, place: &TilePlace) -> Option<Self> {
        let (supply_spread, contact_spread) = (array.supply_spread, array.contact_spread.si());
        if supply_spread == 0.0 && contact_spread == 0.0 {
            return None;
        }
        let (tile_row, tile_col) = (place.inputs.start / array.inputs, place.outputs.start / array.outputs);
        let normals = |purpose, lines: Range<usize>, tile: usize| -> Vec<f64> {
            let streams = Streams::new(seed, purpose);
            lines.map(|line| normal(&mut streams.rng2(line as u32, tile as u32))).collect()
        };
        let contact = |normals: Vec<f64>| normals.into_iter().map(|n| contact_spread * n.abs()).collect();
        let supply = normals("circuit/supply", place.inputs.clone(), tile_col);
        Some(Self {
            supply: supply.into_iter().map(|n| 1.0 + supply_spread * n).collect(),
            word_ohm: contact(normals("circuit/word-contact", place.inputs.clone(), tile_col)),
            dendrite_ohm: contact(normals("circuit/dendrite-contact", place.outputs.clone(), tile_row)),
        })
    }

    /// Adds the contacts to the resistances of an array's driven ends and the supplies to the voltages of its word lines.
    pub fn add_to(&self, array: &mut Array) {
        for (end, (supply, contact)) in
            array.word.first.iter_mut().zip(self.supply.iter().zip(&self.word_ohm))
        {
            if let End::Driven { volts, ohm } = end {
                *volts *= supply;
                *ohm += contact;
            }
        }
        for (end, contact) in array.bit.last.iter_mut().zip(&self.dendrite_ohm) {
            if let End::Driven { ohm, .. } = end {
                *ohm += contact;
            }
        }
    }
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}
