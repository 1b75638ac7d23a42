//! Many macrospins side by side: blocks of lanes in structure-of-arrays form, and the steps
//! that advance them.
//!
//! A lane's random numbers depend on (stream, its identity, step index) alone, and its arithmetic
//! on nothing but its own state: results are the same bits for any number of lanes, threads and
//! any instruction set.

use std::ops::Range;

use rayon::prelude::*;
use spinhebb_data::random_stream::Streams;

use crate::dynamics::block::{BLOCK, Block};
use crate::dynamics::heating::{HeatBlock, Heating};
use crate::dynamics::instruction_set::{InstructionSet, Kernel};
use crate::dynamics::integrator::{Integrator, StepWarning};
use crate::dynamics::lane_step::{
    HEUN, IMPLICIT_MIDPOINT, RUNGE_KUTTA_4, StepScalars, explicit, implicit_midpoint,
};
use crate::dynamics::llgs::{Equation, FULL, HEATED, PLAIN, Terms};
use crate::dynamics::normal::RoundKeys;
use crate::dynamics::pulse::{Drive, Pulse};
use crate::dynamics::schedule::{Schedule, Step};
use crate::error::{DeviceError, positive};
use crate::junction::mtj::Mtj;
use crate::junction::vector::Vector;

/// States of many macrospins of the same junction.
#[derive(Debug, Clone)]
pub struct Lanes {
    blocks: Vec<Block>,
    count: usize,
}

impl Lanes {
    /// Number of lanes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no lane.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// `m.p` of lane `index`.
    ///
    /// # Panics
    /// If `index` is not below the number of lanes.
    #[must_use]
    pub fn cosine(&self, index: usize) -> f64 {
        assert!(index < self.count, "lane {index} of {}", self.count);
        self.blocks[index / BLOCK].z[index % BLOCK]
    }

    /// Identity of lane `index` in the random stream.
    #[must_use]
    pub fn identity(&self, index: usize) -> u64 {
        self.blocks[index / BLOCK].identity[index % BLOCK]
    }

    /// Temperature in K of lane `index` (that of the surroundings without Joule heating).
    #[must_use]
    pub fn temperature_k(&self, index: usize) -> f64 {
        self.blocks[index / BLOCK].temperature[index % BLOCK]
    }

    /// Gives lane `to` the state of lane `from`; lane `to` keeps its identity, so that the two
    /// part under independent noise.
    pub fn copy_state(&mut self, from: usize, to: usize) {
        let source = &self.blocks[from / BLOCK];
        let lane = from % BLOCK;
        let state = (source.x[lane], source.y[lane], source.z[lane], source.temperature[lane]);
        let target = &mut self.blocks[to / BLOCK];
        let lane = to % BLOCK;
        (target.x[lane], target.y[lane], target.z[lane], target.temperature[lane]) = state;
    }

    /// Keeps the lanes for which `keep` holds for the state in the kernel's frame, in order.
    fn retain(&mut self, mut keep: impl FnMut(u64, Vector) -> bool) {
        let mut kept = 0;
        for index in 0..self.count {
            let (source, lane) = (&self.blocks[index / BLOCK], index % BLOCK);
            let identity = source.identity[lane];
            if keep(identity, [source.x[lane], source.y[lane], source.z[lane]]) {
                if kept != index {
                    self.copy_state(index, kept);
                    self.blocks[kept / BLOCK].identity[kept % BLOCK] = identity;
                }
                kept += 1;
            }
        }
        self.count = kept;
        self.blocks.truncate(kept.div_ceil(BLOCK));
    }
}

/// State of one lane as it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    /// Identity in the random stream.
    pub identity: u64,
    /// Direction in the laboratory frame.
    pub laboratory: Vector,
    /// `m.p`.
    pub cosine: f64,
}

/// How steps are taken.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stepping {
    /// Integrator.
    pub integrator: Integrator,
    /// Largest step in s; the integrator's recommendation when `None`.
    pub step_s: Option<f64>,
    /// Vector instructions; the widest available when `None`. Does not change the results.
    pub instruction_set: Option<InstructionSet>,
}

/// The steps of one pulse and how they are taken.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub schedule: Schedule,
    pub integrator: Integrator,
    pub instruction_set: InstructionSet,
    pub warning: Option<StepWarning>,
}

