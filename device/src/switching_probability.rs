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
//! events of either kind. All widths of a voltage are followed at once.

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
use crate::splitting::escape::{LARGEST_SHARE, escape_rate};
use crate::splitting::write_error::{FLOOR, write_error, write_errors_by_width};
use crate::splitting::{Repeats, Splitting};
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
        self.grid_with_progress(mtj, volts, widths_s, start, &|| ())
    }

    /// As [`Self::grid`]; `advance` is called after each voltage, from any thread.
    ///
    /// # Errors
    /// As [`Self::probability`].
    fn grid_with_progress(
        &self,
        mtj: &Mtj,
        volts: &[f64],
        widths_s: &[f64],
        start: State,
        advance: &(dyn Fn() + Sync),
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        rows(volts, advance, |volts| self.by_width(mtj, volts, widths_s, start))
    }
}

/// Rows of a grid, voltages in parallel.
fn rows(
    volts: &[f64],
    advance: &(dyn Fn() + Sync),
    row: impl Fn(f64) -> Result<Vec<ProbabilityEstimate>, DeviceError> + Sync,
) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
    volts
        .par_iter()
        .map(|volts| {
            let found = row(*volts)?;
            advance();
            Ok(found)
        })
        .collect()
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
        let (order, sorted) = sorted(widths_s);
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

    fn grid_with_progress(
        &self,
        mtj: &Mtj,
        volts: &[f64],
        widths_s: &[f64],
        start: State,
        advance: &(dyn Fn() + Sync),
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        let model = AxialModel::of(mtj, Drive::Voltage)?;
        let solver = FokkerPlanck::new(model, mtj.default_relaxation_s(), self.0)?;
        rows(volts, advance, |volts| solver.plateau(&Plateau::rectangular(volts), start, widths_s))
    }
}

/// Back end `sphere`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BySphere(pub SphereResolution);

impl BySphere {
    fn solver(&self, mtj: &Mtj) -> Result<Sphere, DeviceError> {
        Sphere::new(mtj, mtj.default_relaxation_s(), self.0)
    }
}

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
        self.solver(mtj)?.plateau(volts, start, widths_s)
    }

    fn grid_with_progress(
        &self,
        mtj: &Mtj,
        volts: &[f64],
        widths_s: &[f64],
        start: State,
        advance: &(dyn Fn() + Sync),
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        let solver = self.solver(mtj)?;
        rows(volts, advance, |volts| solver.plateau(volts, start, widths_s))
    }
}

/// Back end `splitting`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BySplitting {
    /// Size, accuracy and seed.
    pub splitting: Splitting,
    /// How steps are taken.
    pub stepping: Stepping,
}

/// Least width for which a constant rate describes a sub-critical pulse, in settling times `tau_D/(1 - V/V_c)`.
const SHORTEST_FOR_RATE: f64 = 10.0;

impl BySplitting {
    /// Share of the critical voltage, above which no rate is given.
    fn share(mtj: &Mtj, volts: f64, start: State) -> f64 {
        mtj.critical_voltage(start).map_or(0.0, |critical| (volts / critical).max(0.0))
    }

