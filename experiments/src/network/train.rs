//! `spinhebb network train`: train, look on the way, keep checkpoints, test.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::config::{Check, Faults};
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::PopulationConfig;
use spinhebb_device::switching::table_config::TableConfig;
use spinhebb_network::images::{ImageParts, ImagesConfig};
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::evaluation::Evaluation;
use spinhebb_network::readout::labelling::Labelling;
use spinhebb_network::training::config::{NetworkConfig, SynapseModel};
use spinhebb_network::training::network::Network;
use spinhebb_network::training::recipe::Recipe;

use super::accounting::{add_accounting, present_accounting};
use super::beside::{self, Training, add_ideal, add_seeds, present_beside};
use super::costs::{add_costs, present_costs};
use super::course::{Course, present_course};
use super::frozen::add_control;
use super::hardware::SynapseParts;
use super::images;
use super::inputs::add_inputs;
use super::on_array::{add_array, add_devices, present_array};
use super::pulses::{WritePulses, add_pulses};
use super::repetition::{self, add_mean, deviation, seeds};
use super::silence::{add_silence_in_training, add_silence_when_read};
use super::terms::{Terms, rests_on};
use super::test_result::{add_test, labels_dataset, present_test};
use super::training::{Keeping, begin, train};
use crate::device::device_name;
use crate::error::ExperimentError;
use crate::experiment::{Context, Cost, Experiment, Outcome, Shortcut};
use crate::present::Page;
use crate::system::system_parts;

system_parts! {
    /// A network that is trained, labelled by its firing and tested.
    pub struct TrainParts {
        /// The junction at each crossing; read where pulses are voltages, under synapses that are not ideal and for costs.
        device: MtjConfig,
        /// How devices differ; read under synapses that are not ideal.
        population: PopulationConfig,
        /// Which devices are broken; read under synapses that are not ideal.
        faults: FaultsConfig,
        /// Switching table of the junction; read as the device is.
        table: TableConfig,
        /// The write pulses, as probabilities or as voltages, over the stages.
        pulses: PulsesConfig,
        /// The array that holds the synapses; read on an array and for costs.
        array: ArrayConfig,
        /// Layer, training and read-out.
        network: NetworkConfig,
        /// Images to learn from and to be tested on.
        images: ImagesConfig,
        /// How the training is kept.
        train: TrainSettings,
    }
    across across;
}

/// How a training is kept, and what is reckoned beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// File that keeps the state of the training; where it exists, training goes on from it. Without it, an interrupted
    /// run goes on by itself but leaves no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<PathBuf>,
    /// Images between two checkpoints.
    pub every: u64,
    /// Trainings with seeds of their own, side by side; the accuracy is then their mean, everything else that of the first.
    pub repeats: u64,
    /// Whether a frozen control stands beside the accuracy: the same recipe with write pulses of probability 0, read out alike.
    pub frozen: bool,
    /// Whether the same network is trained with devices all alike on ideal lines as well, to stand beside synapses that are
    /// not ideal.
    pub ideal_beside: bool,
    /// Whether to give energy and time on the array. Pulses written as probabilities then become voltages in equal steps
    /// from the first to the last stage.
    pub costs: bool,
}

impl Check for TrainSettings {
    fn check(&self, faults: &mut Faults) {
        faults.require(self.every > 0, "every", self.every, "at least 1 image");
        repetition::check("repeats", self.repeats, faults);
    }
}

impl TrainParts {
    fn synapses(&self) -> SynapseParts<'_> {
        SynapseParts {
            device: &self.device,
            population: &self.population,
            faults: &self.faults,
            table: &self.table,
            pulses: &self.pulses,
            array: &self.array,
            network: &self.network,
            in_steps: self.train.costs,
        }
    }
}

fn across(config: &TrainParts, faults: &mut Faults) {
    images::check(&config.images, faults);
    config.synapses().check(faults);
    let (every, refresh) = (config.train.every, config.network.refresh.max(1));
    if config.network.synapses == SynapseModel::Array {
        let expected = format!(
            "a multiple of `network.refresh`, {refresh}: between two the array cannot be written down"
        );
        faults.require(every.is_multiple_of(refresh), "train.every", every, expected);
    }
}

/// Training of a network, labels of its neurons, and a test.
pub struct Train;

