//! The images that a network command works on: loaded, checked, and recorded in the outcome.

use spinhebb_data::config::Faults;
use spinhebb_data::mnist::Mnist;
use spinhebb_network::images::{ImageParts, ImagesConfig};

use crate::error::ExperimentError;
use crate::experiment::{Outcome, Shortcut};

/// Papers of every network on images.
pub(super) const MODELS: &[&str] = &["zhou2025", "querlioz2013", "lecun1998"];

/// Key of the text that says what the network was tested on.
const TESTED_ON: &str = "tested_on";

/// `--mnist DIR`.
pub(super) const FOLDER: Shortcut = Shortcut {
    flag: "mnist",
    key: "images.folder",
    value_name: "DIR",
    help: "Folder with the four idx files of another set (Fashion-MNIST, KMNIST, your own), plain or .gz",
    list: false,
};

/// `--held-out N`.
pub(super) const HELD_OUT: Shortcut = Shortcut {
    flag: "held-out",
    key: "images.held_out",
    value_name: "N",
    help: "Test on the last N training images, which are kept out of the training, and not on the test set",
    list: false,
};

/// Adds to the faults of `images` what its set cannot give.
pub(super) fn check(images: &ImagesConfig, faults: &mut Faults) {
    faults.within("images", |faults| match images.available() {
        Ok(available) => images.check_available(available, faults),
        Err(error) => {
            let folder = images.folder.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
            faults.require(
                false,
                "folder",
                folder,
                format!("the four idx files of a set of images ({error})"),
            );
        }
    });
}

/// Loads the set and records its checksums.
///
/// # Errors
/// A file is missing or damaged.
pub(super) fn load(images: &ImagesConfig, outcome: &mut Outcome) -> Result<Mnist, ExperimentError> {
    let set = images.load()?;
    for (name, sum) in &set.checksums {
        outcome.input(name.clone(), sum.clone());
    }
    Ok(set)
}

/// The training and the test part; what is tested on becomes a text of the outcome.
///
/// # Errors
/// The set has not so many training images.
pub(super) fn parts<'a>(
    images: &ImagesConfig,
    set: &'a Mnist,
    outcome: &mut Outcome,
) -> Result<ImageParts<'a>, ExperimentError> {
    let parts = images.parts(set)?;
    let count = parts.test.len();
    outcome.text(
        TESTED_ON,
        match parts.held_out {
            true => format!("{count} training images kept out of the training"),
            false => format!("{count} test images"),
        },
    );
    Ok(parts)
}

/// What the network was tested on, in words.
///
/// # Errors
/// The outcome does not say.
pub(super) fn tested_on(outcome: &Outcome) -> Result<&str, ExperimentError> {
    outcome.words(TESTED_ON)
}
