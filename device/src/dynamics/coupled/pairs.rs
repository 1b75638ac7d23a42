//! Many pairs of macrospins side by side, and the steps that advance them.
//!
//! As for one macrospin, a pair's random numbers depend on (streams, its identity, step index) alone: any
//! number of pairs, threads and any instruction set give the same bits.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over many arrays of lanes; this form vectorises"
)]

use std::ops::Range;

use rayon::prelude::*;
use spinhebb_data::random_stream::Streams;

use super::modes::slowest_damping_time_s;
use super::step::{PairEquations, PairStep};
use crate::dynamics::block::BLOCK;
use crate::dynamics::instruction_set::Kernel;
use crate::dynamics::integrator::{Integrator, StepWarning};
use crate::dynamics::lane_step::{HEUN, IMPLICIT_MIDPOINT, RUNGE_KUTTA_4};
use crate::dynamics::lanes::{Plan, Stepping};
use crate::dynamics::normal::{RoundKeys, normals, normals_of_lanes, philox};
use crate::dynamics::pulse::{Drive, Pulse};
use crate::dynamics::schedule::{Schedule, Step};
use crate::error::DeviceError;
use crate::junction::coupled::{CoupledMtj, Pair};

/// Thermal fields of the two layers: one family of streams for each, never shared.
#[derive(Debug, Clone)]
pub struct LayerStreams([Streams; 2]);

impl LayerStreams {
    /// Streams of both layers for one purpose.
    #[must_use]
    pub fn new(seed: u64, purpose: &str) -> Self {
        Self(
            ["barrier layer", "coupled layer"].map(|layer| Streams::new(seed, &format!("{purpose}/{layer}"))),
        )
    }
}

#[derive(Debug, Clone)]
struct PairBlock {
    /// Shape: layer x component x lane.
    m: [[[f64; BLOCK]; 3]; 2],
    identity: [u64; BLOCK],
    /// Lanes in use.
    count: usize,
}

/// States of many pairs of the same junction.
#[derive(Debug, Clone)]
pub struct Pairs {
    blocks: Vec<PairBlock>,
    count: usize,
}

impl Pairs {
    /// Number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// `m.p` of the barrier layer of pair `index`.
    ///
    /// # Panics
    /// If `index` is not below the number of pairs.
    #[must_use]
    pub fn cosine(&self, index: usize) -> f64 {
        assert!(index < self.count, "pair {index} of {}", self.count);
        self.blocks[index / BLOCK].m[0][2][index % BLOCK]
    }
}

/// A junction with coupled layers under a pulse, ready to advance pairs.
#[derive(Debug, Clone)]
pub struct CoupledDynamics {
    equations: PairEquations,
    plan: Plan,
    /// Deviations of the thermal fields at a step of 1 s, A/m.
    unit_deviation: [f64; 2],
}

impl CoupledDynamics {
    /// Prepares `device` under `pulse` (`V > 0` potentiates) and the relaxation after it, by default six of
    /// the slowest damping times.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for a step that is not positive or needs more than 1e9 steps.
    pub fn new(device: &CoupledMtj, pulse: &Pulse, stepping: &Stepping) -> Result<Self, DeviceError> {
        let [barrier, coupled] = &device.layers;
        let equations = PairEquations::new(device, pulse.drive)?;
        let peak_v = match pulse.drive {
            Drive::Voltage => pulse.peak(),
            Drive::Current => equations.layers[0].junction_volts(pulse.peak(), -1.0).abs(),
        };
        let scale = [0.0, peak_v, -peak_v].map(|v| device.field_scale(v)).into_iter().fold(0.0, f64::max);
        let recommended = stepping.integrator.largest_step_for(scale, barrier.damping.max(coupled.damping));
        let relaxation_s = pulse
            .relaxation_s
            .map_or_else(|| Ok(6.0 * slowest_damping_time_s(device)?), Ok::<_, DeviceError>)?;
        let plan = stepping.plan(pulse, relaxation_s, recommended)?;
        Ok(Self {
            plan,
            unit_deviation: device
                .layers
                .each_ref()
                .map(|layer| layer.thermal_field_deviation(layer.temperature_k, 1.0)),
            equations,
        })
    }

