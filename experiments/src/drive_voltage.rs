//! A voltage that may be given as a multiple of the device's own critical voltage.
//!
//! `"0.7 V"` is absolute; `"2 Vc0"` is twice the voltage at which the state loses its stability at zero
//! temperature, so that one configuration asks the same question of every device.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use spinhebb_data::quantity::Voltage;

/// Unit of multiples of the critical voltage.
const CRITICAL: &str = "Vc0";

/// Magnitude of a voltage: absolute, or in critical voltages of the device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DriveVoltage {
    /// In volts.
    Absolute(Voltage),
    /// In critical voltages of the state that is driven.
    Critical(f64),
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
}

impl FromStr for DriveVoltage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(number) = text.trim().strip_suffix(CRITICAL) else {
            return text.parse().map(Self::Absolute).map_err(|error| {
                format!("{error}, or a multiple of the device's critical voltage such as \"1.5 {CRITICAL}\"")
            });
        };
        match number.trim().parse::<f64>() {
            Ok(multiple) if multiple.is_finite() => Ok(Self::Critical(multiple)),
            _ => Err(format!(
                "`{text}` does not start with a finite number; expected such as \"1.5 {CRITICAL}\""
            )),
        }
    }
}

impl fmt::Display for DriveVoltage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(volts) => volts.fmt(f),
            Self::Critical(multiple) => write!(f, "{multiple} {CRITICAL}"),
        }
    }
}

impl Serialize for DriveVoltage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DriveVoltage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Whole(i64),
            Number(f64),
        }
        match Written::deserialize(deserializer) {
            Ok(Written::Text(text)) => text.parse().map_err(D::Error::custom),
            Ok(Written::Whole(number)) => Err(D::Error::custom(bare(number))),
            Ok(Written::Number(number)) => Err(D::Error::custom(bare(number))),
            Err(_) => Err(D::Error::custom("expected a voltage such as \"0.7 V\" or \"1.5 Vc0\"")),
        }
    }
}

fn bare(number: impl fmt::Display) -> String {
    format!("`{number}` has no unit; expected a voltage such as \"0.7 V\" or \"1.5 {CRITICAL}\"")
}

impl JsonSchema for DriveVoltage {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DriveVoltage".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "x-si-unit": "V",
            "examples": ["0.7 V", "1.5 Vc0"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voltages_are_read_and_written_in_both_units() {
        for (text, volts) in [("0.7 V", 0.7), ("1.5 Vc0", 0.6), ("250 mV", 0.25)] {
            let voltage: DriveVoltage = text.parse().unwrap();
            assert!((voltage.volts(0.4) - volts).abs() < 1e-15, "{text}");
            assert_eq!(voltage.to_string().parse::<DriveVoltage>().unwrap(), voltage);
        }
        assert_eq!("1.5Vc0".parse::<DriveVoltage>().unwrap().to_string(), "1.5 Vc0");
        for wrong in ["Vc0", "nan Vc0", "inf Vc0", "1.5 Vc1", "1.5", "2 A", ""] {
            let message = wrong.parse::<DriveVoltage>().unwrap_err();
            assert!(message.contains("Vc0\""), "{wrong}: {message}");
        }
    }
}
