//! `spinhebb network ablation`: what each ingredient of the best recipe buys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::{Dataset, Values, Variable};
use spinhebb_network::images::ImagesConfig;
use spinhebb_network::readout::preset;

use super::images::{self, tested_on};
use super::inputs::add_inputs;
use super::repetition::{self, accuracies, in_per_cent, over_seeds, seeds};
use super::terms::Terms;
use crate::error::ExperimentError;
use crate::experiment::{Context, Cost, Experiment, Outcome, Shortcut};
use crate::present::Page;
use crate::system::system_parts;

/// Name of the dataset.
const DATASET: &str = "network/ablation";

system_parts! {
    /// Accuracy of recipes from the paper's to the best, one ingredient after the other.
    pub struct AblationParts {
        /// Images to learn from and to be tested on.
        images: ImagesConfig,
        /// The networks.
        ablation: AblationSettings,
    }
    across across;
}

/// Which networks are trained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AblationSettings {
    /// Number of neurons in all.
    pub neurons: usize,
    /// Repetitions of every recipe, each with a seed of its own that follows from the master seed.
    pub repetitions: u64,
}

impl Check for AblationSettings {
    fn check(&self, faults: &mut Faults) {
        repetition::check_neurons("neurons", self.neurons, faults);
        repetition::check("repetitions", self.repetitions, faults);
    }
}

fn across(config: &AblationParts, faults: &mut Faults) {
    images::check(&config.images, faults);
}

/// What each ingredient of the best recipe buys.
pub struct Ablation;

impl Experiment for Ablation {
    type Config = AblationParts;
    const NAME: &'static str = "network ablation";
    const ABOUT: &'static str = "What each ingredient of the `best` recipe buys";
    const CITES: &'static [&'static str] = &["zhou2025", "querlioz2013", "lecun1998", "nishi2021"];
    const SHORTCUTS: &'static [Shortcut] = &[
        images::FOLDER,
        images::HELD_OUT,
        Shortcut {
            flag: "neurons",
            key: "ablation.neurons",
            value_name: "N",
            help: "Number of neurons in all",
            list: false,
        },
        Shortcut {
            flag: "seeds",
            key: "ablation.repetitions",
            value_name: "N",
            help: "Repetitions of every recipe",
            list: false,
        },
    ];

    fn cost(config: &AblationParts) -> Cost {
        let recipes =
            preset::ablation(config.ablation.neurons, 1).into_iter().map(|(_, recipe)| recipe.network);
        // And the frozen control.
        super::cost::of_trainings(recipes, config.ablation.repetitions as f64 + 1.0, &config.images)
    }

    fn compute(config: &AblationParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let AblationSettings { neurons, repetitions } = config.ablation;
        let mut outcome = Outcome::new("What each ingredient buys");
        let set = images::load(&config.images, &mut outcome)?;
        let parts = images::parts(&config.images, &set, &mut outcome)?;
        let seeds = seeds(context.seed(), repetitions);
        let rows = preset::ablation(neurons, parts.train.len());
        let stage = context.stage("training", rows.len() as u64);
        add_inputs(&mut outcome, &rows[0].1.network.encoding, &parts)?;
        let (mut names, mut all, mut frozen) = (Vec::new(), Vec::new(), Vec::new());
        for (name, recipe) in &rows {
            let found = accuracies(&format!("ablation {name}"), recipe, &parts, &seeds, context)?;
            stage.advance();
            let terms = Terms::of(&recipe.network, &parts, repetitions)?;
            found.add_to(&mut outcome, name, parts.test.len(), &terms)?;
            names.push((*name).to_string());
            all.extend(found.trained);
            frozen.push(found.frozen[0]);
        }
        let shape = [names.len(), repetitions as usize];
        outcome.add(
            Dataset::new(DATASET)
                .with(Variable::coordinate("recipe", "1", "ingredient added", names))?
                .with(Variable::new(
                    "accuracy",
                    "1",
                    "accuracy of each seed",
                    &["recipe", "seed"],
                    &shape,
                    all,
                )?)?
                .with(Variable::along(
                    "frozen",
                    "recipe",
                    "1",
                    "accuracy of the frozen control with the first seed",
                    frozen,
                ))?,
        );
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let repetitions = outcome.config::<AblationParts>()?.ablation.repetitions;
        let data = outcome.dataset(DATASET)?;
        let all = data.numbers("accuracy")?;
        let names: &[String] = match data.variable("recipe").map(|v| &v.values) {
            Some(Values::Text(names)) => names,
            _ => &[],
        };
        let frozen = data.numbers("frozen")?;
        let rows = names.iter().zip(all.chunks(repetitions as usize)).zip(&frozen);
        let table: Vec<Vec<String>> = rows
            .map(|((name, found), frozen)| row(outcome, name, found, *frozen))
            .collect::<Result<_, _>>()?;
        page.paragraph(&format!(
            "Accuracy in per cent on the {}, {}; each row adds to the one above. Frozen: the same recipe with write pulses of \
             probability 0, 1 seed.",
            tested_on(outcome)?,
            over_seeds(repetitions)
        ));
        let heads = ["ingredient", "accuracy (%)", "95 % interval (%)", "frozen (%)"];
        let heads = [&heads[..], &["read-out", "neurons", "devices", "passes", "labels used"]].concat();
        page.table(&heads, &table);
        Ok(())
    }
}

/// One recipe of the table.
fn row(outcome: &Outcome, name: &str, found: &[f64], frozen: f64) -> Result<Vec<String>, ExperimentError> {
    let interval = outcome.find(&format!("accuracy/{name}")).and_then(|accuracy| accuracy.interval);
    let (low, high) = interval.unwrap_or((f64::NAN, f64::NAN));
    let count = |part: &str| outcome.number(&format!("{part}/{name}")).map(|count| count.to_string());
    Ok(vec![
        name.to_string(),
        in_per_cent(found),
        format!("{:.2} to {:.2}", 100.0 * low, 100.0 * high),
        format!("{:.2}", 100.0 * frozen),
        outcome.words(&format!("readout/{name}"))?.to_string(),
        count("neurons")?,
        count("devices")?,
        count("passes")?,
        count("labels_used")?,
    ])
}
