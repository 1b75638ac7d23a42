//! The fixed lattice of devices for which switching tables are made.
//!
//! A population of any spread and seed uses the nodes of one lattice, so that tables can be kept and shared. Axes: barrier
//! and TMR over those of the nominal device, stray field in anisotropy fields, and, where voltage does more than drive a
//! torque, the logarithm of the torque.

use std::ops::RangeInclusive;

use super::draw::{DeviceFactors, PopulationRange};
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;

/// Number of axes of the lattice.
pub const AXES: usize = 4;
/// Nodes of a lattice at most.
const MOST_NODES: usize = 10_000;

/// A point of the lattice, in steps from the nominal device: barrier, TMR, stray field, torque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Node(pub [i32; AXES]);

impl Node {
    /// The nominal device.
    pub const NOMINAL: Self = Self([0; AXES]);
}

/// Steps of the lattice: the barrier's and the TMR's in units of the nominal ones, the field's in A/m, the torque's in its
/// logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lattice(pub [f64; AXES]);

impl Lattice {
    /// The device at `node`, to have a table of its own.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] for two coupled layers away from the nominal device; as
    /// [`DeviceFactors::macrospin`].
    pub fn junction(&self, nominal: &Junction, node: Node) -> Result<Junction, DeviceError> {
        if node == Node::NOMINAL {
            return Ok(nominal.clone());
        }
        let mtj = nominal
            .macrospin("a spread of barrier, TMR or stray field, or of torque under voltage control,")?;
        let [barrier, tmr, field, torque] =
            std::array::from_fn(|axis| self.0[axis] * f64::from(node.0[axis]));
        let factors = DeviceFactors {
            barrier: 1.0 + barrier,
            tmr: 1.0 + tmr,
            stray_field_a_per_m: field,
            critical_voltage: (-torque).exp(),
            ..DeviceFactors::NOMINAL
        };
        Ok(Junction::Single(Box::new(factors.macrospin(mtj)?)))
    }

    /// Where a device stands, in steps.
    #[must_use]
    pub fn position(&self, device: &DeviceFactors, torque: f64) -> [f64; AXES] {
        let [barrier, tmr, field, log_torque] = self.0;
        [
            (device.barrier - 1.0) / barrier,
            (device.tmr - 1.0) / tmr,
            device.stray_field_a_per_m / field,
            torque.ln() / log_torque,
        ]
    }
}

/// A box of the lattice that holds the devices of a population, the nominal one among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nodes(pub [RangeInclusive<i32>; AXES]);

impl Nodes {
    /// The nodes around all devices of `range`; those along the torque only where `scales` says that it is not enough to
    /// scale the voltage. Barriers and TMRs of the nodes are above 0.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for more nodes than tables can be made for.
    pub fn around(lattice: &Lattice, range: &PopulationRange, scales: bool) -> Result<Self, DeviceError> {
        let steps = |axis: usize, (low, high): (f64, f64), least: f64| {
            let step = lattice.0[axis];
            let lowest = ((least / step).floor() as i32 + 1).min(0);
            // A device just on a node needs no further one.
            let (from, to) = ((low / step + 1e-9).floor() as i32, (high / step - 1e-9).ceil() as i32);
            from.clamp(lowest, 0)..=to.max(0)
        };
        let above_zero = -1.0;
        let relative = |(low, high): (f64, f64)| (low - 1.0, high - 1.0);
        let torque = if scales { (0.0, 0.0) } else { (range.torque.0.ln(), range.torque.1.ln()) };
        let nodes = Self([
            steps(0, relative(range.barrier), above_zero),
            steps(1, relative(range.tmr), above_zero),
            steps(2, range.stray_field_a_per_m, f64::NEG_INFINITY),
            steps(3, torque, f64::NEG_INFINITY),
        ]);
        let count = nodes.count();
        if count > MOST_NODES {
            let expected = format!(
                "at most {MOST_NODES} tables can be made for the devices of a population; take wider steps \
                 (`table.barrier_step` and the like) or smaller spreads"
            );
            return Err(DeviceError::out_of_range("population", format!("{count} tables"), &expected));
        }
        Ok(nodes)
    }

    /// The nominal device alone.
    #[must_use]
    pub fn nominal() -> Self {
        Self(std::array::from_fn(|_| 0..=0))
    }

