//! Energy and fields of the coupling: bilinear and biquadratic exchange, dipolar tensor.

use crate::junction::constants::MU0;
use crate::junction::demagnetisation::elliptic_cylinder;
use crate::junction::vector::{SymmetricTensor, Vector, dot};

/// Coupling per area of two layers.
///
/// # Formula
/// `e(m1, m2) = -J1 m1.m2 - J2 (m1.m2)^2 + m1.D m2` in J/m2. `D` is symmetric, so that the formula is the
/// same seen from either layer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Coupling {
    /// J1 in J/m2; positive favours parallel layers.
    pub exchange_j_per_m2: f64,
    /// J2 in J/m2; negative favours a right angle.
    pub biquadratic_j_per_m2: f64,
    /// D in J/m2.
    pub dipolar_j_per_m2: SymmetricTensor,
}

impl Coupling {
    /// Energy per area, J/m2.
    #[must_use]
    pub fn energy_per_area(&self, [a, b]: [Vector; 2]) -> f64 {
        let cosine = dot(a, b);
        -self.exchange_j_per_m2 * cosine - self.biquadratic_j_per_m2 * cosine * cosine
            + dot(self.dipolar_j_per_m2.times(a), b)
    }

    /// `-de/d own` in J/m2: over `mu0 Ms t` of the own layer the field on it in A/m.
    #[must_use]
    #[inline(always)]
    pub fn force(&self, own: Vector, other: Vector) -> Vector {
        let exchange = self.exchange_j_per_m2 + 2.0 * self.biquadratic_j_per_m2 * dot(own, other);
        let dipolar = self.dipolar_j_per_m2.times(other);
        [exchange * other[0] - dipolar[0], exchange * other[1] - dipolar[1], exchange * other[2] - dipolar[2]]
    }

    /// Bound of the force over all directions, J/m2.
    #[must_use]
    pub fn largest_force(&self) -> f64 {
        let eigen = self.dipolar_j_per_m2.eigen();
        self.exchange_j_per_m2.abs()
            + 2.0 * self.biquadratic_j_per_m2.abs()
            + eigen[0].0.abs().max(eigen[2].0.abs())
    }

    /// The dipolar tensor D in J/m2 from `N`, where `-Ms2 N m2` is the mean field on the first layer, of
    /// thickness `thickness_m`; `magnetisations` are Ms1 and Ms2 in A/m.
    #[must_use]
    pub fn dipolar_from_factors(
        factors: SymmetricTensor,
        magnetisations: [f64; 2],
        thickness_m: f64,
    ) -> SymmetricTensor {
        factors.scaled(MU0 * magnetisations[0] * magnetisations[1] * thickness_m)
    }
}

