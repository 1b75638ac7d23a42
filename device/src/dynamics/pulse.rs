//! Drive pulses: the voltage (or current) across the junction against time.
//!
//! `V > 0` is potentiation (anti-parallel to parallel), `V < 0` depression. The width is the
//! full width of the pulse, from the start of the rise to the end of the fall; rise and fall
//! lie inside it. After the pulse the drive is the bias, for the relaxation time, before the state is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the source imposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Drive {
    /// The voltage across the junction; the current follows the instantaneous conductance.
    #[default]
    Voltage,
    /// The current through the junction; the voltage follows the instantaneous conductance.
    Current,
}

/// A pulse ready for use: the drive at every time, and the times where its slope jumps.
#[derive(Debug, Clone, PartialEq)]
pub struct Pulse {
    /// What the source imposes.
    pub drive: Drive,
    /// Amplitude in V (A for current drive); positive potentiates (anti-parallel to parallel).
    pub amplitude: f64,
    /// Constant voltage under and after the pulse, V (zero for current drive).
    pub bias_v: f64,
    /// Time from the end of the pulse to the reading, s; `None`: the device's default.
    pub relaxation_s: Option<f64>,
    pub(super) waveform: Waveform,
}

/// Resolved shapes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Waveform {
    /// Points (time in s, level); times do not decrease.
    Linear(Vec<(f64, f64)>),
    /// Double exponential.
    DoubleExponential { width_s: f64, rise_s: f64, fall_s: f64, scale: f64 },
}

impl Pulse {
    /// Rectangular voltage pulse; `volts > 0` potentiates (anti-parallel to parallel).
    #[must_use]
    pub fn rectangular(volts: f64, width_s: f64) -> Self {
        Self::trapezoid(volts, width_s, 0.0, 0.0)
    }

    /// Voltage pulse with linear edges inside the full width; `volts > 0` potentiates
    /// (anti-parallel to parallel). Edges longer than the width are cut to meet in a peak.
    #[must_use]
    pub fn trapezoid(volts: f64, width_s: f64, rise_s: f64, fall_s: f64) -> Self {
        Self {
            drive: Drive::Voltage,
            amplitude: volts,
            bias_v: 0.0,
            relaxation_s: None,
            waveform: Waveform::Linear(trapezoid(0.0, width_s, rise_s, fall_s)),
        }
    }

    /// Constant bias `volts` for `duration_s`, read at its end (no relaxation).
    #[must_use]
    pub fn constant(volts: f64, duration_s: f64) -> Self {
        Self { relaxation_s: Some(0.0), ..Self::rectangular(volts, duration_s) }
    }

    /// The same pulse with another amplitude (V, or A for current drive); positive potentiates.
    #[must_use]
    pub fn with_amplitude(&self, amplitude: f64) -> Self {
        Self { amplitude, ..self.clone() }
    }

    /// Drive at `time_s`: V, or A for current drive; positive potentiates (anti-parallel to parallel).
    ///
    /// At a jump the value after it; use [`Self::before`] for the limit from the left.
    #[must_use]
    pub fn at(&self, time_s: f64) -> f64 {
        self.bias_v + self.amplitude * self.level(time_s, false)
    }

    /// Limit of the drive from the left at `time_s`; positive potentiates.
    #[must_use]
    pub fn before(&self, time_s: f64) -> f64 {
        self.bias_v + self.amplitude * self.level(time_s, true)
    }

    fn level(&self, time_s: f64, from_left: bool) -> f64 {
        match &self.waveform {
            Waveform::Linear(points) => {
                let next = if from_left {
                    points.partition_point(|p| p.0 < time_s)
                } else {
                    points.partition_point(|p| p.0 <= time_s)
                };
                match (next.checked_sub(1).map(|i| points[i]), points.get(next)) {
                    (Some((t0, v0)), Some(&(t1, v1))) => v0 + (v1 - v0) * ((time_s - t0) / (t1 - t0)),
                    _ => 0.0,
                }
            }
            Waveform::DoubleExponential { width_s, rise_s, fall_s, scale } => {
                let inside = if from_left { time_s <= *width_s } else { time_s < *width_s };
                if time_s < 0.0 || !inside {
                    0.0
                } else {
                    scale * ((-time_s / fall_s).exp() - (-time_s / rise_s).exp())
                }
            }
        }
    }

