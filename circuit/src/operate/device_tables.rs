//! Switching tables of the single devices of a varied array.
//!
//! # Formula
//! Two properties decide how a device switches: its barrier E_b, as a factor b of the nominal one, and its spin torque
//! per volt, as a factor k. The torque follows the current density, so that
//! k = (G(V)/A)/(G_nominal(V)/A_nominal)/c with the conductance G per area A of the device in the state it is to leave
//! (resistance-area product and TMR) and the factor c of its critical voltage. Tables are made at a few
//! barriers and torques that span the array. Between torques k_0 <= k <= k_1 the table of k_0 is looked up at
//! V k/k_0 and that of k_1 at V k/k_1, and the two are mixed linearly in ln k on the Gumbel scale: exact at the
//! nodes, and exact everywhere if voltage changes nothing but the torque (no bias-dependent TMR, no voltage control).
//! Between barriers the mixture is that of [`DeviceAxis`].
//!
//! # Not modelled
//! The change of k while the junction turns from one state to the other; the dependence of the barrier on the area
//! (give the barrier its own spread and correlate the two).

use std::sync::Arc;

use nalgebra::DMatrix;
use spinhebb_data::config::{Check, Faults};
use spinhebb_device::DeviceError;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::switching::table::{DeviceAxis, SwitchingTable, from_gumbel, gumbel};

use crate::array::variation::{DeviceDraw, Fault};
use crate::error::CircuitError;
use crate::operate::write::{CellPulse, SwitchingLookup};

/// How many tables span an array: `barriers` and `torques` of the table of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableNodes {
    /// Barriers, from the lowest of the array to the highest.
    pub barriers: usize,
    /// Torques, from the weakest of the array to the strongest.
    pub torques: usize,
}

impl Check for TableNodes {
    fn check(&self, faults: &mut Faults) {
        for (key, count) in [("barriers", self.barriers), ("torques", self.torques)] {
            faults.require((1..=20).contains(&count), key, count, "1 to 20 tables");
        }
    }
}

/// Device that a table is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableDevice {
    /// Factor of the energy barrier.
    pub barrier: f64,
    /// Factor of the spin torque at a given voltage.
    pub torque: f64,
    /// Factor by which the table has to reach beyond the largest voltage of the array.
    pub reach: f64,
}

/// Tables over barriers at one torque.
#[derive(Debug, Clone)]
enum Barriers {
    One(SwitchingTable),
    Several { count: usize, lowest: f64, highest: f64, axis: DeviceAxis },
}

impl Barriers {
    fn probability(&self, barrier: f64, volts: f64, width_s: f64, start: State) -> Result<f64, DeviceError> {
        match self {
            Self::One(table) => Ok(table.probability(volts, width_s, start)?.p),
            Self::Several { lowest, highest, axis, .. } => {
                Ok(axis.probability(barrier.clamp(*lowest, *highest), volts, width_s, start)?.p)
            }
        }
    }
}

/// The devices of an array, each with its own switching probability.
#[derive(Debug, Clone)]
pub struct DeviceTables {
    devices: DMatrix<DeviceDraw>,
    nominal: Transport,
    /// Torque factor and tables, in order of the torque; shared by all arrays of the kind.
    nodes: Arc<[(f64, Barriers)]>,
}

/// Torque of a device in `start` at `volts` (V > 0 favours P), over that of the nominal one.
fn torque(draw: &DeviceDraw, nominal: Transport, start: State, volts: f64) -> f64 {
    let own = draw.transport(nominal).conductance(start, volts) / draw.factors.area;
    own / nominal.conductance(start, volts) / draw.factors.critical_voltage
}

/// `count` values from `low` to `high`, evenly spaced in the logarithm; one if they do not differ.
fn between(low: f64, high: f64, count: usize) -> Vec<f64> {
    if count < 2 || high <= low * (1.0 + 1e-9) {
        return vec![(low * high).sqrt()];
    }
    let last = (count - 1) as f64;
    let inner = (1..count - 1).map(|k| low * (high / low).powf(k as f64 / last));
    std::iter::once(low).chain(inner).chain(std::iter::once(high)).collect()
}

