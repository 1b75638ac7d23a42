//! Write errors: the probability that a pulse does not switch the device.
//!
//! N copies see the pulse together. At regular times each is given a weight, the copies are
//! drawn anew in proportion to it (systematic resampling), and the mean weights multiply to
//! the probability. The weight follows an importance u of the copy's energy: copies in the depth of the well are
//! the parents of all that remains later, those higher up are most of what remains now. Any choice
//! of u gives an unbiased estimate; a good one a small variance.
//!
//! # Formula
//! `u = exp(-A g E/kB T) + c`, `g = V/V_c - 1`, `c = 1/(1 + A g Delta)`. For A = 1 the first term is the
//! leading left eigenfunction of the linearised equation; A = 3/4 keeps the weights light. Under an overdrive
//! the copies left spread evenly over energies, so that c is the mean of the first term: one
//! half of the copies stands for each of the two. As u does not ask when the pulse ends, one run gives
//! every width: a copy of the population relaxes and is read at the end of each.
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

use super::{ReactionCoordinate, Repeats, Splitting};
use crate::dynamics::ensemble::{ReadOut, rising_widths};
use crate::dynamics::lanes::{Dynamics, Lanes};
use crate::dynamics::pulse::{Drive, Pulse};
use crate::error::DeviceError;
use crate::junction::equilibrium::Well;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;

/// Time between two weighings in damping times tau_D, up to an overdrive g of 1; beyond, over g.
const INTERVAL: f64 = 0.25;
/// Share A of the linearised solution's slope.
const SHARE: f64 = 0.75;
/// Depth in kB T below the pass at which a copy counts as switched.
const SAFE_DEPTH: f64 = 10.0;
/// Probability below which a run is not followed any further.
pub const FLOOR: f64 = 1e-17;

/// Probability that `pulse` leaves the device in `start` (`V > 0` potentiates: it switches
/// anti-parallel to parallel); reading as in the ensemble.
///
/// # Errors
/// [`DeviceError::OutOfRange`] for a size too small; [`DeviceError::NotApplicable`] if the
/// device does not have two stable states; [`DeviceError::NotConverged`] if no copy is left; errors of
/// [`Dynamics::new`].
pub fn write_error(
    mtj: &Mtj,
    pulse: &Pulse,
    start: State,
    splitting: &Splitting,
) -> Result<Repeats, DeviceError> {
    splitting.validate()?;
    let copies = Copies::new(mtj, pulse, start, splitting)?;
    let mut found = splitting.repeat(|repeat| {
        let mut run = copies.begin(repeat, pulse)?;
        Ok(vec![run.stage(0, pulse)?])
    })?;
    Ok(found.remove(0))
}

/// Probabilities that rectangular pulses of `volts` (`V > 0` potentiates) leave the device in `start`, for
/// all widths from the same runs: each alone has the statistics of [`write_error`], neighbours are
/// correlated, so that the curve is smooth. Widths at which a run has fallen below [`FLOOR`] get 0 from it.
///
/// `widths_s` must increase. Shape of the result: one estimate per width.
///
/// # Errors
/// As [`write_error`], and [`DeviceError::OutOfRange`] if the widths do not increase from above zero.
pub fn write_errors_by_width(
    mtj: &Mtj,
    volts: f64,
    widths_s: &[f64],
    start: State,
    splitting: &Splitting,
) -> Result<Vec<Repeats>, DeviceError> {
    splitting.validate()?;
    rising_widths(widths_s)?;
    let piece = |i: usize| {
        let before = if i == 0 { 0.0 } else { widths_s[i - 1] };
        Pulse::rectangular(volts, widths_s[i] - before)
    };
    let copies = Copies::new(mtj, &piece(0), start, splitting)?;
    splitting.repeat(|repeat| {
        let mut run = copies.begin(repeat, &piece(0))?;
        let mut kept = vec![0.0; widths_s.len()];
        for (i, kept) in kept.iter_mut().enumerate() {
            if run.bound() < FLOOR {
                break;
            }
            *kept = run.stage(i, &piece(i))?;
        }
        Ok(kept)
    })
}

/// What all repeats have in common.
struct Copies<'a> {
    mtj: &'a Mtj,
    start: State,
    splitting: &'a Splitting,
    well: Well,
    progress: ReactionCoordinate,
    /// Progress beyond which a copy counts as switched.
    gone: f64,
    importance: Importance,
    interval_s: f64,
}

/// One repeat under way.
struct CopiesUnderWay<'a> {
    copies: &'a Copies<'a>,
    repeat: u32,
    lanes: Lanes,
    /// Importance by which each copy was drawn.
    drawn_by: Vec<f64>,
    probability: f64,
    since_weighing_s: f64,
}

impl<'a> Copies<'a> {
    fn new(mtj: &'a Mtj, pulse: &Pulse, start: State, splitting: &'a Splitting) -> Result<Self, DeviceError> {
        let well = Well::new(mtj, start)?;
        let progress = ReactionCoordinate::new(mtj, start)?;
        let importance = Importance::new(mtj, pulse, start, progress.stability);
        Ok(Self {
            well,
            gone: progress.beyond(SAFE_DEPTH.min(0.5 * progress.stability)),
            interval_s: INTERVAL * mtj.damping_time_s() / importance.overdrive.max(1.0),
            mtj,
            start,
            splitting,
            progress,
            importance,
        })
    }

