//! A parameter over the stages of a training.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, IntoDeserializer};
use serde::{Deserialize, Serialize, Serializer};

use super::Faults;

/// A parameter that may change from stage to stage of a training.
///
/// Written as a bare value, the same in all stages; as `{ first = .., last = .., course = "geometric" }`;
/// or as `{ values = [..] }`, one for each stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Staged<T> {
    /// The same value in all stages.
    Constant(T),
    /// A course from the first stage to the last.
    Between {
        /// Value in the first stage.
        first: T,
        /// Value in the last stage.
        last: T,
        /// How the stages between them go.
        course: Course,
    },
    /// One value for each stage.
    Listed(Vec<T>),
}

/// Course of a [`Staged`] parameter between its first and last value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// Equal differences from stage to stage.
    #[default]
    Linear,
    /// Equal ratios from stage to stage.
    Geometric,
}

impl<T> Staged<T> {
    /// A straight line from `first` to `last`.
    pub const fn linear(first: T, last: T) -> Self {
        Self::Between { first, last, course: Course::Linear }
    }

    /// The same parameter with every value replaced by `of` it, such as an amplitude by its volts.
    #[must_use]
    pub fn map<U>(&self, mut of: impl FnMut(&T) -> U) -> Staged<U> {
        match self {
            Self::Constant(value) => Staged::Constant(of(value)),
            Self::Between { first, last, course } => {
                Staged::Between { first: of(first), last: of(last), course: *course }
            }
            Self::Listed(values) => Staged::Listed(values.iter().map(of).collect()),
        }
    }

    /// Every value that is written, with its key within this parameter: `""`, `first` or `values[2]`.
    pub fn entries(&self) -> Vec<(String, &T)> {
        match self {
            Self::Constant(value) => vec![(String::new(), value)],
            Self::Between { first, last, .. } => vec![("first".into(), first), ("last".into(), last)],
            Self::Listed(values) => {
                values.iter().enumerate().map(|(index, value)| (format!("values[{index}]"), value)).collect()
            }
        }
    }

    /// Adds a fault where a list has not one value for each of `stages`.
    pub fn check_stages(&self, stages: u32, faults: &mut Faults) {
        if let Self::Listed(values) = self {
            let given = values.len();
            let expected = format!("{stages}: one for each stage");
            faults.require(given == stages as usize, "values", format_args!("a list of {given}"), expected);
        }
    }
}

impl Staged<f64> {
    /// Value in `stage`, from 0, of `stages`; beyond a list its last value.
    ///
    /// # Formula
    /// With x = stage / (stages - 1): first + (last - first) x, or first (last / first)^x.
    #[must_use]
    pub fn at(&self, stage: u32, stages: u32) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Listed(values) => values.get(stage as usize).or(values.last()).copied().unwrap_or(f64::NAN),
            Self::Between { first, last, .. } if stages <= 1 || first == last => *first,
            Self::Between { first, last, course } => {
                let x = f64::from(stage) / f64::from(stages - 1);
                match course {
                    Course::Linear => first + (last - first) * x,
                    Course::Geometric => first * libm::pow(last / first, x),
                }
            }
        }
    }

    /// Adds a fault for every value outside `lowest` to `highest`, for a geometric course that does not
    /// stay above 0, and for a list that has not one value for each of `stages`.
    pub fn check_within(&self, lowest: f64, highest: f64, stages: u32, faults: &mut Faults) {
        self.check_stages(stages, faults);
        for (key, value) in self.entries() {
            let fine = (lowest..=highest).contains(value);
            faults.require(fine, &key, value, format_args!("a number from {lowest} to {highest}"));
            let geometric = matches!(self, Self::Between { course: Course::Geometric, .. });
            let positive = !geometric || *value > 0.0;
            faults.require(positive || !fine, &key, value, "a number above 0 for a geometric course");
        }
    }
}

impl<T: Default> Default for Staged<T> {
    fn default() -> Self {
        Self::Constant(T::default())
    }
}

impl<T> From<T> for Staged<T> {
    fn from(value: T) -> Self {
        Self::Constant(value)
    }
}

/// The table of a course or a list; which of them it is, its keys say.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "T: Deserialize<'de>"))]
struct Table<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    course: Option<Course>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<T>>,
}

impl<T: Serialize> Serialize for Staged<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Constant(value) => value.serialize(serializer),
            Self::Between { first, last, course } => {
                let course = (*course != Course::default()).then_some(*course);
                Table { first: Some(first), last: Some(last), course, values: None }.serialize(serializer)
            }
            Self::Listed(values) => {
                let values = Some(values.iter().collect());
                Table { first: None, last: None, course: None, values }.serialize(serializer)
            }
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Staged<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StagedVisitor(PhantomData))
    }
}

