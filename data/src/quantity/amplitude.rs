//! Amplitudes of pulses: a voltage, a multiple of the device's own critical voltage, or what is wanted of it.
//!
//! `"0.7 V"` is absolute; `"2 Vc0"` is twice the voltage at which the state loses its stability at zero
//! temperature, so that one configuration asks the same question of every device; `0.35` or `"35 %"` is
//! the pulse that switches the nominal device with that probability.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use super::Voltage;
use super::kind::{Kind, QuantityError, plain, shift_decimal, split_number};

/// Unit of multiples of the critical voltage.
const CRITICAL: &str = "Vc0";

/// Largest magnitude of a multiple of the critical voltage that anyone could mean.
const MOST_CRITICAL: f64 = 1e3;

/// Examples of a voltage.
const VOLTAGE_EXAMPLES: [&str; 2] = ["0.7 V", "1.5 Vc0"];

/// A voltage: absolute, or in critical voltages of the device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DriveVoltage {
    /// In volts.
    Absolute(Voltage),
    /// In critical voltages of the state that is driven.
    Critical(f64),
}

/// Amplitude of a pulse: a voltage, or the probability with which it is to switch the nominal device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amplitude {
    /// A voltage, absolute or in critical voltages.
    Voltage(DriveVoltage),
    /// Probability of switching, 0 to 1.
    Probability(f64),
}

impl DriveVoltage {
    /// Value in V for a device whose critical voltage has the magnitude `critical_v`.
    #[must_use]
    pub fn volts(self, critical_v: f64) -> f64 {
        match self {
            Self::Absolute(volts) => volts.si(),
            Self::Critical(multiple) => multiple * critical_v,
        }
    }

    fn expected() -> String {
        let [volts, critical] = VOLTAGE_EXAMPLES;
        format!(
            "a voltage with its unit, such as \"{volts}\", or a multiple of the device's critical voltage, \
             such as \"{critical}\""
        )
    }

    fn read(text: &str, expected: &str) -> Result<Self, QuantityError> {
        let (number, unit) = split_number(text);
        if unit != CRITICAL {
            return Voltage::KIND
                .parse_in_range_or(text, expected)
                .map(|volts| Self::Absolute(Voltage(volts)));
        }
        let (text, expected) = (text.to_string(), expected.to_string());
        match number.parse::<f64>() {
            Ok(multiple) if multiple.abs() <= MOST_CRITICAL => Ok(Self::Critical(multiple)),
            Ok(multiple) if multiple.is_finite() => Err(QuantityError::OutOfRange {
                text,
                name: "a multiple of the critical voltage".into(),
                low: format!("-{MOST_CRITICAL} {CRITICAL}"),
                high: format!("{MOST_CRITICAL} {CRITICAL}"),
            }),
            Ok(_) => Err(QuantityError::NotFinite { text, expected }),
            Err(_) => Err(QuantityError::Number { text, expected }),
        }
    }
}

impl Amplitude {
    /// The voltage, where it is one.
    #[must_use]
    pub const fn voltage(self) -> Option<DriveVoltage> {
        match self {
            Self::Voltage(voltage) => Some(voltage),
            Self::Probability(_) => None,
        }
    }

    fn expected() -> String {
        format!("{}, or a probability from 0 to 1, such as 0.35 or \"35 %\"", DriveVoltage::expected())
    }

    fn probability(text: String, value: f64) -> Result<Self, QuantityError> {
        if (0.0..=1.0).contains(&value) {
            return Ok(Self::Probability(value));
        }
        Err(QuantityError::OutOfRange {
            text,
            name: "a probability".into(),
            low: "0".into(),
            high: "1".into(),
        })
    }
}

impl From<DriveVoltage> for Amplitude {
    fn from(voltage: DriveVoltage) -> Self {
        Self::Voltage(voltage)
    }
}

impl FromStr for DriveVoltage {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Self::read(text, &Self::expected())
    }
}

impl FromStr for Amplitude {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        match split_number(text) {
            (number, "%") if !number.is_empty() => {
                Self::probability(text.to_string(), shift_decimal(number, -2))
            }
            (number, "") if number.parse::<f64>().is_ok() => {
                Self::probability(text.to_string(), shift_decimal(number, 0))
            }
            _ => DriveVoltage::read(text, &Self::expected()).map(Self::Voltage),
        }
    }
}

impl fmt::Display for DriveVoltage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(volts) => volts.fmt(f),
            Self::Critical(multiple) => write!(f, "{} {CRITICAL}", plain(*multiple)),
        }
    }
}

impl fmt::Display for Amplitude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Voltage(voltage) => voltage.fmt(f),
            Self::Probability(value) => f.write_str(&plain(*value)),
        }
    }
}

impl Serialize for DriveVoltage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Amplitude {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Voltage(voltage) => voltage.serialize(serializer),
            Self::Probability(value) => serializer.serialize_f64(*value),
        }
    }
}

