use super::Pattern;
use crate::neuron::LeakyIntegrator;
use crate::rules::homeostasis::Homeostasis;
use crate::rules::winner::TieRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};

/// In which order the images are shown.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub enum ImageOrder {
    /// One after the other, again and again.
    Alternating,
    /// Drawn at random each time, as in the paper.
    #[default]
    Random,
}

/// What is done with an input that is not driven in a read.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ZeroInput {
    /// Its driver holds it at 0 V.
    Grounded,
    /// Its switch is left open, so that its line floats.
    Open,
}

/// What is done with the inputs that are 0, in the reads of either study.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ZeroInputs {
    /// In the inference; the paper applies no voltage (Fig. 1).
    pub inference: ZeroInput,
    /// In the reads of the learning; the paper leaves the switch open (Fig. 3).
    pub learning: ZeroInput,
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
    /// What is done with the inputs that are 0 in a read; without resistance of bit lines and sense circuits both ways are the same.
    pub zero_inputs: ZeroInputs,
    /// What the inference subtracts from each dendrite per driven input, in units of the mean current of the array's
    /// anti-parallel devices; the paper took 1.44. The learning subtracts nothing.
    pub subtraction: f64,
    /// Integrate-and-fire neurons.
    pub neuron: LeakyIntegrator,
    /// Initial threshold, in units of the mean current of the array's parallel devices over one clock cycle.
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
        let subtraction = self.subtraction;
        let fine = subtraction >= 0.0 && subtraction.is_finite();
        faults.require(fine, "subtraction", subtraction, "a number of 0 or more, such as 1.44");
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
            order: ImageOrder::Random,
            zero_inputs: ZeroInputs { inference: ZeroInput::Grounded, learning: ZeroInput::Open },
            subtraction: 1.44,
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

    /// The sets of inputs that a firing may potentiate: the images or, where the STDP window reaches beyond the rest between
    /// images, all unions of some of them.
    #[must_use]
    pub fn potentiated(&self) -> Vec<Pattern> {
        let mut sets: Vec<Pattern> = self.images.clone();
        if self.window_cycles > self.rest_cycles {
            for image in &self.images {
                let with: Vec<Pattern> = sets.iter().map(|set| set.union(*image)).collect();
                sets.extend(with);
            }
        }
        sets.sort_unstable();
        sets.dedup();
        sets
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
            subtraction: -1.0,
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
            "subtraction",
            "max_images",
            "runs",
            "within",
        ];
        assert_eq!(paths(&broken), expected);
        let none = DemonstratorConfig { initial: Vec::new(), targets: Vec::new(), ..sound };
        assert_eq!(paths(&none), ["initial", "images"]);
    }
    #[test]
    fn a_long_window_may_potentiate_unions_of_images() {
        let pattern = |text: &str| text.parse::<Pattern>().unwrap();
        let config = DemonstratorConfig::of_the_paper();
        assert_eq!(config.potentiated(), [pattern("0110"), pattern("1001")]);
        let long = DemonstratorConfig { window_cycles: 21, ..config };
        assert_eq!(long.potentiated(), [pattern("0110"), pattern("1001"), pattern("1111")]);
    }
}
