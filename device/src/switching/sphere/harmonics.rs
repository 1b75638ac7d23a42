//! Real spherical harmonics: which are kept, their values, and how a factor m_x, m_y, m_z, a
//! gradient or a rotation acts on them.
//!
//! # Formula
//! `Y_{l,m} = P_l^m(cos theta) cos(m phi)` for m >= 0 and `P_l^|m|(cos theta) sin(|m| phi)` for m < 0, orthonormal over the
//! sphere, without the Condon-Shortley sign. With `M_j` the factor `m_j` and `e_j` the unit vectors,
//! `e_j . grad = (1/2) [lap, M_j] + M_j`, so that one table of coefficients serves both.
//!
//! # References
//! D. A. Varshalovich, A. N. Moskalev and V. K. Khersonskii, Quantum Theory of Angular Momentum
//! (World Scientific, 1988), sections 5.7 and 5.8.

use std::collections::BTreeMap;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::junction::vector::Vector;

/// Degree l and order m of a real harmonic; m < 0 for the sine.
pub type Index = (i32, i32);

/// A function by its coefficients.
pub type Expansion = BTreeMap<Index, f64>;

/// Half turn that leaves the problem as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HalfTurn {
    /// None.
    None,
    /// About the first axis of the frame.
    First,
    /// About the polar axis.
    Polar,
}

/// The harmonics kept: degree up to `degree`, order up to `order`, even under the half turn.
#[derive(Debug, Clone)]
pub struct Basis {
    pub degree: i32,
    pub order: i32,
    half_turn: HalfTurn,
    /// Kept harmonics in order of the degree.
    pub functions: Vec<Index>,
    /// Place of the first function of each degree, and the number of functions. Shape: degree + 2.
    pub first: Vec<usize>,
    places: BTreeMap<Index, usize>,
}

impl Basis {
    /// All harmonics with `l <= degree`, `|m| <= order` that are even under `half_turn`.
    pub fn new(degree: usize, order: usize, half_turn: HalfTurn) -> Self {
        let (degree, order) = (degree as i32, order.min(degree) as i32);
        let mut basis =
            Self { degree, order, half_turn, functions: Vec::new(), first: vec![0], places: BTreeMap::new() };
        for l in 0..=degree {
            for m in -order.min(l)..=order.min(l) {
                if is_even(half_turn, (l, m)) {
                    basis.places.insert((l, m), basis.functions.len());
                    basis.functions.push((l, m));
                }
            }
            basis.first.push(basis.functions.len());
        }
        basis
    }

    /// Those harmonics of this basis that change sign under half a turn about the other of the two axes; none if it is
    /// not even under a half turn itself.
    pub fn odd(&self) -> Option<Self> {
        let other = match self.half_turn {
            HalfTurn::None => return None,
            HalfTurn::Polar => HalfTurn::First,
            HalfTurn::First => HalfTurn::Polar,
        };
        let mut odd = Self { functions: Vec::new(), first: vec![0], places: BTreeMap::new(), ..self.clone() };
        for l in 0..=self.degree {
            for index in &self.functions[self.first[l as usize]..self.first[l as usize + 1]] {
                if !is_even(other, *index) {
                    odd.places.insert(*index, odd.functions.len());
                    odd.functions.push(*index);
                }
            }
            odd.first.push(odd.functions.len());
        }
        Some(odd)
    }

    /// Number of functions.
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Place of a harmonic, if it is kept.
    pub fn place(&self, index: Index) -> Option<usize> {
        self.places.get(&index).copied()
    }

    /// Values of all kept harmonics at the direction `m`. Shape: functions.
    pub fn values(&self, m: Vector) -> Vec<f64> {
        let legendre = legendre(self.degree, self.order, m[2]);
        let phi = m[1].atan2(m[0]);
        self.functions
            .iter()
            .map(|(l, m)| {
                let p = legendre[m.unsigned_abs() as usize][(l - m.abs()) as usize];
                p * circle(*m, phi)
            })
            .collect()
    }

