//! Synapses in which every device has its own conductances and its own switching law.
//!
//! # Formula
//! The current of an active line is `sum over devices of (G - G_AP0) / (G_P0 - G_AP0)`, each device rounded to an
//! integer multiple of `1/Q`; sums are integers, hence exact in any order. `Q` is the largest power of two for which
//! 32 additions fit 16 bits; the error of a device is at most `1/(2 Q)` of the nominal step. Devices beyond the range that
//! fits are kept exactly in a list beside.

use std::sync::Arc;

use super::array_event::Written;
use super::array_writer::{ArrayParts, ArrayWriter};
use super::counts::{Writer, random_rows};
use super::outliers::{Outlier, Outliers};
use super::packed_devices::PackedDevices;
use super::packed_tables::PackedTables;
use super::read_chain::ReadChain;
use super::read_disturb::ReadDisturb;
use super::{
    Batch, Change, LayerSize, ReadEvent, RowWriter, Synapses, TILE, WriteEvent, WriteTally, running_sums,
};
use crate::error::NetworkError;
use rayon::prelude::*;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::population::DeviceFactors;

/// Largest share of devices beyond the common range of conductances.
pub const MOST_OUTLYING: f64 = 0.01;
/// Largest share of devices beyond what tables hold, which stand at the edge instead.
pub const MOST_CLIPPED: f64 = 1e-4;
/// Rows of devices that are prepared at once.
const AT_ONCE: usize = 64;

/// Synapses in which every device has its own conductances and its own switching law.
#[derive(Debug, Clone)]
pub struct AnalogSynapses {
    pub(super) neurons: usize,
    pub(super) lines: usize,
    pub(super) copies: u8,
    scale: i32,
    /// `tiles[(tile * lines + line) * TILE + lane]`: weight of a synapse in units of `1/scale`.
    pub(super) tiles: Vec<i16>,
    /// States of the devices of a synapse, bit `c` = device `c` is P; neuron-major.
    pub(super) states: Vec<u8>,
    /// Number of devices that are P and not stuck; neuron-major.
    pub(super) mobile: Vec<u8>,
    /// Devices that never switch, bit per device; neuron-major.
    pub(super) stuck: Vec<u8>,
    /// Step from AP to P of each device, `[(neuron * lines + line) * copies + device]`, in units of `1/scale`.
    pub(super) steps: Vec<i16>,
    pub(super) outliers: Outliers,
    /// How each device switches.
    pub(super) devices: PackedDevices,
    /// The array that write events are solved on.
    pub(super) array: Option<Box<ArrayWriter>>,
    /// Noise and converters of reads.
    chain: Option<ReadChain>,
    /// What reads do to the devices.
    pub(super) read_disturb: Option<ReadDisturb>,
    pub(super) writer: Writer,
    /// Random numbers of a row's devices.
    pub(super) words: Vec<u32>,
}

/// One device: conductances in units of the nominal step G_P - G_AP above the nominal G_AP, and what its switching follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SynapticDevice {
    /// `(G_AP - G_AP0) / (G_P0 - G_AP0)`.
    pub antiparallel: f64,
    /// `(G_P - G_AP) / (G_P0 - G_AP0)`.
    pub step: f64,
    /// Whether the device never switches.
    pub stuck: bool,
    /// Its parameters over the nominal ones.
    pub factors: DeviceFactors,
}

impl SynapticDevice {
    /// The nominal device.
    pub const NOMINAL: Self =
        Self { antiparallel: 0.0, step: 1.0, stuck: false, factors: DeviceFactors::NOMINAL };
}

/// The devices of a layer.
pub struct LayerDevices<'a> {
    /// Largest weight of a device in units of the nominal step that is packed, 1 to 16.
    pub range: f64,
    /// Tables of the population, where devices differ in more than their hazards.
    pub tables: Option<Arc<PackedTables>>,
    /// The devices of a neuron, line after line, copies side by side.
    pub row: &'a (dyn Fn(usize) -> Vec<SynapticDevice> + Sync),
}

