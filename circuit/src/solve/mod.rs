//! Node voltages and currents of an array: nodal analysis, with a certificate for every solution.

pub mod bounds;
mod chord;
pub mod ladder;
pub(crate) mod line;
pub mod line_sweeps;
pub mod newton;
pub mod nodal;
pub(crate) mod schur;
pub mod sensitivity;
pub mod transfer;
