//! The rules a neuron follows: who wins, how thresholds move, which synapses a firing writes, and the draws that decide.

pub mod chance;
pub mod homeostasis;
pub mod stdp;
pub mod winner;
