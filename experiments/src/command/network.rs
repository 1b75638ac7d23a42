//! `spinhebb network`: train, evaluate, compare sizes, and take the best recipe apart.

mod ablation;
mod course;
mod evaluate;
mod grid;
mod images;
mod repetition;
mod train;

use clap::{Args, Subcommand};
pub use train::NetworkConfig;

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
    /// What each ingredient of the `best` recipe buys
    Ablation(ablation::AblationArguments),
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
            NetworkCommand::Ablation(arguments) => ablation::ablation(&arguments),
        }
    }
}
