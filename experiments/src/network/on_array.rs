//! What an array did to the reads and writes of a training, and what packing its devices rounds.

use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::synapses::{Drive, Synapses as _};
use spinhebb_network::training::class_rounding::ClassRounding;
use spinhebb_network::training::hardware::Hardware;
use spinhebb_network::training::network::Network;
use spinhebb_network::training::on_array::ArrayLoss;

use crate::error::ExperimentError;
use crate::experiment::Outcome;
use crate::present::Page;
use crate::present::plot::{Figure, Map};

/// Papers of the physics behind an array.
pub(super) const MODELS: &[&str] = &["slonczewski1996"];
/// What the cells of the array see.
const WRITES: &str = "network/array";
/// What reads and writes lost at every renewal.
const LOSSES: &str = "network/array_losses";

/// Adds what is known of the devices under the synapses: how far their packed form rounds, and which stand beside it.
///
/// # Errors
/// A voltage beyond the tables.
pub(super) fn add_devices(
    outcome: &mut Outcome,
    members: &[Network],
    hardware: &Hardware,
    seed: u64,
) -> Result<(), ExperimentError> {
    let (mut outlying, mut clipped, mut first) = (0, 0, 0);
    for (field, member) in members.iter().enumerate() {
        let Some(synapses) = member.devices() else { return Ok(()) };
        outlying += synapses.outlying();
        clipped += synapses.devices().clipped();
        if field == 0
            && let Some(rounding) = ClassRounding::of(synapses, hardware, (first, seed))?
        {
            let pairs = format!("{} pairs of device and voltage", rounding.pairs);
            let rms = "root mean square difference of the probability by which a device is written from that of its tables";
            outcome.scalar("class_rounding/rms", rounding.rms, "1", format!("{rms}; {pairs}"));
            let largest = format!("largest such difference; {pairs}");
            outcome.scalar("class_rounding/largest", rounding.largest, "1", largest);
        }
        first += synapses.neurons();
    }
    if let Some(member) = members.first() {
        achieved(outcome, member);
    }
    outcome.count(
        "devices_outlying",
        outlying,
        "devices beyond the common range of conductances, kept exactly",
    );
    outcome.count(
        "devices_clipped",
        clipped,
        "devices beyond the tables of their population, taken at the edge",
    );
    Ok(())
}

/// Neurons whose devices are asked for the probability that pulses achieve.
const ASKED: usize = 32;
/// Normal quantile of a 95 % interval.
const Z95: f64 = 1.96;

/// Adds what the pulses of the first stage achieve over the devices: mean, and 5 and 95 % of them.
fn achieved(outcome: &mut Outcome, member: &Network) {
    let (Some(synapses), Some(plasticity)) = (member.devices(), member.plasticity().first()) else { return };
    let size = synapses.size();
    let asked: Vec<usize> =
        (0..ASKED.min(size.neurons)).map(|k| k * size.neurons / ASKED.min(size.neurons)).collect();
    for (kind, active) in [("depression", 0), ("potentiation", 1)] {
        let lines = vec![active; size.lines];
        let mut found: Vec<f64> = asked
            .iter()
            .flat_map(|&neuron| synapses.probabilities(neuron, &lines, plasticity))
            .map(f64::from)
            .collect();
        let n = found.len() as f64;
        let mean = found.iter().sum::<f64>() / n;
        let variance = found.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        let error = Z95 * (variance / n).sqrt();
        found.sort_by(f64::total_cmp);
        let quantile = |q: f64| found[(q * (n - 1.0)).round() as usize];
        let devices = found.len();
        let meaning = format!(
            "mean probability over {devices} devices that a {kind} pulse of the first stage switches one"
        );
        outcome
            .scalar(format!("achieved/{kind}/mean"), mean, "1", meaning)
            .interval(mean - error, mean + error);
        for (name, q) in [("quantile_05", 0.05), ("quantile_95", 0.95)] {
            let meaning = format!("{} % of these devices switch with less", (100.0_f64 * q).round());
            outcome.scalar(format!("achieved/{kind}/{name}"), quantile(q), "1", meaning);
        }
    }
}

