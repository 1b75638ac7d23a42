use super::counts::{Writer, random_rows};
use super::{Batch, Change, LayerSize, RowWriter, Synapses, TILE, WriteEvent, running_sums};
use crate::error::NetworkError;
use crate::rules::chance;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::random_stream::Streams;

/// Spread from device to device.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Default)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceSpread {
    /// Relative standard deviation of both conductances of a device (log-normal, common to P and AP).
    pub conductance: f64,
    /// Relative standard deviation of the step G_P - G_AP of a device (log-normal, on top of the conductance).
    pub step: f64,
    /// Standard deviation of the logarithm of the switching hazard of a device.
    pub hazard: f64,
    /// Fraction of devices stuck in their initial state.
    pub stuck: f64,
    /// G_AP over the step G_P - G_AP of the nominal device (TMR 90 %: 1/0.9).
    pub antiparallel_per_step: f64,
}

impl DeviceSpread {
    /// Adds what an array of tiles does not represent.
    pub(crate) fn check_for_array(&self, faults: &mut Faults) {
        faults.require(self.hazard <= 1.0, "hazard", self.hazard, "at most 1 on an array");
        for (key, value) in [("step", self.step), ("stuck", self.stuck)] {
            faults.require(value == 0.0, key, value, "0: an array takes spreads of conductance and hazard");
        }
    }
}

impl Check for DeviceSpread {
    fn check(&self, faults: &mut Faults) {
        for (key, value, limit) in [
            ("conductance", self.conductance, 1.0),
            ("step", self.step, 1.0),
            ("hazard", self.hazard, 10.0),
            ("stuck", self.stuck, 1.0),
            ("antiparallel_per_step", self.antiparallel_per_step, 100.0),
        ] {
            let accepted = (0.0..=limit).contains(&value);
            faults.require(accepted, key, value, format!("between 0 and {limit}"));
        }
    }
}

/// Number of classes into which devices are sorted by how easily they switch.
pub const CLASSES: usize = 256;

/// Synapses in which every device has its own conductances and its own switching law.
///
/// # Formula
/// The current of an active line is `sum over devices of (G - G_AP0) / (G_P0 - G_AP0)`, each device rounded to an
/// integer multiple of `1/Q`; sums are integers, hence exact in any order. `Q` is the largest power of two for which
/// 32 additions fit 16 bits; the error of a device is at most `1/(2 Q)` of the nominal step.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalogSynapses {
    neurons: usize,
    lines: usize,
    copies: u8,
    scale: i32,
    /// `tiles[(tile * lines + line) * TILE + lane]`: weight of a synapse in units of `1/scale`.
    tiles: Vec<i16>,
    /// States of the devices of a synapse, bit `c` = device `c` is P; neuron-major.
    states: Vec<u8>,
    /// Number of devices that are P and not stuck, and number of devices not stuck; neuron-major.
    mobile: Vec<u8>,
    /// Devices that never switch, bit per device; neuron-major.
    stuck: Vec<u8>,
    /// Step from AP to P of each device, `[(neuron * lines + line) * copies + device]`, in units of `1/scale`.
    steps: Vec<i16>,
    /// Class of each device by how easily it switches; empty when all are alike.
    classes: Vec<u8>,
    /// Probability that a write event switches a device of another row: P -> AP on a line that gets a depression pulse,
    /// AP -> P on a line that gets a potentiation pulse.
    disturb: [f64; 2],
    /// Devices switched in rows that were not to be written.
    disturbed: u64,
    writer: Writer,
}

/// Conductances of one device in units of the nominal step G_P - G_AP, above the nominal G_AP.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeviceConductance {
    /// `(G_AP - G_AP0) / (G_P0 - G_AP0)`.
    pub antiparallel: f64,
    /// `(G_P - G_AP) / (G_P0 - G_AP0)`.
    pub step: f64,
    /// Class by how easily the device switches.
    pub class: u8,
    /// Whether the device never switches.
    pub stuck: bool,
}

impl DeviceConductance {
    /// The nominal device.
    pub const NOMINAL: Self = Self { antiparallel: 0.0, step: 1.0, class: 0, stuck: false };
}

