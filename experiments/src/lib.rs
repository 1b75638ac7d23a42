//! Runs, sweeps, archives, plots and reports: everything the program `spinhebb` does with the
//! physics of the other crates.

pub mod plot;
