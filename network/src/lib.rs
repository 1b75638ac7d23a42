//! Hebbian learning with stochastic magnetic tunnel junction synapses: binary inputs, clocked
//! integrate-and-fire neurons, winner-take-all, homeostasis and spike-timing-dependent plasticity.
//!
//! Rooms in one row; each imports from those before it alone:
//!
//! `encoding`, `images`, `neuron`, `rules` <- `synapses` <- `training` <- `readout`
//!
//! `demonstrator`, the small network of the paper, stands on `neuron` and `rules`.

pub mod demonstrator;
pub mod encoding;
pub mod error;
pub mod images;
pub mod input_drive;
pub mod neuron;
pub mod readout;
pub mod rules;
pub mod synapses;
pub mod training;

pub use error::NetworkError;
