//! A network in training whichever engine holds its synapses.

use crate::encoding::{Encoder, Images};
use crate::error::NetworkError;
use crate::neuron::LeakyIntegrator;
use crate::synapses::{
    AnalogSynapses, BitSynapses, CountSynapses, LayerSize, LayerState, Plasticity, Synapses,
};
use crate::training::checkpoint::Checkpoint;
use crate::training::config::SynapseModel;
use crate::training::hardware::Hardware;
use crate::training::on_array::{ArrayLoss, ArrayTrainer, plasticity};
use crate::training::recipe::Recipe;
use crate::training::trainer::{Seeds, Setting, Trainer};
use spinhebb_data::DataError;
use spinhebb_data::config::Check;
use spinhebb_data::labelled::{Dataset, Variable};
use std::sync::Arc;

/// A trainer over one of the engines.
#[derive(Debug, Clone)]
pub enum Network {
    /// One ideal device per synapse: bit-sliced counters.
    Bits(Trainer<BitSynapses>),
    /// Several ideal devices per synapse: counts.
    Counts(Trainer<CountSynapses>),
    /// Every device its own conductances and switching law.
    Devices(Trainer<AnalogSynapses>, Arc<Hardware>),
    /// The same on an array that is solved.
    Array(ArrayTrainer),
}

/// The same expression of the trainer, whichever engine it has.
macro_rules! each {
    ($network:expr, $trainer:ident => $body:expr) => {
        match $network {
            $crate::training::network::Network::Bits($trainer) => $body,
            $crate::training::network::Network::Counts($trainer) => $body,
            $crate::training::network::Network::Devices($trainer, _) => $body,
            $crate::training::network::Network::Array($crate::training::on_array::ArrayTrainer {
                trainer: $trainer,
                ..
            }) => $body,
        }
    };
}
pub(crate) use each;

impl Network {
    /// An untrained network with devices in random states, for `images`; `field` numbers networks that share a seed and stand
    /// side by side on `hardware`, which synapses want that are not ideal.
    ///
    /// # Errors
    /// [`NetworkError`] when recipe, hardware and images do not fit together.
    pub fn new(
        recipe: &Recipe,
        hardware: Option<&Arc<Hardware>>,
        images: &Images<'_>,
        seed: u64,
        field: usize,
    ) -> Result<Self, NetworkError> {
        Self::made(recipe, hardware, images, Seeds::of_field(seed, field), None)
    }

    /// The network as it is, to be written to disk; `images` is the [`Images::fingerprint`] of what it is trained on.
    #[must_use]
    pub fn checkpoint(&self, images: u64) -> Checkpoint {
        let (recipe, seeds) = each!(self, trainer => (trainer.recipe().clone(), trainer.seeds()));
        Checkpoint {
            recipe,
            seed: seeds.shared,
            field: seeds.field,
            images,
            hardware: self.hardware().map_or(0, |hardware| hardware.fingerprint()),
            pulses: self.hardware().map_or(0, |hardware| hardware.pulses_fingerprint()),
            losses: self.losses().to_vec(),
            system: String::new(),
            notes: String::new(),
            devices: each!(self, trainer => trainer.layer().synapses().states()),
            state: self.state().clone(),
        }
    }

    /// The network of `checkpoint`, to go on training on `images`, on the `hardware` that it was trained on.
    ///
    /// # Errors
    /// [`NetworkError`] when the checkpoint's arrays do not fit its configuration or the images or hardware are others than
    /// those it was trained on.
    pub fn resume(
        checkpoint: Checkpoint,
        hardware: Option<&Arc<Hardware>>,
        images: &Images<'_>,
    ) -> Result<Self, NetworkError> {
        let Checkpoint { recipe, seed, field, images: trained_on, devices, state, losses, .. } = checkpoint;
        NetworkError::require(
            images.fingerprint() == trained_on,
            "images",
            format!("{} images", images.len()),
            "the images that the checkpoint was trained on, as many (`images.train`) and in the same order",
        )?;
        let ideal = recipe.network.synapses == SynapseModel::Ideal;
        let stands_on = hardware.filter(|_| !ideal).map_or(0, |hardware| hardware.fingerprint());
        NetworkError::require(
            stands_on == checkpoint.hardware,
            "hardware",
            "other devices, faults, array or pulses",
            "those that the checkpoint was trained on",
        )?;
        // A network that is only read needs no pulses.
        let driven = hardware.filter(|hardware| !ideal && !hardware.is_only_read());
        NetworkError::require(
            driven.is_none_or(|hardware| hardware.pulses_fingerprint() == checkpoint.pulses),
            "pulses",
            "other voltages, width or switching tables",
            "those that the checkpoint was trained with",
        )?;
        Self::made(&recipe, hardware, images, Seeds::of_field(seed, field), Some((devices, state, losses)))
    }

