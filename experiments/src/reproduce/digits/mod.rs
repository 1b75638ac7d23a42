//! Handwritten digits with stochastic switching (Fig. 4 of Zhou et al.): receptive fields, accuracy against the
//! number of neurons and of devices per pixel.

mod page;
mod recipe;
mod trained;

pub(super) use page::draw;

use rayon::prelude::*;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::mnist::Mnist;
use spinhebb_data::proportion::wilson_95;
use spinhebb_network::images::ImageParts;
use spinhebb_network::readout::mean_interval::{MEANING, mean_and_deviation, mean_interval_95};
use spinhebb_network::rules::readout::Readout;
use spinhebb_network::training::config::NetworkConfig;

use super::ReproduceParts;
use super::pulse::{WritePulse, Writer};
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};
use crate::network::digits_in_time::{DigitsInTime, early, labelled_and_judged};
use crate::network::{Terms, add_control, add_inputs, deviation};
use recipe::Written;
use trained::{Job, Trained, VOTERS};

/// Receptive fields drawn.
const FIELDS: usize = 24;
/// Names of the datasets.
const NETWORKS: &str = "mnist_networks";
const SHOWN: &str = "mnist_shown";
const LOOKS: &str = "mnist_receptive_fields";
const DIGITS: &str = "mnist_digits_in_time";
/// Family of the scalars on receptive fields.
const FIELD_FAMILY: &str = "mnist/fields";

/// Trains and tests all networks.
///
/// # Errors
/// A pulse cannot be looked up, or images and networks do not fit together.
pub(super) fn compute(
    outcome: &mut Outcome,
    config: &ReproduceParts,
    images: &Mnist,
    writer: &Writer,
    context: &Context,
) -> Result<(), ExperimentError> {
    for (name, checksum) in &images.checksums {
        outcome.input(name.clone(), checksum.clone());
    }
    let parts = config.images.parts(images)?;
    add_inputs(outcome, &config.network.encoding, &parts)?;
    let jobs = jobs(config);
    let recipes: Vec<Written> = jobs
        .iter()
        .map(|job| recipe::of(config, (job.neurons, job.copies), parts.train.len(), writer))
        .collect::<Result<_, _>>()?;
    let stage = context.stage("handwritten digits", jobs.iter().map(|job| job.neurons as u64).sum());
    // The largest networks first, so that no core is left alone with one at the end.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(jobs[i].neurons * usize::from(jobs[i].copies)));
    let mut trained: Vec<(usize, Trained)> = order
        .into_par_iter()
        .with_max_len(1)
        .map(|index| {
            let job = &jobs[index];
            let result = context
                .unit(&job.key(), || trained::train(job, &recipes[index].recipe, &parts, context.seed()));
            stage.advance_by(job.neurons as u64);
            result.map(|trained| (index, trained))
        })
        .collect::<Result<_, _>>()?;
    drop(stage);
    trained.sort_by_key(|(index, _)| *index);
    let networks: Vec<Network> = trained
        .into_iter()
        .map(|(index, trained)| Network {
            job: jobs[index],
            pulses: recipes[index].pulses,
            config: recipes[index].recipe.network.clone(),
            trained,
        })
        .collect();
    summarise(outcome, config, &networks, &parts)?;
    add_digits(outcome, &networks[0], &parts)?;
    outcome.add(networks_dataset(&networks)?);
    outcome.add(shown_dataset(&networks[0], &parts)?);
    outcome.add(looks_dataset(&networks[0], &parts)?);
    Ok(())
}

/// A network with its pulses and what it learned.
struct Network {
    job: Job,
    /// Potentiation and depression.
    pulses: [WritePulse; 2],
    config: NetworkConfig,
    trained: Trained,
}

/// Networks of one repetition: the shown one first, then the rest of the grid; (neurons, copies).
fn sizes(config: &ReproduceParts) -> Vec<(usize, u8)> {
    let mut all = vec![(config.network.neurons, config.network.copies)];
    for &neurons in &config.grid.neurons {
        for &copies in &config.grid.copies {
            if !all.contains(&(neurons, copies)) {
                all.push((neurons, copies));
            }
        }
    }
    all
}

