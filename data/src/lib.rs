//! The floor every other crate stands on: quantities with units, configuration files,
//! random streams, datasets and the HDF5 archive.

pub mod quantity;
pub mod random_stream;
