//! `spinhebb device trajectory`: m(t), current and conductance of one junction under a pulse.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::Dataset;
use spinhebb_data::quantity::{Current, Voltage};
use spinhebb_device::dynamics::coupled::{self, CoupledBeginning};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::dynamics::trajectory::{self, Beginning, Recording};
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::table_config::TableConfig;

use super::summary::step_warning;
use super::{COUPLED_MODELS, MODELS, device_name, summarise};
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome};
use crate::present::Page;
use crate::present::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::system::system_parts;

/// Name of the dataset.
const DATASET: &str = "device/trajectory";
/// Trajectories drawn.
const DRAWN: usize = 8;

system_parts! {
    /// Trajectories of one junction under one pulse.
    pub struct TrajectoryParts {
        /// The junction.
        device: MtjConfig,
        /// Integrator and step: `integrator`, `step`.
        table: TableConfig,
        /// Shape of the pulse.
        pulses: PulsesConfig,
        /// Amplitude of the pulse, and what is recorded.
        trajectory: TrajectorySettings,
    }
}

/// Amplitude of the pulse, and what is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrajectorySettings {
    /// State before the pulse, in thermal equilibrium.
    pub start: State,
    /// Number of trajectories, each with noise of its own.
    pub trajectories: u64,
    /// Steps from one recorded point to the next.
    pub record_every: usize,
    /// Amplitude of a voltage pulse; positive potentiates (anti-parallel to parallel).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voltage: Option<Voltage>,
    /// Amplitude of a current pulse; positive potentiates. It is given in place of `voltage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Current>,
}

impl Check for TrajectorySettings {
    fn check(&self, faults: &mut Faults) {
        let fine = (1..=100_000).contains(&self.trajectories);
        faults.require(fine, "trajectories", self.trajectories, "1 to 100000");
        let fine = (1..=1_000_000_000).contains(&self.record_every);
        faults.require(fine, "record_every", self.record_every, "1 to 1000000000 steps");
        if let (None, None) = (self.voltage, self.current) {
            faults.require(false, "", "", "an amplitude: `voltage` or `current`");
        }
    }
}

impl TrajectoryParts {
    fn pulse(&self) -> Result<Pulse, ExperimentError> {
        // A current is a choice; the voltage beside it may be the default.
        Ok(match (self.trajectory.current, self.trajectory.voltage) {
            (Some(current), _) => self.pulses.current(current)?,
            (None, volts) => self.pulses.voltage(volts.unwrap_or_default())?,
        })
    }
}

/// m(t), current and conductance under a pulse.
pub struct Trajectories;

impl Experiment for Trajectories {
    type Config = TrajectoryParts;
    const NAME: &'static str = "device trajectory";
    const ABOUT: &'static str = "Record m(t), current and conductance under a pulse";
    const CITES: &'static [&'static str] = MODELS;

    fn compute(config: &TrajectoryParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let name = device_name(&config.device);
        let mut outcome = Outcome::new(format!("Trajectories of {name}"));
        let (settings, junction, pulse) =
            (&config.trajectory, Junction::new(&config.device)?, config.pulse()?);
        let stepping = config.table.stepping();
        if let Some(warning) = step_warning(&junction, &pulse, &stepping)? {
            outcome.warn(warning.to_string());
        }
        let start = settings.start;
        let recording = Recording {
            count: settings.trajectories,
            every: settings.record_every,
            seed: context.seed(),
            stepping,
        };
        let dataset = match &junction {
            Junction::Single(mtj) => {
                let from = Beginning::Equilibrium(start);
                trajectory::record(mtj, &pulse, from, &recording)?.to_dataset()?
            }
            Junction::Coupled(pair) => {
                outcome.cite(COUPLED_MODELS);
                let from = CoupledBeginning::Equilibrium(start);
                coupled::record(pair, &pulse, from, &recording)?.to_dataset()?
            }
        };
        let cosines = cosines(&dataset, &junction)?;
        let switched = |row: &&Vec<f64>| row.last().is_some_and(|last| State::from_cosine(*last) != start);
        summarise(&mut outcome, &junction, &name);
        outcome.count("trajectories", cosines.len(), "trajectories recorded");
        outcome.count(
            "switched",
            cosines.iter().filter(switched).count(),
            "trajectories that end in the other state",
        );
        outcome.count("recorded_times", dataset.length("time").unwrap_or(0), "times recorded");
        outcome.add(dataset);
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let junction = Junction::new(&outcome.config::<TrajectoryParts>()?.device)?;
        let data = outcome.dataset(DATASET)?;
        if matches!(junction, Junction::Coupled(_)) {
            page.figure(&layers(data)?);
        }
        page.figure(&curves(data, &junction)?);
        page.figure(&path(data)?);
        Ok(())
    }
}

/// Rows of the variable `name`, trajectory by trajectory.
fn rows(data: &Dataset, name: &str) -> Result<Vec<Vec<f64>>, ExperimentError> {
    let times = data.length("time").unwrap_or(1).max(1);
    Ok(data.numbers(name)?.chunks(times).map(<[f64]>::to_vec).collect())
}

