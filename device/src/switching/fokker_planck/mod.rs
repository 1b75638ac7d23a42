//! Switching probabilities of an axially symmetric device from the one-dimensional
//! Fokker-Planck equation: no noise, and digits down to 1e-25.
//!
//! Both the probability of a switch and its complement are sums of positive numbers, so
//! each keeps its own relative precision. The distribution is carried forward through
//! rise and plateau once per voltage; the read-out after fall and relaxation is an
//! expectation carried backward. One run so gives every pulse width.
//!
//! Every result is computed twice, the second time with half the step and twice the
//! cells; the value is extrapolated (order 2) and the correction is reported as error.
//!
//! # References
//! - W. F. Brown, Phys. Rev. 130, 1677 (1963), doi:10.1103/PhysRev.130.1677.
//! - W. H. Butler et al., IEEE Trans. Magn. 48, 4684 (2012), doi:10.1109/TMAG.2012.2209122.
//! - Y. Xie et al., IEEE Trans. Electron Devices 64, 319 (2017), doi:10.1109/TED.2016.2632438.
//!
//! # Not modelled
//! See [`crate::switching::axial`].

pub mod eigenvalue;
mod evolution;
mod operator;
mod step;

use evolution::{AxialEvolution, weighted_sum};
use operator::Grid;

pub use evolution::Segment;
pub use operator::Operator;

use crate::error::DeviceError;
use crate::junction::state::State;
use crate::switching::axial::AxialModel;
use crate::switching::direction::Direction;
use crate::switching::estimate::{BackEnd, ProbabilityEstimate};

/// Accuracy of a Fokker-Planck run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resolution {
    /// Cells of the fine grid, of equal width in theta; the coarse grid has half.
    pub cells: usize,
    /// Relative local error of each probability allowed in one step of the coarse run.
    pub tolerance: f64,
}

impl Resolution {
    /// For fits: below 1% where probabilities are measurable and the pulse is not short against tau_D.
    pub const DRAFT: Self = Self { cells: 240, tolerance: 1e-3 };
    /// For tables: below a tenth of the error of 10,000 trials.
    pub const TABLE: Self = Self { cells: 480, tolerance: 3e-4 };
    /// Default: 1e-3 down to probabilities of 1e-15.
    pub const STANDARD: Self = Self { cells: 800, tolerance: 1e-4 };
    /// For references.
    pub const FINE: Self = Self { cells: 1600, tolerance: 1e-5 };
}

/// A pulse of constant plateau with linear ramps, in seconds; the widths vary apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau {
    /// Plateau voltage (V); V > 0 favours P.
    pub volts: f64,
    /// Duration of the linear rise (s).
    pub rise_s: f64,
    /// Duration of the linear fall (s).
    pub fall_s: f64,
}

impl Plateau {
    /// A rectangular pulse of voltage `volts` (> 0 favours P).
    #[must_use]
    pub const fn rectangular(volts: f64) -> Self {
        Self { volts, rise_s: 0.0, fall_s: 0.0 }
    }
}

/// Share of the tolerance below which the correction, which may cross zero, is not believed.
const CROSSING: f64 = 0.1;

/// Grid of one of the two runs with what is the same for all voltages.
#[derive(Debug)]
struct GridLevel {
    grid: Grid,
    /// Probability to be read as P after the relaxation at zero voltage, and as AP. Shape: cells.
    read: [Vec<f64>; 2],
}

/// Solver for one device at one resolution.
#[derive(Debug)]
pub struct FokkerPlanck {
    model: AxialModel,
    resolution: Resolution,
    coarse: GridLevel,
    fine: GridLevel,
}

