//! Other models beside the chosen one, and points that it has not seen.

use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::calibration::analysis::{Calibration, Options, calibrate};
use spinhebb_device::calibration::closed_form_model::{ClosedForm, ClosedFormModel};
use spinhebb_device::calibration::hold_out::{HoldOut, alternate, hold_out};
use spinhebb_device::calibration::model::Model;
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::calibration::shape_comparison::{compare_shapes, in_words};
use spinhebb_device::measurement::points::{MeasuredVoltage, MeasuredData};

use super::{CalibrateSettings, labels};
use crate::error::ExperimentError;

/// Fewest points of a curve whose shape is judged, and of a half that predicts the other.
const FEWEST_POINTS: usize = 6;

/// The chosen model and every other closed form, one row each.
///
/// # Errors
/// Those of the fits.
pub(super) fn models(
    settings: &CalibrateSettings,
    data: &MeasuredData,
    chosen: &Calibration,
    quick: &Options,
) -> Result<Dataset, ExperimentError> {
    let mut fits = vec![chosen.clone()];
    for form in ClosedForm::ALL.into_iter().filter(|f| f.name() != chosen.model) {
        let model = ClosedFormModel::new(form, data);
        // Settings apply to a model as far as it has the parameter.
        let known: Vec<String> = model.parameters().into_iter().map(|p| p.name).collect();
        let own = settings.parameters.iter().filter(|(name, _)| known.contains(name));
        let own = own.map(|(name, setting)| (name.clone(), setting.clone())).collect();
        let problem = Problem::new(&model, data, &own, settings.law)?;
        fits.push(calibrate(&problem, quick)?);
    }
    let free = |c: &Calibration| {
        let names: Vec<&str> = c.free.iter().map(|&k| c.parameters[k].name.as_str()).collect();
        names.join(", ")
    };
    let number = |f: fn(&Calibration) -> f64| fits.iter().map(f).collect::<Vec<f64>>();
    let along = |name: &str, words: &str, values: Vec<f64>| Variable::along(name, "model", "1", words, values);
    let names: Vec<String> = fits.iter().map(|c| c.model.clone()).collect();
    let freedom: Vec<u64> = fits.iter().map(|c| c.goodness.degrees_of_freedom as u64).collect();
    Ok(Dataset::new("models")
        .with(Variable::coordinate("model", "1", "model, the chosen one first", names))?
        .with(Variable::along("free", "model", "1", "free parameters", fits.iter().map(free).collect::<Vec<_>>()))?
        .with(along("deviance", "deviance", number(|c| c.goodness.deviance)))?
        .with(Variable::along("degrees_of_freedom", "model", "1", "points minus free parameters", freedom))?
        .with(along("akaike_information", "2 d - 2 ln L", number(|c| c.goodness.aic)))?
        .with(along(
            "rms_probability",
            "root mean square of fitted minus measured probability",
            number(|c| c.goodness.rms_probability),
        ))?)
}

/// A sentence on the shape of every curve that has enough points, by label of its file.
///
/// # Errors
/// Those of the fits.
pub(super) fn shapes(data: &MeasuredData, quick: &Options) -> Result<Vec<(String, String)>, ExperimentError> {
    let mut sentences = Vec::new();
    for file in 0..data.files.len() {
        let curve = data.filtered(|_, m| m.file == file);
        if curve.points.len() >= FEWEST_POINTS {
            let shapes = compare_shapes(&curve, quick)?;
            sentences.push((labels::of_file(&data.files[file]), in_words(&shapes)));
        }
    }
    Ok(sentences)
}

/// A part of the data that a fit has not seen.
pub(super) struct HeldOut {
    /// What was predicted.
    pub(super) what: String,
    /// The points.
    data: MeasuredData,
    /// The prediction.
    pub(super) result: HoldOut,
}

/// Predictions of points that a fit has not seen: every second point of the first file, and each other file whole.
///
/// # Errors
/// Those of the fits.
pub(super) fn held_out(
    settings: &CalibrateSettings,
    model: &dyn Model,
    data: &MeasuredData,
    quick: &Options,
) -> Result<Vec<HeldOut>, ExperimentError> {
    let first_file = data.points.first().map_or(0, |m| m.file);
    let first = data.filtered(|_, m| m.file == first_file);
    let (training, test) = alternate(&first);
    if !settings.hold_out || training.points.len() < FEWEST_POINTS || settings.law == CountLaw::BetaBinomial {
        return Ok(Vec::new());
    }
    let predict = |what: String, data: MeasuredData| -> Result<HeldOut, ExperimentError> {
        let result = hold_out(model, &training, &data, &settings.parameters, quick)?;
        Ok(HeldOut { what, data, result })
    };
    let mut list = vec![predict("other half".to_string(), test)?];
    for file in (0..data.files.len()).filter(|&f| f != first_file) {
        let other = data.filtered(|_, m| m.file == file);
        if !other.points.is_empty() {
            list.push(predict(labels::of_file(&data.files[file]), other)?);
        }
    }
    Ok(list)
}

/// The points of all `parts` with their predictions.
///
/// # Errors
/// Never: there is a prediction of every point.
pub(super) fn held_out_dataset(parts: &[HeldOut]) -> Result<Dataset, ExperimentError> {
    let pairs = || parts.iter().flat_map(|part| part.data.points.iter().map(move |m| (part, m)));
    let volts = pairs().map(|(_, m)| match m.drive {
        MeasuredVoltage::Volts(volts) => volts,
        MeasuredVoltage::Amplitude(_) => f64::NAN,
    });
    let predicted = parts.iter().flat_map(|p| p.result.predictions.iter().map(|x| x.probability()));
    let residuals = parts.iter().flat_map(|p| p.result.residuals.iter().copied());
    let point = |name: &str, unit: &str, words: &str, values: Vec<f64>| {
        Variable::along(name, "point", unit, words, values)
    };
    let count = |name: &str, words: &str, values: Vec<u64>| Variable::along(name, "point", "1", words, values);
    let named: Vec<String> = pairs().map(|(part, _)| part.what.clone()).collect();
    let model = parts.first().map_or("", |part| part.result.training.model.as_str());
    Ok(Dataset::new("hold_out")
        .attribute("model", model)
        .with(Variable::along("part", "point", "1", "what was predicted", named))?
        .with(point("voltage", "V", "pulse voltage; NaN: not known", volts.collect()))?
        .with(point("width", "s", "full pulse width", pairs().map(|(_, m)| m.width_s).collect()))?
        .with(count("trials", "pulses", pairs().map(|(_, m)| m.trials).collect()))?
        .with(count("switched", "pulses that switched", pairs().map(|(_, m)| m.switched).collect()))?
        .with(point("predicted", "1", "predicted switching probability", predicted.collect()))?
        .with(point(
            "residual",
            "1",
            "measured minus predicted over the standard deviation of counting and fit",
            residuals.collect(),
        ))?)
}
