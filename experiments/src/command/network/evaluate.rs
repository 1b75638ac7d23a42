//! `spinhebb network evaluate`: label and test a trained network; what a test reports.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::evaluation::Evaluation;
use spinhebb_network::readout::labelling::Labelling;
use spinhebb_network::readout::recipe::Recipe;
use spinhebb_network::readout::rule::Readout;
use spinhebb_network::synapses::LayerState;
use spinhebb_network::training::checkpoint::Checkpoint;

use super::images::{Parts, Source, begin};
use super::train::NetworkConfig;
use crate::error::ExperimentError;
use crate::plot::{Figure, Map};
use crate::run::{Run, RunOptions};

#[derive(Debug, Args)]
pub(super) struct EvaluateArguments {
    #[command(flatten)]
    pub(super) run: RunOptions,
    #[command(flatten)]
    pub(super) source: Source,
    /// Checkpoint of the trained network
    #[arg(long, value_name = "FILE")]
    pub(super) checkpoint: PathBuf,
}

pub(super) fn evaluate(arguments: &EvaluateArguments) -> Result<(), ExperimentError> {
    let set = arguments.source.load()?;
    let parts = arguments.source.parts(&set)?;
    let checkpoints = Checkpoint::read(&arguments.checkpoint)?;
    let (first, seed) = (&checkpoints[0], checkpoints[0].seed);
    let mut recipe = Recipe::new(first.config.clone(), Readout::SingleWinner);
    recipe.spread = first.spread;
    if checkpoints.len() > 1 {
        recipe.fields = checkpoints.iter().filter_map(|c| c.config.encoding.field).collect();
        recipe.training.encoding.field = None;
        recipe.readout = Readout::LikelihoodVote { neurons: 1, prior: 0.001 };
    }
    let defaults =
        spinhebb_data::config::render(&NetworkConfig { seed, recipe, pulses: None, hardware: None })?;
    let (config, _) = arguments.run.configuration::<NetworkConfig>(&defaults)?;
    config.recipe.validate()?;
    if arguments.run.printed_dry_run(&config)? {
        return Ok(());
    }
    let mut run = begin(&arguments.run, "network-evaluate", "Network test", &config, config.seed, &set)?;
    let network = Committee::resume(checkpoints, &parts.train)?;
    let (labelling, evaluation) = examine(&config.recipe, &network, &parts)?;
    results(&mut run, &evaluation, &parts)?;
    accounting(&mut run, &network)?;
    run.add(labels_dataset(&labelling)?)?;
    run.finish()?;
    Ok(())
}

pub(super) fn examine(
    recipe: &Recipe,
    network: &Committee,
    parts: &Parts<'_>,
) -> Result<(Vec<Labelling>, Evaluation), ExperimentError> {
    let train = (&parts.train, parts.train_labels);
    Ok(network.examine(recipe, train, (&parts.test, parts.test_labels), parts.classes)?)
}

pub(super) fn labels_dataset(labelling: &[Labelling]) -> Result<Dataset, ExperimentError> {
    let labels: Vec<i64> =
        labelling.iter().flat_map(Labelling::labels).map(|l| l.map_or(-1, i64::from)).collect();
    Ok(Dataset::new("network/labels").with(Variable::along(
        "label",
        "neuron",
        "1",
        "class for which the neuron fired most often, field after field; -1: it never fired",
        labels,
    ))?)
}

