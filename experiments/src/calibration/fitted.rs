//! The models of a calibration by name, and the devices that they make.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_device::calibration::CalibrationError;
use spinhebb_device::calibration::analysis::Calibration;
use spinhebb_device::calibration::closed_form_model::{ClosedForm, ClosedFormModel};
use spinhebb_device::calibration::ensemble_model::EnsembleModel;
use spinhebb_device::calibration::fitted_device::fitted_device;
use spinhebb_device::calibration::macrospin::MacrospinModel;
use spinhebb_device::calibration::model::Model;
use spinhebb_device::calibration::shape_model::{CurveShape, ShapeModel};
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::measurement::points::MeasuredData;
use spinhebb_device::switching::fokker_planck::Resolution;

use super::CalibrateSettings;

/// Models that can be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModelName {
    /// Thermally activated with exponent n.
    ThermalActivation,
    /// Sun's ballistic form.
    Sun,
    /// Butler's ballistic form.
    Butler,
    /// Butler's form and thermal activation together.
    Crossover,
    /// The macrospin by the Fokker-Planck equation (axially symmetric devices).
    FokkerPlanck,
    /// The macrospin by LLGS ensembles (any device).
    Ensemble,
    /// Gumbel curve: location and scale.
    Gumbel,
    /// Logistic curve: location and scale.
    Logistic,
    /// Normal curve: location and scale.
    Normal,
    /// Reversed Gumbel curve: location and scale.
    ReversedGumbel,
}

/// A model that may be turned into a device when it is fitted.
pub(super) enum Fitted {
    /// A closed form.
    Closed(ClosedFormModel),
    /// The macrospin by the Fokker-Planck equation.
    Macrospin(Box<MacrospinModel>),
    /// The macrospin by ensembles.
    Ensemble(Box<EnsembleModel>),
    /// A shape without physics.
    Shape(ShapeModel),
}

impl Fitted {
    /// The model that `settings` name for `data`, with the device `base` beneath it and `seed` for its ensembles.
    ///
    /// # Errors
    /// What the device layer refuses of `base`.
    pub(super) fn new(
        settings: &CalibrateSettings,
        base: &MtjConfig,
        data: &MeasuredData,
        seed: u64,
    ) -> Result<Self, CalibrationError> {
        let closed = |form| Self::Closed(ClosedFormModel::new(form, data));
        let shape = |shape| Self::Shape(ShapeModel::new(shape, data));
        Ok(match settings.model {
            ModelName::ThermalActivation => closed(ClosedForm::ThermalActivation),
            ModelName::Sun => closed(ClosedForm::Sun),
            ModelName::Butler => closed(ClosedForm::Butler),
            ModelName::Crossover => closed(ClosedForm::Crossover),
            ModelName::FokkerPlanck => {
                Self::Macrospin(Box::new(MacrospinModel::new(base.clone(), data, Resolution::DRAFT)?))
            }
            ModelName::Ensemble => Self::Ensemble(Box::new(EnsembleModel::new(
                base.clone(),
                data,
                settings.ensemble_trials,
                seed,
            )?)),
            ModelName::Gumbel => shape(CurveShape::Gumbel),
            ModelName::Logistic => shape(CurveShape::Logistic),
            ModelName::Normal => shape(CurveShape::Normal),
            ModelName::ReversedGumbel => shape(CurveShape::ReversedGumbel),
        })
    }

    /// The model.
    pub(super) fn model(&self) -> &dyn Model {
        match self {
            Self::Closed(model) => model,
            Self::Macrospin(model) => model.as_ref(),
            Self::Ensemble(model) => model.as_ref(),
            Self::Shape(model) => model,
        }
    }

    /// The device with the fitted values; `None` for a shape, which is no device.
    pub(super) fn device(
        &self,
        base: &MtjConfig,
        fit: &Calibration,
    ) -> Option<Result<MtjConfig, CalibrationError>> {
        match self {
            Self::Closed(_) => Some(fitted_device(base, fit)),
            Self::Macrospin(model) => Some(Ok(model.device(&fit.values))),
            Self::Ensemble(model) => Some(Ok(model.device(&fit.values))),
            Self::Shape(_) => None,
        }
    }
}
