//! Resistance summation: columns of junctions in series, read by their total resistance.
//!
//! Each stage of a column is a pair of junctions, each behind its own transistor; the input
//! switches one of the two on. Wire segments lie between the stages. The total resistance of
//! a column is then the number of matches between inputs and weights, in units of R_AP - R_P, and is read
//! as the delay of an RC stage.
//!
//! # Formula
//! The stages carry one current I; the sum of their voltages and of the wires' is the applied voltage. Both sides
//! increase with I, so that bisection and Newton's method find the one solution.
//!
//! # References
//! S. Jung et al., Nature 601, 211 (2022), doi:10.1038/s41586-021-04196-6.
//!
//! # Not modelled
//! Capacitance along the column: the delay is that of the total resistance and one capacitor.

use nalgebra::DMatrix;

use crate::array::cell::{Cell, CellLaw};
use crate::error::CircuitError;

/// Series columns: M stages x N columns of pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesColumns {
    /// Junction that conducts when the input is 1, M x N.
    pub when_one: DMatrix<CellLaw>,
    /// Junction that conducts when the input is 0, M x N.
    pub when_zero: DMatrix<CellLaw>,
    /// Resistance of a transistor that is on, in ohm.
    pub on_ohm: f64,
    /// Resistance of a transistor that is off, in ohm; infinite for no leakage.
    pub off_ohm: f64,
    /// Resistance of a wire segment, in ohm; one before, between and after the stages.
    pub wire_ohm: f64,
}

/// State of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesReading {
    /// Current through the column in A.
    pub amperes: f64,
    /// Total resistance V/I in ohm.
    pub ohm: f64,
    /// Voltage across each stage in V, M entries.
    pub stage_volts: Vec<f64>,
    /// Error of Kirchhoff's voltage law in V.
    pub residual_volts: f64,
}

impl SeriesReading {
    /// Time to charge `farad` through the column to `fraction` of the applied voltage, in s.
    ///
    /// # Formula
    /// t = R C ln(1/(1 - fraction))
    #[must_use]
    pub fn delay_s(&self, farad: f64, fraction: f64) -> f64 {
        -self.ohm * farad * (-fraction).ln_1p()
    }
}

impl SeriesColumns {
    /// Reads every column with `volts` across it (V > 0 favours P) for M inputs.
    ///
    /// # Errors
    /// Wrong number of inputs, a parameter out of range, or an interrupted column.
    pub fn read(&self, inputs: &[bool], volts: f64) -> Result<Vec<SeriesReading>, CircuitError> {
        let (rows, cols) = self.when_one.shape();
        if rows == 0 || cols == 0 {
            return Err(CircuitError::Empty { rows, cols });
        }
        if self.when_zero.shape() != (rows, cols) {
            let (given, expected) = (self.when_zero.len(), rows * cols);
            return Err(CircuitError::Count { what: "junctions for input 0", given, expected });
        }
        if inputs.len() != rows {
            return Err(CircuitError::Count { what: "inputs", given: inputs.len(), expected: rows });
        }
        for (key, value, fine) in [
            ("on_ohm", self.on_ohm, self.on_ohm.is_finite() && self.on_ohm >= 0.0),
            ("off_ohm", self.off_ohm, self.off_ohm > self.on_ohm),
            ("wire_ohm", self.wire_ohm, self.wire_ohm.is_finite() && self.wire_ohm >= 0.0),
            ("volts", volts, volts.is_finite()),
        ] {
            CircuitError::require(fine, key, value, "0 <= on_ohm < off_ohm, all else finite")?;
        }
        (0..cols).map(|col| self.column(col, inputs, volts)).collect()
    }

