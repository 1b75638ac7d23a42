//! One calibration: data, model and free parameters, as a function to minimise.

use super::condition::Condition;
use super::error::CalibrationError;
use super::likelihood::{self, Count};
use super::model::Model;
use super::parameter::{Parameter, ParameterSettings, Scale, apply_settings};
use super::simulation::BatchCounts;
use super::surface_predictor::SurfacePredictor;
use crate::measurement::points::{MeasuredData, MeasuredVoltage};
use crate::switching::closed_form::LogProbability;
use spinhebb_data::quantity::Voltage;

/// Law of the counts at a given probability.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CountLaw {
    /// Independent pulses at one probability.
    #[default]
    Binomial,
    /// Probability that varies from point to point (cycles, drift): one more parameter, the correlation rho.
    BetaBinomial,
}

/// Name of the beta-binomial correlation among the parameters.
pub const OVERDISPERSION: &str = "overdispersion";

/// A model joined to data. Coordinates `u` below are the search coordinates of the free parameters.
pub struct Problem<'a> {
    model: &'a dyn Model,
    data: &'a MeasuredData,
    counts: Vec<Count>,
    parameters: Vec<Parameter>,
    own: usize,
    law: CountLaw,
    free: Vec<usize>,
    surface: Option<&'a SurfacePredictor>,
}

impl<'a> Problem<'a> {
    /// Joins `model` to `data` under `settings`.
    ///
    /// # Errors
    /// Those of [`apply_settings`]; [`CalibrationError::TooFewPoints`].
    pub fn new(
        model: &'a dyn Model,
        data: &'a MeasuredData,
        settings: &ParameterSettings,
        law: CountLaw,
    ) -> Result<Self, CalibrationError> {
        let mut parameters = model.parameters();
        let own = parameters.len();
        for (index, amplitude) in data.amplitudes.iter().enumerate() {
            let used = data.points.iter().any(|m| m.drive == MeasuredVoltage::Amplitude(index));
            let guess = amplitude.guess_v;
            let parameter = Parameter::free(
                &format!("amplitude:{}", amplitude.name),
                "pulse amplitude that the data do not state",
                Some(Voltage::KIND),
                Scale::Log.over([0.5 * guess, 2.0 * guess], guess),
            );
            parameters.push(if used { parameter } else { parameter.held() });
        }
        if law == CountLaw::BetaBinomial {
            parameters.push(Parameter::free(
                OVERDISPERSION,
                "correlation rho of the outcomes of one point",
                None,
                Scale::Log.over([1e-8, 0.5], 1e-3),
            ));
        }
        apply_settings(&mut parameters, settings, &model.name())?;
        let free: Vec<usize> = (0..parameters.len()).filter(|&k| !parameters[k].fixed).collect();
        if data.points.len() < free.len() {
            return Err(CalibrationError::TooFewPoints { points: data.points.len(), free: free.len() });
        }
        let counts = data.points.iter().map(|m| Count { switched: m.switched, trials: m.trials }).collect();
        Ok(Self { model, data, counts, parameters, own, law, free, surface: None })
    }

    /// The same problem with other counts at the same points (for synthetic data).
    #[must_use]
    pub fn with_counts(&self, counts: Vec<Count>) -> Self {
        Self { counts, parameters: self.parameters.clone(), free: self.free.clone(), ..*self }
    }

    /// The same problem with `model`, which has the same parameters, in the place of its own.
    #[must_use]
    pub fn with_model(&self, model: &'a dyn Model) -> Self {
        Self {
            model,
            counts: self.counts.clone(),
            parameters: self.parameters.clone(),
            free: self.free.clone(),
            ..*self
        }
    }

    /// The same problem with predictions from `surface` instead of the model.
    #[must_use]
    pub fn on_surface<'b>(&'b self, surface: &'b SurfacePredictor) -> Problem<'b> {
        Problem {
            surface: Some(surface),
            counts: self.counts.clone(),
            parameters: self.parameters.clone(),
            free: self.free.clone(),
            ..*self
        }
    }

    /// The same problem with one more parameter held at `value`.
    #[must_use]
    pub fn holding(&self, parameter: usize, value: f64) -> Self {
        let mut parameters = self.parameters.clone();
        parameters[parameter].start = value;
        parameters[parameter].fixed = true;
        let free = self.free.iter().copied().filter(|&k| k != parameter).collect();
        Self { parameters, free, counts: self.counts.clone(), ..*self }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &'a dyn Model {
        self.model
    }

