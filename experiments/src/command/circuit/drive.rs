//! The published drive: potentiation and depression on different inputs at once, other dendrites open. What it does to
//! the junctions that are not meant to learn, against grounding or cutting off the other dendrites, over the fraction
//! of active inputs and the size of the array. Every case is solved twice: with ideal lines and drivers, which shows what
//! the scheme does, and with the configured ones.

use serde_json::json;
use spinhebb_circuit::array::variation::Variation;
use spinhebb_circuit::operate::write::{LearningStep, WriteDrivers, WriteScheme, write};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::Resistance;
use spinhebb_device::junction::mtj::Mtj;

use super::write::Pulses;
use super::{ArrayConfig, CircuitConfig};
use crate::error::ExperimentError;
use crate::plot::{Axis, Draw, Figure, Panel, Series};
use crate::run::Run;

/// Fractions of active inputs.
const FRACTIONS: [f64; 5] = [0.125, 0.25, 0.5, 0.75, 0.875];

/// Schemes that drive all inputs at once.
const SCHEMES: [WriteScheme; 3] = [WriteScheme::Floating, WriteScheme::Grounded, WriteScheme::CutOff];

/// What one learning step did in one array.
struct Point {
    size: [usize; 2],
    /// Whether lines and drivers have their resistance.
    wired: bool,
    scheme: WriteScheme,
    /// Fraction of the inputs that were active.
    active: f64,
    /// Mean voltages of junctions on other dendrites, at active and at inactive inputs, in V.
    other_active_volts: f64,
    other_inactive_volts: f64,
    /// Smallest share of its voltage that a junction of the selected dendrite sees.
    least_share: f64,
    /// Mean probability to change state on the selected and on other dendrites.
    selected_flips: f64,
    other_flips: f64,
    energy_joules: f64,
}

/// Runs the step over sizes, fractions and schemes; puts table, figure and data into the run.
pub(super) fn report(
    config: &CircuitConfig,
    mtj: &Mtj,
    pulses: &Pulses,
    run: &mut Run,
) -> Result<(), ExperimentError> {
    let mut points: Vec<Point> = Vec::new();
    let ideal = CircuitConfig {
        array: ArrayConfig { word_wire: Resistance(0.0), bit_wire: Resistance(0.0), ..config.array.clone() },
        ..config.clone()
    };
    let ideal_drivers = WriteDrivers { word_ohm: 0.0, dendrite_ohm: 0.0, ..pulses.drivers };
    for &size in &config.write.sizes {
        let mut counts: Vec<usize> = FRACTIONS.map(|fraction| active_inputs(fraction, size[0])).into();
        counts.dedup();
        for scheme in SCHEMES {
            for &count in &counts {
                for (config, drivers, wired) in
                    [(&ideal, &ideal_drivers, false), (config, &pulses.drivers, true)]
                {
                    let case = Case { size, scheme, count, wired };
                    points.push(point(config, mtj, pulses, drivers, case)?);
                }
            }
        }
    }
    if points.is_empty() {
        return Ok(());
    }
    run.value("drive", json!(points.iter().map(as_json).collect::<Vec<_>>()));
    run.add(dataset(&points)?)?;
    let lines: Vec<Vec<String>> = points
        .iter()
        .map(|p| {
            vec![
                format!("{} x {}", p.size[0], p.size[1]),
                p.scheme.name().to_string(),
                if p.wired { "wired" } else { "ideal" }.to_string(),
                format!("{:.3}", p.active),
                format!("{:.3}", p.other_active_volts),
                format!("{:.3}", p.other_inactive_volts),
                format!("{:.3}", p.least_share),
                format!("{:.2e}", p.selected_flips),
                format!("{:.2e}", p.other_flips),
                format!("{:.2e}", p.energy_joules),
            ]
        })
        .collect();
    run.report().section("Potentiation and depression at once, by what the other dendrites do");
    run.report().paragraph(
        "An open dendrite floats to the mean of the input voltages weighted by its conductances; its junctions see the \
         difference, although their neuron has not fired.",
    );
    run.report().table(
        &[
            "array",
            "other dendrites",
            "lines",
            "active inputs",
            "other, active (V)",
            "other, inactive (V)",
            "least share selected",
            "mean flips, selected",
            "mean flips, other",
            "energy (J)",
        ],
        &lines,
    );
    run.figure(&figure(config, pulses, &points))
}

/// Number of active inputs: whole ones, at least one of each kind where there are two.
fn active_inputs(fraction: f64, inputs: usize) -> usize {
    ((fraction * inputs as f64).round() as usize).clamp(1, inputs.max(2) - 1)
}

/// What is to be solved.
struct Case {
    size: [usize; 2],
    scheme: WriteScheme,
    count: usize,
    wired: bool,
}

