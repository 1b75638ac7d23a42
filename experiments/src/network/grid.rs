//! `spinhebb network grid`: accuracy against the number of neurons and of devices per pixel (Fig. 4d).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::images::ImagesConfig;
use spinhebb_network::readout::mean_interval::mean_and_deviation;
use spinhebb_network::readout::preset;

use super::images::{self, tested_on};
use super::inputs::add_inputs;
use super::repetition::{self, accuracies, deviation, in_per_cent, over_seeds, seeds};
use super::terms::Terms;
use crate::error::ExperimentError;
use crate::experiment::{Context, Cost, Experiment, Outcome, Shortcut};
use crate::present::Page;
use crate::present::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::system::system_parts;

/// Name of the dataset.
const DATASET: &str = "network/grid";

system_parts! {
    /// Accuracy of the paper's recipe against neurons and devices per pixel.
    pub struct GridParts {
        /// Images to learn from and to be tested on.
        images: ImagesConfig,
        /// The networks.
        grid: GridSettings,
    }
    across across;
}

/// Which networks are trained, by the recipe `paper`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridSettings {
    /// Numbers of neurons.
    pub neurons: Vec<usize>,
    /// Numbers of devices per pixel and neuron.
    pub copies: Vec<u8>,
    /// Repetitions of every network, each with a seed of its own that follows from the master seed.
    pub repetitions: u64,
}

impl Check for GridSettings {
    fn check(&self, faults: &mut Faults) {
        faults.require(
            !self.neurons.is_empty(),
            "neurons",
            "[]",
            "one or more numbers of neurons, such as [50, 500]",
        );
        faults.require(
            !self.copies.is_empty(),
            "copies",
            "[]",
            "one or more numbers of devices, such as [1, 8]",
        );
        faults.each("neurons", &self.neurons, |neurons, faults| {
            repetition::check_neurons("", *neurons, faults);
        });
        repetition::check("repetitions", self.repetitions, faults);
        faults.each("copies", &self.copies, |copies, faults| {
            faults.require((1..=8).contains(copies), "", copies, "between 1 and 8 devices per pixel");
        });
    }
}

impl GridSettings {
    /// Neurons and copies of every point, copies after copies.
    fn points(&self) -> impl Iterator<Item = (usize, u8)> + '_ {
        self.copies.iter().flat_map(|&copies| self.neurons.iter().map(move |&neurons| (neurons, copies)))
    }
}

fn across(config: &GridParts, faults: &mut Faults) {
    images::check(&config.images, faults);
}

/// Accuracy against neurons and devices per pixel.
pub struct Grid;

