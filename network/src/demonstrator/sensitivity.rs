use super::{
    Demonstrator, DemonstratorConfig, DeviceConductances, LearningStatistics, SwitchingProbabilities,
    exact_learning_time, learn_many_with,
};
use crate::error::NetworkError;
use crate::rules::homeostasis::Homeostasis;
use spinhebb_data::config::Check;
use spinhebb_device::population::{Place, Population, PopulationConfig, Spread, SpreadDistribution};

/// What is varied in a sensitivity study of the learning experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensitivityAxis {
    /// Switching probability of potentiation; depression keeps its ratio to it.
    Probability,
    /// Ratio of depression to potentiation probability, potentiation kept.
    DepressionRatio,
    /// Standard deviation over the mean of the area (log-normal): it scales both conductances of a device and leaves its
    /// switching alone.
    ConductanceSpread,
    /// Standard deviation over the mean of the switching hazard (log-normal).
    HazardSpread,
    /// Retention of the neurons: what is left of a level after a clock cycle.
    Retention,
    /// Gain of the homeostasis.
    HomeostasisGain,
}

/// One point of a sensitivity study.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitivityPoint {
    /// Value of the varied parameter.
    pub value: f64,
    /// Statistics of the runs.
    pub statistics: LearningStatistics,
    /// Fraction of runs that learned within [`DemonstratorConfig::within`] images.
    pub learned: f64,
    /// The same by the exact Markov chain; none for devices that differ from run to run.
    pub learned_exact: Option<f64>,
}

/// The learning experiment, repeated with one parameter after the other changed.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitivityStudy {
    /// The experiment that is varied.
    pub network: DemonstratorConfig,
    /// Nominal conductance in the P state (S).
    pub parallel_s: f64,
    /// Nominal conductance in the AP state (S).
    pub antiparallel_s: f64,
    /// Nominal switching probability of a potentiation pulse.
    pub potentiation: f64,
    /// Nominal switching probability of a depression pulse.
    pub depression: f64,
    /// How devices differ on every axis; that of the conductance or of the hazard replaces `relative` of one parameter.
    pub population: PopulationConfig,
    /// Master seed.
    pub seed: u64,
}

/// The experiment at one value of the varied parameter.
struct Varied {
    network: DemonstratorConfig,
    potentiation: f64,
    depression: f64,
    population: PopulationConfig,
}

impl SensitivityStudy {
    /// Repeats the experiment along one axis. Each run has a chip of its own: that of run r has the rows from r times the
    /// number of inputs of one tall array of the population, inputs along its rows and neurons along its columns, while
    /// gradients run across each chip. The chips are the same at every value and on every axis but for the spread itself.
    ///
    /// # Errors
    /// As [`super::learn`]; [`NetworkError::OutOfRange`] when a value makes no sense on the axis, or when the devices of the
    /// population need tables of their own, as here are only probabilities.
    pub fn along(
        &self,
        axis: SensitivityAxis,
        values: &[f64],
    ) -> Result<Vec<SensitivityPoint>, NetworkError> {
        values.iter().map(|&value| self.point(self.varied(axis, value)?, value)).collect()
    }

    /// Checks one value of an axis, without a run.
    ///
    /// # Errors
    /// As [`Self::along`].
    pub fn check(&self, axis: SensitivityAxis, value: f64) -> Result<(), NetworkError> {
        self.varied(axis, value).map(|_| ())
    }

