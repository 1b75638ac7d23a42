//! What stands under the synapses of a network: devices that differ, the pulses that write them, the array that wires them.

use std::sync::Arc;

use spinhebb_circuit::array::config::{ArrayConfig, SubtractionKind};
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::{Contacts, DeviceDraw, Fault, FaultsConfig, TilePlace, Variation};
use spinhebb_circuit::operate::read::Converter;
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::population::{DeviceFactors, PopulationConfig};
use twox_hash::XxHash3_64;

use crate::error::NetworkError;
use crate::synapses::{
    AnalogSynapses, LayerDevices, OwnConductance, PackedTables, ReadChain, SynapticDevice, TileConverter,
};

/// Devices by which the common range of conductances is chosen.
const SAMPLED: usize = 4096;
/// Share of them that may lie beyond it.
const BEYOND: f64 = 1e-3;

/// The parts of a system that make its hardware.
#[derive(Debug, Clone, Copy)]
pub struct HardwareParts<'a> {
    /// How devices differ.
    pub population: &'a PopulationConfig,
    /// Which are broken.
    pub faults: &'a FaultsConfig,
    /// The array; on ideal lines only its access transistors and its size, over which gradients run, count.
    pub array: &'a ArrayConfig,
    /// Conductances of the nominal junction.
    pub transport: Transport,
    /// Seed of the run, which one of the population replaces.
    pub seed: u64,
}

/// The write pulses as voltages.
#[derive(Debug, Clone)]
pub struct DrivenPulses {
    /// Switching of the devices of the population, at the width of the pulses.
    pub tables: Arc<PackedTables>,
    /// Potentiation in V in each stage, above 0.
    pub potentiation_v: Vec<f64>,
    /// Depression in V in each stage, below 0.
    pub depression_v: Vec<f64>,
}

impl DrivenPulses {
    /// Depression and potentiation in a stage, in V.
    #[must_use]
    pub fn at(&self, stage: usize) -> [f64; 2] {
        [self.depression_v[stage], self.potentiation_v[stage]]
    }
}

/// Devices and array of a network.
#[derive(Debug, Clone)]
pub struct Hardware {
    variation: Variation,
    array: ArrayConfig,
    transport: Transport,
    faults: FaultsConfig,
    pulses: Option<DrivenPulses>,
    seed: u64,
    switch_alike: bool,
    conduct_alike: bool,
    only_read: bool,
    fingerprint: u64,
}

/// Adds what a network does not represent of `faults`.
pub fn check_faults(faults: &FaultsConfig, found: &mut Faults) {
    let value = faults.broken_segment;
    let expected = "0 in a training: its lines have no breaks; `circuit solve` has them";
    found.require(value == 0.0, "broken_segment", value, expected);
}

impl Hardware {
    /// Hardware of `parts`; `pulses` are wanted where devices differ in more than conductances and hazards, and on an array.
    ///
    /// # Errors
    /// A spread, fraction or correlation out of range; no pulses where they are wanted.
    pub fn new(parts: &HardwareParts<'_>, pulses: Option<DrivenPulses>) -> Result<Self, NetworkError> {
        NetworkError::require(
            pulses.is_some() || !parts.population.needs_tables(),
            "pulses",
            "probabilities",
            "voltages: devices that differ in their switching curves see them",
        )?;
        Self::made(parts, pulses, false)
    }

    /// Hardware of `parts` that is read, not written: a trained network needs no more.
    ///
    /// # Errors
    /// A spread, fraction or correlation out of range.
    pub fn to_be_read(parts: &HardwareParts<'_>) -> Result<Self, NetworkError> {
        Self::made(parts, None, true)
    }

    fn made(
        parts: &HardwareParts<'_>,
        pulses: Option<DrivenPulses>,
        only_read: bool,
    ) -> Result<Self, NetworkError> {
        let HardwareParts { population, faults, array, transport, seed } = *parts;
        NetworkError::first(|found| {
            found.within("array", |found| array.check(found));
            found.within("faults", |found| check_faults(faults, found));
        })?;
        let population = PopulationConfig { from: None, ..population.clone() };
        let all = format!("{population:?} {faults:?} {array:?} {transport:?} {seed}");
        Ok(Self {
            variation: Variation::new(&population, faults, seed)?,
            array: array.clone(),
            transport,
            faults: faults.clone(),
            pulses,
            seed,
            conduct_alike: population.is_uniform() && faults.stuck_open == 0.0 && faults.stuck_short == 0.0,
            switch_alike: !population.needs_tables() && population.hazard.is_none(),
            only_read,
            fingerprint: XxHash3_64::oneshot(all.as_bytes()),
        })
    }

    /// Refuses to write what is only read.
    pub(crate) fn check_written(&self) -> Result<(), NetworkError> {
        let expected = "hardware with pulses, to be trained further";
        NetworkError::require(!self.only_read, "hardware", "only read", expected)
    }

