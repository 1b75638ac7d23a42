//! The tables of a population as the part `[table]` of a system asks for them.

use super::DeviceTables;
use super::draw::Population;
use super::lattice::{AXES, Lattice, Nodes, voltage_only_drives_torque};
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::switching::table::SwitchingTable;
use crate::switching::table_config::{TableConfig, TableRequest};

/// Deviations of every parameter within which devices have tables around them; one in 1e9 lies beyond.
const DEVIATIONS: f64 = 6.0;

impl TableConfig {
    /// The lattice of devices with tables of their own around `junction`.
    #[must_use]
    pub fn lattice(&self, junction: &Junction) -> Lattice {
        let field = match junction {
            Junction::Single(mtj) => mtj.field_scale(0.0),
            Junction::Coupled(_) => 1.0,
        };
        let steps: [f64; AXES] =
            [self.barrier_step, self.tmr_step, self.field_step * field, self.torque_step];
        Lattice(steps)
    }

    /// The nodes of the lattice that hold the devices of `population`, and the factor by which their tables reach beyond the
    /// highest voltage.
    ///
    /// # Errors
    /// As [`Nodes::around`].
    pub fn nodes(&self, junction: &Junction, population: &Population) -> Result<(Nodes, f64), DeviceError> {
        let range = population.range(DEVIATIONS);
        let scales = voltage_only_drives_torque(junction);
        let nodes = Nodes::around(&self.lattice(junction), &range, scales)?;
        let reach = if scales { range.torque.1 } else { self.torque_step.exp() };
        Ok((nodes, if range.torque.1 == 1.0 { 1.0 } else { reach }))
    }

    /// Tables for all devices of `population`; `make` is handed the request of each, which [`Self::table`] answers.
    ///
    /// # Errors
    /// What `make` reports; as [`Self::nodes`] and [`Lattice::junction`].
    pub fn device_tables<E: From<DeviceError>>(
        &self,
        request: &TableRequest<'_>,
        population: &Population,
        mut make: impl FnMut(&TableRequest<'_>) -> Result<SwitchingTable, E>,
    ) -> Result<DeviceTables, E> {
        let (nodes, reach) = self.nodes(request.junction, population)?;
        DeviceTables::new(request.junction, self.lattice(request.junction), nodes, |_, junction| {
            make(&TableRequest { junction, reach: reach * request.reach, ..*request })
        })
    }
}
