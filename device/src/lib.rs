//! Physics of one magnetic tunnel junction: stochastic macrospin dynamics, switching
//! statistics, deterministic probabilities.
//!
//! m is the unit vector of the free layer and p that of the fixed layer; the parallel state is
//! `m.p = +1`. **`V > 0` potentiates: it drives anti-parallel to parallel; `V < 0` depresses.**
//! SI throughout; fields and magnetisations in A/m.

pub mod adaptive;
pub mod anisotropy;
pub mod axial;
pub mod calibration;
pub mod closed_form;
pub mod constants;
pub mod coupled;
mod critical_voltage;
pub mod demagnetisation;
pub mod energy;
pub mod ensemble;
pub mod equilibrium;
pub mod error;
pub mod fokker_planck;
pub mod geometry;
pub mod instruction_set;
pub mod integrator;
mod lane_step;
pub mod lanes;
mod llgs;
pub mod material;
pub mod mtj;
mod normal;
pub mod preset;
pub mod pulse;
pub mod retention;
pub mod schedule;
pub mod sphere;
pub mod splitting;
pub mod state;
pub mod switching_probability;
pub mod switching_table;
pub mod thermal;
pub mod torque;
pub mod trajectory;
pub mod transport;
pub mod vector;

pub use error::DeviceError;