    /// Refuses an array without pulses, unless it is only read.
    pub(crate) fn check_only_read(&self) -> Result<(), NetworkError> {
        let expected = "voltages, with which an array is driven";
        NetworkError::require(self.only_read, "pulses", "probabilities", expected)
    }

    /// The array.
    #[must_use]
    pub const fn array(&self) -> &ArrayConfig {
        &self.array
    }

    /// Draws of the devices.
    #[must_use]
    pub const fn variation(&self) -> &Variation {
        &self.variation
    }

    /// Conductances of the nominal junction.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// The write pulses as voltages, where they are.
    #[must_use]
    pub const fn pulses(&self) -> Option<&DrivenPulses> {
        self.pulses.as_ref()
    }

    /// Whether all devices that can switch do so with the same probabilities at the same voltage.
    #[must_use]
    pub const fn switch_alike(&self) -> bool {
        self.switch_alike
    }

    /// Whether all devices in one state conduct alike.
    #[must_use]
    pub const fn conduct_alike(&self) -> bool {
        self.conduct_alike
    }

    /// Lets the reads of `synapses`, networks of a field with the seed `seed`, be as this hardware makes them: noise, disturb, and where
    /// `converted` the converters of the array.
    ///
    /// # Errors
    /// Converters of paired dendrites.
    pub(crate) fn read_by(
        &self,
        synapses: &mut AnalogSynapses,
        converted: bool,
        seed: u64,
    ) -> Result<(), NetworkError> {
        let [p, ap] = self.nominal();
        let antiparallel = ap / (p - ap);
        let converter = if converted { Some(self.converter(antiparallel)?) } else { None };
        let noise = self.faults.read_noise;
        if noise > 0.0 || converter.is_some() {
            let streams = Streams::new(seed, "read-noise");
            synapses.read_through(ReadChain { noise, antiparallel, converter, streams });
        }
        if let Some(pulses) = self.pulses.as_ref().filter(|_| self.knows_read_disturb()) {
            let (volts, time) = (self.array.read_voltage.si(), self.array.read_time.si());
            let streams = Streams::new(seed, "read-disturb");
            synapses.disturb_by_reads((volts, time, pulses.tables.width_s()), streams);
        }
        Ok(())
    }

    /// Whether the table of the nominal device reaches down to the read voltage: below its first counted cell it only extrapolates,
    /// and reads are then taken to switch nothing.
    #[must_use]
    pub fn knows_read_disturb(&self) -> bool {
        let volts = self.array.read_voltage.si();
        self.pulses.as_ref().is_some_and(|pulses| {
            let table = pulses.tables.exact().nominal_table();
            table
                .probability(volts, pulses.tables.width_s(), State::AntiParallel)
                .is_ok_and(|found| !found.is_extrapolated())
        })
    }

    /// The converter of each dendrite of a tile, in units of the step of the nominal device at the read voltage.
    fn converter(&self, antiparallel: f64) -> Result<TileConverter, NetworkError> {
        let subtracted = match self.array.subtraction {
            SubtractionKind::None => 0.0,
            SubtractionKind::ReferenceColumn => antiparallel + 0.5,
            SubtractionKind::Pairs => {
                return Err(NetworkError::OutOfRange {
                    key: "array.subtraction",
                    value: "pairs".into(),
                    expected: "\"none\" or \"reference-column\" where each dendrite has a neuron".into(),
                });
            }
        };
        let [p, ap] = [State::Parallel, State::AntiParallel].map(|s| self.transport.conductance(s, 0.0));
        let step = (p - ap) * self.array.read_voltage.si();
        let Converter { bits, full_scale_amperes, offset_amperes } = self.array.converter(self.transport);
        let converter = Converter {
            bits,
            full_scale_amperes: full_scale_amperes / step,
            offset_amperes: offset_amperes / step,
        };
        Ok(TileConverter { converter, inputs: self.array.inputs, subtracted })
    }

    /// What a device conducts by itself.
    #[must_use]
    pub fn own(&self, draw: &DeviceDraw) -> OwnConductance {
        match draw.fault {
            Some(Fault::Open) => OwnConductance { parallel_s: 0.0, tmr: 0.0 },
            Some(Fault::Short) => OwnConductance { parallel_s: 1.0 / self.faults.short.si(), tmr: 0.0 },
            Some(Fault::StuckState) | None => {
                let Transport { parallel_s, tmr, .. } = draw.transport(self.transport);
                OwnConductance { parallel_s, tmr }
            }
        }
    }

