//! `spinhebb circuit write`: what a learning step puts across every cell, and what it switches, under five schemes.

use serde_json::json;
use spinhebb_circuit::array::variation::Variation;
use spinhebb_circuit::operate::device_tables::{DeviceTables, TableNodes};
use spinhebb_circuit::operate::write::{LearningStep, WriteDrivers, WriteOutcome, WriteScheme, write};
use spinhebb_device::dynamics::ensemble::Ensemble;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::table::{Refinement, SwitchingTable};

use super::{CircuitConfig, drive, rows};
use crate::error::ExperimentError;
use crate::plot::{Figure, Map};
use crate::progress::Progress;
use crate::run::Run;

/// Voltages of a learning step and the probabilities that go with them.
pub(super) struct Pulses {
    /// Potentiation in V, > 0.
    pub up: f64,
    /// Depression in V, < 0.
    pub down: f64,
    /// Width of both in s.
    pub width_s: f64,
    /// Switching of every device of the largest array asked for.
    pub tables: DeviceTables,
    /// Resistances of drivers and selectors.
    pub drivers: WriteDrivers,
}

/// Runs one learning step under every scheme, then the published drive at several sizes.
pub(super) fn write_schemes(config: &CircuitConfig, run: &mut Run) -> Result<(), ExperimentError> {
    let mtj = config.device()?;
    let pulses = pulses(config, &mtj, run)?;
    run.cite(&["zhou2025", "slonczewski1996"]);

    let (n_rows, n_cols) = (config.array.rows, config.array.cols);
    let states = config.states(n_rows, n_cols);
    let array = config.array(&mtj, n_rows, n_cols)?;
    let active = config.active(n_rows);
    let dendrite = config.write.dendrite;
    let step = LearningStep {
        dendrite,
        active: &active,
        potentiation_volts: pulses.up,
        depression_volts: pulses.down,
        width_s: pulses.width_s,
    };
    let devices = Variation::new(&config.variation, config.seed)?.devices(n_rows, n_cols);
    let tables = pulses.tables.with_devices(devices)?;
    let how = "voltages of the solved array; probabilities from the table of each device (LLGS ensembles)";
    let mut voltage_maps = Figure::new("write-voltages", "Voltage across every junction", how).columns(3);
    let mut disturb_maps =
        Figure::new("write-flips", "Probability that a junction changes state in one learning step", how)
            .columns(3);
    let mut lines = Vec::new();
    let mut costs = Vec::new();
    for scheme in WriteScheme::ALL {
        let outcome = write(&array, scheme, &pulses.drivers, &step)?;
        let flips = outcome.flip_probability(&states, &tables)?;
        let mut summary = serde_json::Map::new();
        for role in outcome.summary(&states, &tables)? {
            summary.insert(
                role.role.name().replace(' ', "_"),
                json!({
                    "lowest_V": role.lowest_volts,
                    "highest_V": role.highest_volts,
                    "mean_probability": role.mean_probability,
                    "largest_probability": role.largest_probability,
                    "expected_switches": role.expected_switches,
                }),
            );
            lines.push(vec![
                scheme.name().to_string(),
                role.role.name().to_string(),
                format!("{:.3}", role.lowest_volts),
                format!("{:.3}", role.highest_volts),
                format!("{:.2e}", role.mean_probability),
                format!("{:.2e}", role.largest_probability),
                format!("{:.2}", role.expected_switches),
            ]);
        }
        let selected = flips.column(dendrite).sum();
        let elsewhere = flips.sum() - selected;
        let energy = outcome.energy_joules();
        summary.insert("energy_J".to_string(), json!(energy));
        summary.insert("expected_flips_selected".to_string(), json!(selected));
        summary.insert("expected_flips_elsewhere".to_string(), json!(elsewhere));
        costs.push(vec![
            scheme.name().to_string(),
            outcome.phases.len().to_string(),
            format!("{:.3e}", energy),
            format!("{:.3e}", energy / selected.max(1e-300)),
            format!("{selected:.2}"),
            format!("{elsewhere:.2}"),
        ]);
        run.value(scheme.name(), serde_json::Value::Object(summary));
        run.add(outcome.to_dataset(&flips, &format!("circuit/write/{}", scheme.name()))?)?;
        voltage_maps = add_voltages(voltage_maps, scheme, &outcome);
        disturb_maps =
            disturb_maps.map(Map::new(scheme.name(), "dendrite", "input", "probability", rows(&flips)));
    }
    run.report().section("Cells by what is meant to happen to them");
    run.report().table(
        &["scheme", "role", "lowest (V)", "highest (V)", "mean p", "largest p", "expected switches"],
        &lines,
    );
    run.report().section("Cost of one learning step");
    run.report().table(
        &["scheme", "pulses", "energy (J)", "energy per wanted switch (J)", "wanted switches", "others"],
        &costs,
    );
    run.figure(&voltage_maps)?;
    run.figure(&disturb_maps)?;
    drive::report(config, &mtj, &pulses, run)
}

