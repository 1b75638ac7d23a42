//! Recorded trajectories: direction, drive, current, conductance and temperature against time.

use spinhebb_data::DataError;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::random_stream::Streams;

use crate::dynamics::lanes::{Dynamics, Stepping};
use crate::dynamics::pulse::{Drive, Pulse};
use crate::error::DeviceError;
use crate::junction::equilibrium::Well;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::junction::transport::Transport;
use crate::junction::vector::Vector;

/// Where trajectories begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Beginning {
    /// Thermal equilibrium in the well of a state.
    Equilibrium(State),
    /// A given direction (unit vector in the laboratory frame).
    Direction(Vector),
}

/// Recorded trajectories of one junction under one pulse.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Times, s.
    pub time_s: Vec<f64>,
    /// Drive at these times (V, or A for current drive; positive potentiates).
    pub drive: Vec<f64>,
    /// Directions, shape: trajectory x time.
    pub direction: Vec<Vec<Vector>>,
    /// Current through the junction in A, shape: trajectory x time.
    pub current_a: Vec<Vec<f64>>,
    /// Voltage across the junction in V, shape: trajectory x time.
    pub junction_v: Vec<Vec<f64>>,
    /// Conductance in S at the junction's voltage, shape: trajectory x time.
    pub conductance_s: Vec<Vec<f64>>,
    /// Temperature in K, shape: trajectory x time.
    pub temperature_k: Vec<Vec<f64>>,
    /// What the source imposed.
    pub source: Drive,
}

/// Which trajectories are recorded, and how steps are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recording {
    /// Number of trajectories.
    pub count: u64,
    /// Steps from one recorded time to the next, at least 1.
    pub every: usize,
    /// Master seed.
    pub seed: u64,
    /// How steps are taken.
    pub stepping: Stepping,
}

impl Recording {
    /// Checks the range.
    pub(crate) fn validate(&self) -> Result<(), DeviceError> {
        match self.every {
            0 => Err(DeviceError::out_of_range("every", self.every, "it must be at least 1")),
            _ => Ok(()),
        }
    }
}

/// Integrates trajectories under `pulse` and records them. Positive drive potentiates (anti-parallel to parallel).
///
/// # Errors
/// [`DeviceError::OutOfRange`] if [`Recording::every`] is zero; errors of [`Dynamics::new`] and [`Well::new`].
pub fn record(
    mtj: &Mtj,
    pulse: &Pulse,
    beginning: Beginning,
    recording: &Recording,
) -> Result<Record, DeviceError> {
    recording.validate()?;
    let Recording { count, every, seed, stepping } = *recording;
    let dynamics = Dynamics::new(mtj, pulse, &stepping)?;
    let initial = Streams::new(seed, "device/trajectory/initial direction");
    let mut lanes = match beginning {
        Beginning::Direction(m) => dynamics.lanes((0..count).map(|k| (k, m))),
        Beginning::Equilibrium(state) => {
            let well = Well::new(mtj, state)?;
            dynamics.lanes((0..count).map(|k| (k, well.sample(&mut initial.rng(k)))))
        }
    };
    let noise = Streams::new(seed, "device/trajectory/thermal field");
    let n = lanes.len();
    let mut record = Record::empty(n, pulse.drive);
    let steps = dynamics.schedule().steps().len();
    let mut step = 0;
    loop {
        let time_s = dynamics.schedule().time_s(step);
        let drive = pulse.at(time_s);
        record.begin(time_s, drive);
        for lane in 0..n {
            let cosine = lanes.cosine(lane);
            let sample = Sample {
                direction: dynamics.direction(&lanes, lane),
                cosine,
                junction_v: dynamics.junction_volts(drive, cosine),
                temperature_k: lanes.temperature_k(lane),
            };
            record.push(lane, sample, &mtj.transport);
        }
        if step == steps {
            return Ok(record);
        }
        let next = (step + every).min(steps);
        dynamics.advance(&mut lanes, &noise, step..next);
        step = next;
    }
}

/// State of one trajectory at one time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Direction in the laboratory frame.
    pub direction: Vector,
    /// `m.p`.
    pub cosine: f64,
    /// Voltage across the junction, V.
    pub junction_v: f64,
    /// Temperature, K.
    pub temperature_k: f64,
}

