//! Fast exact simulation of one layer: currents of many images at once, the race in closed form, write
//! events on one row.
//!
//! Only active lines are touched: weights are stored line by line for tiles of neurons, and the
//! current into a neuron is a sum of integers, exact in any order. A batch of images is scored against
//! the weights at its start; the images then take their turns, and the sums of the few rows
//! that have changed in the meantime are corrected by exactly what changed. Results are therefore the same
//! bits for any batch size, number of threads and instruction set.

mod analog;
mod batch;
mod bit_sliced;
mod counts;
mod layer;
mod plasticity;
mod race;
mod running_sums;
mod stepping;
mod switching;

pub use analog::{AnalogSynapses, CLASSES, DeviceConductance, DeviceSpread};
pub use batch::{Batch, MAX_BATCH};
pub use bit_sliced::BitSynapses;
pub use counts::CountSynapses;
pub use layer::{Layer, LayerConfig, LayerState, Outcome, Reader};
pub use plasticity::Plasticity;
pub use race::{Sum, TILE};
pub use stepping::SteppingLayer;
pub use switching::{BinomialTable, MAX_COPIES, RowWriter, random_words};

use spinhebb_data::random_stream::Streams;

/// One write event: the pulses that follow a firing.
#[derive(Debug)]
pub struct WriteEvent<'a> {
    /// 1 for every line that gets a potentiation pulse (V > 0), 0 for a depression pulse (V < 0).
    pub active: &'a [u8],
    /// Switching laws.
    pub plasticity: &'a Plasticity,
    /// Random streams of write events.
    pub streams: &'a Streams,
    /// Index of the event, unique in a training run.
    pub index: u64,
}

/// A change of one synapse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Neuron of the synapse.
    pub neuron: u32,
    /// Input line of the synapse.
    pub line: u16,
    /// By how much its weight changed, in the units of the sums.
    pub amount: i32,
}

/// The synapses of a layer.
pub trait Synapses: Send + Sync {
    /// Integer type that holds a sum of weights over active lines.
    type Sum: Sum;

    /// Number of neurons.
    fn neurons(&self) -> usize;

    /// Number of input lines.
    fn lines(&self) -> usize;

    /// Devices per line and neuron.
    fn copies(&self) -> u8;

    /// What one ideal P device adds to a sum.
    fn unit(&self) -> f32;

    /// Tiles of [`TILE`] neurons that are scored together: a block.
    const TILES: usize;

    /// Sums of the weights over the active lines of each image, for the neurons of one block:
    /// `sums[(tile * images + image) * TILE + lane]` for neuron `(block * TILES + tile) * TILE + lane`. The last block may have
    /// fewer tiles.
    fn score(&self, block: usize, batch: &Batch, sums: &mut [Self::Sum]);

    /// Sends the pulses of `event` along the row of `neuron`; lists what changed, disturbed rows included. `switched`
    /// counts the devices of the row itself that switched per line, in rising order of lines.
    fn write(
        &mut self,
        neuron: usize,
        event: &WriteEvent<'_>,
        changes: &mut Vec<Change>,
        switched: &mut Vec<(u16, u8)>,
    );

    /// States of all devices, one byte per synapse, neuron-major, for [`crate::training::checkpoint`].
    fn states(&self) -> Vec<u8> {
        (0..self.neurons()).flat_map(|neuron| self.row(neuron)).collect()
    }

    /// Number of P devices of each line of `neuron`.
    fn row(&self, neuron: usize) -> Vec<u8>;
}
