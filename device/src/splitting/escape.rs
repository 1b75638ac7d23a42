//! Rates of thermal escape at constant voltage: retention and read disturb of any device.
//!
//! Forward flux sampling: the flux out of the starting well through the first of a ladder of
//! energies is counted directly; from each rung the fraction that climbs to the next before
//! it falls back into the well is found from copies started at stored crossings. The
//! rungs are set by a pilot run with its own random numbers, so that the estimate of the rate is
//! unbiased at fixed rungs. Crossings are looked for every few steps; this defines
//! the chain whose flux is counted and adds no error.
//!
//! The device is read after it has come 5 kB T down on the other side (a quarter of the barrier, if that is
//! less); the chance to come back from there, of order e^-5 of the result, is left out.
//!
//! # References
//! R. J. Allen, P. B. Warren and P. R. ten Wolde, Phys. Rev. Lett. 94, 018104 (2005),
//! doi:10.1103/PhysRevLett.94.018104.

use rand::RngExt;
use spinhebb_data::random_stream::Streams;

use super::{Progress, Repeats, Splitting};
use crate::equilibrium::Well;
use crate::error::DeviceError;
use crate::lanes::{Dynamics, Lanes, Stepping};
use crate::mtj::Mtj;
use crate::pulse::Pulse;
use crate::state::State;
use crate::vector::Vector;

/// Steps between two looks.
const STEPS: usize = 4;
/// Share of the pilot's copies that reach the next rung.
const CLIMBING: f64 = 0.3;
/// Energy in kB T below which a copy is back in the well, and that of the first rung.
const WELL: f64 = 1.0;
const FIRST_RUNG: f64 = 2.5;
/// Time in damping times that copies settle at the voltage, and over which the flux is counted.
const SETTLING: f64 = 4.0;
const COUNTING: f64 = 10.0;
/// Looks after which a climb is given up as hanging between well and rung.
const LONGEST_CLIMB: usize = 2_000_000;

/// Rate in 1/s of leaving `start` at the constant voltage `volts` (`V > 0` favours parallel).
///
/// # Errors
/// [`DeviceError::OutOfRange`] for a size too small; [`DeviceError::NotApplicable`] if the
/// device does not have two stable states; [`DeviceError::NotConverged`] if no copy climbs
/// from some rung to the next.
pub fn escape_rate(
    mtj: &Mtj,
    volts: f64,
    start: State,
    splitting: &Splitting,
    stepping: &Stepping,
) -> Result<Repeats, DeviceError> {
    splitting.validate()?;
    let climb = Climb::new(mtj, volts, start, stepping)?;
    let purpose = |what: &str| format!("device/escape/{what}");
    let pilot = Run { seed: splitting.seed, name: purpose("pilot"), copies: splitting.copies / 2 };
    let rungs = climb.pilot(&pilot)?;
    let values = (0..splitting.repeats)
        .map(|repeat| {
            let name = purpose(&format!("repeat {repeat}"));
            climb.rate(&Run { seed: splitting.seed, name, copies: splitting.copies }, &rungs)
        })
        .collect::<Result<_, DeviceError>>()?;
    Ok(Repeats::of(values))
}

struct Run {
    seed: u64,
    name: String,
    copies: usize,
}

impl Run {
    fn streams(&self, stage: usize, what: &str) -> Streams {
        Streams::new(self.seed, &format!("{}/stage {stage}/{what}", self.name))
    }
}

struct Climb {
    dynamics: Dynamics,
    well: Well,
    progress: Progress,
    look_s: f64,
    damping_time_s: f64,
    back: f64,
    top: f64,
}

impl Climb {
    fn new(mtj: &Mtj, volts: f64, start: State, stepping: &Stepping) -> Result<Self, DeviceError> {
        let progress = Progress::new(mtj, start)?;
        let largest_s =
            stepping.step_s.unwrap_or_else(|| stepping.integrator.largest_step_s(mtj, volts.abs()));
        let look_s = STEPS as f64 * largest_s;
        Ok(Self {
            dynamics: Dynamics::new(mtj, &Pulse::constant(volts, look_s), stepping)?,
            well: Well::new(mtj, start)?,
            look_s,
            damping_time_s: mtj.damping_time_s(),
            back: WELL / progress.stability,
            top: progress.beyond(5.0_f64.min(0.25 * progress.stability)),
            progress,
        })
    }

    /// Advances to the next look; each look has a noise stream of its own.
    fn advance(&self, lanes: &mut Lanes, run: &Run, stage: usize, look: usize) {
        let noise = run.streams(stage, &format!("look {look}"));
        self.dynamics.advance(lanes, &noise, 0..self.dynamics.schedule().steps().len());
    }

    fn progress(&self, lanes: &Lanes, k: usize) -> f64 {
        self.progress.at(self.dynamics.direction(lanes, k))
    }

