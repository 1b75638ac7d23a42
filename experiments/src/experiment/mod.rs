//! One experiment: what it reads, what it computes, how it is shown. All else is written once.
//!
//! Loading and layering of files, checks, dry runs, progress, sealing, resuming, archive, summary, report and
//! command line are the machine's ([`crate::system`], [`crate::run`], [`crate::command`]); an experiment states its
//! configuration, computes an [`Outcome`], and draws a page from the outcome alone.

mod archive_form;
mod context;
mod cost;
mod outcome;
mod registered;
mod sealable;

pub(crate) use archive_form::texts;
pub use archive_form::{read_archive, write_archive};
pub use context::{Context, Units};
pub use cost::Cost;
pub use outcome::{Input, Outcome, OutcomeFile, Scalar, Text};
pub use registered::{Prepared, Registered, Shortcut};
pub use sealable::{Json, Sealable};

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spinhebb_data::config::Check;

use crate::error::ExperimentError;
use crate::present::Page;

/// Version of the physics: raised when the same configuration and seed give other numbers than before. It stands in
/// every archive and in the identity of every run, so that no run is resumed with other physics.
pub const PHYSICS_VERSION: u64 = 4;

/// Something that can be computed and shown.
pub trait Experiment: 'static {
    /// The parts of the system that it reads, and its own table; the keys are those of a system file.
    type Config: Serialize + DeserializeOwned + JsonSchema + Check + Send + Sync;

    /// Words of the command, such as `device table`.
    const NAME: &'static str;
    /// One line on what it computes, for help and lists.
    const ABOUT: &'static str;
    /// Papers of its models: keys of `references.bib`.
    const CITES: &'static [&'static str];
    /// Flags that stand for a key.
    const SHORTCUTS: &'static [Shortcut] = &[];
    /// Keys that its example file spells otherwise than the built-in defaults, as TOML text.
    const EXAMPLE: &'static str = "";
    /// Systems that it starts from, above the built-in defaults: name of the profile (empty: always laid) and TOML text.
    const BASES: &'static [(&'static str, &'static str)] = &[];

    /// Memory and time, estimated before anything is allocated.
    fn cost(config: &Self::Config) -> Cost {
        let _ = config;
        Cost::default()
    }

    /// Computes; everything worth keeping is in the outcome.
    ///
    /// # Errors
    /// The physics refuses the configuration, or an input cannot be read.
    fn compute(config: &Self::Config, context: &Context) -> Result<Outcome, ExperimentError>;

    /// Draws figures and tables, from the outcome alone.
    ///
    /// # Errors
    /// The outcome lacks something, which means that the archive is of another version.
    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError>;
}
