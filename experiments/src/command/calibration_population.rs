//! From many calibrated devices to the variation of an array: estimate, figure, files for the circuit layer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spinhebb_circuit::array::variation::{PARAMETERS, Spread, SpreadShape, VariationConfig};
use spinhebb_data::config;
use spinhebb_device::calibration::analysis::Calibration;
use spinhebb_device::calibration::parameter::Scale;
use spinhebb_device::calibration::distribution::{DeviceDistribution, over_devices};

use crate::error::ExperimentError;
use crate::plot::{Axis, Figure, Panel, Series};
use crate::run::Run;

/// What a configuration of the circuit commands takes from a population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariationFile {
    /// Variation from device to device.
    pub variation: VariationConfig,
}

/// Index of the barrier and the critical voltage among the parameters of the variation.
const BARRIER: usize = 3;
const CRITICAL_VOLTAGE: usize = 4;

/// Spreads of barrier and critical voltage, log-normal, with their correlation. Both are logarithms of products of
/// powers of the fitted parameters: the barrier is `delta`, the critical voltage is fitted itself (closed forms) or goes
/// as damping over polarisation (macrospin). What counts say nothing of (resistance-area product, TMR, area) stays
/// without spread.
#[must_use]
pub fn variation_of(population: &DeviceDistribution) -> VariationConfig {
    let index = |name: &str| population.names.iter().position(|n| n == name);
    let combination = |powers: &[(&str, f64)]| -> Vec<f64> {
        let mut row = vec![0.0; population.names.len()];
        for (name, power) in powers {
            if let Some(j) = index(name) {
                row[j] = *power;
            }
        }
        row
    };
    let barrier = combination(&[("delta", 1.0)]);
    let critical = combination(&[("critical_voltage", 1.0), ("damping", 1.0), ("polarisation", -1.0)]);
    let product = |a: &[f64], b: &[f64]| -> f64 {
        let pairs = (0..a.len()).flat_map(|i| (0..b.len()).map(move |j| (i, j)));
        pairs.map(|(i, j)| a[i] * population.covariance[(i, j)] * b[j]).sum()
    };
    let deviation = |row: &[f64]| product(row, row).max(0.0).sqrt();
    let spread =
        |row: &[f64]| Spread { relative: deviation(row), shape: SpreadShape::LogNormal, ..Spread::default() };
    let scale = deviation(&barrier) * deviation(&critical);
    let mut correlation = [[0.0; PARAMETERS]; PARAMETERS];
    for (k, row) in correlation.iter_mut().enumerate() {
        row[k] = 1.0;
    }
    if scale > 0.0 {
        // Rounding may carry the correlation of a degenerate covariance beyond one.
        let r = (product(&barrier, &critical) / scale).clamp(-1.0, 1.0);
        correlation[BARRIER][CRITICAL_VOLTAGE] = r;
        correlation[CRITICAL_VOLTAGE][BARRIER] = r;
    }
    VariationConfig {
        barrier: spread(&barrier),
        critical_voltage: spread(&critical),
        correlation: Some(correlation),
        ..VariationConfig::default()
    }
}

/// Reports the distribution over the devices `names` of `fits` and writes `variation.toml`, which the circuit commands
/// take (`spinhebb circuit write --variation variation.toml`). Returns the mean value of every
/// parameter.
///
/// # Errors
/// Fewer than three devices or differing parameters; a file that cannot be written.
pub fn distribution(
    run: &mut Run,
    fits: &[Calibration],
    names: &[String],
) -> Result<Vec<(String, f64)>, ExperimentError> {
    let population = over_devices(fits)?;
    run.cite(&["dempster1981", "viechtbauer2007"]);
    run.add(population.to_dataset("calibration/population")?)?;
    let parameters = population.names.len();
    let unit = |j: usize| match population.scales[j] {
        Scale::Log => "relative",
        Scale::Linear => "SI",
    };
    let rows: Vec<Vec<String>> = (0..parameters)
        .map(|j| {
            let (low, high) = population.deviation_interval[j];
            vec![
                population.names[j].clone(),
                format!("{:.5e}", population.median(j)),
                format!("{:.4}", population.mean_error[j]),
                format!("{:.4}", population.deviation(j)),
                format!("{low:.4} to {high:.4}"),
                unit(j).to_string(),
            ]
        })
        .collect();
    run.report().section("Population");
    run.report().paragraph(&format!(
        "{} devices. The spread between devices is that of the parameters themselves: the uncertainty of every single fit \
         is taken out of it.",
        population.devices
    ));
    let columns = [
        "parameter",
        "median (SI)",
        "standard error of the median",
        "standard deviation between devices",
        "95 %",
        "unit of errors and deviations",
    ];
    run.report().table(&columns, &rows);
    let correlation = population.correlation();
    let mut header = vec!["correlation"];
    header.extend(population.names.iter().map(String::as_str));
    let rows: Vec<Vec<String>> = (0..parameters)
        .map(|a| {
            let cells = (0..parameters).map(|b| format!("{:.2}", correlation[(a, b)]));
            std::iter::once(population.names[a].clone()).chain(cells).collect()
        })
        .collect();
    run.report().table(&header, &rows);
    run.figure(&figure(&population, names))?;
    let file = VariationFile { variation: variation_of(&population) };
    run.write("variation.toml", config::render(&file)?.as_bytes())?;
    let summary: serde_json::Map<String, Value> = (0..parameters)
        .map(|j| {
            let (low, high) = population.deviation_interval[j];
            (
                population.names[j].clone(),
                json!({
                    "median": population.median(j),
                    "median_error": population.mean_error[j],
                    "deviation": population.deviation(j),
                    "deviation_interval": [low, high],
                }),
            )
        })
        .collect();
    run.value("population", summary);
    // The draws of the circuit layer have mean one.
    let mean = |j: usize| match population.scales[j] {
        Scale::Log => population.median(j) * (0.5 * population.covariance[(j, j)]).exp(),
        Scale::Linear => population.median(j),
    };
    Ok((0..parameters).map(|j| (population.names[j].clone(), mean(j))).collect())
}

/// Every device's estimate with its interval beside the median and the spread.
fn figure(population: &DeviceDistribution, names: &[String]) -> Figure {
    let mut figure = Figure::new(
        "calibration-population",
        format!("Parameters of {} devices.", names.len()),
        "Bars: 95 % intervals of every fit. Lines: median of the population and two standard deviations between devices, \
         the uncertainty of the fits taken out.",
    );
    for (j, name) in population.names.iter().enumerate() {
        let value = |x: f64| match population.scales[j] {
            Scale::Log => x.exp(),
            Scale::Linear => x,
        };
        let points = |f: &dyn Fn(f64, f64) -> f64| -> Vec<(f64, f64)> {
            population
                .estimates
                .iter()
                .zip(1..)
                .map(|(e, i)| (f64::from(i), value(f(e[j].0, e[j].1))))
                .collect()
        };
        let bars = population
            .estimates
            .iter()
            .map(|e| (value(e[j].0 - 1.96 * e[j].1), value(e[j].0 + 1.96 * e[j].1)))
            .collect();
        let (mean, spread) = (population.mean[j], population.deviation(j));
        figure = figure.panel(
            Panel::new(name.as_str(), Axis::linear("device"), Axis::linear(format!("{name} (SI)")))
                .series(Series::points("fits", points(&|u, _| u)).interval(bars).unlabelled())
                .horizontal(value(mean), "median")
                .horizontal(value(mean - 2.0 * spread), "")
                .horizontal(value(mean + 2.0 * spread), "2 deviations"),
        );
    }
    figure
}