fn add_voltages(figure: Figure, scheme: WriteScheme, outcome: &WriteOutcome) -> Figure {
    outcome.phases.iter().enumerate().fold(figure, |figure, (k, phase)| {
        let title = format!("{}, pulse {}", scheme.name(), k + 1);
        figure.map(Map::new(title, "dendrite", "input", "voltage (V)", rows(&phase.device_volts)))
    })
}

/// Table of the nominal device for the pulses, tables of its neighbours for the devices of the arrays.
fn pulses(config: &CircuitConfig, mtj: &Mtj, run: &mut Run) -> Result<Pulses, ExperimentError> {
    let settings = &config.write;
    let (low, high) = (settings.lowest_voltage.si(), settings.highest_voltage.si());
    let last = (settings.voltages - 1) as f64;
    let width_s = settings.width.si();
    let nominal_stability = mtj.stability(State::Parallel);
    let table = |barrier: f64, torque: f64, reach: f64| {
        let magnitudes: Vec<f64> =
            (0..settings.voltages).map(|k| low + (high * reach - low) * k as f64 / last).collect();
        let device = if barrier == 1.0 {
            mtj.clone()
        } else {
            let stability = nominal_stability.clone()?;
            mtj.with_stability(stability * barrier)?
        };
        let mut progress = Progress::new(1);
        let stage = progress.stage("switching table", 2 * settings.voltages as u64);
        SwitchingTable::by_ensemble(
            &device.with_torque_scaled(torque),
            &magnitudes,
            &[width_s],
            &Ensemble::new(settings.trials, config.seed),
            Refinement::NONE,
            |done| stage.advance_by(done as u64),
        )
    };
    let nominal = table(1.0, 1.0, 1.0)?;
    let up = nominal.voltage_for(settings.potentiation, width_s, State::AntiParallel)?.volts;
    let down = nominal.voltage_for(settings.depression, width_s, State::Parallel)?.volts;
    let largest = settings.sizes.iter().fold([config.array.rows, config.array.cols], |largest, size| {
        [largest[0].max(size[0]), largest[1].max(size[1])]
    });
    let devices = Variation::new(&config.variation, config.seed)?.devices(largest[0], largest[1]);
    let nodes = TableNodes { barriers: settings.barrier_tables, torques: settings.torque_tables };
    let tables = DeviceTables::new(devices, mtj.transport, nodes, |device| {
        if (device.barrier, device.torque) == (1.0, 1.0) && device.reach <= 1.0 {
            return Ok(nominal.clone());
        }
        table(device.barrier, device.torque, device.reach)
    })?;
    run.value("potentiation_V", up);
    run.value("depression_V", down);
    run.value("switching_tables", tables.count());
    let drivers = WriteDrivers {
        word_ohm: settings.driver.si(),
        dendrite_ohm: settings.driver.si(),
        off_ohm: settings.off.si(),
        one_after_the_other: false,
    };
    Ok(Pulses { up, down, width_s, tables, drivers })
}
