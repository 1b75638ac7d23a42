//! `spinhebb circuit write`: what a learning step puts across every cell, and what it switches, under five schemes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::{FaultsConfig, PopulationConfig};
use spinhebb_circuit::operate::write::{LearningStep, Role, RoleSummary, write};
use spinhebb_data::config::{Check, Faults};
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::switching::table_config::TableConfig;

use super::matrix::rows;
use super::pattern::{Maker, PatternConfig};
use super::{drive, tables};
use crate::device::check_method;
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome};
use crate::present::Page;
use crate::present::plot::{Figure, Map};
use crate::system::system_parts;

system_parts! {
    /// A learning step on a crossbar.
    pub struct WriteParts {
        /// The junction at every crossing.
        device: MtjConfig,
        /// How devices differ.
        population: PopulationConfig,
        /// Faults of devices and wires.
        faults: FaultsConfig,
        /// How switching probabilities are computed.
        table: TableConfig,
        /// The pulses of the learning step.
        pulses: PulsesConfig,
        /// The array and what drives it.
        array: ArrayConfig,
        /// What is stored and which inputs are active.
        pattern: PatternConfig,
        /// The step, and further arrays.
        write: WriteSettings,
    }
    across across;
}

/// A learning step, and the arrays for the report on open dendrites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteSettings {
    /// Dendrite of the neuron that fired, counted from 0.
    pub dendrite: usize,
    /// Arrays (inputs, dendrites) for the report on driving all inputs at once with open dendrites.
    pub sizes: Vec<[usize; 2]>,
}

impl Check for WriteSettings {
    fn check(&self, faults: &mut Faults) {
        faults.each("sizes", &self.sizes, |size, faults| {
            let fine = size.iter().all(|lines| (1..=1024).contains(lines));
            faults.require(fine, "", format!("{size:?}"), "1 to 1024 inputs and dendrites");
        });
    }
}

fn across(config: &WriteParts, faults: &mut Faults) {
    check_method(&config.table, &config.device, faults);
    let (dendrite, outputs) = (config.write.dendrite, config.array.outputs);
    let expected = format!("a bit line of the array, 0 to {}", outputs.saturating_sub(1));
    faults.require(dendrite < outputs, "write.dendrite", dendrite, expected);
    for (key, given) in [
        ("pulses.potentiation", config.pulses.potentiation.is_some()),
        ("pulses.depression", config.pulses.depression.is_some()),
    ] {
        faults.require(given, key, "", "a voltage, a multiple of Vc0, or a probability");
    }
}

/// A learning step under every scheme.
pub struct Write;

impl Experiment for Write {
    type Config = WriteParts;
    const NAME: &'static str = "circuit write";
    const ABOUT: &'static str =
        "Learning step: voltage and switching probability of every cell under five schemes";
    const CITES: &'static [&'static str] = &["zhou2025", "slonczewski1996"];

    fn compute(config: &WriteParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("Writing a crossbar");
        let mtj = config.device.resolve()?;
        let varied = (&config.population, &config.faults);
        let maker = Maker::new(context.seed(), &mtj, &config.array, &config.pattern, varied)?;
        let own = [config.array.inputs, config.array.outputs];
        let largest = config
            .write
            .sizes
            .iter()
            .fold(own, |largest, size| [largest[0].max(size[0]), largest[1].max(size[1])]);
        let devices = maker.variation.devices(largest[0], largest[1]);
        let pulses = tables::pulses(config, &mtj, devices, &mut outcome, context)?;
        schemes(config, &maker, &pulses, &mut outcome)?;
        drive::compute(config, &maker, &pulses, &mut outcome, context)?;
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        roles_table(outcome, page)?;
        costs_table(outcome, page)?;
        let (voltages, flips) = maps(outcome)?;
        page.figure(&voltages);
        page.figure(&flips);
        drive::present(outcome, page)
    }
}

/// Key of a role in the summary.
fn role_key(role: Role) -> String {
    role.name().replace(' ', "_")
}

