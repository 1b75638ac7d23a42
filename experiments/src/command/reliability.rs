//! `spinhebb device wer`, `retention` and `disturb`: probabilities that no ensemble reaches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::{Time, Voltage};
use spinhebb_device::mtj::{Mtj, MtjConfig};
use spinhebb_device::retention::{EscapeRate, Population};
use spinhebb_device::splitting::Splitting;
use spinhebb_device::state::State;
use spinhebb_device::switching_probability::{Automatic, BackEnd, ProbabilityEstimate};

use crate::device_choice::{configuration, macrospin, summarise_device};
use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::progress::Progress;
use crate::run::{Run, RunOptions};

/// Papers of the models.
const MODELS: &[&str] = &["brown1963"];
/// Lowest probability drawn.
const LOWEST: f64 = 1e-15;

/// Built-in defaults of `spinhebb device wer`.
pub const WRITE_ERROR_DEFAULTS: &str = include_str!("../../defaults/device_wer.toml");
/// Built-in defaults of `spinhebb device disturb`.
pub const DISTURB_DEFAULTS: &str = include_str!("../../defaults/device_disturb.toml");
/// Built-in defaults of `spinhebb device retention`.
pub const RETENTION_DEFAULTS: &str = include_str!("../../defaults/device_retention.toml");

/// The computations of rare events of one junction.
#[derive(Debug, clap::Subcommand)]
pub enum ReliabilityCommand {
    /// Write-error rate against width and voltage, down to 1e-15
    Wer(ReliabilityArguments),
    /// Retention time, and failures of an array in FIT
    Retention(ReliabilityArguments),
    /// Probability that a constant voltage switches a stored bit
    Disturb(ReliabilityArguments),
}

impl ReliabilityCommand {
    /// Runs the computation.
    ///
    /// # Errors
    /// Those of the three computations.
    pub fn execute(self) -> Result<(), ExperimentError> {
        match self {
            Self::Wer(arguments) => arguments.write_error(),
            Self::Retention(arguments) => arguments.retention(),
            Self::Disturb(arguments) => arguments.disturb(),
        }
    }
}

/// Options of `spinhebb device wer`, `retention` and `disturb`.
#[derive(Debug, clap::Args)]
pub struct ReliabilityArguments {
    /// Options of every run
    #[command(flatten)]
    pub run: RunOptions,
}

/// Configuration of `spinhebb device wer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteErrorConfig {
    /// Shipped device or path of a device file; `spinhebb presets` lists them.
    pub preset: String,
    /// State before the pulse; the polarity drives out of it (positive from anti-parallel).
    pub start: State,
    /// Amplitudes of the rectangular pulses, rising.
    pub voltages: Vec<Voltage>,
    /// Longest width.
    pub longest_width: Time,
    /// Evenly spaced widths up to the longest.
    pub widths: usize,
    /// How probabilities are computed.
    pub back_end: BackEnd,
    /// Trials of a point where an ensemble is taken.
    pub trials: u64,
    /// Master seed.
    pub seed: u64,
    /// Keys of the device that win over those of `preset`; the whole device with the preset "none".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<MtjConfig>,
}

/// Configuration of `spinhebb device disturb`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisturbConfig {
    /// Shipped device or path of a device file; `spinhebb presets` lists them.
    pub preset: String,
    /// State that is disturbed; the polarity drives out of it (positive from anti-parallel).
    pub start: State,
    /// Magnitudes of the constant voltage, rising; those without two wells are left out.
    pub voltages: Vec<Voltage>,
    /// Durations drawn.
    pub durations: Vec<Time>,
    /// Master seed.
    pub seed: u64,
    /// Keys of the device that win over those of `preset`; the whole device with the preset "none".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<MtjConfig>,
}

/// Configuration of `spinhebb device retention`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    /// Shipped device or path of a device file; `spinhebb presets` lists them.
    pub preset: String,
    /// Stored state.
    pub start: State,
    /// Bits of the array.
    pub bits: f64,
    /// Standard deviations of the barrier over kB T across the array, one curve each.
    pub barrier_deviations: Vec<f64>,
    /// Storage time over which failures are counted.
    pub storage_time: Time,
    /// Master seed.
    pub seed: u64,
    /// Keys of the device that win over those of `preset`; the whole device with the preset "none".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<MtjConfig>,
}

