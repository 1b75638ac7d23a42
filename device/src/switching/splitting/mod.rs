//! Rare events by splitting trajectories: any device the ensemble can simulate.
//!
//! [`write_error`]: the probability that a pulse fails to switch, by drawing copies anew in
//! proportion to their chance to remain; one run gives all widths. [`escape`]: the rate of thermal escape at a
//! constant voltage, by forward flux over levels of energy. Both are products of moderate fractions;
//! their errors come from independent repeats, of which as many are run as the wanted error needs, up to a bound.

pub mod escape;
pub mod write_error;

use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::dynamics::lanes::Stepping;
use crate::error::DeviceError;
use crate::junction::constants::BOLTZMANN;
use crate::junction::energy;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::junction::vector::{SymmetricTensor, Vector, dot};

/// Size, accuracy, seed and steps of a splitting run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Splitting {
    /// Trajectories held at a time.
    pub copies: usize,
    /// Independent repeats of the first stage, at least 2.
    pub repeats: u32,
    /// Half width of the 95% interval over the result that is asked for.
    pub relative_error: f64,
    /// Repeats at most, which bounds the work.
    pub most_repeats: u32,
    /// Master seed.
    pub seed: u64,
    /// How steps are taken.
    pub stepping: Stepping,
}

/// Least probability whose relative error counts when more repeats are asked for.
pub const LEAST: f64 = 1e-15;

impl Splitting {
    /// Default size: 2048 trajectories; 8 repeats, or up to 32 until the 95% interval is within 20%.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let stepping = Stepping::default();
        Self { copies: 2048, repeats: 8, relative_error: 0.2, most_repeats: 32, seed, stepping }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] naming key, value and what is expected.
    pub fn validate(&self) -> Result<(), DeviceError> {
        if !(64..=1_000_000).contains(&self.copies) {
            return Err(DeviceError::out_of_range(
                "copies",
                self.copies,
                "64 to 1000000 trajectories are expected",
            ));
        }
        if !(2..=10_000).contains(&self.repeats) {
            return Err(DeviceError::out_of_range(
                "repeats",
                self.repeats,
                "2 to 10000 are expected; an error needs two or more",
            ));
        }
        if !(self.repeats..=10_000).contains(&self.most_repeats) {
            return Err(DeviceError::out_of_range(
                "most_repeats",
                self.most_repeats,
                &format!("at least the {} of the first stage and at most 10000 are expected", self.repeats),
            ));
        }
        if !(self.relative_error > 0.0 && self.relative_error.is_finite()) {
            return Err(DeviceError::out_of_range(
                "relative_error",
                self.relative_error,
                "a number above zero is expected, such as 0.2",
            ));
        }
        Ok(())
    }

    /// Independent repeats of `one` (repeat to results, always as many) in two stages: the deviation of the first
    /// tells how many are needed for the relative error of every result above [`LEAST`], which are then
    /// run whatever they give. This keeps the coverage of the interval, which stopping at a good moment does not.
    ///
    /// # References
    /// C. Stein, Ann. Math. Statist. 16, 243 (1945), doi:10.1214/aoms/1177731088.
    fn repeat(
        &self,
        one: impl Fn(u32) -> Result<Vec<f64>, DeviceError> + Sync,
    ) -> Result<Vec<Repeats>, DeviceError> {
        let run = |range: std::ops::Range<u32>| {
            range.into_par_iter().map(&one).collect::<Result<Vec<_>, DeviceError>>()
        };
        let by_result = |runs: &[Vec<f64>]| -> Vec<Repeats> {
            (0..runs[0].len()).map(|k| Repeats::of(runs.iter().map(|run| run[k]).collect())).collect()
        };
        let mut runs = run(0..self.repeats)?;
        let found = by_result(&runs);
        let factor = found
            .iter()
            .filter(|found| found.mean >= LEAST)
            .map(|found| found.half_width() / (self.relative_error * found.mean))
            .fold(0.0, f64::max);
        let needed =
            (f64::from(self.repeats) * factor * factor).ceil().min(f64::from(self.most_repeats)) as u32;
        if needed <= self.repeats {
            return Ok(found);
        }
        runs.extend(run(self.repeats..needed)?);
        Ok(by_result(&runs))
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

/// How far a direction has come from one well to the other, by its energy at zero voltage.
///
/// # Formula
/// 0 at the minimum of the starting well, 1 at the pass: `(E - E_min)/E_b` on the side of the
/// start (at most 1), `1 + (E_pass - E)/E_b` on the other side (at least 1).
#[derive(Debug, Clone)]
struct ReactionCoordinate {
    tensor: SymmetricTensor,
    field: Vector,
    fixed_layer: Vector,
    sign: f64,
    lowest: f64,
    barrier: f64,
    /// Barrier over kB T.
    stability: f64,
}

impl ReactionCoordinate {
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
