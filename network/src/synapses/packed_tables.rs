//! Tables of a population, packed so that the probability of any of millions of devices is looked up in a write event.
//!
//! # Formula
//! What [`DeviceTables`] says, on a grid of the logarithm of the current density: the Gumbel variable `ln(-ln(1 - p))` of each
//! node of the lattice, linear between grid points and between nodes. A device adds the logarithm of its torque to that
//! of the voltage and the logarithm of its hazard to the variable.

use std::hash::Hasher;
use std::sync::{Arc, LazyLock};

use spinhebb_device::DeviceError;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::{AXES, DeviceTables, torque_follows_junction_current};
use spinhebb_device::switching::table::{SwitchingTable, from_gumbel, gumbel};
use twox_hash::XxHash3_64;

/// Grid points for a factor e in voltage.
const PER_LOG: f64 = 256.0;
/// How far below the first cell of a table the grid begins.
const BELOW: f64 = 8.0;

/// Packed tables of the devices around a population, at one pulse width.
#[derive(Debug, Clone)]
pub struct PackedTables {
    exact: Arc<DeviceTables>,
    width_s: f64,
    /// Nodes along each axis, and how far apart their places lie.
    along: [usize; AXES],
    stride: [usize; AXES],
    /// Logarithm of the first voltage of the grid, and its points.
    first: f64,
    points: usize,
    /// `[start][node * points + point]`, start 0 being parallel.
    gumbel: [Vec<f32>; 2],
    /// What bias takes from the logarithm of the resistance out of the anti-parallel state, `[node * points + point]`; empty where
    /// it takes nothing.
    bias: Vec<f32>,
    /// Logarithm of each node's own torque.
    log_torque: Vec<f64>,
}

impl PackedTables {
    /// Packs `exact` for pulses of `width_s`.
    ///
    /// # Errors
    /// The tables do not hold the width.
    pub fn new(exact: Arc<DeviceTables>, width_s: f64) -> Result<Self, DeviceError> {
        let nodes = exact.nodes();
        let along: [usize; AXES] = std::array::from_fn(|axis| nodes.along(axis));
        let stride = std::array::from_fn(|axis| along[axis + 1..].iter().product());
        let ends = |table: &SwitchingTable| {
            let lowest = |start| table.cells(start, 0)[0].magnitude_v.max(1e-6);
            let highest = |start| table.highest_v(start);
            let both = State::BOTH.map(|start| (lowest(start), highest(start)));
            (both[0].0.min(both[1].0), both[0].1.max(both[1].1))
        };
        let (low, high) = exact
            .tables()
            .iter()
            .map(|(_, table)| ends(table))
            .fold((f64::INFINITY, 0.0_f64), |(low, high), (a, b)| (low.min(a), high.max(b)));
        let first = (low / BELOW).ln();
        let points = ((high.ln() - first) * PER_LOG).ceil() as usize + 2;
        let log_torque =
            nodes.all().map(|node| f64::from(node.0[AXES - 1]) * exact.lattice().0[AXES - 1]).collect();
        let mut packed = Self {
            exact: Arc::clone(&exact),
            width_s,
            along,
            stride,
            first,
            points,
            gumbel: [Vec::new(), Vec::new()],
            bias: Vec::new(),
            log_torque,
        };
        for (junction, table) in exact.tables() {
            for start in State::BOTH {
                packed.add_node(junction, table, start)?;
            }
        }
        Ok(packed)
    }

    fn add_node(
        &mut self,
        junction: &Junction,
        table: &SwitchingTable,
        start: State,
    ) -> Result<(), DeviceError> {
        let transport = junction.barrier().transport;
        let biased = start == State::AntiParallel
            && transport.half_voltage_v.is_finite()
            && torque_follows_junction_current(junction);
        let rest = transport.conductance(start, 0.0);
        let mut previous = 0.0;
        for point in 0..self.points {
            let wanted = (self.first + point as f64 / PER_LOG).exp();
            if biased {
                self.bias.push((rest / transport.conductance(start, wanted)).ln() as f32);
            }
            // The voltage of this current; without bias they are the same.
            let volts = if biased {
                previous = voltage_of(wanted, previous, |v| transport.current(start, v) / rest);
                previous
            } else {
                wanted
            };
            let volts = start.switching_polarity() * volts.min(table.highest_v(start));
            let p = table.probability(volts, self.width_s, start)?.p;
            self.gumbel[side(start)].push(gumbel(p.clamp(1e-300, 1.0 - f64::EPSILON)) as f32);
        }
        Ok(())
    }

    /// The tables that were packed.
    #[must_use]
    pub fn exact(&self) -> &Arc<DeviceTables> {
        &self.exact
    }

    /// Full width of the pulses in s.
    #[must_use]
    pub const fn width_s(&self) -> f64 {
        self.width_s
    }

