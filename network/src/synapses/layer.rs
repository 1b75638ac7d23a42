use super::race::{Driven, Race};
use super::{Batch, Change, MAX_BATCH, Plasticity, ReadEvent, Sum, Synapses, WriteEvent};
use crate::error::NetworkError;
use crate::neuron::{LeakyIntegrator, cycles_since_driven};
use crate::rules::homeostasis::Form;
use crate::rules::stdp::{self, Polarity};
use crate::rules::winner::TieRule;
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
    /// Who fires when several neurons cross their thresholds in the same clock cycle.
    pub tie: TieRule,
    /// When lines drive the neurons, and which of them a firing potentiates.
    pub timing: Timing,
}

/// When lines drive the neurons, and which of them a firing potentiates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// Cycles for which an active line rests after each in which it drives the neurons.
    pub refractory_cycles: u32,
    /// Cycles without input between two images.
    pub rest_cycles: u32,
    /// Lines that drove within so many cycles before the firing are potentiated, those of the image before among them.
    pub window_cycles: u32,
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
        let race = self.tie == TieRule::AnalogRace;
        let expected = "1, unless `tie` is \"analog-race\"";
        faults.require(race || self.winners == 1, "winners", self.winners, expected);
        let expected = "at most 65536 neurons for \"all-fire\"";
        faults.require(self.tie != TieRule::AllFire || neurons <= 1 << 16, "tie", "all-fire", expected);
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
    /// Devices switched by reads.
    pub disturbed_by_reads: u64,
    /// Firings in each stage of the training.
    pub events: Vec<u64>,
    /// Clock cycle, from 1, in which each line drove the neurons last, 0 for never; empty where only the lines of the image itself
    /// are potentiated.
    pub last_driven: Vec<u64>,
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
            disturbed_by_reads: 0,
            events: Vec::new(),
            last_driven: Vec::new(),
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
    ties: Streams,
    race: Race<S::Sum>,
    crossing: Vec<(usize, f32)>,
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
            gains: config.neuron.gains(config.timing.refractory_cycles),
            race,
            streams: Streams::new(seed, "write"),
            ties: Streams::new(seed, "tie"),
            crossing: Vec::new(),
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
        race.score(synapses, batch, |driven| offset(synapses, config.reference, driven));
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
            self.disturb_by_read(image, lines, fired.cycle);
            if fired.fired.is_empty() {
                self.state.silent += 1;
            } else {
                self.learn_from(image, lines, &fired, plasticity);
            }
            self.remember(lines, fired.cycle);
            self.state.cycles += u64::from(fired.cycle);
            self.state.decay(form, plasticity.gain, plasticity.log_gain, self.config.fraction);
            outcome(image, &fired);
        }
        for &line in batch.active() {
            self.driven[usize::from(line)] = [0; MAX_BATCH];
        }
    }

    /// What the read of an image does to the devices.
    fn disturb_by_read(&mut self, image: usize, lines: &[u16], cycles: u32) {
        let read = ReadEvent { lines, cycles, index: self.state.images - 1 };
        self.synapses.disturb_by_read(&read, &mut self.changes);
        self.state.disturbed_by_reads += self.changes.len() as u64;
        self.correct(image);
    }

    /// Corrects the sums of the images still to come by what has changed.
    fn correct(&mut self, image: usize) {
        for changes in self.changes.chunk_by(|a, b| a.neuron == b.neuron) {
            let corrections = S::Sum::corrections(changes, &self.driven);
            self.race.correct(changes[0].neuron as usize, image + 1, &corrections);
        }
    }

    /// The write events that follow the firings on an image.
    fn learn_from(&mut self, image: usize, lines: &[u16], response: &Response, plasticity: &Plasticity) {
        let mut driven = lines.len();
        for &line in lines {
            self.active[usize::from(line)] = 1;
        }
        let window = self.config.timing.window_cycles;
        if window > 0 {
            let firing = self.clock() + u64::from(response.cycle);
            driven = 0;
            for (active, &last) in self.active.iter_mut().zip(&self.state.last_driven) {
                let last = (last > 0).then_some(last);
                let within = stdp::polarity(last, firing, window) == Polarity::Potentiation;
                *active |= u8::from(within);
                driven += usize::from(*active);
            }
        }
        for (rank, &neuron) in response.fired.iter().enumerate() {
            self.write(Firing { neuron, rank, image, driven }, plasticity);
        }
        if window > 0 {
            self.active.fill(0);
        }
        for &line in lines {
            self.active[usize::from(line)] = 0;
        }
    }

    /// Clock cycles before the image being shown.
    fn clock(&self) -> u64 {
        let rests = self.state.images.saturating_sub(1) * u64::from(self.config.timing.rest_cycles);
        self.state.cycles + rests
    }

    /// Remembers when the lines of an image that is shown for so many cycles drove the neurons, where a later firing may
    /// potentiate them.
    fn remember(&mut self, lines: &[u16], cycles: u32) {
        let timing = self.config.timing;
        if timing.window_cycles > 0 {
            let since = cycles_since_driven(cycles, timing.refractory_cycles);
            let last = self.clock() + u64::from(cycles - since);
            self.state.last_driven.resize(self.synapses.lines(), 0);
            for &line in lines {
                self.state.last_driven[usize::from(line)] = last;
            }
        }
    }

    /// Who fires on an image of the batch, and when.
    fn run_race(&mut self, image: usize) -> Response {
        let unit = f64::from(self.synapses.unit());
        let level = self.state.level(self.config.form) * unit;
        let mut outcome = Response { fired: Vec::new(), cycle: self.config.neuron.cycles };
        let (first, q) = self.race.first(image);
        let Some(before) = crossing(&self.gains, q, level) else { return outcome };
        outcome.cycle = before as u32 + 1;
        if self.config.tie != TieRule::AnalogRace {
            let gain = self.gains[before];
            self.race.passing(image, |q| q > 0.0 && f64::from(q) * gain > level, &mut self.crossing);
            let index = self.state.images;
            settle(self.config.tie, &mut self.crossing, &self.ties.block(index, 0));
            let all = self.config.tie == TieRule::AllFire;
            let count = if all { self.crossing.len() } else { 1 };
            outcome.fired.extend(self.crossing[..count].iter().map(|&(neuron, _)| neuron));
            return outcome;
        }
        outcome.fired.push(first);
        let mut taken: Vec<(usize, f32)> = Vec::new();
        while outcome.fired.len() < self.config.winners {
            // Takes the neuron out of the race for the next place.
            let last = outcome.fired[outcome.fired.len() - 1];
            taken.push((last, self.race.inverse(last)));
            self.race.set_inverse(last, 0.0);
            let (neuron, q) = self.race.first(image);
            if crossing(&self.gains, q, level).is_none() {
                break;
            }
            outcome.fired.push(neuron);
        }
        for (neuron, inverse) in taken {
            self.race.set_inverse(neuron, inverse);
        }
        outcome
    }

    /// Counts `events` firings in a stage of the training.
    pub(crate) fn count_events(&mut self, stage: usize, events: u64) {
        let counts = &mut self.state.events;
        counts.resize(counts.len().max(stage + 1), 0);
        counts[stage] += events;
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
        self.correct(image);
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
    /// The first `count` neurons that fire on each image while it is shown, in order, without learning; none where the image leaves all
    /// of them silent. Neurons that cross in the same cycle follow the rule of ties.
    ///
    /// `found` gets the place of the image and (neuron, current over threshold) for each.
    pub fn respond(&mut self, batch: &Batch, count: usize, mut found: impl FnMut(usize, &[(usize, f32)])) {
        let Layer { synapses, config, state, gains, ties, .. } = self.layer;
        self.race.score(synapses, batch, |driven| offset(synapses, config.reference, driven));
        let level = state.level(config.form) * f64::from(synapses.unit());
        for image in 0..batch.len() {
            if config.tie == TieRule::AnalogRace {
                self.race.ranking(image, count, &mut self.ranked);
                let fire = |&(_, q): &(usize, f32)| crossing(gains, q, level).is_some();
                let silent = self.ranked.iter().position(|ranked| !fire(ranked));
                self.ranked.truncate(silent.unwrap_or(count));
            } else {
                let most = gains[gains.len() - 1];
                self.race.passing(image, |q| q > 0.0 && f64::from(q) * most > level, &mut self.ranked);
                let words = ties.block(READS + batch.read(image), 0);
                self.ranked.sort_by_key(|&(_, q)| crossing(gains, q, level));
                let cycle = |a: &(usize, f32), b: &(usize, f32)| {
                    crossing(gains, a.1, level) == crossing(gains, b.1, level)
                };
                self.ranked.chunk_by_mut(cycle).for_each(|tied| settle(config.tie, tied, &words));
                self.ranked.truncate(count);
            }
            found(image, &self.ranked);
        }
    }
}

