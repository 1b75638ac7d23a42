//! `spinhebb device wer`: the probability that a write pulse fails, against width and voltage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::Time;
use spinhebb_device::error::DeviceError;
use spinhebb_device::junction::mtj::{Mtj, MtjConfig};
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::estimate::{BackEnd, ProbabilityEstimate};
use spinhebb_device::switching::probability::Automatic;
use spinhebb_device::switching::splitting::Splitting;

use super::{LOWEST, MODELS, accuracy, magnitudes, splitting, stored, visible};
use crate::device_choice::{configuration, macrospin, summarise_device};
use crate::drive_voltage::DriveVoltage;
use crate::error::ExperimentError;
use crate::plot::{Axis, Draw, Figure, Panel, Series};
use crate::progress::Progress;
use crate::run::{Run, RunOptions};

/// Built-in defaults of `spinhebb device wer`.
pub const WRITE_ERROR_DEFAULTS: &str = include_str!("../../../defaults/device_wer.toml");

/// Largest voltage in critical ones.
const LARGEST: f64 = 50.0;
/// Longest pulse in damping times: of the one-dimensional equation, and of the other back ends, whose work grows with it.
const LONGEST_AXIAL: f64 = 1e5;
const LONGEST: f64 = 1e3;

/// Configuration of `spinhebb device wer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteErrorConfig {
    /// Shipped device or path of a device file; `spinhebb presets` lists them.
    pub preset: String,
    /// State before the pulse; the polarity drives out of it (positive from anti-parallel).
    pub start: State,
    /// Amplitudes of the rectangular pulses, rising: in volts, or in critical voltages of the device as "2 Vc0".
    pub voltages: Vec<DriveVoltage>,
    /// Longest width.
    pub longest_width: Time,
    /// Evenly spaced widths up to the longest.
    pub widths: usize,
    /// How probabilities are computed.
    pub back_end: BackEnd,
    /// Trials of a point where an ensemble is taken.
    pub trials: u64,
    /// Half width of the 95 % interval over the probability that splitting goes for, down to 1e-15.
    pub relative_error: f64,
    /// Repeats of splitting at most, which bounds the work; the archive holds the error that was reached.
    pub most_repeats: u32,
    /// Master seed.
    pub seed: u64,
    /// Keys of the device that win over those of `preset`; the whole device with the preset "none".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<MtjConfig>,
}

impl WriteErrorConfig {
    /// Checked magnitudes in V and size of splitting.
    fn validate(&self, mtj: &Mtj) -> Result<(Vec<f64>, Splitting), ExperimentError> {
        if !(2..=2000).contains(&self.widths) {
            return ExperimentError::refuse("widths", self.widths, "2 to 2000 widths up to `longest_width`");
        }
        if !(1..=1_000_000_000).contains(&self.trials) {
            return ExperimentError::refuse("trials", self.trials, "1 to 1000000000 trials");
        }
        let axial = mtj.is_axially_symmetric(0.0);
        let times = if axial { LONGEST_AXIAL } else { LONGEST };
        let longest_s = times * mtj.damping_time_s();
        let width_s = self.longest_width.si();
        if !(width_s > 0.0 && width_s <= longest_s) {
            let expected = format!(
                "a width above 0 s and at most {}, {times:e} damping times of this device; `spinhebb device disturb` \
                 serves longer times",
                Time(longest_s)
            );
            return ExperimentError::refuse("longest_width", self.longest_width, &expected);
        }
        let beyond = "no junction is written that hard";
        let magnitudes = magnitudes(&self.voltages, mtj, self.start, LARGEST, beyond)?;
        Ok((magnitudes, splitting(self.relative_error, self.most_repeats, self.seed)?))
    }
}

