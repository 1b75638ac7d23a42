//! The commands of the program, one file each.

pub mod init;
pub mod presets;
pub mod reproduce;

/// A command with a configuration file.
pub struct Example {
    /// Name as given to `spinhebb init`.
    pub command: &'static str,
    /// What the command computes.
    pub purpose: &'static str,
    /// Commented, runnable configuration: the command's built-in defaults.
    pub text: &'static str,
    /// JSON schema of the configuration.
    pub schema: fn() -> schemars::Schema,
}

/// Every command with a configuration file.
pub const EXAMPLES: &[Example] = &[Example {
    command: "reproduce",
    purpose: "the main job, from spin dynamics to MNIST",
    text: reproduce::DEFAULTS,
    schema: || schemars::schema_for!(reproduce::ReproduceConfig),
}];
