//! How far tables on a lattice miss the devices between its nodes.

use rayon::prelude::*;

use super::draw::{DeviceFactors, Place, Population};
use super::lattice::Node;
use super::{DeviceTables, PARAMETERS};
use crate::dynamics::pulse::Pulse;
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;
use crate::switching::probability::SwitchingProbability;

/// Deviations of the devices at the corners of a population: one in 150,000 lies beyond in one parameter.
const CORNER: f64 = 4.5;
/// Devices halfway between nodes at most.
const MOST_HALFWAY: usize = 64;
/// Column of the draws by which tables are tested: no array is that wide.
const TEST_COLUMN: usize = u32::MAX as usize;

/// Differences between the probabilities of tables and those of a back end for each device's own macrospin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounding {
    /// Pairs of a device and a voltage that were compared.
    pub pairs: usize,
    /// Root mean square over random devices, at the upper end of its interval of three standard errors.
    pub rms: f64,
    /// Largest: over random devices, and over those at the corners of the population and halfway between nodes together with
    /// the largest of the nominal device halfway between voltages.
    pub largest: f64,
}

/// Where tables are compared with a back end.
#[derive(Clone, Copy)]
pub struct RoundingTest<'a> {
    /// The back end.
    pub back_end: &'a dyn SwitchingProbability,
    /// Voltages of the pulses in V; the sign says which state they leave (`V > 0` potentiates).
    pub volts: &'a [f64],
    /// Full width of the pulses in s.
    pub width_s: f64,
    /// Number of random devices, each compared at one of the voltages.
    pub devices: usize,
}

impl DeviceTables {
    /// Compares the tables with a back end for devices of `population`.
    ///
    /// # Errors
    /// As the back end, [`DeviceTables::probability`] and [`DeviceFactors::macrospin`].
    pub fn rounding(
        &self,
        population: &Population,
        test: &RoundingTest<'_>,
    ) -> Result<Rounding, DeviceError> {
        let random = (0..test.devices).map(|k| {
            let device = population.draw(k, TEST_COLUMN, Place::default());
            (device, test.volts[k % test.volts.len()])
        });
        let random = self.misses(random.collect(), test)?;
        let hardest: Vec<(DeviceFactors, f64)> = self
            .hardest(population)
            .into_iter()
            .flat_map(|device| test.volts.iter().map(move |volts| (device, *volts)))
            .collect();
        let typical = DeviceFactors { hazard: large_hazard(population), ..DeviceFactors::NOMINAL };
        let between = self.between_cells(test).into_iter().map(|volts| (typical, volts)).collect();
        let (hardest, between) = (self.misses(hardest, test)?, self.misses(between, test)?);
        let n = random.len().max(1) as f64;
        let squares = || random.iter().map(|miss| miss * miss);
        let mean = squares().sum::<f64>() / n;
        let variance = squares().map(|square| (square - mean).powi(2)).sum::<f64>() / n;
        let most = |misses: &[f64]| misses.iter().fold(0.0, |most: f64, miss| most.max(miss.abs()));
        Ok(Rounding {
            pairs: random.len() + hardest.len() + between.len(),
            rms: (mean + 3.0 * (variance / n).sqrt()).sqrt(),
            // A device halfway between nodes may stand halfway between voltages too.
            largest: most(&random).max(most(&hardest) + most(&between)),
        })
    }

    fn misses(
        &self,
        pairs: Vec<(DeviceFactors, f64)>,
        test: &RoundingTest<'_>,
    ) -> Result<Vec<f64>, DeviceError> {
        pairs.into_par_iter().map(|(device, volts)| self.miss(&device, volts, test)).collect()
    }

