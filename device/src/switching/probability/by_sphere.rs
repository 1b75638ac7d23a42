use super::{SwitchingProbability, rows};
use crate::dynamics::pulse::Pulse;
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::switching::PulseGrid;
use crate::switching::estimate::ProbabilityEstimate;
use crate::switching::sphere::{Sphere, SphereResolution};

/// Back end `sphere`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BySphere(pub SphereResolution);

/// Name of the method where it does not hold.
const MODEL: &str = "the Fokker-Planck equation on the sphere";

impl BySphere {
    pub(super) fn solver(&self, mtj: &Mtj) -> Result<Sphere, DeviceError> {
        Sphere::new(mtj, mtj.default_relaxation_s(), self.0)
    }
}

impl SwitchingProbability for BySphere {
    /// Of rectangular voltage pulses without bias.
    fn probability(
        &self,
        junction: &Junction,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let mtj = junction.macrospin(MODEL)?;
        let Some((volts, width_s)) = pulse.as_rectangular() else {
            return Err(DeviceError::NotApplicable {
                model: MODEL,
                reason: "the pulse is not a rectangle of voltage; use the ensemble or splitting".into(),
            });
        };
        let relaxation_s = pulse.relaxation_s.unwrap_or_else(|| mtj.default_relaxation_s());
        Ok(Sphere::new(mtj, relaxation_s, self.0)?.plateau(volts, start, &[width_s])?[0])
    }

    fn by_width(
        &self,
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        self.solver(junction.macrospin(MODEL)?)?.plateau(volts, start, widths_s)
    }

    fn grid_with_progress(
        &self,
        junction: &Junction,
        grid: PulseGrid<'_>,
        start: State,
        advance: &(dyn Fn() + Sync),
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        let solver = self.solver(junction.macrospin(MODEL)?)?;
        rows(grid.volts, advance, |volts| solver.plateau(volts, start, grid.widths_s))
    }
}