fn jobs(config: &ReproduceParts) -> Vec<Job> {
    let repetitions = 0..config.grid.repetitions;
    repetitions
        .flat_map(|repetition| {
            let shown = move |index: usize| index == 0 && repetition == 0;
            sizes(config).into_iter().enumerate().map(move |(index, (neurons, copies))| Job {
                neurons,
                copies,
                // Small: the networks of all repetitions are trained in one run.
                repetition: u32::try_from(repetition).unwrap_or(u32::MAX),
                shown: shown(index),
            })
        })
        .collect()
}

fn summarise(
    outcome: &mut Outcome,
    config: &ReproduceParts,
    networks: &[Network],
    parts: &ImageParts<'_>,
) -> Result<(), ExperimentError> {
    outcome.count("mnist/training_images", parts.train.len(), "images learned from");
    outcome.count("mnist/test_images", parts.test.len(), "images tested on");
    for (neurons, copies) in sizes(config) {
        let own = || networks.iter().filter(|n| (n.job.neurons, n.job.copies) == (neurons, copies));
        let single: Vec<f64> = own().map(|n| n.trained.single_accuracy()).collect();
        let vote: Vec<f64> = own().map(|n| n.trained.vote_accuracy()).collect();
        let key = |part: &str| format!("mnist/n{neurons}_r{copies}/{part}");
        let tested = parts.test.len() as u64;
        let mut add = |part: &str, accuracies: &[f64], who: &str| {
            let (low, high) = mean_interval_95(accuracies, tested);
            let meaning = match accuracies.len() {
                1 => format!("share of test images recognised by {who}; 1 seed, interval after Wilson"),
                n => format!("share of test images recognised by {who}, mean of {n} seeds; {MEANING}"),
            };
            outcome.scalar(key(part), mean_and_deviation(accuracies).0, "1", meaning).interval(low, high);
        };
        add("single_winner", &single, "the single winner");
        add("vote_of_ten", &vote, "a weighted vote of ten");
        if let Some(deviation) = deviation(&single) {
            let meaning = "standard deviation of `single_winner` over the repetitions";
            outcome.scalar(key("deviation"), deviation, "1", meaning);
        }
        if let Some(frozen) = own().find_map(|n| n.trained.frozen_accuracy()) {
            add_control(outcome, key("frozen"), frozen);
        }
        let Some(network) = own().next() else { continue };
        let terms = Terms::of(&network.config, parts, config.grid.repetitions)?;
        outcome.count(key("devices"), terms.devices(), "MTJs of all synapses");
        for (part, readout) in [
            ("single_winner", Readout::SingleWinner),
            ("vote_of_ten", Readout::WeightedVote { neurons: VOTERS }),
        ] {
            let terms = terms.clone().read_by(readout);
            let sentence = outcome.find(&key(part)).map(|accuracy| terms.sentence(accuracy));
            outcome.text(key(&format!("rests_on/{part}")), sentence.unwrap_or_default());
        }
        if outcome.find("mnist/labels_used").is_none() {
            let meaning = "labels that the read-out used: labelled images x displacements";
            outcome.count("mnist/labels_used", terms.labels_used(), meaning);
            outcome.count("mnist/passes", terms.passes() as usize, "passes over the training images");
            outcome.scalar("mnist/seeds", config.grid.repetitions as f64, "1", "trainings of each size");
        }
    }
    let shown = &networks[0].trained;
    let (low, high) = wilson_95(shown.single, shown.tested);
    let meaning = "share of test images recognised by the single winner of the network shown; 1 seed, interval after Wilson";
    outcome.scalar("mnist/shown/accuracy", shown.single_accuracy(), "1", meaning).interval(low, high);
    Ok(())
}