    /// Whether a prediction costs more than microseconds.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.surface.is_none() && self.model.is_slow()
    }

    /// Smallest relative change of a parameter whose effect stands clear of numerical error.
    #[must_use]
    pub fn resolution(&self) -> f64 {
        if self.surface.is_some() { 1e-5 } else { self.model.resolution() }
    }

    /// Correlation between the outcomes of one point that stands for simulation noise.
    #[must_use]
    pub fn simulation_correlation(&self) -> f64 {
        self.surface.map_or_else(|| self.model.simulation_correlation(), |s| s.correlation)
    }

    /// Counts of the simulation behind the predictions at `u`; `None` for a model without simulation. Shape: N.
    ///
    /// # Errors
    /// Those of the model.
    pub fn simulate(&self, u: &[f64]) -> Option<Result<Vec<BatchCounts>, CalibrationError>> {
        let values = self.values(u);
        let simulation = self.model.simulation()?;
        Some(simulation.batch_counts(&values[..self.own], &self.conditions(&values)))
    }

    /// The data.
    #[must_use]
    pub fn data(&self) -> &'a MeasuredData {
        self.data
    }

    /// All parameters: the model's own, unknown amplitudes, overdispersion.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Indices of the free parameters. Shape: d.
    #[must_use]
    pub fn free(&self) -> &[usize] {
        &self.free
    }

    /// The counts. Shape: N.
    #[must_use]
    pub fn counts(&self) -> &[Count] {
        &self.counts
    }

    /// Law of the counts.
    #[must_use]
    pub fn law(&self) -> CountLaw {
        self.law
    }

    /// Values of all parameters (SI) at the coordinates `u`.
    #[must_use]
    pub fn values(&self, u: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = self.parameters.iter().map(|p| p.start).collect();
        for (&k, &x) in self.free.iter().zip(u) {
            values[k] = self.parameters[k].value(x);
        }
        values
    }

    /// Coordinates of the free parameters at `values`.
    #[must_use]
    pub fn coordinates(&self, values: &[f64]) -> Vec<f64> {
        self.free.iter().map(|&k| self.parameters[k].coordinate(values[k])).collect()
    }

    /// Bounds of the coordinates. Shape: d.
    #[must_use]
    pub fn bounds(&self) -> Vec<(f64, f64)> {
        self.free.iter().map(|&k| self.parameters[k].bounds()).collect()
    }

    /// Whether `u` lies within the bounds.
    #[must_use]
    pub fn within(&self, u: &[f64]) -> bool {
        u.iter().zip(self.bounds()).all(|(x, (low, high))| (low..=high).contains(x))
    }

    /// Conditions of all points with unknown amplitudes taken from `values`.
    #[must_use]
    pub fn conditions(&self, values: &[f64]) -> Vec<Condition> {
        self.data
            .points
            .iter()
            .map(|m| Condition {
                volts: match m.drive {
                    MeasuredVoltage::Volts(v) => v,
                    MeasuredVoltage::Amplitude(i) => m.start.switching_polarity() * values[self.own + i],
                },
                width_s: m.width_s,
                start: m.start,
                temperature_k: m.temperature_k,
                field_a_per_m: m.field_a_per_m,
            })
            .collect()
    }

    /// Overdispersion rho among `values`, with the simulation noise of the model; `None`: binomial.
    #[must_use]
    pub fn overdispersion(&self, values: &[f64]) -> Option<f64> {
        let simulated = self.simulation_correlation();
        match self.law {
            CountLaw::BetaBinomial => Some(values[values.len() - 1] + simulated),
            CountLaw::Binomial => (simulated > 0.0).then_some(simulated),
        }
    }

    /// Probabilities of all points at `u`. Shape: N.
    ///
    /// # Errors
    /// Those of [`Model::predict`].
    pub fn predict(&self, u: &[f64]) -> Result<Vec<LogProbability>, CalibrationError> {
        let values = self.values(u);
        if let Some(surface) = self.surface {
            return Ok(surface.predict(&self.parameters, &values));
        }
        self.model.predict(&values[..self.own], &self.conditions(&values))
    }

    /// Minus the logarithm of likelihood times prior, given the predictions at `u`.
    #[must_use]
    pub fn objective_at(&self, u: &[f64], predictions: &[LogProbability]) -> f64 {
        let values = self.values(u);
        let rho = self.overdispersion(&values);
        let likelihood: f64 =
            self.counts.iter().zip(predictions).map(|(&c, &p)| likelihood::log_likelihood(c, p, rho)).sum();
        let prior: f64 = self
            .parameters
            .iter()
            .zip(&values)
            .filter(|(p, _)| !p.fixed)
            .filter_map(|(p, v)| p.prior.map(|q| 0.5 * ((v - q.mean) / q.sd).powi(2)))
            .sum();
        let total = prior - likelihood;
        if total.is_nan() { f64::INFINITY } else { total }
    }

    /// Minus the logarithm of likelihood times prior at `u`; infinite outside the bounds or
    /// where the device layer refuses the parameters.
    #[must_use]
    pub fn objective(&self, u: &[f64]) -> f64 {
        if !self.within(u) {
            return f64::INFINITY;
        }
        self.predict(u).map_or(f64::INFINITY, |p| self.objective_at(u, &p))
    }

    /// Position of the overdispersion among the free coordinates.
    #[must_use]
    pub fn overdispersion_coordinate(&self) -> Option<usize> {
        let index = self.parameters.len() - 1;
        (self.law == CountLaw::BetaBinomial).then(|| self.free.iter().position(|&k| k == index)).flatten()
    }
}
