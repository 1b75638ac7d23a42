//! `spinhebb network train`: train, look on the way, keep checkpoints, test.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::config::Document;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::preset;
use spinhebb_network::readout::recipe::Recipe;
use spinhebb_network::readout::rule::Readout;
use spinhebb_network::training::checkpoint::Checkpoint;

use super::course::{DRAWN, Notes, curve_figure, fields_figure};
use super::evaluate::{accounting, examine, labels_dataset, results};
use super::hardware::{HardwareConfig, PulseSchedule};
use super::images::{Parts, Source, begin};
use crate::error::ExperimentError;
use crate::progress::Progress;
use crate::run::RunOptions;

/// Shipped recipes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Preset {
    /// The paper's experiment: one pass, constant probabilities, single winner
    Paper,
    /// Everything that helps and stays with MTJ pulses and simple CMOS
    Best,
}

/// Commented defaults, also what `spinhebb init network-train` prints.
pub const DEFAULTS: &str = include_str!("../../../defaults/network_train.toml");

#[derive(Debug, Args)]
pub(super) struct TrainArguments {
    #[command(flatten)]
    pub(super) run: RunOptions,
    #[command(flatten)]
    pub(super) source: Source,
    /// Recipe to start from; `--config` changes single keys of it
    #[arg(long, value_enum, default_value_t = Preset::Paper)]
    pub(super) preset: Preset,
    /// Number of neurons of the recipe
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(super) neurons: usize,
    /// Devices per input line of the `paper` recipe
    #[arg(long, value_name = "R", default_value_t = 8)]
    pub(super) copies: u8,
    /// Keep the training state in FILE; where FILE exists, training goes on from it
    #[arg(long, value_name = "FILE")]
    pub(super) checkpoint: Option<PathBuf>,
    /// Write with pulses looked up in a device's switching table, and account for energy and time on its array; the
    /// tables `[hardware]` and `[pulses]` of the configuration change them
    #[arg(long)]
    pub(super) hardware: bool,
    /// Images between two checkpoints
    #[arg(long, value_name = "IMAGES", default_value_t = 10_000)]
    pub(super) every: u64,
}

/// Configuration of `train`: seed and recipe.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Master seed of all random streams.
    pub seed: u64,
    /// How the network is trained, labelled and read.
    pub recipe: Recipe,
    /// Amplitudes of the write pulses over the training, which win over the probabilities of the recipe; needs `hardware`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulses: Option<PulseSchedule>,
    /// Device, array and pulses that the network runs on; without it, only probabilities count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<HardwareConfig>,
}