    /// Nodes along an axis.
    #[must_use]
    pub fn along(&self, axis: usize) -> usize {
        (self.0[axis].end() - self.0[axis].start() + 1) as usize
    }

    /// Number of nodes.
    #[must_use]
    pub fn count(&self) -> usize {
        (0..AXES).map(|axis| self.along(axis)).product()
    }

    /// All nodes, the last axis running fastest.
    pub fn all(&self) -> impl Iterator<Item = Node> + '_ {
        (0..self.count()).map(|mut place| {
            let mut node = Node::NOMINAL;
            for axis in (0..AXES).rev() {
                let along = self.along(axis);
                node.0[axis] = self.0[axis].start() + (place % along) as i32;
                place /= along;
            }
            node
        })
    }

    /// Place of a node among [`Self::all`].
    #[must_use]
    pub fn place(&self, node: Node) -> usize {
        (0..AXES)
            .fold(0, |place, axis| place * self.along(axis) + (node.0[axis] - self.0[axis].start()) as usize)
    }

    /// Whether another box holds all of these nodes.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        (0..AXES).all(|k| self.0[k].start() >= other.0[k].start() && self.0[k].end() <= other.0[k].end())
    }

    /// The corners around `position` with their weights, none of which is 0, and whether the position lies within the box.
    pub fn corners(&self, position: [f64; AXES]) -> (Vec<(Node, f64)>, bool) {
        let mut corners = vec![(Node::NOMINAL, 1.0)];
        let mut inside = true;
        for (axis, &x) in position.iter().enumerate() {
            let (first, last) = (f64::from(*self.0[axis].start()), f64::from(*self.0[axis].end()));
            // Rounding of a device on the edge is not outside.
            inside &= x >= first - 1e-6 && x <= last + 1e-6;
            let x = x.clamp(first, last);
            let low = x.floor();
            let weight = x - low;
            let lower = corners.iter().map(|(node, w)| (*node, w * (1.0 - weight), low as i32));
            let upper = corners.iter().map(|(node, w)| (*node, w * weight, low as i32 + 1));
            let both: Vec<(Node, f64, i32)> = lower.chain(upper).filter(|corner| corner.1 > 0.0).collect();
            corners = both
                .into_iter()
                .map(|(mut node, weight, step)| {
                    node.0[axis] = step;
                    (node, weight)
                })
                .collect();
        }
        (corners, inside)
    }
}

/// Whether the only thing that voltage does to `junction` is to drive a torque in proportion to the current density, so that
/// other torques are other voltages.
#[must_use]
pub fn voltage_only_drives_torque(junction: &Junction) -> bool {
    match junction {
        Junction::Single(mtj) => mtj.voltage_control == 0.0,
        Junction::Coupled(_) => true,
    }
}

/// Whether the current through the junction drives the torque: not where spin-orbit torque alone does, whose current runs
/// past the barrier.
#[must_use]
pub fn torque_follows_junction_current(junction: &Junction) -> bool {
    match junction {
        Junction::Single(mtj) => mtj.spin_transfer.is_some() || mtj.spin_orbit.is_none(),
        Junction::Coupled(_) => true,
    }
}

/// Voltage at which the device at a node has the current density, over its critical one, that `device` has at `volts` in the
/// state `start`: the same torque.
///
/// # Formula
/// `V' G_node(V') = V G_node(V) / (resistance_area critical_voltage)`, at the TMR of the node; under spin-orbit torque alone,
/// whose current runs past the barrier, `V' = V / critical_voltage`.
#[must_use]
pub fn equivalent_volts(node: &Junction, device: &DeviceFactors, volts: f64, start: State) -> f64 {
    if !torque_follows_junction_current(node) {
        return volts / device.critical_voltage;
    }
    let scale = 1.0 / (device.resistance_area * device.critical_voltage);
    let transport = node.barrier().transport;
    if scale == 1.0 || start == State::Parallel || transport.half_voltage_v.is_infinite() || volts == 0.0 {
        return volts * scale;
    }
    let wanted = scale * transport.current(start, volts);
    let mut found = volts * scale;
    // The current rises steadily with the voltage; Newton's steps from close by.
    for _ in 0..50 {
        let step =
            (transport.current(start, found) - wanted) / transport.differential_conductance(start, found);
        found -= step;
        if step.abs() <= 1e-14 * found.abs() {
            break;
        }
    }
    found
}
