//! `spinhebb network`: train, evaluate, compare sizes, and take the best recipe apart.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::mnist::{self, Mnist};
use spinhebb_network::checkpoint::Checkpoint;
use spinhebb_network::encoding::Images;
use spinhebb_network::evaluation::Evaluation;
use spinhebb_network::labelling::Labelling;
use spinhebb_network::network::Network;
use spinhebb_network::preset;
use spinhebb_network::readout::Readout;
use spinhebb_network::recipe::Recipe;

use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Draw, Figure, Map, Panel, Series};
use crate::progress::Progress;
use crate::run::{Run, RunOptions};

/// Learn images with stochastic MTJ synapses.
#[derive(Debug, Args)]
pub struct NetworkArguments {
    #[command(subcommand)]
    command: NetworkCommand,
}

#[derive(Debug, Subcommand)]
enum NetworkCommand {
    /// Train a network, label its neurons and test it
    Train(TrainArguments),
    /// Test a trained network (a checkpoint) on MNIST or on your own images
    Evaluate(EvaluateArguments),
    /// Accuracy against the number of neurons and of devices per pixel
    Grid(GridArguments),
    /// What each ingredient of the `best` recipe buys
    Ablation(AblationArguments),
}

/// Where the images come from.
#[derive(Debug, Args)]
struct Source {
    /// Folder with the four idx files of another set (Fashion-MNIST, KMNIST, your own), plain or .gz
    #[arg(long, value_name = "DIR")]
    mnist: Option<PathBuf>,
    /// Test on the last N training images, which are kept out of the training, and not on the test set
    #[arg(long, value_name = "N")]
    held_out: Option<usize>,
}

/// Shipped recipes.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Preset {
    /// The paper's experiment: one pass, constant probabilities, single winner
    Paper,
    /// Everything that helps and stays with MTJ pulses and simple CMOS
    Best,
}

#[derive(Debug, Args)]
struct TrainArguments {
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    source: Source,
    /// Recipe to start from; `--config` changes single keys of it
    #[arg(long, value_enum, default_value_t = Preset::Paper)]
    preset: Preset,
    /// Number of neurons of the recipe
    #[arg(long, value_name = "N", default_value_t = 500)]
    neurons: usize,
    /// Devices per input line of the `paper` recipe
    #[arg(long, value_name = "R", default_value_t = 8)]
    copies: u8,
    /// Keep the training state in FILE; where FILE exists, training goes on from it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Images between two checkpoints
    #[arg(long, value_name = "IMAGES", default_value_t = 10_000)]
    every: u64,
}

#[derive(Debug, Args)]
struct EvaluateArguments {
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    source: Source,
    /// Checkpoint of the trained network
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
}

#[derive(Debug, Args)]
struct GridArguments {
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    source: Source,
    /// Numbers of neurons
    #[arg(long, value_delimiter = ',', default_value = "50,100,200,500,1000,2000,5000,10000")]
    neurons: Vec<usize>,
    /// Numbers of devices per pixel
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8")]
    copies: Vec<u8>,
    /// Seeds per point
    #[arg(long, default_value_t = 3)]
    seeds: u64,
}

#[derive(Debug, Args)]
struct AblationArguments {
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    source: Source,
    /// Number of neurons
    #[arg(long, default_value_t = 10_000)]
    neurons: usize,
    /// Seeds per row
    #[arg(long, default_value_t = 3)]
    seeds: u64,
}

/// Configuration of `train`: seed and recipe.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Master seed of all random streams.
    pub seed: u64,
    /// How the network is trained, labelled and read.
    pub recipe: Recipe,
}

/// What is measured on the way and kept in the checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Notes {
    /// (images seen, accuracy).
    curve: Vec<(u64, f64)>,
    /// (images seen, fraction of P devices of the first neurons' lines).
    fields: Vec<(u64, Vec<Vec<f64>>)>,
}

/// Neurons whose receptive fields are drawn.
const DRAWN: usize = 32;

