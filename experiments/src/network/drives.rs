//! `spinhebb network drives`: which drive of an array learns like the ideal network, at what time, energy and area.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::compensation::Compensation;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::PopulationConfig;
use spinhebb_device::switching::table_config::TableConfig;
use spinhebb_network::images::{ImageParts, ImagesConfig};
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::mean_interval::{mean_and_deviation, mean_error_95};
use spinhebb_network::synapses::WriteTally;
use spinhebb_network::training::config::{NetworkConfig, SynapseModel};
use spinhebb_network::training::network::Network;
use spinhebb_network::training::recipe::Recipe;

use super::frozen::{add_control, control};
use super::hardware::SynapseParts;
use super::images;
use super::inputs::add_inputs;
use super::pulses::{Tabulated, WritePulses, add_pulses};
use super::repetition::{self, add_mean, seeds};
use super::terms::Terms;
use crate::error::ExperimentError;
use crate::experiment::{Context, Cost, Experiment, Json, Outcome, Shortcut};
use crate::present::Page;
use crate::system::system_parts;

/// Name of the dataset.
const DATASET: &str = "network/drives";

system_parts! {
    /// The same network, trained on an array under several drives and on ideal lines, with the same seeds.
    pub struct DrivesParts {
        /// The junction at each crossing.
        device: MtjConfig,
        /// How devices differ.
        population: PopulationConfig,
        /// Which devices are broken.
        faults: FaultsConfig,
        /// Switching table of the junction.
        table: TableConfig,
        /// The write pulses over the stages.
        pulses: PulsesConfig,
        /// The array; each drive replaces its scheme, phases, compensation and verification.
        array: ArrayConfig,
        /// Layer, training and read-out; `network.synapses` does not count.
        network: NetworkConfig,
        /// Images to learn from and to be tested on.
        images: ImagesConfig,
        /// The drives.
        drives: DrivesSettings,
    }
    across across;
}

/// Which drives are compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrivesSettings {
    /// The drives.
    pub compared: Vec<Drive>,
    /// Seeds, the same for every drive and for ideal lines.
    pub repetitions: u64,
}

/// One drive of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drive {
    /// `array.scheme`.
    pub scheme: WriteScheme,
    /// `array.phases`.
    pub phases: u32,
    /// `array.compensation`.
    pub compensation: Compensation,
    /// `array.verify`.
    #[serde(default)]
    pub verify: u32,
}

impl Drive {
    /// Name in keys: `cut-off_2_row`, with `_verify4` where devices are counted.
    fn name(self) -> String {
        let Self { scheme, phases, compensation, verify } = self;
        let counted = if verify > 0 { format!("_verify{verify}") } else { String::new() };
        format!("{}_{phases}_{}{counted}", scheme.name(), compensation.name())
    }

    fn of(self, array: &ArrayConfig) -> ArrayConfig {
        let Self { scheme, phases, compensation, verify } = self;
        ArrayConfig { scheme, phases, compensation, verify, ..array.clone() }
    }
}

impl Check for DrivesSettings {
    fn check(&self, faults: &mut Faults) {
        faults.each("compared", &self.compared, |drive, faults| {
            let alone = drive.scheme.drives_both_at_once() || drive.phases == 2;
            let expected = "2: this scheme drives one pulse after the other";
            faults.require(alone, "phases", drive.phases, expected);
        });
        for (k, drive) in self.compared.iter().enumerate() {
            let before = self.compared[..k].contains(drive);
            faults.require(!before, &format!("compared[{k}]"), drive.name(), "every drive once");
        }
        let expected =
            "one or more drives, such as { scheme = \"cut-off\", phases = 2, compensation = \"row\" }";
        faults.require(!self.compared.is_empty(), "compared", "[]", expected);
        repetition::check("repetitions", self.repetitions, faults);
    }
}

impl DrivesParts {
    fn synapses<'a>(&'a self, array: &'a ArrayConfig, network: &'a NetworkConfig) -> SynapseParts<'a> {
        SynapseParts {
            device: &self.device,
            population: &self.population,
            faults: &self.faults,
            table: &self.table,
            pulses: &self.pulses,
            array,
            network,
            in_steps: false,
        }
    }

    fn on_array(&self) -> NetworkConfig {
        NetworkConfig { synapses: SynapseModel::Array, ..self.network.clone() }
    }
}

fn across(config: &DrivesParts, faults: &mut Faults) {
    images::check(&config.images, faults);
    let network = config.on_array();
    config.synapses(&config.array, &network).check(faults);
    faults.within("drives", |faults| {
        faults.each("compared", &config.drives.compared, |drive, faults| {
            // The keys of a drive are those of the array, with the same ranges.
            let mut own = Faults::default();
            drive.of(&config.array).check(&mut own);
            let keys = ["phases", "verify"];
            for fault in own.found().iter().filter(|fault| keys.contains(&fault.path.as_str())) {
                faults.require(false, &fault.path, &fault.value, &fault.expected);
            }
        });
    });
}

/// What one training on the array reached, and what its events did.
type Trained = (f64, WriteTally, f64);

