//! Variation: every device its own, from keyed random streams.
//!
//! Device (i, j) draws from the stream of its own coordinates, so that the same seed gives the
//! same device whatever the size of the array, the tiling or the number of threads.
//!
//! # Formula
//! Four standard normals z = L x with L the Cholesky factor of the correlation matrix give the factors of
//! resistance-area product, TMR, area and barrier: 1 + s z (normal, bounded below by a tenth) or
//! exp(s z - s^2/2) (log-normal, mean 1), times 1 + g_x (j/(N-1) - 1/2) + g_y (i/(M-1) - 1/2) for a gradient
//! across the array. Conductance follows area/RA.
//!
//! # Not modelled
//! Correlation between neighbouring devices other than the gradient; drift with age.

use nalgebra::{DMatrix, Matrix4, Vector4};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::quantity::Resistance;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::state::State;
use spinhebb_device::transport::Transport;

use crate::array::{Array, Break};
use crate::cell::{Cell, CellLaw, Cells};
use crate::error::CircuitError;

/// Shape of a spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SpreadShape {
    /// Normal, bounded below by a tenth of the mean.
    #[default]
    Normal,
    /// Log-normal with mean 1.
    LogNormal,
}

/// Spread of one device parameter over the array.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Relative standard deviation (0.05 for 5 %).
    #[serde(default)]
    pub relative: f64,
    /// Shape of the distribution.
    #[serde(default)]
    pub shape: SpreadShape,
    /// Relative change from the left to the right edge of the array.
    #[serde(default)]
    pub gradient_x: f64,
    /// Relative change from the top to the bottom edge of the array.
    #[serde(default)]
    pub gradient_y: f64,
}

/// Variation of an array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariationConfig {
    /// Resistance-area product.
    #[serde(default)]
    pub resistance_area: Spread,
    /// Tunnel magnetoresistance.
    #[serde(default)]
    pub tmr: Spread,
    /// Area.
    #[serde(default)]
    pub area: Spread,
    /// Energy barrier (thermal stability).
    #[serde(default)]
    pub barrier: Spread,
    /// Correlations of (resistance-area, TMR, area, barrier); uncorrelated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<[[f64; 4]; 4]>,
    /// Relative standard deviation of the conductance from read to read.
    #[serde(default)]
    pub read_noise: f64,
    /// Fraction of cells without any current.
    #[serde(default)]
    pub stuck_open: f64,
    /// Fraction of cells with a broken-down barrier.
    #[serde(default)]
    pub stuck_short: f64,
    /// Resistance of a broken-down barrier.
    #[serde(default = "default_short")]
    pub short: Resistance,
    /// Fraction of cells that keep their state whatever is written.
    #[serde(default)]
    pub stuck_state: f64,
    /// Probability that a given wire segment is broken.
    #[serde(default)]
    pub broken_segment: f64,
}

fn default_short() -> Resistance {
    Resistance(200.0)
}

impl Default for VariationConfig {
    fn default() -> Self {
        Self {
            resistance_area: Spread::default(),
            tmr: Spread::default(),
            area: Spread::default(),
            barrier: Spread::default(),
            correlation: None,
            read_noise: 0.0,
            stuck_open: 0.0,
            stuck_short: 0.0,
            short: default_short(),
            stuck_state: 0.0,
            broken_segment: 0.0,
        }
    }
}

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
    /// Defect, if any.
    pub fault: Option<Fault>,
}

impl DeviceDraw {
    /// The device without variation.
    pub const NOMINAL: Self = Self { resistance_area: 1.0, tmr: 1.0, area: 1.0, barrier: 1.0, fault: None };

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

/// A population of devices: mean and covariance of the relative parameters, as calibration finds them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Population {
    /// Mean of the factors of (resistance-area, TMR, area, barrier).
    pub mean: Vector4<f64>,
    /// Their covariance.
    pub covariance: Matrix4<f64>,
}

/// Random draws for the devices of one array.
#[derive(Debug, Clone)]
pub struct Variation {
    config: VariationConfig,
    seed: u64,
    streams: Streams,
    mean: Vector4<f64>,
    factor: Matrix4<f64>,
    spreads: [Spread; 4],
}

impl Variation {
    /// Prepares the draws of `config` for a master seed.
    ///
    /// # Errors
    /// A spread, fraction or correlation out of range.
    pub fn new(config: &VariationConfig, seed: u64) -> Result<Self, CircuitError> {
        config.validate()?;
        let correlation =
            config.correlation.map_or_else(Matrix4::identity, |rows| Matrix4::from_fn(|i, j| rows[i][j]));
        let factor = lower_factor(&correlation, "variation.correlation")?;
        Ok(Self {
            config: config.clone(),
            seed,
            streams: Streams::new(seed, "circuit/devices"),
            mean: Vector4::repeat(1.0),
            factor,
            spreads: [config.resistance_area, config.tmr, config.area, config.barrier],
        })
    }