impl Record {
    /// A record of `count` trajectories without times.
    pub(crate) fn empty(count: usize, source: Drive) -> Self {
        Self {
            time_s: Vec::new(),
            drive: Vec::new(),
            direction: vec![Vec::new(); count],
            current_a: vec![Vec::new(); count],
            junction_v: vec![Vec::new(); count],
            conductance_s: vec![Vec::new(); count],
            temperature_k: vec![Vec::new(); count],
            source,
        }
    }

    /// Begins the next time, at which the source imposes `drive`.
    pub(crate) fn begin(&mut self, time_s: f64, drive: f64) {
        self.time_s.push(time_s);
        self.drive.push(drive);
    }

    /// Adds the state of one trajectory at the time begun last.
    pub(crate) fn push(&mut self, trajectory: usize, sample: Sample, transport: &Transport) {
        let Sample { direction, cosine, junction_v, temperature_k } = sample;
        let drive = self.drive.last().copied().unwrap_or(0.0);
        let (conductance_s, current_a) = match self.source {
            Drive::Voltage => {
                let conductance_s = transport.conductance_at(cosine, junction_v);
                (conductance_s, conductance_s * junction_v)
            }
            Drive::Current if junction_v != 0.0 => (drive / junction_v, drive),
            Drive::Current => (transport.conductance_at(cosine, 0.0), drive),
        };
        self.direction[trajectory].push(direction);
        self.junction_v[trajectory].push(junction_v);
        self.conductance_s[trajectory].push(conductance_s);
        self.current_a[trajectory].push(current_a);
        self.temperature_k[trajectory].push(temperature_k);
    }

    /// The record as labelled arrays over (trajectory, time).
    ///
    /// # Errors
    /// [`DataError`] if an array does not fit, which records made here exclude.
    pub fn to_dataset(&self) -> Result<Dataset, DataError> {
        let shape = [self.direction.len(), self.time_s.len()];
        let grid = |name: &str, unit: &str, long_name: &str, rows: Vec<f64>| {
            Variable::new(name, unit, long_name, &["trajectory", "time"], &shape, rows)
        };
        let component =
            |axis: usize| -> Vec<f64> { self.direction.iter().flatten().map(|m| m[axis]).collect() };
        let flat = |rows: &[Vec<f64>]| rows.concat();
        let drive_unit = match self.source {
            Drive::Voltage => "V",
            Drive::Current => "A",
        };
        Dataset::new("device/trajectory")
            .attribute("convention", "positive drive potentiates (anti-parallel to parallel)")
            .with(Variable::coordinate("time", "s", "time from the start of the pulse", self.time_s.clone()))?
            .with(Variable::along(
                "drive",
                "time",
                drive_unit,
                "drive imposed by the source",
                self.drive.clone(),
            ))?
            .with(grid("m_x", "1", "free layer, x", component(0))?)?
            .with(grid("m_y", "1", "free layer, y", component(1))?)?
            .with(grid("m_z", "1", "free layer, z", component(2))?)?
            .with(grid("current", "A", "current through the junction", flat(&self.current_a))?)?
            .with(grid("junction_voltage", "V", "voltage across the junction", flat(&self.junction_v))?)?
            .with(grid("conductance", "S", "conductance of the junction", flat(&self.conductance_s))?)?
            .with(grid("temperature", "K", "temperature of the free layer", flat(&self.temperature_k))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junction::preset;

    #[test]
    fn conductance_follows_the_angle_during_a_switching_pulse() {
        let mtj = preset::load("perpendicular-40nm").unwrap().device.resolve().unwrap();
        let pulse = Pulse::rectangular(0.9, 3e-9);
        let start = Beginning::Equilibrium(State::AntiParallel);
        let recording = Recording { count: 3, every: 10, seed: 1, stepping: Stepping::default() };
        let record = record(&mtj, &pulse, start, &recording).unwrap();
        let (parallel, antiparallel) =
            (mtj.transport.parallel_s, mtj.transport.conductance(State::AntiParallel, 0.9));
        for lane in 0..3 {
            let (first, last) = (record.conductance_s[lane][0], record.conductance_s[lane].last().unwrap());
            assert!((first - antiparallel).abs() < 0.1 * antiparallel, "{first} {antiparallel}");
            assert!((last - parallel).abs() < 0.05 * parallel, "{last} {parallel}");
            assert!((record.current_a[lane][0] - 0.9 * first).abs() < 1e-12);
        }
        assert_eq!(record.drive.last(), Some(&0.0));
        assert_eq!(record.to_dataset().unwrap().length("time"), Some(record.time_s.len()));
    }
}
