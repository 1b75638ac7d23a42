//! `spinhebb network sensitivity`: what the 4x2 learning experiment owes to each of its parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_data::config::{Check, Faults, Staged};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::proportion::wilson_95;
use spinhebb_data::quantity::Amplitude;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::PopulationConfig;
use spinhebb_network::demonstrator::{
    DemonstratorConfig, SensitivityAxis, SensitivityPoint, SensitivityStudy,
};
use spinhebb_network::error::NetworkError;

use crate::device::device_name;
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome};
use crate::present::Page;
use crate::present::plot::{Axis, Corner, Figure, Panel, Series};
use crate::system::system_parts;

system_parts! {
    /// How the 4x2 learning experiment depends on its parameters. The population counts on every axis, in area and hazard alone, as
    /// other spreads need a switching table; each run has devices of its own.
    pub struct SensitivityParts {
        /// The junction, for its two conductances at the read voltage.
        device: MtjConfig,
        /// How devices differ from the nominal one.
        population: PopulationConfig,
        /// Switching probabilities of the two pulses.
        pulses: PulsesConfig,
        /// The array, for its read voltage.
        array: ArrayConfig,
        /// The network and its images.
        demonstrator: DemonstratorConfig,
        /// Values of each parameter.
        sensitivity: SensitivitySettings,
    }
    across across;
}

/// Values of the parameters that are varied, one parameter after the other; an empty list leaves one out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SensitivitySettings {
    /// Switching probability of potentiation; depression keeps its ratio to it.
    pub probability: Vec<f64>,
    /// Ratio of depression to potentiation probability.
    pub depression_ratio: Vec<f64>,
    /// Standard deviation over the mean of the area (log-normal), in place of `population.area.relative`: it scales both
    /// conductances of a device.
    pub conductance_spread: Vec<f64>,
    /// Standard deviation over the mean of the switching hazard (log-normal), in place of `population.hazard.relative`.
    pub hazard_spread: Vec<f64>,
    /// Retention of the neurons: what is left of a level after a clock cycle.
    pub retention: Vec<f64>,
    /// Gain of the homeostasis, in units of the threshold's unit.
    pub homeostasis_gain: Vec<f64>,
}

/// A parameter that is varied.
struct Varied<'a> {
    key: &'static str,
    axis: SensitivityAxis,
    /// Label of a plot.
    label: &'static str,
    values: &'a [f64],
}

impl SensitivitySettings {
    fn all(&self) -> impl Iterator<Item = Varied<'_>> {
        use SensitivityAxis as A;
        [
            ("probability", A::Probability, "potentiation probability", &self.probability),
            ("depression_ratio", A::DepressionRatio, "depression / potentiation", &self.depression_ratio),
            ("conductance_spread", A::ConductanceSpread, "relative spread of G", &self.conductance_spread),
            ("hazard_spread", A::HazardSpread, "relative spread of hazard", &self.hazard_spread),
            ("retention", A::Retention, "retention per cycle", &self.retention),
            ("homeostasis_gain", A::HomeostasisGain, "homeostasis gain", &self.homeostasis_gain),
        ]
        .into_iter()
        .filter(|(.., values)| !values.is_empty())
        .map(|(key, axis, label, values)| Varied { key, axis, label, values })
    }
}

impl Check for SensitivitySettings {
    // Whether a value makes sense depends on the rest of the experiment.
    fn check(&self, _: &mut Faults) {}
}

impl SensitivityParts {
    /// Probabilities of potentiation and depression; adds what is wrong with them.
    fn probabilities(&self, faults: &mut Faults) -> Option<[f64; 2]> {
        let mut one = |key: &str, amplitude: Option<&Staged<Amplitude>>| {
            let found = match amplitude {
                Some(&Staged::Constant(Amplitude::Probability(p))) if p > 0.0 => Some(p),
                _ => None,
            };
            let expected = "one switching probability above 0, such as 0.35, for the whole learning";
            faults.require(found.is_some(), &format!("pulses.{key}"), "", expected);
            found
        };
        let potentiation = one("potentiation", self.pulses.potentiation.as_ref());
        let depression = one("depression", self.pulses.depression.as_ref());
        Some([potentiation?, depression?])
    }

