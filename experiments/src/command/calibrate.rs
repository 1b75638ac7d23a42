//! `spinhebb calibrate`: from measured switching counts to a device with uncertainties.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use spinhebb_data::config::Document;
use spinhebb_data::quantity::{Temperature, Time, Voltage};
use spinhebb_device::calibration::CalibrationError;
use spinhebb_device::calibration::analysis::{Calibration, Options, calibrate};
use spinhebb_device::calibration::identifiability;
use spinhebb_device::calibration::parameter::{ParameterSetting, ParameterSettings};
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::calibration::shape_comparison::{compare_shapes, in_words};
use spinhebb_device::junction::preset::{self, Preset};
use spinhebb_device::junction::state::State;
use spinhebb_device::measurement::MeasurementError;
use spinhebb_device::measurement::csv::{CsvDefaults, read_file};
use spinhebb_device::measurement::points::MeasuredData;

use crate::command::calibration_comparison::{compare_models, held_out};
use crate::command::calibration_figures::{self, HeldOut};
use crate::command::calibration_model::{Fitted, ModelName};
use crate::command::calibration_population::distribution;
use crate::command::calibration_report::{
    device_file, discretisation_in_words, hold_out_in_words, parameter_table, starts_in_words, summarise,
};
use crate::error::ExperimentError;
use crate::run::{Run, RunOptions};

/// The commented defaults.
pub const DEFAULTS: &str = include_str!("../../defaults/calibrate.toml");

/// Fit a device model to measured switching counts: parameters with intervals, a test of fit, a device file.
#[derive(Debug, clap::Args)]
pub struct CalibrateArguments {
    /// CSV files with columns such as `voltage [V]`, `width [ns]`, `trials`, `switched` (or `probability`)
    #[arg(required = true, value_name = "DATA.csv")]
    data: Vec<PathBuf>,
    /// Model to fit; wins over the configuration's
    #[arg(long, value_enum)]
    model: Option<ModelName>,
    /// Base device: a preset or a device file (.toml)
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Pulses per point where no column says it
    #[arg(long, value_name = "N")]
    trials: Option<u64>,
    /// Pulse width where no column says it, such as "1 ns"
    #[arg(long, value_name = "TIME")]
    width: Option<Time>,
    /// Pulse amplitude where no column says it, such as "0.68 V"
    #[arg(long, value_name = "VOLTAGE")]
    amplitude: Option<Voltage>,
    /// Fit the amplitude of files that do not state it, starting from this voltage
    #[arg(long, value_name = "VOLTAGE", conflicts_with = "amplitude")]
    fit_amplitude: Option<Voltage>,
    /// Transition where no column says it
    #[arg(long, value_enum)]
    direction: Option<DirectionName>,
    /// Temperature where no column says it
    #[arg(long, value_name = "TEMPERATURE", default_value = "300 K")]
    temperature: Temperature,
    /// Unit of a column whose title has none, such as `voltage=mV`
    #[arg(long, value_name = "COLUMN=UNIT", value_parser = key_value)]
    unit: Vec<(String, String)>,
    /// Fit this parameter too
    #[arg(long, value_name = "PARAMETER")]
    free: Vec<String>,
    /// Keep a parameter at a value, such as `delta=45` or `voltage_offset="10 mV"`
    #[arg(long, value_name = "PARAMETER=VALUE", value_parser = key_value)]
    fix: Vec<(String, String)>,
    #[command(flatten)]
    run: RunOptions,
}

/// Transitions on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum DirectionName {
    /// Anti-parallel to parallel (V > 0)
    #[value(name = "AP->P", alias = "ap-p")]
    Potentiation,
    /// Parallel to anti-parallel (V < 0)
    #[value(name = "P->AP", alias = "p-ap")]
    Depression,
}

/// Configuration of a calibration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalibrateConfig {
    /// Master seed of chains and simulated data.
    pub seed: u64,
    /// Model to fit.
    pub model: ModelName,
    /// Base device: a preset or the path of a device file (.toml).
    pub device: String,
    /// Law of the counts.
    pub law: CountLaw,
    /// Whether to compute profile likelihood intervals.
    pub profiles: bool,
    /// Whether to sample the posterior.
    pub posterior: bool,
    /// Whether to fit every second point and predict the rest.
    pub hold_out: bool,
    /// Trials per point of the ensemble model.
    pub ensemble_trials: u64,
    /// Settings by parameter name.
    #[serde(default)]
    pub parameters: ParameterSettings,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(k, v)| (k.trim().to_string(), v.trim().to_string()))
        .ok_or_else(|| format!("`{text}` has no `=`"))
}