    /// Switching by a constant rate, for widths of at least [`SHORTEST_FOR_RATE`] settling times; none otherwise.
    fn by_rate(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<Option<ProbabilityEstimate>>, DeviceError> {
        let share = Self::share(mtj, volts, start);
        let settling_s = mtj.damping_time_s() / (1.0 - share);
        let long = |width: f64| share < LARGEST_SHARE && width >= SHORTEST_FOR_RATE * settling_s;
        if !widths_s.iter().any(|width| long(*width)) {
            return Ok(vec![None; widths_s.len()]);
        }
        let escape = escape_rate(mtj, volts, start, &self.splitting, &self.stepping)?;
        let rate = escape.rate.mean;
        let estimate = |width: f64| {
            let kept = (-rate * width).exp();
            // The rate is not there from the start: the settling time is an upper bound of the delay.
            let error = (escape.error() * width + rate * settling_s) * kept;
            let p = (-(-rate * width).exp_m1(), error);
            ProbabilityEstimate::from_smaller(p, (kept, error), BackEnd::Splitting)
        };
        Ok(widths_s.iter().map(|width| long(*width).then(|| estimate(*width))).collect())
    }

    /// Write errors of all widths from the same runs, at any voltage.
    fn by_survival(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let (order, sorted) = sorted(widths_s);
        let kept = write_errors_by_width(mtj, volts, &sorted, start, &self.splitting, &self.stepping)?;
        let mut found = vec![ProbabilityEstimate::default(); widths_s.len()];
        for (k, kept) in order.into_iter().zip(&kept) {
            found[k] = self.survival(kept);
        }
        Ok(found)
    }

    /// Estimate from the repeats of a write error.
    fn survival(&self, kept: &Repeats) -> ProbabilityEstimate {
        let mut error = kept.half_width();
        if kept.mean == 0.0 {
            error = FLOOR;
        } else if error == 0.0 {
            // No copy has switched: the upper end of Wilson's interval.
            let copies = self.splitting.copies as u64 * kept.values.len() as u64;
            error = wilson_95(0, copies).1;
        }
        let mean = kept.mean.min(1.0);
        ProbabilityEstimate::from_p(mean, error, BackEnd::Splitting).opposite()
    }
}

/// Order in which the widths rise, and the widths in it.
fn sorted(widths_s: &[f64]) -> (Vec<usize>, Vec<f64>) {
    let mut order: Vec<usize> = (0..widths_s.len()).collect();
    order.sort_by(|a, b| widths_s[*a].total_cmp(&widths_s[*b]));
    let sorted = order.iter().map(|k| widths_s[*k]).collect();
    (order, sorted)
}

impl SwitchingProbability for BySplitting {
    /// Of rectangular pulses as [`Self::by_width`]; of others the complement by [`write_error`].
    fn probability(
        &self,
        mtj: &Mtj,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let rectangle =
            pulse.as_rectangular().filter(|_| pulse.drive == Drive::Voltage && pulse.bias_v == 0.0);
        match rectangle {
            Some((volts, width_s)) if Self::share(mtj, volts, start) < LARGEST_SHARE => {
                Ok(self.by_width(mtj, volts, &[width_s], start)?[0])
            }
            _ => {
                let kept = write_error(mtj, pulse, start, &self.splitting, &self.stepping)?;
                Ok(self.survival(&kept))
            }
        }
    }

