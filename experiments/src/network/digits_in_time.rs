//! Whether neurons keep their digit while they learn (Fig. 4b, c of Zhou et al.): the digit of each after few images beside that
//! at the end.

use std::ops::Range;

use spinhebb_data::labelled::{Attribute, Dataset, Values, Variable};

use crate::error::ExperimentError;
use crate::experiment::Outcome;
use crate::present::plot::{Figure, Map};

/// Most training images by which neurons are labelled on the way, and most by which they are judged there.
const MOST: usize = 10_000;
/// Images of a training of 60,000 after which receptive fields are looked at between start and end.
const EARLY: u64 = 10_000;
/// What a neuron without a digit is called.
const NONE: &str = "none";

/// Images after which receptive fields are looked at between the start and the end of a training of `total`: 10,000, and a sixth
/// of a training that is shorter than the paper's.
pub(crate) fn early(total: u64) -> u64 {
    EARLY.min(total / 6)
}

/// Training images that label neurons on the way, the first ones, and those that judge them, the last; apart from each other.
pub(crate) fn labelled_and_judged(training_images: usize) -> (Range<usize>, Range<usize>) {
    let labelled = (training_images / 2).min(MOST);
    let judged = (training_images - labelled).min(MOST);
    (0..labelled, training_images - judged..training_images)
}

/// The digit of each neuron at two moments of its training.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DigitsInTime<'a> {
    /// Images shown before each moment.
    pub(crate) moments: [u64; 2],
    /// Labels of the neurons at the moments.
    pub(crate) labels: [&'a [Option<u8>]; 2],
    /// Labelled training images.
    pub(crate) labelled_by: usize,
    /// Names of the classes.
    pub(crate) class_names: &'a [String],
}

impl DigitsInTime<'_> {
    /// Neurons by digit early (row) and late (column); the last of either counts those without one.
    fn counts(&self) -> Vec<Vec<u32>> {
        let classes = self.class_names.len();
        let place = |label: Option<u8>| label.map_or(classes, usize::from);
        let mut counts = vec![vec![0; classes + 1]; classes + 1];
        for (&early, &late) in self.labels[0].iter().zip(self.labels[1]) {
            counts[place(early)][place(late)] += 1;
        }
        counts
    }

    /// Adds how many neurons have a digit and change it as `prefix/neurons_..`, and the counts as dataset `name`.
    ///
    /// # Errors
    /// Never: the arrays fit.
    pub(crate) fn add_to(
        &self,
        outcome: &mut Outcome,
        prefix: &str,
        name: &str,
    ) -> Result<(), ExperimentError> {
        let labelled = |labels: &[Option<u8>]| labels.iter().flatten().count();
        let [early, late] = self.labels;
        let both = || early.iter().zip(late).filter_map(|(&early, &late)| early.zip(late));
        let changed = both().filter(|(early, late)| early != late).count();
        let ([at, end], by) = (self.moments, self.labelled_by);
        let mut add = |key: &str, value: usize, meaning: String| {
            outcome.count(format!("{prefix}/neurons_{key}"), value, meaning);
        };
        let when = |images| format!("neurons with a digit after {images} images, by {by} labelled images");
        add("labelled_early", labelled(early), when(at));
        add("labelled_late", labelled(late), when(end));
        add(
            "labelled_at_both",
            both().count(),
            format!("neurons with a digit after {at} and after {end} images"),
        );
        let of = both().count();
        let meaning = format!(
            "neurons whose digit after {end} images is another than after {at}, of {of} with one at both"
        );
        add("changed", changed, meaning);
        let names: Vec<String> = self.class_names.iter().cloned().chain([NONE.to_string()]).collect();
        let shape = [names.len(), names.len()];
        let counts: Vec<u32> = self.counts().into_iter().flatten().collect();
        outcome.add(
            Dataset::new(name)
                .attribute("images_early", at)
                .attribute("images_late", end)
                .attribute("labelled_by", by as u64)
                .with(Variable::coordinate("early", "1", "digit of the neuron early", names.clone()))?
                .with(Variable::coordinate("late", "1", "digit of the neuron at the end", names))?
                .with(Variable::new(
                    "neurons",
                    "1",
                    "neurons by their digit early and at the end",
                    &["early", "late"],
                    &shape,
                    counts,
                )?)?,
        );
        Ok(())
    }
}

