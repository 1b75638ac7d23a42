//! A learning step on a column of tiles: the tiles that one dendrite of a layer crosses, each with its own drivers.
//!
//! | array | method | error of the devices' voltages |
//! |---|---|---|
//! | other dendrites cut off | one ladder for each tile ([`crate::solve::ladder`]) | 1e-10 of the pulse |
//! | other schemes | sweeps over the lines of eight or more tiles at once ([`crate::solve::line_sweeps`]) | 3e-5 of the pulse |
//! | laws that these do not have, transistors that leak | nodal analysis of each tile ([`super::WriteTile`]) | 1e-10 of the pulse |

mod ladders;
mod sweeps;

use spinhebb_device::junction::transport::Transport;

use self::ladders::Ladders;
use self::sweeps::Sweeps;
use super::compensation::KnownLines;
use super::write_tile::WriteTile;
use super::{LearningStep, WriteDrivers, WriteScheme};
use crate::array::cell::{Cell, CellLaw, Cells};
use crate::array::config::{ArrayConfig, CellKind};
use crate::array::variation::Contacts;
use crate::error::CircuitError;
use nalgebra::DMatrix;

/// Leakage of switched-off transistors, over what a selected cell carries, below which ladders leave it out.
const NEGLIGIBLE: f64 = 1e-4;
/// Wanted error of a nodal solution, over the largest pulse.
const NODAL: f64 = 1e-10;

/// One phase of a learning step on a column of tiles.
#[derive(Debug, Clone, Copy)]
pub struct ColumnStep<'a> {
    /// Dendrite within its tiles.
    pub dendrite: usize,
    /// Whether each input of the column is active; several devices of one line have one entry each.
    pub active: &'a [bool],
    /// Pulses in V: depression (below 0) and potentiation.
    pub volts: [f64; 2],
    /// Whether depression and potentiation are driven in this phase, as [`super::phases`] has them.
    pub driven: [bool; 2],
    /// Width of the pulse in s.
    pub width_s: f64,
    /// Supplies and contacts of each tile, where they differ.
    pub contacts: &'a [Option<Contacts>],
}

/// What every method knows of the tiles of a column.
#[derive(Debug, Clone)]
struct Tiles {
    /// Word lines of a full tile.
    rows: usize,
    drivers: WriteDrivers,
    scheme: WriteScheme,
    /// What the drivers of each tile know.
    known: Vec<KnownLines>,
    segment_ohm: [f64; 2],
    access_ohm: f64,
    inverse_half_squared: f64,
}

#[derive(Debug, Clone)]
enum Method {
    Ladders(Ladders),
    Sweeps(Box<Sweeps>),
    Nodal(Vec<(WriteTile, DMatrix<f64>)>),
}

/// A column of tiles that is written, dendrite after dendrite.
#[derive(Debug, Clone)]
pub struct ColumnWrite {
    tiles: Tiles,
    method: Method,
}

impl ColumnWrite {
    /// The column of `inputs` devices with `cols` dendrites on arrays as `config` says, around `nominal`; `cell(input, col)` is each
    /// cell, behind its access transistor.
    ///
    /// # Errors
    /// A faulty array.
    pub fn new(
        config: &ArrayConfig,
        nominal: Transport,
        (inputs, cols): (usize, usize),
        cell: impl Fn(usize, usize) -> Cell,
    ) -> Result<Self, CircuitError> {
        let tiles = Tiles::new(config, nominal, (inputs, cols));
        let way = tiles.drivers.word_ohm + cols as f64 * config.word_wire.si() + config.contact_spread.si();
        let leaks = way * cols as f64 / tiles.drivers.off_ohm > NEGLIGIBLE;
        let bends = matches!(config.cell, CellKind::Cubic | CellKind::Sinh);
        let method = match config.scheme {
            WriteScheme::CutOff if !leaks && !bends => Method::Ladders(Ladders::new(&tiles)),
            WriteScheme::CutOff => Method::Nodal(nodal(config, &tiles, &cell)?),
            _ if bends => Method::Nodal(nodal(config, &tiles, &cell)?),
            _ => Method::Sweeps(Box::new(Sweeps::new(&tiles, &cell))),
        };
        Ok(Self { tiles, method })
    }

