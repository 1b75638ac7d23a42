//! The probability that a pulse switches a device, from any of the back ends, with its error.
//!
//! | back end | devices | probabilities | error |
//! |---|---|---|---|
//! | ensemble | all | above some 10/trials, both sides | 95% binomial interval |
//! | Fokker-Planck | axially symmetric, no heating | 1e-24 to 1 - 1e-24 | grid and step doubling |
//! | sphere | all, no heating; rectangular pulses | above some 1e-5, both sides | fewer degrees and longer steps |
//! | splitting | all with two wells | write errors down to 1e-15; escapes of any rarity | 95% interval of repeats |
//!
//! `auto` takes the Fokker-Planck equation of one variable where it is exact. Elsewhere it takes that on the sphere if
//! [`AFFORDABLE`] coefficients suffice, for pulses where its error is below [`WANTED`] of the smaller probability;
//! for the rest an ensemble, and splitting where a pilot ensemble sees fewer than [`ENOUGH`]
//! events of either kind.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use spinhebb_data::proportion::wilson_95;

use crate::axial::AxialModel;
use crate::ensemble::{Ensemble, SwitchingCount, switching_count, switching_counts_by_width};
use crate::error::DeviceError;
use crate::fokker_planck::{FokkerPlanck, Plateau, Resolution, Segment};
use crate::lanes::Stepping;
use crate::mtj::Mtj;
use crate::pulse::{Drive, Pulse};
use crate::sphere::{Sphere, SphereResolution};
use crate::splitting::Splitting;
use crate::splitting::escape::escape_rate;
use crate::splitting::write_error::write_error;
use crate::state::State;
use crate::switching_table::{Cell, SwitchingTable};

/// How a switching probability is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BackEnd {
    /// Chosen by symmetry and magnitude; results name the one that was taken.
    #[default]
    Auto,
    /// Ensemble of stochastic trajectories.
    Ensemble,
    /// One-dimensional Fokker-Planck equation.
    FokkerPlanck,
    /// Fokker-Planck equation on the sphere.
    Sphere,
    /// Rare-event splitting of trajectories.
    Splitting,
}

impl BackEnd {
    /// Name as written in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ensemble => "ensemble",
            Self::FokkerPlanck => "fokker-planck",
            Self::Sphere => "sphere",
            Self::Splitting => "splitting",
        }
    }
}

/// Probability of a switch and its complement, each with an absolute error.
///
/// The smaller of the two is computed on its own wherever the method allows and keeps its
/// digits; the larger is one minus it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct ProbabilityEstimate {
    /// Probability that the state after the pulse is the other one.
    pub p: f64,
    /// Probability that it is not, `1 - p`.
    pub complement: f64,
    /// Absolute error of `p`: discretisation error or half width of the 95% interval.
    pub p_error: f64,
    /// Absolute error of `complement`.
    pub complement_error: f64,
    /// The back end that computed it.
    pub back_end: BackEnd,
}

impl ProbabilityEstimate {
    /// From two separate estimates (value, error) of the probability and of its complement: the
    /// smaller one stands, the larger one is one minus it.
    #[must_use]
    pub fn from_smaller(p: (f64, f64), complement: (f64, f64), back_end: BackEnd) -> Self {
        if p.0 < complement.0 {
            Self::from_p(p.0, p.1, back_end)
        } else {
            Self::from_p(complement.0, complement.1, back_end).opposite()
        }
    }

    /// From the probability and its error.
    #[must_use]
    pub fn from_p(p: f64, error: f64, back_end: BackEnd) -> Self {
        Self { p, complement: 1.0 - p, p_error: error, complement_error: error, back_end }
    }

    /// Probability and complement exchanged.
    #[must_use]
    pub fn opposite(self) -> Self {
        Self {
            p: self.complement,
            complement: self.p,
            p_error: self.complement_error,
            complement_error: self.p_error,
            ..self
        }
    }

    /// From a count, with the larger distance to the ends of Wilson's 95% interval as error.
    #[must_use]
    pub fn from_count(count: SwitchingCount) -> Self {
        let p = count.fraction();
        let (lower, upper) = wilson_95(count.switched, count.trials);
        Self::from_p(p, (p - lower).max(upper - p), BackEnd::Ensemble)
    }
}

/// A way to compute switching probabilities. `V > 0` potentiates: it switches anti-parallel to parallel.
pub trait SwitchingProbability: Sync {
    /// Probability that `pulse` switches `mtj` out of `start`.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] where the method does not hold for the device or pulse.
    fn probability(&self, mtj: &Mtj, pulse: &Pulse, start: State)
    -> Result<ProbabilityEstimate, DeviceError>;

