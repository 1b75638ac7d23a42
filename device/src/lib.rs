//! Physics of one magnetic tunnel junction: stochastic macrospin dynamics, switching
//! statistics, deterministic probabilities.
//!
//! Six rooms in one row; each imports from those before it alone:
//!
//! `junction` <- `dynamics` <- `measurement` <- `switching` <- `population` <- `calibration`
//!
//! m is the unit vector of the free layer and p that of the fixed layer; the parallel state is
//! `m.p = +1`. **`V > 0` potentiates: it drives anti-parallel to parallel; `V < 0` depresses.**
//! SI throughout; fields and magnetisations in A/m.

pub mod calibration;
pub mod dynamics;
pub mod error;
pub mod junction;
pub mod measurement;
pub mod population;
mod ranges;
pub mod switching;

pub use error::DeviceError;
