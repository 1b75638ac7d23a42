//! The fit of one device with all that judges it.

use spinhebb_device::calibration::analysis::{Calibration, Options, calibrate};
use spinhebb_device::calibration::identifiability;
use spinhebb_device::calibration::problem::Problem;
use spinhebb_device::measurement::points::MeasuredData;

use super::comparison::{self, HeldOut};
use super::fitted::Fitted;
use super::{CalibrateParts, archive_form, device_file, sentences};
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};

/// A measured device.
pub(super) struct Device<'a> {
    /// Its name in the data.
    pub(super) name: &'a str,
    /// Its label in keys, groups and files.
    pub(super) label: &'a str,
    /// Whether it is the only one.
    pub(super) alone: bool,
    /// Its points.
    pub(super) data: &'a MeasuredData,
}

impl Device<'_> {
    /// Group of its datasets.
    pub(super) fn group(&self) -> String {
        archive_form::group(self.label)
    }

    /// Name of its device file.
    fn file(&self) -> String {
        if self.alone { "device.toml".to_string() } else { format!("device-{}.toml", self.label) }
    }
}

/// Fits `device` and judges the fit.
///
/// # Errors
/// The model does not hold for the base device, or no parameters describe the data.
pub(super) fn fit(
    config: &CalibrateParts,
    device: &Device<'_>,
    context: &Context,
) -> Result<Outcome, ExperimentError> {
    let (settings, data, label) = (&config.calibrate, device.data, device.label);
    let fitted = Fitted::new(settings, &config.device, data, context.seed())?;
    let problem = Problem::new(fitted.model(), data, &settings.parameters, settings.law)?;
    let options = Options {
        profiles: settings.profiles,
        posterior: settings.posterior,
        seed: context.seed(),
        ..Options::default()
    };
    let quick = Options { profiles: false, posterior: false, ..options };
    let fit = calibrate(&problem, &options)?;
    let mut outcome = Outcome::new("");
    judgement(&mut outcome, label, &fit);
    parameters(&mut outcome, label, &fit);
    let within = |name: &str| format!("{}/{name}", device.group());
    for mut dataset in [comparison::models(settings, data, &fit, &quick)?, archive_form::starts(&fit)?] {
        dataset.name = within(&dataset.name);
        outcome.add(dataset);
    }
    for (file, sentence) in comparison::shapes(data, &quick)? {
        outcome.text(format!("{label}/shapes/{file}"), sentence);
    }
    let held = comparison::held_out(settings, fitted.model(), data, &quick)?;
    if !held.is_empty() {
        let mut dataset = comparison::held_out_dataset(&held)?;
        dataset.name = within(&dataset.name);
        outcome.add(dataset);
    }
    held.iter().for_each(|part| hold_out(&mut outcome, label, part));
    for dataset in archive_form::to_datasets(&device.group(), data, &fit)? {
        outcome.add(dataset);
    }
    match fitted.device(&config.device, &fit) {
        Some(Ok(junction)) => {
            let text = device_file::of(&config.device, junction, &fit.model, device.name)?;
            outcome.text(format!("{label}/device_file"), device.file());
            outcome.file(device.file(), text);
        }
        // The fit stands without the file; it says why there is none.
        Some(Err(error)) => outcome.text(format!("{label}/no_device_file"), error.to_string()),
        None => {}
    }
    Ok(outcome)
}

