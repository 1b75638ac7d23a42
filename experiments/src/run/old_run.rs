//! One run: its options, its directory, and everything it leaves behind.
//!
//! A run collects labelled data, figures, citations and a summary, and writes them at its end:
//!
//! | file | content |
//! |---|---|
//! | `run.h5` | data with units, resolved configuration, seed, versions; equal physics gives equal bytes |
//! | `config.toml` | the resolved configuration, valid input |
//! | `summary.json` | the figures printed by `--json` |
//! | `figures/*.svg` | every figure |
//! | `report.html` | one self-contained page |
//! | `references.bib` | the papers of the models used |
//! | `provenance.json` | time, host, duration, threads: what may differ between equal runs |
//!
//! Everything is written into `<name>.partial`, which is renamed when all is on disk: a run
//! directory is whole or absent. What an interrupted run had finished stays there, one sealed file
//! per dataset in `finished/`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use spinhebb_data::archive::{self, Header};
use spinhebb_data::config::{self, Document};
use spinhebb_data::labelled::Dataset;

use crate::bibliography;
use crate::error::ExperimentError;
use crate::plot::Figure;
use crate::report::Report;

/// Folder of the sealed datasets of a run that is not whole yet.
const FINISHED: &str = "finished";

/// Options that every computing command shares.
#[derive(Debug, Clone, clap::Args)]
pub struct RunOptions {
    /// Configuration file (TOML, quantities with units); `spinhebb init` writes one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Name of this run; by default the command's, with a number if that is taken
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Master seed of all random streams; wins over the configuration's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Print the summary as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Print the resolved configuration, itself valid input, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Threads to use; by default one per core. Results do not depend on it
    #[arg(long, value_name = "N")]
    pub threads: Option<std::num::NonZeroUsize>,
}

impl RunOptions {
    /// The user's configuration over the text of the defaults: parsed, with the document that knows
    /// where every key stands.
    ///
    /// # Errors
    /// The file cannot be read, or a key or value is wrong.
    pub fn configuration<C: DeserializeOwned>(
        &self,
        defaults: &str,
    ) -> Result<(C, Document), ExperimentError> {
        self.configuration_over(&Document::from_text("built-in defaults", defaults)?)
    }

    /// The user's configuration over `base`.
    ///
    /// # Errors
    /// The file cannot be read, or a key or value is wrong.
    pub fn configuration_over<C: DeserializeOwned>(
        &self,
        base: &Document,
    ) -> Result<(C, Document), ExperimentError> {
        let document = match &self.config {
            Some(path) => Document::read(path)?.over(base),
            None => base.clone(),
        };
        Ok((document.parse()?, document))
    }

    /// Prints `configuration` if this is a dry run, and says whether it was.
    ///
    /// # Errors
    /// The configuration has no TOML form.
    pub fn printed_dry_run<C: Serialize>(&self, configuration: &C) -> Result<bool, ExperimentError> {
        if self.dry_run {
            print!("{}", config::render(configuration)?);
        }
        Ok(self.dry_run)
    }
}

/// A run under way.
pub struct Run {
    name: String,
    directory: PathBuf,
    staging: PathBuf,
    out: PathBuf,
    json: bool,
    command: &'static str,
    seed: u64,
    configuration: String,
    datasets: Vec<Dataset>,
    inputs: Vec<(String, String)>,
    citations: BTreeSet<&'static str>,
    summary: Map<String, Value>,
    report: Report,
    started: Instant,
    started_at: SystemTime,
}

impl Run {
    /// Opens a run of `command` with its resolved configuration; sets the number of threads.
    ///
    /// # Errors
    /// The name is no directory name, the run exists already, or its directory cannot be written.
    pub fn begin<C: Serialize>(
        options: &RunOptions,
        command: &'static str,
        title: &str,
        configuration: &C,
        seed: u64,
    ) -> Result<Self, ExperimentError> {
        if let Some(threads) = options.threads {
            // Fails only when a pool exists already, which then serves as well.
            let _ = rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global();
        }
        let name = free_name(options, command)?;
        let directory = options.out.join(&name);
        let staging = options.out.join(format!("{name}.partial"));
        let figures = staging.join("figures");
        std::fs::create_dir_all(&figures).map_err(ExperimentError::io("create", &figures))?;
        Ok(Self {
            report: Report::new(title),
            name,
            directory,
            staging,
            out: options.out.clone(),
            json: options.json,
            command,
            seed,
            configuration: config::render(configuration)?,
            datasets: Vec::new(),
            inputs: Vec::new(),
            citations: BTreeSet::from(["salmon2011"]),
            summary: Map::new(),
            started: Instant::now(),
            started_at: SystemTime::now(),
        })
    }

    /// Directory for files that must survive an interruption, such as checkpoints; it becomes part of
    /// the run's directory.
    #[must_use]
    pub fn staging(&self) -> &Path {
        &self.staging
    }

