use super::{DemonstratorConfig, DendriteCurrents, ImageOrder, Pattern, WriteEvent, WriteProbabilities};
use crate::error::NetworkError;
use crate::rules::chance;
use crate::rules::stdp::{self, Polarity};
use crate::rules::winner;
use rand::Rng;
use spinhebb_data::config::Check as _;

/// One clock cycle of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct CycleRecord {
    /// Image number, from 0.
    pub image: u32,
    /// Clock cycles since the start of the run.
    pub cycle: u64,
    /// Driven inputs.
    pub input: Pattern,
    /// Dendrite current of each neuron in A.
    pub currents_a: Vec<f64>,
    /// Integration level of each neuron at the end of the cycle, in units of the unit current x cycle.
    pub levels: Vec<f64>,
    /// Threshold of each neuron, same unit.
    pub thresholds: Vec<f64>,
    /// The neuron that fires in this cycle.
    pub fired: Option<usize>,
}

/// The write pulses of one firing.
#[derive(Debug, Clone, PartialEq)]
pub struct PulseRecord {
    /// Image number, from 0.
    pub image: u32,
    /// Neuron whose row is written.
    pub neuron: usize,
    /// Pulse of each input.
    pub polarity: Vec<Polarity>,
    /// Whether a pulse meets a device it could switch (a "switching attempt").
    pub attempted: Vec<bool>,
    /// Whether the device switched.
    pub switched: Vec<bool>,
    /// Devices that changed though no pulse was meant to change them: those of other neurons, and of this one between phases.
    pub disturbed: u32,
    /// States of the row afterwards.
    pub after: Pattern,
}

pub use crate::rules::winner::Firing;

/// One run of the experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningRun {
    /// Images shown until the weights held all images; `None` when the run was given up.
    pub images_needed: Option<u32>,
    /// Images shown.
    pub images: u32,
    /// Images on which no neuron fired.
    pub silent_images: u32,
    /// Switching attempts that succeeded.
    pub successes: u32,
    /// Switching attempts that failed.
    pub failures: u32,
    /// Devices that changed though no pulse was meant to change them.
    pub disturbed: u32,
    /// Device states at the end.
    pub weights: Vec<Pattern>,
    /// Every clock cycle; empty unless traced.
    pub cycles: Vec<CycleRecord>,
    /// Every firing with its pulses; empty unless traced.
    pub pulses: Vec<PulseRecord>,
}

/// The small network on its array.
#[derive(Clone, Copy)]
pub struct Demonstrator<'a> {
    /// What it learns and how.
    pub config: &'a DemonstratorConfig,
    /// Where the currents into the neurons come from.
    pub currents: &'a dyn DendriteCurrents,
    /// Mean current of the parallel devices at the read voltage in A, the unit of the thresholds.
    pub unit_current_a: f64,
    /// How the devices switch when a neuron has fired.
    pub probabilities: &'a dyn WriteProbabilities,
}

/// How long a run is watched, and how closely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watch {
    /// Whether clock cycles and pulses are recorded.
    pub trace: bool,
    /// Images that are shown at least, though the weights hold all of them before.
    pub images: u32,
}

/// Runs the experiment once, clock cycle by clock cycle, until the weights hold all images and those of `watch` are shown.
///
/// # Errors
/// [`NetworkError::Field`] for a value out of range; [`NetworkError::Length`] when currents or probabilities do not fit.
pub fn learn(
    demonstrator: &Demonstrator<'_>,
    watch: Watch,
    rng: &mut impl Rng,
) -> Result<LearningRun, NetworkError> {
    demonstrator.check()?;
    let config = demonstrator.config;
    let mut learner = Learner::new(demonstrator, watch.trace);
    while learner.run.images < config.max_images
        && (learner.run.images_needed.is_none() || learner.run.images < watch.images)
    {
        let image = learner.run.images;
        let fired = learner.show(image, rng);
        learner.run.images += 1;
        match fired {
            None => learner.run.silent_images += 1,
            Some(neuron) => learner.write(image, neuron, rng)?,
        }
        learner.clock += u64::from(config.rest_cycles);
        if learner.run.images_needed.is_none() && config.learned(&learner.weights) {
            learner.run.images_needed = Some(learner.run.images);
        }
    }
    Ok(LearningRun { weights: learner.weights, ..learner.run })
}

/// A run under way.
struct Learner<'a> {
    demonstrator: &'a Demonstrator<'a>,
    trace: bool,
    weights: Vec<Pattern>,
    firings: Vec<u32>,
    /// Clock cycle in which each input was driven last.
    last_active: Vec<Option<u64>>,
    currents_a: Vec<f64>,
    levels: Vec<f64>,
    thresholds: Vec<f64>,
    /// Probability of every device to change, neuron-major.
    flips: Vec<f64>,
    /// Clock cycles since the start.
    clock: u64,
    run: LearningRun,
}

