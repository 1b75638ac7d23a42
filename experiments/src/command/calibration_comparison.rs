//! A fitted model beside the closed forms, and against points that it has not seen.

use spinhebb_device::calibration::analysis::{Calibration, Options, calibrate};
use spinhebb_device::calibration::closed_form_model::{ClosedForm, ClosedFormModel};
use spinhebb_device::calibration::hold_out::{alternate, hold_out};
use spinhebb_device::calibration::model::Model;
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::measurement::points::MeasuredData;

use crate::command::calibrate::{CalibrateConfig, file_name};
use crate::command::calibration_figures::HeldOut;
use crate::error::ExperimentError;

/// Every closed form and shape beside the chosen model.
pub fn compare_models(
    config: &CalibrateConfig,
    data: &MeasuredData,
    chosen: &Calibration,
) -> Result<Vec<Vec<String>>, ExperimentError> {
    let row = |c: &Calibration| {
        vec![
            c.model.clone(),
            c.free.iter().map(|&k| c.parameters[k].name.as_str()).collect::<Vec<_>>().join(", "),
            format!("{:.1}", c.goodness.deviance),
            c.goodness.degrees_of_freedom.to_string(),
            format!("{:.1}", c.goodness.aic),
            format!("{:.4}", c.goodness.rms_probability),
        ]
    };
    let mut rows = vec![row(chosen)];
    let quick = Options { profiles: false, posterior: false, seed: config.seed, ..Options::default() };
    for form in ClosedForm::ALL.into_iter().filter(|f| f.name() != chosen.model) {
        let model = ClosedFormModel::new(form, data);
        // Settings apply to a model as far as it has the parameter.
        let known: Vec<String> = model.parameters().into_iter().map(|p| p.name).collect();
        let settings = config
            .parameters
            .iter()
            .filter(|(name, _)| known.contains(name))
            .map(|(name, setting)| (name.clone(), setting.clone()))
            .collect();
        let problem = Problem::new(&model, data, &settings, config.law)?;
        rows.push(row(&calibrate(&problem, &quick)?));
    }
    Ok(rows)
}

/// Predictions of points that a fit has not seen: every second point of the first file, and each other file whole.
pub fn held_out(
    config: &CalibrateConfig,
    model: &dyn Model,
    data: &MeasuredData,
    quick: &Options,
) -> Result<Vec<HeldOut>, ExperimentError> {
    let first_file = data.points.first().map_or(0, |m| m.file);
    let first = data.filtered(|_, m| m.file == first_file);
    let (training, test) = alternate(&first);
    if !config.hold_out || training.points.len() < 6 || config.law == CountLaw::BetaBinomial {
        return Ok(Vec::new());
    }
    let predict = |what: String, data: MeasuredData| -> Result<HeldOut, ExperimentError> {
        let result = hold_out(model, &training, &data, &config.parameters, quick)?;
        Ok(HeldOut { what, data, result })
    };
    let mut list = vec![predict("other half".to_string(), test)?];
    for file in (0..data.files.len()).filter(|&f| f != first_file) {
        let other = data.filtered(|_, m| m.file == file);
        if !other.points.is_empty() {
            list.push(predict(file_name(&data.files[file]), other)?);
        }
    }
    Ok(list)
}
