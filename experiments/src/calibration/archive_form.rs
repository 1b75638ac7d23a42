//! A fit as labelled data, and what the page takes of them.

use spinhebb_data::labelled::{Attribute, Dataset, Variable};
use spinhebb_data::quantity::{KINDS, Kind};
use spinhebb_device::calibration::analysis::Calibration;
use spinhebb_device::calibration::parameter::{Parameter, Scale};
use spinhebb_device::calibration::posterior::Posterior;
use spinhebb_device::measurement::points::MeasuredData;

use super::labels;
use crate::error::ExperimentError;
use crate::experiment::{Outcome, texts};

/// Group of the datasets of the device `label`.
pub(super) fn group(label: &str) -> String {
    format!("calibration/{label}")
}

/// Data, fit, covariance, profiles and posterior under the group `group`.
///
/// # Errors
/// Never for a fit of `data`.
pub(super) fn to_datasets(
    group: &str,
    data: &MeasuredData,
    fit: &Calibration,
) -> Result<Vec<Dataset>, ExperimentError> {
    let mut all = fit.to_datasets(group, data)?;
    let free = || fit.free.iter().map(|&k| &fit.parameters[k]);
    let files: Vec<String> = data.points.iter().map(|m| labels::of_file(&data.files[m.file])).collect();
    let log_odds: Vec<f64> = fit.predictions.iter().map(|p| p.log_odds()).collect();
    for dataset in &mut all {
        if dataset.name == format!("{group}/fit") {
            let meanings: Vec<String> = free().map(|p| p.meaning.clone()).collect();
            let kinds: Vec<&str> = free().map(|p| p.kind.map_or("", |kind| kind.type_name)).collect();
            let bound: Vec<u8> = fit.at_bound.iter().map(|&at| u8::from(at)).collect();
            dataset.push(Variable::along("meaning", "parameter", "1", "what the parameter is", meanings))?;
            dataset.push(Variable::along("quantity", "parameter", "1", "its quantity; empty: a number", kinds))?;
            dataset.push(Variable::along("at_bound", "parameter", "1", "1 where the value is at a bound", bound))?;
        } else if dataset.name == format!("{group}/points") {
            dataset.push(Variable::along("file", "point", "1", "file that holds the point", files.clone()))?;
            let words = "fitted logarithm of the odds";
            dataset.push(Variable::along("fitted_log_odds", "point", "1", words, log_odds.clone()))?;
        }
    }
    Ok(all)
}

/// Where the starts of the search ended.
///
/// # Errors
/// Never.
pub(super) fn starts(fit: &Calibration) -> Result<Dataset, ExperimentError> {
    let words = "minus the logarithm of the likelihood that each start reached, best first";
    Ok(Dataset::new("starts").with(Variable::along("objective", "start", "1", words, fit.objectives.clone()))?)
}

/// One fitted parameter as the archive holds it.
pub(super) struct FittedParameter {
    pub(super) name: String,
    pub(super) meaning: String,
    pub(super) value: f64,
    pub(super) standard_error: f64,
    pub(super) simulation_share: f64,
    pub(super) normal: (f64, f64),
    /// Ends of the profile interval; not numbers where it is open. `None` without profiles.
    pub(super) profile: Option<(f64, f64)>,
    pub(super) at_bound: bool,
    pub(super) kind: Option<Kind>,
}

impl FittedParameter {
    /// A value of this parameter with its unit, to `digits` significant digits.
    pub(super) fn show(&self, value: f64, digits: usize) -> String {
        let bounds = [f64::NEG_INFINITY, f64::INFINITY];
        Parameter::free(&self.name, "", self.kind, Scale::Linear.over(bounds, 0.0)).show(value, digits)
    }
}

/// One measured point and its fit.
pub(super) struct FittedPoint {
    pub(super) file: String,
    pub(super) volts: f64,
    pub(super) width_s: f64,
    /// Fraction that switched, and its 95 % interval.
    pub(super) fraction: f64,
    pub(super) interval: (f64, f64),
    /// Fitted log-odds and the half width of their 95 % band.
    pub(super) log_odds: f64,
    pub(super) band: f64,
    pub(super) residual: f64,
}

/// Points (x, y).
pub(super) type Points = Vec<(f64, f64)>;

