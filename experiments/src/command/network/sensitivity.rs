//! `spinhebb network sensitivity`: what the 4x2 learning experiment owes to each of its parameters.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::proportion::wilson_95;
use spinhebb_data::quantity::Voltage;
use spinhebb_device::junction::state::State;
use spinhebb_network::demonstrator::{LearningConfig, SensitivityAxis, SensitivityPoint, SensitivityStudy};
use spinhebb_network::error::NetworkError;

use crate::device_choice;
use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Figure, Panel, Series};
use crate::progress::Progress;
use crate::run::{Run, RunOptions};

/// Commented defaults of `spinhebb network sensitivity`.
pub const DEFAULTS: &str = include_str!("../../../defaults/network_sensitivity.toml");

#[derive(Debug, Args)]
pub(super) struct SensitivityArguments {
    #[command(flatten)]
    pub(super) run: RunOptions,
}

/// Configuration of `sensitivity`.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SensitivityConfig {
    /// Master seed of all random streams.
    pub seed: u64,
    /// Runs for every value.
    pub runs: u32,
    /// Device whose conductances are read; `spinhebb presets` lists the shipped ones.
    pub preset: String,
    /// Read voltage on a driven input.
    pub read_voltage: Voltage,
    /// Switching probability of a potentiation pulse.
    pub potentiation: f64,
    /// Switching probability of a depression pulse.
    pub depression: f64,
    /// The fraction of runs that have learned within so many images, at most 100, is given.
    pub within: u32,
    /// The network and the images.
    pub network: LearningConfig,
    /// Values of each parameter.
    pub axes: SensitivityAxes,
}

/// Values of the parameters that are varied, one parameter after the other.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Default)]
#[serde(deny_unknown_fields, default)]
pub struct SensitivityAxes {
    /// Switching probability of potentiation; depression keeps its ratio to it.
    pub probability: Vec<f64>,
    /// Ratio of depression to potentiation probability.
    pub depression_ratio: Vec<f64>,
    /// Relative standard deviation of the conductances from device to device (log-normal).
    pub conductance_spread: Vec<f64>,
    /// Standard deviation of the logarithm of the switching hazard from device to device.
    pub hazard_spread: Vec<f64>,
    /// Retention of the neurons: what is left of a level after a clock cycle.
    pub retention: Vec<f64>,
    /// Gain of the homeostasis, in units of the threshold's unit.
    pub homeostasis_gain: Vec<f64>,
}

impl SensitivityAxes {
    /// Key, axis, label of a plot, values.
    fn all(&self) -> [(&'static str, SensitivityAxis, &'static str, &[f64]); 6] {
        use SensitivityAxis as A;
        [
            ("probability", A::Probability, "potentiation probability", &self.probability),
            ("depression_ratio", A::DepressionRatio, "depression / potentiation", &self.depression_ratio),
            ("conductance_spread", A::ConductanceSpread, "relative spread of G", &self.conductance_spread),
            ("hazard_spread", A::HazardSpread, "spread of ln(hazard)", &self.hazard_spread),
            ("retention", A::Retention, "retention per cycle", &self.retention),
            ("homeostasis_gain", A::HomeostasisGain, "homeostasis gain", &self.homeostasis_gain),
        ]
    }
}

impl SensitivityConfig {
    fn validate(&self) -> Result<(), ExperimentError> {
        // The states of the Markov chain multiply with the images.
        for (key, value, most) in [("runs", self.runs, 10_000_000), ("within", self.within, 100)] {
            if !(1..=most).contains(&value) {
                return ExperimentError::refuse(key, value, &format!("between 1 and {most}"));
            }
        }
        for (key, p) in [("potentiation", self.potentiation), ("depression", self.depression)] {
            if !(p > 0.0 && p <= 1.0) {
                return ExperimentError::refuse(key, p, "a probability above 0 and up to 1");
            }
        }
        if self.read_voltage.si() <= 0.0 {
            return ExperimentError::refuse("read_voltage", self.read_voltage, "a voltage above 0 V");
        }
        Ok(self.network.validate()?)
    }
}

