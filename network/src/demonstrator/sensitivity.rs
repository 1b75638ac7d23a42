use super::{
    DeviceConductances, LearningConfig, LearningStatistics, SwitchingProbabilities, learn_many_with,
};
use crate::chance::standard_normal;
use crate::error::NetworkError;
use crate::homeostasis::Homeostasis;
use spinhebb_data::random_stream::Streams;

/// What is varied in a sensitivity study of the learning experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensitivityAxis {
    /// Switching probability of potentiation; depression keeps its ratio to it.
    Probability,
    /// Ratio of depression to potentiation probability, potentiation kept.
    DepressionRatio,
    /// Relative standard deviation of the conductances from device to device (log-normal).
    ConductanceSpread,
    /// Standard deviation of the logarithm of the switching hazard from device to device.
    HazardSpread,
    /// Retention of the neurons.
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
}

/// Repeats the learning experiment along one axis, `runs` runs per value.
///
/// `parallel_s` and `antiparallel_s` are the nominal conductances (S), `potentiation` and `depression` the
/// nominal switching probabilities. Spread devices are drawn anew for each run.
///
/// # Errors
/// As [`super::learn`].
#[allow(clippy::too_many_arguments)]
pub fn sensitivity(
    config: &LearningConfig,
    parallel_s: f64,
    antiparallel_s: f64,
    potentiation: f64,
    depression: f64,
    axis: SensitivityAxis,
    values: &[f64],
    seed: u64,
    runs: u32,
) -> Result<Vec<SensitivityPoint>, NetworkError> {
    config.validate()?;
    let (neurons, inputs) = (config.initial.len(), config.initial[0].len());
    let streams = Streams::new(seed, "demonstrator/variation");
    values
        .iter()
        .map(|&value| {
            let mut config = config.clone();
            let (mut p, mut d, mut spread, mut hazard) = (potentiation, depression, 0.0, 0.0);
            match axis {
                SensitivityAxis::Probability => (p, d) = (value, value * depression / potentiation),
                SensitivityAxis::DepressionRatio => d = value * potentiation,
                SensitivityAxis::ConductanceSpread => spread = value,
                SensitivityAxis::HazardSpread => hazard = value,
                SensitivityAxis::Retention => config.neuron.retention = value,
                SensitivityAxis::HomeostasisGain => match &mut config.homeostasis {
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
            let statistics = learn_many_with(&config, parallel_s, seed, runs, |run| {
                let mut rng = streams.rng(u64::from(run));
                let mut devices =
                    DeviceConductances::uniform(neurons, inputs, parallel_s, antiparallel_s, 0.0, 1.0);
                let mut probabilities = SwitchingProbabilities::uniform(neurons * inputs, p, d);
                for cell in 0..neurons * inputs {
                    let factor = (spread * standard_normal(&mut rng)).exp();
                    devices.parallel_s[cell] *= factor;
                    devices.antiparallel_s[cell] *= factor;
                    let rate = (hazard * standard_normal(&mut rng)).exp();
                    probabilities.potentiation[cell] = 1.0 - (1.0 - p).powf(rate);
                    probabilities.depression[cell] = 1.0 - (1.0 - d).powf(rate);
                }
                (devices, probabilities)
            })?;
            Ok(SensitivityPoint { value, statistics })
        })
        .collect()
}