    fn study(
        &self,
        junction: &Junction,
        [potentiation, depression]: [f64; 2],
        seed: u64,
    ) -> SensitivityStudy {
        let transport = junction.barrier().transport;
        let conductance = |state| transport.conductance(state, self.array.read_voltage.si());
        SensitivityStudy {
            network: self.demonstrator.clone(),
            parallel_s: conductance(State::Parallel),
            antiparallel_s: conductance(State::AntiParallel),
            potentiation,
            depression,
            population: self.population.clone(),
            seed,
        }
    }

    /// Adds the spreads of which this study does not know what they do to the probabilities.
    fn require_probabilities_alone(&self, faults: &mut Faults) -> bool {
        let population = &self.population;
        let spreads = [
            ("resistance_area", population.resistance_area.is_none()),
            ("tmr", population.tmr.is_none()),
            ("barrier", population.barrier.is_none()),
            ("critical_voltage", population.critical_voltage.is_none()),
            ("stray_field", population.stray_field.is_none()),
        ];
        let expected = "no spread: this study works with switching probabilities alone, and what this parameter does to them needs \
                        a switching table; `population.area` and `population.hazard` may spread";
        for (key, none) in spreads {
            faults.require(none, &format!("population.{key}"), "a spread", expected);
        }
        !population.needs_tables()
    }
}

fn across(config: &SensitivityParts, faults: &mut Faults) {
    let Some(probabilities) = config.probabilities(faults) else { return };
    // What the device lacks, its own check says.
    let Ok(junction) = Junction::new(&config.device) else { return };
    if !config.require_probabilities_alone(faults) || config.population.first_fault().is_err() {
        return;
    }
    let study = config.study(&junction, probabilities, config.seed);
    for varied in config.sensitivity.all() {
        for (index, &value) in varied.values.iter().enumerate() {
            let expected = match study.check(varied.axis, value) {
                Ok(()) => continue,
                Err(NetworkError::OutOfRange { expected, .. }) => expected,
                Err(NetworkError::Field(fault)) => fault.expected,
                Err(error) => format!("another value: {error}"),
            };
            faults.require(false, &format!("sensitivity.{}[{index}]", varied.key), value, expected);
        }
    }
}

/// What the 4x2 learning experiment owes to each of its parameters.
pub struct Sensitivity;

impl Experiment for Sensitivity {
    type Config = SensitivityParts;
    const NAME: &'static str = "network sensitivity";
    const ABOUT: &'static str =
        "How the 4x2 learning experiment depends on probabilities, spread, leak and homeostasis";
    const CITES: &'static [&'static str] = &["zhou2025", "querlioz2013"];
    const EXAMPLE: &'static str = include_str!("../../examples/network_sensitivity.toml");

    fn compute(config: &SensitivityParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("What the 4x2 learning experiment owes to its parameters");
        let junction = Junction::new(&config.device)?;
        let Some(probabilities) = config.probabilities(&mut Faults::default()) else {
            return ExperimentError::refuse(
                "pulses",
                "given",
                "probabilities of potentiation and depression",
            );
        };
        let study = config.study(&junction, probabilities, context.seed());
        outcome.text("device", device_name(&config.device));
        let ratio = study.parallel_s / study.antiparallel_s;
        outcome.scalar("conductance_ratio", ratio, "1", "G_P / G_AP at the read voltage");
        let steps = config.sensitivity.all().map(|varied| varied.values.len() as u64).sum();
        let stage = context.stage("learning", steps);
        for varied in config.sensitivity.all() {
            let data = context.unit(&format!("sensitivity {}", varied.key), || {
                let mut points = Vec::with_capacity(varied.values.len());
                for value in varied.values {
                    points.extend(study.along(varied.axis, &[*value])?);
                    stage.advance();
                }
                Ok(vec![dataset(varied.key, &points, config.demonstrator.within)?])
            })?;
            for data in data {
                add_fractions(&mut outcome, &varied, &data, &config.demonstrator)?;
                outcome.add(data);
            }
        }
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let config: SensitivityParts = outcome.config()?;
        let network = &config.demonstrator;
        let [potentiation, depression] =
            config.probabilities(&mut Faults::default()).unwrap_or([f64::NAN, f64::NAN]);
        page.paragraph(&format!(
            "{} runs for every value of one parameter, the others being: potentiation {potentiation:.3}, depression \
             {depression:.3}, retention {}, {:?}; conductances of the device {}, G_P / G_AP = {:.2}; {}. Lines are the exact \
             Markov chain of the same network, where all devices are alike.",
            network.runs,
            network.neuron.retention,
            network.homeostasis,
            outcome.words("device")?,
            outcome.number("conductance_ratio")?,
            if config.population.is_uniform() {
                "devices alike but where they are varied"
            } else {
                "devices of the population, other ones in each run"
            },
        ));
        let how = format!(
            "Points: fraction of {} runs that have learned both images within {} images; bars: 95 % intervals (Wilson). Lines: \
             Markov chain.",
            network.runs, network.within
        );
        let caption = "How fast the 4x2 network learns, against its parameters.";
        let mut figure = Figure::new("sensitivity", caption, how).columns(3).cell(380.0, 300.0);
        for (letter, varied) in ('a'..).zip(config.sensitivity.all()) {
            let data = outcome.dataset(&group(varied.key))?;
            figure = figure.panel(panel(&format!("{letter}"), &varied, data, network)?);
        }
        page.figure(&figure);
        Ok(())
    }
}

