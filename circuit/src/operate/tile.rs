//! Tiling: a logical matrix of any size on arrays of a given size ([`ArrayConfig`]).
//!
//! Inputs are split over rows of tiles and outputs over columns of tiles; partial sums of the
//! tiles of one column are added after conversion. The effective linear map of each
//! tile, with its wires and drivers, is computed once ([`crate::solve::transfer`]) and reused.

use nalgebra::DMatrix;
use rayon::prelude::*;
use spinhebb_data::config::{Check as _, Faults};

use crate::array::cell::Cells;
use crate::array::config::ArrayConfig;
use crate::array::variation::{Contacts, TilePlace};
use crate::error::CircuitError;
use crate::solve::transfer::{Terminal, Transfer};

/// Most lines of either kind in one tile: its transfer matrix is held whole.
const MOST_LINES: usize = 4096;

impl ArrayConfig {
    /// Checks what a tile wants of its array beyond `Check::check`.
    pub fn check_tile(&self, faults: &mut Faults) {
        for (key, count) in [("inputs", self.inputs), ("outputs", self.outputs)] {
            faults.require(
                count <= MOST_LINES,
                key,
                count,
                format_args!("at most {MOST_LINES} lines of a tile"),
            );
        }
    }
}

/// One tile of a mapped matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// First logical input of the tile.
    pub row: usize,
    /// First logical output of the tile.
    pub col: usize,
    /// Effective weights in S, rows x cols of this tile: output current per volt at an input, other
    /// inputs at 0 V.
    pub effective_siemens: DMatrix<f64>,
    /// Conductances between the inputs in S, rows x rows, diagonal 0: sneak paths, needed for the power.
    pub between_inputs_siemens: DMatrix<f64>,
}

/// A logical matrix mapped onto tiles.
#[derive(Debug, Clone, PartialEq)]
pub struct TiledMap {
    /// Logical inputs.
    pub inputs: usize,
    /// Logical outputs.
    pub outputs: usize,
    /// The tiles, row of tiles after row of tiles.
    pub tiles: Vec<Tile>,
    config: ArrayConfig,
}

/// Size and cost of a mapped matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TileCost {
    /// Number of tiles.
    pub tiles: usize,
    /// Cells of all tiles, whether used or not.
    pub cells: usize,
    /// Fraction of the cells that hold a logical weight.
    pub used: f64,
    /// Area in m2.
    pub area_m2: f64,
}

impl TiledMap {
    /// Maps `siemens` (inputs x outputs, conductance of each cell at zero bias in S) onto tiles and reduces
    /// each; tiles are worked on in parallel, with the same result for any number of threads.
    ///
    /// # Errors
    /// A faulty configuration or conductance.
    pub fn new(siemens: &DMatrix<f64>, config: &ArrayConfig) -> Result<Self, CircuitError> {
        let (inputs, outputs) = siemens.shape();
        Self::from_cells(inputs, outputs, config, |i, j| siemens[(i, j)])
    }

    /// As [`TiledMap::new`] from the conductance in S of each cell (input, output), asked for as its tile is reduced,
    /// so that the whole matrix is never held.
    ///
    /// # Errors
    /// A faulty configuration or conductance.
    pub fn from_cells(
        inputs: usize,
        outputs: usize,
        config: &ArrayConfig,
        siemens: impl Fn(usize, usize) -> f64 + Sync,
    ) -> Result<Self, CircuitError> {
        Self::with_contacts((inputs, outputs), config, siemens, |_| None)
    }

    /// As [`TiledMap::from_cells`] on arrays with the supplies and contacts that `contacts` says of each: weights are those seen
    /// from the nominal input voltage.
    ///
    /// # Errors
    /// A faulty configuration or conductance.
    pub fn with_contacts(
        (inputs, outputs): (usize, usize),
        config: &ArrayConfig,
        siemens: impl Fn(usize, usize) -> f64 + Sync,
        contacts: impl Fn(&TilePlace) -> Option<Contacts> + Sync,
    ) -> Result<Self, CircuitError> {
        config.first_fault()?;
        let mut faults = Faults::default();
        config.check_tile(&mut faults);
        if let Some(fault) = faults.found().first() {
            return Err(fault.clone().into());
        }
        if inputs == 0 || outputs == 0 {
            return Err(CircuitError::Empty { rows: inputs, cols: outputs });
        }
        let corners: Vec<(usize, usize)> = (0..inputs)
            .step_by(config.inputs)
            .flat_map(|row| (0..outputs).step_by(config.outputs).map(move |col| (row, col)))
            .collect();
        let tiles: Result<Vec<Tile>, CircuitError> = corners
            .into_par_iter()
            .map(|(row, col)| {
                let (rows, cols) = (config.inputs.min(inputs - row), config.outputs.min(outputs - col));
                let cells = DMatrix::from_fn(rows, cols, |i, j| siemens(row + i, col + j));
                let place = TilePlace { inputs: row..row + rows, outputs: col..col + cols };
                reduce(cells, config, &place, contacts(&place).as_ref())
            })
            .collect();
        Ok(Self { inputs, outputs, tiles: tiles?, config: config.clone() })
    }

