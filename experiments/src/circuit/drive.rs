//! The published drive: potentiation and depression on different inputs at once, other dendrites open.
//!
//! What it does to the junctions that are not meant to learn, against grounding or cutting off the other dendrites, over
//! the fraction of active inputs and the size of the array. Every case is solved twice: with ideal lines and drivers,
//! which shows what the scheme does, and with the configured ones.

use std::sync::Arc;

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::{Contacts, TilePlace};
use spinhebb_circuit::operate::array_devices::ArrayDevices;
use spinhebb_circuit::operate::write::{LearningStep, WriteDrivers, write};
use spinhebb_data::labelled::{Dataset, Values, Variable};
use spinhebb_data::quantity::Resistance;
use spinhebb_device::switching::table::Probability;

use super::pattern::Maker;
use super::tables::Pulses;
use super::write_settings::WriteParts;
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};
use crate::present::Page;
use crate::present::plot::{Axis, Draw, Figure, Panel, Series};

/// Name of the dataset.
const DATASET: &str = "circuit/drive";
/// Fractions of active inputs.
const FRACTIONS: [f64; 5] = [0.125, 0.25, 0.5, 0.75, 0.875];
/// Schemes that drive all inputs at once.
const SCHEMES: [WriteScheme; 3] = [WriteScheme::Floating, WriteScheme::Grounded, WriteScheme::CutOff];

/// What one learning step did in one array.
struct Point {
    size: [usize; 2],
    /// Whether lines and drivers have their resistance.
    wired: bool,
    scheme: String,
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
    /// The same with the lower and with the upper ends of all intervals.
    selected_between: [f64; 2],
    other_between: [f64; 2],
    /// Cells whose probability is extrapolated.
    extrapolated: f64,
    energy_joules: f64,
}

/// Runs the step over sizes, fractions and schemes.
pub(super) fn compute(
    config: &WriteParts,
    maker: &Maker<'_>,
    pulses: &Pulses,
    outcome: &mut Outcome,
    context: &Context,
) -> Result<(), ExperimentError> {
    if config.write.sizes.is_empty() {
        return Ok(());
    }
    let none = Resistance(0.0);
    let ideal = ArrayConfig { word_wire: none, bit_wire: none, ..config.array.clone() };
    let ideal = Maker { array: &ideal, ..maker.clone() };
    let ideal_drivers = WriteDrivers { word_ohm: 0.0, dendrite_ohm: 0.0, ..pulses.drivers };
    let stage = context.stage("open dendrites", config.write.sizes.len() as u64);
    for &size in &config.write.sizes {
        let data = context.unit(&format!("drive {size:?}"), || {
            let mut counts: Vec<usize> = FRACTIONS.map(|fraction| active_inputs(fraction, size[0])).into();
            counts.dedup();
            let mut points = Vec::new();
            for scheme in SCHEMES {
                for &count in &counts {
                    for (maker, drivers, wired) in
                        [(&ideal, &ideal_drivers, false), (maker, &pulses.drivers, true)]
                    {
                        points.push(point(maker, pulses, drivers, Case { size, scheme, count, wired })?);
                    }
                }
            }
            Ok(vec![dataset(&points)?])
        })?;
        stage.advance();
        merge(outcome, data)?;
    }
    Ok(())
}

