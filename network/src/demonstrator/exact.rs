use super::{Demonstrator, ImageOrder, Pattern, SwitchingProbabilities};
use crate::error::NetworkError;
use crate::rules::stdp::Polarity;
use crate::rules::winner;
use std::collections::BTreeMap;

/// Exact distribution of the number of images needed.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningTime {
    /// `probability[n]`: probability that exactly `n` images are needed.
    pub probability: Vec<f64>,
    /// Probability that more images than the limit are needed.
    pub beyond: f64,
}

impl LearningTime {
    /// Mean number of images given that the limit suffices.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let weighted: f64 = self.probability.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
        weighted / (1.0 - self.beyond)
    }

    /// Probability of having learned within `images`.
    #[must_use]
    pub fn within(&self, images: u32) -> f64 {
        self.probability.iter().take(images as usize + 1).sum()
    }
}

/// Exact distribution of the learning time of [`super::learn`], by propagating the probability of every state.
///
/// Between images the network is a Markov chain: its state is the states of the devices and the number
/// of firings of each neuron (the thresholds follow from these and the number of images shown).
/// The winner comes from the closed form of the neurons, so the chain and the cycle-by-cycle
/// simulation share no stepping code.
///
/// # Errors
/// [`NetworkError::NotExact`] when an STDP window reaches back into the previous image; otherwise as [`super::learn`].
pub fn exact_learning_time(demonstrator: &Demonstrator<'_>) -> Result<LearningTime, NetworkError> {
    demonstrator.check()?;
    let Demonstrator { config, currents, unit_current_a, probabilities } = *demonstrator;
    if config.window_cycles > config.rest_cycles {
        return Err(NetworkError::NotExact {
            why: format!(
                "the STDP window of {} cycles exceeds the rest of {} cycles between images",
                config.window_cycles, config.rest_cycles
            ),
        });
    }
    type ChainState = (Vec<Pattern>, Vec<u32>);
    let neurons = config.initial.len();
    let mut result = LearningTime { probability: vec![0.0], beyond: 0.0 };
    if config.learned(&config.initial) {
        result.probability[0] = 1.0;
        return Ok(result);
    }
    // A BTreeMap keeps the order of the sums, and with it the bits of the result, fixed.
    let mut states: BTreeMap<ChainState, f64> =
        BTreeMap::from([((config.initial.clone(), vec![0; neurons]), 1.0)]);
    let mut currents_a = vec![0.0; neurons];
    for image in 0..config.max_images {
        let shown: Vec<(Pattern, f64)> = match config.order {
            ImageOrder::Alternating => vec![(config.images[image as usize % config.images.len()], 1.0)],
            ImageOrder::Random => {
                config.images.iter().map(|&i| (i, 1.0 / config.images.len() as f64)).collect()
            }
        };
        let mut next: BTreeMap<ChainState, f64> = BTreeMap::new();
        let mut learned = 0.0;
        for ((weights, firings), p) in &states {
            let thresholds: Vec<f64> =
                firings.iter().map(|&k| config.homeostasis.threshold(config.threshold, k, image)).collect();
            for &(input, p_shown) in &shown {
                currents.currents_a(weights, input, &mut currents_a);
                let scaled: Vec<f64> = currents_a.iter().map(|i| i / unit_current_a).collect();
                let Some((_, candidates)) = winner::race(&config.neuron, &scaled, &thresholds, config.tie)
                else {
                    *next.entry((weights.clone(), firings.clone())).or_default() += p * p_shown;
                    continue;
                };
                let p_winner = p * p_shown / candidates.len() as f64;
                for neuron in candidates {
                    let mut fired = firings.clone();
                    fired[neuron] += 1;
                    for (row, p_row) in outcomes(weights[neuron], input, neuron, probabilities) {
                        let mut after = weights.clone();
                        after[neuron] = row;
                        if config.learned(&after) {
                            learned += p_winner * p_row;
                        } else {
                            *next.entry((after, fired.clone())).or_default() += p_winner * p_row;
                        }
                    }
                }
            }
        }
        result.probability.push(learned);
        states = next;
        result.beyond = states.values().sum();
        if result.beyond < 1e-15 {
            break;
        }
    }
    Ok(result)
}