impl AnalogSynapses {
    /// Synapses with the states `rows` (number of P devices, the first ones).
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] or [`NetworkError::Length`] when the numbers do not fit together, or more than
    /// [`MOST_OUTLYING`] of the devices lie beyond the range, or more than [`MOST_CLIPPED`] beyond the tables.
    pub fn new(size: LayerSize, rows: &[u8], devices: &LayerDevices<'_>) -> Result<Self, NetworkError> {
        size.check(rows)?;
        let LayerSize { neurons, lines, copies } = size;
        let range = devices.range;
        NetworkError::require(
            (1.0..=16.0).contains(&range),
            "range",
            range,
            "between 1 and 16 nominal steps",
        )?;
        let r = usize::from(copies);
        // 32 * scale * range * copies <= 32767.
        let room = 32_767.0 / (32.0 * range * f64::from(copies));
        let scale = 1i32 << (room.log2().floor() as u32).min(10);
        let mut synapses = Self {
            neurons,
            lines,
            copies,
            scale,
            tiles: vec![0; neurons.div_ceil(TILE) * lines * TILE],
            states: rows.iter().map(|&count| low_bits(count)).collect(),
            mobile: vec![0; neurons * lines],
            stuck: vec![0; neurons * lines],
            steps: vec![0; neurons * lines * r],
            outliers: Outliers::default(),
            devices: PackedDevices::new(devices.tables.clone()),
            array: None,
            chain: None,
            read_disturb: None,
            writer: Writer(RowWriter::new(lines)),
            words: vec![0; lines * r],
        };
        synapses.for_each_row(devices.row, |synapses, neuron, row| {
            for (k, device) in row.iter().enumerate() {
                synapses.stuck[neuron * lines + k / r] |= u8::from(device.stuck) << (k % r);
                synapses.devices.push(&device.factors);
            }
            for line in 0..lines {
                let synapse = neuron * lines + line;
                synapses.mobile[synapse] =
                    (synapses.states[synapse] & !synapses.stuck[synapse]).count_ones() as u8;
            }
            synapses.conduct(neuron, row.iter().map(|device| (device.antiparallel, device.step)));
        });
        synapses.devices.settle();
        synapses.check_outlying()?;
        let clipped = synapses.devices.clipped() as f64 / synapses.steps.len() as f64;
        let expected = format!(
            "at most {MOST_CLIPPED} of the devices beyond the tables of their population: smaller spreads, or another \
             distribution"
        );
        NetworkError::require(clipped <= MOST_CLIPPED, "population", clipped, &expected)?;
        Ok(synapses)
    }

    /// Synapses in random states, each device P with probability `parallel`, which are those of
    /// [`super::CountSynapses::random`] for the same seed.
    ///
    /// # Errors
    /// As [`AnalogSynapses::new`].
    pub fn random(
        size: LayerSize,
        parallel: f64,
        seed: u64,
        devices: &LayerDevices<'_>,
    ) -> Result<Self, NetworkError> {
        size.check_row()?;
        let rows = random_rows(size, parallel, &Streams::new(seed, "initial-states"));
        Self::new(size, &rows, devices)
    }

    /// Hands the rows of `row` to `take`, prepared side by side and taken in order.
    fn for_each_row<T: Send>(
        &mut self,
        row: &(dyn Fn(usize) -> Vec<T> + Sync),
        mut take: impl FnMut(&mut Self, usize, Vec<T>),
    ) {
        for first in (0..self.neurons).step_by(AT_ONCE) {
            let some: Vec<Vec<T>> =
                (first..(first + AT_ONCE).min(self.neurons)).into_par_iter().map(row).collect();
            for (neuron, row) in (first..).zip(some) {
                take(self, neuron, row);
            }
        }
    }

    /// Gives the devices of a row their conductances, (AP above the nominal AP, step); rows follow each other.
    fn conduct(&mut self, neuron: usize, devices: impl Iterator<Item = (f64, f64)>) {
        let r = usize::from(self.copies);
        let limit = 32_767 / 32 / i32::from(self.copies);
        let quantise = |x: f64| libm::rint(x * f64::from(self.scale)).clamp(-1e9, 1e9) as i32;
        let first = neuron * self.lines * r;
        for (k, (antiparallel, step)) in devices.enumerate() {
            let (device, synapse, copy) = (first + k, neuron * self.lines + k / r, k % r);
            let weights = [quantise(antiparallel), quantise(antiparallel + step)];
            let parallel = self.states[synapse] >> copy & 1 == 1;
            let tile = &mut self.tiles[tile_index(self.lines, neuron, k / r)];
            if copy == 0 {
                *tile = 0;
            }
            if weights.iter().all(|weight| weight.abs() <= limit) {
                self.steps[device] = (weights[1] - weights[0]) as i16;
                *tile += weights[usize::from(parallel)] as i16;
            } else {
                self.steps[device] = 0;
                self.outliers.push(Outlier { device: device as u32, weights, parallel });
            }
        }
    }

    fn check_outlying(&self) -> Result<(), NetworkError> {
        let share = self.outliers.len() as f64 / self.steps.len() as f64;
        let expected = format!(
            "at most {MOST_OUTLYING} of the devices beyond the common range of conductances: fewer broken-down barriers, or \
             smaller spreads of conductance"
        );
        NetworkError::require(share <= MOST_OUTLYING, "faults.stuck_short and population", share, &expected)
    }

    /// Gives every device new conductances, those of the neuron's devices as `row` says, (AP above the nominal AP, step), and
    /// keeps all states.
    ///
    /// # Errors
    /// More than [`MOST_OUTLYING`] of the devices lie beyond the range.
    pub fn reconduct(&mut self, row: &(dyn Fn(usize) -> Vec<(f64, f64)> + Sync)) -> Result<(), NetworkError> {
        self.outliers = Outliers::default();
        self.for_each_row(row, |synapses, neuron, row| synapses.conduct(neuron, row.into_iter()));
        self.check_outlying()
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
        for (synapse, &new) in states.iter().enumerate() {
            if r < 8 && new >> r != 0 {
                return Err(NetworkError::OutOfRange {
                    key: "device states",
                    value: new.to_string(),
                    expected: format!("{r} bits"),
                });
            }
            let mut different = new ^ self.states[synapse];
            while different != 0 {
                self.flip(synapse, different.trailing_zeros() as usize);
                different &= different - 1;
            }
            self.mobile[synapse] = (new & !self.stuck[synapse]).count_ones() as u8;
        }
        Ok(self)
    }

    /// Puts a device into its other state; returns by how much the weight of its synapse rises, in units of the sums.
    pub(super) fn flip(&mut self, synapse: usize, copy: usize) -> i32 {
        self.states[synapse] ^= 1 << copy;
        let parallel = self.states[synapse] >> copy & 1 == 1;
        let device = synapse * usize::from(self.copies) + copy;
        let (neuron, line) = (synapse / self.lines, synapse % self.lines);
        let step = i32::from(self.steps[device]);
        let packed = if parallel { step } else { -step };
        self.tiles[tile_index(self.lines, neuron, line)] += packed as i16;
        // Only devices without a packed step may be in the list.
        if step != 0 {
            return packed;
        }
        self.outliers.set(device, parallel).map_or(0, |step| if parallel { step } else { -step })
    }

    /// Puts the devices on an array, on which write events are solved from now on.
    ///
    /// # Errors
    /// A faulty array.
    pub fn put_on(&mut self, parts: &ArrayParts<'_>) -> Result<(), NetworkError> {
        let array = ArrayWriter::new(parts, self.size(), &self.states, &self.devices)?;
        self.array = Some(Box::new(array));
        Ok(())
    }

    /// Takes the devices off their array: events then see the full voltages.
    pub fn take_off(&mut self) {
        self.array = None;
    }

    /// Reads pass `chain` from now on.
    pub fn read_through(&mut self, chain: ReadChain) {
        self.chain = Some(chain);
    }

    /// Puts device number `input` of a neuron into its other state, in the weights and on the array; by how much the weight rises.
    pub(super) fn switch_device(&mut self, neuron: usize, input: usize) -> i32 {
        let r = usize::from(self.copies);
        let synapse = neuron * self.lines + input / r;
        let amount = self.flip(synapse, input % r);
        let parallel = self.states[synapse] >> (input % r) & 1 == 1;
        self.mobile[synapse] = if parallel { self.mobile[synapse] + 1 } else { self.mobile[synapse] - 1 };
        if let Some(array) = &mut self.array {
            array.set_device((neuron, input), parallel);
        }
        amount
    }

    /// Whether write events are solved on an array.
    #[must_use]
    pub const fn is_on_array(&self) -> bool {
        self.array.is_some()
    }

    /// What write events on the array have done since the last time.
    ///
    /// # Errors
    /// One of them could not be solved.
    pub fn take_tally(&mut self) -> Result<WriteTally, NetworkError> {
        let Some(array) = &mut self.array else { return Ok(WriteTally::default()) };
        let (tally, failed) = array.take_tally();
        failed.map_or(Ok(tally), |error| Err(error.into()))
    }

    /// Neurons, lines and copies.
    #[must_use]
    pub const fn size(&self) -> LayerSize {
        LayerSize { neurons: self.neurons, lines: self.lines, copies: self.copies }
    }

    /// How the devices switch.
    #[must_use]
    pub const fn devices(&self) -> &PackedDevices {
        &self.devices
    }

    /// Devices whose conductance is kept beside the packed ones.
    #[must_use]
    pub fn outlying(&self) -> usize {
        self.outliers.len()
    }

    /// Whether the device never switches.
    #[must_use]
    pub fn is_stuck(&self, synapse: usize, copy: usize) -> bool {
        self.stuck[synapse] >> copy & 1 == 1
    }

    /// Largest rounding error of one device's conductance, in units of the nominal step G_P - G_AP.
    #[must_use]
    pub fn quantisation(&self) -> f64 {
        0.5 / f64::from(self.scale)
    }
}

