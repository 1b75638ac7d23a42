//! Shipped recipes: as layers of a system they train to the bits that are on record.

mod formula;

use spinhebb_data::config::{Document, conform, render};
use spinhebb_data::mnist;
use spinhebb_network::encoding::Images;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::preset::{self, RecipeLayer};
use spinhebb_network::training::config::{NetworkConfig, RecipeName, SynapseModel};
use spinhebb_network::training::recipe::Recipe;
use toml::Value;

/// The recipe that the layer gives with what stands below it.
fn read(name: RecipeName, neurons: usize, copies: u8, images: usize) -> Recipe {
    let RecipeLayer { mut network, pulses } = preset::layer(name, neurons, copies, images).unwrap();
    let word = match name {
        RecipeName::Paper => "paper",
        RecipeName::Tuned => "tuned",
        RecipeName::Best => "best",
    };
    for (key, value) in [
        ("recipe", Value::from(word)),
        ("synapses", Value::from("ideal")),
        ("refresh", Value::from(5000)),
        ("converted", Value::from(false)),
    ] {
        assert!(network.insert(key.into(), value).is_none(), "a recipe leaves `{key}` to the system");
    }
    Recipe { network: network.try_into().unwrap(), pulses: pulses.try_into().unwrap() }
}

/// FNV-1a sum over devices, thresholds and firings.
fn sum(committee: &Committee, images: &Images<'_>) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for &byte in bytes {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for checkpoint in committee.checkpoints(images.fingerprint()) {
        add(&checkpoint.devices);
        checkpoint.state.own.iter().for_each(|own| add(&own.to_bits().to_le_bytes()));
        checkpoint.state.firings.iter().for_each(|firings| add(&firings.to_le_bytes()));
    }
    sum
}

/// The sums and the numbers of images recognised are those of the recipes before they were layers.
#[test]
fn recipes_train_to_the_bits_on_record() {
    let set = mnist::load(None).unwrap().train.first(400);
    let images = Images::new(&set.pixels, set.columns, set.rows).unwrap();
    let tuned = read(RecipeName::Tuned, 50, 3, images.len());
    let mut varied = tuned.clone();
    varied.network.synapses = SynapseModel::Devices;
    let best = read(RecipeName::Best, 95, 8, images.len());
    for (name, recipe, bits, recognised) in [
        ("tuned", tuned, 0xec6b_a959_0c4e_b040, 289),
        ("tuned with varied devices", varied, 0xea1a_ea4a_633e_ade5, 284),
        ("best", best, 0xd65a_72ae_2541_9287, 360),
    ] {
        let hardware = (recipe.network.synapses != SynapseModel::Ideal).then(formula::varied);
        let mut committee = Committee::new(&recipe, hardware.as_ref(), &images, 7).unwrap();
        committee.advance(&images, u64::MAX).unwrap();
        let shown = (&images, set.labels.as_slice());
        let (_, found) = committee.examine(&recipe.network, shown, shown, 10).unwrap();
        assert_eq!((sum(&committee, &images), found.correct()), (bits, recognised), "{name}");
    }
}

/// A configuration written out has the keys that the schema declares.
#[test]
fn recipes_conform_to_the_schema() {
    for recipe in [preset::paper(500, 8, 60_000), preset::tuned(500, 8, 60_000), preset::best(500, 60_000)] {
        let document = Document::from_text("network", &render(&recipe.network).unwrap()).unwrap();
        let faults = conform(&document, &schemars::schema_for!(NetworkConfig), &|_| true, &[]);
        assert!(faults.is_empty(), "{:?}", faults.iter().map(|(path, _)| path).collect::<Vec<_>>());
    }
}

#[test]
fn layers_are_the_recipes_themselves() {
    for (neurons, images) in [(1, 1), (500, 60_000), (10_000, 59_999)] {
        assert_eq!(read(RecipeName::Paper, neurons, 8, images), preset::paper(neurons, 8, images));
        assert_eq!(read(RecipeName::Tuned, neurons, 8, images), preset::tuned(neurons, 8, images));
        assert_eq!(read(RecipeName::Best, neurons, 8, images), preset::best(neurons, images));
    }
}

/// The neurons of the file are shared out among the fields, at least one to each.
#[test]
fn fields_share_the_neurons() {
    for (neurons, each) in [(95, 10), (9, 1), (4, 1)] {
        let recipe = preset::best(neurons, 100);
        assert_eq!(recipe.network.neurons, neurons);
        let members = recipe.members();
        assert_eq!(members.len(), 9);
        for (member, field) in members.iter().zip(&recipe.network.fields) {
            assert_eq!((member.network.neurons, member.network.encoding.field), (each, Some(*field)));
            assert!(member.network.fields.is_empty());
            assert_eq!(member.pulses, recipe.pulses);
        }
    }
}
