//! The commands of the program, one file each.

pub mod calibrate;
mod calibration_figures;
pub mod init;
pub mod network;
pub mod presets;
pub mod reproduce;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spinhebb_data::config::{Document, reference};

use crate::error::ExperimentError;

/// A command with a configuration file.
pub struct Example {
    /// Name as given to `spinhebb init`.
    pub command: &'static str,
    /// What the command computes.
    pub purpose: &'static str,
    /// The built-in defaults.
    pub defaults: &'static str,
    /// Writes the defaults resolved, every key with its description.
    pub commented: fn(&str) -> Result<String, ExperimentError>,
    /// JSON schema of the configuration.
    pub schema: fn() -> schemars::Schema,
}

impl Example {
    /// The example of a command whose configuration is `C`.
    const fn new<C: JsonSchema + Serialize + DeserializeOwned>(
        command: &'static str,
        purpose: &'static str,
        defaults: &'static str,
    ) -> Self {
        Self {
            command,
            purpose,
            defaults,
            commented: |defaults| {
                let configuration: C = Document::from_text("built-in defaults", defaults)?.parse()?;
                Ok(reference::example(&configuration)?)
            },
            schema: || schemars::schema_for!(C),
        }
    }
}

/// Every command with a configuration file.
pub const EXAMPLES: &[Example] = &[
    Example::new::<reproduce::ReproduceConfig>(
        "reproduce",
        "the main job, from spin dynamics to MNIST",
        reproduce::DEFAULTS,
    ),
    Example::new::<calibrate::CalibrateConfig>(
        "calibrate",
        "a device from measured switching counts",
        calibrate::DEFAULTS,
    ),
];
