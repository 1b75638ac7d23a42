//! What `network.recipe` stands for, laid under the user's keys of `[network]` and `[pulses]`.

use spinhebb_data::config::Document;
use spinhebb_data::mnist;
use spinhebb_network::readout::preset;
use spinhebb_network::training::config::RecipeName;

use super::input_file::resolve;
use crate::error::ExperimentError;

/// The layer of the recipe that `network.recipe` names.
///
/// A recipe depends on the number of neurons, of devices per line, and of images shown. Where one of them or the name is
/// wrong, which the checks refuse, another stands in its place, so that no key is missing for it.
///
/// # Errors
/// The images cannot be counted; with the place of their name.
pub(super) fn layer(document: &Document) -> Result<Document, ExperimentError> {
    let whole = |key: &str| match document.value_at(key) {
        Some(toml::Value::Integer(n)) => usize::try_from(n).ok().filter(|n| *n > 0),
        _ => None,
    };
    let name = document.value_at("network.recipe").and_then(|name| name.try_into::<RecipeName>().ok());
    let name = name.unwrap_or(RecipeName::Tuned);
    let [neurons, copies] = ["network.neurons", "network.copies"].map(|key| whole(key).unwrap_or(1));
    let images = match whole("images.train") {
        Some(images) => images,
        None => stored_images(document)?.saturating_sub(whole("images.held_out").unwrap_or(0)).max(1),
    };
    let copies = u8::try_from(copies).unwrap_or(u8::MAX);
    let layer = preset::layer(name, neurons, copies, images)?;
    let parts = [("network", layer.network), ("pulses", layer.pulses)];
    let table: toml::Table =
        parts.map(|(part, keys)| (part.to_string(), toml::Value::Table(keys))).into_iter().collect();
    let title = format!("recipe {}", document.text_at("network.recipe").unwrap_or_default());
    Ok(Document::built_in(&title, &spinhebb_data::config::render(&table)?)?)
}

fn stored_images(document: &Document) -> Result<usize, ExperimentError> {
    let folder = document.text_at("images.folder").map(|name| resolve(document, "images.folder", &name));
    mnist::training_images(folder.as_deref())
        .map_err(|error| ExperimentError::Config(document.at_key("images.folder", error.to_string())))
}
