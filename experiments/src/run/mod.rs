//! One run, from the command line to a folder that is whole or absent.
//!
//! | file | content |
//! |---|---|
//! | `run.h5` | everything found, with units, resolved configuration, seed, versions; equal physics gives equal bytes |
//! | `config.toml` | what was asked, valid input for the same run |
//! | `summary.json` | the figures printed by `--json` |
//! | `figures/*.svg`, `report.html` | drawn from `run.h5` alone; `spinhebb report` draws them again |
//! | `references.bib` | the papers of the models used |
//! | `provenance.json` | time, host, duration, threads: what may differ between equal runs |
//!
//! Everything is written into `<name>.partial`, which is renamed when all is on disk. What an interrupted run had
//! finished stays there in sealed units; the same command started again goes on from them.

mod inputs;
mod options;
mod provenance;
mod redraw;
mod staging;
mod summary;

pub use options::RunOptions;
use redraw::redraw;
pub use redraw::report;
pub use summary::{as_json, print_or_json};

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::console;
use crate::error::ExperimentError;
use crate::experiment::{
    Context, Outcome, PHYSICS_VERSION, Prepared, Registered, Units, read_archive, write_archive,
};
use crate::registry::EXPERIMENTS;
use crate::system::{InputFile, Loaded, System};
use provenance::Provenance;
use staging::Staging;

/// Name of the archive in a run's folder.
pub const ARCHIVE: &str = "run.h5";

/// Loads, checks, computes, writes and prints; with `--dry-run` says what it would do.
///
/// # Errors
/// The configuration is wrong, the physics refuses it, or a file cannot be read or written.
pub fn run(experiment: &Registered, options: &RunOptions) -> Result<(), ExperimentError> {
    let system = System::of(EXPERIMENTS);
    let loaded = system.load(experiment, &options.request())?;
    let prepared = system.prepare(experiment, &loaded)?;
    if options.dry_run {
        console::print(&render(&prepared.resolved()?)?)?;
        eprintln!("{}: {}", experiment.name, prepared.cost());
        return Ok(());
    }
    if let Some(threads) = options.threads {
        // Fails only when a pool exists already, which then serves as well.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    let folder = compute(experiment, prepared.as_ref(), &loaded, options)?;
    let outcome = read_archive(&folder.join(ARCHIVE))?;
    if options.json {
        console::print(&(summary::as_json(&outcome, &folder) + "\n"))?;
    } else {
        let report = folder.join("report.html");
        let places = format!("run:    {}\nreport: {}\n", folder.display(), report.display());
        console::print(&(summary::in_lines(&outcome) + &places))?;
    }
    Ok(())
}

/// Computes into a staging folder and gives it its name.
fn compute(
    experiment: &Registered,
    prepared: &dyn Prepared,
    loaded: &Loaded,
    options: &RunOptions,
) -> Result<PathBuf, ExperimentError> {
    let provenance = Provenance::begin();
    let mut resolved = prepared.resolved()?;
    inputs::checksums_for_paths(&mut resolved, &loaded.inputs);
    let configuration = render(&resolved)?;
    let identity = identity(experiment.name, &configuration);
    let staging = Staging::open(&options.out, options.name.as_deref(), &experiment.stem(), &identity)?;
    if staging.units_finished() > 0 {
        eprintln!(
            "going on from {} finished units in {}",
            staging.units_finished(),
            staging.folder().display()
        );
    }
    let seed = loaded.seed(&resolved);
    let context = Context::new(seed, Units::new(staging.units()));
    let mut outcome = prepared.compute(&context)?;
    drop(context);
    outcome.seed = seed;
    outcome.configuration = configuration;
    outcome.inputs.splice(0..0, loaded.inputs.iter().map(InputFile::as_input));
    for warning in &outcome.warnings {
        eprintln!("warning: {warning}");
    }
    let written = write(experiment, &outcome, loaded, &staging, &provenance);
    let archive = staging.folder().join(ARCHIVE);
    if written.is_err() && archive.exists() {
        let folder = staging.folder().display();
        eprintln!("the results are kept in {}; `spinhebb report {folder}` draws them", archive.display());
    }
    written?;
    staging.finish()
}

fn write(
    experiment: &Registered,
    outcome: &Outcome,
    loaded: &Loaded,
    staging: &Staging,
    provenance: &Provenance,
) -> Result<(), ExperimentError> {
    let folder = staging.folder();
    write_archive(&folder.join(ARCHIVE), outcome)?;
    let asked = inputs::relative_to(&loaded.asked, &loaded.inputs, &staging.final_folder());
    write_file(
        &folder.join("config.toml"),
        format!("# spinhebb {}\n{}", experiment.name, render(&asked)?).as_bytes(),
    )?;
    let summary = summary::as_json(outcome, &staging.final_folder());
    write_file(&folder.join("summary.json"), format!("{summary}\n").as_bytes())?;
    write_file(&folder.join("provenance.json"), provenance.as_json(staging.name()).as_bytes())?;
    for file in &outcome.files {
        write_file(&folder.join(&file.name), &file.bytes)?;
    }
    redraw(experiment, folder, folder)
}

/// What decides whether two runs are the same: experiment, physics, and the resolved configuration, in which the
/// seed stands and input files are their checksums.
fn identity(experiment: &str, configuration: &str) -> String {
    let text = format!("{experiment}\nphysics {PHYSICS_VERSION}\n{configuration}");
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn render(table: &toml::Table) -> Result<String, ExperimentError> {
    Ok(spinhebb_data::config::render(table)?)
}

fn write_file(path: &Path, content: &[u8]) -> Result<(), ExperimentError> {
    std::fs::write(path, content).map_err(ExperimentError::io("write", path))
}
