//! The device a command works on: a shipped one by name, or one described in the configuration.
//!
//! A configuration names a `preset` (or the path of a device file) and may have a table `[device]`, whose
//! keys win over the preset's one by one; a table that names another law replaces the preset's
//! whole. With `preset = "none"` the table describes the device alone.

use serde::Serialize;
use serde::de::DeserializeOwned;
use spinhebb_data::config::{self, Document};
use spinhebb_device::dynamics::coupled;
use spinhebb_device::error::DeviceError;
use spinhebb_device::junction::coupled::CoupledMtj;
use spinhebb_device::junction::mtj::{Mtj, MtjConfig};
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;

use crate::error::ExperimentError;
use crate::run::{Run, RunOptions};

/// Value of `preset` under which `[device]` is complete.
const NO_PRESET: &str = "none";

/// The layer under a configuration that a preset makes.
#[derive(Serialize)]
struct Layer {
    device: MtjConfig,
}

/// The user's configuration over `defaults`, both over the device that `preset` names.
///
/// # Errors
/// The file cannot be read, a key or value is wrong, or there is no such preset.
pub fn configuration<C: DeserializeOwned>(
    options: &RunOptions,
    defaults: &str,
) -> Result<(C, Document), ExperimentError> {
    let base = Document::from_text("built-in defaults", defaults)?;
    let document = match &options.config {
        Some(path) => Document::read(path)?.over(&base),
        None => base,
    };
    let document = match document.text_at("preset").filter(|name| name != NO_PRESET) {
        None => document,
        Some(name) => {
            let device = preset::open(&name)
                .map_err(|error| ExperimentError::Config(document.at_key("preset", error.to_string())))?
                .device;
            let text = config::render(&Layer { device })?;
            document.over(&Document::from_text(&format!("preset {name}"), &text)?)
        }
    };
    Ok((document.parse()?, document))
}

/// One macrospin, or two coupled layers.
#[derive(Debug, Clone)]
pub enum Junction {
    /// One macrospin.
    Single(Box<Mtj>),
    /// A composite or synthetic free layer.
    Coupled(Box<CoupledMtj>),
}

impl Junction {
    /// The layer that is read, with its transport and fixed layer.
    #[must_use]
    pub fn barrier(&self) -> &Mtj {
        match self {
            Self::Single(mtj) => mtj,
            Self::Coupled(pair) => &pair.layers[0],
        }
    }

    /// Derived figures, for the summary.
    pub fn summarise(&self, run: &mut Run, name: &str) {
        match self {
            Self::Single(mtj) => summarise_device(run, mtj, name),
            Self::Coupled(pair) => {
                run.value("device", name);
                for state in State::BOTH {
                    if let Ok(volts) = coupled::critical_voltage(pair, state) {
                        run.value(&format!("{state}.critical_voltage_v"), volts);
                    }
                    if let Ok(modes) = coupled::modes(pair, state, 0.0) {
                        let hertz: Vec<f64> =
                            modes.iter().map(|m| m.frequency_rad_per_s / std::f64::consts::TAU).collect();
                        run.value(&format!("{state}.resonances_hz"), hertz);
                    }
                }
                if let Ok(time_s) = coupled::slowest_damping_time_s(pair) {
                    run.value("damping_time_s", time_s);
                }
            }
        }
    }
}

/// The device of a configuration read by [`configuration`], one macrospin or two layers, and its name.
///
/// # Errors
/// The device is missing or out of range; said with its place in `document`.
pub fn junction(
    preset: &str,
    device: Option<&MtjConfig>,
    document: &Document,
) -> Result<(Junction, String), ExperimentError> {
    let Some(device) = device else {
        return ExperimentError::refuse("preset", preset, "a shipped device, or a complete table [device]");
    };
    let resolved = match device.coupled {
        None => device.resolve().map(|mtj| Junction::Single(Box::new(mtj))),
        Some(_) => device.resolve_coupled().map(|pair| Junction::Coupled(Box::new(pair))),
    };
    Ok((located(resolved, document)?, name_of(preset, device)))
}

/// As [`junction`] for computations that know one macrospin only.
///
/// # Errors
/// As [`junction`], and for a device with coupled layers.
pub fn macrospin(
    preset: &str,
    device: Option<&MtjConfig>,
    document: &Document,
) -> Result<(Mtj, String), ExperimentError> {
    match (junction(preset, device, document)?, device) {
        ((Junction::Single(mtj), name), _) => Ok((*mtj, name)),
        // The device layer says why not.
        ((Junction::Coupled(pair), name), None) => Ok((pair.layers[0].clone(), name)),
        ((Junction::Coupled(_), name), Some(device)) => match device.resolve() {
            Ok(mtj) => Ok((mtj, name)),
            Err(error) => Err(ExperimentError::Config(document.at_key("preset", error.to_string()))),
        },
    }
}

