//! Energy and time of a training on its array.

use std::sync::Arc;

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::population::PopulationConfig;
use spinhebb_network::encoding::Images;
use spinhebb_network::synapses::{AnalogSynapses, LayerDevices, LayerSize, SynapticDevice};
use spinhebb_network::training::crossbar::Crossbar;
use spinhebb_network::training::hardware::{Hardware, HardwareParts};
use spinhebb_network::training::network::Network;

use super::pulses::Tabulated;
use crate::error::ExperimentError;
use crate::experiment::Outcome;
use crate::present::Page;

/// Training images whose reads are solved.
const SOLVED_IMAGES: usize = 20;

/// Cost of one training image, and size of the array.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    read_j: f64,
    write_j: f64,
    time_s: f64,
    tiles: usize,
}

/// Adds energy and time of one training image, from one column of tiles of every field of the trained networks.
///
/// Neurons are drawn alike, so the first ones stand for all, with nominal devices. Reads cost the energy of a cycle times the cycles until the
/// first firing; the write is that with the pulses of the first stage.
///
/// # Errors
/// The circuit layer refuses the array.
pub(super) fn add_costs(
    outcome: &mut Outcome,
    (array, pulses, device): (&ArrayConfig, &Tabulated, &str),
    members: &[Network],
    images: &Images<'_>,
    seed: u64,
) -> Result<(), ExperimentError> {
    let parts = HardwareParts {
        population: &PopulationConfig::default(),
        faults: &FaultsConfig::default(),
        array,
        transport: pulses.transport(),
        seed,
    };
    let hardware = Arc::new(Hardware::new(&parts, Some(pulses.driven()))?);
    let crossbar = Crossbar { hardware, first: 0 };
    let (mut cost, mut cycles, mut pulse_time_s) = (Cost::default(), 0.0, 0.0f64);
    for member in members {
        let state = member.state();
        let shows = state.images.max(1) as f64;
        let fired = state.firings.iter().map(|&n| f64::from(n)).sum::<f64>() / shows;
        let column = column(&crossbar, pulses, member, (images, seed))?;
        cycles = state.cycles as f64 / shows;
        cost.read_j += column.read_j * column.columns as f64 * cycles;
        cost.write_j += column.write_j * fired;
        cost.tiles += column.tiles * column.columns;
        // Potentiation and depression one after the other.
        pulse_time_s = pulse_time_s.max(fired * 2.0 * pulses.width_s);
    }
    cost.time_s = cycles * array.clock.si() + pulse_time_s;
    outcome.text("hardware/device", device);
    outcome.count("hardware/tiles", cost.tiles, "tiles of the array");
    let mut add = |key: &str, value: f64, unit: &str, meaning: &str| {
        outcome.scalar(format!("hardware/{key}"), value, unit, meaning);
    };
    let (reads, writes) =
        ("energy of the reads of one training image", "energy of the write pulses of one training image");
    let time = "time of one training image by the hardware's clock";
    add("read_energy_per_image", cost.read_j, "J", reads);
    add("write_energy_per_image", cost.write_j, "J", writes);
    add("time_per_image", cost.time_s, "s", time);
    let scalar = |name, unit, meaning, value: f64| Variable::scalar(name, unit, meaning, vec![value]);
    outcome.add(
        Dataset::new("network/cost")
            .attribute("device", device)
            .with(Variable::scalar("tiles", "1", "tiles of the array", vec![cost.tiles as u64])?)?
            .with(scalar("read_energy", "J", reads, cost.read_j)?)?
            .with(scalar("write_energy", "J", writes, cost.write_j)?)?
            .with(scalar("time", "s", time, cost.time_s)?)?,
    );
    Ok(())
}

/// One column of tiles, of so many columns.
struct Column {
    read_j: f64,
    write_j: f64,
    tiles: usize,
    columns: usize,
}

fn column(
    crossbar: &Crossbar,
    pulses: &Tabulated,
    member: &Network,
    (images, seed): (&Images<'_>, u64),
) -> Result<Column, ExperimentError> {
    let (lines, copies, neurons) = (member.encoder().lines(), member.copies(), member.state().own.len());
    let sampled = neurons.min(crossbar.hardware.array().outputs);
    let rows: Vec<u8> = (0..sampled).flat_map(|n| member.row(n)).collect();
    let row = |_| vec![SynapticDevice::NOMINAL; lines * usize::from(copies)];
    let devices = LayerDevices { range: 1.0, tables: None, row: &row };
    let synapses = AnalogSynapses::new(LayerSize { neurons: sampled, lines, copies }, &rows, &devices)?;
    let map = crossbar.map(&synapses)?;
    let volts = [pulses.depression_v[0], pulses.potentiation_v[0]];
    let writes = crossbar.solve_writes(&synapses, volts, pulses.width_s, seed)?;
    let shown: Vec<Vec<u16>> = (0..images.len().min(SOLVED_IMAGES))
        .map(|i| {
            let mut active = Vec::new();
            member.encoder().encode(images.image(i), [0, 0], &mut active);
            active
        })
        .collect();
    let energy = crossbar.energy(&map, &writes, usize::from(copies), &shown)?;
    let columns = neurons.div_ceil(sampled);
    Ok(Column { read_j: energy.read_j, write_j: energy.write_j, tiles: map.cost().tiles, columns })
}

/// Adds the section on costs, where they were reckoned.
///
/// # Errors
/// The outcome holds tiles but no costs.
pub(super) fn present_costs(
    outcome: &Outcome,
    array: &ArrayConfig,
    page: &mut Page,
) -> Result<(), ExperimentError> {
    if outcome.find("hardware/tiles").is_none() {
        return Ok(());
    }
    let number = |key: &str| outcome.number(&format!("hardware/{key}"));
    page.section("Cost on hardware");
    page.paragraph(&format!(
        "Energy of one column of {} x {} tiles of each field, solved with wires and drivers on {SOLVED_IMAGES} training images \
         and scaled to all {} tiles; clock {:.3} ns, potentiation and depression one after the other.",
        array.inputs,
        array.outputs,
        number("tiles")?,
        array.clock.si() * 1e9,
    ));
    page.table(
        &["per training image", "value"],
        &[
            vec!["reads (nJ)".into(), format!("{:.4}", number("read_energy_per_image")? * 1e9)],
            vec!["write pulses (nJ)".into(), format!("{:.4}", number("write_energy_per_image")? * 1e9)],
            vec!["time (ns)".into(), format!("{:.1}", number("time_per_image")? * 1e9)],
        ],
    );
    Ok(())
}