/// Which drive learns.
pub struct Drives;

impl Experiment for Drives {
    type Config = DrivesParts;
    const NAME: &'static str = "network drives";
    const ABOUT: &'static str =
        "Which drive of an array learns like the ideal network, at what time and energy";
    const CITES: &'static [&'static str] = images::MODELS;
    const SHORTCUTS: &'static [Shortcut] = &[
        images::FOLDER,
        images::HELD_OUT,
        Shortcut {
            flag: "neurons",
            key: "network.neurons",
            value_name: "N",
            help: "Number of neurons in all",
            list: false,
        },
        Shortcut {
            flag: "seeds",
            key: "drives.repetitions",
            value_name: "N",
            help: "Seeds, the same for every drive",
            list: false,
        },
    ];

    fn cost(config: &DrivesParts) -> Cost {
        let trainings = config.drives.repetitions as f64 * (config.drives.compared.len() + 1) as f64;
        super::cost::of_trainings(std::iter::once(config.on_array()), trainings, &config.images)
    }

    fn compute(config: &DrivesParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("Drives of an array");
        let set = images::load(&config.images, &mut outcome)?;
        let parts = images::parts(&config.images, &set, &mut outcome)?;
        add_inputs(&mut outcome, &config.network.encoding, &parts)?;
        let network = config.on_array();
        let prepared = config.synapses(&config.array, &network).prepare(&mut outcome, context)?;
        let (WritePulses { probabilities, tabulated }, _) = prepared;
        let recipe = Recipe { network, pulses: probabilities };
        if let Some(pulses) = &tabulated {
            add_pulses(&mut outcome, pulses)?;
        }
        let seeds = seeds(context.seed(), config.drives.repetitions);
        let stage = context.stage("training", seeds.len() as u64 * (config.drives.compared.len() as u64 + 1));
        let ideal = recipe.ideal();
        let mut of_ideal = Vec::new();
        for &seed in &seeds {
            let Json(accuracy) = context.unit(&format!("ideal {seed}"), || {
                Ok(Json(accuracy(&Committee::new(&ideal, None, &parts.train, seed)?, &ideal, &parts)?.0))
            })?;
            of_ideal.push(accuracy);
            stage.advance();
        }
        let Json(frozen) =
            context.unit("frozen control", || Ok(Json(control(&ideal, None, &parts, seeds[0])?)))?;
        let mut names = Vec::new();
        let mut all = Vec::new();
        for &drive in &config.drives.compared {
            let name = drive.name();
            let mut found = Vec::new();
            for &seed in &seeds {
                let Json(one) = context.unit(&format!("{name} {seed}"), || {
                    Ok(Json(trained(config, (drive, &recipe, tabulated.as_ref()), &parts, seed)?))
                })?;
                found.push(one);
                stage.advance();
            }
            add_drive(&mut outcome, (&name, config), &found, (&of_ideal, parts.test.len()));
            all.extend(found.iter().map(|(accuracy, ..)| *accuracy));
            names.push(name);
        }
        add_mean(&mut outcome, "accuracy/ideal", &of_ideal, parts.test.len());
        Terms::of(&recipe.network, &parts, seeds.len() as u64)?.add_to(
            &mut outcome,
            "accuracy/ideal",
            Some("ideal"),
        )?;
        add_control(&mut outcome, "frozen/accuracy", frozen);
        let shape = [names.len(), seeds.len()];
        outcome.add(
            Dataset::new(DATASET)
                .with(Variable::coordinate(
                    "drive",
                    "1",
                    "scheme, phases, compensation, verification",
                    names,
                ))?
                .with(Variable::coordinate("seed", "1", "seed of the training", seeds))?
                .with(Variable::along("ideal", "seed", "1", "accuracy on ideal lines", of_ideal))?
                .with(Variable::new(
                    "accuracy",
                    "1",
                    "accuracy on the array",
                    &["drive", "seed"],
                    &shape,
                    all,
                )?)?,
        );
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let config: DrivesParts = outcome.config()?;
        let per_cent = |key: &str| -> Result<String, ExperimentError> {
            outcome.number(key)?;
            let (value, interval) = outcome.find(key).map_or((f64::NAN, None), |s| (s.value, s.interval));
            Ok(match interval {
                Some((low, high)) => {
                    format!("{:.2} ({:.2} to {:.2})", 100.0 * value, 100.0 * low, 100.0 * high)
                }
                None => format!("{:.2} (one seed)", 100.0 * value),
            })
        };
        let seeds = config.drives.repetitions;
        page.paragraph(&format!(
            "The same network and images, each drive with the same {seeds} seeds as ideal lines: {}. Ideal {} %, frozen control {} %.",
            outcome.words("rests_on/ideal")?,
            per_cent("accuracy/ideal")?,
            per_cent("frozen/accuracy")?,
        ));
        let mut rows = Vec::new();
        for drive in &config.drives.compared {
            let name = drive.name();
            let number = |what: &str| outcome.number(&format!("{what}/{name}"));
            rows.push(vec![
                drive.scheme.name().to_string(),
                format!("{:.2}", number("pulses_per_event")?),
                drive.compensation.name().to_string(),
                drive.verify.to_string(),
                per_cent(&format!("accuracy/{name}"))?,
                per_cent(&format!("loss/{name}"))?,
                format!(
                    "{:.4} / {:.4}",
                    number("potentiation/probability")?,
                    number("depression/probability")?
                ),
                format!("{:.1}", number("energy_per_event")? * 1e12),
                format!("{:.1}", number("time_per_event")? * 1e9),
            ]);
        }
        let head = [
            "scheme",
            "pulses per event",
            "compensation",
            "verify",
            "accuracy (%)",
            "below ideal (points, 95 %)",
            "p up / down",
            "energy (pJ)",
            "time (ns)",
        ];
        page.table(&head, &rows);
        Ok(())
    }
}

