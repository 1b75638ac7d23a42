//! Unsupervised training of a layer on images.
//!
//! No function of this module takes a label.

use crate::encoding::{Encoder, EncodingConfig, Images, Shift};
use crate::error::NetworkError;
use crate::neuron::LeakyIntegrator;
use crate::rules::homeostasis::Form;
use crate::synapses::{Batch, Layer, LayerConfig, LayerState, MAX_BATCH, Plasticity, Synapses};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::random_stream::Streams;

/// A parameter that changes over the training, in stages.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Value in the first stage.
    pub start: f64,
    /// Value in the last stage.
    pub end: f64,
    /// Course between first and last stage.
    #[serde(default)]
    pub course: Course,
    /// Value of every stage, instead of a course between first and last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<f64>,
}

/// Course of a [`Schedule`].
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// Equal differences from stage to stage.
    #[default]
    Linear,
    /// Equal ratios from stage to stage.
    Geometric,
}

impl Schedule {
    /// The same value throughout.
    #[must_use]
    pub const fn constant(value: f64) -> Self {
        Self { start: value, end: value, course: Course::Linear, values: Vec::new() }
    }

    /// A straight line from `start` to `end`.
    #[must_use]
    pub const fn linear(start: f64, end: f64) -> Self {
        Self { start, end, course: Course::Linear, values: Vec::new() }
    }

    /// These values, one for each stage.
    #[must_use]
    pub fn listed(values: Vec<f64>) -> Self {
        let ends = |x: Option<&f64>| x.copied().unwrap_or(0.0);
        Self { start: ends(values.first()), end: ends(values.last()), course: Course::Linear, values }
    }

    /// Value in `stage` of `stages`.
    #[must_use]
    pub fn at(&self, stage: u32, stages: u32) -> f64 {
        if let Some(&value) = self.values.get(stage as usize) {
            return value;
        }
        if stages <= 1 || self.start == self.end {
            return self.start;
        }
        let x = f64::from(stage) / f64::from(stages - 1);
        match self.course {
            Course::Linear => self.start + (self.end - self.start) * x,
            Course::Geometric => self.start * libm::pow(self.end / self.start, x),
        }
    }

    fn validate(
        &self,
        key: &'static str,
        stages: u32,
        lowest: f64,
        highest: f64,
    ) -> Result<(), NetworkError> {
        if !self.values.is_empty() && self.values.len() != stages as usize {
            return Err(NetworkError::Length {
                what: key,
                found: self.values.len(),
                expected: stages as usize,
                why: "one value for each of the `stages`",
            });
        }
        for &value in [self.start, self.end].iter().chain(&self.values) {
            NetworkError::require(
                (lowest..=highest).contains(&value),
                key,
                value,
                &format!("between {lowest} and {highest}"),
            )?;
        }
        NetworkError::require(
            self.course == Course::Linear || (self.start > 0.0 && self.end > 0.0),
            key,
            format!("{} to {}", self.start, self.end),
            "positive values for a geometric course",
        )
    }
}

/// In which order training images are shown.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As they are stored, in every pass.
    #[default]
    Stored,
    /// Shuffled anew for every pass.
    Shuffled,
}

/// Everything that defines a training run, apart from images and seed.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Number of neurons.
    pub neurons: usize,
    /// Devices per input line and neuron (r), 1 to 8.
    pub copies: u8,
    /// How images become input lines.
    #[serde(default)]
    pub encoding: EncodingConfig,
    /// Integrate-and-fire neurons.
    pub neuron: LeakyIntegrator,
    /// Reference subtracted per driven device: 0 subtracts G_AP, 0.5 the mean of G_P and G_AP.
    pub reference: f64,
    /// Initial threshold, in units of the current step G_P - G_AP of one device over one clock cycle.
    pub threshold: f64,
    /// Form of the homeostasis.
    #[serde(default)]
    pub homeostasis: Form,
    /// Gain of the homeostasis: relative (ratio) or in units of the threshold (Querlioz).
    pub gain: Schedule,
    /// Fraction of the images that homeostasis wants some neuron to fire on; below 1 the leak gates weak images.
    pub fraction: f64,
    /// Switching probability of a device under one potentiation pulse (V > 0, AP -> P).
    pub potentiation: Schedule,
    /// Switching probability of a device under one depression pulse (V < 0, P -> AP).
    pub depression: Schedule,
    /// Stages in which pulses and gain are changed.
    pub stages: u32,
    /// Passes over the training images.
    pub passes: u32,
    /// Order of the images.
    #[serde(default)]
    pub order: Order,
    /// Displacements of which each shown image takes a random one; empty: images stay.
    #[serde(default)]
    pub saccade: Vec<Shift>,
    /// Neurons that fire and learn per image.
    pub winners: usize,
    /// Probability that a device is P before training.
    pub initial_parallel: f64,
}

