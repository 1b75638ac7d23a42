use super::{DendriteCurrents, Pattern};
use crate::error::NetworkError;
use crate::neuron::LeakyIntegrator;
use crate::rules::chance;
use crate::rules::homeostasis::Homeostasis;
use crate::rules::stdp::{self, Polarity};
use crate::rules::winner::{self, TieRule};
use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};

/// In which order the images are shown.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub enum ImageOrder {
    /// One after the other, again and again.
    #[default]
    Alternating,
    /// Drawn at random each time.
    Random,
}

/// The small network of the paper: what it stores, what it learns and how.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct DemonstratorConfig {
    /// Device states of each neuron in the inference (1 = P).
    pub targets: Vec<Pattern>,
    /// Initial device states of each neuron in the learning (1 = P).
    pub initial: Vec<Pattern>,
    /// Images to be learned.
    pub images: Vec<Pattern>,
    /// In which order the images are shown.
    pub order: ImageOrder,
    /// Integrate-and-fire neurons.
    pub neuron: LeakyIntegrator,
    /// Initial threshold, in units of the current of one P device over one clock cycle.
    pub threshold: f64,
    /// Homeostasis of the thresholds; gain of the additive form in units of the threshold's unit.
    pub homeostasis: Homeostasis,
    /// Who wins a tie.
    pub tie: TieRule,
    /// STDP window in clock cycles before the firing.
    pub window_cycles: u32,
    /// Clock cycles without input between two images; integration levels drain in the meantime.
    pub rest_cycles: u32,
    /// Images after which a run is given up.
    pub max_images: u32,
    /// Runs of the learning.
    pub runs: u32,
    /// The fraction of runs that have learned within so many images, at most 100, is given.
    pub within: u32,
}

impl Check for DemonstratorConfig {
    fn check(&self, faults: &mut Faults) {
        let neurons = self.initial.len();
        faults.require((1..=8).contains(&neurons), "initial", listed(neurons), "1 to 8 neurons");
        faults.require(
            self.targets.len() == neurons,
            "targets",
            listed(self.targets.len()),
            format!("one target for each of the {neurons} neurons of `initial`"),
        );
        faults.require(
            (1..=neurons.max(1)).contains(&self.images.len()),
            "images",
            listed(self.images.len()),
            "at least one image and no more images than neurons",
        );
        let inputs = self.initial.first().or(self.images.first()).map_or(0, |pattern| pattern.len());
        for (key, patterns) in
            [("targets", &self.targets), ("initial", &self.initial), ("images", &self.images)]
        {
            faults.each(key, patterns, |pattern, faults| {
                faults.require(
                    pattern.len() == inputs,
                    "",
                    pattern,
                    format!("{inputs} values, as the first neuron has"),
                );
            });
        }
        faults.within("neuron", |faults| self.neuron.check(faults));
        faults.within("homeostasis", |faults| self.homeostasis.check(faults));
        let threshold = self.threshold;
        faults.require(threshold > 0.0 && threshold.is_finite(), "threshold", threshold, "a number above 0");
        // The states of the Markov chain multiply with the images.
        for (key, count, most) in [
            ("max_images", self.max_images, 1_000_000),
            ("runs", self.runs, 10_000_000),
            ("within", self.within, 100),
        ] {
            faults.require((1..=most).contains(&count), key, count, format!("between 1 and {most}"));
        }
    }
}

fn listed(patterns: usize) -> String {
    format!("{patterns} patterns")
}

impl DemonstratorConfig {
    /// The experiment of the paper, for tests: both neurons start as 1100, the images are 1001 and 0110.
    #[cfg(test)]
    pub(crate) fn of_the_paper() -> Self {
        let pattern = |text: &str| text.parse().expect("a literal of 0 and 1");
        Self {
            targets: vec![pattern("1100"), pattern("1001")],
            initial: vec![pattern("1100"), pattern("1100")],
            images: vec![pattern("1001"), pattern("0110")],
            order: ImageOrder::Alternating,
            neuron: LeakyIntegrator { retention: 0.9, cycles: 20 },
            threshold: 10.0,
            homeostasis: Homeostasis::Querlioz { gain: 2.0, target: 0.5 },
            tie: TieRule::AnalogRace,
            window_cycles: 20,
            rest_cycles: 20,
            max_images: 1000,
            runs: 4000,
            within: 12,
        }
    }

    /// Whether `weights` hold every image, each in a neuron of its own.
    #[must_use]
    pub fn learned(&self, weights: &[Pattern]) -> bool {
        let mut free = weights.to_vec();
        self.images.iter().all(|image| {
            free.iter().position(|row| row == image).map(|found| free.swap_remove(found)).is_some()
        })
    }
}

