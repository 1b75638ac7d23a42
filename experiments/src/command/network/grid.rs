//! `spinhebb network grid`: accuracy against the number of neurons and of devices per pixel (Fig. 4d).

use clap::Args;
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::readout::preset;
use spinhebb_network::readout::recipe::Recipe;
use spinhebb_network::readout::rule::Readout;

use super::images::{Source, begin};
use super::repetition::{Sweep, accuracies, mean_and_deviation, seeds};
use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::progress::Progress;
use crate::run::RunOptions;

#[derive(Debug, Args)]
pub(super) struct GridArguments {
    #[command(flatten)]
    pub(super) run: RunOptions,
    #[command(flatten)]
    pub(super) source: Source,
    /// Numbers of neurons
    #[arg(long, value_delimiter = ',', default_value = "50,100,200,500,1000,2000,5000,10000")]
    pub(super) neurons: Vec<usize>,
    /// Numbers of devices per pixel
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8")]
    pub(super) copies: Vec<u8>,
    /// Seeds per point
    #[arg(long, default_value_t = 3)]
    pub(super) seeds: u64,
}

pub(super) fn grid(arguments: &GridArguments) -> Result<(), ExperimentError> {
    let set = arguments.source.load()?;
    let parts = arguments.source.parts(&set)?;
    let seeds = seeds(&arguments.run, arguments.seeds)?;
    let settings = Sweep { neurons: &arguments.neurons, copies: &arguments.copies, seeds: seeds.clone() };
    if arguments.run.printed_dry_run(&settings)? {
        return Ok(());
    }
    let title = "Accuracy against neurons and devices per pixel";
    let mut run = begin(&arguments.run, "network-grid", title, &settings, seeds.start, &set)?;
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
            let found = accuracies(&Recipe::new(training, Readout::SingleWinner), &parts, seeds.clone());
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
