//! Which shape a measured curve has: logistic, normal, Gumbel or reversed Gumbel, in the abscissa or its logarithm.
//!
//! The two extreme-value shapes are the two orientations of one law: Gumbel (log-log link) rises steeply from
//! a foot and has a long shoulder, reversed Gumbel (complementary log-log link) is the other way round; counting the unswitched
//! pulses or the voltage from above exchanges them. Each shape has a location and a scale, so their likelihoods compare
//! directly. Akaike weights say which one the data prefer; the goodness of fit says whether even that one suffices.
//!
//! # References
//! - E. J. Gumbel, Statistics of Extremes (1958). Ballistic switching is a Gumbel law in the voltage,
//!   see [`crate::switching::closed_form::sun`].
//! - K. P. Burnham and D. R. Anderson, Model Selection and Multimodel Inference (2002), section 2.9 (Akaike weights).

use super::analysis::{Calibration, Options, calibrate};
use super::error::CalibrationError;
use super::parameter::ParameterSettings;
use super::problem::{CountLaw, Problem};
use super::shape_model::{CurveShape, ShapeModel};
use crate::measurement::points::{MeasuredData, MeasuredVoltage, Measurement};

/// One shape fitted to the data.
#[derive(Debug, Clone)]
pub struct ShapeFit {
    /// The shape.
    pub shape: CurveShape,
    /// Whether it is taken along the logarithm of the abscissa.
    pub logarithmic: bool,
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
    // Along logarithms only where all voltages drive the transition.
    let driving = |m: &Measurement| match m.drive {
        MeasuredVoltage::Volts(v) => v * m.start.switching_polarity() > 0.0,
        MeasuredVoltage::Amplitude(_) => true,
    };
    let scales: &[bool] = if data.points.iter().all(driving) { &[false, true] } else { &[false] };
    for (shape, &logarithmic) in CurveShape::ALL.into_iter().flat_map(|s| scales.iter().map(move |l| (s, l)))
    {
        let model = ShapeModel::new(shape, data);
        let model = if logarithmic { model.logarithmic() } else { model };
        // An unknown amplitude does not matter to a shape along the width.
        let held = data.amplitudes.iter().map(|a| {
            let setting = super::parameter::ParameterSetting { free: Some(false), ..Default::default() };
            (format!("amplitude:{}", a.name), setting)
        });
        let settings: ParameterSettings = held.collect();
        let problem = Problem::new(&model, data, &settings, CountLaw::Binomial)?;
        let fit = calibrate(&problem, &Options { posterior: false, profiles: false, ..*options })?;
        fits.push(ShapeFit { shape, logarithmic, fit, weight: 0.0 });
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

/// The outcome in words.
#[must_use]
pub fn in_words(fits: &[ShapeFit]) -> String {
    let best = &fits[0];
    let verdict =
        if best.fit.goodness.rejected() { ", though counting statistics reject even this shape" } else { "" };
    let others: Vec<String> =
        fits[1..].iter().map(|f| format!("{} {:.1}", f.fit.model, f.fit.goodness.deviance)).collect();
    format!(
        "the curve is {}-shaped in {}: deviance {:.1} on {} degrees of freedom, Akaike weight {:.4}{verdict}. \
         Deviances of the others: {}",
        best.shape.name(),
        best.fit.model.split_once(" in ").map_or("", |(_, scale)| scale),
        best.fit.goodness.deviance,
        best.fit.goodness.degrees_of_freedom,
        best.weight,
        others.join(", "),
    )
}