    /// Coefficients of a function of the direction, by Gauss-Legendre points in z and even ones in
    /// phi; points at which `function` is zero cost little. Shape: functions.
    pub fn project(&self, function: impl Fn(Vector) -> f64) -> Vec<f64> {
        let mut coefficients = vec![0.0; self.len()];
        let rings = (self.degree as usize * 3 / 2 + 40).next_multiple_of(2);
        let spokes = (self.order as usize * 4 + 64).next_multiple_of(4);
        for (z, weight) in gauss_legendre(rings) {
            let sine = (1.0 - z * z).sqrt();
            let ring: Vec<(f64, f64)> = (0..spokes)
                .map(|k| {
                    let phi = 2.0 * PI * (k as f64 + 0.5) / spokes as f64;
                    (
                        phi,
                        function([sine * phi.cos(), sine * phi.sin(), z]) * weight * 2.0 * PI / spokes as f64,
                    )
                })
                .filter(|(_, f)| *f != 0.0)
                .collect();
            if ring.is_empty() {
                continue;
            }
            let fourier: Vec<f64> = (-self.order..=self.order)
                .map(|m| ring.iter().map(|(phi, f)| f * circle(m, *phi)).sum())
                .collect();
            let legendre = legendre(self.degree, self.order, z);
            for (c, (l, m)) in coefficients.iter_mut().zip(&self.functions) {
                *c += legendre[m.unsigned_abs() as usize][(l - m.abs()) as usize]
                    * fourier[(m + self.order) as usize];
            }
        }
        coefficients
    }

    /// Coefficients of the indicator of the half sphere about the direction `pole`. Shape: functions.
    pub fn half_sphere(&self, pole: Vector) -> Vec<f64> {
        // Legendre polynomials at 0 by recurrence.
        let mut p = vec![1.0, 0.0];
        for l in 1..=self.degree as usize {
            p.push(-(l as f64) / (l as f64 + 1.0) * p[l - 1]);
        }
        let integral = |l: usize| {
            if l == 0 { 1.0 } else { (p[l - 1] - p[l + 1]) / (2.0 * l as f64 + 1.0) }
        };
        self.values(pole)
            .iter()
            .zip(&self.functions)
            .map(|(y, (l, _))| 2.0 * PI * integral(*l as usize) * y)
            .collect()
    }
}

/// Whether a harmonic is even under a half turn; that about the first axis takes phi to -phi and z to -z.
fn is_even(half_turn: HalfTurn, (l, m): Index) -> bool {
    match half_turn {
        HalfTurn::None => true,
        HalfTurn::Polar => m % 2 == 0,
        HalfTurn::First => (l + m + i32::from(m < 0)) % 2 == 0,
    }
}

/// `cos(m phi)` or `sin(|m| phi)` with unit square integral over the circle.
fn circle(m: i32, phi: f64) -> f64 {
    match m {
        0 => 1.0 / (2.0 * PI).sqrt(),
        m if m > 0 => (f64::from(m) * phi).cos() / PI.sqrt(),
        m => (f64::from(-m) * phi).sin() / PI.sqrt(),
    }
}

/// Normalised associated Legendre functions at z, without the Condon-Shortley sign. Shape: [m][l - m].
fn legendre(degree: i32, order: i32, z: f64) -> Vec<Vec<f64>> {
    let sine = (1.0 - z * z).max(0.0).sqrt();
    let mut table = Vec::with_capacity(order as usize + 1);
    let mut sectoral = 0.5_f64.sqrt();
    for m in 0..=order {
        if m > 0 {
            sectoral *= sine * ((2 * m + 1) as f64 / (2 * m) as f64).sqrt();
        }
        let mut column = vec![sectoral];
        for l in m + 1..=degree {
            let k = column.len();
            let below = if k >= 2 { rise(l - 1, m) * column[k - 2] } else { 0.0 };
            column.push((z * column[k - 1] - below) / rise(l, m));
        }
        table.push(column);
    }
    table
}

