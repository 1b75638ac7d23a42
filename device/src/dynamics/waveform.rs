//! Shape of a pulse in time, as written in a configuration and resolved.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::Faults;
use spinhebb_data::quantity::Time;

use super::pulse::{Waveform, trapezoid};
use crate::error::DeviceError;
use crate::ranges::{finite, not_negative, positive};

/// Most trapezoids of a train.
const MOST_TRAPEZOIDS: u32 = 1_000_000;
/// Relative difference up to which the last of the points ends at the full width.
const SAME_TIME: f64 = 1e-9;

/// Shape of a pulse in time, relative to its amplitude; its full width stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WaveformConfig {
    /// One pulse with linear edges inside the full width.
    Rectangular {
        /// Duration of the linear rise.
        #[serde(default)]
        rise: Time,
        /// Duration of the linear fall.
        #[serde(default)]
        fall: Time,
    },
    /// Equal trapezoids in a row, each of the full width, edges included.
    TrapezoidTrain {
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
    /// `exp(-t/fall) - exp(-t/rise)`, scaled to peak 1 and cut at the full width.
    DoubleExponential {
        /// Time constant of the rise.
        rise: Time,
        /// Time constant of the fall, longer than that of the rise.
        fall: Time,
    },
    /// Straight lines between points, from 0 to the full width.
    PiecewiseLinear {
        /// Times of the points, not decreasing, from 0 to the full width; two equal times make a jump.
        time: Vec<Time>,
        /// Drive over amplitude at each point.
        level: Vec<f64>,
    },
    /// As `piecewise-linear`, with the points in a file.
    File {
        /// File of two columns, time in seconds and relative level, separated by a comma.
        path: PathBuf,
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

    /// Adds what is wrong with this shape for pulses of the full width `width`. A file is not opened.
    pub fn check_for(&self, width: Time, faults: &mut Faults) {
        match self {
            Self::Rectangular { rise, fall } => check_edges(width, [*rise, *fall], faults),
            Self::TrapezoidTrain { rise, fall, period, count } => {
                check_edges(width, [*rise, *fall], faults);
                let expected = format!("a time that is not shorter than the full width {width}");
                faults.require(period.si().is_finite() && *period >= width, "period", period, expected);
                let expected = format!("1 to {MOST_TRAPEZOIDS}");
                faults.require((1..=MOST_TRAPEZOIDS).contains(count), "count", count, expected);
            }
            Self::DoubleExponential { rise, fall } => {
                positive(faults, "rise", rise.si(), rise);
                let expected = format!("a time longer than the rise {rise}");
                faults.require(fall.si().is_finite() && fall > rise, "fall", fall, expected);
            }
            Self::PiecewiseLinear { time, level } => check_points(width, time, level, faults),
            Self::File { path } => {
                faults.require(!path.as_os_str().is_empty(), "path", "\"\"", "the path of a file");
            }
        }
    }

    /// The shape of pulses of the full width `width`, which was checked.
    pub(super) fn resolve(&self, width: Time) -> Result<Waveform, DeviceError> {
        let width_s = width.si();
        Ok(match self {
            Self::Rectangular { rise, fall } => {
                Waveform::Linear(trapezoid(0.0, width_s, rise.si(), fall.si()))
            }
            Self::TrapezoidTrain { rise, fall, period, count } => {
                let starts = (0..*count).map(|i| f64::from(i) * period.si());
                Waveform::Linear(train(starts, width_s, [rise.si(), fall.si()]))
            }
            Self::DoubleExponential { rise, fall } => {
                let (r, f) = (rise.si(), fall.si());
                let peak_s = (f / r).ln() * r * f / (f - r);
                let scale = 1.0 / ((-peak_s / f).exp() - (-peak_s / r).exp());
                Waveform::DoubleExponential { width_s, rise_s: r, fall_s: f, scale }
            }
            Self::PiecewiseLinear { time, level } => {
                Waveform::Linear(time.iter().map(|t| t.si()).zip(level.iter().copied()).collect())
            }
            Self::File { path } => return Self::read(path, width)?.resolve(width),
        })
    }

    /// The points of a file, checked.
    fn read(path: &Path, width: Time) -> Result<Self, DeviceError> {
        let name = path.display().to_string();
        let unreadable = |message: String| DeviceError::Unreadable { name: name.clone(), message };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let points = Self::from_csv(&name, &text)?;
        let mut faults = Faults::default();
        points.check_for(width, &mut faults);
        match faults.found().first() {
            Some(fault) => Err(unreadable(fault.to_string())),
            None => Ok(points),
        }
    }
}

fn check_edges(width: Time, [rise, fall]: [Time; 2], faults: &mut Faults) {
    not_negative(faults, "rise", rise.si(), rise);
    not_negative(faults, "fall", fall.si(), fall);
    // Whatever is wrong with the width itself is said where it stands.
    let fits = rise.si() + fall.si() <= width.si() || width.si().is_nan() || width.si() <= 0.0;
    let expected = format!("edges that fit into the full width {width}: make them shorter or it longer");
    faults.require(fits, "", format!("a rise of {rise} and a fall of {fall}"), expected);
}

fn check_points(width: Time, time: &[Time], level: &[f64], faults: &mut Faults) {
    let lengths = format!("{} times and {} levels", time.len(), level.len());
    faults.require(time.len() == level.len(), "level", lengths, "as many levels as times");
    faults.each("level", level, |value, faults| finite(faults, "", *value, value));
    let (Some(first), Some(last), true) = (time.first(), time.last(), time.len() >= 2) else {
        faults.require(false, "time", format!("{} times", time.len()), "two times or more");
        return;
    };
    let range = format!("{} times from {first} to {last}", time.len());
    let finite = time.iter().all(|t| t.si().is_finite());
    let rising = time.windows(2).all(|pair| pair[0] <= pair[1]);
    let fine = finite && rising && first.si() == 0.0 && last.si() > 0.0;
    faults.require(fine, "time", range, "finite times from 0 s on that do not decrease");
    if fine && width.si() > 0.0 {
        let meets = (last.si() / width.si() - 1.0).abs() <= SAME_TIME;
        let expected = format!("points that end at the full width {width}; give the width {last}");
        faults.require(meets, "time", format!("up to {last}"), expected);
    }
}

/// Points of trapezoids that begin at `starts`.
fn train(starts: impl Iterator<Item = f64>, width_s: f64, [rise_s, fall_s]: [f64; 2]) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for start in starts {
        if let Some(&(last, level)) = points.last() {
            // The gap between two trapezoids is at level 0, with jumps where there are no edges.
            if level != 0.0 {
                points.push((last, 0.0));
            }
            if start > last && rise_s == 0.0 {
                points.push((start, 0.0));
            }
        }
        points.extend(trapezoid(start, width_s, rise_s, fall_s));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(waveform: &WaveformConfig, width_s: f64) -> Vec<String> {
        let mut faults = Faults::default();
        waveform.check_for(Time(width_s), &mut faults);
        faults.found().iter().map(|fault| fault.path.clone()).collect()
    }

    #[test]
    fn bad_values_are_found_all_at_once() {
        let (long, none) = (Time(1e-9), Time(0.0));
        assert_eq!(faults(&WaveformConfig::Rectangular { rise: long, fall: long }, 1e-9), [""]);
        let train = WaveformConfig::TrapezoidTrain { rise: none, fall: Time(-1.0), period: none, count: 0 };
        assert_eq!(faults(&train, 1e-9), ["fall", "period", "count"]);
        let flat = WaveformConfig::DoubleExponential { rise: none, fall: none };
        assert_eq!(faults(&flat, 1e-9), ["rise", "fall"]);
        let points = |time: &[f64], level: &[f64]| WaveformConfig::PiecewiseLinear {
            time: time.iter().map(|t| Time(*t)).collect(),
            level: level.to_vec(),
        };
        assert_eq!(faults(&points(&[0.0, 2e-9], &[f64::NAN]), 1e-9), ["level", "level[0]", "time"]);
        assert_eq!(faults(&points(&[0.0], &[1.0]), 1e-9), ["time"]);
        assert!(faults(&points(&[0.0, 1e-9], &[1.0, 0.0]), 1e-9).is_empty());
    }

    #[test]
    fn files_say_which_line_is_wrong() {
        assert!(WaveformConfig::from_csv("w.csv", "0,0\nx,1\n").unwrap_err().to_string().contains("line 2"));
        let missing = WaveformConfig::File { path: "/no/such/file.csv".into() };
        assert!(missing.resolve(Time(1e-9)).unwrap_err().to_string().contains("/no/such/file.csv"));
    }
}