    fn varied(&self, axis: SensitivityAxis, value: f64) -> Result<Varied, NetworkError> {
        let mut varied = Varied {
            network: self.network.clone(),
            potentiation: self.potentiation,
            depression: self.depression,
            population: self.population.clone(),
        };
        let log_normal = |spread: Spread| Spread {
            relative: value,
            distribution: SpreadDistribution::LogNormal,
            ..spread
        };
        match axis {
            SensitivityAxis::Probability => {
                varied.potentiation = value;
                varied.depression = value * self.depression / self.potentiation;
            }
            SensitivityAxis::DepressionRatio => varied.depression = value * self.potentiation,
            SensitivityAxis::ConductanceSpread => varied.population.area = log_normal(self.population.area),
            SensitivityAxis::HazardSpread => varied.population.hazard = log_normal(self.population.hazard),
            SensitivityAxis::Retention => varied.network.neuron.retention = value,
            SensitivityAxis::HomeostasisGain => match &mut varied.network.homeostasis {
                Homeostasis::Querlioz { gain, .. } | Homeostasis::Ratio { gain, .. } => *gain = value,
                Homeostasis::Off => {
                    return Err(NetworkError::OutOfRange {
                        key: "homeostasis",
                        value: "off".into(),
                        expected: "a form with a gain, to study its gain".into(),
                    });
                }
            },
        }
        for (key, p) in [("potentiation", varied.potentiation), ("depression", varied.depression)] {
            NetworkError::require((0.0..=1.0).contains(&p), key, p, "a probability between 0 and 1")?;
        }
        if varied.population.needs_tables() {
            return Err(NetworkError::OutOfRange {
                key: "population",
                value: "a spread beyond area and hazard".into(),
                expected:
                    "devices that differ in area and hazard alone: other spreads need a switching table"
                        .into(),
            });
        }
        varied.population.first_fault()?;
        varied.network.first_fault()?;
        Ok(varied)
    }

