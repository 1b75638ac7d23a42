//! A fitted device in the form of a preset: every value with its source.

use std::collections::BTreeMap;

use spinhebb_data::config::{ConfigError, render};
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::preset::{self, Preset};
use toml::{Table, Value};

use crate::error::ExperimentError;

/// The device file of `device`, which the fit of `model` to `name` made of `base`.
///
/// # Errors
/// Never for a device that was checked.
pub(super) fn of(base: &MtjConfig, device: MtjConfig, model: &str, name: &str) -> Result<String, ExperimentError> {
    let from = base.from.as_deref().and_then(|from| preset::open(from).ok());
    let base = leaves(base)?;
    let device = MtjConfig { from: None, ..device };
    let fitted = leaves(&device)?;
    let (shipped, mut source, described) = match from {
        Some(preset) => (leaves(&preset.device)?, preset.source, preset.description),
        None => (BTreeMap::new(), BTreeMap::new(), "a device of its own".to_string()),
    };
    source.retain(|key, _| fitted.contains_key(key));
    for (key, value) in &fitted {
        if base.get(key) != Some(value) {
            source.insert(key.clone(), format!("fitted: {model} model, {name}"));
        } else if shipped.get(key) != Some(value) {
            source.insert(key.clone(), "assumed: configured for the calibration".to_string());
        }
    }
    let description = format!("{name}: {model} fitted to measured counts. Base: {described}");
    Ok(render(&Preset { description, source, device })?)
}

/// Values of a device by dotted key.
fn leaves(device: &MtjConfig) -> Result<BTreeMap<String, Value>, ExperimentError> {
    let device = MtjConfig { from: None, ..device.clone() };
    let unwritable = |e: toml::ser::Error| ConfigError::Unwritable { reason: e.to_string() };
    let mut found = BTreeMap::new();
    collect("", Table::try_from(&device).map_err(unwritable)?, &mut found);
    Ok(found)
}

fn collect(prefix: &str, table: Table, found: &mut BTreeMap<String, Value>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(inner) => collect(&path, inner, found),
            leaf => drop(found.insert(path, leaf)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_says_where_it_comes_from() {
        let name = "perpendicular-40nm";
        let shipped = preset::load(name).unwrap();
        let mut base = MtjConfig { from: Some(name.to_string()), ..shipped.device.clone() };
        base.transport.tmr *= 1.5;
        let mut device = base.clone();
        device.material.damping *= 2.0;
        let file: Preset = toml::from_str(&of(&base, device.clone(), "butler", "d0").unwrap()).unwrap();
        assert_eq!(file.device, MtjConfig { from: None, ..device });
        assert_eq!(file.source["material.damping"], "fitted: butler model, d0");
        assert_eq!(file.source["transport.tmr"], "assumed: configured for the calibration");
        let kept = "material.magnetisation";
        assert_eq!(file.source[kept], shipped.source[kept]);
    }
}
