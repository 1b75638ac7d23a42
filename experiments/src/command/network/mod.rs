//! `spinhebb network`: train, evaluate, compare sizes, and take the best recipe apart.

mod ablation;
mod array;
mod course;
mod evaluate;
mod grid;
mod hardware;
mod images;
mod repetition;
mod sensitivity;
mod train;

pub use array::{ArrayConfig, DEFAULTS as ARRAY_DEFAULTS};
use clap::{Args, Subcommand};
pub use hardware::{HardwareConfig, PulseSchedule, TableSettings};
pub use sensitivity::{DEFAULTS as SENSITIVITY_DEFAULTS, SensitivityAxes, SensitivityConfig};
pub use train::{DEFAULTS as TRAIN_DEFAULTS, NetworkConfig};

use crate::error::ExperimentError;

/// Learn images with stochastic MTJ synapses.
#[derive(Debug, Args)]
pub struct NetworkArguments {
    #[command(subcommand)]
    command: NetworkCommand,
}

#[derive(Debug, Subcommand)]
enum NetworkCommand {
    /// Train a network, label its neurons and test it
    Train(train::TrainArguments),
    /// Test a trained network (a checkpoint) on MNIST or on your own images
    Evaluate(evaluate::EvaluateArguments),
    /// Accuracy against the number of neurons and of devices per pixel
    Grid(grid::GridArguments),
    /// Train with the circuit and the device table in the loop, beside the ideal network
    Array(array::ArrayArguments),
    /// What each ingredient of the `best` recipe buys
    Ablation(ablation::AblationArguments),
    /// How the 4x2 learning experiment depends on probabilities, spread, leak and homeostasis
    Sensitivity(sensitivity::SensitivityArguments),
}

impl NetworkArguments {
    /// Does what the subcommand says.
    ///
    /// # Errors
    /// Whatever the subcommand meets.
    pub fn execute(self) -> Result<(), ExperimentError> {
        match self.command {
            NetworkCommand::Train(arguments) => train::train(&arguments),
            NetworkCommand::Evaluate(arguments) => evaluate::evaluate(&arguments),
            NetworkCommand::Grid(arguments) => grid::grid(&arguments),
            NetworkCommand::Array(arguments) => array::array(&arguments),
            NetworkCommand::Ablation(arguments) => ablation::ablation(&arguments),
            NetworkCommand::Sensitivity(arguments) => sensitivity::sensitivity(&arguments),
        }
    }
}