impl AnalogSynapses {
    /// Synapses with the states `rows` (number of P devices, the first ones) and `device(neuron, line, copy)`.
    ///
    /// `largest` bounds the weight of one device in units of the nominal step; a larger one is cut and counted
    /// in the second value returned.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] or [`NetworkError::Length`] when the numbers do not fit together.
    pub fn new(
        size: LayerSize,
        rows: &[u8],
        largest: f64,
        device: impl Fn(usize, usize, usize) -> DeviceConductance + Sync,
    ) -> Result<(Self, usize), NetworkError> {
        size.check(rows)?;
        let LayerSize { neurons, lines, copies } = size;
        NetworkError::require(
            (1.0..=16.0).contains(&largest),
            "largest",
            largest,
            "between 1 and 16 nominal steps",
        )?;
        let r = usize::from(copies);
        // 32 * scale * largest * copies <= 32767.
        let room = 32_767.0 / (32.0 * largest * f64::from(copies));
        let scale = 1i32 << (room.log2().floor() as u32).min(10);
        let limit = (largest * f64::from(scale)).floor();
        let mut synapses = Self {
            neurons,
            lines,
            copies,
            scale,
            tiles: vec![0; neurons.div_ceil(TILE) * lines * TILE],
            states: vec![0; neurons * lines],
            mobile: vec![0; neurons * lines],
            stuck: vec![0; neurons * lines],
            steps: vec![0; neurons * lines * r],
            classes: vec![0; neurons * lines * r],
            disturb: [0.0; 2],
            disturbed: 0,
            writer: Writer(RowWriter::new(lines)),
        };
        let mut cut = 0;
        for neuron in 0..neurons {
            for line in 0..lines {
                let synapse = neuron * lines + line;
                let mut weight = 0i32;
                for copy in 0..r {
                    let found = device(neuron, line, copy);
                    let parallel = copy < usize::from(rows[synapse]);
                    let mut quantise = |x: f64| {
                        let scaled = libm::rint(x * f64::from(scale));
                        cut += usize::from(scaled.abs() > limit);
                        scaled.clamp(-limit, limit) as i32
                    };
                    let low = quantise(found.antiparallel);
                    let high = quantise(found.antiparallel + found.step);
                    synapses.steps[synapse * r + copy] = (high - low) as i16;
                    synapses.classes[synapse * r + copy] = found.class;
                    synapses.states[synapse] |= u8::from(parallel) << copy;
                    synapses.stuck[synapse] |= u8::from(found.stuck) << copy;
                    weight += if parallel { high } else { low };
                }
                synapses.tiles[tile_index(lines, neuron, line)] = weight as i16;
                synapses.mobile[synapse] =
                    (synapses.states[synapse] & !synapses.stuck[synapse]).count_ones() as u8;
            }
        }
        synapses.drop_single_class();
        Ok((synapses, cut))
    }

    /// Devices with a random spread and random states (each P with probability `parallel`), the states being those
    /// of [`super::CountSynapses::random`] for the same seed.
    ///
    /// Device properties come from the stream (seed, "device-spread", neuron); the hazard is sorted into 256
    /// classes of equal probability.
    ///
    /// # Errors
    /// As [`AnalogSynapses::new`]; [`NetworkError::Field`] for a spread out of range.
    pub fn random(
        size: LayerSize,
        parallel: f64,
        spread: &DeviceSpread,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        spread.first_fault()?;
        size.check_row()?;
        let LayerSize { neurons, lines, copies } = size;
        let rows = random_rows(size, parallel, &Streams::new(seed, "initial-states"));
        let streams = Streams::new(seed, "device-spread");
        let per_row = lines * usize::from(copies);
        // One row of devices at a time, in the order in which `new` asks for them.
        let devices: Vec<DeviceConductance> = (0..neurons)
            .into_par_iter()
            .flat_map_iter(|neuron| {
                let mut rng = streams.rng(neuron as u64);
                (0..per_row).map(move |_| spread.device(&mut rng)).collect::<Vec<_>>()
            })
            .collect();
        let largest = if spread.conductance == 0.0 && spread.step == 0.0 { 1.0 } else { 4.0 };
        let r = usize::from(copies);
        let (synapses, _) = Self::new(size, &rows, largest, |neuron, line, copy| {
            devices[neuron * per_row + line * r + copy]
        })?;
        Ok(synapses)
    }

    /// The same devices in other states: one bit per device, one byte per synapse, neuron-major.
    ///
    /// # Errors
    /// [`NetworkError::Length`] when there is not one byte per synapse, [`NetworkError::OutOfRange`] when a byte has bits
    /// beyond the devices of a synapse.
    pub fn with_states(mut self, states: &[u8]) -> Result<Self, NetworkError> {
        if states.len() != self.states.len() {
            return Err(NetworkError::Length {
                what: "the device states",
                found: states.len(),
                expected: self.states.len(),
                why: "neurons x lines",
            });
        }
        let r = usize::from(self.copies);
        for (synapse, (&new, old)) in states.iter().zip(&mut self.states).enumerate() {
            if r < 8 && new >> r != 0 {
                return Err(NetworkError::OutOfRange {
                    key: "device states",
                    value: new.to_string(),
                    expected: format!("{r} bits"),
                });
            }
            let mut change = 0;
            for device in 0..r {
                let step = i32::from(self.steps[synapse * r + device]);
                change += step * (i32::from(new >> device & 1) - i32::from(*old >> device & 1));
            }
            *old = new;
            self.mobile[synapse] = (new & !self.stuck[synapse]).count_ones() as u8;
            let tile = tile_index(self.lines, synapse / self.lines, synapse % self.lines);
            self.tiles[tile] += change as i16;
        }
        Ok(self)
    }