/// The sentence and the picture on the digits of dataset `name`, whose counts stand under `prefix`; `None` where the outcome has
/// none.
///
/// # Errors
/// The outcome holds half of it.
pub(crate) fn picture(
    outcome: &Outcome,
    prefix: &str,
    name: &str,
) -> Result<Option<(String, Figure)>, ExperimentError> {
    let Ok(data) = outcome.dataset(name) else { return Ok(None) };
    let number = |key: &str| outcome.number(&format!("{prefix}/neurons_{key}"));
    let images = |key: &str| match data.attributes.get(key) {
        Some(Attribute::U64(images)) => images.to_string(),
        _ => String::new(),
    };
    let (at, end, by) = (images("images_early"), images("images_late"), images("labelled_by"));
    let sentence = format!(
        "Digits of the neurons, by {by} labelled training images: {} neurons have one after {at} images, {} after {end}; of the {} \
         with one at both moments {} have changed it.",
        number("labelled_early")?,
        number("labelled_late")?,
        number("labelled_at_both")?,
        number("changed")?,
    );
    let names = match data.variable("early").map(|v| &v.values) {
        Some(Values::Text(names)) => names.clone(),
        _ => Vec::new(),
    };
    let rows = data.numbers("neurons")?.chunks(names.len().max(1)).map(<[f64]>::to_vec).collect();
    let figure = Figure::new(
        format!("{}-in-time", prefix.replace('/', "-")),
        format!("Digits of the neurons after {at} and after {end} images (Fig. 4b, c of Zhou et al.)."),
        format!(
            "Numbers of neurons; neurons on the diagonal keep their digit. Labels by {by} training images."
        ),
    );
    let late = format!("digit after {end} images");
    let early = format!("digit after {at} images");
    let map = Map::new("Digits in time", late, early, "neurons", rows).names(names.clone(), names);
    Ok(Some((sentence, figure.columns(1).cell(640.0, 560.0).map(map.print_values()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_labels_and_what_judges_are_apart() {
        assert_eq!(labelled_and_judged(60_000), (0..10_000, 50_000..60_000));
        assert_eq!(labelled_and_judged(15_001), (0..7500, 7500..15_001));
        for images in 0..200 {
            let (labelled, judged) = labelled_and_judged(images);
            assert!(labelled.end <= judged.start && judged.end == images, "{images}");
        }
    }

    #[test]
    fn a_neuron_without_a_digit_has_not_changed_it() {
        let names = ["3".to_string(), "7".to_string()];
        let digits = DigitsInTime {
            moments: [10, 60],
            labels: [&[Some(0), Some(0), None, Some(1), None], &[Some(0), Some(1), Some(1), None, None]],
            labelled_by: 4,
            class_names: &names,
        };
        assert_eq!(digits.counts(), [[1, 1, 0], [0, 0, 1], [0, 1, 1]]);
        let mut outcome = Outcome::new("test");
        digits.add_to(&mut outcome, "fields", "digits").unwrap();
        let number = |key: &str| outcome.number(&format!("fields/neurons_{key}")).unwrap();
        assert_eq!(
            ["labelled_early", "labelled_late", "labelled_at_both", "changed"].map(number),
            [3.0, 3.0, 2.0, 1.0]
        );
        let (sentence, _) = picture(&outcome, "fields", "digits").unwrap().unwrap();
        assert!(sentence.contains("of the 2 with one at both moments 1 have changed it"), "{sentence}");
        assert!(picture(&outcome, "fields", "none").unwrap().is_none());
    }
}