impl Stepping {
    /// Steps through `pulse` and `relaxation_s` after it, of at most `recommended_s` unless asked for otherwise.
    pub(crate) fn plan(
        &self,
        pulse: &Pulse,
        relaxation_s: f64,
        recommended_s: f64,
    ) -> Result<Plan, DeviceError> {
        let span_s = pulse.end_s() + relaxation_s;
        let step_s = self.step_s.unwrap_or(recommended_s).min(span_s.max(f64::MIN_POSITIVE));
        positive("table.step", step_s, step_s)?;
        if !span_s.is_finite() || span_s / step_s > 1e9 {
            return Err(DeviceError::out_of_range(
                "table.step",
                step_s,
                &format!("{span_s} s of pulse and relaxation would need more than 1e9 steps"),
            ));
        }
        Ok(Plan {
            schedule: Schedule::new(pulse, relaxation_s, step_s),
            integrator: self.integrator,
            instruction_set: self
                .instruction_set
                .map_or_else(InstructionSet::widest, InstructionSet::or_available),
            warning: (step_s > recommended_s * (1.0 + 1e-9))
                .then_some(StepWarning { step_s, largest_s: recommended_s }),
        })
    }
}

/// A junction under a pulse, ready to advance lanes.
#[derive(Debug, Clone)]
pub struct Dynamics {
    equation: Equation,
    plan: Plan,
    temperature_k: f64,
    /// Deviation of the thermal field at 1 K and a step of 1 s.
    unit_deviation: f64,
    heating: Option<Heating>,
}

impl Dynamics {
    /// Prepares `mtj` under `pulse` (`V > 0` potentiates) and the relaxation after it.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for a step that is not positive;
    /// [`DeviceError::NotApplicable`] for current drive of a device with spin-orbit torque.
    pub fn new(mtj: &Mtj, pulse: &Pulse, stepping: &Stepping) -> Result<Self, DeviceError> {
        let equation = Equation::new(mtj, pulse.drive)?;
        let peak_volts = match pulse.drive {
            Drive::Voltage => pulse.peak(),
            Drive::Current => equation.junction_volts(pulse.peak(), -1.0).abs(),
        };
        let recommended = stepping.integrator.largest_step_s(mtj, peak_volts);
        let relaxation_s = pulse.relaxation_s.unwrap_or_else(|| mtj.default_relaxation_s());
        let plan = stepping.plan(pulse, relaxation_s, recommended)?;
        Ok(Self {
            equation,
            plan,
            temperature_k: mtj.temperature_k,
            unit_deviation: mtj.thermal_field_deviation(1.0, 1.0),
            heating: Heating::of(mtj),
        })
    }

