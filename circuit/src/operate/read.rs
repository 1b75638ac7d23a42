//! Reading: output currents, IR drop, subtraction, converter, settling and energy.
//!
//! Word lines are driven with the input voltages, bit lines are sensed at 0 V at their bottom
//! ends ([`crate::array::Array::for_read`]).

use nalgebra::{DMatrix, DVector};
use spinhebb_data::config::{Check, Faults};
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;

use crate::array::cell::{Cell, CellLaw, Cells};
use crate::array::config::{ArrayConfig, SubtractionKind};
use crate::array::crossbar::{Array, End, Lines, Wiring};
use crate::error::CircuitError;
use crate::operate::settling::{LineCapacitance, Settling};
use crate::solve::nodal::Solution;

/// How signed outputs are made of unsigned currents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subtraction {
    /// Not at all.
    None,
    /// The current of one column is subtracted from all others.
    ReferenceColumn(usize),
    /// Columns 2k and 2k+1 are a pair; their difference is output k.
    Pairs,
}

/// An analogue-to-digital converter behind each output.
///
/// # Formula
/// code = round((I + offset)/lsb) within -2^(bits-1) .. 2^(bits-1) - 1, lsb = 2 full_scale / 2^bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Converter {
    /// Resolution in bits, 1 to 24.
    pub bits: u32,
    /// Current of full scale in A, either sign.
    pub full_scale_amperes: f64,
    /// Offset current in A, added before conversion.
    pub offset_amperes: f64,
}

impl Converter {
    /// Current of one step in A.
    #[must_use]
    pub fn step_amperes(&self) -> f64 {
        2.0 * self.full_scale_amperes / f64::from(1_u32 << self.bits)
    }

    /// Code of a current in A.
    #[must_use]
    pub fn code(&self, amperes: f64) -> i32 {
        let half = 1_i32 << (self.bits - 1);
        let code = ((amperes + self.offset_amperes) / self.step_amperes()).round();
        code.clamp(f64::from(-half), f64::from(half - 1)) as i32
    }
}

impl Check for Converter {
    fn check(&self, faults: &mut Faults) {
        faults.require((1..=24).contains(&self.bits), "bits", self.bits, "1 to 24");
        let full_scale = self.full_scale_amperes;
        let positive = full_scale.is_finite() && full_scale > 0.0;
        faults.require(positive, "full_scale_amperes", full_scale, "a finite current above 0 A");
        let offset = self.offset_amperes;
        faults.require(offset.is_finite(), "offset_amperes", offset, "a finite current");
    }
}

/// What surrounds the array in a read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadChain {
    /// Making of signed outputs.
    pub subtraction: Subtraction,
    /// Converter behind each output, if any.
    pub converter: Option<Converter>,
    /// Line capacitance and the relative tolerance of settling, if settling is wanted.
    pub settling: Option<(LineCapacitance, f64)>,
    /// Time for which the currents are integrated after settling, in s.
    pub integration_s: f64,
}

impl Check for ReadChain {
    fn check(&self, faults: &mut Faults) {
        faults.within("converter", |faults| self.converter.check(faults));
        let time = self.integration_s;
        let fine = time.is_finite() && time >= 0.0;
        faults.require(fine, "integration_s", time, "a finite time of 0 s or more");
    }
}

impl ArrayConfig {
    /// Converter behind each output.
    ///
    /// Full scale is the current of a column whose cells are all parallel and active, less what is subtracted from it.
    #[must_use]
    pub fn converter(&self, nominal: Transport) -> Converter {
        let [parallel, antiparallel] =
            [State::Parallel, State::AntiParallel].map(|state| nominal.conductance(state, 0.0));
        let largest = match self.subtraction {
            SubtractionKind::None => parallel,
            SubtractionKind::ReferenceColumn => 0.5 * (parallel - antiparallel),
            SubtractionKind::Pairs => parallel - antiparallel,
        };
        Converter {
            bits: self.converter_bits,
            full_scale_amperes: self.inputs as f64 * self.read_voltage.si().abs() * largest,
            offset_amperes: self.converter_offset.si(),
        }
    }

    /// Capacitance of the lines per cell.
    #[must_use]
    pub fn line_capacitance(&self) -> LineCapacitance {
        LineCapacitance { word_farad: self.word_capacitance.si(), bit_farad: self.bit_capacitance.si() }
    }

