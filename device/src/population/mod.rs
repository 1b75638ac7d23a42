//! Many devices: how they differ from the nominal one, and what an array of them keeps and loses.

mod computed_tables;
mod config;
mod correlation;
mod device_tables;
mod draw;
mod lattice;
pub mod retention;
mod rounding;
mod spread;

pub use config::{PARAMETERS, PopulationConfig};
pub use device_tables::DeviceTables;
pub use draw::{DeviceFactors, Place, Population, PopulationRange};
pub use lattice::{
    AXES, Lattice, Node, Nodes, equivalent_volts, torque_follows_junction_current, voltage_only_drives_torque,
};
pub use rounding::{Rounding, RoundingTest};
pub use spread::{FieldSpread, Spread, SpreadDistribution};
