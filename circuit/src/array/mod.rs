//! The array as it is built: cells and their laws, wires, drivers and line ends, and how devices differ.

pub mod cell;
pub mod compensation;
pub mod config;
pub mod crossbar;
pub mod resistance_sum;
pub mod scheme;
pub mod variation;

pub use crossbar::Array;