    /// `array`, with a reference column at its right where one is subtracted (halfway between the two states of the
    /// `nominal` device at zero bias), and what surrounds it in a read.
    ///
    /// # Errors
    /// The array has no columns.
    pub fn read_chain(&self, array: Array, nominal: Transport) -> Result<(Array, ReadChain), CircuitError> {
        let cols = array.shape().1;
        let (array, subtraction) = match self.subtraction {
            SubtractionKind::None => (array, Subtraction::None),
            SubtractionKind::Pairs => (array, Subtraction::Pairs),
            SubtractionKind::ReferenceColumn => {
                let mean = State::BOTH.map(|state| 0.5 * nominal.conductance(state, 0.0)).iter().sum();
                (array.with_reference_column(mean)?, Subtraction::ReferenceColumn(cols))
            }
        };
        let chain = ReadChain {
            subtraction,
            converter: Some(self.converter(nominal)),
            settling: Some((self.line_capacitance(), self.settling_tolerance)),
            integration_s: self.read_time.si(),
        };
        Ok((array, chain))
    }
}

/// Outcome of one read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Current of each bit line in A, N.
    pub amperes: DVector<f64>,
    /// The same with ideal lines: the exact product.
    pub ideal_amperes: DVector<f64>,
    /// Outputs after subtraction in A: N, N-1 with a reference column, N/2 with pairs.
    pub outputs: DVector<f64>,
    /// Codes of the outputs, if there is a converter.
    pub codes: Option<Vec<i32>>,
    /// IR drop: voltage over each cell with ideal lines minus the real one in V, M x N.
    pub drop_volts: DMatrix<f64>,
    /// Time constants and settling time, if wanted.
    pub settling: Option<Settling>,
    /// Energy of the read in J: static power over settling and integration, plus charging.
    pub energy_joules: f64,
    /// Solved state.
    pub solution: Solution,
}

impl Array {
    /// Reads the array as it is driven.
    ///
    /// # Errors
    /// A faulty chain or array, or no convergence.
    pub fn read(&self, chain: &ReadChain) -> Result<Reading, CircuitError> {
        chain.first_fault()?;
        let solution = self.solve()?;
        let amperes = solution.output_amperes().clone();
        let word_volts = self.left_volts();
        let ideal_amperes = DVector::from_vec(self.ideal_product(&word_volts));
        let volts = solution.cell_volts();
        let drop_volts = DMatrix::from_fn(volts.nrows(), volts.ncols(), |i, j| {
            word_volts[if self.wiring == Wiring::Crossed { i } else { j }] - volts[(i, j)]
        });
        let outputs = subtract(&amperes, chain.subtraction)?;
        let codes =
            chain.converter.map(|converter| outputs.iter().map(|&current| converter.code(current)).collect());
        let settling = match chain.settling {
            Some((capacitance, tolerance)) => Some(self.settling(&solution, capacitance, tolerance)?),
            None => None,
        };
        let settled_s = settling.map_or(0.0, |s| s.settled_s);
        let charging = settling.map_or(0.0, |s| 2.0 * s.stored_joules);
        let energy_joules = solution.power_watts(self) * (settled_s + chain.integration_s) + charging;
        Ok(Reading { amperes, ideal_amperes, outputs, codes, drop_volts, settling, energy_joules, solution })
    }

    /// Source voltages at the left ends in V, 0 where they float.
    fn left_volts(&self) -> Vec<f64> {
        let volts = |end: &End| match *end {
            End::Driven { volts, .. } => volts,
            End::Floating => 0.0,
        };
        self.word.first.iter().map(volts).collect()
    }