    fn streams(&self, repeat: u32, what: &str) -> Streams {
        Streams::new(self.splitting.seed, &format!("device/write error/{what}/repeat {repeat}"))
    }

    fn begin(&'a self, repeat: u32, first: &Pulse) -> Result<CopiesUnderWay<'a>, DeviceError> {
        let initial = self.streams(repeat, "initial");
        let states = (0..self.splitting.copies as u64).map(|k| (k, self.well.sample(&mut initial.rng(k))));
        Ok(CopiesUnderWay {
            copies: self,
            repeat,
            lanes: Dynamics::new(self.mtj, first, &self.splitting.stepping)?.lanes(states),
            drawn_by: vec![1.0; self.splitting.copies],
            probability: 1.0,
            since_weighing_s: 0.0,
        })
    }
}

impl CopiesUnderWay<'_> {
    /// Goes on through `pulse`, the stage of number `index`; returns the probability to be read in the start state
    /// after it.
    fn stage(&mut self, index: usize, pulse: &Pulse) -> Result<f64, DeviceError> {
        let copies = self.copies;
        let streams = |what: &str| copies.streams(self.repeat, &format!("{what} of stage {index}"));
        let (noise, choice) = (streams("thermal field"), streams("refill"));
        let dynamics = Dynamics::new(copies.mtj, pulse, &copies.splitting.stepping)?;
        let schedule = dynamics.schedule();
        let (mut step, mut weighings) = (0, 0);
        while step < schedule.pulse_steps() {
            let began_s = schedule.time_s(step);
            let due = |s: usize| self.since_weighing_s + schedule.time_s(s) - began_s >= copies.interval_s;
            let next = (step + 1..schedule.pulse_steps()).find(|s| due(*s)).unwrap_or(schedule.pulse_steps());
            dynamics.advance(&mut self.lanes, &noise, step..next);
            self.since_weighing_s += schedule.time_s(next) - began_s;
            if self.since_weighing_s >= copies.interval_s {
                self.weigh(&dynamics, choice.rng(weighings).random())?;
                self.since_weighing_s = 0.0;
                weighings += 1;
            }
            step = next;
        }
        let reading = ReadOut::new(copies.mtj, pulse, &dynamics)?;
        let mut kept = vec![false; self.lanes.len()];
        reading.read(&dynamics, self.lanes.clone(), &noise, |identity, state| {
            kept[identity as usize] = state == copies.start;
        });
        let total: f64 =
            kept.iter().zip(&self.drawn_by).filter(|(kept, _)| **kept).map(|(_, u)| 1.0 / u).sum();
        Ok(self.probability * total / kept.len() as f64)
    }

    /// Largest probability that can still be found.
    fn bound(&self) -> f64 {
        self.probability / self.copies.importance.constant
    }

    fn weigh(&mut self, dynamics: &Dynamics, offset: f64) -> Result<(), DeviceError> {
        let copies = self.copies;
        let mut weights = vec![0.0; self.lanes.len()];
        for (k, weight) in weights.iter_mut().enumerate() {
            let position = copies.progress.at(dynamics.direction(&self.lanes, k));
            if position <= copies.gone {
                let now = copies.importance.at(position);
                *weight = now / self.drawn_by[k];
                self.drawn_by[k] = now;
            }
        }
        let total: f64 = weights.iter().sum();
        if total == 0.0 {
            return Err(DeviceError::NotConverged {
                what: "splitting of a write error (no copy is left)",
                iterations: self.lanes.len(),
                residual: self.probability,
                advice: "use more copies",
            });
        }
        self.probability *= total / self.lanes.len() as f64;
        resample(&mut self.lanes, &mut self.drawn_by, &weights, total, offset);
        Ok(())
    }
}

/// How the importance falls with energy.
struct Importance {
    overdrive: f64,
    /// Fall of the exponential over the whole barrier.
    slope: f64,
    constant: f64,
}

impl Importance {
    fn new(mtj: &Mtj, pulse: &Pulse, start: State, stability: f64) -> Self {
        let excess = mtj.critical_voltage(start).map_or(0.0, |critical| match pulse.drive {
            Drive::Voltage => pulse.amplitude / critical - 1.0,
            Drive::Current => pulse.amplitude / mtj.transport.current(start, critical) - 1.0,
        });
        let overdrive = excess.max(0.0);
        let slope = SHARE * overdrive * stability;
        Self { overdrive, slope, constant: 1.0 / (1.0 + slope) }
    }

    /// Importance at a progress; beyond the pass that at the pass.
    fn at(&self, progress: f64) -> f64 {
        (-self.slope * progress.min(1.0)).exp() + self.constant
    }
}

/// Systematic resampling in place: a copy of weight w is drawn floor or ceil of `N w/total` times.
fn resample(lanes: &mut Lanes, drawn_by: &mut [f64], weights: &[f64], total: f64, offset: f64) {
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
        drawn_by[to] = drawn_by[from];
    }
}
