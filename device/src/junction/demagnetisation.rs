//! Demagnetising factors of the free layer from its shape.
//!
//! # Formula
//! Uniformly magnetised bodies, volume-averaged (magnetometric) factors, trace 1.
//! - Disc of aspect `tau = t/d`: `N_z = 1 - k_L(tau)` with the coefficient of Nagaoka
//!   `k_L = 4/(3 pi k') [ (k'^2/k^2)(K - E) + E - k ]`, `k^2 = 1/(1 + tau^2)`.
//! - Elliptic cylinder with full axes L (x), W (y): averages of the disc factor over the
//!   direction phi of the in-plane wave vector, with `tau(phi) = t sqrt(cos^2/L^2 + sin^2/W^2)`:
//!   `N_z = < N_disc(tau) >`, `N_x = < w_x (1 - N_disc(tau)) >`,
//!   `w_x = (cos^2/L^2)/(cos^2/L^2 + sin^2/W^2)`. This is exact: it is the Fourier
//!   integral of the shape after the integrals over k_z and over the modulus are done.
//! - General ellipsoid: `N_a = (abc/3) R_D(b^2, c^2, a^2)` (Carlson's form of Osborn's integrals).
//!
//! # References
//! R. I. Joseph, J. Appl. Phys. 37, 4639 (1966) (disc); M. Beleggia, M. De Graef, Y. T. Millev,
//! D. A. Goode and G. Rowlands, J. Phys. D 38, 3333 (2005) (elliptic cylinder);
//! J. A. Osborn, Phys. Rev. 67, 351 (1945) (ellipsoid); B. C. Carlson, Numer. Algorithms 10, 13 (1995).
//!
//! # Not modelled
//! The non-uniformity of the demagnetising field inside the pillar.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::junction::geometry::{GeometryConfig, Shape};

/// Demagnetising factors (N_x, N_y, N_z) of a free layer.
#[must_use]
pub fn factors(geometry: &GeometryConfig) -> [f64; 3] {
    let (l, w, t) = (geometry.length.si(), geometry.width.si(), geometry.thickness.si());
    match geometry.shape {
        Shape::EllipticCylinder => elliptic_cylinder(l, w, t),
        Shape::Ellipsoid => ellipsoid(l, w, t),
    }
}

/// Axial factor of a circular cylinder of aspect `thickness / diameter`.
#[must_use]
pub fn disc_axial(aspect: f64) -> f64 {
    let k_squared = 1.0 / (1.0 + aspect * aspect);
    let k = k_squared.sqrt();
    let k_prime = aspect * k;
    let (difference, second) = complete_elliptic(k_squared, k_prime);
    let nagaoka = 4.0 / (3.0 * PI * k_prime) * (aspect * aspect * difference + second - k);
    1.0 - nagaoka
}

/// Factors of an elliptic cylinder with full in-plane axes `length` (x) and `width` (y).
#[must_use]
pub fn elliptic_cylinder(length: f64, width: f64, thickness: f64) -> [f64; 3] {
    // The integrand is analytic and periodic: the trapezoid rule converges geometrically,
    // at a rate set by the elongation.
    let elongation = (length / width).max(width / length);
    let points = 64 * elongation.ceil().min(1e3) as usize;
    let (mut n_x, mut n_z) = (0.0, 0.0);
    for i in 0..points {
        let (sin, cos) = ((i as f64 + 0.5) / points as f64 * FRAC_PI_2).sin_cos();
        let along = (cos / length).powi(2);
        let across = (sin / width).powi(2);
        let disc = disc_axial(thickness * (along + across).sqrt());
        n_z += disc;
        n_x += along / (along + across) * (1.0 - disc);
    }
    let (n_x, n_z) = (n_x / points as f64, n_z / points as f64);
    if length == width {
        let in_plane = 0.5 * (1.0 - n_z);
        return [in_plane, in_plane, n_z];
    }
    [n_x, 1.0 - n_x - n_z, n_z]
}

/// Factors of an ellipsoid with full axes along x, y, z.
#[must_use]
pub fn ellipsoid(x: f64, y: f64, z: f64) -> [f64; 3] {
    // Scale-free: the factors depend on ratios only.
    let scale = 1.0 / x.max(y).max(z);
    let [a, b, c] = [x * scale, y * scale, z * scale];
    let third = a * b * c / 3.0;
    [
        third * carlson_rd(b * b, c * c, a * a),
        third * carlson_rd(c * c, a * a, b * b),
        third * carlson_rd(a * a, b * b, c * c),
    ]
}

