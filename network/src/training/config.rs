//! The part `[network]` of a system: layer, training and read-out in one flat table.

use crate::encoding::{EncodingConfig, Field, Shift};
use crate::neuron::LeakyIntegrator;
use crate::rules::homeostasis::Form;
use crate::rules::readout::Readout;
use crate::rules::winner::TieRule;
use crate::synapses::{LayerConfig, MAX_COPIES, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults, Staged};

/// A shipped recipe: the keys that a user does not write.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum RecipeName {
    /// What the paper states: 35 % and 30 %, 1.44 subtracted, one pass, single winner; what it leaves open is assumed.
    Paper,
    /// One pass and a single winner, with probabilities and homeostasis chosen by us for each number of neurons.
    Tuned,
    /// Everything that helps and stays with MTJ pulses and simple CMOS.
    Best,
}

/// What the synapses of a network are.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum SynapseModel {
    /// Devices all alike on ideal lines: the probabilities of the pulses alone count.
    Ideal,
    /// The devices of the population and their faults, each with its own conductances and switching law, on ideal lines.
    Devices,
    /// The same devices on a physical array, which is solved with its wires and drivers.
    Array,
}

/// In which order training images are shown.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As they are stored, in every pass.
    Stored,
    /// Shuffled anew for every pass.
    Shuffled,
}

/// Everything that defines a network and its training, apart from pulses, images and seed.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Recipe that gives the keys which are not written.
    pub recipe: RecipeName,
    /// What the synapses are.
    pub synapses: SynapseModel,
    /// Images after which effective conductances and write voltages of an array are solved anew.
    pub refresh: u64,
    /// Number of neurons in all, shared out among the fields.
    pub neurons: usize,
    /// Devices per input line and neuron (r), 1 to 8.
    pub copies: u8,
    /// Initial threshold, in units of the current step G_P - G_AP of one device over one clock cycle; without it,
    /// `integration_cycles` sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Clock cycles in which the neuron that wins one of the first images on average reaches its threshold before anything is learned.
    pub integration_cycles: f64,
    /// Reference subtracted per driven device: 0 subtracts G_AP, 0.5 the mean of G_P and G_AP.
    pub reference: f64,
    /// Form of the homeostasis.
    pub homeostasis: Form,
    /// Gain of the homeostasis: relative (ratio) or in units of the threshold (Querlioz).
    pub gain: Staged<f64>,
    /// Fraction of the images that homeostasis wants some neuron to fire on; below 1 the leak gates weak images.
    pub fraction: f64,
    /// Stages in which pulses and gain are changed.
    pub stages: u32,
    /// Passes over the training images.
    pub passes: u32,
    /// Order of the images.
    pub order: Order,
    /// Displacements of which each shown image takes a random one; empty: images stay.
    #[serde(default)]
    pub saccade: Vec<Shift>,
    /// Neurons that fire and learn per image.
    pub winners: usize,
    /// Who fires when several neurons cross their thresholds in the same clock cycle.
    pub tie: TieRule,
    /// Cycles for which an active line rests after each in which it drives the neurons.
    pub refractory_cycles: u32,
    /// Cycles without input between two images.
    pub rest_cycles: u32,
    /// A firing potentiates the lines of its image and those that drove within so many cycles before it.
    pub window_cycles: u32,
    /// Whether the reads of an array pass its converters (`array.converter_bits`), one for each dendrite of each tile.
    pub converted: bool,
    /// Probability that a device is P before training.
    pub initial_parallel: f64,
    /// Integrate-and-fire neurons.
    pub neuron: LeakyIntegrator,
    /// How images become input lines.
    pub encoding: EncodingConfig,
    /// How the class is read from the neurons.
    pub readout: Readout,
    /// Fields of the image, each wired to a network of its own; without any, one network sees the whole image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Displacements at which labelled images are shown while neurons get their labels.
    pub label_shifts: Vec<Shift>,
    /// Displacements at which an image is read at the test; the votes of all are added.
    pub test_shifts: Vec<Shift>,
}

impl NetworkConfig {
    /// Neurons of the network of each field, at least one.
    #[must_use]
    pub fn neurons_each(&self) -> usize {
        (self.neurons / self.fields.len().max(1)).max(1)
    }

    /// Constants of the neurons, with thresholds that begin at `threshold`.
    #[must_use]
    pub const fn layer(&self, threshold: f64) -> LayerConfig {
        LayerConfig {
            neuron: self.neuron,
            reference: self.reference,
            threshold,
            form: self.homeostasis,
            fraction: self.fraction,
            winners: self.winners,
            tie: self.tie,
            timing: Timing {
                refractory_cycles: self.refractory_cycles,
                rest_cycles: self.rest_cycles,
                window_cycles: self.window_cycles,
            },
        }
    }

    fn check_training(&self, faults: &mut Faults) {
        faults.require(
            (1..=1 << 20).contains(&self.neurons),
            "neurons",
            self.neurons,
            "between 1 and 1048576 neurons",
        );
        faults.require(
            (1..=MAX_COPIES as u8).contains(&self.copies),
            "copies",
            self.copies,
            "between 1 and 8 devices per line",
        );
        self.layer(self.threshold.unwrap_or(1.0)).check(self.neurons_each(), faults);
        let cycles = self.integration_cycles;
        let most = self.neuron.cycles;
        let expected = format!("above 0 and at most the {most} cycles for which an image is shown");
        faults.require(
            cycles > 0.0 && cycles <= f64::from(most) || self.threshold.is_some(),
            "integration_cycles",
            cycles,
            expected,
        );
        faults.require((1..=100_000).contains(&self.stages), "stages", self.stages, "1 to 100000 stages");
        faults.within("gain", |faults| self.gain.check_within(0.0, 1e6, self.stages, faults));
        faults.require(self.passes >= 1, "passes", self.passes, "at least 1 pass");
        faults.require(
            (0.0..=1.0).contains(&self.initial_parallel),
            "initial_parallel",
            self.initial_parallel,
            "a probability between 0 and 1",
        );
        faults.within("encoding", |faults| self.encoding.check(faults));
        faults.each("fields", &self.fields, Field::check);
        faults.require(
            self.fields.is_empty() || self.encoding.field.is_none(),
            "encoding.field",
            "given",
            "either this one field or the list `fields`",
        );
    }

