//! Runs, sweeps, archives, plots and reports: everything the program `spinhebb` does with the
//! physics of the other crates.

pub mod bibliography;
pub mod cli;
pub mod command;
pub mod error;
pub mod plot;
pub mod progress;
pub mod report;
pub mod run;