    fn drop_single_class(&mut self) {
        if self.classes.iter().all(|&c| c == 0) {
            self.classes = Vec::new();
        }
    }

    /// Sorts the devices into other classes.
    pub fn set_classes(&mut self, class: impl Fn(usize, usize, usize) -> u8) {
        let r = usize::from(self.copies);
        self.classes = (0..self.neurons * self.lines * r)
            .map(|device| class(device / r / self.lines, device / r % self.lines, device % r))
            .collect();
        self.drop_single_class();
    }

    /// Lets every write event also switch devices of all other rows, each with these probabilities (V > 0 switches AP -> P
    /// on driven lines, V < 0 switches P -> AP on the others).
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] unless both lie between 0 and 1.
    pub fn set_disturb(&mut self, potentiation: f64, depression: f64) -> Result<(), NetworkError> {
        for (key, p) in [("disturb.potentiation", potentiation), ("disturb.depression", depression)] {
            NetworkError::require((0.0..=1.0).contains(&p), key, p, "a probability between 0 and 1")?;
        }
        self.disturb = [depression, potentiation];
        Ok(())
    }

    /// Devices switched so far in rows that were not to be written.
    #[must_use]
    pub const fn disturbed(&self) -> u64 {
        self.disturbed
    }

    /// Gives every device new conductances (class and `stuck` are ignored) and keeps all states.
    ///
    /// Weights beyond the range chosen at [`AnalogSynapses::new`] are cut; returns how many.
    pub fn reconduct(&mut self, device: impl Fn(usize, usize, usize) -> DeviceConductance) -> usize {
        let r = usize::from(self.copies);
        let limit = f64::from(32_767 / 32 / i32::from(self.copies));
        let mut cut = 0;
        for neuron in 0..self.neurons {
            for line in 0..self.lines {
                let synapse = neuron * self.lines + line;
                let mut weight = 0;
                for copy in 0..r {
                    let found = device(neuron, line, copy);
                    let [low, high] = [found.antiparallel, found.antiparallel + found.step].map(|x| {
                        let scaled = libm::rint(x * f64::from(self.scale));
                        cut += usize::from(scaled.abs() > limit);
                        scaled.clamp(-limit, limit) as i32
                    });
                    self.steps[synapse * r + copy] = (high - low) as i16;
                    weight += if self.states[synapse] >> copy & 1 == 1 { high } else { low };
                }
                self.tiles[tile_index(self.lines, neuron, line)] = weight as i16;
            }
        }
        cut
    }

    /// Devices of other rows that an event switches: jumps from hit to hit among all devices, geometrically
    /// distributed with the larger probability, and thins.
    fn disturb_others(&mut self, neuron: usize, event: &WriteEvent<'_>, changes: &mut Vec<Change>) {
        let largest = self.disturb[0].max(self.disturb[1]);
        if largest <= 0.0 {
            return;
        }
        let log_miss = libm::log1p(-largest.min(1.0 - 1e-15));
        let r = usize::from(self.copies);
        let devices = self.states.len() * r;
        // The same stream as the row's own numbers, at positions beyond any line.
        let mut position = 1 << 30;
        let mut next = -1.0f64;
        loop {
            let block = event.streams.block(event.index, position);
            position += 1;
            let u = (f64::from(block[0]) + 0.5) / 4_294_967_296.0;
            next += 1.0 + libm::floor(libm::log(u) / log_miss);
            if next >= devices as f64 {
                break;
            }
            let device = next as usize;
            let (synapse, copy) = (device / r, device % r);
            let (other, line) = (synapse / self.lines, synapse % self.lines);
            let potentiation = event.active[line] != 0;
            let parallel = self.states[synapse] >> copy & 1 == 1;
            let share = self.disturb[usize::from(potentiation)] / largest;
            let accepted = f64::from(block[1]) < share * 4_294_967_296.0;
            if other == neuron
                || !accepted
                || parallel == potentiation
                || self.stuck[synapse] >> copy & 1 == 1
            {
                continue;
            }
            self.states[synapse] ^= 1 << copy;
            let step = i32::from(self.steps[device]);
            let amount = if potentiation { step } else { -step };
            self.tiles[tile_index(self.lines, other, line)] += amount as i16;
            self.mobile[synapse] =
                if potentiation { self.mobile[synapse] + 1 } else { self.mobile[synapse] - 1 };
            self.disturbed += 1;
            changes.push(Change { neuron: other as u32, line: line as u16, amount });
        }
    }

    /// Largest rounding error of one device's conductance, in units of the nominal step G_P - G_AP.
    #[must_use]
    pub fn quantisation(&self) -> f64 {
        0.5 / f64::from(self.scale)
    }

    /// Whether devices differ in how easily they switch.
    #[must_use]
    pub fn has_classes(&self) -> bool {
        !self.classes.is_empty()
    }
}

