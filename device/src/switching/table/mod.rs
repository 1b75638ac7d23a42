//! Tables of the switching probability against voltage and pulse width, for each start state.
//!
//! # Interpolation
//! In a cell the estimate is kept with its 95 % Wilson interval. Between voltages the probability
//! is interpolated by monotone cubics of `ln(-ln(1 - p))` (Gumbel scale, on which the curves of
//! thermally assisted and precessional switching are nearly straight), after pooling neighbours
//! that violate monotony within their statistics. Between widths the same quantity is
//! interpolated linearly in ln(width). The bounds are interpolated in the same way.
//!
//! # Outside the table
//! A width outside the table is an error, and so is a voltage beyond the last one. Below the first voltage at which
//! anything switched the Gumbel variable falls linearly, with the slope of the first hundred events (of the first
//! interval for deterministic cells), and the estimate is marked `extrapolated` (lower bound 0; upper bound
//! that of the cells). The true curve bends down there, so the tail is on the high side: reliability wants the
//! Fokker-Planck back end. A voltage of the polarity that drives towards the present state switches with probability 0
//! within the table's model, so that a pulse of either sign can be looked up for either state.
//!
//! # References
//! E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927); F. N. Fritsch and R. E. Carlson,
//! SIAM J. Numer. Anal. 17, 238 (1980); M. Ayer et al., Ann. Math. Stat. 26, 641 (1955) (pooling).

mod cell;
mod computed;
mod curve;
mod dataset;
mod refinement;

use crate::error::DeviceError;
use crate::junction::state::State;
pub use cell::TableCell;
use curve::{Curve, Monotone};
pub use curve::{from_gumbel, gumbel};
pub use refinement::{LARGEST_RISE, Refinement};

/// What a looked-up probability rests on, the best ground first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LookupFlag {
    /// A cell of the table, counted or computed at that voltage and width.
    Counted,
    /// Cells around it.
    Interpolated,
    /// The tail below the first cell with an estimate, or the nearest device of a lattice: an upper limit is known at most.
    Extrapolated,
}

impl LookupFlag {
    /// Name used in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Interpolated => "interpolated",
            Self::Extrapolated => "extrapolated",
        }
    }
}

/// A probability with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probability {
    /// Best estimate.
    pub p: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end of the 95 % interval.
    pub upper: f64,
    /// What it rests on.
    pub flag: LookupFlag,
}

impl Probability {
    /// That of a pulse which drives towards the present state.
    pub const ZERO: Self = Self { p: 0.0, lower: 0.0, upper: 0.0, flag: LookupFlag::Counted };

    /// Whether the tail model or the nearest device was used.
    #[must_use]
    pub fn is_extrapolated(&self) -> bool {
        self.flag == LookupFlag::Extrapolated
    }
}

/// A voltage with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoltageEstimate {
    /// Best estimate in V; positive potentiates (anti-parallel to parallel).
    pub volts: f64,
    /// End of the interval nearer to zero, V. Infinite intervals end at the table's edge.
    pub lower: f64,
    /// End of the interval farther from zero, V.
    pub upper: f64,
}

/// Switching probabilities of one device over voltage and width, for each start state.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchingTable {
    widths_s: Vec<f64>,
    /// Shape: start (parallel, anti-parallel) x width.
    curves: [Vec<Curve>; 2],
    source: String,
}

