//! Parameters of a model under calibration: value, scale, bounds, prior.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::quantity::Kind;

use super::error::CalibrationError;

/// Coordinate in which a parameter is searched and its normal approximation made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Logarithm of the value; for positive parameters.
    Log,
    /// The value itself.
    Linear,
}

/// What a free parameter is searched over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Search coordinate.
    pub scale: Scale,
    /// Lower and upper bound, SI.
    pub bounds: [f64; 2],
    /// Starting value, SI.
    pub start: f64,
}

impl Scale {
    /// A search in this coordinate within `bounds` from `start`, SI.
    #[must_use]
    pub const fn over(self, bounds: [f64; 2], start: f64) -> Range {
        Range { scale: self, bounds, start }
    }
}

/// Normal prior on the value of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Mean, SI.
    pub mean: f64,
    /// Standard deviation, SI.
    pub sd: f64,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name in settings and reports.
    pub name: String,
    /// Meaning in words.
    pub meaning: String,
    /// Quantity, for reading and writing values with units; `None` for pure numbers.
    pub kind: Option<Kind>,
    /// Search coordinate.
    pub scale: Scale,
    /// Lower bound, SI.
    pub lower: f64,
    /// Upper bound, SI.
    pub upper: f64,
    /// Starting value, or the value when fixed, SI.
    pub start: f64,
    /// Whether the value is kept.
    pub fixed: bool,
    /// Prior knowledge beside the bounds (within which the prior is flat in the search coordinate).
    pub prior: Option<Prior>,
}

impl Parameter {
    /// A free parameter; the start is moved inside the bounds.
    #[must_use]
    pub fn free(name: &str, meaning: &str, kind: Option<Kind>, range: Range) -> Self {
        let Range { scale, bounds, start } = range;
        Self {
            name: name.to_string(),
            meaning: meaning.to_string(),
            kind,
            scale,
            lower: bounds[0],
            upper: bounds[1],
            start: start.clamp(bounds[0], bounds[1]),
            fixed: false,
            prior: None,
        }
    }

    /// The same, kept at its value unless set free.
    #[must_use]
    pub fn held(self) -> Self {
        Self { fixed: true, ..self }
    }

    /// SI unit in UDUNITS spelling.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        self.kind.map_or("1", |k| k.si_unit)
    }

    /// Value with its unit, to `digits` significant digits.
    #[must_use]
    pub fn show(&self, value: f64, digits: usize) -> String {
        let rounded: f64 = format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value);
        self.kind.map_or_else(|| format!("{rounded}"), |k| k.format(rounded))
    }

    /// Search coordinate of a value.
    #[must_use]
    pub fn coordinate(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Log => value.ln(),
            Scale::Linear => value,
        }
    }

    /// Value at a search coordinate.
    #[must_use]
    pub fn value(&self, coordinate: f64) -> f64 {
        match self.scale {
            Scale::Log => coordinate.exp(),
            Scale::Linear => coordinate,
        }
    }

    /// Bounds in the search coordinate.
    #[must_use]
    pub fn bounds(&self) -> (f64, f64) {
        (self.coordinate(self.lower), self.coordinate(self.upper))
    }

    fn parse(&self, what: &str, text: &str) -> Result<f64, CalibrationError> {
        let parsed = match self.kind {
            Some(kind) => kind.parse(text).map_err(|e| e.to_string()),
            None => text.trim().parse::<f64>().map_err(|e| format!("expected a number ({e})")),
        };
        match parsed {
            Ok(value) if value.is_finite() && (self.scale == Scale::Linear || value > 0.0) => Ok(value),
            Ok(_) => Err("expected a positive finite value".to_string()),
            Err(message) => Err(message),
        }
        .map_err(|expected| CalibrationError::Setting {
            key: format!("parameters.{}.{what}", self.name),
            value: text.to_string(),
            expected,
        })
    }
}

/// What a configuration may say about one parameter; values are texts with units.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterSetting {
    /// Keep the parameter at this value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// Fit (true) or keep at the model's own default (false).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<bool>,
    /// Start of the search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Lower bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<String>,
    /// Upper bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<String>,
    /// Mean of a normal prior; needs `prior_sd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_mean: Option<String>,
    /// Standard deviation of a normal prior; needs `prior_mean`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_sd: Option<String>,
}

/// Settings by parameter name.
pub type ParameterSettings = BTreeMap<String, ParameterSetting>;