    /// Time of the end of the pulse (start of the relaxation), s.
    #[must_use]
    pub fn end_s(&self) -> f64 {
        match &self.waveform {
            Waveform::Linear(points) => points.last().map_or(0.0, |p| p.0),
            Waveform::DoubleExponential { width_s, .. } => *width_s,
        }
    }

    /// Times in s, increasing, from 0 to the end of the pulse, between which the drive is smooth.
    #[must_use]
    pub fn break_points_s(&self) -> Vec<f64> {
        match &self.waveform {
            Waveform::Linear(points) => {
                let mut times: Vec<f64> = points.iter().map(|p| p.0).collect();
                times.dedup();
                times
            }
            Waveform::DoubleExponential { width_s, rise_s, .. } => {
                // The fast rise gets intervals of its own, so that steps may follow it.
                let mut times = vec![0.0];
                times.extend([1.0, 2.0, 4.0, 8.0].map(|k| k * rise_s).into_iter().filter(|t| t < width_s));
                times.push(*width_s);
                times
            }
        }
    }

    /// Largest magnitude of the drive (V, or A for current drive).
    #[must_use]
    pub fn peak(&self) -> f64 {
        match &self.waveform {
            Waveform::Linear(points) => points
                .iter()
                .map(|p| (self.bias_v + self.amplitude * p.1).abs())
                .fold(self.bias_v.abs(), f64::max),
            Waveform::DoubleExponential { .. } => self.bias_v.abs().max((self.bias_v + self.amplitude).abs()),
        }
    }

    /// If the pulse is a single flat voltage without edges or bias: (volts, width in s).
    #[must_use]
    pub fn as_rectangular(&self) -> Option<(f64, f64)> {
        match &self.waveform {
            Waveform::Linear(points)
                if self.drive == Drive::Voltage
                    && self.bias_v == 0.0
                    && points.iter().all(|p| p.1 == 1.0)
                    && points.first().is_some_and(|p| p.0 == 0.0) =>
            {
                Some((self.amplitude, self.end_s()))
            }
            _ => None,
        }
    }
}

/// Points of one trapezoid that starts at `start_s`.
pub(super) fn trapezoid(start_s: f64, width_s: f64, rise_s: f64, fall_s: f64) -> Vec<(f64, f64)> {
    let squeeze = (width_s / (rise_s + fall_s)).min(1.0);
    let (rise, fall) = (rise_s * squeeze, fall_s * squeeze);
    let mut points = Vec::with_capacity(4);
    if rise > 0.0 {
        points.push((start_s, 0.0));
    }
    points.push((start_s + rise, 1.0));
    if start_s + width_s - fall > start_s + rise {
        points.push((start_s + width_s - fall, 1.0));
    }
    if fall > 0.0 {
        points.push((start_s + width_s, 0.0));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_jumps_at_both_ends() {
        let pulse = Pulse::rectangular(0.7, 1e-9);
        assert_eq!((pulse.before(0.0), pulse.at(0.0)), (0.0, 0.7));
        assert_eq!((pulse.before(1e-9), pulse.at(1e-9)), (0.7, 0.0));
        assert_eq!(pulse.break_points_s(), vec![0.0, 1e-9]);
        assert_eq!(pulse.as_rectangular(), Some((0.7, 1e-9)));
    }

    #[test]
    fn edges_are_linear_and_inside_the_width() {
        let pulse = Pulse::trapezoid(-1.0, 4e-9, 1e-9, 2e-9);
        assert_eq!(pulse.end_s(), 4e-9);
        assert!((pulse.at(0.5e-9) + 0.5).abs() < 1e-12);
        assert_eq!(pulse.at(1.5e-9), -1.0);
        assert!((pulse.at(3e-9) + 0.5).abs() < 1e-12);
        assert_eq!(pulse.as_rectangular(), None);
    }
}
