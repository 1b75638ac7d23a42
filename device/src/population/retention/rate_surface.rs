//! Escape rates against barrier and stray field, interpolated between those of some devices.
//!
//! # Formula
//! `k(b, H) = sqrt(b) exp(g(ln b, artanh h) - b E(H))` for the factor b of the barrier, `E` the barrier at b = 1 and h the
//! field in anisotropy fields; g is interpolated. Brown's asymptote for high barriers is a g that does not depend on b, which
//! is what is taken beyond the highest barrier whose rate is a number.
//!
//! # References
//! W. F. Brown, Phys. Rev. 130, 1677 (1963), doi:10.1103/PhysRev.130.1677, eq. (4.55).

use rayon::prelude::*;

use super::chebyshev::ChebyshevPoints;
use super::escape_rate::EscapeRate;
use super::wells::Wells;
use crate::dynamics::pulse::Drive;
use crate::error::DeviceError;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::population::DeviceFactors;
use crate::switching::axial::AxialModel;

/// Points along the logarithm of the barrier and along the field.
const POINTS: usize = 24;
/// Barriers over kB T between which rates are computed: below the lower one a state is none, and above the higher one the
/// occupation of the shallower well is not a number.
const LOWEST: f64 = 1.0;
const HIGHEST: f64 = 590.0;

/// Escape rates of devices that differ in barrier and stray field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RateSurface {
    wells: Wells,
    /// Points along the logarithm of the barrier's factor, and along the coordinate of the field.
    barriers: ChebyshevPoints,
    fields: ChebyshevPoints,
    /// g, field by field.
    smooth: Vec<Vec<f64>>,
    /// Power of b in the prefactor.
    power: f64,
}

/// The factor of a barrier, prepared for every field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BarrierPlace {
    factor: f64,
    log_prefactor: f64,
    weights: Vec<f64>,
}

/// The rates at one field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FieldRow {
    barrier: f64,
    smooth: Vec<f64>,
}

impl RateSurface {
    /// Rates out of `start` for factors of the barrier and stray fields in A/m within these ranges, each from the device's own
    /// macrospin.
    ///
    /// # Errors
    /// As [`EscapeRate::new`].
    pub(super) fn new(
        mtj: &Mtj,
        start: State,
        wells: Wells,
        barriers: (f64, f64),
        fields_a_per_m: (f64, f64),
    ) -> Result<Self, DeviceError> {
        let ends = [fields_a_per_m.0, fields_a_per_m.1];
        let fields = ends.map(|field| wells.coordinate(field));
        let fields = ChebyshevPoints::new(fields[0], fields[1], POINTS);
        let highest = ends.iter().map(|field| wells.higher_barrier(*field)).fold(0.0, f64::max);
        let lowest = wells.barrier(0.0);
        let top = barriers.1.min(HIGHEST / highest);
        let bottom = barriers.0.max(LOWEST / lowest).min(top);
        let barriers = ChebyshevPoints::new(bottom.ln(), top.ln(), POINTS);
        let one = |coordinate: f64, log_factor: f64| {
            let stray_field_a_per_m = wells.stray_a_per_m(coordinate);
            let barrier = log_factor.exp();
            let factors = DeviceFactors { barrier, stray_field_a_per_m, ..DeviceFactors::NOMINAL };
            let model = AxialModel::of(&factors.macrospin(mtj)?, Drive::Voltage)?;
            let rate = EscapeRate::of_axial(&model, 0.0, start)?.per_second;
            Ok(rate.ln() + barrier * wells.barrier(stray_field_a_per_m) - 0.5 * log_factor)
        };
        let row =
            |x: &f64| barriers.points().iter().map(|b| one(*x, *b)).collect::<Result<Vec<_>, DeviceError>>();
        let smooth = fields.points().par_iter().map(row).collect::<Result<_, _>>()?;
        Ok(Self { wells, barriers, fields, smooth, power: 0.5 })
    }

    /// Rates with one prefactor, that of `nominal`: `k exp(E (1 - b))`.
    pub(super) fn of_one_prefactor(nominal: &EscapeRate, wells: Wells) -> Self {
        let single = ChebyshevPoints::new(0.0, 0.0, 1);
        let smooth = vec![vec![nominal.per_second.ln() + wells.barrier(0.0)]];
        Self { wells, barriers: single.clone(), fields: single, smooth, power: 0.0 }
    }

