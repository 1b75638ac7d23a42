//! `spinhebb network array`: training with the circuit and the device table in the loop, against the ideal network.

use std::time::Instant;

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::readout::preset;
use spinhebb_network::readout::rule::Readout;
use spinhebb_network::training::network::Network;
use spinhebb_network::training::on_array::{ArrayLoss, ArraySpread, ArrayTrainer};

use super::hardware::HardwareConfig;
use super::images::{Source, begin};
use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Draw, Figure, Map, Panel, Series};
use crate::progress::Progress;
use crate::run::RunOptions;

/// Commented defaults of `spinhebb network array`.
pub const DEFAULTS: &str = include_str!("../../../defaults/network_array.toml");

#[derive(Debug, Args)]
pub(super) struct ArrayArguments {
    #[command(flatten)]
    pub(super) run: RunOptions,
    #[command(flatten)]
    pub(super) source: Source,
}

/// Configuration of `array`.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ArrayConfig {
    /// Master seed of all random streams.
    pub seed: u64,
    /// Number of neurons.
    pub neurons: usize,
    /// Devices per input line.
    pub copies: u8,
    /// Training images shown.
    pub images: usize,
    /// Images after which effective conductances and write voltages are solved anew.
    pub refresh: u64,
    /// Spread from device to device.
    #[serde(default)]
    pub spread: ArraySpread,
    /// Device, array and pulses.
    pub hardware: HardwareConfig,
}

