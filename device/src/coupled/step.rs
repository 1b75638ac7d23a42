//! One step of a pair of macrospins by each integrator: every stage advances both layers.

use super::coupling::Coupling;
use super::{CoupledMtj, Pair};
use crate::error::DeviceError;
use crate::llgs::{Equation, FULL, Instant, UNHEATED, slope, total_field};
use crate::mtj::Mtj;
use crate::pulse::Drive;
use crate::vector::{Vector, add_scaled, cross, dot, normalised};

/// Fixed-point iterations of the implicit midpoint; see the single macrospin's.
const MIDPOINT_ITERATIONS: usize = 14;

/// What does not change over a run: coupling and the layers' constants, in the kernel's frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairLaw {
    pub coupling: Coupling,
    /// `1/(mu0 Ms t)` of each layer: field per force.
    pub per_moment: [f64; 2],
    /// gamma0/(1 + alpha^2) of each layer.
    pub precession: [f64; 2],
    pub damping: [f64; 2],
}

/// The equations' scalars over one step.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairStep {
    pub duration_s: f64,
    pub start: [Instant; 2],
    pub middle: [Instant; 2],
    pub end: [Instant; 2],
}

/// The equations of both layers, in one frame.
pub(super) fn equations(device: &CoupledMtj, drive: Drive) -> Result<[Equation; 2], DeviceError> {
    let [barrier, coupled] = &device.layers;
    let coupled = Mtj { fixed_layer: barrier.fixed_layer, ..coupled.clone() };
    Ok([Equation::new(barrier, drive)?, Equation::new(&coupled, drive)?])
}

impl PairLaw {
    /// The law of `device`, whose layers obey `equations`.
    pub(super) fn new(device: &CoupledMtj, equations: &[Equation; 2]) -> Self {
        let mut coupling = device.coupling;
        coupling.dipolar_j_per_m2 = equations[0].tensor_to_frame(&coupling.dipolar_j_per_m2);
        Self {
            coupling,
            per_moment: [0, 1].map(|i| 1.0 / device.areal_moment(i)),
            precession: equations.each_ref().map(|equation| equation.precession),
            damping: equations.each_ref().map(|equation| equation.damping),
        }
    }

    /// Thermal plus coupling field on layer `I`.
    #[inline(always)]
    fn extra_field<const I: usize>(&self, m: Pair, thermal: Pair) -> Vector {
        add_scaled(thermal[I], self.per_moment[I], self.coupling.force(m[I], m[1 - I]))
    }

    #[inline(always)]
    fn layer_slope<const I: usize>(&self, m: Pair, thermal: Pair, at: &[Instant; 2]) -> Vector {
        let extra = self.extra_field::<I>(m, thermal);
        slope::<FULL>(m[I], extra, &at[I], UNHEATED, self.precession[I], self.damping[I])
    }

    /// dm/dt of both layers, 1/s.
    #[inline(always)]
    pub(super) fn slopes(&self, m: Pair, thermal: Pair, at: &[Instant; 2]) -> Pair {
        [self.layer_slope::<0>(m, thermal, at), self.layer_slope::<1>(m, thermal, at)]
    }

    #[inline(always)]
    pub(super) fn runge_kutta_4(&self, m: Pair, thermal: Pair, s: &PairStep) -> Pair {
        let step = s.duration_s;
        let k1 = self.slopes(m, thermal, &s.start);
        let k2 = self.slopes(moved(m, 0.5 * step, k1), thermal, &s.middle);
        let k3 = self.slopes(moved(m, 0.5 * step, k2), thermal, &s.middle);
        let k4 = self.slopes(moved(m, step, k3), thermal, &s.end);
        let inner = moved(k2, 1.0, k3);
        let [a, b] = moved(m, step / 6.0, moved(moved(k1, 1.0, k4), 2.0, inner));
        [normalised(a), normalised(b)]
    }

    #[inline(always)]
    pub(super) fn heun(&self, m: Pair, thermal: Pair, s: &PairStep) -> Pair {
        let k1 = self.slopes(m, thermal, &s.start);
        let k2 = self.slopes(moved(m, s.duration_s, k1), thermal, &s.end);
        let half = 0.5 * s.duration_s;
        let [a, b] = moved(moved(m, half, k1), half, k2);
        [normalised(a), normalised(b)]
    }

    /// `m' - m = mid x w` with the rotation vectors w of both layers at the common midpoint; each
    /// iterate keeps both lengths.
    #[inline(always)]
    pub(super) fn implicit_midpoint(&self, m: Pair, thermal: Pair, s: &PairStep) -> Pair {
        let mut mid = m;
        for _ in 0..MIDPOINT_ITERATIONS {
            mid = [
                self.midpoint_iterate::<0>(m, mid, thermal, s),
                self.midpoint_iterate::<1>(m, mid, thermal, s),
            ];
        }
        moved(moved(mid, 1.0, mid), -1.0, m)
    }

    /// The solution of `mid = m + mid x w` for layer `I`, with w at the iterate `at`.
    #[inline(always)]
    fn midpoint_iterate<const I: usize>(&self, m: Pair, at: Pair, thermal: Pair, s: &PairStep) -> Vector {
        let half = -0.5 * s.duration_s * self.precession[I];
        let extra = self.extra_field::<I>(at, thermal);
        let b = total_field::<FULL>(at[I], extra, &s.middle[I], UNHEATED);
        let w = add_scaled([0.0; 3], half, add_scaled(b, self.damping[I], cross(at[I], b)));
        let turned = add_scaled(cross(m[I], w), dot(m[I], w), w);
        add_scaled([0.0; 3], 1.0 / (1.0 + dot(w, w)), add_scaled(m[I], 1.0, turned))
    }
}

#[inline(always)]
fn moved(m: Pair, step: f64, k: Pair) -> Pair {
    [add_scaled(m[0], step, k[0]), add_scaled(m[1], step, k[1])]
}
