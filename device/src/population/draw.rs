//! The devices of a population, drawn one by one from keyed random streams.
//!
//! Device (row, col) draws from the stream of its own coordinates, so that the same seed gives the same device whatever the
//! size of the array, the tiling or the number of threads. Draws are made again where they are wanted, not held.
//!
//! # Formula
//! Five standard normals z = L x with L the Cholesky factor of the correlation matrix give the factors of
//! resistance-area product, TMR, area, barrier and critical voltage ([`Spread`](super::Spread)), times
//! `1 + g_x x + g_y y` for a gradient, with the place (x, y) of the device from -1/2 to 1/2 across the array. Two further
//! normals give the factor of the hazard and the stray field.
//!
//! # Not modelled
//! What the area does to barrier and torques (give the barrier a spread of its own and correlate the two).

use nalgebra::{Matrix5, Vector5};
use rand_distr::{Distribution, StandardNormal};
use spinhebb_data::config::{Check as _, FieldFault};
use spinhebb_data::random_stream::Streams;

use super::config::{PARAMETERS, PopulationConfig};
use super::spread::{Factors, FieldSpread};
use crate::error::DeviceError;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::junction::transport::Transport;

/// Where a device stands in its array, -1/2 to 1/2 from edge to edge.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Place {
    /// From the left to the right edge.
    pub x: f64,
    /// From the top to the bottom edge.
    pub y: f64,
}

impl Place {
    /// The place of device (row, col) in an array of `rows` x `cols`; that of a single row or column is the middle.
    #[must_use]
    pub fn in_array(row: usize, col: usize, rows: usize, cols: usize) -> Self {
        let centred = |index: usize, count: usize| {
            if count > 1 { index as f64 / (count - 1) as f64 - 0.5 } else { 0.0 }
        };
        Self { x: centred(col, cols), y: centred(row, rows) }
    }
}

/// The parameters of one device over those of the nominal one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeviceFactors {
    /// Of the resistance-area product.
    pub resistance_area: f64,
    /// Of the TMR.
    pub tmr: f64,
    /// Of the area.
    pub area: f64,
    /// Of the energy barrier.
    pub barrier: f64,
    /// Of the critical voltage, beside that of the resistance-area product.
    pub critical_voltage: f64,
    /// Of the switching hazard `-ln(1 - p)`.
    pub hazard: f64,
    /// Not a factor: the stray field along the fixed layer in A/m, beside that of the nominal device; positive favours
    /// the parallel state.
    pub stray_field_a_per_m: f64,
}

impl DeviceFactors {
    /// The device without variation.
    pub const NOMINAL: Self = Self {
        resistance_area: 1.0,
        tmr: 1.0,
        area: 1.0,
        barrier: 1.0,
        critical_voltage: 1.0,
        hazard: 1.0,
        stray_field_a_per_m: 0.0,
    };

    /// Transport of this device: its conductance goes as area over resistance-area product.
    #[must_use]
    pub fn transport(&self, nominal: Transport) -> Transport {
        Transport {
            parallel_s: nominal.parallel_s * self.area / self.resistance_area,
            tmr: nominal.tmr * self.tmr,
            half_voltage_v: nominal.half_voltage_v,
        }
    }

    /// The macrospin of this device, for the back ends; what it has of hazard, [`Self::with_hazard`] adds to their results.
    ///
    /// Its own resistance-area product and TMR give its torques, at the area of the nominal device.
    ///
    /// # Errors
    /// As [`Mtj::with_stability`].
    pub fn macrospin(&self, nominal: &Mtj) -> Result<Mtj, DeviceError> {
        let mut own = match self.barrier {
            1.0 => nominal.clone(),
            barrier => nominal.with_stability(nominal.stability(State::Parallel)? * barrier)?,
        };
        own = own.with_torque_scaled(1.0 / self.critical_voltage);
        own.transport = Self { area: 1.0, ..*self }.transport(nominal.transport);
        for (field, along) in own.field_a_per_m.iter_mut().zip(nominal.fixed_layer) {
            *field += self.stray_field_a_per_m * along;
        }
        Ok(own)
    }

    /// Probability of this device to switch where one of hazard 1 switches with `p`.
    #[must_use]
    pub fn with_hazard(&self, p: f64) -> f64 {
        if self.hazard == 1.0 { p } else { -(self.hazard * (-p).ln_1p()).exp_m1() }
    }
}

