//! AxialEvolution of one distribution through a piecewise linear voltage, with step control.
//!
//! The step is controlled on the coarse of two runs, such that the two probabilities of interest
//! each keep the relative tolerance per step; the fine run repeats the recorded steps,
//! halved, on a grid of twice the cells. The difference of the two gives the error.

use super::operator::{Grid, Operator};
use super::step::Stepper;
use crate::switching::axial::AxialModel;
use crate::switching::direction::Direction;

/// A stretch of linear voltage; V > 0 favours P.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Duration in units of tau_D.
    pub duration: f64,
    /// Voltage at its start (V).
    pub start_volts: f64,
    /// Voltage at its end (V).
    pub end_volts: f64,
}

impl Segment {
    /// A stretch of constant voltage.
    #[must_use]
    pub const fn constant(duration: f64, volts: f64) -> Self {
        Self { duration, start_volts: volts, end_volts: volts }
    }

    fn is_constant(&self) -> bool {
        self.start_volts == self.end_volts
    }

    fn volts(&self, time: f64) -> f64 {
        self.start_volts + (self.end_volts - self.start_volts) * (time / self.duration)
    }
}

/// Least number of steps on a ramp: the voltage is frozen at the middle of a step.
const STEPS_PER_RAMP: f64 = 16.0;
/// First step in tau_D; the distribution starts at rest, the drift is switched at once.
const FIRST_STEP: f64 = 1e-3;
/// A step is not made shorter than this by the tolerance.
const SHORTEST_STEP: f64 = 1e-5;
/// Below this probability the relative tolerance is no longer kept.
const FLOOR: f64 = 1e-40;

/// Steps of one segment: how the coarse run went through it.
pub type StepLengths = Vec<f64>;

/// One run on one grid.
#[derive(Debug)]
pub struct AxialEvolution<'a> {
    model: &'a AxialModel,
    grid: &'a Grid,
    stepper: Stepper,
    operator: Option<(f64, Operator)>,
    next_step: f64,
    /// The cell values: probabilities (forward) or expectations (backward).
    pub values: Vec<f64>,
}

impl<'a> AxialEvolution<'a> {
    /// Starts from `values` (shape: cells).
    #[must_use]
    pub fn new(model: &'a AxialModel, grid: &'a Grid, direction: Direction, values: Vec<f64>) -> Self {
        let stepper = Stepper::new(direction, values.len());
        Self { model, grid, stepper, operator: None, next_step: FIRST_STEP, values }
    }

    fn prepare(&mut self, volts: f64) {
        if !matches!(&self.operator, Some((kept, _)) if *kept == volts) {
            self.operator = Some((volts, Operator::new(self.model, self.grid, volts)));
            self.stepper.operator_changed();
        }
    }

    /// Runs through `segment` with the step chosen such that each sum over `weights` keeps the
    /// relative `tolerance` per step; returns the steps.
    pub fn adapt(&mut self, segment: &Segment, weights: [&[f64]; 2], tolerance: f64) -> StepLengths {
        let mut steps = Vec::new();
        let mut time = 0.0;
        let longest = if segment.is_constant() { f64::INFINITY } else { segment.duration / STEPS_PER_RAMP };
        let mut before = self.values.clone();
        while time < segment.duration {
            let left = segment.duration - time;
            let mut dt = self.next_step.min(longest);
            // Two equal steps rather than one and a sliver.
            if dt >= left {
                dt = left;
            } else if 2.0 * dt > left {
                dt = 0.5 * left;
            }
            let clipped = dt < self.next_step;
            self.prepare(segment.volts(time + 0.5 * dt));
            let Some((_, operator)) = &self.operator else { unreachable!("operator was just prepared") };
            before.copy_from_slice(&self.values);
            self.stepper.step(operator, &mut self.values, dt);
            let errors = self.stepper.local_error(operator, &self.values, dt, weights);
            let relative = errors.iter().zip(&weights).fold(0.0_f64, |worst, (error, weight)| {
                worst.max(error.abs() / (weighted_sum(&self.values, weight).abs() + FLOOR))
            });
            let factor = (0.8 * (tolerance / relative.max(1e-300)).cbrt()).clamp(0.4, 1.5);
            if relative > tolerance && dt > SHORTEST_STEP {
                self.values.copy_from_slice(&before);
                self.next_step = dt * factor.min(0.8);
                continue;
            }
            steps.push(dt);
            time = if dt >= left { segment.duration } else { time + dt };
            // Small changes are not worth new factors.
            let kept = (1.0..1.15).contains(&factor) || (clipped && factor >= 1.0);
            if !kept {
                self.next_step = dt * factor;
            }
        }
        steps
    }

    /// Runs through `segment` with the steps of `schedule`, each halved.
    pub fn replay_halved(&mut self, segment: &Segment, schedule: &StepLengths) {
        let mut time = 0.0;
        for dt in schedule {
            for _ in 0..2 {
                self.prepare(segment.volts(time + 0.25 * dt));
                let Some((_, operator)) = &self.operator else { unreachable!("operator was just prepared") };
                self.stepper.step(operator, &mut self.values, 0.5 * dt);
                time += 0.5 * dt;
            }
        }
    }
}

/// `sum_j values_j weights_j`.
#[must_use]
pub fn weighted_sum(values: &[f64], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(v, w)| v * w).sum()
}