    /// Replaces a cell.
    ///
    /// # Errors
    /// No such cell, or a parameter out of range.
    pub fn set_cell(&mut self, input: usize, col: usize, cell: Cell) -> Result<(), CircuitError> {
        let rows = self.tiles.rows;
        match &mut self.method {
            Method::Ladders(_) => Ok(()),
            Method::Sweeps(sweeps) => {
                sweeps.set_cell((input / rows, input % rows, col), &cell);
                Ok(())
            }
            Method::Nodal(solvers) => solvers[input / rows].0.set_cell(input % rows, col, cell),
        }
    }

    /// Solves a phase; `cell(input)` are the cells of the dendrite that is written, as the last [`Self::set_cell`] gave
    /// them. Returns the energy drawn from all sources in J.
    ///
    /// # Errors
    /// No convergence.
    pub fn phase(
        &mut self,
        step: &ColumnStep<'_>,
        cell: impl Fn(usize) -> Cell,
    ) -> Result<f64, CircuitError> {
        match &mut self.method {
            Method::Ladders(ladders) => ladders.phase(&self.tiles, step, cell),
            Method::Sweeps(sweeps) => Ok(sweeps.phase(&self.tiles, step)),
            Method::Nodal(solvers) => nodal_phase(solvers, &self.tiles, step),
        }
    }

    /// Voltage in V over the device of `input` on the dendrite that was last written; V > 0 favours P.
    #[must_use]
    pub fn device_volts(&self, input: usize, dendrite: usize) -> f64 {
        match &self.method {
            Method::Ladders(ladders) => {
                ladders.device_volts(input / self.tiles.rows, input % self.tiles.rows)
            }
            Method::Sweeps(_) | Method::Nodal(_) => self.other_volts(input, dendrite),
        }
    }

    /// Voltage in V over the device of `input` on any dendrite `col`; 0 on those that are cut off.
    #[must_use]
    pub fn other_volts(&self, input: usize, col: usize) -> f64 {
        let (tile, row) = (input / self.tiles.rows, input % self.tiles.rows);
        match &self.method {
            Method::Ladders(_) => 0.0,
            Method::Sweeps(sweeps) => sweeps.device_volts((tile, row, col)),
            Method::Nodal(solvers) => solvers[tile].1[(row, col)],
        }
    }

    /// Most negative and most positive voltage in V over the cells of the dendrites that were not written.
    #[must_use]
    pub fn range_of_others(&self, dendrite: usize) -> (f64, f64) {
        match &self.method {
            Method::Ladders(_) => (0.0, 0.0),
            Method::Sweeps(sweeps) => sweeps.range_of_others(dendrite),
            Method::Nodal(solvers) => {
                let all = solvers.iter().flat_map(|(_, volts)| {
                    let others = (0..volts.ncols()).filter(|col| *col != dendrite);
                    others.flat_map(|col| volts.column(col).iter().copied().collect::<Vec<f64>>())
                });
                all.fold((0.0, 0.0), |(low, high), v| (f64::min(low, v), f64::max(high, v)))
            }
        }
    }

    /// Whether dendrites that are not written see any voltage worth the name.
    #[must_use]
    pub const fn reaches_others(&self) -> bool {
        !matches!(self.method, Method::Ladders(_))
    }

    /// Error of the devices' voltages in the phase last solved, over the largest pulse.
    #[must_use]
    pub fn relative_error(&self) -> f64 {
        match &self.method {
            Method::Ladders(_) => ladders::TOLERANCE,
            Method::Sweeps(sweeps) => sweeps.relative_error(),
            Method::Nodal(_) => NODAL,
        }
    }
}

