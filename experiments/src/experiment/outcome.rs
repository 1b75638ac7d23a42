//! What an experiment found: everything that is worth keeping, and all that its page is drawn from.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use spinhebb_data::labelled::Dataset;

use crate::error::ExperimentError;

/// One number of the summary.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    /// Key; the parts of a family (per device, per scheme) are separated by `/`: `cut-off/energy`.
    pub key: String,
    /// Value, in `unit`; not finite where there is none.
    pub value: f64,
    /// Lower and upper end of the 95 % interval, where there is one.
    pub interval: Option<(f64, f64)>,
    /// Unit in UDUNITS spelling; `1` for pure numbers.
    pub unit: String,
    /// What it is, in words.
    pub meaning: String,
}

impl Scalar {
    /// Sets the 95 % interval.
    pub fn interval(&mut self, low: f64, high: f64) -> &mut Self {
        self.interval = Some((low, high));
        self
    }
}

/// One text of the summary: a name, a verdict, a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Key, in parts as for [`Scalar`].
    pub key: String,
    /// The text.
    pub text: String,
}

/// A further file of the run, such as a netlist or a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeFile {
    /// Name within the run's folder.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// An input file and its checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// File name or title of the data.
    pub name: String,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// What an experiment found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Words of the command that made it.
    pub experiment: String,
    /// Title of its page.
    pub title: String,
    /// Resolved configuration as TOML.
    pub configuration: String,
    /// Master seed.
    pub seed: u64,
    /// Numbers of the summary, in the order they were added.
    pub scalars: Vec<Scalar>,
    /// Texts of the summary, in the order they were added.
    pub texts: Vec<Text>,
    /// Labelled data.
    pub datasets: Vec<Dataset>,
    /// Further files.
    pub files: Vec<OutcomeFile>,
    /// What a reader of the results must know.
    pub warnings: Vec<String>,
    /// Keys of the papers whose models were used.
    pub citations: BTreeSet<String>,
    /// Input files.
    pub inputs: Vec<Input>,
}

impl Outcome {
    /// An empty outcome with the title of its page.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds the number `value` of `unit` under `key`; `meaning` says what it is.
    pub fn scalar(
        &mut self,
        key: impl Into<String>,
        value: f64,
        unit: &str,
        meaning: impl Into<String>,
    ) -> &mut Scalar {
        let (key, unit, meaning) = (key.into(), unit.to_string(), meaning.into());
        self.scalars.push(Scalar { key, value, interval: None, unit, meaning });
        self.scalars.last_mut().expect("one was pushed")
    }

    /// Adds a count.
    pub fn count(&mut self, key: impl Into<String>, value: usize, meaning: impl Into<String>) -> &mut Scalar {
        self.scalar(key, value as f64, "1", meaning)
    }

    /// Adds a text.
    pub fn text(&mut self, key: impl Into<String>, text: impl Into<String>) {
        self.texts.push(Text { key: key.into(), text: text.into() });
    }

    /// Adds data; the dataset's name is its group in the archive.
    pub fn add(&mut self, dataset: Dataset) {
        self.datasets.push(dataset);
    }

    /// Adds a file of the run.
    pub fn file(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.push(OutcomeFile { name: name.into(), bytes: bytes.into() });
    }

    /// Adds what a reader of the results must know; the same words once.
    pub fn warn(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Records that models of these papers were used.
    pub fn cite(&mut self, keys: &[&str]) {
        self.citations.extend(keys.iter().map(ToString::to_string));
    }

    /// Records an input by name and checksum.
    pub fn input(&mut self, name: impl Into<String>, sha256: impl Into<String>) {
        self.inputs.push(Input { name: name.into(), sha256: sha256.into() });
    }

    /// The number under `key`.
    ///
    /// # Errors
    /// There is none: the archive is of another version.
    pub fn number(&self, key: &str) -> Result<f64, ExperimentError> {
        self.find(key).map(|scalar| scalar.value).ok_or_else(|| self.lacks(key))
    }

    /// The scalar under `key`, if there is one.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Scalar> {
        self.scalars.iter().find(|scalar| scalar.key == key)
    }

    /// The text under `key`.
    ///
    /// # Errors
    /// There is none: the archive is of another version.
    pub fn words(&self, key: &str) -> Result<&str, ExperimentError> {
        self.texts.iter().find(|t| t.key == key).map(|t| t.text.as_str()).ok_or_else(|| self.lacks(key))
    }

    /// The dataset `name`.
    ///
    /// # Errors
    /// There is none: the archive is of another version.
    pub fn dataset(&self, name: &str) -> Result<&Dataset, ExperimentError> {
        self.datasets.iter().find(|d| d.name == name).ok_or_else(|| self.lacks(name))
    }

    /// The configuration as the experiment reads it.
    ///
    /// # Errors
    /// The archive is of a version with other keys.
    pub fn config<C: DeserializeOwned>(&self) -> Result<C, ExperimentError> {
        toml::from_str(&self.configuration).map_err(|error| ExperimentError::Archive {
            experiment: self.experiment.clone(),
            reason: format!("its configuration does not read: {}", error.message()),
        })
    }

    /// Takes over everything of `part` that adds up: data, files, warnings, citations, inputs, and the scalars and texts
    /// under `prefix` (none if it is empty). For experiments composed of others.
    pub fn include(&mut self, prefix: &str, part: Self) {
        let under = |key: String| if prefix.is_empty() { key } else { format!("{prefix}/{key}") };
        self.scalars.extend(part.scalars.into_iter().map(|s| Scalar { key: under(s.key), ..s }));
        self.texts.extend(part.texts.into_iter().map(|t| Text { key: under(t.key), ..t }));
        self.datasets.extend(part.datasets);
        self.files.extend(part.files);
        for warning in part.warnings {
            self.warn(warning);
        }
        self.citations.extend(part.citations);
        for input in part.inputs {
            if !self.inputs.contains(&input) {
                self.inputs.push(input);
            }
        }
    }

    /// Numbers whose key is `family/<label>`, by label in the order they were added.
    #[must_use]
    pub fn family(&self, family: &str) -> Vec<(&str, &Scalar)> {
        let label = |key: &'_ str| key.strip_prefix(family).and_then(|rest| rest.strip_prefix('/')).is_some();
        let inside = self.scalars.iter().filter(|scalar| label(&scalar.key));
        inside.map(|scalar| (&scalar.key[family.len() + 1..], scalar)).collect()
    }

    /// Texts by key, for quick looks.
    #[must_use]
    pub fn texts_by_key(&self) -> BTreeMap<&str, &str> {
        self.texts.iter().map(|t| (t.key.as_str(), t.text.as_str())).collect()
    }

    fn lacks(&self, what: &str) -> ExperimentError {
        ExperimentError::Archive {
            experiment: self.experiment.clone(),
            reason: format!("it holds no `{what}`"),
        }
    }
}
