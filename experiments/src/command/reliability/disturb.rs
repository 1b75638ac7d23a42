//! `spinhebb device disturb`: the probability that a constant voltage switches a stored bit.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::Time;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::retention::EscapeRate;
use spinhebb_device::switching::splitting::escape::LARGEST_SHARE;

use super::{LOWEST, MODELS, accuracy, magnitudes, rising, splitting, stored, visible};
use crate::device_choice::{configuration, macrospin, summarise_device};
use crate::drive_voltage::DriveVoltage;
use crate::error::ExperimentError;
use crate::plot::{Axis, Draw, Figure, Panel, Series};
use crate::progress::Progress;
use crate::run::{Run, RunOptions};

/// Built-in defaults of `spinhebb device disturb`.
pub const DISTURB_DEFAULTS: &str = include_str!("../../../defaults/device_disturb.toml");

/// Configuration of `spinhebb device disturb`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisturbConfig {
    /// Shipped device or path of a device file; `spinhebb presets` lists them.
    pub preset: String,
    /// State that is disturbed; the polarity drives out of it (positive from anti-parallel).
    pub start: State,
    /// Magnitudes of the constant voltage, rising and below the critical one: in volts, or in critical voltages of the
    /// device as "0.5 Vc0".
    pub voltages: Vec<DriveVoltage>,
    /// Durations drawn; the rate is established after some ten damping times over one minus the share of Vc0.
    pub durations: Vec<Time>,
    /// Half width of the 95 % interval over the rate that splitting goes for.
    pub relative_error: f64,
    /// Repeats of splitting at most, which bounds the work; the archive holds the error that was reached.
    pub most_repeats: u32,
    /// Master seed.
    pub seed: u64,
    /// Keys of the device that win over those of `preset`; the whole device with the preset "none".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<MtjConfig>,
}

/// Probability that a constant voltage switches a stored bit.
///
/// # Errors
/// The configuration is wrong, a voltage leaves no barrier, or the run cannot be written.
pub fn execute(options: &RunOptions) -> Result<(), ExperimentError> {
    let (mut config, document): (DisturbConfig, _) = configuration(options, DISTURB_DEFAULTS)?;
    config.seed = options.seed.unwrap_or(config.seed);
    let (mtj, name) = macrospin(&config.preset, config.device.as_ref(), &document)?;
    stored(&mtj, config.start, &document)?;
    let checked = || {
        let durations = rising("durations", &config.durations, |t| t.si())?;
        // Forward flux needs some barrier left.
        let largest = if mtj.is_axially_symmetric(0.0) { 1.0 } else { LARGEST_SHARE };
        let beyond = "beyond, the voltage writes; `spinhebb device wer` gives what pulses do";
        let magnitudes = magnitudes(&config.voltages, &mtj, config.start, largest, beyond)?;
        Ok((magnitudes, durations, splitting(config.relative_error, config.most_repeats, config.seed)?))
    };
    let (magnitudes, durations, splitting) =
        checked().map_err(|error: ExperimentError| error.located(&document))?;
    if options.printed_dry_run(&config)? {
        return Ok(());
    }
    let title = format!("Disturb of {name}");
    let mut run = Run::begin(options, "device-disturb", &title, &config, config.seed)?;
    run.cite(MODELS);
    summarise_device(&mut run, &mtj, &name);
    let polarity = config.start.switching_polarity();
    let stage = Progress::new(1).stage("escape rates", magnitudes.len() as u64);
    let rates = magnitudes
        .par_iter()
        .map(|magnitude| {
            let rate = EscapeRate::new(&mtj, polarity * magnitude, config.start, &splitting)?;
            stage.advance();
            Ok(rate)
        })
        .collect::<Result<Vec<_>, ExperimentError>>()?;
    drop(stage);
    run.value("voltages_v", magnitudes.as_slice());
    run.value("back_end", rates[0].back_end.name());
    run.value("accuracy", accuracy(config.relative_error, rates.iter().map(|r| r.error / r.per_second)));
    let shown: serde_json::Map<_, _> = config
        .voltages
        .iter()
        .zip(&rates)
        .map(|(v, rate)| (v.to_string(), json!({"per_second": rate.per_second, "error": rate.error})))
        .collect();
    run.value("escape_rate", serde_json::Value::Object(shown));
    run.figure(&figure(&config, &magnitudes, &rates, &durations))?;
    run.add(dataset(&magnitudes, &rates, &durations, config.start)?)?;
    run.finish()?;
    Ok(())
}

fn figure(config: &DisturbConfig, magnitudes: &[f64], rates: &[EscapeRate], durations: &[f64]) -> Figure {
    let log = || Axis::log10("disturb probability").range(LOWEST, 1.0);
    let mut by_time = Panel::new("a  against duration", Axis::log10("duration (s)"), log());
    for (voltage, rate) in config.voltages.iter().zip(rates) {
        let (low, high) = (durations[0].ln(), durations[durations.len() - 1].ln());
        let times = (0..=60).map(|k| (low + (high - low) * f64::from(k) / 60.0).exp());
        let points = visible(times.map(|t| (t, rate.probability(t))));
        if !points.is_empty() {
            by_time = by_time.series(Series::line(voltage.to_string(), points));
        }
    }
    let mut by_voltage = Panel::new("b  against voltage", Axis::linear("voltage magnitude (V)"), log());
    for duration in durations {
        let points = visible(magnitudes.iter().zip(rates).map(|(v, rate)| (*v, rate.probability(*duration))));
        if !points.is_empty() {
            let label = Time(*duration).to_string();
            by_voltage = by_voltage.series(Series::line(label, points).draw(Draw::LinePoints));
        }
    }
    let how =
        format!("Out of {} at constant voltage; escape rate by {}.", config.start, rates[0].back_end.name());
    Figure::new("disturb", "Probability that a constant voltage switches a stored bit.", how)
        .columns(2)
        .panel(by_time)
        .panel(by_voltage)
}

fn dataset(
    magnitudes: &[f64],
    rates: &[EscapeRate],
    durations: &[f64],
    start: State,
) -> Result<Dataset, ExperimentError> {
    let volts: Vec<f64> = magnitudes.iter().map(|v| v * start.switching_polarity()).collect();
    let of = |value: fn(&EscapeRate) -> f64| rates.iter().map(value).collect::<Vec<f64>>();
    let probabilities: Vec<f64> =
        rates.iter().flat_map(|rate| durations.iter().map(|t| rate.probability(*t))).collect();
    let shape = [rates.len(), durations.len()];
    let dims = ["voltage", "duration"];
    Ok(Dataset::new("device/disturb")
        .attribute("start", start.name())
        .attribute("back_end", rates[0].back_end.name())
        .with(Variable::coordinate("voltage", "V", "constant voltage; positive favours parallel", volts))?
        .with(Variable::coordinate("duration", "s", "duration of the voltage", durations.to_vec()))?
        .with(Variable::along("rate", "voltage", "s-1", "escape rate", of(|r| r.per_second)))?
        .with(Variable::along("rate_error", "voltage", "s-1", "absolute error of `rate`", of(|r| r.error)))?
        .with(Variable::new("disturb", "1", "probability of a switch", &dims, &shape, probabilities)?)?)
}
