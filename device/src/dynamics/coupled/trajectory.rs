//! Recorded trajectories of coupled layers.

use spinhebb_data::DataError;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::random_stream::Streams;

use super::pairs::{CoupledDynamics, LayerStreams};
use crate::dynamics::pulse::Pulse;
use crate::dynamics::trajectory::{Record, Recording, Sample};
use crate::error::DeviceError;
use crate::junction::coupled::{CoupledMtj, CoupledWell, Pair};
use crate::junction::state::State;
use crate::junction::vector::Vector;

/// Where trajectories begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CoupledBeginning {
    /// Thermal equilibrium in the well of a state.
    Equilibrium(State),
    /// Given directions (unit vectors in the laboratory frame).
    Directions(Pair),
}

/// Recorded trajectories of coupled layers under one pulse.
#[derive(Debug, Clone, PartialEq)]
pub struct CoupledRecord {
    /// Barrier layer, drive, current, conductance and temperature.
    pub barrier: Record,
    /// Directions of the coupled layer, shape: trajectory x time.
    pub coupled: Vec<Vec<Vector>>,
}

/// Integrates trajectories under `pulse` and records them. Positive drive potentiates (anti-parallel to parallel).
///
/// # Errors
/// [`DeviceError::OutOfRange`] if [`Recording::every`] is zero; errors of [`CoupledDynamics::new`] and
/// [`CoupledWell::new`].
pub fn record(
    device: &CoupledMtj,
    pulse: &Pulse,
    beginning: CoupledBeginning,
    recording: &Recording,
) -> Result<CoupledRecord, DeviceError> {
    recording.validate()?;
    let Recording { count, every, seed, stepping } = *recording;
    let dynamics = CoupledDynamics::new(device, pulse, &stepping)?;
    let initial = Streams::new(seed, "device/coupled trajectory/initial directions");
    let mut pairs = match beginning {
        CoupledBeginning::Directions(m) => dynamics.pairs((0..count).map(|k| (k, m))),
        CoupledBeginning::Equilibrium(state) => {
            let well = CoupledWell::new(device, state)?;
            dynamics.pairs((0..count).map(|k| (k, well.sample(&mut initial.rng(k)))))
        }
    };
    let noise = LayerStreams::new(seed, "device/coupled trajectory/thermal field");
    let mtj = &device.layers[0];
    let n = pairs.len();
    let mut barrier = Record::empty(n, pulse.drive);
    let mut coupled = vec![Vec::new(); n];
    let steps = dynamics.schedule().steps().len();
    let mut step = 0;
    loop {
        let time_s = dynamics.schedule().time_s(step);
        let drive = pulse.at(time_s);
        barrier.begin(time_s, drive);
        for (k, path) in coupled.iter_mut().enumerate() {
            let [first, second] = dynamics.directions(&pairs, k);
            let cosine = pairs.cosine(k);
            let sample = Sample {
                direction: first,
                cosine,
                junction_v: dynamics.junction_volts(drive, cosine),
                temperature_k: mtj.temperature_k,
            };
            barrier.push(k, sample, &mtj.transport);
            path.push(second);
        }
        if step == steps {
            return Ok(CoupledRecord { barrier, coupled });
        }
        let next = (step + every).min(steps);
        dynamics.advance(&mut pairs, &noise, step..next);
        step = next;
    }
}

impl CoupledRecord {
    /// The record as labelled arrays over (trajectory, time); the coupled layer as `coupled_x`, `_y`, `_z`.
    ///
    /// # Errors
    /// [`DataError`] if an array does not fit, which records made here exclude.
    pub fn to_dataset(&self) -> Result<Dataset, DataError> {
        let shape = [self.coupled.len(), self.barrier.time_s.len()];
        let mut dataset = self.barrier.to_dataset()?;
        for (axis, name) in ["coupled_x", "coupled_y", "coupled_z"].into_iter().enumerate() {
            let values: Vec<f64> = self.coupled.iter().flatten().map(|m| m[axis]).collect();
            let long_name = format!("coupled layer, {}", ["x", "y", "z"][axis]);
            let dimensions = ["trajectory", "time"];
            dataset = dataset.with(Variable::new(name, "1", &long_name, &dimensions, &shape, values)?)?;
        }
        Ok(dataset)
    }
}