impl TrainingConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`], naming key and value.
    pub fn validate(&self) -> Result<(), NetworkError> {
        self.layer().validate(self.neurons)?;
        self.gain.validate("gain", self.stages, 0.0, 1e6)?;
        self.potentiation.validate("potentiation", self.stages, 0.0, 1.0)?;
        self.depression.validate("depression", self.stages, 0.0, 1.0)?;
        NetworkError::require((1..=100_000).contains(&self.stages), "stages", self.stages, "1 to 100000")?;
        NetworkError::require(self.passes >= 1, "passes", self.passes, "at least 1")?;
        NetworkError::require(
            (0.0..=1.0).contains(&self.initial_parallel),
            "initial_parallel",
            self.initial_parallel,
            "a probability between 0 and 1",
        )
    }

    /// Constants of the neurons.
    #[must_use]
    pub const fn layer(&self) -> LayerConfig {
        LayerConfig {
            neuron: self.neuron,
            reference: self.reference,
            threshold: self.threshold,
            form: self.homeostasis,
            fraction: self.fraction,
            winners: self.winners,
        }
    }

    /// Probabilities and gain of every stage, for devices that are all alike.
    #[must_use]
    pub fn plasticity(&self) -> Vec<Plasticity> {
        (0..self.stages)
            .map(|stage| {
                let at = |schedule: &Schedule| schedule.at(stage, self.stages);
                Plasticity::new(at(&self.potentiation), at(&self.depression), at(&self.gain))
            })
            .collect()
    }
}

/// Seeds of a network that sees one of several fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    /// Seed of what all fields have in common: order and displacements of the images.
    pub shared: u64,
    /// Seed of the network's own devices.
    pub devices: u64,
    /// Number of the field.
    pub field: usize,
}

impl Seeds {
    /// Seeds of the network number `field`; the first takes `seed` itself.
    #[must_use]
    pub fn of_field(seed: u64, field: usize) -> Self {
        let block = Streams::new(seed, "field").block(field as u64, 0);
        let own = u64::from(block[0]) | u64::from(block[1]) << 32;
        Self { shared: seed, devices: if field == 0 { seed } else { own }, field }
    }
}

/// A layer in training.
#[derive(Debug, Clone)]
pub struct Trainer<S: Synapses> {
    layer: Layer<S>,
    config: TrainingConfig,
    encoder: Encoder,
    plasticity: Vec<Plasticity>,
    seeds: Seeds,
    images: usize,
    batch_size: usize,
}

impl<S: Synapses> Trainer<S> {
    /// Trainer over `synapses` for `images` training images of `width x height` pixels.
    ///
    /// `plasticity` holds the probabilities and the gain of each stage, usually [`TrainingConfig::plasticity`].
    ///
    /// # Errors
    /// As [`TrainingConfig::validate`]; [`NetworkError::Length`] when sizes do not fit.
    pub fn new(
        config: &TrainingConfig,
        synapses: S,
        plasticity: Vec<Plasticity>,
        encoder: Encoder,
        images: usize,
        seeds: Seeds,
    ) -> Result<Self, NetworkError> {
        config.validate()?;
        let layer = Layer::new(synapses, config.layer(), seeds.devices)?;
        Self::with_layer(config, layer, plasticity, encoder, images, seeds)
    }

    /// Trainer that goes on from `state`.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn resume(
        config: &TrainingConfig,
        synapses: S,
        state: LayerState,
        plasticity: Vec<Plasticity>,
        encoder: Encoder,
        images: usize,
        seeds: Seeds,
    ) -> Result<Self, NetworkError> {
        config.validate()?;
        let layer = Layer::resume(synapses, config.layer(), seeds.devices, state)?;
        Self::with_layer(config, layer, plasticity, encoder, images, seeds)
    }

    fn with_layer(
        config: &TrainingConfig,
        layer: Layer<S>,
        plasticity: Vec<Plasticity>,
        encoder: Encoder,
        images: usize,
        seeds: Seeds,
    ) -> Result<Self, NetworkError> {
        for (what, found, expected, why) in [
            ("the neurons", layer.synapses().neurons(), config.neurons, "`neurons` of the configuration"),
            ("the lines", layer.synapses().lines(), encoder.lines(), "pixels x thresholds"),
            ("the stages", plasticity.len(), config.stages as usize, "`stages` of the configuration"),
        ] {
            if found != expected {
                return Err(NetworkError::Length { what, found, expected, why });
            }
        }
        NetworkError::require(images > 0, "images", images, "at least one training image")?;
        // Small layers are scored from the cache anyway; large ones profit from longer batches.
        let batch_size = if config.neurons < 256 { 16 } else { MAX_BATCH };
        Ok(Self { layer, config: config.clone(), encoder, plasticity, seeds, images, batch_size })
    }

    /// Scores `size` images at once (1 to 64); changes the speed, not the result.
    #[must_use]
    pub fn with_batch_size(mut self, size: usize) -> Self {
        self.batch_size = size.clamp(1, MAX_BATCH);
        self
    }

    /// Images to be shown in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.images as u64 * u64::from(self.config.passes)
    }

    /// Images shown so far.
    #[must_use]
    pub const fn shown(&self) -> u64 {
        self.layer.state().images
    }

    /// The configuration.
    pub const fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// The seeds.
    #[must_use]
    pub const fn seeds(&self) -> Seeds {
        self.seeds
    }

    /// The layer.
    pub const fn layer(&self) -> &Layer<S> {
        &self.layer
    }

    /// The layer, to change its synapses between images.
    pub const fn layer_mut(&mut self) -> &mut Layer<S> {
        &mut self.layer
    }

    /// Changes the probabilities and the gain of all images still to come, whatever their stage.
    pub fn set_plasticity(&mut self, plasticity: Plasticity) {
        self.plasticity.fill(plasticity);
    }

    /// The trained layer.
    #[must_use]
    pub fn into_layer(self) -> Layer<S> {
        self.layer
    }

    /// The encoder.
    pub const fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// Shows up to `count` further images and learns from them; returns how many were left to show.
    ///
    /// # Errors
    /// [`NetworkError::Length`] when `images` is not the training set that was announced.
    pub fn advance(&mut self, images: &Images<'_>, count: u64) -> Result<u64, NetworkError> {
        if images.len() != self.images {
            return Err(NetworkError::Length {
                what: "the training images",
                found: images.len(),
                expected: self.images,
                why: "the number the training was set up for",
            });
        }
        let mut left = count.min(self.total() - self.shown());
        let shown = left;
        let mut batch = Batch::default();
        let shifts = Streams::new(self.seeds.shared, "saccade");
        let mut order: Option<(u64, Vec<u32>)> = None;
        while left > 0 {
            let first = self.shown();
            let size = left.min(self.batch_size as u64);
            batch.clear();
            for presentation in first..first + size {
                let (pass, place) = (presentation / self.images as u64, presentation % self.images as u64);
                let image = match self.config.order {
                    Order::Stored => place as usize,
                    Order::Shuffled => {
                        if order.as_ref().is_none_or(|(p, _)| *p != pass) {
                            order = Some((pass, self.shuffled(pass)));
                        }
                        order.as_ref().map_or(0, |(_, o)| o[place as usize]) as usize
                    }
                };
                let shift = match self.config.saccade.as_slice() {
                    [] => [0, 0],
                    all => {
                        let word = shifts.block(presentation, 0)[0];
                        all[((u64::from(word) * all.len() as u64) >> 32) as usize]
                    }
                };
                batch.push(|active| self.encoder.encode(images.image(image), shift, active));
            }
            let (total, stages) = (self.total(), self.plasticity.len() as u64);
            let plasticity = &self.plasticity;
            self.layer.learn(
                &batch,
                |i| &plasticity[((first + i as u64) * stages / total) as usize],
                |_, _| (),
            );
            left -= size;
        }
        Ok(shown)
    }

    /// The order of one pass: Fisher and Yates, from the stream (seed, "image-order", pass).
    fn shuffled(&self, pass: u64) -> Vec<u32> {
        let mut rng = Streams::new(self.seeds.shared, "image-order").rng(pass);
        let mut order: Vec<u32> = (0..self.images as u32).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, crate::rules::chance::below(i + 1, &mut rng));
        }
        order
    }
}