impl FokkerPlanck {
    /// Prepares grids and read-out for `model`; the state is read as the sign of m.p a time
    /// `relaxation_s` after the end of the pulse.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] if the resolution has fewer than 16 cells or a tolerance outside
    /// (0, 0.1], or `relaxation_s` is negative or not finite.
    pub fn new(model: AxialModel, relaxation_s: f64, resolution: Resolution) -> Result<Self, DeviceError> {
        if resolution.cells < 16 {
            return Err(DeviceError::out_of_range("cells", resolution.cells, "at least 16 are needed"));
        }
        if !(resolution.tolerance > 0.0 && resolution.tolerance <= 0.1) {
            return Err(DeviceError::out_of_range(
                "tolerance",
                resolution.tolerance,
                "it must lie in (0, 0.1]",
            ));
        }
        if !(relaxation_s.is_finite() && relaxation_s >= 0.0) {
            return Err(DeviceError::out_of_range("relaxation_s", relaxation_s, "it must not be negative"));
        }
        let relaxation = Segment::constant(relaxation_s / model.relaxation_s(), 0.0);
        let indicator = |grid: &Grid, sign: f64| {
            grid.z.iter().map(|z| f64::from(u8::from(z * sign > 0.0))).collect::<Vec<_>>()
        };
        let cells = resolution.cells.next_multiple_of(4);
        let (coarse, fine) = (Grid::new(cells / 2), Grid::new(cells));
        let mut read = [[vec![], vec![]], [vec![], vec![]]];
        for (k, sign) in [1.0, -1.0].into_iter().enumerate() {
            // The step control watches the read-out where a switched device is when the pulse ends, on either side of the barrier.
            let watch = [1.0, -1.0].map(|side| near_barrier(&model, &coarse, side));
            let mut run = AxialEvolution::new(&model, &coarse, Direction::Backward, indicator(&coarse, sign));
            let schedule = run.adapt(&relaxation, [&watch[0], &watch[1]], resolution.tolerance);
            read[0][k] = run.values;
            let mut run = AxialEvolution::new(&model, &fine, Direction::Backward, indicator(&fine, sign));
            run.replay_halved(&relaxation, &schedule);
            read[1][k] = run.values;
        }
        let [coarse_read, fine_read] = read;
        Ok(Self {
            model,
            resolution,
            coarse: GridLevel { grid: coarse, read: coarse_read },
            fine: GridLevel { grid: fine, read: fine_read },
        })
    }

    /// The model solved.
    #[must_use]
    pub const fn model(&self) -> &AxialModel {
        &self.model
    }

    /// Switching probabilities of a pulse of several widths, from thermal equilibrium in the well
    /// of `start`; each width is the full duration from the start of the rise to the end of the fall.
    ///
    /// Returns one estimate per width, in the order given.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] if a width is not finite or shorter than rise and fall together.
    pub fn plateau(
        &self,
        pulse: &Plateau,
        start: State,
        widths_s: &[f64],
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let unit = self.model.relaxation_s();
        let ramps = pulse.rise_s + pulse.fall_s;
        for width in widths_s {
            // Rounding of a width that is rise plus fall exactly is no error.
            if !(width.is_finite() && *width >= ramps * (1.0 - 1e-12)) {
                return Err(DeviceError::out_of_range(
                    "width",
                    format!("{width:e} s"),
                    "it must be finite and at least rise plus fall",
                ));
            }
        }
        let mut order: Vec<usize> = (0..widths_s.len()).collect();
        order.sort_by(|a, b| widths_s[*a].total_cmp(&widths_s[*b]));
        let rise = Segment { duration: pulse.rise_s / unit, start_volts: 0.0, end_volts: pulse.volts };
        let fall = Segment { duration: pulse.fall_s / unit, start_volts: pulse.volts, end_volts: 0.0 };
        let mut segments = vec![rise];
        let mut reached = ramps;
        for k in &order {
            segments.push(Segment::constant(((widths_s[*k] - reached) / unit).max(0.0), pulse.volts));
            reached = widths_s[*k].max(reached);
        }
        let coarse_read =
            self.coarse.read.each_ref().map(|read| self.read_through(&self.coarse, &fall, read));
        let fine_read = self.fine.read.each_ref().map(|read| self.read_through(&self.fine, &fall, read));
        let mut found = vec![ProbabilityEstimate::default(); widths_s.len()];
        let results = self.run(&segments, start, &coarse_read, &fine_read);
        for (result, k) in results[1..].iter().zip(&order) {
            found[*k] = *result;
        }
        Ok(found)
    }

    /// Switching probability of any piecewise linear voltage, from thermal equilibrium in the well of
    /// `start`; the relaxation at zero voltage follows by itself.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] if a duration is negative or not finite.
    pub fn waveform(&self, segments: &[Segment], start: State) -> Result<ProbabilityEstimate, DeviceError> {
        for segment in segments {
            if !(segment.duration.is_finite() && segment.duration >= 0.0) {
                return Err(DeviceError::out_of_range(
                    "duration",
                    segment.duration,
                    "it must not be negative",
                ));
            }
        }
        let results = self.run(segments, start, &self.coarse.read, &self.fine.read);
        Ok(results.last().copied().unwrap_or_else(|| self.at_rest(start)))
    }