impl CalibrateArguments {
    /// Reads, fits, judges and writes.
    ///
    /// # Errors
    /// Malformed data, a wrong setting, a model that does not hold for the base device, or a file
    /// that cannot be written.
    pub fn execute(self) -> Result<(), ExperimentError> {
        let (mut config, document): (CalibrateConfig, Document) = self.run.configuration(DEFAULTS)?;
        config.seed = self.run.seed.unwrap_or(config.seed);
        config.model = self.model.unwrap_or(config.model);
        if let Some(device) = &self.device {
            config.device.clone_from(device);
        }
        for name in &self.free {
            config
                .parameters
                .insert(name.clone(), ParameterSetting { free: Some(true), ..Default::default() });
        }
        for (name, value) in &self.fix {
            let setting = ParameterSetting { fixed: Some(value.clone()), ..Default::default() };
            config.parameters.insert(name.clone(), setting);
        }
        if self.run.printed_dry_run(&config)? {
            return Ok(());
        }
        let base = preset::open(&config.device)?;
        let data = self.read()?;
        let mut run =
            Run::begin(&self.run, "calibrate", "Calibration of a switching model", &config, config.seed)?;
        run.cite(&["butler2012", "sun2000", "brown1963"]);
        for path in &self.data {
            let bytes = std::fs::read(path).map_err(ExperimentError::io("read", path))?;
            let digest = Sha256::digest(&bytes);
            let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
            run.input(path.display().to_string(), hex);
        }
        let mut fits = Vec::new();
        let several = data.devices.len() > 1;
        for (index, name) in data.devices.iter().enumerate() {
            let own = data.of_device(index);
            let fit = one_device(&mut run, &config, &base, &own, name, several);
            fits.push(fit.map_err(|error| self.at_setting(error, &document))?);
        }
        if fits.len() >= 3 {
            mean_device(&mut run, &config, &base, &data, &fits)?;
        }
        run.finish()?;
        Ok(())
    }

    /// `error` with the place in the configuration of the setting that it names, if that is where the setting stands.
    fn at_setting(&self, error: ExperimentError, document: &Document) -> ExperimentError {
        let ExperimentError::Calibration(cause) = &error else { return error };
        let key = match cause {
            CalibrationError::Setting { key, .. } if key.starts_with("parameters.") => key.clone(),
            CalibrationError::Setting { key, .. } if key == "ensemble_trials" => key.clone(),
            CalibrationError::UnknownParameter { name, .. } => format!("parameters.{name}"),
            _ => return error,
        };
        let on_command_line = self.free.iter().chain(self.fix.iter().map(|(name, _)| name));
        if on_command_line.into_iter().any(|name| key.split('.').nth(1) == Some(name)) {
            return error;
        }
        document.at_key(&key, cause.to_string()).into()
    }

    fn read(&self) -> Result<MeasuredData, ExperimentError> {
        let defaults = CsvDefaults {
            units: self.unit.clone(),
            trials: self.trials,
            width_s: self.width.map(Time::si),
            amplitude_v: self.amplitude.map(Voltage::si),
            amplitude_guess_v: self.fit_amplitude.map(Voltage::si),
            start: self.direction.map(|d| match d {
                DirectionName::Potentiation => State::AntiParallel,
                DirectionName::Depression => State::Parallel,
            }),
            temperature_k: self.temperature.si(),
            ..CsvDefaults::default()
        };
        let mut all = MeasuredData::default();
        let mut malformed = Vec::new();
        for path in &self.data {
            match read_file(path, &defaults) {
                Ok(data) => all.append(data),
                Err(MeasurementError::Malformed(places)) => malformed.extend(places),
                Err(other) => return Err(CalibrationError::from(other).into()),
            }
        }
        if malformed.is_empty() {
            Ok(all)
        } else {
            Err(CalibrationError::from(MeasurementError::Malformed(malformed)).into())
        }
    }
}

