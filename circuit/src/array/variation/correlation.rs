//! Correlated draws from independent ones.

use nalgebra::Matrix5;

use crate::error::CircuitError;

/// Cholesky factor of a positive semi-definite matrix: rows of vanishing pivot are zero.
pub(super) fn lower_factor(matrix: &Matrix5<f64>, key: &'static str) -> Result<Matrix5<f64>, CircuitError> {
    let refuse = |value, expected| Err(CircuitError::Value { key, value, expected });
    let scale = matrix.diagonal().amax();
    let mut factor = Matrix5::zeros();
    for i in 0..5 {
        for j in 0..=i {
            if !(matrix[(i, j)].is_finite() && (matrix[(i, j)] - matrix[(j, i)]).abs() <= 1e-12 * scale) {
                return refuse(matrix[(i, j)], "finite numbers, symmetric about the diagonal");
            }
            let done: f64 = (0..j).map(|k| factor[(i, k)] * factor[(j, k)]).sum();
            let rest: f64 = matrix[(i, j)] - done;
            if i == j {
                if rest < -1e-12 * scale {
                    return refuse(rest, "a positive semi-definite matrix");
                }
                factor[(i, i)] = rest.max(0.0).sqrt();
            } else if factor[(j, j)] > 1e-7 * scale.sqrt() {
                factor[(i, j)] = rest / factor[(j, j)];
            } else if rest.abs() > 1e-7 * scale {
                return refuse(rest, "a positive semi-definite matrix");
            }
        }
    }
    Ok(factor)
}