/// Applies `settings` to the parameters of `model`.
///
/// # Errors
/// [`CalibrationError::UnknownParameter`]; [`CalibrationError::Setting`] for values that do not
/// read, bounds that are empty, or half a prior.
pub fn apply_settings(
    parameters: &mut [Parameter],
    settings: &ParameterSettings,
    model: &str,
) -> Result<(), CalibrationError> {
    for (name, setting) in settings {
        let known = || parameters.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
        let Some(index) = parameters.iter().position(|p| p.name == *name) else {
            return Err(CalibrationError::UnknownParameter {
                name: name.clone(),
                model: model.to_string(),
                known: known(),
            });
        };
        let p = &mut parameters[index];
        let refuse = |key: &str, value: String, expected: &str| CalibrationError::Setting {
            key: format!("parameters.{name}.{key}"),
            value,
            expected: expected.to_string(),
        };
        let own = p.clone();
        let read = |what: &str, text: &Option<String>| text.as_ref().map(|t| own.parse(what, t)).transpose();
        if let Some(lower) = read("lower", &setting.lower)? {
            p.lower = lower;
        }
        if let Some(upper) = read("upper", &setting.upper)? {
            p.upper = upper;
        }
        if p.lower >= p.upper {
            return Err(refuse(
                "lower",
                p.show(p.lower, 6),
                &format!("the upper bound is {}; give lower < upper", p.show(p.upper, 6)),
            ));
        }
        if let Some(start) = read("start", &setting.start)? {
            p.start = start;
            p.fixed = false;
        }
        if let Some(free) = setting.free {
            p.fixed = !free;
        }
        if let Some(value) = read("fixed", &setting.fixed)? {
            if setting.free == Some(true) || setting.start.is_some() {
                return Err(refuse("fixed", p.show(value, 6), "the parameter is also set free; keep one"));
            }
            let bounded = setting.lower.is_some() || setting.upper.is_some();
            if bounded && !(p.lower..=p.upper).contains(&value) {
                let range = format!(
                    "the bounds given beside it are {} to {}; drop the bounds or fix it between them",
                    p.show(p.lower, 6),
                    p.show(p.upper, 6)
                );
                return Err(refuse("fixed", p.show(value, 6), &range));
            }
            p.start = value;
            p.fixed = true;
        }
        if !p.fixed && !(p.lower..=p.upper).contains(&p.start) {
            if setting.start.is_some() {
                let range = format!("it must lie between {} and {}", p.show(p.lower, 6), p.show(p.upper, 6));
                return Err(refuse("start", p.show(p.start, 6), &range));
            }
            p.start = p.start.clamp(p.lower, p.upper);
        }
        p.prior = match (read("prior_mean", &setting.prior_mean)?, &setting.prior_sd) {
            (Some(mean), Some(text)) => {
                let sd = own.parse("prior_sd", text)?;
                if sd <= 0.0 {
                    return Err(refuse("prior_sd", text.clone(), "it must be positive"));
                }
                Some(Prior { mean, sd })
            }
            (None, None) => None,
            _ => {
                return Err(refuse(
                    "prior_mean",
                    "given or absent alone".into(),
                    "a prior needs both mean and sd",
                ));
            }
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use spinhebb_data::quantity::Voltage;

    fn voltage() -> Vec<Parameter> {
        vec![Parameter::free("critical_voltage", "", Some(Voltage::KIND), Scale::Log.over([0.01, 10.0], 0.5))]
    }

    fn set(setting: ParameterSetting) -> Result<Vec<Parameter>, CalibrationError> {
        let mut parameters = voltage();
        apply_settings(&mut parameters, &[("critical_voltage".to_string(), setting)].into(), "sun")?;
        Ok(parameters)
    }

    #[test]
    fn settings_carry_units_and_are_checked() {
        let text = |t: &str| Some(t.to_string());
        let fixed = set(ParameterSetting { fixed: text("400 mV"), ..Default::default() }).unwrap();
        assert!(fixed[0].fixed && fixed[0].start == 0.4);
        for bad in [
            ParameterSetting { fixed: text("0.4"), ..Default::default() },
            ParameterSetting { fixed: text("-0.4 V"), ..Default::default() },
            ParameterSetting { lower: text("2 V"), upper: text("1 V"), ..Default::default() },
            ParameterSetting { start: text("20 V"), ..Default::default() },
            ParameterSetting { prior_mean: text("1 V"), ..Default::default() },
            ParameterSetting { fixed: text("1 V"), free: Some(true), ..Default::default() },
            ParameterSetting { fixed: text("1 V"), upper: text("0.5 V"), ..Default::default() },
        ] {
            assert!(matches!(set(bad.clone()), Err(CalibrationError::Setting { .. })), "{bad:?}");
        }
        let mut parameters = voltage();
        let unknown = [("delta".to_string(), ParameterSetting::default())].into();
        assert!(
            apply_settings(&mut parameters, &unknown, "sun")
                .unwrap_err()
                .to_string()
                .contains("it has critical_voltage")
        );
    }
}
