//! The commands of the program, one file each.

pub mod calibrate;
mod calibration_comparison;
mod calibration_figures;
mod calibration_model;
mod calibration_population;
mod calibration_report;
pub mod circuit;
pub mod device;
pub mod init;
pub mod network;
pub mod presets;
pub mod reliability;
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
    Example::new::<device::TrajectoryConfig>(
        "device-trajectory",
        "m(t), current and conductance of one junction under a pulse",
        device::TRAJECTORY_DEFAULTS,
    ),
    Example::new::<device::TableConfig>(
        "device-table",
        "switching probability against voltage and width",
        device::TABLE_DEFAULTS,
    ),
    Example::new::<reliability::WriteErrorConfig>(
        "device-wer",
        "write-error rate of one junction against width and voltage, down to 1e-15",
        reliability::WRITE_ERROR_DEFAULTS,
    ),
    Example::new::<reliability::RetentionConfig>(
        "device-retention",
        "retention time of a bit and failures of an array",
        reliability::RETENTION_DEFAULTS,
    ),
    Example::new::<reliability::DisturbConfig>(
        "device-disturb",
        "probability that a constant voltage switches a stored bit",
        reliability::DISTURB_DEFAULTS,
    ),
    Example::new::<circuit::CircuitConfig>(
        "circuit",
        "crossbars read, written, mapped onto tiles and exported",
        circuit::DEFAULTS,
    ),
    Example::new::<network::NetworkConfig>(
        "network-train",
        "a network trained on images, labelled and tested",
        network::TRAIN_DEFAULTS,
    ),
    Example::new::<network::ArrayConfig>(
        "network-array",
        "a network trained with the circuit and the device table in the loop",
        network::ARRAY_DEFAULTS,
    ),
    Example::new::<network::SensitivityConfig>(
        "network-sensitivity",
        "the 4x2 learning experiment against each of its parameters",
        network::SENSITIVITY_DEFAULTS,
    ),
];
