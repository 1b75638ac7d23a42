//! `spinhebb device trajectory` and `spinhebb device table`: the physics of one junction.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::quantity::{Time, Voltage};
use spinhebb_device::dynamics::coupled::{self, CoupledBeginning, CoupledDynamics, CoupledRecord};
use spinhebb_device::dynamics::ensemble::Ensemble;
use spinhebb_device::dynamics::integrator::{Integrator, StepWarning};
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::{Drive, Pulse, PulseConfig, WaveformConfig};
use spinhebb_device::dynamics::trajectory::{self, Beginning, Record};
use spinhebb_device::junction::mtj::{Mtj, MtjConfig};
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::estimate::BackEnd;
use spinhebb_device::switching::fokker_planck::Resolution;
use spinhebb_device::switching::probability::{Automatic, ByEnsemble, ByFokkerPlanck, switching_table};
use spinhebb_device::switching::table::{Refinement, SwitchingTable};

use crate::command::reliability::ReliabilityCommand;
use crate::device_choice::{Junction, configuration, junction};
use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::progress::Progress;
use crate::run::{Run, RunOptions};

/// Commented defaults of `spinhebb device trajectory`.
pub const TRAJECTORY_DEFAULTS: &str = include_str!("../../defaults/device_trajectory.toml");
/// Commented defaults of `spinhebb device table`.
pub const TABLE_DEFAULTS: &str = include_str!("../../defaults/device_table.toml");

/// Papers of the dynamics.
const MODELS: &[&str] = &["slonczewski1996", "brown1963", "sun2000"];
/// Papers of coupled layers.
const COUPLED_MODELS: &[&str] = &["bruno1995", "slonczewski1991"];

/// Simulate one junction.
#[derive(Debug, clap::Args)]
pub struct DeviceArguments {
    /// What to compute
    #[command(subcommand)]
    pub command: DeviceCommand,
}

/// The computations on one junction.
#[derive(Debug, clap::Subcommand)]
pub enum DeviceCommand {
    /// Record m(t), current and conductance under a pulse
    Trajectory(TrajectoryArguments),
    /// Tabulate the switching probability against voltage and width, refined where it is steep
    Table(TableArguments),
    /// Rare events: write errors, retention, disturb.
    #[command(flatten)]
    Reliability(ReliabilityCommand),
}

/// Options of `spinhebb device trajectory`.
#[derive(Debug, clap::Args)]
pub struct TrajectoryArguments {
    /// Pulse shape from a file with the columns time in s and level relative to the amplitude
    #[arg(long, value_name = "FILE")]
    pub waveform: Option<std::path::PathBuf>,
    /// Options of every run
    #[command(flatten)]
    pub run: RunOptions,
}

/// Options of `spinhebb device table`.
#[derive(Debug, clap::Args)]
pub struct TableArguments {
    /// Options of every run
    #[command(flatten)]
    pub run: RunOptions,
}

/// Configuration of `spinhebb device trajectory`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrajectoryConfig {
    /// Shipped device or path of a device file; `spinhebb presets` lists them.
    pub preset: String,
    /// State before the pulse, in thermal equilibrium.
    pub start: State,
    /// Number of trajectories, each with noise of its own.
    pub trajectories: u64,
    /// Master seed.
    pub seed: u64,
    /// Integrator.
    pub integrator: Integrator,
    /// Steps from one recorded point to the next.
    pub record_every: usize,
    /// Largest step; the integrator's recommendation when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Time>,
    /// The pulse; a positive amplitude potentiates (anti-parallel to parallel).
    pub pulse: PulseConfig,
    /// Keys of the device that win over those of `preset`; the whole device with the preset "none".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<MtjConfig>,
}

/// Configuration of `spinhebb device table`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// Shipped device or path of a device file; `spinhebb presets` lists them.
    pub preset: String,
    /// Full widths of the rectangular pulses, rising.
    pub widths: Vec<Time>,
    /// Smallest amplitude of either polarity.
    pub lowest_voltage: Voltage,
    /// Largest amplitude of either polarity.
    pub highest_voltage: Voltage,
    /// Evenly spaced amplitudes to begin with.
    pub voltages: usize,
    /// How probabilities are computed.
    pub back_end: BackEnd,
    /// Most amplitudes after refinement, by the ensemble; no refinement if not above `voltages`.
    pub most_voltages: usize,
    /// Closest spacing of two amplitudes.
    pub closest_voltages: Voltage,
    /// Trials for each amplitude, width and polarity where an ensemble is taken.
    pub trials: u64,
    /// Master seed.
    pub seed: u64,
    /// Integrator.
    pub integrator: Integrator,
    /// Largest step; the integrator's recommendation when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Time>,
    /// Keys of the device that win over those of `preset`; the whole device with the preset "none".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<MtjConfig>,
}

