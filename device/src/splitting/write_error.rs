//! Write errors: the probability that a pulse does not switch the device.
//!
//! N copies see the pulse together. At regular times those that lie safely in the other
//! well are removed and their places given to copies of the others, spread evenly
//! (systematic resampling); the fractions that stayed multiply to the probability.
//!
//! Removal is final: the estimate leaves out devices that come back after they were removed. They
//! are removed 10 kB T below the pass (half the barrier, for barriers below 20 kB T), under a
//! pulse that drives them further, so that this share is of order e^-10 of the result, plus the thermal
//! return of switched devices during the relaxation.
//!
//! # References
//! P. Del Moral and J. Garnier, Ann. Appl. Probab. 15, 2496 (2005), doi:10.1214/105051605000000566;
//! K. Burdzy, R. Holyst and P. March, Commun. Math. Phys. 214, 679 (2000), doi:10.1007/s002200000294.

use rand::RngExt;
use spinhebb_data::random_stream::Streams;

use super::{Progress, Repeats, Splitting};
use crate::equilibrium::Well;
use crate::error::DeviceError;
use crate::lanes::{Dynamics, Stepping};
use crate::mtj::Mtj;
use crate::pulse::Pulse;
use crate::state::State;

/// Time between removals in damping times tau_D.
const INTERVAL: f64 = 0.25;
/// Depth in kB T below the pass at which a copy counts as switched.
const SAFE_DEPTH: f64 = 10.0;

/// Probability that `pulse` leaves the device in `start` (`V > 0` potentiates: it switches
/// anti-parallel to parallel); reading as in the ensemble.
///
/// # Errors
/// [`DeviceError::OutOfRange`] for a size too small; [`DeviceError::NotApplicable`] if the
/// device does not have two stable states; errors of [`Dynamics::new`].
pub fn write_error(
    mtj: &Mtj,
    pulse: &Pulse,
    start: State,
    splitting: &Splitting,
    stepping: &Stepping,
) -> Result<Repeats, DeviceError> {
    splitting.validate()?;
    let dynamics = Dynamics::new(mtj, pulse, stepping)?;
    let well = Well::new(mtj, start)?;
    let progress = Progress::new(mtj, start)?;
    let gone = progress.beyond(SAFE_DEPTH.min(0.5 * progress.stability));
    let times = removals(mtj, &dynamics);
    let values = (0..splitting.repeats)
        .map(|repeat| {
            let streams = |what: &str| {
                Streams::new(splitting.seed, &format!("device/write error/{what}/repeat {repeat}"))
            };
            let (initial, noise, choice) = (streams("initial"), streams("thermal field"), streams("refill"));
            let states = (0..splitting.copies as u64).map(|k| (k, well.sample(&mut initial.rng(k))));
            let mut lanes = dynamics.lanes(states);
            let mut probability = 1.0;
            for (round, pair) in times.windows(2).enumerate() {
                dynamics.advance(&mut lanes, &noise, pair[0]..pair[1]);
                let (mut kept, mut free) = (Vec::new(), Vec::new());
                let last = pair[1] == times[times.len() - 1];
                for k in 0..lanes.len() {
                    let switched = if last {
                        State::from_cosine(lanes.cosine(k)) != start
                    } else {
                        progress.at(dynamics.direction(&lanes, k)) > gone
                    };
                    if switched { free.push(k) } else { kept.push(k) }
                }
                probability *= kept.len() as f64 / lanes.len() as f64;
                if kept.is_empty() {
                    break;
                }
                // Systematic resampling: the free places draw evenly spread survivors.
                let offset: f64 = choice.rng(round as u64).random();
                let spacing = kept.len() as f64 / free.len().max(1) as f64;
                for (i, place) in free.iter().enumerate() {
                    let pick = (((i as f64 + offset) * spacing) as usize).min(kept.len() - 1);
                    lanes.copy_state(kept[pick], *place);
                }
            }
            probability
        })
        .collect();
    Ok(Repeats::of(values))
}

/// Step indices at which copies are removed, from 0 to the end of the relaxation.
fn removals(mtj: &Mtj, dynamics: &Dynamics) -> Vec<usize> {
    let schedule = dynamics.schedule();
    let end = schedule.steps().len();
    let mut times = vec![0];
    let mut due = INTERVAL * mtj.damping_time_s();
    for step in 1..end {
        if schedule.time_s(step) >= due {
            times.push(step);
            due += INTERVAL * mtj.damping_time_s();
        }
    }
    times.push(end);
    times
}
