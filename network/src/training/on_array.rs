//! Training on an array: reads with the effective conductances of solved tiles, writes with the voltages that cells see.
//!
//! A column of the same array gives the reference that is subtracted. Effective conductances and write voltages are solved
//! anew after every so many images, as the devices' states change both.

use crate::encoding::{Encoder, Images};
use crate::error::NetworkError;
use crate::rules::chance;
use crate::synapses::{AnalogSynapses, DeviceSpread, LayerSize, LayerState, Synapses};
use crate::training::config::SynapseModel;
use crate::training::crossbar::{Crossbar, WriteVoltages};
use crate::training::recipe::Recipe;
use crate::training::trainer::{Seeds, Setting, Trainer};
use spinhebb_circuit::operate::tile::TiledMap;
use spinhebb_circuit::operate::write::SwitchingLookup;
use spinhebb_data::config::Check;
use spinhebb_data::random_stream::Streams;

/// What the array does to its devices at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArrayLoss {
    /// Images shown before.
    pub images: u64,
    /// Mean ratio of effective to own nominal conductance in a read.
    pub read_ratio: f64,
    /// Smallest and largest fraction of the drivers' voltage that cells see in a write.
    pub write_fraction: (f64, f64),
}

/// A network in training on its array.
#[derive(Debug)]
pub struct ArrayTrainer<'a, L> {
    trainer: Trainer<AnalogSynapses>,
    crossbar: Crossbar,
    lookup: &'a L,
    devices: Vec<Device>,
    hazard: f64,
    voltages: WriteVoltages,
    refresh: u64,
    losses: Vec<ArrayLoss>,
}

/// How one device differs from the nominal one.
#[derive(Debug, Clone, Copy)]
struct Device {
    /// Conductances over nominal ones.
    factor: f64,
    /// Which of 16 classes of hazard it belongs to.
    hazard: u8,
}

impl<'a, L: SwitchingLookup + Sync> ArrayTrainer<'a, L> {
    /// An untrained network; `lookup` is the nominal device's switching probability.
    ///
    /// # Errors
    /// [`NetworkError`] when recipe, array and images do not fit together or the circuit layer refuses.
    pub fn new(
        recipe: &Recipe,
        crossbar: Crossbar,
        lookup: &'a L,
        images: &Images<'_>,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        recipe.first_fault()?;
        let config = &recipe.network;
        NetworkError::require(
            config.synapses == SynapseModel::Array,
            "synapses",
            format!("{:?}", config.synapses),
            "\"array\"",
        )?;
        let spread = config.spread.unwrap_or_default();
        let (width, height) = images.size();
        let encoder = Encoder::new(&config.encoding, width, height)?;
        let (lines, r) = (encoder.lines(), usize::from(config.copies));
        let ideal = DeviceSpread::default();
        let synapses = AnalogSynapses::random(
            LayerSize { neurons: config.neurons, lines, copies: config.copies },
            config.initial_parallel,
            &ideal,
            seed,
        )?;
        let voltages = crossbar.write_voltages(&synapses, lookup, seed)?;
        let draws = Streams::new(seed, "array-devices");
        let devices = (0..config.neurons)
            .flat_map(|neuron| {
                let mut rng = draws.rng(neuron as u64);
                (0..lines * r)
                    .map(|_| Device {
                        factor: libm::exp(spread.conductance * chance::standard_normal(&mut rng)),
                        hazard: chance::below(16, &mut rng) as u8,
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        let seeds = Seeds::of_field(seed, 0);
        let setting = Setting { plasticity: recipe.plasticity(), encoder, images: images.len(), seeds };
        let trainer = Trainer::new(recipe, synapses, setting)?;
        let (hazard, refresh) = (spread.hazard, config.refresh);
        Ok(Self { trainer, crossbar, lookup, devices, hazard, voltages, refresh, losses: Vec::new() })
    }

    /// Tiles with the devices in their present states.
    ///
    /// # Errors
    /// As [`Crossbar::map`].
    pub fn map(&self) -> Result<TiledMap, NetworkError> {
        let synapses = self.trainer.layer().synapses();
        let factors: Vec<f64> = self.devices.iter().map(|device| device.factor).collect();
        self.crossbar.map_varied(synapses, &factors)
    }

    /// Shows up to `count` further images and learns from them, renewing conductances and write voltages on the way.
    ///
    /// # Errors
    /// As [`Trainer::advance`], [`Crossbar::map`] and [`Crossbar::write_voltages`].
    pub fn advance(&mut self, images: &Images<'_>, count: u64) -> Result<(), NetworkError> {
        let end = self.trainer.total().min(self.trainer.shown().saturating_add(count));
        while self.trainer.shown() < end {
            self.renew()?;
            let step = self.refresh.min(end - self.trainer.shown());
            self.trainer.advance(images, step)?;
        }
        self.renew()
    }

    /// Solves the array in its present states, unless that was done after the same image.
    fn renew(&mut self) -> Result<(), NetworkError> {
        let (images, seed) = (self.trainer.shown(), self.trainer.seeds().devices);
        if self.losses.last().is_some_and(|loss| loss.images == images) {
            return Ok(());
        }
        let map = self.map()?;
        let gain = self.trainer.recipe().network.gain.at(0, 1);
        let synapses = self.trainer.layer_mut().synapses_mut();
        let read_ratio = self.crossbar.apply(&map, synapses, true);
        let voltages = self.crossbar.write_voltages(synapses, self.lookup, seed)?;
        let (lines, r) = (synapses.lines(), usize::from(synapses.copies()));
        synapses.set_classes(|neuron, line, copy| {
            let class = voltages.class(line * r + copy, neuron);
            let own = self.devices[(neuron * lines + line) * r + copy].hazard;
            if self.hazard > 0.0 { class / 16 * 16 + own } else { class }
        });
        synapses.set_disturb(voltages.disturb[1], voltages.disturb[0])?;
        self.trainer.set_plasticity(voltages.plasticity(&self.crossbar, self.lookup, gain, self.hazard)?);
        self.losses.push(ArrayLoss { images, read_ratio, write_fraction: voltages.range() });
        self.voltages = voltages;
        Ok(())
    }

    /// What reads and writes lose at every renewal.
    #[must_use]
    pub fn losses(&self) -> &[ArrayLoss] {
        &self.losses
    }

    /// Voltages that cells see in a write, as last solved.
    #[must_use]
    pub const fn voltages(&self) -> &WriteVoltages {
        &self.voltages
    }

    /// Devices switched in rows that were not to be written.
    #[must_use]
    pub fn disturbed(&self) -> u64 {
        self.trainer.layer().synapses().disturbed()
    }

    /// Homeostasis and accounting.
    #[must_use]
    pub fn state(&self) -> &LayerState {
        self.trainer.layer().state()
    }

    /// The trainer of the layer that stands on the array.
    pub const fn trainer(&self) -> &Trainer<AnalogSynapses> {
        &self.trainer
    }
}
