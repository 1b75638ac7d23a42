//! Whether images drive a network at all, told before it is trained.

use spinhebb_network::encoding::EncodingConfig;
use spinhebb_network::images::ImageParts;
use spinhebb_network::input_drive::InputDrive;

use crate::error::ExperimentError;
use crate::experiment::Outcome;

/// Adds the fraction of input lines that training images drive through `encoding`, and warns of images that are dark or
/// inverted and of classes that are tested but never trained.
///
/// # Errors
/// The code does not fit the images.
pub(crate) fn add_inputs(
    outcome: &mut Outcome,
    encoding: &EncodingConfig,
    parts: &ImageParts<'_>,
) -> Result<(), ExperimentError> {
    let train = InputDrive::of(encoding, &parts.train)?;
    let meaning = format!(
        "mean fraction of the input lines that an image drives, over the first {} training images",
        train.images
    );
    outcome.scalar("inputs/active_fraction", train.active_fraction, "1", meaning);
    let complaint = train.complaint("training images");
    if let Some(complaint) = &complaint {
        outcome.warn(complaint);
    }
    // Test images that are as wrong as the training images are not told again.
    let test = InputDrive::of(encoding, &parts.test)?;
    if let Some(difference) = test.differs_from(&train) {
        outcome.warn(
            test.complaint("images to be tested").filter(|_| complaint.is_none()).unwrap_or(difference),
        );
    }
    warn_of_classes(outcome, parts);
    Ok(())
}

fn warn_of_classes(outcome: &mut Outcome, parts: &ImageParts<'_>) {
    let missing = parts.never_trained();
    if missing.is_empty() {
        return;
    }
    let list: Vec<String> =
        missing.iter().map(|(name, count)| format!("`{name}` ({count} images)")).collect();
    outcome.warn(format!(
        "no training image has the class {}: its images are tested and count as wrong",
        list.join(", ")
    ));
}
