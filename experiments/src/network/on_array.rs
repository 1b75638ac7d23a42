//! What an array did to the reads and writes of a training, and what packing its devices rounds.

use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::synapses::{AnalogSynapses, Synapses as _, WriteTally};
use spinhebb_network::training::class_rounding::ClassRounding;
use spinhebb_network::training::hardware::Hardware;
use spinhebb_network::training::network::Network;
use spinhebb_network::training::on_array::ArrayLoss;

use crate::error::ExperimentError;
use crate::experiment::Outcome;
use crate::present::Page;
use crate::present::plot::{Axis, Corner, Draw, Figure, Panel, Series};

/// Papers of the physics behind an array.
pub(super) const MODELS: &[&str] = &["slonczewski1996"];
/// What reads lost and writes did, moment after moment.
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
    // On an array the events themselves tell: `write/potentiation/probability_mean`.
    if let Some(member) =
        members.first().filter(|member| !member.devices().is_some_and(AnalogSynapses::is_on_array))
    {
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

/// Adds what reads lost and writes did on the array, where the networks stand on one.
///
/// # Errors
/// Never: the arrays fit.
pub(super) fn add_array(outcome: &mut Outcome, members: &[Network]) -> Result<(), ExperimentError> {
    let Some(on_array) = members.first().and_then(Network::on_array) else { return Ok(()) };
    outcome.cite(MODELS);
    let mut writes = WriteTally::default();
    members.iter().filter_map(Network::on_array).for_each(|member| writes.merge(&member.writes()));
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
    if writes.events > 0 {
        add_writes(outcome, &writes);
    }
    outcome.add(losses_dataset(on_array.losses())?);
    Ok(())
}

/// Adds what the write events of all networks did.
fn add_writes(outcome: &mut Outcome, writes: &WriteTally) {
    for (kind, pulse) in [("depression", &writes.pulses[0]), ("potentiation", &writes.pulses[1])] {
        let mut add = |key: &str, value: f64, meaning: &str| {
            let meaning =
                format!("{meaning}, over {} devices that {kind} can switch in their events", pulse.pulses);
            outcome.scalar(format!("write/{kind}/{key}"), value, "1", meaning);
        };
        add("voltage_share_mean", pulse.mean_share(), "mean voltage of a device over the pulse's");
        add("voltage_share_least", pulse.least_share, "least voltage of a device over the pulse's");
        add("voltage_share_most", pulse.most_share, "largest voltage of a device over the pulse's");
        add("probability_mean", pulse.mean_probability(), "mean switching probability");
        add("probability_deviation", pulse.deviation(), "standard deviation of the switching probability");
    }
    for (kind, pulse) in [("depression", &writes.pulses[0]), ("potentiation", &writes.pulses[1])] {
        let wanted = ["first", "last"].map(|stage| outcome.number(&format!("{kind}_probability/{stage}")));
        let [Ok(first), Ok(last)] = wanted else { continue };
        let found = pulse.mean_probability();
        if pulse.pulses > 0 && !(0.5 * first.min(last)..=2.0 * first.max(last)).contains(&found) {
            outcome.warn(format!(
                "{kind} pulses switch the devices of the array with {found:.2e} on average, {first:.2e} was wanted: lines take {:.0} % of \
                 the pulse; see `array.phases` and `array.compensation`, and `network drives`",
                100.0 * (1.0 - pulse.mean_share())
            ));
        }
    }
    let (events, phases) = (writes.events as f64, writes.phases as f64);
    outcome.scalar(
        "write/pulses_per_event",
        phases / events,
        "1",
        "pulses one after the other in a write event",
    );
    outcome.scalar(
        "write/energy_per_event",
        writes.joules / events,
        "J",
        "energy drawn from all sources by a write event",
    );
    let meaning =
        "devices of the written dendrite that switched against the pulse of their line, or while it waited";
    outcome.count("write/astray_devices", writes.astray as usize, meaning);
    let meaning = "largest error of a voltage over the pulse's, as the solver states it";
    outcome.scalar("write/relative_error", writes.relative_error, "1", meaning);
}

fn losses_dataset(losses: &[ArrayLoss]) -> Result<Dataset, ExperimentError> {
    let column = |of: &dyn Fn(&ArrayLoss) -> f64| losses.iter().map(of).collect::<Vec<f64>>();
    let along =
        |name: &str, meaning: &str, values| Variable::along(name, "images_shown", "1", meaning, values);
    let shown: Vec<u64> = losses.iter().map(|loss| loss.images).collect();
    let mut data = Dataset::new(LOSSES)
        .with(Variable::coordinate("images_shown", "1", "training images shown before", shown))?
        .with(along("read_ratio", "mean effective over own conductance", column(&|l| l.read_ratio)))?;
    for (side, kind) in ["depression", "potentiation"].into_iter().enumerate() {
        let since = "since the moment before";
        let (share, p) = (
            format!("mean voltage of a device over that of its {kind} pulse, {since}"),
            format!("mean probability of {kind}, {since}"),
        );
        data.push(along(&format!("{kind}_share"), &share, column(&|l| l.writes.pulses[side].mean_share())))?;
        data.push(along(
            &format!("{kind}_probability"),
            &p,
            column(&|l| l.writes.pulses[side].mean_probability()),
        ))?;
    }
    Ok(data)
}

/// Draws what the devices saw of their pulses, where the networks were written on an array.
///
/// # Errors
/// The dataset is not whole.
pub(super) fn present_array(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    if outcome.find("write/energy_per_event").is_none() {
        return Ok(());
    }
    let data = outcome.dataset(LOSSES)?;
    let number = |key: &str| outcome.number(key);
    page.paragraph(&format!(
        "Drivers give {:.3} V and {:.3} V ({:.1} ns) in the first stage. Every write event is solved with the lines that it drives: \
         devices to be potentiated see {:.1} % of the pulse on average and switch with {:.3}, those to be depressed {:.1} % and {:.3}. \
         Reads see {:.1} % of the devices' conductance on average.",
        number("potentiation_voltage/first")?,
        number("depression_voltage/first")?,
        number("pulse_width")? * 1e9,
        100.0 * number("write/potentiation/voltage_share_mean")?,
        number("write/potentiation/probability_mean")?,
        100.0 * number("write/depression/voltage_share_mean")?,
        number("write/depression/probability_mean")?,
        100.0 * number("read_ratio_mean")?,
    ));
    let shown = data.numbers("images_shown")?;
    let points = |name: &str| -> Result<Vec<(f64, f64)>, ExperimentError> {
        // The first moment lies before any event.
        Ok(shown.iter().copied().zip(data.numbers(name)?).filter(|(shown, _)| *shown > 0.0).collect())
    };
    let kinds = ["potentiation", "depression"];
    let curves: Vec<Vec<(f64, f64)>> =
        kinds.iter().map(|kind| points(&format!("{kind}_probability"))).collect::<Result<_, _>>()?;
    let most = curves.iter().flatten().map(|(_, p)| *p).fold(0.0, f64::max);
    // Room for the legend above the curves.
    let axis = Axis::linear("switching probability").range(0.0, 1.4 * most.max(1e-9));
    let mut panel = Panel::new("", Axis::linear("training images shown"), axis).legend(Corner::TopRight);
    for (kind, achieved) in kinds.into_iter().zip(curves) {
        panel = panel.series(Series::line(format!("{kind}, on the array"), achieved).draw(Draw::LinePoints));
    }
    let how = "Mean over the devices that a pulse can switch, between one look at the array and the next.";
    page.figure(
        &Figure::new("writes", "What write events achieve.", how).columns(1).cell(700.0, 420.0).panel(panel),
    );
    Ok(())
}