    /// Probabilities of rectangular pulses of `volts` for several widths, in the order given.
    ///
    /// # Errors
    /// As [`Self::probability`].
    fn by_width(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        widths_s
            .iter()
            .map(|width| self.probability(mtj, &Pulse::rectangular(volts, *width), start))
            .collect()
    }

    /// Probabilities over a grid of voltages and widths, voltages in parallel. Shape: volts x widths.
    ///
    /// # Errors
    /// As [`Self::probability`].
    fn grid(
        &self,
        mtj: &Mtj,
        volts: &[f64],
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        volts.par_iter().map(|volts| self.by_width(mtj, *volts, widths_s, start)).collect()
    }
}

/// Switching table of `mtj` by `back_end` over voltage magnitudes and widths, from both starts; the
/// polarity drives out of the start (`V > 0` from anti-parallel).
///
/// # Errors
/// Those of the back end and of [`SwitchingTable::new`].
pub fn switching_table(
    back_end: &dyn SwitchingProbability,
    mtj: &Mtj,
    magnitudes_v: &[f64],
    widths_s: &[f64],
) -> Result<SwitchingTable, DeviceError> {
    let of = |start: State| {
        let volts: Vec<f64> = magnitudes_v.iter().map(|v| v * start.switching_polarity()).collect();
        back_end.grid(mtj, &volts, widths_s, start)
    };
    let (parallel, anti_parallel) = (of(State::Parallel)?, of(State::AntiParallel)?);
    let mut used: Vec<&str> =
        parallel.iter().chain(&anti_parallel).flatten().map(|e| e.back_end.name()).collect();
    used.sort_unstable();
    used.dedup();
    SwitchingTable::new(widths_s, &used.join(", "), |start, width| {
        let grid = if start == State::Parallel { &parallel } else { &anti_parallel };
        magnitudes_v
            .iter()
            .zip(grid)
            .map(|(magnitude, row)| Cell::computed(*magnitude, row[width].p, row[width].p_error))
            .collect()
    })
}

/// Back end `ensemble`.
#[derive(Debug, Clone, PartialEq)]
pub struct ByEnsemble(pub Ensemble);

impl SwitchingProbability for ByEnsemble {
    fn probability(
        &self,
        mtj: &Mtj,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        switching_count(mtj, pulse, start, &self.0).map(ProbabilityEstimate::from_count)
    }

    fn by_width(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let mut order: Vec<usize> = (0..widths_s.len()).collect();
        order.sort_by(|a, b| widths_s[*a].total_cmp(&widths_s[*b]));
        let sorted: Vec<f64> = order.iter().map(|k| widths_s[*k]).collect();
        let counts = switching_counts_by_width(mtj, volts, &sorted, start, &self.0)?;
        let mut found = vec![ProbabilityEstimate::default(); widths_s.len()];
        for (k, count) in order.into_iter().zip(counts) {
            found[k] = ProbabilityEstimate::from_count(count);
        }
        Ok(found)
    }
}

/// Back end `fokker-planck`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ByFokkerPlanck(pub Resolution);

/// Linear pieces between two break points of a pulse with curved flanks; the error of the
/// interpolation falls with the square.
const PIECES: usize = 64;

impl SwitchingProbability for ByFokkerPlanck {
    fn probability(
        &self,
        mtj: &Mtj,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let model = AxialModel::of(mtj, pulse.drive)?;
        let relaxation_s = pulse.relaxation_s.unwrap_or_else(|| mtj.default_relaxation_s());
        let unit = model.relaxation_s();
        let mut segments = Vec::new();
        for pair in pulse.break_points_s().windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let middle = 0.5 * (from + to);
            let chord = 0.5 * (pulse.at(from) + pulse.before(to));
            let straight = (pulse.at(middle) - chord).abs() <= 1e-12 * pulse.peak();
            let pieces = if straight { 1 } else { PIECES };
            let at = |k: usize| from + (to - from) * (k as f64 / pieces as f64);
            segments.extend((0..pieces).map(|k| Segment {
                duration: (at(k + 1) - at(k)) / unit,
                start_volts: pulse.at(at(k)),
                end_volts: pulse.before(at(k + 1)),
            }));
        }
        // A bias stays on during the relaxation, which then belongs to the pulse.
        let rest_s = if pulse.bias_v == 0.0 {
            relaxation_s
        } else {
            segments.push(Segment::constant(relaxation_s / unit, pulse.bias_v));
            0.0
        };
        FokkerPlanck::new(model, rest_s, self.0)?.waveform(&segments, start)
    }

    fn by_width(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let grid = self.grid(mtj, &[volts], widths_s, start)?;
        Ok(grid.into_iter().flatten().collect())
    }

    fn grid(
        &self,
        mtj: &Mtj,
        volts: &[f64],
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        let model = AxialModel::of(mtj, Drive::Voltage)?;
        let solver = FokkerPlanck::new(model, mtj.default_relaxation_s(), self.0)?;
        volts.par_iter().map(|volts| solver.plateau(&Plateau::rectangular(*volts), start, widths_s)).collect()
    }
}

