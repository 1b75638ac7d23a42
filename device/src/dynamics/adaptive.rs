//! Adaptive integration of high order at zero temperature.
//!
//! Extrapolation of the modified midpoint rule (Gragg, Bulirsch and Stoer) with the even step
//! numbers 2, 4, ..., 20: up to order 20, with the step chosen so that the extrapolation converges
//! within a few columns. No step crosses a jump or kink of the pulse.
//!
//! # References
//! E. Hairer, S. P. Norsett and G. Wanner, "Solving Ordinary Differential Equations I", 2nd ed.,
//! section II.9 (1993).
//!
//! # Not modelled
//! Thermal noise (adaptive steps that redraw noise on rejection are biased) and Joule heating.

use crate::dynamics::llgs::{Equation, FULL, UNHEATED, slope};
use crate::dynamics::pulse::Pulse;
use crate::error::DeviceError;
use crate::junction::mtj::Mtj;
use crate::junction::vector::{Vector, add_scaled, length, normalised};

/// Most columns of the extrapolation tableau.
const COLUMNS: usize = 10;

/// Directions at `times_s` (increasing, from 0 on) of a trajectory that starts at `start` (unit
/// vector, laboratory frame) at time 0, at zero temperature. Positive drive potentiates.
///
/// `tolerance` bounds the local error of a step; 1e-12 is reasonable.
///
/// # Errors
/// [`DeviceError::OutOfRange`] for times that decrease or a tolerance outside (1e-15, 1e-2);
/// [`DeviceError::NotApplicable`] with Joule heating; [`DeviceError::NotConverged`] if the step
/// underflows.
pub fn integrate(
    mtj: &Mtj,
    pulse: &Pulse,
    start: Vector,
    times_s: &[f64],
    tolerance: f64,
) -> Result<Vec<Vector>, DeviceError> {
    if !(tolerance > 1e-15 && tolerance < 1e-2) {
        return Err(DeviceError::out_of_range("tolerance", tolerance, "it must lie between 1e-15 and 1e-2"));
    }
    if times_s.first().is_some_and(|t| *t < 0.0) || times_s.windows(2).any(|pair| pair[1] < pair[0]) {
        return Err(DeviceError::out_of_range(
            "times",
            format!("{times_s:?}"),
            "times must start at 0 or later and increase",
        ));
    }
    if mtj.joule_heating.is_some() {
        return Err(DeviceError::NotApplicable {
            model: "the adaptive integrator",
            reason: "the device is heated by its current; use fixed steps".into(),
        });
    }
    let equation = Equation::new(mtj, pulse.drive)?;
    let breaks = pulse.break_points_s();
    let mut m = equation.to_frame(normalised(start));
    let mut time = 0.0;
    let mut step = 0.5 / (equation.precession * mtj.field_scale(pulse.peak()).max(1.0));
    let mut directions = Vec::with_capacity(times_s.len());
    for &target in times_s {
        while time < target {
            // The end of the smooth interval that contains the present time.
            let next_break = breaks.iter().copied().find(|b| *b > time).unwrap_or(f64::INFINITY);
            let limit = target.min(next_break);
            let whole = limit - time;
            let trial = step.min(whole);
            // Drive within the open interval: limits from inside at both ends.
            let drive = |t: f64| if t >= next_break { pulse.before(t) } else { pulse.at(t) };
            let rate = |t: f64, m: Vector| {
                let rates = equation.instant(drive(t)).scaled(-equation.precession);
                slope::<FULL>(m, [0.0; 3], &rates, UNHEATED, equation.damping)
            };
            match extrapolate(&rate, time, m, trial, tolerance) {
                Some((next, columns)) => {
                    m = normalised(next);
                    time = if trial == whole { limit } else { time + trial };
                    if trial == step || columns > 7 {
                        step = trial
                            * if columns <= 5 {
                                1.5
                            } else if columns <= 7 {
                                1.0
                            } else {
                                0.7
                            };
                    }
                }
                None => {
                    step = 0.4 * trial;
                    if step < 1e-14 * (time + whole) {
                        return Err(DeviceError::NotConverged {
                            what: "the step of the adaptive integrator",
                            iterations: COLUMNS,
                            residual: step,
                            advice: "raise the tolerance",
                        });
                    }
                }
            }
        }
        directions.push(equation.to_laboratory(m));
    }
    Ok(directions)
}

/// One extrapolated step; the new direction and the columns needed, or `None`.
fn extrapolate(
    rate: &impl Fn(f64, Vector) -> Vector,
    time: f64,
    m: Vector,
    step: f64,
    tolerance: f64,
) -> Option<(Vector, usize)> {
    let first = rate(time, m);
    let mut row: Vec<Vector> = Vec::new();
    for column in 0..COLUMNS {
        let count = 2 * (column + 1);
        let h = step / count as f64;
        let (mut before, mut now) = (m, add_scaled(m, h, first));
        for i in 1..count {
            let next = add_scaled(before, 2.0 * h, rate(time + i as f64 * h, now));
            (before, now) = (now, next);
        }
        // Aitken-Neville in h^2: row[k] is the value of order 2(k + 1).
        let previous = std::mem::replace(&mut row, vec![now]);
        for (k, entry) in previous.iter().enumerate() {
            let ratio = (count as f64 / (2 * (column - k)) as f64).powi(2);
            let improved = add_scaled(row[k], 1.0 / (ratio - 1.0), add_scaled(row[k], -1.0, *entry));
            row.push(improved);
        }
        if column > 1 && length(add_scaled(row[column], -1.0, row[column - 1])) < tolerance {
            return Some((row[column], column + 1));
        }
    }
    None
}
