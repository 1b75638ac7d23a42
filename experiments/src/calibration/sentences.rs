//! What a calibration says in whole sentences.

use spinhebb_device::calibration::analysis::Calibration;
use spinhebb_device::calibration::hold_out::HoldOut;

/// The outcome of a hold-out in one sentence; `what` names the predicted points.
pub(super) fn of_hold_out(what: &str, h: &HoldOut) -> String {
    let amplitude = h
        .amplitudes
        .iter()
        .map(|(name, volts)| format!(", with {name} = {volts:.4} V fitted to them"))
        .collect::<String>();
    format!(
        "Hold-out: a fit to every second point of the first file predicts {} points of {what}{amplitude}: \
         rms standardised residual {:.2} (1 if the model were right), rms error {:.2} percentage points.",
        h.residuals.len(),
        h.rms_residual,
        100.0 * h.rms_probability
    )
}

/// Where the starts of the search ended, in one sentence.
pub(super) fn of_starts(fit: &Calibration) -> String {
    let best = fit.objectives.first().copied().unwrap_or(fit.objective);
    let rises: Vec<String> = fit.objectives.iter().map(|f| format!("{:.2}", f - best)).collect();
    let same = fit.objectives.iter().filter(|f| **f - best < 0.1).count();
    format!(
        "Search: {} starts, {same} of which ended at the same likelihood (minus its logarithm, above the best: {}).",
        rises.len(),
        rises.join(", ")
    )
}

/// What the discretisation of the model does to the fit, in one sentence; `None` for models without.
pub(super) fn of_discretisation(fit: &Calibration) -> Option<String> {
    fit.discretisation.map(|change| {
        format!(
            "Discretisation: on a grid twice as fine the fitted probabilities move by at most {change:.3} standard \
             deviations of a measured point{}.",
            if change < 0.5 { "" } else { "; the intervals do not contain that error" }
        )
    })
}
