//! MNIST with stochastic switching (Fig. 4 of Zhou et al.): receptive fields, accuracy against the
//! number of neurons and of devices per pixel.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::mnist::Mnist;
use spinhebb_network::encoding::Images;
use spinhebb_network::readout::evaluation::Evaluation;
use spinhebb_network::readout::preset;
use spinhebb_network::readout::rule::Readout;
use spinhebb_network::training::network::Network;
use spinhebb_network::training::trainer::Schedule;

use super::learning_4x2::WritePulse;
use crate::error::ExperimentError;
use crate::plot::{Axis, Draw, Figure, Map, Panel, Series};
use crate::progress::Stage;
use crate::report::Comparison;
use crate::run::Run;

/// What Zhou et al. report for 10,000 neurons and 8 devices per pixel.
const PAPER_ACCURACY: f64 = 0.90;
/// Receptive fields drawn.
const FIELDS: usize = 24;
const FIELDS_PER_ROW: usize = 6;
/// Images after which the receptive fields are looked at between start and end (Fig. 4b).
const EARLY_IMAGES: u64 = 10_000;
/// Images are shown where they are stored.
const UNMOVED: [[i8; 2]; 1] = [[0, 0]];

/// Which networks are trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MnistConfig {
    /// Neurons of the network whose receptive fields and confusion matrix are shown.
    pub neurons: usize,
    /// Devices per pixel and neuron (r) of that network.
    pub copies: u8,
    /// Numbers of neurons of the grid (Fig. 4d).
    pub grid_neurons: Vec<usize>,
    /// Devices per pixel of the grid (Fig. 4d).
    pub grid_copies: Vec<u8>,
    /// Independent repetitions of every network.
    pub repetitions: u32,
}

impl MnistConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first key out of range.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        let refuse = |key: &str, value: String, expected: &str| {
            ExperimentError::refuse(&format!("mnist.{key}"), value, expected)
        };
        for neurons in std::iter::once(&self.neurons).chain(&self.grid_neurons) {
            if !(1..=100_000).contains(neurons) {
                return refuse("neurons", neurons.to_string(), "1 to 100000 neurons");
            }
        }
        for copies in std::iter::once(&self.copies).chain(&self.grid_copies) {
            if !(1..=8).contains(copies) {
                return refuse("copies", copies.to_string(), "1 to 8 devices per pixel");
            }
        }
        if self.repetitions == 0 {
            return refuse("repetitions", "0".to_string(), "at least 1");
        }
        Ok(())
    }

    /// Networks to train: the shown one first, then the rest of the grid; (neurons, copies).
    fn networks(&self) -> Vec<(usize, u8)> {
        let mut all = vec![(self.neurons, self.copies)];
        for &neurons in &self.grid_neurons {
            for &copies in &self.grid_copies {
                if !all.contains(&(neurons, copies)) {
                    all.push((neurons, copies));
                }
            }
        }
        all
    }

    /// Steps of progress: images shown over all networks, weighted by their neurons.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.networks().iter().map(|(neurons, _)| *neurons as u64).sum::<u64>() * u64::from(self.repetitions)
    }
}

/// One trained and tested network.
struct Trained {
    neurons: usize,
    copies: u8,
    repetition: u32,
    potentiation: WritePulse,
    depression: WritePulse,
    single: Evaluation,
    vote: Evaluation,
    /// Receptive fields of the first neurons before, early and after; empty unless shown.
    fields: Vec<Vec<Vec<f64>>>,
    /// Numbers of P devices, neuron-major; empty unless shown.
    weights: Vec<u8>,
}

/// Looks up the pulse for a wanted probability: (probability, potentiation?).
pub type PulseLookup<'a> = dyn Fn(f64, bool) -> Result<WritePulse, ExperimentError> + Sync + 'a;