/// m.p of every trajectory against time.
fn cosines(data: &Dataset, junction: &Junction) -> Result<Vec<Vec<f64>>, ExperimentError> {
    let fixed = junction.barrier().fixed_layer;
    let [x, y, z] = [rows(data, "m_x")?, rows(data, "m_y")?, rows(data, "m_z")?];
    let dot = |k: usize, t: usize| x[k][t] * fixed[0] + y[k][t] * fixed[1] + z[k][t] * fixed[2];
    Ok((0..x.len()).map(|k| (0..x[k].len()).map(|t| dot(k, t)).collect()).collect())
}

fn over(times: &[f64], values: &[f64], factor: f64) -> Vec<(f64, f64)> {
    times.iter().zip(values).map(|(t, v)| (t * 1e9, v * factor)).collect()
}

/// m of the first trajectory, m.p of up to eight, drive and conductance.
fn curves(data: &Dataset, junction: &Junction) -> Result<Figure, ExperimentError> {
    let times = data.numbers("time")?;
    let m_axis = || Axis::linear("component of m").range(-1.0, 1.0);
    let time_axis = || Axis::linear("time (ns)");
    let mut components = Panel::new("a  first trajectory", time_axis(), m_axis()).legend(Corner::BottomRight);
    for name in ["m_x", "m_y", "m_z"] {
        let first = rows(data, name)?;
        components = components.series(Series::line(name, over(&times, &first[0], 1.0)));
    }
    let mut several = Panel::new("b  m.p", time_axis(), m_axis());
    for row in cosines(data, junction)?.iter().take(DRAWN) {
        several = several.series(Series::line("", over(&times, row, 1.0)).unlabelled());
    }
    let mut conductance = Panel::new("c  conductance", time_axis(), Axis::linear("conductance (uS)"));
    for row in rows(data, "conductance")?.iter().take(DRAWN) {
        conductance = conductance.series(Series::line("", over(&times, row, 1e6)).unlabelled());
    }
    let volts = data.variable("drive").is_some_and(|drive| drive.unit == "V");
    let (unit, factor) = if volts { ("drive (V)", 1.0) } else { ("drive (uA)", 1e6) };
    let drive = Panel::new("d  drive", time_axis(), Axis::linear(unit)).series(
        Series::line("", over(&times, &data.numbers("drive")?, factor)).draw(Draw::Step).unlabelled(),
    );
    Ok(Figure::new("trajectory", "Magnetisation, conductance and drive against time.", HOW)
        .columns(2)
        .panel(components)
        .panel(several)
        .panel(conductance)
        .panel(drive))
}

const HOW: &str =
    "Stochastic LLGS equation from thermal equilibrium; positive drive favours the parallel state.";

/// The path of the first trajectory seen from three sides.
fn path(data: &Dataset) -> Result<Figure, ExperimentError> {
    let mut path = Figure::new("path", "Path of m on the sphere, first trajectory, from three sides.", HOW);
    for (a, b, title) in
        [("m_x", "m_y", "a  along z"), ("m_x", "m_z", "b  along y"), ("m_y", "m_z", "c  along x")]
    {
        let (first, second) = (rows(data, a)?, rows(data, b)?);
        let points = first[0].iter().copied().zip(second[0].iter().copied()).collect();
        path = path.panel(
            Panel::new(title, Axis::linear(a).range(-1.0, 1.0), Axis::linear(b).range(-1.0, 1.0))
                .series(Series::line("", points).unlabelled()),
        );
    }
    Ok(path.columns(3))
}

/// z components of both layers and the cosine of the angle between them, first trajectory.
fn layers(data: &Dataset) -> Result<Figure, ExperimentError> {
    let times = data.numbers("time")?;
    let first = |name: &str| -> Result<Vec<f64>, ExperimentError> { Ok(rows(data, name)?.swap_remove(0)) };
    let (barrier, coupled) = (
        [first("m_x")?, first("m_y")?, first("m_z")?],
        [first("coupled_x")?, first("coupled_y")?, first("coupled_z")?],
    );
    let angle: Vec<f64> =
        (0..times.len()).map(|t| (0..3).map(|c| barrier[c][t] * coupled[c][t]).sum()).collect();
    let axis = |label: &str| Axis::linear(label).range(-1.0, 1.0);
    let both = Panel::new("a  both layers", Axis::linear("time (ns)"), axis("m_z"))
        .series(Series::line("barrier layer", over(&times, &barrier[2], 1.0)))
        .series(Series::line("coupled layer", over(&times, &coupled[2], 1.0)))
        .legend(Corner::BottomRight);
    let between = Panel::new("b  angle between them", Axis::linear("time (ns)"), axis("m1.m2"))
        .series(Series::line("", over(&times, &angle, 1.0)).unlabelled());
    let how =
        "Two macrospins with exchange and dipolar coupling; the barrier layer feels the torque and is read.";
    Ok(Figure::new("layers", "The two layers of the free layer, first trajectory.", how)
        .columns(2)
        .panel(both)
        .panel(between))
}
