//! Thermal-equilibrium directions within one well.
//!
//! # Formula
//! Density `exp(-E(m)/kB T)` on the half of the sphere about the well's minimum m0 that also has
//! the state's sign of `m.p`. With `d = m - m0` and the multiplier `mu = (h + A m0).m0` the energy is
//! exactly `(mu0 Ms Vol/2) d.(mu - A)d`. In Lambert's equal-area coordinates u about m0 a
//! Gaussian with a reduced stiffness lies above the density; draws are accepted by their ratio,
//! so that the sample is exact.
//!
//! # Not modelled
//! Flow under a constant bias current before the pulse: the sample is that of zero voltage.

use rand::Rng;

use crate::error::DeviceError;
use crate::junction::constants::BOLTZMANN;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::junction::vector::{SymmetricTensor, Vector, dot, transverse_frame};

/// Sampler of one well.
#[derive(Debug, Clone)]
pub struct Well {
    minimum: Vector,
    axes: [Vector; 2],
    fixed_layer: Vector,
    sign: f64,
    /// Quadratic form of the energy over kB T in m - m0: E/kT = d.Qd.
    form: SymmetricTensor,
    proposal: Proposal,
}

#[derive(Debug, Clone, Copy)]
enum Proposal {
    /// Zero temperature: the minimum itself.
    Minimum,
    /// Gaussian in u with these precisions along the two axes; the energy is at least their form.
    Gaussian { precision: [f64; 2] },
    /// Uniform on the half sphere, with the lowest energy over kB T there.
    Uniform { lowest: f64 },
}

impl Well {
    /// Sampler for the well of `state` at the junction's temperature.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] if the state is not stable.
    pub fn new(mtj: &Mtj, state: State) -> Result<Self, DeviceError> {
        let minimum = mtj.well(state)?;
        let tensor = mtj.tensor(0.0);
        let multiplier = dot(mtj.field_a_per_m, minimum) + dot(tensor.times(minimum), minimum);
        let per_field = 0.5 * mtj.energy_per_field() / (BOLTZMANN * mtj.temperature_k);
        let form = SymmetricTensor::diagonal([multiplier; 3]).plus(tensor.scaled(-1.0)).scaled(per_field);
        // Axes along which the form is diagonal on the tangent plane.
        let (a, b) = transverse_frame(minimum);
        let (aa, bb, ab) = (dot(form.times(a), a), dot(form.times(b), b), dot(form.times(a), b));
        let turn = 0.5 * (2.0 * ab).atan2(aa - bb);
        let (sin, cos) = turn.sin_cos();
        let axes = [
            std::array::from_fn(|i| cos * a[i] + sin * b[i]),
            std::array::from_fn(|i| cos * b[i] - sin * a[i]),
        ];
        let mut well = Self {
            minimum,
            axes,
            fixed_layer: mtj.fixed_layer,
            sign: state.cosine(),
            form,
            proposal: Proposal::Minimum,
        };
        if mtj.temperature_k > 0.0 {
            well.proposal = well.choose_proposal();
        }
        Ok(well)
    }

    /// Direction at Lambert's coordinates (u1, u2) about the minimum, |u|^2 < 2.
    fn direction(&self, u: [f64; 2]) -> Vector {
        let square = u[0] * u[0] + u[1] * u[1];
        let along = 1.0 - 0.5 * square;
        let scale = (1.0 - 0.25 * square).sqrt();
        std::array::from_fn(|i| {
            along * self.minimum[i] + scale * (u[0] * self.axes[0][i] + u[1] * self.axes[1][i])
        })
    }

    /// Energy above the minimum over kB T.
    fn energy(&self, m: Vector) -> f64 {
        let d: Vector = std::array::from_fn(|i| m[i] - self.minimum[i]);
        dot(self.form.times(d), d)
    }

    fn inside(&self, m: Vector) -> bool {
        dot(m, self.fixed_layer) * self.sign > 0.0
    }

    /// The largest share of the tangent stiffness that stays below the energy on the half sphere,
    /// or a uniform proposal where the well is too shallow for one.
    fn choose_proposal(&self) -> Proposal {
        let stiffness = self.axes.map(|axis| dot(self.form.times(axis), axis));
        let (mut share, mut lowest) = (1.0_f64, 0.0_f64);
        let (rings, spokes) = (64, 128);
        for ring in 1..=rings {
            let radius = (2.0 * f64::from(ring) / f64::from(rings)).sqrt();
            for spoke in 0..spokes {
                let (sin, cos) = (std::f64::consts::TAU * f64::from(spoke) / f64::from(spokes)).sin_cos();
                let u = [radius * cos, radius * sin];
                let m = self.direction(u);
                let energy = self.energy(m);
                let quadratic = stiffness[0] * u[0] * u[0] + stiffness[1] * u[1] * u[1];
                if self.inside(m) {
                    share = share.min(energy / quadratic);
                    lowest = lowest.min(energy);
                }
            }
        }
        // Energy and form are smooth: the margin covers what lies between the grid's points.
        let share = 0.95 * share;
        if share * stiffness[0].min(stiffness[1]) > 1.0 && share > 0.05 {
            Proposal::Gaussian { precision: stiffness.map(|k| share * k) }
        } else {
            Proposal::Uniform { lowest: lowest - 0.05 * (stiffness[0] + stiffness[1]) }
        }
    }

