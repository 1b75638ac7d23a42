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

use super::ReproduceParts;
use super::pulse::{WritePulse, Writer};
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};
use recipe::Written;
use trained::{Job, Trained};

/// Receptive fields drawn.
const FIELDS: usize = 24;
/// Images after which the receptive fields are looked at between start and end (Fig. 4b).
const EARLY_IMAGES: u64 = 10_000;
/// Names of the datasets.
const NETWORKS: &str = "mnist_networks";
const SHOWN: &str = "mnist_shown";
const LOOKS: &str = "mnist_receptive_fields";

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
            let result =
                context.unit(&job.key(), || trained::train(job, &recipes[index].recipe, &parts, context.seed()));
            stage.advance_by(job.neurons as u64);
            result.map(|trained| (index, trained))
        })
        .collect::<Result<_, _>>()?;
    drop(stage);
    trained.sort_by_key(|(index, _)| *index);
    let networks: Vec<Network> = trained
        .into_iter()
        .map(|(index, trained)| Network { job: jobs[index], pulses: recipes[index].pulses, trained })
        .collect();
    summarise(outcome, config, &networks, &parts);
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

/// Mean and sample standard deviation.
fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, variance.sqrt())
}

fn summarise(outcome: &mut Outcome, config: &ReproduceParts, networks: &[Network], parts: &ImageParts<'_>) {
    outcome.count("mnist/training_images", parts.train.len(), "images learned from");
    outcome.count("mnist/test_images", parts.test.len(), "images tested on");
    for (neurons, copies) in sizes(config) {
        let own = || networks.iter().filter(|n| (n.job.neurons, n.job.copies) == (neurons, copies));
        let single: Vec<f64> = own().map(|n| n.trained.single_accuracy()).collect();
        let vote: Vec<f64> = own().map(|n| n.trained.vote_accuracy()).collect();
        let key = |part: &str| format!("mnist/n{neurons}_r{copies}/{part}");
        let (mean, deviation) = mean_and_deviation(&single);
        let meaning = "share of test images recognised by the single winner, mean over the repetitions";
        outcome.scalar(key("single_winner"), mean, "1", meaning);
        let meaning = "standard deviation of `single_winner` over the repetitions";
        outcome.scalar(key("deviation"), deviation, "1", meaning);
        let meaning = "share recognised by a weighted vote of ten, mean over the repetitions";
        outcome.scalar(key("vote_of_ten"), mean_and_deviation(&vote).0, "1", meaning);
    }
    let shown = &networks[0].trained;
    let (low, high) = wilson_95(shown.single, shown.tested);
    let meaning = "share of test images recognised by the network shown; interval of the test set's size";
    outcome.scalar("mnist/shown/accuracy", shown.single_accuracy(), "1", meaning).interval(low, high);
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

/// Receptive fields of the first neurons before, early and after.
fn looks_dataset(shown: &Network, parts: &ImageParts<'_>) -> Result<Dataset, ExperimentError> {
    let images = parts.train.len() as u64;
    let looks = vec![0, EARLY_IMAGES.min(images), images];
    let (width, height) = parts.train.size();
    let fields = &shown.trained.fields;
    let shape = [looks.len(), FIELDS.min(shown.job.neurons), fields.len() / looks.len() / FIELDS.min(shown.job.neurons)];
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
