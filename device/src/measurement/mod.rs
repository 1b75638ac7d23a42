//! Measured switching counts: the points, and how they are read from files.

pub mod csv;
pub mod error;
pub mod points;

pub use error::MeasurementError;
