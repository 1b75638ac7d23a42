//! `spinhebb network ablation`: what each ingredient of the best recipe buys.

use clap::Args;
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::readout::preset;

use super::images::{Source, begin};
use super::repetition::{Sweep, accuracies, mean_and_deviation, seeds};
use crate::error::ExperimentError;
use crate::progress::Progress;
use crate::run::RunOptions;

#[derive(Debug, Args)]
pub(super) struct AblationArguments {
    #[command(flatten)]
    pub(super) run: RunOptions,
    #[command(flatten)]
    pub(super) source: Source,
    /// Number of neurons
    #[arg(long, default_value_t = 10_000)]
    pub(super) neurons: usize,
    /// Seeds per row
    #[arg(long, default_value_t = 3)]
    pub(super) seeds: u64,
}

pub(super) fn ablation(arguments: &AblationArguments) -> Result<(), ExperimentError> {
    let set = arguments.source.load()?;
    let parts = arguments.source.parts(&set)?;
    let seeds = seeds(&arguments.run, arguments.seeds)?;
    let neurons = [arguments.neurons];
    let settings = Sweep { neurons: &neurons, copies: &[], seeds: seeds.clone() };
    if arguments.run.printed_dry_run(&settings)? {
        return Ok(());
    }
    let title = "What each ingredient buys";
    let mut run = begin(&arguments.run, "network-ablation", title, &settings, seeds.start, &set)?;
    run.cite(&["nishi2021"]);
    let rows = preset::ablation(arguments.neurons, parts.train.len());
    let stage = Progress::new(1).stage("training", rows.len() as u64);
    let mut table = Vec::new();
    let mut all = Vec::new();
    for (name, recipe) in &rows {
        let found = accuracies(recipe, &parts, seeds.clone())?;
        stage.advance();
        let (mean, deviation) = mean_and_deviation(&found);
        run.value(name, json!({"mean": mean, "deviation": deviation}));
        let cell = format!("{:.2} ± {:.2}", 100.0 * mean, 100.0 * deviation);
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