/// Trains and tests all networks, archives and draws them.
///
/// # Errors
/// A pulse cannot be looked up, a parameter is out of range, or a file cannot be written.
pub fn run(
    run: &mut Run,
    config: &MnistConfig,
    data: &Mnist,
    pulse: &PulseLookup<'_>,
    seed: u64,
    stage: &Stage,
) -> Result<(), ExperimentError> {
    for (name, checksum) in &data.checksums {
        run.input(name.clone(), checksum.clone());
    }
    let jobs: Vec<(usize, u8, u32)> = (0..config.repetitions)
        .flat_map(|repetition| config.networks().into_iter().map(move |(n, r)| (n, r, repetition)))
        .collect();
    // The largest networks first, so that no core is left alone with one at the end.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(jobs[i].0 * usize::from(jobs[i].1)));
    let mut trained: Vec<(usize, Trained)> = order
        .into_par_iter()
        .with_max_len(1)
        .map(|index| {
            let (neurons, copies, repetition) = jobs[index];
            let shown = index == 0;
            let result = train(neurons, copies, repetition, shown, data, pulse, seed);
            stage.advance_by(neurons as u64);
            result.map(|t| (index, t))
        })
        .collect::<Result<_, _>>()?;
    trained.sort_by_key(|(index, _)| *index);
    let trained: Vec<Trained> = trained.into_iter().map(|(_, t)| t).collect();
    report(run, config, data, &trained)
}

fn train(
    neurons: usize,
    copies: u8,
    repetition: u32,
    shown: bool,
    data: &Mnist,
    pulse: &PulseLookup<'_>,
    seed: u64,
) -> Result<Trained, ExperimentError> {
    let images = Images::new(&data.train.pixels, data.train.columns, data.train.rows)?;
    let tests = Images::new(&data.test.pixels, data.test.columns, data.test.rows)?;
    let mut config = preset::paper(neurons, copies, images.len());
    let potentiation = pulse(config.potentiation.start, true)?;
    let depression = pulse(config.depression.start, false)?;
    config.potentiation = Schedule::constant(potentiation.probability);
    config.depression = Schedule::constant(depression.probability);
    let seed =
        spinhebb_data::random_stream::Streams::new(seed, "mnist/repetition").block(u64::from(repetition), 0);
    let seed = u64::from(seed[0]) << 32 | u64::from(seed[1]);
    let mut network = Network::ideal(&config, &images, seed, 0)?;
    let fields = |network: &Network| {
        (0..FIELDS.min(neurons)).map(|neuron| network.receptive_field(neuron)).collect::<Vec<_>>()
    };
    let mut seen = Vec::new();
    if shown {
        seen.push(fields(&network));
        network.advance(&images, EARLY_IMAGES)?;
        seen.push(fields(&network));
    }
    network.advance(&images, u64::MAX)?;
    if shown {
        seen.push(fields(&network));
    }
    let labelling = network.label(&images, &data.train.labels, data.classes, &UNMOVED)?;
    let test = |readout| network.evaluate(&labelling, readout, &tests, &data.test.labels, &UNMOVED);
    Ok(Trained {
        neurons,
        copies,
        repetition,
        potentiation,
        depression,
        single: test(Readout::SingleWinner)?,
        vote: test(Readout::WeightedVote { neurons: 10 })?,
        fields: seen,
        weights: if shown { network.rows() } else { Vec::new() },
    })
}

/// Mean and sample standard deviation of the accuracies of the repetitions of one network.
fn accuracy(
    trained: &[Trained],
    neurons: usize,
    copies: u8,
    pick: fn(&Trained) -> &Evaluation,
) -> Option<(f64, f64)> {
    let values: Vec<f64> = trained
        .iter()
        .filter(|t| t.neurons == neurons && t.copies == copies)
        .map(|t| pick(t).accuracy())
        .collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (!values.is_empty()).then(|| (mean, variance.sqrt()))
}