impl NetworkArguments {
    /// Does what the subcommand says.
    ///
    /// # Errors
    /// Whatever the subcommand meets.
    pub fn execute(self) -> Result<(), ExperimentError> {
        match self.command {
            NetworkCommand::Train(arguments) => train(&arguments),
            NetworkCommand::Evaluate(arguments) => evaluate(&arguments),
            NetworkCommand::Grid(arguments) => grid(&arguments),
            NetworkCommand::Ablation(arguments) => ablation(&arguments),
        }
    }
}

/// Images and labels of a training and a test part.
struct Parts<'a> {
    train: Images<'a>,
    train_labels: &'a [u8],
    test: Images<'a>,
    test_labels: &'a [u8],
    classes: usize,
    test_name: String,
}

impl Source {
    fn load(&self) -> Result<Mnist, ExperimentError> {
        Ok(mnist::load(self.mnist.as_deref())?)
    }

    fn parts<'a>(&self, set: &'a Mnist) -> Result<Parts<'a>, ExperimentError> {
        let images = |part: &'a mnist::Images| Images::new(&part.pixels, part.columns, part.rows);
        let train = images(&set.train)?;
        let classes = set.classes;
        let Some(held_out) = self.held_out else {
            return Ok(Parts {
                train,
                train_labels: &set.train.labels,
                test: images(&set.test)?,
                test_labels: &set.test.labels,
                classes,
                test_name: format!("{} test images", set.test.len()),
            });
        };
        if held_out == 0 || held_out >= train.len() {
            return Err(ExperimentError::Value {
                key: "--held-out".into(),
                value: held_out.to_string(),
                expected: format!("between 1 and {} of the {} training images", train.len() - 1, train.len()),
            });
        }
        let cut = train.len() - held_out;
        Ok(Parts {
            train: train.slice(0..cut)?,
            train_labels: &set.train.labels[..cut],
            test: train.slice(cut..train.len())?,
            test_labels: &set.train.labels[cut..],
            classes,
            test_name: format!("{held_out} training images kept out of the training"),
        })
    }
}

/// Opens a run and records what the images are.
fn begin<C: Serialize>(
    options: &RunOptions,
    command: &'static str,
    title: &str,
    configuration: &C,
    seed: u64,
    set: &Mnist,
) -> Result<Run, ExperimentError> {
    let mut run = Run::begin(options, command, title, configuration, seed)?;
    for (name, sum) in &set.checksums {
        run.input(name.clone(), sum.clone());
    }
    run.cite(&["zhou2025", "querlioz2013", "lecun1998"]);
    Ok(run)
}

fn train(arguments: &TrainArguments) -> Result<(), ExperimentError> {
    let set = arguments.source.load()?;
    let parts = arguments.source.parts(&set)?;
    let count = parts.train.len();
    let recipe = match arguments.preset {
        Preset::Paper => {
            Recipe::new(preset::paper(arguments.neurons, arguments.copies, count), Readout::SingleWinner)
        }
        Preset::Best => preset::best(arguments.neurons, count),
    };
    let defaults = spinhebb_data::config::render(&NetworkConfig { seed: 1, recipe })?;
    let (mut config, _) = arguments.run.configuration::<NetworkConfig>(&defaults)?;
    config.seed = arguments.run.seed.unwrap_or(config.seed);
    config.recipe.validate()?;
    if arguments.run.printed_dry_run(&config)? {
        return Ok(());
    }
    let mut run = begin(&arguments.run, "network-train", "Network training", &config, config.seed, &set)?;
    let mut progress = Progress::new(2);
    let (mut network, mut notes) = match arguments.checkpoint.as_deref().filter(|path| path.exists()) {
        Some(path) => resume(path, &config, &parts)?,
        None => (config.recipe.network(&parts.train, config.seed)?, Notes::default()),
    };
    let stage = progress.stage("training", network.total());
    loop {
        let shown = network.shown();
        if looks(shown, network.total()) && notes.curve.last().is_none_or(|(at, _)| *at < shown) {
            look(&config.recipe, &network, &parts, &mut notes)?;
        }
        if shown == network.total() {
            break;
        }
        let every = arguments.every.max(1);
        let stop = network.total().min((shown / every + 1) * every).min(next_look(shown));
        network.advance(&parts.train, stop - shown)?;
        stage.reach(network.shown());
        if network.shown().is_multiple_of(every) || network.shown() == network.total() {
            save(arguments.checkpoint.as_deref(), &network, &notes, &parts)?;
        }
    }
    save(arguments.checkpoint.as_deref(), &network, &notes, &parts)?;
    drop(stage);
    let stage = progress.stage("labelling and testing", 1);
    let (labelling, evaluation) = examine(&config.recipe, &network, &parts)?;
    stage.advance();
    drop(stage);
    curve_figure(&mut run, &notes, &parts)?;
    fields_figure(&mut run, &notes, parts.train.size().0)?;
    results(&mut run, &evaluation, &parts)?;
    accounting(&mut run, &network);
    run.add(network.to_dataset("network/state")?)?;
    run.add(labels_dataset(&labelling)?)?;
    run.finish()?;
    Ok(())
}

