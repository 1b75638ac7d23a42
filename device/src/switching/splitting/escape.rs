//! Rates of thermal escape at constant voltage: retention and read disturb of any device.
//!
//! Forward flux sampling: the flux out of the starting well through the first of a ladder of
//! energies is counted directly; from each rung the fraction that climbs to the next before
//! it falls back into the well is found from copies started at stored crossings. A copy that
//! falls below a lower rung goes on with a chance of one half and then with twice the weight (Russian roulette), so
//! that the long way back into the well costs little. The
//! rungs are set by a pilot run with its own random numbers, so that the estimate of the rate is
//! unbiased at fixed rungs. Crossings are looked for every few steps; this defines
//! the chain whose flux is counted and adds no error.
//!
//! Noise that is held constant over a step of dt makes a precession of angular frequency w colder by (w dt)^2/12
//! of the temperature, half of that on the mean over the way up (w falls to 0 at the pass), and the rate
//! smaller by `Delta (w dt)^2/24` of it. The step is chosen so that this is 2% at most; it is part of the error.
//!
//! Under a voltage of a share i of the critical one fluctuations grow and settle more slowly, both by 1/(1 - i):
//! the energy of the first rung and the time before counting follow.
//!
//! A state that lives less than a hundred of its settling times empties while copies climb, which the
//! product of flux and fractions does not see; there the escapes of a population are counted directly.
//!
//! The device is read after it has come 5 kB T down on the other side (a quarter of the barrier, if that is
//! less); the chance to come back from there, of order e^-5 of the result, is left out.
//!
//! # References
//! - R. J. Allen, P. B. Warren and P. R. ten Wolde, Phys. Rev. Lett. 94, 018104 (2005),
//!   doi:10.1103/PhysRevLett.94.018104;
//! - R. J. Allen, D. Frenkel and P. R. ten Wolde, J. Chem. Phys. 124, 024102 (2006), doi:10.1063/1.2140273
//!   (section II C: pruning).

use rand::RngExt;
use spinhebb_data::random_stream::Streams;

use super::{ReactionCoordinate, Repeats, Splitting};
use crate::dynamics::lanes::{Dynamics, Lanes, Stepping};
use crate::dynamics::pulse::Pulse;
use crate::error::DeviceError;
use crate::junction::constants::GAMMA0;
use crate::junction::equilibrium::Well;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::junction::vector::Vector;

/// Steps between two looks.
const STEPS: usize = 4;
/// Share of the pilot's copies that reach the next rung.
const CLIMBING: f64 = 0.3;
/// Energy in kB T below which a copy is back in the well, and that of the first rung, without voltage.
const WELL: f64 = 1.0;
const FIRST_RUNG: f64 = 2.5;
/// Highest first rung, as a share of the barrier.
const HIGHEST_FIRST_RUNG: f64 = 0.5;
/// Time in damping times that copies settle, and over which the flux is counted, without voltage.
const SETTLING: f64 = 4.0;
const COUNTING: f64 = 4.0;
/// Copies that climb for each one in the well: the flux is found with less work.
const CLIMBERS: usize = 8;
/// Chance to go on below a lower rung.
const SURVIVING: f64 = 0.5;
/// Largest share of the critical voltage for which a rate is given: fluctuations are twenty times the thermal ones.
pub const LARGEST_SHARE: f64 = 0.95;
/// Largest share of the rate by which the finite step may lower it.
const LARGEST_BIAS: f64 = 0.02;
/// Rate times settling time `tau_D/(1 - i)` from which escapes are counted directly.
const SHORT_LIVED: f64 = 0.01;
/// Looks after which a climb is given up as hanging between well and rung.
const LONGEST_CLIMB: usize = 2_000_000;

/// Rate of thermal escape by forward flux.
#[derive(Debug, Clone, PartialEq)]
pub struct Escape {
    /// Rate in 1/s.
    pub rate: Repeats,
    /// Share of the rate by which the finite step may have lowered it.
    pub step_bias: f64,
}