/// Back end `sphere`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BySphere(pub SphereResolution);

impl SwitchingProbability for BySphere {
    /// Of rectangular voltage pulses without bias.
    fn probability(
        &self,
        mtj: &Mtj,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let rectangle =
            pulse.as_rectangular().filter(|_| pulse.drive == Drive::Voltage && pulse.bias_v == 0.0);
        let Some((volts, width_s)) = rectangle else {
            return Err(DeviceError::NotApplicable {
                model: "the Fokker-Planck equation on the sphere",
                reason: "the pulse is not a rectangle of voltage; use the ensemble or splitting".into(),
            });
        };
        let relaxation_s = pulse.relaxation_s.unwrap_or_else(|| mtj.default_relaxation_s());
        Ok(Sphere::new(mtj, relaxation_s, self.0)?.plateau(volts, start, &[width_s])?[0])
    }

    fn by_width(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        Sphere::new(mtj, mtj.default_relaxation_s(), self.0)?.plateau(volts, start, widths_s)
    }

    fn grid(
        &self,
        mtj: &Mtj,
        volts: &[f64],
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        let solver = Sphere::new(mtj, mtj.default_relaxation_s(), self.0)?;
        volts.par_iter().map(|volts| solver.plateau(*volts, start, widths_s)).collect()
    }
}

/// Back end `splitting`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BySplitting {
    /// Size and seed.
    pub splitting: Splitting,
    /// How steps are taken.
    pub stepping: Stepping,
}

/// Least width, in damping times, for which a constant rate describes a sub-critical pulse.
const SHORTEST_FOR_RATE: f64 = 10.0;

impl SwitchingProbability for BySplitting {
    /// At and beyond the critical voltage the complement by [`write_error`]; below it
    /// `1 - exp(-rate width)` with the rate of [`escape_rate`], for rectangular pulses of at least ten
    /// damping times.
    fn probability(
        &self,
        mtj: &Mtj,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let polarity = start.switching_polarity();
        let overdriven = mtj.critical_voltage(start).is_ok_and(|critical| {
            pulse.amplitude * polarity >= critical * polarity && pulse.drive == Drive::Voltage
        });
        let rectangle = pulse.as_rectangular();
        match rectangle {
            Some((volts, width_s)) if !overdriven => {
                if width_s < SHORTEST_FOR_RATE * mtj.damping_time_s() {
                    return Err(DeviceError::NotApplicable {
                        model: "splitting of a pulse below the critical voltage",
                        reason: format!(
                            "the width {width_s:e} s is below ten damping times ({:e} s each), so that no rate is \
                             established; use the ensemble or the Fokker-Planck equation",
                            mtj.damping_time_s()
                        ),
                    });
                }
                let escape = escape_rate(mtj, volts, start, &self.splitting, &self.stepping)?;
                let p = -(-escape.rate.mean * width_s).exp_m1();
                let error = escape.error() * width_s * (1.0 - p);
                Ok(ProbabilityEstimate::from_p(p, error, BackEnd::Splitting))
            }
            _ => {
                let kept = write_error(mtj, pulse, start, &self.splitting, &self.stepping)?;
                Ok(ProbabilityEstimate::from_p(kept.mean, kept.half_width(), BackEnd::Splitting).opposite())
            }
        }
    }
}

/// Coefficients up to which `auto` takes the equation on the sphere: seconds for each voltage.
pub const AFFORDABLE: usize = 8000;
/// Error relative to the smaller of probability and complement up to which `auto` keeps the result of the sphere.
pub const WANTED: f64 = 0.05;
/// Events of either kind that a pilot ensemble must see for the ensemble to be taken.
pub const ENOUGH: u64 = 30;
/// Trials of the pilot ensemble.
const PILOT: u64 = 2048;

