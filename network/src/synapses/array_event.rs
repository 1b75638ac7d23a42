//! Write events on an array: every device at the voltage that the solved tiles give it.

use spinhebb_circuit::error::CircuitError;
use spinhebb_circuit::operate::write::{ColumnStep, phases};
use spinhebb_device::junction::state::State;

use super::analog::AnalogSynapses;
use super::array_writer::{ArrayWriter, is_parallel, log_driving};
use super::packed_tables::probability;
use super::plasticity::{OwnPulse, OwnPulses};
use super::{Change, Plasticity, WriteEvent, random_words_from};
use crate::error::NetworkError;

/// 2^32: random words over it are uniform numbers.
const WORDS: f32 = (1u64 << 32) as f32;
/// Probability below which not one device switches in the longest training.
const NEVER: f32 = 1e-20;
/// Where in an event's stream the numbers for other dendrites and for verification begin.
const OTHERS: u64 = 1 << 40;
const ROUNDING: u64 = 1 << 48;

/// One pulse of an event.
struct Pulse<'a> {
    neuron: usize,
    event: &'a WriteEvent<'a>,
    /// Depression (below 0) and potentiation in V.
    volts: [f64; 2],
    driven: [bool; 2],
    /// Its number within the event.
    number: u64,
}

/// What an event leaves behind.
pub(super) struct Written<'a> {
    /// Changes of weights, of all dendrites.
    pub(super) changes: &'a mut Vec<Change>,
    /// Devices of the dendrite itself that switched, by line.
    pub(super) switched: &'a mut Vec<(u16, u8)>,
    /// Those of them that followed the pulse of their line: depressed, potentiated.
    pub(super) followed: [u64; 2],
}

/// Depression (below 0) and potentiation in V.
fn pulse_volts(own: &OwnPulses) -> [f64; 2] {
    let magnitude = |side: usize| match own.pulses[side] {
        OwnPulse::LogVolts(log_volts) => f64::from(log_volts).exp(),
        OwnPulse::Nominal(_) => 0.0,
    };
    [-magnitude(0), magnitude(1)]
}

