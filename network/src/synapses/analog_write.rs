//! Write events on devices of their own, at the full voltage of their drivers.

use spinhebb_device::junction::state::State;

use super::analog::AnalogSynapses;
use super::packed_tables::probability;
use super::plasticity::{OwnPulse, OwnPulses};
use super::{Change, Plasticity, WriteEvent, random_words};

/// 2^32: random words over it are uniform numbers.
const WORDS: f32 = (1u64 << 32) as f32;

/// The state that a pulse drives a device out of.
const fn leaves(potentiation: bool) -> State {
    if potentiation { State::AntiParallel } else { State::Parallel }
}

impl AnalogSynapses {
    /// The plasticity of these devices under pulses of their own, depression and potentiation, which are to switch the nominal device
    /// with the probabilities `wanted`.
    #[must_use]
    pub fn plasticity(&self, pulses: [OwnPulse; 2], wanted: [f64; 2], gain: f64) -> Plasticity {
        let largest = [false, true].map(|potentiation| {
            let gumbel = match pulses[usize::from(potentiation)] {
                OwnPulse::Nominal(gumbel) => self.devices.largest_at_nominal(gumbel),
                OwnPulse::LogVolts(log_volts) => {
                    self.devices.largest_at_volts(log_volts, leaves(potentiation))
                }
            };
            // A little more, for rounding of 32 bits.
            probability(gumbel + 1e-3)
        });
        Plasticity::of_own(OwnPulses { pulses, largest, wanted }, gain)
    }

    /// Probability that the full pulse of its own switches number `device`.
    #[inline]
    fn own_probability(&self, device: usize, side: bool, pulse: OwnPulse) -> f32 {
        probability(match pulse {
            OwnPulse::Nominal(gumbel) => self.devices.at_nominal(device, gumbel),
            OwnPulse::LogVolts(log_volts) => self.devices.at_volts(device, log_volts, leaves(side)),
        })
    }

    /// Probability that the pulse of an event, at its full voltage, switches each device of `neuron` if it is in the state that the
    /// pulse drives out of, line after line, copies side by side; what is stuck switches with 0.
    #[must_use]
    pub fn probabilities(&self, neuron: usize, active: &[u8], plasticity: &Plasticity) -> Vec<f32> {
        let r = usize::from(self.copies);
        (0..self.lines * r)
            .map(|input| {
                let side = active[input / r] != 0;
                let synapse = neuron * self.lines + input / r;
                if self.is_stuck(synapse, input % r) {
                    return 0.0;
                }
                match plasticity.own() {
                    None => plasticity.probability(side) as f32,
                    Some(own) => {
                        let device = synapse * r + input % r;
                        self.own_probability(device, side, own.pulses[usize::from(side)])
                    }
                }
            })
            .collect()
    }

    /// The event where each device has its own probability: one random number for each.
    pub(super) fn write_own(
        &mut self,
        neuron: usize,
        event: &WriteEvent<'_>,
        own: &OwnPulses,
        changes: &mut Vec<Change>,
        switched: &mut Vec<(u16, u8)>,
    ) {
        let mut words = std::mem::take(&mut self.words);
        random_words(event.streams, event.index, &mut words);
        let r = usize::from(self.copies);
        let all = if r < 8 { (1u8 << r) - 1 } else { u8::MAX };
        // What no device of the layer reaches needs no look-up.
        let most = own.largest.map(|p| (p * WORDS) as u32);
        for line in 0..self.lines {
            let synapse = neuron * self.lines + line;
            let side = event.active[line] != 0;
            let state = self.states[synapse];
            let mut open = if side { !state } else { state } & !self.stuck[synapse] & all;
            let (mut change, mut flipped) = (0, 0);
            while open != 0 {
                let copy = open.trailing_zeros() as usize;
                open &= open - 1;
                let word = words[line * r + copy];
                if word > most[usize::from(side)] {
                    continue;
                }
                let pulse = own.pulses[usize::from(side)];
                let p = self.own_probability(synapse * r + copy, side, pulse);
                if word < (p * WORDS) as u32 {
                    change += self.flip(synapse, copy);
                    flipped += 1;
                }
            }
            if flipped > 0 {
                self.mobile[synapse] =
                    if side { self.mobile[synapse] + flipped } else { self.mobile[synapse] - flipped };
                changes.push(Change { neuron: neuron as u32, line: line as u16, amount: change });
                switched.push((line as u16, flipped));
            }
        }
        self.words = words;
    }

    /// The event where all devices switch alike: the numbers of devices that switch are those of equal devices.
    pub(super) fn write_alike(
        &mut self,
        neuron: usize,
        event: &WriteEvent<'_>,
        changes: &mut Vec<Change>,
        switched: &mut Vec<(u16, u8)>,
    ) {
        let r = usize::from(self.copies);
        let all = if r < 8 { (1u8 << r) - 1 } else { u8::MAX };
        let range = neuron * self.lines..(neuron + 1) * self.lines;
        let drawn = self.writer.0.draw(&self.mobile[range], self.copies, event).to_vec();
        for (line, count) in drawn {
            let synapse = neuron * self.lines + usize::from(line);
            let side = event.active[usize::from(line)] != 0;
            // Devices that the pulse can switch; stuck ones are drawn as if they could and then stay.
            let mut open = if side {
                (!self.states[synapse] | self.stuck[synapse]) & all
            } else {
                self.states[synapse] & !self.stuck[synapse]
            };
            let mut picker = Picker::new(event, line);
            let (mut change, mut flipped) = (0i32, 0u8);
            for _ in 0..count {
                let copy = picker.take(&mut open);
                if !self.is_stuck(synapse, copy) {
                    change += self.flip(synapse, copy);
                    flipped += 1;
                }
            }
            if flipped > 0 {
                self.mobile[synapse] =
                    if side { self.mobile[synapse] + flipped } else { self.mobile[synapse] - flipped };
                changes.push(Change { neuron: neuron as u32, line, amount: change });
                switched.push((line, flipped));
            }
        }
    }
}

/// Chooses which of the devices of a synapse switch.
struct Picker<'a> {
    event: &'a WriteEvent<'a>,
    line: u16,
    used: usize,
    block: [u32; 4],
}

impl<'a> Picker<'a> {
    fn new(event: &'a WriteEvent<'a>, line: u16) -> Self {
        Self { event, line, used: 0, block: [0; 4] }
    }

    fn word(&mut self) -> u32 {
        if self.used.is_multiple_of(4) {
            // Positions beyond those of the lines' own numbers.
            let position = 1 << 20 | u64::from(self.line) << 3 | (self.used / 4) as u64;
            self.block = self.event.streams.block(self.event.index, position);
        }
        self.used += 1;
        self.block[(self.used - 1) % 4]
    }

    /// Takes a random set bit out of `open`.
    fn take(&mut self, open: &mut u8) -> usize {
        let n = open.count_ones();
        let skip = if n > 1 { ((u64::from(self.word()) * u64::from(n)) >> 32) as u32 } else { 0 };
        let mut rest = *open;
        for _ in 0..skip {
            rest &= rest - 1;
        }
        let device = rest.trailing_zeros() as usize;
        *open &= !(1 << device);
        device
    }
}
