use super::{Demonstrator, ImageOrder, Pattern, WriteEvent};
use crate::error::NetworkError;
use crate::rules::winner;
use std::collections::BTreeMap;
use std::rc::Rc;

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
/// of firings of each neuron (the thresholds follow from these and the number of images shown); an image drawn at random is
/// one more branch of each step. The winner comes from the closed form of the neurons, so the chain and the cycle-by-cycle
/// simulation share no stepping code.
///
/// # Errors
/// [`NetworkError::NotExact`] when an STDP window reaches back into the previous image; otherwise as [`super::learn`].
pub fn exact_learning_time(demonstrator: &Demonstrator<'_>) -> Result<LearningTime, NetworkError> {
    demonstrator.check()?;
    let config = demonstrator.config;
    if config.window_cycles > config.rest_cycles {
        return Err(NetworkError::NotExact {
            why: format!(
                "the STDP window of {} cycles exceeds the rest of {} cycles between images",
                config.window_cycles, config.rest_cycles
            ),
        });
    }
    let mut result = LearningTime { probability: vec![0.0], beyond: 0.0 };
    if config.learned(&config.initial) {
        result.probability[0] = 1.0;
        return Ok(result);
    }
    let mut chain = Chain { demonstrator: *demonstrator, found: BTreeMap::new(), states: Vec::new() };
    let start = chain.number(config.initial.clone());
    let mut share = vec![0.0; start + 1];
    share[start] = 1.0;
    let mut shares = Shares::from([(vec![0; config.initial.len()], share)]);
    for image in 0..config.max_images {
        let (next, learned) = chain.after_image(&shares, image)?;
        shares = next;
        result.probability.push(learned);
        result.beyond = shares.values().flatten().sum();
        if result.beyond < 1e-15 {
            break;
        }
    }
    Ok(result)
}

/// Probability of every combination of device states, by its number, for each list of firings. A BTreeMap keeps the order of
/// the sums, and with it the bits of the result, fixed.
type Shares = BTreeMap<Vec<u32>, Vec<f64>>;

/// Device states after a write, `None` where they hold all images, with their probabilities.
type Outcomes = Rc<[(Option<usize>, f64)]>;

/// The combinations of device states that were met, with what is known of each.
struct Chain<'a> {
    demonstrator: Demonstrator<'a>,
    found: BTreeMap<Vec<Pattern>, usize>,
    states: Vec<ChainState>,
}

/// One combination of device states.
struct ChainState {
    weights: Vec<Pattern>,
    /// Currents under the images that were shown, in units of the unit current.
    currents: BTreeMap<Pattern, Rc<[f64]>>,
    /// What the firing of a neuron by an image leaves behind.
    outcomes: BTreeMap<(usize, Pattern), Outcomes>,
}

