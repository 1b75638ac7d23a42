//! `spinhebb circuit`: crossbars read, written, mapped onto tiles and exported.

mod config;
mod drive;
mod map;
mod solve;
mod spice;
mod write;

use std::path::PathBuf;

use nalgebra::DMatrix;
use serde::Deserialize;
use spinhebb_circuit::array::variation::VariationConfig;
use spinhebb_data::config::Document;

pub use config::{ArrayConfig, CellKind, CircuitConfig, MapConfig, ReadConfig, SubtractionKind, WriteConfig};

use crate::error::ExperimentError;
use crate::run::{Run, RunOptions};

/// The commented defaults, also what `spinhebb init circuit` prints.
pub const DEFAULTS: &str = include_str!("../../../defaults/circuit.toml");

/// Solve crossbars with wires, drivers, spread and nonlinear junctions.
#[derive(Debug, clap::Args)]
pub struct CircuitArguments {
    #[command(subcommand)]
    action: Action,
}

/// What to do with the crossbar.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Read: output currents, IR drop, bounds, converter, settling, energy, error against array size
    Solve(CircuitOptions),
    /// Learning step: voltage and switching probability of every cell under five schemes
    Write(CircuitOptions),
    /// Map a logical layer onto tiles: effective weights, area, energy
    Map(CircuitOptions),
    /// Export the read as a SPICE netlist of exactly the same circuit
    Spice(CircuitOptions),
}

/// Options of every circuit command.
#[derive(Debug, clap::Args)]
struct CircuitOptions {
    /// File whose [variation] replaces the configured one, such as that of a calibrated population
    #[arg(long, value_name = "FILE")]
    variation: Option<PathBuf>,
    #[command(flatten)]
    run: RunOptions,
}

/// A file with the variation of an array, as `spinhebb calibrate` writes it for a population of devices.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VariationFile {
    variation: VariationConfig,
}

impl CircuitArguments {
    /// Runs the chosen action.
    ///
    /// # Errors
    /// The configuration is wrong, the solver fails, or a file cannot be written.
    pub fn execute(self) -> Result<(), ExperimentError> {
        let (options, name, title) = match &self.action {
            Action::Solve(options) => (options, "circuit-solve", "Reading a crossbar"),
            Action::Write(options) => (options, "circuit-write", "Writing a crossbar"),
            Action::Map(options) => (options, "circuit-map", "A layer on tiles"),
            Action::Spice(options) => (options, "circuit-spice", "A crossbar for SPICE"),
        };
        let (mut config, document): (CircuitConfig, _) = options.run.configuration(DEFAULTS)?;
        if let Some(seed) = options.run.seed {
            config.seed = seed;
        }
        if let Some(path) = &options.variation {
            let document = Document::read(path)?;
            let VariationFile { variation } = document.parse()?;
            variation.validate().map_err(|error| ExperimentError::from(error).located(&document))?;
            config.variation = variation;
        }
        config.validate().map_err(|error| error.located(&document))?;
        if options.run.printed_dry_run(&config)? {
            return Ok(());
        }
        let mut run = Run::begin(&options.run, name, title, &config, config.seed)?;
        match &self.action {
            Action::Solve(_) => solve::solve(&config, &mut run)?,
            Action::Write(_) => write::write_schemes(&config, &mut run)?,
            Action::Map(_) => map::map(&config, &mut run)?,
            Action::Spice(_) => spice::spice(&config, &mut run)?,
        }
        run.finish()?;
        Ok(())
    }
}

/// Rows of a matrix, for a map.
fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}

/// Largest difference relative to the largest ideal current.
fn relative_error(amperes: &[f64], ideal: &[f64]) -> f64 {
    let scale = ideal.iter().fold(0.0_f64, |a, i| a.max(i.abs()));
    let worst = amperes.iter().zip(ideal).fold(0.0_f64, |a, (x, y)| a.max((x - y).abs()));
    if scale > 0.0 { worst / scale } else { 0.0 }
}
