//! One junction at rest: what it is made of, its energy, torques and transport, its wells and their stability.
//!
//! A file for each term. [`mtj`] resolves a description with units ([`mtj::MtjConfig`]) to SI coefficients
//! ([`mtj::Mtj`]), [`coupled`] does so for two coupled layers, [`preset`] holds the shipped devices.

pub mod anisotropy;
pub mod constants;
pub mod coupled;
pub mod coupled_layer;
pub(crate) mod critical_voltage;
pub mod demagnetisation;
pub mod energy;
pub mod equilibrium;
pub mod geometry;
pub mod material;
pub mod mtj;
mod mtj_faults;
pub mod preset;
mod single_or_coupled;
pub mod state;
pub mod thermal;
pub mod torque;
pub mod transport;
pub mod vector;

pub use single_or_coupled::Junction;
