//! A training, looked at on the way and kept in a checkpoint.

use std::path::Path;
use std::sync::Arc;

use spinhebb_network::encoding::Images;
use spinhebb_network::images::ImageParts;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::training::checkpoint::Checkpoint;
use spinhebb_network::training::config::NetworkConfig;
use spinhebb_network::training::hardware::Hardware;
use spinhebb_network::training::recipe::Recipe;

use super::course::{Course, Moment};
use super::digits_in_time::{early, labelled_and_judged};
use crate::error::ExperimentError;
use crate::progress::Stage;

/// Where a training is kept and how often.
#[derive(Clone, Copy)]
pub(super) struct Keeping<'a> {
    /// The file; `None` where nothing is kept.
    pub(super) path: Option<&'a Path>,
    /// Images between two checkpoints.
    pub(super) every: u64,
    /// The parts of the system that make the hardware, which go into the checkpoint.
    pub(super) system: &'a str,
}

/// A network as it stands in the checkpoint, or anew, with its course so far.
///
/// # Errors
/// The checkpoint is that of another training; recipe and images do not fit together.
pub(super) fn begin(
    (recipe, hardware): (&Recipe, Option<&Arc<Hardware>>),
    images: &Images<'_>,
    seed: u64,
    keeping: Keeping<'_>,
) -> Result<(Committee, Course), ExperimentError> {
    match keeping.path.filter(|path| path.exists()) {
        Some(path) => resume(path, (recipe, hardware), seed, images),
        None => Ok((Committee::new(recipe, hardware, images, seed)?, Course::default())),
    }
}

/// Trains what was begun by `recipe` to its end.
///
/// # Errors
/// The checkpoint cannot be written; recipe and images do not fit together.
pub(super) fn train(
    (mut network, mut course): (Committee, Course),
    recipe: &Recipe,
    parts: &ImageParts<'_>,
    keeping: Keeping<'_>,
    stage: impl FnOnce(u64) -> Stage,
) -> Result<(Committee, Course), ExperimentError> {
    let kept = keeping.path.map(|path| (path, parts.train.fingerprint(), keeping.system));
    let stage = stage(network.total());
    loop {
        let shown = network.shown();
        stage.reach(shown);
        let total = network.total();
        if looks(shown, total) && !course.has(shown) {
            look(&recipe.network, &network, parts, &mut course)?;
        }
        if shown == network.total() {
            break;
        }
        let next = total.min((shown / keeping.every + 1) * keeping.every).min(next_look(shown));
        let stop = if shown < early(total) { next.min(early(total)) } else { next };
        network.advance(&parts.train, stop - shown)?;
        let due = network.shown().is_multiple_of(keeping.every) && network.may_be_kept();
        if due && network.shown() < network.total() {
            save(kept, &network, &course)?;
        }
    }
    save(kept, &network, &course)?;
    Ok((network, course))
}

/// Whether the network is looked at after `shown` images: 0, 1, 2, 5, 10, ... thousand, early and at the end.
fn looks(shown: u64, total: u64) -> bool {
    shown == 0 || shown == total || shown == early(total) || shown == next_look(shown - 1)
}

/// The first of 1, 2, 5, 10, ... thousand above `shown`.
fn next_look(shown: u64) -> u64 {
    (0..)
        .flat_map(|power| [1, 2, 5].map(|m| m * 1000 * 10_u64.pow(power)))
        .find(|&n| n > shown)
        .unwrap_or(u64::MAX)
}

/// Measures the accuracy on the way, on training images: labels from the first, read on others. The test set is not looked at.
fn look(
    config: &NetworkConfig,
    network: &Committee,
    parts: &ImageParts<'_>,
    course: &mut Course,
) -> Result<(), ExperimentError> {
    let (labelled, judged) = labelled_and_judged(parts.train.len());
    if labelled.is_empty() {
        return Ok(());
    }
    let (first, last) = (parts.train.slice(labelled.clone())?, parts.train.slice(judged.clone())?);
    let still = [[0, 0]];
    let labelling = network.label(first.at(&still), &parts.train_labels[labelled], parts.classes)?;
    let truth = &parts.train_labels[judged];
    let found = network.evaluate(&labelling, config.readout, last.at(&still), truth)?;
    let (shown, total) = (network.shown(), network.total());
    course.note_accuracy(shown, found.accuracy());
    if shown == 0 || shown == early(total) || shown == total {
        course.note_moment(Moment::of(network, &labelling));
    }
    Ok(())
}

fn resume(
    path: &Path,
    (recipe, hardware): (&Recipe, Option<&Arc<Hardware>>),
    seed: u64,
    images: &Images<'_>,
) -> Result<(Committee, Course), ExperimentError> {
    let checkpoints = Checkpoint::read(path)?;
    let same = checkpoints.len() == recipe.members().len()
        && checkpoints
            .iter()
            .zip(recipe.members())
            .all(|(c, wanted)| c.seed == seed && same_training(&c.recipe, &wanted));
    if !same {
        let expected = "a checkpoint of the same configuration and seed, or a file that does not exist yet";
        return ExperimentError::refuse("train.checkpoint", path.display(), expected);
    }
    let course = serde_json::from_str(&checkpoints[0].notes).unwrap_or_default();
    Ok((Committee::resume(checkpoints, hardware, images)?, course))
}

/// Whether two recipes train alike, however they are read.
pub(super) fn same_training(a: &Recipe, b: &Recipe) -> bool {
    let network = NetworkConfig {
        recipe: b.network.recipe,
        readout: b.network.readout,
        label_shifts: b.network.label_shifts.clone(),
        test_shifts: b.network.test_shifts.clone(),
        ..a.network.clone()
    };
    network == b.network && a.pulses == b.pulses
}

/// Writes the checkpoints of `network` where they are kept; beside the path stand the fingerprint of the images and the
/// parts of the system.
fn save(
    kept: Option<(&Path, u64, &str)>,
    network: &Committee,
    course: &Course,
) -> Result<(), ExperimentError> {
    let Some((path, images, system)) = kept else { return Ok(()) };
    let mut checkpoints = network.checkpoints(images);
    checkpoints.iter_mut().for_each(|checkpoint| checkpoint.system = system.to_string());
    checkpoints[0].notes = serde_json::to_string(course).unwrap_or_default();
    Ok(Checkpoint::write(&checkpoints, path)?)
}
