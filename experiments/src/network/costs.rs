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

/// Training images whose reads and writes are solved.
const SOLVED_IMAGES: usize = 20;
/// Write events that are solved for each stage at least.
const LEAST_EVENTS: usize = 4;

/// Cost of one training image, and size of the array.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    /// Currents and conversions of the reads, currents of the write pulses, and charge on the word lines, in J.
    read_j: f64,
    write_j: f64,
    charge_j: f64,
    time_s: f64,
    tiles: usize,
}

/// Adds energy, time and power of one training image.
///
/// Reads cost the energy of a clock cycle (currents over `array.read_time`, one conversion for each dendrite of each tile) times
/// the cycles that were counted. Writes cost, stage by stage, the energy of an event with the pulses of its stage times the events that
/// were counted: as solved where the network was trained on the array, else of a sample of events on its first dendrites with
/// nominal devices. Every line that is driven charges its word lines once in a read and once in a pulse. Reads and events of
/// fields run side by side.
///
/// # Errors
/// The circuit layer refuses the array.
pub(super) fn add_costs(
    outcome: &mut Outcome,
    (array, pulses, device): (&ArrayConfig, &Tabulated, &str),
    members: &[Network],
    images: &Images<'_>,
) -> Result<(), ExperimentError> {
    let parts = HardwareParts {
        population: &PopulationConfig::default(),
        faults: &FaultsConfig::default(),
        array,
        transport: pulses.transport(),
        seed: 0,
    };
    let hardware = Arc::new(Hardware::new(&parts, Some(pulses.driven()))?);
    let crossbar = Crossbar { hardware, first: 0 };
    let mut cost = Cost::default();
    for member in members {
        let own = of_member(&crossbar, pulses, member, images)?;
        cost.read_j += own.read_j;
        cost.write_j += own.write_j;
        cost.charge_j += own.charge_j;
        cost.tiles += own.tiles;
        cost.time_s = cost.time_s.max(own.time_s);
    }
    outcome.text("hardware/device", device);
    outcome.count("hardware/tiles", cost.tiles, "tiles of the array");
    let energy = cost.read_j + cost.write_j + cost.charge_j;
    let figures = [
        (
            "read_energy",
            "read_energy_per_image",
            cost.read_j,
            "J",
            "energy of the reads of one training image",
        ),
        (
            "write_energy",
            "write_energy_per_image",
            cost.write_j,
            "J",
            "energy of the write pulses of one training image",
        ),
        (
            "charge_energy",
            "charge_energy_per_image",
            cost.charge_j,
            "J",
            "energy that charges word lines for one training image",
        ),
        ("time", "time_per_image", cost.time_s, "s", "time of one training image by the hardware's clock"),
        ("power", "power", energy / cost.time_s, "W", "mean power in training"),
    ];
    let mut data = Dataset::new("network/cost").attribute("device", device).with(Variable::scalar(
        "tiles",
        "1",
        "tiles of the array",
        vec![cost.tiles as u64],
    )?)?;
    for (name, key, value, unit, meaning) in figures {
        outcome.scalar(format!("hardware/{key}"), value, unit, meaning);
        data.push(Variable::scalar(name, unit, meaning, vec![value])?)?;
    }
    outcome.add(data);
    Ok(())
}

