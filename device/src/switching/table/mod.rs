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
mod curve;
mod dataset;
mod device_axis;
mod refinement;

use crate::dynamics::ensemble::{Ensemble, SwitchingCount};
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;
use crate::switching::PulseGrid;
use crate::switching::counts::counts_by_width;
pub use cell::TableCell;
use curve::{Curve, Monotone};
pub use curve::{from_gumbel, gumbel};
pub use device_axis::DeviceAxis;
pub use refinement::Refinement;
use refinement::wanted_point;

/// A probability with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probability {
    /// Best estimate.
    pub p: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end of the 95 % interval.
    pub upper: f64,
    /// Whether the tail model below the first voltage was used.
    pub extrapolated: bool,
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

    /// Table by LLGS ensembles on a grid refined where the curves are steep.
    ///
    /// The trials of one voltage are shared by all widths (see
    /// [`crate::dynamics::ensemble::switching_counts_by_width`]). The voltages of `magnitudes` are those to begin with; between
    /// two neighbours a voltage is added while, at any width, the curve interpolated without one of
    /// its inner points misses that point by more than its statistical error, until
    /// `refinement.most_voltages`.
    ///
    /// # Errors
    /// As [`SwitchingTable::new`] and [`crate::dynamics::ensemble::switching_counts_by_width`].
    pub fn by_ensemble(
        junction: &Junction,
        magnitudes: PulseGrid<'_>,
        ensemble: &Ensemble,
        refinement: Refinement,
        progress: impl FnMut(usize),
    ) -> Result<Self, DeviceError> {
        let counts = |start, volts| counts_by_width(junction, volts, magnitudes.widths_s, start, ensemble);
        let source = match junction {
            Junction::Single(_) => "LLGS ensemble",
            Junction::Coupled(_) => "LLGS ensemble of coupled layers",
        };
        Self::by_counts(magnitudes, source, refinement, counts, progress)
    }

    /// As [`Self::by_ensemble`] from any counts: `counts(start, volts)` gives one for each width at the
    /// signed voltage (`V > 0` potentiates: it switches anti-parallel to parallel).
    ///
    /// # Errors
    /// Those of `counts` and of [`SwitchingTable::new`].
    pub fn by_counts(
        magnitudes: PulseGrid<'_>,
        source: &str,
        refinement: Refinement,
        mut counts: impl FnMut(State, f64) -> Result<Vec<SwitchingCount>, DeviceError>,
        mut progress: impl FnMut(usize),
    ) -> Result<Self, DeviceError> {
        let mut columns: [Vec<Vec<TableCell>>; 2] = [Vec::new(), Vec::new()];
        for start in State::BOTH {
            let column = &mut columns[index(start)];
            *column = vec![Vec::new(); magnitudes.widths_s.len()];
            let mut run = |magnitude: f64, column: &mut Vec<Vec<TableCell>>| {
                let counts = counts(start, start.switching_polarity() * magnitude)?;
                for (cells, count) in column.iter_mut().zip(counts) {
                    let place = cells.partition_point(|cell| cell.magnitude_v < magnitude);
                    cells.insert(place, TableCell::counted(magnitude, count));
                }
                progress(1);
                Ok::<(), DeviceError>(())
            };
            for &magnitude in magnitudes.volts {
                run(magnitude, column)?;
            }
            while column[0].len() < refinement.most_voltages {
                let Some(magnitude) = column.iter().find_map(|cells| wanted_point(cells, refinement)) else {
                    break;
                };
                run(magnitude, column)?;
            }
        }
        Self::new(magnitudes.widths_s, source, |start, width| {
            std::mem::take(&mut columns[index(start)][width])
        })
    }

    /// The back end, or back ends, that made the table.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
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
            return Ok(Probability { p: 0.0, lower: 0.0, upper: 0.0, extrapolated: false });
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
            extrapolated,
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

    /// The table of a device whose current-induced torques are `torque_factor` times those of
    /// this one: the same probabilities at voltages divided by it.
    ///
    /// Exact when voltage control and bias-dependent TMR are off; otherwise build a
    /// [`DeviceAxis`].
    #[must_use]
    pub fn with_torque_scaled(&self, torque_factor: f64) -> Self {
        let scale = |curve: &Curve| {
            Curve::new(
                curve
                    .cells
                    .iter()
                    .map(|cell| TableCell { magnitude_v: cell.magnitude_v / torque_factor, ..*cell })
                    .collect(),
            )
        };
        Self {
            widths_s: self.widths_s.clone(),
            curves: self.curves.each_ref().map(|curves| curves.iter().map(scale).collect()),
            source: self.source.clone(),
        }
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
    use crate::junction::preset;

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
        assert!(tail.extrapolated && tail.lower == 0.0);
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
        assert!(at(1e-6).p < 1e-7 && at(1e-6).extrapolated && at(1e-6).lower == 0.0, "{:?}", at(1e-6));
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
        assert!(at(1e-3).p < 1e-8 && at(1e-3).extrapolated);
    }

    #[test]
    fn devices_between_the_tables_are_interpolated() {
        let nominal = table();
        let axis = DeviceAxis::new(vec![
            (0.8, nominal.with_torque_scaled(0.8)),
            (1.25, nominal.with_torque_scaled(1.25)),
        ])
        .unwrap();
        let p = axis.probability(1.25, 0.4, 2e-9, State::AntiParallel).unwrap().p;
        assert!((p - law(0.5, 2e-9)).abs() < 1e-9);
        let between = axis.probability(1.0, 0.4, 2e-9, State::AntiParallel).unwrap().p;
        let ends = [0.8, 1.25].map(|k| axis.probability(k, 0.4, 2e-9, State::AntiParallel).unwrap().p);
        assert!(ends[0] < between && between < ends[1]);
        assert!(axis.probability(2.0, 0.4, 2e-9, State::AntiParallel).is_err());
    }
}
