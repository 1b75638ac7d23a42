//! From many calibrated devices to a population: its estimate, its mean device, and a file for circuits and networks.

use nalgebra::{DMatrix, DVector};
use serde::Serialize;
use spinhebb_circuit::array::variation::{PARAMETERS, Spread, SpreadDistribution};
use spinhebb_data::config;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::calibration::analysis::Calibration;
use spinhebb_device::calibration::goodness::Goodness;
use spinhebb_device::calibration::parameter::Scale;
use spinhebb_device::calibration::distribution::{DeviceDistribution, over_devices};
use spinhebb_device::calibration::problem::Problem;
use spinhebb_device::measurement::points::MeasuredData;

use super::fitted::Fitted;
use super::one_device::Device;
use super::{CalibrateParts, device_file};
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome, texts};
use crate::present::Page;
use crate::present::plot::{Axis, Figure, Panel, Series};

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
    Ok(population
        .to_dataset(DATASET)?
        .with(Variable::along("coordinate", "parameter", "1", words, scales.collect::<Vec<_>>()))?)
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
    barrier: Spread,
    critical_voltage: Spread,
    correlation: [[f64; PARAMETERS]; PARAMETERS],
}

/// The part `[population]` with the spreads that the counts show.
fn file(population: &DeviceDistribution) -> Result<String, ExperimentError> {
    let head = format!(
        "# Spread of {} calibrated devices: laid over a system by `--config population.toml`. Barrier and critical voltage\n\
         # alone are known from counts; resistance-area product, TMR and area keep what the system says.\n\n",
        population.devices
    );
    Ok(head + &config::render(&PopulationFile { population: known(population) })?)
}

/// Spreads of barrier and critical voltage, log-normal, with their correlation. Both are logarithms of products of
/// powers of the fitted parameters: the barrier is `delta`, the critical voltage is fitted itself (closed forms) or goes
/// as damping over polarisation (macrospin).
fn known(population: &DeviceDistribution) -> Known {
    let combination = |powers: &[(&str, f64)]| {
        let power = |name: &String| powers.iter().find(|(known, _)| known == name).map_or(0.0, |(_, power)| *power);
        DVector::from_iterator(population.names.len(), population.names.iter().map(power))
    };
    let barrier = combination(&[("delta", 1.0)]);
    let critical = combination(&[("critical_voltage", 1.0), ("damping", 1.0), ("polarisation", -1.0)]);
    let product = |a: &DVector<f64>, b: &DVector<f64>| -> f64 {
        let pairs = (0..a.len()).flat_map(|i| (0..b.len()).map(move |j| (i, j)));
        pairs.map(|(i, j)| a[i] * population.covariance[(i, j)] * b[j]).sum()
    };
    let deviation = |row: &DVector<f64>| product(row, row).max(0.0).sqrt();
    let spread = |row: &DVector<f64>| Spread {
        relative: deviation(row),
        distribution: SpreadDistribution::LogNormal,
        ..Spread::default()
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

/// A population as the archive holds it.
struct Archived {
    names: Vec<String>,
    logarithmic: Vec<bool>,
    mean: Vec<f64>,
    mean_error: Vec<f64>,
    deviation_interval: Vec<(f64, f64)>,
    covariance: DMatrix<f64>,
    /// Value and standard error in search coordinates, device by device.
    estimates: Vec<Vec<(f64, f64)>>,
}

impl Archived {
    fn of(data: &Dataset) -> Result<Self, ExperimentError> {
        let names = texts(data, "parameter")?;
        let d = names.len();
        let low = data.numbers("deviation_lower")?;
        let pairs: Vec<(f64, f64)> =
            data.numbers("device_estimate")?.into_iter().zip(data.numbers("device_error")?).collect();
        Ok(Self {
            logarithmic: texts(data, "coordinate")?.iter().map(|c| c == "logarithm").collect(),
            mean: data.numbers("mean")?,
            mean_error: data.numbers("mean_error")?,
            deviation_interval: low.into_iter().zip(data.numbers("deviation_upper")?).collect(),
            covariance: DMatrix::from_row_slice(d, d, &data.numbers("covariance")?),
            estimates: pairs.chunks(d.max(1)).map(<[_]>::to_vec).collect(),
            names,
        })
    }

    /// SI value of the search coordinate `u` of parameter `j`.
    fn value(&self, j: usize, u: f64) -> f64 {
        if self.logarithmic[j] { u.exp() } else { u }
    }

    fn deviation(&self, j: usize) -> f64 {
        self.covariance[(j, j)].sqrt()
    }

    fn correlation(&self, a: usize, b: usize) -> f64 {
        let scale = (self.deviation(a) * self.deviation(b)).max(1e-300);
        if a == b { 1.0 } else { self.covariance[(a, b)] / scale }
    }
}

/// Draws the section of the population, where there is one.
///
/// # Errors
/// The outcome lacks something.
pub(super) fn draw(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let Ok(data) = outcome.dataset(DATASET) else { return Ok(()) };
    let population = Archived::of(data)?;
    page.section("Population");
    page.paragraph(&format!(
        "{} devices. The spread between devices is that of the parameters themselves: the uncertainty of every single fit \
         is taken out of it.",
        population.estimates.len()
    ));
    tables(&population, page);
    page.figure(&figure(&population));
    Ok(())
}

fn tables(population: &Archived, page: &mut Page) {
    let columns = [
        "parameter",
        "median (SI)",
        "standard error of the median",
        "standard deviation between devices",
        "95 %",
        "unit of errors and deviations",
    ];
    let row = |j: usize| {
        let (low, high) = population.deviation_interval[j];
        vec![
            population.names[j].clone(),
            format!("{:.5e}", population.value(j, population.mean[j])),
            format!("{:.4}", population.mean_error[j]),
            format!("{:.4}", population.deviation(j)),
            format!("{low:.4} to {high:.4}"),
            if population.logarithmic[j] { "relative" } else { "SI" }.to_string(),
        ]
    };
    let each = || 0..population.names.len();
    page.table(&columns, &each().map(row).collect::<Vec<_>>());
    let mut header = vec!["correlation"];
    header.extend(population.names.iter().map(String::as_str));
    let row = |a: usize| {
        let cells = each().map(|b| format!("{:.2}", population.correlation(a, b)));
        std::iter::once(population.names[a].clone()).chain(cells).collect()
    };
    page.table(&header, &each().map(row).collect::<Vec<Vec<String>>>());
}

/// Every device's estimate with its interval beside the median and the spread.
fn figure(population: &Archived) -> Figure {
    let mut figure = Figure::new(
        "calibration-population",
        format!("Parameters of {} devices.", population.estimates.len()),
        "Bars: 95 % intervals of every fit. Lines: median of the population and two standard deviations between devices, \
         the uncertainty of the fits taken out.",
    );
    for (j, name) in population.names.iter().enumerate() {
        let value = |u: f64| population.value(j, u);
        let own = || population.estimates.iter().map(|device| device[j]);
        let points = own().enumerate().map(|(i, (u, _))| ((i + 1) as f64, value(u))).collect();
        let bars = own().map(|(u, error)| (value(u - Z95 * error), value(u + Z95 * error))).collect();
        let (mean, spread) = (population.mean[j], population.deviation(j));
        figure = figure.panel(
            Panel::new(name.as_str(), Axis::linear("device"), Axis::linear(format!("{name} (SI)")))
                .series(Series::points("fits", points).interval(bars).unlabelled())
                .horizontal(value(mean), "median")
                .horizontal(value(mean - 2.0 * spread), "")
                .horizontal(value(mean + 2.0 * spread), "2 deviations"),
        );
    }
    figure
}
