//! Learning on the 4x2 crossbar (Fig. 3c-e of Zhou et al.): one traced run and the statistics of many.
//!
//! The switching probabilities are asked of the device's own table: the voltages that give the
//! wanted probabilities at the pulse width are looked up first, and the probabilities used are
//! those of the table at these voltages.

mod page;

pub(super) use page::draw;

use spinhebb_data::config::Staged;
use spinhebb_data::quantity::Amplitude;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_network::demonstrator::{
    Demonstrator, LearningRun, LearningStatistics, SwitchingProbabilities, Watch, exact_learning_time, learn,
    learn_many,
};

use super::ReproduceParts;
use super::pulse::{WritePulse, Writer, constant};
use super::small_array::SmallArrays;
use crate::error::ExperimentError;
use crate::experiment::Outcome;

/// Images that the one run of Zhou et al. (Fig. 3) needed.
const PAPER_IMAGES: u32 = 9;
/// Names of the datasets.
const STATISTICS: &str = "learning_4x2";
const CHAIN: &str = "learning_4x2_markov_chain";
const TRACE: &str = "learning_4x2_trace";

/// Runs the experiment with the two pulses of the system.
///
/// # Errors
/// The table does not reach the pulses, or the array cannot be solved.
pub(super) fn compute(
    outcome: &mut Outcome,
    config: &ReproduceParts,
    arrays: &SmallArrays,
    writer: &Writer,
    seed: u64,
) -> Result<(), ExperimentError> {
    let pulse = |key: &str, staged: &Option<Staged<Amplitude>>, start: State| match constant(staged.as_ref())
    {
        Some(amplitude) => writer.pulse(amplitude, start),
        None => {
            ExperimentError::refuse(&format!("pulses.{key}"), "not given", "one pulse for the whole learning")
        }
    };
    let potentiation = pulse("potentiation", &config.pulses.potentiation, State::AntiParallel)?;
    let depression = pulse("depression", &config.pulses.depression, State::Parallel)?;
    let (inputs, neurons) = config.demonstrator_size();
    let parallel_s = arrays.ideal.siemens(State::Parallel);
    let demonstrator = Demonstrator {
        config: &config.demonstrator,
        currents: &arrays.ideal.currents(0.0)?,
        unit_current_a: parallel_s * arrays.ideal.read_v(),
        probabilities: &SwitchingProbabilities::uniform(
            neurons * inputs,
            potentiation.probability,
            depression.probability,
        ),
    };
    let statistics = learn_many(&demonstrator, seed)?;
    let exact = exact_learning_time(&demonstrator)?;
    let (shown, traced) = traced_run(&demonstrator, &statistics, seed)?;
    pulses(outcome, [("potentiation", &potentiation), ("depression", &depression)]);
    let ratio = parallel_s / arrays.ideal.siemens(State::AntiParallel);
    outcome.scalar("learning_4x2/conductance_ratio", ratio, "1", "G_P over G_AP at the read voltage");
    summarise(outcome, &statistics, config.demonstrator.within);
    let meaning = "mean number of images needed, by the exact Markov chain";
    outcome.scalar("learning_4x2/images_needed_mean_exact", exact.mean(), "1", meaning);
    let meaning = "runs that learn so soon, by the exact Markov chain";
    outcome.scalar(
        "learning_4x2/learned_within_exact",
        exact.within(config.demonstrator.within),
        "1",
        meaning,
    );
    outcome.scalar("learning_4x2/run_shown", shown as f64, "1", "number of the run that is traced");
    outcome.add(statistics.to_dataset(STATISTICS)?);
    outcome.add(exact.to_dataset(CHAIN)?);
    outcome.add(traced.to_dataset(TRACE)?);
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

fn summarise(outcome: &mut Outcome, statistics: &LearningStatistics, within: u32) {
    let key = |part: &str| format!("learning_4x2/{part}");
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
