//! What a test of a network gives: accuracy, recall, confusion matrix, labels of the neurons.

use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::readout::evaluation::Evaluation;
use spinhebb_network::readout::labelling::Labelling;

use super::images::tested_on;
use crate::error::ExperimentError;
use crate::experiment::Outcome;
use crate::present::Page;
use crate::present::plot::{Figure, Map};

/// The test's group in the archive.
const TEST: &str = "network/test";

/// Adds accuracy, recalls and confusion matrix of a test.
///
/// # Errors
/// Never: the arrays fit.
pub(super) fn add_test(outcome: &mut Outcome, evaluation: &Evaluation) -> Result<(), ExperimentError> {
    add_accuracy(outcome, "accuracy", evaluation, "fraction of the images recognised; interval after Wilson");
    for class in 0..evaluation.classes() {
        let meaning = "fraction of the images of the class recognised";
        outcome.scalar(format!("recall/{class}"), evaluation.recall(class), "1", meaning);
    }
    outcome.add(evaluation.to_dataset(TEST)?);
    Ok(())
}

/// Adds the accuracy of a test with Wilson's 95 % interval.
pub(super) fn add_accuracy(outcome: &mut Outcome, key: &str, evaluation: &Evaluation, meaning: &str) {
    let (low, high) = evaluation.interval_95();
    outcome.scalar(key, evaluation.accuracy(), "1", meaning).interval(low, high);
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
        "class for which the neuron fired most often, field after field; -1: it never fired",
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
    let names: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    let how = format!("Each of the {} read once trained; 95 % interval after Wilson.", tested_on(outcome)?);
    page.figure(
        &Figure::new("confusion", "Confusion matrix.", how).columns(1).cell(640.0, 560.0).map(
            Map::new(title(outcome), "found", "true class", "images", rows)
                .names(names.clone(), names)
                .print_values(),
        ),
    );
    Ok(())
}

/// `98.18 % (97.90 to 98.42)`.
fn title(outcome: &Outcome) -> String {
    outcome.find("accuracy").map_or_else(String::new, |accuracy| {
        let (low, high) = accuracy.interval.unwrap_or((f64::NAN, f64::NAN));
        format!("{:.2} % ({:.2} to {:.2})", 100.0 * accuracy.value, 100.0 * low, 100.0 * high)
    })
}