/// The macrospin and its name where the configuration was not read by [`configuration`]: `device` if it is
/// given, else `preset`: a shipped one by name, or the path of a device file (.toml) such as
/// `spinhebb calibrate` writes.
///
/// # Errors
/// There is no such preset, or the device is out of range.
pub fn resolve(preset: &str, device: Option<&MtjConfig>) -> Result<(Mtj, String), ExperimentError> {
    match device {
        Some(device) => Ok((device.resolve()?, "configured device".to_string())),
        None => Ok((preset::open(preset)?.device.resolve()?, preset.to_string())),
    }
}

fn located<T>(result: Result<T, DeviceError>, document: &Document) -> Result<T, ExperimentError> {
    result.map_err(|error| match &error {
        DeviceError::OutOfRange { key, .. } => {
            ExperimentError::Config(document.at_key(&format!("device.{key}"), error.to_string()))
        }
        _ => error.into(),
    })
}

/// The preset's name, with a note where the configuration changed the device.
fn name_of(preset: &str, device: &MtjConfig) -> String {
    match preset::open(preset) {
        Ok(shipped) if shipped.device == *device => preset.to_string(),
        Ok(_) => format!("{preset}, changed"),
        Err(_) => "configured device".to_string(),
    }
}

/// Derived figures of the device, for the summary.
pub fn summarise_device(run: &mut Run, mtj: &Mtj, name: &str) {
    run.value("device", name);
    for state in State::BOTH {
        if let (Ok(stability), Ok(volts)) = (mtj.stability(state), mtj.critical_voltage(state)) {
            run.value(&format!("{state}.stability"), stability);
            run.value(&format!("{state}.critical_voltage_v"), volts);
        }
    }
    run.value("damping_time_s", mtj.damping_time_s());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::device::{TABLE_DEFAULTS, TableConfig};
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        run: RunOptions,
    }

    fn read(text: &str) -> Result<(TableConfig, Document), ExperimentError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, text).unwrap();
        let line = Line::parse_from(["test", "--config", path.to_str().unwrap()]);
        configuration(&line.run, TABLE_DEFAULTS)
    }

    fn device(text: &str) -> (MtjConfig, String) {
        let (config, document) = read(text).unwrap();
        let device = config.device.unwrap();
        let (_, name) = junction(&config.preset, Some(&device), &document).unwrap();
        (device, name)
    }

    #[test]
    fn a_device_table_lies_over_the_preset() {
        let shipped = preset::load("in-plane").unwrap().device;
        assert_eq!(device("preset = \"in-plane\""), (shipped.clone(), "in-plane".to_string()));
        let (changed, name) = device("preset = \"in-plane\"\n[device.material]\ndamping = 0.02");
        assert_eq!(name, "in-plane, changed");
        let mut expected = shipped;
        expected.material.damping = 0.02;
        assert_eq!(changed, expected);
        // Another law replaces the preset's table whole.
        let (other, _) = device("[device.spin_transfer.efficiency]\nlaw = \"constant\"\npolarisation = 0.5");
        assert_eq!(
            other.spin_transfer.unwrap().efficiency,
            spinhebb_device::junction::torque::EfficiencyConfig::Constant { polarisation: 0.5 }
        );
    }

    #[test]
    fn a_dry_run_is_input_that_gives_the_same_device() {
        for start in ["preset = \"composite-40nm\"", "[device.material]\ndamping = 0.02"] {
            let (first, _) = read(start).unwrap();
            let printed = config::render(&first).unwrap();
            assert!(printed.contains("[device.geometry]"), "{printed}");
            assert_eq!(read(&printed).unwrap().0, first);
            let alone = printed.replace(&format!("preset = \"{}\"", first.preset), "preset = \"none\"");
            assert_eq!(read(&alone).unwrap().0.device, first.device);
        }
    }

    #[test]
    fn errors_of_the_device_have_a_place() {
        let place = |text: &str| {
            let error = match read(text) {
                Err(error) => error,
                Ok((config, document)) => {
                    junction(&config.preset, config.device.as_ref(), &document).unwrap_err()
                }
            };
            match error {
                ExperimentError::Config(error) => {
                    let (file, line, _) = error.location().expect("a place");
                    assert!(file.ends_with("mine.toml"), "{file}");
                    line
                }
                other => panic!("{other}"),
            }
        };
        assert_eq!(place("seed = 3\n[device.geometry]\nthickness = \"-1 nm\""), 3);
        assert_eq!(place("seed = 3\n\n[device.geometry]\nthicknes = \"1 nm\""), 4);
        assert_eq!(place("seed = 3\npreset = \"perpendiculr\""), 2);
        assert_eq!(place("preset = \"composite-40nm\"\n[device.coupled]\nthickness = \"0 nm\""), 3);
    }
}