/// Adds the cases of one size to those of the sizes before.
fn merge(outcome: &mut Outcome, data: Vec<Dataset>) -> Result<(), ExperimentError> {
    let Some(own) = data.into_iter().next() else { return Ok(()) };
    let mut points = match outcome.dataset(DATASET) {
        Ok(before) => points(before)?,
        Err(_) => Vec::new(),
    };
    points.extend(self::points(&own)?);
    outcome.datasets.retain(|d| d.name != DATASET);
    outcome.add(dataset(&points)?);
    Ok(())
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
    maker: &Maker<'_>,
    pulses: &Pulses,
    drivers: &WriteDrivers,
    Case { size, scheme, count, wired }: Case,
) -> Result<Point, ExperimentError> {
    let [inputs, dendrites] = size;
    // `count` active inputs, evenly spread.
    let active: Vec<bool> = (0..inputs).map(|i| (i + 1) * count / inputs > i * count / inputs).collect();
    let dendrite = dendrites / 2;
    let place = TilePlace { inputs: 0..inputs, outputs: 0..dendrites };
    let contacts = Contacts::draw(maker.array, maker.seed, &place);
    let step = LearningStep {
        dendrite,
        active: &active,
        potentiation_volts: pulses.up,
        depression_volts: pulses.down,
        width_s: pulses.width_s,
        contacts: contacts.as_ref(),
    };
    let states = maker.pattern.states(maker.seed, inputs, dendrites);
    let array = maker.array(inputs, dendrites);
    let devices = maker.variation.devices(inputs, dendrites);
    let written = write(&array, scheme, drivers, &step)?;
    let flips = written.flip_probability(&states, &ArrayDevices::new(devices, Arc::clone(&pulses.tables)))?;
    let volts = &written.phases[0].device_volts;
    let others = || (0..dendrites).filter(move |&j| j != dendrite);
    let mean_volts = |wanted: bool| {
        let rows = || (0..inputs).filter(|&i| active[i] == wanted);
        let sum: f64 = others().flat_map(|j| rows().map(move |i| volts[(i, j)])).sum();
        sum / (others().count() * rows().count()).max(1) as f64
    };
    let meant = |i: usize| if active[i] { pulses.up } else { pulses.down };
    let means = |of: fn(&Probability) -> f64| {
        let selected: f64 = flips.column(dendrite).iter().map(of).sum();
        let all: f64 = flips.iter().map(of).sum();
        [selected / inputs as f64, (all - selected) / (inputs * others().count()).max(1) as f64]
    };
    let ([selected, other], lower, upper) = (means(|p| p.p), means(|p| p.lower), means(|p| p.upper));
    Ok(Point {
        size,
        wired,
        scheme: scheme.name().to_string(),
        active: count as f64 / inputs as f64,
        other_active_volts: mean_volts(true),
        other_inactive_volts: mean_volts(false),
        least_share: (0..inputs).map(|i| volts[(i, dendrite)] / meant(i)).fold(f64::INFINITY, f64::min),
        selected_flips: selected,
        other_flips: other,
        selected_between: [lower[0], upper[0]],
        other_between: [lower[1], upper[1]],
        extrapolated: flips.iter().filter(|flip| flip.is_extrapolated()).count() as f64,
        energy_joules: written.energy_joules(),
    })
}

fn dataset(points: &[Point]) -> Result<Dataset, ExperimentError> {
    let along = |name: &str, unit: &str, long: &str, pick: &dyn Fn(&Point) -> f64| {
        Variable::along(name, "case", unit, long, points.iter().map(pick).collect::<Vec<f64>>())
    };
    let scheme: Vec<String> = points.iter().map(|p| p.scheme.clone()).collect();
    Ok(Dataset::new(DATASET)
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
        .with(along("selected_flips_lower", "1", "lower 95 % limit", &|p| p.selected_between[0]))?
        .with(along("selected_flips_upper", "1", "upper 95 % limit", &|p| p.selected_between[1]))?
        .with(along("other_flips_lower", "1", "lower 95 % limit", &|p| p.other_between[0]))?
        .with(along("other_flips_upper", "1", "upper 95 % limit", &|p| p.other_between[1]))?
        .with(along("extrapolated", "1", "cells with an extrapolated probability", &|p| p.extrapolated))?
        .with(along("energy", "J", "energy of the step", &|p| p.energy_joules))?)
}