/// Verdict and sentences on the fit.
fn judgement(outcome: &mut Outcome, label: &str, fit: &Calibration) {
    let goodness = &fit.goodness;
    outcome.text(format!("{label}/model"), fit.model.as_str());
    outcome.text(format!("{label}/verdict"), goodness.in_words());
    for (k, sentence) in identifiability::in_words(&fit.combinations).iter().enumerate() {
        outcome.text(format!("{label}/identifiability/{}", k + 1), sentence.as_str());
    }
    outcome.text(format!("{label}/search"), sentences::of_starts(fit));
    if let Some(sentence) = sentences::of_discretisation(fit) {
        outcome.text(format!("{label}/discretisation_in_words"), sentence);
    }
    let key = |name: &str| format!("{label}/{name}");
    outcome.count(key("points"), fit.predictions.len(), "measured points");
    outcome.scalar(key("deviance"), goodness.deviance, "1", "deviance against one free probability per point");
    outcome.count(key("degrees_of_freedom"), goodness.degrees_of_freedom, "points minus free parameters");
    outcome.scalar(key("p_value"), goodness.chi_square_p, "1", "probability of a larger deviance, by chi-square");
    outcome.scalar(
        key("p_value_simulated"),
        goodness.simulated_p,
        "1",
        "share of simulated data sets whose deviance is at least as large",
    );
    let rejected = f64::from(u8::from(goodness.rejected()));
    outcome.scalar(key("rejected"), rejected, "1", "1 where the data reject the model at the level of 1 %");
    let meaning = "root mean square of fitted minus measured probability";
    outcome.scalar(key("rms_probability"), goodness.rms_probability, "1", meaning);
    let largest = goodness.residuals.iter().fold(0.0_f64, |m, r| m.max(r.abs()));
    outcome.scalar(key("largest_standardised_residual"), largest, "1", "largest standardised residual");
    if let Some(change) = fit.discretisation {
        let meaning = "largest change of a fitted probability on a finer grid, in standard deviations of its point";
        outcome.scalar(key("discretisation"), change, "1", meaning);
    }
}

/// Fitted parameters with their intervals, families by name.
fn parameters(outcome: &mut Outcome, label: &str, fit: &Calibration) {
    for (j, &k) in fit.free.iter().enumerate() {
        let p = &fit.parameters[k];
        let (value, unit, key) = (fit.values[k], p.unit(), |family: &str| format!("{label}/{family}/{}", p.name));
        let (low, high) = fit.normal_intervals[j];
        outcome.scalar(key("parameters"), value, unit, p.meaning.as_str()).interval(low, high);
        let meaning = "standard error from the observed information";
        outcome.scalar(key("standard_error"), fit.standard_error(j), unit, meaning);
        let meaning = "share of the variance that is due to the finite trials of a simulated model";
        outcome.scalar(key("simulation_share"), fit.simulation_share[j], "1", meaning);
        if let Some(profile) = fit.profiles.get(j) {
            let (low, high) = (profile.lower.unwrap_or(f64::NEG_INFINITY), profile.upper.unwrap_or(f64::INFINITY));
            outcome.scalar(key("profile"), value, unit, "value with the interval of the profile likelihood").interval(low, high);
        }
        if let Some(posterior) = &fit.posterior {
            let at = |q: f64| posterior.quantile(j, q);
            outcome.scalar(key("posterior"), at(0.5), unit, "median of the posterior").interval(at(0.025), at(0.975));
            outcome.scalar(key("r_hat"), posterior.r_hat[j], "1", "rank-normalised split R-hat of the chains");
            let meaning = "bulk effective sample size of the chains";
            outcome.scalar(key("effective_draws"), posterior.effective_size[j], "1", meaning);
        }
    }
}

/// How points that the fit has not seen were predicted.
fn hold_out(outcome: &mut Outcome, label: &str, part: &HeldOut) {
    let key = |name: &str| format!("{label}/hold_out/{}/{name}", part.what);
    let result = &part.result;
    outcome.text(key("in_words"), sentences::of_hold_out(&part.what, result));
    outcome.count(key("points"), result.residuals.len(), "points predicted");
    outcome.scalar(key("deviance"), result.deviance, "1", "deviance of the predicted points");
    let meaning = "root mean square of the residuals: 1 if the model were right";
    outcome.scalar(key("rms_standardised_residual"), result.rms_residual, "1", meaning);
    let meaning = "root mean square of predicted minus measured probability";
    outcome.scalar(key("rms_probability"), result.rms_probability, "1", meaning);
}
