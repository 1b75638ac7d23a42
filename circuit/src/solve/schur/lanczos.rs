//! How badly conditioned the preconditioned matrix is, read off the iteration itself.
//!
//! # References
//! C. Lanczos, J. Res. Natl. Bur. Stand. 45, 255 (1950); G. H. Golub, C. F. Van Loan, Matrix
//! Computations (Johns Hopkins, 2013), sec. 11.3 (the matrix from the coefficients of conjugate gradients).

/// Smallest eigenvalue of the Lanczos matrix that conjugate gradients build.
#[derive(Debug)]
pub(super) struct Lanczos {
    diagonal: Vec<f64>,
    square: Vec<f64>,
    carried: f64,
    pub smallest: f64,
}

impl Lanczos {
    /// Before the first step, with the smallest eigenvalue known so far (1 if none).
    pub fn new(smallest: f64) -> Self {
        Self { diagonal: Vec::new(), square: Vec::new(), carried: 0.0, smallest }
    }

    /// Adds a step: T_kk = 1/alpha_k + beta_(k-1)/alpha_(k-1), T_(k,k+1)^2 = beta_k/alpha_k^2.
    pub fn push(&mut self, alpha: f64, beta: f64) {
        self.diagonal.push(1.0 / alpha + self.carried);
        // The smallest eigenvalue only falls as the matrix grows: bisect below the last one for
        // a root of the sequence of pivots, to two digits.
        let (mut low, mut high) = (0.0, self.smallest);
        for _ in 0..60 {
            if high - low <= 0.01 * high {
                break;
            }
            let middle = 0.5 * (low + high);
            if self.has_eigenvalue_below(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        self.smallest = if low > 0.0 { low } else { high };
        self.square.push(beta / (alpha * alpha));
        self.carried = beta / alpha;
    }

    fn has_eigenvalue_below(&self, bound: f64) -> bool {
        let mut pivot = 1.0;
        for (k, &diagonal) in self.diagonal.iter().enumerate() {
            let square = if k == 0 { 0.0 } else { self.square[k - 1] };
            pivot = diagonal - bound - square / pivot;
            if pivot <= 0.0 {
                return true;
            }
        }
        false
    }
}
