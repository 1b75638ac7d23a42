//! An experiment without its types: what command line, files and studies need of it.

use schemars::{Schema, SchemaGenerator};
use spinhebb_data::config::{self, ConfigError, Document, Rename};

use super::{Context, Cost, Experiment, Outcome};
use crate::error::ExperimentError;
use crate::present::Page;

/// A flag of the command line that stands for a key of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Shortcut {
    /// The flag without its dashes; empty for what follows the command without a flag.
    pub flag: &'static str,
    /// The key.
    pub key: &'static str,
    /// What the value is called in the help; empty for a switch, which takes none and sets the key to true.
    pub value_name: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Whether it takes several values, which become a list.
    pub list: bool,
}

impl Shortcut {
    /// Whether it takes no value.
    #[must_use]
    pub const fn is_switch(&self) -> bool {
        self.value_name.is_empty()
    }
}

/// An experiment with a configuration that was found sound.
pub trait Prepared: Send + Sync {
    /// The resolved configuration.
    ///
    /// # Errors
    /// It has no TOML form.
    fn resolved(&self) -> Result<toml::Table, ConfigError>;

    /// Memory and time.
    fn cost(&self) -> Cost;

    /// Computes.
    ///
    /// # Errors
    /// Those of the experiment.
    fn compute(&self, context: &Context) -> Result<Outcome, ExperimentError>;
}

struct Of<E: Experiment>(E::Config);

impl<E: Experiment> Prepared for Of<E> {
    fn resolved(&self) -> Result<toml::Table, ConfigError> {
        toml::Table::try_from(&self.0).map_err(|e| ConfigError::Unwritable { reason: e.to_string() })
    }

    fn cost(&self) -> Cost {
        E::cost(&self.0)
    }

    fn compute(&self, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = E::compute(&self.0, context)?;
        outcome.experiment = E::NAME.to_string();
        outcome.cite(E::CITES);
        // Every random number is one of this generator.
        outcome.cite(&["salmon2011"]);
        Ok(outcome)
    }
}

type Prepare = fn(&Document, &Schema, &[Rename]) -> Result<Box<dyn Prepared>, ConfigError>;

/// An experiment of the registry.
#[derive(Clone, Copy)]
pub struct Registered {
    /// Words of the command, such as `device table`.
    pub name: &'static str,
    /// One line on what it computes.
    pub about: &'static str,
    /// Flags that stand for keys.
    pub shortcuts: &'static [Shortcut],
    /// What its example spells otherwise, see [`Experiment::EXAMPLE`].
    pub example: &'static str,
    /// Systems that it starts from, see [`Experiment::BASES`].
    pub bases: &'static [(&'static str, &'static str)],
    /// Schema of what it reads.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    prepare: Prepare,
    present: fn(&Outcome, &mut Page) -> Result<(), ExperimentError>,
}

impl Registered {
    /// The entry of `E`.
    #[must_use]
    pub const fn new<E: Experiment>() -> Self {
        Self {
            name: E::NAME,
            about: E::ABOUT,
            shortcuts: E::SHORTCUTS,
            example: E::EXAMPLE,
            bases: E::BASES,
            schema: |generator| <E::Config as schemars::JsonSchema>::json_schema(generator),
            prepare: |document, schema, renames| {
                let reads = Self::new::<E>().parts();
                let read = |part: &str| reads.iter().any(|own| own == part);
                let config = config::read::<E::Config>(document, schema, &read, renames)?;
                Ok(Box::new(Of::<E>(config)))
            },
            present: E::present,
        }
    }

    /// Keys of the root that it reads: `seed`, parts of the system, its own table.
    #[must_use]
    pub fn parts(&self) -> Vec<String> {
        let schema = (self.schema)(&mut SchemaGenerator::default());
        let properties = schema.get("properties").and_then(serde_json::Value::as_object);
        properties.map(|p| p.keys().cloned().collect()).unwrap_or_default()
    }

    /// Reads and checks the configuration of `document`; `schema` is that of a whole system file.
    ///
    /// # Errors
    /// All faults at once, each with its place.
    pub fn prepare(
        &self,
        document: &Document,
        schema: &Schema,
        renames: &[Rename],
    ) -> Result<Box<dyn Prepared>, ConfigError> {
        (self.prepare)(document, schema, renames)
    }

    /// Draws figures and tables of `outcome`.
    ///
    /// # Errors
    /// The outcome lacks something.
    pub fn present(&self, outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        (self.present)(outcome, page)
    }

    /// Name of its runs and of its default folder: `device-table`.
    #[must_use]
    pub fn stem(&self) -> String {
        self.name.replace(' ', "-")
    }
}