/// Mutual factors (x, y, z) of two coaxial elliptic cylinders with the full axes `length` (x) and `width`
/// (y), thicknesses t1 and t2 and the distance `spacer` between the facing surfaces: the mean field of the
/// second on the first is `-Ms2 N m2`. Exact for uniform layers.
///
/// # Formula
/// With `F(t) = t N(t)` from the self-factors of a cylinder of thickness t, the energies of slabs of the
/// same magnetisation add up in pairs, so that
/// `N = [ F(t1 + s + t2) - F(t1 + s) - F(s + t2) + F(s) ] / (2 t1)`.
#[must_use]
pub fn mutual_factors(length: f64, width: f64, thicknesses: [f64; 2], spacer: f64) -> [f64; 3] {
    let [t1, t2] = thicknesses;
    let moment = |t: f64| {
        if t > 0.0 { elliptic_cylinder(length, width, t).map(|n| t * n) } else { [0.0; 3] }
    };
    let (all, near, far, gap) =
        (moment(t1 + spacer + t2), moment(t1 + spacer), moment(spacer + t2), moment(spacer));
    std::array::from_fn(|i| (all[i] - near[i] - far[i] + gap[i]) / (2.0 * t1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Far apart the layers are point dipoles: the field on the axis at the distance r of the centres is
    /// `V2 Ms2 (3 z z^T - 1) m2/(4 pi r^3)`; the next term of the multipole expansion is (d/r)^2 of it.
    #[test]
    fn distant_layers_are_dipoles() {
        let (d, t) = (40e-9, [1e-9, 2e-9]);
        let spacer = 2e-6;
        let r = spacer + 0.5 * (t[0] + t[1]);
        let n = mutual_factors(d, d, t, spacer);
        let volume = std::f64::consts::FRAC_PI_4 * d * d * t[1];
        let dipole = volume / (4.0 * std::f64::consts::PI * r * r * r);
        assert!((n[0] / dipole - 1.0).abs() < 1e-3, "{} {dipole}", n[0]);
        assert!((n[2] / dipole + 2.0).abs() < 2e-3, "{} {dipole}", n[2]);
        assert!(n.iter().sum::<f64>().abs() < 1e-3 * dipole);
    }

    /// Side charges of an in-plane magnetised disc facing those of the other, by direct quadrature:
    /// `N_x = (1/(4 pi V1)) int int dS1 dS2 (n1.x)(n2.x)/|r1 - r2|` over the two mantles.
    #[test]
    fn factors_are_those_of_the_surface_charges() {
        let (d, t, spacer) = (40e-9, [3e-9, 2e-9], 4e-9);
        let radius = 0.5 * d;
        let (around, along) = (400, 12);
        let mut sum = 0.0;
        // One angle of the pair is integrated in closed form: the mean of cos a cos(a + b) is cos(b)/2.
        for i in 0..around {
            let b = (f64::from(i) + 0.5) / f64::from(around) * std::f64::consts::TAU;
            let chord = 2.0 * radius * (0.5 * b).sin();
            for k in 0..along {
                for l in 0..along {
                    let z1 = t[0] * (f64::from(k) + 0.5) / f64::from(along);
                    let z2 = t[0] + spacer + t[1] * (f64::from(l) + 0.5) / f64::from(along);
                    sum += 0.5 * b.cos() / chord.hypot(z2 - z1);
                }
            }
        }
        let mean = sum / f64::from(around * along * along);
        let areas = std::f64::consts::TAU * radius * t[0] * std::f64::consts::TAU * radius * t[1];
        let volume = std::f64::consts::FRAC_PI_4 * d * d * t[0];
        let expected = areas * mean / (4.0 * std::f64::consts::PI * volume);
        let n = mutual_factors(d, d, t, spacer);
        assert!((n[0] - expected).abs() < 1e-3 * expected, "{} against {expected}", n[0]);
        assert!((n[2] + 2.0 * n[0]).abs() < 1e-9);
        // Reciprocity: the factors go as the volumes.
        let back = mutual_factors(d, d, [t[1], t[0]], spacer);
        assert!((back[0] * t[1] - n[0] * t[0]).abs() < 1e-12 * n[0] * t[0] + 1e-22);
    }

    #[test]
    fn forces_are_the_gradient_of_the_energy() {
        let coupling = Coupling {
            exchange_j_per_m2: 3e-4,
            biquadratic_j_per_m2: -1e-4,
            dipolar_j_per_m2: SymmetricTensor {
                xx: 1e-5,
                yy: 2e-5,
                zz: -3e-5,
                xy: 1e-6,
                xz: 4e-6,
                yz: -2e-6,
            },
        };
        let (a, b) = ([0.48, 0.6, 0.64], [-0.6, 0.0, 0.8]);
        for i in 0..3 {
            let h = 1e-6;
            let mut shifted = [a, a];
            shifted[0][i] += h;
            shifted[1][i] -= h;
            let slope = (coupling.energy_per_area([shifted[0], b])
                - coupling.energy_per_area([shifted[1], b]))
                / (2.0 * h);
            assert!((coupling.force(a, b)[i] + slope).abs() < 1e-12);
            assert_eq!(coupling.energy_per_area([a, b]), coupling.energy_per_area([b, a]));
        }
        assert!(crate::junction::vector::length(coupling.force(a, b)) <= coupling.largest_force());
    }
}