impl Chain<'_> {
    /// Number of a combination of device states.
    fn number(&mut self, weights: Vec<Pattern>) -> usize {
        let next = self.states.len();
        let number = *self.found.entry(weights.clone()).or_insert(next);
        if number == next {
            self.states.push(ChainState { weights, currents: BTreeMap::new(), outcomes: BTreeMap::new() });
        }
        number
    }

    /// Probabilities after image number `image`, and the probability that it was the last one needed.
    fn after_image(&mut self, shares: &Shares, image: u32) -> Result<(Shares, f64), NetworkError> {
        let config = self.demonstrator.config;
        let shown: Vec<Pattern> = match config.order {
            ImageOrder::Alternating => vec![config.images[image as usize % config.images.len()]],
            ImageOrder::Random => config.images.clone(),
        };
        let (mut next, mut learned) = (Shares::new(), 0.0);
        for (firings, share) in shares {
            let thresholds: Vec<f64> =
                firings.iter().map(|&k| config.homeostasis.threshold(config.threshold, k, image)).collect();
            for (state, p) in share.iter().enumerate().filter(|(_, p)| **p > 0.0) {
                for &input in &shown {
                    let p = p / shown.len() as f64;
                    let currents = self.currents(state, input);
                    let Some((_, candidates)) =
                        winner::race(&config.neuron, &currents, &thresholds, config.tie)
                    else {
                        add(&mut next, firings, state, p);
                        continue;
                    };
                    let p = p / candidates.len() as f64;
                    for neuron in candidates {
                        let mut fired = firings.clone();
                        fired[neuron] += 1;
                        for &(after, p_after) in self.outcomes(state, neuron, input)?.iter() {
                            match after {
                                Some(after) => add(&mut next, &fired, after, p * p_after),
                                None => learned += p * p_after,
                            }
                        }
                    }
                }
            }
        }
        Ok((next, learned))
    }

    fn currents(&mut self, state: usize, input: Pattern) -> Rc<[f64]> {
        let Demonstrator { currents, unit_current_a, .. } = self.demonstrator;
        let ChainState { weights, currents: known, .. } = &mut self.states[state];
        let scaled = known.entry(input).or_insert_with(|| {
            let mut amperes = vec![0.0; weights.len()];
            currents.currents_a(weights, input, &mut amperes);
            amperes.iter().map(|i| i / unit_current_a).collect()
        });
        Rc::clone(scaled)
    }

    /// What the firing of `neuron` by `input` makes of the devices.
    fn outcomes(&mut self, state: usize, neuron: usize, input: Pattern) -> Result<Outcomes, NetworkError> {
        if let Some(known) = self.states[state].outcomes.get(&(neuron, input)) {
            return Ok(Rc::clone(known));
        }
        let Demonstrator { config, probabilities, .. } = self.demonstrator;
        let weights = self.states[state].weights.clone();
        let inputs = input.len();
        let mut flips = vec![0.0; weights.len() * inputs];
        probabilities.flips(&WriteEvent { weights: &weights, neuron, potentiated: input }, &mut flips)?;
        let mut all = vec![(weights, 1.0)];
        for (device, &p) in flips.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            let flipped = |(before, q): &(Vec<Pattern>, f64)| {
                let mut after = before.clone();
                after[device / inputs] = after[device / inputs].flipped(device % inputs);
                (after, q * p)
            };
            let changed: Vec<_> = all.iter().map(flipped).collect();
            all.iter_mut().for_each(|(_, q)| *q *= 1.0 - p);
            all.extend(changed);
            all.retain(|(_, q)| *q > 0.0);
        }
        let outcomes: Outcomes = all
            .into_iter()
            .map(|(after, q)| ((!config.learned(&after)).then(|| self.number(after)), q))
            .collect();
        self.states[state].outcomes.insert((neuron, input), Rc::clone(&outcomes));
        Ok(outcomes)
    }
}

/// Adds probability to a state of the chain.
fn add(shares: &mut Shares, firings: &[u32], state: usize, p: f64) {
    if !shares.contains_key(firings) {
        shares.insert(firings.to_vec(), Vec::new());
    }
    if let Some(share) = shares.get_mut(firings) {
        if share.len() <= state {
            share.resize(state + 1, 0.0);
        }
        share[state] += p;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demonstrator::{DemonstratorConfig, DeviceConductances, SwitchingProbabilities, learn_many};
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
                order: ImageOrder::Alternating,
                ..base.clone()
            },
            2,
        );
        compare(&DemonstratorConfig { tie: crate::rules::winner::TieRule::Random, ..base.clone() }, 5);
        compare(&DemonstratorConfig { tie: crate::rules::winner::TieRule::LowestIndex, ..base }, 4);
    }

    /// Images in random order take longer than in turn, and about 31 % of the networks learn within the paper's nine.
    #[test]
    fn random_order_takes_longer() {
        let devices = DeviceConductances::uniform(2, 4, 1.9, 1.0);
        let within = |order| {
            let config = DemonstratorConfig { order, max_images: 9, ..DemonstratorConfig::of_the_paper() };
            let exact = exact_learning_time(&Demonstrator {
                config: &config,
                currents: &devices,
                unit_current_a: 1.9,
                probabilities: &SwitchingProbabilities::uniform(8, 0.35, 0.30),
            });
            exact.unwrap().within(9)
        };
        let (random, alternating) = (within(ImageOrder::Random), within(ImageOrder::Alternating));
        assert!((random - 0.31).abs() < 0.01, "{random}");
        assert!(random < alternating, "{random} {alternating}");
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