    fn column(&self, col: usize, inputs: &[bool], volts: f64) -> Result<SeriesReading, CircuitError> {
        let stages: Vec<[Cell; 2]> = inputs
            .iter()
            .enumerate()
            .map(|(row, &one)| {
                let access = |on| if on { self.on_ohm } else { self.off_ohm };
                [
                    Cell { law: self.when_one[(row, col)], access_ohm: access(one) },
                    Cell { law: self.when_zero[(row, col)], access_ohm: access(!one) },
                ]
            })
            .collect();
        for (row, stage) in stages.iter().enumerate() {
            for cell in stage {
                if let Some((key, value, expected)) = cell.fault() {
                    return Err(CircuitError::CellValue { key, value, row, col, expected });
                }
            }
            let siemens: f64 = stage.iter().map(Cell::zero_bias_siemens).sum();
            if siemens <= 0.0 {
                let expected = "a stage that conducts: the column is interrupted";
                return Err(CircuitError::CellValue { key: "siemens", value: siemens, row, col, expected });
            }
        }
        // Odd laws: solve for the magnitude.
        let total = volts.abs();
        let wires = self.wire_ohm * (stages.len() + 1) as f64;
        let drops = |amperes: f64| -> Vec<(f64, f64)> {
            stages.iter().map(|stage| stage_volts(stage, amperes, total)).collect()
        };
        // All voltage on the best stage bounds the current from above.
        let stage_current = |stage: &[Cell; 2]| stage.iter().map(|cell| cell.at(total).amperes).sum::<f64>();
        let mut high = stages.iter().map(stage_current).fold(f64::INFINITY, f64::min);
        let mut low = 0.0;
        let zero_bias: f64 =
            stages.iter().map(|s| 1.0 / s.iter().map(Cell::zero_bias_siemens).sum::<f64>()).sum();
        let mut amperes = (total / (zero_bias + wires)).min(high);
        for _ in 0..200 {
            let found = drops(amperes);
            let excess = found.iter().map(|d| d.0).sum::<f64>() + wires * amperes - total;
            if excess > 0.0 {
                high = amperes;
            } else {
                low = amperes;
            }
            let slope = found.iter().map(|d| d.1).sum::<f64>() + wires;
            let next = amperes - excess / slope;
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            let moved = (next - amperes).abs();
            amperes = next;
            if moved <= 1e-15 * amperes.abs() {
                break;
            }
        }
        let found = drops(amperes);
        let residual = found.iter().map(|d| d.0).sum::<f64>() + wires * amperes - total;
        let ohm = if total > 0.0 { total / amperes } else { zero_bias + wires };
        Ok(SeriesReading {
            amperes: amperes.copysign(volts),
            ohm,
            stage_volts: found.iter().map(|d| d.0.copysign(volts)).collect(),
            residual_volts: residual.abs(),
        })
    }
}

/// Voltage over a stage that carries `amperes`, and its slope in ohm.
fn stage_volts(stage: &[Cell; 2], amperes: f64, most: f64) -> (f64, f64) {
    let at = |volts: f64| {
        let points = stage.map(|cell| cell.at(volts));
        (points[0].amperes + points[1].amperes, points[0].slope_siemens + points[1].slope_siemens)
    };
    let (mut low, mut high) = (0.0, most);
    let mut volts = (amperes / at(0.0).1).min(most);
    for _ in 0..200 {
        let (current, slope) = at(volts);
        if current > amperes {
            high = volts;
        } else {
            low = volts;
        }
        let next = volts - (current - amperes) / slope;
        let next = if next > low && next < high { next } else { 0.5 * (low + high) };
        let moved = (next - volts).abs();
        volts = next;
        if moved <= 1e-16 * most || high - low <= 1e-16 * most {
            break;
        }
    }
    (volts, 1.0 / at(volts).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use spinhebb_device::junction::state::State;
    use spinhebb_device::junction::transport::Transport;

    fn columns(half_voltage_v: f64) -> SeriesColumns {
        let transport = Transport { parallel_s: 1e-4, tmr: 1.5, half_voltage_v };
        let weights = [true, false, true, true];
        let law =
            |on: bool| CellLaw::junction(transport, if on { State::AntiParallel } else { State::Parallel });
        SeriesColumns {
            when_one: DMatrix::from_fn(4, 1, |i, _| law(weights[i])),
            when_zero: DMatrix::from_fn(4, 1, |i, _| law(!weights[i])),
            on_ohm: 500.0,
            off_ohm: f64::INFINITY,
            wire_ohm: 2.0,
        }
    }

    /// The resistance counts matches: 4 (R_P + R_on) + matches (R_AP - R_P) + five wires.
    #[test]
    fn ohmic_columns_sum_resistances() {
        for (inputs, matches) in [([true, false, true, true], 4.0), ([false, false, true, false], 2.0)] {
            let reading = columns(f64::INFINITY).read(&inputs, -0.4).unwrap().remove(0);
            let ohm = 4.0 * 10_500.0 + matches * 15_000.0 + 10.0;
            assert!((reading.ohm / ohm - 1.0).abs() < 1e-13, "{}", reading.ohm);
            assert!((reading.amperes + 0.4 / ohm).abs() < 1e-18);
        }
    }

    /// Bias-dependent stages keep Kirchhoff's law and conduct better than at zero bias.
    #[test]
    fn nonlinear_columns_keep_the_voltage_law() {
        let inputs = [true, false, true, true];
        let reading = columns(0.3).read(&inputs, 2.0).unwrap().remove(0);
        let sum: f64 = reading.stage_volts.iter().sum();
        assert!((sum + 10.0 * reading.amperes - 2.0).abs() < 1e-14 && reading.residual_volts < 1e-14);
        // Equal stages share the voltage: the law of one stage at a quarter, solved by hand.
        let stage = Cell { law: columns(0.3).when_one[(0, 0)], access_ohm: 500.0 };
        assert!((stage.at(sum / 4.0).amperes - reading.amperes).abs() < 1e-16);
        assert!(reading.ohm < 4.0 * 25_500.0);
    }

    #[test]
    fn an_interrupted_column_is_refused() {
        let mut broken = columns(0.3);
        broken.when_one[(2, 0)] = CellLaw::Open;
        let error = broken.read(&[true; 4], 0.1).unwrap_err();
        assert!(matches!(error, CircuitError::CellValue { row: 2, .. }), "{error}");
    }
}