impl DeviceArguments {
    /// Runs the computation.
    ///
    /// # Errors
    /// The configuration is wrong, or the run cannot be written.
    pub fn execute(self) -> Result<(), ExperimentError> {
        match self.command {
            DeviceCommand::Trajectory(arguments) => arguments.execute(),
            DeviceCommand::Table(arguments) => arguments.execute(),
            DeviceCommand::Reliability(command) => command.execute(),
        }
    }
}

impl TrajectoryArguments {
    fn execute(self) -> Result<(), ExperimentError> {
        let (mut config, document): (TrajectoryConfig, _) =
            configuration(&self.run, trajectory_base(&self.run)?)?;
        config.seed = self.run.seed.unwrap_or(config.seed);
        if let Some(path) = &self.waveform {
            config.pulse.waveform = read_waveform(path)?;
        }
        if !(1..=100_000).contains(&config.trajectories) {
            return ExperimentError::refuse("trajectories", config.trajectories, "1 to 100000");
        }
        let (device, name) = junction(&config.preset, config.device.as_ref(), &document)?;
        let pulse = Pulse::new(&config.pulse)?;
        let stepping = Stepping {
            integrator: config.integrator,
            step_s: config.step.map(|t| t.si()),
            ..Stepping::default()
        };
        let warning = step_warning(&device, &pulse, &stepping)?;
        if self.run.printed_dry_run(&config)? {
            return Ok(());
        }
        if let Some(warning) = warning {
            eprintln!("warning: {warning}");
        }
        let title = format!("Trajectories of {name}");
        let mut run = Run::begin(&self.run, "device-trajectory", &title, &config, config.seed)?;
        run.cite(MODELS);
        let (count, every) = (config.trajectories, config.record_every);
        let (record, dataset) = match &device {
            Junction::Single(mtj) => {
                let start = Beginning::Equilibrium(config.start);
                let record = trajectory::record(mtj, &pulse, start, count, config.seed, &stepping, every)?;
                let dataset = record.to_dataset()?;
                (record, dataset)
            }
            Junction::Coupled(pair) => {
                run.cite(COUPLED_MODELS);
                let start = CoupledBeginning::Equilibrium(config.start);
                let record = coupled::record(pair, &pulse, start, count, config.seed, &stepping, every)?;
                run.figure(&coupled_figure(&record))?;
                let dataset = record.to_dataset()?;
                (record.barrier, dataset)
            }
        };
        let mtj = device.barrier();
        let last = |m: &Vec<[f64; 3]>| m.last().map_or(0.0, |m| cosine(mtj, *m));
        let switched =
            record.direction.iter().filter(|m| State::from_cosine(last(m)) != config.start).count();
        device.summarise(&mut run, &name);
        run.value("trajectories", config.trajectories);
        run.value("switched", switched);
        run.value("recorded_times", record.time_s.len());
        for figure in trajectory_figures(&record, mtj) {
            run.figure(&figure)?;
        }
        run.add(dataset)?;
        run.finish()?;
        Ok(())
    }
}

/// The defaults under the user's file: without their pulse where the file has one, so that the keys
/// of two shapes do not mix.
fn trajectory_base(options: &RunOptions) -> Result<&'static str, ExperimentError> {
    let Some(path) = &options.config else { return Ok(TRAJECTORY_DEFAULTS) };
    let text = std::fs::read_to_string(path).map_err(ExperimentError::io("read", path))?;
    let has_pulse = toml::from_str::<toml::Table>(&text).is_ok_and(|table| table.contains_key("pulse"));
    let end = TRAJECTORY_DEFAULTS.find("\n[pulse]").filter(|_| has_pulse);
    Ok(end.map_or(TRAJECTORY_DEFAULTS, |end| &TRAJECTORY_DEFAULTS[..end]))
}

