//! The devices of one array: drawn from their population, with defects from streams of their own.
//!
//! # Not modelled
//! Correlation between neighbouring devices other than the gradient; drift with age.

mod contacts;
mod faults;

use nalgebra::DMatrix;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use spinhebb_data::config::Check as _;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::population::{DeviceFactors, Place, Population, PopulationConfig};

use crate::array::cell::{Cell, CellLaw, Cells};
use crate::array::crossbar::{Array, Break};
use crate::error::CircuitError;
pub use contacts::{Contacts, TilePlace};
pub use faults::FaultsConfig;

/// A permanent defect of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No current.
    Open,
    /// Broken-down barrier.
    Short,
    /// Conducts, but never switches.
    StuckState,
}

/// What one device got.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeviceDraw {
    /// Its parameters over those of the nominal device.
    pub factors: DeviceFactors,
    /// Defect, if any.
    pub fault: Option<Fault>,
}

impl DeviceDraw {
    /// The device without variation.
    pub const NOMINAL: Self = Self { factors: DeviceFactors::NOMINAL, fault: None };

    /// Transport of this device.
    #[must_use]
    pub fn transport(&self, nominal: Transport) -> Transport {
        self.factors.transport(nominal)
    }
}

/// Random draws for the devices of one array.
#[derive(Debug, Clone)]
pub struct Variation {
    faults: FaultsConfig,
    seed: u64,
    population: Population,
    defects: Streams,
}

impl Variation {
    /// Prepares the draws of devices that differ as in `population`, with the defects of `faults`, for a master seed.
    ///
    /// # Errors
    /// A spread, fraction or correlation out of range.
    pub fn new(
        population: &PopulationConfig,
        faults: &FaultsConfig,
        seed: u64,
    ) -> Result<Self, CircuitError> {
        faults.first_fault()?;
        let population = Population::new(population, seed)?;
        Ok(Self { faults: faults.clone(), seed, population, defects: Streams::new(seed, "circuit/defects") })
    }

    /// The master seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Draw of device (row, col) in an array of `rows` x `cols`, or of a logical matrix that is laid on arrays of that size.
    #[must_use]
    pub fn device(&self, row: usize, col: usize, rows: usize, cols: usize) -> DeviceDraw {
        let factors = self.population.draw(row, col, Place::in_array(row % rows, col % cols, rows, cols));
        let u: f64 = self.defects.rng2(row as u32, col as u32).random();
        let FaultsConfig { stuck_open, stuck_short, stuck_state, .. } = self.faults;
        let fault = if u < stuck_open {
            Some(Fault::Open)
        } else if u < stuck_open + stuck_short {
            Some(Fault::Short)
        } else if u < stuck_open + stuck_short + stuck_state {
            Some(Fault::StuckState)
        } else {
            None
        };
        DeviceDraw { factors, fault }
    }

    /// Draws of all devices, M x N.
    #[must_use]
    pub fn devices(&self, rows: usize, cols: usize) -> DMatrix<DeviceDraw> {
        DMatrix::from_fn(rows, cols, |i, j| self.device(i, j, rows, cols))
    }

    /// Cells of the drawn devices in the given states, each behind `access_ohm`.
    #[must_use]
    pub fn cells(&self, nominal: Transport, states: &DMatrix<State>, access_ohm: f64) -> Cells {
        let devices = self.devices(states.nrows(), states.ncols());
        Cells::Devices(devices.zip_map(states, |draw, state| self.cell(&draw, nominal, state, access_ohm)))
    }

    /// Cell of one drawn device in `state`, behind `access_ohm`.
    #[must_use]
    pub fn cell(&self, draw: &DeviceDraw, nominal: Transport, state: State, access_ohm: f64) -> Cell {
        let law = match draw.fault {
            Some(Fault::Open) => CellLaw::Open,
            Some(Fault::Short) => CellLaw::Linear { siemens: 1.0 / self.faults.short.si() },
            _ => CellLaw::junction(draw.transport(nominal), state),
        };
        Cell { law, access_ohm }
    }

    /// Breaks the wires of `array` at random.
    pub fn break_wires(&self, array: &mut Array) {
        let (rows, cols) = array.shape();
        let p = self.faults.broken_segment;
        for (lines, length, purpose) in
            [(&mut array.word, cols, "circuit/word-breaks"), (&mut array.bit, rows, "circuit/bit-breaks")]
        {
            let streams = Streams::new(self.seed, purpose);
            for line in 0..lines.segment_ohm.len() {
                let mut rng = streams.rng(line as u64);
                for segment in 0..=length {
                    if rng.random::<f64>() < p && lines.segment_ohm[line] > 0.0 {
                        lines.breaks.push(Break { line, segment });
                    }
                }
            }
        }
    }

    /// The cells as they are at read number `read`: every conductance times 1 + noise.
    #[must_use]
    pub fn at_read(&self, cells: &Cells, read: u64) -> Cells {
        let streams = Streams::new(self.seed, "circuit/read-noise");
        let (rows, cols) = cells.shape();
        let sigma = self.faults.read_noise;
        let mut rng = streams.rng(read);
        let mut factor = || (1.0 + sigma * standard_normal(&mut rng)).max(0.1);
        match cells {
            Cells::Linear(siemens) => Cells::Linear(siemens.map(|g| g * factor())),
            Cells::Devices(devices) => {
                let mut noisy = devices.clone();
                for j in 0..cols {
                    for i in 0..rows {
                        let law = devices[(i, j)].law;
                        noisy[(i, j)].law = scaled(law, factor());
                    }
                }
                Cells::Devices(noisy)
            }
        }
    }
}

fn standard_normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn scaled(law: CellLaw, factor: f64) -> CellLaw {
    match law {
        CellLaw::Linear { siemens } => CellLaw::Linear { siemens: siemens * factor },
        CellLaw::Cubic { siemens, scale_volts } => CellLaw::Cubic { siemens: siemens * factor, scale_volts },
        CellLaw::Sinh { siemens, scale_volts } => CellLaw::Sinh { siemens: siemens * factor, scale_volts },
        CellLaw::Junction { transport, cosine } => CellLaw::Junction {
            transport: Transport { parallel_s: transport.parallel_s * factor, ..transport },
            cosine,
        },
        CellLaw::Open => CellLaw::Open,
    }
}

#[cfg(test)]
mod tests;