pub(super) fn array(arguments: &ArrayArguments) -> Result<(), ExperimentError> {
    let (mut config, document) = arguments.run.configuration::<ArrayConfig>(DEFAULTS)?;
    config.seed = arguments.run.seed.unwrap_or(config.seed);
    config.hardware.validate().map_err(|error| error.located(&document))?;
    if arguments.run.printed_dry_run(&config)? {
        return Ok(());
    }
    let set = arguments.source.load()?;
    let parts = arguments.source.parts(&set)?;
    let count = config.images.min(parts.train.len());
    let (train, labels) = (parts.train.slice(0..count)?, &parts.train_labels[..count]);
    let training = preset::paper(config.neurons, config.copies, count);
    let title = "Training on the array";
    let mut run = begin(&arguments.run, "network-array", title, &config, config.seed, &set)?;
    let mut progress = Progress::new(3);
    let writer = config.hardware.writer(&mut progress, config.seed)?;
    let up = writer.volts(training.potentiation.start, true)?;
    let down = writer.volts(training.depression.start, false)?;
    let crossbar = config.hardware.crossbar(&writer, up, down);

    let started = Instant::now();
    let mut on_array = ArrayTrainer::new(
        &training,
        crossbar,
        &config.spread,
        &writer.table,
        &train,
        config.seed,
        config.refresh,
    )?;
    let mut ideal = Network::ideal(&training, &train, config.seed, 0)?;
    let stops: Vec<u64> = [0.05, 0.1, 0.2, 0.5, 1.0].iter().map(|f| (count as f64 * f) as u64).collect();
    let stage = progress.stage("training on the array", count as u64);
    let (mut curves, mut array_s) = ([Vec::new(), Vec::new()], started.elapsed().as_secs_f64());
    let mut ideal_s = 0.0;
    let mut last = None;
    for &stop in &stops {
        let clock = Instant::now();
        let shown = on_array.state().images;
        on_array.advance(&train, stop - shown)?;
        array_s += clock.elapsed().as_secs_f64();
        let clock = Instant::now();
        ideal.advance(&train, stop - shown)?;
        ideal_s += clock.elapsed().as_secs_f64();
        stage.reach(stop);
        let test = (&parts.test, parts.test_labels);
        let loaded = on_array.examine((&train, labels), test, parts.classes, Readout::SingleWinner)?;
        let labelling = ideal.label(&train, labels, parts.classes, &[[0, 0]])?;
        let free = ideal.evaluate(&labelling, Readout::SingleWinner, test.0, test.1, &[[0, 0]])?;
        curves[0].push((stop as f64, 100.0 * loaded.accuracy()));
        curves[1].push((stop as f64, 100.0 * free.accuracy()));
        last = Some((loaded, free));
    }
    drop(stage);
    let Some((loaded, free)) = last else { return Ok(()) };
    let map = on_array.map()?;
    let (low, high) = on_array.voltages().range();
    let [depressed, potentiated] = on_array.voltages().disturb;
    let ratio = on_array.losses().last().map_or(1.0, |l| l.read_ratio);
    let state = on_array.state();
    run.value("accuracy_on_array", loaded.accuracy());
    run.value("accuracy_ideal", free.accuracy());
    run.value("training_time_on_array_s", array_s);
    run.value("training_time_ideal_s", ideal_s);
    run.value("potentiation_V", up);
    run.value("depression_V", down);
    run.value("cell_voltage_fraction", json!([low, high]));
    run.value("read_ratio_mean", ratio);
    run.value("disturb_probability", json!({"potentiation": potentiated, "depression": depressed}));
    run.value("disturbed_devices", on_array.disturbed());
    run.value("pulses", state.potentiation_pulses + state.depression_pulses);
    run.value("switching_events", state.switched.iter().sum::<u64>());
    run.value("tiles", map.cost().tiles);
    run.report().paragraph(&format!(
        "{} neurons, {} devices per pixel, {count} training images, one pass, single winner, tested on the {}. Drivers give {up:.3} V \
         and {down:.3} V ({:.1} ns); cells see {:.1} to {:.1} % of it. Reads see {:.1} % of the nominal conductance on average.",
        config.neurons,
        config.copies,
        parts.test_name,
        config.hardware.pulse.si() * 1e9,
        100.0 * low,
        100.0 * high,
        100.0 * ratio,
    ));
    run.report().table(
        &["", "on the array", "ideal"],
        &[
            vec![
                "accuracy (%)".into(),
                format!("{:.2}", 100.0 * loaded.accuracy()),
                format!("{:.2}", 100.0 * free.accuracy()),
            ],
            vec!["training (s)".into(), format!("{array_s:.2}"), format!("{ideal_s:.2}")],
        ],
    );
    let [array_curve, ideal_curve] = curves.clone();
    run.figure(
        &Figure::new(
            "array",
            "Training with the circuit in the loop.",
            "Left: accuracy of the network on its array and of the same network with ideal reads and writes. Right: fraction of the \
             driver's voltage that the cells of a tile see in a write.",
        )
        .panel(
            Panel::new("a  accuracy", Axis::log10("training images seen"), Axis::linear("accuracy (%)"))
                .series(Series::line("ideal", ideal_curve).draw(Draw::LinePoints))
                .series(Series::line("on the array", array_curve).draw(Draw::LinePoints))
                .legend(Corner::BottomRight),
        )
        .map(Map::new(
            "b  write voltage",
            "dendrite",
            "word line",
            "cell / driver",
            (0..on_array.voltages().selected.nrows())
                .map(|i| on_array.voltages().selected.row(i).iter().copied().collect())
                .collect(),
        )),
    )?;
    let column = |curve: &[(f64, f64)]| curve.iter().map(|p| p.1 / 100.0).collect::<Vec<f64>>();
    let selected = &on_array.voltages().selected;
    run.add(
        Dataset::new("network/array")
            .with(Variable::coordinate("images_seen", "1", "training images shown", stops))?
            .with(Variable::along(
                "accuracy_on_array",
                "images_seen",
                "1",
                "accuracy with solved reads and writes",
                column(&curves[0]),
            ))?
            .with(Variable::along(
                "accuracy_ideal",
                "images_seen",
                "1",
                "accuracy with ideal reads and writes",
                column(&curves[1]),
            ))?
            .with(Variable::new(
                "write_fraction",
                "1",
                "voltage of the selected cell over the driver's",
                &["word_line", "dendrite"],
                &[selected.nrows(), selected.ncols()],
                (0..selected.nrows())
                    .flat_map(|i| selected.row(i).iter().copied().collect::<Vec<_>>())
                    .collect::<Vec<f64>>(),
            )?)?,
    )?;
    run.add(losses_dataset(on_array.losses())?)?;
    run.add(loaded.to_dataset("network/array_test")?)?;
    run.add(writer.table.to_dataset()?)?;
    run.cite(&["zhou2025", "slonczewski1996"]);
    run.finish()?;
    Ok(())
}

/// What reads and writes lose to wires and drivers, over the training.
fn losses_dataset(losses: &[ArrayLoss]) -> Result<Dataset, ExperimentError> {
    let column = |of: &dyn Fn(&ArrayLoss) -> f64| losses.iter().map(of).collect::<Vec<f64>>();
    let along = |name, meaning, values| Variable::along(name, "images_shown", "1", meaning, values);
    let shown: Vec<u64> = losses.iter().map(|loss| loss.images).collect();
    Ok(Dataset::new("network/array_losses")
        .with(Variable::coordinate("images_shown", "1", "training images shown before the renewal", shown))?
        .with(along("read_ratio", "mean effective over own conductance", column(&|l| l.read_ratio)))?
        .with(along(
            "write_fraction_least",
            "least voltage of a selected cell over the driver's",
            column(&|l| l.write_fraction.0),
        ))?
        .with(along(
            "write_fraction_most",
            "largest voltage of a selected cell over the driver's",
            column(&|l| l.write_fraction.1),
        ))?)
}
