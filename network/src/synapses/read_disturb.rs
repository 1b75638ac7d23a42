//! Devices that reads switch: the read voltage is a weak pulse of the potentiation polarity.
//!
//! # Formula
//! A device that is anti-parallel leaves its state in a read of n cycles with the hazard of a write pulse at the read voltage times
//! n t_read over the width of that pulse; all devices see the full read voltage, more than wires leave of it.

use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;

use super::analog::AnalogSynapses;
use super::kind::ReadEvent;
use super::packed_tables::probability;
use super::{Change, Synapses};

/// Probability below which not one device switches in the longest training.
const NEVER: f32 = 1e-20;

/// What reads do to devices.
#[derive(Debug, Clone)]
pub struct ReadDisturb {
    /// Logarithm of the read voltage in V.
    pub log_volts: f32,
    /// Logarithm of the time of a read in a clock cycle over the width of the pulses of the tables.
    pub log_time: f32,
    /// Random streams.
    pub streams: Streams,
    /// Largest Gumbel variable of any device in one cycle.
    pub(super) largest: f32,
}

impl AnalogSynapses {
    /// Lets reads at `volts` (V) of `time` (s) a cycle disturb the devices, whose tables are those of pulses of `width` (s).
    pub fn disturb_by_reads(&mut self, (volts, time, width): (f64, f64, f64), streams: Streams) {
        let (log_volts, log_time) = (volts.ln() as f32, (time / width).ln() as f32);
        let largest = self.devices.largest_at_volts(log_volts, State::AntiParallel) + log_time;
        self.read_disturb = Some(ReadDisturb { log_volts, log_time, streams, largest });
    }

    /// Jumps from candidate to candidate, as [`super::array_event`] does for writes.
    pub(super) fn read_disturb(&mut self, read: &ReadEvent<'_>, changes: &mut Vec<Change>) {
        let Some(disturb) = &self.read_disturb else { return };
        let log_cycles = (read.cycles as f32).ln();
        let most = probability(disturb.largest + log_cycles);
        if most.is_nan() || most < NEVER || read.lines.is_empty() {
            return;
        }
        let (log_volts, log_time) = (disturb.log_volts, disturb.log_time + log_cycles);
        let streams = disturb.streams;
        let log_miss = libm::log1p(-f64::from(most).min(1.0 - 1e-12));
        let r = usize::from(self.copies);
        let per_neuron = read.lines.len() * r;
        let devices = (self.neurons() * per_neuron) as f64;
        let (mut next, mut position) = (-1.0f64, 0);
        loop {
            let block = streams.block(read.index, position);
            position += 1;
            let u = (f64::from(block[0]) + 0.5) / 4_294_967_296.0;
            next += 1.0 + libm::floor(libm::log(u) / log_miss);
            if next >= devices {
                return;
            }
            let (neuron, place) = (next as usize / per_neuron, next as usize % per_neuron);
            let (line, copy) = (usize::from(read.lines[place / r]), place % r);
            let synapse = neuron * self.lines + line;
            if self.is_stuck(synapse, copy) || self.states[synapse] >> copy & 1 == 1 {
                continue;
            }
            let gumbel = self.devices.at_volts(synapse * r + copy, log_volts, State::AntiParallel);
            if (block[1] as f32) < probability(gumbel + log_time) / most * (1u64 << 32) as f32 {
                let amount = self.switch_device(neuron, line * r + copy);
                changes.push(Change { neuron: neuron as u32, line: line as u16, amount });
            }
        }
    }
}
