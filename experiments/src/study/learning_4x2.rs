//! Learning on the 4x2 crossbar (Fig. 3c-e of Zhou et al.): one traced run and the statistics of many.
//!
//! The switching probabilities are asked of the device's own table: the voltages that give the
//! wanted probabilities at the pulse width are looked up first, and the probabilities used are
//! those of the table at these voltages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::transport::Transport;
use spinhebb_network::demonstrator::{
    LearningConfig, LearningRun, LearningStatistics, LearningTime, SwitchingProbabilities,
    exact_learning_time, learn, learn_many,
};
use spinhebb_network::rules::stdp::Polarity;

use super::small_array::SmallArrayConfig;
use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::report::Comparison;
use crate::run::Run;

/// What Zhou et al. report of their one run (Fig. 3): images shown, successful and all switching attempts.
const PAPER_IMAGES: u32 = 9;
const PAPER_SUCCESSES: u32 = 4;
const PAPER_ATTEMPTS: u32 = 10;

/// The learning experiment and how often it is repeated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Learning4x2Config {
    /// Wanted probability of a potentiation pulse to switch AP -> P.
    pub potentiation: f64,
    /// Wanted probability of a depression pulse to switch P -> AP.
    pub depression: f64,
    /// Number of runs for the statistics.
    pub runs: u32,
    /// The network and the images.
    pub network: LearningConfig,
}

impl Learning4x2Config {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first key out of range.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        for (key, value) in [("potentiation", self.potentiation), ("depression", self.depression)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(ExperimentError::Value {
                    key: format!("learning.{key}"),
                    value: value.to_string(),
                    expected: "a probability above 0 and below 1".to_string(),
                });
            }
        }
        if self.runs == 0 {
            return Err(ExperimentError::Value {
                key: "learning.runs".to_string(),
                value: "0".to_string(),
                expected: "at least 1 run".to_string(),
            });
        }
        Ok(self.network.validate()?)
    }
}

/// A write pulse and what it does: the answer of the device's table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WritePulse {
    /// Amplitude in V; V > 0 is potentiation (AP -> P), V < 0 depression (P -> AP).
    pub volts: f64,
    /// Full width in s.
    pub width_s: f64,
    /// Switching probability at this amplitude and width.
    pub probability: f64,
    /// Lower end of the probability's interval.
    pub lower: f64,
    /// Upper end of the probability's interval.
    pub upper: f64,
}

