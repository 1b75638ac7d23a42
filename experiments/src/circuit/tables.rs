//! Switching tables of an array's devices, and the voltages of a learning step looked up in the nominal one.

use std::sync::Arc;

use spinhebb_circuit::operate::write::WriteDrivers;
use spinhebb_data::config::Staged;
use spinhebb_data::quantity::Amplitude;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::DeviceTables;
use spinhebb_device::switching::amplitude::AmplitudeScale;

use super::write_settings::WriteParts;
use crate::device::{TableSource, add_rounding};
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};

/// Voltages of a learning step and the probabilities that go with them.
pub(super) struct Pulses {
    /// Potentiation in V, > 0.
    pub(super) up: f64,
    /// Depression in V, < 0.
    pub(super) down: f64,
    /// Width of both in s.
    pub(super) width_s: f64,
    /// Switching of the devices of the population.
    pub(super) tables: Arc<DeviceTables>,
    /// Resistances of drivers and selectors.
    pub(super) drivers: WriteDrivers,
}

/// Tables of the devices of the population at the width of the pulses, and the voltages of the pulses.
///
/// # Errors
/// The method does not serve the device, or a wanted probability lies outside the table.
pub(super) fn pulses(
    config: &WriteParts,
    outcome: &mut Outcome,
    context: &Context,
) -> Result<Pulses, ExperimentError> {
    let width_s = config.pulses.width.si();
    let source = TableSource {
        device: &config.device,
        table: &config.table,
        population: &config.population,
        widths_s: &[width_s],
    };
    let tables = source.devices(outcome, context)?;
    let scale =
        AmplitudeScale { junction: tables.nominal_junction(), table: Some(tables.nominal_table()), width_s };
    // The first stage of a training; that there is one was checked.
    let volts = |wanted: &Option<Staged<Amplitude>>, start: State| -> Result<f64, ExperimentError> {
        let first = wanted.as_ref().and_then(|staged| staged.entries().first().map(|(_, value)| **value));
        Ok(scale.volts(first.unwrap_or(Amplitude::Probability(0.0)), start)?)
    };
    let up = volts(&config.pulses.potentiation, State::AntiParallel)?;
    let down = volts(&config.pulses.depression, State::Parallel)?;
    outcome.scalar("potentiation", up, "V", "driver's voltage of potentiation");
    outcome.scalar("depression", down, "V", "driver's voltage of depression");
    outcome.count("switching_tables", tables.tables().len(), "switching tables of devices of the population");
    let volts: Vec<f64> =
        [0.8, 0.85, 0.9, 0.95, 1.0].iter().flat_map(|share| [share * up, share * down]).collect();
    if let Some(rounding) = source.rounding(&tables, &volts, context)? {
        add_rounding(outcome, &rounding);
    }
    let drivers = config.array.write_drivers(tables.nominal_junction().barrier().transport);
    Ok(Pulses { up, down, width_s, tables: Arc::new(tables), drivers })
}
