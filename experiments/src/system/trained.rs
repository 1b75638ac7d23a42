//! What `evaluate.checkpoint` stands for, laid under the user's keys of `[network]` and of the hardware's parts.

use serde::Serialize;
use spinhebb_data::config::Document;
use spinhebb_network::training::checkpoint::Checkpoint;
use spinhebb_network::training::config::NetworkConfig;

use super::input_file::resolve;
use crate::error::ExperimentError;
use crate::network::recipe_of;

/// The layer of a trained network.
#[derive(Serialize)]
struct Trained {
    seed: u64,
    network: NetworkConfig,
}

/// The layer of the network that `evaluate.checkpoint` names; `None` where none is named, which the checks then refuse.
///
/// # Errors
/// There is no such checkpoint; with the place of its name.
pub(super) fn layer(document: &Document) -> Result<Option<Document>, ExperimentError> {
    let key = "evaluate.checkpoint";
    let Some(name) = document.text_at(key) else { return Ok(None) };
    let refused =
        |error: &dyn std::fmt::Display| ExperimentError::Config(document.at_key(key, error.to_string()));
    let checkpoints = Checkpoint::read(&resolve(document, key, &name)).map_err(|error| refused(&error))?;
    let (Some(first), Some(recipe)) = (checkpoints.first(), recipe_of(&checkpoints)) else { return Ok(None) };
    let layer = Trained { seed: first.seed, network: recipe.network };
    let text = format!("{}\n{}", spinhebb_data::config::render(&layer)?, first.system);
    Ok(Some(Document::built_in(&format!("checkpoint {name}"), &text)?))
}