impl Experiment for Train {
    type Config = TrainParts;
    const NAME: &'static str = "network train";
    const ABOUT: &'static str = "Train a network, label its neurons and test it";
    const CITES: &'static [&'static str] = images::MODELS;
    const SHORTCUTS: &'static [Shortcut] = SHORTCUTS;

    fn cost(config: &TrainParts) -> Cost {
        let trainings = config.train.repeats as f64 + f64::from(u8::from(config.train.frozen));
        super::cost::of_trainings(std::iter::once(config.network.clone()), trainings, &config.images)
    }

    fn compute(config: &TrainParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("Network training");
        let set = images::load(&config.images, &mut outcome)?;
        let parts = images::parts(&config.images, &set, &mut outcome)?;
        add_inputs(&mut outcome, &config.network.encoding, &parts)?;
        let (WritePulses { probabilities, tabulated }, hardware) =
            config.synapses().prepare(&mut outcome, context)?;
        let recipe = Recipe { network: config.network.clone(), pulses: probabilities };
        if let Some(pulses) = &tabulated {
            add_pulses(&mut outcome, pulses)?;
        }
        let training = Training { recipe: &recipe, hardware: hardware.as_ref(), parts: &parts };
        let own = context.checkpoint("training.ckpt");
        let path = config.train.checkpoint.as_deref().or(own.as_deref());
        let system = hardware.as_ref().map(|_| config.synapses().text()).transpose()?.unwrap_or_default();
        let keeping = Keeping { path, every: config.train.every, system: &system };
        // A checkpoint that does not serve is refused before anything is trained beside it.
        let begun = begin((&recipe, hardware.as_ref()), &parts.train, context.seed(), keeping)?;
        let frozen = || config.train.frozen.then(|| beside::frozen(training, context)).transpose();
        let (trained, frozen) = rayon::join(|| trained(begun, training, keeping, context), frozen);
        let (trained, frozen) = (trained?, frozen?);
        let seeds = seeds(context.seed(), config.train.repeats);
        let hardware_of = |seed| config.synapses().hardware(tabulated.as_ref(), seed);
        let others = beside::repeated(training, &seeds[1..], &hardware_of, context)?;
        let accuracies: Vec<f64> = std::iter::once(trained.evaluation.accuracy()).chain(others).collect();
        add_accuracy(&mut outcome, (&seeds, &accuracies), training)?;
        if let Some(frozen) = frozen {
            add_control(&mut outcome, "frozen/accuracy", frozen);
        }
        trained.add_to(&mut outcome, &parts)?;
        if let Some(hardware) = &hardware {
            add_devices(&mut outcome, &trained.members, hardware, context.seed())?;
            add_array(&mut outcome, &trained.members)?;
            if config.train.ideal_beside {
                add_ideal(&mut outcome, &recipe, &parts, context)?;
            }
        }
        if let (true, Some(pulses)) = (config.train.costs, &tabulated) {
            let name = device_name(&config.device);
            let array = (&config.array, pulses, name.as_str());
            add_costs(&mut outcome, array, &trained.members, &parts.train)?;
        }
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let config: TrainParts = outcome.config()?;
        page.paragraph(&format!("Accuracy: {}.", rests_on(outcome)?));
        present_beside(outcome, page)?;
        present_course(outcome, page)?;
        present_array(outcome, page)?;
        present_test(outcome, page)?;
        present_accounting(outcome, page)?;
        present_costs(outcome, &config.array, page)
    }
}

/// A trained network with its test.
struct Trained {
    members: Vec<Network>,
    course: Course,
    labelling: Vec<Labelling>,
    evaluation: Evaluation,
}

impl Trained {
    fn add_to(&self, outcome: &mut Outcome, parts: &ImageParts<'_>) -> Result<(), ExperimentError> {
        let middle = &self.members[self.members.len() / 2];
        self.course.add_to(outcome, middle.encoder().field(), parts)?;
        add_test(outcome, &self.evaluation, parts.class_names)?;
        add_silence_in_training(outcome, &self.members);
        add_silence_when_read(outcome, &self.members, &self.labelling, &self.evaluation);
        add_accounting(outcome, &self.members)?;
        for (field, member) in self.members.iter().enumerate() {
            let name = match self.members.len() {
                1 => "network/state".to_string(),
                _ => format!("network/state_field_{field:02}"),
            };
            outcome.add(member.to_dataset(&name)?);
        }
        outcome.add(labels_dataset(&self.labelling)?);
        Ok(())
    }
}

/// Adds the accuracy over `seeds`, first of all numbers, with what it rests on.
fn add_accuracy(
    outcome: &mut Outcome,
    (seeds, accuracies): (&[u64], &[f64]),
    training: Training<'_>,
) -> Result<(), ExperimentError> {
    let parts = training.parts;
    add_mean(outcome, "accuracy", accuracies, parts.test.len());
    if let Some(deviation) = deviation(accuracies) {
        let meaning = "standard deviation of the accuracy from seed to seed";
        outcome.scalar("deviation", deviation, "1", meaning);
    }
    Terms::of(&training.recipe.network, parts, seeds.len() as u64)?.add_to(outcome, "accuracy", None)?;
    add_seeds(outcome, seeds, accuracies)
}

/// Trains what was begun to its end, labels and tests it.
fn trained(
    begun: (Committee, Course),
    training: Training<'_>,
    keeping: Keeping<'_>,
    context: &Context,
) -> Result<Trained, ExperimentError> {
    let Training { recipe, parts, .. } = training;
    let (network, course) = train(begun, recipe, parts, keeping, |images| context.stage("training", images))?;
    let stage = context.stage("labelling and testing", 1);
    let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
    let (labelling, evaluation) = network.examine(&recipe.network, train, test, parts.classes)?;
    stage.advance();
    Ok(Trained { members: network.members().to_vec(), course, labelling, evaluation })
}

const SHORTCUTS: &[Shortcut] = &[
    images::FOLDER,
    images::HELD_OUT,
    flag(
        "preset",
        "network.recipe",
        "NAME",
        "Recipe to start from, `paper`, `tuned` or `best`; other keys change it",
    ),
    flag("neurons", "network.neurons", "N", "Number of neurons in all"),
    flag(
        "copies",
        "network.copies",
        "R",
        "Devices per input line; the recipe `best` has two where nothing is written",
    ),
    flag(
        "checkpoint",
        "train.checkpoint",
        "FILE",
        "Keep the training state in FILE; where FILE exists, training goes on from it",
    ),
    flag("every", "train.every", "IMAGES", "Images between two checkpoints"),
    flag("synapses", "network.synapses", "MODEL", "What synapses are: `ideal`, `devices` or `array`"),
    flag("repeats", "train.repeats", "N", "Trainings with seeds of their own; the accuracy is their mean"),
    flag("costs", "train.costs", "", "Give energy and time on the array"),
];

const fn flag(
    flag: &'static str,
    key: &'static str,
    value_name: &'static str,
    help: &'static str,
) -> Shortcut {
    Shortcut { flag, key, value_name, help, list: false }
}
