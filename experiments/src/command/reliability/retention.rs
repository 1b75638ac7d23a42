//! `spinhebb device retention`: how long a stored bit lives, and how many of an array fail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::Time;
use spinhebb_device::junction::mtj::{Mtj, MtjConfig};
use spinhebb_device::junction::state::State;
use spinhebb_device::population::retention::{EscapeRate, Population};
use spinhebb_device::switching::estimate::BackEnd;
use spinhebb_device::switching::splitting::Splitting;

use super::{MODELS, accuracy, splitting, stored};
use crate::device_choice::{configuration, macrospin, summarise_device};
use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::progress::Progress;
use crate::run::{Run, RunOptions};

/// Built-in defaults of `spinhebb device retention`.
pub const RETENTION_DEFAULTS: &str = include_str!("../../../defaults/device_retention.toml");

/// Seconds in a year (the data layer's unit).
const YEAR_S: f64 = 31_557_600.0;

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

impl RetentionConfig {
    fn validate(&self) -> Result<Splitting, ExperimentError> {
        if !(self.bits.is_finite() && self.bits >= 1.0) {
            return ExperimentError::refuse("bits", self.bits, "a finite number of bits, one or more");
        }
        if self.barrier_deviations.is_empty() {
            let expected = "one or more standard deviations in kB T, such as [0.0, 2.0]";
            return ExperimentError::refuse("barrier_deviations", "[]", expected);
        }
        if let Some(bad) = self.barrier_deviations.iter().find(|s| !(0.0..=50.0).contains(*s)) {
            return ExperimentError::refuse("barrier_deviations", bad, "0 to 50 kB T");
        }
        let storage_s = self.storage_time.si();
        if !(storage_s.is_finite() && storage_s > 0.0) {
            return ExperimentError::refuse(
                "storage_time",
                self.storage_time,
                "a time above 0 s, such as \"10 year\"",
            );
        }
        splitting(self.relative_error, self.most_repeats, self.seed)
    }
}

/// Retention time and failures of an array.
///
/// # Errors
/// The configuration is wrong, the device stores nothing, or the run cannot be written.
pub fn execute(options: &RunOptions) -> Result<(), ExperimentError> {
    let (mut config, document): (RetentionConfig, _) = configuration(options, RETENTION_DEFAULTS)?;
    config.seed = options.seed.unwrap_or(config.seed);
    let splitting = config.validate().map_err(|error| error.located(&document))?;
    let (mtj, name) = macrospin(&config.preset, config.device.as_ref(), &document)?;
    stored(&mtj, config.start, &document)?;
    if options.printed_dry_run(&config)? {
        return Ok(());
    }
    let title = format!("Retention of {name}");
    let mut run = Run::begin(options, "device-retention", &title, &config, config.seed)?;
    run.cite(MODELS);
    summarise_device(&mut run, &mtj, &name);
    let stage = Progress::new(1).stage("escape rate", 1);
    let rate = EscapeRate::new(&mtj, 0.0, config.start, &splitting)?;
    stage.advance();
    drop(stage);
    run.value("back_end", rate.back_end.name());
    run.value("accuracy", accuracy(config.relative_error, std::iter::once(rate.error / rate.per_second)));
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
    let (figure, dataset) = results(&mtj, &config, &rate, &splitting)?;
    run.figure(&figure)?;
    run.add(dataset)?;
    run.finish()?;
    Ok(())
}
/// Failures against time for each spread, and FIT of a bit against its barrier.
fn results(
    mtj: &Mtj,
    config: &RetentionConfig,
    rate: &EscapeRate,
    splitting: &Splitting,
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
        by_time = by_time.series(Series::line(format!("{sigma} kT"), points).tone(tone));
        let any = times.iter().step_by(6).map(|t| (*t, population.any_failure(rate, *t)));
        let series = Series::line("", any.collect()).draw(Draw::Points).tone(tone).unlabelled();
        by_time = by_time.series(series);
        failures.extend(one);
    }
    let stability = mtj.stability(config.start)?;
    let mut by_barrier =
        Panel::new("b  FIT of one bit", Axis::linear("barrier / kB T"), Axis::log10("FIT per bit"));
    let highest = (stability + 10.0).max(90.0);
    let barriers = (0..=35).map(|k| 20.0 + (highest - 20.0) * f64::from(k) / 35.0);
    let (label, points) = if rate.back_end == BackEnd::FokkerPlanck {
        let fit = |barrier: f64| -> Result<(f64, f64), ExperimentError> {
            let other = mtj.with_stability(barrier * mtj.stability(State::Parallel)? / stability)?;
            Ok((barrier, EscapeRate::new(&other, 0.0, config.start, splitting)?.fit()))
        };
        ("eigenvalue", barriers.map(fit).collect::<Result<Vec<_>, _>>()?)
    } else {
        // The prefactor depends little on the barrier, and splitting takes seconds for each point.
        (
            "its prefactor",
            barriers.map(|barrier| (barrier, rate.fit() * (stability - barrier).exp())).collect(),
        )
    };
    by_barrier = by_barrier.series(Series::line(label, points));
    by_barrier = by_barrier
        .series(Series::points("this device", vec![(stability, rate.fit())]))
        .horizontal(1.0, "1 FIT");
    let how = format!(
        "Rate by {}; legend: deviation of the barrier; lines: one bit; dots: at least one of {:e} bits.",
        rate.back_end.name(),
        config.bits
    );
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
