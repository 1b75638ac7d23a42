//! Hebbian learning with stochastic magnetic tunnel junction synapses: binary inputs, clocked
//! integrate-and-fire neurons, winner-take-all, homeostasis and spike-timing-dependent plasticity.

pub mod chance;
pub mod demonstrator;
pub mod error;
pub mod homeostasis;
pub mod neuron;
pub mod stdp;
pub mod winner;

pub use error::NetworkError;