/// The largest current into any neuron for each image of `batch`, less the `reference`, in units of the step of one device.
#[must_use]
pub fn strongest_currents<S: Synapses>(synapses: &S, batch: &Batch, reference: f64) -> Vec<f32> {
    let mut race: Race<S::Sum> = Race::new(synapses.neurons());
    (0..synapses.neurons()).for_each(|neuron| race.set_inverse(neuron, 1.0));
    race.score(synapses, batch, |driven| offset(synapses, reference, driven));
    (0..batch.len()).map(|image| race.first(image).1 / synapses.unit()).collect()
}

/// What is subtracted from the sum of an image with `driven` active lines.
fn offset<S: Synapses>(synapses: &S, reference: f64, driven: usize) -> f32 {
    let devices = (driven * usize::from(synapses.copies())) as f32;
    devices * reference as f32 * synapses.unit()
}

/// Where the random numbers of ties in tests begin.
const READS: u64 = 1 << 63;

/// The cycle, from 0, in which a neuron of this current over threshold crosses `level`; `None` where it stays below.
fn crossing(gains: &[f64], q: f32, level: f64) -> Option<usize> {
    // The gains never fall, so the first crossing is found by bisection.
    let before = gains.partition_point(|&gain| f64::from(q) * gain <= level);
    (q > 0.0 && before < gains.len()).then_some(before)
}

/// Puts neurons that cross in one cycle, in rising order, into the order of the rule.
fn settle(tie: TieRule, tied: &mut [(usize, f32)], words: &[u32; 4]) {
    match tie {
        TieRule::LowestIndex => {}
        TieRule::Random => {
            let chosen = (u64::from(words[0]) * tied.len() as u64) >> 32;
            tied[..=chosen as usize].rotate_right(1);
        }
        TieRule::AnalogRace | TieRule::AllFire => {
            tied.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        }
    }
}