impl SwitchingTable {
    /// Table from cells. `cells(start, width index)` gives the cells of one curve, of any number and
    /// order; their magnitudes are of the polarity that drives out of `start` (`V > 0` from
    /// anti-parallel). `source` says which back end made them.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] if widths do not increase from above zero, a curve has fewer than two
    /// voltages, or a magnitude is negative or not finite.
    pub fn new(
        widths_s: &[f64],
        source: &str,
        mut cells: impl FnMut(State, usize) -> Vec<TableCell>,
    ) -> Result<Self, DeviceError> {
        let increasing = widths_s.windows(2).all(|pair| pair[0] < pair[1]);
        if !(increasing && widths_s.first().is_some_and(|width| *width > 0.0)) {
            return Err(DeviceError::out_of_range(
                "table.widths",
                format!("{widths_s:?}"),
                "pulse widths must be positive and increase",
            ));
        }
        let mut build = |start: State| {
            (0..widths_s.len())
                .map(|width| {
                    let cells = cells(start, width);
                    if let Some(bad) =
                        cells.iter().find(|c| !(c.magnitude_v.is_finite() && c.magnitude_v >= 0.0))
                    {
                        let expected = "magnitudes must be finite and not negative";
                        return Err(DeviceError::out_of_range("table.voltages", bad.magnitude_v, expected));
                    }
                    let curve = Curve::new(cells);
                    if curve.cells.len() < 2 {
                        let expected = "a curve needs at least two different voltages";
                        return Err(DeviceError::out_of_range("table.voltages", curve.cells.len(), expected));
                    }
                    Ok(curve)
                })
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            widths_s: widths_s.to_vec(),
            curves: [build(State::Parallel)?, build(State::AntiParallel)?],
            source: source.to_string(),
        })
    }

    /// The back end, or back ends, that made the table.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Largest voltage magnitude in V at which every curve of `start` has a cell.
    #[must_use]
    pub fn highest_v(&self, start: State) -> f64 {
        self.span(start, (0, self.widths_s.len() - 1)).1
    }

    /// Pulse widths of the table, s.
    #[must_use]
    pub fn widths_s(&self) -> &[f64] {
        &self.widths_s
    }

    /// Cells of one curve in order of the voltage magnitude.
    #[must_use]
    pub fn cells(&self, start: State, width: usize) -> &[TableCell] {
        &self.curves[index(start)][width].cells
    }

    /// Voltages (V, magnitudes) over which the estimate rests on switches, for every curve of `start` at
    /// the widths `neighbours`.
    fn span(&self, start: State, neighbours: (usize, usize)) -> (f64, f64) {
        let curves = &self.curves[index(start)];
        [neighbours.0, neighbours.1].iter().fold((0.0_f64, f64::INFINITY), |(low, high), &k| {
            let cells = &curves[k].cells;
            (low.max(curves[k].estimate.first()), high.min(cells[cells.len() - 1].magnitude_v))
        })
    }

    /// Indices of the widths around `width_s` and the weight of the second.
    fn bracket(&self, width_s: f64) -> Result<(usize, usize, f64), DeviceError> {
        let (low, high) = (self.widths_s[0], self.widths_s[self.widths_s.len() - 1]);
        // One part in 1e9 of slack for widths that were computed.
        if !(width_s >= low * (1.0 - 1e-9) && width_s <= high * (1.0 + 1e-9)) {
            return Err(DeviceError::OutsideTable {
                quantity: "pulse width in s",
                value: width_s,
                low,
                high,
            });
        }
        let upper =
            self.widths_s.partition_point(|w| *w < width_s * (1.0 - 1e-9)).min(self.widths_s.len() - 1);
        let lower = if self.widths_s[upper] <= width_s * (1.0 + 1e-9) { upper } else { upper - 1 };
        let weight = if lower == upper {
            0.0
        } else {
            (width_s / self.widths_s[lower]).ln() / (self.widths_s[upper] / self.widths_s[lower]).ln()
        };
        Ok((lower, upper, weight))
    }

    /// Probability that a pulse of `volts` (`V > 0` potentiates: anti-parallel to parallel) and
    /// `width_s` switches a device that is in `start`.
    ///
    /// # Errors
    /// [`DeviceError::OutsideTable`] for a width outside the table or a voltage beyond its end.
    pub fn probability(&self, volts: f64, width_s: f64, start: State) -> Result<Probability, DeviceError> {
        let (lower, upper, weight) = self.bracket(width_s)?;
        let magnitude = volts * start.switching_polarity();
        let (low, high) = self.span(start, (lower, upper));
        if magnitude <= 0.0 {
            return Ok(Probability::ZERO);
        }
        if magnitude.is_nan() || magnitude > high * (1.0 + 1e-9) {
            return Err(DeviceError::OutsideTable {
                quantity: "pulse voltage in V (magnitude)",
                value: volts,
                low,
                high,
            });
        }
        let extrapolated = magnitude < low * (1.0 - 1e-9);
        let at_a_cell = |curve: &Curve| {
            let after = curve.cells.partition_point(|cell| cell.magnitude_v < magnitude * (1.0 - 1e-9));
            curve.cells.get(after).is_some_and(|cell| cell.magnitude_v <= magnitude * (1.0 + 1e-9))
        };
        let flag = if extrapolated {
            LookupFlag::Extrapolated
        } else if lower == upper && at_a_cell(&self.curves[index(start)][lower]) {
            LookupFlag::Counted
        } else {
            LookupFlag::Interpolated
        };
        let curves = &self.curves[index(start)];
        let mixed = |select: fn(&Curve) -> &Monotone| {
            let (a, b) = (select(&curves[lower]).at(magnitude), select(&curves[upper]).at(magnitude));
            from_gumbel((1.0 - weight) * a + weight * b)
        };
        let p = mixed(|c| &c.estimate);
        Ok(Probability {
            p,
            lower: if extrapolated { 0.0 } else { mixed(|c| &c.lower).min(p) },
            upper: mixed(|c| &c.upper).max(p),
            flag,
        })
    }

    /// Voltage at which a pulse of `width_s` switches a device in `start` with probability `p`; the
    /// sign is that of the polarity that drives out of `start` (positive from anti-parallel).
    ///
    /// The interval holds all voltages whose probability interval contains `p`.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] unless `0 < p < 1`; [`DeviceError::OutsideTable`] if the table does
    /// not reach `p` at this width.
    pub fn voltage_for(&self, p: f64, width_s: f64, start: State) -> Result<VoltageEstimate, DeviceError> {
        if !(p > 0.0 && p < 1.0) {
            return Err(DeviceError::out_of_range("probability", p, "it must lie strictly between 0 and 1"));
        }
        let (lower, upper, _) = self.bracket(width_s)?;
        let (low, high) = self.span(start, (lower, upper));
        let polarity = start.switching_polarity();
        let at = |magnitude: f64| self.probability(polarity * magnitude, width_s, start);
        let (first, last) = (at(low)?, at(high)?);
        if p < first.p || p > last.p {
            return Err(DeviceError::OutsideTable {
                quantity: "switching probability",
                value: p,
                low: first.p,
                high: last.p,
            });
        }
        // All three curves do not decrease with the magnitude: bisection.
        let solve = |value: &dyn Fn(Probability) -> f64| -> Result<f64, DeviceError> {
            let (mut a, mut b) = (low, high);
            for _ in 0..100 {
                let middle = 0.5 * (a + b);
                if value(at(middle)?) < p { a = middle } else { b = middle }
            }
            Ok(0.5 * (a + b))
        };
        Ok(VoltageEstimate {
            volts: polarity * solve(&|q| q.p)?,
            lower: polarity * solve(&|q| q.upper)?,
            upper: polarity * solve(&|q| q.lower)?,
        })
    }
}