    /// From 95% of the critical voltage on the complement by [`write_errors_by_width`]; below it `1 - exp(-rate width)`
    /// with the rate of [`escape_rate`], for pulses of at least ten settling times `tau_D/(1 - V/V_c)`.
    fn by_width(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let share = Self::share(mtj, volts, start);
        if share >= LARGEST_SHARE {
            return self.by_survival(mtj, volts, widths_s, start);
        }
        let least_s = SHORTEST_FOR_RATE * mtj.damping_time_s() / (1.0 - share);
        if let Some(short) = widths_s.iter().find(|width| **width < least_s) {
            return Err(DeviceError::NotApplicable {
                model: "splitting of a pulse below the critical voltage",
                reason: format!(
                    "the width {short:e} s is below ten settling times, {least_s:e} s at {volts} V, so that no rate is \
                     established; use the back end `auto`, the ensemble or longer pulses"
                ),
            });
        }
        Ok(self.by_rate(mtj, volts, widths_s, start)?.into_iter().flatten().collect())
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
    /// All back ends at their default sizes: standard resolution, `trials` trials, [`Splitting::new`].
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

    /// One pulse of any shape by trajectories: an ensemble, or splitting where one outcome is rare.
    fn by_trajectories(
        &self,
        mtj: &Mtj,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let pilot = switching_count(mtj, pulse, start, &self.pilot())?;
        if pilot.switched.min(pilot.trials - pilot.switched) < ENOUGH
            && let Ok(rare) = self.splitting.probability(mtj, pulse, start)
        {
            return Ok(rare);
        }
        self.ensemble.probability(mtj, pulse, start)
    }

    fn pilot(&self) -> Ensemble {
        let first = self.ensemble.0.trials.start;
        Ensemble { trials: first..first + PILOT, ..self.ensemble.0.clone() }
    }

    /// Rectangular pulses of one voltage by trajectories. Each of the methods that a pilot ensemble asks for follows all
    /// widths at once; of each width that estimate is kept whose error is least against the smaller
    /// of probability and complement.
    fn row_by_trajectories(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let (order, sorted) = sorted(widths_s);
        let pilot = switching_counts_by_width(mtj, volts, &sorted, start, &self.pilot())?;
        let lost = |count: &SwitchingCount| count.trials - count.switched < ENOUGH;
        let mut found: Vec<Vec<ProbabilityEstimate>> = vec![vec![]; sorted.len()];
        let common: Vec<usize> = (0..sorted.len()).filter(|k| !lost(&pilot[*k])).collect();
        if !common.is_empty() {
            let widths: Vec<f64> = common.iter().map(|k| sorted[*k]).collect();
            let estimates = self.ensemble.by_width(mtj, volts, &widths, start)?;
            common.iter().zip(estimates).for_each(|(k, estimate)| found[*k].push(estimate));
        }
        if pilot.iter().any(lost)
            && let Ok(estimates) = self.splitting.by_survival(mtj, volts, &sorted, start)
        {
            found.iter_mut().zip(estimates).for_each(|(found, estimate)| found.push(estimate));
        }
        if pilot.iter().any(|count| count.switched < ENOUGH)
            && let Ok(estimates) = self.splitting.by_rate(mtj, volts, &sorted, start)
        {
            found.iter_mut().zip(estimates).for_each(|(found, estimate)| found.extend(estimate));
        }
        if common.len() < sorted.len() && found.iter().any(Vec::is_empty) {
            // Splitting failed: what the ensemble counts is an upper bound at least.
            let estimates = self.ensemble.by_width(mtj, volts, &sorted, start)?;
            found.iter_mut().zip(estimates).for_each(|(found, estimate)| found.push(estimate));
        }
        let relative = |e: &ProbabilityEstimate| e.p_error / e.p.min(e.complement);
        let best = |found: &Vec<ProbabilityEstimate>| {
            found
                .iter()
                .copied()
                .min_by(|a, b| relative(a).total_cmp(&relative(b)).then(a.p_error.total_cmp(&b.p_error)))
        };
        let mut row = vec![ProbabilityEstimate::default(); widths_s.len()];
        for (k, found) in order.into_iter().zip(&found) {
            row[k] = best(found).unwrap_or_default();
        }
        Ok(row)
    }

    /// `found` where it is good enough, the rest by trajectories.
    fn completed(
        &self,
        mtj: &Mtj,
        volts: f64,
        widths_s: &[f64],
        start: State,
        mut found: Vec<ProbabilityEstimate>,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let poor: Vec<usize> = (0..found.len())
            .filter(|k| found[*k].p_error > WANTED * found[*k].p.min(found[*k].complement))
            .collect();
        if !poor.is_empty() {
            let widths: Vec<f64> = poor.iter().map(|k| widths_s[*k]).collect();
            let row = self.row_by_trajectories(mtj, volts, &widths, start)?;
            poor.into_iter().zip(row).for_each(|(k, estimate)| found[k] = estimate);
        }
        Ok(found)
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
            && found.p_error <= WANTED * found.p.min(found.complement)
        {
            return Ok(found);
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

    fn grid_with_progress(
        &self,
        mtj: &Mtj,
        volts: &[f64],
        widths_s: &[f64],
        start: State,
        advance: &(dyn Fn() + Sync),
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        if AxialModel::of(mtj, Drive::Voltage).is_ok() {
            return self.fokker_planck.grid_with_progress(mtj, volts, widths_s, start, advance);
        }
        if self.takes_sphere(mtj)
            && let Ok(solver) = self.sphere.solver(mtj)
        {
            return rows(volts, advance, |volts| match solver.plateau(volts, start, widths_s) {
                Ok(found) => self.completed(mtj, volts, widths_s, start, found),
                Err(_) => self.row_by_trajectories(mtj, volts, widths_s, start),
            });
        }
        rows(volts, advance, |volts| self.row_by_trajectories(mtj, volts, widths_s, start))
    }
}
