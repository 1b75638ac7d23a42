//! The crossbar: cells, wires, drivers and access devices, solved exactly.
//!
//! Three rooms in one row; each imports from those before it alone: `array` <- `solve` <- `operate`.
//!
//! Signs are fixed for the whole crate: the voltage of a cell is word line minus
//! bit line, V > 0 is potentiation (it favours the parallel state, AP -> P), and a
//! cell's current flows from word to bit line. Currents through line ends are positive out of
//! the array. All matrices are M word lines (rows) x N bit lines (columns); all numbers SI.
//!
//! ```
//! use nalgebra::dmatrix;
//! use spinhebb_circuit::array::{Array, cell::Cells};
//!
//! let siemens = dmatrix![1e-4, 2e-4; 3e-4, 4e-4];
//! let array = Array::new(Cells::Linear(siemens), 1.0, 1.0).for_read(&[0.1, 0.0], 0.0, 0.0);
//! let solution = array.solve()?;
//! let ideal = array.ideal_product(&[0.1, 0.0]);
//! assert!(solution.output_amperes()[0] < ideal[0]);
//! # Ok::<(), spinhebb_circuit::error::CircuitError>(())
//! ```

pub mod array;
pub mod error;
pub mod operate;
pub mod solve;

pub use error::CircuitError;