/// One learning step of the configured array under every scheme.
fn schemes(
    config: &WriteParts,
    maker: &Maker<'_>,
    pulses: &tables::Pulses,
    outcome: &mut Outcome,
) -> Result<(), ExperimentError> {
    let (inputs, outputs) = (config.array.inputs, config.array.outputs);
    let states = config.pattern.states(maker.seed, inputs, outputs);
    let array = maker.array(inputs, outputs);
    let active = config.pattern.active(maker.seed, inputs);
    let dendrite = config.write.dendrite;
    let step = LearningStep {
        dendrite,
        active: &active,
        potentiation_volts: pulses.up,
        depression_volts: pulses.down,
        width_s: pulses.width_s,
    };
    let tables = pulses.tables.with_devices(maker.variation.devices(inputs, outputs))?;
    for scheme in WriteScheme::ALL {
        let written = write(&array, scheme, &pulses.drivers, &step)?;
        let flips = written.flip_probability(&states, &tables)?;
        for role in written.summary(&states, &tables)? {
            summarise_role(outcome, scheme, &role);
        }
        let selected = flips.column(dendrite).sum();
        let key = |what: &str| format!("{}/{what}", scheme.name());
        outcome.count(key("pulses"), written.phases.len(), "pulses one after the other");
        outcome.scalar(key("energy"), written.energy_joules(), "J", "energy of the step");
        let meaning = "devices of the selected dendrite expected to change state";
        outcome.scalar(key("expected_flips_selected"), selected, "1", meaning);
        let meaning = "devices of other dendrites expected to change state";
        outcome.scalar(key("expected_flips_elsewhere"), flips.sum() - selected, "1", meaning);
        outcome.add(written.to_dataset(&flips, &format!("circuit/write/{}", scheme.name()))?);
    }
    Ok(())
}

fn summarise_role(outcome: &mut Outcome, scheme: WriteScheme, role: &RoleSummary) {
    let key = |what: &str| format!("{}/{}/{what}", scheme.name(), role_key(role.role));
    outcome.scalar(key("lowest_voltage"), role.lowest_volts, "V", "most negative voltage");
    outcome.scalar(key("highest_voltage"), role.highest_volts, "V", "most positive voltage");
    outcome.scalar(key("mean_probability"), role.mean_probability, "1", "mean switching probability");
    outcome.scalar(
        key("largest_probability"),
        role.largest_probability,
        "1",
        "largest switching probability",
    );
    outcome.scalar(key("expected_switches"), role.expected_switches, "1", "devices expected to switch");
}

fn roles_table(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let mut lines = Vec::new();
    for scheme in WriteScheme::ALL {
        for role in Role::ALL {
            let number = |what: &str| outcome.number(&format!("{}/{}/{what}", scheme.name(), role_key(role)));
            // A scheme that drives everything at once has no cells that wait.
            let Ok(lowest) = number("lowest_voltage") else { continue };
            lines.push(vec![
                scheme.name().to_string(),
                role.name().to_string(),
                format!("{lowest:.3}"),
                format!("{:.3}", number("highest_voltage")?),
                format!("{:.2e}", number("mean_probability")?),
                format!("{:.2e}", number("largest_probability")?),
                format!("{:.2}", number("expected_switches")?),
            ]);
        }
    }
    page.section("Cells by what is meant to happen to them");
    page.table(
        &["scheme", "role", "lowest (V)", "highest (V)", "mean p", "largest p", "expected switches"],
        &lines,
    );
    Ok(())
}

fn costs_table(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let mut lines = Vec::new();
    for scheme in WriteScheme::ALL {
        let number = |what: &str| outcome.number(&format!("{}/{what}", scheme.name()));
        let (energy, selected) = (number("energy")?, number("expected_flips_selected")?);
        lines.push(vec![
            scheme.name().to_string(),
            number("pulses")?.to_string(),
            format!("{energy:.3e}"),
            format!("{:.3e}", energy / selected.max(1e-300)),
            format!("{selected:.2}"),
            format!("{:.2}", number("expected_flips_elsewhere")?),
        ]);
    }
    page.section("Cost of one learning step");
    page.table(
        &["scheme", "pulses", "energy (J)", "energy per wanted switch (J)", "wanted switches", "others"],
        &lines,
    );
    Ok(())
}

/// Maps of voltages and of probabilities to change state, scheme by scheme.
fn maps(outcome: &Outcome) -> Result<(Figure, Figure), ExperimentError> {
    let how = "voltages of the solved array; probabilities from the table of each device";
    let mut voltages = Figure::new("write-voltages", "Voltage across every junction", how).columns(3);
    let caption = "Probability that a junction changes state in one learning step";
    let mut flips = Figure::new("write-flips", caption, how).columns(3);
    for scheme in WriteScheme::ALL {
        let data = outcome.dataset(&format!("circuit/write/{}", scheme.name()))?;
        let phases =
            (0..).map(|k| format!("device_voltage_{k}")).take_while(|name| data.variable(name).is_some());
        for (k, name) in phases.enumerate() {
            let title = format!("{}, pulse {}", scheme.name(), k + 1);
            voltages = voltages.map(Map::new(title, "dendrite", "input", "voltage (V)", rows(data, &name)?));
        }
        let values = rows(data, "flip_probability")?;
        flips = flips.map(Map::new(scheme.name(), "dendrite", "input", "probability", values));
    }
    Ok((voltages, flips))
}
