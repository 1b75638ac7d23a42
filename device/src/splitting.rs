//! Rare events by splitting trajectories: any device the ensemble can simulate.
//!
//! [`write_error`]: the probability that a pulse fails to switch, by drawing copies anew in
//! proportion to their chance to remain. [`escape`]: the rate of thermal escape at a constant
//! voltage, by forward flux over levels of energy. Both are products of moderate fractions;
//! their errors come from independent repeats.

pub mod escape;
pub mod write_error;

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::constants::BOLTZMANN;
use crate::energy;
use crate::error::DeviceError;
use crate::mtj::Mtj;
use crate::state::State;
use crate::vector::{SymmetricTensor, Vector, dot};

/// Size and seed of a splitting run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Splitting {
    /// Trajectories held at a time.
    pub copies: usize,
    /// Independent repeats, at least 2.
    pub repeats: u32,
    /// Master seed.
    pub seed: u64,
}

impl Splitting {
    /// Default size: 2048 trajectories, 8 repeats.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { copies: 2048, repeats: 8, seed }
    }

    fn validate(&self) -> Result<(), DeviceError> {
        if self.copies < 16 {
            return Err(DeviceError::out_of_range("copies", self.copies, "at least 16 are needed"));
        }
        if self.repeats < 2 {
            return Err(DeviceError::out_of_range(
                "repeats",
                self.repeats,
                "at least 2 are needed for an error",
            ));
        }
        Ok(())
    }
}

/// Mean of independent repeats.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeats {
    /// Results of the repeats, in order.
    pub values: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
}

impl Repeats {
    fn of(values: Vec<f64>) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let square = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
        Self { mean, standard_error: (square / (n * (n - 1.0))).sqrt(), values }
    }

    /// Half width of the two-sided 95% interval of the mean (Student's t).
    #[must_use]
    pub fn half_width(&self) -> f64 {
        let freedom = (self.values.len() - 1) as f64;
        let quantile = StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(0.975));
        quantile * self.standard_error
    }
}

/// Progress of a direction from one well to the other, by its energy at zero voltage.
///
/// # Formula
/// 0 at the minimum of the starting well, 1 at the pass: `(E - E_min)/E_b` on the side of the
/// start (at most 1), `1 + (E_pass - E)/E_b` on the other side (at least 1).
#[derive(Debug, Clone)]
struct Progress {
    tensor: SymmetricTensor,
    field: Vector,
    fixed_layer: Vector,
    sign: f64,
    lowest: f64,
    barrier: f64,
    /// Barrier over kB T.
    stability: f64,
}

impl Progress {
    fn new(mtj: &Mtj, start: State) -> Result<Self, DeviceError> {
        let tensor = mtj.tensor(0.0);
        let field = mtj.field_a_per_m;
        let (from, to) = (mtj.well(start)?, mtj.well(start.opposite())?);
        let lowest = energy::density(&tensor, field, from);
        let barrier = energy::saddle_density(&tensor, field, from, to) - lowest;
        let stability = barrier * mtj.energy_per_field() / (BOLTZMANN * mtj.temperature_k);
        Ok(Self {
            tensor,
            field,
            fixed_layer: mtj.fixed_layer,
            sign: start.cosine(),
            lowest,
            barrier,
            stability,
        })
    }

    fn at(&self, m: Vector) -> f64 {
        let share = (energy::density(&self.tensor, self.field, m) - self.lowest) / self.barrier;
        if dot(m, self.fixed_layer) * self.sign > 0.0 { share.min(1.0) } else { (2.0 - share).max(1.0) }
    }

    /// Progress `depth` kB T below the pass on the other side.
    fn beyond(&self, depth: f64) -> f64 {
        1.0 + depth / self.stability
    }
}
