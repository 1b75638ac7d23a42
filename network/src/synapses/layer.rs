use super::race::{Driven, Race};
use super::{Batch, Change, MAX_BATCH, Plasticity, Sum, Synapses, WriteEvent};
use crate::error::NetworkError;
use crate::neuron::LeakyIntegrator;
use crate::rules::homeostasis::Form;
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::random_stream::Streams;

/// Constants of a layer's neurons.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerConfig {
    /// The clocked integrator.
    pub neuron: LeakyIntegrator,
    /// Reference subtracted per driven device, as a fraction of the way from G_AP (0) to G_P (1).
    pub reference: f64,
    /// Initial threshold in units of the current step G_P - G_AP of one device over one cycle.
    pub threshold: f64,
    /// Form of the homeostasis.
    pub form: Form,
    /// Fraction of the images that homeostasis wants some neuron to fire on.
    pub fraction: f64,
    /// Neurons that fire and learn per image.
    pub winners: usize,
}

impl LayerConfig {
    /// Adds what is wrong with the constants of a layer of `neurons`.
    pub(crate) fn check(&self, neurons: usize, faults: &mut Faults) {
        faults.within("neuron", |faults| self.neuron.check(faults));
        faults.require(
            (0.0..=1.0).contains(&self.reference),
            "reference",
            self.reference,
            "between 0 (subtract G_AP) and 1 (subtract G_P)",
        );
        faults.require(
            self.threshold > 0.0 && self.threshold.is_finite(),
            "threshold",
            self.threshold,
            "a number above 0",
        );
        faults.require(
            self.fraction > 0.0 && self.fraction <= 1.0,
            "fraction",
            self.fraction,
            "a fraction above 0 and up to 1",
        );
        faults.require(
            (1..=neurons).contains(&self.winners),
            "winners",
            self.winners,
            format!("between 1 and the {neurons} neurons that see the same field"),
        );
    }
}

/// What homeostasis and accounting know of each neuron, and of all.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerState {
    /// Threshold of each neuron, without what all thresholds have in common.
    pub own: Vec<f64>,
    /// What all thresholds have in common: a term (Querlioz) or the logarithm of a factor (ratio).
    pub common: f64,
    /// Firings of each neuron.
    pub firings: Vec<u32>,
    /// Devices switched in each row.
    pub switched: Vec<u64>,
    /// Devices switched per synapse, neuron-major; saturates at 65535.
    pub switched_per_synapse: Vec<u16>,
    /// Images shown.
    pub images: u64,
    /// Images on which no neuron fired.
    pub silent: u64,
    /// Clock cycles over all images.
    pub cycles: u64,
    /// Driven lines over all images.
    pub driven: u64,
    /// Potentiation pulses (V > 0), one per device.
    pub potentiation_pulses: u64,
    /// Depression pulses (V < 0), one per device.
    pub depression_pulses: u64,
    /// Devices switched in rows that were not to be written.
    pub disturbed: u64,
}

impl LayerState {
    fn new(neurons: usize, lines: usize, form: Form, threshold: f64) -> Self {
        let (own, common) = match form {
            Form::Querlioz => (threshold, 0.0),
            Form::Ratio => (1.0, libm::log(threshold)),
        };
        Self {
            own: vec![own; neurons],
            common,
            firings: vec![0; neurons],
            switched: vec![0; neurons],
            switched_per_synapse: vec![0; neurons * lines],
            images: 0,
            silent: 0,
            cycles: 0,
            driven: 0,
            potentiation_pulses: 0,
            depression_pulses: 0,
            disturbed: 0,
        }
    }

    /// `1 / threshold` of a neuron, up to a factor common to all (ratio form).
    fn inverse_of(&self, form: Form, own: f64) -> f32 {
        match form {
            // A threshold at or below zero is crossed at once; the floor keeps the order by current.
            Form::Querlioz => (1.0 / (own + self.common).max(1e-3)) as f32,
            Form::Ratio => (1.0 / own) as f32,
        }
    }

    /// Sets `1 / threshold` of all neurons.
    fn set_inverse<S: Sum>(&self, form: Form, race: &mut Race<S>) {
        for (neuron, &own) in self.own.iter().enumerate() {
            race.set_inverse(neuron, self.inverse_of(form, own));
        }
    }

    /// The level that `inverse * current * S_n` must exceed for a firing.
    pub(super) fn level(&self, form: Form) -> f64 {
        match form {
            Form::Querlioz => 1.0,
            Form::Ratio => libm::exp(self.common),
        }
    }

    /// Raises the threshold of a neuron that fired.
    pub(super) fn fire(&mut self, neuron: usize, form: Form, gain: f64) {
        self.firings[neuron] += 1;
        match form {
            Form::Querlioz => self.own[neuron] += gain,
            Form::Ratio => self.own[neuron] *= 1.0 + gain,
        }
    }