    /// Flux through `rung` in 1/s and the directions at the crossings.
    fn flux(&self, run: &Run, rung: f64) -> (f64, Vec<Vector>) {
        let initial = run.streams(0, "initial");
        let states = (0..run.copies as u64).map(|k| (k, self.well.sample(&mut initial.rng(k))));
        let mut lanes = self.dynamics.lanes(states);
        let settling = (SETTLING * self.damping_time_s / self.look_s).ceil() as usize;
        let counting = (COUNTING * self.damping_time_s / self.look_s).ceil() as usize;
        let mut in_well = vec![false; lanes.len()];
        let mut crossings = Vec::new();
        for look in 0..settling + counting {
            self.advance(&mut lanes, run, 0, look);
            for (k, from_well) in in_well.iter_mut().enumerate() {
                let progress = self.progress(&lanes, k);
                if progress < self.back {
                    *from_well = true;
                } else if progress >= rung && *from_well {
                    *from_well = false;
                    if look >= settling {
                        crossings.push(self.dynamics.direction(&lanes, k));
                    }
                }
            }
        }
        let time_s = counting as f64 * self.look_s * lanes.len() as f64;
        (crossings.len() as f64 / time_s, crossings)
    }

    /// Starts copies at random crossings; returns for each its highest progress before it fell
    /// back, and the directions of those that reached `rung`.
    fn climb(&self, run: &Run, stage: usize, crossings: &[Vector], rung: f64) -> (Vec<f64>, Vec<Vector>) {
        let choice = run.streams(stage, "start");
        let states =
            (0..run.copies as u64).map(|k| (k, crossings[choice.rng(k).random_range(0..crossings.len())]));
        let mut lanes = self.dynamics.lanes(states);
        let mut highest = vec![0.0_f64; run.copies];
        let mut reached = Vec::new();
        for look in 0..LONGEST_CLIMB {
            // Those already there, or back, leave; the order of the lanes is kept.
            let mut leaving = vec![false; lanes.len()];
            for (k, leaves) in leaving.iter_mut().enumerate() {
                let progress = self.progress(&lanes, k);
                let identity = lanes.identity(k) as usize;
                highest[identity] = highest[identity].max(progress);
                if progress >= rung {
                    reached.push(self.dynamics.direction(&lanes, k));
                    *leaves = true;
                } else if progress < self.back {
                    *leaves = true;
                }
            }
            let mut k = 0;
            self.dynamics.read_and_remove(&mut lanes, |_| {
                k += 1;
                !leaving[k - 1]
            });
            if lanes.is_empty() {
                break;
            }
            self.advance(&mut lanes, run, stage, look);
        }
        (highest, reached)
    }

    /// Rungs such that a moderate share climbs from each to the next.
    fn pilot(&self, run: &Run) -> Result<Vec<f64>, DeviceError> {
        let mut rungs = vec![(FIRST_RUNG / self.progress.stability).min(0.5)];
        let (_, mut crossings) = self.flux(run, rungs[0]);
        for stage in 1..200 {
            if crossings.is_empty() {
                return Err(stuck(stage, rungs[rungs.len() - 1]));
            }
            let (mut highest, _) = self.climb(run, 2 * stage, &crossings, self.top);
            highest.sort_by(f64::total_cmp);
            let next = highest[((1.0 - CLIMBING) * highest.len() as f64) as usize];
            let present = rungs[rungs.len() - 1];
            // Beyond the pass most copies go on by themselves.
            if next >= 0.999
                || highest.iter().filter(|h| **h >= self.top).count() as f64 > CLIMBING * highest.len() as f64
            {
                rungs.push(self.top);
                return Ok(rungs);
            }
            rungs.push(next.max(present + 0.1 / self.progress.stability));
            crossings = self.climb(run, 2 * stage + 1, &crossings, rungs[rungs.len() - 1]).1;
        }
        Err(stuck(200, rungs[rungs.len() - 1]))
    }

    fn rate(&self, run: &Run, rungs: &[f64]) -> Result<f64, DeviceError> {
        let (mut rate, mut crossings) = self.flux(run, rungs[0]);
        for (stage, rung) in rungs.iter().enumerate().skip(1) {
            if crossings.is_empty() {
                return Err(stuck(stage, *rung));
            }
            let (_, reached) = self.climb(run, stage, &crossings, *rung);
            rate *= reached.len() as f64 / run.copies as f64;
            crossings = reached;
        }
        Ok(rate)
    }
}

fn stuck(stage: usize, rung: f64) -> DeviceError {
    DeviceError::NotConverged {
        what: "the ladder of energies (no copy climbs on)",
        iterations: stage,
        residual: rung,
        advice: "use more copies",
    }
}
