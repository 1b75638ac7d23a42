//! A network in training whichever engine holds its synapses.

use crate::encoding::{Encoder, Images};
use crate::error::NetworkError;
use crate::synapses::{
    AnalogSynapses, BitSynapses, CountSynapses, DeviceSpread, LayerSize, LayerState, Plasticity, Synapses,
};
use crate::training::checkpoint::Checkpoint;
use crate::training::config::{NetworkConfig, SynapseModel};
use crate::training::recipe::Recipe;
use crate::training::trainer::{Seeds, Setting, Trainer};
use spinhebb_data::DataError;
use spinhebb_data::config::Check;
use spinhebb_data::labelled::{Dataset, Variable};

/// A trainer over one of the engines.
#[derive(Debug, Clone)]
pub enum Network {
    /// One ideal device per synapse: bit-sliced counters.
    Bits(Trainer<BitSynapses>),
    /// Several ideal devices per synapse: counts.
    Counts(Trainer<CountSynapses>),
    /// Every device its own conductances and switching law.
    Analog(Trainer<AnalogSynapses>),
}

/// The same expression of the trainer, whichever engine it has.
macro_rules! each {
    ($network:expr, $trainer:ident => $body:expr) => {
        match $network {
            $crate::training::network::Network::Bits($trainer) => $body,
            $crate::training::network::Network::Counts($trainer) => $body,
            $crate::training::network::Network::Analog($trainer) => $body,
        }
    };
}
pub(crate) use each;

impl Network {
    /// An untrained network with devices in random states, for `images`; `field` numbers networks that share a seed.
    ///
    /// # Errors
    /// [`NetworkError`] when recipe and images do not fit together, or the synapses are an array's, which
    /// [`crate::training::on_array`] trains.
    pub fn new(recipe: &Recipe, images: &Images<'_>, seed: u64, field: usize) -> Result<Self, NetworkError> {
        recipe.first_fault()?;
        let config = &recipe.network;
        let seeds = Seeds::of_field(seed, field);
        let encoder = encoder(config, images)?;
        let (n, lines, copies, parallel) =
            (config.neurons, encoder.lines(), config.copies, config.initial_parallel);
        let count = images.len();
        if let Some(spread) = spread(config)? {
            let synapses = AnalogSynapses::random(
                LayerSize { neurons: n, lines, copies },
                parallel,
                &spread,
                seeds.devices,
            )?;
            let plasticity = class_plasticity(recipe, &spread, &synapses);
            return Ok(Self::Analog(Trainer::new(
                recipe,
                synapses,
                Setting { plasticity, encoder, images: count, seeds },
            )?));
        }
        let plasticity = recipe.plasticity();
        if copies == 1 {
            let synapses = BitSynapses::random(n, lines, parallel, seeds.devices)?;
            Ok(Self::Bits(Trainer::new(
                recipe,
                synapses,
                Setting { plasticity, encoder, images: count, seeds },
            )?))
        } else {
            let synapses =
                CountSynapses::random(LayerSize { neurons: n, lines, copies }, parallel, seeds.devices)?;
            Ok(Self::Counts(Trainer::new(
                recipe,
                synapses,
                Setting { plasticity, encoder, images: count, seeds },
            )?))
        }
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
            notes: String::new(),
            devices: each!(self, trainer => trainer.layer().synapses().states()),
            state: self.state().clone(),
        }
    }

    /// The network of `checkpoint`, to go on training on `images`.
    ///
    /// # Errors
    /// [`NetworkError`] when the checkpoint's arrays do not fit its configuration or the images are others than those it was
    /// trained on.
    pub fn resume(checkpoint: Checkpoint, images: &Images<'_>) -> Result<Self, NetworkError> {
        let Checkpoint { recipe, seed, field, images: trained_on, devices, state, .. } = checkpoint;
        let seeds = Seeds::of_field(seed, field);
        NetworkError::require(
            images.fingerprint() == trained_on,
            "images",
            format!("{} images", images.len()),
            "the images that the checkpoint was trained on, in the same order",
        )?;
        recipe.first_fault()?;
        let config = &recipe.network;
        let encoder = encoder(config, images)?;
        let (n, lines, copies, parallel) =
            (config.neurons, encoder.lines(), config.copies, config.initial_parallel);
        let count = images.len();
        if let Some(spread) = spread(config)? {
            let drawn = AnalogSynapses::random(
                LayerSize { neurons: n, lines, copies },
                parallel,
                &spread,
                seeds.devices,
            )?;
            let synapses = drawn.with_states(&devices)?;
            let plasticity = class_plasticity(&recipe, &spread, &synapses);
            let trainer = Trainer::resume(
                &recipe,
                synapses,
                state,
                Setting { plasticity, encoder, images: count, seeds },
            )?;
            return Ok(Self::Analog(trainer));
        }
        let plasticity = recipe.plasticity();
        Ok(if copies == 1 {
            let synapses = BitSynapses::new(n, lines, devices)?;
            Self::Bits(Trainer::resume(
                &recipe,
                synapses,
                state,
                Setting { plasticity, encoder, images: count, seeds },
            )?)
        } else {
            let synapses = CountSynapses::new(LayerSize { neurons: n, lines, copies }, devices)?;
            Self::Counts(Trainer::resume(
                &recipe,
                synapses,
                state,
                Setting { plasticity, encoder, images: count, seeds },
            )?)
        })
    }

    /// Shows up to `count` further images and learns from them; returns how many were shown.
    ///
    /// # Errors
    /// As [`Trainer::advance`].
    pub fn advance(&mut self, images: &Images<'_>, count: u64) -> Result<u64, NetworkError> {
        each!(self, trainer => trainer.advance(images, count))
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

    /// The encoder.
    #[must_use]
    pub fn encoder(&self) -> &Encoder {
        each!(self, trainer => trainer.encoder())
    }
}

/// Spread of devices that each have their own conductances and switching law; `None` where all are alike.
fn spread(config: &NetworkConfig) -> Result<Option<DeviceSpread>, NetworkError> {
    match config.synapses {
        SynapseModel::Ideal => Ok(None),
        SynapseModel::Devices => Ok(Some(config.spread.unwrap_or_default())),
        SynapseModel::Array => Err(NetworkError::OutOfRange {
            key: "synapses",
            value: "array".into(),
            expected: "\"ideal\" or \"devices\"; an `ArrayTrainer` trains on an array".into(),
        }),
    }
}

/// Probabilities and gain of every stage for devices that may differ in how easily they switch.
fn class_plasticity(recipe: &Recipe, spread: &DeviceSpread, synapses: &AnalogSynapses) -> Vec<Plasticity> {
    if !synapses.has_classes() {
        return recipe.plasticity();
    }
    recipe.staged(|potentiation, depression, gain| {
        let of = |probability| spread.class_probabilities(probability);
        Plasticity::with_classes(&of(potentiation), &of(depression), gain)
    })
}

fn encoder(config: &NetworkConfig, images: &Images<'_>) -> Result<Encoder, NetworkError> {
    let (width, height) = images.size();
    Encoder::new(&config.encoding, width, height)
}
