//! The command line: one subcommand per thing a user wants done.

use clap::{Parser, Subcommand};

use crate::command;
use crate::error::ExperimentError;

/// One physical model from the stochastic magnetisation of a magnetic tunnel junction, through
/// the crossbar it sits in, to the network that learns on it.
#[derive(Debug, Parser)]
#[command(name = "spinhebb", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole chain: stochastic LLGS, switching tables, crossbar, 4x2 studies, MNIST
    Reproduce(command::reproduce::ReproduceArguments),
    /// Write a commented, runnable configuration of a command
    Init(command::init::InitArguments),
    /// Simulate one junction: trajectories, switching tables, write errors, retention, disturb
    Device(command::device::DeviceArguments),
    /// Solve crossbars: read, write, map onto tiles, export to SPICE
    Circuit(command::circuit::CircuitArguments),
    /// Learn images with stochastic MTJ synapses: train, evaluate, grid, ablation
    Network(command::network::NetworkArguments),
    /// Fit a device model to measured switching counts: parameters with intervals, a test of fit, a device file
    Calibrate(Box<command::calibrate::CalibrateArguments>),
    /// List the shipped devices with the source of every parameter
    Presets(command::presets::PresetsArguments),
}

impl Cli {
    /// Does what the command line says.
    ///
    /// # Errors
    /// Whatever the command meets; see [`ExperimentError`].
    pub fn execute(self) -> Result<(), ExperimentError> {
        match self.command {
            Command::Reproduce(arguments) => arguments.execute(),
            Command::Init(arguments) => arguments.execute(),
            Command::Device(arguments) => arguments.execute(),
            Command::Circuit(arguments) => arguments.execute(),
            Command::Network(arguments) => arguments.execute(),
            Command::Calibrate(arguments) => arguments.execute(),
            Command::Presets(arguments) => arguments.execute(),
        }
    }
}