impl Escape {
    /// Absolute error of the rate in 1/s: half width of the 95% interval, and the bias of the step.
    #[must_use]
    pub fn error(&self) -> f64 {
        self.rate.half_width() + self.step_bias * self.rate.mean
    }
}

/// Rate of leaving `start` at the constant voltage `volts` (`V > 0` favours parallel).
///
/// # Errors
/// [`DeviceError::OutOfRange`] for a size too small; [`DeviceError::NotApplicable`] if the
/// device does not have two stable states or `volts` is above 95% of the critical voltage;
/// [`DeviceError::NotConverged`] if no copy climbs from some rung to the next.
pub fn escape_rate(
    mtj: &Mtj,
    volts: f64,
    start: State,
    splitting: &Splitting,
) -> Result<Escape, DeviceError> {
    splitting.validate()?;
    let climb = Climb::new(mtj, volts, start, &splitting.stepping)?;
    let purpose = |what: &str| format!("device/escape/{what}");
    let pilot = Repeat { seed: splitting.seed, name: purpose("pilot"), copies: splitting.copies };
    let rungs = climb.pilot(&pilot)?;
    let one = |repeat: &Repeat| match &rungs {
        Some(rungs) => climb.rate(repeat, rungs),
        None => Ok(climb.population(repeat).escapes),
    };
    let mut found = splitting.repeat(|repeat| {
        let name = purpose(&format!("repeat {repeat}"));
        Ok(vec![one(&Repeat { seed: splitting.seed, name, copies: splitting.copies })?])
    })?;
    Ok(Escape { rate: found.remove(0), step_bias: climb.step_bias })
}

struct Repeat {
    seed: u64,
    name: String,
    copies: usize,
}

impl Repeat {
    fn streams(&self, stage: usize, what: &str) -> Streams {
        Streams::new(self.seed, &format!("{}/stage {stage}/{what}", self.name))
    }
}

/// A population in the well that is kept up.
struct KeptPopulation {
    /// Flux through the first rung and out of the well, in 1/s.
    flux: f64,
    escapes: f64,
    crossings: Crossings,
}

/// Directions at which copies came through a rung, with their weights.
#[derive(Default)]
struct Crossings {
    directions: Vec<Vector>,
    weights: Vec<f64>,
}

impl Crossings {
    fn push(&mut self, direction: Vector, weight: f64) {
        self.directions.push(direction);
        self.weights.push(weight);
    }

    /// `count` directions in proportion to the weights, by systematic sampling.
    fn draw(&self, count: usize, offset: f64) -> Vec<Vector> {
        let spacing = self.weights.iter().sum::<f64>() / count as f64;
        let (mut place, mut reached) = (0, self.weights[0]);
        (0..count)
            .map(|k| {
                let wanted = (k as f64 + offset) * spacing;
                while reached <= wanted && place + 1 < self.weights.len() {
                    place += 1;
                    reached += self.weights[place];
                }
                self.directions[place]
            })
            .collect()
    }
}

/// From where copies climb, and whereto.
struct Ladder<'a> {
    /// Where they start: crossings of the last of the rungs.
    crossings: &'a Crossings,
    rungs: &'a [f64],
    goal: f64,
}

struct Climb {
    dynamics: Dynamics,
    well: Well,
    progress: ReactionCoordinate,
    look_s: f64,
    /// Time in s that copies settle, and over which the flux is counted.
    settling_s: f64,
    counting_s: f64,
    back: f64,
    first_rung: f64,
    top: f64,
    step_bias: f64,
}