    /// The array with one more column of resistors at its right, read as its neighbours are: the
    /// reference for [`Subtraction::ReferenceColumn`], with (G_P + G_AP)/2 for signed weights.
    ///
    /// # Errors
    /// The array has no columns.
    pub fn with_reference_column(mut self, siemens: f64) -> Result<Self, CircuitError> {
        let (rows, cols) = self.shape();
        if cols == 0 {
            return Err(CircuitError::Empty { rows, cols });
        }
        self.cells = match self.cells {
            Cells::Linear(matrix) => Cells::Linear(matrix.insert_column(cols, siemens)),
            Cells::Devices(cells) => {
                let access_ohm = cells[(0, cols - 1)].access_ohm;
                let cell = Cell { law: CellLaw::Linear { siemens }, access_ohm };
                Cells::Devices(cells.insert_column(cols, cell))
            }
        };
        let more = |lines: &mut Lines| {
            let Lines { segment_ohm, first, last, .. } = lines;
            segment_ohm.push(segment_ohm[cols - 1]);
            first.push(first[cols - 1]);
            last.push(last[cols - 1]);
        };
        more(&mut self.bit);
        if self.wiring == Wiring::Parallel {
            more(&mut self.word);
        }
        Ok(self)
    }
}

fn subtract(amperes: &DVector<f64>, subtraction: Subtraction) -> Result<DVector<f64>, CircuitError> {
    let columns = amperes.len();
    match subtraction {
        Subtraction::None => Ok(amperes.clone()),
        Subtraction::ReferenceColumn(reference) => {
            if reference >= columns {
                return Err(CircuitError::Index {
                    what: "reference column",
                    index: reference,
                    last: columns - 1,
                });
            }
            let others = (0..columns).filter(|&j| j != reference);
            let outputs: Vec<f64> = others.map(|j| amperes[j] - amperes[reference]).collect();
            Ok(DVector::from_vec(outputs))
        }
        Subtraction::Pairs => {
            if !columns.is_multiple_of(2) {
                let expected = columns + 1;
                return Err(CircuitError::Count { what: "columns of pairs", given: columns, expected });
            }
            Ok(DVector::from_fn(columns / 2, |k, _| amperes[2 * k] - amperes[2 * k + 1]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spinhebb_data::config::Document;
    use spinhebb_data::quantity::{Current, Resistance};

    fn config() -> ArrayConfig {
        Document::from_text("array.toml", include_str!("../../tests/array.toml")).unwrap().parse().unwrap()
    }

    /// With all inputs active, a column of parallel cells less what is subtracted from it gives full scale.
    #[test]
    fn full_scale_is_the_largest_output() {
        let nominal = Transport { parallel_s: 2e-4, tmr: 1.0, half_voltage_v: f64::INFINITY };
        let states = DMatrix::from_fn(3, 2, |_, j| State::BOTH[j]);
        let parallel_first = State::BOTH[0] == State::Parallel;
        for (subtraction, largest) in [
            (SubtractionKind::None, 6e-5),
            (SubtractionKind::ReferenceColumn, 1.5e-5),
            (SubtractionKind::Pairs, 3e-5),
        ] {
            let config = ArrayConfig {
                inputs: 3,
                outputs: 2,
                subtraction,
                converter_offset: Current(1e-9),
                driver: Resistance(1e-3),
                ..config()
            };
            let cells = Cells::Devices(states.map(|state| config.nominal_cell(nominal, state)));
            let array = config.for_read(config.wired(cells), &config.input_volts(&[true; 3]));
            let (array, chain) = config.read_chain(array, nominal).unwrap();
            let converter = chain.converter.unwrap();
            assert!((converter.full_scale_amperes / largest - 1.0).abs() < 1e-12, "{subtraction:?}");
            assert_eq!((converter.bits, converter.offset_amperes), (6, 1e-9));
            let reading = array.read(&chain).unwrap();
            let output = reading.outputs[usize::from(!parallel_first && reading.outputs.len() > 1)].abs();
            assert!((output / largest - 1.0).abs() < 1e-5, "{subtraction:?}: {output}");
            assert!(reading.settling.unwrap().settled_s > 0.0);
        }
    }

    #[test]
    fn all_faults_of_a_chain_are_told_at_once() {
        let converter = Converter { bits: 0, full_scale_amperes: 0.0, offset_amperes: f64::NAN };
        let chain = ReadChain {
            subtraction: Subtraction::None,
            converter: Some(converter),
            settling: None,
            integration_s: -1.0,
        };
        let mut faults = Faults::default();
        chain.check(&mut faults);
        let paths: Vec<&str> = faults.found().iter().map(|fault| fault.path.as_str()).collect();
        let expected =
            ["converter.bits", "converter.full_scale_amperes", "converter.offset_amperes", "integration_s"];
        assert_eq!(paths, expected);
    }
}
