//! What a test of a network gives: accuracy, recall, confusion matrix, labels of the neurons.

use spinhebb_data::labelled::{Attribute, Dataset, Values, Variable};
use spinhebb_network::readout::evaluation::Evaluation;
use spinhebb_network::readout::labelling::Labelling;

use super::images::tested_on;
use crate::error::ExperimentError;
use crate::experiment::Outcome;
use crate::present::Page;
use crate::present::plot::{Figure, Map};

/// The test's group in the archive.
const TEST: &str = "network/test";

/// Adds the recall of each class by its name and the confusion matrix of a test.
///
/// # Errors
/// Never: the arrays fit.
pub(super) fn add_test(
    outcome: &mut Outcome,
    evaluation: &Evaluation,
    names: &[String],
) -> Result<(), ExperimentError> {
    for (class, name) in names.iter().enumerate() {
        let meaning = "fraction of the images of the class recognised";
        outcome.scalar(format!("recall/{name}"), evaluation.recall(class), "1", meaning);
    }
    let meaning = "label of the class in the files";
    let names = Variable::along("class_name", "truth", "1", meaning, names.to_vec());
    outcome.add(evaluation.to_dataset(TEST)?.with(names)?);
    Ok(())
}

/// Names of the classes of a test.
///
/// # Errors
/// The outcome holds no test, or one of an earlier version.
pub(super) fn class_names(outcome: &Outcome) -> Result<Vec<String>, ExperimentError> {
    let test = outcome.dataset(TEST)?;
    match test.variable("class_name").map(|variable| &variable.values) {
        Some(Values::Text(names)) => Ok(names.clone()),
        _ => Ok((0..test.numbers("truth")?.len()).map(|class| class.to_string()).collect()),
    }
}

/// Labels of the neurons, field after field.
///
/// # Errors
/// Never: the arrays fit.
pub(super) fn labels_dataset(labelling: &[Labelling]) -> Result<Dataset, ExperimentError> {
    let labels: Vec<i64> =
        labelling.iter().flat_map(Labelling::labels).map(|l| l.map_or(-1, i64::from)).collect();
    Ok(Dataset::new("network/labels").with(Variable::along(
        "label",
        "neuron",
        "1",
        "class for which the neuron fired most often, field after field, a place in `class_name` of network/test; -1: it never fired",
        labels,
    ))?)
}

/// Draws the confusion matrix.
///
/// # Errors
/// The outcome holds no test.
pub(super) fn present_test(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let test = outcome.dataset(TEST)?;
    let classes = test.numbers("truth")?.len();
    // The last column counts images without an answer.
    let confusion = test.numbers("confusion")?;
    let rows = confusion.chunks(classes + 1).map(|row| row[..classes].to_vec()).collect();
    let names = class_names(outcome)?;
    let how = format!(
        "Each of the {} read once, when all was trained; first seed, 95 % interval after Wilson.",
        tested_on(outcome)?
    );
    page.figure(
        &Figure::new("confusion", "Confusion matrix.", how).columns(1).cell(640.0, 560.0).map(
            Map::new(title(test), "found", "true class", "images", rows)
                .names(names.clone(), names)
                .print_values(),
        ),
    );
    Ok(())
}

/// `98.18 % (97.90 to 98.42)`.
fn title(test: &Dataset) -> String {
    let per_cent = |key: &str| match test.attributes.get(key) {
        Some(Attribute::F64(value)) => 100.0 * value,
        _ => f64::NAN,
    };
    let [accuracy, low, high] = ["accuracy", "accuracy_low_95", "accuracy_high_95"].map(per_cent);
    format!("{accuracy:.2} % ({low:.2} to {high:.2})")
}
