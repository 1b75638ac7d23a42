//! Unsupervised training of a layer on images.
//!
//! No function of this module takes a label.

use crate::encoding::{Encoder, Images};
use crate::error::NetworkError;
use crate::synapses::{Batch, Layer, LayerState, MAX_BATCH, Plasticity, Synapses};
use crate::training::config::{NetworkConfig, Order};
use crate::training::recipe::Recipe;
use crate::training::starting_threshold::starting_threshold;
use spinhebb_data::config::Check;
use spinhebb_data::random_stream::Streams;

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

/// What a training needs beside recipe and synapses.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Probabilities and gain of each stage, usually [`Recipe::plasticity`].
    pub plasticity: Vec<Plasticity>,
    /// How images become input lines.
    pub encoder: Encoder,
    /// Number of training images.
    pub images: usize,
    /// Seeds.
    pub seeds: Seeds,
    /// Where the thresholds begin, in units of the current step of one device over one clock cycle.
    pub threshold: f64,
}

impl Setting {
    /// The same with the threshold that a layer of `synapses` begins with.
    #[must_use]
    pub fn starting<S: Synapses>(
        mut self,
        synapses: &S,
        config: &NetworkConfig,
        images: &Images<'_>,
    ) -> Self {
        self.threshold = starting_threshold(synapses, config, &self.encoder, images);
        self
    }
}

/// A layer in training.
#[derive(Debug, Clone)]
pub struct Trainer<S: Synapses> {
    layer: Layer<S>,
    recipe: Recipe,
    encoder: Encoder,
    plasticity: Vec<Plasticity>,
    seeds: Seeds,
    images: usize,
    batch_size: usize,
}

impl<S: Synapses> Trainer<S> {
    /// Trainer over `synapses`, anew or on from `state`.
    ///
    /// # Errors
    /// [`NetworkError::Field`] for a value out of range; [`NetworkError::Length`] when sizes do not fit.
    pub fn new(
        recipe: &Recipe,
        synapses: S,
        state: Option<LayerState>,
        setting: Setting,
    ) -> Result<Self, NetworkError> {
        recipe.first_fault()?;
        let (config, seed) = (recipe.network.layer(setting.threshold), setting.seeds.devices);
        let layer = match state {
            None => Layer::new(synapses, config, seed)?,
            Some(state) => Layer::resume(synapses, config, seed, state)?,
        };
        Self::with_layer(recipe, layer, setting)
    }

    fn with_layer(recipe: &Recipe, layer: Layer<S>, setting: Setting) -> Result<Self, NetworkError> {
        let Setting { plasticity, encoder, images, seeds, .. } = setting;
        let network = &recipe.network;
        for (what, found, expected, why) in [
            ("the fields", network.fields.len(), 0, "a trainer has one of the members of a recipe"),
            ("the neurons", layer.synapses().neurons(), network.neurons, "`neurons` of the configuration"),
            ("the lines", layer.synapses().lines(), encoder.lines(), "pixels x thresholds"),
            ("the stages", plasticity.len(), network.stages as usize, "`stages` of the configuration"),
        ] {
            if found != expected {
                return Err(NetworkError::Length { what, found, expected, why });
            }
        }
        NetworkError::require(images > 0, "images", images, "at least one training image")?;
        // Small layers are scored from the cache anyway; large ones profit from longer batches.
        let batch_size = match network.neurons {
            // What differs from read to read must not depend on how far ahead sums are taken.
            _ if layer.synapses().differs_by_read() => 1,
            0..256 => 16,
            _ => MAX_BATCH,
        };
        Ok(Self { layer, recipe: recipe.clone(), encoder, plasticity, seeds, images, batch_size })
    }

    /// Scores `size` images at once (1 to 64); changes the speed, not the result.
    #[must_use]
    pub fn with_batch_size(mut self, size: usize) -> Self {
        if self.batch_size > 1 {
            self.batch_size = size.clamp(1, MAX_BATCH);
        }
        self
    }

    /// Images to be shown in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.images as u64 * u64::from(self.recipe.network.passes)
    }

    /// Images shown so far.
    #[must_use]
    pub const fn shown(&self) -> u64 {
        self.layer.state().images
    }

    /// What is trained.
    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
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

    /// Changes the probabilities and the gain of every stage for all images still to come.
    ///
    /// # Panics
    /// When there is not one for each stage.
    pub fn set_plasticity(&mut self, plasticity: Vec<Plasticity>) {
        assert_eq!(plasticity.len(), self.plasticity.len(), "one plasticity for each stage");
        self.plasticity = plasticity;
    }

    /// Probabilities and gain of every stage.
    #[must_use]
    pub fn plasticity(&self) -> &[Plasticity] {
        &self.plasticity
    }

    /// The stage of an image by its number in the training.
    #[must_use]
    pub fn stage_of(&self, image: u64) -> usize {
        (image * self.plasticity.len() as u64 / self.total()) as usize
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
            batch.set_first_read(first);
            for presentation in first..first + size {
                let (pass, place) = (presentation / self.images as u64, presentation % self.images as u64);
                let image = match self.recipe.network.order {
                    Order::Stored => place as usize,
                    Order::Shuffled => {
                        if order.as_ref().is_none_or(|(p, _)| *p != pass) {
                            order = Some((pass, self.shuffled(pass)));
                        }
                        order.as_ref().map_or(0, |(_, o)| o[place as usize]) as usize
                    }
                };
                let shift = match self.recipe.network.saccade.as_slice() {
                    [] => [0, 0],
                    all => {
                        let word = shifts.block(presentation, 0)[0];
                        all[((u64::from(word) * all.len() as u64) >> 32) as usize]
                    }
                };
                batch.push(|active| self.encoder.encode(images.image(image), shift, active));
            }
            let stages: Vec<usize> = (first..first + size).map(|image| self.stage_of(image)).collect();
            let plasticity = &self.plasticity;
            let mut events = vec![0; stages.len()];
            self.layer.learn(
                &batch,
                |i| &plasticity[stages[i]],
                |i, outcome| events[i] = outcome.fired.len(),
            );
            for (&stage, &events) in stages.iter().zip(&events) {
                self.layer.count_events(stage, events as u64);
            }
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