/// Write-error rate against width and voltage.
///
/// # Errors
/// The configuration is wrong, the back end does not hold, or the run cannot be written.
pub fn execute(options: &RunOptions) -> Result<(), ExperimentError> {
    let (mut config, document): (WriteErrorConfig, _) = configuration(options, WRITE_ERROR_DEFAULTS)?;
    config.seed = options.seed.unwrap_or(config.seed);
    let (mtj, name) = macrospin(&config.preset, config.device.as_ref(), &document)?;
    stored(&mtj, config.start, &document)?;
    let (magnitudes, splitting) = config.validate(&mtj).map_err(|error| error.located(&document))?;
    if options.printed_dry_run(&config)? {
        return Ok(());
    }
    let title = format!("Write errors of {name}");
    let mut run = Run::begin(options, "device-wer", &title, &config, config.seed)?;
    run.cite(MODELS);
    summarise_device(&mut run, &mtj, &name);
    let widths: Vec<f64> =
        (1..=config.widths).map(|k| config.longest_width.si() * k as f64 / config.widths as f64).collect();
    let mut automatic = Automatic::new(config.trials, config.seed);
    automatic.splitting.splitting = splitting;
    let back_end = automatic.back_end(config.back_end);
    let stage = Progress::new(1).stage("write errors", magnitudes.len() as u64);
    let volts: Vec<f64> = magnitudes.iter().map(|v| v * config.start.switching_polarity()).collect();
    let advance = || stage.advance();
    let grid =
        back_end.grid_with_progress(&mtj, &volts, &widths, config.start, &advance).map_err(|error| {
            match error {
                DeviceError::NotApplicable { .. } if config.back_end != BackEnd::Auto => {
                    let advice = format!("{error}; the back end `auto` chooses one that holds");
                    ExperimentError::Config(document.at_key("back_end", advice))
                }
                other => other.into(),
            }
        })?;
    drop(stage);
    let mut reached = serde_json::Map::new();
    for (voltage, row) in config.voltages.iter().zip(&grid) {
        let first = |limit: f64| row.iter().position(|e| e.complement <= limit).map(|k| widths[k] * 1e9);
        let times: serde_json::Map<_, _> = [1e-3, 1e-6, 1e-9, 1e-12, 1e-15]
            .into_iter()
            .map(|limit| (format!("{limit:e}"), json!(first(limit))))
            .collect();
        reached.insert(voltage.to_string(), serde_json::Value::Object(times));
    }
    run.value("voltages_v", magnitudes.as_slice());
    run.value("back_ends", used(&grid));
    let shown = grid.iter().flatten().filter(|e| e.complement >= LOWEST);
    run.value("accuracy", accuracy(config.relative_error, shown.map(|e| e.complement_error / e.complement)));
    run.value("width_ns_for_write_error", serde_json::Value::Object(reached));
    run.figure(&figure(&config, &magnitudes, &widths, &grid))?;
    run.add(dataset(&magnitudes, &widths, &grid, config.start)?)?;
    run.finish()?;
    Ok(())
}

/// Names of the back ends that were used.
fn used(grid: &[Vec<ProbabilityEstimate>]) -> String {
    let mut names: Vec<&str> = grid.iter().flatten().map(|e| e.back_end.name()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn figure(
    config: &WriteErrorConfig,
    magnitudes: &[f64],
    widths: &[f64],
    grid: &[Vec<ProbabilityEstimate>],
) -> Figure {
    let log = || Axis::log10("write-error rate").range(LOWEST, 1.0);
    let interval = |e: &ProbabilityEstimate| {
        ((e.complement - e.complement_error).max(LOWEST), (e.complement + e.complement_error).min(1.0))
    };
    let shown = |row: &[ProbabilityEstimate]| {
        row.iter().filter(|e| e.complement >= LOWEST).map(interval).collect::<Vec<_>>()
    };
    let mut by_width = Panel::new("a  against width", Axis::linear("pulse width (ns)"), log());
    for (voltage, row) in config.voltages.iter().zip(grid) {
        let points = visible(widths.iter().zip(row).map(|(w, e)| (w * 1e9, e.complement)));
        by_width = by_width.series(Series::line(voltage.to_string(), points).interval(shown(row)));
    }
    let mut by_voltage = Panel::new("b  against voltage", Axis::linear("amplitude (V)"), log());
    // Six widths up to the longest at which two voltages still leave something to see.
    let visible_at = |column: usize| grid.iter().filter(|row| row[column].complement >= LOWEST).count();
    let columns = (0..widths.len()).rev().find(|k| visible_at(*k) >= 2).map_or(widths.len(), |k| k + 1);
    let mut chosen: Vec<usize> = (1..=6).map(|k| (columns * k).div_ceil(6) - 1).collect();
    chosen.dedup();
    for column in chosen {
        let estimates: Vec<ProbabilityEstimate> = grid.iter().map(|row| row[column]).collect();
        let points = visible(magnitudes.iter().zip(&estimates).map(|(v, e)| (*v, e.complement)));
        if points.is_empty() {
            continue;
        }
        let label = format!("{} ns", (widths[column] * 1e12).round() / 1e3);
        let series = Series::line(label, points).interval(shown(&estimates)).draw(Draw::LinePoints);
        by_voltage = by_voltage.series(series);
    }
    let how = format!("Start {}; back end {}; bands: errors as in the archive.", config.start, used(grid));
    Figure::new("write_error", "Probability that a pulse does not switch the device.", how)
        .columns(2)
        .panel(by_width)
        .panel(by_voltage)
}

fn dataset(
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
        .attribute("back_end", used(grid).as_str())
        .with(Variable::coordinate("voltage", "V", "pulse voltage; positive potentiates (AP to P)", volts))?
        .with(Variable::coordinate("width", "s", "pulse width", widths.to_vec()))?
        .with(array("switched", "probability that the pulse switches", |e| e.p)?)?
        .with(array("switched_error", "absolute error of `switched`", |e| e.p_error)?)?
        .with(array("write_error", "probability that the pulse does not switch; 0: below its error", |e| {
            e.complement
        })?)?
        .with(array("write_error_error", "absolute error of `write_error`", |e| e.complement_error)?)?)
}
