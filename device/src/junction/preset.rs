//! Named devices with the source of every parameter.
//!
//! A preset is a TOML file in `device/presets`: the tables of [`MtjConfig`] and a table
//! `[source]` with one entry per parameter, a citation or `assumed: why`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, ConfigError, Document, Faults};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::error::DeviceError;
use crate::junction::mtj::MtjConfig;

/// Device file in the folder of a calibration run: of its one device, or of the mean of several.
const DEVICE_FILES: [&str; 2] = ["device.toml", "device-mean.toml"];

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

/// The part `[device]` of a preset or device file, as text with nothing else in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceTable {
    /// Preset or file, for messages.
    pub name: String,
    /// TOML with the one table `device`; every key stands in the line and column it has in the file.
    pub text: String,
    /// Whether it came with the program.
    pub shipped: bool,
}

/// The table `[device]` of a preset by name, a device file by its path, or the folder of a calibration run, which holds
/// the file `device.toml` or, of several devices, `device-mean.toml`. Keys and values are not looked at.
///
/// `name_or_path` is a path if it ends in `.toml` or is that of a folder.
///
/// # Errors
/// [`DeviceError::UnknownPreset`]; [`DeviceError::Unreadable`] for a file that cannot be read, is not TOML, has no
/// table `device`, or names a device in `from` itself.
pub fn table(name_or_path: &str) -> Result<DeviceTable, DeviceError> {
    let document = Source::of(name_or_path)?.read()?;
    let unreadable = |message: String| DeviceError::Unreadable { name: document.name.clone(), message };
    if let Some(from) = document.toml.text_at("device.from") {
        let message = format!("`device.from` is \"{from}\"; a device file is complete, leave it out");
        return Err(unreadable(document.toml.at_key("device.from", message).report()));
    }
    let text = device_alone(&document.text).map_err(|message| unreadable(message.to_string()))?;
    Ok(DeviceTable { name: document.name, text, shipped: document.shipped })
}

/// Loads a preset by name.
///
/// # Errors
/// [`DeviceError::UnknownPreset`], or [`DeviceError::Unreadable`] where it is wrong, which no shipped one is.
pub fn load(name: &str) -> Result<Preset, DeviceError> {
    Source::Shipped(name, text(name)?).read()?.parse()
}

/// Loads a preset by name, a device file in the form of a preset by its path, or the device of a calibration run by its
/// folder; told apart as by [`table`].
///
/// # Errors
/// [`DeviceError::Unreadable`] for a file that cannot be read or is wrong, with the place; those of [`load`].
pub fn open(name_or_path: &str) -> Result<Preset, DeviceError> {
    Source::of(name_or_path)?.read()?.parse()
}

/// Where a device is described.
enum Source<'a> {
    /// Name and text.
    Shipped(&'a str, &'static str),
    File(PathBuf),
}

/// A description that was read.
struct Described {
    name: String,
    text: String,
    shipped: bool,
    toml: Document,
}

impl<'a> Source<'a> {
    fn of(name_or_path: &'a str) -> Result<Self, DeviceError> {
        let path = Path::new(name_or_path);
        if path.extension().is_some_and(|extension| extension == "toml") && !path.is_dir() {
            return Ok(Self::File(path.to_path_buf()));
        }
        if PRESETS.iter().any(|(name, _)| *name == name_or_path) || !path.is_dir() {
            return Ok(Self::Shipped(name_or_path, text(name_or_path)?));
        }
        let found = DEVICE_FILES.iter().map(|name| path.join(name)).find(|file| file.is_file());
        found.map(Self::File).ok_or_else(|| DeviceError::Unreadable {
            name: name_or_path.to_string(),
            message: format!(
                "the folder holds neither `{}`; that of a calibration run does",
                DEVICE_FILES.join("` nor `")
            ),
        })
    }

    fn read(self) -> Result<Described, DeviceError> {
        let (name, text, shipped) = match self {
            Self::Shipped(name, text) => (format!("preset {name}"), text.to_string(), true),
            Self::File(path) => {
                let name = path.display().to_string();
                let unreadable = |error: std::io::Error| DeviceError::Unreadable {
                    name: name.clone(),
                    message: error.to_string(),
                };
                let text = std::fs::read_to_string(&path).map_err(unreadable)?;
                (name, text.strip_prefix('\u{feff}').unwrap_or(&text).to_string(), false)
            }
        };
        let toml = Document::from_text(&name, &text)
            .map_err(|error| DeviceError::Unreadable { name: name.clone(), message: error.report() })?;
        Ok(Described { name, text, shipped, toml })
    }
}

impl Described {
    fn parse(&self) -> Result<Preset, DeviceError> {
        let unreadable = |message| DeviceError::Unreadable { name: self.name.clone(), message };
        let mut preset: Preset = self.toml.parse().map_err(|error| unreadable(error.report()))?;
        preset.device.from = None;
        let mut faults = Faults::default();
        faults.within("device", |faults| preset.device.check(faults));
        match ConfigError::located(&self.toml, faults.found()) {
            Some(error) => Err(unreadable(error.report())),
            None => Ok(preset),
        }
    }
}

