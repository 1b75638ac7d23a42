//! The floor every other crate stands on: quantities with units, configuration files,
//! random streams, labelled arrays, datasets and the HDF5 archive.

pub mod config;
mod error;
pub mod labelled;
pub mod quantity;
pub mod random_stream;

pub use error::DataError;