/// Switching probability of each device under one write pulse, neuron-major.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchingProbabilities {
    /// AP -> P under a potentiation pulse (V > 0).
    pub potentiation: Vec<f64>,
    /// P -> AP under a depression pulse (V < 0).
    pub depression: Vec<f64>,
}

impl SwitchingProbabilities {
    /// The same for all `devices`.
    #[must_use]
    pub fn uniform(devices: usize, potentiation: f64, depression: f64) -> Self {
        Self { potentiation: vec![potentiation; devices], depression: vec![depression; devices] }
    }

    pub(crate) fn validate(&self, devices: usize) -> Result<(), NetworkError> {
        for (key, values) in [("potentiation", &self.potentiation), ("depression", &self.depression)] {
            if values.len() != devices {
                return Err(NetworkError::Length {
                    what: "switching probabilities",
                    found: values.len(),
                    expected: devices,
                    why: "one per device",
                });
            }
            for p in values {
                NetworkError::require((0.0..=1.0).contains(p), key, p, "a probability between 0 and 1")?;
            }
        }
        Ok(())
    }

    /// Probability that a device in `state` switches under a pulse of `polarity`.
    #[must_use]
    pub(crate) fn of(&self, device: usize, state: bool, polarity: Polarity) -> f64 {
        match (polarity, state) {
            (Polarity::Potentiation, false) => self.potentiation[device],
            (Polarity::Depression, true) => self.depression[device],
            _ => 0.0,
        }
    }
}

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
    /// Integration level of each neuron at the end of the cycle, in units of the current of one P device x cycle.
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
    /// Current of one P device at the read voltage in A, the unit of the thresholds.
    pub unit_current_a: f64,
    /// How the devices switch.
    pub probabilities: &'a SwitchingProbabilities,
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
            Some(neuron) => learner.write(image, neuron, rng),
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
    fn write(&mut self, image: u32, neuron: usize, rng: &mut impl Rng) {
        let Demonstrator { config, probabilities, .. } = *self.demonstrator;
        self.firings[neuron] += 1;
        let inputs = self.last_active.len();
        let row = &mut self.weights[neuron];
        let mut record = PulseRecord {
            image,
            neuron,
            polarity: Vec::new(),
            attempted: Vec::new(),
            switched: Vec::new(),
            after: *row,
        };
        for (i, &active) in self.last_active.iter().enumerate() {
            let polarity = stdp::polarity(active, self.clock, config.window_cycles);
            let state = row.get(i);
            let attempted = state != (polarity == Polarity::Potentiation);
            let p = probabilities.of(neuron * inputs + i, state, polarity);
            let switched = attempted && chance::uniform(rng) < p;
            if switched {
                *row = row.flipped(i);
            }
            self.run.successes += u32::from(switched);
            self.run.failures += u32::from(attempted && !switched);
            if self.trace {
                record.polarity.push(polarity);
                record.attempted.push(attempted);
                record.switched.push(switched);
            }
        }
        record.after = *row;
        if self.trace {
            self.run.pulses.push(record);
        }
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
        probabilities.validate(currents.neurons() * currents.inputs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_found_at_once() {
        let paths = |config: &DemonstratorConfig| {
            let mut faults = Faults::default();
            config.check(&mut faults);
            faults.found().iter().map(|fault| fault.path.clone()).collect::<Vec<_>>()
        };
        let sound = DemonstratorConfig::of_the_paper();
        assert_eq!(paths(&sound), [""; 0]);
        let pattern = |text: &str| text.parse::<Pattern>().unwrap();
        let broken = DemonstratorConfig {
            targets: vec![pattern("110")],
            images: vec![pattern("1001"), pattern("0110"), pattern("01100")],
            neuron: LeakyIntegrator { retention: -0.1, cycles: 0 },
            homeostasis: Homeostasis::Ratio { gain: -1.0, target: 2.0 },
            threshold: 0.0,
            max_images: 0,
            runs: 0,
            within: 101,
            ..sound.clone()
        };
        let expected = [
            "targets",
            "images",
            "targets[0]",
            "images[2]",
            "neuron.retention",
            "neuron.cycles",
            "homeostasis.gain",
            "homeostasis.target",
            "threshold",
            "max_images",
            "runs",
            "within",
        ];
        assert_eq!(paths(&broken), expected);
        let none = DemonstratorConfig { initial: Vec::new(), targets: Vec::new(), ..sound };
        assert_eq!(paths(&none), ["initial", "images"]);
    }
}