/// Calibrates one device and reports on it.
fn one_device(
    run: &mut Run,
    config: &CalibrateConfig,
    base: &Preset,
    data: &MeasuredData,
    name: &str,
    several: bool,
) -> Result<Calibration, ExperimentError> {
    let fitted = Fitted::new(config, &base.device, data)?;
    let problem = Problem::new(fitted.model(), data, &config.parameters, config.law)?;
    let options = Options {
        profiles: config.profiles,
        posterior: config.posterior,
        seed: config.seed,
        ..Options::default()
    };
    let fit = calibrate(&problem, &options)?;
    let suffix = if several { format!("-{}", file_name(name)) } else { String::new() };
    let group = format!("calibration/{}", file_name(name));
    run.report().section(&format!("{name}: {}", fit.model));
    run.report().paragraph(&fit.goodness.in_words());
    parameter_table(run, &fit);
    for sentence in identifiability::in_words(&fit.combinations) {
        run.report().paragraph(&sentence);
    }
    run.report().paragraph(&starts_in_words(&fit));
    if let Some(sentence) = discretisation_in_words(&fit) {
        run.report().paragraph(&sentence);
    }
    let comparison = compare_models(config, data, &fit)?;
    let (columns, rows) =
        (["model", "free", "deviance", "degrees of freedom", "AIC", "rms residual of P"], comparison);
    run.report().table(&columns, &rows);
    let quick = Options { profiles: false, posterior: false, ..options };
    let mut shape_sentences = Vec::new();
    for file in 0..data.files.len() {
        let curve = data.filtered(|_, m| m.file == file);
        if curve.points.len() >= 6 {
            let shapes = compare_shapes(&curve, &quick)?;
            let sentence = format!("{}: {}", file_name(&data.files[file]), in_words(&shapes));
            run.report().paragraph(&sentence);
            shape_sentences.push(sentence);
        }
    }
    let held = held_out(config, fitted.model(), data, &quick)?;
    for part in &held {
        run.report().paragraph(&hold_out_in_words(&part.what, &part.result));
    }
    calibration_figures::held_out(run, &suffix, &held)?;
    calibration_figures::all(run, &suffix, data, &fit, &problem)?;
    for dataset in fit.to_datasets(&group, data)? {
        run.add(dataset)?;
    }
    let mut summary = summarise(&fit);
    summary["shapes"] = json!(shape_sentences);
    summary["hold_out"] = held
        .iter()
        .map(|HeldOut { what, result, .. }| {
            let figures = json!({
                "points": result.residuals.len(),
                "deviance": result.deviance,
                "rms_standardised_residual": result.rms_residual,
                "rms_probability": result.rms_probability,
            });
            (what.clone(), figures)
        })
        .collect::<serde_json::Map<String, Value>>()
        .into();
    match fitted.device(&base.device, &fit) {
        Some(Ok(device)) => {
            let file = format!("device{suffix}.toml");
            run.write(&file, device_file(base, device, &fit, name)?.as_bytes())?;
            summary["device_file"] = json!(file);
        }
        // The fit stands without the file; say why there is none.
        Some(Err(error)) => {
            run.report().paragraph(&format!("No device file: {error}"));
            summary["device_file"] = json!(format!("none: {error}"));
        }
        None => {}
    }
    run.value(name, summary);
    Ok(fit)
}

/// The population of the devices, and the device with its mean parameters.
fn mean_device(
    run: &mut Run,
    config: &CalibrateConfig,
    base: &Preset,
    data: &MeasuredData,
    fits: &[Calibration],
) -> Result<(), ExperimentError> {
    let means = distribution(run, fits, &data.devices)?;
    let mut mean = fits[0].clone();
    for (name, value) in means {
        if let Some(k) = mean.parameters.iter().position(|p| p.name == name) {
            mean.values[k] = value;
        }
    }
    let fitted = Fitted::new(config, &base.device, data)?;
    if let Some(Ok(device)) = fitted.device(&base.device, &mean) {
        let text = device_file(base, device, &mean, &format!("mean of {} devices", fits.len()))?;
        run.write("device-mean.toml", text.as_bytes())?;
    }
    Ok(())
}

/// The end of a path without its extension, in letters that name files and groups.
pub(super) fn file_name(name: &str) -> String {
    let stem = std::path::Path::new(name).file_stem().map_or(name.into(), |s| s.to_string_lossy());
    stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
}