/// Whether the network is looked at after `shown` images: 0, 1, 2, 5, 10, ... thousand, and at the end.
fn looks(shown: u64, total: u64) -> bool {
    shown == 0 || shown == total || shown == next_look(shown - 1)
}

/// The first of 1, 2, 5, 10, ... thousand above `shown`.
fn next_look(shown: u64) -> u64 {
    (0..)
        .flat_map(|power| [1, 2, 5].map(|m| m * 1000 * 10_u64.pow(power)))
        .find(|&n| n > shown)
        .unwrap_or(u64::MAX)
}

/// Measures the accuracy on the way, with labels from the first 10,000 training images.
fn look(
    recipe: &Recipe,
    network: &Network,
    parts: &Parts<'_>,
    notes: &mut Notes,
) -> Result<(), ExperimentError> {
    let few = parts.train.len().min(10_000);
    let images = parts.train.slice(0..few)?;
    let still = [[0, 0]];
    let labelling = network.label(&images, &parts.train_labels[..few], parts.classes, &still)?;
    let found = network.evaluate(&labelling, recipe.readout, &parts.test, parts.test_labels, &still)?;
    notes.curve.push((network.shown(), found.accuracy()));
    if matches!(network.shown(), 0 | 10_000) || network.shown() == network.total() {
        let drawn = recipe.training.neurons.min(DRAWN);
        notes.fields.push((network.shown(), (0..drawn).map(|n| network.receptive_field(n)).collect()));
    }
    Ok(())
}

fn resume(
    path: &Path,
    config: &NetworkConfig,
    parts: &Parts<'_>,
) -> Result<(Network, Notes), ExperimentError> {
    let checkpoint = Checkpoint::read(path)?;
    let same = checkpoint.config == config.recipe.training
        && checkpoint.spread == config.recipe.spread
        && checkpoint.seed == config.seed;
    if !same {
        return Err(ExperimentError::Value {
            key: "--checkpoint".into(),
            value: path.display().to_string(),
            expected: "a checkpoint of the same configuration and seed, or a file that does not exist yet"
                .into(),
        });
    }
    let notes = serde_json::from_str(&checkpoint.notes).unwrap_or_default();
    Ok((Network::resume(checkpoint, &parts.train)?, notes))
}

fn save(
    path: Option<&Path>,
    network: &Network,
    notes: &Notes,
    parts: &Parts<'_>,
) -> Result<(), ExperimentError> {
    let Some(path) = path else { return Ok(()) };
    let mut checkpoint = network.checkpoint(&parts.train);
    checkpoint.notes = serde_json::to_string(notes).unwrap_or_default();
    Ok(checkpoint.write(path)?)
}

fn examine(
    recipe: &Recipe,
    network: &Network,
    parts: &Parts<'_>,
) -> Result<(Labelling, Evaluation), ExperimentError> {
    let train = (&parts.train, parts.train_labels);
    Ok(recipe.examine(network, train, (&parts.test, parts.test_labels), parts.classes)?)
}