/// Back end `auto`.
#[derive(Debug, Clone, PartialEq)]
pub struct Automatic {
    /// For axially symmetric devices.
    pub fokker_planck: ByFokkerPlanck,
    /// For the others where few coefficients suffice and neither outcome is rare.
    pub sphere: BySphere,
    /// For the rest where both outcomes are common.
    pub ensemble: ByEnsemble,
    /// For the rest where one outcome is rare.
    pub splitting: BySplitting,
}

impl Automatic {
    /// All back ends at their default sizes: standard resolution, `trials` trials, eight repeats of
    /// 2048 copies.
    #[must_use]
    pub fn new(trials: u64, seed: u64) -> Self {
        Self {
            fokker_planck: ByFokkerPlanck(Resolution::STANDARD),
            sphere: BySphere(SphereResolution::STANDARD),
            ensemble: ByEnsemble(Ensemble::new(trials, seed)),
            splitting: BySplitting { splitting: Splitting::new(seed), stepping: Stepping::default() },
        }
    }

    /// The back end `choice` alone, or this one for [`BackEnd::Auto`].
    #[must_use]
    pub fn back_end(&self, choice: BackEnd) -> &dyn SwitchingProbability {
        match choice {
            BackEnd::Auto => self,
            BackEnd::Ensemble => &self.ensemble,
            BackEnd::FokkerPlanck => &self.fokker_planck,
            BackEnd::Sphere => &self.sphere,
            BackEnd::Splitting => &self.splitting,
        }
    }
}

impl Automatic {
    /// Whether the equation on the sphere is taken for `mtj`.
    fn takes_sphere(&self, mtj: &Mtj) -> bool {
        Sphere::coefficients(mtj, self.sphere.0).is_ok_and(|count| count <= AFFORDABLE)
    }

    /// By trajectories: an ensemble, or splitting where one outcome is rare.
    fn by_trajectories(
        &self,
        mtj: &Mtj,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let trials = self.ensemble.0.trials.start..self.ensemble.0.trials.start + PILOT;
        let pilot = switching_count(mtj, pulse, start, &Ensemble { trials, ..self.ensemble.0.clone() })?;
        if pilot.switched.min(pilot.trials - pilot.switched) < ENOUGH
            && let Ok(rare) = self.splitting.probability(mtj, pulse, start)
        {
            return Ok(rare);
        }
        self.ensemble.probability(mtj, pulse, start)
    }

    /// `found` where it is good enough, else by trajectories.
    fn completed(
        &self,
        mtj: &Mtj,
        pulse: &Pulse,
        start: State,
        found: ProbabilityEstimate,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        if found.p_error <= WANTED * found.p.min(found.complement) {
            Ok(found)
        } else {
            self.by_trajectories(mtj, pulse, start)
        }
    }
}

impl SwitchingProbability for Automatic {
    fn probability(
        &self,
        mtj: &Mtj,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        if AxialModel::of(mtj, pulse.drive).is_ok() {
            return self.fokker_planck.probability(mtj, pulse, start);
        }
        if self.takes_sphere(mtj)
            && let Ok(found) = self.sphere.probability(mtj, pulse, start)
        {
            return self.completed(mtj, pulse, start, found);
        }
        self.by_trajectories(mtj, pulse, start)
    }

    fn by_width(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        Ok(self.grid(mtj, &[volts], widths_s, start)?.into_iter().flatten().collect())
    }

    fn grid(
        &self,
        mtj: &Mtj,
        volts: &[f64],
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        if AxialModel::of(mtj, Drive::Voltage).is_ok() {
            return self.fokker_planck.grid(mtj, volts, widths_s, start);
        }
        let pulse = |volts: f64, width_s: f64| Pulse::rectangular(volts, width_s);
        if self.takes_sphere(mtj)
            && let Ok(found) = self.sphere.grid(mtj, volts, widths_s, start)
        {
            let completed = |(volts, row): (&f64, Vec<ProbabilityEstimate>)| {
                widths_s
                    .iter()
                    .zip(row)
                    .map(|(width, found)| self.completed(mtj, &pulse(*volts, *width), start, found))
                    .collect()
            };
            return volts.par_iter().zip(found).map(completed).collect();
        }
        let row = |volts: &f64| {
            widths_s.iter().map(|width| self.by_trajectories(mtj, &pulse(*volts, *width), start)).collect()
        };
        volts.par_iter().map(row).collect()
    }
}
