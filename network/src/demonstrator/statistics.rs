use super::{
    Demonstrator, DemonstratorConfig, DendriteCurrents, LearningRun, SwitchingProbabilities, Watch, learn,
};
use crate::error::NetworkError;
use rayon::prelude::*;
use spinhebb_data::random_stream::Streams;

/// Many runs of the learning experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningStatistics {
    /// Runs made.
    pub runs: u32,
    /// Runs that learned all images within the limit.
    pub learned: u32,
    /// `needed[n]`: runs that needed `n` images.
    pub needed: Vec<u32>,
    /// `successes[n]`: learned runs with `n` successful switching attempts.
    pub successes: Vec<u32>,
    /// `failures[n]`: learned runs with `n` failed switching attempts.
    pub failures: Vec<u32>,
    /// Images without a firing, over all runs.
    pub silent_images: u64,
    /// Images shown, over all runs.
    pub images: u64,
    /// Devices that changed though no pulse was meant to change them, over all runs.
    pub disturbed: u64,
}

impl LearningStatistics {
    fn new(max_images: u32) -> Self {
        Self {
            runs: 0,
            learned: 0,
            needed: vec![0; max_images as usize + 1],
            successes: Vec::new(),
            failures: Vec::new(),
            silent_images: 0,
            images: 0,
            disturbed: 0,
        }
    }

    fn add(&mut self, run: &LearningRun) {
        self.runs += 1;
        self.silent_images += u64::from(run.silent_images);
        self.images += u64::from(run.images);
        self.disturbed += u64::from(run.disturbed);
        if let Some(needed) = run.images_needed {
            self.learned += 1;
            self.needed[needed as usize] += 1;
            count(&mut self.successes, run.successes);
            count(&mut self.failures, run.failures);
        }
    }

    fn merge(mut self, other: &Self) -> Self {
        self.runs += other.runs;
        self.learned += other.learned;
        self.silent_images += other.silent_images;
        self.images += other.images;
        self.disturbed += other.disturbed;
        for (mine, theirs) in [
            (&mut self.needed, &other.needed),
            (&mut self.successes, &other.successes),
            (&mut self.failures, &other.failures),
        ] {
            if mine.len() < theirs.len() {
                mine.resize(theirs.len(), 0);
            }
            for (a, b) in mine.iter_mut().zip(theirs) {
                *a += b;
            }
        }
        self
    }

    /// Mean number of images of the runs that learned; NaN when none did.
    #[must_use]
    pub fn mean_needed(&self) -> f64 {
        mean(&self.needed)
    }

    /// Smallest number of images within which the fraction `quantile` of all runs had learned.
    #[must_use]
    pub fn quantile_needed(&self, quantile: f64) -> Option<u32> {
        let target = quantile * f64::from(self.runs);
        let mut sum = 0.0;
        self.needed.iter().enumerate().find_map(|(n, &count)| {
            sum += f64::from(count);
            (count > 0 && sum >= target).then_some(n as u32)
        })
    }

    /// Fraction of runs that learned within `images`.
    #[must_use]
    pub fn learned_within(&self, images: u32) -> f64 {
        let sum: u32 = self.needed.iter().take(images as usize + 1).sum();
        f64::from(sum) / f64::from(self.runs)
    }

    /// Mean number of successful and of failed switching attempts of the runs that learned.
    #[must_use]
    pub fn mean_attempts(&self) -> (f64, f64) {
        (mean(&self.successes), mean(&self.failures))
    }
}

fn count(histogram: &mut Vec<u32>, value: u32) {
    let value = value as usize;
    if histogram.len() <= value {
        histogram.resize(value + 1, 0);
    }
    histogram[value] += 1;
}

fn mean(histogram: &[u32]) -> f64 {
    let (mut n, mut sum) = (0u64, 0u64);
    for (value, &count) in histogram.iter().enumerate() {
        n += u64::from(count);
        sum += value as u64 * u64::from(count);
    }
    sum as f64 / n as f64
}

/// Runs the experiment as often as its configuration says; run `i` uses the stream (seed, "demonstrator/learning", i).
///
/// # Errors
/// As [`learn`].
pub fn learn_many(demonstrator: &Demonstrator<'_>, seed: u64) -> Result<LearningStatistics, NetworkError> {
    demonstrator.check()?;
    let streams = Streams::new(seed, "demonstrator/learning");
    fold(demonstrator.config, |run| {
        let mut rng = streams.rng(u64::from(run));
        learn(demonstrator, Watch::default(), &mut rng)
    })
}

/// As [`learn_many`], with devices and probabilities of their own for every run: `array(run)` gives them.
///
/// # Errors
/// As [`learn`].
pub fn learn_many_with<S: DendriteCurrents>(
    config: &DemonstratorConfig,
    unit_current_a: f64,
    seed: u64,
    array: impl Fn(u32) -> (S, SwitchingProbabilities) + Sync,
) -> Result<LearningStatistics, NetworkError> {
    let streams = Streams::new(seed, "demonstrator/learning");
    fold(config, |run| {
        let (currents, probabilities) = &array(run);
        let demonstrator = Demonstrator { config, currents, unit_current_a, probabilities };
        let mut rng = streams.rng(u64::from(run));
        learn(&demonstrator, Watch::default(), &mut rng)
    })
}

fn fold(
    config: &DemonstratorConfig,
    one: impl Fn(u32) -> Result<LearningRun, NetworkError> + Sync,
) -> Result<LearningStatistics, NetworkError> {
    // Only integers are summed, so the order of the threads does not matter.
    (0..config.runs)
        .into_par_iter()
        .try_fold(
            || LearningStatistics::new(config.max_images),
            |mut statistics, run| {
                statistics.add(&one(run)?);
                Ok(statistics)
            },
        )
        .try_reduce(|| LearningStatistics::new(config.max_images), |a, b| Ok(a.merge(&b)))
}
