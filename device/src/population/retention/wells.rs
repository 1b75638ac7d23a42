//! The two wells of a device in a stray field along its axis.
//!
//! # Formula
//! With h the field along the fixed layer in anisotropy fields, the barriers are `Delta (1 + h)^2` out of the parallel and
//! `Delta (1 - h)^2` out of the anti-parallel state; at |h| = 1 one of the wells is gone.
//!
//! # References
//! W. F. Brown, Phys. Rev. 130, 1677 (1963), doi:10.1103/PhysRev.130.1677, eq. (4.49).

use crate::dynamics::pulse::Drive;
use crate::error::DeviceError;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::switching::axial::AxialModel;

/// Field in anisotropy fields up to which there are two wells to speak of: at this field one barrier is a four-hundredth of
/// that without field, and the other four times it. A device beyond counts as one here.
const TWO_WELLS: f64 = 0.95;

/// Barriers of the states against the stray field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wells {
    /// Barrier over kB T without field.
    delta: f64,
    /// Anisotropy field in A/m; infinite where the stray field does not count.
    anisotropy_a_per_m: f64,
    /// Field along the fixed layer without that of the population.
    field_a_per_m: f64,
    /// 1 where a positive field raises the barrier.
    sign: f64,
}

impl Wells {
    /// The wells of an axially symmetric device.
    ///
    /// # Errors
    /// As [`AxialModel::of`].
    pub(super) fn of(mtj: &Mtj, start: State) -> Result<Self, DeviceError> {
        Ok(Self {
            delta: AxialModel::of(mtj, Drive::Voltage)?.delta(),
            anisotropy_a_per_m: mtj.anisotropy_field(0.0),
            field_a_per_m: mtj.axial_field(),
            sign: start.cosine(),
        })
    }

    /// A barrier that no field changes.
    pub(super) const fn without_field(stability: f64) -> Self {
        Self { delta: stability, anisotropy_a_per_m: f64::INFINITY, field_a_per_m: 0.0, sign: 1.0 }
    }

    /// Whether a stray field changes the barrier.
    pub(super) const fn feel_fields(&self) -> bool {
        self.anisotropy_a_per_m.is_finite()
    }

    /// Stray fields of the population between which there are two wells, in A/m.
    pub(super) fn limits_a_per_m(&self) -> (f64, f64) {
        let limit = TWO_WELLS * self.anisotropy_a_per_m;
        (-limit - self.field_a_per_m, limit - self.field_a_per_m)
    }

    /// 1 where a positive field raises the barrier, else -1.
    pub(super) const fn sign(&self) -> f64 {
        self.sign
    }

    /// Field in anisotropy fields.
    fn reduced(&self, stray_a_per_m: f64) -> f64 {
        ((self.field_a_per_m + stray_a_per_m) / self.anisotropy_a_per_m).clamp(-TWO_WELLS, TWO_WELLS)
    }

    /// Barrier over kB T out of the state.
    pub(super) fn barrier(&self, stray_a_per_m: f64) -> f64 {
        self.delta * (1.0 + self.sign * self.reduced(stray_a_per_m)).powi(2)
    }

    /// The higher of the two barriers.
    pub(super) fn higher_barrier(&self, stray_a_per_m: f64) -> f64 {
        self.delta * (1.0 + self.reduced(stray_a_per_m).abs()).powi(2)
    }

    /// Coordinate in which rates are smooth up to where a well vanishes: `artanh h`.
    pub(super) fn coordinate(&self, stray_a_per_m: f64) -> f64 {
        self.reduced(stray_a_per_m).atanh()
    }

    /// Stray field in A/m at a coordinate.
    pub(super) fn stray_a_per_m(&self, coordinate: f64) -> f64 {
        if self.feel_fields() {
            coordinate.tanh() * self.anisotropy_a_per_m - self.field_a_per_m
        } else {
            0.0
        }
    }
}
