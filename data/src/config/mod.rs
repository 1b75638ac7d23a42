//! Configuration files: TOML read into typed configurations, with errors that point at the word.
//!
//! A [`Document`] is one file, or several laid over each other (a user's file over a shipped preset, and
//! `--set` over both). It remembers where every key stands, so that a complaint raised long after reading, by a
//! validation across fields, still finds the line:
//!
//! ```
//! use serde::Deserialize;
//! use spinhebb_data::{config::Document, quantity::Length};
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Pillar {
//!     diameter: Length,
//! }
//!
//! let text = "diameter = \"0 nm\"";
//! let document = Document::from_text("pillar.toml", text)?;
//! let pillar: Pillar = document.parse()?;
//! if pillar.diameter.si() <= 0.0 {
//!     let error = document.at_key("diameter", "`diameter` must be positive");
//!     assert_eq!(error.location(), Some(("pillar.toml", 1, 12)));
//! }
//! # Ok::<(), spinhebb_data::config::ConfigError>(())
//! ```

mod conform;
mod declarations;
mod document;
mod error;
mod explain;
mod faults;
mod layer;
mod mutation;
mod reading;
pub mod reference;
mod staged;
mod tree;

use serde::Serialize;

pub use conform::{Rename, conform};
pub use document::Document;
pub use error::{ConfigError, Fault};
pub use faults::{Check, Faults, FieldFault};
pub use mutation::{Mutation, mutations};
pub use reading::read;
pub use staged::{Course, Staged};

/// Writes `configuration` as TOML that reads back to the same value.
///
/// # Errors
/// A value has no TOML form, such as an integer above 2^63 - 1 or a map whose keys are not strings.
pub fn render<T: Serialize>(configuration: &T) -> Result<String, ConfigError> {
    toml::to_string_pretty(configuration).map_err(|e| ConfigError::Unwritable { reason: e.to_string() })
}

#[cfg(test)]
mod tests;