impl DeviceTables {
    /// Tables for `devices` (M x N) of the kind `nominal`, each made by `make`.
    ///
    /// # Errors
    /// An array without devices, no tables asked for, or what `make` reports.
    pub fn new(
        devices: DMatrix<DeviceDraw>,
        nominal: Transport,
        nodes: TableNodes,
        mut make: impl FnMut(TableDevice) -> Result<SwitchingTable, DeviceError>,
    ) -> Result<Self, CircuitError> {
        let (rows, cols) = devices.shape();
        if devices.is_empty() {
            return Err(CircuitError::Empty { rows, cols });
        }
        nodes.first_fault()?;
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)))
        };
        let (lowest, highest) = range(&mut devices.iter().map(|draw| draw.factors.barrier));
        // The ratio of the anti-parallel conductances runs from its value at 0 V to that of the parallel ones.
        let torques =
            devices.iter().flat_map(|draw| State::BOTH.map(|start| torque(draw, nominal, start, 0.0)));
        let (weakest, strongest) = range(&mut torques.into_iter());
        let torques = between(weakest, strongest, nodes.torques);
        let barriers = between(lowest, highest, nodes.barriers);
        let tables = torques.iter().enumerate().map(|(k, &torque)| {
            // A device up to the next torque looks this table up at a higher voltage; a single one serves all.
            let reach = torques.get(k + 1).unwrap_or(&strongest) / torque;
            let mut make = |barrier| make(TableDevice { barrier, torque, reach });
            let along = if let [barrier] = barriers[..] {
                Barriers::One(make(barrier)?)
            } else {
                let tables: Result<Vec<_>, _> = barriers.iter().map(|&b| Ok((b, make(b)?))).collect();
                Barriers::Several { count: barriers.len(), lowest, highest, axis: DeviceAxis::new(tables?)? }
            };
            Ok((torque, along))
        });
        let nodes: Result<Arc<[_]>, DeviceError> = tables.collect();
        let nodes =
            nodes.map_err(|source| CircuitError::Switching { row: 0, col: 0, source: Box::new(source) })?;
        Ok(Self { devices, nominal, nodes })
    }

    /// The same tables for other devices of the same kind, within the range of those the tables were made for (small
    /// excursions beyond its ends are scaled from there).
    ///
    /// # Errors
    /// An array without devices.
    pub fn with_devices(&self, devices: DMatrix<DeviceDraw>) -> Result<Self, CircuitError> {
        let (rows, cols) = devices.shape();
        if devices.is_empty() {
            return Err(CircuitError::Empty { rows, cols });
        }
        Ok(Self { devices, nominal: self.nominal, nodes: Arc::clone(&self.nodes) })
    }

    /// Number of tables made.
    #[must_use]
    pub fn count(&self) -> usize {
        let one = match &self.nodes[0].1 {
            Barriers::One(_) => 1,
            Barriers::Several { count, .. } => *count,
        };
        self.nodes.len() * one
    }

    fn of(&self, draw: &DeviceDraw, volts: f64, width_s: f64, start: State) -> Result<f64, DeviceError> {
        let torque = torque(draw, self.nominal, start, volts);
        let at = |node: usize| {
            let (own, barriers) = &self.nodes[node];
            barriers.probability(draw.factors.barrier, volts * torque / own, width_s, start)
        };
        let above = self.nodes.partition_point(|(own, _)| *own < torque);
        if above == 0 || above == self.nodes.len() {
            // Only rounding leads beyond the ends; a single table serves all.
            return at(above.min(self.nodes.len() - 1));
        }
        let (low, high) = (at(above - 1)?, at(above)?);
        if low == 0.0 && high == 0.0 {
            return Ok(0.0);
        }
        let (a, b) = (self.nodes[above - 1].0, self.nodes[above].0);
        let weight = (torque / a).ln() / (b / a).ln();
        let scale = |p: f64| gumbel(p.clamp(1e-300, 1.0 - f64::EPSILON));
        Ok(from_gumbel((1.0 - weight) * scale(low) + weight * scale(high)))
    }
}

