//! Where a table needs further voltages: the curve is steep or bends.

use super::cell::TableCell;
use super::curve::{Curve, from_gumbel};

/// When voltages are added to a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refinement {
    /// Most voltages per start state.
    pub most_voltages: usize,
    /// Closest spacing of two voltages, V.
    pub least_spacing_v: f64,
}

impl Refinement {
    /// No refinement: the voltages given are the table's.
    pub const NONE: Self = Self { most_voltages: 0, least_spacing_v: f64::INFINITY };
}

/// Largest rise of the probability from one voltage to the next before a voltage is added between them.
pub const LARGEST_RISE: f64 = 0.1;

/// Middles of the intervals over which the probability rises by more than [`LARGEST_RISE`] at any width, the steepest first.
/// `column` holds the cells of each width, at the same voltages.
pub(super) fn steep_intervals(column: &[Vec<TableCell>], refinement: Refinement) -> Vec<f64> {
    let rise = |k: usize| column.iter().map(|cells| cells[k + 1].p - cells[k].p).fold(0.0, f64::max);
    let volts = |k: usize| column[0][k].magnitude_v;
    let mut found: Vec<(f64, f64)> = (0..column[0].len().saturating_sub(1))
        .filter(|&k| volts(k + 1) - volts(k) >= 2.0 * refinement.least_spacing_v)
        .map(|k| (rise(k), 0.5 * (volts(k) + volts(k + 1))))
        .filter(|(rise, _)| *rise > LARGEST_RISE)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.total_cmp(&b.1)));
    found.into_iter().map(|(_, middle)| middle).collect()
}

/// The first of [`steep_intervals`].
pub(super) fn steepest(column: &[Vec<TableCell>], refinement: Refinement) -> Option<f64> {
    steep_intervals(column, refinement).first().copied()
}

/// Middle of the interval that most needs a point, if any.
///
/// Each inner point is predicted from the curve without it; where the prediction misses by more
/// than the half-width of the point's interval, the wider neighbouring interval is halved.
pub(super) fn wanted_point(cells: &[TableCell], refinement: Refinement) -> Option<f64> {
    let mut worst: Option<(f64, f64)> = None;
    for i in 1..cells.len().saturating_sub(1) {
        let mut others = cells.to_vec();
        let point = others.remove(i);
        let predicted = from_gumbel(Curve::new(others).estimate.at(point.magnitude_v));
        let excess = (predicted - point.p).abs() / (0.5 * (point.upper - point.lower)).max(1e-300);
        let (before, after) = (cells[i - 1].magnitude_v, cells[i + 1].magnitude_v);
        let (low, high) = if point.magnitude_v - before > after - point.magnitude_v {
            (before, point.magnitude_v)
        } else {
            (point.magnitude_v, after)
        };
        let close = high - low < 2.0 * refinement.least_spacing_v;
        if excess > 1.0 && !close && worst.is_none_or(|(most, _)| excess > most) {
            worst = Some((excess, 0.5 * (low + high)));
        }
    }
    worst.map(|(_, middle)| middle)
}