impl AnalogSynapses {
    /// The event on the array, solved pulse by pulse with the devices as they are; pulses are repeated while fewer devices have
    /// followed them than wanted, `array.verify` times at most.
    pub(super) fn write_on_array(
        &mut self,
        array: &mut ArrayWriter,
        (neuron, event): (usize, &WriteEvent<'_>),
        own: &OwnPulses,
        written: &mut Written<'_>,
    ) {
        let r = usize::from(self.copies);
        for (input, active) in array.active.iter_mut().enumerate() {
            *active = event.active[input / r] != 0;
        }
        let volts = pulse_volts(own);
        let usual = phases(array.scheme, array.one_after_the_other, &array.active);
        let wanted = if array.verify > 0 { self.wanted(array, neuron, event, own) } else { [0; 2] };
        array.tally.events += 1;
        let (mut short, mut number) = ([true; 2], 0);
        for _ in 0..=array.verify {
            for driven in &usual {
                let driven = [driven[0] && short[0], driven[1] && short[1]];
                if driven == [false; 2] {
                    continue;
                }
                let pulse = Pulse { neuron, event, volts, driven, number };
                if let Err(error) = self.pulse(array, &pulse, written) {
                    array.failed.get_or_insert(error);
                    return;
                }
                number += 1;
            }
            short = [0, 1].map(|side| written.followed[side] < wanted[side]);
            if short == [false; 2] {
                return;
            }
        }
    }

    /// How many devices are to follow depression and potentiation: what the nominal device would do on ideal lines on average, rounded
    /// up or down at random.
    fn wanted(
        &self,
        array: &ArrayWriter,
        neuron: usize,
        event: &WriteEvent<'_>,
        own: &OwnPulses,
    ) -> [u64; 2] {
        let mut could = [0.0; 2];
        for (input, &active) in array.active.iter().enumerate() {
            let side = usize::from(active);
            could[side] +=
                f64::from(u8::from(is_parallel(self.size(), &self.states, neuron, input) != active));
        }
        let words = event.streams.block(event.index, ROUNDING);
        [0, 1].map(|side| {
            let share = f64::from(words[side]) / 4_294_967_296.0;
            (could[side] * own.wanted[side] + share).floor() as u64
        })
    }

    fn pulse(
        &mut self,
        array: &mut ArrayWriter,
        pulse: &Pulse<'_>,
        written: &mut Written<'_>,
    ) -> Result<(), CircuitError> {
        let Pulse { neuron, volts, driven, .. } = *pulse;
        let column = neuron / array.cols;
        array.tally.joules += self.solve(array, neuron, (volts, driven))?;
        array.tally.phases += 1;
        let error = array.columns[column].relative_error();
        array.tally.relative_error = array.tally.relative_error.max(error);
        // The other dendrites first: what the written one does meanwhile does not reach them.
        if array.columns[column].reaches_others() {
            self.disturb(array, pulse, written);
        }
        self.switch_own(array, pulse, written);
        Ok(())
    }

    /// The devices of the written dendrite.
    fn switch_own(&mut self, array: &mut ArrayWriter, pulse: &Pulse<'_>, written: &mut Written<'_>) {
        let Pulse { neuron, event, volts, driven, number } = *pulse;
        let inputs = array.active.len();
        let mut words = std::mem::take(&mut self.words);
        random_words_from(event.streams, event.index, number * (inputs as u64).div_ceil(4), &mut words);
        for (input, &word) in words.iter().enumerate() {
            let parallel = is_parallel(self.size(), &self.states, neuron, input);
            let side = usize::from(array.active[input]);
            let meant = driven[side] && parallel == (side == 0);
            // What no device of the layer reaches needs no look-up, unless it is to be counted.
            if !meant && word > array.most(neuron, input, parallel) {
                continue;
            }
            let (seen, p) = self.seen(array, neuron, input);
            if word < (p * WORDS) as u32 {
                let line = self.switch((neuron, input), array, written.changes);
                written.switched.push((line, 1));
                written.followed[side] += u64::from(meant);
                array.tally.astray += u64::from(!meant);
            }
            let r = usize::from(self.copies);
            if meant && !self.is_stuck(neuron * self.lines + input / r, input % r) {
                array.tally.pulses[side].add(seen / volts[side], f64::from(p));
            }
        }
        self.words = words;
    }

    /// Puts a device into its other state.
    fn switch(
        &mut self,
        (neuron, input): (usize, usize),
        array: &mut ArrayWriter,
        changes: &mut Vec<Change>,
    ) -> u16 {
        let line = input / usize::from(self.copies);
        let amount = self.switch_device(neuron, input);
        let parallel = is_parallel(self.size(), &self.states, neuron, input);
        array.set_device((neuron, input), parallel);
        changes.push(Change { neuron: neuron as u32, line: line as u16, amount });
        line as u16
    }

    /// Probabilities by which the pulse of each line of an event switches the devices of `neuron` in its present states, phase by
    /// phase: of every device out of its state, whatever it sees. Nothing changes.
    ///
    /// # Errors
    /// The tiles cannot be solved, or the devices stand on no array.
    pub fn probabilities_on_array(
        &self,
        neuron: usize,
        active: &[u8],
        plasticity: &Plasticity,
    ) -> Result<Vec<Vec<f32>>, NetworkError> {
        let none = || NetworkError::OutOfRange {
            key: "synapses",
            value: "off any array".into(),
            expected: "synapses on an array, with pulses as voltages".into(),
        };
        let (mut array, own) = (self.array.clone().ok_or_else(none)?, plasticity.own().ok_or_else(none)?);
        let r = usize::from(self.copies);
        for (input, is_active) in array.active.iter_mut().enumerate() {
            *is_active = active[input / r] != 0;
        }
        let volts = pulse_volts(own);
        let mut found = Vec::new();
        for driven in phases(array.scheme, array.one_after_the_other, &array.active) {
            self.solve(&mut array, neuron, (volts, driven))?;
            found.push((0..array.active.len()).map(|input| self.seen(&array, neuron, input).1).collect());
        }
        Ok(found)
    }

    /// Solves a phase on the tiles of a neuron's dendrite; the energy drawn in J.
    fn solve(
        &self,
        array: &mut ArrayWriter,
        neuron: usize,
        (volts, driven): ([f64; 2], [bool; 2]),
    ) -> Result<f64, CircuitError> {
        let (column, dendrite) = (neuron / array.cols, neuron % array.cols);
        let (size, inputs) = (self.size(), array.active.len());
        let step = ColumnStep {
            dendrite,
            active: &array.active,
            volts,
            driven,
            width_s: array.width_s,
            contacts: &array.contacts[column],
        };
        let cell = |input: usize| {
            array.conductances.cell(neuron * inputs + input, is_parallel(size, &self.states, neuron, input))
        };
        array.columns[column].phase(&step, cell)
    }

    /// Voltage in V over a device of the written dendrite in the phase last solved, and the probability that it leaves its state.
    fn seen(&self, array: &ArrayWriter, neuron: usize, input: usize) -> (f64, f32) {
        let seen = array.columns[neuron / array.cols].device_volts(input, neuron % array.cols);
        let r = usize::from(self.copies);
        if self.is_stuck(neuron * self.lines + input / r, input % r) {
            return (seen, 0.0);
        }
        let parallel = is_parallel(self.size(), &self.states, neuron, input);
        let Some(log_volts) = log_driving(seen, parallel) else { return (seen, 0.0) };
        let start = if parallel { State::Parallel } else { State::AntiParallel };
        (seen, probability(self.devices.at_volts(neuron * array.active.len() + input, log_volts, start)))
    }

    /// Devices of the other dendrites of the column of tiles: jumps from candidate to candidate, geometrically distributed with the
    /// largest probability of any device at the largest voltages, each accepted with its own.
    fn disturb(&mut self, array: &mut ArrayWriter, pulse: &Pulse<'_>, written: &mut Written<'_>) {
        let Pulse { neuron, event, number, .. } = *pulse;
        let (column, inputs) = (neuron / array.cols, array.active.len());
        let (low, high) = array.columns[column].range_of_others(neuron % array.cols);
        let most = [(0, -low), (1, high)]
            .map(|(start, volts)| probability(array.largest[start].at((volts as f32).ln())))
            .into_iter()
            .fold(0.0, f32::max);
        if most < NEVER {
            return;
        }
        let log_miss = libm::log1p(-f64::from(most).min(1.0 - 1e-12));
        let beside = array.beside(neuron, self.neurons);
        let devices = (beside.len() * inputs) as f64;
        let mut position = OTHERS + (number << 24);
        let mut next = -1.0f64;
        loop {
            let block = event.streams.block(event.index, position);
            position += 1;
            let u = (f64::from(block[0]) + 0.5) / 4_294_967_296.0;
            next += 1.0 + libm::floor(libm::log(u) / log_miss);
            if next >= devices {
                return;
            }
            let (other, input) = (beside.start + next as usize / inputs, next as usize % inputs);
            let r = usize::from(self.copies);
            let (synapse, copy) = (other * self.lines + input / r, input % r);
            if other == neuron || self.is_stuck(synapse, copy) {
                continue;
            }
            let parallel = self.states[synapse] >> copy & 1 == 1;
            let seen = array.columns[column].other_volts(input, other % array.cols);
            let Some(log_volts) = log_driving(seen, parallel) else { continue };
            let start = if parallel { State::Parallel } else { State::AntiParallel };
            let p = probability(self.devices.at_volts(other * inputs + input, log_volts, start));
            if (block[1] as f32) < p / most * WORDS {
                self.switch((other, input), array, written.changes);
                array.tally.disturbed += 1;
            }
        }
    }
}
