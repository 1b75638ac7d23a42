//! `spinhebb network ablation`: what each ingredient of the best recipe buys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::{Dataset, Values, Variable};
use spinhebb_network::images::ImagesConfig;
use spinhebb_network::readout::preset;

use super::images::{self, tested_on};
use super::repetition::{self, accuracies, add_accuracies, in_per_cent, seeds};
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
    /// Repetitions of every recipe, with seeds from the master seed upwards.
    pub repetitions: u64,
}

impl Check for AblationSettings {
    fn check(&self, faults: &mut Faults) {
        repetition::check_neurons("neurons", self.neurons, faults);
    }
}

fn across(config: &AblationParts, faults: &mut Faults) {
    images::check(&config.images, faults);
    repetition::check("ablation.repetitions", config.seed, config.ablation.repetitions, faults);
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
        super::cost::of_trainings(recipes, config.ablation.repetitions as f64, &config.images)
    }

    fn compute(config: &AblationParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let AblationSettings { neurons, repetitions } = config.ablation;
        let mut outcome = Outcome::new("What each ingredient buys");
        let set = images::load(&config.images, &mut outcome)?;
        let parts = images::parts(&config.images, &set, &mut outcome)?;
        let seeds = seeds(context.seed(), repetitions);
        let rows = preset::ablation(neurons, parts.train.len());
        let stage = context.stage("training", rows.len() as u64);
        let (mut names, mut all) = (Vec::new(), Vec::new());
        for (name, recipe) in &rows {
            let found = accuracies(&format!("ablation {name}"), recipe, &parts, seeds.clone(), context)?;
            stage.advance();
            add_accuracies(&mut outcome, name, &found, parts.test.len());
            names.push((*name).to_string());
            all.extend(found);
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
                )?)?,
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
        let rows = names.iter().zip(all.chunks(repetitions as usize));
        let table: Vec<Vec<String>> =
            rows.map(|(name, found)| vec![name.clone(), in_per_cent(found)]).collect();
        page.paragraph(&format!(
            "Accuracy in per cent on the {}, mean and standard deviation of {repetitions} seeds; each row adds to the one above.",
            tested_on(outcome)?
        ));
        page.table(&["ingredient", "accuracy (%)"], &table);
        Ok(())
    }
}