fn evaluate(arguments: &EvaluateArguments) -> Result<(), ExperimentError> {
    let set = arguments.source.load()?;
    let parts = arguments.source.parts(&set)?;
    let checkpoint = Checkpoint::read(&arguments.checkpoint)?;
    let mut recipe = Recipe::new(checkpoint.config.clone(), Readout::SingleWinner);
    recipe.spread = checkpoint.spread;
    let defaults = spinhebb_data::config::render(&NetworkConfig { seed: checkpoint.seed, recipe })?;
    let (config, _) = arguments.run.configuration::<NetworkConfig>(&defaults)?;
    config.recipe.validate()?;
    if arguments.run.printed_dry_run(&config)? {
        return Ok(());
    }
    let mut run = begin(&arguments.run, "network-evaluate", "Network test", &config, config.seed, &set)?;
    let network = Network::resume(checkpoint, &parts.train)?;
    let (labelling, evaluation) = examine(&config.recipe, &network, &parts)?;
    results(&mut run, &evaluation, &parts)?;
    accounting(&mut run, &network);
    run.add(labels_dataset(&labelling)?)?;
    run.finish()?;
    Ok(())
}

fn labels_dataset(labelling: &Labelling) -> Result<Dataset, ExperimentError> {
    let labels: Vec<i64> = labelling.labels().iter().map(|l| l.map_or(-1, i64::from)).collect();
    Ok(Dataset::new("network/labels").with(Variable::along(
        "label",
        "neuron",
        "1",
        "class for which the neuron fired most often; -1: it never fired",
        labels,
    ))?)
}

/// Accuracy, recall and confusion matrix.
fn results(run: &mut Run, evaluation: &Evaluation, parts: &Parts<'_>) -> Result<(), ExperimentError> {
    let (low, high) = evaluation.interval(1.96);
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

/// Pulses and switching events.
fn accounting(run: &mut Run, network: &Network) {
    let state = network.state();
    let firings: Vec<u64> = state.firings.iter().map(|&n| u64::from(n)).collect();
    let switched: u64 = state.switched.iter().sum();
    let pulses = state.potentiation_pulses + state.depression_pulses;
    let most = state.switched_per_synapse.iter().copied().max().unwrap_or(0);
    run.value(
        "accounting",
        json!({
            "images": state.images,
            "silent_images": state.silent,
            "clock_cycles_per_image": state.cycles as f64 / state.images.max(1) as f64,
            "driven_lines_per_image": state.driven as f64 / state.images.max(1) as f64,
            "potentiation_pulses": state.potentiation_pulses,
            "depression_pulses": state.depression_pulses,
            "pulses_per_device_mean": firings.iter().sum::<u64>() as f64 / firings.len() as f64,
            "pulses_per_device_most": firings.iter().copied().max().unwrap_or(0),
            "switching_events": switched,
            "switching_events_per_pulse": switched as f64 / pulses.max(1) as f64,
            "switching_events_per_synapse_most": most,
        }),
    );
}

fn curve_figure(run: &mut Run, notes: &Notes, parts: &Parts<'_>) -> Result<(), ExperimentError> {
    let points: Vec<(f64, f64)> =
        notes.curve.iter().filter(|(n, _)| *n > 0).map(|&(n, a)| (n as f64, 100.0 * a)).collect();
    run.add(
        Dataset::new("network/curve")
            .with(Variable::coordinate(
                "images_seen",
                "1",
                "training images shown",
                notes.curve.iter().map(|(n, _)| *n).collect::<Vec<u64>>(),
            ))?
            .with(Variable::along(
                "accuracy",
                "images_seen",
                "1",
                "accuracy, labels from 10,000 training images",
                notes.curve.iter().map(|(_, a)| *a).collect::<Vec<f64>>(),
            ))?,
    )?;
    if points.is_empty() {
        return Ok(());
    }
    let panel = Panel::new("", Axis::log10("training images seen"), Axis::linear("accuracy (%)"))
        .series(Series::line("accuracy", points).draw(Draw::LinePoints))
        .legend(Corner::BottomRight);
    let how = format!(
        "Weights frozen after so many images, neurons labelled by 10,000 training images, tested on the {}, unshifted.",
        parts.test_name
    );
    run.figure(
        &Figure::new("curve", "Accuracy against images seen.", how)
            .columns(1)
            .cell(700.0, 420.0)
            .panel(panel),
    )
}

/// Receptive fields before, on the way and after: 32 neurons as a mosaic (thresholds of a thermometer code averaged).
fn fields_figure(run: &mut Run, notes: &Notes, width: usize) -> Result<(), ExperimentError> {
    let mut figure = Figure::new(
        "receptive-fields",
        "Receptive fields: fraction of P devices behind each pixel.",
        "The first neurons of the layer, not chosen; values are device states of the simulation.",
    )
    .columns(1)
    .cell(900.0, 460.0);
    for (shown, fields) in &notes.fields {
        figure = figure.map(Map::new(
            format!("after {shown} images"),
            "",
            "",
            "fraction P",
            mosaic(fields, width),
        ));
    }
    run.figure(&figure)
}

fn mosaic(fields: &[Vec<f64>], width: usize) -> Vec<Vec<f64>> {
    const ACROSS: usize = 8;
    let lines = fields.first().map_or(0, Vec::len);
    // Lines come pixel by pixel for each threshold; pictures are square in all sets of this format.
    let height = width;
    let levels = (lines / (width * height)).max(1);
    let down = fields.len().div_ceil(ACROSS);
    let mut picture = vec![vec![0.0; ACROSS * (width + 1)]; down * (height + 1)];
    for (n, field) in fields.iter().enumerate() {
        for pixel in 0..width * height {
            let mean = (0..levels).map(|l| field[l * width * height + pixel]).sum::<f64>() / levels as f64;
            let row = n / ACROSS * (height + 1) + pixel / width;
            picture[row][n % ACROSS * (width + 1) + pixel % width] = mean;
        }
    }
    picture
}

/// Trains with several seeds and examines each; seeds run side by side.
fn accuracies(recipe: &Recipe, parts: &Parts<'_>, seeds: u64) -> Result<Vec<f64>, ExperimentError> {
    (1..=seeds)
        .into_par_iter()
        .map(|seed| {
            let mut network = recipe.network(&parts.train, seed)?;
            network.advance(&parts.train, u64::MAX)?;
            Ok(examine(recipe, &network, parts)?.1.accuracy())
        })
        .collect()
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, variance.sqrt())
}

