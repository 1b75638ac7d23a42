//! What tells one device of millions from another when it is written, in a few bytes.

use std::sync::Arc;

use spinhebb_device::junction::state::State;
use spinhebb_device::population::{AXES, DeviceFactors};

use super::packed_tables::PackedTables;

/// Steps of a packed torque and a packed hazard in the logarithm.
const TORQUE_STEPS: f32 = 8192.0;
const HAZARD_STEPS: f32 = 4096.0;
/// Most steps between two nodes of the lattice.
const NODE_STEPS: f32 = 4096.0;

/// Numbers in 16 bits: `value * steps`, or nothing where all are 0.
#[derive(Debug, Clone, Default)]
struct Packed {
    steps: f32,
    values: Vec<i16>,
    largest: i16,
}

impl Packed {
    fn new(steps: f32) -> Self {
        Self { steps, values: Vec::new(), largest: i16::MIN }
    }

    /// Adds a number; whether it had to be cut.
    fn push(&mut self, value: f64) -> bool {
        let scaled = (value * f64::from(self.steps)).round();
        let kept = scaled.clamp(f64::from(-i16::MAX), f64::from(i16::MAX));
        self.values.push(kept as i16);
        self.largest = self.largest.max(kept as i16);
        // NaN counts as cut.
        !(scaled - kept).abs().le(&0.5)
    }

    #[inline]
    fn at(&self, device: usize) -> f32 {
        // Nothing is held where all are alike.
        self.values.get(device).map_or(0.0, |&value| f32::from(value) / self.steps)
    }

    fn largest(&self) -> f32 {
        if self.values.is_empty() { 0.0 } else { f32::from(self.largest) / self.steps }
    }

    fn drop_if_zero(&mut self) {
        if self.values.iter().all(|&value| value == 0) {
            self.values = Vec::new();
        }
    }
}

/// The devices of a layer as far as writing them goes.
#[derive(Debug, Clone)]
pub struct PackedDevices {
    tables: Option<Arc<PackedTables>>,
    axes: [Option<Packed>; AXES],
    log_torque: Packed,
    log_hazard: Packed,
    clipped: usize,
}

impl PackedDevices {
    /// No devices yet; without `tables` they may differ in their hazards alone.
    #[must_use]
    pub fn new(tables: Option<Arc<PackedTables>>) -> Self {
        let along = tables.as_ref().map_or([1; AXES], |tables| tables.along());
        let axes = along.map(|nodes| {
            let room = f32::from(i16::MAX) / (nodes.max(2) - 1) as f32;
            (nodes > 1).then(|| Packed::new(room.log2().floor().exp2().min(NODE_STEPS)))
        });
        Self {
            tables,
            axes,
            log_torque: Packed::new(TORQUE_STEPS),
            log_hazard: Packed::new(HAZARD_STEPS),
            clipped: 0,
        }
    }

    /// Adds a device.
    pub fn push(&mut self, device: &DeviceFactors) {
        let mut cut = false;
        if let Some(tables) = &self.tables {
            let exact = tables.exact();
            cut |= !exact.holds(device);
            let position = exact.position(device);
            for (axis, packed) in self.axes.iter_mut().enumerate() {
                if let Some(packed) = packed {
                    let (first, last) = (*exact.nodes().0[axis].start(), *exact.nodes().0[axis].end());
                    let inside = position[axis].clamp(f64::from(first), f64::from(last));
                    cut |= packed.push(inside - f64::from(first));
                }
            }
            cut |= self.log_torque.push(exact.torque(device).ln());
        }
        cut |= self.log_hazard.push(device.hazard.ln());
        self.clipped += usize::from(cut);
    }

    /// Gives back the room of what all devices have in common, once all are there.
    pub fn settle(&mut self) {
        self.log_torque.drop_if_zero();
        self.log_hazard.drop_if_zero();
    }

    /// Devices beyond what the tables or 16 bits hold, which stand at the edge instead.
    #[must_use]
    pub const fn clipped(&self) -> usize {
        self.clipped
    }

    /// The tables.
    #[must_use]
    pub const fn tables(&self) -> Option<&Arc<PackedTables>> {
        self.tables.as_ref()
    }

    /// Whether all devices switch alike.
    #[must_use]
    pub fn are_alike(&self) -> bool {
        self.axes.iter().all(Option::is_none)
            && self.log_torque.values.is_empty()
            && self.log_hazard.values.is_empty()
    }

    /// Gumbel variable of number `device` out of `start` under a pulse of a voltage whose logarithm is `log_volts`.
    #[inline]
    #[must_use]
    pub fn at_volts(&self, device: usize, log_volts: f32, start: State) -> f32 {
        let Some(tables) = &self.tables else { return f32::NEG_INFINITY };
        let mut place = [0.0; AXES];
        for (place, axis) in place.iter_mut().zip(&self.axes) {
            if let Some(packed) = axis {
                *place = packed.at(device);
            }
        }
        tables.gumbel(place, log_volts, self.log_torque.at(device), start) + self.log_hazard.at(device)
    }

    /// The same where the nominal device has the Gumbel variable `nominal`, and only hazards differ.
    #[inline]
    #[must_use]
    pub fn at_nominal(&self, device: usize, nominal: f32) -> f32 {
        nominal + self.log_hazard.at(device)
    }

    /// An upper bound of [`Self::at_volts`] over all devices.
    #[must_use]
    pub fn largest_at_volts(&self, log_volts: f32, start: State) -> f32 {
        let Some(tables) = &self.tables else { return f32::NEG_INFINITY };
        tables.largest(log_volts, self.log_torque.largest(), start) + self.log_hazard.largest()
    }

    /// An upper bound of [`Self::at_nominal`] over all devices.
    #[must_use]
    pub fn largest_at_nominal(&self, nominal: f32) -> f32 {
        nominal + self.log_hazard.largest()
    }
}