impl Experiment for Grid {
    type Config = GridParts;
    const NAME: &'static str = "network grid";
    const ABOUT: &'static str = "Accuracy against the number of neurons and of devices per pixel";
    const CITES: &'static [&'static str] = images::MODELS;
    const SHORTCUTS: &'static [Shortcut] = &[
        images::FOLDER,
        images::HELD_OUT,
        Shortcut {
            flag: "neurons",
            key: "grid.neurons",
            value_name: "N,...",
            help: "Numbers of neurons",
            list: true,
        },
        Shortcut {
            flag: "copies",
            key: "grid.copies",
            value_name: "R,...",
            help: "Numbers of devices per pixel",
            list: true,
        },
        Shortcut {
            flag: "seeds",
            key: "grid.repetitions",
            value_name: "N",
            help: "Repetitions of every network",
            list: false,
        },
    ];

    fn cost(config: &GridParts) -> Cost {
        // And the frozen control.
        let repetitions = config.grid.repetitions as f64 + 1.0;
        let recipes = config.grid.points().map(|(neurons, copies)| preset::paper(neurons, copies, 1).network);
        super::cost::of_trainings(recipes, repetitions, &config.images)
    }

    fn compute(config: &GridParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let grid = &config.grid;
        let mut outcome = Outcome::new("Accuracy against neurons and devices per pixel");
        let set = images::load(&config.images, &mut outcome)?;
        let parts = images::parts(&config.images, &set, &mut outcome)?;
        let seeds = seeds(context.seed(), grid.repetitions);
        let stage = context.stage("training", grid.points().count() as u64);
        let (mut all, mut frozen) = (Vec::new(), Vec::new());
        for (neurons, copies) in grid.points() {
            let label = format!("n{neurons}_r{copies}");
            let recipe = preset::paper(neurons, copies, parts.train.len());
            if all.is_empty() {
                add_inputs(&mut outcome, &recipe.network.encoding, &parts)?;
            }
            let found = accuracies(&format!("grid {label}"), &recipe, &parts, &seeds, context)?;
            stage.advance();
            let terms = Terms::of(&recipe.network, &parts, grid.repetitions)?;
            found.add_to(&mut outcome, &label, parts.test.len(), &terms)?;
            all.extend(found.trained);
            frozen.push(found.frozen[0]);
        }
        let shape = [grid.copies.len(), grid.neurons.len(), grid.repetitions as usize];
        let neurons: Vec<u64> = grid.neurons.iter().map(|&n| n as u64).collect();
        let dims = ["copies", "neurons", "seed"];
        outcome.add(
            Dataset::new(DATASET)
                .with(Variable::coordinate("copies", "1", "devices per pixel", grid.copies.clone()))?
                .with(Variable::coordinate("neurons", "1", "neurons", neurons))?
                .with(Variable::new("accuracy", "1", "accuracy of each seed", &dims, &shape, all)?)?
                .with(Variable::new(
                    "frozen",
                    "1",
                    "accuracy of the frozen control with the first seed",
                    &dims[..2],
                    &shape[..2],
                    frozen,
                )?)?,
        );
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let grid = outcome.config::<GridParts>()?.grid;
        let data = outcome.dataset(DATASET)?;
        let (all, frozen) = (data.numbers("accuracy")?, data.numbers("frozen")?);
        let found: Vec<&[f64]> = all.chunks(grid.repetitions as usize).collect();
        let mut panel =
            Panel::new("", Axis::log10("neurons"), Axis::linear("accuracy (%)")).legend(Corner::BottomRight);
        let across = grid.neurons.len();
        for (tone, (copies, (row, control))) in
            grid.copies.iter().zip(found.chunks(across).zip(frozen.chunks(across))).enumerate()
        {
            panel = curves(panel, (tone, *copies), &grid.neurons, (row, control));
        }
        let how = format!(
            "Recipe `paper`: one pass, constant probabilities, single winner; {} on the {}. Points: frozen control, the same recipe \
             with write pulses of probability 0, 1 seed.",
            over_seeds(grid.repetitions),
            tested_on(outcome)?
        );
        let figure = Figure::new("grid", "Accuracy against neurons and devices per pixel.", how);
        page.figure(&figure.columns(1).cell(760.0, 480.0).panel(panel));
        let rows: Vec<Vec<String>> = grid
            .points()
            .zip(found.iter().zip(&frozen))
            .map(|(size, (found, frozen))| row(outcome, size, found, *frozen))
            .collect::<Result<_, _>>()?;
        page.table(
            &["neurons", "r", "devices", "accuracy (%)", "95 % interval (%)", "frozen (%)", "labels used"],
            &rows,
        );
        Ok(())
    }
}

/// Accuracy, and that of the control as points, of the networks with so many devices per pixel.
fn curves(
    panel: Panel,
    (tone, copies): (usize, u8),
    neurons: &[usize],
    (found, frozen): (&[&[f64]], &[f64]),
) -> Panel {
    let point = |(&n, accuracy): (&usize, f64)| (n as f64, 100.0 * accuracy);
    let means = found.iter().map(|found| mean_and_deviation(found).0);
    let points: Vec<(f64, f64)> = neurons.iter().zip(means).map(point).collect();
    let deviations: Option<Vec<f64>> = found.iter().map(|found| deviation(found)).collect();
    let mut series = Series::line(format!("r = {copies}"), points.clone()).draw(Draw::LinePoints).tone(tone);
    if let Some(deviations) = deviations {
        let around =
            |((_, mean), deviation): (&(f64, f64), f64)| (mean - 100.0 * deviation, mean + 100.0 * deviation);
        series = series.interval(points.iter().zip(deviations).map(around).collect());
    }
    let control = neurons.iter().zip(frozen.iter().copied()).map(point).collect();
    panel.series(series).series(Series::points(format!("r = {copies}, frozen"), control).tone(tone))
}

/// One network of the table.
fn row(
    outcome: &Outcome,
    (neurons, copies): (usize, u8),
    found: &[f64],
    frozen: f64,
) -> Result<Vec<String>, ExperimentError> {
    let label = format!("n{neurons}_r{copies}");
    let interval = outcome.find(&format!("accuracy/{label}")).and_then(|accuracy| accuracy.interval);
    let (low, high) = interval.unwrap_or((f64::NAN, f64::NAN));
    Ok(vec![
        neurons.to_string(),
        copies.to_string(),
        outcome.number(&format!("devices/{label}"))?.to_string(),
        in_per_cent(found),
        format!("{:.2} to {:.2}", 100.0 * low, 100.0 * high),
        format!("{:.2}", 100.0 * frozen),
        outcome.number(&format!("labels_used/{label}"))?.to_string(),
    ])
}
