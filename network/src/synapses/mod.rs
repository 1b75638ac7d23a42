//! Fast exact simulation of one layer: currents of many images at once, the race in closed form, write
//! events on one row.
//!
//! Only active lines are touched: weights are stored line by line for tiles of neurons, and the
//! current into a neuron is a sum of integers, exact in any order. A batch of images is scored against
//! the weights at its start; the images then take their turns, and the sums of the few rows
//! that have changed in the meantime are corrected by exactly what changed. Results are therefore the same
//! bits for any batch size, number of threads and instruction set.

mod analog;
mod analog_write;
mod array_event;
mod array_writer;
mod batch;
mod bit_sliced;
mod change;
mod counts;
mod kind;
mod layer;
mod outliers;
mod packed_devices;
mod packed_tables;
mod plasticity;
mod race;
mod read_chain;
mod read_disturb;
mod row_writer;
mod running_sums;
mod size;
mod stepping;
mod sum;
mod switching;
mod write_tally;

pub use analog::{AnalogSynapses, LayerDevices, MOST_CLIPPED, MOST_OUTLYING, SynapticDevice};
pub use array_writer::{ArrayParts, ArrayWriter, OwnConductance};
pub use batch::{Batch, MAX_BATCH, TILE};
pub use bit_sliced::BitSynapses;
pub use change::Change;
pub use counts::CountSynapses;
pub use kind::{ReadEvent, Synapses, WriteEvent};
pub use layer::{Layer, LayerConfig, LayerState, Reader, Response, Timing, strongest_currents};
pub use packed_devices::PackedDevices;
pub use packed_tables::{PackedTables, probability};
pub use plasticity::{OwnPulse, OwnPulses, Plasticity};
pub use read_chain::{ReadChain, TileConverter};
pub use row_writer::RowWriter;
pub use size::LayerSize;
pub use stepping::SteppingLayer;
pub use sum::Sum;
pub use switching::{BinomialTable, MAX_COPIES, random_words, random_words_from};
pub use write_tally::{PulseTally, WriteTally};
