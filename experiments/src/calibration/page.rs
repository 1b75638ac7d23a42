//! The page of a calibration: a section for each device, and one for the population.

use super::archive_form::{Fit, FittedParameter};
use super::{distribution, figures, labels};
use crate::error::ExperimentError;
use crate::experiment::{Outcome, texts};
use crate::present::Page;

/// Draws the whole page.
///
/// # Errors
/// The outcome lacks something.
pub(super) fn draw(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let devices = labels::from_outcome(outcome)?;
    for (label, name) in &devices {
        let suffix = if devices.len() > 1 { format!("-{label}") } else { String::new() };
        device(outcome, page, (label, name), &suffix)?;
    }
    distribution::draw(outcome, page)
}

fn device(
    outcome: &Outcome,
    page: &mut Page,
    (label, name): (&str, &str),
    suffix: &str,
) -> Result<(), ExperimentError> {
    let fit = Fit::of(outcome, label)?;
    page.section(&format!("{name}: {}", fit.model));
    page.paragraph(outcome.words(&format!("{label}/verdict"))?);
    parameters(page, &fit);
    for (_, sentence) in family(outcome, &format!("{label}/identifiability/")) {
        page.paragraph(sentence);
    }
    page.paragraph(outcome.words(&format!("{label}/search"))?);
    for (_, sentence) in family(outcome, &format!("{label}/discretisation_in_words")) {
        page.paragraph(sentence);
    }
    models(outcome, page, label)?;
    for (file, sentence) in family(outcome, &format!("{label}/shapes/")) {
        page.paragraph(&format!("{file}: {sentence}"));
    }
    for (_, sentence) in family(outcome, &format!("{label}/hold_out/")) {
        page.paragraph(sentence);
    }
    if let Ok(held_out) = outcome.dataset(&format!("{}/hold_out", super::archive_form::group(label))) {
        page.figure(&figures::held_out(suffix, held_out)?);
    }
    figures::all(page, suffix, &fit);
    for (_, reason) in family(outcome, &format!("{label}/no_device_file")) {
        page.paragraph(&format!("No device file: {reason}"));
    }
    Ok(())
}

/// Texts whose key begins with `prefix`, by the rest of it.
fn family<'a>(outcome: &'a Outcome, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    outcome.texts.iter().filter_map(move |text| Some((text.key.strip_prefix(prefix)?, text.text.as_str())))
}

/// The fitted parameters with their intervals.
fn parameters(page: &mut Page, fit: &Fit) {
    let row = |(j, p): (usize, &FittedParameter)| {
        let show = |x: f64| p.show(x, 5);
        let interval = |(low, high): (f64, f64)| format!("{} to {}", show(low), show(high));
        let profile = p.profile.map_or_else(String::new, |(low, high)| {
            let end = |x: f64| if x.is_nan() { "open".to_string() } else { show(x) };
            format!("{} to {}", end(low), end(high))
        });
        let posterior = fit.posterior.as_ref();
        let simulated = match p.simulation_share {
            share if share > 0.0 => format!(" ({:.0} % of the variance by simulation)", 100.0 * share),
            _ => String::new(),
        };
        vec![
            p.name.clone(),
            p.meaning.clone(),
            show(p.value) + if p.at_bound { " (at its bound)" } else { "" },
            p.show(p.standard_error, 2) + &simulated,
            interval(p.normal),
            profile,
            posterior.map_or_else(String::new, |q| interval((q.quantile(j, 0.025), q.quantile(j, 0.975)))),
            posterior.map_or_else(String::new, |q| format!("{:.3}, {:.0}", q.r_hat[j], q.effective_size[j])),
        ]
    };
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
    page.table(&columns, &fit.parameters.iter().enumerate().map(row).collect::<Vec<_>>());
}

/// The chosen model beside the others.
fn models(outcome: &Outcome, page: &mut Page, label: &str) -> Result<(), ExperimentError> {
    let data = outcome.dataset(&format!("{}/models", super::archive_form::group(label)))?;
    let (names, free) = (texts(data, "model")?, texts(data, "free")?);
    let [deviance, freedom] = [data.numbers("deviance")?, data.numbers("degrees_of_freedom")?];
    let [aic, rms] = [data.numbers("akaike_information")?, data.numbers("rms_probability")?];
    let row = |k: usize| {
        vec![
            names[k].clone(),
            free[k].clone(),
            format!("{:.1}", deviance[k]),
            format!("{:.0}", freedom[k]),
            format!("{:.1}", aic[k]),
            format!("{:.4}", rms[k]),
        ]
    };
    let columns = ["model", "free", "deviance", "degrees of freedom", "AIC", "rms residual of P"];
    page.table(&columns, &(0..names.len()).map(row).collect::<Vec<_>>());
    Ok(())
}
