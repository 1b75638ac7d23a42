//! Writing: the voltage every cell sees in a learning step, and what it may switch.
//!
//! Inputs drive the word lines, dendrites are the bit lines. When a neuron has fired, the cells on
//! its dendrite are to learn: active inputs get the potentiation voltage, inactive inputs the
//! depression voltage. What the other dendrites do meanwhile is the scheme. The voltages are
//! those of the solved array, with wires and nonlinear cells.
//!
//! Signs: V > 0 (potentiation) favours P (AP -> P), V < 0 (depression) favours AP.
//!
//! # References
//! Y.-C. Chen et al., IEDM 2003, 905 (V/2 and V/3 biasing of crossbars).
//!
//! # Not modelled
//! Conductances are those of the state before the pulse: the change of a cell's conductance while
//! it switches, and displacement currents during rise and fall.

mod column;
mod compensation;
mod sources;
mod switching;
mod write_tile;

use nalgebra::DMatrix;
use spinhebb_data::config::{Check, Faults};
use spinhebb_device::junction::state::State;

use spinhebb_device::junction::transport::Transport;

use crate::array::cell::{Cell, CellLaw};
pub use crate::array::compensation::Compensation;
use crate::array::config::ArrayConfig;
use crate::array::crossbar::{Array, Wiring};
pub use crate::array::scheme::WriteScheme;
use crate::array::variation::Contacts;
use crate::error::CircuitError;
use crate::solve::newton::SolveOptions;
use crate::solve::nodal::Certificate;
pub use column::{ColumnStep, ColumnWrite};
pub use compensation::{KnownLines, LineCount, Raise};
pub use switching::{CellPulse, Role, RoleSummary, SwitchingLookup};
pub use write_tile::WriteTile;

/// Drivers and selectors of a write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WriteDrivers {
    /// Resistance of the driver of each word line, in ohm.
    pub word_ohm: f64,
    /// Resistance of the driver (or ground switch) of each dendrite, in ohm.
    pub dendrite_ohm: f64,
    /// Resistance of the wire by which dendrites are longer than their cells reach, in ohm.
    pub tail_ohm: f64,
    /// Resistance of a transistor that is switched off, in ohm; infinite for none of its leakage.
    pub off_ohm: f64,
    /// Whether potentiation and depression follow each other also in the schemes that allow both
    /// at once; inputs that wait are held at 0 V.
    pub one_after_the_other: bool,
    /// How drivers make up for the loss on the lines.
    pub compensation: Compensation,
    /// Cells of the nominal device, parallel and anti-parallel, by which they do.
    pub nominal: [Cell; 2],
}

/// Resistance from which on a transistor is open: in a pulse not one electron passes.
const OPEN_OHM: f64 = 1e15;

impl Default for WriteDrivers {
    fn default() -> Self {
        Self {
            word_ohm: 0.0,
            dendrite_ohm: 0.0,
            tail_ohm: 0.0,
            off_ohm: 1e9,
            one_after_the_other: false,
            compensation: Compensation::None,
            nominal: [Cell { law: CellLaw::Open, access_ohm: 0.0 }; 2],
        }
    }
}

impl ArrayConfig {
    /// Drivers and selectors of a write on cells around `nominal`, whose dendrites have as many cells as the array has word lines.
    #[must_use]
    pub fn write_drivers(&self, nominal: Transport) -> WriteDrivers {
        let ohm = self.write_driver.si();
        let off_ohm = if self.off.si() < OPEN_OHM { self.off.si() } else { f64::INFINITY };
        WriteDrivers {
            word_ohm: ohm,
            dendrite_ohm: ohm,
            tail_ohm: 0.0,
            off_ohm,
            one_after_the_other: self.phases == 2,
            compensation: self.compensation,
            nominal: [State::Parallel, State::AntiParallel].map(|state| self.nominal_cell(nominal, state)),
        }
    }
}

/// One learning step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningStep<'a> {
    /// Dendrite (bit line) of the neuron that fired.
    pub dendrite: usize,
    /// Whether each of the M inputs was active.
    pub active: &'a [bool],
    /// Voltage for active inputs in V; > 0 favours P.
    pub potentiation_volts: f64,
    /// Voltage for inactive inputs in V; < 0 favours AP.
    pub depression_volts: f64,
    /// Width of each pulse in s.
    pub width_s: f64,
    /// Supplies and contacts of the lines, where they differ.
    pub contacts: Option<&'a Contacts>,
}

impl Check for WriteDrivers {
    fn check(&self, faults: &mut Faults) {
        faults.require(self.off_ohm > 0.0, "off_ohm", self.off_ohm, "a resistance above 0 ohm");
    }
}

impl Check for LearningStep<'_> {
    fn check(&self, faults: &mut Faults) {
        let up = self.potentiation_volts;
        let fine = up.is_finite() && up >= 0.0;
        faults.require(fine, "potentiation_volts", up, "a finite voltage of at least 0 V");
        let down = self.depression_volts;
        let fine = down.is_finite() && down <= 0.0;
        faults.require(fine, "depression_volts", down, "a finite voltage of at most 0 V");
        let fine = self.width_s.is_finite() && self.width_s > 0.0;
        faults.require(fine, "width_s", self.width_s, "a finite width above 0 s");
    }
}

/// One phase of a write: the pulse during which all sources are constant.
#[derive(Debug, Clone, PartialEq)]
pub struct WritePhase {
    /// Which inputs are driven with the voltage meant for them.
    pub driven: Vec<bool>,
    /// Voltage across each junction in V, M x N; V > 0 favours P.
    pub device_volts: DMatrix<f64>,
    /// Energy drawn from all sources in J.
    pub energy_joules: f64,
    /// How the phase was solved.
    pub certificate: Certificate,
}