fn cosine(mtj: &Mtj, m: [f64; 3]) -> f64 {
    (0..3).map(|i| m[i] * mtj.fixed_layer[i]).sum()
}

/// Whether the step is too long for the device under `pulse`.
fn step_warning(
    device: &Junction,
    pulse: &Pulse,
    stepping: &Stepping,
) -> Result<Option<StepWarning>, ExperimentError> {
    Ok(match device {
        Junction::Single(mtj) => Dynamics::new(mtj, pulse, stepping)?.warning(),
        Junction::Coupled(pair) => CoupledDynamics::new(pair, pulse, stepping)?.warning(),
    })
}

fn read_waveform(path: &Path) -> Result<WaveformConfig, ExperimentError> {
    let text = std::fs::read_to_string(path).map_err(ExperimentError::io("read", path))?;
    Ok(WaveformConfig::from_csv(&path.display().to_string(), &text)?)
}

/// m of the first trajectory, m.p of up to eight, the path of the first seen from three sides, drive
/// and conductance.
fn trajectory_figures(record: &Record, mtj: &Mtj) -> Vec<Figure> {
    let time: Vec<f64> = record.time_s.iter().map(|t| t * 1e9).collect();
    let over_time = |values: Vec<f64>| time.iter().copied().zip(values).collect::<Vec<_>>();
    let first = &record.direction[0];
    let m_axis = || Axis::linear("component of m").range(-1.0, 1.0);
    let mut components =
        Panel::new("a  first trajectory", Axis::linear("time (ns)"), m_axis()).legend(Corner::BottomRight);
    for (axis, label) in ["m_x", "m_y", "m_z"].into_iter().enumerate() {
        components =
            components.series(Series::line(label, over_time(first.iter().map(|m| m[axis]).collect())));
    }
    let mut several = Panel::new("b  m.p", Axis::linear("time (ns)"), m_axis());
    let mut conductance =
        Panel::new("c  conductance", Axis::linear("time (ns)"), Axis::linear("conductance (uS)"));
    for k in 0..record.direction.len().min(8) {
        let projection = record.direction[k].iter().map(|m| cosine(mtj, *m)).collect();
        several = several.series(Series::line("", over_time(projection)).unlabelled());
        let siemens = record.conductance_s[k].iter().map(|g| g * 1e6).collect();
        conductance = conductance.series(Series::line("", over_time(siemens)).unlabelled());
    }
    let (unit, factor) = match record.source {
        Drive::Voltage => ("drive (V)", 1.0),
        Drive::Current => ("drive (uA)", 1e6),
    };
    let drive = Panel::new("d  drive", Axis::linear("time (ns)"), Axis::linear(unit)).series(
        Series::line("", over_time(record.drive.iter().map(|v| v * factor).collect()))
            .draw(Draw::Step)
            .unlabelled(),
    );
    let how = "Stochastic LLGS equation from thermal equilibrium; positive drive favours the parallel state.";
    let mut path = Figure::new("path", "Path of m on the sphere, first trajectory, from three sides.", how);
    for (a, b, title) in [(0, 1, "a  along z"), (0, 2, "b  along y"), (1, 2, "c  along x")] {
        let name = |axis: usize| ["m_x", "m_y", "m_z"][axis];
        let points = first.iter().map(|m| (m[a], m[b])).collect();
        path = path.panel(
            Panel::new(title, Axis::linear(name(a)).range(-1.0, 1.0), Axis::linear(name(b)).range(-1.0, 1.0))
                .series(Series::line("", points).unlabelled()),
        );
    }
    vec![
        Figure::new("trajectory", "Magnetisation, conductance and drive against time.", how)
            .columns(2)
            .panel(components)
            .panel(several)
            .panel(conductance)
            .panel(drive),
        path.columns(3),
    ]
}