impl Climb {
    fn new(mtj: &Mtj, volts: f64, start: State, stepping: &Stepping) -> Result<Self, DeviceError> {
        let progress = ReactionCoordinate::new(mtj, start)?;
        let share = mtj.critical_voltage(start).map_or(0.0, |critical| (volts / critical).max(0.0));
        if share > LARGEST_SHARE {
            return Err(DeviceError::NotApplicable {
                model: "a rate of thermal escape",
                reason: format!(
                    "{volts} V is {share:.3} of the critical voltage of the {start} state and at most {LARGEST_SHARE} \
                     leaves a barrier; use a lower voltage, or the write error of a pulse"
                ),
            });
        }
        let growth = 1.0 / (1.0 - share);
        let (soft, hard) = mtj.stiffness(start, 0.0)?;
        let precession = GAMMA0 * (soft * hard).sqrt();
        let bias = |step_s: f64| progress.stability * (precession * step_s).powi(2) / 24.0;
        let step_s = stepping.step_s.unwrap_or_else(|| {
            let largest_s = stepping.integrator.largest_step_s(mtj, volts.abs());
            largest_s * (LARGEST_BIAS / bias(largest_s)).sqrt().min(1.0)
        });
        let stepping = Stepping { step_s: Some(step_s), ..*stepping };
        let look_s = STEPS as f64 * step_s;
        let first_rung = (FIRST_RUNG * growth / progress.stability).min(HIGHEST_FIRST_RUNG);
        Ok(Self {
            dynamics: Dynamics::new(mtj, &Pulse::constant(volts, look_s), &stepping)?,
            well: Well::new(mtj, start)?,
            look_s,
            settling_s: SETTLING * growth * mtj.damping_time_s(),
            counting_s: COUNTING * growth * mtj.damping_time_s(),
            back: WELL / FIRST_RUNG * first_rung,
            first_rung,
            top: progress.beyond(5.0_f64.min(0.25 * progress.stability)),
            step_bias: bias(step_s),
            progress,
        })
    }

    /// Advances to the next look; each look has a noise stream of its own.
    fn advance(&self, lanes: &mut Lanes, repeat: &Repeat, stage: usize, look: usize) {
        let noise = repeat.streams(stage, &format!("look {look}"));
        self.dynamics.advance(lanes, &noise, 0..self.dynamics.schedule().steps().len());
    }

    fn progress(&self, lanes: &Lanes, k: usize) -> f64 {
        self.progress.at(self.dynamics.direction(lanes, k))
    }

    /// Counts crossings of the first rung, and escapes. A copy that escapes goes on from where another one is, so that
    /// the population stays the one that has not escaped.
    fn population(&self, repeat: &Repeat) -> KeptPopulation {
        let initial = repeat.streams(0, "initial");
        let copies = (repeat.copies / CLIMBERS) as u64;
        let states = (0..copies).map(|k| (k, self.well.sample(&mut initial.rng(k))));
        let mut lanes = self.dynamics.lanes(states);
        let settling = (self.settling_s / self.look_s).ceil() as usize;
        let counting = (self.counting_s / self.look_s).ceil() as usize;
        let refill = repeat.streams(0, "refill");
        let mut in_well = vec![false; lanes.len()];
        let (mut crossings, mut escapes) = (Crossings::default(), 0);
        for look in 0..settling + counting {
            self.advance(&mut lanes, repeat, 0, look);
            let mut escaped = Vec::new();
            for (k, from_well) in in_well.iter_mut().enumerate() {
                let progress = self.progress(&lanes, k);
                if progress < self.back {
                    *from_well = true;
                } else if progress >= self.first_rung && *from_well {
                    *from_well = false;
                    if look >= settling {
                        crossings.push(self.dynamics.direction(&lanes, k), 1.0);
                    }
                }
                if progress >= self.top {
                    escaped.push(k);
                }
            }
            escapes += if look >= settling { escaped.len() } else { 0 };
            if !escaped.is_empty() && escaped.len() < lanes.len() {
                let mut choice = refill.rng(look as u64);
                let stayed: Vec<usize> = (0..lanes.len()).filter(|k| !escaped.contains(k)).collect();
                for k in escaped {
                    let other = stayed[choice.random_range(0..stayed.len())];
                    lanes.copy_state(other, k);
                    in_well[k] = in_well[other];
                }
            }
        }
        let time_s = counting as f64 * self.look_s * lanes.len() as f64;
        KeptPopulation {
            flux: crossings.weights.len() as f64 / time_s,
            escapes: escapes as f64 / time_s,
            crossings,
        }
    }