/// Settings of `grid` and `ablation`, for the record.
#[derive(Serialize)]
struct Sweep<'a> {
    neurons: &'a [usize],
    copies: &'a [u8],
    seeds: u64,
}

fn grid(arguments: &GridArguments) -> Result<(), ExperimentError> {
    let set = arguments.source.load()?;
    let parts = arguments.source.parts(&set)?;
    let settings = Sweep { neurons: &arguments.neurons, copies: &arguments.copies, seeds: arguments.seeds };
    if arguments.run.printed_dry_run(&settings)? {
        return Ok(());
    }
    let title = "Accuracy against neurons and devices per pixel";
    let mut run = begin(&arguments.run, "network-grid", title, &settings, 1, &set)?;
    let points: Vec<(usize, u8)> = arguments
        .copies
        .iter()
        .flat_map(|&copies| arguments.neurons.iter().map(move |&neurons| (neurons, copies)))
        .collect();
    let stage = Progress::new(1).stage("training", points.len() as u64);
    let found: Vec<Vec<f64>> = points
        .iter()
        .map(|&(neurons, copies)| {
            let training = preset::paper(neurons, copies, parts.train.len());
            let found = accuracies(&Recipe::new(training, Readout::SingleWinner), &parts, arguments.seeds);
            stage.advance();
            found
        })
        .collect::<Result<_, _>>()?;
    drop(stage);
    let means: Vec<(f64, f64)> = found.iter().map(|a| mean_and_deviation(a)).collect();
    let mut panel =
        Panel::new("", Axis::log10("neurons"), Axis::linear("accuracy (%)")).legend(Corner::BottomRight);
    let mut table = Vec::new();
    for (c, &copies) in arguments.copies.iter().enumerate() {
        let row = &means[c * arguments.neurons.len()..(c + 1) * arguments.neurons.len()];
        let line: Vec<(f64, f64)> =
            arguments.neurons.iter().zip(row).map(|(&n, &(mean, _))| (n as f64, 100.0 * mean)).collect();
        panel = panel.series(Series::line(format!("r = {copies}"), line).draw(Draw::LinePoints));
        let cells = row.iter().map(|(m, s)| format!("{:.2} ± {:.2}", 100.0 * m, 100.0 * s));
        table.push(std::iter::once(format!("r = {copies}")).chain(cells).collect::<Vec<String>>());
    }
    let how = format!(
        "Recipe `paper`: one pass, constant probabilities, single winner; mean of {} seeds on the {}.",
        arguments.seeds, parts.test_name
    );
    let figure = Figure::new("grid", "Accuracy against neurons and devices per pixel.", how);
    run.figure(&figure.columns(1).cell(760.0, 480.0).panel(panel))?;
    let heads: Vec<String> =
        std::iter::once(String::new()).chain(arguments.neurons.iter().map(|n| format!("N = {n}"))).collect();
    run.report().table(&heads.iter().map(String::as_str).collect::<Vec<_>>(), &table);
    for (&(neurons, copies), &(mean, deviation)) in points.iter().zip(&means) {
        run.value(&format!("n{neurons}_r{copies}"), json!({"mean": mean, "deviation": deviation}));
    }
    let shape = [arguments.copies.len(), arguments.neurons.len(), arguments.seeds as usize];
    run.add(
        Dataset::new("network/grid")
            .with(Variable::coordinate("copies", "1", "devices per pixel", arguments.copies.clone()))?
            .with(Variable::coordinate(
                "neurons",
                "1",
                "neurons",
                arguments.neurons.iter().map(|&n| n as u64).collect::<Vec<u64>>(),
            ))?
            .with(Variable::new(
                "accuracy",
                "1",
                "accuracy of each seed",
                &["copies", "neurons", "seed"],
                &shape,
                found.concat(),
            )?)?,
    )?;
    run.finish()?;
    Ok(())
}