    /// Supplies and contacts of the tile at `place` among those of a layer whose first dendrite is number `first`; `None` where all
    /// lines are alike.
    #[must_use]
    pub fn contacts(&self, first: usize, place: &TilePlace) -> Option<Contacts> {
        let outputs = first + place.outputs.start..first + place.outputs.end;
        Contacts::draw(&self.array, self.seed, &TilePlace { inputs: place.inputs.clone(), outputs })
    }

    /// Whether every selected device sees what its driver gives, and no other sees anything.
    #[must_use]
    pub fn lines_are_ideal(&self) -> bool {
        let ArrayConfig { word_wire, bit_wire, write_driver, access, contact_spread, .. } = &self.array;
        self.array.scheme == WriteScheme::CutOff
            && self.array.supply_spread == 0.0
            && self.array.verify == 0
            && [word_wire, bit_wire, write_driver, access, contact_spread].iter().all(|ohm| ohm.si() == 0.0)
    }

    /// A number that other devices, faults or arrays have with a chance of 2^-64; pulses do not count.
    #[must_use]
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// A number that other pulses or switching tables have with a chance of 2^-64; 0 where there are none.
    #[must_use]
    pub fn pulses_fingerprint(&self) -> u64 {
        self.pulses.as_ref().map_or(0, |DrivenPulses { tables, potentiation_v, depression_v }| {
            let all = format!("{} {potentiation_v:?} {depression_v:?}", tables.fingerprint());
            XxHash3_64::oneshot(all.as_bytes())
        })
    }

    /// Whether it is read, not written.
    #[must_use]
    pub const fn is_only_read(&self) -> bool {
        self.only_read
    }

    /// The device of word line `input` (of all tiles) and dendrite `output`.
    #[must_use]
    pub fn draw(&self, input: usize, output: usize) -> DeviceDraw {
        self.variation.device(input, output, self.array.inputs, self.array.outputs)
    }

    /// Conductance in S of a device behind its access transistor, at zero bias, where all laws of cells agree.
    #[must_use]
    pub fn conductance(&self, draw: &DeviceDraw, state: State) -> f64 {
        let siemens = match draw.fault {
            Some(Fault::Open) => return 0.0,
            Some(Fault::Short) => 1.0 / self.faults.short.si(),
            Some(Fault::StuckState) | None => {
                draw.transport(self.transport).conductance_at(state.cosine(), 0.0)
            }
        };
        siemens / (1.0 + self.array.access.si() * siemens)
    }

    /// Conductances in S of the nominal device behind its access transistor: parallel, anti-parallel.
    #[must_use]
    pub fn nominal(&self) -> [f64; 2] {
        [State::Parallel, State::AntiParallel].map(|state| self.conductance(&DeviceDraw::NOMINAL, state))
    }

    /// A drawn device as the synapses hold it.
    #[must_use]
    pub fn synaptic(&self, draw: &DeviceDraw) -> SynapticDevice {
        let [p, ap] = self.nominal();
        let [own_p, own_ap] =
            [State::Parallel, State::AntiParallel].map(|state| self.conductance(draw, state));
        let stuck = draw.fault.is_some();
        // A device that never switches needs no table.
        let factors = if stuck { DeviceFactors::NOMINAL } else { draw.factors };
        SynapticDevice {
            antiparallel: (own_ap - ap) / (p - ap),
            step: (own_p - own_ap) / (p - ap),
            stuck,
            factors,
        }
    }

    /// The devices of a dendrite, line after line, `copies` side by side.
    #[must_use]
    pub fn row(&self, output: usize, lines: usize, copies: usize) -> Vec<SynapticDevice> {
        (0..lines * copies).map(|input| self.synaptic(&self.draw(input, output))).collect()
    }

    /// The devices of a layer whose neurons have the dendrites from `first` on.
    pub(crate) fn of_layer<'a>(
        &self,
        row: &'a (dyn Fn(usize) -> Vec<SynapticDevice> + Sync),
        first: usize,
    ) -> LayerDevices<'a> {
        LayerDevices {
            range: self.range(first),
            tables: self.pulses.as_ref().map(|p| Arc::clone(&p.tables)),
            row,
        }
    }

    /// The smallest of 1, 2, 4, 8, 16 nominal steps beyond which few devices lie.
    fn range(&self, first: usize) -> f64 {
        let mut largest: Vec<f64> = (0..SAMPLED)
            .map(|k| {
                let device = self.synaptic(&self.draw(k, first));
                device.antiparallel.abs().max((device.antiparallel + device.step).abs())
            })
            .collect();
        largest.sort_by(f64::total_cmp);
        let most = largest[((1.0 - BEYOND) * (SAMPLED - 1) as f64) as usize];
        // Rounding of the nominal device is no reason for a wider range.
        [1.0, 2.0, 4.0, 8.0].into_iter().find(|range| most <= range * (1.0 + 1e-9)).unwrap_or(16.0)
    }
}