impl SwitchingLookup for DeviceTables {
    /// Devices with a fault never switch.
    fn probability(&self, pulse: CellPulse) -> Result<f64, CircuitError> {
        let CellPulse { row, col, volts, width_s, start } = pulse;
        let draw = &self.devices[(row, col)];
        if let Some(Fault::Open | Fault::Short | Fault::StuckState) = draw.fault {
            return Ok(0.0);
        }
        self.of(draw, volts, width_s, start).map_err(|source| CircuitError::Switching {
            row,
            col,
            source: Box::new(source),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spinhebb_device::population::DeviceFactors;
    use spinhebb_device::switching::table::TableCell;

    /// A law with all of it: -ln(1 - p) = (t/ns) exp(a (k V - 0.5 V) + 3 (1 - b)).
    fn law(device: (f64, f64), magnitude: f64) -> f64 {
        let (barrier, torque) = device;
        -(-(12.0 * (torque * magnitude - 0.5) + 3.0 * (1.0 - barrier)).exp()).exp_m1()
    }

    fn table(device: TableDevice) -> Result<SwitchingTable, DeviceError> {
        SwitchingTable::new(&[1e-9], "formula", |_, _| {
            (0..41)
                .map(|i| device.reach * (0.05 + 0.02 * f64::from(i)))
                .map(|v| TableCell::computed(v, law((device.barrier, device.torque), v), 0.0))
                .collect()
        })
    }

    fn pulse(row: usize, col: usize, volts: f64, start: State) -> CellPulse {
        CellPulse { row, col, volts, width_s: 1e-9, start }
    }

    fn draw(resistance_area: f64, tmr: f64, barrier: f64, critical_voltage: f64) -> DeviceDraw {
        let factors =
            DeviceFactors { resistance_area, tmr, barrier, critical_voltage, ..DeviceFactors::NOMINAL };
        DeviceDraw { factors, fault: None }
    }

    /// Every device has the probability of its own law: the torque scaling is exact, and so is the mixture over
    /// barriers, in which the Gumbel variable of this law is linear.
    #[test]
    fn every_device_has_its_own_probability() {
        let nominal = Transport { parallel_s: 1e-4, tmr: 1.0, half_voltage_v: f64::INFINITY };
        let devices = DMatrix::from_row_slice(
            2,
            3,
            &[
                DeviceDraw { factors: DeviceFactors { area: 1.3, ..DeviceFactors::NOMINAL }, fault: None },
                draw(0.9, 1.0, 0.8, 1.0),
                draw(1.0, 1.2, 1.1, 1.05),
                draw(1.1, 0.9, 0.95, 1.0),
                draw(1.0, 1.0, 1.25, 0.85),
                DeviceDraw { fault: Some(Fault::StuckState), ..DeviceDraw::NOMINAL },
            ],
        );
        let nodes = TableNodes { barriers: 3, torques: 2 };
        let tables = DeviceTables::new(devices.clone(), nominal, nodes, table).unwrap();
        assert_eq!(tables.count(), 6);
        for (row, col) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)] {
            let d = devices[(row, col)].factors;
            for magnitude in [0.3, 0.45, 0.6] {
                for start in State::BOTH {
                    // Conductance per area, over 1/(RA) = 1 and 1/(RA (1 + TMR)) = 1/2.
                    let own = match start {
                        State::Parallel => 1.0 / d.resistance_area,
                        State::AntiParallel => 2.0 / (d.resistance_area * (1.0 + d.tmr)),
                    };
                    let expected = law((d.barrier, own / d.critical_voltage), magnitude);
                    let volts = magnitude * start.switching_polarity();
                    let found = tables.probability(pulse(row, col, volts, start)).unwrap();
                    assert!((found / expected - 1.0).abs() < 1e-6, "({row}, {col}): {found} {expected}");
                    assert_eq!(tables.probability(pulse(row, col, -volts, start)).unwrap(), 0.0);
                }
            }
        }
        assert_eq!(tables.probability(pulse(1, 2, 0.8, State::AntiParallel)).unwrap(), 0.0);
    }

    #[test]
    fn equal_devices_need_one_table() {
        let nominal = Transport { parallel_s: 1e-4, tmr: 1.0, half_voltage_v: 0.5 };
        let devices = DMatrix::from_element(4, 2, DeviceDraw::NOMINAL);
        let nodes = TableNodes { barriers: 5, torques: 3 };
        let tables = DeviceTables::new(devices, nominal, nodes, table).unwrap();
        assert_eq!(tables.count(), 1);
        let p = tables.probability(pulse(2, 1, 0.45, State::AntiParallel)).unwrap();
        assert!((p / law((1.0, 1.0), 0.45) - 1.0).abs() < 1e-9);
        assert!(tables.probability(pulse(2, 1, 5.0, State::AntiParallel)).is_err());
        let none = DeviceTables::new(DMatrix::from_element(0, 2, DeviceDraw::NOMINAL), nominal, nodes, table);
        assert!(matches!(none, Err(CircuitError::Empty { rows: 0, cols: 2 })));
        let mut faults = Faults::default();
        TableNodes { barriers: 0, torques: 21 }.check(&mut faults);
        let paths: Vec<&str> = faults.found().iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["barriers", "torques"]);
    }
}
