//! What a population does to a grid of pulses: mean and quantiles over its devices, beside the nominal device.

use rayon::prelude::*;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::error::DeviceError;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::{DeviceTables, Place, Population};
use spinhebb_device::switching::table::{LookupFlag, SwitchingTable, TableCell};

use crate::error::ExperimentError;

/// Devices drawn.
pub(super) const DEVICES: usize = 4000;
/// Normal quantile of a 95 % interval.
const Z95: f64 = 1.96;

/// What the devices of a population do under one pulse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct OverDevices {
    /// State before the pulse.
    pub(super) start: State,
    /// Full width in s.
    pub(super) width_s: f64,
    /// Voltage in V; positive potentiates.
    pub(super) volts: f64,
    /// Mean probability of switching and its standard error over the devices drawn.
    pub(super) mean: f64,
    pub(super) mean_error: f64,
    /// Quantiles 5 %, 50 % and 95 % over the devices.
    pub(super) quantiles: [f64; 3],
    /// Mean probability of not switching and its standard error.
    pub(super) mean_kept: f64,
    pub(super) mean_kept_error: f64,
    /// Devices whose probability is extrapolated.
    pub(super) extrapolated: usize,
}

/// What the devices of `population` do under each of the pulses (start, width in s, voltage in V); devices stand in the middle
/// of their array, so that gradients do not count.
///
/// # Errors
/// As [`DeviceTables::probability`].
pub(super) fn over_devices(
    tables: &DeviceTables,
    population: &Population,
    pulses: &[(State, f64, f64)],
) -> Result<Vec<OverDevices>, ExperimentError> {
    let devices: Vec<_> = (0..DEVICES).map(|k| population.draw(k, 0, Place::default())).collect();
    let one = |&(start, width_s, volts): &(State, f64, f64)| -> Result<OverDevices, DeviceError> {
        let mut found = Vec::with_capacity(DEVICES);
        let mut extrapolated = 0;
        for device in &devices {
            let p = tables.probability(device, volts, width_s, start)?;
            extrapolated += usize::from(p.flag == LookupFlag::Extrapolated);
            found.push(p.p);
        }
        let (mean, mean_error) = moments(found.iter().copied());
        let (mean_kept, mean_kept_error) = moments(found.iter().map(|p| 1.0 - p));
        found.sort_by(f64::total_cmp);
        let quantiles = [0.05, 0.5, 0.95].map(|q| found[(q * (DEVICES - 1) as f64).round() as usize]);
        Ok(OverDevices {
            start,
            width_s,
            volts,
            mean,
            mean_error,
            quantiles,
            mean_kept,
            mean_kept_error,
            extrapolated,
        })
    };
    Ok(pulses.par_iter().map(one).collect::<Result<_, _>>()?)
}

/// Mean and its standard error.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = DEVICES as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// The results as labelled arrays.
///
/// # Errors
/// Never: the arrays fit.
pub(super) fn dataset(name: &str, found: &[OverDevices]) -> Result<Dataset, ExperimentError> {
    let along = |name: &str, unit: &str, meaning: &str, of: &dyn Fn(&OverDevices) -> f64| {
        Variable::along(name, "pulse", unit, meaning, found.iter().map(of).collect::<Vec<f64>>())
    };
    let counts: Vec<u64> = found.iter().map(|f| f.extrapolated as u64).collect();
    let mut data = Dataset::new(name)
        .attribute("devices", DEVICES)
        .attribute("convention", "positive voltage potentiates (anti-parallel to parallel)");
    for (name, unit, meaning, of) in COLUMNS {
        data = data.with(along(name, unit, meaning, of))?;
    }
    Ok(data.with(Variable::along(
        "extrapolated",
        "pulse",
        "1",
        "devices with an extrapolated probability",
        counts,
    ))?)
}

/// Name, unit, meaning and value of a column.
type Column = (&'static str, &'static str, &'static str, &'static dyn Fn(&OverDevices) -> f64);

const COLUMNS: [Column; 10] = [
    ("start", "1", "m.p of the state before the pulse", &|f| f.start.cosine()),
    ("width", "s", "full pulse width", &|f| f.width_s),
    ("voltage", "V", "pulse amplitude", &|f| f.volts),
    ("mean", "1", "mean switching probability over the devices", &|f| f.mean),
    ("mean_error", "1", "standard error of `mean` over the devices drawn", &|f| f.mean_error),
    ("quantile_05", "1", "5 % of the devices switch with less", &|f| f.quantiles[0]),
    ("quantile_50", "1", "half of the devices switch with less", &|f| f.quantiles[1]),
    ("quantile_95", "1", "95 % of the devices switch with less", &|f| f.quantiles[2]),
    ("mean_kept", "1", "mean probability of not switching", &|f| f.mean_kept),
    ("mean_kept_error", "1", "standard error of `mean_kept` over the devices drawn", &|f| f.mean_kept_error),
];

/// The mean over the devices as a table, at the cells of that of the nominal device.
///
/// # Errors
/// Never: the cells are those of a table.
pub(super) fn mean_table(
    nominal: &SwitchingTable,
    found: &[OverDevices],
) -> Result<SwitchingTable, ExperimentError> {
    let cells = |start: State, width: usize| {
        let of_curve = |f: &&OverDevices| f.start == start && f.width_s == nominal.widths_s()[width];
        let cell = |f: &OverDevices| TableCell::computed(f.volts.abs(), f.mean, Z95 * f.mean_error);
        found.iter().filter(of_curve).map(cell).collect()
    };
    Ok(SwitchingTable::new(nominal.widths_s(), "mean over the population", cells)?)
}

/// The pulses of the cells of a table.
pub(super) fn pulses_of(table: &SwitchingTable) -> Vec<(State, f64, f64)> {
    let mut pulses = Vec::new();
    for start in State::BOTH {
        for (k, width_s) in table.widths_s().iter().enumerate() {
            let volts =
                table.cells(start, k).iter().map(|cell| start.switching_polarity() * cell.magnitude_v);
            pulses.extend(volts.map(|volts| (start, *width_s, volts)));
        }
    }
    pulses
}
