//! Hebbian learning with stochastic magnetic tunnel junction synapses: binary inputs, clocked
//! integrate-and-fire neurons, winner-take-all, homeostasis and spike-timing-dependent plasticity.

pub mod chance;
pub mod checkpoint;
pub mod committee;
pub mod crossbar;
pub mod demonstrator;
pub mod encoding;
pub mod engine;
pub mod error;
pub mod evaluation;
pub mod homeostasis;
pub mod labelling;
pub mod network;
pub mod neuron;
pub mod on_array;
pub mod preset;
pub mod readout;
pub mod recipe;
pub mod stdp;
pub mod training;
pub mod winner;

pub use error::NetworkError;
