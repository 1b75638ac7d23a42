//! Named devices with the source of every parameter.
//!
//! A preset is a TOML file in `device/presets`: the tables of [`MtjConfig`] and a table
//! `[source]` with one entry per parameter, a citation or `assumed: why`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::DeviceError;
use crate::junction::mtj::MtjConfig;

/// Every preset: name and file.
const PRESETS: &[(&str, &str)] = &[
    ("perpendicular-40nm", include_str!("../../presets/perpendicular-40nm.toml")),
    ("in-plane", include_str!("../../presets/in-plane.toml")),
    ("composite-40nm", include_str!("../../presets/composite-40nm.toml")),
];

/// A named device and where its parameters come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// One sentence about the device.
    pub description: String,
    /// Parameter key to citation, or `assumed: why`.
    pub source: BTreeMap<String, String>,
    /// The device.
    pub device: MtjConfig,
}

/// Names of all presets.
pub fn names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name)
}

/// Text of a preset's file.
///
/// # Errors
/// [`DeviceError::UnknownPreset`].
pub fn text(name: &str) -> Result<&'static str, DeviceError> {
    PRESETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text).ok_or_else(|| {
        DeviceError::UnknownPreset { name: name.to_string(), known: names().collect::<Vec<_>>().join(", ") }
    })
}

/// Loads a preset by name.
///
/// # Errors
/// [`DeviceError::UnknownPreset`], or [`DeviceError::OutOfRange`] from the validation.
pub fn load(name: &str) -> Result<Preset, DeviceError> {
    parse(name, text(name)?)
}

/// Loads a preset by name or a device file in the form of a preset by its path: `name_or_path` is a path
/// if it ends in `.toml`.
///
/// # Errors
/// [`DeviceError::Unreadable`] for a file that cannot be read; those of [`load`].
pub fn open(name_or_path: &str) -> Result<Preset, DeviceError> {
    if !name_or_path.ends_with(".toml") {
        return load(name_or_path);
    }
    let text = std::fs::read_to_string(name_or_path).map_err(|error| DeviceError::Unreadable {
        name: name_or_path.to_string(),
        message: error.to_string(),
    })?;
    parse(name_or_path, &text)
}

fn parse(name: &str, text: &str) -> Result<Preset, DeviceError> {
    let preset: Preset = toml::from_str(text)
        .map_err(|error| DeviceError::Unreadable { name: name.to_string(), message: error.to_string() })?;
    preset.device.validate()?;
    Ok(preset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of all leaves of a TOML table, dotted.
    fn leaves(prefix: &str, value: &toml::Value, keys: &mut Vec<String>) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    leaves(&path, value, keys);
                }
            }
            _ => keys.push(prefix.to_string()),
        }
    }

    #[test]
    fn every_parameter_of_every_preset_has_a_source() {
        for name in names() {
            let preset = load(name).unwrap_or_else(|error| panic!("{error}"));
            let file: toml::Table = toml::from_str(text(name).unwrap()).unwrap();
            let mut keys = Vec::new();
            leaves("", &file["device"], &mut keys);
            for key in &keys {
                assert!(preset.source.contains_key(key), "preset {name}: no source for {key}");
            }
            for key in preset.source.keys() {
                assert!(keys.contains(key), "preset {name}: source for {key}, which is not a parameter");
            }
        }
    }

    #[test]
    fn presets_resolve_survive_a_dump_and_have_two_stable_states() {
        for name in names() {
            let device = load(name).unwrap().device;
            let dumped = toml::to_string(&device).unwrap();
            assert_eq!(toml::from_str::<MtjConfig>(&dumped).unwrap(), device);
            for state in crate::junction::state::State::BOTH {
                if device.coupled.is_some() {
                    let pair = device.resolve_coupled().unwrap();
                    let volts = crate::dynamics::coupled::critical_voltage(&pair, state).unwrap();
                    assert!(
                        volts * state.switching_polarity() > 0.05 && volts.abs() < 2.0,
                        "{name}: {volts}"
                    );
                    continue;
                }
                let mtj = device.resolve().unwrap();
                assert!(mtj.stability(state).unwrap() > 20.0, "{name}");
                let volts = mtj.critical_voltage(state).unwrap();
                assert!(volts * state.switching_polarity() > 0.05 && volts.abs() < 2.0, "{name}: {volts}");
            }
        }
        assert!(
            load("perpendicular")
                .unwrap_err()
                .to_string()
                .contains("perpendicular-40nm, in-plane, composite-40nm")
        );
    }
}