fn report(
    run: &mut Run,
    config: &MnistConfig,
    data: &Mnist,
    trained: &[Trained],
) -> Result<(), ExperimentError> {
    let shown = &trained[0];
    let repetitions = config.repetitions;
    run.report().section("Handwritten digits");
    run.report().paragraph(&format!(
        "One pass over {} training images without labels, random initial states, labels by firing activity \
         on the training images afterwards, accuracy on the {} test images, {repetitions} repetitions. \
         {} neurons with {} devices per pixel: potentiation at {:.4} V (probability {:.3}), depression at {:.4} V ({:.3}), {:.3} ns.",
        data.train.len(),
        data.test.len(),
        shown.neurons,
        shown.copies,
        shown.potentiation.volts,
        shown.potentiation.probability,
        shown.depression.volts,
        shown.depression.probability,
        shown.potentiation.width_s * 1e9,
    ));
    run.figure(&fields_figure(shown, data))?;
    run.figure(&grid_figure(config, trained))?;
    run.figure(&confusion_figure(shown, data.classes))?;
    let mut rows = Vec::new();
    let mut summary = serde_json::Map::new();
    for (neurons, copies) in config.networks() {
        let Some((single, spread)) = accuracy(trained, neurons, copies, |t| &t.single) else { continue };
        let (vote, _) = accuracy(trained, neurons, copies, |t| &t.vote).unwrap_or((f64::NAN, 0.0));
        let published = if (neurons, copies) == (10_000, 8) {
            format!("{:.0} %", 100.0 * PAPER_ACCURACY)
        } else {
            "-".to_string()
        };
        rows.push(Comparison::new(
            format!("accuracy, {neurons} neurons, {copies} devices per pixel"),
            format!("{:.2} % (+- {:.2}); vote of ten: {:.2} %", 100.0 * single, 100.0 * spread, 100.0 * vote),
            published,
            format!("single winner, mean and standard deviation of {repetitions} repetitions"),
        ));
        summary
            .insert(format!("n{neurons}_r{copies}"), json!({"single_winner": single, "vote_of_ten": vote}));
    }
    run.report().comparison(&rows);
    let (low, high) = shown.single.interval_95();
    run.report().paragraph(&format!(
        "The network shown recognises {:.2} % (95 % interval of the test set's size: {:.2} to {:.2} %).",
        100.0 * shown.single.accuracy(),
        100.0 * low,
        100.0 * high
    ));
    run.value("mnist", serde_json::Value::Object(summary));
    for dataset in datasets(config, data, trained)? {
        run.add(dataset)?;
    }
    Ok(())
}

/// Fields side by side in one picture, with a blank line between them.
fn montage(fields: &[Vec<f64>], width: usize, height: usize) -> Vec<Vec<f64>> {
    let rows = fields.len().div_ceil(FIELDS_PER_ROW);
    let mut picture = vec![vec![1.0; FIELDS_PER_ROW * (width + 1) - 1]; rows * (height + 1) - 1];
    for (place, field) in fields.iter().enumerate() {
        let (top, left) = ((place / FIELDS_PER_ROW) * (height + 1), (place % FIELDS_PER_ROW) * (width + 1));
        for y in 0..height {
            picture[top + y][left..left + width].copy_from_slice(&field[y * width..(y + 1) * width]);
        }
    }
    picture
}

fn fields_figure(shown: &Trained, data: &Mnist) -> Figure {
    let mut figure = Figure::new(
        "mnist_receptive_fields",
        format!("Receptive fields of the first {} neurons before, after {EARLY_IMAGES} and after {} images (Fig. 4a-c of Zhou et al.).", shown.fields[0].len(), data.train.len()),
        format!("Fraction of parallel devices of each pixel; {} neurons, {} devices per pixel.", shown.neurons, shown.copies),
    )
    .columns(3)
    .cell(520.0, 340.0);
    let images = data.train.len();
    for (fields, title) in shown.fields.iter().zip([
        "a  before".to_string(),
        format!("b  after {}", EARLY_IMAGES.min(images as u64)),
        format!("c  after {images}"),
    ]) {
        let picture = montage(fields, data.train.columns, data.train.rows);
        figure = figure.map(Map::new(title, "", "", "fraction P", picture).unnumbered());
    }
    figure
}

fn grid_figure(config: &MnistConfig, trained: &[Trained]) -> Figure {
    let mut panels = [
        Panel::new(
            "a  single winner",
            Axis::log10("neurons"),
            Axis::linear("accuracy (%)").range(60.0, 100.0),
        ),
        Panel::new(
            "b  weighted vote of ten",
            Axis::log10("neurons"),
            Axis::linear("accuracy (%)").range(60.0, 100.0),
        ),
    ];
    let picks: [fn(&Trained) -> &Evaluation; 2] = [|t| &t.single, |t| &t.vote];
    let mut copies = config.grid_copies.clone();
    copies.sort_unstable();
    let mut neurons = config.grid_neurons.clone();
    neurons.sort_unstable();
    for (panel, pick) in panels.iter_mut().zip(picks) {
        let mut drawn = panel.clone();
        for &r in &copies {
            let found: Vec<(f64, (f64, f64))> = neurons
                .iter()
                .filter_map(|&n| accuracy(trained, n, r, pick).map(|a| (n as f64, a)))
                .collect();
            let points = found.iter().map(|(n, (mean, _))| (*n, 100.0 * mean)).collect();
            let interval = found.iter().map(|(_, (m, s))| (100.0 * (m - s), 100.0 * (m + s))).collect();
            drawn = drawn
                .series(Series::line(format!("r = {r}"), points).interval(interval).draw(Draw::LinePoints));
        }
        *panel = drawn.horizontal(100.0 * PAPER_ACCURACY, "paper, 10,000 x 8");
    }
    let [single, vote] = panels;
    Figure::new(
        "mnist_accuracy",
        "Accuracy against the number of neurons for r devices per pixel (Fig. 4d of Zhou et al.).",
        format!("Test images; mean and standard deviation of {} repetitions.", config.repetitions),
    )
    .panel(single)
    .panel(vote)
}

