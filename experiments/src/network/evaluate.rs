//! `spinhebb network evaluate`: label and test a trained network.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::config::{Check, Faults};
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::PopulationConfig;
use spinhebb_network::images::ImagesConfig;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::training::checkpoint::Checkpoint;
use spinhebb_network::training::config::{NetworkConfig, SynapseModel};
use spinhebb_network::training::recipe::Recipe;

use super::accounting::{add_accounting, present_accounting};
use super::hardware::ReadParts;
use super::images;
use super::inputs::add_inputs;
use super::repetition::add_mean;
use super::silence::add_silence_when_read;
use super::terms::{Terms, rests_on};
use super::test_result::{add_test, labels_dataset, present_test};
use super::training::same_training;
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome, Shortcut};
use crate::present::Page;
use crate::system::system_parts;

system_parts! {
    /// A trained network that is labelled and tested.
    pub struct EvaluateParts {
        /// The junction at each crossing; what is not written of this and the next parts is as the checkpoint says.
        device: MtjConfig,
        /// How devices differ.
        population: PopulationConfig,
        /// Which devices are broken.
        faults: FaultsConfig,
        /// The array.
        array: ArrayConfig,
        /// Read-out and displacements; what is not written is as the checkpoint says.
        network: NetworkConfig,
        /// Images the network was trained on, by which it is labelled, and images to be tested on.
        images: ImagesConfig,
        /// The trained network.
        evaluate: EvaluateSettings,
    }
    across across;
}

/// A trained network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateSettings {
    /// Checkpoint of the trained network.
    pub checkpoint: PathBuf,
}

impl Check for EvaluateSettings {
    fn check(&self, faults: &mut Faults) {
        let fine = !self.checkpoint.as_os_str().is_empty();
        faults.require(fine, "checkpoint", "\"\"", "the file that `train.checkpoint` named");
    }
}

fn across(config: &EvaluateParts, faults: &mut Faults) {
    images::check(&config.images, faults);
}

/// The recipe of the networks of all `checkpoints` of a training.
pub(crate) fn recipe_of(checkpoints: &[Checkpoint]) -> Option<Recipe> {
    let mut recipe = checkpoints.first()?.recipe.clone();
    if checkpoints.len() > 1 {
        let network = &mut recipe.network;
        network.neurons *= checkpoints.len();
        network.fields = checkpoints.iter().filter_map(|c| c.recipe.network.encoding.field).collect();
        network.encoding.field = None;
    }
    Some(recipe)
}

/// Test of a trained network.
pub struct Evaluate;

impl Experiment for Evaluate {
    type Config = EvaluateParts;
    const NAME: &'static str = "network evaluate";
    const ABOUT: &'static str = "Test a trained network (a checkpoint) on MNIST or on your own images";
    const CITES: &'static [&'static str] = images::MODELS;
    const SHORTCUTS: &'static [Shortcut] = &[
        images::FOLDER,
        images::HELD_OUT,
        Shortcut {
            flag: "checkpoint",
            key: "evaluate.checkpoint",
            value_name: "FILE",
            help: "Checkpoint of the trained network",
            list: false,
        },
    ];

    fn compute(config: &EvaluateParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("Network test");
        let set = images::load(&config.images, &mut outcome)?;
        let parts = images::parts(&config.images, &set, &mut outcome)?;
        add_inputs(&mut outcome, &config.network.encoding, &parts)?;
        let checkpoints = Checkpoint::read(&config.evaluate.checkpoint)?;
        if let Some(trained) = recipe_of(&checkpoints) {
            let asked = Recipe { network: config.network.clone(), pulses: trained.pulses.clone() };
            if !same_training(&asked, &trained) {
                outcome.warn("the network of the checkpoint is not that of `[network]`; only read-out and displacements are taken from there");
            }
        }
        let hardware = match config.network.synapses {
            SynapseModel::Ideal => None,
            SynapseModel::Devices | SynapseModel::Array => {
                let parts = ReadParts {
                    device: &config.device,
                    population: &config.population,
                    faults: &config.faults,
                    array: &config.array,
                };
                // The seed of the training, whatever that of this run.
                checkpoints.first().map(|first| parts.hardware(first.seed)).transpose()?
            }
        };
        let network = Committee::resume(checkpoints, hardware.as_ref(), &parts.train)?;
        let stage = context.stage("labelling and testing", 1);
        let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
        let (labelling, evaluation) = network.examine(&config.network, train, test, parts.classes)?;
        stage.advance();
        add_mean(&mut outcome, "accuracy", &[evaluation.accuracy()], parts.test.len());
        Terms::of(&config.network, &parts, 1)?.add_to(&mut outcome, "accuracy", None)?;
        add_test(&mut outcome, &evaluation, parts.class_names)?;
        add_silence_when_read(&mut outcome, network.members(), &labelling, &evaluation);
        add_accounting(&mut outcome, network.members())?;
        outcome.add(labels_dataset(&labelling)?);
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        page.paragraph(&format!("Accuracy: {}.", rests_on(outcome)?));
        present_test(outcome, page)?;
        present_accounting(outcome, page)
    }
}
