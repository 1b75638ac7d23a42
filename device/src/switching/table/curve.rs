//! A switching curve on the Gumbel scale: pooled to be monotone, then interpolated by monotone cubics.
//!
//! # References
//! F. N. Fritsch and R. E. Carlson, SIAM J. Numer. Anal. 17, 238 (1980); M. Ayer et al.,
//! Ann. Math. Stat. 26, 641 (1955) (pooling).

use super::cell::TableCell;

/// Gumbel variable `ln(-ln(1 - p))`.
#[must_use]
pub fn gumbel(p: f64) -> f64 {
    (-(-p).ln_1p()).ln()
}

/// Probability of a Gumbel variable.
#[must_use]
pub fn from_gumbel(y: f64) -> f64 {
    -(-y.exp()).exp_m1()
}

/// Curve of one width and start: cells in order of the voltage, and the monotone interpolants.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    pub(super) cells: Vec<TableCell>,
    pub(super) estimate: Monotone,
    pub(super) lower: Monotone,
    pub(super) upper: Monotone,
}

impl Curve {
    pub(super) fn new(mut cells: Vec<TableCell>) -> Self {
        cells.sort_by(|a, b| a.magnitude_v.total_cmp(&b.magnitude_v));
        cells.dedup_by(|a, b| a.magnitude_v == b.magnitude_v);
        let curve = |cells: &[TableCell], value: &dyn Fn(&TableCell) -> f64| {
            let x: Vec<f64> = cells.iter().map(|c| c.magnitude_v).collect();
            let weights: Vec<f64> = cells.iter().map(|c| c.trials.max(1) as f64).collect();
            let y = isotonic(&cells.iter().map(value).collect::<Vec<_>>(), &weights);
            Monotone::new(&x, &y.iter().map(|p| gumbel(*p)).collect::<Vec<_>>())
        };
        // Cells before the first switch bound the probability but do not say what it is: the
        // estimate begins where something switched, with two cells at least for its slope.
        let silent = cells.iter().take_while(|c| c.p == 0.0).count();
        let first = if silent + 2 <= cells.len() { silent } else { 0 };
        let mut estimate = curve(&cells[first..], &TableCell::moderated);
        if let Some(slope) = counted_slope(&cells[first..]) {
            estimate.tail = slope;
        }
        let lower = curve(&cells, &|c| c.lower.max(1e-300).min(c.moderated()));
        let upper = curve(&cells, &|c| c.upper.min(1.0 - f64::EPSILON).max(c.moderated()));
        Self { cells, estimate, lower, upper }
    }
}

/// Events on which the slope of a tail is to rest: ten per cent of one unit of the Gumbel variable.
const TAIL_EVENTS: u64 = 100;

/// Slope of the Gumbel variable over the first cells that count [`TAIL_EVENTS`] switches together, by least squares with
/// the counts as weights (the variance of the variable is the inverse of the count where p is small).
///
/// Two cells of one switch each would say that the probability does not depend on voltage. `None` for
/// deterministic cells, and where a single cell counts that many.
fn counted_slope(cells: &[TableCell]) -> Option<f64> {
    let mut counted = 0;
    let last = cells.iter().position(|cell| {
        counted += cell.switched;
        counted >= TAIL_EVENTS
    });
    let events: Vec<(f64, f64, f64)> = cells[..=last.unwrap_or(cells.len().saturating_sub(1))]
        .iter()
        .filter(|cell| cell.switched > 0)
        .map(|cell| (cell.switched as f64, cell.magnitude_v, gumbel(cell.moderated())))
        .collect();
    if events.len() < 2 {
        return None;
    }
    let total: f64 = events.iter().map(|e| e.0).sum();
    let mean =
        |pick: &dyn Fn(&(f64, f64, f64)) -> f64| events.iter().map(|e| e.0 * pick(e)).sum::<f64>() / total;
    let (x, y) = (mean(&|e| e.1), mean(&|e| e.2));
    let (xy, xx) = (mean(&|e| (e.1 - x) * (e.2 - y)), mean(&|e| (e.1 - x).powi(2)));
    Some((xy / xx).max(0.0))
}

/// Weighted isotonic regression: the nearest non-decreasing sequence.
pub(super) fn isotonic(values: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(values.len());
    for (&value, &weight) in values.iter().zip(weights) {
        pools.push((value, weight, 1));
        while let [.., (a, wa, na), (b, wb, nb)] = pools[..]
            && a > b
        {
            pools.truncate(pools.len() - 2);
            pools.push(((a * wa + b * wb) / (wa + wb), wa + wb, na + nb));
        }
    }
    pools.iter().flat_map(|&(value, _, count)| std::iter::repeat_n(value, count)).collect()
}

/// Monotone cubic interpolant of non-decreasing values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Monotone {
    x: Vec<f64>,
    y: Vec<f64>,
    slope: Vec<f64>,
    /// Slope below the first knot.
    tail: f64,
}

impl Monotone {
    fn new(x: &[f64], y: &[f64]) -> Self {
        let n = x.len();
        let secant = |i: usize| (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
        let slope = (0..n)
            .map(|i| {
                if n == 1 {
                    0.0
                } else if i == 0 {
                    secant(0)
                } else if i == n - 1 {
                    secant(n - 2)
                } else {
                    // Harmonic mean of the neighbours: never overshoots.
                    let (a, b) = (secant(i - 1), secant(i));
                    if a <= 0.0 || b <= 0.0 {
                        0.0
                    } else {
                        let (ha, hb) = (x[i] - x[i - 1], x[i + 1] - x[i]);
                        let (wa, wb) = (2.0 * hb + ha, hb + 2.0 * ha);
                        (wa + wb) / (wa / a + wb / b)
                    }
                }
            })
            .collect::<Vec<f64>>();
        Self { x: x.to_vec(), y: y.to_vec(), tail: slope[0], slope }
    }

    /// First knot.
    pub(super) fn first(&self) -> f64 {
        self.x[0]
    }

    pub(super) fn at(&self, x: f64) -> f64 {
        let n = self.x.len();
        if x < self.x[0] {
            return self.y[0] + self.tail * (x - self.x[0]);
        }
        if n == 1 || x >= self.x[n - 1] {
            return self.y[n - 1];
        }
        let i = self.x.partition_point(|knot| *knot <= x) - 1;
        let h = self.x[i + 1] - self.x[i];
        let t = (x - self.x[i]) / h;
        let (a, b) = (1.0 - t, t);
        a * a * (1.0 + 2.0 * t) * self.y[i]
            + t * a * a * h * self.slope[i]
            + b * b * (3.0 - 2.0 * t) * self.y[i + 1]
            - b * b * a * h * self.slope[i + 1]
    }
}