fn ablation(arguments: &AblationArguments) -> Result<(), ExperimentError> {
    let set = arguments.source.load()?;
    let parts = arguments.source.parts(&set)?;
    let neurons = [arguments.neurons];
    let settings = Sweep { neurons: &neurons, copies: &[], seeds: arguments.seeds };
    if arguments.run.printed_dry_run(&settings)? {
        return Ok(());
    }
    let title = "What each ingredient buys";
    let mut run = begin(&arguments.run, "network-ablation", title, &settings, 1, &set)?;
    run.cite(&["nishi2021"]);
    let rows = preset::ablation(arguments.neurons, parts.train.len());
    let stage = Progress::new(1).stage("training", rows.len() as u64);
    let mut table = Vec::new();
    let mut all = Vec::new();
    for (name, recipe) in &rows {
        let found = accuracies(recipe, &parts, arguments.seeds)?;
        stage.advance();
        let (mean, deviation) = mean_and_deviation(&found);
        run.value(name, json!({"mean": mean, "deviation": deviation}));
        let mut cell = String::new();
        let _ = write!(cell, "{:.2} ± {:.2}", 100.0 * mean, 100.0 * deviation);
        table.push(vec![(*name).to_string(), cell]);
        all.extend(found);
    }
    drop(stage);
    run.report().paragraph(&format!(
        "Accuracy in per cent on the {}, mean and standard deviation of {} seeds; each row adds to the one above.",
        parts.test_name, arguments.seeds
    ));
    run.report().table(&["ingredient", "accuracy (%)"], &table);
    let names: Vec<String> = rows.iter().map(|(name, _)| (*name).to_string()).collect();
    let shape = [names.len(), arguments.seeds as usize];
    run.add(
        Dataset::new("network/ablation")
            .with(Variable::coordinate("recipe", "1", "ingredient added", names))?
            .with(Variable::new(
                "accuracy",
                "1",
                "accuracy of each seed",
                &["recipe", "seed"],
                &shape,
                all,
            )?)?,
    )?;
    run.finish()?;
    Ok(())
}