impl<'a> Learner<'a> {
    fn new(demonstrator: &'a Demonstrator<'a>, trace: bool) -> Self {
        let weights = demonstrator.config.initial.clone();
        let neurons = weights.len();
        let run = LearningRun {
            images_needed: demonstrator.config.learned(&weights).then_some(0),
            images: 0,
            silent_images: 0,
            successes: 0,
            failures: 0,
            disturbed: 0,
            weights: Vec::new(),
            cycles: Vec::new(),
            pulses: Vec::new(),
        };
        Self {
            demonstrator,
            trace,
            weights,
            firings: vec![0; neurons],
            last_active: vec![None; demonstrator.currents.inputs()],
            currents_a: vec![0.0; neurons],
            levels: vec![0.0; neurons],
            thresholds: vec![0.0; neurons],
            flips: vec![0.0; neurons * demonstrator.currents.inputs()],
            clock: 0,
            run,
        }
    }

    /// Shows image number `image`; returns the neuron that fires.
    fn show(&mut self, image: u32, rng: &mut impl Rng) -> Option<usize> {
        let Demonstrator { config, currents, unit_current_a, .. } = *self.demonstrator;
        let input = match config.order {
            ImageOrder::Alternating => config.images[image as usize % config.images.len()],
            ImageOrder::Random => config.images[chance::below(config.images.len(), rng)],
        };
        for (threshold, firings) in self.thresholds.iter_mut().zip(&self.firings) {
            *threshold = config.homeostasis.threshold(config.threshold, *firings, image);
        }
        self.levels.fill(0.0);
        currents.currents_a(&self.weights, input, &mut self.currents_a);
        let mut fired = None;
        for _ in 0..config.neuron.cycles {
            self.clock += 1;
            for (level, current_a) in self.levels.iter_mut().zip(&self.currents_a) {
                *level = config.neuron.step(*level, current_a / unit_current_a);
            }
            for (active, driven) in self.last_active.iter_mut().zip(input.values()) {
                if driven {
                    *active = Some(self.clock);
                }
            }
            let crossed: Vec<usize> =
                (0..self.levels.len()).filter(|&j| self.levels[j] > self.thresholds[j]).collect();
            if !crossed.is_empty() {
                let candidates = winner::candidates(&crossed, config.tie, |j| {
                    winner::overdrive(self.currents_a[j], self.thresholds[j])
                });
                fired = Some(winner::draw(&candidates, rng));
            }
            if self.trace {
                self.run.cycles.push(CycleRecord {
                    image,
                    cycle: self.clock,
                    input,
                    currents_a: self.currents_a.clone(),
                    levels: self.levels.clone(),
                    thresholds: self.thresholds.clone(),
                    fired,
                });
            }
            if fired.is_some() {
                break;
            }
        }
        fired
    }

    /// Sends the pulses that follow the firing of `neuron`.
    fn write(&mut self, image: u32, neuron: usize, rng: &mut impl Rng) -> Result<(), NetworkError> {
        let Demonstrator { config, probabilities, .. } = *self.demonstrator;
        self.firings[neuron] += 1;
        let inputs = self.last_active.len();
        let polarity: Vec<Polarity> = (self.last_active.iter())
            .map(|&active| stdp::polarity(active, self.clock, config.window_cycles))
            .collect();
        let driven = |i: usize| polarity[i] == Polarity::Potentiation;
        let potentiated = Pattern::new((0..inputs).fold(0, |b, i| b | u32::from(driven(i)) << i), inputs)?;
        let event = WriteEvent { weights: &self.weights, neuron, potentiated };
        probabilities.flips(&event, &mut self.flips)?;
        let row = self.weights[neuron];
        let mut record = PulseRecord {
            image,
            neuron,
            polarity,
            attempted: (0..inputs).map(|i| row.get(i) != potentiated.get(i)).collect(),
            switched: vec![false; inputs],
            disturbed: 0,
            after: row,
        };
        for i in (0..inputs).filter(|&i| record.attempted[i]) {
            let switched = chance::uniform(rng) < self.flips[neuron * inputs + i];
            if switched {
                self.weights[neuron] = self.weights[neuron].flipped(i);
            }
            record.switched[i] = switched;
            self.run.successes += u32::from(switched);
            self.run.failures += u32::from(!switched);
        }
        for (device, &p) in self.flips.iter().enumerate() {
            let (other, i) = (device / inputs, device % inputs);
            let meant = other == neuron && record.attempted[i];
            if !meant && p > 0.0 && chance::uniform(rng) < p {
                self.weights[other] = self.weights[other].flipped(i);
                record.disturbed += 1;
            }
        }
        self.run.disturbed += record.disturbed;
        record.after = self.weights[neuron];
        if self.trace {
            self.run.pulses.push(record);
        }
        Ok(())
    }
}

impl Demonstrator<'_> {
    /// Whether configuration, currents and probabilities fit together.
    pub(crate) fn check(&self) -> Result<(), NetworkError> {
        let Self { config, currents, unit_current_a, probabilities } = *self;
        config.first_fault()?;
        for (what, found, expected) in [
            ("initial rows", config.initial.len(), currents.neurons()),
            ("values per pattern", config.initial[0].len(), currents.inputs()),
        ] {
            if found != expected {
                return Err(NetworkError::Length { what, found, expected, why: "the size of the array" });
            }
        }
        NetworkError::require(
            unit_current_a > 0.0 && unit_current_a.is_finite(),
            "unit_current",
            unit_current_a,
            "a positive current in A",
        )?;
        probabilities.check(config)
    }
}
