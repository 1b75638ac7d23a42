//! Write errors: the probability that a pulse does not switch the device.
//!
//! N copies see the pulse together. At regular times each is given a weight, the copies are
//! drawn anew in proportion to it (systematic resampling), and the mean weights multiply to
//! the probability. The weight follows the chance u of a copy to be still there at the end of the pulse,
//! which falls steeply with its energy: copies in the depth of the well are the parents of
//! all that remains. Any choice of u gives an unbiased estimate; a good one a small variance.
//!
//! # Formula
//! `u = exp(-E b(s)/kB T)` with the time s left in units of tau_D, `b(s) = A g/(1 + Delta g exp(-2 g s))`,
//! `g = V/V_c - 1`. For A = 1 and long s this is the exact leading left eigenfunction of the linearised
//! equation; A = 3/4 keeps the weights light.
//!
//! Copies safely in the other well, 10 kB T below the pass (half the barrier, for barriers below
//! 20 kB T), are removed for good. The estimate leaves out devices that would come back from there: under a
//! pulse that drives them further a share of order e^-10 of the result, and the thermal return of
//! switched devices during the relaxation.
//!
//! # References
//! P. Del Moral and J. Garnier, Ann. Appl. Probab. 15, 2496 (2005), doi:10.1214/105051605000000566;
//! K. Burdzy, R. Holyst and P. March, Commun. Math. Phys. 214, 679 (2000), doi:10.1007/s002200000294.

use rand::RngExt;
use spinhebb_data::random_stream::Streams;

use super::{Progress, Repeats, Splitting};
use crate::equilibrium::Well;
use crate::error::DeviceError;
use crate::lanes::{Dynamics, Lanes, Stepping};
use crate::mtj::Mtj;
use crate::pulse::{Drive, Pulse};
use crate::state::State;

/// Time between two weighings in damping times tau_D.
const INTERVAL: f64 = 0.25;
/// Share A of the linearised solution's slope.
const SHARE: f64 = 0.75;
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
    let importance = Importance::new(mtj, pulse, start, progress.stability);
    let times = looks(mtj, &dynamics);
    let values = (0..splitting.repeats)
        .map(|repeat| {
            let streams = |what: &str| {
                Streams::new(splitting.seed, &format!("device/write error/{what}/repeat {repeat}"))
            };
            let (initial, noise, choice) = (streams("initial"), streams("thermal field"), streams("refill"));
            let states = (0..splitting.copies as u64).map(|k| (k, well.sample(&mut initial.rng(k))));
            let mut lanes = dynamics.lanes(states);
            let mut probability = 1.0;
            let mut chance = vec![1.0; lanes.len()];
            for (round, pair) in times.windows(2).enumerate() {
                dynamics.advance(&mut lanes, &noise, pair[0]..pair[1]);
                if pair[1] == times[times.len() - 1] {
                    let kept = (0..lanes.len()).filter(|k| State::from_cosine(lanes.cosine(*k)) == start);
                    probability *= kept.map(|k| 1.0 / chance[k]).sum::<f64>() / lanes.len() as f64;
                    break;
                }
                let time_s = dynamics.schedule().time_s(pair[1]);
                let slope = importance.slope((pulse.end_s() - time_s).max(0.0)) * progress.stability;
                let mut weights = vec![0.0; lanes.len()];
                for (k, weight) in weights.iter_mut().enumerate() {
                    let position = progress.at(dynamics.direction(&lanes, k));
                    if position <= gone {
                        let now = (-slope * position.min(1.0)).exp();
                        *weight = now / chance[k];
                        chance[k] = now;
                    }
                }
                let total: f64 = weights.iter().sum();
                probability *= total / lanes.len() as f64;
                if total == 0.0 {
                    break;
                }
                resample(&mut lanes, &mut chance, &weights, total, choice.rng(round as u64).random());
            }
            probability
        })
        .collect();
    Ok(Repeats::of(values))
}

/// How the chance to remain falls with energy.
struct Importance {
    overdrive: f64,
    stability: f64,
    damping_time_s: f64,
}

impl Importance {
    fn new(mtj: &Mtj, pulse: &Pulse, start: State, stability: f64) -> Self {
        let excess = mtj.critical_voltage(start).map_or(0.0, |critical| match pulse.drive {
            Drive::Voltage => pulse.amplitude / critical - 1.0,
            Drive::Current => pulse.amplitude / mtj.transport.current(start, critical) - 1.0,
        });
        Self { overdrive: excess.max(0.0), stability, damping_time_s: mtj.damping_time_s() }
    }

    /// Fall of ln u per kB T with `left_s` of the pulse to come.
    fn slope(&self, left_s: f64) -> f64 {
        let g = self.overdrive;
        SHARE * g / (1.0 + self.stability * g * (-2.0 * g * left_s / self.damping_time_s).exp())
    }
}

/// Systematic resampling in place: a copy of weight w is drawn floor or ceil of `N w/total` times.
fn resample(lanes: &mut Lanes, chance: &mut [f64], weights: &[f64], total: f64, offset: f64) {
    let spacing = total / lanes.len() as f64;
    let (mut reached, mut drawn, mut last) = (0.0, 0_usize, 0);
    let (mut spare, mut free) = (Vec::new(), Vec::new());
    for (k, weight) in weights.iter().enumerate() {
        reached += weight;
        let wanted = (((reached / spacing - offset).ceil().max(0.0)) as usize).min(weights.len());
        match wanted.saturating_sub(drawn) {
            0 => free.push(k),
            times => {
                spare.extend(std::iter::repeat_n(k, times - 1));
                last = k;
            }
        }
        drawn = wanted.max(drawn);
    }
    // Rounding of the sum may leave one draw out.
    spare.extend(std::iter::repeat_n(last, weights.len() - drawn));
    for (from, to) in spare.into_iter().zip(free) {
        lanes.copy_state(from, to);
        chance[to] = chance[from];
    }
}

/// Step indices at which copies are weighed, from 0 to the end of the relaxation.
fn looks(mtj: &Mtj, dynamics: &Dynamics) -> Vec<usize> {
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