/// All rows that one STDP event on `row` can leave, with their probabilities.
fn outcomes(
    row: Pattern,
    input: Pattern,
    neuron: usize,
    probabilities: &SwitchingProbabilities,
) -> Vec<(Pattern, f64)> {
    let mut all = vec![(row, 1.0)];
    for i in 0..row.len() {
        let polarity = if input.get(i) { Polarity::Potentiation } else { Polarity::Depression };
        let p = probabilities.of(neuron * row.len() + i, row.get(i), polarity);
        if p > 0.0 {
            all = all.into_iter().flat_map(|(r, q)| [(r, q * (1.0 - p)), (r.flipped(i), q * p)]).collect();
        }
    }
    all.retain(|(_, q)| *q > 0.0);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demonstrator::{DemonstratorConfig, DeviceConductances, learn_many};
    use crate::rules::homeostasis::Homeostasis;

    fn compare(config: &DemonstratorConfig, seed: u64) {
        let devices = DeviceConductances::uniform(2, 4, 1.9, 1.0);
        let probabilities = SwitchingProbabilities::uniform(8, 0.35, 0.30);
        let demonstrator =
            Demonstrator { config, currents: &devices, unit_current_a: 1.9, probabilities: &probabilities };
        let exact = exact_learning_time(&demonstrator).unwrap();
        let total: f64 = exact.probability.iter().sum::<f64>() + exact.beyond;
        assert!((total - 1.0).abs() < 1e-12, "probabilities sum to {total}");
        let runs = config.runs;
        let found = learn_many(&demonstrator, seed).unwrap();
        // Pearson's chi-square over bins of at least 20 expected runs.
        let (mut chi2, mut bins) = (0.0, 0);
        let (mut expected, mut observed) = (0.0, 0.0);
        for n in 0..=config.max_images as usize {
            expected += exact.probability.get(n).copied().unwrap_or(0.0) * f64::from(runs);
            observed += f64::from(found.needed[n]);
            if expected >= 20.0 {
                chi2 += (observed - expected) * (observed - expected) / expected;
                bins += 1;
                (expected, observed) = (0.0, 0.0);
            }
        }
        assert!(bins >= 10, "only {bins} bins");
        let freedom = f64::from(bins);
        // Wilson-Hilferty: the cube root of chi2/k is nearly normal; 4 sigma is one false alarm in 30,000.
        let spread = 2.0 / (9.0 * freedom);
        let sigmas = ((chi2 / freedom).cbrt() - (1.0 - spread)) / spread.sqrt();
        assert!(sigmas < 4.0, "chi2 = {chi2} over {bins} bins ({sigmas} sigma)");
        assert!((found.mean_needed() / exact.mean() - 1.0).abs() < 0.03);
    }

    /// The cycle-by-cycle simulation follows the exact distribution, for both forms of homeostasis,
    /// both orders of images and every tie rule.
    #[test]
    fn simulation_follows_the_markov_chain() {
        let base = DemonstratorConfig { max_images: 60, runs: 20_000, ..DemonstratorConfig::of_the_paper() };
        compare(&base, 1);
        compare(
            &DemonstratorConfig {
                homeostasis: Homeostasis::Ratio { gain: 0.1, target: 0.4 },
                order: ImageOrder::Random,
                ..base.clone()
            },
            2,
        );
        compare(&DemonstratorConfig { tie: crate::rules::winner::TieRule::Random, ..base.clone() }, 3);
        compare(&DemonstratorConfig { tie: crate::rules::winner::TieRule::LowestIndex, ..base }, 4);
    }

    /// One neuron, one image, two devices to switch: the maximum of two geometric variables.
    #[test]
    fn two_devices_take_the_maximum_of_two_geometric_times() {
        let config = DemonstratorConfig {
            targets: vec!["01".parse().unwrap()],
            initial: vec!["10".parse().unwrap()],
            images: vec!["01".parse().unwrap()],
            homeostasis: Homeostasis::Off,
            threshold: 1.0,
            max_images: 200,
            ..DemonstratorConfig::of_the_paper()
        };
        let devices = DeviceConductances::uniform(1, 2, 1.9, 1.0);
        let (p, d) = (0.35, 0.30);
        let exact = exact_learning_time(&Demonstrator {
            config: &config,
            currents: &devices,
            unit_current_a: 1.9,
            probabilities: &SwitchingProbabilities::uniform(2, p, d),
        })
        .unwrap();
        for n in 1..30 {
            let within = (1.0 - (1.0f64 - p).powi(n)) * (1.0 - (1.0f64 - d).powi(n));
            assert!((exact.within(n as u32) - within).abs() < 1e-14, "{n}");
        }
    }

    #[test]
    fn a_window_into_the_previous_image_is_refused() {
        let config =
            DemonstratorConfig { window_cycles: 30, rest_cycles: 5, ..DemonstratorConfig::of_the_paper() };
        let devices = DeviceConductances::uniform(2, 4, 1.9, 1.0);
        let probabilities = SwitchingProbabilities::uniform(8, 0.35, 0.30);
        let error = exact_learning_time(&Demonstrator {
            config: &config,
            currents: &devices,
            unit_current_a: 1.9,
            probabilities: &probabilities,
        })
        .unwrap_err();
        assert!(error.to_string().contains("30 cycles"), "{error}");
    }
}
