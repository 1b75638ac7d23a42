//! Switching statistics of coupled layers: counts and tables in the same form as for one macrospin.
//!
//! Trials start in thermal equilibrium in the starting well, see the pulse, relax for the full time and are
//! read as the sign of `m1.p` of the barrier layer.

use rayon::prelude::*;
use spinhebb_data::random_stream::Streams;

use super::pairs::{CoupledDynamics, LayerStreams};
use crate::dynamics::ensemble::{Ensemble, SwitchingCount, batches, rising_widths};
use crate::dynamics::pulse::Pulse;
use crate::error::DeviceError;
use crate::junction::coupled::{CoupledMtj, CoupledWell};
use crate::junction::state::State;

/// A pulse that continues the one before, and a relaxation that is read.
struct PulseStage {
    dynamics: CoupledDynamics,
    pulse: LayerStreams,
    rest: LayerStreams,
}

impl PulseStage {
    fn new(
        device: &CoupledMtj,
        pulse: &Pulse,
        start: State,
        ensemble: &Ensemble,
        name: &str,
    ) -> Result<Self, DeviceError> {
        let streams = |what: &str| {
            let cell = format!("{start}/{:?}/{:e}", pulse.drive, pulse.amplitude);
            LayerStreams::new(ensemble.seed, &format!("device/coupled ensemble/{what} of {name}/{cell}"))
        };
        Ok(Self {
            dynamics: CoupledDynamics::new(device, pulse, &ensemble.stepping)?,
            pulse: streams("pulse"),
            rest: streams("rest"),
        })
    }
}

/// Counts the trials of `pulse` that switch from `start` (`V > 0` potentiates: it switches anti-parallel
/// to parallel).
///
/// # Errors
/// [`DeviceError::NotApplicable`] if `start` is not stable at zero voltage; errors of
/// [`CoupledDynamics::new`].
pub fn switching_count(
    device: &CoupledMtj,
    pulse: &Pulse,
    start: State,
    ensemble: &Ensemble,
) -> Result<SwitchingCount, DeviceError> {
    let stage = PulseStage::new(device, pulse, start, ensemble, &format!("end {:e}", pulse.end_s()))?;
    Ok(counts(device, &[stage], start, ensemble)?[0])
}

/// Counts for several widths of a rectangular pulse of `volts` (`V > 0` potentiates) with the same trials,
/// as [`crate::dynamics::ensemble::switching_counts_by_width`].
///
/// # Errors
/// As [`switching_count`], and [`DeviceError::OutOfRange`] if the widths do not increase from above zero.
pub fn switching_counts_by_width(
    device: &CoupledMtj,
    volts: f64,
    widths_s: &[f64],
    start: State,
    ensemble: &Ensemble,
) -> Result<Vec<SwitchingCount>, DeviceError> {
    rising_widths(widths_s)?;
    let stages = widths_s
        .iter()
        .enumerate()
        .map(|(i, width_s)| {
            let before = if i == 0 { 0.0 } else { widths_s[i - 1] };
            let pulse = Pulse::rectangular(volts, width_s - before);
            PulseStage::new(device, &pulse, start, ensemble, &format!("width {i}"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    counts(device, &stages, start, ensemble)
}

/// One count for each stage; the trials pass through all of them in order.
fn counts(
    device: &CoupledMtj,
    stages: &[PulseStage],
    start: State,
    ensemble: &Ensemble,
) -> Result<Vec<SwitchingCount>, DeviceError> {
    let well = CoupledWell::new(device, start)?;
    let initial = Streams::new(ensemble.seed, &format!("device/coupled ensemble/initial directions/{start}"));
    let switched = batches(&ensemble.trials)
        .into_par_iter()
        .map(|trials| {
            let starts = trials.map(|trial| (trial, well.sample(&mut initial.rng(trial))));
            let mut pairs = stages[0].dynamics.pairs(starts);
            stages
                .iter()
                .map(|stage| {
                    let (in_pulse, all) =
                        (stage.dynamics.schedule().pulse_steps(), stage.dynamics.schedule().steps().len());
                    stage.dynamics.advance(&mut pairs, &stage.pulse, 0..in_pulse);
                    let mut resting = pairs.clone();
                    stage.dynamics.advance(&mut resting, &stage.rest, in_pulse..all);
                    let read = (0..resting.len()).map(|k| State::from_cosine(resting.cosine(k)));
                    read.filter(|state| *state != start).count() as u64
                })
                .collect::<Vec<u64>>()
        })
        .reduce(|| vec![0; stages.len()], |a, b| a.iter().zip(b).map(|(a, b)| a + b).collect());
    let trials = ensemble.trials.end - ensemble.trials.start;
    Ok(switched.into_iter().map(|switched| SwitchingCount { switched, trials }).collect())
}