/// `K - E` and `E`, the complete elliptic integrals of modulus k, by the arithmetic-geometric
/// mean; the difference is formed without cancellation.
fn complete_elliptic(k_squared: f64, k_prime: f64) -> (f64, f64) {
    let (mut a, mut b) = (1.0, k_prime);
    let mut power = 0.5;
    let mut sum = 0.5 * k_squared;
    for _ in 0..40 {
        let c = 0.5 * (a - b);
        (a, b) = (0.5 * (a + b), (a * b).sqrt());
        power *= 2.0;
        sum += power * c * c;
        if c.abs() <= 1e-17 * a {
            break;
        }
    }
    let first = FRAC_PI_2 / a;
    (first * sum, first * (1.0 - sum))
}

/// Carlson's symmetric integral of the second kind R_D(x, y, z) by duplication.
fn carlson_rd(mut x: f64, mut y: f64, mut z: f64) -> f64 {
    let (mut sum, mut factor) = (0.0, 1.0);
    loop {
        let mean = (x + y + 3.0 * z) / 5.0;
        let [dx, dy, dz] = [(mean - x) / mean, (mean - y) / mean, (mean - z) / mean];
        if dx.abs().max(dy.abs()).max(dz.abs()) < 1e-3 {
            let (ea, eb) = (dx * dy, dz * dz);
            // Expansion through sixth order in Carlson's elementary symmetric functions.
            let e2 = ea - 6.0 * eb;
            let e3 = (3.0 * ea - 8.0 * eb) * dz;
            let e4 = 3.0 * (ea - eb) * eb;
            let e5 = ea * eb * dz;
            let series = 1.0 - 3.0 / 14.0 * e2 + e3 / 6.0 + 9.0 / 88.0 * e2 * e2
                - 3.0 / 22.0 * e4
                - 9.0 / 52.0 * e2 * e3
                + 3.0 / 26.0 * e5;
            return 3.0 * sum + factor * series / (mean * mean.sqrt());
        }
        let (sx, sy, sz) = (x.sqrt(), y.sqrt(), z.sqrt());
        let lambda = sx * sy + sy * sz + sz * sx;
        sum += factor / (sz * (z + lambda));
        factor *= 0.25;
        x = 0.25 * (x + lambda);
        y = 0.25 * (y + lambda);
        z = 0.25 * (z + lambda);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the magnetometric factor from the table of D.-X. Chen, J. A. Brug and
    /// R. B. Goldfarb, IEEE Trans. Magn. 27, 3601 (1991), susceptibility 0 (four digits).
    #[test]
    fn disc_factor_matches_the_tables() {
        for (aspect, tabulated) in [(0.01, 0.9650), (0.1, 0.7967), (1.0, 0.3116), (10.0, 0.0412)] {
            let n = disc_axial(aspect);
            assert!((n - tabulated).abs() < 1e-4, "aspect {aspect}: {n} against {tabulated}");
        }
    }

    #[test]
    fn ellipsoid_matches_the_closed_forms_of_spheroids() {
        for n in ellipsoid(3e-9, 3e-9, 3e-9) {
            assert!((n - 1.0 / 3.0).abs() < 1e-13);
        }
        // Oblate spheroid, m = diameter/height: Osborn's equation for N_z.
        for m in [2.0_f64, 15.0, 100.0] {
            let root = (m * m - 1.0).sqrt();
            let n_z = m * m / (m * m - 1.0) * (1.0 - (1.0 / root) * (root / m).asin());
            let n = ellipsoid(m, m, 1.0);
            assert!((n[2] - n_z).abs() < 1e-12, "{} against {n_z}", n[2]);
            assert!((n.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn elliptic_cylinder_has_trace_one_and_the_limits_of_its_shape() {
        // Infinitely long elliptic wire: N_x = W/(L + W), N_y = L/(L + W).
        let [x, y, z] = elliptic_cylinder(2.0, 1.0, 1e7);
        assert!((x - 1.0 / 3.0).abs() < 1e-6 && (y - 2.0 / 3.0).abs() < 1e-6 && z < 1e-6);
        // A thin ellipse: the longer axis has the smaller factor, and x <-> y under exchange.
        let [x, y, z] = elliptic_cylinder(120e-9, 40e-9, 2e-9);
        let swapped = elliptic_cylinder(40e-9, 120e-9, 2e-9);
        assert!(x < y && y < z);
        assert!((x - swapped[1]).abs() < 1e-13 && (z - swapped[2]).abs() < 1e-13);
        // Continuity with the disc.
        let near = elliptic_cylinder(40.000_001e-9, 40e-9, 2e-9);
        assert!((near[2] - disc_axial(0.05)).abs() < 1e-8);
    }
}