    /// Adds data to the archive; the dataset's name is its group.
    ///
    /// Until the run is whole, each dataset also stands in a sealed file of its own in `finished/`, so
    /// that what has been computed survives an interruption.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, dataset: Dataset) -> Result<(), ExperimentError> {
        let folder = self.staging.join(FINISHED);
        std::fs::create_dir_all(&folder).map_err(ExperimentError::io("create", &folder))?;
        let file = folder.join(format!("{}.h5", dataset.name.replace('/', "_")));
        archive::write(&file, &self.header(), std::slice::from_ref(&dataset))?;
        self.datasets.push(dataset);
        Ok(())
    }

    fn header(&self) -> Header {
        Header {
            title: self.report.title().to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            commit: env!("SPINHEBB_COMMIT").to_string(),
            seed: self.seed,
            configuration: self.configuration.clone(),
            inputs: self.inputs.clone(),
        }
    }

    /// Records an input file by name and checksum in the archive.
    pub fn input(&mut self, name: impl Into<String>, checksum: impl Into<String>) {
        self.inputs.push((name.into(), checksum.into()));
    }

    /// Records that a model of these papers was used; keys of [`bibliography`].
    pub fn cite(&mut self, keys: &[&'static str]) {
        self.citations.extend(keys);
    }

    /// Adds `key` to the summary.
    pub fn value(&mut self, key: &str, value: impl Into<Value>) {
        self.summary.insert(key.to_string(), value.into());
    }

    /// The page of this run, to add sections and tables to.
    pub fn report(&mut self) -> &mut Report {
        &mut self.report
    }

    /// Writes the figure and puts it into the report.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn figure(&mut self, figure: &Figure) -> Result<(), ExperimentError> {
        let svg = figure.to_svg();
        self.write(&format!("figures/{}.svg", figure.name), svg.as_bytes())?;
        self.report.figure(figure, &svg);
        Ok(())
    }

    /// Writes a further file into the run's directory.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), ExperimentError> {
        let path = self.staging.join(name);
        std::fs::write(&path, content).map_err(ExperimentError::io("write", &path))
    }

    /// Writes everything, renames the directory into place, and prints the summary: JSON with
    /// `--json`, else `key: value` lines and where to look.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(mut self) -> Result<PathBuf, ExperimentError> {
        let summary = json!({
            "command": self.command,
            "run": self.directory.display().to_string(),
            "seed": self.seed,
            "results": Value::Object(std::mem::take(&mut self.summary)),
        });
        let pretty = serde_json::to_string_pretty(&summary).expect("a JSON value always has a text");
        archive::write(&self.staging.join("run.h5"), &self.header(), &self.datasets)?;
        self.write("config.toml", self.configuration.as_bytes())?;
        self.write("summary.json", pretty.as_bytes())?;
        self.write("references.bib", bibliography::bibtex(self.citations.iter().copied())?.as_bytes())?;
        let page = self.report.page(&self.configuration, &self.citations);
        self.write("report.html", page.as_bytes())?;
        self.write_provenance()?;
        let finished = self.staging.join(FINISHED);
        if finished.exists() {
            std::fs::remove_dir_all(&finished).map_err(ExperimentError::io("remove", &finished))?;
        }
        std::fs::rename(&self.staging, &self.directory)
            .map_err(ExperimentError::io("rename the finished run to", &self.directory))?;
        if self.json {
            println!("{pretty}");
        } else {
            if let Some(results) = summary["results"].as_object() {
                print_values("", results);
            }
            println!("run:    {}", self.directory.display());
            println!("report: {}", self.directory.join("report.html").display());
        }
        Ok(self.directory.clone())
    }

    fn write_provenance(&self) -> Result<(), ExperimentError> {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let provenance = json!({
            "started_unix_s": self.started_at.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()),
            "duration_s": self.started.elapsed().as_secs_f64(),
            "host": host.trim(),
            "threads": rayon::current_num_threads(),
            "arguments": std::env::args().collect::<Vec<_>>(),
            "name": self.name,
        });
        let text = serde_json::to_string_pretty(&provenance).expect("a JSON value always has a text");
        self.write("provenance.json", text.as_bytes())
    }
}

/// A run that ends early leaves its finished data; one that has none leaves nothing.
impl Drop for Run {
    fn drop(&mut self) {
        if self.datasets.is_empty() && self.staging.exists() {
            // Nothing is lost if this fails: the directory holds no data.
            let _ = std::fs::remove_dir_all(&self.staging);
            let _ = std::fs::remove_dir(&self.out);
        }
    }
}

/// Name of the run: the user's if it is free, else the command's with the first free number.
fn free_name(options: &RunOptions, command: &str) -> Result<String, ExperimentError> {
    if let Some(name) = &options.name {
        let proper = !name.starts_with('.')
            && !name.is_empty()
            && name.len() <= 200
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !proper {
            return Err(ExperimentError::RunName { name: name.clone() });
        }
        return match taken(options, name) {
            Some(path) => Err(ExperimentError::RunExists { path }),
            None => Ok(name.clone()),
        };
    }
    let numbered = (2_u64..).map(|n| format!("{command}-{n}"));
    let free =
        std::iter::once(command.to_string()).chain(numbered).find(|name| taken(options, name).is_none());
    Ok(free.expect("there is always a free number"))
}

/// The directory that keeps `name` from being used: a finished run, or what an interrupted one left.
fn taken(options: &RunOptions, name: &str) -> Option<PathBuf> {
    [name.to_string(), format!("{name}.partial")]
        .iter()
        .map(|n| options.out.join(n))
        .find(|path| path.exists())
}

fn print_values(prefix: &str, values: &Map<String, Value>) {
    for (key, value) in values {
        match value {
            Value::Object(inner) => print_values(&format!("{prefix}{key}."), inner),
            Value::String(text) => println!("{prefix}{key}: {text}"),
            Value::Number(number) if number.is_f64() => {
                println!("{prefix}{key}: {}", significant(number.as_f64().unwrap_or(f64::NAN)));
            }
            other => println!("{prefix}{key}: {other}"),
        }
    }
}

/// Five significant digits, enough to read and compare.
fn significant(value: f64) -> String {
    let rounded: f64 = format!("{value:.4e}").parse().unwrap_or(value);
    if rounded == 0.0 || (1e-3..1e6).contains(&rounded.abs()) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}