/// The fit of one device as the archive holds it.
pub(super) struct Fit {
    pub(super) model: String,
    pub(super) parameters: Vec<FittedParameter>,
    pub(super) points: Vec<FittedPoint>,
    /// Deviance rise against the value, one for each parameter; empty without profiles.
    pub(super) profiles: Vec<Points>,
    pub(super) posterior: Option<Posterior>,
}

impl Fit {
    /// The fit of the device `label` of `outcome`.
    ///
    /// # Errors
    /// The outcome holds none.
    pub(super) fn of(outcome: &Outcome, label: &str) -> Result<Self, ExperimentError> {
        let group = group(label);
        let fit = outcome.dataset(&format!("{group}/fit"))?;
        let parameters = fitted_parameters(fit)?;
        let profiled = parameters.iter().filter(|p| p.profile.is_some());
        let profiles = profiled.map(|p| {
            // Colons separate names and files of unknown amplitudes; groups have none.
            let data = outcome.dataset(&format!("{group}/profile/{}", p.name.replace(':', "_")))?;
            Ok(data.numbers("value")?.into_iter().zip(data.numbers("deviance_rise")?).collect())
        });
        Ok(Self {
            model: text_of(fit, "model"),
            profiles: profiles.collect::<Result<_, ExperimentError>>()?,
            points: fitted_points(outcome.dataset(&format!("{group}/points"))?)?,
            posterior: outcome.dataset(&format!("{group}/posterior")).ok().map(posterior).transpose()?,
            parameters,
        })
    }
}

/// The text attribute `name`, empty where there is none.
pub(super) fn text_of(dataset: &Dataset, name: &str) -> String {
    match dataset.attributes.get(name) {
        Some(Attribute::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

fn fitted_parameters(fit: &Dataset) -> Result<Vec<FittedParameter>, ExperimentError> {
    let (names, meanings, kinds) = (texts(fit, "parameter")?, texts(fit, "meaning")?, texts(fit, "quantity")?);
    let [value, error, share] =
        [fit.numbers("value")?, fit.numbers("standard_error")?, fit.numbers("simulation_share")?];
    let [low, high] = [fit.numbers("normal_lower")?, fit.numbers("normal_upper")?];
    let profile = fit.numbers("profile_lower").ok().zip(fit.numbers("profile_upper").ok());
    let bound = fit.numbers("at_bound")?;
    let of = |j: usize| FittedParameter {
        name: names[j].clone(),
        meaning: meanings[j].clone(),
        value: value[j],
        standard_error: error[j],
        simulation_share: share[j],
        normal: (low[j], high[j]),
        profile: profile.as_ref().map(|(low, high)| (low[j], high[j])),
        at_bound: bound[j] > 0.0,
        kind: KINDS.iter().find(|kind| kind.type_name == kinds[j]).copied(),
    };
    Ok((0..names.len()).map(of).collect())
}

fn fitted_points(data: &Dataset) -> Result<Vec<FittedPoint>, ExperimentError> {
    let files = texts(data, "file")?;
    let [volts, width] = [data.numbers("voltage")?, data.numbers("width")?];
    let [trials, switched] = [data.numbers("trials")?, data.numbers("switched")?];
    let [low, high] = [data.numbers("measured_lower")?, data.numbers("measured_upper")?];
    let [log_odds, band] = [data.numbers("fitted_log_odds")?, data.numbers("log_odds_half_width")?];
    let residual = data.numbers("standardised_residual")?;
    let of = |i: usize| FittedPoint {
        file: files[i].clone(),
        volts: volts[i],
        width_s: width[i],
        fraction: switched[i] / trials[i],
        interval: (low[i], high[i]),
        log_odds: log_odds[i],
        band: band[i],
        residual: residual[i],
    };
    Ok((0..files.len()).map(of).collect())
}

fn posterior(data: &Dataset) -> Result<Posterior, ExperimentError> {
    let length = |dim: &str| data.length(dim).unwrap_or(1).max(1);
    let (draws, d) = (length("draw"), length("parameter"));
    let flat = data.numbers("samples")?;
    let chain = |chain: &[f64]| chain.chunks(d).map(<[f64]>::to_vec).collect();
    Ok(Posterior {
        samples: flat.chunks(draws * d).map(chain).collect(),
        r_hat: data.numbers("r_hat")?,
        effective_size: data.numbers("effective_size")?,
        acceptance: f64::NAN,
    })
}