/// The lowest `count` bits.
const fn low_bits(count: u8) -> u8 {
    if count >= 8 { u8::MAX } else { (1 << count) - 1 }
}

pub(super) const fn tile_index(lines: usize, neuron: usize, line: usize) -> usize {
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
        let r = usize::from(self.copies);
        let converter = self.chain.as_ref().and_then(|chain| Some((chain, chain.converter.as_ref()?)));
        match converter {
            None => running_sums::score_conductances(&self.tiles, self.lines, block, batch, sums),
            Some((chain, tiles)) => {
                let own = &self.tiles[block * self.lines * TILE..(block + 1) * self.lines * TILE];
                chain.convert(tiles, (own, f64::from(self.scale)), self.size(), batch, sums);
            }
        }
        self.outliers.score(block, (self.lines * r, r), batch, sums);
        if let Some(chain) = &self.chain {
            let scale = f64::from(self.scale);
            for (image, sums) in sums.chunks_mut(TILE).enumerate().take(batch.len()) {
                let driven = batch.lines(image).len() * r;
                for (lane, sum) in sums.iter_mut().enumerate() {
                    *sum = chain.noisy(*sum, (block * TILE + lane, batch.read(image)), driven, scale);
                }
            }
        }
    }

    fn differs_by_read(&self) -> bool {
        self.chain.is_some()
    }

    fn disturb_by_read(&mut self, read: &ReadEvent<'_>, changes: &mut Vec<Change>) {
        changes.clear();
        self.read_disturb(read, changes);
    }

    fn write(
        &mut self,
        neuron: usize,
        event: &WriteEvent<'_>,
        changes: &mut Vec<Change>,
        switched: &mut Vec<(u16, u8)>,
    ) {
        changes.clear();
        switched.clear();
        match event.plasticity.own() {
            None => self.write_alike(neuron, event, changes, switched),
            Some(pulses) => match self.array.take() {
                None => self.write_own(neuron, event, pulses, changes, switched),
                Some(mut array) => {
                    let mut written = Written { changes, switched, followed: [0; 2] };
                    self.write_on_array(&mut array, (neuron, event), pulses, &mut written);
                    self.array = Some(array);
                }
            },
        }
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
