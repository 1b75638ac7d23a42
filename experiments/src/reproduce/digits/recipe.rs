//! The recipe of every network of the grid: that of its size, with what the configuration says otherwise.

use spinhebb_data::config::Staged;
use spinhebb_data::quantity::Amplitude;
use spinhebb_device::junction::state::State;
use spinhebb_network::readout::preset;
use spinhebb_network::training::config::NetworkConfig;
use spinhebb_network::training::recipe::{Recipe, WriteProbabilities};
use toml::Table;

use super::super::ReproduceParts;
use super::super::pulse::{WritePulse, Writer};
use crate::error::ExperimentError;

/// A recipe with the pulses that write it.
pub(super) struct Written {
    pub(super) recipe: Recipe,
    /// Potentiation and depression.
    pub(super) pulses: [WritePulse; 2],
}

/// The network of `size` (neurons, devices per pixel) for `images`: its recipe's pulses, looked up in the table of `writer`.
///
/// # Errors
/// The table does not reach a pulse.
pub(super) fn of(
    config: &ReproduceParts,
    size: (usize, u8),
    images: usize,
    writer: &Writer,
) -> Result<Written, ExperimentError> {
    let Recipe { network, pulses } = preset::recipe(config.network.recipe, size.0, size.1, images);
    let pulse = |staged: &Staged<f64>, start| writer.pulse(Amplitude::Probability(staged.at(0, 1)), start);
    let pulses =
        [pulse(&pulses.potentiation, State::AntiParallel)?, pulse(&pulses.depression, State::Parallel)?];
    let [up, down] = pulses.map(|pulse| Staged::Constant(pulse.probability));
    let network = with_changes(&config.network, network, images)?;
    let recipe = Recipe { network, pulses: WriteProbabilities { potentiation: up, depression: down } };
    Ok(Written { recipe, pulses })
}

/// `of_size`, the network of a recipe, with those keys of `own` that are not from the recipe of its size.
fn with_changes(
    own: &NetworkConfig,
    of_size: NetworkConfig,
    images: usize,
) -> Result<NetworkConfig, ExperimentError> {
    let recipe = table(&preset::recipe(own.recipe, own.neurons, own.copies, images).network)?;
    let (mut own, mut network) = (table(own)?, table(&of_size)?);
    own.retain(|key, value| recipe.get(key) != Some(value));
    network.extend(own);
    let unreadable = |e: toml::de::Error| ExperimentError::Unit { reason: e.message().to_string() };
    network.try_into().map_err(unreadable)
}

fn table(network: &NetworkConfig) -> Result<Table, ExperimentError> {
    let unwritable =
        |e: toml::ser::Error| spinhebb_data::config::ConfigError::Unwritable { reason: e.to_string() };
    Ok(Table::try_from(network).map_err(unwritable)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_changes_holds_for_every_size() {
        let own = |neurons, copies| preset::paper(neurons, copies, 60_000).network;
        let changed = NetworkConfig { threshold: Some(2.5), passes: 2, ..own(500, 8) };
        let small = with_changes(&changed, own(50, 1), 60_000).unwrap();
        assert_eq!(small, NetworkConfig { threshold: Some(2.5), passes: 2, ..own(50, 1) });
        assert_ne!(small.gain, changed.gain);
        assert_eq!(with_changes(&own(500, 8), own(50, 1), 60_000).unwrap(), own(50, 1));
    }
}
