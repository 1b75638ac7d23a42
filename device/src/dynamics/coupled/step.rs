//! One step of a pair of macrospins by each integrator: every stage advances both layers.
//!
//! As for one macrospin, fields are multiplied by `-gamma0 dt/(1 + alpha^2)`, which makes them rotations
//! over the step.

use crate::dynamics::lane_step::MIDPOINT_ITERATIONS;
use crate::dynamics::llgs::{Equation, FULL, Instant, UNHEATED, slope, total_field};
use crate::dynamics::pulse::Drive;
use crate::error::DeviceError;
use crate::junction::coupled::{CoupledMtj, Coupling, Pair};
use crate::junction::mtj::Mtj;
use crate::junction::vector::{SymmetricTensor, Vector, add, add_scaled, cross, dot, normalised};

/// The equations of both layers, in one frame.
#[derive(Debug, Clone)]
pub(super) struct PairEquations {
    pub layers: [Equation; 2],
    coupling: Coupling,
    areal_moments: [f64; 2],
}

/// The scalars of both layers' equations at one drive.
pub(super) type Instants = [Instant; 2];

/// The scalars of one step: rotations over it.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairStep {
    pub start: Instants,
    pub middle: Instants,
    pub end: Instants,
    /// Rotation of each layer per field, m/A.
    pub rotation: [f64; 2],
    /// Rotation of each layer per force of the coupling, m2/J.
    per_force: [f64; 2],
    coupling: Coupling,
    damping: [f64; 2],
}

impl PairEquations {
    pub(super) fn new(device: &CoupledMtj, drive: Drive) -> Result<Self, DeviceError> {
        let [barrier, coupled] = &device.layers;
        let coupled = Mtj { fixed_layer: barrier.fixed_layer, ..coupled.clone() };
        let layers = [Equation::new(barrier, drive)?, Equation::new(&coupled, drive)?];
        let dipolar: SymmetricTensor = layers[0].tensor_to_frame(&device.coupling.dipolar_j_per_m2);
        Ok(Self {
            coupling: Coupling { dipolar_j_per_m2: dipolar, ..device.coupling },
            areal_moments: [0, 1].map(|i| device.areal_moment(i)),
            layers,
        })
    }

    /// Scalars of a step of `duration_s` with the drives at its beginning, middle and end; rates in 1/s for
    /// a duration of 1 s.
    pub(super) fn step(&self, duration_s: f64, drives: [f64; 3]) -> PairStep {
        let rotation = self.layers.each_ref().map(|layer| -layer.precession * duration_s);
        let at = |drive: f64| [0, 1].map(|i| self.layers[i].instant(drive).scaled(rotation[i]));
        PairStep {
            start: at(drives[0]),
            middle: at(drives[1]),
            end: at(drives[2]),
            rotation,
            per_force: [0, 1].map(|i| rotation[i] / self.areal_moments[i]),
            coupling: self.coupling,
            damping: self.layers.each_ref().map(|layer| layer.damping),
        }
    }
}

impl PairStep {
    /// Thermal plus coupling rotation of layer `I`.
    #[inline(always)]
    fn extra<const I: usize>(&self, m: Pair, thermal: Pair) -> Vector {
        add_scaled(thermal[I], self.per_force[I], self.coupling.force(m[I], m[1 - I]))
    }

    #[inline(always)]
    fn layer_change<const I: usize>(&self, m: Pair, thermal: Pair, at: &Instants) -> Vector {
        slope::<FULL>(m[I], self.extra::<I>(m, thermal), &at[I], UNHEATED, self.damping[I])
    }

    /// Change of both layers over the step at the rates of `m`.
    #[inline(always)]
    pub(super) fn change(&self, m: Pair, thermal: Pair, at: &Instants) -> Pair {
        [self.layer_change::<0>(m, thermal, at), self.layer_change::<1>(m, thermal, at)]
    }

    #[inline(always)]
    pub(super) fn runge_kutta_4(&self, m: Pair, thermal: Pair) -> Pair {
        let k1 = self.change(m, thermal, &self.start);
        let k2 = self.change(moved(m, 0.5, k1), thermal, &self.middle);
        let k3 = self.change(moved(m, 0.5, k2), thermal, &self.middle);
        let k4 = self.change(moved(m, 1.0, k3), thermal, &self.end);
        let sum = moved(moved(k1, 1.0, k4), 2.0, moved(k2, 1.0, k3));
        let [a, b] = moved(m, 1.0 / 6.0, sum);
        [normalised(a), normalised(b)]
    }

    #[inline(always)]
    pub(super) fn heun(&self, m: Pair, thermal: Pair) -> Pair {
        let k1 = self.change(m, thermal, &self.start);
        let k2 = self.change(moved(m, 1.0, k1), thermal, &self.end);
        let [a, b] = moved(moved(m, 0.5, k1), 0.5, k2);
        [normalised(a), normalised(b)]
    }

    /// `m' - m = mid x w` with the rotation vectors w of both layers at the common midpoint; each
    /// iterate keeps both lengths.
    #[inline(always)]
    pub(super) fn implicit_midpoint(&self, m: Pair, thermal: Pair) -> Pair {
        let mut mid = m;
        for _ in 0..MIDPOINT_ITERATIONS {
            mid = [self.midpoint_iterate::<0>(m, mid, thermal), self.midpoint_iterate::<1>(m, mid, thermal)];
        }
        moved(moved(mid, 1.0, mid), -1.0, m)
    }

    /// The solution of `mid = m + mid x w` for layer `I`, with half the rotation w at the iterate `at`.
    #[inline(always)]
    fn midpoint_iterate<const I: usize>(&self, m: Pair, at: Pair, thermal: Pair) -> Vector {
        let r = total_field::<FULL>(at[I], self.extra::<I>(at, thermal), &self.middle[I], UNHEATED);
        let w = add_scaled(r, self.damping[I], cross(at[I], r)).map(|c| 0.5 * c);
        let turned = add_scaled(cross(m[I], w), dot(m[I], w), w);
        let inverse = 1.0 / (1.0 + dot(w, w));
        add(m[I], turned).map(|c| c * inverse)
    }
}

#[inline(always)]
fn moved(m: Pair, share: f64, change: Pair) -> Pair {
    [add_scaled(m[0], share, change[0]), add_scaled(m[1], share, change[1])]
}