/// Runs the experiment with the two pulses.
///
/// # Errors
/// A parameter is out of range, the array cannot be solved, or a file cannot be written.
pub fn run(
    run: &mut Run,
    config: &Learning4x2Config,
    array: &SmallArrayConfig,
    transport: &Transport,
    potentiation: WritePulse,
    depression: WritePulse,
    seed: u64,
) -> Result<(), ExperimentError> {
    let (neurons, inputs) =
        (config.network.initial.len(), config.network.initial.first().map_or(0, |p| p.len()));
    let read_v = array.read_voltage.si();
    let (parallel_s, antiparallel_s) = {
        use spinhebb_device::junction::state::State;
        (transport.conductance(State::Parallel, read_v), transport.conductance(State::AntiParallel, read_v))
    };
    let unit_a = parallel_s * read_v;
    let currents = array.ideal().currents(transport, inputs, neurons, 0.0, seed)?;
    let probabilities =
        SwitchingProbabilities::uniform(neurons * inputs, potentiation.probability, depression.probability);
    let statistics = learn_many(&config.network, &currents, unit_a, &probabilities, seed, config.runs)?;
    let exact = exact_learning_time(&config.network, &currents, unit_a, &probabilities)?;
    let (shown, traced) = traced_run(config, &currents, unit_a, &probabilities, seed, &statistics)?;

    run.report().section("4x2 learning");
    run.report().paragraph(&format!(
        "Both neurons start as {}; the images {} are shown in turn. Pulses from the device's table: {:.4} V \
         for {:.3} ns gives a potentiation probability of {:.3} ({:.3} to {:.3}), {:.4} V a depression \
         probability of {:.3} ({:.3} to {:.3}). G_P / G_AP = {:.2}.",
        config.network.initial[0],
        config.network.images.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
        potentiation.volts,
        potentiation.width_s * 1e9,
        potentiation.probability,
        potentiation.lower,
        potentiation.upper,
        depression.volts,
        depression.probability,
        depression.lower,
        depression.upper,
        parallel_s / antiparallel_s,
    ));
    run.figure(&trace_figure(shown, &traced, inputs))?;
    run.figure(&statistics_figure(&statistics, &exact))?;
    let (successes, failures) = statistics.mean_attempts();
    let within = statistics.learned_within(PAPER_IMAGES);
    run.report().comparison(&[
        Comparison::new(
            "images needed, mean (median)",
            format!("{:.2} ({})", statistics.mean_needed(), statistics.quantile_needed(0.5).unwrap_or(0)),
            format!("{PAPER_IMAGES} in the one run shown"),
            format!(
                "{} simulated runs; Markov chain of the same network: mean {:.2}",
                config.runs,
                exact.mean()
            ),
        ),
        Comparison::new(
            format!("runs that had learned within {PAPER_IMAGES} images"),
            format!("{:.1} %", 100.0 * within),
            "-",
            format!("same runs; Markov chain: {:.1} %", 100.0 * exact.within(PAPER_IMAGES)),
        ),
        Comparison::new(
            format!("runs that learned both images within {}", config.network.max_images),
            format!("{:.2} %", 100.0 * f64::from(statistics.learned) / f64::from(statistics.runs)),
            "the run shown did",
            "same runs",
        ),
        Comparison::new(
            "successful of all switching attempts",
            format!(
                "{successes:.2} of {:.2} ({:.1} %)",
                successes + failures,
                100.0 * successes / (successes + failures)
            ),
            format!("{PAPER_SUCCESSES} of {PAPER_ATTEMPTS}"),
            "mean of the runs that learned; an attempt is a pulse that would change the device's state",
        ),
    ]);
    run.value(
        "learning_4x2",
        json!({
            "potentiation_v": potentiation.volts,
            "depression_v": depression.volts,
            "potentiation_probability": potentiation.probability,
            "depression_probability": depression.probability,
            "images_needed_mean": statistics.mean_needed(),
            "images_needed_mean_exact": exact.mean(),
            "learned_within_9_images": within,
            "learned": f64::from(statistics.learned) / f64::from(statistics.runs),
            "successful_attempts_mean": successes,
            "failed_attempts_mean": failures,
        }),
    );
    run.add(statistics.to_dataset("learning_4x2")?)?;
    run.add(exact.to_dataset("learning_4x2_markov_chain")?)?;
    run.add(traced.to_dataset("learning_4x2_trace")?)?;
    Ok(())
}

/// The first run that needed as many images as the paper's, traced; the first run of all when none did.
fn traced_run(
    config: &Learning4x2Config,
    currents: &spinhebb_network::demonstrator::CurrentTable,
    unit_a: f64,
    probabilities: &SwitchingProbabilities,
    seed: u64,
    statistics: &LearningStatistics,
) -> Result<(u64, LearningRun), ExperimentError> {
    let streams = Streams::new(seed, "demonstrator/learning");
    let alike = statistics.needed.get(PAPER_IMAGES as usize).is_some_and(|&n| n > 0);
    for index in 0..u64::from(config.runs) {
        let mut rng = streams.rng(index);
        let traced =
            learn(&config.network, currents, unit_a, probabilities, &mut rng, true, PAPER_IMAGES + 3)?;
        if !alike || traced.images_needed == Some(PAPER_IMAGES) {
            return Ok((index, traced));
        }
    }
    unreachable!("the statistics count a run that the loop over the same streams did not meet")
}