    /// What is read without any pulse.
    fn at_rest(&self, start: State) -> ProbabilityEstimate {
        self.run(&[Segment::constant(0.0, 0.0)], start, &self.coarse.read, &self.fine.read)[0]
    }

    /// Read-out seen from the start of the fall.
    fn read_through(&self, level: &GridLevel, fall: &Segment, read: &[f64]) -> Vec<f64> {
        let reversed = Segment { start_volts: fall.end_volts, end_volts: fall.start_volts, ..*fall };
        if reversed.duration == 0.0 {
            return read.to_vec();
        }
        let mut run = AxialEvolution::new(&self.model, &level.grid, Direction::Backward, read.to_vec());
        // The same fixed number of steps at all voltages, twice as many on the fine grid.
        let steps = (reversed.duration / self.resolution.tolerance.cbrt()).ceil().max(16.0) as usize;
        let halves = if level.grid.len() == self.fine.grid.len() { steps } else { steps.div_ceil(2) };
        run.replay_halved(&reversed, &vec![reversed.duration / halves as f64; halves]);
        run.values
    }

    /// Estimate after each of the segments.
    fn run(
        &self,
        segments: &[Segment],
        start: State,
        coarse_read: &[Vec<f64>; 2],
        fine_read: &[Vec<f64>; 2],
    ) -> Vec<ProbabilityEstimate> {
        let (switched, kept) = match start {
            State::AntiParallel => (0, 1),
            State::Parallel => (1, 0),
        };
        let initial = |grid: &Grid| equilibrium(&self.model, grid, start);
        let mut coarse = AxialEvolution::new(
            &self.model,
            &self.coarse.grid,
            Direction::Forward,
            initial(&self.coarse.grid),
        );
        let mut fine =
            AxialEvolution::new(&self.model, &self.fine.grid, Direction::Forward, initial(&self.fine.grid));
        let mut found = Vec::with_capacity(segments.len());
        for segment in segments {
            let weights = [coarse_read[0].as_slice(), coarse_read[1].as_slice()];
            let schedule = coarse.adapt(segment, weights, self.resolution.tolerance);
            fine.replay_halved(segment, &schedule);
            let estimate = |which: usize| {
                let coarse = weighted_sum(&coarse.values, &coarse_read[which]);
                let fine = weighted_sum(&fine.values, &fine_read[which]);
                let (value, correction) = extrapolate(coarse, fine);
                (value, correction + CROSSING * self.resolution.tolerance * value)
            };
            found.push(ProbabilityEstimate::from_smaller(
                estimate(switched),
                estimate(kept),
                BackEnd::FokkerPlanck,
            ));
        }
        found
    }
}

/// Value at zero step from a coarse and a fine value of order 2, and its error: the correction.
///
/// The correction is made in the logarithm, which keeps the value positive.
fn extrapolate(coarse: f64, fine: f64) -> (f64, f64) {
    if coarse > 0.0 && fine > 0.0 && (fine / coarse).ln().abs() < 1.0 {
        let value = (fine * (fine / coarse).cbrt()).min(1.0);
        (value, (value - fine).abs())
    } else {
        (fine.max(0.0), (fine - coarse).abs())
    }
}

/// Thermal equilibrium at zero voltage in the well of `start`, the half sphere of its sign of m.p.
fn equilibrium(model: &AxialModel, grid: &Grid, start: State) -> Vec<f64> {
    let log = Operator::new(model, grid, 0.0).log_stationary();
    let inside = |j: usize| grid.z[j] * start.cosine() > 0.0;
    let top = (0..grid.len()).filter(|j| inside(*j)).map(|j| log[j]).fold(f64::NEG_INFINITY, f64::max);
    let mut p: Vec<f64> =
        (0..grid.len()).map(|j| if inside(j) { (log[j] - top).exp() } else { 0.0 }).collect();
    let total: f64 = p.iter().sum();
    p.iter_mut().for_each(|p| *p /= total);
    p
}

/// A distribution over the slope on one side of the barrier, one thermal width away from it.
fn near_barrier(model: &AxialModel, grid: &Grid, side: f64) -> Vec<f64> {
    let width = (1.0 / model.delta()).sqrt().min(0.5);
    let weight = |z: &f64| (-((z - side * width) / (0.5 * width)).powi(2)).exp();
    grid.z.iter().zip(&grid.width).map(|(z, w)| weight(z) * w).collect()
}
