//! The pulses of a system as written in a configuration: one shape and width for whatever amplitude.
//!
//! The width is the full width of the pulse, from the start of the rise to the end of the fall.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults, Staged};
use spinhebb_data::quantity::{Amplitude, Current, DriveVoltage, Time, Voltage};

use super::pulse::{Drive, Pulse};
use super::waveform::WaveformConfig;
use crate::error::DeviceError;
use crate::ranges::{finite, not_negative, positive};

/// Pulses that write, and how strong they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PulsesConfig {
    /// Full width of a pulse, edges included.
    pub width: Time,
    /// Constant voltage under and after a pulse (voltage drive only).
    pub bias: Voltage,
    /// Time from the end of a pulse to the reading; by default long against the damping time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relaxation: Option<Time>,
    /// Shape in time, relative to the amplitude.
    pub waveform: WaveformConfig,
    /// Amplitude that potentiates (anti-parallel to parallel), over the stages of a training: a positive voltage, a
    /// multiple of the critical voltage, or the probability of switching the nominal device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub potentiation: Option<Staged<Amplitude>>,
    /// Amplitude that depresses (parallel to anti-parallel), over the stages of a training: a negative voltage, a
    /// (positive) multiple of the critical voltage, or the probability of switching the nominal device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depression: Option<Staged<Amplitude>>,
}

impl PulsesConfig {
    /// The pulse of the amplitude `voltage`; positive potentiates (anti-parallel to parallel).
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for a value out of range, [`DeviceError::Unreadable`] for a wrong file of points.
    pub fn voltage(&self, voltage: Voltage) -> Result<Pulse, DeviceError> {
        self.pulse(Drive::Voltage, voltage.si())
    }

    /// The pulse of the amplitude `current`; positive potentiates (anti-parallel to parallel).
    ///
    /// # Errors
    /// As [`Self::voltage`], and for a bias, which is a voltage.
    pub fn current(&self, current: Current) -> Result<Pulse, DeviceError> {
        if self.bias.si() != 0.0 {
            let expected = "a current pulse has no voltage bias; give 0 V";
            return Err(DeviceError::out_of_range("bias", self.bias, expected));
        }
        self.pulse(Drive::Current, current.si())
    }

    fn pulse(&self, drive: Drive, amplitude: f64) -> Result<Pulse, DeviceError> {
        self.first_fault().map_err(DeviceError::of_field)?;
        if !amplitude.is_finite() {
            return Err(DeviceError::out_of_range("amplitude", amplitude, "it must be finite"));
        }
        Ok(Pulse {
            drive,
            amplitude,
            bias_v: self.bias.si(),
            relaxation_s: self.relaxation.map(spinhebb_data::quantity::Time::si),
            waveform: self.waveform.resolve(self.width)?,
        })
    }
}

impl Check for PulsesConfig {
    fn check(&self, faults: &mut Faults) {
        positive(faults, "width", self.width.si(), self.width);
        faults.within("waveform", |faults| self.waveform.check_for(self.width, faults));
        finite(faults, "bias", self.bias.si(), self.bias);
        if let Some(relaxation) = self.relaxation {
            not_negative(faults, "relaxation", relaxation.si(), relaxation);
        }
        if let Some(amplitudes) = &self.potentiation {
            faults.within("potentiation", |faults| check_amplitudes(amplitudes, 1.0, faults));
        }
        if let Some(amplitudes) = &self.depression {
            faults.within("depression", |faults| check_amplitudes(amplitudes, -1.0, faults));
        }
    }
}

