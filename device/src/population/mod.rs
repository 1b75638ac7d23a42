//! Many devices: how they differ from the nominal one, and what an array of them keeps and loses.

mod config;
mod correlation;
mod draw;
pub mod retention;
mod spread;

pub use config::{PARAMETERS, PopulationConfig};
pub use draw::{DeviceFactors, Place, Population};
pub use spread::{Spread, SpreadDistribution};