    /// Starts copies at crossings of the last of the rungs; returns for each its highest progress before it fell
    /// back or was given up, and the crossings of the goal with their weights.
    fn climb(&self, repeat: &Repeat, stage: usize, ladder: Ladder<'_>) -> (Vec<f64>, Crossings) {
        let Ladder { crossings, rungs, goal } = ladder;
        let starts = crossings.draw(repeat.copies, repeat.streams(stage, "start").rng(0).random());
        let mut lanes = self.dynamics.lanes((0..).zip(starts));
        let fate = repeat.streams(stage, "roulette");
        let mut fate: Vec<_> = (0..repeat.copies as u64).map(|k| fate.rng(k)).collect();
        let mut highest = vec![0.0_f64; repeat.copies];
        let mut weight = vec![1.0_f64; repeat.copies];
        // Rungs below the start that each copy has not yet fallen below.
        let mut below = vec![rungs.len() - 1; repeat.copies];
        let mut reached = Crossings::default();
        for look in 0..LONGEST_CLIMB {
            // Those already there, back or given up leave; the order of the lanes is kept.
            let mut leaving = vec![false; lanes.len()];
            for (k, leaves) in leaving.iter_mut().enumerate() {
                let progress = self.progress(&lanes, k);
                let copy = lanes.identity(k) as usize;
                highest[copy] = highest[copy].max(progress);
                if progress >= goal {
                    reached.push(self.dynamics.direction(&lanes, k), weight[copy]);
                    *leaves = true;
                } else if progress < self.back {
                    *leaves = true;
                } else {
                    while !*leaves && below[copy] > 0 && progress < rungs[below[copy] - 1] {
                        below[copy] -= 1;
                        weight[copy] /= SURVIVING;
                        *leaves = fate[copy].random::<f64>() >= SURVIVING;
                    }
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
            self.advance(&mut lanes, repeat, stage, look);
        }
        (highest, reached)
    }

    /// Rungs such that a moderate share climbs from each to the next; none for a short-lived state.
    fn pilot(&self, repeat: &Repeat) -> Result<Option<Vec<f64>>, DeviceError> {
        let mut rungs = vec![self.first_rung];
        let population = self.population(repeat);
        if population.escapes * self.settling_s / SETTLING >= SHORT_LIVED {
            return Ok(None);
        }
        let mut crossings = population.crossings;
        for stage in 1..1000 {
            if crossings.weights.is_empty() {
                return Err(stuck(stage, rungs[rungs.len() - 1]));
            }
            // The few that are given up below a rung and would have come back matter little for where to set the next.
            let (mut highest, _) = self.climb(
                repeat,
                2 * stage,
                Ladder { crossings: &crossings, rungs: &rungs, goal: self.top },
            );
            highest.sort_by(f64::total_cmp);
            let next = highest[((1.0 - CLIMBING) * highest.len() as f64) as usize];
            let present = rungs[rungs.len() - 1];
            // Beyond the pass most copies go on by themselves.
            if next >= 0.999
                || highest.iter().filter(|h| **h >= self.top).count() as f64 > CLIMBING * highest.len() as f64
            {
                rungs.push(self.top);
                return Ok(Some(rungs));
            }
            let next = next.max(present + 0.1 / self.progress.stability);
            let ladder = Ladder { crossings: &crossings, rungs: &rungs, goal: next };
            crossings = self.climb(repeat, 2 * stage + 1, ladder).1;
            rungs.push(next);
        }
        Err(stuck(1000, rungs[rungs.len() - 1]))
    }

    fn rate(&self, repeat: &Repeat, rungs: &[f64]) -> Result<f64, DeviceError> {
        let KeptPopulation { flux: mut rate, mut crossings, .. } = self.population(repeat);
        for (stage, rung) in rungs.iter().enumerate().skip(1) {
            if crossings.weights.is_empty() {
                return Err(stuck(stage, *rung));
            }
            let ladder = Ladder { crossings: &crossings, rungs: &rungs[..stage], goal: *rung };
            let (_, reached) = self.climb(repeat, stage, ladder);
            rate *= reached.weights.iter().sum::<f64>() / repeat.copies as f64;
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