/// A population from which devices are drawn.
#[derive(Debug, Clone)]
pub struct Population {
    streams: Streams,
    factor: Matrix5<f64>,
    factors: [Factors; PARAMETERS],
    hazard: Factors,
    stray_field: FieldSpread,
}

/// Smallest and largest values of a population, within so many deviations of every parameter, wherever a device stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PopulationRange {
    /// Factors of the barrier.
    pub barrier: (f64, f64),
    /// Factors of the TMR.
    pub tmr: (f64, f64),
    /// Factors of the torque per volt: resistance-area product and critical voltage together.
    pub torque: (f64, f64),
    /// Stray field in A/m.
    pub stray_field_a_per_m: (f64, f64),
}

impl Population {
    /// Prepares the draws of devices that differ as in `config`; `seed` is that of the run, which a seed of the population
    /// replaces.
    ///
    /// # Errors
    /// A spread or correlation out of range.
    pub fn new(config: &PopulationConfig, seed: u64) -> Result<Self, FieldFault> {
        config.first_fault()?;
        let streams = Streams::new(config.seed.unwrap_or(seed), "circuit/devices");
        let factors = config.spreads().map(|spread| Factors::of(&spread));
        let (hazard, stray_field) = (Factors::of(&config.hazard), config.stray_field);
        Ok(Self { streams, factor: config.correlation_factor()?, factors, hazard, stray_field })
    }

    /// Factors of the barrier.
    pub(super) const fn barrier(&self) -> &Factors {
        &self.factors[3]
    }

    /// Factors of the hazard.
    pub(super) const fn hazard(&self) -> &Factors {
        &self.hazard
    }

    /// The stray field.
    pub(super) const fn stray_field(&self) -> &FieldSpread {
        &self.stray_field
    }

    /// What the devices stay within, but for those beyond `deviations`.
    #[must_use]
    pub fn range(&self, deviations: f64) -> PopulationRange {
        let corners = [-0.5, 0.5].map(|x| [-0.5, 0.5].map(|y| Place { x, y }));
        let over = |of: &dyn Fn(f64, Place) -> f64| {
            let all =
                corners.iter().flatten().flat_map(|&place| [-deviations, deviations].map(|z| of(z, place)));
            all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
        };
        let factor = |k: usize| over(&|z, place| self.factors[k].at(z, place));
        let logarithms = [0, 4].map(|k| {
            let (low, high) = factor(k);
            (-low.ln()).max(high.ln())
        });
        // Not all of them are at their ends in one device.
        let torque = logarithms.iter().map(|log| log * log).sum::<f64>().sqrt().exp();
        PopulationRange {
            barrier: factor(3),
            tmr: factor(1),
            torque: (1.0 / torque, torque),
            stray_field_a_per_m: over(&|z, place| self.stray_field.at(z, place)),
        }
    }

    /// Device (row, col), which stands at `place`.
    #[must_use]
    pub fn draw(&self, row: usize, col: usize, place: Place) -> DeviceFactors {
        let mut rng = self.streams.rng2(row as u32, col as u32);
        let normal = Vector5::from_fn(|_, _| StandardNormal.sample(&mut rng));
        let correlated: Vector5<f64> = self.factor * normal;
        let [hazard, field] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
        self.at(correlated.into(), hazard, field, place)
    }

    /// The device whose parameters lie these deviations from the mean: resistance-area product, TMR, area, barrier and
    /// critical voltage, then hazard and stray field.
    #[must_use]
    pub fn at(&self, correlated: [f64; PARAMETERS], hazard: f64, field: f64, place: Place) -> DeviceFactors {
        let factor = |k: usize| self.factors[k].at(correlated[k], place);
        DeviceFactors {
            resistance_area: factor(0),
            tmr: factor(1),
            area: factor(2),
            barrier: factor(3),
            critical_voltage: factor(4),
            hazard: self.hazard.at(hazard, place),
            stray_field_a_per_m: self.stray_field.at(field, place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::Spread;

    #[test]
    fn a_seed_of_its_own_replaces_that_of_the_run() {
        let area = Spread { relative: 0.1, ..Spread::default() };
        let shared = PopulationConfig { area, ..PopulationConfig::default() };
        let own = PopulationConfig { seed: Some(7), ..shared.clone() };
        let draw = |config: &PopulationConfig, seed: u64| {
            Population::new(config, seed).unwrap().draw(3, 2, Place::default())
        };
        assert_eq!(draw(&own, 1), draw(&shared, 7));
        assert_eq!(draw(&own, 1), draw(&own, 2));
        assert_ne!(draw(&shared, 1), draw(&shared, 7));
    }
}
