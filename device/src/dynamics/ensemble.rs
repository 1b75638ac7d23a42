//! Switching statistics: many independent trials of one pulse.
//!
//! Trials start in thermal equilibrium in the starting well, see the pulse, relax, and are read
//! as the sign of `m.p`. Trial k draws from the streams (seed, what is simulated, k): any range of
//! trials can be run anywhere, and the counts of disjoint ranges add up.
//!
//! # Early reading
//! During the relaxation at zero voltage a trial whose energy has fallen 20 kB T below the pass
//! between the wells is read at once: coming back over the pass has a probability of order
//! e^-20. Trials that stay higher relax for the full time.

use std::ops::Range;

use rayon::prelude::*;
use spinhebb_data::random_stream::Streams;

use crate::dynamics::block::BLOCK;
use crate::dynamics::lanes::{Dynamics, Lanes, Stepping};
use crate::dynamics::pulse::{Drive, Pulse};
use crate::error::DeviceError;
use crate::junction::constants::BOLTZMANN;
use crate::junction::energy;
use crate::junction::equilibrium::Well;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::junction::vector::SymmetricTensor;

/// Trials held in memory by one worker at a time.
const BATCH: u64 = 8 * BLOCK as u64;
/// Steps of relaxation between two looks at the energies.
const STEPS_BETWEEN_READINGS: usize = 32;
/// Energy below the pass, in kB T, at which a relaxing trial is read.
const SAFE_DEPTH: f64 = 20.0;

/// Size and seed of an ensemble.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    /// Trials to run, such as `0..10_000`; the numbers name the random streams.
    pub trials: Range<u64>,
    /// Master seed.
    pub seed: u64,
    /// How steps are taken.
    pub stepping: Stepping,
}

impl Ensemble {
    /// `trials` trials with `seed` and the default stepping.
    #[must_use]
    pub fn new(trials: u64, seed: u64) -> Self {
        Self { trials: 0..trials, seed, stepping: Stepping::default() }
    }
}

/// Outcome of an ensemble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SwitchingCount {
    /// Trials read in the state opposite to the start.
    pub switched: u64,
    /// Trials run.
    pub trials: u64,
}

impl SwitchingCount {
    /// Fraction switched.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        self.switched as f64 / self.trials as f64
    }

    /// Sum with the outcome of other trials of the same ensemble.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { switched: self.switched + other.switched, trials: self.trials + other.trials }
    }
}

/// Counts the trials of `pulse` that switch from `start` (`V > 0` potentiates: it switches
/// anti-parallel to parallel).
///
/// # Errors
/// [`DeviceError::NotApplicable`] if `start` is not stable at zero voltage; errors of
/// [`Dynamics::new`].
pub fn switching_count(
    mtj: &Mtj,
    pulse: &Pulse,
    start: State,
    ensemble: &Ensemble,
) -> Result<SwitchingCount, DeviceError> {
    let dynamics = Dynamics::new(mtj, pulse, &ensemble.stepping)?;
    let well = Well::new(mtj, start)?;
    let reading = ReadOut::new(mtj, pulse, &dynamics)?;
    let streams = CellStreams::new(ensemble.seed, pulse.drive, pulse.amplitude, pulse.end_s(), start);
    let switched = batches(&ensemble.trials)
        .into_par_iter()
        .map(|trials| {
            let mut lanes = streams.initial_lanes(&dynamics, &well, trials);
            dynamics.advance(&mut lanes, &streams.thermal, 0..dynamics.schedule().pulse_steps());
            reading.count_switched(&dynamics, lanes, &streams.thermal, start)
        })
        .sum();
    Ok(SwitchingCount { switched, trials: ensemble.trials.end - ensemble.trials.start })
}

