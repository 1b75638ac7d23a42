//! What a user asks for: files in layers, and single keys above them.

use std::path::PathBuf;

use spinhebb_data::config::Document;

use crate::error::ExperimentError;

/// One key set on the command line.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// `--set key=value`, as typed.
    Set(String),
    /// A flag that stands for a key: as typed, the key, the value.
    Flag {
        /// The flag as typed, such as `--neurons 50`.
        shown: String,
        /// The key it stands for.
        key: String,
        /// Its value.
        value: toml::Value,
    },
}

/// Files and settings, each later one above the earlier ones, settings above files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Request {
    /// Configuration files.
    pub files: Vec<PathBuf>,
    /// Single keys.
    pub settings: Vec<Setting>,
}

impl Request {
    /// All layers of the request in one document.
    ///
    /// # Errors
    /// A file cannot be read or is not TOML, or a setting is not `key=value`.
    pub fn document(&self) -> Result<Document, ExperimentError> {
        let mut document = Document::from_text("command line", "")?;
        for path in &self.files {
            document = Document::read(path)?.over(&document);
        }
        for setting in &self.settings {
            let layer = match setting {
                Setting::Set(argument) => Document::set(argument)?,
                Setting::Flag { shown, key, value } => Document::flag(shown, key, value.clone()),
            };
            document = layer.over(&document);
        }
        Ok(document)
    }
}
