//! Drive pulses: the voltage (or current) across the junction against time.
//!
//! `V > 0` is potentiation (anti-parallel to parallel), `V < 0` depression. The width is the
//! full width of the pulse, from the start of the rise to the end of the fall; rise and fall
//! lie inside it. After the pulse the drive is the bias, for the relaxation time, before the state is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::quantity::{Current, Time, Voltage};

use crate::error::{DeviceError, not_negative, positive};

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

/// A pulse as written in a configuration. Exactly one of `voltage` and `current` is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PulseConfig {
    /// Shape in time, relative to the amplitude.
    pub waveform: WaveformConfig,
    /// Amplitude of a voltage pulse; positive potentiates (anti-parallel to parallel).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voltage: Option<Voltage>,
    /// Amplitude of a current pulse; positive potentiates (anti-parallel to parallel).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Current>,
    /// Constant voltage under and after the pulse (voltage drive only).
    #[serde(default)]
    pub bias: Voltage,
    /// Time from the end of the pulse to the reading; by default long against the damping time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relaxation: Option<Time>,
}

/// Shape of a pulse as written in a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "shape", deny_unknown_fields)]
pub enum WaveformConfig {
    /// One pulse with linear edges.
    Rectangular {
        /// Full width, edges included.
        width: Time,
        /// Duration of the linear rise.
        #[serde(default)]
        rise: Time,
        /// Duration of the linear fall.
        #[serde(default)]
        fall: Time,
    },
    /// Equal trapezoids in a row.
    TrapezoidTrain {
        /// Full width of one trapezoid, edges included.
        width: Time,
        /// Duration of each linear rise.
        #[serde(default)]
        rise: Time,
        /// Duration of each linear fall.
        #[serde(default)]
        fall: Time,
        /// Time from the start of one trapezoid to the start of the next.
        period: Time,
        /// Number of trapezoids.
        count: u32,
    },
    /// `exp(-t/fall) - exp(-t/rise)`, scaled to peak 1 and cut at `width`.
    DoubleExponential {
        /// Time at which the pulse is cut.
        width: Time,
        /// Time constant of the rise.
        rise: Time,
        /// Time constant of the fall, longer than that of the rise.
        fall: Time,
    },
    /// Straight lines between points; from a file by [`WaveformConfig::from_csv`].
    PiecewiseLinear {
        /// Times of the points, increasing, the first at 0; two equal times make a jump.
        time: Vec<Time>,
        /// Drive over amplitude at each point.
        level: Vec<f64>,
    },
}

impl WaveformConfig {
    /// Reads a piecewise-linear waveform from text with two columns, time in seconds and
    /// relative level, separated by a comma; lines that start with `#` and one header line are skipped.
    ///
    /// # Errors
    /// [`DeviceError::Unreadable`] with the line number.
    pub fn from_csv(name: &str, text: &str) -> Result<Self, DeviceError> {
        let (mut time, mut level) = (Vec::new(), Vec::new());
        let mut header_seen = false;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let parsed = line
                .split_once(',')
                .and_then(|(t, v)| Some((t.trim().parse::<f64>().ok()?, v.trim().parse::<f64>().ok()?)));
            match parsed {
                Some((t, v)) => {
                    time.push(Time(t));
                    level.push(v);
                }
                None if time.is_empty() && !header_seen => header_seen = true,
                None => {
                    return Err(DeviceError::Unreadable {
                        name: name.to_string(),
                        message: format!(
                            "line {} is `{line}`; expected two numbers, the time in s and the level: `1e-9,0.5`",
                            number + 1
                        ),
                    });
                }
            }
        }
        Ok(Self::PiecewiseLinear { time, level })
    }
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
    waveform: Waveform,
}

/// Resolved shapes.
#[derive(Debug, Clone, PartialEq)]
enum Waveform {
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