    /// Lowers all thresholds after an image.
    pub(super) fn decay(&mut self, form: Form, gain: f64, log_gain: f64, fraction: f64) {
        let share = fraction / self.own.len() as f64;
        self.common -= share
            * match form {
                Form::Querlioz => gain,
                Form::Ratio => log_gain,
            };
    }
}

/// What a presentation is to do to the layer.
#[derive(Debug, Clone)]
pub struct Response {
    /// Neurons that fired, in the order in which they crossed.
    pub fired: Vec<usize>,
    /// Clock cycle of the first firing; the length of the presentation when no neuron fired.
    pub cycle: u32,
}

/// One firing on an image of a batch.
struct Firing {
    neuron: usize,
    /// Place among those that fire on the image, from 0.
    rank: usize,
    /// Place of the image in the batch.
    image: usize,
    /// Active lines of the image.
    driven: usize,
}

/// One layer of neurons over `S`.
#[derive(Debug, Clone)]
pub struct Layer<S: Synapses> {
    synapses: S,
    config: LayerConfig,
    state: LayerState,
    gains: Vec<f64>,
    streams: Streams,
    race: Race<S::Sum>,
    // Work space.
    driven: Vec<Driven>,
    active: Vec<u8>,
    changes: Vec<Change>,
    switched: Vec<(u16, u8)>,
}

impl<S: Synapses> Layer<S> {
    /// A layer that has not learned yet; write events use the streams (seed, "write").
    ///
    /// # Errors
    /// [`NetworkError::Field`] for constants out of range.
    pub fn new(synapses: S, config: LayerConfig, seed: u64) -> Result<Self, NetworkError> {
        NetworkError::first(|faults| config.check(synapses.neurons(), faults))?;
        let state = LayerState::new(synapses.neurons(), synapses.lines(), config.form, config.threshold);
        Self::resume(synapses, config, seed, state)
    }

    /// A layer that goes on from `state`.
    ///
    /// # Errors
    /// [`NetworkError::Field`] for constants out of range; [`NetworkError::Length`] when the state belongs to another layer.
    pub fn resume(
        synapses: S,
        config: LayerConfig,
        seed: u64,
        state: LayerState,
    ) -> Result<Self, NetworkError> {
        NetworkError::first(|faults| config.check(synapses.neurons(), faults))?;
        for (what, found, expected) in [
            ("thresholds", state.own.len(), synapses.neurons()),
            ("firings", state.firings.len(), synapses.neurons()),
            ("switched devices per row", state.switched.len(), synapses.neurons()),
            (
                "switched devices per synapse",
                state.switched_per_synapse.len(),
                synapses.neurons() * synapses.lines(),
            ),
        ] {
            if found != expected {
                return Err(NetworkError::Length { what, found, expected, why: "the size of the layer" });
            }
        }
        let mut race = Race::new(synapses.neurons());
        state.set_inverse(config.form, &mut race);
        Ok(Self {
            gains: config.neuron.gains(),
            race,
            streams: Streams::new(seed, "write"),
            driven: vec![[0; MAX_BATCH]; synapses.lines()],
            active: vec![0; synapses.lines()],
            changes: Vec::new(),
            switched: Vec::new(),
            synapses,
            config,
            state,
        })
    }

    /// The synapses.
    pub const fn synapses(&self) -> &S {
        &self.synapses
    }

    /// The synapses, to change them between images (a refresh of what the circuit does to them).
    pub const fn synapses_mut(&mut self) -> &mut S {
        &mut self.synapses
    }

    /// Homeostasis and accounting.
    pub const fn state(&self) -> &LayerState {
        &self.state
    }

    /// Constants of the neurons.
    pub const fn config(&self) -> &LayerConfig {
        &self.config
    }

    /// What is subtracted from the sum of an image with `driven` active lines.
    fn offset(synapses: &S, config: &LayerConfig, driven: usize) -> f32 {
        let devices = (driven * usize::from(synapses.copies())) as f32;
        devices * config.reference as f32 * synapses.unit()
    }