/// Rising positive magnitudes, or which of them is wrong.
fn rising<T: std::fmt::Display>(
    key: &str,
    values: &[T],
    si: impl Fn(&T) -> f64,
) -> Result<Vec<f64>, ExperimentError> {
    let found: Vec<f64> = values.iter().map(si).collect();
    if found.is_empty() || found[0] <= 0.0 || found.windows(2).any(|pair| pair[0] >= pair[1]) {
        let shown: Vec<String> = values.iter().map(ToString::to_string).collect();
        return ExperimentError::refuse(key, shown.join(", "), "rising values above zero");
    }
    Ok(found)
}

impl ReliabilityArguments {
    /// Write-error rate against width and voltage.
    ///
    /// # Errors
    /// The configuration is wrong, the back end does not hold, or the run cannot be written.
    pub fn write_error(self) -> Result<(), ExperimentError> {
        let (mut config, document): (WriteErrorConfig, _) = configuration(&self.run, WRITE_ERROR_DEFAULTS)?;
        config.seed = self.run.seed.unwrap_or(config.seed);
        let magnitudes = rising("voltages", &config.voltages, |v| v.si())?;
        if !(2..=100_000).contains(&config.widths) {
            return ExperimentError::refuse("widths", config.widths, "2 to 100000 widths");
        }
        if config.longest_width.si() <= 0.0 {
            return ExperimentError::refuse("longest_width", config.longest_width, "a width above 0 s");
        }
        if !(1..=1_000_000_000).contains(&config.trials) {
            return ExperimentError::refuse("trials", config.trials, "1 to 1000000000 trials");
        }
        let (mtj, name) = macrospin(&config.preset, config.device.as_ref(), &document)?;
        if self.run.printed_dry_run(&config)? {
            return Ok(());
        }
        let title = format!("Write errors of {name}");
        let mut run = Run::begin(&self.run, "device-wer", &title, &config, config.seed)?;
        run.cite(MODELS);
        summarise_device(&mut run, &mtj, &name);
        let widths: Vec<f64> = (1..=config.widths)
            .map(|k| config.longest_width.si() * k as f64 / config.widths as f64)
            .collect();
        let automatic = Automatic::new(config.trials, config.seed);
        let back_end = automatic.back_end(config.back_end);
        let stage = Progress::new(1).stage("write errors", magnitudes.len() as u64);
        let mut grid = Vec::with_capacity(magnitudes.len());
        for magnitude in &magnitudes {
            let volts = magnitude * config.start.switching_polarity();
            grid.push(back_end.by_width(&mtj, volts, &widths, config.start)?);
            stage.advance();
        }
        drop(stage);
        let mut reached = serde_json::Map::new();
        for (magnitude, row) in magnitudes.iter().zip(&grid) {
            let first = |limit: f64| row.iter().position(|e| e.complement <= limit).map(|k| widths[k] * 1e9);
            let times: serde_json::Map<_, _> = [1e-3, 1e-6, 1e-9, 1e-12, 1e-15]
                .into_iter()
                .map(|limit| (format!("{limit:e}"), json!(first(limit))))
                .collect();
            reached.insert(format!("{magnitude} V"), serde_json::Value::Object(times));
        }
        run.value("back_ends", used(grid.iter().flatten()));
        run.value("width_ns_for_write_error", serde_json::Value::Object(reached));
        run.figure(&write_error_figure(&magnitudes, &widths, &grid, config.start))?;
        run.add(write_error_dataset(&magnitudes, &widths, &grid, config.start)?)?;
        run.finish()?;
        Ok(())
    }

