//! A calibration as labelled arrays.

use spinhebb_data::DataError;
use spinhebb_data::labelled::{Dataset, Variable};

use super::analysis::Calibration;
use super::distribution::DeviceDistribution;
use super::posterior::Posterior;
use super::profile::Profile;
use crate::measurement::points::{MeasuredData, proportion_interval};

impl Calibration {
    /// Data, fit, covariance, profiles and posterior under the group `group`.
    ///
    /// # Errors
    /// Never for a calibration of `data`; the arrays are checked against their dimensions.
    pub fn to_datasets(&self, group: &str, data: &MeasuredData) -> Result<Vec<Dataset>, DataError> {
        let mut all = vec![self.fit_dataset(group)?, self.points_dataset(group, data)?];
        for profile in &self.profiles {
            all.push(self.profile_dataset(group, profile)?);
        }
        if let Some(posterior) = &self.posterior {
            all.push(self.posterior_dataset(group, posterior)?);
        }
        Ok(all)
    }

    /// Names of the free parameters. Shape: d.
    fn free_names(&self) -> Vec<String> {
        self.free.iter().map(|&k| self.parameters[k].name.clone()).collect()
    }

    /// Values, errors, intervals and covariance of the free parameters, and the verdict on the fit.
    fn fit_dataset(&self, group: &str) -> Result<Dataset, DataError> {
        let names = self.free_names();
        let d = names.len();
        let each = |f: &dyn Fn(usize) -> f64| (0..d).map(f).collect::<Vec<f64>>();
        let nan = f64::NAN;
        let mut fit = Dataset::new(&format!("{group}/fit"))
            .attribute("model", self.model.as_str())
            .attribute("deviance", self.goodness.deviance)
            .attribute("pearson_chi_square", self.goodness.pearson)
            .attribute("degrees_of_freedom", self.goodness.degrees_of_freedom)
            .attribute("p_value_chi_square", self.goodness.chi_square_p)
            .attribute("p_value_simulated", self.goodness.simulated_p)
            .attribute("akaike_information", self.goodness.aic)
            .attribute("verdict", self.goodness.in_words())
            .with(Variable::coordinate("parameter", "1", "fitted parameter", names))?
            .with(Variable::along(
                "unit",
                "parameter",
                "1",
                "SI unit of each parameter",
                self.free.iter().map(|&k| self.parameters[k].unit().to_string()).collect::<Vec<_>>(),
            ))?
            .with(along_parameters(
                "value",
                "maximum-likelihood value, SI",
                each(&|j| self.values[self.free[j]]),
            ))?
            .with(along_parameters(
                "standard_error",
                "from the observed information, SI",
                each(&|j| self.standard_error(j)),
            ))?
            .with(along_parameters(
                "simulation_share",
                "share of the variance that is due to the finite trials of a simulated model",
                self.simulation_share.clone(),
            ))?
            .with(along_parameters(
                "normal_lower",
                "lower end of the 95 % interval from the observed information, SI",
                each(&|j| self.normal_intervals[j].0),
            ))?
            .with(along_parameters(
                "normal_upper",
                "upper end of the 95 % interval from the observed information, SI",
                each(&|j| self.normal_intervals[j].1),
            ))?
            .with(Variable::new(
                "covariance",
                "1",
                "covariance of the search coordinates (logarithm of positive parameters, SI value of others)",
                &["parameter", "parameter_2"],
                &[d, d],
                (0..d * d).map(|k| self.covariance[(k / d, k % d)]).collect::<Vec<f64>>(),
            )?)?;
        if !self.profiles.is_empty() {
            fit.push(along_parameters(
                "profile_lower",
                "lower end of the 95 % profile interval, SI; NaN: open",
                each(&|j| self.profiles[j].lower.unwrap_or(nan)),
            ))?;
            fit.push(along_parameters(
                "profile_upper",
                "upper end of the 95 % profile interval, SI; NaN: open",
                each(&|j| self.profiles[j].upper.unwrap_or(nan)),
            ))?;
        }
        Ok(fit)
    }

    /// Conditions, counts and fitted probabilities of the points.
    fn points_dataset(&self, group: &str, data: &MeasuredData) -> Result<Dataset, DataError> {
        let per_point = |f: &dyn Fn(usize) -> f64| (0..data.points.len()).map(f).collect::<Vec<f64>>();
        let interval = |i: usize| proportion_interval(data.points[i].switched, data.points[i].trials);
        Dataset::new(&format!("{group}/points"))
            .with(Variable::coordinate(
                "point",
                "1",
                "measured point",
                (0..data.points.len() as u64).collect::<Vec<u64>>(),
            ))?
            .with(along_points(
                "voltage",
                "V",
                "pulse voltage; positive favours P",
                per_point(&|i| self.conditions[i].volts),
            ))?
            .with(along_points("width", "s", "full pulse width", per_point(&|i| self.conditions[i].width_s)))?
            .with(along_points(
                "start",
                "1",
                "m.p before the pulse",
                per_point(&|i| self.conditions[i].start.cosine()),
            ))?
            .with(along_points(
                "temperature",
                "K",
                "ambient temperature",
                per_point(&|i| self.conditions[i].temperature_k),
            ))?
            .with(along_points(
                "field",
                "A m-1",
                "applied field along the fixed layer",
                per_point(&|i| self.conditions[i].field_a_per_m),
            ))?
            .with(Variable::along(
                "trials",
                "point",
                "1",
                "pulses",
                data.points.iter().map(|m| m.trials).collect::<Vec<u64>>(),
            ))?
            .with(Variable::along(
                "switched",
                "point",
                "1",
                "pulses that switched",
                data.points.iter().map(|m| m.switched).collect::<Vec<u64>>(),
            ))?
            .with(along_points(
                "measured_lower",
                "1",
                "lower end of the 95 % Clopper-Pearson interval",
                per_point(&|i| interval(i).0),
            ))?
            .with(along_points(
                "measured_upper",
                "1",
                "upper end of the 95 % Clopper-Pearson interval",
                per_point(&|i| interval(i).1),
            ))?
            .with(along_points(
                "fitted_probability",
                "1",
                "fitted switching probability",
                per_point(&|i| self.predictions[i].probability()),
            ))?
            .with(along_points(
                "log_odds_half_width",
                "1",
                "half width of the 95 % band of the fit in log-odds",
                self.band.clone(),
            ))?
            .with(along_points(
                "standardised_residual",
                "1",
                "standardised deviance residual",
                self.goodness.residuals.clone(),
            ))
    }