/// Points and weights of Gauss-Legendre quadrature on [-1, 1], by Newton's method.
pub fn gauss_legendre(points: usize) -> Vec<(f64, f64)> {
    let n = points as f64;
    (0..points)
        .map(|k| {
            let mut z = -((k as f64 + 0.75) / (n + 0.5) * PI).cos();
            let mut slope = 1.0;
            for _ in 0..20 {
                let (mut p, mut before) = (1.0, 0.0);
                for l in 0..points {
                    let l = l as f64;
                    (p, before) = (((2.0 * l + 1.0) * z * p - l * before) / (l + 1.0), p);
                }
                slope = n * (z * p - before) / (z * z - 1.0);
                let step = p / slope;
                z -= step;
                if step.abs() < 1e-15 {
                    break;
                }
            }
            (z, 2.0 / ((1.0 - z * z) * slope * slope))
        })
        .collect()
}

/// Coefficient a_{l,m} of `z P_{l-1}^m = a_{l,m} P_l^m + a_{l-1,m} P_{l-2}^m`.
fn rise(l: i32, m: i32) -> f64 {
    let (l, m) = (f64::from(l), f64::from(m));
    ((l * l - m * m) / (4.0 * l * l - 1.0)).sqrt()
}

/// Share of `cos(phi) cos(m phi)` and its like that goes to order m + 1.
fn upward(m: i32) -> f64 {
    if m == 0 { FRAC_1_SQRT_2 } else { 0.5 }
}

/// The same for order m - 1.
fn downward(m: i32) -> f64 {
    if m == 1 { FRAC_1_SQRT_2 } else { 0.5 }
}

fn add(to: &mut Expansion, l: i32, m: i32, value: f64) {
    if l >= m.abs() && value != 0.0 {
        *to.entry((l, m)).or_insert(0.0) += value;
    }
}

/// Neighbours in azimuth of the function (l, m) under the factors cos(phi) (`axis` 0) and
/// sin(phi) (`axis` 1): order with sign, weight, and whether |m| goes up.
fn azimuth(axis: usize, m: i32) -> [(i32, f64, bool); 2] {
    let n = m.abs();
    let (up, down) = (upward(n), downward(n));
    match (axis, m >= 0) {
        (0, true) => [(n + 1, up, true), (n - 1, if n == 0 { 0.0 } else { down }, false)],
        (0, false) => [(-n - 1, up, true), (-(n - 1), if n == 1 { 0.0 } else { down }, false)],
        (_, true) => [(-n - 1, up, true), (-(n - 1), if n <= 1 { 0.0 } else { -down }, false)],
        (_, false) => [(n + 1, -up, true), (n - 1, down, false)],
    }
}

/// `m_axis Y_{l,m}`, each term with its factor `weigh(l, l')`.
fn factor(axis: usize, (l, m): Index, weigh: impl Fn(i32, i32) -> f64, scale: f64, to: &mut Expansion) {
    let n = m.abs();
    if axis == 2 {
        add(to, l + 1, m, scale * rise(l + 1, n) * weigh(l, l + 1));
        if l > n {
            add(to, l - 1, m, scale * rise(l, n) * weigh(l, l - 1));
        }
        return;
    }
    let (lf, nf) = (f64::from(l), f64::from(n));
    let above = (2.0 * lf + 1.0) * (2.0 * lf + 3.0);
    let below = (2.0 * lf - 1.0) * (2.0 * lf + 1.0);
    for (order, weight, up) in azimuth(axis, m) {
        if weight == 0.0 {
            continue;
        }
        // sin(theta) P_l^n in terms of P_{l+1} and P_{l-1} of order n + 1 or n - 1.
        let (rising, falling) = if up {
            (
                ((lf + nf + 1.0) * (lf + nf + 2.0) / above).sqrt(),
                -((lf - nf) * (lf - nf - 1.0) / below).max(0.0).sqrt(),
            )
        } else {
            (
                -((lf - nf + 1.0) * (lf - nf + 2.0) / above).sqrt(),
                ((lf + nf) * (lf + nf - 1.0) / below).sqrt(),
            )
        };
        add(to, l + 1, order, scale * weight * rising * weigh(l, l + 1));
        if l > 0 {
            add(to, l - 1, order, scale * weight * falling * weigh(l, l - 1));
        }
    }
}

/// Adds `scale m_axis f`.
pub fn multiply(axis: usize, f: &Expansion, scale: f64, to: &mut Expansion) {
    for (index, value) in f {
        factor(axis, *index, |_, _| 1.0, scale * value, to);
    }
}