    fn check_readout(&self, faults: &mut Faults) {
        let each = self.neurons_each();
        faults.within("readout", |faults| {
            self.readout.check(faults);
            let voters = self.readout.neurons();
            faults.require(
                voters <= each,
                "neurons",
                voters,
                format!("at most the {each} neurons that see a field"),
            );
        });
        for (key, shifts) in [("label_shifts", &self.label_shifts), ("test_shifts", &self.test_shifts)] {
            faults.require(!shifts.is_empty(), key, "[]", "at least one displacement, such as [0, 0]");
        }
    }

    fn check_synapses(&self, faults: &mut Faults) {
        let array = self.synapses == SynapseModel::Array;
        faults.require(array || !self.converted, "converted", true, "false, unless `synapses` is \"array\"");
        faults.require(self.refresh > 0, "refresh", self.refresh, "at least 1 image");
    }
}

impl Check for NetworkConfig {
    fn check(&self, faults: &mut Faults) {
        self.check_training(faults);
        self.check_readout(faults);
        self.check_synapses(faults);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::recipe::{Recipe, WriteProbabilities};
    use spinhebb_data::config::{Course, reference};

    const SOUND: &str = r#"
        recipe = "tuned"
        synapses = "ideal"
        refresh = 5000
        neurons = 50
        copies = 8
        threshold = 1.0
        reference = 0.0
        homeostasis = "ratio"
        gain = 0.1
        fraction = 1.0
        stages = 1
        passes = 1
        order = "stored"
        integration_cycles = 20.0
        winners = 1
        tie = "analog-race"
        refractory_cycles = 0
        rest_cycles = 0
        window_cycles = 0
        converted = false
        initial_parallel = 0.5
        neuron = { retention = 1.0, cycles = 50 }
        encoding = { thresholds = [64], upright = false }
        readout = { kind = "single-winner" }
        label_shifts = [[0, 0]]
        test_shifts = [[0, 0]]
    "#;

    fn sound() -> NetworkConfig {
        toml::from_str(SOUND).unwrap()
    }

    fn paths(part: &impl Check) -> Vec<String> {
        let mut faults = Faults::default();
        part.check(&mut faults);
        faults.found().iter().map(|fault| fault.path.clone()).collect()
    }

    #[test]
    fn all_faults_are_found_at_once_where_they_were_written() {
        assert_eq!(paths(&sound()), [""; 0]);
        let empty = Field { left: 0, top: 0, width: 0, height: 3 };
        let broken = NetworkConfig {
            copies: 9,
            threshold: Some(f64::NAN),
            gain: Staged::Between { first: -1.0, last: 0.0, course: Course::Geometric },
            winners: 26,
            initial_parallel: 1.5,
            passes: 0,
            neuron: LeakyIntegrator { retention: 1.1, cycles: 0 },
            encoding: EncodingConfig { thresholds: vec![80, 30], upright: false, field: Some(empty) },
            fields: vec![Field { width: 3, ..empty }, Field { height: 0, ..empty }],
            readout: Readout::LikelihoodVote { neurons: 30, prior: 0.0 },
            test_shifts: Vec::new(),
            refresh: 0,
            ..sound()
        };
        let expected = [
            "copies",
            "neuron.retention",
            "neuron.cycles",
            "threshold",
            "winners",
            "gain.first",
            "gain.last",
            "passes",
            "initial_parallel",
            "encoding.thresholds",
            "encoding.field.width",
            "fields[1].width",
            "fields[1].height",
            "encoding.field",
            "readout.prior",
            "readout.neurons",
            "test_shifts",
            "refresh",
        ];
        assert_eq!(paths(&broken), expected);
        let pulses = WriteProbabilities {
            potentiation: Staged::linear(1.1, 0.5),
            depression: Staged::Listed(vec![0.1, -0.1]),
        };
        let recipe = Recipe { network: NetworkConfig { neurons: 0, ..sound() }, pulses };
        let expected = [
            "network.neurons",
            "pulses.potentiation.first",
            "pulses.depression.values",
            "pulses.depression.values[1]",
        ];
        assert_eq!(paths(&recipe), expected);
    }

    /// Keys that are not those of the network, and tags of earlier files, are refused; every key has its documentation.
    #[test]
    fn keys_are_those_of_the_declaration() {
        for wrong in ["potentiation = 0.3", "training = {}"] {
            let text = format!("{SOUND}\n{wrong}");
            assert!(toml::from_str::<NetworkConfig>(&text).is_err(), "{wrong}");
        }
        let old = SOUND.replace("kind = \"single-winner\"", "rule = \"single-winner\"");
        assert!(toml::from_str::<NetworkConfig>(&old).is_err());
        for key in reference::keys::<NetworkConfig>() {
            assert!(!key.description.is_empty(), "{}", key.path);
        }
    }
}
