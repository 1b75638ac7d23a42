//! Where a table needs further voltages: the curve is steep or bends.

use super::cell::TableCell;
use super::curve::{Curve, from_gumbel};

/// When [`super::SwitchingTable::by_ensemble`] adds voltages.
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
