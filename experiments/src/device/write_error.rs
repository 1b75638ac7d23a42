//! `spinhebb device wer`: the probability that a write pulse fails, against width and voltage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::{DriveVoltage, Time, Voltage};
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::{Population, PopulationConfig};
use spinhebb_device::switching::PulseGrid;
use spinhebb_device::switching::estimate::ProbabilityEstimate;
use spinhebb_device::switching::table_config::TableConfig;

use super::over_population::{self, over_devices};
use super::tables::TableSource;
use super::voltages::{LOWEST, accuracy, check_voltages, magnitudes, stored, visible};
use super::{check_method, device_name, summarise};
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome};
use crate::present::Page;
use crate::present::plot::{Axis, Draw, Figure, Panel, Series};
use crate::system::system_parts;

/// Name of the dataset.
const DATASET: &str = "device/write_error";
/// Name of the dataset of what the devices of a population do.
const POPULATION: &str = "device/population";
/// Largest voltage in critical ones.
const LARGEST: f64 = 50.0;
/// Longest pulse in damping times: of the one-dimensional equation, and of the other back ends, whose work grows with it.
const LONGEST_AXIAL: f64 = 1e5;
const LONGEST: f64 = 1e3;
/// Write-error rates whose widths are reported.
const REPORTED: [f64; 5] = [1e-3, 1e-6, 1e-9, 1e-12, 1e-15];

system_parts! {
    /// Probability that a write pulse fails, down to 1e-15.
    pub struct WriteErrorParts {
        /// The junction.
        device: MtjConfig,
        /// How devices differ; the mean over them stands beside the nominal device.
        population: PopulationConfig,
        /// How its switching probabilities are computed.
        table: TableConfig,
        /// The pulses.
        wer: WriteErrorSettings,
    }
    across across;
}

/// The pulses of a write-error study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteErrorSettings {
    /// State before the pulse; the polarity drives out of it (positive from anti-parallel).
    pub start: State,
    /// Amplitudes of the rectangular pulses, rising: in volts, or in critical voltages of the device as "2 Vc0".
    pub voltages: Vec<DriveVoltage>,
    /// Longest width.
    pub longest_width: Time,
    /// Evenly spaced widths up to the longest.
    pub widths: usize,
}

impl Check for WriteErrorSettings {
    fn check(&self, faults: &mut Faults) {
        let fine = (2..=2000).contains(&self.widths);
        faults.require(fine, "widths", self.widths, "2 to 2000 widths up to `longest_width`");
        let width_s = self.longest_width.si();
        faults.require(width_s > 0.0, "longest_width", self.longest_width, "a width above 0 s");
    }
}

fn across(config: &WriteErrorParts, faults: &mut Faults) {
    let Some(mtj) = stored(&config.device, config.wer.start, faults) else { return };
    check_method(&config.table, &config.device, faults);
    let times = if mtj.is_axially_symmetric(0.0) { LONGEST_AXIAL } else { LONGEST };
    let longest_s = times * mtj.damping_time_s();
    let expected = format!(
        "a width of at most {}, {times:e} damping times of this device; `spinhebb device disturb` serves longer times",
        Time(longest_s)
    );
    let width = config.wer.longest_width;
    faults.require(width.si() <= longest_s, "wer.longest_width", width, expected);
    let limit = (LARGEST, "no junction is written that hard");
    check_voltages(("wer.voltages", &config.wer.voltages), (&mtj, config.wer.start), limit, faults);
}

/// Write-error rate against width and voltage.
pub struct WriteError;

impl Experiment for WriteError {
    type Config = WriteErrorParts;
    const NAME: &'static str = "device wer";
    const ABOUT: &'static str = "Write-error rate against width and voltage, down to 1e-15";
    const CITES: &'static [&'static str] = &["brown1963"];

    fn compute(config: &WriteErrorParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let name = device_name(&config.device);
        let mut outcome = Outcome::new(format!("Write errors of {name}"));
        let junction = Junction::new(&config.device)?;
        let wer = &config.wer;
        let magnitudes = magnitudes(&wer.voltages, &config.device.resolve()?, wer.start)?;
        let widths = widths_s(wer);
        if config.table.from.is_some() {
            outcome.warn(
                "`table.from` is not read: write errors are computed at the widths and voltages of [wer]",
            );
        }
        let automatic = config.table.automatic(context.seed());
        let back_end = automatic.back_end(config.table.method);
        let stage = context.stage("write errors", magnitudes.len() as u64);
        let volts: Vec<f64> = magnitudes.iter().map(|v| v * wer.start.switching_polarity()).collect();
        let data = context.unit("write errors", || {
            let pulses = PulseGrid { volts: &volts, widths_s: &widths };
            let advance = || stage.advance();
            let grid = back_end.grid_with_progress(&junction, pulses, wer.start, &advance)?;
            Ok(vec![dataset(&volts, &widths, &grid, wer)?])
        })?;
        drop(stage);
        summarise(&mut outcome, &junction, &name);
        for dataset in data {
            outcome.add(dataset);
        }
        results(&mut outcome, config, &widths)?;
        if !config.population.is_uniform() {
            over_the_population(&mut outcome, config, (&volts, &widths), context)?;
        }
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        page.figure(&figure(&outcome.config::<WriteErrorParts>()?.wer, &Grid::of(outcome)?, outcome)?);
        Ok(())
    }
}

