//! Measured switching counts.

use crate::junction::state::State;

/// The pulse voltage of a measured point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MeasuredVoltage {
    /// Known voltage in V; V > 0 favours P (drives AP -> P).
    Volts(f64),
    /// Unknown amplitude, common to all points that name the same entry of
    /// [`MeasuredData::amplitudes`]; it is fitted. The sign is that which drives the transition.
    Amplitude(usize),
}

/// One measured point: how often pulses of one kind switched the junction.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Pulse voltage.
    pub drive: MeasuredVoltage,
    /// Full width of the pulse in s.
    pub width_s: f64,
    /// State before the pulse.
    pub start: State,
    /// Ambient temperature in K.
    pub temperature_k: f64,
    /// Applied field along the fixed layer in A/m; positive favours P.
    pub field_a_per_m: f64,
    /// Number of pulses.
    pub trials: u64,
    /// Number of pulses that switched.
    pub switched: u64,
    /// Index into [`MeasuredData::devices`].
    pub device: usize,
    /// Index into [`MeasuredData::files`].
    pub file: usize,
    /// Line of the file, counted from 1.
    pub line: u64,
}

impl Measurement {
    /// Fraction that switched.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        self.switched as f64 / self.trials as f64
    }
}

/// An amplitude that the data do not state.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownAmplitude {
    /// Name: the file it belongs to.
    pub name: String,
    /// Where the search starts, in V (magnitude).
    pub guess_v: f64,
}

/// Measured points of one or several devices.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MeasuredData {
    /// Names of the devices.
    pub devices: Vec<String>,
    /// Names of the files read.
    pub files: Vec<String>,
    /// Amplitudes that have to be fitted.
    pub amplitudes: Vec<UnknownAmplitude>,
    /// The points, in the order of the files.
    pub points: Vec<Measurement>,
}

impl MeasuredData {
    /// The same data with only the points for which `keep` holds; names and indices stay.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(usize, &Measurement) -> bool) -> Self {
        let points =
            self.points.iter().enumerate().filter(|(i, m)| keep(*i, m)).map(|(_, m)| m.clone()).collect();
        Self { points, ..self.clone() }
    }

    /// The points of one device.
    #[must_use]
    pub fn of_device(&self, device: usize) -> Self {
        self.filtered(|_, m| m.device == device)
    }

    /// Appends the points of `other`, matching devices by name.
    pub fn append(&mut self, other: Self) {
        let (file, amplitude) = (self.files.len(), self.amplitudes.len());
        let device: Vec<usize> = other
            .devices
            .into_iter()
            .map(|name| {
                self.devices.iter().position(|d| *d == name).unwrap_or_else(|| {
                    self.devices.push(name);
                    self.devices.len() - 1
                })
            })
            .collect();
        self.files.extend(other.files);
        self.amplitudes.extend(other.amplitudes);
        self.points.extend(other.points.into_iter().map(|mut m| {
            m.file += file;
            m.device = device[m.device];
            if let MeasuredVoltage::Amplitude(index) = &mut m.drive {
                *index += amplitude;
            }
            m
        }));
    }
}

/// 95 % Clopper-Pearson interval of a proportion.
///
/// # References
/// C. J. Clopper and E. S. Pearson, Biometrika 26, 404 (1934), doi:10.1093/biomet/26.4.404.
#[must_use]
pub fn proportion_interval(switched: u64, trials: u64) -> (f64, f64) {
    use statrs::distribution::{Beta, ContinuousCDF};
    let (y, n) = (switched as f64, trials as f64);
    let quantile = |a: f64, b: f64, p: f64| Beta::new(a, b).map_or(f64::NAN, |d| d.inverse_cdf(p));
    let lower = if switched == 0 { 0.0 } else { quantile(y, n - y + 1.0, 0.025) };
    let upper = if switched == trials { 1.0 } else { quantile(y + 1.0, n - y, 0.975) };
    (lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of R's `binom.test`.
    #[test]
    fn proportion_interval_is_that_of_clopper_and_pearson() {
        for ((y, n), (low, high)) in [
            ((0, 10), (0.0, 0.308_497_1)),
            ((3, 10), (0.066_739_51, 0.652_452_9)),
            ((10, 10), (0.691_502_9, 1.0)),
        ] {
            let (l, h) = proportion_interval(y, n);
            assert!((l - low).abs() < 1e-6 && (h - high).abs() < 1e-6, "{y}/{n}: {l} {h}");
        }
    }
}