/// z components of both layers and the cosine of the angle between them, first trajectory.
fn coupled_figure(record: &CoupledRecord) -> Figure {
    let (barrier, coupled) = (&record.barrier.direction[0], &record.coupled[0]);
    let over_time =
        |values: Vec<f64>| record.barrier.time_s.iter().map(|t| t * 1e9).zip(values).collect::<Vec<_>>();
    let angle = barrier.iter().zip(coupled).map(|(a, b)| (0..3).map(|c| a[c] * b[c]).sum()).collect();
    let axis = |label: &str| Axis::linear(label).range(-1.0, 1.0);
    let layers = Panel::new("a  both layers", Axis::linear("time (ns)"), axis("m_z"))
        .series(Series::line("barrier layer", over_time(barrier.iter().map(|m| m[2]).collect())))
        .series(Series::line("coupled layer", over_time(coupled.iter().map(|m| m[2]).collect())))
        .legend(Corner::BottomRight);
    let between = Panel::new("b  angle between them", Axis::linear("time (ns)"), axis("m1.m2"))
        .series(Series::line("", over_time(angle)).unlabelled());
    let how =
        "Two macrospins with exchange and dipolar coupling; the barrier layer feels the torque and is read.";
    Figure::new("layers", "The two layers of the free layer, first trajectory.", how)
        .columns(2)
        .panel(layers)
        .panel(between)
}

impl TableArguments {
    fn execute(self) -> Result<(), ExperimentError> {
        let (mut config, document): (TableConfig, _) = configuration(&self.run, TABLE_DEFAULTS)?;
        config.seed = self.run.seed.unwrap_or(config.seed);
        config.validate()?;
        let (device, name) = junction(&config.preset, config.device.as_ref(), &document)?;
        if self.run.printed_dry_run(&config)? {
            return Ok(());
        }
        let title = format!("Switching probability of {name}");
        let mut run = Run::begin(&self.run, "device-table", &title, &config, config.seed)?;
        run.cite(MODELS);
        let (low, high) = (config.lowest_voltage.si(), config.highest_voltage.si());
        let amplitudes: Vec<f64> = (0..config.voltages)
            .map(|i| low + (high - low) * i as f64 / (config.voltages - 1) as f64)
            .collect();
        let widths: Vec<f64> = config.widths.iter().map(|w| w.si()).collect();
        let stepping = Stepping {
            integrator: config.integrator,
            step_s: config.step.map(|t| t.si()),
            ..Stepping::default()
        };
        let longest = Pulse::rectangular(high, widths[widths.len() - 1]);
        if let Some(warning) = step_warning(&device, &longest, &stepping)? {
            eprintln!("warning: {warning}");
        }
        let ensemble = Ensemble { trials: 0..config.trials, seed: config.seed, stepping };
        let refinement =
            Refinement { most_voltages: config.most_voltages, least_spacing_v: config.closest_voltages.si() };
        let most = config.most_voltages.max(config.voltages) as u64;
        let stage = Progress::new(1).stage("switching table", 2 * most);
        let progress = |_| stage.advance();
        let table = match (&device, config.back_end) {
            (Junction::Coupled(pair), BackEnd::Ensemble | BackEnd::Auto) => {
                run.cite(COUPLED_MODELS);
                SwitchingTable::by_coupled_ensemble(
                    pair,
                    &amplitudes,
                    &widths,
                    &ensemble,
                    refinement,
                    progress,
                )?
            }
            (Junction::Coupled(_), other) => {
                let expected = "ensemble, the back end of coupled layers";
                return ExperimentError::refuse("back_end", other.name(), expected);
            }
            (Junction::Single(mtj), BackEnd::Ensemble) => {
                SwitchingTable::by_ensemble(mtj, &amplitudes, &widths, &ensemble, refinement, progress)?
            }
            (Junction::Single(mtj), other) => {
                let mut automatic = Automatic::new(config.trials, config.seed);
                automatic.splitting.stepping = stepping;
                automatic.ensemble = ByEnsemble(ensemble);
                automatic.fokker_planck = ByFokkerPlanck(Resolution::TABLE);
                switching_table(automatic.back_end(other), mtj, &amplitudes, &widths)?
            }
        };
        drop(stage);
        device.summarise(&mut run, &name);
        let mut medians = serde_json::Map::new();
        for start in State::BOTH {
            run.value(&format!("{start}.voltages"), table.cells(start, 0).len());
            for &width_s in &widths {
                if let Ok(v) = table.voltage_for(0.5, width_s, start) {
                    let key = format!("{start}, {} ps", (width_s * 1e12).round());
                    medians.insert(key, json!({"volts": v.volts, "lower": v.lower, "upper": v.upper}));
                }
            }
        }
        run.value("back_end", table.source());
        run.value("voltage_of_one_half", serde_json::Value::Object(medians));
        for figure in table_figures(&table) {
            run.figure(&figure)?;
        }
        run.add(table.to_dataset()?)?;
        run.finish()?;
        Ok(())
    }
}