    /// Resolves a configured pulse.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] naming the key.
    pub fn new(config: &PulseConfig) -> Result<Self, DeviceError> {
        let (drive, amplitude) = match (config.voltage, config.current) {
            (Some(volts), None) => (Drive::Voltage, volts.si()),
            (None, Some(amperes)) => (Drive::Current, amperes.si()),
            (voltage, _) => {
                return Err(DeviceError::out_of_range(
                    "pulse.voltage",
                    if voltage.is_some() { "given beside `pulse.current`" } else { "absent" },
                    "exactly one of `voltage` and `current` must be given",
                ));
            }
        };
        if !(amplitude.is_finite() && config.bias.si().is_finite()) {
            return Err(DeviceError::out_of_range("pulse", amplitude, "amplitude and bias must be finite"));
        }
        if drive == Drive::Current && config.bias.si() != 0.0 {
            return Err(DeviceError::out_of_range(
                "pulse.bias",
                config.bias,
                "a current pulse has no voltage bias; leave it out",
            ));
        }
        if let Some(relaxation) = config.relaxation {
            not_negative("pulse.relaxation", relaxation.si(), relaxation)?;
        }
        Ok(Self {
            drive,
            amplitude,
            bias_v: config.bias.si(),
            relaxation_s: config.relaxation.map(|t| t.si()),
            waveform: resolve(&config.waveform)?,
        })
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
fn trapezoid(start_s: f64, width_s: f64, rise_s: f64, fall_s: f64) -> Vec<(f64, f64)> {
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

fn check_trapezoid(width: Time, rise: Time, fall: Time) -> Result<(), DeviceError> {
    positive("pulse.waveform.width", width.si(), width)?;
    not_negative("pulse.waveform.rise", rise.si(), rise)?;
    not_negative("pulse.waveform.fall", fall.si(), fall)?;
    if rise.si() + fall.si() > width.si() {
        return Err(DeviceError::out_of_range(
            "pulse.waveform.width",
            width,
            &format!("rise {rise} and fall {fall} lie inside the full width; make it longer"),
        ));
    }
    Ok(())
}

fn resolve(config: &WaveformConfig) -> Result<Waveform, DeviceError> {
    match config {
        WaveformConfig::Rectangular { width, rise, fall } => {
            check_trapezoid(*width, *rise, *fall)?;
            Ok(Waveform::Linear(trapezoid(0.0, width.si(), rise.si(), fall.si())))
        }
        WaveformConfig::TrapezoidTrain { width, rise, fall, period, count } => {
            check_trapezoid(*width, *rise, *fall)?;
            if period.si() < width.si() {
                return Err(DeviceError::out_of_range(
                    "pulse.waveform.period",
                    period,
                    &format!("it must not be shorter than the width {width}"),
                ));
            }
            if !(1..=1_000_000).contains(count) {
                return Err(DeviceError::out_of_range(
                    "pulse.waveform.count",
                    count,
                    "it must be 1 to 1000000",
                ));
            }
            let mut points: Vec<(f64, f64)> = Vec::new();
            for i in 0..*count {
                let start = f64::from(i) * period.si();
                if let Some(&(last, level)) = points.last() {
                    // The gap between two trapezoids is at level 0, with jumps where there are no edges.
                    if level != 0.0 {
                        points.push((last, 0.0));
                    }
                    if start > last && rise.si() == 0.0 {
                        points.push((start, 0.0));
                    }
                }
                points.extend(trapezoid(start, width.si(), rise.si(), fall.si()));
            }
            Ok(Waveform::Linear(points))
        }
        WaveformConfig::DoubleExponential { width, rise, fall } => {
            positive("pulse.waveform.width", width.si(), width)?;
            positive("pulse.waveform.rise", rise.si(), rise)?;
            if fall.si() <= rise.si() {
                return Err(DeviceError::out_of_range(
                    "pulse.waveform.fall",
                    fall,
                    &format!("it must be longer than the rise {rise}"),
                ));
            }
            let (r, f) = (rise.si(), fall.si());
            let peak_s = (f / r).ln() * r * f / (f - r);
            let scale = 1.0 / ((-peak_s / f).exp() - (-peak_s / r).exp());
            Ok(Waveform::DoubleExponential { width_s: width.si(), rise_s: r, fall_s: f, scale })
        }
        WaveformConfig::PiecewiseLinear { time, level } => {
            if time.len() != level.len() || time.len() < 2 {
                return Err(DeviceError::out_of_range(
                    "pulse.waveform.time",
                    format!("{} times and {} levels", time.len(), level.len()),
                    "both lists must have the same length of at least 2",
                ));
            }
            let increasing = time.windows(2).all(|pair| pair[0] <= pair[1]);
            let finite = time.iter().all(|t| t.si().is_finite()) && level.iter().all(|v| v.is_finite());
            if time[0].si() != 0.0 || !increasing || !finite || time[time.len() - 1].si() <= 0.0 {
                return Err(DeviceError::out_of_range(
                    "pulse.waveform.time",
                    format!("{} points from {} on", time.len(), time[0]),
                    "times must be finite, start at 0 s and not decrease, levels must be finite",
                ));
            }
            Ok(Waveform::Linear(time.iter().map(|t| t.si()).zip(level.iter().copied()).collect()))
        }
    }
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

    #[test]
    fn a_train_repeats_and_rests_at_the_bias() {
        let config = PulseConfig {
            waveform: WaveformConfig::TrapezoidTrain {
                width: Time(1e-9),
                rise: Time(0.0),
                fall: Time(0.2e-9),
                period: Time(3e-9),
                count: 2,
            },
            voltage: Some(Voltage(0.5)),
            current: None,
            bias: Voltage(0.1),
            relaxation: None,
        };
        let pulse = Pulse::new(&config).unwrap();
        for (time, volts) in
            [(0.0, 0.6), (0.9e-9, 0.35), (2e-9, 0.1), (3.5e-9, 0.6), (3.95e-9, 0.225), (9e-9, 0.1)]
        {
            assert!((pulse.at(time) - volts).abs() < 1e-9, "{} at {time}", pulse.at(time));
        }
        assert_eq!(pulse.before(3e-9), 0.1);
        assert!((pulse.end_s() - 4e-9).abs() < 1e-24);
    }

    #[test]
    fn the_double_exponential_peaks_at_its_amplitude() {
        let config = PulseConfig {
            waveform: WaveformConfig::DoubleExponential {
                width: Time(20e-9),
                rise: Time(0.3e-9),
                fall: Time(2e-9),
            },
            voltage: Some(Voltage(0.8)),
            current: None,
            bias: Voltage(0.0),
            relaxation: None,
        };
        let pulse = Pulse::new(&config).unwrap();
        let highest = (0..20_000).map(|i| pulse.at(f64::from(i) * 1e-12)).fold(0.0, f64::max);
        assert!((highest - 0.8).abs() < 1e-6, "{highest}");
        assert_eq!(pulse.at(20e-9), 0.0);
    }

    #[test]
    fn files_and_bad_values_are_told_apart() {
        let wave = WaveformConfig::from_csv("w.csv", "# note\ntime_s,level\n0,0\n1e-9,1\n2e-9,0\n").unwrap();
        assert!(
            (Pulse { waveform: resolve(&wave).unwrap(), ..Pulse::rectangular(2.0, 1.0) }.at(0.5e-9) - 1.0)
                .abs()
                < 1e-12
        );
        assert!(WaveformConfig::from_csv("w.csv", "0,0\nx,1\n").unwrap_err().to_string().contains("line 2"));
        let too_short = WaveformConfig::Rectangular { width: Time(1e-9), rise: Time(1e-9), fall: Time(1e-9) };
        assert!(resolve(&too_short).unwrap_err().to_string().contains("pulse.waveform.width"));
    }
}