pub(super) fn train(arguments: &TrainArguments) -> Result<(), ExperimentError> {
    let set = arguments.source.load()?;
    let parts = arguments.source.parts(&set)?;
    let count = parts.train.len();
    let recipe = match arguments.preset {
        Preset::Paper => {
            Recipe::new(preset::paper(arguments.neurons, arguments.copies, count), Readout::SingleWinner)
        }
        Preset::Best => preset::best(arguments.neurons, count),
    };
    let hardware = match arguments.hardware {
        true => {
            let array = Document::from_text("built-in defaults", super::array::DEFAULTS)?;
            Some(array.parse::<super::array::ArrayConfig>()?.hardware)
        }
        false => None,
    };
    let defaults = NetworkConfig { seed: 1, recipe, pulses: None, hardware };
    let defaults = spinhebb_data::config::render(&defaults)?;
    let (mut config, document) = arguments.run.configuration::<NetworkConfig>(&defaults)?;
    config.seed = arguments.run.seed.unwrap_or(config.seed);
    config.recipe.validate()?;
    let mut progress = Progress::new(3);
    // What is trained: the recipe, with the probabilities of its pulses where these are given as voltages.
    let mut recipe = config.recipe.clone();
    let writer = match &config.hardware {
        None if config.pulses.is_some() => {
            let missing =
                ExperimentError::refuse("pulses", "given", "a table [hardware] as well, or --hardware");
            return missing.map_err(|error| error.located(&document));
        }
        None => None,
        Some(hardware) => {
            hardware.validate().map_err(|error| error.located(&document))?;
            let writer = hardware.writer(&mut progress, config.seed)?;
            let pulses = match config.pulses.take() {
                Some(pulses) => pulses,
                None => writer.pulses(&recipe.training)?,
            };
            pulses.validate().map_err(|error| error.located(&document))?;
            writer.apply(&pulses, &mut recipe.training)?;
            config.pulses = Some(pulses);
            Some(writer)
        }
    };
    if arguments.run.printed_dry_run(&config)? {
        return Ok(());
    }
    let mut run = begin(&arguments.run, "network-train", "Network training", &config, config.seed, &set)?;
    if let (Some(writer), Some(pulses)) = (&writer, &config.pulses) {
        let volts = |ends: [spinhebb_data::quantity::Voltage; 2]| ends.map(|v| v.si());
        run.value("pulse_width_s", config.hardware.as_ref().map_or(0.0, |h| h.pulse.si()));
        run.value("potentiation_V", json!(volts(pulses.potentiation)));
        run.value("depression_V", json!(volts(pulses.depression)));
        run.add(writer.table.to_dataset()?)?;
    }
    let (mut network, mut notes) = match arguments.checkpoint.as_deref().filter(|path| path.exists()) {
        Some(path) => resume(path, &recipe, config.seed, &parts)?,
        None => (Committee::new(&recipe, &parts.train, config.seed)?, Notes::default()),
    };
    let stage = progress.stage("training", network.total());
    loop {
        let shown = network.shown();
        if looks(shown, network.total()) && notes.curve.last().is_none_or(|(at, _)| *at < shown) {
            look(&recipe, &network, &parts, &mut notes)?;
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
    let (labelling, evaluation) = examine(&recipe, &network, &parts)?;
    stage.advance();
    drop(stage);
    curve_figure(&mut run, &notes, &parts)?;
    let middle = &network.members()[network.members().len() / 2];
    fields_figure(&mut run, &notes, middle.encoder().field())?;
    results(&mut run, &evaluation, &parts)?;
    accounting(&mut run, &network)?;
    if let (Some(writer), Some(pulses)) = (&writer, &config.pulses) {
        writer.costs(&mut run, pulses, &network, &recipe, &parts.train, config.seed)?;
    }
    for (field, member) in network.members().iter().enumerate() {
        let name = match network.members().len() {
            1 => "network/state".to_string(),
            _ => format!("network/state_field_{field:02}"),
        };
        run.add(member.to_dataset(&name)?)?;
    }
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
    network: &Committee,
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
        // Neurons of the middle field, which sees the most.
        let member = &network.members()[network.members().len() / 2];
        let drawn = recipe.training.neurons.min(DRAWN);
        notes.fields.push((network.shown(), (0..drawn).map(|n| member.receptive_field(n)).collect()));
    }
    Ok(())
}

fn resume(
    path: &Path,
    recipe: &Recipe,
    seed: u64,
    parts: &Parts<'_>,
) -> Result<(Committee, Notes), ExperimentError> {
    let checkpoints = Checkpoint::read(path)?;
    let same = checkpoints.iter().map(|c| &c.config).eq(&recipe.members())
        && checkpoints.iter().all(|c| c.spread == recipe.spread && c.seed == seed);
    if !same {
        return Err(ExperimentError::Value {
            key: "--checkpoint".into(),
            value: path.display().to_string(),
            expected: "a checkpoint of the same configuration and seed, or a file that does not exist yet"
                .into(),
        });
    }
    let notes = serde_json::from_str(&checkpoints[0].notes).unwrap_or_default();
    Ok((Committee::resume(checkpoints, &parts.train)?, notes))
}

fn save(
    path: Option<&Path>,
    network: &Committee,
    notes: &Notes,
    parts: &Parts<'_>,
) -> Result<(), ExperimentError> {
    let Some(path) = path else { return Ok(()) };
    let mut checkpoints = network.checkpoints(&parts.train);
    checkpoints[0].notes = serde_json::to_string(notes).unwrap_or_default();
    Ok(Checkpoint::write(&checkpoints, path)?)
}