    /// A number that other tables or widths have with a chance of 2^-64.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut sum = XxHash3_64::with_seed(0);
        sum.write(&self.width_s.to_bits().to_le_bytes());
        for value in self.gumbel.iter().flatten().chain(&self.bias) {
            sum.write(&value.to_bits().to_le_bytes());
        }
        sum.finish()
    }

    /// Nodes along each axis of the lattice.
    #[must_use]
    pub const fn along(&self) -> [usize; AXES] {
        self.along
    }

    /// Gumbel variable of a device out of `start` under a pulse.
    ///
    /// `place` is its position among the nodes, from 0 along each axis; `log_volts` the logarithm of the voltage's magnitude
    /// in V, of the polarity that drives out of `start`; `log_torque` that of the torque over the nominal one.
    #[inline]
    #[must_use]
    pub fn gumbel(&self, place: [f32; AXES], log_volts: f32, log_torque: f32, start: State) -> f32 {
        let table = &self.gumbel[side(start)];
        let mut lowest = 0;
        // The axes along which the device stands between two nodes.
        let (mut strides, mut weights, mut between) = ([0; AXES], [0.0; AXES], 0);
        for ((&place, &along), &stride) in place.iter().zip(&self.along).zip(&self.stride) {
            if along == 1 {
                continue;
            }
            let step = (place as usize).min(along - 2);
            lowest += step * stride;
            strides[between] = stride;
            weights[between] = place - step as f32;
            between += 1;
        }
        let mut sum = 0.0;
        for corner in 0..1usize << between {
            let (mut node, mut weight) = (lowest, 1.0);
            for bit in 0..between {
                if corner >> bit & 1 == 1 {
                    node += strides[bit];
                    weight *= weights[bit];
                } else {
                    weight *= 1.0 - weights[bit];
                }
            }
            sum += weight * self.node_at(table, node, log_volts, log_torque, start);
        }
        sum
    }

    #[inline]
    fn node_at(&self, table: &[f32], node: usize, log_volts: f32, log_torque: f32, start: State) -> f32 {
        let bias = if self.bias.is_empty() || start == State::Parallel {
            0.0
        } else {
            self.interpolated(&self.bias[node * self.points..], log_volts)
        };
        // A node that has another torque is looked up at another voltage.
        let x = log_volts + log_torque - bias - self.log_torque[node] as f32;
        self.interpolated(&table[node * self.points..], x)
    }

    #[inline]
    fn interpolated(&self, values: &[f32], log_volts: f32) -> f32 {
        let x = ((log_volts - self.first as f32) * PER_LOG as f32).clamp(0.0, (self.points - 1) as f32);
        let left = (x as usize).min(self.points - 2);
        let weight = x - left as f32;
        values[left] * (1.0 - weight) + values[left + 1] * weight
    }

    /// The largest Gumbel variable that any node gives at the voltage and torque.
    #[must_use]
    pub fn largest(&self, log_volts: f32, log_torque: f32, start: State) -> f32 {
        let table = &self.gumbel[side(start)];
        let nodes = self.along.iter().product::<usize>();
        let all = (0..nodes).map(|node| self.node_at(table, node, log_volts, log_torque, start));
        all.fold(f32::NEG_INFINITY, f32::max)
    }
}

const fn side(start: State) -> usize {
    match start {
        State::Parallel => 0,
        State::AntiParallel => 1,
    }
}

/// The voltage whose `current` is `wanted`, by bisection from `low`, at which it is less.
fn voltage_of(wanted: f64, low: f64, current: impl Fn(f64) -> f64) -> f64 {
    // Bias only ever lowers the resistance.
    let (mut low, mut high) = (low.min(wanted), wanted);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if current(middle) < wanted { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Lowest and highest Gumbel variable of [`probability`]'s grid, and its points for a unit.
const LOWEST: f32 = -24.0;
const HIGHEST: f32 = 4.0;
const PER_UNIT: f32 = 128.0;

static PROBABILITIES: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let points = ((HIGHEST - LOWEST) * PER_UNIT) as usize + 2;
    (0..points).map(|k| from_gumbel(f64::from(LOWEST + k as f32 / PER_UNIT)) as f32).collect()
});

/// Probability of a Gumbel variable, to 1e-5 of itself.
#[inline]
#[must_use]
pub fn probability(gumbel: f32) -> f32 {
    if gumbel < LOWEST {
        return libm::expf(gumbel);
    }
    if gumbel >= HIGHEST {
        return 1.0;
    }
    let x = (gumbel - LOWEST) * PER_UNIT;
    let left = x as usize;
    let weight = x - left as f32;
    PROBABILITIES[left] * (1.0 - weight) + PROBABILITIES[left + 1] * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_the_gumbel_scale() {
        for k in 0..4000 {
            let y = -30.0 + 0.009 * k as f32;
            let exact = from_gumbel(f64::from(y));
            let found = f64::from(probability(y));
            assert!((found - exact).abs() <= 1.2e-5 * exact, "{y}: {found} {exact}");
        }
        assert_eq!(probability(f32::NEG_INFINITY), 0.0);
    }
}
