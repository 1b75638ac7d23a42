//! The part `[images]` of a system: which pictures a network is shown and tested with.

use crate::encoding::Images;
use crate::error::NetworkError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::DataError;
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::mnist::{self, Mnist};
use std::path::PathBuf;

/// Which images a network is shown and tested with.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(deny_unknown_fields)]
pub struct ImagesConfig {
    /// Folder with the four idx files of a set, plain or .gz; without it, MNIST as shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Number of training images shown, the first ones; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Number of training images, the last ones, that are kept out of the training and tested on in place of the test set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<usize>,
}

/// Images and labels of a training and a test part.
#[derive(Debug, Clone, Copy)]
pub struct ImageParts<'a> {
    /// Images to learn from.
    pub train: Images<'a>,
    /// Their classes.
    pub train_labels: &'a [u8],
    /// Images to be tested on.
    pub test: Images<'a>,
    /// Their classes.
    pub test_labels: &'a [u8],
    /// Number of classes.
    pub classes: usize,
    /// Names of the classes: the labels of the files.
    pub class_names: &'a [String],
    /// Whether the test images are training images that were kept out.
    pub held_out: bool,
}

impl ImageParts<'_> {
    /// Name of each class that no training image has, with the number of its test images, which can only be read wrong.
    #[must_use]
    pub fn never_trained(&self) -> Vec<(&str, usize)> {
        let count = |labels: &[u8], class: usize| labels.iter().filter(|&&l| usize::from(l) == class).count();
        (0..self.classes)
            .filter(|&class| count(self.train_labels, class) == 0)
            .map(|class| (self.class_names[class].as_str(), count(self.test_labels, class)))
            .filter(|(_, tested)| *tested > 0)
            .collect()
    }
}

impl ImagesConfig {
    /// Loads the set.
    ///
    /// # Errors
    /// As [`mnist::load`].
    pub fn load(&self) -> Result<Mnist, DataError> {
        mnist::load(self.folder.as_deref())
    }

    /// Number of training images that the folder or the shipped set holds, without reading their pixels.
    ///
    /// # Errors
    /// As [`mnist::training_images`].
    pub fn available(&self) -> Result<usize, DataError> {
        mnist::training_images(self.folder.as_deref())
    }

    /// Number of images that a training of a set of `available` training images is shown, at least 1.
    #[must_use]
    pub fn shown(&self, available: usize) -> usize {
        let left = available.saturating_sub(self.held_out.unwrap_or(0));
        self.train.unwrap_or(left).min(left).max(1)
    }

    /// Adds what a set of `available` training images cannot give.
    pub fn check_available(&self, available: usize, faults: &mut Faults) {
        let held_out = self.held_out.unwrap_or(0);
        let most = available.saturating_sub(1);
        let expected = format!("at most {most}: the set has {available} training images");
        faults.require(held_out <= most, "held_out", held_out, expected);
        if let Some(train) = self.train {
            let left = available.saturating_sub(held_out);
            let expected =
                format!("at most the {left} training images that the set has beside those held out");
            faults.require(train <= left || held_out > most, "train", train, expected);
        }
    }

    /// The training and the test part of `set`.
    ///
    /// # Errors
    /// [`NetworkError::Field`] when the set has not so many training images.
    pub fn parts<'a>(&self, set: &'a Mnist) -> Result<ImageParts<'a>, NetworkError> {
        self.first_fault()?;
        let available = set.train.len();
        NetworkError::first(|faults| self.check_available(available, faults))?;
        let images = |part: &'a mnist::Images| Images::new(&part.pixels, part.columns, part.rows);
        let (all, labels) = (images(&set.train)?, set.train.labels.as_slice());
        let shown = self.shown(available);
        let (test, test_labels) = match self.held_out {
            Some(held_out) => {
                let first = available - held_out;
                (all.slice(first..available)?, &labels[first..])
            }
            None => (images(&set.test)?, set.test.labels.as_slice()),
        };
        Ok(ImageParts {
            train: all.slice(0..shown)?,
            train_labels: &labels[..shown],
            test,
            test_labels,
            classes: set.classes(),
            class_names: &set.class_names,
            held_out: self.held_out.is_some(),
        })
    }
}

impl Check for ImagesConfig {
    fn check(&self, faults: &mut Faults) {
        for (key, count) in [("train", self.train), ("held_out", self.held_out)] {
            faults.require(count != Some(0), key, 0, "at least 1 image");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> Mnist {
        let images = |count: u8| mnist::Images {
            rows: 1,
            columns: 2,
            pixels: (0..2 * count).collect(),
            labels: (0..count).collect(),
        };
        let class_names = (0..10).map(|class| class.to_string()).collect();
        Mnist { train: images(10), test: images(4), class_names, checksums: Vec::new() }
    }

    #[test]
    fn the_first_images_are_shown_and_the_last_held_out() {
        let set = set();
        let parts = ImagesConfig::default().parts(&set).unwrap();
        assert_eq!((parts.train.len(), parts.test.len(), parts.held_out), (10, 4, false));
        let config = ImagesConfig { train: Some(3), held_out: Some(2), ..ImagesConfig::default() };
        let parts = config.parts(&set).unwrap();
        assert_eq!((parts.train_labels, parts.test_labels), (&[0, 1, 2][..], &[8, 9][..]));
        assert_eq!((parts.train.image(2), parts.test.image(0)), (&[4, 5][..], &[16, 17][..]));
        assert!(parts.held_out);
        assert_eq!(parts.never_trained(), [("8", 1), ("9", 1)]);
        assert_eq!(config.shown(10), 3);
        assert_eq!(ImagesConfig { held_out: Some(2), ..ImagesConfig::default() }.shown(10), 8);
    }

    #[test]
    fn more_images_than_there_are_is_a_fault_of_the_key() {
        let paths = |train, held_out| {
            let mut faults = Faults::default();
            let config = ImagesConfig { train, held_out, ..ImagesConfig::default() };
            config.check(&mut faults);
            config.check_available(10, &mut faults);
            faults.found().iter().map(|fault| fault.path.clone()).collect::<Vec<_>>()
        };
        assert_eq!(paths(Some(8), Some(2)), [""; 0]);
        assert_eq!(paths(Some(9), Some(2)), ["train"]);
        assert_eq!(paths(None, Some(10)), ["held_out"]);
        assert_eq!(paths(Some(11), None), ["train"]);
        assert_eq!(paths(Some(0), Some(0)), ["train", "held_out"]);
    }
}
