//! The array as it is built: cells and their laws, wires, drivers and line ends, and how devices differ.

pub mod cell;
pub mod crossbar;
pub mod resistance_sum;
pub mod variation;

pub use crossbar::Array;
