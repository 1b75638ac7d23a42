//! What is asked of a calibration, and whether data, model and parameters fit together.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::{Temperature, Time, Voltage};
use spinhebb_device::calibration::CalibrationError;
use spinhebb_device::calibration::parameter::ParameterSettings;
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::error::DeviceError;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::measurement::csv::{CsvDefaults, read_file};
use spinhebb_device::measurement::points::MeasuredData;

use super::fitted::{Fitted, ModelName};
use crate::error::ExperimentError;
use crate::system::system_parts;

/// Fewest trials of a point of the ensemble model.
const FEWEST_TRIALS: u64 = 100;

system_parts! {
    /// Measured switching counts and the model that is fitted to them.
    pub struct CalibrateParts {
        /// Base device: what is not fitted stays as it says.
        device: MtjConfig,
        /// Data, model and parameters.
        calibrate: CalibrateSettings,
    }
    across across;
}

/// Transition of a measured curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Direction {
    /// Anti-parallel to parallel (V > 0).
    #[serde(rename = "AP->P")]
    Potentiation,
    /// Parallel to anti-parallel (V < 0).
    #[serde(rename = "P->AP")]
    Depression,
}

/// Measured switching counts, the model that is fitted to them, and what is said of the fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalibrateSettings {
    /// CSV files with columns such as `voltage [V]`, `width [ns]`, `trials`, `switched` (or `probability`).
    pub data: Vec<PathBuf>,
    /// Model to fit.
    pub model: ModelName,
    /// Law of the counts: `beta-binomial` for outcomes that vary from point to point more than counting allows.
    pub law: CountLaw,
    /// Whether to compute profile likelihood intervals.
    pub profiles: bool,
    /// Whether to sample the posterior.
    pub posterior: bool,
    /// Whether to fit every second point and predict the rest.
    pub hold_out: bool,
    /// Trials per point of the ensemble model: several times the pulses of a measured point, or the simulation widens the
    /// intervals (the page says by how much).
    pub ensemble_trials: u64,
    /// Pulses per point where no column says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<u64>,
    /// Pulse width where no column says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<Time>,
    /// Pulse amplitude where no column says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amplitude: Option<Voltage>,
    /// Start of the search for the amplitude of files that do not state it, in place of `amplitude`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit_amplitude: Option<Voltage>,
    /// Transition where no column says it; by the sign of the voltage when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Temperature where no column says it.
    pub temperature: Temperature,
    /// Units of columns whose title has none, such as `voltage = "mV"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<String, String>,
    /// Settings by parameter name: `fixed`, `free`, `start`, `lower`, `upper`, `prior_mean` and `prior_sd`, with units.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: ParameterSettings,
}

impl Check for CalibrateSettings {
    fn check(&self, faults: &mut Faults) {
        let expected = "one or more files of measured counts, such as [\"counts.csv\"]";
        faults.require(!self.data.is_empty(), "data", "[]", expected);
        let few = self.ensemble_trials < FEWEST_TRIALS;
        faults.require(!few, "ensemble_trials", self.ensemble_trials, format!("at least {FEWEST_TRIALS} trials"));
        if let Some(trials) = self.trials {
            faults.require(trials > 0, "trials", trials, "at least 1 pulse");
        }
        if let Some(width) = self.width {
            faults.require(width.si() > 0.0, "width", width, "a width above 0 s");
        }
        for (key, amplitude) in [("amplitude", self.amplitude), ("fit_amplitude", self.fit_amplitude)] {
            if let Some(volts) = amplitude {
                let expected = "a magnitude above 0 V; the sign follows from the transition";
                faults.require(volts.si() > 0.0, key, volts, expected);
            }
        }
        if let (Some(_), Some(volts)) = (self.amplitude, self.fit_amplitude) {
            faults.require(false, "fit_amplitude", volts, "no amplitude to fit where `amplitude` says it; keep one");
        }
        let kelvin = self.temperature;
        faults.require(kelvin.si() > 0.0, "temperature", kelvin, "a temperature above 0 K");
    }
}