    /// Probability that a constant voltage switches a stored bit.
    ///
    /// # Errors
    /// The configuration is wrong, the device has no two wells at any of the voltages, or the run cannot be written.
    pub fn disturb(self) -> Result<(), ExperimentError> {
        let (mut config, document): (DisturbConfig, _) = configuration(&self.run, DISTURB_DEFAULTS)?;
        config.seed = self.run.seed.unwrap_or(config.seed);
        let magnitudes = rising("voltages", &config.voltages, |v| v.si())?;
        let durations = rising("durations", &config.durations, |t| t.si())?;
        let (mtj, name) = macrospin(&config.preset, config.device.as_ref(), &document)?;
        if self.run.printed_dry_run(&config)? {
            return Ok(());
        }
        let title = format!("Disturb of {name}");
        let mut run = Run::begin(&self.run, "device-disturb", &title, &config, config.seed)?;
        run.cite(MODELS);
        summarise_device(&mut run, &mtj, &name);
        let polarity = config.start.switching_polarity();
        let critical = mtj.critical_voltage(config.start)?.abs();
        let stage = Progress::new(1).stage("escape rates", magnitudes.len() as u64);
        let mut rates: Vec<(f64, EscapeRate)> = Vec::new();
        for magnitude in magnitudes.iter().filter(|m| **m < critical) {
            let splitting = Splitting::new(config.seed);
            rates.push((*magnitude, EscapeRate::new(&mtj, polarity * magnitude, config.start, &splitting)?));
            stage.advance();
        }
        drop(stage);
        if rates.is_empty() {
            let expected = format!("at least one voltage below the critical one, {critical:.4} V");
            return ExperimentError::refuse("voltages", config.voltages[0], &expected);
        }
        run.value("back_end", rates[0].1.back_end.name());
        let shown: serde_json::Map<_, _> = rates
            .iter()
            .map(|(v, rate)| (format!("{v} V"), json!({"per_second": rate.per_second, "error": rate.error})))
            .collect();
        run.value("escape_rate", serde_json::Value::Object(shown));
        run.figure(&disturb_figure(&rates, &durations, config.start))?;
        run.add(disturb_dataset(&rates, &durations, config.start)?)?;
        run.finish()?;
        Ok(())
    }

    /// Retention time and failures of an array.
    ///
    /// # Errors
    /// The configuration is wrong, the device has no two wells, or the run cannot be written.
    pub fn retention(self) -> Result<(), ExperimentError> {
        let (mut config, document): (RetentionConfig, _) = configuration(&self.run, RETENTION_DEFAULTS)?;
        config.seed = self.run.seed.unwrap_or(config.seed);
        if !(config.bits.is_finite() && config.bits >= 1.0) {
            return ExperimentError::refuse("bits", config.bits, "one bit or more");
        }
        if let Some(bad) = config.barrier_deviations.iter().find(|s| !(0.0..=50.0).contains(*s)) {
            return ExperimentError::refuse("barrier_deviations", bad, "0 to 50 kB T");
        }
        if config.storage_time.si() <= 0.0 {
            return ExperimentError::refuse("storage_time", config.storage_time, "a time above 0 s");
        }
        let (mtj, name) = macrospin(&config.preset, config.device.as_ref(), &document)?;
        if self.run.printed_dry_run(&config)? {
            return Ok(());
        }
        let title = format!("Retention of {name}");
        let mut run = Run::begin(&self.run, "device-retention", &title, &config, config.seed)?;
        run.cite(MODELS);
        summarise_device(&mut run, &mtj, &name);
        let rate = EscapeRate::new(&mtj, 0.0, config.start, &Splitting::new(config.seed))?;
        run.value("back_end", rate.back_end.name());
        run.value("rate_per_second", rate.per_second);
        run.value("rate_error", rate.error);
        run.value("retention_time_years", 1.0 / rate.per_second / YEAR_S);
        run.value("fit_per_bit", rate.fit());
        let storage_s = config.storage_time.si();
        let mut arrays = serde_json::Map::new();
        for sigma in &config.barrier_deviations {
            let population = Population { bits: config.bits, barrier_deviation: *sigma };
            arrays.insert(
                format!("deviation {sigma} kT"),
                json!({
                    "fit": population.fit(&rate, storage_s),
                    "any_failure": population.any_failure(&rate, storage_s),
                    "failed_bits": config.bits * population.failure_probability(&rate, storage_s),
                }),
            );
        }
        run.value("array", serde_json::Value::Object(arrays));
        let (figure, dataset) = retention_results(&mtj, &config, &rate)?;
        run.figure(&figure)?;
        run.add(dataset)?;
        run.finish()?;
        Ok(())
    }
}

/// Seconds in a year (the data layer's unit).
const YEAR_S: f64 = 31_557_600.0;

