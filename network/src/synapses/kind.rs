//! What every kind of synapse does: be scored, be written, tell its states.

use super::batch::Batch;
use super::change::Change;
use super::plasticity::Plasticity;
use super::sum::Sum;
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

/// One image that is read.
#[derive(Debug)]
pub struct ReadEvent<'a> {
    /// Its active lines.
    pub lines: &'a [u16],
    /// Clock cycles for which it is shown.
    pub cycles: u32,
    /// Number of the image in the training.
    pub index: u64,
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

    /// Tiles of [`super::TILE`] neurons that are scored together: a block.
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

    /// Whether scores differ from read to read with the same weights.
    fn differs_by_read(&self) -> bool {
        false
    }

    /// What reading `lines` for so many clock cycles does to the devices, listed as by [`Synapses::write`].
    fn disturb_by_read(&mut self, _read: &ReadEvent<'_>, changes: &mut Vec<Change>) {
        changes.clear();
    }

    /// States of all devices, one byte per synapse, neuron-major, as a checkpoint holds them.
    fn states(&self) -> Vec<u8> {
        (0..self.neurons()).flat_map(|neuron| self.row(neuron)).collect()
    }

    /// Number of P devices of each line of `neuron`.
    fn row(&self, neuron: usize) -> Vec<u8>;
}