impl TableConfig {
    fn validate(&self) -> Result<(), ExperimentError> {
        let widths: Vec<f64> = self.widths.iter().map(|w| w.si()).collect();
        if widths.is_empty() || widths[0] <= 0.0 || widths.windows(2).any(|pair| pair[0] >= pair[1]) {
            let shown: Vec<String> = self.widths.iter().map(ToString::to_string).collect();
            return ExperimentError::refuse("widths", shown.join(", "), "rising pulse widths above 0 s");
        }
        if self.lowest_voltage.si() <= 0.0 {
            return ExperimentError::refuse("lowest_voltage", self.lowest_voltage, "an amplitude above 0 V");
        }
        if self.highest_voltage.si() <= self.lowest_voltage.si() {
            return ExperimentError::refuse(
                "highest_voltage",
                self.highest_voltage,
                "an amplitude above lowest_voltage",
            );
        }
        if self.closest_voltages.si() <= 0.0 {
            return ExperimentError::refuse("closest_voltages", self.closest_voltages, "a spacing above 0 V");
        }
        if !(2..=10_000).contains(&self.voltages) {
            return ExperimentError::refuse("voltages", self.voltages, "2 to 10000 amplitudes");
        }
        if !(1..=1_000_000_000).contains(&self.trials) {
            return ExperimentError::refuse("trials", self.trials, "1 to 1000000000 trials");
        }
        Ok(())
    }
}

/// P against voltage and against width, each on a linear and on the Gumbel scale.
fn table_figures(table: &SwitchingTable) -> Vec<Figure> {
    let trials = table.cells(State::AntiParallel, 0)[0].trials;
    let counted =
        if trials > 0 { format!(", {trials} trials a point, 95 % Wilson intervals") } else { String::new() };
    let how = format!("Back end {}{counted}; V > 0: AP to P.", table.source());
    let linear = || Axis::linear("switching probability").range(0.0, 1.0);
    let gumbel = || Axis::gumbel("switching probability").range(1e-4, 0.999_9);
    let mut by_voltage = [
        Panel::new("a  linear", Axis::linear("pulse voltage (V)"), linear()),
        Panel::new("b  Gumbel scale", Axis::linear("pulse voltage (V)"), gumbel())
            .legend(Corner::BottomRight),
    ];
    for (width, width_s) in table.widths_s().iter().enumerate() {
        for start in State::BOTH {
            let polarity = start.switching_polarity();
            let cells = table.cells(start, width);
            let series = Series::line(
                format!("{} ns", width_s * 1e9),
                cells.iter().map(|c| (polarity * c.magnitude_v, c.p)).collect(),
            )
            .interval(cells.iter().map(|c| (c.lower, c.upper)).collect())
            .draw(Draw::LinePoints)
            .tone(width);
            let series = if start == State::Parallel { series.unlabelled() } else { series };
            by_voltage = by_voltage.map(|panel| panel.series(series.clone()));
        }
    }
    let mut by_width = [
        Panel::new("a  linear", Axis::log10("pulse width (ns)"), linear()),
        Panel::new("b  Gumbel scale", Axis::log10("pulse width (ns)"), gumbel()).legend(Corner::BottomRight),
    ];
    let start = State::AntiParallel;
    let cells = table.cells(start, 0);
    let chosen = cells.iter().step_by(cells.len().div_ceil(7));
    for (tone, magnitude) in chosen.map(|cell| cell.magnitude_v).enumerate() {
        let points: Vec<(f64, f64)> = table
            .widths_s()
            .iter()
            .filter_map(|w| Some((w * 1e9, table.probability(magnitude, *w, start).ok()?.p)))
            .collect();
        let series = Series::line(format!("{magnitude:.3} V"), points).draw(Draw::LinePoints).tone(tone);
        by_width = by_width.map(|panel| panel.series(series.clone()));
    }
    let figure = |name: &str, caption: &str, panels: [Panel; 2]| {
        let [a, b] = panels;
        Figure::new(name, caption, how.clone()).columns(2).panel(a).panel(b)
    };
    vec![
        figure("probability_voltage", "Switching probability against voltage.", by_voltage),
        figure("probability_width", "Switching probability against pulse width, AP to P.", by_width),
    ]
}