    /// Shows the images of `batch` in order and learns from each, with the `plasticity` of each image.
    ///
    /// `outcome` is called after each image with its place in the batch and who fired.
    ///
    /// # Panics
    /// Never for batches of up to [`MAX_BATCH`] images.
    pub fn learn<'p>(
        &mut self,
        batch: &Batch,
        plasticity: impl Fn(usize) -> &'p Plasticity,
        mut outcome: impl FnMut(usize, &Response),
    ) {
        assert!(batch.len() <= MAX_BATCH, "a batch holds at most {MAX_BATCH} images");
        let Self { synapses, config, race, .. } = self;
        race.score(synapses, batch, |driven| Self::offset(synapses, config, driven));
        for image in 0..batch.len() {
            for &line in batch.lines(image) {
                self.driven[usize::from(line)][image] = u8::MAX;
            }
        }
        let form = self.config.form;
        for image in 0..batch.len() {
            let lines = batch.lines(image);
            let plasticity = plasticity(image);
            if form == Form::Querlioz {
                self.state.set_inverse(form, &mut self.race);
            }
            let fired = self.run_race(image);
            self.state.images += 1;
            self.state.driven += lines.len() as u64;
            self.state.cycles += u64::from(fired.cycle);
            if fired.fired.is_empty() {
                self.state.silent += 1;
            } else {
                for &line in lines {
                    self.active[usize::from(line)] = 1;
                }
                for (rank, &neuron) in fired.fired.iter().enumerate() {
                    self.write(Firing { neuron, rank, image, driven: lines.len() }, plasticity);
                }
                for &line in lines {
                    self.active[usize::from(line)] = 0;
                }
            }
            self.state.decay(form, plasticity.gain, plasticity.log_gain, self.config.fraction);
            outcome(image, &fired);
        }
        for &line in batch.active() {
            self.driven[usize::from(line)] = [0; MAX_BATCH];
        }
    }

    /// Who fires on an image of the batch, and when.
    fn run_race(&mut self, image: usize) -> Response {
        let unit = f64::from(self.synapses.unit());
        let level = self.state.level(self.config.form) * unit;
        let mut outcome = Response { fired: Vec::new(), cycle: self.config.neuron.cycles };
        let mut taken: Vec<(usize, f32)> = Vec::new();
        for rank in 0..self.config.winners {
            let (neuron, q) = self.race.first(image);
            // S_n rises with n, so the first crossing is found by bisection.
            let before = self.gains.partition_point(|&gain| f64::from(q) * gain <= level);
            if q <= 0.0 || before == self.gains.len() {
                break;
            }
            if rank == 0 {
                outcome.cycle = before as u32 + 1;
            }
            outcome.fired.push(neuron);
            if rank + 1 < self.config.winners {
                // Takes the neuron out of the race for the next place.
                taken.push((neuron, self.race.inverse(neuron)));
                self.race.set_inverse(neuron, 0.0);
            }
        }
        for (neuron, inverse) in taken {
            self.race.set_inverse(neuron, inverse);
        }
        outcome
    }

    /// The STDP event of one neuron, and the correction of the sums of the images still to come.
    fn write(&mut self, firing: Firing, plasticity: &Plasticity) {
        let Firing { neuron, rank, image, driven } = firing;
        let event = WriteEvent {
            active: &self.active,
            plasticity,
            streams: &self.streams,
            index: (self.state.images - 1) | (rank as u64) << 48,
        };
        self.synapses.write(neuron, &event, &mut self.changes, &mut self.switched);
        for changes in self.changes.chunk_by(|a, b| a.neuron == b.neuron) {
            let corrections = S::Sum::corrections(changes, &self.driven);
            self.race.correct(changes[0].neuron as usize, image + 1, &corrections);
        }
        // Each change of another row is one device.
        let elsewhere = self.changes.iter().filter(|change| change.neuron as usize != neuron);
        self.state.disturbed += elsewhere.count() as u64;
        let lines = self.synapses.lines();
        let per_synapse = &mut self.state.switched_per_synapse[neuron * lines..(neuron + 1) * lines];
        let mut total = 0;
        for &(line, count) in &self.switched {
            let n = &mut per_synapse[usize::from(line)];
            *n = n.saturating_add(u16::from(count));
            total += u64::from(count);
        }
        self.state.switched[neuron] += total;
        let copies = u64::from(self.synapses.copies());
        self.state.potentiation_pulses += driven as u64 * copies;
        self.state.depression_pulses += (lines - driven) as u64 * copies;
        self.state.fire(neuron, self.config.form, plasticity.gain);
        self.race.set_inverse(neuron, self.state.inverse_of(self.config.form, self.state.own[neuron]));
    }

    /// A reader of the layer as it is, for tests; many may work at once.
    #[must_use]
    pub fn reader(&self) -> Reader<'_, S> {
        let mut race = Race::new(self.synapses.neurons());
        self.state.set_inverse(self.config.form, &mut race);
        Reader { layer: self, race, ranked: Vec::new() }
    }
}

/// Reads a layer without changing it.
#[derive(Debug)]
pub struct Reader<'a, S: Synapses> {
    layer: &'a Layer<S>,
    race: Race<S::Sum>,
    ranked: Vec<(usize, f32)>,
}

impl<S: Synapses> Reader<'_, S> {
    /// The `count` neurons with the largest current over threshold for each image, best first (the lower index among
    /// equals), without learning.
    ///
    /// At a test an image is shown until a neuron fires. `found` gets the place of the image and
    /// (neuron, current over threshold) for each.
    pub fn respond(&mut self, batch: &Batch, count: usize, mut found: impl FnMut(usize, &[(usize, f32)])) {
        let Layer { synapses, config, .. } = self.layer;
        self.race.score(synapses, batch, |driven| Layer::offset(synapses, config, driven));
        for image in 0..batch.len() {
            self.race.ranking(image, count, &mut self.ranked);
            found(image, &self.ranked);
        }
    }
}
