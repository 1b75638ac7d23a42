//! `spinhebb reproduce`: the main job, from spin dynamics to handwritten digits in one run, composed of the other experiments.
//!
//! The system itself is the one that learns: its junction, table, array and pulses. `reproduce.curves` are further systems,
//! each written as what it changes, whose switching curves are computed as by `spinhebb device table`.
//!
//! | file | what it does |
//! |---|---|
//! | [`settings`] | what is asked, and whether the parts fit together |
//! | `curves` | switching curves beside measured ones |
//! | `pulse` | the write pulses, looked up in the system's table |
//! | `small_array` | the 4x2 crossbar, read and written as a circuit by both studies |
//! | `inference` | all images against two stored targets (Fig. 1d) |
//! | `learning` | one traced run, and the statistics of many (Fig. 3) |
//! | `digits` | receptive fields and accuracy (Fig. 4) |

mod curves;
mod digits;
mod inference;
mod learning;
mod pulse;
pub mod settings;
mod small_array;

pub use settings::{ReproduceParts, ReproduceSettings};

use std::sync::Arc;

use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome, Shortcut};
use crate::present::Page;

/// The main job, from spin dynamics to handwritten digits.
pub struct Reproduce;

impl Experiment for Reproduce {
    type Config = ReproduceParts;
    const NAME: &'static str = "reproduce";
    const ABOUT: &'static str =
        "Run the whole chain: stochastic LLGS, switching tables, crossbar, 4x2 studies, MNIST";
    const CITES: &'static [&'static str] =
        &["zhou2025", "rehm2023", "rehm2021", "slonczewski1996", "brown1963", "querlioz2013", "lecun1998"];
    const SHORTCUTS: &'static [Shortcut] = &[
        Shortcut {
            flag: "profile",
            key: "reproduce.profile",
            value_name: "PROFILE",
            help: "How much to compute: `default`, or `paper` for the whole grid of Fig. 4d and finer switching curves",
            list: false,
        },
        Shortcut {
            flag: "mnist",
            key: "images.folder",
            value_name: "DIR",
            help: "Folder of four idx or idx.gz files named as MNIST's, to use instead of the shipped set",
            list: false,
        },
    ];
    const BASES: &'static [(&'static str, &'static str)] = &[
        ("", include_str!("../../defaults/reproduce.toml")),
        ("paper", include_str!("../../defaults/reproduce_paper.toml")),
    ];

    fn compute(config: &ReproduceParts, context: &Context) -> Result<Outcome, ExperimentError> {
        // Whatever is missing or damaged is found before anything is computed.
        let images = config.images.load()?;
        let mut outcome = Outcome::new("spinhebb: from spin dynamics to learning");
        let table = curves::compute(&mut outcome, config, context)?;
        let tables = curves::device_tables(&mut outcome, config, table, context)?;
        let writer = pulse::Writer::new(config, tables.nominal_table().clone())?;
        if config.faults.read_noise > 0.0 {
            outcome.warn("`faults.read_noise` is left out of the 4x2 crossbar: the currents of its states are tabulated once");
        }
        let arrays = small_array::StudiedArray::both(config, Arc::new(tables), context.seed())?;
        inference::compute(&mut outcome, config, &arrays)?;
        let pulses = pulse::LearningPulses::new(config, &writer)?;
        learning::compute(&mut outcome, config, &arrays, &pulses, context.seed())?;
        digits::compute(&mut outcome, config, &images, &writer, context)?;
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        curves::draw(outcome, page)?;
        inference::draw(outcome, page)?;
        learning::draw(outcome, page)?;
        digits::draw(outcome, page)
    }
}