    /// Output currents in A for input voltages in V: the exact linear response of all tiles.
    ///
    /// # Errors
    /// Wrong number of inputs.
    pub fn apply(&self, volts: &[f64]) -> Result<Vec<f64>, CircuitError> {
        self.check(volts)?;
        let mut amperes = vec![0.0; self.outputs];
        for tile in &self.tiles {
            let inputs = &volts[tile.row..][..tile.effective_siemens.nrows()];
            for (k, column) in tile.effective_siemens.column_iter().enumerate() {
                amperes[tile.col + k] += column.iter().zip(inputs).map(|(g, v)| g * v).sum::<f64>();
            }
        }
        Ok(amperes)
    }

    /// The effective weights as one matrix in S, inputs x outputs.
    #[must_use]
    pub fn effective_siemens(&self) -> DMatrix<f64> {
        let mut whole = DMatrix::zeros(self.inputs, self.outputs);
        for tile in &self.tiles {
            let shape = tile.effective_siemens.shape();
            whole.view_mut((tile.row, tile.col), shape).copy_from(&tile.effective_siemens);
        }
        whole
    }

    /// Energy of one read in J: Joule heat over the read time and all conversions.
    ///
    /// # Formula
    /// P = sum over inputs of V_i (sum_j G_ij V_i + sum_k A_ik (V_i - V_k)).
    ///
    /// # Errors
    /// Wrong number of inputs.
    pub fn read_joules(&self, volts: &[f64]) -> Result<f64, CircuitError> {
        self.check(volts)?;
        let mut watts = 0.0;
        let mut conversions = 0;
        for tile in &self.tiles {
            let inputs = &volts[tile.row..][..tile.effective_siemens.nrows()];
            for (i, &v) in inputs.iter().enumerate() {
                let to_outputs = tile.effective_siemens.row(i).sum() * v;
                let to_inputs: f64 =
                    tile.between_inputs_siemens.column(i).iter().zip(inputs).map(|(a, u)| a * (v - u)).sum();
                watts += v * (to_outputs + to_inputs);
            }
            conversions += tile.effective_siemens.ncols();
        }
        let ArrayConfig { read_time, conversion_energy, .. } = &self.config;
        Ok(watts * read_time.si() + conversions as f64 * conversion_energy.si())
    }

    /// Number of tiles, cells and area.
    #[must_use]
    pub fn cost(&self) -> TileCost {
        let ArrayConfig { inputs: rows, outputs: cols, cell_area, driver_area, sense_area, .. } =
            &self.config;
        let tiles = self.tiles.len();
        let cells = tiles * rows * cols;
        let periphery = *rows as f64 * driver_area.si() + *cols as f64 * sense_area.si();
        TileCost {
            tiles,
            cells,
            used: (self.inputs * self.outputs) as f64 / cells as f64,
            area_m2: cells as f64 * cell_area.si() + tiles as f64 * periphery,
        }
    }

    fn check(&self, volts: &[f64]) -> Result<(), CircuitError> {
        if volts.len() == self.inputs {
            Ok(())
        } else {
            Err(CircuitError::Count { what: "input voltages", given: volts.len(), expected: self.inputs })
        }
    }
}

/// Reduces the tile at `place` with these conductances. Lines of edge tiles are as long as those of
/// the others; the unused cells at their ends are open.
fn reduce(
    cells: DMatrix<f64>,
    config: &ArrayConfig,
    place: &TilePlace,
    contacts: Option<&Contacts>,
) -> Result<Tile, CircuitError> {
    let (rows, cols) = cells.shape();
    // The bit line runs on to the bottom of the full tile: its tail is part of the sense resistance.
    let tail = (config.inputs - rows) as f64 * config.bit_wire.si();
    let sense = config.sense.si() + tail;
    let mut array = config.wired(Cells::Linear(cells)).for_read(&vec![0.0; rows], config.driver.si(), sense);
    if let Some(contacts) = contacts {
        contacts.add_to(&mut array);
    }
    let transfer = Transfer::new(&array)?;
    let mut between = DMatrix::zeros(rows, rows);
    for (s, &from) in transfer.terminals.iter().enumerate() {
        for (t, &to) in transfer.terminals.iter().enumerate() {
            if let (Terminal::Left(i), Terminal::Left(k)) = (from, to) {
                between[(i, k)] = transfer.siemens[(s, t)];
            }
        }
    }
    let mut effective_siemens = transfer.effective_siemens(rows, cols);
    if let Some(contacts) = contacts {
        for (mut row, supply) in effective_siemens.row_iter_mut().zip(&contacts.supply) {
            row *= *supply;
        }
    }
    Ok(Tile {
        row: place.inputs.start,
        col: place.outputs.start,
        effective_siemens,
        between_inputs_siemens: between,
    })
}
