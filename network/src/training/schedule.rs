//! Parameters that change over the training, in stages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::Faults;
use std::ops::RangeInclusive;

/// A parameter that changes over the training, in stages.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Value in the first stage.
    pub start: f64,
    /// Value in the last stage.
    pub end: f64,
    /// Course between first and last stage.
    #[serde(default)]
    pub course: Course,
    /// Value of every stage, instead of a course between first and last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<f64>,
}

/// Course of a [`Schedule`].
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// Equal differences from stage to stage.
    #[default]
    Linear,
    /// Equal ratios from stage to stage.
    Geometric,
}

impl Schedule {
    /// The same value throughout.
    #[must_use]
    pub const fn constant(value: f64) -> Self {
        Self { start: value, end: value, course: Course::Linear, values: Vec::new() }
    }

    /// A straight line from `start` to `end`.
    #[must_use]
    pub const fn linear(start: f64, end: f64) -> Self {
        Self { start, end, course: Course::Linear, values: Vec::new() }
    }

    /// These values, one for each stage.
    #[must_use]
    pub fn listed(values: Vec<f64>) -> Self {
        let ends = |x: Option<&f64>| x.copied().unwrap_or(0.0);
        Self { start: ends(values.first()), end: ends(values.last()), course: Course::Linear, values }
    }

    /// Value in `stage` of `stages`.
    #[must_use]
    pub fn at(&self, stage: u32, stages: u32) -> f64 {
        if let Some(&value) = self.values.get(stage as usize) {
            return value;
        }
        if stages <= 1 || self.start == self.end {
            return self.start;
        }
        let x = f64::from(stage) / f64::from(stages - 1);
        match self.course {
            Course::Linear => self.start + (self.end - self.start) * x,
            Course::Geometric => self.start * libm::pow(self.end / self.start, x),
        }
    }

    /// Adds what is wrong with a schedule over `stages` whose values are to lie within `range`.
    pub(crate) fn check(&self, stages: u32, range: &RangeInclusive<f64>, faults: &mut Faults) {
        let expected = format!("between {} and {}", range.start(), range.end());
        let listed = self.values.is_empty() || self.values.len() == stages as usize;
        faults.require(
            listed,
            "values",
            format!("{} values", self.values.len()),
            format!("one value for each of the {stages} `stages`"),
        );
        for (key, value) in [("start", self.start), ("end", self.end)] {
            faults.require(range.contains(&value), key, value, &expected);
            let positive = self.course == Course::Linear || value > 0.0;
            faults.require(positive, key, value, "a number above 0 for a geometric course");
        }
        faults.each("values", &self.values, |value, faults| {
            faults.require(range.contains(value), "", value, &expected);
        });
    }
}