    /// One profile likelihood.
    fn profile_dataset(&self, group: &str, profile: &Profile) -> Result<Dataset, DataError> {
        // Colons separate names and files of unknown amplitudes; groups have none.
        let name = self.parameters[profile.parameter].name.replace(':', "_");
        let unit = self.parameters[profile.parameter].unit();
        Dataset::new(&format!("{group}/profile/{name}"))
            .with(Variable::coordinate("value", unit, "value of the parameter", profile.values.clone()))?
            .with(Variable::along(
                "deviance_rise",
                "value",
                "1",
                "twice the rise of minus the log-likelihood",
                profile.deviance_rise.clone(),
            ))
    }

    /// Draws from the posterior, and how well the chains have mixed.
    fn posterior_dataset(&self, group: &str, posterior: &Posterior) -> Result<Dataset, DataError> {
        let (chains, draws) = (posterior.samples.len(), posterior.samples[0].len());
        let flat: Vec<f64> = posterior.samples.iter().flatten().flatten().copied().collect();
        Dataset::new(&format!("{group}/posterior"))
            .attribute("acceptance", posterior.acceptance)
            .with(Variable::coordinate("parameter", "1", "fitted parameter", self.free_names()))?
            .with(Variable::new(
                "samples",
                "1",
                "posterior draws, SI",
                &["chain", "draw", "parameter"],
                &[chains, draws, self.free.len()],
                flat,
            )?)?
            .with(along_parameters("r_hat", "rank-normalised split R-hat", posterior.r_hat.clone()))?
            .with(along_parameters(
                "effective_size",
                "bulk effective sample size",
                posterior.effective_size.clone(),
            ))
    }
}

/// Pure numbers, one for each free parameter.
fn along_parameters(name: &str, meaning: &str, values: Vec<f64>) -> Variable {
    Variable::along(name, "parameter", "1", meaning, values)
}

/// Numbers in `unit`, one for each point.
fn along_points(name: &str, unit: &str, meaning: &str, values: Vec<f64>) -> Variable {
    Variable::along(name, "point", unit, meaning, values)
}

impl DeviceDistribution {
    /// Mean and covariance over devices under the group `group`.
    ///
    /// # Errors
    /// Never; the arrays are checked against their dimensions.
    pub fn to_dataset(&self, group: &str) -> Result<Dataset, DataError> {
        let d = self.names.len();
        Dataset::new(group)
            .attribute("devices", self.devices)
            .with(Variable::coordinate("parameter", "1", "parameter", self.names.clone()))?
            .with(Variable::along(
                "mean",
                "parameter",
                "1",
                "mean of the search coordinate (logarithm of positive parameters)",
                self.mean.iter().copied().collect::<Vec<f64>>(),
            ))?
            .with(Variable::along(
                "mean_error",
                "parameter",
                "1",
                "standard error of the mean",
                self.mean_error.clone(),
            ))?
            .with(Variable::along(
                "deviation_lower",
                "parameter",
                "1",
                "lower end of the 95 % interval of the standard deviation between devices",
                self.deviation_interval.iter().map(|i| i.0).collect::<Vec<f64>>(),
            ))?
            .with(Variable::along(
                "deviation_upper",
                "parameter",
                "1",
                "upper end of the 95 % interval of the standard deviation between devices",
                self.deviation_interval.iter().map(|i| i.1).collect::<Vec<f64>>(),
            ))?
            .with(Variable::new(
                "device_estimate",
                "1",
                "search coordinates of every device",
                &["device", "parameter"],
                &[self.devices, d],
                self.estimates.iter().flatten().map(|e| e.0).collect::<Vec<f64>>(),
            )?)?
            .with(Variable::new(
                "device_error",
                "1",
                "standard error of every device's search coordinates",
                &["device", "parameter"],
                &[self.devices, d],
                self.estimates.iter().flatten().map(|e| e.1).collect::<Vec<f64>>(),
            )?)?
            .with(Variable::new(
                "covariance",
                "1",
                "covariance between devices of the search coordinates",
                &["parameter", "parameter_2"],
                &[d, d],
                (0..d * d).map(|k| self.covariance[(k / d, k % d)]).collect::<Vec<f64>>(),
            )?)
    }
}