impl CalibrateSettings {
    /// What the columns leave open.
    fn defaults(&self) -> CsvDefaults {
        CsvDefaults {
            units: self.units.iter().map(|(column, unit)| (column.clone(), unit.clone())).collect(),
            trials: self.trials,
            width_s: self.width.map(Time::si),
            amplitude_v: self.amplitude.map(Voltage::si),
            amplitude_guess_v: self.fit_amplitude.map(Voltage::si),
            start: self.direction.map(|direction| match direction {
                Direction::Potentiation => State::AntiParallel,
                Direction::Depression => State::Parallel,
            }),
            temperature_k: self.temperature.si(),
            ..CsvDefaults::default()
        }
    }

    /// The points of all files.
    ///
    /// # Errors
    /// A file cannot be read or is malformed.
    pub(super) fn read(&self) -> Result<MeasuredData, ExperimentError> {
        let defaults = self.defaults();
        let mut all = MeasuredData::default();
        for path in &self.data {
            all.append(read_file(path, &defaults).map_err(CalibrationError::from)?);
        }
        Ok(all)
    }

    /// The points of all files; what is wrong with a file becomes a fault of its place in the list.
    fn read_checked(&self, faults: &mut Faults) -> Option<MeasuredData> {
        let defaults = self.defaults();
        let mut all = Some(MeasuredData::default());
        for (index, path) in self.data.iter().enumerate() {
            match read_file(path, &defaults) {
                Ok(data) => {
                    if let Some(all) = &mut all {
                        all.append(data);
                    }
                }
                Err(error) => {
                    all = None;
                    let expected = format!("measured counts; {error}");
                    faults.require(false, &format!("calibrate.data[{index}]"), "", expected);
                }
            }
        }
        all.filter(|all| !all.points.is_empty())
    }
}

/// Faults of the data, of the model on this device, and of the settings of its parameters.
fn across(config: &CalibrateParts, faults: &mut Faults) {
    let before = faults.found().len();
    let Some(data) = config.calibrate.read_checked(faults) else { return };
    for device in 0..data.devices.len() {
        let own = data.of_device(device);
        match Fitted::new(&config.calibrate, &config.device, &own, config.seed) {
            // Values out of range are faults of their own already.
            Err(CalibrationError::Device(DeviceError::OutOfRange { .. }) | CalibrationError::Setting { .. }) => return,
            Err(error) => {
                let expected = format!("a base device that the model describes: {error}");
                faults.require(false, "device", "", expected);
            }
            Ok(fitted) => check_parameters(&config.calibrate, &fitted, &own, faults),
        }
        // Other devices have the same faults.
        if faults.found().len() > before {
            return;
        }
    }
}

/// Faults of the settings of parameters, each by itself, and of too few points for all of them.
fn check_parameters(settings: &CalibrateSettings, fitted: &Fitted, data: &MeasuredData, faults: &mut Faults) {
    let before = faults.found().len();
    let problem = |chosen: &ParameterSettings| Problem::new(fitted.model(), data, chosen, settings.law).err();
    for (name, setting) in &settings.parameters {
        let alone = ParameterSettings::from([(name.clone(), setting.clone())]);
        match problem(&alone) {
            Some(CalibrationError::Setting { key, value, expected }) => {
                faults.require(false, &format!("calibrate.{key}"), value, expected);
            }
            Some(CalibrationError::UnknownParameter { model, known, .. }) => {
                let expected = format!("a parameter of the model `{model}`, which has {known}");
                faults.require(false, &format!("calibrate.parameters.{name}"), "", expected);
            }
            _ => {}
        }
    }
    if faults.found().len() == before
        && let Some(error) = problem(&settings.parameters)
    {
        faults.require(false, "calibrate.data", "", format!("enough points; {error}"));
    }
}