/// Everything a learning step does to the array.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteOutcome {
    /// Dendrite that was to learn.
    pub dendrite: usize,
    /// Width of each phase in s.
    pub width_s: f64,
    /// The phases in time order.
    pub phases: Vec<WritePhase>,
}

impl WriteOutcome {
    /// Energy of the whole step in J.
    #[must_use]
    pub fn energy_joules(&self) -> f64 {
        self.phases.iter().map(|phase| phase.energy_joules).sum()
    }
}

/// Drives an array through a learning step; its own line ends are replaced by those of the
/// scheme.
///
/// # Errors
/// A faulty step or array, or no convergence.
pub fn write(
    array: &Array,
    scheme: WriteScheme,
    drivers: &WriteDrivers,
    step: &LearningStep<'_>,
) -> Result<WriteOutcome, CircuitError> {
    check(array, drivers, step)?;
    let mut tile = WriteTile::new(array, scheme, *drivers, SolveOptions::default().tolerance)?;
    let phases = phases(scheme, drivers.one_after_the_other, step.active)
        .into_iter()
        .map(|driven| tile.phase(step, driven))
        .collect::<Result<_, _>>()?;
    Ok(WriteOutcome { dendrite: step.dendrite, width_s: step.width_s, phases })
}

/// Whether depression and potentiation are driven in each phase of a learning step, potentiation first; a pulse that no
/// input gets has no phase.
#[must_use]
pub fn phases(scheme: WriteScheme, one_after_the_other: bool, active: &[bool]) -> Vec<[bool; 2]> {
    if scheme.drives_both_at_once() && !one_after_the_other {
        return vec![[true; 2]];
    }
    let mut phases = Vec::new();
    if active.contains(&true) {
        phases.push([false, true]);
    }
    if active.contains(&false) {
        phases.push([true, false]);
    }
    phases
}

fn check(array: &Array, drivers: &WriteDrivers, step: &LearningStep<'_>) -> Result<(), CircuitError> {
    let (rows, cols) = array.shape();
    if rows == 0 || cols == 0 {
        return Err(CircuitError::Empty { rows, cols });
    }
    if array.wiring != Wiring::Crossed {
        return Err(CircuitError::NeedsCrossed { method: "a learning step" });
    }
    if step.dendrite >= cols {
        return Err(CircuitError::Index { what: "dendrite", index: step.dendrite, last: cols - 1 });
    }
    if step.active.len() != rows {
        return Err(CircuitError::Count { what: "inputs", given: step.active.len(), expected: rows });
    }
    step.first_fault()?;
    drivers.first_fault()?;
    Ok(())
}

/// States of the junctions of an array, M x N.
///
/// # Errors
/// Names the first cell that is no junction.
pub fn states(array: &Array) -> Result<DMatrix<State>, CircuitError> {
    let (rows, cols) = array.shape();
    let mut states = DMatrix::from_element(rows, cols, State::Parallel);
    for col in 0..cols {
        for row in 0..rows {
            let CellLaw::Junction { cosine, .. } = array.cells.get(row, col).law else {
                let value = array.cells.get(row, col).zero_bias_siemens();
                return Err(CircuitError::CellValue {
                    key: "siemens",
                    value,
                    row,
                    col,
                    expected: "a junction, which alone has a state",
                });
            };
            states[(row, col)] = State::from_cosine(cosine);
        }
    }
    Ok(states)
}

#[cfg(test)]
mod tests {
    use super::*;
    use spinhebb_data::config::Document;
    use spinhebb_data::quantity::Resistance;

    fn config() -> ArrayConfig {
        let text = include_str!("../../../tests/array.toml");
        Document::from_text("array.toml", text).unwrap().parse().unwrap()
    }

    #[test]
    fn write_drivers_are_those_of_the_array() {
        let config = ArrayConfig { write_driver: Resistance(20.0), off: Resistance(1e8), ..config() };
        let nominal = Transport { parallel_s: 2e-4, tmr: 1.0, half_voltage_v: f64::INFINITY };
        let cells = [State::Parallel, State::AntiParallel].map(|state| config.nominal_cell(nominal, state));
        let expected = WriteDrivers { off_ohm: 1e8, nominal: cells, ..WriteDrivers::default() };
        assert_eq!(config.ideal().write_drivers(nominal), expected);
        let expected = WriteDrivers { word_ohm: 20.0, dendrite_ohm: 20.0, ..expected };
        assert_eq!(config.write_drivers(nominal), expected);
        let two = ArrayConfig { phases: 2, compensation: Compensation::Row, ..config };
        let expected =
            WriteDrivers { one_after_the_other: true, compensation: Compensation::Row, ..expected };
        assert_eq!(two.write_drivers(nominal), expected);
    }

    #[test]
    fn all_faults_of_a_step_are_told_at_once() {
        let step = LearningStep {
            dendrite: 0,
            active: &[true],
            potentiation_volts: -0.5,
            depression_volts: 0.5,
            width_s: 0.0,
            contacts: None,
        };
        let mut faults = Faults::default();
        step.check(&mut faults);
        WriteDrivers { off_ohm: 0.0, ..WriteDrivers::default() }.check(&mut faults);
        let paths: Vec<&str> = faults.found().iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["potentiation_volts", "depression_volts", "width_s", "off_ohm"]);
    }
}