pub(super) fn sensitivity(arguments: &SensitivityArguments) -> Result<(), ExperimentError> {
    let (mut config, document) = arguments.run.configuration::<SensitivityConfig>(DEFAULTS)?;
    config.seed = arguments.run.seed.unwrap_or(config.seed);
    config.validate().map_err(|error| error.located(&document))?;
    let (mtj, name) = device_choice::resolve(&config.preset, None)?;
    let conductance = |state| mtj.transport.conductance(state, config.read_voltage.si());
    let study = SensitivityStudy {
        network: config.network.clone(),
        parallel_s: conductance(State::Parallel),
        antiparallel_s: conductance(State::AntiParallel),
        potentiation: config.potentiation,
        depression: config.depression,
        seed: config.seed,
        runs: config.runs,
        within: config.within,
    };
    let axes: Vec<_> = config.axes.all().into_iter().filter(|axis| !axis.3.is_empty()).collect();
    for &(key, axis, _, values) in &axes {
        for &value in values {
            study.check(axis, value).map_err(|error| refused(key, value, error).located(&document))?;
        }
    }
    if arguments.run.printed_dry_run(&config)? {
        return Ok(());
    }
    let title = "What the 4x2 learning experiment owes to its parameters";
    let mut run = Run::begin(&arguments.run, "network-sensitivity", title, &config, config.seed)?;
    run.cite(&["zhou2025", "querlioz2013"]);
    run.report().paragraph(&format!(
        "{} runs for every value of one parameter, the others being: potentiation {:.3}, depression {:.3}, retention {}, {:?}; \
         conductances of the device {name}, G_P / G_AP = {:.2}. Lines are the exact Markov chain of the same network, where all \
         devices are alike.",
        config.runs,
        config.potentiation,
        config.depression,
        config.network.neuron.retention,
        config.network.homeostasis,
        study.parallel_s / study.antiparallel_s,
    ));
    let stage = Progress::new(1).stage("learning", axes.iter().map(|axis| axis.3.len() as u64).sum());
    let mut figure = Figure::new(
        "sensitivity",
        "How fast the 4x2 network learns, against its parameters.",
        format!(
            "Points: fraction of {} runs that have learned both images within {} images; bars: 95 % intervals (Wilson). Lines: \
             Markov chain.",
            config.runs, config.within
        ),
    )
    .columns(3)
    .cell(380.0, 300.0);
    for (letter, &(key, axis, label, values)) in ('a'..).zip(&axes) {
        let mut points = Vec::with_capacity(values.len());
        for value in values {
            points.extend(study.along(axis, &[*value])?);
            stage.advance();
        }
        figure = figure.panel(panel(format!("{letter}  {}", key.replace('_', " ")), label, &points, &config));
        run.value(key, points.iter().map(summary).collect::<Vec<_>>());
        run.add(dataset(key, &points, config.within)?)?;
    }
    drop(stage);
    run.figure(&figure)?;
    run.finish()?;
    Ok(())
}

/// The error of one value of an axis, by the key under which the user wrote it.
fn refused(key: &str, value: f64, error: NetworkError) -> ExperimentError {
    match error {
        NetworkError::OutOfRange { expected, .. } => {
            ExperimentError::Value { key: format!("axes.{key}"), value: value.to_string(), expected }
        }
        other => other.into(),
    }
}

fn summary(point: &SensitivityPoint) -> Value {
    json!({
        "value": point.value,
        "learned_within": point.learned,
        "learned_within_exact": point.learned_exact,
        "images_median": point.statistics.quantile_needed(0.5),
        "images_mean": point.statistics.mean_needed(),
        "learned": f64::from(point.statistics.learned) / f64::from(point.statistics.runs),
    })
}

fn panel(title: String, label: &str, points: &[SensitivityPoint], config: &SensitivityConfig) -> Panel {
    let runs = f64::from(config.runs);
    let found = points.iter().map(|p| (p.value, p.learned)).collect();
    let interval =
        |p: &SensitivityPoint| wilson_95((p.learned * runs).round() as u64, u64::from(config.runs));
    let intervals = points.iter().map(interval).collect();
    let exact: Vec<(f64, f64)> = points.iter().filter_map(|p| Some((p.value, p.learned_exact?))).collect();
    let within = format!("learned within {} images", config.within);
    let panel = Panel::new(title, Axis::linear(label), Axis::linear(within).range(0.0, 1.0))
        .series(Series::points("simulated", found).interval(intervals));
    // Where the chain is drawn, the fraction rises to the right.
    if exact.len() > 1 {
        panel.series(Series::line("Markov chain", exact)).legend(Corner::BottomRight)
    } else {
        panel.legend(Corner::TopRight)
    }
}

fn dataset(key: &'static str, points: &[SensitivityPoint], within: u32) -> Result<Dataset, ExperimentError> {
    let column = |pick: &dyn Fn(&SensitivityPoint) -> f64| points.iter().map(pick).collect::<Vec<f64>>();
    let along = |name, meaning, values| Variable::along(name, key, "1", meaning, values);
    let median = |p: &SensitivityPoint| p.statistics.quantile_needed(0.5).map_or(f64::NAN, f64::from);
    let exact = |p: &SensitivityPoint| p.learned_exact.unwrap_or(f64::NAN);
    Ok(Dataset::new(&format!("sensitivity/{key}"))
        .attribute("within_images", u64::from(within))
        .with(Variable::coordinate(key, "1", "value of the varied parameter", column(&|p| p.value)))?
        .with(along(
            "learned_within",
            "fraction of runs that have learned within so many images",
            column(&|p| p.learned),
        ))?
        .with(along(
            "learned_within_exact",
            "the same by the exact Markov chain; NaN where devices differ from run to run",
            column(&exact),
        ))?
        .with(along(
            "images_median",
            "median number of images needed; NaN beyond the limit",
            column(&median),
        ))?
        .with(along(
            "images_mean",
            "mean number of images of the runs that learned",
            column(&|p| p.statistics.mean_needed()),
        ))?
        .with(along(
            "learned",
            "fraction of runs that learned at all",
            column(&|p| f64::from(p.statistics.learned) / f64::from(p.statistics.runs)),
        ))?)
}