    fn point(&self, varied: Varied, value: f64) -> Result<SensitivityPoint, NetworkError> {
        let (neurons, inputs) = (varied.network.initial.len(), varied.network.initial[0].len());
        let (p, d) = (varied.potentiation, varied.depression);
        let nominal = || {
            (
                DeviceConductances::uniform(neurons, inputs, self.parallel_s, self.antiparallel_s),
                SwitchingProbabilities::uniform(neurons * inputs, p, d),
            )
        };
        let population = Population::new(&varied.population, self.seed)?;
        let network = &varied.network;
        let statistics = learn_many_with(network, self.parallel_s, self.seed, |run| {
            let (mut devices, mut probabilities) = nominal();
            let first = run as usize * inputs;
            for cell in 0..neurons * inputs {
                let (neuron, input) = (cell / inputs, cell % inputs);
                let place = Place::in_array(input, neuron, inputs, neurons);
                let factors = population.draw(first + input, neuron, place);
                devices.parallel_s[cell] *= factors.area;
                devices.antiparallel_s[cell] *= factors.area;
                probabilities.potentiation[cell] = factors.with_hazard(p);
                probabilities.depression[cell] = factors.with_hazard(d);
            }
            (devices, probabilities)
        })?;
        let alike = varied.population.is_uniform();
        let learned_exact = match alike {
            true => {
                let (devices, probabilities) = nominal();
                // The chain's states multiply with the images, so it is followed no further than asked.
                let network = DemonstratorConfig { max_images: self.network.within, ..network.clone() };
                let exact = exact_learning_time(&Demonstrator {
                    config: &network,
                    currents: &devices,
                    unit_current_a: self.parallel_s,
                    probabilities: &probabilities,
                })?;
                Some(exact.within(self.network.within))
            }
            false => None,
        };
        let learned = statistics.learned_within(self.network.within);
        Ok(SensitivityPoint { value, statistics, learned, learned_exact })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On every axis the runs agree with the Markov chain while devices are alike; spread hazards make learning slower.
    #[test]
    fn runs_agree_with_the_chain_along_every_axis() {
        let study = SensitivityStudy {
            network: DemonstratorConfig::of_the_paper(),
            parallel_s: 1e-3,
            antiparallel_s: 0.5e-3,
            potentiation: 0.35,
            depression: 0.3,
            population: PopulationConfig::default(),
            seed: 3,
        };
        for (axis, values) in [
            (SensitivityAxis::Probability, [0.1, 0.5]),
            (SensitivityAxis::DepressionRatio, [0.5, 1.5]),
            (SensitivityAxis::Retention, [0.8, 1.0]),
            (SensitivityAxis::HomeostasisGain, [1.0, 3.0]),
            (SensitivityAxis::ConductanceSpread, [0.0, 0.3]),
            (SensitivityAxis::HazardSpread, [0.0, 1.0]),
        ] {
            for point in study.along(axis, &values).unwrap() {
                let Some(p) = point.learned_exact else {
                    assert!(point.value > 0.0);
                    continue;
                };
                // 10 comparisons at 4 sigma: one false alarm in 1500 seeds.
                let sigma = (p * (1.0 - p) / f64::from(study.network.runs)).sqrt();
                let found = point.learned;
                assert!((found - p).abs() <= 4.0 * sigma + 1e-9, "{axis:?} {}: {found} {p}", point.value);
            }
        }
        let spread = study.along(SensitivityAxis::HazardSpread, &[0.0, 3.0]).unwrap();
        assert!(spread[1].learned < spread[0].learned);
    }

    /// A population counts on every axis; its value on an axis of its own is the same whether it comes from there or not.
    #[test]
    fn the_population_counts_on_every_axis() {
        let of = |population: PopulationConfig| SensitivityStudy {
            network: DemonstratorConfig { runs: 400, ..DemonstratorConfig::of_the_paper() },
            parallel_s: 1e-3,
            antiparallel_s: 0.5e-3,
            potentiation: 0.35,
            depression: 0.3,
            population,
            seed: 3,
        };
        let hazard =
            Spread { relative: 2.0, distribution: SpreadDistribution::LogNormal, ..Spread::default() };
        let alike = of(PopulationConfig::default());
        let spread = of(PopulationConfig { hazard, ..PopulationConfig::default() });
        let at = |study: &SensitivityStudy, axis, value| study.along(axis, &[value]).unwrap().remove(0);
        let nominal = at(&spread, SensitivityAxis::Probability, 0.35);
        assert_eq!(nominal.learned_exact, None, "devices differ");
        assert!(nominal.learned < at(&alike, SensitivityAxis::Probability, 0.35).learned);
        assert_eq!(nominal.statistics, at(&alike, SensitivityAxis::HazardSpread, 2.0).statistics);
        assert!(at(&spread, SensitivityAxis::HazardSpread, 0.0).learned_exact.is_some());

        // Another seed of the population is another set of chips under the same course.
        let other = of(PopulationConfig { seed: Some(9), ..spread.population.clone() });
        assert_ne!(at(&other, SensitivityAxis::Probability, 0.35).statistics, nominal.statistics);
        let barrier = Spread { relative: 0.05, ..Spread::default() };
        let tables = of(PopulationConfig { barrier, ..PopulationConfig::default() });
        let error = tables.check(SensitivityAxis::Probability, 0.35).unwrap_err();
        assert!(error.to_string().contains("area and hazard alone"), "{error}");
    }

    #[test]
    fn values_beyond_the_axis_are_refused() {
        let study = SensitivityStudy {
            network: DemonstratorConfig {
                homeostasis: Homeostasis::Off,
                runs: 10,
                ..DemonstratorConfig::of_the_paper()
            },
            parallel_s: 1e-3,
            antiparallel_s: 0.5e-3,
            potentiation: 0.35,
            depression: 0.3,
            population: PopulationConfig::default(),
            seed: 3,
        };
        for (axis, value) in [
            (SensitivityAxis::Probability, 1.1),
            (SensitivityAxis::DepressionRatio, 3.0),
            (SensitivityAxis::ConductanceSpread, -0.1),
            (SensitivityAxis::ConductanceSpread, 3.1),
            (SensitivityAxis::HazardSpread, f64::NAN),
            (SensitivityAxis::Retention, 1.2),
            (SensitivityAxis::HomeostasisGain, 1.0),
        ] {
            assert!(study.check(axis, value).is_err(), "{axis:?} {value}");
            assert!(study.along(axis, &[value]).is_err(), "{axis:?} {value}");
        }
    }
}