    /// Draws from a calibrated population, normal in every parameter; faults and noise are those of `config`.
    ///
    /// # Errors
    /// A fraction out of range, or a covariance that is not positive semi-definite.
    pub fn from_population(
        population: &Population,
        config: &VariationConfig,
        seed: u64,
    ) -> Result<Self, CircuitError> {
        let mut variation = Self::new(config, seed)?;
        variation.factor = lower_factor(&population.covariance, "population.covariance")?;
        variation.mean = population.mean;
        variation.spreads = [Spread { relative: 1.0, ..Spread::default() }; 4];
        Ok(variation)
    }

    /// Draw of device (row, col) in an array of `rows` x `cols`.
    #[must_use]
    pub fn device(&self, row: usize, col: usize, rows: usize, cols: usize) -> DeviceDraw {
        let mut rng = self.streams.rng2(row as u32, col as u32);
        let normal = Vector4::from_fn(|_, _| StandardNormal.sample(&mut rng));
        let correlated: Vector4<f64> = self.factor * normal;
        let centred = |index: usize, count: usize| {
            if count > 1 { index as f64 / (count - 1) as f64 - 0.5 } else { 0.0 }
        };
        let (x, y) = (centred(col, cols), centred(row, rows));
        let factor = |k: usize| {
            let Spread { relative, shape, gradient_x, gradient_y } = self.spreads[k];
            let random = match shape {
                SpreadShape::Normal => (self.mean[k] + relative * correlated[k]).max(0.1 * self.mean[k]),
                SpreadShape::LogNormal => {
                    self.mean[k] * (relative * correlated[k] - 0.5 * relative * relative).exp()
                }
            };
            random * (1.0 + gradient_x * x + gradient_y * y)
        };
        let u: f64 = rng.random();
        let VariationConfig { stuck_open, stuck_short, stuck_state, .. } = self.config;
        let fault = if u < stuck_open {
            Some(Fault::Open)
        } else if u < stuck_open + stuck_short {
            Some(Fault::Short)
        } else if u < stuck_open + stuck_short + stuck_state {
            Some(Fault::StuckState)
        } else {
            None
        };
        DeviceDraw { resistance_area: factor(0), tmr: factor(1), area: factor(2), barrier: factor(3), fault }
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
        Cells::Devices(devices.zip_map(states, |draw, state| {
            let law = match draw.fault {
                Some(Fault::Open) => CellLaw::Open,
                Some(Fault::Short) => CellLaw::Linear { siemens: 1.0 / self.config.short.si() },
                _ => CellLaw::junction(draw.transport(nominal), state),
            };
            Cell { law, access_ohm }
        }))
    }