const fn index(start: State) -> usize {
    match start {
        State::Parallel => 0,
        State::AntiParallel => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::curve::isotonic;
    use super::*;
    use crate::dynamics::ensemble::{Ensemble, SwitchingCount};
    use crate::junction::preset;
    use crate::switching::PulseGrid;
    use crate::switching::counts::counts_by_width;

    /// A known law: -ln(1 - p) = (t/ns) exp(a (V - 0.5 V)), symmetric in polarity.
    fn law(magnitude: f64, width_s: f64) -> f64 {
        -(-(width_s * 1e9) * (12.0 * (magnitude - 0.5)).exp()).exp_m1()
    }

    fn table() -> SwitchingTable {
        let widths = [1e-9, 2e-9, 5e-9];
        SwitchingTable::new(&widths, "formula", |_, width| {
            (0..9)
                .map(|i| 0.2 + 0.075 * f64::from(i))
                .map(|v| TableCell::computed(v, law(v, widths[width]), 0.0))
                .collect()
        })
        .unwrap()
    }

    #[test]
    fn a_gumbel_law_is_reproduced_exactly_at_any_voltage_and_width() {
        let table = table();
        for (volts, width) in [(0.31, 1e-9), (0.4567, 1.7e-9), (0.79, 4.2e-9)] {
            for start in State::BOTH {
                let signed = volts * start.switching_polarity();
                let found = table.probability(signed, width, start).unwrap();
                let exact = law(volts, width);
                assert!((found.p - exact).abs() < 1e-9 * exact, "{} against {exact}", found.p);
                let back = table.voltage_for(found.p, width, start).unwrap();
                if found.p < 0.999 {
                    assert!((back.volts - signed).abs() < 1e-9, "{}", back.volts);
                }
                assert_eq!(table.probability(-signed, width, start).unwrap().p, 0.0);
            }
        }
    }

    #[test]
    fn outside_the_table_there_is_an_error_or_a_marked_tail() {
        let table = table();
        let start = State::AntiParallel;
        assert!(matches!(table.probability(0.9, 1e-9, start), Err(DeviceError::OutsideTable { .. })));
        assert!(matches!(table.probability(0.5, 9e-9, start), Err(DeviceError::OutsideTable { .. })));
        assert!(matches!(table.voltage_for(1e-9, 1e-9, start), Err(DeviceError::OutsideTable { .. })));
        let tail = table.probability(0.1, 1e-9, start).unwrap();
        assert!(tail.is_extrapolated() && tail.lower == 0.0);
        assert!((tail.p - law(0.1, 1e-9)).abs() < 1e-6 * tail.p);
    }

    #[test]
    fn pooling_is_the_nearest_rising_curve() {
        let pooled = isotonic(&[0.1, 0.4, 0.2, 0.5], &[1.0, 1.0, 3.0, 1.0]);
        for (found, expected) in pooled.iter().zip([0.1, 0.25, 0.25, 0.5]) {
            assert!((found - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn refinement_adds_points_where_the_curve_bends() {
        let junction = preset::load("perpendicular-40nm").unwrap().device.junction().unwrap();
        let grid = PulseGrid { volts: &[0.3, 0.5, 0.8, 1.1], widths_s: &[1e-9, 1.5e-9] };
        let refinement = Refinement { most_voltages: 8, least_spacing_v: 0.02 };
        let ensemble = Ensemble::new(1500, 4);
        let table = SwitchingTable::by_ensemble(&junction, grid, &ensemble, refinement, |_| {}).unwrap();
        for start in State::BOTH {
            let count = table.cells(start, 0).len();
            assert!((5..=8).contains(&count), "{start}: {count}");
            let estimate = table.voltage_for(0.5, 1e-9, start).unwrap();
            // The refined curve must be consistent with a fresh count at the voltage it gives.
            let fresh = counts_by_width(&junction, estimate.volts, &[1e-9], start, &Ensemble::new(3000, 5))
                .unwrap()[0];
            assert!((fresh.fraction() - 0.5).abs() < 0.06, "{start}: {estimate:?} gives {fresh:?}");
            let (near, far) = (estimate.lower.abs(), estimate.upper.abs());
            assert!(near <= estimate.volts.abs() && estimate.volts.abs() <= far);
        }
        let data = table.to_dataset().unwrap();
        assert!(data.length("cell").is_some_and(|cells| cells >= 20));
    }

    /// Cells without a switch are bounds, not a floor: towards 0 V the estimate falls on.
    #[test]
    fn nothing_counted_is_not_a_floor() {
        let widths = [1e-9];
        // -ln(1 - p) = exp(40 (V - 0.5 V)): nothing in 1000 trials up to 0.3 V, e^-20 at 0 V.
        let steep = |v: f64| -(-(40.0 * (v - 0.5)).exp()).exp_m1();
        let table = SwitchingTable::new(&widths, "counts of the formula", |_, _| {
            (0..17)
                .map(|i| 0.1 + 0.05 * f64::from(i))
                .map(|v| {
                    let switched = (1000.0 * steep(v)).round() as u64;
                    TableCell::counted(v, SwitchingCount { switched, trials: 1000 })
                })
                .collect()
        })
        .unwrap();
        let start = State::AntiParallel;
        let at = |volts: f64| table.probability(volts, 1e-9, start).unwrap();
        // The tail has the slope of 2 against 18 counts, a tenth short of the formula's.
        assert!(at(1e-6).p < 1e-7 && at(1e-6).is_extrapolated() && at(1e-6).lower == 0.0, "{:?}", at(1e-6));
        assert!(at(1e-6).upper > 1e-3, "the bound of 1000 silent trials stays: {:?}", at(1e-6));
        assert!(at(0.01).p < at(0.02).p);
        assert!(table.voltage_for(1e-6, 1e-9, start).is_err(), "a tail is no ground for a pulse");
    }

    /// The first cells count one switch each, by chance; the tail has the slope of the hundred events above them.
    #[test]
    fn single_switches_do_not_make_a_floor() {
        let counts = [(0.30, 1), (0.32, 1), (0.34, 4), (0.36, 9), (0.38, 20), (0.40, 45), (0.42, 100)];
        let table = SwitchingTable::new(&[1e-9], "counts", |_, _| {
            counts
                .map(|(v, switched)| TableCell::counted(v, SwitchingCount { switched, trials: 4000 }))
                .to_vec()
        })
        .unwrap();
        let at = |volts: f64| table.probability(volts, 1e-9, State::AntiParallel).unwrap();
        // The counts rise by e^40 per volt: from 1/4000 at 0.3 V down by e^-8 at 0.1 V.
        let expected = 2.5e-4 * (-8.0_f64).exp();
        assert!((0.2..5.0).contains(&(at(0.1).p / expected)), "{:?} against {expected:e}", at(0.1));
        assert!(at(1e-3).p < 1e-8 && at(1e-3).is_extrapolated());
    }
}
