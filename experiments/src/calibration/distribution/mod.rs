//! From many calibrated devices to a population: its estimate, its mean device, and a file for circuits and networks.

mod page;

pub(super) use page::draw;

use nalgebra::{DMatrix, DVector};
use serde::Serialize;
use spinhebb_data::config::ConfigError;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::calibration::analysis::Calibration;
use spinhebb_device::calibration::distribution::{DeviceDistribution, over_devices};
use spinhebb_device::calibration::goodness::Goodness;
use spinhebb_device::calibration::parameter::Scale;
use spinhebb_device::calibration::problem::Problem;
use spinhebb_device::measurement::points::MeasuredData;
use spinhebb_device::population::{PARAMETERS, SpreadDistribution};

use super::fitted::Fitted;
use super::one_device::Device;
use super::{CalibrateParts, device_file};
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};

/// Name of the dataset.
const DATASET: &str = "calibration/population";
/// Index of the barrier and the critical voltage among the parameters of the correlation.
const BARRIER: usize = 3;
const CRITICAL_VOLTAGE: usize = 4;
/// Quantile of the normal law at which a 95 % interval ends.
const Z95: f64 = 1.96;

/// The estimate of `device` in its sealed `fit`, as far as a population and a device file read it.
///
/// # Errors
/// The sealed data are of another fit.
pub(super) fn estimate(
    config: &CalibrateParts,
    device: &Device<'_>,
    fit: &Outcome,
    context: &Context,
) -> Result<Calibration, ExperimentError> {
    let settings = &config.calibrate;
    let fitted = Fitted::new(settings, &config.device, device.data, context.seed())?;
    let problem = Problem::new(fitted.model(), device.data, &settings.parameters, settings.law)?;
    let data = fit.dataset(&format!("{}/fit", device.group()))?;
    let d = problem.free().len();
    let mut values: Vec<f64> = problem.parameters().iter().map(|p| p.start).collect();
    for (&k, value) in problem.free().iter().zip(data.numbers("value")?) {
        values[k] = value;
    }
    Ok(Calibration {
        model: fitted.model().name(),
        law: settings.law,
        parameters: problem.parameters().to_vec(),
        free: problem.free().to_vec(),
        values,
        covariance: DMatrix::from_row_slice(d, d, &data.numbers("covariance")?),
        objective: f64::NAN,
        objectives: Vec::new(),
        at_bound: Vec::new(),
        simulation_share: Vec::new(),
        normal_intervals: Vec::new(),
        profiles: Vec::new(),
        posterior: None,
        combinations: Vec::new(),
        goodness: Goodness {
            deviance: f64::NAN,
            pearson: f64::NAN,
            degrees_of_freedom: 0,
            chi_square_p: f64::NAN,
            simulated_p: f64::NAN,
            simulated_sets: 0,
            residuals: Vec::new(),
            rms_probability: f64::NAN,
            aic: f64::NAN,
        },
        conditions: Vec::new(),
        predictions: Vec::new(),
        band: Vec::new(),
        discretisation: None,
    })
}

/// Adds the distribution over the devices of `fits`, its file, and the device with the mean parameters.
///
/// # Errors
/// The devices have differing free parameters.
pub(super) fn describe(
    outcome: &mut Outcome,
    config: &CalibrateParts,
    data: &MeasuredData,
    fits: &[Calibration],
    context: &Context,
) -> Result<(), ExperimentError> {
    let population = over_devices(fits)?;
    outcome.cite(&["dempster1981", "viechtbauer2007"]);
    outcome.add(dataset(&population)?);
    summarise(outcome, &population, &fits[0]);
    outcome.file("population.toml", file(&population)?);
    let mut mean = fits[0].clone();
    for (j, name) in population.names.iter().enumerate() {
        if let Some(k) = mean.parameters.iter().position(|p| p.name == *name) {
            mean.values[k] = mean_of(&population, j);
        }
    }
    let fitted = Fitted::new(&config.calibrate, &config.device, data, context.seed())?;
    if let Some(Ok(device)) = fitted.device(&config.device, &mean) {
        let name = format!("mean of {} devices", fits.len());
        let text = device_file::of(&config.device, device, &mean.model, &name)?;
        // The second name is that of the device which `device.from` takes from the folder of a run.
        outcome.file("device-mean.toml", text.clone());
        outcome.file("device.toml", text);
    }
    Ok(())
}

/// Mean value of parameter `j`: the draws of a population have mean one.
fn mean_of(population: &DeviceDistribution, j: usize) -> f64 {
    match population.scales[j] {
        Scale::Log => population.median(j) * (0.5 * population.covariance[(j, j)]).exp(),
        Scale::Linear => population.median(j),
    }
}

