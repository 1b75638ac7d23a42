//! The rules a neuron follows: who wins, how thresholds move, which synapses a firing writes, how a class is read,
//! and the draws that decide.

pub mod chance;
pub mod homeostasis;
pub mod readout;
pub mod stdp;
pub mod winner;