/// Cost of one training image of one network.
fn of_member(
    crossbar: &Crossbar,
    pulses: &Tabulated,
    member: &Network,
    images: &Images<'_>,
) -> Result<Cost, ExperimentError> {
    let array = crossbar.hardware.array();
    let (lines, copies, neurons) = (member.encoder().lines(), member.copies(), member.state().own.len());
    let sampled = neurons.min(array.outputs);
    let rows: Vec<u8> = (0..sampled).flat_map(|n| member.row(n)).collect();
    let row = |_| vec![SynapticDevice::NOMINAL; lines * usize::from(copies)];
    let devices = LayerDevices { range: 1.0, tables: None, row: &row };
    let synapses = AnalogSynapses::new(LayerSize { neurons: sampled, lines, copies }, &rows, &devices)?;
    let map = crossbar.map(&synapses)?;
    let shown: Vec<Vec<u16>> = (0..images.len().min(SOLVED_IMAGES))
        .map(|i| {
            let mut active = Vec::new();
            member.encoder().encode(images.image(i), [0, 0], &mut active);
            active
        })
        .collect();
    let state = member.state();
    let (shows, columns) = (state.images.max(1) as f64, neurons.div_ceil(sampled) as f64);
    let (cycles, events) = (state.cycles as f64, state.events.iter().sum::<u64>() as f64);
    let rests = state.images as f64 * f64::from(member.rest_cycles());
    let read_j = crossbar.read_joules(&map, usize::from(copies), &shown)? * columns * cycles / shows;
    let on_array = member.on_array().map(|on_array| on_array.writes()).filter(|writes| writes.events > 0);
    let phases = match &on_array {
        Some(writes) => writes.phases as f64,
        None if array.scheme.drives_both_at_once() && array.phases == 1 => events,
        None => 2.0 * events,
    };
    let write_j = match &on_array {
        Some(writes) => writes.joules,
        None => sampled_writes(crossbar, pulses, (&synapses, &shown), &state.events)?,
    };
    // C V^2 of a word line: half of it stays on the line, half heats its driver.
    let word_farad = array.word_capacitance.si() * array.outputs as f64;
    let reading = state.driven as f64 * f64::from(copies) * columns * array.read_voltage.si().powi(2);
    let [down, up] = [pulses.depression_v[0], pulses.potentiation_v[0]];
    let writing = state.potentiation_pulses as f64 * up * up + state.depression_pulses as f64 * down * down;
    // Further pulses are preceded by a read of the dendrite.
    let checks = on_array.map_or(0.0, |writes| {
        if array.verify > 0 { writes.phases as f64 * array.read_time.si() } else { 0.0 }
    });
    Ok(Cost {
        read_j,
        write_j: write_j / shows,
        charge_j: word_farad * (reading + writing) / shows,
        time_s: ((cycles + rests) * array.clock.si() + phases * pulses.width_s + checks) / shows,
        tiles: map.cost().tiles * columns as usize,
    })
}

/// Energy in J of all events: those of each stage with its pulses, from a sample solved on nominal devices.
fn sampled_writes(
    crossbar: &Crossbar,
    pulses: &Tabulated,
    (synapses, shown): (&AnalogSynapses, &[Vec<u16>]),
    events: &[u64],
) -> Result<f64, ExperimentError> {
    let neurons = synapses.size().neurons;
    let each = (SOLVED_IMAGES / events.len().max(1)).max(LEAST_EVENTS).min(shown.len());
    let mut joules = 0.0;
    for (stage, &count) in events.iter().enumerate() {
        let volts = [pulses.depression_v[stage], pulses.potentiation_v[stage]];
        for k in 0..each {
            // Another image and another dendrite each time.
            let event = ((stage * each + k) * 7 % neurons, shown[(stage + k) % shown.len()].as_slice());
            let one = crossbar.write_joules(synapses, event, volts, pulses.width_s)?;
            joules += one * count as f64 / each as f64;
        }
    }
    Ok(joules)
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
        "{} x {} lines in each of {} tiles, clock {:.3} ns. Reads: as solved for {SOLVED_IMAGES} images, times the cycles counted, with a \
         conversion for each dendrite of each tile and cycle; writes: each stage with its own pulses, as solved, times the events \
         counted.",
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
            vec![
                "charging word lines (nJ)".into(),
                format!("{:.4}", number("charge_energy_per_image")? * 1e9),
            ],
            vec!["time (ns)".into(), format!("{:.1}", number("time_per_image")? * 1e9)],
            vec!["power (mW)".into(), format!("{:.4}", number("power")? * 1e3)],
        ],
    );
    Ok(())
}
