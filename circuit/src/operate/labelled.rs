//! Solved arrays as labelled data for the archive.

use nalgebra::DMatrix;
use spinhebb_data::DataError;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::switching::table::Probability;

use crate::array::Array;
use crate::operate::write::WriteOutcome;
use crate::solve::nodal::{Certificate, Solution};

/// A matrix over rows and columns, in the row-major order of the archive.
fn map(name: &str, unit: &str, long_name: &str, matrix: &DMatrix<f64>) -> Result<Variable, DataError> {
    let (rows, cols) = matrix.shape();
    Variable::new(
        name,
        unit,
        long_name,
        &["row", "column"],
        &[rows, cols],
        matrix.transpose().as_slice().to_vec(),
    )
}

fn certified(dataset: Dataset, certificate: &Certificate) -> Dataset {
    dataset
        .attribute("residual_A", certificate.residual_amperes)
        .attribute("error_estimate_V", certificate.error_volts)
        .attribute("iterations", certificate.iterations)
        .attribute("newton_steps", certificate.newton_steps)
        .attribute("severity", certificate.severity)
}

impl Solution {
    /// Node voltages, cell voltages and end currents as the dataset `name`.
    ///
    /// # Errors
    /// `name` cannot name a group of the archive.
    pub fn to_dataset(&self, array: &Array, name: &str) -> Result<Dataset, DataError> {
        let mut dataset = certified(Dataset::new(name), &self.certificate)
            .with(map("word_voltage", "V", "voltage of word-line nodes", &self.word_volts)?)?
            .with(map("bit_voltage", "V", "voltage of bit-line nodes", &self.bit_volts)?)?
            .with(map(
                "device_voltage",
                "V",
                "voltage across each junction; positive favours P",
                &self.device_volts(array),
            )?)?
            .with(map("cell_current", "A", "current from word to bit line", &self.cell_amperes(array))?)?;
        let t = &self.terminals;
        for (name, dim, side, currents) in [
            ("left_current", "word_line", "left", &t.left),
            ("right_current", "word_line", "right", &t.right),
            ("top_current", "column", "top", &t.top),
            ("bottom_current", "column", "bottom", &t.bottom),
        ] {
            let long_name = format!("current out of the {side} line ends");
            dataset.push(Variable::along(name, dim, "A", &long_name, currents.as_slice().to_vec()))?;
        }
        Ok(dataset)
    }
}

impl WriteOutcome {
    /// Voltages of every phase and the probabilities `flips` (M x N) with their intervals and flags as the dataset `name`.
    ///
    /// # Errors
    /// `name` cannot name a group of the archive.
    pub fn to_dataset(&self, flips: &DMatrix<Probability>, name: &str) -> Result<Dataset, DataError> {
        let of = |value: fn(&Probability) -> f64| flips.map(|p| value(&p));
        let (rows, cols) = flips.shape();
        let flags: Vec<u8> = flips.transpose().iter().map(|p| p.flag as u8).collect();
        let mut dataset = Dataset::new(name)
            .attribute("dendrite", self.dendrite)
            .attribute("pulse_width_s", self.width_s)
            .attribute("energy_J", self.energy_joules())
            .with(map(
                "flip_probability",
                "1",
                "probability to be in the other state after the step",
                &of(|p| p.p),
            )?)?
            .with(map("flip_lower", "1", "lower 95 % limit of `flip_probability`", &of(|p| p.lower))?)?
            .with(map("flip_upper", "1", "upper 95 % limit of `flip_probability`", &of(|p| p.upper))?)?
            .with(Variable::new(
                "flip_flag",
                "1",
                "what the probability rests on: 0 counted or computed, 1 interpolated, 2 extrapolated",
                &["row", "column"],
                &[rows, cols],
                flags,
            )?)?;
        for (k, phase) in self.phases.iter().enumerate() {
            let long_name = "voltage across each junction; positive favours P";
            dataset.push(map(&format!("device_voltage_{k}"), "V", long_name, &phase.device_volts)?)?;
            let driven: Vec<u8> = phase.driven.iter().map(|&driven| u8::from(driven)).collect();
            let long_name = "whether the input is driven in this phase";
            dataset.push(Variable::along(&format!("driven_{k}"), "row", "1", long_name, driven))?;
        }
        Ok(dataset)
    }
}
