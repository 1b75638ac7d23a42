//! A system with some keys changed: what a study or a composed experiment computes beside the system itself.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spinhebb_data::config::{Check, Document};

use super::{RENAMES, from};
use crate::error::ExperimentError;

/// The parts `C` of the system `base` with the keys of `changes` laid over them; a device that `changes` names by `from`
/// replaces that of the base.
///
/// # Errors
/// A key or value of `changes` is wrong.
pub fn overlay<C>(base: &impl Serialize, changes: &toml::Table) -> Result<C, ExperimentError>
where
    C: DeserializeOwned + JsonSchema + Check,
{
    let mut lower = toml::Table::try_from(base)
        .map_err(|e| spinhebb_data::config::ConfigError::Unwritable { reason: e.to_string() })?;
    let names_device = changes.get("device").and_then(|device| device.get("from")).is_some();
    if names_device {
        lower.remove("device");
    }
    let upper = Document::from_text("changes of the system", &spinhebb_data::config::render(changes)?)?;
    let lower = Document::built_in("the system", &spinhebb_data::config::render(&lower)?)?;
    let document = match from::device_layer(&upper.clone().over(&lower))? {
        Some(device) => upper.over(&device.over(&lower)),
        None => upper.over(&lower),
    };
    Ok(spinhebb_data::config::read::<C>(&document, &schemars::schema_for!(C), &|_| true, RENAMES)?)
}
