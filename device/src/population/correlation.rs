//! Correlated draws from independent ones.

use nalgebra::Matrix5;

/// Cholesky factor of a symmetric, positive semi-definite matrix: rows of vanishing pivot are zero.
///
/// # Errors
/// The pivot that shows that the matrix is no such one.
pub(super) fn lower_factor(matrix: &Matrix5<f64>) -> Result<Matrix5<f64>, f64> {
    let scale = matrix.diagonal().amax();
    let mut factor = Matrix5::zeros();
    for i in 0..5 {
        for j in 0..=i {
            let done: f64 = (0..j).map(|k| factor[(i, k)] * factor[(j, k)]).sum();
            let rest: f64 = matrix[(i, j)] - done;
            if i == j {
                if rest < -1e-12 * scale {
                    return Err(rest);
                }
                factor[(i, i)] = rest.max(0.0).sqrt();
            } else if factor[(j, j)] > 1e-7 * scale.sqrt() {
                factor[(i, j)] = rest / factor[(j, j)];
            } else if rest.abs() > 1e-7 * scale {
                return Err(rest);
            }
        }
    }
    Ok(factor)
}