/// Name of the dataset of an axis.
fn group(key: &str) -> String {
    format!("sensitivity/{key}")
}

/// Wilson's interval of a fraction of the runs.
fn interval(fraction: f64, network: &DemonstratorConfig) -> (f64, f64) {
    wilson_95((fraction * f64::from(network.runs)).round() as u64, u64::from(network.runs))
}

/// The fractions that have learned in time, a scalar for each value.
fn add_fractions(
    outcome: &mut Outcome,
    varied: &Varied<'_>,
    data: &Dataset,
    network: &DemonstratorConfig,
) -> Result<(), ExperimentError> {
    let meaning = format!("fraction of the runs that have learned within {} images", network.within);
    for (value, fraction) in varied.values.iter().zip(data.numbers("learned_within")?) {
        let (low, high) = interval(fraction, network);
        let key = format!("learned_within/{}/{value}", varied.key);
        outcome.scalar(key, fraction, "1", meaning.clone()).interval(low, high);
    }
    Ok(())
}

fn panel(
    letter: &str,
    varied: &Varied<'_>,
    data: &Dataset,
    network: &DemonstratorConfig,
) -> Result<Panel, ExperimentError> {
    let learned = data.numbers("learned_within")?;
    let points = |values: Vec<f64>| varied.values.iter().copied().zip(values).collect::<Vec<(f64, f64)>>();
    let ends_high = learned.last().is_some_and(|fraction| *fraction > 0.5);
    let intervals = learned.iter().map(|fraction| interval(*fraction, network)).collect();
    let exact: Vec<(f64, f64)> =
        points(data.numbers("learned_within_exact")?).into_iter().filter(|p| !p.1.is_nan()).collect();
    let title = format!("{letter}  {}", varied.key.replace('_', " "));
    let within = format!("learned within {} images", network.within);
    let panel = Panel::new(title, Axis::linear(varied.label), Axis::linear(within).range(0.0, 1.0))
        .series(Series::points("simulated", points(learned)).interval(intervals));
    // Away from the points at the right end.
    let corner = if ends_high { Corner::BottomRight } else { Corner::TopRight };
    let panel = panel.legend(corner);
    Ok(if exact.len() > 1 { panel.series(Series::line("Markov chain", exact)) } else { panel })
}

fn dataset(key: &'static str, points: &[SensitivityPoint], within: u32) -> Result<Dataset, ExperimentError> {
    let column = |pick: &dyn Fn(&SensitivityPoint) -> f64| points.iter().map(pick).collect::<Vec<f64>>();
    let along = |name, meaning, values| Variable::along(name, key, "1", meaning, values);
    let median = |p: &SensitivityPoint| p.statistics.quantile_needed(0.5).map_or(f64::NAN, f64::from);
    let exact = |p: &SensitivityPoint| p.learned_exact.unwrap_or(f64::NAN);
    Ok(Dataset::new(&group(key))
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
