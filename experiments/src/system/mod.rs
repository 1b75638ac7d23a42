//! One description of a system, from layered files: parts that every command understands alike.
//!
//! From the top: `--set` and flags, the files of `--config` (a later one wins), what `device.from` and `network.recipe`
//! stand for, and the built-in defaults of `experiments/defaults/system.toml`. Keys are checked in all parts, values in those
//! that the experiment reads.

mod from;
mod input_file;
mod overlay;
mod part;
mod recipe;
mod renames;
mod request;
mod trained;

pub use input_file::InputFile;
pub use overlay::overlay;
pub(crate) use part::system_parts;
pub use renames::RENAMES;
pub use request::{Request, Setting};

use schemars::{Schema, SchemaGenerator};
use spinhebb_data::config::reference::Reference;
use spinhebb_data::config::{ConfigError, Document, Fault};

use crate::error::ExperimentError;
use crate::experiment::{Prepared, Registered};

/// The built-in defaults: the one place where a default stands.
const DEFAULTS: &str = include_str!("../../defaults/system.toml");

/// The key that names a profile of a composed experiment.
const PROFILE: &str = "reproduce.profile";

/// What every command knows about system files.
pub struct System {
    schema: Schema,
}

/// A system file with all that lies under it.
pub struct Loaded {
    /// Every layer, the winning one first.
    pub document: Document,
    /// What the user asked: files, settings and flags, merged.
    pub asked: toml::Table,
    /// Input files that it names.
    pub inputs: Vec<InputFile>,
    /// Names of files and devices that do not exist, to be told with all other faults.
    faults: Vec<Fault>,
}

impl Loaded {
    /// Master seed of all random streams.
    #[must_use]
    pub fn seed(&self, resolved: &toml::Table) -> u64 {
        resolved
            .get("seed")
            .and_then(toml::Value::as_integer)
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(0)
    }
}

impl System {
    /// The schema of a whole system file: what any of `experiments` reads.
    #[must_use]
    pub fn of(experiments: &[Registered]) -> Self {
        let mut generator = SchemaGenerator::default();
        let mut properties = serde_json::Map::new();
        for experiment in experiments {
            let schema = (experiment.schema)(&mut generator);
            if let Some(serde_json::Value::Object(own)) = schema.get("properties") {
                properties.extend(own.clone());
            }
        }
        let definitions = generator.take_definitions(true);
        let mut schema = Schema::default();
        schema.insert("type".into(), "object".into());
        schema.insert("properties".into(), properties.into());
        schema.insert("$defs".into(), definitions.into());
        schema.insert("additionalProperties".into(), false.into());
        Self { schema }
    }

    /// The schema of a whole system file.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The schema of what `experiment` reads.
    #[must_use]
    pub fn schema_of(&self, experiment: &Registered) -> Schema {
        let parts = experiment.parts();
        let mut schema = self.schema.clone();
        if let Some(serde_json::Value::Object(properties)) = schema.get_mut("properties") {
            properties.retain(|key, _| parts.contains(key));
        }
        schema
    }

    /// A commented file with what `experiment` reads, at the built-in defaults; valid input.
    ///
    /// # Errors
    /// The defaults do not read, which a test excludes.
    pub fn example(&self, experiment: &Registered) -> Result<String, ExperimentError> {
        let parts = experiment.parts();
        let defaults = built_in()?;
        let base = base(experiment, None)?.map_or(defaults.clone(), |base| base.over(&defaults));
        let mut table = Document::built_in("example", experiment.example)?.over(&base).merged();
        table.retain(|key, _| parts.iter().any(|part| part == key));
        let reference =
            Reference::new(&self.schema_of(experiment)).only(|key| parts.iter().any(|p| p == key));
        Ok(format!("# {}.\n{}", experiment.about, reference.example(&table)))
    }

    /// Reads the files and settings of `request` for `experiment` and lays everything else under them.
    ///
    /// # Errors
    /// A file of the request cannot be read or is not TOML.
    pub fn load(&self, experiment: &Registered, request: &Request) -> Result<Loaded, ExperimentError> {
        let user = request.document()?;
        let asked = user.merged();
        let parts = experiment.parts();
        let upper = match base(experiment, user.text_at(PROFILE).as_deref())? {
            Some(base) => user.over(&base),
            None => user,
        };
        // What a name stands for lies under the keys of every layer that may give the name.
        let mut lower = built_in()?;
        let whole = upper.clone().over(&lower);
        let reads = |name: &str| parts.iter().any(|part| part == name);
        let trained = if reads("evaluate") { trained::layer(&whole)? } else { None };
        let named = match trained {
            Some(layer) => Some(layer),
            None if reads("network") || reads("pulses") => Some(recipe::layer(&whole)?),
            None => None,
        };
        if let Some(layer) = named {
            lower = layer.over(&lower);
        }
        let mut faults = Vec::new();
        for layer in [from::device_layer, from::population_layer] {
            let found = match layer(&upper.clone().over(&lower)) {
                // The other faults are told against what is built in.
                Err(ExperimentError::Config(error)) if !error.faults().is_empty() => {
                    faults.extend_from_slice(error.faults());
                    layer(&lower)?
                }
                found => found?,
            };
            if let Some(found) = found {
                lower = found.over(&lower);
            }
        }
        let document = upper.over(&lower);
        let inputs = input_file::find(&document, &parts, &mut faults);
        Ok(Loaded { document, asked, inputs, faults })
    }

    /// Checks what was loaded, all faults at once.
    ///
    /// # Errors
    /// Keys or values are wrong; each with its place.
    pub fn prepare(
        &self,
        experiment: &Registered,
        loaded: &Loaded,
    ) -> Result<Box<dyn Prepared>, ExperimentError> {
        let document = input_file::lay_paths(&loaded.document, &loaded.inputs);
        let error = match experiment.prepare(&document, &self.schema, RENAMES) {
            Ok(prepared) if loaded.faults.is_empty() => return Ok(prepared),
            Err(error) if loaded.faults.is_empty() || error.faults().is_empty() => return Err(error.into()),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        // A file that is not there is told once, though whoever reads it misses it too.
        let mut faults = loaded.faults.clone();
        let told = |fault: &Fault| loaded.faults.iter().any(|other| other.is_at_the_place_of(fault));
        faults.extend(error.iter().flat_map(|e| e.faults()).filter(|fault| !told(fault)).cloned());
        Err(ConfigError::from_faults(faults).expect("there is at least one").into())
    }
}

/// The built-in defaults.
fn built_in() -> Result<Document, ExperimentError> {
    Ok(Document::built_in("built-in defaults", DEFAULTS)?)
}

/// The systems that `experiment` starts from, that of `profile` on top; `None` where it has none.
fn base(experiment: &Registered, profile: Option<&str>) -> Result<Option<Document>, ExperimentError> {
    let mut base: Option<Document> = None;
    for (name, text) in experiment.bases {
        if name.is_empty() || profile == Some(name) {
            let title = format!("{} {name}", experiment.name);
            let layer = Document::built_in(title.trim_end(), text)?;
            base = Some(base.map_or(layer.clone(), |base| layer.over(&base)));
        }
    }
    Ok(base)
}