fn dataset(population: &DeviceDistribution) -> Result<Dataset, ExperimentError> {
    let scales = population.scales.iter().map(|scale| match scale {
        Scale::Log => "logarithm",
        Scale::Linear => "value",
    });
    let words = "search coordinate of the parameter: logarithm, or the SI value itself";
    Ok(population.to_dataset(DATASET)?.with(Variable::along(
        "coordinate",
        "parameter",
        "1",
        words,
        scales.collect::<Vec<_>>(),
    ))?)
}

/// Median and spread of every parameter; `like` is the fit of one of the devices.
fn summarise(outcome: &mut Outcome, population: &DeviceDistribution, like: &Calibration) {
    outcome.count("population/devices", population.devices, "devices of the population");
    for (j, name) in population.names.iter().enumerate() {
        let key = |family: &str| format!("population/{family}/{name}");
        let unit = like.parameters.iter().find(|p| p.name == *name).map_or("1", |p| p.unit());
        let (u, error) = (population.mean[j], population.mean_error[j]);
        let (of_errors, value): (&str, fn(f64) -> f64) = match population.scales[j] {
            Scale::Log => ("1", f64::exp),
            Scale::Linear => (unit, |u| u),
        };
        outcome
            .scalar(key("median"), population.median(j), unit, "median over the devices")
            .interval(value(u - Z95 * error), value(u + Z95 * error));
        let meaning = "standard error of the median, relative for positive parameters";
        outcome.scalar(key("median_error"), error, of_errors, meaning);
        let (low, high) = population.deviation_interval[j];
        let meaning = "standard deviation between devices, relative for positive parameters";
        outcome.scalar(key("deviation"), population.deviation(j), of_errors, meaning).interval(low, high);
    }
}

/// What is known of a population: spreads of barrier and critical voltage, and their correlation.
#[derive(Debug, Serialize)]
struct PopulationFile {
    population: Known,
}

/// The keys of `[population]` that a calibration knows; the others are left to the file that is laid under it.
#[derive(Debug, Serialize)]
struct Known {
    correlation: [[f64; PARAMETERS]; PARAMETERS],
    barrier: KnownSpread,
    critical_voltage: KnownSpread,
}

/// The keys of a spread that a calibration knows: nothing of gradients.
#[derive(Debug, Serialize)]
struct KnownSpread {
    relative: f64,
    distribution: SpreadDistribution,
}

/// The part `[population]` with the spreads that the counts show.
fn file(population: &DeviceDistribution) -> Result<String, ExperimentError> {
    let head = format!(
        "# Spread of {} calibrated devices: laid over a system by `--config population.toml`. Barrier and critical voltage\n\
         # alone are known from counts; resistance-area product, TMR and area keep what the system says.\n\n",
        population.devices
    );
    let file = PopulationFile { population: known(population) };
    let unwritable = |e: toml::ser::Error| ConfigError::Unwritable { reason: e.to_string() };
    Ok(head + &toml::to_string(&file).map_err(unwritable)?)
}

/// Spreads of barrier and critical voltage, log-normal, with their correlation. Both are logarithms of products of
/// powers of the fitted parameters: the barrier is `delta`, the critical voltage is fitted itself (closed forms) or goes
/// as damping over polarisation (macrospin).
fn known(population: &DeviceDistribution) -> Known {
    let combination = |powers: &[(&str, f64)]| {
        let power =
            |name: &String| powers.iter().find(|(known, _)| known == name).map_or(0.0, |(_, power)| *power);
        DVector::from_iterator(population.names.len(), population.names.iter().map(power))
    };
    let barrier = combination(&[("delta", 1.0)]);
    let critical = combination(&[("critical_voltage", 1.0), ("damping", 1.0), ("polarisation", -1.0)]);
    let product = |a: &DVector<f64>, b: &DVector<f64>| -> f64 {
        let pairs = (0..a.len()).flat_map(|i| (0..b.len()).map(move |j| (i, j)));
        pairs.map(|(i, j)| a[i] * population.covariance[(i, j)] * b[j]).sum()
    };
    let deviation = |row: &DVector<f64>| product(row, row).max(0.0).sqrt();
    // The covariance is that of logarithms; a relative deviation s has the logarithmic one sqrt(ln(1 + s^2)).
    let spread = |row: &DVector<f64>| KnownSpread {
        relative: product(row, row).max(0.0).exp_m1().sqrt(),
        distribution: SpreadDistribution::LogNormal,
    };
    let mut correlation = [[0.0; PARAMETERS]; PARAMETERS];
    for (k, row) in correlation.iter_mut().enumerate() {
        row[k] = 1.0;
    }
    let scale = deviation(&barrier) * deviation(&critical);
    if scale > 0.0 {
        // Rounding may carry the correlation of a degenerate covariance beyond one.
        let r = (product(&barrier, &critical) / scale).clamp(-1.0, 1.0);
        correlation[BARRIER][CRITICAL_VOLTAGE] = r;
        correlation[CRITICAL_VOLTAGE][BARRIER] = r;
    }
    Known { barrier: spread(&barrier), critical_voltage: spread(&critical), correlation }
}
