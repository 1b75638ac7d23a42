//! `spinhebb network grid`: accuracy against the number of neurons and of devices per pixel (Fig. 4d).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::images::ImagesConfig;
use spinhebb_network::readout::preset;

use super::images::{self, tested_on};
use super::repetition::{self, accuracies, add_accuracies, in_per_cent, mean_and_deviation, seeds};
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
    /// Repetitions of every network, with seeds from the master seed upwards.
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
    repetition::check("grid.repetitions", config.seed, config.grid.repetitions, faults);
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
        let repetitions = config.grid.repetitions as f64;
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
        let mut all = Vec::new();
        for (neurons, copies) in grid.points() {
            let label = format!("n{neurons}_r{copies}");
            let recipe = preset::paper(neurons, copies, parts.train.len());
            let found = accuracies(&format!("grid {label}"), &recipe, &parts, seeds.clone(), context)?;
            stage.advance();
            add_accuracies(&mut outcome, &label, &found, parts.test.len());
            all.extend(found);
        }
        let shape = [grid.copies.len(), grid.neurons.len(), grid.repetitions as usize];
        let neurons: Vec<u64> = grid.neurons.iter().map(|&n| n as u64).collect();
        let dims = ["copies", "neurons", "seed"];
        outcome.add(
            Dataset::new(DATASET)
                .with(Variable::coordinate("copies", "1", "devices per pixel", grid.copies.clone()))?
                .with(Variable::coordinate("neurons", "1", "neurons", neurons))?
                .with(Variable::new("accuracy", "1", "accuracy of each seed", &dims, &shape, all)?)?,
        );
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let grid = outcome.config::<GridParts>()?.grid;
        let all = outcome.dataset(DATASET)?.numbers("accuracy")?;
        let found: Vec<&[f64]> = all.chunks(grid.repetitions as usize).collect();
        let rows = || grid.copies.iter().zip(found.chunks(grid.neurons.len()));
        let mut panel =
            Panel::new("", Axis::log10("neurons"), Axis::linear("accuracy (%)")).legend(Corner::BottomRight);
        let mut table = Vec::new();
        for (copies, row) in rows() {
            let points = grid
                .neurons
                .iter()
                .zip(row)
                .map(|(&n, found)| (n as f64, 100.0 * mean_and_deviation(found).0));
            let interval = row.iter().map(|found| {
                let (mean, deviation) = mean_and_deviation(found);
                (100.0 * (mean - deviation), 100.0 * (mean + deviation))
            });
            let series = Series::line(format!("r = {copies}"), points.collect());
            panel = panel.series(series.interval(interval.collect()).draw(Draw::LinePoints));
            let cells = row.iter().map(|found| in_per_cent(found));
            table.push(std::iter::once(format!("r = {copies}")).chain(cells).collect::<Vec<String>>());
        }
        let how = format!(
            "Recipe `paper`: one pass, constant probabilities, single winner; mean and standard deviation of {} seeds on the {}.",
            grid.repetitions,
            tested_on(outcome)?
        );
        let figure = Figure::new("grid", "Accuracy against neurons and devices per pixel.", how);
        page.figure(&figure.columns(1).cell(760.0, 480.0).panel(panel));
        let heads: Vec<String> =
            std::iter::once(String::new()).chain(grid.neurons.iter().map(|n| format!("N = {n}"))).collect();
        page.table(&heads.iter().map(String::as_str).collect::<Vec<_>>(), &table);
        Ok(())
    }
}
