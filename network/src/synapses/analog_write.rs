//! Write events on devices of their own: of the row that learns, and of others that see some of the voltage.

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
    /// The plasticity of these devices under pulses of their own.
    #[must_use]
    pub fn plasticity(&self, pulses: [OwnPulse; 2], gain: f64) -> Plasticity {
        let largest = [false, true].map(|potentiation| {
            let gumbel = match pulses[usize::from(potentiation)] {
                OwnPulse::Nominal(gumbel) => self.devices.largest_at_nominal(gumbel),
                OwnPulse::LogVolts(log_volts) => {
                    let share = self.drive.as_ref().map_or(0.0, |d| d.largest_log_share(potentiation));
                    self.devices.largest_at_volts(log_volts + share, leaves(potentiation))
                }
            };
            // A little more, for rounding of 32 bits.
            probability(gumbel + 1e-3)
        });
        Plasticity::of_own(OwnPulses { pulses, largest, disturb: self.largest_disturb(pulses) }, gain)
    }

    /// An upper bound of the probability that an event switches any one device of other rows.
    fn largest_disturb(&self, pulses: [OwnPulse; 2]) -> f32 {
        let Some(drive) = &self.drive else { return 0.0 };
        let mut largest = 0.0f32;
        for (side, shares) in drive.largest_other().iter().enumerate() {
            let OwnPulse::LogVolts(log_volts) = pulses[side] else { continue };
            for (positive, &share) in shares.iter().enumerate() {
                if share > 0.0 {
                    let start = leaves(positive == 1);
                    largest = largest.max(probability(
                        self.devices.largest_at_volts(log_volts + libm::logf(share), start),
                    ));
                }
            }
        }
        (largest * 1.001 * drive.most_phases() as f32).min(1.0)
    }

    /// Probability that the pulse of its own switches number `device`, of line and copy `input` and of `neuron`.
    #[inline]
    fn own_probability(
        &self,
        device: usize,
        (neuron, input): (usize, usize),
        side: bool,
        pulse: OwnPulse,
    ) -> f32 {
        probability(match pulse {
            OwnPulse::Nominal(gumbel) => self.devices.at_nominal(device, gumbel),
            OwnPulse::LogVolts(log_volts) => {
                let share = self.drive.as_ref().map_or(0.0, |drive| drive.log_share(side, input, neuron));
                self.devices.at_volts(device, log_volts + share, leaves(side))
            }
        })
    }

    /// Probability that the pulse of an event switches each device of `neuron` if it is in the state that the pulse drives out of,
    /// line after line, copies side by side; what is stuck switches with 0.
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
                        self.own_probability(device, (neuron, input), side, own.pulses[usize::from(side)])
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
                let p = self.own_probability(synapse * r + copy, (neuron, line * r + copy), side, pulse);
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

    /// Devices of the other rows of the tiles that an event switches: jumps from candidate to candidate, geometrically
    /// distributed with the largest probability of any device, each accepted with its own.
    pub(super) fn disturb_others(
        &mut self,
        neuron: usize,
        event: &WriteEvent<'_>,
        own: &OwnPulses,
        changes: &mut Vec<Change>,
    ) {
        let Some(cols) = self.drive.as_ref().map(|drive| drive.cols).filter(|_| own.disturb > 0.0) else {
            return;
        };
        let log_miss = libm::log1p(-f64::from(own.disturb).min(1.0 - 1e-12));
        let r = usize::from(self.copies);
        // The dendrites of the same column of tiles.
        let first = neuron / cols * cols;
        let last = (first + cols).min(self.neurons);
        let per_row = self.lines * r;
        let devices = ((last - first) * per_row) as f64;
        // The same stream as the row's own numbers, at positions beyond any line.
        let mut position = 1 << 30;
        let mut next = -1.0f64;
        loop {
            let block = event.streams.block(event.index, position);
            position += 1;
            let u = (f64::from(block[0]) + 0.5) / 4_294_967_296.0;
            next += 1.0 + libm::floor(libm::log(u) / log_miss);
            if next >= devices {
                break;
            }
            let device = first * per_row + next as usize;
            let (synapse, copy) = (device / r, device % r);
            let (other, line) = (synapse / self.lines, synapse % self.lines);
            if other == neuron || self.is_stuck(synapse, copy) {
                continue;
            }
            let p = self.disturb_probability((neuron, other, line, copy), event.active[line] != 0, own);
            if block[1] as f32 >= p / own.disturb * WORDS {
                continue;
            }
            let amount = self.flip(synapse, copy);
            let parallel = self.states[synapse] >> copy & 1 == 1;
            self.mobile[synapse] = if parallel { self.mobile[synapse] + 1 } else { self.mobile[synapse] - 1 };
            changes.push(Change { neuron: other as u32, line: line as u16, amount });
        }
    }

    /// Probability that the device `copy` of (`other`, `line`) leaves its state in any phase of an event on `neuron`.
    fn disturb_probability(
        &self,
        (neuron, other, line, copy): (usize, usize, usize, usize),
        active: bool,
        own: &OwnPulses,
    ) -> f32 {
        let (Some(drive), OwnPulse::LogVolts(log_volts)) = (&self.drive, own.pulses[usize::from(active)])
        else {
            return 0.0;
        };
        let r = usize::from(self.copies);
        let synapse = other * self.lines + line;
        let state = if self.states[synapse] >> copy & 1 == 1 { State::Parallel } else { State::AntiParallel };
        let place = drive.place(neuron, line * r + copy, other);
        let mut kept = 1.0;
        for phase in drive.phases(neuron) {
            let share = phase[usize::from(active)][place] * state.switching_polarity() as f32;
            if share > 0.0 {
                let log_volts = log_volts + libm::logf(share);
                kept *= 1.0 - probability(self.devices.at_volts(synapse * r + copy, log_volts, state));
            }
        }
        1.0 - kept
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
