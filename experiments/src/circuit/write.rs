//! `spinhebb circuit write`: what a learning step puts across every cell, and what it switches, under every scheme.

use std::sync::Arc;

use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::{Contacts, TilePlace};
use spinhebb_circuit::operate::array_devices::ArrayDevices;
use spinhebb_circuit::operate::write::{LearningStep, Role, RoleSummary, write};

use spinhebb_device::switching::table::Probability;

use super::matrix::rows;
use super::pattern::Maker;
use super::write_settings::WriteParts;
use super::{drive, tables};
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome};
use crate::present::Page;
use crate::present::plot::{Figure, Map};

/// A learning step under every scheme.
pub struct Write;

impl Experiment for Write {
    type Config = WriteParts;
    const NAME: &'static str = "circuit write";
    const ABOUT: &'static str =
        "Learning step: voltage and switching probability of every cell under every scheme";
    const CITES: &'static [&'static str] = &["zhou2025", "slonczewski1996"];

    fn compute(config: &WriteParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("Writing a crossbar");
        let mtj = config.device.resolve()?;
        let varied = (&config.population, &config.faults);
        let maker = Maker::new(context.seed(), &mtj, &config.array, &config.pattern, varied)?;
        let pulses = tables::pulses(config, &mut outcome, context)?;
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
    let place = TilePlace { inputs: 0..inputs, outputs: 0..outputs };
    let contacts = Contacts::draw(&config.array, maker.seed, &place);
    let step = LearningStep {
        dendrite,
        active: &active,
        potentiation_volts: pulses.up,
        depression_volts: pulses.down,
        width_s: pulses.width_s,
        contacts: contacts.as_ref(),
    };
    let devices = ArrayDevices::new(maker.variation.devices(inputs, outputs), Arc::clone(&pulses.tables));
    for scheme in WriteScheme::ALL {
        let written = write(&array, scheme, &pulses.drivers, &step)?;
        let flips = written.flip_probability(&states, &devices)?;
        for role in written.summary(&states, &devices)? {
            summarise_role(outcome, scheme, &role);
        }
        let sums = |of: fn(&Probability) -> f64| {
            let selected: f64 = flips.column(dendrite).iter().map(of).sum();
            (selected, flips.iter().map(of).sum::<f64>() - selected)
        };
        let (expected, least, most) = (sums(|p| p.p), sums(|p| p.lower), sums(|p| p.upper));
        let key = |what: &str| format!("{}/{what}", scheme.name());
        outcome.count(key("pulses"), written.phases.len(), "pulses one after the other");
        outcome.scalar(key("energy"), written.energy_joules(), "J", "energy of the step");
        let meaning = "devices of the selected dendrite expected to change state";
        outcome.scalar(key("expected_flips_selected"), expected.0, "1", meaning).interval(least.0, most.0);
        let meaning = "devices of other dendrites expected to change state";
        outcome.scalar(key("expected_flips_elsewhere"), expected.1, "1", meaning).interval(least.1, most.1);
        let extrapolated = flips.iter().filter(|flip| flip.is_extrapolated()).count();
        let meaning = "cells whose probability is extrapolated: an upper limit is known at most";
        outcome.count(key("extrapolated_cells"), extrapolated, meaning);
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
    outcome
        .scalar(key("expected_switches"), role.expected_switches, "1", "devices expected to switch")
        .interval(role.expected_between.0, role.expected_between.1);
    outcome.count(
        key("extrapolated"),
        role.extrapolated,
        "pulses on cells whose probability is extrapolated",
    );
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
                expected(outcome, &format!("{}/{}/expected_switches", scheme.name(), role_key(role))),
                number("extrapolated")?.to_string(),
            ]);
        }
    }
    page.section("Cells by what is meant to happen to them");
    page.table(
        &[
            "scheme",
            "role",
            "lowest (V)",
            "highest (V)",
            "mean p",
            "largest p",
            "expected switches",
            "extrapolated",
        ],
        &lines,
    );
    Ok(())
}

/// An expected number with its interval.
fn expected(outcome: &Outcome, key: &str) -> String {
    outcome.find(key).map_or_else(String::new, |found| match found.interval {
        Some((low, high)) => format!("{:.3e} ({low:.1e} to {high:.1e})", found.value),
        None => format!("{:.3e}", found.value),
    })
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
            expected(outcome, &format!("{}/expected_flips_selected", scheme.name())),
            expected(outcome, &format!("{}/expected_flips_elsewhere", scheme.name())),
            number("extrapolated_cells")?.to_string(),
        ]);
    }
    page.section("Cost of one learning step");
    page.table(
        &[
            "scheme",
            "pulses",
            "energy (J)",
            "energy per wanted switch (J)",
            "wanted switches",
            "others",
            "extrapolated cells",
        ],
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