impl Tiles {
    fn new(config: &ArrayConfig, nominal: Transport, (inputs, cols): (usize, usize)) -> Self {
        let drivers = config.write_drivers(nominal);
        let bent = config.cell == CellKind::Junction && nominal.half_voltage_v.is_finite();
        let segment_ohm = [config.word_wire.si(), config.bit_wire.si()];
        let rows = config.inputs;
        let known = |tile: usize| {
            let used = rows.min(inputs - tile * rows);
            let tail = (rows - used) as f64 * segment_ohm[1];
            KnownLines {
                rows: used,
                cols,
                word_ohm: [drivers.word_ohm, segment_ohm[0]],
                bit_ohm: [drivers.dendrite_ohm + segment_ohm[1] + tail, segment_ohm[1]],
                nominal: drivers.nominal,
            }
        };
        Self {
            rows,
            drivers,
            scheme: config.scheme,
            known: (0..inputs.div_ceil(rows)).map(known).collect(),
            segment_ohm,
            access_ohm: config.access.si(),
            inverse_half_squared: if bent { nominal.half_voltage_v.powi(-2) } else { 0.0 },
        }
    }

    /// The inputs of a tile.
    fn inputs(&self, tile: usize) -> std::ops::Range<usize> {
        let first = tile * self.rows;
        first..first + self.known[tile].rows
    }
}

/// What a device conducts, as ladders and sweeps have it ([`crate::solve::ladder`]).
#[derive(Debug, Clone, Copy, PartialEq)]
struct Conducting {
    /// Conductance in the parallel state in S; 0 for an open cell.
    parallel_s: f64,
    /// TMR at zero bias of an anti-parallel device, 0 of a parallel one and of a resistor.
    tmr: f64,
}

impl Conducting {
    /// The device of a cell; laws that are not represented are not used with these methods.
    fn of(cell: &Cell) -> Self {
        match cell.law {
            CellLaw::Junction { transport, cosine } => {
                Self { parallel_s: transport.parallel_s, tmr: if cosine < 0.0 { transport.tmr } else { 0.0 } }
            }
            law => Self { parallel_s: law.zero_bias_siemens(), tmr: 0.0 },
        }
    }
}

fn nodal(
    config: &ArrayConfig,
    tiles: &Tiles,
    cell: &impl Fn(usize, usize) -> Cell,
) -> Result<Vec<(WriteTile, DMatrix<f64>)>, CircuitError> {
    let one = |tile: usize| {
        let (inputs, cols) = (tiles.inputs(tile), tiles.known[tile].cols);
        let cells = DMatrix::from_fn(inputs.len(), cols, |i, j| cell(inputs.start + i, j));
        let tail_ohm = (tiles.rows - inputs.len()) as f64 * tiles.segment_ohm[1];
        let drivers = WriteDrivers { tail_ohm, ..tiles.drivers };
        let solver = WriteTile::new(&config.wired(Cells::Devices(cells)), tiles.scheme, drivers, NODAL)?;
        Ok((solver, DMatrix::zeros(inputs.len(), cols)))
    };
    (0..tiles.known.len()).map(one).collect()
}

fn nodal_phase(
    solvers: &mut [(WriteTile, DMatrix<f64>)],
    tiles: &Tiles,
    step: &ColumnStep<'_>,
) -> Result<f64, CircuitError> {
    let mut joules = 0.0;
    for (tile, (solver, volts)) in solvers.iter_mut().enumerate() {
        let own = LearningStep {
            dendrite: step.dendrite,
            active: &step.active[tiles.inputs(tile)],
            potentiation_volts: step.volts[1],
            depression_volts: step.volts[0],
            width_s: step.width_s,
            contacts: step.contacts.get(tile).and_then(Option::as_ref),
        };
        if own.active.iter().any(|&active| step.driven[usize::from(active)]) {
            // The solution must not depend on the events before.
            solver.cold();
            let phase = solver.phase(&own, step.driven)?;
            joules += phase.energy_joules;
            *volts = phase.device_volts;
        } else {
            volts.fill(0.0);
        }
    }
    Ok(joules)
}
