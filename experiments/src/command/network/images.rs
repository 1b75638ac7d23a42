//! The images a network command works on: their training and test parts, and the run that records them.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use spinhebb_data::mnist::{self, Mnist};
use spinhebb_network::encoding::Images;

use crate::error::ExperimentError;
use crate::run::{Run, RunOptions};

/// Where the images come from.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// Folder with the four idx files of another set (Fashion-MNIST, KMNIST, your own), plain or .gz
    #[arg(long, value_name = "DIR")]
    pub(super) mnist: Option<PathBuf>,
    /// Test on the last N training images, which are kept out of the training, and not on the test set
    #[arg(long, value_name = "N")]
    pub(super) held_out: Option<usize>,
}

/// Images and labels of a training and a test part.
pub(super) struct Parts<'a> {
    pub(super) train: Images<'a>,
    pub(super) train_labels: &'a [u8],
    pub(super) test: Images<'a>,
    pub(super) test_labels: &'a [u8],
    pub(super) classes: usize,
    pub(super) test_name: String,
}

impl Source {
    pub(super) fn load(&self) -> Result<Mnist, ExperimentError> {
        Ok(mnist::load(self.mnist.as_deref())?)
    }

    pub(super) fn parts<'a>(&self, set: &'a Mnist) -> Result<Parts<'a>, ExperimentError> {
        let images = |part: &'a mnist::Images| Images::new(&part.pixels, part.columns, part.rows);
        let train = images(&set.train)?;
        let classes = set.classes;
        let Some(held_out) = self.held_out else {
            return Ok(Parts {
                train,
                train_labels: &set.train.labels,
                test: images(&set.test)?,
                test_labels: &set.test.labels,
                classes,
                test_name: format!("{} test images", set.test.len()),
            });
        };
        if held_out == 0 || held_out >= train.len() {
            return Err(ExperimentError::Value {
                key: "--held-out".into(),
                value: held_out.to_string(),
                expected: format!("between 1 and {} of the {} training images", train.len() - 1, train.len()),
            });
        }
        let cut = train.len() - held_out;
        Ok(Parts {
            train: train.slice(0..cut)?,
            train_labels: &set.train.labels[..cut],
            test: train.slice(cut..train.len())?,
            test_labels: &set.train.labels[cut..],
            classes,
            test_name: format!("{held_out} training images kept out of the training"),
        })
    }
}

/// Opens a run and records what the images are.
pub(super) fn begin<C: Serialize>(
    options: &RunOptions,
    command: &'static str,
    title: &str,
    configuration: &C,
    seed: u64,
    set: &Mnist,
) -> Result<Run, ExperimentError> {
    let mut run = Run::begin(options, command, title, configuration, seed)?;
    for (name, sum) in &set.checksums {
        run.input(name.clone(), sum.clone());
    }
    run.cite(&["zhou2025", "querlioz2013", "lecun1998"]);
    Ok(run)
}
