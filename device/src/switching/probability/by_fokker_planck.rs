use super::{SwitchingProbability, rows};
use crate::dynamics::pulse::{Drive, Pulse};
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;
use crate::switching::PulseGrid;
use crate::switching::axial::AxialModel;
use crate::switching::estimate::ProbabilityEstimate;
use crate::switching::fokker_planck::{FokkerPlanck, Plateau, Resolution, Segment};

/// Back end `fokker-planck`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ByFokkerPlanck(pub Resolution);

/// Name of the method where it does not hold.
const MODEL: &str = "the Fokker-Planck equation of one variable";

/// Linear pieces between two break points of a pulse with curved flanks; the error of the
/// interpolation falls with the square.
const PIECES: usize = 64;

impl SwitchingProbability for ByFokkerPlanck {
    fn probability(
        &self,
        junction: &Junction,
        pulse: &Pulse,
        start: State,
    ) -> Result<ProbabilityEstimate, DeviceError> {
        let mtj = junction.macrospin(MODEL)?;
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
        junction: &Junction,
        volts: f64,
        widths_s: &[f64],
        start: State,
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        let grid = self.grid(junction, PulseGrid { volts: &[volts], widths_s }, start)?;
        Ok(grid.into_iter().flatten().collect())
    }

    fn grid_with_progress(
        &self,
        junction: &Junction,
        grid: PulseGrid<'_>,
        start: State,
        advance: &(dyn Fn() + Sync),
    ) -> Result<Vec<Vec<ProbabilityEstimate>>, DeviceError> {
        let mtj = junction.macrospin(MODEL)?;
        let model = AxialModel::of(mtj, Drive::Voltage)?;
        let solver = FokkerPlanck::new(model, mtj.default_relaxation_s(), self.0)?;
        rows(grid.volts, advance, |volts| solver.plateau(&Plateau::rectangular(volts), start, grid.widths_s))
    }
}
