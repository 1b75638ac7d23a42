//! Switching tables of an array's devices, and the voltages of a learning step looked up in the nominal one.

use spinhebb_circuit::array::variation::DeviceDraw;
use spinhebb_circuit::operate::device_tables::{DeviceTables, TableNodes};
use spinhebb_circuit::operate::write::WriteDrivers;
use spinhebb_data::config::Staged;
use spinhebb_data::quantity::Amplitude;
use spinhebb_device::error::DeviceError;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::amplitude::AmplitudeScale;
use spinhebb_device::switching::table::SwitchingTable;
use spinhebb_device::switching::table_config::{TableConfig, TableRequest};

use super::write_settings::WriteParts;
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome, Sealable};
use nalgebra::DMatrix;

/// Voltages of a learning step and the probabilities that go with them.
pub(super) struct Pulses {
    /// Potentiation in V, > 0.
    pub(super) up: f64,
    /// Depression in V, < 0.
    pub(super) down: f64,
    /// Width of both in s.
    pub(super) width_s: f64,
    /// Switching of every device of the largest array asked for.
    pub(super) tables: DeviceTables,
    /// Resistances of drivers and selectors.
    pub(super) drivers: WriteDrivers,
}

/// Table of the nominal device for the pulses, tables of its neighbours for `devices`.
///
/// # Errors
/// The method does not serve the device, or a wanted probability lies outside the table.
pub(super) fn pulses(
    config: &WriteParts,
    mtj: &Mtj,
    devices: DMatrix<DeviceDraw>,
    outcome: &mut Outcome,
    context: &Context,
) -> Result<Pulses, ExperimentError> {
    let maker = TableMaker { settings: &config.table, mtj, width_s: config.pulses.width.si(), context };
    let nominal = maker.table(1.0, 1.0, 1.0)?;
    let junction = Junction::Single(Box::new(mtj.clone()));
    let scale = AmplitudeScale { junction: &junction, table: Some(&nominal), width_s: maker.width_s };
    // The first stage of a training; that there is one was checked.
    let volts = |wanted: &Option<Staged<Amplitude>>, start: State| -> Result<f64, ExperimentError> {
        let first = wanted.as_ref().and_then(|staged| staged.entries().first().map(|(_, value)| **value));
        Ok(scale.volts(first.unwrap_or(Amplitude::Probability(0.0)), start)?)
    };
    let up = volts(&config.pulses.potentiation, State::AntiParallel)?;
    let down = volts(&config.pulses.depression, State::Parallel)?;
    let nodes = TableNodes { barriers: config.table.barriers, torques: config.table.torques };
    let mut failed = None;
    let tables = DeviceTables::new(devices, mtj.transport, nodes, |device| {
        if (device.barrier, device.torque) == (1.0, 1.0) && device.reach <= 1.0 {
            return Ok(nominal.clone());
        }
        maker.table(device.barrier, device.torque, device.reach).map_err(|error| match error {
            ExperimentError::Device(error) => error,
            other => {
                let reason = other.to_string();
                failed = Some(other);
                DeviceError::Unreadable { name: "switching table".to_string(), message: reason }
            }
        })
    });
    // A unit that could not be written is not an error of the device.
    let tables = match (failed, tables) {
        (Some(error), _) => return Err(error),
        (None, tables) => tables?,
    };
    outcome.scalar("potentiation", up, "V", "driver's voltage of potentiation");
    outcome.scalar("depression", down, "V", "driver's voltage of depression");
    outcome.count("switching_tables", tables.count(), "switching tables of varied devices");
    Ok(Pulses { up, down, width_s: maker.width_s, tables, drivers: config.array.write_drivers() })
}

/// Makes the tables of devices beside the nominal one.
struct TableMaker<'a> {
    settings: &'a TableConfig,
    mtj: &'a Mtj,
    width_s: f64,
    context: &'a Context,
}

impl TableMaker<'_> {
    /// Table of a device whose barrier and torque are these factors of the nominal one's; voltages up to `reach` times the
    /// highest.
    fn table(&self, barrier: f64, torque: f64, reach: f64) -> Result<SwitchingTable, ExperimentError> {
        let device = if barrier == 1.0 {
            self.mtj.clone()
        } else {
            self.mtj.with_stability(self.mtj.stability(State::Parallel)? * barrier)?
        };
        let junction = Junction::Single(Box::new(device.with_torque_scaled(torque)));
        let stage = self.context.stage("switching table", self.settings.amplitudes(&junction));
        self.context.unit(&format!("switching table {barrier:e} {torque:e} {reach:e}"), || {
            let progress = || stage.advance();
            let request = TableRequest {
                junction: &junction,
                widths_s: &[self.width_s],
                seed: self.context.seed(),
                reach,
                progress: &progress,
            };
            Ok(self.settings.table(&request)?)
        })
    }
}

impl Sealable for SwitchingTable {
    fn to_datasets(&self) -> Result<Vec<spinhebb_data::labelled::Dataset>, ExperimentError> {
        Ok(vec![self.to_dataset()?])
    }

    fn from_datasets(datasets: Vec<spinhebb_data::labelled::Dataset>) -> Result<Self, ExperimentError> {
        let table = datasets.first().map(Self::from_dataset).transpose()?;
        table.ok_or_else(|| ExperimentError::Unit { reason: "no switching table".to_string() })
    }
}
