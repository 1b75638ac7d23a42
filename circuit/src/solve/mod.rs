//! Node voltages and currents of an array: nodal analysis, with a certificate for every solution.

pub mod bounds;
mod chord;
pub(crate) mod line;
pub mod newton;
pub mod nodal;
pub(crate) mod schur;
pub mod sensitivity;
pub mod transfer;