    /// Breaks the wires of `array` at random.
    pub fn break_wires(&self, array: &mut Array) {
        let (rows, cols) = array.shape();
        let p = self.config.broken_segment;
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
        let sigma = self.config.read_noise;
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

/// Cholesky factor of a positive semi-definite matrix: rows of vanishing pivot are zero.
fn lower_factor(matrix: &Matrix4<f64>, key: &'static str) -> Result<Matrix4<f64>, CircuitError> {
    let refuse = |value, expected| Err(CircuitError::Value { key, value, expected });
    let scale = matrix.diagonal().amax();
    let mut factor = Matrix4::zeros();
    for i in 0..4 {
        for j in 0..=i {
            if !(matrix[(i, j)].is_finite() && (matrix[(i, j)] - matrix[(j, i)]).abs() <= 1e-12 * scale) {
                return refuse(matrix[(i, j)], "finite numbers, symmetric about the diagonal");
            }
            let done: f64 = (0..j).map(|k| factor[(i, k)] * factor[(j, k)]).sum();
            let rest: f64 = matrix[(i, j)] - done;
            if i == j {
                if rest < -1e-12 * scale {
                    return refuse(rest, "a positive semi-definite matrix");
                }
                factor[(i, i)] = rest.max(0.0).sqrt();
            } else if factor[(j, j)] > 1e-7 * scale.sqrt() {
                factor[(i, j)] = rest / factor[(j, j)];
            } else if rest.abs() > 1e-7 * scale {
                return refuse(rest, "a positive semi-definite matrix");
            }
        }
    }
    Ok(factor)
}

impl VariationConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the key, the value and what is expected.
    pub fn validate(&self) -> Result<(), CircuitError> {
        let check = |key, value: f64, expected, fine: bool| {
            if fine { Ok(()) } else { Err(CircuitError::Value { key, value, expected }) }
        };
        for (key, spread) in [
            ("variation.resistance_area.relative", self.resistance_area),
            ("variation.tmr.relative", self.tmr),
            ("variation.area.relative", self.area),
            ("variation.barrier.relative", self.barrier),
        ] {
            let fine = (0.0..=1.0).contains(&spread.relative);
            check(key, spread.relative, "a relative spread from 0 to 1", fine)?;
            let steepest = spread.gradient_x.abs() + spread.gradient_y.abs();
            check(key, steepest, "gradients that sum to less than 2 in magnitude", steepest < 2.0)?;
        }
        for (key, value) in [
            ("variation.stuck_open", self.stuck_open),
            ("variation.stuck_short", self.stuck_short),
            ("variation.stuck_state", self.stuck_state),
            ("variation.broken_segment", self.broken_segment),
            ("variation.read_noise", self.read_noise),
        ] {
            check(key, value, "a fraction from 0 to 1", (0.0..=1.0).contains(&value))?;
        }
        let faults = self.stuck_open + self.stuck_short + self.stuck_state;
        check("variation.stuck_open", faults, "fractions of faults that sum to at most 1", faults <= 1.0)?;
        let short = self.short.si();
        check("variation.short", short, "a resistance above 0 ohm", short.is_finite() && short > 0.0)?;
        if let Some(rows) = self.correlation {
            for (k, row) in rows.iter().enumerate() {
                check("variation.correlation", row[k], "1 on the diagonal", row[k] == 1.0)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(relative: f64, shape: SpreadShape) -> Spread {
        Spread { relative, shape, ..Spread::default() }
    }

    /// 40,000 devices: mean and spread of both shapes and a correlation, within five standard errors.
    #[test]
    fn draws_have_the_stated_moments() {
        let mut correlation = [[0.0; 4]; 4];
        for (k, row) in correlation.iter_mut().enumerate() {
            row[k] = 1.0;
        }
        correlation[0][3] = -0.6;
        correlation[3][0] = -0.6;
        let config = VariationConfig {
            resistance_area: spread(0.1, SpreadShape::Normal),
            tmr: spread(0.2, SpreadShape::LogNormal),
            barrier: spread(0.08, SpreadShape::Normal),
            correlation: Some(correlation),
            stuck_open: 0.02,
            ..VariationConfig::default()
        };
        let devices = Variation::new(&config, 5).unwrap().devices(200, 200);
        let n = devices.len() as f64;
        let mean = |f: &dyn Fn(&DeviceDraw) -> f64| devices.iter().map(f).sum::<f64>() / n;
        let root = n.sqrt();
        assert!((mean(&|d| d.resistance_area) - 1.0).abs() < 5.0 * 0.1 / root);
        assert!((mean(&|d| d.tmr) - 1.0).abs() < 5.0 * 0.2 / root);
        let deviation = mean(&|d| (d.resistance_area - 1.0).powi(2)).sqrt();
        assert!((deviation - 0.1).abs() < 5.0 * 0.1 / (2.0 * n).sqrt());
        let log_deviation = mean(&|d| (d.tmr.ln() + 0.02).powi(2)).sqrt();
        assert!((log_deviation - 0.2).abs() < 5.0 * 0.2 / (2.0 * n).sqrt());
        let correlated = mean(&|d| (d.resistance_area - 1.0) * (d.barrier - 1.0)) / (0.1 * 0.08);
        assert!((correlated + 0.6).abs() < 5.0 * 1.2 / root, "{correlated}");
        let open = mean(&|d| f64::from(u8::from(d.fault == Some(Fault::Open))));
        assert!((open - 0.02).abs() < 5.0 * (0.02_f64 * 0.98).sqrt() / root);
        assert!(devices.iter().all(|d| d.area == 1.0));
    }

    #[test]
    fn a_device_keeps_its_draw_in_any_array() {
        let config = VariationConfig { area: spread(0.1, SpreadShape::Normal), ..VariationConfig::default() };
        let variation = Variation::new(&config, 9).unwrap();
        assert_eq!(variation.devices(4, 2)[(3, 1)], variation.devices(128, 64)[(3, 1)]);
        assert_ne!(variation.devices(4, 2)[(3, 1)], variation.devices(4, 2)[(1, 1)]);
    }

    #[test]
    fn impossible_variation_is_refused() {
        let config = VariationConfig { stuck_open: 1.5, ..VariationConfig::default() };
        let error = Variation::new(&config, 0).unwrap_err().to_string();
        assert!(error.contains("variation.stuck_open = 1.5"), "{error}");
        let mut correlation = [[1.0; 4]; 4];
        correlation[0][1] = 0.5;
        let config = VariationConfig { correlation: Some(correlation), ..VariationConfig::default() };
        assert!(Variation::new(&config, 0).is_err());
    }
}
