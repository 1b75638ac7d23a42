//! What `device.from` stands for, laid under the user's keys of `[device]`.

use spinhebb_data::config::Document;
use spinhebb_device::junction::preset;

use crate::error::ExperimentError;

/// Value of `device.from` under which `[device]` is complete.
const COMPLETE: &str = "none";

/// The layer of the device that `device.from` names; `None` where the table is complete.
///
/// # Errors
/// There is no such preset, file or run; with the place of the name.
pub(super) fn device_layer(document: &Document) -> Result<Option<Document>, ExperimentError> {
    let Some(name) = document.text_at("device.from").filter(|name| name != COMPLETE) else {
        return Ok(None);
    };
    let path = super::input_file::resolve(document, "device.from", &name);
    let refused = |error: &dyn std::fmt::Display| {
        ExperimentError::Config(document.at_key("device.from", error.to_string()))
    };
    let is_file = path.exists() && !preset::names().any(|known| known == name);
    let wanted = if is_file { path.display().to_string() } else { name.clone() };
    let device = preset::table(&wanted).map_err(|error| refused(&error))?;
    let title = if is_file { device.name } else { format!("preset {name}") };
    Ok(Some(Document::built_in(&title, &device.text)?))
}