/// Voltages of one sign, positive multiples of the critical voltage (which has the sign itself), probabilities.
fn check_amplitudes(amplitudes: &Staged<Amplitude>, sign: f64, faults: &mut Faults) {
    for (key, amplitude) in amplitudes.entries() {
        let (fine, expected) = match amplitude {
            Amplitude::Voltage(DriveVoltage::Absolute(volts)) if sign > 0.0 => {
                (volts.si() > 0.0, "a voltage above 0 V, which potentiates")
            }
            Amplitude::Voltage(DriveVoltage::Absolute(volts)) => {
                (volts.si() < 0.0, "a voltage below 0 V, which depresses")
            }
            Amplitude::Voltage(DriveVoltage::Critical(multiple)) => {
                (*multiple > 0.0, "a multiple above 0: the critical voltage has the sign of the pulse itself")
            }
            Amplitude::Probability(p) => ((0.0..=1.0).contains(p), "a probability from 0 to 1"),
        };
        faults.require(fine, &key, amplitude, expected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulses(width_s: f64, waveform: WaveformConfig) -> PulsesConfig {
        PulsesConfig {
            width: Time(width_s),
            bias: Voltage(0.0),
            relaxation: None,
            waveform,
            potentiation: None,
            depression: None,
        }
    }

    #[test]
    fn a_train_repeats_and_rests_at_the_bias() {
        let train = WaveformConfig::TrapezoidTrain {
            rise: Time(0.0),
            fall: Time(0.2e-9),
            period: Time(3e-9),
            count: 2,
        };
        let pulses = PulsesConfig { bias: Voltage(0.1), ..pulses(1e-9, train) };
        let pulse = pulses.voltage(Voltage(0.5)).unwrap();
        for (time, volts) in
            [(0.0, 0.6), (0.9e-9, 0.35), (2e-9, 0.1), (3.5e-9, 0.6), (3.95e-9, 0.225), (9e-9, 0.1)]
        {
            assert!((pulse.at(time) - volts).abs() < 1e-9, "{} at {time}", pulse.at(time));
        }
        assert_eq!(pulse.before(3e-9), 0.1);
        assert!((pulse.end_s() - 4e-9).abs() < 1e-24);
        assert!(pulses.current(Current(1e-4)).is_err(), "a current has no bias");
    }

    #[test]
    fn the_double_exponential_peaks_at_its_amplitude() {
        let shape = WaveformConfig::DoubleExponential { rise: Time(0.3e-9), fall: Time(2e-9) };
        let pulse = pulses(20e-9, shape).voltage(Voltage(0.8)).unwrap();
        let highest = (0..20_000).map(|i| pulse.at(f64::from(i) * 1e-12)).fold(0.0, f64::max);
        assert!((highest - 0.8).abs() < 1e-6, "{highest}");
        assert_eq!(pulse.at(20e-9), 0.0);
    }

    #[test]
    fn a_file_of_points_makes_a_pulse() {
        let path = std::env::temp_dir().join(format!("spinhebb-waveform-{}.csv", std::process::id()));
        std::fs::write(&path, "# note\ntime_s,level\n0,0\n1e-9,1\n2e-9,0\n").unwrap();
        let file = WaveformConfig::File { path: path.clone() };
        let pulse = pulses(2e-9, file.clone()).voltage(Voltage(2.0));
        let short = pulses(1e-9, file).voltage(Voltage(2.0));
        std::fs::remove_file(path).unwrap();
        assert!((pulse.unwrap().at(0.5e-9) - 1.0).abs() < 1e-12);
        assert!(short.unwrap_err().to_string().contains("give the width 2 ns"));
    }

    #[test]
    fn a_rectangle_in_a_file_is_that_of_the_library() {
        let text = "width = \"2 ns\"\nbias = \"0 V\"\nwaveform = { kind = \"rectangular\", rise = \"1 ns\" }";
        let pulses: PulsesConfig = toml::from_str(text).unwrap();
        assert_eq!(pulses.voltage(Voltage(0.5)).unwrap(), Pulse::trapezoid(0.5, 2e-9, 1e-9, 0.0));
        assert_eq!(pulses.current(Current(1e-4)).unwrap().drive, Drive::Current);
        let wrong = PulsesConfig { width: Time(-1.0), bias: Voltage(f64::NAN), ..pulses };
        let mut faults = Faults::default();
        wrong.check(&mut faults);
        let paths: Vec<&str> = faults.found().iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["width", "bias"]);
    }

    #[test]
    fn amplitudes_have_the_sign_of_their_pulse() {
        let text = "width = \"2 ns\"\nbias = \"0 V\"\nwaveform = { kind = \"rectangular\" }\n";
        let paths = |amplitudes: &str| -> Vec<String> {
            let pulses: PulsesConfig = toml::from_str(&format!("{text}{amplitudes}")).unwrap();
            let mut faults = Faults::default();
            pulses.check(&mut faults);
            faults.found().iter().map(|fault| fault.path.clone()).collect()
        };
        let fine = "potentiation = { first = \"0.7 V\", last = \"1.2 Vc0\" }\n\
                    depression = { values = [\"-0.7 V\", \"2 Vc0\", 0.3] }";
        assert!(paths(fine).is_empty());
        let wrong = "potentiation = { first = \"-0.7 V\", last = \"-1.2 Vc0\" }\n\
                     depression = { values = [\"0.7 V\", \"0 Vc0\", 0.3] }";
        let expected =
            ["potentiation.first", "potentiation.last", "depression.values[0]", "depression.values[1]"];
        assert_eq!(paths(wrong), expected);
    }
}