fn point(
    config: &CircuitConfig,
    mtj: &Mtj,
    pulses: &Pulses,
    drivers: &WriteDrivers,
    Case { size, scheme, count, wired }: Case,
) -> Result<Point, ExperimentError> {
    let [inputs, dendrites] = size;
    // `count` active inputs, evenly spread.
    let active: Vec<bool> = (0..inputs).map(|i| (i + 1) * count / inputs > i * count / inputs).collect();
    let dendrite = dendrites / 2;
    let step = LearningStep {
        dendrite,
        active: &active,
        potentiation_volts: pulses.up,
        depression_volts: pulses.down,
        width_s: pulses.width_s,
    };
    let states = config.states(inputs, dendrites);
    let array = config.array(mtj, inputs, dendrites)?;
    let devices = Variation::new(&config.variation, config.seed)?.devices(inputs, dendrites);
    let outcome = write(&array, scheme, drivers, &step)?;
    let flips = outcome.flip_probability(&states, &pulses.tables.with_devices(devices)?)?;
    let volts = &outcome.phases[0].device_volts;
    let others = || (0..dendrites).filter(move |&j| j != dendrite);
    let mean_volts = |wanted: bool| {
        let rows = || (0..inputs).filter(|&i| active[i] == wanted);
        let sum: f64 = others().flat_map(|j| rows().map(move |i| volts[(i, j)])).sum();
        sum / (others().count() * rows().count()).max(1) as f64
    };
    let meant = |i: usize| if active[i] { pulses.up } else { pulses.down };
    let selected = flips.column(dendrite).sum();
    Ok(Point {
        size,
        wired,
        scheme,
        active: count as f64 / inputs as f64,
        other_active_volts: mean_volts(true),
        other_inactive_volts: mean_volts(false),
        least_share: (0..inputs).map(|i| volts[(i, dendrite)] / meant(i)).fold(f64::INFINITY, f64::min),
        selected_flips: selected / inputs as f64,
        other_flips: (flips.sum() - selected) / (inputs * others().count()).max(1) as f64,
        energy_joules: outcome.energy_joules(),
    })
}

fn as_json(p: &Point) -> serde_json::Value {
    json!({
        "array": p.size,
        "other_dendrites": p.scheme.name(),
        "lines": if p.wired { "wired" } else { "ideal" },
        "active_fraction": p.active,
        "other_active_V": p.other_active_volts,
        "other_inactive_V": p.other_inactive_volts,
        "least_share_selected": p.least_share,
        "mean_flip_probability_selected": p.selected_flips,
        "mean_flip_probability_other": p.other_flips,
        "energy_J": p.energy_joules,
    })
}

fn dataset(points: &[Point]) -> Result<Dataset, ExperimentError> {
    let along = |name: &str, unit: &str, long: &str, pick: &dyn Fn(&Point) -> f64| {
        Variable::along(name, "case", unit, long, points.iter().map(pick).collect::<Vec<f64>>())
    };
    let scheme: Vec<String> = points.iter().map(|p| p.scheme.name().to_string()).collect();
    Ok(Dataset::new("circuit/drive")
        .with(Variable::along("scheme", "case", "1", "what the other dendrites do", scheme))?
        .with(along("inputs", "1", "inputs of the array", &|p| p.size[0] as f64))?
        .with(along("dendrites", "1", "dendrites of the array", &|p| p.size[1] as f64))?
        .with(along("wired", "1", "1 with the resistance of lines and drivers, 0 without", &|p| {
            f64::from(u8::from(p.wired))
        }))?
        .with(along("active_fraction", "1", "fraction of active inputs", &|p| p.active))?
        .with(along("other_active", "V", "mean voltage on other dendrites, active inputs", &|p| {
            p.other_active_volts
        }))?
        .with(along("other_inactive", "V", "mean voltage on other dendrites, inactive inputs", &|p| {
            p.other_inactive_volts
        }))?
        .with(along("least_share", "1", "smallest share of its voltage on the selected dendrite", &|p| {
            p.least_share
        }))?
        .with(along("selected_flips", "1", "mean flip probability, selected dendrite", &|p| {
            p.selected_flips
        }))?
        .with(along("other_flips", "1", "mean flip probability, other dendrites", &|p| p.other_flips))?
        .with(along("energy", "J", "energy of the step", &|p| p.energy_joules))?)
}

/// A kind of line in the figure: its name, what the other dendrites do, whether lines have their resistance.
type Kind = (&'static str, WriteScheme, bool);

fn figure(config: &CircuitConfig, pulses: &Pulses, points: &[Point]) -> Figure {
    let panel = |title: &str, y: &str, kinds: &[Kind], pick: fn(&Point) -> f64| {
        let mut panel = Panel::new(title, Axis::linear("fraction of active inputs"), Axis::linear(y));
        for &size in &config.write.sizes {
            for &(name, scheme, wired) in kinds {
                let chosen =
                    points.iter().filter(|p| p.size == size && p.scheme == scheme && p.wired == wired);
                let line: Vec<(f64, f64)> = chosen.map(|p| (p.active, pick(p))).collect();
                let label = format!("{} x {}, {name}", size[0], size[1]);
                panel = panel.series(Series::line(label, line).draw(Draw::LinePoints));
            }
        }
        panel
    };
    let open: &[Kind] = &[("ideal", WriteScheme::Floating, false), ("wired", WriteScheme::Floating, true)];
    let wired: &[Kind] = &[("open", WriteScheme::Floating, true), ("cut off", WriteScheme::CutOff, true)];
    let how = "solved arrays, with ideal lines and with the configured ones; probabilities from the table of each device";
    Figure::new("drive", "Potentiation and depression at once: what the open dendrites see", how)
        .columns(2)
        .panel(
            panel("Other dendrites, active inputs", "voltage (V)", open, |p| p.other_active_volts)
                .horizontal(pulses.up, "potentiation"),
        )
        .panel(
            panel("Other dendrites, inactive inputs", "voltage (V)", open, |p| p.other_inactive_volts)
                .horizontal(pulses.down, "depression"),
        )
        .panel(panel("Other dendrites, changes", "mean probability", open, |p| p.other_flips))
        .panel(panel("Selected dendrite", "least share of voltage", wired, |p| p.least_share))
}
