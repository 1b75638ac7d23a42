//! Vectors and symmetric tensors of three dimensions.

use nalgebra::{Matrix3, SymmetricEigen};

/// Cartesian vector (x, y, z).
pub type Vector = [f64; 3];

/// `a . b`.
#[must_use]
#[inline(always)]
pub fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// `a x b`.
#[must_use]
#[inline(always)]
pub fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// `a + b`.
#[must_use]
#[inline(always)]
pub fn add(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// `a + factor b`.
#[must_use]
#[inline(always)]
pub fn add_scaled(a: Vector, factor: f64, b: Vector) -> Vector {
    [a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]]
}

/// Euclidean length.
#[must_use]
#[inline(always)]
pub fn length(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// `a / |a|`.
#[must_use]
#[inline(always)]
pub fn normalised(a: Vector) -> Vector {
    let inverse = 1.0 / length(a);
    [a[0] * inverse, a[1] * inverse, a[2] * inverse]
}

/// Two unit vectors that make a right-handed frame with the unit vector `axis` as third.
#[must_use]
pub fn transverse_frame(axis: Vector) -> (Vector, Vector) {
    let least = if axis[0].abs() <= axis[1].abs() && axis[0].abs() <= axis[2].abs() {
        [1.0, 0.0, 0.0]
    } else if axis[1].abs() <= axis[2].abs() {
        [0.0, 1.0, 0.0]
    } else {
        [0.0, 0.0, 1.0]
    };
    let first = normalised(cross(least, axis));
    (first, cross(axis, first))
}

/// Symmetric tensor, shape 3 x 3.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SymmetricTensor {
    /// Component xx.
    pub xx: f64,
    /// Component yy.
    pub yy: f64,
    /// Component zz.
    pub zz: f64,
    /// Component xy.
    pub xy: f64,
    /// Component xz.
    pub xz: f64,
    /// Component yz.
    pub yz: f64,
}

impl SymmetricTensor {
    /// Diagonal tensor.
    #[must_use]
    pub const fn diagonal([xx, yy, zz]: Vector) -> Self {
        Self { xx, yy, zz, xy: 0.0, xz: 0.0, yz: 0.0 }
    }

    /// `factor u u^T`.
    #[must_use]
    pub fn dyad(factor: f64, u: Vector) -> Self {
        Self {
            xx: factor * u[0] * u[0],
            yy: factor * u[1] * u[1],
            zz: factor * u[2] * u[2],
            xy: factor * u[0] * u[1],
            xz: factor * u[0] * u[2],
            yz: factor * u[1] * u[2],
        }
    }

    /// Sum of two tensors.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            xx: self.xx + other.xx,
            yy: self.yy + other.yy,
            zz: self.zz + other.zz,
            xy: self.xy + other.xy,
            xz: self.xz + other.xz,
            yz: self.yz + other.yz,
        }
    }

    /// Tensor times a number.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            xx: self.xx * factor,
            yy: self.yy * factor,
            zz: self.zz * factor,
            xy: self.xy * factor,
            xz: self.xz * factor,
            yz: self.yz * factor,
        }
    }

    /// Tensor times vector.
    #[must_use]
    #[inline(always)]
    pub fn times(&self, m: Vector) -> Vector {
        [
            self.xx * m[0] + self.xy * m[1] + self.xz * m[2],
            self.xy * m[0] + self.yy * m[1] + self.yz * m[2],
            self.xz * m[0] + self.yz * m[1] + self.zz * m[2],
        ]
    }

    /// Whether all off-diagonal components are exactly zero.
    #[must_use]
    pub fn is_diagonal(&self) -> bool {
        self.xy == 0.0 && self.xz == 0.0 && self.yz == 0.0
    }

    /// Eigenvalues in descending order with their unit eigenvectors.
    #[must_use]
    pub fn eigen(&self) -> [(f64, Vector); 3] {
        let matrix =
            Matrix3::new(self.xx, self.xy, self.xz, self.xy, self.yy, self.yz, self.xz, self.yz, self.zz);
        let eigen = SymmetricEigen::new(matrix);
        let mut pairs: [(f64, Vector); 3] = std::array::from_fn(|i| {
            let v = eigen.eigenvectors.column(i);
            (eigen.eigenvalues[i], [v[0], v[1], v[2]])
        });
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        pairs
    }
}