    /// Steps of pulse and relaxation.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.plan.schedule
    }

    /// Set when the step asked for is too long for precession or damping.
    #[must_use]
    pub fn warning(&self) -> Option<StepWarning> {
        self.plan.warning
    }

    /// Voltage across the junction at the drive `value` and `cosine = m1.p`, V.
    #[must_use]
    pub fn junction_volts(&self, value: f64, cosine: f64) -> f64 {
        self.equations.layers[0].junction_volts(value, cosine)
    }

    /// Pairs from (identity, directions in the laboratory frame).
    #[must_use]
    pub fn pairs(&self, states: impl IntoIterator<Item = (u64, Pair)>) -> Pairs {
        let mut pairs = Pairs { blocks: Vec::new(), count: 0 };
        for (identity, directions) in states {
            let lane = pairs.count % BLOCK;
            if lane == 0 {
                let resting = [[0.0; BLOCK], [0.0; BLOCK], [1.0; BLOCK]];
                pairs.blocks.push(PairBlock { m: [resting, resting], identity: [0; BLOCK], count: 0 });
            }
            if let Some(block) = pairs.blocks.last_mut() {
                for (layer, direction) in directions.into_iter().enumerate() {
                    let m = self.equations.layers[0].to_frame(direction);
                    for c in 0..3 {
                        block.m[layer][c][lane] = m[c];
                    }
                }
                block.identity[lane] = identity;
                block.count = lane + 1;
            }
            pairs.count += 1;
        }
        pairs
    }

    /// Directions of pair `index` in the laboratory frame.
    #[must_use]
    pub fn directions(&self, pairs: &Pairs, index: usize) -> Pair {
        let (block, lane) = (&pairs.blocks[index / BLOCK], index % BLOCK);
        [0, 1].map(|layer| self.equations.layers[0].to_laboratory([0, 1, 2].map(|c| block.m[layer][c][lane])))
    }

    /// Advances all pairs through the steps with indices `steps` of the schedule.
    ///
    /// The thermal field of step k on a layer is block k of that layer's stream for the pair's identity.
    pub fn advance(&self, pairs: &mut Pairs, noise: &LayerStreams, steps: Range<usize>) {
        let keys = noise.0.each_ref().map(|streams| RoundKeys::new(streams.key()));
        let first = steps.start as u64;
        let steps = &self.plan.schedule.steps()[steps];
        pairs.blocks.par_iter_mut().for_each(|block| match self.plan.integrator {
            Integrator::RungeKutta4 => self.dispatch::<RUNGE_KUTTA_4>(block, &keys, first, steps),
            Integrator::Heun => self.dispatch::<HEUN>(block, &keys, first, steps),
            Integrator::ImplicitMidpoint => self.dispatch::<IMPLICIT_MIDPOINT>(block, &keys, first, steps),
        });
    }

    fn dispatch<const INTEGRATOR: u8>(
        &self,
        block: &mut PairBlock,
        keys: &[RoundKeys; 2],
        first: u64,
        steps: &[Step],
    ) {
        self.plan.instruction_set.run(PairSteps::<INTEGRATOR> { dynamics: self, block, keys, first, steps });
    }

    #[inline(always)]
    fn steps<const INTEGRATOR: u8>(
        &self,
        block: &mut PairBlock,
        keys: &[RoundKeys; 2],
        first: u64,
        steps: &[Step],
    ) {
        let noisy = self.unit_deviation != [0.0; 2];
        let mut known: Option<(&Step, PairStep)> = None;
        for (offset, step) in steps.iter().enumerate() {
            let scalars = match known {
                Some((previous, scalars)) if previous.acts_as(step) => scalars,
                _ => self.equations.step(step.duration_s, [step.first, step.middle, step.last]),
            };
            known = Some((step, scalars));
            let position = first + offset as u64;
            let root = 1.0 / step.duration_s.sqrt();
            let deviation = [0, 1].map(|i| scalars.rotation[i] * self.unit_deviation[i] * root);
            if noisy {
                Self::lanes::<INTEGRATOR, true>(block, keys, position, deviation, &scalars);
            } else {
                Self::lanes::<INTEGRATOR, false>(block, keys, position, deviation, &scalars);
            }
        }
    }

    /// One step of every lane. The thermal fields are drawn before, so that both loops vectorise.
    #[inline(always)]
    fn lanes<const INTEGRATOR: u8, const NOISY: bool>(
        block: &mut PairBlock,
        keys: &[RoundKeys; 2],
        position: u64,
        deviation: [f64; 2],
        step: &PairStep,
    ) {
        // A block with a single pair is not worth 64 lanes.
        if block.count == 1 {
            let thermal = [0, 1].map(|layer| {
                normals(philox(position, block.identity[0], &keys[layer])).map(|n| deviation[layer] * n)
            });
            lane_step::<INTEGRATOR>(block, 0, if NOISY { thermal } else { [[0.0; 3]; 2] }, step);
            return;
        }
        let thermal = if NOISY {
            [0, 1]
                .map(|layer| normals_of_lanes(position, &block.identity, &keys[layer], |_| deviation[layer]))
        } else {
            [[[0.0; BLOCK]; 3]; 2]
        };
        for lane in 0..BLOCK {
            let [a, b] = &thermal;
            let fields = [[a[0][lane], a[1][lane], a[2][lane]], [b[0][lane], b[1][lane], b[2][lane]]];
            lane_step::<INTEGRATOR>(block, lane, fields, step);
        }
    }
}

/// Steps of one block.
struct PairSteps<'a, const INTEGRATOR: u8> {
    dynamics: &'a CoupledDynamics,
    block: &'a mut PairBlock,
    keys: &'a [RoundKeys; 2],
    first: u64,
    steps: &'a [Step],
}

impl<const INTEGRATOR: u8> Kernel for PairSteps<'_, INTEGRATOR> {
    #[inline(always)]
    fn run(self) {
        self.dynamics.steps::<INTEGRATOR>(self.block, self.keys, self.first, self.steps);
    }
}

#[inline(always)]
fn lane_step<const INTEGRATOR: u8>(block: &mut PairBlock, lane: usize, thermal: Pair, step: &PairStep) {
    let [a, b] = &mut block.m;
    let m = [[a[0][lane], a[1][lane], a[2][lane]], [b[0][lane], b[1][lane], b[2][lane]]];
    let next = match INTEGRATOR {
        RUNGE_KUTTA_4 => step.runge_kutta_4(m, thermal),
        HEUN => step.heun(m, thermal),
        _ => step.implicit_midpoint(m, thermal),
    };
    (a[0][lane], a[1][lane], a[2][lane]) = (next[0][0], next[0][1], next[0][2]);
    (b[0][lane], b[1][lane], b[2][lane]) = (next[1][0], next[1][1], next[1][2]);
}