/// One run like Fig. 3c-e: integration levels with thresholds, firings with pulses, device states.
fn trace_figure(index: u64, traced: &LearningRun, inputs: usize) -> Figure {
    let neurons = traced.weights.len();
    let cycles = |pick: &dyn Fn(&spinhebb_network::demonstrator::CycleRecord) -> f64| {
        traced.cycles.iter().map(|c| (c.cycle as f64, pick(c))).collect::<Vec<_>>()
    };
    let mut levels =
        Panel::new("a  Integration", Axis::linear("clock cycle"), Axis::linear("level (I_P cycles)"));
    for neuron in 0..neurons {
        levels = levels
            .series(
                Series::line(format!("level {}", neuron + 1), cycles(&|c| c.levels[neuron])).tone(2 * neuron),
            )
            .series(
                Series::line(format!("threshold {}", neuron + 1), cycles(&|c| c.thresholds[neuron]))
                    .draw(Draw::Step)
                    .tone(2 * neuron + 1),
            );
    }
    let mut pulses = Panel::new(
        "b  Write pulses",
        Axis::linear("image"),
        Axis::linear("device (4 neuron + input, from 0)").range(-0.5, (neurons * inputs) as f64 - 0.5),
    );
    let attempts = |polarity: Polarity, success: bool| {
        let mut points = Vec::new();
        for record in &traced.pulses {
            for input in 0..inputs {
                if record.attempted[input]
                    && record.switched[input] == success
                    && record.polarity[input] == polarity
                {
                    points.push((f64::from(record.image + 1), (record.neuron * inputs + input) as f64));
                }
            }
        }
        points
    };
    for (label, polarity, success) in [
        ("to P", Polarity::Potentiation, true),
        ("to P, failed", Polarity::Potentiation, false),
        ("to AP", Polarity::Depression, true),
        ("to AP, failed", Polarity::Depression, false),
    ] {
        pulses = pulses.series(Series::points(label, attempts(polarity, success)));
    }
    let mut states =
        Panel::new("c  Distance to the learned image", Axis::linear("image"), Axis::linear("wrong devices"));
    for neuron in 0..neurons {
        let end = traced.weights[neuron];
        let mut points = vec![];
        for record in traced.pulses.iter().filter(|r| r.neuron == neuron) {
            points.push((f64::from(record.image + 1), f64::from(record.after.hamming(end))));
        }
        states = states.series(Series::line(format!("neuron {}", neuron + 1), points).draw(Draw::LinePoints));
    }
    Figure::new(
        "learning_4x2_trace",
        "One run: integration levels and thresholds, switching attempts, and the devices' approach to the learned images (Fig. 3c-e of Zhou et al.).",
        format!("Run {index} of the statistics below, the first that needed {PAPER_IMAGES} images as the paper's did; only pulses that could change a state are drawn."),
    )
    .columns(3)
    .cell(500.0, 360.0)
    .panel(levels)
    .panel(pulses)
    .panel(states)
}

fn statistics_figure(statistics: &LearningStatistics, exact: &LearningTime) -> Figure {
    let runs = f64::from(statistics.runs);
    let last = statistics.quantile_needed(0.995).unwrap_or(1).max(20) as usize;
    let histogram = |counts: &[u32], last: usize| {
        (0..=last)
            .map(|n| (n as f64, f64::from(counts.get(n).copied().unwrap_or(0)) / runs))
            .collect::<Vec<_>>()
    };
    let chain = (0..=last).map(|n| (n as f64, exact.probability.get(n).copied().unwrap_or(0.0))).collect();
    Figure::new(
        "learning_4x2_statistics",
        "How many images the network needs, and its switching attempts, over many runs.",
        "Simulated runs with independent streams; the line is the exact Markov chain of the same network.",
    )
    .panel(
        Panel::new("a  Learning time", Axis::linear("images needed"), Axis::linear("fraction of runs"))
            .series(Series::points("simulated", histogram(&statistics.needed, last)))
            .series(Series::line("Markov chain", chain))
            .vertical(f64::from(PAPER_IMAGES), "paper")
            .legend(Corner::TopRight),
    )
    .panel(
        Panel::new("b  Switching attempts", Axis::linear("attempts"), Axis::linear("fraction of runs"))
            .series(Series::line("successful", histogram(&statistics.successes, 25)).draw(Draw::LinePoints))
            .series(Series::line("failed", histogram(&statistics.failures, 25)).draw(Draw::LinePoints))
            .vertical(f64::from(PAPER_SUCCESSES), "")
            .vertical(f64::from(PAPER_ATTEMPTS - PAPER_SUCCESSES), "paper: 4 and 6")
            .legend(Corner::TopRight),
    )
}