/// Counts for several widths of a rectangular pulse of `volts` (`V > 0` potentiates) with the same
/// trials: each trial is advanced once through the longest width, and a copy relaxes from the end
/// of every width. Each count alone has the statistics of [`switching_count`]; the counts of
/// different widths are positively correlated.
///
/// `widths_s` must increase. Shape of the result: one count per width.
///
/// # Errors
/// As [`switching_count`], and [`DeviceError::OutOfRange`] if the widths do not increase from above zero.
pub fn switching_counts_by_width(
    mtj: &Mtj,
    volts: f64,
    widths_s: &[f64],
    start: State,
    ensemble: &Ensemble,
) -> Result<Vec<SwitchingCount>, DeviceError> {
    rising_widths(widths_s)?;
    let stages = widths_s
        .iter()
        .enumerate()
        .map(|(i, &width_s)| {
            let before = if i == 0 { 0.0 } else { widths_s[i - 1] };
            let pulse = Pulse::rectangular(volts, width_s - before);
            let dynamics = Dynamics::new(mtj, &pulse, &ensemble.stepping)?;
            let reading = ReadOut::new(mtj, &pulse, &dynamics)?;
            let key = |what| format!("device/ensemble/{what} of width {i}/{start}/{volts:e}");
            let streams =
                (Streams::new(ensemble.seed, &key("pulse")), Streams::new(ensemble.seed, &key("rest")));
            Ok((dynamics, reading, streams))
        })
        .collect::<Result<Vec<_>, DeviceError>>()?;
    let well = Well::new(mtj, start)?;
    let streams = CellStreams::new(ensemble.seed, Drive::Voltage, volts, 0.0, start);
    let switched = batches(&ensemble.trials)
        .into_par_iter()
        .map(|trials| {
            let mut lanes = streams.initial_lanes(&stages[0].0, &well, trials);
            stages
                .iter()
                .map(|(dynamics, reading, (pulse, rest))| {
                    dynamics.advance(&mut lanes, pulse, 0..dynamics.schedule().pulse_steps());
                    reading.count_switched(dynamics, lanes.clone(), rest, start)
                })
                .collect::<Vec<u64>>()
        })
        .reduce(|| vec![0; widths_s.len()], |a, b| a.iter().zip(b).map(|(a, b)| a + b).collect());
    let trials = ensemble.trials.end - ensemble.trials.start;
    Ok(switched.into_iter().map(|switched| SwitchingCount { switched, trials }).collect())
}

/// Refuses widths that do not increase from above zero.
pub(crate) fn rising_widths(widths_s: &[f64]) -> Result<(), DeviceError> {
    let increasing = widths_s.windows(2).all(|pair| pair[0] < pair[1]);
    if increasing && widths_s.first().is_some_and(|width| *width > 0.0) {
        return Ok(());
    }
    let expected = "pulse widths must be positive and increase";
    Err(DeviceError::out_of_range("widths", format!("{widths_s:?}"), expected))
}

/// The trials in portions that one worker holds at a time.
pub(crate) fn batches(trials: &Range<u64>) -> Vec<Range<u64>> {
    (trials.start..trials.end)
        .step_by(BATCH as usize)
        .map(|first| first..(first + BATCH).min(trials.end))
        .collect()
}

/// Streams of one cell (drive, amplitude, width, start).
struct CellStreams {
    initial: Streams,
    thermal: Streams,
}

impl CellStreams {
    fn new(seed: u64, drive: Drive, amplitude: f64, end_s: f64, start: State) -> Self {
        let purpose =
            |what: &str| format!("device/ensemble/{what}/{start}/{drive:?}/{amplitude:e}/{end_s:e}");
        Self {
            initial: Streams::new(seed, &purpose("initial direction")),
            thermal: Streams::new(seed, &purpose("thermal field")),
        }
    }

    fn initial_lanes(&self, dynamics: &Dynamics, well: &Well, trials: Range<u64>) -> Lanes {
        dynamics.lanes(trials.map(|trial| (trial, well.sample(&mut self.initial.rng(trial)))))
    }
}

/// How the state is read after the pulse.
pub(crate) struct ReadOut {
    tensor: SymmetricTensor,
    field: [f64; 3],
    /// Energy density (A/m) below which a relaxing trial is read at once.
    safe_density: Option<f64>,
}

impl ReadOut {
    pub(crate) fn new(mtj: &Mtj, pulse: &Pulse, dynamics: &Dynamics) -> Result<Self, DeviceError> {
        let tensor = mtj.tensor(0.0);
        let field = mtj.field_a_per_m;
        let wells = State::BOTH.map(|state| mtj.well(state));
        let safe_density = match wells {
            [Ok(parallel), Ok(antiparallel)] if pulse.bias_v == 0.0 && !dynamics.is_heated() => {
                let pass = energy::saddle_density(&tensor, field, parallel, antiparallel);
                Some(pass - SAFE_DEPTH * BOLTZMANN * mtj.temperature_k / mtj.energy_per_field())
            }
            _ => None,
        };
        Ok(Self { tensor, field, safe_density })
    }