fn networks_dataset(networks: &[Network]) -> Result<Dataset, ExperimentError> {
    let along = |name: &str, unit: &str, words: &str, pick: &dyn Fn(&Network) -> f64| {
        Variable::along(name, "network", unit, words, networks.iter().map(pick).collect::<Vec<f64>>())
    };
    let whole: Vec<u32> = networks.iter().map(|n| n.job.neurons as u32).collect();
    let copies: Vec<u8> = networks.iter().map(|n| n.job.copies).collect();
    let repetitions: Vec<u32> = networks.iter().map(|n| n.job.repetition).collect();
    let single = "fraction of test images recognised by the single winner";
    let vote = "fraction recognised by a weighted vote of ten";
    let up = "amplitude of the potentiation pulse (V > 0, AP -> P)";
    let down = "amplitude of the depression pulse (V < 0, P -> AP)";
    let up_probability = "switching probability of the potentiation pulse";
    let down_probability = "switching probability of the depression pulse";
    Ok(Dataset::new(NETWORKS)
        .with(Variable::along("neurons", "network", "1", "number of neurons", whole))?
        .with(Variable::along("copies", "network", "1", "devices per pixel and neuron", copies))?
        .with(Variable::along("repetition", "network", "1", "number of the repetition", repetitions))?
        .with(along("accuracy", "1", single, &|n| n.trained.single_accuracy()))?
        .with(along("accuracy_vote", "1", vote, &|n| n.trained.vote_accuracy()))?
        .with(along("potentiation_voltage", "V", up, &|n| n.pulses[0].volts))?
        .with(along("depression_voltage", "V", down, &|n| n.pulses[1].volts))?
        .with(along("potentiation", "1", up_probability, &|n| n.pulses[0].probability))?
        .with(along("depression", "1", down_probability, &|n| n.pulses[1].probability))?)
}

fn shown_dataset(shown: &Network, parts: &ImageParts<'_>) -> Result<Dataset, ExperimentError> {
    let (neurons, copies, classes) = (shown.job.neurons, usize::from(shown.job.copies), parts.classes);
    let weights = &shown.trained.weights;
    let bits = weights.iter().flat_map(|&count| (0..copies).map(move |device| device < usize::from(count)));
    Ok(Dataset::new(SHOWN)
        .attribute("neurons", neurons as i64)
        .attribute("copies", copies as i64)
        .with(Variable::coordinate("true_class", "1", "label of the class", parts.class_names.to_vec()))?
        .with(Variable::new(
            "confusion",
            "1",
            "test images by true class and class read",
            &["true_class", "read_class"],
            &[classes, classes],
            shown.trained.confusion.clone(),
        )?)?
        .with(Variable::packed_bits(
            "weights",
            "device states after training (1 = P), in each pixel the P devices first",
            &["neuron", "pixel", "device"],
            &[neurons, weights.len() / neurons.max(1), copies],
            bits,
        )?)?)
}

/// Images that a network is shown in all.
fn total(network: &Network, parts: &ImageParts<'_>) -> u64 {
    parts.train.len() as u64 * u64::from(network.config.passes)
}

/// How many neurons of the network shown change their digit while it learns.
fn add_digits(outcome: &mut Outcome, shown: &Network, parts: &ImageParts<'_>) -> Result<(), ExperimentError> {
    let labels: Vec<Option<u8>> =
        shown.trained.digits.iter().map(|&digit| u8::try_from(digit).ok()).collect();
    let (first, last) = labels.split_at(labels.len() / 2);
    let total = total(shown, parts);
    let digits = DigitsInTime {
        moments: [early(total), total],
        labels: [first, last],
        labelled_by: labelled_and_judged(parts.train.len()).0.len(),
        class_names: parts.class_names,
    };
    digits.add_to(outcome, FIELD_FAMILY, DIGITS)
}

/// Receptive fields of the first neurons before, early and after.
fn looks_dataset(shown: &Network, parts: &ImageParts<'_>) -> Result<Dataset, ExperimentError> {
    let images = total(shown, parts);
    let looks = vec![0, early(images), images];
    let (width, height) = parts.train.size();
    let fields = &shown.trained.fields;
    let shape = [
        looks.len(),
        FIELDS.min(shown.job.neurons),
        fields.len() / looks.len() / FIELDS.min(shown.job.neurons),
    ];
    Ok(Dataset::new(LOOKS)
        .attribute("width", width as i64)
        .attribute("height", height as i64)
        .with(Variable::along("images", "look", "1", "images shown before", looks))?
        .with(Variable::new(
            "field",
            "1",
            "fraction of parallel devices of each pixel of the first neurons",
            &["look", "neuron", "pixel"],
            &shape,
            fields.clone(),
        )?)?)
}
