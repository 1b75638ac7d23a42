//! The devices of one array, each with its own switching probability.

use std::sync::Arc;

use nalgebra::DMatrix;
use spinhebb_device::population::DeviceTables;
use spinhebb_device::switching::table::Probability;

use crate::array::variation::{DeviceDraw, Fault};
use crate::error::CircuitError;
use crate::operate::write::{CellPulse, SwitchingLookup};

/// The devices of an array with the tables of their population, which all arrays of it share.
#[derive(Debug, Clone)]
pub struct ArrayDevices {
    devices: DMatrix<DeviceDraw>,
    tables: Arc<DeviceTables>,
}

impl ArrayDevices {
    /// The devices (M x N) of an array.
    #[must_use]
    pub const fn new(devices: DMatrix<DeviceDraw>, tables: Arc<DeviceTables>) -> Self {
        Self { devices, tables }
    }
}

impl SwitchingLookup for ArrayDevices {
    /// Devices with a fault never switch.
    fn probability(&self, pulse: CellPulse) -> Result<Probability, CircuitError> {
        let CellPulse { row, col, volts, width_s, start } = pulse;
        let draw = &self.devices[(row, col)];
        if let Some(Fault::Open | Fault::Short | Fault::StuckState) = draw.fault {
            return Ok(Probability::ZERO);
        }
        self.tables
            .probability(&draw.factors, volts, width_s, start)
            .map_err(|source| CircuitError::Switching { row, col, source: Box::new(source) })
    }
}