fn confusion_figure(shown: &Trained, classes: usize) -> Figure {
    let rows = (0..classes)
        .map(|truth| (0..classes).map(|found| f64::from(shown.single.confusion(truth, found))).collect())
        .collect();
    let names: Vec<String> = (0..classes).map(|c| c.to_string()).collect();
    Figure::new(
        "mnist_confusion",
        "Test images of each class by the class read from the winner.",
        format!("{} neurons, {} devices per pixel, single winner.", shown.neurons, shown.copies),
    )
    .cell(640.0, 520.0)
    .map(
        Map::new("Confusion matrix", "class read", "true class", "images", rows)
            .names(names.clone(), names)
            .print_values(),
    )
}

fn datasets(
    config: &MnistConfig,
    data: &Mnist,
    trained: &[Trained],
) -> Result<Vec<Dataset>, ExperimentError> {
    let shown = &trained[0];
    let classes = data.classes;
    let confusion: Vec<u32> = (0..classes)
        .flat_map(|t| (0..classes).map(move |f| (t, f)))
        .map(|(t, f)| shown.single.confusion(t, f))
        .collect();
    let column = |pick: &dyn Fn(&Trained) -> f64| trained.iter().map(pick).collect::<Vec<f64>>();
    let networks = Dataset::new("mnist_networks")
        .with(Variable::along(
            "neurons",
            "network",
            "1",
            "number of neurons",
            trained.iter().map(|t| t.neurons as u32).collect::<Vec<_>>(),
        ))?
        .with(Variable::along(
            "copies",
            "network",
            "1",
            "devices per pixel and neuron",
            trained.iter().map(|t| t.copies).collect::<Vec<u8>>(),
        ))?
        .with(Variable::along(
            "repetition",
            "network",
            "1",
            "number of the repetition",
            trained.iter().map(|t| t.repetition).collect::<Vec<u32>>(),
        ))?
        .with(Variable::along(
            "accuracy",
            "network",
            "1",
            "fraction of test images recognised by the single winner",
            column(&|t| t.single.accuracy()),
        ))?
        .with(Variable::along(
            "accuracy_vote",
            "network",
            "1",
            "fraction recognised by a weighted vote of ten",
            column(&|t| t.vote.accuracy()),
        ))?
        .with(Variable::along(
            "potentiation_voltage",
            "network",
            "V",
            "amplitude of the potentiation pulse (V > 0, AP -> P)",
            column(&|t| t.potentiation.volts),
        ))?
        .with(Variable::along(
            "depression_voltage",
            "network",
            "V",
            "amplitude of the depression pulse (V < 0, P -> AP)",
            column(&|t| t.depression.volts),
        ))?
        .with(Variable::along(
            "potentiation",
            "network",
            "1",
            "switching probability of the potentiation pulse",
            column(&|t| t.potentiation.probability),
        ))?
        .with(Variable::along(
            "depression",
            "network",
            "1",
            "switching probability of the depression pulse",
            column(&|t| t.depression.probability),
        ))?;
    let (neurons, copies, pixels) = (shown.neurons, usize::from(shown.copies), data.train.pixels_each());
    let bits =
        shown.weights.iter().flat_map(|&count| (0..copies).map(move |device| device < usize::from(count)));
    let detail = Dataset::new("mnist_shown")
        .attribute("neurons", neurons as i64)
        .attribute("copies", copies as i64)
        .with(Variable::new(
            "confusion",
            "1",
            "test images by true class and class read",
            &["true_class", "read_class"],
            &[classes, classes],
            confusion,
        )?)?
        .with(Variable::packed_bits(
            "weights",
            "device states after training (1 = P), in each pixel the P devices first",
            &["neuron", "pixel", "device"],
            &[neurons, pixels, copies],
            bits,
        )?)?;
    debug_assert!(config.repetitions > 0);
    Ok(vec![networks, detail])
}