    /// Voltages halfway between cells of the nominal table, from half to one and a half times those of the test.
    fn between_cells(&self, test: &RoundingTest<'_>) -> Vec<f64> {
        let table = self.nominal_table();
        let mut found = Vec::new();
        let Some(width) = table.widths_s().iter().position(|width| *width >= test.width_s * (1.0 - 1e-9))
        else {
            return found;
        };
        for start in State::BOTH {
            let own = || test.volts.iter().map(|v| v * start.switching_polarity()).filter(|v| *v > 0.0);
            let (low, high) = (own().fold(f64::INFINITY, f64::min), own().fold(0.0, f64::max));
            let middles = table
                .cells(start, width)
                .windows(2)
                .map(|pair| 0.5 * (pair[0].magnitude_v + pair[1].magnitude_v));
            let near = middles.filter(|v| *v >= 0.5 * low && *v <= 1.5 * high);
            found.extend(near.map(|v| v * start.switching_polarity()));
        }
        found
    }

    /// Devices for which tables are worst: at the corners of the population, and halfway between nodes with more and less torque.
    fn hardest(&self, population: &Population) -> Vec<DeviceFactors> {
        let mut found = corners(population);
        let range = population.range(CORNER);
        let inside = |device: &DeviceFactors| {
            let within = |x: f64, (low, high): (f64, f64)| x >= low && x <= high;
            within(device.barrier, range.barrier)
                && within(device.tmr, range.tmr)
                && within(device.stray_field_a_per_m, range.stray_field_a_per_m)
        };
        let nodes = self.nodes();
        let half = |axis: usize| if nodes.along(axis) > 1 { 0.5 } else { 0.0 };
        let at = |node: &Node, axis: usize| self.lattice().0[axis] * (f64::from(node.0[axis]) + half(axis));
        let halfway: Vec<DeviceFactors> = nodes
            .all()
            .map(|node| DeviceFactors {
                barrier: 1.0 + at(&node, 0),
                tmr: 1.0 + at(&node, 1),
                stray_field_a_per_m: at(&node, 2),
                ..DeviceFactors::NOMINAL
            })
            .filter(|device| *device != DeviceFactors::NOMINAL && inside(device))
            .collect();
        let every = halfway.len().div_ceil(MOST_HALFWAY).max(1);
        let torque = population.range(CORNER / 2.0).torque;
        let hazard = large_hazard(population);
        for device in halfway.into_iter().step_by(every) {
            for torque in [torque.0, torque.1] {
                found.push(DeviceFactors { critical_voltage: 1.0 / torque, hazard, ..device });
            }
        }
        found
    }

    fn miss(&self, device: &DeviceFactors, volts: f64, test: &RoundingTest<'_>) -> Result<f64, DeviceError> {
        let start = if volts > 0.0 { State::AntiParallel } else { State::Parallel };
        let nominal = self.nominal_junction().macrospin("a comparison of tables with single devices")?;
        let own = Junction::Single(Box::new(device.macrospin(nominal)?));
        let pulse = Pulse::rectangular(volts, test.width_s);
        let exact = device.with_hazard(test.back_end.probability(&own, &pulse, start)?.p);
        Ok(self.probability(device, volts, test.width_s, start)?.p - exact)
    }
}

/// A hazard that few devices exceed: what tables miss of the probability, it multiplies.
fn large_hazard(population: &Population) -> f64 {
    population.at([0.0; PARAMETERS], CORNER / 2.0, 0.0, Place::default()).hazard
}

/// Devices at the ends of each parameter, and at those of all at once in the directions that make switching easy and hard.
fn corners(population: &Population) -> Vec<DeviceFactors> {
    let at = |z: [f64; PARAMETERS], field: f64| population.at(z, CORNER / 2.0, field, Place::default());
    let mut found = Vec::new();
    for sign in [-CORNER, CORNER] {
        for parameter in 0..PARAMETERS {
            let mut z = [0.0; PARAMETERS];
            z[parameter] = sign;
            found.push(at(z, 0.0));
        }
        found.push(at([0.0; PARAMETERS], sign));
        // Resistance, barrier and critical voltage together; not each at its end in any real device.
        let joint = sign / 2.0;
        for tmr in [-joint, joint] {
            found.push(at([joint, tmr, 0.0, joint, joint], joint));
        }
    }
    found
}