impl DeviceSpread {
    fn device(&self, rng: &mut impl rand::Rng) -> DeviceConductance {
        let factor = libm::exp(self.conductance * chance::standard_normal(rng));
        let step = factor * libm::exp(self.step * chance::standard_normal(rng));
        let class = if self.hazard > 0.0 { chance::below(CLASSES, rng) as u8 } else { 0 };
        DeviceConductance {
            antiparallel: (factor - 1.0) * self.antiparallel_per_step,
            step,
            class,
            stuck: chance::uniform(rng) < self.stuck,
        }
    }

    /// Switching probability of each class when the nominal device switches with probability `p`:
    /// `1 - (1 - p)^h` with `h` log-normal, at the middle of each class.
    #[must_use]
    pub fn class_probabilities(&self, p: f64) -> Vec<f64> {
        use statrs::distribution::{ContinuousCDF, Normal};
        let normal = Normal::standard();
        (0..CLASSES)
            .map(|class| {
                let middle = (class as f64 + 0.5) / CLASSES as f64;
                let hazard = libm::exp(self.hazard * normal.inverse_cdf(middle));
                -libm::expm1(hazard * libm::log1p(-p.min(1.0 - 1e-15)))
            })
            .collect()
    }
}

fn tile_index(lines: usize, neuron: usize, line: usize) -> usize {
    (neuron / TILE * lines + line) * TILE + neuron % TILE
}

impl Synapses for AnalogSynapses {
    type Sum = i32;

    const TILES: usize = 1;

    fn neurons(&self) -> usize {
        self.neurons
    }

    fn lines(&self) -> usize {
        self.lines
    }

    fn copies(&self) -> u8 {
        self.copies
    }

    fn unit(&self) -> f32 {
        self.scale as f32
    }

    fn score(&self, block: usize, batch: &Batch, sums: &mut [i32]) {
        running_sums::score_conductances(&self.tiles, self.lines, block, batch, sums);
    }

    fn write(
        &mut self,
        neuron: usize,
        event: &WriteEvent<'_>,
        changes: &mut Vec<Change>,
        switched: &mut Vec<(u16, u8)>,
    ) {
        let r = usize::from(self.copies);
        let range = neuron * self.lines..(neuron + 1) * self.lines;
        let drawn = self.writer.0.draw(&self.mobile[range], self.copies, event);
        changes.clear();
        switched.clear();
        for &(line, count) in drawn {
            let synapse = neuron * self.lines + usize::from(line);
            let potentiation = event.active[usize::from(line)] != 0;
            // Devices that the pulse can switch; stuck ones are drawn as if they could and then stay.
            let mut open = if potentiation {
                !self.states[synapse] | self.stuck[synapse]
            } else {
                self.states[synapse] & !self.stuck[synapse]
            };
            if r < 8 {
                open &= (1 << r) - 1;
            }
            let mut picker = Picker::new(event, line);
            let (mut change, mut flipped) = (0i32, 0u8);
            for _ in 0..count {
                let device = picker.take(&mut open);
                if self.stuck[synapse] >> device & 1 == 1 {
                    continue;
                }
                let accepted = self.classes.is_empty()
                    || picker.accept(
                        event.plasticity.acceptance(potentiation, self.classes[synapse * r + device]),
                    );
                if accepted {
                    self.states[synapse] ^= 1 << device;
                    change += i32::from(self.steps[synapse * r + device]);
                    flipped += 1;
                }
            }
            if flipped > 0 {
                let signed = if potentiation { change } else { -change };
                let weight = &mut self.tiles[tile_index(self.lines, neuron, usize::from(line))];
                *weight += signed as i16;
                let mobile = &mut self.mobile[synapse];
                *mobile = if potentiation { *mobile + flipped } else { *mobile - flipped };
                changes.push(Change { neuron: neuron as u32, line, amount: signed });
                switched.push((line, flipped));
            }
        }
        self.disturb_others(neuron, event, changes);
    }

    fn states(&self) -> Vec<u8> {
        self.states.clone()
    }

    fn row(&self, neuron: usize) -> Vec<u8> {
        self.states[neuron * self.lines..(neuron + 1) * self.lines]
            .iter()
            .map(|s| s.count_ones() as u8)
            .collect()
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

    fn accept(&mut self, threshold: u32) -> bool {
        threshold == u32::MAX || self.word() < threshold
    }
}