    /// Where a factor of the barrier lies.
    pub(super) fn barrier(&self, factor: f64) -> BarrierPlace {
        // A barrier below all of them is the lowest: without one there is no state.
        let lowest = if self.power == 0.0 { 0.0 } else { self.barriers.points()[0].exp() };
        let factor = factor.max(lowest);
        let log = factor.ln();
        BarrierPlace { factor, log_prefactor: self.power * log, weights: self.barriers.weights(log) }
    }

    /// The rates at a stray field in A/m.
    pub(super) fn row(&self, stray_a_per_m: f64) -> FieldRow {
        let weights = self.fields.weights(self.wells.coordinate(stray_a_per_m));
        let at = |k: usize| self.smooth.iter().zip(&weights).map(|(row, weight)| weight * row[k]).sum();
        let smooth = (0..self.barriers.points().len()).map(at).collect();
        FieldRow { barrier: self.wells.barrier(stray_a_per_m), smooth }
    }
}

impl FieldRow {
    /// Logarithm of the rate in 1/s.
    pub(super) fn log_rate(&self, at: &BarrierPlace) -> f64 {
        let smooth: f64 = self.smooth.iter().zip(&at.weights).map(|(value, weight)| value * weight).sum();
        smooth + at.log_prefactor - at.factor * self.barrier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junction::preset;

    fn device(stability: f64) -> Mtj {
        let mtj = preset::load("perpendicular-40nm").unwrap().device.resolve().unwrap();
        mtj.with_stability(stability).unwrap()
    }

    fn exact(mtj: &Mtj, start: State, barrier: f64, stray_field_a_per_m: f64) -> f64 {
        let factors = DeviceFactors { barrier, stray_field_a_per_m, ..DeviceFactors::NOMINAL };
        let model = AxialModel::of(&factors.macrospin(mtj).unwrap(), Drive::Voltage).unwrap();
        EscapeRate::of_axial(&model, 0.0, start).unwrap().per_second.ln()
    }

    /// Largest error of the logarithm of the rate between the points; fields in those at which a well is lost.
    fn largest_error(start: State, barriers: (f64, f64), fields: (f64, f64)) -> f64 {
        let mtj = device(80.0);
        let wells = Wells::of(&mtj, start).unwrap();
        let limit = wells.limits_a_per_m().1;
        let fields = (fields.0 * limit, fields.1 * limit);
        let surface = RateSurface::new(&mtj, start, wells, barriers, fields).unwrap();
        let mut largest: f64 = 0.0;
        for field in [0.03, 0.2, 0.41, 0.77, 0.97].map(|share| fields.0 + share * (fields.1 - fields.0)) {
            for share in [0.01, 0.13, 0.36, 0.52, 0.68, 0.91, 0.99] {
                let barrier = barriers.0 * (barriers.1 / barriers.0).powf(share);
                let found = surface.row(field).log_rate(&surface.barrier(barrier));
                largest = largest.max((found - exact(&mtj, start, barrier, field)).abs());
            }
        }
        largest
    }

    /// Between the points, rates are those of the devices themselves.
    #[test]
    fn rates_between_the_points_are_those_of_the_devices() {
        for start in State::BOTH {
            for (barriers, fields, tolerance) in [
                ((0.5, 1.5), (0.0, 0.0), 1e-10),
                ((0.02, 3.0), (0.0, 0.0), 1e-5),
                ((0.5, 1.5), (-0.3, 0.3), 1e-6),
                // Up to the field at which a well is lost, where the state is hardly one.
                ((0.02, 1.5), (-1.0, 1.0), 1e-2),
            ] {
                let error = largest_error(start, barriers, fields);
                assert!(error < tolerance, "{start} {barriers:?} {fields:?}: {error:e}");
            }
        }
    }

    /// Where strong fields leave no number for the higher barriers, those follow the asymptote.
    #[test]
    fn higher_barriers_follow_the_asymptote() {
        let (mtj, start) = (device(150.0), State::Parallel);
        let wells = Wells::of(&mtj, start).unwrap();
        let surface = RateSurface::new(&mtj, start, wells, (0.5, 2.0), wells.limits_a_per_m()).unwrap();
        for barrier in [1.2, 1.6, 2.0] {
            let found = surface.row(0.0).log_rate(&surface.barrier(barrier));
            let exact = exact(&mtj, start, barrier, 0.0);
            // g changes with one over the barrier.
            assert!((found - exact).abs() < 1.0 / 150.0, "{barrier}: {found} {exact}");
        }
    }
}