    /// A network, anew or as it was `before`.
    fn made(
        recipe: &Recipe,
        hardware: Option<&Arc<Hardware>>,
        images: &Images<'_>,
        seeds: Seeds,
        before: Option<(Vec<u8>, LayerState, Vec<ArrayLoss>)>,
    ) -> Result<Self, NetworkError> {
        recipe.first_fault()?;
        let config = &recipe.network;
        let (width, height) = images.size();
        let encoder = Encoder::new(&config.encoding, width, height)?;
        let (lines, copies, parallel) = (encoder.lines(), config.copies, config.initial_parallel);
        let size = LayerSize { neurons: config.neurons, lines, copies };
        let (states, state, losses) = match before {
            Some((states, state, losses)) => (Some(states), Some(state), losses),
            None => (None, None, Vec::new()),
        };
        let setting =
            Setting { plasticity: recipe.plasticity(), encoder, images: images.len(), seeds, threshold: 1.0 };
        if config.synapses == SynapseModel::Ideal {
            return Ok(if copies == 1 {
                let synapses = match states {
                    Some(states) => BitSynapses::new(config.neurons, lines, states)?,
                    None => BitSynapses::random(config.neurons, lines, parallel, seeds.devices)?,
                };
                let setting = setting.starting(&synapses, config, images);
                Self::Bits(Trainer::new(recipe, synapses, state, setting)?)
            } else {
                let synapses = match states {
                    Some(states) => CountSynapses::new(size, states)?,
                    None => CountSynapses::random(size, parallel, seeds.devices)?,
                };
                let setting = setting.starting(&synapses, config, images);
                Self::Counts(Trainer::new(recipe, synapses, state, setting)?)
            });
        }
        let Some(hardware) = hardware else {
            return Err(NetworkError::OutOfRange {
                key: "synapses",
                value: format!("{:?}", config.synapses),
                expected: "\"ideal\" where there is no hardware".into(),
            });
        };
        let first = seeds.field * config.neurons;
        let row = |neuron: usize| hardware.row(first + neuron, lines, usize::from(copies));
        let devices = hardware.of_layer(&row, first);
        let drawn = AnalogSynapses::random(size, parallel, seeds.devices, &devices)?;
        let mut synapses = match states {
            Some(states) => drawn.with_states(&states)?,
            None => drawn,
        };
        hardware.read_by(&mut synapses, config.converted, seeds.devices)?;
        let setting = setting.starting(&synapses, config, images);
        if config.synapses == SynapseModel::Array {
            let trainer = Trainer::new(recipe, synapses, state, setting)?;
            return Ok(Self::Array(ArrayTrainer::new(trainer, hardware, first, losses)?));
        }
        let plasticity = plasticity(recipe, &synapses, hardware);
        let trainer = Trainer::new(recipe, synapses, state, Setting { plasticity, ..setting })?;
        Ok(Self::Devices(trainer, Arc::clone(hardware)))
    }

    /// The hardware under synapses that are not ideal.
    fn hardware(&self) -> Option<&Arc<Hardware>> {
        match self {
            Self::Bits(_) | Self::Counts(_) => None,
            Self::Devices(_, hardware) => Some(hardware),
            Self::Array(on_array) => Some(on_array.hardware()),
        }
    }

    /// What the array did at every renewal; nothing without one.
    #[must_use]
    pub fn losses(&self) -> &[ArrayLoss] {
        match self {
            Self::Array(on_array) => on_array.losses(),
            _ => &[],
        }
    }

    /// The network on its array, if it stands on one.
    #[must_use]
    pub const fn on_array(&self) -> Option<&ArrayTrainer> {
        match self {
            Self::Array(on_array) => Some(on_array),
            _ => None,
        }
    }

    /// The devices of synapses that are not ideal.
    #[must_use]
    pub const fn devices(&self) -> Option<&AnalogSynapses> {
        match self {
            Self::Bits(_) | Self::Counts(_) => None,
            Self::Devices(trainer, _) => Some(trainer.layer().synapses()),
            Self::Array(on_array) => Some(on_array.trainer.layer().synapses()),
        }
    }