/// `e_axis . grad Y`.
pub fn gradient(axis: usize, index: Index) -> Expansion {
    let mut found = Expansion::new();
    let weigh = |l: i32, other: i32| if other > l { -f64::from(l) } else { f64::from(l + 1) };
    factor(axis, index, weigh, 1.0, &mut found);
    found
}

/// `e_axis . (m x grad Y)`: the change of Y under a rotation about the axis.
pub fn rotation(axis: usize, (l, m): Index) -> Expansion {
    let mut found = Expansion::new();
    let n = m.abs();
    if axis == 2 {
        add(&mut found, l, -m, if m > 0 { -f64::from(n) } else { f64::from(n) });
        return found;
    }
    let (lf, nf) = (f64::from(l), f64::from(n));
    // The rotation about x mixes as the factor sin(phi) does, that about y as -cos(phi).
    for (order, weight, up) in azimuth(1 - axis, m) {
        let ladder = if up {
            ((lf - nf) * (lf + nf + 1.0)).max(0.0).sqrt()
        } else {
            -((lf + nf) * (lf - nf + 1.0)).sqrt()
        };
        let sign = if axis == 0 { 1.0 } else { -1.0 };
        add(&mut found, l, order, sign * weight * ladder);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junction::vector::{cross, dot, normalised};

    fn value(f: &Expansion, basis: &Basis, m: Vector) -> f64 {
        let values = basis.values(m);
        f.iter().map(|(index, c)| c * values[basis.place(*index).expect("inside")]).sum()
    }

    /// BlockFactors, gradients and rotations of every harmonic against values and central differences.
    #[test]
    fn coefficients_are_those_of_the_functions() {
        let basis = Basis::new(7, 7, HalfTurn::None);
        let m = normalised([0.48, -0.35, 0.61]);
        let y = basis.values(m);
        let single = |index: Index| Expansion::from([(index, 1.0)]);
        for (place, index) in basis.functions.iter().enumerate().filter(|(_, index)| index.0 < 7) {
            let f = single(*index);
            for axis in 0..3 {
                let mut product = Expansion::new();
                multiply(axis, &f, 1.0, &mut product);
                assert!((value(&product, &basis, m) - m[axis] * y[place]).abs() < 1e-13, "{index:?} {axis}");
                let mut e = [0.0; 3];
                e[axis] = 1.0;
                let slope = |direction: Vector| {
                    let h = 1e-5;
                    let at =
                        |s: f64| value(&f, &basis, normalised([0, 1, 2].map(|i| m[i] + s * direction[i])));
                    (at(h) - at(-h)) / (2.0 * h)
                };
                let along = slope([0, 1, 2].map(|i| e[i] - dot(e, m) * m[i]));
                assert!((value(&gradient(axis, *index), &basis, m) - along).abs() < 1e-7, "{index:?} {axis}");
                // e . (m x grad f) = (e x m) . grad f
                let turned = slope(cross(e, m));
                assert!(
                    (value(&rotation(axis, *index), &basis, m) - turned).abs() < 1e-7,
                    "{index:?} {axis}"
                );
            }
        }
    }

    #[test]
    fn projection_gives_back_the_coefficients() {
        let basis = Basis::new(9, 6, HalfTurn::First);
        let wanted: Vec<f64> = (0..basis.len()).map(|k| (k as f64).sin()).collect();
        let found = basis.project(|m| basis.values(m).iter().zip(&wanted).map(|(y, c)| y * c).sum());
        for (a, b) in found.iter().zip(&wanted) {
            assert!((a - b).abs() < 1e-12);
        }
        // The half sphere has half the area, and a first moment of pi along its pole.
        let pole = [1.0, 0.0, 0.0];
        let half = basis.half_sphere(pole);
        assert!((half[0] * (4.0 * PI).sqrt() - 2.0 * PI).abs() < 1e-13);
        let mut moment = Expansion::new();
        multiply(0, &Expansion::from([((0, 0), (4.0 * PI).sqrt())]), 1.0, &mut moment);
        let found: f64 = moment.iter().filter_map(|(k, c)| Some(half[basis.place(*k)?] * c)).sum();
        assert!((found - PI).abs() < 1e-13);
    }
}
