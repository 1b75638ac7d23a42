use super::{
    ByEnsemble, ByFokkerPlanck, BySphere, BySplitting, SwitchingProbability, by_rising_widths, rows,
};
use crate::dynamics::ensemble::{Ensemble, SwitchingCount};
use crate::dynamics::pulse::{Drive, Pulse};
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::switching::PulseGrid;
use crate::switching::axial::AxialModel;
use crate::switching::counts::{count, counts_by_width};
use crate::switching::estimate::{BackEnd, ProbabilityEstimate};
use crate::switching::fokker_planck::Resolution;
use crate::switching::sphere::{Sphere, SphereResolution};
use crate::switching::splitting::Splitting;

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
    /// For the rest where both outcomes are common, and for coupled layers.
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
            splitting: BySplitting(Splitting::new(seed)),
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

    /// Whether the equation on the sphere is taken for `mtj`.
    fn takes_sphere(&self, mtj: &Mtj) -> bool {
        Sphere::coefficients(mtj, self.sphere.0).is_ok_and(|count| count <= AFFORDABLE)
    }

    /// One pulse of any shape by trajectories: an ensemble, or splitting where one outcome is rare.
    fn by_trajectories(
        &self,
        junction: &Junction,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let pilot = count(junction, pulse, start, &self.pilot())?;
        if pilot.switched.min(pilot.trials - pilot.switched) < ENOUGH
            && let Ok(rare) = self.splitting.probability(junction, pulse, start)
        {
            return Ok(rare);
        }
        self.ensemble.probability(junction, pulse, start)
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
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        by_rising_widths(widths_s, |rising| self.rising_row_by_trajectories(junction, volts, rising, start))
    }

    /// As [`Self::row_by_trajectories`] for widths that rise.
    fn rising_row_by_trajectories(
        &self,
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let pilot = counts_by_width(junction, volts, widths_s, start, &self.pilot())?;
        let lost = |count: &SwitchingCount| count.trials - count.switched < ENOUGH;
        let mut found: Vec<Vec<ProbabilityEstimate>> = vec![vec![]; widths_s.len()];
        let common: Vec<usize> = (0..widths_s.len()).filter(|k| !lost(&pilot[*k])).collect();
        if !common.is_empty() {
            let widths: Vec<f64> = common.iter().map(|k| widths_s[*k]).collect();
            let estimates = self.ensemble.by_width(junction, volts, &widths, start)?;
            common.iter().zip(estimates).for_each(|(k, estimate)| found[*k].push(estimate));
        }
        if pilot.iter().any(lost)
            && let Ok(estimates) = self.splitting.by_survival(junction, volts, widths_s, start)
        {
            found.iter_mut().zip(estimates).for_each(|(found, estimate)| found.push(estimate));
        }
        if pilot.iter().any(|count| count.switched < ENOUGH)
            && let Ok(estimates) = self.splitting.by_rate(junction, volts, widths_s, start)
        {
            found.iter_mut().zip(estimates).for_each(|(found, estimate)| found.extend(estimate));
        }
        if common.len() < widths_s.len() && found.iter().any(Vec::is_empty) {
            // Splitting failed: what the ensemble counts is an upper bound at least.
            let estimates = self.ensemble.by_width(junction, volts, widths_s, start)?;
            found.iter_mut().zip(estimates).for_each(|(found, estimate)| found.push(estimate));
        }
        let relative = |e: &ProbabilityEstimate| e.p_error / e.p.min(e.complement);
        let best = |found: &Vec<ProbabilityEstimate>| {
            found
                .iter()
                .copied()
                .min_by(|a, b| relative(a).total_cmp(&relative(b)).then(a.p_error.total_cmp(&b.p_error)))
        };
        Ok(found.iter().map(|found| best(found).unwrap_or_default()).collect())
    }
}

/// Trajectories alone: an ensemble where counting reaches, splitting below and beyond.
#[derive(Debug, Clone, Copy)]
pub struct Trajectories<'a>(pub &'a Automatic);

impl SwitchingProbability for Trajectories<'_> {
    fn probability(
        &self,
        junction: &Junction,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        self.0.by_trajectories(junction, pulse, start)
    }

    fn by_width(
        &self,
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        self.0.row_by_trajectories(junction, volts, widths_s, start)
    }
}

/// `found` where it is good enough; the rest of the widths from `others`.
fn completed(
    mut found: Vec<ProbabilityEstimate>,
    widths_s: &[f64],
    others: impl FnOnce(&[f64]) -> Result<Vec<ProbabilityEstimate>, DeviceError>,
) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
    let poor: Vec<usize> = (0..found.len())
        .filter(|k| found[*k].p_error > WANTED * found[*k].p.min(found[*k].complement))
        .collect();
    if !poor.is_empty() {
        let widths: Vec<f64> = poor.iter().map(|k| widths_s[*k]).collect();
        poor.into_iter().zip(others(&widths)?).for_each(|(k, estimate)| found[k] = estimate);
    }
    Ok(found)
}

impl SwitchingProbability for Automatic {
    fn probability(
        &self,
        junction: &Junction,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let Junction::Single(mtj) = junction else {
            return self.ensemble.probability(junction, pulse, start);
        };
        if AxialModel::of(mtj, pulse.drive).is_ok() {
            return self.fokker_planck.probability(junction, pulse, start);
        }
        if self.takes_sphere(mtj)
            && let Ok(found) = self.sphere.probability(junction, pulse, start)
            && found.p_error <= WANTED * found.p.min(found.complement)
        {
            return Ok(found);
        }
        self.by_trajectories(junction, pulse, start)
    }

    fn by_width(
        &self,
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        Ok(self
            .grid(junction, PulseGrid { volts: &[volts], widths_s }, start)?
            .into_iter()
            .flatten()
            .collect())
    }

    fn grid_with_progress(
        &self,
        junction: &Junction,
        grid: PulseGrid<'_>,
        start: State,
        advance: &(dyn Fn() + Sync),
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        let Junction::Single(mtj) = junction else {
            return self.ensemble.grid_with_progress(junction, grid, start, advance);
        };
        if AxialModel::of(mtj, Drive::Voltage).is_ok() {
            return self.fokker_planck.grid_with_progress(junction, grid, start, advance);
        }
        if self.takes_sphere(mtj)
            && let Ok(solver) = self.sphere.solver(mtj)
        {
            return rows(grid.volts, advance, |volts| {
                let others = |widths_s: &[f64]| self.row_by_trajectories(junction, volts, widths_s, start);
                match solver.plateau(volts, start, grid.widths_s) {
                    Ok(found) => completed(found, grid.widths_s, others),
                    Err(_) => others(grid.widths_s),
                }
            });
        }
        rows(grid.volts, advance, |volts| self.row_by_trajectories(junction, volts, grid.widths_s, start))
    }
}
