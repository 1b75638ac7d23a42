//! Physical quantities: SI values in memory, numbers with units in files.
//!
//! Every quantity a user can write is one of the types declared in the table at the
//! end of this file. Each holds its value in SI, reads `"40 nm"` and writes a
//! unit back, so that a dumped configuration is valid input.
//!
//! A quantity is refused when it is a bare number, has the wrong dimension, or lies outside the
//! range of what anyone could mean; quantities that code makes are not checked. Units are
//! products of the symbols in [`UNITS`] with an SI prefix and an integer power:
//! `"3.18 ohm um^2"`, `"60 fJ/(V m)"`, `"1.1 MA/m"`.

mod amplitude;
mod kind;
mod units;

use std::fmt;

pub(crate) use amplitude::read_marked;
pub use amplitude::{Amplitude, DriveVoltage};
pub use kind::{Kind, QuantityError};
pub use units::{Dimension, UNITS, Unit};

use kind::plain;

/// Declares the quantity types: name, words, SI unit, display unit, whether it takes prefixes, examples,
/// dimension, and the lowest and highest value, in SI, that a configuration can mean.
macro_rules! quantities {
    ($($type:ident, $words:literal, $si:literal, $display:literal, $prefixed:literal,
       $example:literal $(or $other:literal)*, $dimension:expr, $lowest:literal to $highest:literal;)+) => {
        $(
            #[doc = concat!("The quantity `", stringify!($type), "`, held in ", $si, "; written as `\"", $example, "\"`, from ", $lowest, " to ", $highest, " ", $si, ".")]
            #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
            pub struct $type(
                #[doc = concat!("Value in ", $si, ".")]
                pub f64,
            );

            impl $type {
                /// Declaration of this quantity.
                pub const KIND: Kind = Kind {
                    type_name: stringify!($type),
                    name: $words,
                    si_unit: $si,
                    display_unit: $display,
                    display_prefixed: $prefixed,
                    examples: &[$example $(, $other)*],
                    dimension: $dimension,
                    lowest: $lowest,
                    highest: $highest,
                };

                /// Value in SI.
                #[must_use]
                pub const fn si(self) -> f64 {
                    self.0
                }
            }

            impl std::str::FromStr for $type {
                type Err = QuantityError;
                fn from_str(text: &str) -> Result<Self, QuantityError> {
                    Self::KIND.parse_in_range(text).map(Self)
                }
            }

            impl fmt::Display for $type {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&Self::KIND.format(self.0))
                }
            }

            impl serde::Serialize for $type {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> serde::Deserialize<'de> for $type {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_any(QuantityVisitor(Self::KIND)).map(Self)
                }
            }

            impl schemars::JsonSchema for $type {
                fn schema_name() -> std::borrow::Cow<'static, str> {
                    stringify!($type).into()
                }
                fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                    schemars::json_schema!({
                        "type": "string",
                        "x-quantity": stringify!($type),
                        "x-si-unit": $si,
                        "examples": [$example $(, $other)*],
                    })
                }
            }
        )+

        /// Declarations of all quantity types, for documentation and tests.
        pub const KINDS: &[Kind] = &[$($type::KIND),+];
    };
}

impl Kind {
    /// The kind whose type is called `type_name`, as in the `x-quantity` of a schema.
    #[must_use]
    pub fn named(type_name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.type_name == type_name)
    }
}

struct QuantityVisitor(Kind);

impl serde::de::Visitor<'_> for QuantityVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.expected())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<f64, E> {
        self.0.parse_in_range(text).map_err(E::custom)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<f64, E> {
        Err(E::custom(QuantityError::NoUnit { text: plain(value), expected: self.0.expected() }))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<f64, E> {
        Err(E::custom(QuantityError::NoUnit { text: value.to_string(), expected: self.0.expected() }))
    }
}

