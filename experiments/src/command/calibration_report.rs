//! What a calibration says: tables, sentences, the summary and the device file.

use serde_json::{Value, json};
use spinhebb_data::config;
use spinhebb_device::calibration::analysis::Calibration;
use spinhebb_device::calibration::hold_out::HoldOut;
use spinhebb_device::calibration::identifiability;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::preset::Preset;

use crate::error::ExperimentError;
use crate::run::Run;

/// The outcome of a hold-out in one sentence; `what` names the predicted points.
pub fn hold_out_in_words(what: &str, h: &HoldOut) -> String {
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
pub fn starts_in_words(fit: &Calibration) -> String {
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
pub fn discretisation_in_words(fit: &Calibration) -> Option<String> {
    fit.discretisation.map(|change| {
        format!(
            "Discretisation: on a grid twice as fine the fitted probabilities move by at most {change:.3} standard \
             deviations of a measured point{}.",
            if change < 0.5 { "" } else { "; the intervals do not contain that error" }
        )
    })
}

/// Writes the fitted parameters with their intervals.
pub fn parameter_table(run: &mut Run, fit: &Calibration) {
    let rows: Vec<Vec<String>> = (0..fit.free.len())
        .map(|j| {
            let p = &fit.parameters[fit.free[j]];
            let show = |x: f64| p.show(x, 5);
            let profile = fit.profiles.get(j).map_or_else(String::new, |profile| {
                let end = |x: Option<f64>| x.map_or_else(|| "open".to_string(), show);
                format!("{} to {}", end(profile.lower), end(profile.upper))
            });
            let posterior = fit.posterior.as_ref().map_or_else(String::new, |q| {
                format!("{} to {}", show(q.quantile(j, 0.025)), show(q.quantile(j, 0.975)))
            });
            let chains = fit
                .posterior
                .as_ref()
                .map_or_else(String::new, |q| format!("{:.3}, {:.0}", q.r_hat[j], q.effective_size[j]));
            let simulation = fit.simulation_share[j];
            vec![
                p.name.clone(),
                p.meaning.clone(),
                show(fit.values[fit.free[j]]) + if fit.at_bound[j] { " (at its bound)" } else { "" },
                p.show(fit.standard_error(j), 2)
                    + &if simulation > 0.0 {
                        format!(" ({:.0} % of the variance by simulation)", 100.0 * simulation)
                    } else {
                        String::new()
                    },
                format!("{} to {}", show(fit.normal_intervals[j].0), show(fit.normal_intervals[j].1)),
                profile,
                posterior,
                chains,
            ]
        })
        .collect();
    let columns = [
        "parameter",
        "meaning",
        "value",
        "standard error",
        "95 % normal",
        "95 % profile",
        "95 % posterior",
        "R-hat, effective draws",
    ];
    run.report().table(&columns, &rows);
}

/// The fit for the summary.
pub fn summarise(fit: &Calibration) -> Value {
    let parameters: serde_json::Map<String, Value> = (0..fit.free.len())
        .map(|j| {
            let p = &fit.parameters[fit.free[j]];
            let mut entry = json!({
                "value": fit.values[fit.free[j]],
                "standard_error": fit.standard_error(j),
                "unit": p.unit(),
                "variance_share_of_simulation": fit.simulation_share[j],
                "normal": [fit.normal_intervals[j].0, fit.normal_intervals[j].1],
            });
            if let Some(profile) = fit.profiles.get(j) {
                entry["profile"] = json!([profile.lower, profile.upper]);
            }
            if let Some(q) = &fit.posterior {
                entry["posterior"] = json!([q.quantile(j, 0.025), q.quantile(j, 0.975)]);
                entry["r_hat"] = json!(q.r_hat[j]);
                entry["effective_draws"] = json!(q.effective_size[j]);
            }
            (p.name.clone(), entry)
        })
        .collect();
    json!({
        "model": fit.model,
        "points": fit.predictions.len(),
        "deviance": fit.goodness.deviance,
        "degrees_of_freedom": fit.goodness.degrees_of_freedom,
        "p_value": fit.goodness.chi_square_p,
        "rejected": fit.goodness.rejected(),
        "rms_probability": fit.goodness.rms_probability,
        "largest_standardised_residual": fit.goodness.residuals.iter().fold(0.0_f64, |m, r| m.max(r.abs())),
        "verdict": fit.goodness.in_words(),
        "objectives_of_the_starts": fit.objectives,
        "discretisation_in_standard_deviations": fit.discretisation,
        "identifiability": identifiability::in_words(&fit.combinations),
        "parameters": parameters,
    })
}

/// The fitted device in the form of a preset.
///
/// # Errors
/// Never for a device that was validated.
pub fn device_file(
    base: &Preset,
    device: MtjConfig,
    fit: &Calibration,
    name: &str,
) -> Result<String, ExperimentError> {
    let fitted = |key: &str| match key {
        "thermal.stability" => fit.value("delta").is_some(),
        "material.damping" => fit.value("damping").or(fit.value("relaxation_time")).is_some(),
        "spin_transfer.efficiency.polarisation" => {
            fit.value("polarisation").or(fit.value("critical_voltage")).is_some()
        }
        _ => false,
    };
    let mut source = base.source.clone();
    source.entry("thermal.stability".to_string()).or_default();
    for (key, text) in &mut source {
        if fitted(key) {
            *text = format!("fitted: {} model, {name}", fit.model);
        }
    }
    let description = format!("{name}: {} fitted to measured counts. Base: {}", fit.model, base.description);
    Ok(config::render(&Preset { description, source, device })?)
}
