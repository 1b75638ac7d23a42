//! Which shape a measured curve has: logistic, normal, Gumbel or reversed Gumbel.
//!
//! Each shape has a location and a scale, so their likelihoods compare directly. Akaike weights
//! say which one the data prefer; the goodness of fit says whether even that one suffices.
//!
//! # References
//! - E. J. Gumbel, Statistics of Extremes (1958). Ballistic switching is a Gumbel law in the voltage,
//!   see [`crate::closed_form::sun`].
//! - K. P. Burnham and D. R. Anderson, Model Selection and Multimodel Inference (2002), section 2.9 (Akaike weights).

use super::analysis::{Calibration, Options, calibrate};
use super::error::CalibrationError;
use super::measurement::MeasuredData;
use super::model::{Shape, ShapeModel};
use super::parameter::ParameterSettings;
use super::problem::{CountLaw, Problem};

/// One shape fitted to the data.
#[derive(Debug, Clone)]
pub struct ShapeFit {
    /// The shape.
    pub shape: Shape,
    /// Its fit.
    pub fit: Calibration,
    /// Akaike weight among the shapes compared.
    pub weight: f64,
}

/// Fits every shape to `data` (one curve: one start, along voltage or width), best first.
///
/// # Errors
/// Those of [`calibrate`].
pub fn compare_shapes(data: &MeasuredData, options: &Options) -> Result<Vec<ShapeFit>, CalibrationError> {
    let mut fits = Vec::new();
    for shape in Shape::ALL {
        let model = ShapeModel::new(shape, data);
        // An unknown amplitude does not matter to a shape along the width.
        let held = data.amplitudes.iter().map(|a| {
            let setting = super::parameter::ParameterSetting { free: Some(false), ..Default::default() };
            (format!("amplitude:{}", a.name), setting)
        });
        let settings: ParameterSettings = held.collect();
        let problem = Problem::new(&model, data, &settings, CountLaw::Binomial)?;
        let fit = calibrate(&problem, &Options { posterior: false, profiles: false, ..*options })?;
        fits.push(ShapeFit { shape, fit, weight: 0.0 });
    }
    fits.sort_by(|a, b| a.fit.goodness.aic.total_cmp(&b.fit.goodness.aic));
    let best = fits[0].fit.goodness.aic;
    let relative = |aic: f64| (-0.5 * (aic - best)).exp();
    let total: f64 = fits.iter().map(|f| relative(f.fit.goodness.aic)).sum();
    for f in &mut fits {
        f.weight = relative(f.fit.goodness.aic) / total;
    }
    Ok(fits)
}

/// The outcome in one sentence.
#[must_use]
pub fn in_words(fits: &[ShapeFit]) -> String {
    let (best, second) = (&fits[0], &fits[1]);
    let verdict =
        if best.fit.goodness.rejected() { ", though counting statistics reject even this shape" } else { "" };
    format!(
        "the curve is {}-shaped: deviance {:.1} against {:.1} for {} on {} degrees of freedom (Akaike weight {:.4}){verdict}",
        best.shape.name(),
        best.fit.goodness.deviance,
        second.fit.goodness.deviance,
        second.shape.name(),
        best.fit.goodness.degrees_of_freedom,
        best.weight,
    )
}