    /// Relaxes all lanes and counts those read opposite to `start`.
    fn count_switched(&self, dynamics: &Dynamics, lanes: Lanes, noise: &Streams, start: State) -> u64 {
        let mut switched = 0;
        self.read(dynamics, lanes, noise, |_, state| switched += u64::from(state != start));
        switched
    }

    /// Relaxes all lanes and tells the state and the identity of each as it is read.
    pub(crate) fn read(
        &self,
        dynamics: &Dynamics,
        mut lanes: Lanes,
        noise: &Streams,
        mut tell: impl FnMut(u64, State),
    ) {
        let schedule = dynamics.schedule();
        let mut step = schedule.pulse_steps();
        let end = schedule.steps().len();
        while !lanes.is_empty() {
            dynamics.read_and_remove(&mut lanes, |m| {
                let settled = step == end
                    || self
                        .safe_density
                        .is_some_and(|safe| energy::density(&self.tensor, self.field, m.laboratory) < safe);
                if settled {
                    tell(m.identity, State::from_cosine(m.cosine));
                }
                !settled
            });
            let next = (step + STEPS_BETWEEN_READINGS).min(end);
            dynamics.advance(&mut lanes, noise, step..next);
            step = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::instruction_set::InstructionSet;
    use crate::dynamics::integrator::Integrator;
    use crate::junction::preset;

    fn device() -> Mtj {
        preset::load("perpendicular-40nm").unwrap().device.resolve().unwrap()
    }

    #[test]
    fn counts_do_not_depend_on_threads_shards_or_instructions() {
        let mtj = device();
        let pulse = Pulse::trapezoid(0.75, 1e-9, 0.1e-9, 0.2e-9);
        let run = |trials: Range<u64>, set: InstructionSet| {
            let stepping = Stepping { instruction_set: Some(set), ..Stepping::default() };
            let ensemble = Ensemble { trials, seed: 5, stepping };
            switching_count(&mtj, &pulse, State::AntiParallel, &ensemble).unwrap()
        };
        let whole = run(0..1000, InstructionSet::widest());
        assert!(whole.switched > 50 && whole.switched < 950, "{whole:?}");
        for set in InstructionSet::available() {
            let parts = run(0..137, set).plus(run(137..801, set)).plus(run(801..1000, set));
            assert_eq!(parts, whole, "{set:?}");
        }
        let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(one_thread.install(|| run(0..1000, InstructionSet::widest())), whole);
    }

    #[test]
    fn potentiation_switches_only_the_anti_parallel_state() {
        let mtj = device();
        let volts = mtj.critical_voltage(State::AntiParallel).unwrap() * 3.0;
        let pulse = Pulse::rectangular(volts, 3e-9);
        let ensemble = Ensemble::new(500, 1);
        let up = switching_count(&mtj, &pulse, State::AntiParallel, &ensemble).unwrap();
        let stay = switching_count(&mtj, &pulse, State::Parallel, &ensemble).unwrap();
        assert!(up.switched > 490, "{up:?}");
        assert_eq!(stay.switched, 0);
    }

    /// The shared trajectories against independent ones, and the three integrators against each
    /// other: differences of binomial counts at 4.5 standard errors.
    #[test]
    fn widths_and_integrators_agree() {
        let mtj = device();
        let volts = 0.68;
        let widths = [0.7e-9, 1e-9, 1.5e-9];
        let n = 4000;
        let agree = |a: SwitchingCount, b: SwitchingCount, what: &str| {
            let mean = 0.5 * (a.fraction() + b.fraction());
            let error = (2.0 * mean * (1.0 - mean) / n as f64).sqrt() + 1e-3;
            assert!((a.fraction() - b.fraction()).abs() < 4.5 * error, "{what}: {a:?} {b:?}");
        };
        let shared =
            switching_counts_by_width(&mtj, volts, &widths, State::AntiParallel, &Ensemble::new(n, 2))
                .unwrap();
        for (width, count) in widths.iter().zip(&shared) {
            let pulse = Pulse::rectangular(volts, *width);
            for integrator in [Integrator::RungeKutta4, Integrator::Heun, Integrator::ImplicitMidpoint] {
                let stepping = Stepping { integrator, ..Stepping::default() };
                let ensemble = Ensemble { stepping, ..Ensemble::new(n, 3) };
                let own = switching_count(&mtj, &pulse, State::AntiParallel, &ensemble).unwrap();
                agree(*count, own, &format!("{width:e} {integrator:?}"));
            }
        }
    }
}