fn widths_s(wer: &WriteErrorSettings) -> Vec<f64> {
    (1..=wer.widths).map(|k| wer.longest_width.si() * k as f64 / wer.widths as f64).collect()
}

/// Mean write error over the devices of the population, and the first widths at which it is below some limits.
fn over_the_population(
    outcome: &mut Outcome,
    config: &WriteErrorParts,
    (volts, widths): (&[f64], &[f64]),
    context: &Context,
) -> Result<(), ExperimentError> {
    let population = Population::new(&config.population, context.seed()).map_err(ExperimentError::field)?;
    let highest = volts.iter().fold(config.table.highest_voltage.si(), |most, v| most.max(v.abs()));
    let table = TableConfig { highest_voltage: Voltage(highest), from: None, ..config.table.clone() };
    let source = TableSource {
        device: &config.device,
        table: &table,
        population: &config.population,
        widths_s: widths,
    };
    let tables = source.devices(outcome, context)?;
    let pulses: Vec<_> =
        volts.iter().flat_map(|v| widths.iter().map(|w| (config.wer.start, *w, *v))).collect();
    let found = over_devices(&tables, &population, &pulses)?;
    for (voltage, row) in config.wer.voltages.iter().zip(found.chunks(widths.len())) {
        for limit in REPORTED {
            let first = row.iter().find(|f| f.mean_kept <= limit).map_or(f64::NAN, |f| f.width_s);
            let meaning =
                "shortest width of the grid whose mean write error over the devices is at most the limit";
            outcome.scalar(
                format!("population/width_for_write_error/{voltage}/{limit:e}"),
                first,
                "s",
                meaning,
            );
        }
    }
    outcome.add(over_population::dataset(POPULATION, &found)?);
    Ok(())
}

/// The write errors as the archive holds them.
struct Grid {
    magnitudes: Vec<f64>,
    widths: Vec<f64>,
    /// Write error and its absolute error, voltage by voltage.
    rows: Vec<Vec<(f64, f64)>>,
}

impl Grid {
    fn of(outcome: &Outcome) -> Result<Self, ExperimentError> {
        let data = outcome.dataset(DATASET)?;
        let widths = data.numbers("width")?;
        let errors = data.numbers("write_error")?.into_iter().zip(data.numbers("write_error_error")?);
        let rows = errors.collect::<Vec<_>>().chunks(widths.len().max(1)).map(<[_]>::to_vec).collect();
        let magnitudes = data.numbers("voltage")?.iter().map(|v| v.abs()).collect();
        Ok(Self { magnitudes, widths, rows })
    }
}

/// Accuracy reached, and the first widths whose write error is below some limits.
fn results(outcome: &mut Outcome, config: &WriteErrorParts, widths: &[f64]) -> Result<(), ExperimentError> {
    let grid = Grid::of(outcome)?;
    let methods = match outcome.dataset(DATASET)?.attributes.get("back_end") {
        Some(spinhebb_data::labelled::Attribute::Text(text)) => text.clone(),
        _ => String::new(),
    };
    outcome.text("method", methods);
    let shown = grid.rows.iter().flatten().filter(|(p, _)| *p >= LOWEST);
    accuracy(outcome, config.table.relative_error, shown.map(|(p, error)| error / p));
    for (voltage, (row, magnitude)) in config.wer.voltages.iter().zip(grid.rows.iter().zip(&grid.magnitudes))
    {
        outcome.scalar(format!("voltage/{voltage}"), *magnitude, "V", "amplitude");
        for limit in REPORTED {
            let first = row.iter().position(|(p, _)| *p <= limit).map_or(f64::NAN, |k| widths[k]);
            let meaning = "shortest width of the grid whose write error is at most the limit";
            outcome.scalar(format!("width_for_write_error/{voltage}/{limit:e}"), first, "s", meaning);
        }
    }
    Ok(())
}