/// Reads text by `FromStr`, and bare numbers by `number`.
struct AmplitudeVisitor<T> {
    expected: String,
    number: fn(String, f64) -> Result<T, QuantityError>,
}

impl<T: FromStr<Err = QuantityError>> de::Visitor<'_> for AmplitudeVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<T, E> {
        (self.number)(plain(value), value).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        (self.number)(value.to_string(), value as f64).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for DriveVoltage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = |text, _| Err(QuantityError::NoUnit { text, expected: Self::expected() });
        deserializer.deserialize_any(AmplitudeVisitor { expected: Self::expected(), number })
    }
}

impl<'de> Deserialize<'de> for Amplitude {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Self::probability;
        deserializer.deserialize_any(AmplitudeVisitor { expected: Self::expected(), number })
    }
}

/// Whether `text` is a value of a schema with these marks: `x-quantity`, `x-or-unit`, `x-or-probability`.
pub(crate) fn read_marked(
    text: &str,
    kind: &Kind,
    or_critical: bool,
    or_probability: bool,
) -> Result<(), QuantityError> {
    match (or_probability, or_critical) {
        (true, _) => text.parse::<Amplitude>().map(drop),
        (false, true) => text.parse::<DriveVoltage>().map(drop),
        (false, false) => kind.parse_in_range(text).map(drop),
    }
}

impl JsonSchema for DriveVoltage {
    fn schema_name() -> Cow<'static, str> {
        "DriveVoltage".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "x-quantity": Voltage::KIND.type_name,
            "x-or-unit": CRITICAL,
            "x-si-unit": Voltage::KIND.si_unit,
            "examples": VOLTAGE_EXAMPLES,
        })
    }
}

impl JsonSchema for Amplitude {
    fn schema_name() -> Cow<'static, str> {
        "Amplitude".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut text = DriveVoltage::json_schema(generator);
        text.insert("x-or-probability".into(), true.into());
        let number = json_schema!({ "type": "number", "minimum": 0, "maximum": 1, "examples": [0.35] });
        json_schema!({ "anyOf": [text, number], "x-si-unit": Voltage::KIND.si_unit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voltages_are_read_and_written_in_both_units() {
        for (text, volts) in [("0.7 V", 0.7), ("1.5 Vc0", 0.6), ("250 mV", 0.25), ("-1.5 Vc0", -0.6)] {
            let voltage: DriveVoltage = text.parse().unwrap();
            assert!((voltage.volts(0.4) - volts).abs() < 1e-15, "{text}");
            assert_eq!(voltage.to_string().parse::<DriveVoltage>().unwrap(), voltage);
            assert_eq!(text.parse::<Amplitude>().unwrap(), voltage.into());
        }
        assert_eq!("1.5Vc0".parse::<DriveVoltage>().unwrap().to_string(), "1.5 Vc0");
        for wrong in ["Vc0", "nan Vc0", "inf Vc0", "1.5 Vc1", "1.5", "2 A", "", "50 %"] {
            let message = wrong.parse::<DriveVoltage>().unwrap_err().to_string();
            assert!(message.contains("Vc0\""), "{wrong}: {message}");
        }
        let message = "2000 Vc0".parse::<DriveVoltage>().unwrap_err().to_string();
        assert!(message.contains("from -1000 Vc0 to 1000 Vc0"), "{message}");
    }

    #[test]
    fn probabilities_are_bare_numbers_or_percent() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Pulse {
            amplitude: Amplitude,
        }
        for (text, value) in
            [("0.35", 0.35), ("1", 1.0), ("\"35 %\"", 0.35), ("\"0.5%\"", 0.005), ("\"0.2\"", 0.2)]
        {
            let pulse: Pulse = toml::from_str(&format!("amplitude = {text}")).unwrap();
            assert_eq!(pulse.amplitude, Amplitude::Probability(value), "{text}");
            let written = toml::to_string(&pulse).unwrap();
            assert_eq!(toml::from_str::<Pulse>(&written).unwrap(), pulse, "{written}");
        }
        let message = |text: &str| {
            toml::from_str::<Pulse>(&format!("amplitude = {text}")).unwrap_err().message().to_string()
        };
        assert!(message("1.5").contains("`1.5` is out of range; expected a probability from 0 to 1"));
        assert!(message("\"135 %\"").contains("`135 %` is out of range; expected a probability from 0 to 1"));
        assert!(message("nan").contains("expected a probability from 0 to 1"));
        assert!(message("\"7 nm\"").contains("is not a voltage"));
        assert!(message("true").contains("\"35 %\""));
        let message = toml::from_str::<DriveOnly>("amplitude = 0.5").unwrap_err().to_string();
        assert!(message.contains("`0.5` has no unit"), "{message}");
    }

    #[derive(Debug, Deserialize)]
    struct DriveOnly {
        #[expect(dead_code, reason = "only read")]
        amplitude: DriveVoltage,
    }
}
