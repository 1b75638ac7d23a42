//! What an accuracy rests on: read-out, neurons, devices, passes, labels, seeds. None is stated without them.

use spinhebb_network::encoding::{Encoder, EncodingConfig};
use spinhebb_network::images::ImageParts;
use spinhebb_network::rules::readout::Readout;
use spinhebb_network::training::config::NetworkConfig;

use crate::error::ExperimentError;
use crate::experiment::{Outcome, Scalar};

/// Key of the sentence.
const SENTENCE: &str = "rests_on";

/// What an accuracy rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    readout: String,
    neurons: usize,
    devices: usize,
    passes: u32,
    labelled: usize,
    displacements: usize,
    seeds: u64,
}

impl Terms {
    /// The terms of `seeds` networks that `network` describes.
    ///
    /// # Errors
    /// The code does not fit the images.
    pub(crate) fn of(
        network: &NetworkConfig,
        parts: &ImageParts<'_>,
        seeds: u64,
    ) -> Result<Self, ExperimentError> {
        let (width, height) = parts.train.size();
        let lines = |encoding: &EncodingConfig| Ok(Encoder::new(encoding, width, height)?.lines());
        let lines: usize = match network.fields.as_slice() {
            [] => lines(&network.encoding)?,
            fields => {
                let of_field =
                    |&field| lines(&EncodingConfig { field: Some(field), ..network.encoding.clone() });
                fields.iter().map(of_field).sum::<Result<usize, ExperimentError>>()?
            }
        };
        let each = network.neurons_each();
        Ok(Self {
            readout: in_words(network.readout),
            neurons: each * network.fields.len().max(1),
            devices: each * lines * usize::from(network.copies),
            passes: network.passes,
            labelled: parts.train_labels.len(),
            displacements: network.label_shifts.len(),
            seeds,
        })
    }

    /// The same with another read-out.
    pub(crate) fn read_by(self, readout: Readout) -> Self {
        Self { readout: in_words(readout), ..self }
    }

    /// Labels that the read-out used: one for each labelled image at each displacement.
    pub(crate) const fn labels_used(&self) -> usize {
        self.labelled * self.displacements
    }

    /// MTJs of all synapses.
    pub(crate) const fn devices(&self) -> usize {
        self.devices
    }

    /// Passes over the training images.
    pub(crate) const fn passes(&self) -> u32 {
        self.passes
    }

    /// The terms of `accuracy` in a sentence.
    pub(crate) fn sentence(&self, accuracy: &Scalar) -> String {
        let Self { readout, neurons, devices, labelled, displacements, seeds, .. } = self;
        let interval = accuracy.interval.map_or_else(String::new, |(low, high)| {
            format!("; 95 % interval {:.2} to {:.2} %", 100.0 * low, 100.0 * high)
        });
        let seeds = match seeds {
            1 => "1 seed, so the spread over seeds is unknown".to_string(),
            n => format!("mean of {n} seeds"),
        };
        format!(
            "{:.2} %, read out by {readout}; {}, {devices} devices; {} over the training images; {} labels used \
             ({labelled} labelled images x {}){interval}; {seeds}",
            100.0 * accuracy.value,
            plural(*neurons, "neuron"),
            plural(self.passes as usize, "pass"),
            self.labels_used(),
            plural(*displacements, "displacement"),
        )
    }

    /// Adds the terms of the accuracy under `key`, which stands in the outcome; `label` is the name of its network among several.
    ///
    /// # Errors
    /// There is no such accuracy.
    pub(crate) fn add_to(
        &self,
        outcome: &mut Outcome,
        key: &str,
        label: Option<&str>,
    ) -> Result<(), ExperimentError> {
        let named = |part: &str| label.map_or_else(|| part.to_string(), |label| format!("{part}/{label}"));
        outcome.number(key)?;
        let sentence = outcome.find(key).map(|accuracy| self.sentence(accuracy)).unwrap_or_default();
        outcome.text(named(SENTENCE), sentence);
        outcome.text(named("readout"), self.readout.clone());
        outcome.count(named("neurons"), self.neurons, "neurons of all fields");
        outcome.count(named("devices"), self.devices, "MTJs of all synapses");
        outcome.count(named("passes"), self.passes as usize, "passes over the training images");
        let meaning = "labels that the read-out used: labelled images x displacements";
        outcome.count(named("labels_used"), self.labels_used(), meaning);
        outcome.scalar(named("seeds"), self.seeds as f64, "1", "trainings with seeds of their own");
        Ok(())
    }
}

/// The sentence on the only accuracy of an outcome.
///
/// # Errors
/// The outcome has none.
pub(super) fn rests_on(outcome: &Outcome) -> Result<&str, ExperimentError> {
    outcome.words(SENTENCE)
}

/// `1 pass`, `3 passes`.
fn plural(count: usize, what: &str) -> String {
    match (count, what) {
        (1, _) => format!("1 {what}"),
        (_, "pass") => format!("{count} passes"),
        _ => format!("{count} {what}s"),
    }
}

/// The read-out in words.
fn in_words(readout: Readout) -> String {
    match readout {
        Readout::SingleWinner => "the single winner".to_string(),
        Readout::Vote { neurons } => format!("a vote of {neurons}"),
        Readout::WeightedVote { neurons } => format!("a weighted vote of {neurons}"),
        Readout::LikelihoodVote { neurons, prior } => {
            format!("a likelihood vote of {neurons} (prior {prior})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spinhebb_network::encoding::Images;
    use spinhebb_network::readout::preset;

    /// The counts of the `best` recipe by hand: nine fields of 14 x 14 pixels, four thresholds, two devices per line.
    #[test]
    fn the_best_recipe_is_counted_by_hand() {
        let pixels = [0; 2 * 784];
        let images = Images::new(&pixels, 28, 28).unwrap();
        let names = ["3".to_string()];
        let parts = ImageParts {
            train: images,
            train_labels: &[0, 0],
            test: images,
            test_labels: &[0, 0],
            classes: 1,
            class_names: &names,
            held_out: false,
        };
        let terms = Terms::of(&preset::best(100, 2).network, &parts, 3).unwrap();
        assert_eq!((terms.neurons, terms.devices()), (99, 99 * 196 * 4 * 2));
        assert_eq!((terms.labels_used(), terms.passes()), (2 * 5, 3));
        let mut outcome = Outcome::new("test");
        assert!(terms.add_to(&mut outcome, "accuracy", None).is_err());
        outcome.scalar("accuracy", 0.5, "1", "share").interval(0.25, 0.75);
        terms.add_to(&mut outcome, "accuracy", None).unwrap();
        let expected = "50.00 %, read out by a likelihood vote of 1 (prior 0.001); 99 neurons, 155232 devices; \
                        3 passes over the training images; 10 labels used (2 labelled images x 5 displacements); \
                        95 % interval 25.00 to 75.00 %; mean of 3 seeds";
        assert_eq!(rests_on(&outcome).unwrap(), expected);
        let one = Terms::of(&preset::paper(5, 8, 2).network, &parts, 1).unwrap();
        let sentence = one.sentence(outcome.find("accuracy").unwrap());
        assert!(
            sentence.contains("1 pass over")
                && sentence.ends_with("1 seed, so the spread over seeds is unknown")
        );
    }
}