    /// Steps of pulse and relaxation.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.plan.schedule
    }

    /// Set when the step asked for is too long for the precession.
    #[must_use]
    pub fn warning(&self) -> Option<StepWarning> {
        self.plan.warning
    }

    /// Whether lanes carry a temperature of their own.
    #[must_use]
    pub(crate) fn is_heated(&self) -> bool {
        self.heating.is_some()
    }

    /// Lanes from pairs (identity, direction in the laboratory frame).
    #[must_use]
    pub fn lanes(&self, states: impl IntoIterator<Item = (u64, Vector)>) -> Lanes {
        let mut lanes = Lanes { blocks: Vec::new(), count: 0 };
        for (identity, direction) in states {
            let lane = lanes.count % BLOCK;
            if lane == 0 {
                lanes.blocks.push(Block::resting(self.temperature_k));
            }
            let m = self.equation.to_frame(direction);
            if let Some(block) = lanes.blocks.last_mut() {
                (block.x[lane], block.y[lane], block.z[lane]) = (m[0], m[1], m[2]);
                block.identity[lane] = identity;
            }
            lanes.count += 1;
        }
        lanes
    }

    /// Direction of lane `index` in the laboratory frame.
    #[must_use]
    pub fn direction(&self, lanes: &Lanes, index: usize) -> Vector {
        let (block, lane) = (&lanes.blocks[index / BLOCK], index % BLOCK);
        self.equation.to_laboratory([block.x[lane], block.y[lane], block.z[lane]])
    }

    /// Shows every lane to `keep` and removes those for which it returns false.
    pub(crate) fn read_and_remove(&self, lanes: &mut Lanes, mut keep: impl FnMut(Read) -> bool) {
        lanes.retain(|identity, m| {
            keep(Read { identity, laboratory: self.equation.to_laboratory(m), cosine: m[2] })
        });
    }

    /// Voltage across the junction at the drive `value` and `cosine = m.p`, V.
    #[must_use]
    pub fn junction_volts(&self, value: f64, cosine: f64) -> f64 {
        self.equation.junction_volts(value, cosine)
    }

    /// Advances all lanes through the steps with indices `steps` of the schedule.
    ///
    /// The thermal field of step k in a lane is block k of the stream (`noise`, lane identity).
    /// At zero temperature without heating no noise is drawn.
    pub fn advance(&self, lanes: &mut Lanes, noise: &Streams, steps: Range<usize>) {
        let keys = RoundKeys::new(noise.key());
        let first = steps.start as u64;
        let steps = &self.plan.schedule.steps()[steps];
        lanes.blocks.par_iter_mut().for_each(|block| self.advance_block(block, &keys, first, steps));
    }

    fn advance_block(&self, block: &mut Block, keys: &RoundKeys, first: u64, steps: &[Step]) {
        match (self.equation.terms, self.plan.integrator) {
            (Terms::Plain, Integrator::RungeKutta4) => {
                self.dispatch::<PLAIN, RUNGE_KUTTA_4>(block, keys, first, steps);
            }
            (Terms::Plain, Integrator::Heun) => self.dispatch::<PLAIN, HEUN>(block, keys, first, steps),
            (Terms::Plain, Integrator::ImplicitMidpoint) => {
                self.dispatch::<PLAIN, IMPLICIT_MIDPOINT>(block, keys, first, steps);
            }
            (Terms::Full, Integrator::RungeKutta4) => {
                self.dispatch::<FULL, RUNGE_KUTTA_4>(block, keys, first, steps);
            }
            (Terms::Full, Integrator::Heun) => self.dispatch::<FULL, HEUN>(block, keys, first, steps),
            (Terms::Full, Integrator::ImplicitMidpoint) => {
                self.dispatch::<FULL, IMPLICIT_MIDPOINT>(block, keys, first, steps);
            }
            (Terms::Heated, Integrator::RungeKutta4) => {
                self.dispatch::<HEATED, RUNGE_KUTTA_4>(block, keys, first, steps);
            }
            (Terms::Heated, Integrator::Heun) => self.dispatch::<HEATED, HEUN>(block, keys, first, steps),
            (Terms::Heated, Integrator::ImplicitMidpoint) => {
                self.dispatch::<HEATED, IMPLICIT_MIDPOINT>(block, keys, first, steps);
            }
        }
    }

    fn dispatch<const TERMS: u8, const INTEGRATOR: u8>(
        &self,
        block: &mut Block,
        keys: &RoundKeys,
        first: u64,
        steps: &[Step],
    ) {
        self.plan.instruction_set.run(Steps::<TERMS, INTEGRATOR> {
            dynamics: self,
            block,
            keys,
            first,
            steps,
        });
    }

    fn scalars(&self, step: &Step) -> StepScalars {
        let rotation = -self.equation.precession * step.duration_s;
        let at = |drive: f64| self.equation.instant(drive).scaled(rotation);
        StepScalars {
            position: 0,
            start: at(step.first),
            middle: at(step.middle),
            end: at(step.last),
            damping: self.equation.damping,
            deviation: rotation * self.unit_deviation / step.duration_s.sqrt(),
            root_temperature: self.temperature_k.sqrt(),
        }
    }

    #[inline(always)]
    fn steps<const TERMS: u8, const INTEGRATOR: u8>(
        &self,
        block: &mut Block,
        keys: &RoundKeys,
        first: u64,
        steps: &[Step],
    ) {
        let noisy = self.temperature_k > 0.0 || self.heating.is_some();
        let mut known: Option<(&Step, StepScalars)> = None;
        for (offset, step) in steps.iter().enumerate() {
            let mut scalars = match known {
                Some((previous, scalars)) if previous.acts_as(step) => scalars,
                _ => self.scalars(step),
            };
            scalars.position = first + offset as u64;
            known = Some((step, scalars));
            let mut heat = HeatBlock::UNHEATED;
            if TERMS == HEATED
                && let Some(heating) = &self.heating
            {
                heat.set(heating, &block.temperature);
            }
            match (INTEGRATOR, noisy) {
                (IMPLICIT_MIDPOINT, true) => implicit_midpoint::<TERMS, true>(block, &heat, keys, &scalars),
                (IMPLICIT_MIDPOINT, false) => implicit_midpoint::<TERMS, false>(block, &heat, keys, &scalars),
                (_, true) => explicit::<TERMS, INTEGRATOR, true>(block, &heat, keys, &scalars),
                (_, false) => explicit::<TERMS, INTEGRATOR, false>(block, &heat, keys, &scalars),
            }
            if TERMS == HEATED
                && let Some(heating) = &self.heating
            {
                heating.warm(block, &scalars.middle, step.duration_s, self.temperature_k);
            }
        }
    }
}

/// Steps of one block.
struct Steps<'a, const TERMS: u8, const INTEGRATOR: u8> {
    dynamics: &'a Dynamics,
    block: &'a mut Block,
    keys: &'a RoundKeys,
    first: u64,
    steps: &'a [Step],
}

impl<const TERMS: u8, const INTEGRATOR: u8> Kernel for Steps<'_, TERMS, INTEGRATOR> {
    #[inline(always)]
    fn run(self) {
        self.dynamics.steps::<TERMS, INTEGRATOR>(self.block, self.keys, self.first, self.steps);
    }
}
