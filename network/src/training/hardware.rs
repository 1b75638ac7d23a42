//! What stands under the synapses of a network: devices that differ, the pulses that write them, the array that wires them.

use std::sync::Arc;

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::{DeviceDraw, Fault, FaultsConfig, Variation};
use spinhebb_data::config::{Check, Faults};
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::population::{DeviceFactors, PopulationConfig};
use twox_hash::XxHash3_64;

use crate::error::NetworkError;
use crate::synapses::{LayerDevices, PackedTables, SynapticDevice};

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
    switch_alike: bool,
    only_read: bool,
    fingerprint: u64,
}

/// Adds what a network does not represent of `faults`.
pub fn check_faults(faults: &FaultsConfig, found: &mut Faults) {
    for (key, value) in [("read_noise", faults.read_noise), ("broken_segment", faults.broken_segment)] {
        let expected =
            "0 in a training: its reads have no noise and its lines no breaks; `circuit solve` has both";
        found.require(value == 0.0, key, value, expected);
    }
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

    /// A number that other devices, faults or arrays have with a chance of 2^-64; pulses do not count.
    #[must_use]
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
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