/// The cases of a dataset.
fn points(data: &Dataset) -> Result<Vec<Point>, ExperimentError> {
    let column = |name: &str| data.numbers(name);
    let schemes = match data.variable("scheme").map(|v| &v.values) {
        Some(Values::Text(names)) => names.clone(),
        _ => Vec::new(),
    };
    let (inputs, dendrites, wired) = (column("inputs")?, column("dendrites")?, column("wired")?);
    let (active, share, energy) = (column("active_fraction")?, column("least_share")?, column("energy")?);
    let (on, off) = (column("other_active")?, column("other_inactive")?);
    let (selected, other) = (column("selected_flips")?, column("other_flips")?);
    let selected_ends = [column("selected_flips_lower")?, column("selected_flips_upper")?];
    let other_ends = [column("other_flips_lower")?, column("other_flips_upper")?];
    let extrapolated = column("extrapolated")?;
    let point = |(k, scheme): (usize, String)| Point {
        size: [inputs[k] as usize, dendrites[k] as usize],
        wired: wired[k] > 0.0,
        scheme,
        active: active[k],
        other_active_volts: on[k],
        other_inactive_volts: off[k],
        least_share: share[k],
        selected_flips: selected[k],
        other_flips: other[k],
        selected_between: [selected_ends[0][k], selected_ends[1][k]],
        other_between: [other_ends[0][k], other_ends[1][k]],
        extrapolated: extrapolated[k],
        energy_joules: energy[k],
    };
    Ok(schemes.into_iter().enumerate().map(point).collect())
}

/// Table and figure of all cases.
pub(super) fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let Ok(data) = outcome.dataset(DATASET) else { return Ok(()) };
    let points = points(data)?;
    let lines: Vec<Vec<String>> = points.iter().map(line).collect();
    page.section("Potentiation and depression at once, by what the other dendrites do");
    page.paragraph(
        "An open dendrite floats to the mean of the input voltages weighted by its conductances; its junctions see the \
         difference, although their neuron has not fired.",
    );
    page.table(
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
            "extrapolated cells",
            "energy (J)",
        ],
        &lines,
    );
    page.figure(&figure(outcome, &points)?);
    Ok(())
}

fn line(p: &Point) -> Vec<String> {
    vec![
        format!("{} x {}", p.size[0], p.size[1]),
        p.scheme.clone(),
        if p.wired { "wired" } else { "ideal" }.to_string(),
        format!("{:.3}", p.active),
        format!("{:.3}", p.other_active_volts),
        format!("{:.3}", p.other_inactive_volts),
        format!("{:.3}", p.least_share),
        format!("{:.2e}", p.selected_flips),
        format!("{:.2e}", p.other_flips),
        p.extrapolated.to_string(),
        format!("{:.2e}", p.energy_joules),
    ]
}

/// A kind of line in the figure: its name, what the other dendrites do, whether lines have their resistance.
type Kind = (&'static str, WriteScheme, bool);

fn figure(outcome: &Outcome, points: &[Point]) -> Result<Figure, ExperimentError> {
    let mut sizes: Vec<[usize; 2]> = points.iter().map(|p| p.size).collect();
    sizes.dedup();
    let panel = |title: &str, y: &str, kinds: &[Kind], pick: fn(&Point) -> f64| {
        let mut panel = Panel::new(title, Axis::linear("fraction of active inputs"), Axis::linear(y));
        for &size in &sizes {
            for &(name, scheme, wired) in kinds {
                let chosen =
                    points.iter().filter(|p| p.size == size && p.scheme == scheme.name() && p.wired == wired);
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
    Ok(Figure::new("drive", "Potentiation and depression at once: what the open dendrites see", how)
        .columns(2)
        .panel(
            panel("Other dendrites, active inputs", "voltage (V)", open, |p| p.other_active_volts)
                .horizontal(outcome.number("potentiation")?, "potentiation"),
        )
        .panel(
            panel("Other dendrites, inactive inputs", "voltage (V)", open, |p| p.other_inactive_volts)
                .horizontal(outcome.number("depression")?, "depression"),
        )
        .panel(panel("Other dendrites, changes", "mean probability", open, |p| p.other_flips))
        .panel(panel("Selected dendrite", "least share of voltage", wired, |p| p.least_share)))
}