/// Names of the back ends that were used.
fn used<'a>(estimates: impl Iterator<Item = &'a ProbabilityEstimate>) -> String {
    let mut names: Vec<&str> = estimates.map(|e| e.back_end.name()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// Points that a logarithmic axis down to [`LOWEST`] can show.
fn visible(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    points.filter(|(_, p)| *p >= LOWEST).collect()
}

fn write_error_figure(
    magnitudes: &[f64],
    widths: &[f64],
    grid: &[Vec<ProbabilityEstimate>],
    start: State,
) -> Figure {
    let log = || Axis::log10("write-error rate").range(LOWEST, 1.0);
    let mut by_width = Panel::new("a  against width", Axis::linear("pulse width (ns)"), log());
    for (magnitude, row) in magnitudes.iter().zip(grid) {
        let points = visible(widths.iter().zip(row).map(|(w, e)| (w * 1e9, e.complement)));
        by_width = by_width.series(Series::line(format!("{magnitude} V"), points));
    }
    let mut by_voltage = Panel::new("b  against voltage", Axis::linear("amplitude (V)"), log());
    for column in
        (0..widths.len()).rev().step_by(widths.len().div_ceil(6)).collect::<Vec<_>>().into_iter().rev()
    {
        let points = visible(magnitudes.iter().zip(grid).map(|(v, row)| (*v, row[column].complement)));
        if points.is_empty() {
            continue;
        }
        let label = format!("{:.2} ns", widths[column] * 1e9);
        by_voltage = by_voltage.series(Series::line(label, points).draw(Draw::LinePoints));
    }
    let how = format!("Start {start}; back end {}; errors in the archive.", used(grid.iter().flatten()));
    Figure::new("write_error", "Probability that a pulse does not switch the device.", how)
        .columns(2)
        .panel(by_width)
        .panel(by_voltage)
}

fn write_error_dataset(
    magnitudes: &[f64],
    widths: &[f64],
    grid: &[Vec<ProbabilityEstimate>],
    start: State,
) -> Result<Dataset, ExperimentError> {
    let shape = [magnitudes.len(), widths.len()];
    let array = |name: &str, long_name: &str, value: fn(&ProbabilityEstimate) -> f64| {
        let values: Vec<f64> = grid.iter().flatten().map(value).collect();
        Variable::new(name, "1", long_name, &["voltage", "width"], &shape, values)
    };
    let volts: Vec<f64> = magnitudes.iter().map(|v| v * start.switching_polarity()).collect();
    Ok(Dataset::new("device/write_error")
        .attribute("start", start.name())
        .attribute("back_end", used(grid.iter().flatten()).as_str())
        .with(Variable::coordinate("voltage", "V", "pulse voltage; positive potentiates (AP to P)", volts))?
        .with(Variable::coordinate("width", "s", "pulse width", widths.to_vec()))?
        .with(array("switched", "probability that the pulse switches", |e| e.p)?)?
        .with(array("switched_error", "absolute error of `switched`", |e| e.p_error)?)?
        .with(array("write_error", "probability that the pulse does not switch", |e| e.complement)?)?
        .with(array("write_error_error", "absolute error of `write_error`", |e| e.complement_error)?)?)
}

fn disturb_figure(rates: &[(f64, EscapeRate)], durations: &[f64], start: State) -> Figure {
    let log = || Axis::log10("disturb probability").range(LOWEST, 1.0);
    let mut by_time = Panel::new("a  against duration", Axis::log10("duration (s)"), log());
    for (magnitude, rate) in rates {
        let (low, high) = (durations[0].ln(), durations[durations.len() - 1].ln());
        let times = (0..=60).map(|k| (low + (high - low) * f64::from(k) / 60.0).exp());
        let points = visible(times.map(|t| (t, rate.probability(t))));
        by_time = by_time.series(Series::line(format!("{magnitude} V"), points));
    }
    let mut by_voltage = Panel::new("b  against voltage", Axis::linear("voltage magnitude (V)"), log());
    for duration in durations {
        let points = visible(rates.iter().map(|(v, rate)| (*v, rate.probability(*duration))));
        let label = Time(*duration).to_string();
        by_voltage = by_voltage.series(Series::line(label, points).draw(Draw::LinePoints));
    }
    let how = format!("Out of {start} at constant voltage; escape rate by {}.", rates[0].1.back_end.name());
    Figure::new("disturb", "Probability that a constant voltage switches a stored bit.", how)
        .columns(2)
        .panel(by_time)
        .panel(by_voltage)
}

fn disturb_dataset(
    rates: &[(f64, EscapeRate)],
    durations: &[f64],
    start: State,
) -> Result<Dataset, ExperimentError> {
    let volts: Vec<f64> = rates.iter().map(|(v, _)| v * start.switching_polarity()).collect();
    let of = |value: fn(&EscapeRate) -> f64| rates.iter().map(|(_, r)| value(r)).collect::<Vec<f64>>();
    let probabilities: Vec<f64> =
        rates.iter().flat_map(|(_, rate)| durations.iter().map(|t| rate.probability(*t))).collect();
    let shape = [rates.len(), durations.len()];
    let dims = ["voltage", "duration"];
    Ok(Dataset::new("device/disturb")
        .attribute("start", start.name())
        .attribute("back_end", rates[0].1.back_end.name())
        .with(Variable::coordinate("voltage", "V", "constant voltage; positive favours parallel", volts))?
        .with(Variable::coordinate("duration", "s", "duration of the voltage", durations.to_vec()))?
        .with(Variable::along("rate", "voltage", "s-1", "escape rate", of(|r| r.per_second)))?
        .with(Variable::along("rate_error", "voltage", "s-1", "absolute error of `rate`", of(|r| r.error)))?
        .with(Variable::new("disturb", "1", "probability of a switch", &dims, &shape, probabilities)?)?)
}

/// Failures against time for each spread, and FIT of a bit against its barrier.
fn retention_results(
    mtj: &Mtj,
    config: &RetentionConfig,
    rate: &EscapeRate,
) -> Result<(Figure, Dataset), ExperimentError> {
    let times: Vec<f64> = (0..=90).map(|k| 10.0_f64.powf(f64::from(k) * 0.1)).collect();
    // As far down as the bits are stable: a barrier of 150 kB T fails with 1e-30 and less.
    let mut by_time = Panel::new(
        "a  one bit, and any bit of the array",
        Axis::log10("storage time (s)"),
        Axis::log10("failure probability"),
    )
    .legend(Corner::BottomRight);
    let mut failures = Vec::new();
    for (tone, sigma) in config.barrier_deviations.iter().enumerate() {
        let population = Population { bits: config.bits, barrier_deviation: *sigma };
        let one: Vec<f64> = times.iter().map(|t| population.failure_probability(rate, *t)).collect();
        let points = times.iter().copied().zip(one.iter().copied()).collect();
        by_time = by_time.series(Series::line(format!("bit, deviation {sigma} kT"), points).tone(tone));
        let any = times.iter().map(|t| (*t, population.any_failure(rate, *t)));
        let series = Series::line("", any.collect()).draw(Draw::Points).tone(tone).unlabelled();
        by_time = by_time.series(series);
        failures.extend(one);
    }
    let stability = mtj.stability(config.start)?;
    let mut by_barrier =
        Panel::new("b  FIT of one bit", Axis::linear("barrier / kB T"), Axis::log10("FIT per bit"));
    let mut points = Vec::new();
    if rate.back_end == BackEnd::FokkerPlanck {
        for k in 0..=35 {
            let barrier = 20.0 + 2.0 * f64::from(k);
            let other = mtj.with_stability(barrier * mtj.stability(State::Parallel)? / stability)?;
            let rate = EscapeRate::new(&other, 0.0, config.start, &Splitting::new(config.seed))?;
            points.push((barrier, rate.fit()));
        }
        by_barrier = by_barrier.series(Series::line("equal bits", points));
    }
    by_barrier = by_barrier
        .series(Series::points("this device", vec![(stability, rate.fit())]))
        .horizontal(1.0, "1 FIT");
    let how = format!("Rate by {}; dots: at least one of {:e} bits.", rate.back_end.name(), config.bits);
    let figure = Figure::new("retention", "Thermal loss of the stored state.", how)
        .columns(2)
        .panel(by_time)
        .panel(by_barrier);
    let deviations = config.barrier_deviations.clone();
    let shape = [deviations.len(), times.len()];
    let dims = ["barrier_deviation", "time"];
    let dataset = Dataset::new("device/retention")
        .attribute("start", config.start.name())
        .attribute("back_end", rate.back_end.name())
        .attribute("rate_per_second", rate.per_second)
        .attribute("rate_error", rate.error)
        .attribute("bits", config.bits)
        .with(Variable::coordinate(
            "barrier_deviation",
            "1",
            "deviation of the barrier over kB T",
            deviations,
        ))?
        .with(Variable::coordinate("time", "s", "storage time", times))?
        .with(Variable::new("failure", "1", "mean failure probability of a bit", &dims, &shape, failures)?)?;
    Ok((figure, dataset))
}
