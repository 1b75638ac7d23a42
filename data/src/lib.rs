//! The floor every other crate stands on: quantities with units, configuration files,
//! random streams, labelled arrays, datasets and the HDF5 archive.

#[cfg(feature = "archive")]
pub mod archive;
mod columns;
pub mod config;
mod error;
pub mod idx;
pub mod labelled;
pub mod measured;
pub mod mnist;
pub mod proportion;
pub mod quantity;
pub mod random_stream;
pub mod shipped;
pub mod wine;

pub use error::DataError;
