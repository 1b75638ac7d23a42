//! Learning on the 4x2 crossbar (Fig. 3c-e of Zhou et al.): one traced run and the statistics of many.
//!
//! The voltages that give the wanted probabilities at the pulse width are looked up in the device's own table. On the array as it is
//! made, each device has the probability of its own table at the voltage it sees in the solved circuit; with ideal lines, that of
//! the nominal table at these voltages.

mod page;

pub(super) use page::draw;

use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_network::demonstrator::{
    Demonstrator, LearningRun, LearningStatistics, Watch, exact_learning_time, learn, learn_many,
};

use super::ReproduceParts;
use super::pulse::{LearningPulses, WritePulse};
use super::small_array::StudiedArray;
use crate::error::ExperimentError;
use crate::experiment::Outcome;

/// Images that the one run of Zhou et al. (Fig. 3) needed.
const PAPER_IMAGES: u32 = 9;
/// Name of the dataset of the traced run.
const TRACE: &str = "learning_4x2_trace";

/// Part of the keys and datasets of the runs on an array: none for the array as it is made.
const fn part(wired: bool) -> &'static str {
    if wired { "" } else { "/ideal" }
}

/// Name of the dataset of the statistics.
fn statistics_name(wired: bool) -> String {
    format!("learning_4x2{}", part(wired).replace('/', "_"))
}

/// Name of the dataset of the exact learning time.
fn chain_name(wired: bool) -> String {
    format!("{}_markov_chain", statistics_name(wired))
}

/// Runs the experiment with the two pulses of the system on both arrays; a run on the array as it is made is traced.
///
/// # Errors
/// The table does not reach the pulses, or an array cannot be solved.
pub(super) fn compute(
    outcome: &mut Outcome,
    config: &ReproduceParts,
    arrays: &[StudiedArray; 2],
    learning: &LearningPulses,
    seed: u64,
) -> Result<(), ExperimentError> {
    pulses(outcome, [("potentiation", &learning.potentiation), ("depression", &learning.depression)]);
    let network = &config.demonstrator;
    for array in arrays {
        let wired = array.is_wired();
        let unit_current_a = array.mean_current_a(State::Parallel)?;
        let demonstrator = Demonstrator {
            config: network,
            currents: &array.currents(network.zero_inputs.learning)?,
            unit_current_a,
            probabilities: &*array.probabilities(network, learning)?,
        };
        let statistics = learn_many(&demonstrator, seed)?;
        let exact = exact_learning_time(&demonstrator)?;
        let key = |name: &str| format!("learning_4x2{}/{name}", part(wired));
        let ratio = unit_current_a / array.mean_current_a(State::AntiParallel)?;
        let meaning = "mean current of the parallel devices over that of the anti-parallel ones";
        outcome.scalar(key("conductance_ratio"), ratio, "1", meaning);
        summarise(outcome, &statistics, network.within, part(wired));
        let meaning = "mean number of images needed, by the exact Markov chain";
        outcome.scalar(key("images_needed_mean_exact"), exact.mean(), "1", meaning);
        let meaning = "runs that learn so soon, by the exact Markov chain";
        outcome.scalar(key("learned_within_exact"), exact.within(network.within), "1", meaning);
        outcome.add(statistics.to_dataset(&statistics_name(wired))?);
        outcome.add(exact.to_dataset(&chain_name(wired))?);
        if wired {
            let (shown, traced) = traced_run(&demonstrator, &statistics, seed)?;
            outcome.scalar(key("run_shown"), shown as f64, "1", "number of the run that is traced");
            outcome.add(traced.to_dataset(TRACE)?);
        }
    }
    Ok(())
}

fn pulses(outcome: &mut Outcome, pulses: [(&str, &WritePulse); 2]) {
    for (name, pulse) in pulses {
        let key = |part: &str| format!("learning_4x2/{name}_{part}");
        outcome.scalar(key("voltage"), pulse.volts, "V", "amplitude; V > 0 is potentiation (AP -> P)");
        let meaning = "switching probability at this amplitude, as the table has it";
        outcome
            .scalar(key("probability"), pulse.probability, "1", meaning)
            .interval(pulse.lower, pulse.upper);
    }
}

fn summarise(outcome: &mut Outcome, statistics: &LearningStatistics, within: u32, part: &str) {
    let key = |name: &str| format!("learning_4x2{part}/{name}");
    let (successes, failures) = statistics.mean_attempts();
    outcome.scalar(key("images_needed_mean"), statistics.mean_needed(), "1", "mean number of images needed");
    let median = statistics.quantile_needed(0.5).map_or(f64::NAN, f64::from);
    outcome.scalar(key("images_needed_median"), median, "1", "median number of images needed");
    let meaning = "runs that had learned within `demonstrator.within` images";
    outcome.scalar(key("learned_within"), statistics.learned_within(within), "1", meaning);
    let learned = f64::from(statistics.learned) / f64::from(statistics.runs);
    outcome.scalar(key("learned"), learned, "1", "runs that learned all images");
    let meaning = "mean number of switching attempts that succeeded, of the runs that learned";
    outcome.scalar(key("successful_attempts_mean"), successes, "1", meaning);
    let meaning = "mean number of switching attempts that failed, of the runs that learned";
    outcome.scalar(key("failed_attempts_mean"), failures, "1", meaning);
    let disturbed = statistics.disturbed as f64 / f64::from(statistics.runs);
    let meaning = "mean number of devices of a run that changed though no pulse was meant to change them";
    outcome.scalar(key("disturbed_mean"), disturbed, "1", meaning);
}

/// The first run that needed as many images as the paper's, traced; the first run of all when none did.
fn traced_run(
    demonstrator: &Demonstrator<'_>,
    statistics: &LearningStatistics,
    seed: u64,
) -> Result<(u64, LearningRun), ExperimentError> {
    let streams = Streams::new(seed, "demonstrator/learning");
    let alike = statistics.needed.get(PAPER_IMAGES as usize).is_some_and(|&n| n > 0);
    for index in 0..u64::from(demonstrator.config.runs) {
        let mut rng = streams.rng(index);
        let traced = learn(demonstrator, Watch { trace: true, images: PAPER_IMAGES + 3 }, &mut rng)?;
        if !alike || traced.images_needed == Some(PAPER_IMAGES) {
            return Ok((index, traced));
        }
    }
    unreachable!("the statistics count a run that the loop over the same streams did not meet")
}