/// Names of the back ends that were used.
fn used(grid: &[Vec<ProbabilityEstimate>]) -> String {
    let mut names: Vec<&str> = grid.iter().flatten().map(|e| e.back_end.name()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn figure(wer: &WriteErrorSettings, grid: &Grid, outcome: &Outcome) -> Result<Figure, ExperimentError> {
    let log = || Axis::log10("write-error rate").range(LOWEST, 1.0);
    let interval = |(p, error): (f64, f64)| ((p - error).max(LOWEST), (p + error).min(1.0));
    let shown = |row: &[(f64, f64)]| {
        row.iter().copied().filter(|(p, _)| *p >= LOWEST).map(interval).collect::<Vec<_>>()
    };
    let mut by_width = Panel::new("a  against width", Axis::linear("pulse width (ns)"), log());
    let over_devices =
        outcome.dataset(POPULATION).and_then(|data| data.numbers("mean_kept").map_err(Into::into));
    for (tone, (voltage, row)) in wer.voltages.iter().zip(&grid.rows).enumerate() {
        let points = visible(grid.widths.iter().zip(row).map(|(w, e)| (w * 1e9, e.0)));
        by_width = by_width.series(Series::line(voltage.to_string(), points).interval(shown(row)).tone(tone));
        if let Ok(means) = &over_devices {
            let means = means.iter().skip(tone * row.len()).take(row.len());
            let points = visible(grid.widths.iter().zip(means).map(|(w, p)| (w * 1e9, *p)));
            let dots = points.into_iter().step_by(4).collect();
            by_width = by_width.series(Series::line("", dots).draw(Draw::Points).tone(tone).unlabelled());
        }
    }
    let mut by_voltage = Panel::new("b  against voltage", Axis::linear("amplitude (V)"), log());
    // Six widths up to the longest at which two voltages still leave something to see.
    let visible_at = |column: usize| grid.rows.iter().filter(|row| row[column].0 >= LOWEST).count();
    let columns =
        (0..grid.widths.len()).rev().find(|k| visible_at(*k) >= 2).map_or(grid.widths.len(), |k| k + 1);
    let mut chosen: Vec<usize> = (1..=6).map(|k| (columns * k).div_ceil(6) - 1).collect();
    chosen.dedup();
    for column in chosen {
        let estimates: Vec<(f64, f64)> = grid.rows.iter().map(|row| row[column]).collect();
        let points = visible(grid.magnitudes.iter().zip(&estimates).map(|(v, e)| (*v, e.0)));
        if points.is_empty() {
            continue;
        }
        let label = format!("{} ns", (grid.widths[column] * 1e12).round() / 1e3);
        let series = Series::line(label, points).interval(shown(&estimates)).draw(Draw::LinePoints);
        by_voltage = by_voltage.series(series);
    }
    let how = format!(
        "Start {}; back end {}; bands: errors as in the archive{}.",
        wer.start,
        outcome.words("method")?,
        if over_devices.is_ok() { "; dots: mean over the devices of the population" } else { "" }
    );
    Ok(Figure::new("write_error", "Probability that a pulse does not switch the device.", how)
        .columns(2)
        .panel(by_width)
        .panel(by_voltage))
}

fn dataset(
    volts: &[f64],
    widths: &[f64],
    grid: &[Vec<ProbabilityEstimate>],
    wer: &WriteErrorSettings,
) -> Result<Dataset, ExperimentError> {
    let shape = [volts.len(), widths.len()];
    let array = |name: &str, long_name: &str, value: fn(&ProbabilityEstimate) -> f64| {
        let values: Vec<f64> = grid.iter().flatten().map(value).collect();
        Variable::new(name, "1", long_name, &["voltage", "width"], &shape, values)
    };
    Ok(Dataset::new(DATASET)
        .attribute("start", wer.start.name())
        .attribute("back_end", used(grid).as_str())
        .with(Variable::coordinate(
            "voltage",
            "V",
            "pulse voltage; positive potentiates (AP to P)",
            volts.to_vec(),
        ))?
        .with(Variable::coordinate("width", "s", "pulse width", widths.to_vec()))?
        .with(array("switched", "probability that the pulse switches", |e| e.p)?)?
        .with(array("switched_error", "absolute error of `switched`", |e| e.p_error)?)?
        .with(array("write_error", "probability that the pulse does not switch; 0: below its error", |e| {
            e.complement
        })?)?
        .with(array("write_error_error", "absolute error of `write_error`", |e| e.complement_error)?)?)
}