/// Accuracy, recall and confusion matrix.
pub(super) fn results(
    run: &mut Run,
    evaluation: &Evaluation,
    parts: &Parts<'_>,
) -> Result<(), ExperimentError> {
    let (low, high) = evaluation.interval_95();
    run.value("accuracy", evaluation.accuracy());
    run.value("accuracy_interval_95", json!([low, high]));
    let recall: Vec<f64> = (0..evaluation.classes()).map(|c| evaluation.recall(c)).collect();
    run.value("recall", json!(recall));
    run.add(evaluation.to_dataset("network/test")?)?;
    let names: Vec<String> = (0..evaluation.classes()).map(|c| c.to_string()).collect();
    let rows = (0..evaluation.classes())
        .map(|truth| {
            (0..evaluation.classes()).map(|found| f64::from(evaluation.confusion(truth, found))).collect()
        })
        .collect();
    let title = format!("{:.2} % ({:.2} to {:.2})", 100.0 * evaluation.accuracy(), 100.0 * low, 100.0 * high);
    run.figure(
        &Figure::new(
            "confusion",
            "Confusion matrix.",
            format!("Each of the {} read once trained; 95 % interval after Wilson.", parts.test_name),
        )
        .columns(1)
        .cell(640.0, 560.0)
        .map(
            Map::new(title, "found", "true class", "images", rows).names(names.clone(), names).print_values(),
        ),
    )
}

/// Pulses and switching events of all networks: what the devices endure, and how long an image takes.
pub(super) fn accounting(run: &mut Run, committee: &Committee) -> Result<(), ExperimentError> {
    let states = || committee.members().iter().map(|member| member.state());
    let sum = |of: &dyn Fn(&LayerState) -> u64| states().map(of).sum::<u64>();
    let (images, networks) = (committee.shown().max(1) as f64, committee.members().len() as f64);
    let firings: Vec<u64> = states().flat_map(|state| state.firings.iter().map(|&n| u64::from(n))).collect();
    let switched = sum(&|state| state.switched.iter().sum());
    let pulses = sum(&|state| state.potentiation_pulses + state.depression_pulses);
    let most = states().flat_map(|state| &state.switched_per_synapse).copied().max().unwrap_or(0);
    let devices: f64 = committee
        .members()
        .iter()
        .map(|m| m.state().switched_per_synapse.len() as f64 * f64::from(m.copies()))
        .sum();
    let mean_pulses = firings.iter().sum::<u64>() as f64 / firings.len() as f64;
    let most_pulses = firings.iter().copied().max().unwrap_or(0);
    let cycles = sum(&|state| state.cycles) as f64 / images / networks;
    run.value(
        "accounting",
        json!({
            "images": committee.shown(),
            "silent_images": sum(&|state| state.silent),
            "clock_cycles_per_image": cycles,
            "driven_lines_per_image": sum(&|state| state.driven) as f64 / images,
            "potentiation_pulses": sum(&|state| state.potentiation_pulses),
            "depression_pulses": sum(&|state| state.depression_pulses),
            "pulses_per_device_mean": mean_pulses,
            "pulses_per_device_most": most_pulses,
            "switching_events": switched,
            "switching_events_per_device_mean": switched as f64 / devices,
            "switching_events_per_pulse": switched as f64 / pulses.max(1) as f64,
            "switching_events_per_synapse_most": most,
        }),
    );
    // How many synapses have switched how often: what endurance is asked of a device.
    let mut synapses = vec![0u64; usize::from(most) + 1];
    for &events in states().flat_map(|state| &state.switched_per_synapse) {
        synapses[usize::from(events)] += 1;
    }
    run.add(
        Dataset::new("network/accounting")
            .attribute("images", committee.shown())
            .attribute("devices", devices)
            .attribute("potentiation_pulses", sum(&|state| state.potentiation_pulses))
            .attribute("depression_pulses", sum(&|state| state.depression_pulses))
            .attribute("clock_cycles_per_image", cycles)
            .with(Variable::coordinate(
                "events",
                "1",
                "switching events of a synapse over the training",
                (0..=u64::from(most)).collect::<Vec<u64>>(),
            ))?
            .with(Variable::along("synapses", "events", "1", "synapses with so many events", synapses))?,
    )?;
    run.report().section("Pulses and switching");
    run.report().table(
        &["", "mean", "most"],
        &[
            vec!["pulses per device".into(), format!("{mean_pulses:.1}"), most_pulses.to_string()],
            vec![
                "switching events".into(),
                format!("{:.2} per device", switched as f64 / devices),
                format!("{most} per synapse"),
            ],
            vec!["clock cycles to the first firing".into(), format!("{cycles:.2}"), String::new()],
        ],
    );
    Ok(())
}