/// `text` of a preset with all but the table `device` blanked out, or what is wrong.
fn device_alone(text: &str) -> Result<String, &'static str> {
    const NONE: &str =
        "it has no table `device`; a device file has the form of a preset (`spinhebb presets` shows them)";
    let root = DeTable::parse(text).map_err(|_| "it is not TOML")?.into_inner();
    if !root.get("device").is_some_and(|device| device.get_ref().is_table()) {
        return Err(NONE);
    }
    let mut bytes = text.as_bytes().to_vec();
    for (key, value) in root.iter().filter(|(key, _)| key.get_ref() != "device") {
        blank(&mut bytes, key, value);
    }
    // Whole characters were blanked, so the text is text.
    let alone = String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text")?;
    let kept = toml::from_str::<toml::Table>(&alone);
    match (kept, toml::from_str::<toml::Table>(text)) {
        (Ok(kept), Ok(all)) if kept.len() == 1 && kept.get("device") == all.get("device") => Ok(alone),
        // Written in a form that cannot be cut out, such as dotted keys: the places are lost, not the values.
        (_, Ok(mut all)) => {
            all.retain(|key, _| key == "device");
            toml::to_string(&all).map_err(|_| NONE)
        }
        _ => Err("it is not TOML"),
    }
}

/// Puts spaces for a key and its value; line ends stay.
fn blank(bytes: &mut [u8], key: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) {
    let mut clear = |range: Range<usize>| {
        bytes[range].iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    };
    let (key, whole) = (key.span(), value.span());
    match value.get_ref() {
        // The span of a table under a header is that of the header, which holds the key.
        DeValue::Table(table) if whole.start <= key.start => {
            clear(whole);
            table.iter().for_each(|(key, value)| blank(bytes, key, value));
        }
        _ => clear(key.start.min(whole.start)..key.end.max(whole.end)),
    }
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

    #[test]
    fn tables_hold_the_device_alone_at_its_place() {
        for name in names() {
            let table = table(name).unwrap();
            assert_eq!(table.name, format!("preset {name}"));
            let file = text(name).unwrap();
            assert_eq!(table.text.lines().count(), file.lines().count());
            let kept: toml::Table = toml::from_str(&table.text).unwrap();
            let all: toml::Table = toml::from_str(file).unwrap();
            assert_eq!((kept.len(), &kept["device"]), (1, &all["device"]));
            for (kept, written) in table.text.lines().zip(file.lines()) {
                assert!(kept == written || kept.trim().is_empty(), "{kept}");
            }
        }
    }

    #[test]
    fn what_cannot_be_cut_out_is_written_anew() {
        let dotted = "source.a = \"x\"\ndevice.transport.tmr = 1.5\nsource.b = \"y\"\ndescription = \"\"\"two\nlines\"\"\"\n";
        let kept: toml::Table = toml::from_str(&device_alone(dotted).unwrap()).unwrap();
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["device"]);
        assert_eq!(kept["device"]["transport"]["tmr"].as_float(), Some(1.5));
        let inline = "description = \"\"\"two\nlines\"\"\"\nnote = { a = [1,\n2] }\n[device]\nfoo = 1\n[source.deep]\nb = [1,\n2]\n";
        let kept = device_alone(inline).unwrap();
        assert!(kept.lines().nth(5) == Some("foo = 1"), "{kept:?}");
        assert!(device_alone("description = 1").unwrap_err().contains("no table `device`"));
    }

    #[test]
    fn files_and_folders_are_devices_and_their_errors_have_a_place() {
        let folder = std::env::temp_dir().join(format!("spinhebb-preset-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(DEVICE_FILES[0]);
        let write = |text: &str| std::fs::write(&file, text).unwrap();
        let (by_file, by_folder) = (file.to_str().unwrap(), folder.to_str().unwrap());
        let shipped = text("in-plane").unwrap();

        assert!(table(by_folder).unwrap_err().to_string().contains("neither `device.toml` nor"));
        assert!(open(by_file).unwrap_err().to_string().contains("cannot be read"));
        write(shipped);
        for name in [by_file, by_folder] {
            assert_eq!(open(name).unwrap(), load("in-plane").unwrap());
            assert_eq!(
                table(name).unwrap(),
                DeviceTable { name: by_file.into(), shipped: false, ..table("in-plane").unwrap() }
            );
        }
        write(&shipped.replace("tmr = 0.9", "tmr = -0.9").replace("damping = 0.01", "damping = -0.01"));
        let both = open(by_file).unwrap_err().to_string();
        for place in ["device.toml:11:11", "`device.material.damping`", "`device.transport.tmr`"] {
            assert!(both.contains(place), "{place}: {both}");
        }
        write(&shipped.replace("tmr = 0.9", "tmrr = 0.9"));
        let unknown = open(by_file).unwrap_err().to_string();
        assert!(
            unknown.contains("unknown key `tmrr`") && unknown.contains("did you mean `tmr`?"),
            "{unknown}"
        );
        write(&shipped.replace("tmr = 0.9", "tmr = "));
        let broken = table(by_file).unwrap_err().to_string();
        assert!(broken.contains("not valid TOML") && broken.contains("device.toml:21"), "{broken}");
        write("[device]\nfrom = \"in-plane\"\n");
        assert!(table(by_file).unwrap_err().to_string().contains("a device file is complete"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
