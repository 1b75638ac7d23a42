//! What `device.from` and `population.from` stand for, laid under the user's keys of `[device]` and `[population]`.

use spinhebb_data::config::Document;
use spinhebb_device::junction::preset;

use super::input_file::resolve;
use crate::error::ExperimentError;

/// Value of `device.from` under which `[device]` is complete.
const COMPLETE: &str = "none";
/// File of a calibration run that holds the part `[population]`.
const POPULATION: &str = "population.toml";

/// The layer of the device that `device.from` names; `None` where the table is complete.
///
/// # Errors
/// There is no such preset, file or run; with the place of the name.
pub(super) fn device_layer(document: &Document) -> Result<Option<Document>, ExperimentError> {
    let Some(name) = document.text_at("device.from").filter(|name| name != COMPLETE) else {
        return Ok(None);
    };
    let path = resolve(document, "device.from", &name);
    let refused = |error: &dyn std::fmt::Display| {
        ExperimentError::Config(document.at_key("device.from", error.to_string()))
    };
    let is_file = path.exists() && !preset::names().any(|known| known == name);
    let wanted = if is_file { path.display().to_string() } else { name.clone() };
    let device = preset::table(&wanted).map_err(|error| refused(&error))?;
    let title = if is_file { device.name } else { format!("preset {name}") };
    Ok(Some(Document::built_in(&title, &device.text)?))
}

/// The layer of the population that `population.from` names: a file with the part `[population]`, or the folder of a
/// calibration run, which holds one; `None` where none is named.
///
/// # Errors
/// There is no such file, or it does not hold a population; with the place of the name.
pub(super) fn population_layer(document: &Document) -> Result<Option<Document>, ExperimentError> {
    let key = "population.from";
    let Some(name) = document.text_at(key) else { return Ok(None) };
    let refused = |reason: String| ExperimentError::Config(document.at_key(key, reason));
    let path = resolve(document, key, &name);
    let file = if path.is_dir() { path.join(POPULATION) } else { path.clone() };
    let text = std::fs::read_to_string(&file).map_err(|error| {
        let advice = "the folder of a calibration of several devices holds one";
        refused(format!("cannot read `{}`: {error}; {advice}", file.display()))
    })?;
    let layer =
        Document::built_in(&file.display().to_string(), &text).map_err(|error| refused(error.to_string()))?;
    let table = layer.merged();
    if table.len() != 1 || !table.contains_key("population") {
        let keys: Vec<&str> = table.keys().map(String::as_str).collect();
        let found = format!("`{}` holds [{}]", file.display(), keys.join(", "));
        return Err(refused(format!("{found}, but a file with the part `[population]` alone is expected")));
    }
    Ok(Some(layer))
}