/// Adds what reads and writes lose to wires and drivers, where the networks stand on an array.
///
/// # Errors
/// Never: the arrays fit.
pub(super) fn add_array(outcome: &mut Outcome, members: &[Network]) -> Result<(), ExperimentError> {
    let Some(on_array) = members.first().and_then(Network::on_array) else { return Ok(()) };
    let Some(drive) = on_array.drive() else { return Ok(()) };
    outcome.cite(MODELS);
    let (low, high) = drive.range();
    let fraction = |end: &str| format!("{end} voltage of a selected cell over the driver's");
    outcome.scalar("cell_voltage_fraction/least", low, "1", fraction("least"));
    outcome.scalar("cell_voltage_fraction/most", high, "1", fraction("largest"));
    let ratio = on_array.losses().last().map_or(1.0, |loss| loss.read_ratio);
    outcome.scalar("read_ratio_mean", ratio, "1", "mean effective over own conductance in a read");
    let disturbed: u64 = members.iter().map(|member| member.state().disturbed).sum();
    outcome.scalar("disturbed_devices", disturbed as f64, "1", "devices switched in rows not to be written");
    let array = on_array.hardware().array();
    let tiles: usize = members
        .iter()
        .filter_map(|member| {
            let size = member.devices()?.size();
            let inputs = size.lines * usize::from(size.copies);
            Some(inputs.div_ceil(array.inputs) * size.neurons.div_ceil(array.outputs))
        })
        .sum();
    outcome.count("tiles", tiles, "tiles that hold the synapses");
    outcome.add(Dataset::new(WRITES).with(fractions("depression", drive, 0)?)?.with(fractions(
        "potentiation",
        drive,
        1,
    )?)?);
    outcome.add(losses_dataset(on_array.losses())?);
    Ok(())
}

/// Voltage of each selected cell of a tile over the driver's.
fn fractions(kind: &str, drive: &Drive, side: usize) -> Result<Variable, ExperimentError> {
    let values: Vec<f64> = drive.selected[side].iter().map(|log| f64::from(*log).exp()).collect();
    let meaning = format!("voltage of the selected cell over the driver's under {kind}");
    let dims = ["word_line", "dendrite"];
    Ok(Variable::new(&format!("{kind}_fraction"), "1", &meaning, &dims, &[drive.rows, drive.cols], values)?)
}

fn losses_dataset(losses: &[ArrayLoss]) -> Result<Dataset, ExperimentError> {
    let column = |of: &dyn Fn(&ArrayLoss) -> f64| losses.iter().map(of).collect::<Vec<f64>>();
    let along = |name, meaning, values| Variable::along(name, "images_shown", "1", meaning, values);
    let shown: Vec<u64> = losses.iter().map(|loss| loss.images).collect();
    let (least, most) = (
        "least voltage of a selected cell over the driver's",
        "largest voltage of a selected cell over the driver's",
    );
    Ok(Dataset::new(LOSSES)
        .with(Variable::coordinate("images_shown", "1", "training images shown before the renewal", shown))?
        .with(along("read_ratio", "mean effective over own conductance", column(&|l| l.read_ratio)))?
        .with(along("write_fraction_least", least, column(&|l| l.write_fraction.0)))?
        .with(along("write_fraction_most", most, column(&|l| l.write_fraction.1)))?)
}

/// Draws the write voltages over a tile, where the networks stand on an array.
///
/// # Errors
/// The dataset is not whole.
pub(super) fn present_array(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let Ok(data) = outcome.dataset(WRITES) else { return Ok(()) };
    let number = |key: &str| outcome.number(key);
    page.paragraph(&format!(
        "Drivers give {:.3} V and {:.3} V ({:.1} ns) in the first stage; cells see {:.1} to {:.1} % of it. Reads see {:.1} % of \
         the devices' conductance on average.",
        number("potentiation_voltage/first")?,
        number("depression_voltage/first")?,
        number("pulse_width")? * 1e9,
        100.0 * number("cell_voltage_fraction/least")?,
        100.0 * number("cell_voltage_fraction/most")?,
        100.0 * number("read_ratio_mean")?,
    ));
    let how =
        "Fraction of the driver's voltage that the cells of a tile see in a write, as solved at the end.";
    let mut figure = Figure::new("writes", "Write voltage over the cells of a tile.", how).columns(2);
    let dendrites = data.length("dendrite").unwrap_or(1);
    for kind in ["potentiation", "depression"] {
        let rows =
            data.numbers(&format!("{kind}_fraction"))?.chunks(dendrites).map(<[f64]>::to_vec).collect();
        figure = figure.map(Map::new(kind, "dendrite", "word line", "cell / driver", rows));
    }
    page.figure(&figure);
    Ok(())
}
