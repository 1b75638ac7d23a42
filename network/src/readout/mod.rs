//! From firing neurons to classes: labels, votes, evaluation; the shipped recipes, and the committees of networks that they make.

pub mod committee;
pub mod evaluation;
mod examination;
pub mod labelling;
pub mod mean_interval;
pub mod preset;
pub mod rule;

pub use crate::rules::readout::Readout;
