//! What a learning step switches: by cell, and by what was meant to happen to the cell.

use nalgebra::DMatrix;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::table::{LookupFlag, Probability, SwitchingTable};

use super::{WriteOutcome, WritePhase};
use crate::error::CircuitError;

/// A pulse that the device of one cell sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellPulse {
    /// Word line of the cell.
    pub row: usize,
    /// Bit line of the cell.
    pub col: usize,
    /// Voltage over the device in V; V > 0 favours P.
    pub volts: f64,
    /// Full width in s.
    pub width_s: f64,
    /// State before the pulse.
    pub start: State,
}

/// Probability that a pulse switches a device, with its interval and what it rests on: tables, or a closure.
pub trait SwitchingLookup {
    /// Probability that the device leaves its state in `pulse`.
    ///
    /// # Errors
    /// The voltage or width lies outside what is known.
    fn probability(&self, pulse: CellPulse) -> Result<Probability, CircuitError>;
}

impl<F: Fn(CellPulse) -> Result<Probability, CircuitError>> SwitchingLookup for F {
    fn probability(&self, pulse: CellPulse) -> Result<Probability, CircuitError> {
        self(pulse)
    }
}

/// One table for all devices.
impl SwitchingLookup for SwitchingTable {
    fn probability(&self, pulse: CellPulse) -> Result<Probability, CircuitError> {
        let CellPulse { row, col, volts, width_s, start } = pulse;
        Self::probability(self, volts, width_s, start).map_err(|source| CircuitError::Switching {
            row,
            col,
            source: Box::new(source),
        })
    }
}

/// Role of a cell in one phase of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// On the selected dendrite, its input driven: meant to learn.
    Selected,
    /// Half-selected: on the selected dendrite, its input waiting for the other phase.
    WaitingInput,
    /// Half-selected: on another dendrite, its input driven.
    OtherDendrite,
    /// Neither its input nor its dendrite is selected.
    Unselected,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Selected, Self::WaitingInput, Self::OtherDendrite, Self::Unselected];

    /// Name used in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Selected => "selected",
            Self::WaitingInput => "waiting input",
            Self::OtherDendrite => "other dendrite",
            Self::Unselected => "unselected",
        }
    }
}

/// What happens to the cells of one role over all phases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoleSummary {
    /// The role.
    pub role: Role,
    /// Cells times phases in this role.
    pub count: usize,
    /// Most negative voltage in V (towards AP).
    pub lowest_volts: f64,
    /// Most positive voltage in V (towards P).
    pub highest_volts: f64,
    /// Mean switching probability.
    pub mean_probability: f64,
    /// Largest switching probability.
    pub largest_probability: f64,
    /// Expected number of switched cells.
    pub expected_switches: f64,
    /// The same with the lower and with the upper ends of all intervals.
    pub expected_between: (f64, f64),
    /// Cells times phases whose probability is extrapolated.
    pub extrapolated: usize,
}

impl WriteOutcome {
    /// Role of the cell (row, col) in a phase.
    #[must_use]
    pub fn role(&self, phase: &WritePhase, row: usize, col: usize) -> Role {
        match (col == self.dendrite, phase.driven[row]) {
            (true, true) => Role::Selected,
            (true, false) => Role::WaitingInput,
            (false, true) => Role::OtherDendrite,
            (false, false) => Role::Unselected,
        }
    }

    /// Probability that each cell is in the other state after the step, M x N, for cells that are in `states` before.
    ///
    /// # Formula
    /// Over the phases, p <- p (1 - p_back) + (1 - p) p_forth; the ends of the interval from those of the lookups, on the
    /// safe side.
    ///
    /// # Errors
    /// As the lookup.
    pub fn flip_probability(
        &self,
        states: &DMatrix<State>,
        lookup: &impl SwitchingLookup,
    ) -> Result<DMatrix<Probability>, CircuitError> {
        let mut flipped = DMatrix::from_element(states.nrows(), states.ncols(), Probability::ZERO);
        for phase in &self.phases {
            for col in 0..states.ncols() {
                for row in 0..states.nrows() {
                    let volts = phase.device_volts[(row, col)];
                    let start = states[(row, col)];
                    let width_s = self.width_s;
                    let leave = |start| lookup.probability(CellPulse { row, col, volts, width_s, start });
                    let before = flipped[(row, col)];
                    let back = if before.upper > 0.0 { leave(start.opposite())? } else { Probability::ZERO };
                    flipped[(row, col)] = after(before, back, leave(start)?);
                }
            }
        }
        Ok(flipped)
    }

    /// Voltages and switching by role; each phase starts from `states`.
    ///
    /// # Errors
    /// As the lookup.
    pub fn summary(
        &self,
        states: &DMatrix<State>,
        lookup: &impl SwitchingLookup,
    ) -> Result<Vec<RoleSummary>, CircuitError> {
        let mut summaries: Vec<RoleSummary> = Vec::new();
        for role in Role::ALL {
            let mut summary = RoleSummary {
                role,
                count: 0,
                lowest_volts: f64::INFINITY,
                highest_volts: f64::NEG_INFINITY,
                mean_probability: 0.0,
                largest_probability: 0.0,
                expected_switches: 0.0,
                expected_between: (0.0, 0.0),
                extrapolated: 0,
            };
            for phase in &self.phases {
                for col in 0..states.ncols() {
                    for row in 0..states.nrows() {
                        if self.role(phase, row, col) != role {
                            continue;
                        }
                        let volts = phase.device_volts[(row, col)];
                        let (width_s, start) = (self.width_s, states[(row, col)]);
                        let found = lookup.probability(CellPulse { row, col, volts, width_s, start })?;
                        let p = found.p;
                        summary.expected_between.0 += found.lower;
                        summary.expected_between.1 += found.upper;
                        summary.extrapolated += usize::from(found.flag == LookupFlag::Extrapolated);
                        summary.count += 1;
                        summary.lowest_volts = summary.lowest_volts.min(volts);
                        summary.highest_volts = summary.highest_volts.max(volts);
                        summary.largest_probability = summary.largest_probability.max(p);
                        summary.expected_switches += p;
                    }
                }
            }
            if summary.count > 0 {
                summary.mean_probability = summary.expected_switches / summary.count as f64;
                summaries.push(summary);
            }
        }
        Ok(summaries)
    }
}

/// Probability to be in the other state after a further phase, in which a cell goes back and forth with these probabilities.
fn after(before: Probability, back: Probability, forth: Probability) -> Probability {
    let step = |p: f64, back: f64, forth: f64| p * (1.0 - back) + (1.0 - p) * forth;
    Probability {
        p: step(before.p, back.p, forth.p),
        lower: step(before.lower, back.upper, forth.lower),
        upper: step(before.upper, back.lower, forth.upper).min(1.0),
        flag: before.flag.max(back.flag).max(forth.flag),
    }
}