    /// Probabilities and gain of every stage.
    #[must_use]
    pub fn plasticity(&self) -> &[Plasticity] {
        each!(self, trainer => trainer.plasticity())
    }

    /// Whether the network can be written down here and go on as if it had not been.
    #[must_use]
    pub fn may_be_kept(&self) -> bool {
        self.on_array().is_none_or(ArrayTrainer::may_be_kept)
    }

    /// Shows up to `count` further images and learns from them; returns how many were shown.
    ///
    /// # Errors
    /// As [`Trainer::advance`]; hardware that is only read.
    pub fn advance(&mut self, images: &Images<'_>, count: u64) -> Result<u64, NetworkError> {
        match self {
            Self::Bits(trainer) => trainer.advance(images, count),
            Self::Counts(trainer) => trainer.advance(images, count),
            Self::Devices(trainer, hardware) => {
                hardware.check_written()?;
                trainer.advance(images, count)
            }
            Self::Array(on_array) => {
                on_array.hardware().check_written()?;
                on_array.advance(images, count)
            }
        }
    }

    /// Images to be shown in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        each!(self, trainer => trainer.total())
    }

    /// Images shown so far.
    #[must_use]
    pub fn shown(&self) -> u64 {
        each!(self, trainer => trainer.shown())
    }

    /// Homeostasis and accounting.
    #[must_use]
    pub fn state(&self) -> &LayerState {
        each!(self, trainer => trainer.layer().state())
    }

    /// Devices per line and neuron.
    #[must_use]
    pub fn copies(&self) -> u8 {
        each!(self, trainer => trainer.layer().synapses().copies())
    }

    /// Number of P devices of each line of `neuron`.
    #[must_use]
    pub fn row(&self, neuron: usize) -> Vec<u8> {
        each!(self, trainer => trainer.layer().synapses().row(neuron))
    }

    /// Numbers of P devices of all neurons, neuron-major.
    #[must_use]
    pub fn rows(&self) -> Vec<u8> {
        (0..self.state().own.len()).flat_map(|neuron| self.row(neuron)).collect()
    }

    /// Receptive field of `neuron`: the fraction of P devices of each line (pixels row by row, threshold by threshold).
    #[must_use]
    pub fn receptive_field(&self, neuron: usize) -> Vec<f64> {
        let copies = f64::from(each!(self, trainer => trainer.layer().synapses().copies()));
        self.row(neuron).iter().map(|&count| f64::from(count) / copies).collect()
    }

    /// Labelled arrays of the trained network: weights (number of P devices; packed bits for one device per synapse),
    /// thresholds, firings and switching events.
    ///
    /// # Errors
    /// Never.
    pub fn to_dataset(&self, name: &str) -> Result<Dataset, DataError> {
        let state = self.state();
        let (neurons, rows) = (state.own.len(), self.rows());
        let shape = [neurons, rows.len() / neurons];
        let dims = ["neuron", "line"];
        let copies = each!(self, trainer => trainer.layer().synapses().copies());
        let weights = if copies == 1 {
            let bits = rows.iter().map(|&w| w == 1);
            Variable::packed_bits("weights", "device states (1 = P)", &dims, &shape, bits)?
        } else {
            Variable::new("weights", "1", "number of P devices of the synapse", &dims, &shape, rows)?
        };
        Dataset::new(name)
            .attribute("copies", u64::from(copies))
            .attribute("images", state.images)
            .attribute("silent_images", state.silent)
            .attribute("potentiation_pulses", state.potentiation_pulses)
            .attribute("depression_pulses", state.depression_pulses)
            .with(weights)?
            .with(Variable::along(
                "threshold",
                "neuron",
                "1",
                "threshold without what all neurons have in common",
                state.own.clone(),
            ))?
            .with(Variable::along("firings", "neuron", "1", "firings in training", state.firings.clone()))?
            .with(Variable::along(
                "switched",
                "neuron",
                "1",
                "devices switched in the row, over the training",
                state.switched.clone(),
            ))
    }

    /// The integrate-and-fire neurons.
    #[must_use]
    pub fn neuron(&self) -> LeakyIntegrator {
        each!(self, trainer => trainer.recipe().network.neuron)
    }

    /// Clock cycles without input between two images.
    #[must_use]
    pub fn rest_cycles(&self) -> u32 {
        each!(self, trainer => trainer.recipe().network.rest_cycles)
    }

    /// The encoder.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        each!(self, trainer => trainer.encoder())
    }
}
