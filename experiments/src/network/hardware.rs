//! The hardware of a network as a system describes it.

use std::sync::Arc;

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::config::Faults;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::PopulationConfig;
use spinhebb_device::switching::table_config::TableConfig;
use spinhebb_network::training::config::{NetworkConfig, SynapseModel};
use spinhebb_network::training::hardware::{Hardware, HardwareParts, check_faults};

use super::pulses::{self, Voltages, WritePulses, write_pulses};
use crate::device::check_method;
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};

/// The parts of a system that a trained network's synapses are made of.
#[derive(Clone, Copy)]
pub(super) struct ReadParts<'a> {
    pub(super) device: &'a MtjConfig,
    pub(super) population: &'a PopulationConfig,
    pub(super) faults: &'a FaultsConfig,
    pub(super) array: &'a ArrayConfig,
}

impl ReadParts<'_> {
    fn parts(&self, seed: u64) -> Result<HardwareParts<'_>, ExperimentError> {
        Ok(HardwareParts {
            population: self.population,
            faults: self.faults,
            array: self.array,
            transport: Junction::new(self.device)?.barrier().transport,
            seed,
        })
    }

    /// The hardware of a trained network, to be read.
    ///
    /// # Errors
    /// The device does not resolve.
    pub(super) fn hardware(&self, seed: u64) -> Result<Arc<Hardware>, ExperimentError> {
        Ok(Arc::new(Hardware::to_be_read(&self.parts(seed)?)?))
    }

    /// The parts as a layer of a system, complete: names of files are gone, what they stood for stays.
    ///
    /// # Errors
    /// Never: parts that were read can be written.
    pub(super) fn text(&self) -> Result<String, ExperimentError> {
        #[derive(serde::Serialize)]
        struct Layer {
            device: MtjConfig,
            population: PopulationConfig,
            faults: FaultsConfig,
            array: ArrayConfig,
        }
        let layer = Layer {
            device: MtjConfig { from: Some("none".to_string()), ..self.device.clone() },
            population: PopulationConfig { from: None, ..self.population.clone() },
            faults: self.faults.clone(),
            array: self.array.clone(),
        };
        Ok(spinhebb_data::config::render(&layer)?)
    }
}

/// The parts of a system that synapses are made of.
#[derive(Clone, Copy)]
pub(super) struct SynapseParts<'a> {
    pub(super) device: &'a MtjConfig,
    pub(super) population: &'a PopulationConfig,
    pub(super) faults: &'a FaultsConfig,
    pub(super) table: &'a TableConfig,
    pub(super) pulses: &'a PulsesConfig,
    pub(super) array: &'a ArrayConfig,
    pub(super) network: &'a NetworkConfig,
    /// Whether pulses written as probabilities become voltages in equal steps.
    pub(super) in_steps: bool,
}

impl SynapseParts<'_> {
    const fn read(&self) -> ReadParts<'_> {
        ReadParts { device: self.device, population: self.population, faults: self.faults, array: self.array }
    }

    /// As [`ReadParts::text`].
    ///
    /// # Errors
    /// Never: parts that were read can be written.
    pub(super) fn text(&self) -> Result<String, ExperimentError> {
        self.read().text()
    }

    fn voltages(&self) -> Voltages {
        match (self.in_steps, self.network.synapses) {
            (true, _) => Voltages::Steps,
            (false, SynapseModel::Array) => Voltages::Always,
            (false, SynapseModel::Devices) if self.population.needs_tables() => Voltages::Always,
            (false, _) => Voltages::AsWritten,
        }
    }

    /// Adds what is wrong beyond each part's own check.
    pub(super) fn check(&self, faults: &mut Faults) {
        let voltages = self.voltages();
        pulses::check(self.pulses, self.network.stages, voltages, faults);
        if voltages != Voltages::AsWritten {
            check_method(self.table, self.device, faults);
            faults.within("array", |faults| self.array.check_tile(faults));
        }
        if self.network.synapses != SynapseModel::Ideal {
            faults.within("faults", |faults| check_faults(self.faults, faults));
        }
    }

    /// The pulses, and the hardware under synapses that are not ideal.
    ///
    /// # Errors
    /// The device has no table or it does not reach the pulses.
    pub(super) fn prepare(
        &self,
        outcome: &mut Outcome,
        context: &Context,
    ) -> Result<(WritePulses, Option<Arc<Hardware>>), ExperimentError> {
        let ideal = self.network.synapses == SynapseModel::Ideal;
        // Devices that are all alike need the table of the nominal one alone.
        let alike = PopulationConfig::default();
        let population = if ideal { &alike } else { self.population };
        let asked = (self.network.stages, self.voltages());
        let written =
            write_pulses((self.device, self.table, population), self.pulses, asked, outcome, context)?;
        if written.tabulated.is_none() && self.table.from.is_some() {
            outcome.warn("`table.from` is not read: pulses written as probabilities need no table here");
        }
        if ideal {
            let nothing_broken =
                *self.faults == FaultsConfig { short: self.faults.short, ..FaultsConfig::default() };
            if !self.population.is_uniform() || !nothing_broken {
                outcome.warn(
                    "[population] and [faults] do not count: `network.synapses` is \"ideal\"; \"devices\" and \"array\" have them",
                );
            }
            return Ok((written, None));
        }
        let hardware = self.hardware(written.tabulated.as_ref(), context.seed())?;
        Ok((written, hardware))
    }

    /// The hardware with devices of `seed` under synapses that are not ideal, written by the voltages of `pulses`, where they are.
    ///
    /// # Errors
    /// The device does not resolve.
    pub(super) fn hardware(
        &self,
        pulses: Option<&pulses::Tabulated>,
        seed: u64,
    ) -> Result<Option<Arc<Hardware>>, ExperimentError> {
        if self.network.synapses == SynapseModel::Ideal {
            return Ok(None);
        }
        let (read, driven) = (self.read(), pulses.map(pulses::Tabulated::driven));
        let parts = read.parts(seed)?;
        Ok(Some(Arc::new(Hardware::new(&parts, driven)?)))
    }
}