    /// One direction from thermal equilibrium in the well.
    pub fn sample(&self, rng: &mut impl Rng) -> Vector {
        use rand::RngExt;
        use rand_distr::{Distribution, StandardNormal};
        match self.proposal {
            Proposal::Minimum => self.minimum,
            Proposal::Gaussian { precision } => loop {
                let u: [f64; 2] = std::array::from_fn(|i| {
                    let normal: f64 = StandardNormal.sample(rng);
                    normal / (2.0 * precision[i]).sqrt()
                });
                let uniform: f64 = rng.random();
                if u[0] * u[0] + u[1] * u[1] >= 2.0 {
                    continue;
                }
                let m = self.direction(u);
                let bound = precision[0] * u[0] * u[0] + precision[1] * u[1] * u[1];
                if self.inside(m) && uniform < (bound - self.energy(m)).exp() {
                    return m;
                }
            },
            Proposal::Uniform { lowest } => loop {
                let square = 2.0 * rng.random::<f64>();
                let (sin, cos) = (std::f64::consts::TAU * rng.random::<f64>()).sin_cos();
                let uniform: f64 = rng.random();
                let m = self.direction([square.sqrt() * cos, square.sqrt() * sin]);
                if self.inside(m) && uniform < (lowest - self.energy(m)).exp() {
                    return m;
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junction::preset;
    use spinhebb_data::random_stream::Streams;

    /// Mean of a function over the density exp(-E/kT) by quadrature over the half sphere about p,
    /// against the sample mean at five standard errors.
    #[test]
    fn samples_have_the_boltzmann_moments() {
        for (name, field, stability) in [
            ("perpendicular-40nm", [0.0; 3], 40.0),
            ("perpendicular-40nm", [6e4, 0.0, 3e4], 20.0),
            ("perpendicular-40nm", [0.0, 0.0, 0.0], 2.0),
            ("in-plane", [0.0; 3], 45.0),
            ("in-plane", [2e3, 4e3, 1e4], 6.0),
        ] {
            let mut mtj = preset::load(name).unwrap().device.resolve().unwrap();
            mtj.field_a_per_m = field;
            let mtj = mtj.with_stability(stability).unwrap();
            for state in State::BOTH {
                let well = Well::new(&mtj, state).unwrap();
                let streams = Streams::new(11, "test equilibrium");
                let n = 20_000_u64;
                let samples: Vec<Vector> = (0..n).map(|i| well.sample(&mut streams.rng(i))).collect();
                assert!(samples.iter().all(|m| (dot(*m, *m) - 1.0).abs() < 1e-12 && well.inside(*m)));
                for (axis, power) in [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (2, 2)] {
                    let value = |m: Vector| m[axis].powi(power);
                    let (mut weight, mut mean, mut square) = (0.0, 0.0, 0.0);
                    for i in 0..300 {
                        // 1 - z = s^2 resolves the narrow well; the solid angle is 2 s ds dphi.
                        let ring = (f64::from(i) + 0.5) / 300.0;
                        let z = 1.0 - ring * ring;
                        for k in 0..96 {
                            let phi = (f64::from(k) + 0.5) / 96.0 * std::f64::consts::TAU;
                            let r = (1.0 - z * z).sqrt();
                            // Polar axis along the minimum for resolution.
                            let m: Vector = std::array::from_fn(|c| {
                                z * well.minimum[c]
                                    + r * (phi.cos() * well.axes[0][c] + phi.sin() * well.axes[1][c])
                            });
                            if well.inside(m) {
                                let w = ring * (-well.energy(m)).exp();
                                weight += w;
                                mean += w * value(m);
                                square += w * value(m) * value(m);
                            }
                        }
                    }
                    mean /= weight;
                    let deviation = (square / weight - mean * mean).max(0.0).sqrt();
                    let sampled = samples.iter().map(|m| value(*m)).sum::<f64>() / n as f64;
                    let tolerance = 5.0 * deviation / (n as f64).sqrt() + 2e-5;
                    assert!(
                        (sampled - mean).abs() < tolerance,
                        "{name} {state} {field:?} axis {axis}^{power}: {sampled} against {mean} +- {tolerance}"
                    );
                }
            }
        }
    }
}
