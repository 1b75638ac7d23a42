//! Variation: every device its own, from keyed random streams.
//!
//! Device (i, j) draws from the stream of its own coordinates, so that the same seed gives the
//! same device whatever the size of the array, the tiling or the number of threads.
//!
//! # Formula
//! Five standard normals z = L x with L the Cholesky factor of the correlation matrix give the factors of
//! resistance-area product, TMR, area, barrier and critical voltage: 1 + s z (normal, bounded below by a tenth) or
//! exp(s z - s^2/2) (log-normal, mean 1), times 1 + g_x (j/(N-1) - 1/2) + g_y (i/(M-1) - 1/2) for a gradient
//! across the array. Conductance follows area/RA.
//! The spreads and correlations of a calibrated population are written by `spinhebb calibrate`.
//!
//! # Not modelled
//! Correlation between neighbouring devices other than the gradient; drift with age.

mod correlation;
mod faults;
mod population;

use nalgebra::{DMatrix, Matrix5, Vector5};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use spinhebb_data::config::Check as _;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;

use crate::array::cell::{Cell, CellLaw, Cells};
use crate::array::crossbar::{Array, Break};
use crate::error::CircuitError;
pub use faults::FaultsConfig;
pub use population::{PARAMETERS, PopulationConfig, Spread, SpreadDistribution};

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
    /// Factor of the resistance-area product.
    pub resistance_area: f64,
    /// Factor of the TMR.
    pub tmr: f64,
    /// Factor of the area.
    pub area: f64,
    /// Factor of the energy barrier.
    pub barrier: f64,
    /// Factor of the critical voltage, beside that of the resistance-area product.
    pub critical_voltage: f64,
    /// Defect, if any.
    pub fault: Option<Fault>,
}

impl DeviceDraw {
    /// The device without variation.
    pub const NOMINAL: Self =
        Self { resistance_area: 1.0, tmr: 1.0, area: 1.0, barrier: 1.0, critical_voltage: 1.0, fault: None };

    /// Transport of this device.
    #[must_use]
    pub fn transport(&self, nominal: Transport) -> Transport {
        Transport {
            parallel_s: nominal.parallel_s * self.area / self.resistance_area,
            tmr: nominal.tmr * self.tmr,
            half_voltage_v: nominal.half_voltage_v,
        }
    }
}

/// Random draws for the devices of one array.
#[derive(Debug, Clone)]
pub struct Variation {
    faults: FaultsConfig,
    seed: u64,
    streams: Streams,
    factor: Matrix5<f64>,
    spreads: [Spread; PARAMETERS],
}

impl Spread {
    /// Factor of a device at (x, y), -1/2 to 1/2 across the array, from a standard normal number.
    fn factor(&self, normal: f64, x: f64, y: f64) -> f64 {
        let random = match self.distribution {
            SpreadDistribution::Normal => (1.0 + self.relative * normal).max(0.1),
            SpreadDistribution::LogNormal => {
                (self.relative * normal - 0.5 * self.relative * self.relative).exp()
            }
        };
        random * (1.0 + self.gradient_x * x + self.gradient_y * y)
    }
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
        population.first_fault()?;
        faults.first_fault()?;
        let factor = population.correlation_factor()?;
        let streams = Streams::new(seed, "circuit/devices");
        Ok(Self { faults: faults.clone(), seed, streams, factor, spreads: population.spreads() })
    }

    /// Draw of device (row, col) in an array of `rows` x `cols`.
    #[must_use]
    pub fn device(&self, row: usize, col: usize, rows: usize, cols: usize) -> DeviceDraw {
        let mut rng = self.streams.rng2(row as u32, col as u32);
        let normal = Vector5::from_fn(|_, _| StandardNormal.sample(&mut rng));
        let correlated: Vector5<f64> = self.factor * normal;
        let centred = |index: usize, count: usize| {
            if count > 1 { index as f64 / (count - 1) as f64 - 0.5 } else { 0.0 }
        };
        let (x, y) = (centred(col, cols), centred(row, rows));
        let factor = |k: usize| self.spreads[k].factor(correlated[k], x, y);
        let u: f64 = rng.random();
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
        DeviceDraw {
            resistance_area: factor(0),
            tmr: factor(1),
            area: factor(2),
            barrier: factor(3),
            critical_voltage: factor(4),
            fault,
        }
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