/// Trains `network` and tests it: accuracy, and the network.
fn accuracy(
    network: &Committee,
    recipe: &Recipe,
    parts: &ImageParts<'_>,
) -> Result<(f64, Committee), ExperimentError> {
    let mut network = network.clone();
    network.advance(&parts.train, u64::MAX)?;
    let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
    let (_, found) = network.examine(&recipe.network, train, test, parts.classes)?;
    Ok((found.accuracy(), network))
}

fn trained(
    config: &DrivesParts,
    (drive, recipe, tabulated): (Drive, &Recipe, Option<&Tabulated>),
    parts: &ImageParts<'_>,
    seed: u64,
) -> Result<Trained, ExperimentError> {
    let array = drive.of(&config.array);
    let hardware = config.synapses(&array, &recipe.network).hardware(tabulated, seed)?;
    let network = Committee::new(recipe, hardware.as_ref(), &parts.train, seed)?;
    let (accuracy, network) = accuracy(&network, recipe, parts)?;
    let mut writes = WriteTally::default();
    network.members().iter().filter_map(Network::on_array).for_each(|member| writes.merge(&member.writes()));
    let width_s = tabulated.map_or(0.0, |pulses| pulses.width_s);
    let check_s = if drive.verify > 0 { array.read_time.si() } else { 0.0 };
    let events = writes.events.max(1) as f64;
    Ok((accuracy, writes, writes.phases as f64 / events * (width_s + check_s)))
}

/// Adds what a drive reached over the seeds, and how far it stays below ideal lines with the same seeds.
fn add_drive(
    outcome: &mut Outcome,
    (name, config): (&str, &DrivesParts),
    found: &[Trained],
    (ideal, tested): (&[f64], usize),
) {
    let accuracies: Vec<f64> = found.iter().map(|(accuracy, ..)| *accuracy).collect();
    add_mean(outcome, &format!("accuracy/{name}"), &accuracies, tested);
    let losses: Vec<f64> = ideal.iter().zip(&accuracies).map(|(ideal, own)| ideal - own).collect();
    let loss = mean_and_deviation(&losses).0;
    let error = mean_error_95(&losses);
    let meaning = format!(
        "accuracy on ideal lines less that on the array, mean of {} paired seeds; interval by Student's t over them",
        losses.len()
    );
    let scalar = outcome.scalar(format!("loss/{name}"), loss, "1", meaning);
    // One seed says nothing of others.
    if error.is_finite() {
        scalar.interval(loss - error, loss + error);
    }
    let mut all = WriteTally::default();
    found.iter().for_each(|(_, writes, _)| all.merge(writes));
    let events = all.events.max(1) as f64;
    let mut add = |what: &str, value: f64, unit: &str, meaning: &str| {
        outcome.scalar(format!("{what}/{name}"), value, unit, meaning);
    };
    for (side, kind) in ["depression", "potentiation"].into_iter().enumerate() {
        let pulse = &all.pulses[side];
        add(
            &format!("{kind}/probability"),
            pulse.mean_probability(),
            "1",
            "mean switching probability of a pulse",
        );
        let meaning = "standard deviation of it from device to device and event to event";
        add(&format!("{kind}/deviation"), pulse.deviation(), "1", meaning);
        add(
            &format!("{kind}/voltage_share"),
            pulse.mean_share(),
            "1",
            "mean voltage of a device over the pulse's",
        );
    }
    add(
        "disturbed_per_event",
        all.disturbed as f64 / events,
        "1",
        "devices of other dendrites switched by an event",
    );
    add("energy_per_event", all.joules / events, "J", "energy drawn from all sources by a write event");
    add("pulses_per_event", all.phases as f64 / events, "1", "pulses one after the other in an event");
    let time = found.iter().map(|(_, _, time)| time).sum::<f64>() / found.len() as f64;
    add("time_per_event", time, "s", "time of a write event, with a read after each pulse that is counted");
    let array = &config.array;
    let area = array.inputs as f64 * array.outputs as f64 * array.cell_area.si()
        + array.inputs as f64 * array.driver_area.si()
        + array.outputs as f64 * array.sense_area.si();
    let meaning = "area of a tile as configured; circuits of the compensation are not in it";
    add("tile_area", area, "m^2", meaning);
}