struct StagedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> de::Visitor<'de> for StagedVisitor<T> {
    type Value = Staged<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, or a table of `first` and `last`, or of `values`")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Staged::Constant)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Staged::Constant)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Staged::Constant)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Staged::Constant)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Staged::Constant)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let table = Table::<T>::deserialize(MapAccessDeserializer::new(map))?;
        match (table.first, table.last, table.course, table.values) {
            (Some(first), Some(last), course, None) => {
                Ok(Staged::Between { first, last, course: course.unwrap_or_default() })
            }
            (None, None, None, Some(values)) => Ok(Staged::Listed(values)),
            (_, _, _, Some(_)) => Err(de::Error::custom("`values` stands alone, without `first` and `last`")),
            (None, _, _, None) => Err(de::Error::missing_field("first")),
            (_, None, _, None) => Err(de::Error::missing_field("last")),
        }
    }
}

impl<T: JsonSchema> JsonSchema for Staged<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Staged_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        let course = generator.subschema_for::<Course>();
        json_schema!({
            "anyOf": [
                value,
                {
                    "type": "object",
                    "description": "A course from the first stage to the last.",
                    "properties": {
                        "first": with_words(&value, "Value in the first stage."),
                        "last": with_words(&value, "Value in the last stage."),
                        "course": with_words(&course, "How the stages between go."),
                    },
                    "required": ["first", "last"],
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "description": "One value for each stage.",
                    "properties": {
                        "values": {
                            "type": "array",
                            "description": "Value of each stage.",
                            "items": value,
                            "minItems": 1,
                        },
                    },
                    "required": ["values"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

fn with_words(schema: &Schema, description: &str) -> Schema {
    let mut schema = schema.clone();
    schema.insert("description".into(), description.into());
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Document, render};
    use crate::quantity::Amplitude;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Training {
        gain: Staged<f64>,
        pulse: Staged<Amplitude>,
    }

    fn parse(gain: &str, pulse: &str) -> Result<Training, String> {
        let text = format!("gain = {gain}\npulse = {pulse}\n");
        let document = Document::from_text("training.toml", &text).unwrap();
        document.parse().map_err(|error| error.report())
    }

    #[test]
    fn every_form_is_read_and_written() {
        let geometric = "{ first = 0.1, last = 0.4, course = \"geometric\" }";
        for (gain, pulse, stages) in [
            ("1", "\"0.7 V\"", [1.0, 1.0, 1.0]),
            ("0.5", "0.3", [0.5, 0.5, 0.5]),
            ("{ first = 1, last = 0 }", "{ first = \"1 V\", last = \"1.5 Vc0\" }", [1.0, 0.5, 0.0]),
            (geometric, "{ values = [0.5, \"35 %\", 1] }", [0.1, 0.2, 0.4]),
            ("{ values = [3, 2.5, 2] }", "\"35 %\"", [3.0, 2.5, 2.0]),
        ] {
            let training = parse(gain, pulse).unwrap_or_else(|report| panic!("{report}"));
            for (stage, value) in (0..).zip(stages) {
                assert!((training.gain.at(stage, 3) - value).abs() < 1e-15, "{gain} in stage {stage}");
            }
            let written = render(&training).unwrap();
            let again: Training = Document::from_text("written", &written).unwrap().parse().unwrap();
            assert_eq!(again, training, "{written}");
        }
        assert_eq!(Staged::linear(1.0, 2.0).at(0, 1), 1.0, "one stage has the first value");
    }

    #[test]
    fn mixed_forms_are_refused() {
        for (gain, words) in [
            ("{ first = 1 }", "`last` is missing"),
            ("{ first = 1, last = 2, values = [1] }", "`values` stands alone"),
            ("{ start = 1, end = 2 }", "unknown key `start`"),
            ("\"much\"", "expected f64"),
            ("[1, 2]", "a table of `first` and `last`"),
        ] {
            let report = parse(gain, "0.5").unwrap_err();
            assert!(report.contains(words), "{gain}: {report}");
        }
    }

    #[test]
    fn every_value_is_checked_at_its_own_key() {
        let found = |staged: Staged<f64>| {
            let mut faults = Faults::default();
            faults.within("gain", |faults| staged.check_within(0.0, 1.0, 3, faults));
            faults.found().iter().map(|fault| fault.path.clone()).collect::<Vec<_>>()
        };
        assert_eq!(found(Staged::Constant(0.5)), [""; 0]);
        assert_eq!(found(Staged::Constant(f64::NAN)), ["gain"]);
        assert_eq!(found(Staged::linear(0.0, 2.0)), ["gain.last"]);
        let geometric = Staged::Between { first: 0.0, last: 1.0, course: Course::Geometric };
        assert_eq!(found(geometric), ["gain.first"]);
        assert_eq!(found(Staged::Listed(vec![0.1, 3.0])), ["gain.values", "gain.values[1]"]);
        let volts = Staged::Constant("2 Vc0".parse::<Amplitude>().unwrap());
        let volts = volts.map(|amplitude| amplitude.voltage().unwrap().volts(0.4));
        assert_eq!(volts, Staged::Constant(0.8));
    }
}
