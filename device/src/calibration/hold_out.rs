//! Prediction of points that a fit has not seen.

use super::analysis::{Calibration, Options, calibrate};
use super::error::CalibrationError;
use super::likelihood;
use super::model::Model;
use super::parameter::{ParameterSetting, ParameterSettings};
use super::problem::{CountLaw, Problem};
use crate::measurement::points::{MeasuredData, MeasuredVoltage};
use crate::switching::closed_form::LogProbability;

/// How a fit to one part of the data predicts another part. N points predicted.
#[derive(Debug, Clone)]
pub struct HoldOut {
    /// The fit to the first part.
    pub training: Calibration,
    /// Amplitudes of the second part that had to be fitted to it, by name (V): all other
    /// parameters are those of the first part.
    pub amplitudes: Vec<(String, f64)>,
    /// Predicted probabilities. Shape: N.
    pub predictions: Vec<LogProbability>,
    /// Measured minus predicted over the standard deviation of both (counting and the
    /// uncertainty of the fit), of one pulse at least. Shape: N.
    pub residuals: Vec<f64>,
    /// Root mean square of the residuals: 1 if the model is right.
    pub rms_residual: f64,
    /// Root mean square of predicted minus measured probability.
    pub rms_probability: f64,
    /// Deviance of the predicted points.
    pub deviance: f64,
}

/// Fits `model` to `training` and predicts `test`.
///
/// # Errors
/// Those of [`calibrate`].
pub fn hold_out(
    model: &dyn Model,
    training: &MeasuredData,
    test: &MeasuredData,
    settings: &ParameterSettings,
    options: &Options,
) -> Result<HoldOut, CalibrationError> {
    let quick = Options { profiles: false, posterior: false, ..*options };
    let problem = Problem::new(model, training, settings, CountLaw::Binomial)?;
    let trained = calibrate(&problem, &quick)?;
    // The same parameters, held, on the test data; amplitudes that only the test data know are fitted.
    let held = holding(settings, &trained, training);
    let test_problem = Problem::new(model, test, &held, CountLaw::Binomial)?;
    let amplitude_fit = calibrate(&test_problem, &quick)?;
    // Sensitivity of the predictions to the trained parameters, at the trained values.
    let mut free_again = settings.clone();
    for &k in &amplitude_fit.free {
        let p = &amplitude_fit.parameters[k];
        let text = p.kind.map_or_else(String::new, |kind| kind.format(amplitude_fit.values[k]));
        free_again.insert(p.name.clone(), ParameterSetting { fixed: Some(text), ..Default::default() });
    }
    let sensitive = Problem::new(model, test, &free_again, CountLaw::Binomial)?;
    let u: Vec<f64> = sensitive
        .free()
        .iter()
        .map(|&k| {
            let name = &sensitive.parameters()[k].name;
            sensitive.parameters()[k]
                .coordinate(trained.value(name).unwrap_or(sensitive.parameters()[k].start))
        })
        .collect();
    let predictions = sensitive.predict(&u)?;
    let slope = super::slope::slope(&sensitive, &u, &predictions, None)?;
    let own: Vec<usize> = sensitive
        .free()
        .iter()
        .filter_map(|&k| {
            let name = &sensitive.parameters()[k].name;
            trained.free.iter().position(|&f| trained.parameters[f].name == *name)
        })
        .collect();
    let misses = Misses::new(&sensitive, &predictions, |i| {
        let mut log_odds_variance = 0.0;
        for (a, &ja) in own.iter().enumerate() {
            for (b, &jb) in own.iter().enumerate() {
                log_odds_variance +=
                    slope.log_odds[(i, a)] * trained.covariance[(ja, jb)] * slope.log_odds[(i, b)];
            }
        }
        log_odds_variance
    });
    let points = misses.residuals.len() as f64;
    let amplitudes = amplitude_fit
        .free
        .iter()
        .map(|&k| (amplitude_fit.parameters[k].name.clone(), amplitude_fit.values[k]))
        .collect();
    Ok(HoldOut {
        training: trained,
        amplitudes,
        rms_residual: (misses.residuals.iter().map(|r| r * r).sum::<f64>() / points).sqrt(),
        residuals: misses.residuals,
        rms_probability: (misses.squares / points).sqrt(),
        deviance: misses.deviance,
        predictions,
    })
}

/// `settings` with the parameters of `trained` held at their values, except amplitudes that `training` has not used.
fn holding(
    settings: &ParameterSettings,
    trained: &Calibration,
    training: &MeasuredData,
) -> ParameterSettings {
    let shared: Vec<usize> = (0..trained.parameters.len())
        .filter(|&k| {
            let name = &trained.parameters[k].name;
            let used_before = |m: &crate::measurement::points::Measurement| match m.drive {
                MeasuredVoltage::Amplitude(i) => {
                    format!("amplitude:{}", training.amplitudes[i].name) == *name
                }
                MeasuredVoltage::Volts(_) => false,
            };
            !name.starts_with("amplitude:") || training.points.iter().any(used_before)
        })
        .collect();
    let mut held: ParameterSettings = settings.clone();
    for &k in &shared {
        let p = &trained.parameters[k];
        let value =
            p.kind.map_or_else(|| format!("{:e}", trained.values[k]), |kind| kind.format(trained.values[k]));
        held.insert(p.name.clone(), ParameterSetting { fixed: Some(value), ..Default::default() });
    }
    held
}

/// What the predictions miss.
struct Misses {
    /// In standard deviations. Shape: N.
    residuals: Vec<f64>,
    /// Sum of squares of predicted minus measured probability.
    squares: f64,
    deviance: f64,
}

impl Misses {
    /// Of the `predictions` of `problem`; `log_odds_variance` is that of the log-odds of each point by the uncertainty of
    /// the fit.
    fn new(
        problem: &Problem<'_>,
        predictions: &[LogProbability],
        log_odds_variance: impl Fn(usize) -> f64,
    ) -> Self {
        let (mut residuals, mut squares, mut deviance) = (Vec::new(), 0.0, 0.0);
        for (i, (count, p)) in problem.counts().iter().zip(predictions).enumerate() {
            let n = count.trials as f64;
            let counting = likelihood::variance(count.trials, *p, None);
            let fitted = (counting * counting * log_odds_variance(i)).max(0.0);
            let miss = count.switched as f64 - n * p.probability();
            // Counts are whole: where the prediction is certain, one pulse in error is one standard deviation.
            residuals.push(miss / (counting + fitted).sqrt().max(1.0));
            squares += (miss / n).powi(2);
            deviance += likelihood::deviance_residual(*count, *p).powi(2);
        }
        Self { residuals, squares, deviance }
    }
}

/// Splits `data` into every second point (in the order of the drive) and the rest.
#[must_use]
pub fn alternate(data: &MeasuredData) -> (MeasuredData, MeasuredData) {
    let mut order: Vec<usize> = (0..data.points.len()).collect();
    let key = |i: usize| match data.points[i].drive {
        MeasuredVoltage::Volts(v) => (data.points[i].start, v, data.points[i].width_s),
        MeasuredVoltage::Amplitude(_) => (data.points[i].start, 0.0, data.points[i].width_s),
    };
    order.sort_by(|&a, &b| {
        let (x, y) = (key(a), key(b));
        x.0.cmp(&y.0).then(x.1.total_cmp(&y.1)).then(x.2.total_cmp(&y.2))
    });
    let mut first = vec![false; data.points.len()];
    order.iter().step_by(2).for_each(|&i| first[i] = true);
    (data.filtered(|i, _| first[i]), data.filtered(|i, _| !first[i]))
}