quantities! {
    Length, "a length", "m", "m", true, "40 nm", [1, 0, 0, 0, 0], 0.0 to 1.0;
    Area, "an area", "m2", "m^2", true, "1256 nm^2", [2, 0, 0, 0, 0], 0.0 to 1.0;
    Volume, "a volume", "m3", "m^3", true, "2200 nm^3", [3, 0, 0, 0, 0], 0.0 to 1.0;
    Time, "a time", "s", "s", true, "5 ns", [0, 0, 1, 0, 0], 0.0 to 1e12;
    Frequency, "a frequency", "Hz", "Hz", true, "10 MHz", [0, 0, -1, 0, 0], 0.0 to 1e15;
    Voltage, "a voltage", "V", "V", true, "0.68 V", [2, 1, -3, -1, 0], -1e3 to 1e3;
    Current, "a current", "A", "A", true, "100 uA", [0, 0, 0, 1, 0], -1e3 to 1e3;
    CurrentDensity, "a current density", "A m-2", "A/m^2", true, "5e10 A/m^2", [-2, 0, 0, 1, 0], -1e18 to 1e18;
    Resistance, "a resistance", "ohm", "ohm", true, "2.5 kohm", [2, 1, -3, -2, 0], 0.0 to 1e18;
    ResistanceArea, "a resistance-area product", "ohm m2", "ohm um^2", false, "3.18 ohm um^2", [4, 1, -3, -2, 0], 0.0 to 1.0;
    Conductance, "a conductance", "S", "S", true, "395 uS", [-2, -1, 3, 2, 0], 0.0 to 1e9;
    Capacitance, "a capacitance", "F", "F", true, "1 fF", [-2, -1, 4, 2, 0], 0.0 to 1.0;
    Temperature, "a temperature", "K", "K", false, "300 K", [0, 0, 0, 0, 1], 0.0 to 1e4;
    Magnetisation, "a magnetisation", "A m-1", "A/m", true, "473 kA/m", [-1, 0, 0, 1, 0], 0.0 to 1e8;
    MagneticField, "a magnetic field", "A m-1", "A/m", true, "50 mT" or "40 kA/m", [-1, 0, 0, 1, 0], -1e9 to 1e9;
    Energy, "an energy", "J", "J", true, "0.17 aJ", [2, 1, -2, 0, 0], -1e3 to 1e3;
    Power, "a power", "W", "W", true, "30 uW", [2, 1, -3, 0, 0], 0.0 to 1e6;
    EnergyDensity, "an energy density", "J m-3", "J/m^3", true, "150 kJ/m^3", [-1, 1, -2, 0, 0], -1e12 to 1e12;
    SurfaceEnergy, "an energy per area", "J m-2", "J/m^2", true, "0.41 mJ/m^2", [0, 1, -2, 0, 0], -1e3 to 1e3;
    VcmaCoefficient, "a VCMA coefficient", "J V-1 m-1", "J/(V m)", true, "60 fJ/(V m)", [-1, 0, 1, 1, 0], -1e-6 to 1e-6;
    ThermalResistance, "a thermal resistance", "K W-1", "K/W", true, "1e6 K/W", [-2, -1, 3, 0, 1], 0.0 to 1e15;
    Angle, "an angle", "rad", "deg", false, "5 deg", [0, 0, 0, 0, 0], -628.318_530_717_958_6 to 628.318_530_717_958_6;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units_exactly() {
        assert_eq!("40 nm".parse::<Length>().unwrap().si(), 40e-9);
        assert_eq!("3.18 ohm um^2".parse::<ResistanceArea>().unwrap().si(), 3.18e-12);
        assert_eq!("60 fJ/(V m)".parse::<VcmaCoefficient>().unwrap().si(), 60e-15);
        assert_eq!("60 fJ/V/m".parse::<VcmaCoefficient>().unwrap().si(), 60e-15);
        assert_eq!("1.1 MA/m".parse::<Magnetisation>().unwrap().si(), 1.1e6);
        assert_eq!("1e-3 m".parse::<Length>().unwrap().si(), 1e-3);
        assert_eq!("-0.68V".parse::<Voltage>().unwrap().si(), -0.68);
        assert_eq!("0.41 mJ/m^2".parse::<SurfaceEnergy>().unwrap().si(), 0.41e-3);
        let field = "1 T".parse::<MagneticField>().unwrap().si();
        assert!((field - 795_774.715).abs() < 0.01, "{field}");
        assert_eq!("10 Oe".parse::<MagneticField>().unwrap().si(), 795.774_715_459_476_7);
    }

    #[test]
    fn refuses_what_has_no_or_a_wrong_unit() {
        assert!(matches!("40".parse::<Length>(), Err(QuantityError::NoUnit { .. })));
        assert!(matches!("40 ns".parse::<Length>(), Err(QuantityError::WrongDimension { .. })));
        assert!(matches!("40 furlong".parse::<Length>(), Err(QuantityError::UnknownUnit { .. })));
        assert!(matches!("nm".parse::<Length>(), Err(QuantityError::Number { .. })));
        assert!(matches!("1e999 m".parse::<Length>(), Err(QuantityError::NotFinite { .. })));
        for bad in [
            "",
            " ",
            "1 (m",
            "1 m)",
            "1 m/",
            "1 m^99999",
            "1 m//s",
            "e5 m",
            "1e99999999999 m",
            "inf m",
            "NaN m",
        ] {
            assert!(bad.parse::<Length>().is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn refuses_what_nobody_means() {
        let message = |e: QuantityError| e.to_string();
        let wrong = "-40 nm".parse::<Length>().map_err(message).unwrap_err();
        assert_eq!(wrong, "`-40 nm` is out of range; expected a length from 0 m to 1 m");
        let wrong = "3e5 K".parse::<Temperature>().map_err(message).unwrap_err();
        assert_eq!(wrong, "`3e5 K` is out of range; expected a temperature from 0 K to 10000 K");
        for (kind, fine) in
            [(Time::KIND, "10 year"), (SurfaceEnergy::KIND, "-0.4 mJ/m^2"), (Angle::KIND, "-180 deg")]
        {
            assert!(kind.parse_in_range(fine).is_ok(), "{fine}");
        }
        assert_eq!(Time::KIND.parse("-1 ns"), Ok(-1e-9), "the range is that of configurations");
        assert_eq!(Length(-1.0).si(), -1.0, "code is not checked");
        for kind in KINDS {
            assert!(kind.lowest < kind.highest && kind.highest.is_finite(), "{}", kind.type_name);
        }
    }

    #[test]
    fn every_example_is_valid_and_every_value_reads_back() {
        for kind in KINDS {
            for example in kind.examples {
                kind.parse_in_range(example).unwrap_or_else(|e| panic!("{e}"));
            }
            for limit in [kind.lowest, kind.highest] {
                kind.parse_in_range(&kind.format(limit)).unwrap_or_else(|e| panic!("{e}"));
            }
            assert_eq!(Kind::named(kind.type_name), Some(kind));
            for value in [0.0, 1.0, -3.3e-9, 4e-8, 1.0 / 3.0, 2.5e5, 6.02e23, 1e-30] {
                let written = kind.format(value);
                let read = kind.parse(&written).unwrap_or_else(|e| panic!("{e}"));
                assert!((read - value).abs() <= value.abs() * 4e-16, "{value:e} -> {written} -> {read:e}");
            }
        }
        assert_eq!(Length(40e-9).to_string(), "40 nm");
        assert_eq!(Area(1.256e-15).to_string(), "1256 nm^2");
        assert_eq!(Magnetisation(473e3).to_string(), "473 kA/m");
    }
}
