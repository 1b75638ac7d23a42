//! Physical quantities: SI values in memory, numbers with units in files.
//!
//! Every quantity a user can write is one of the types declared in the table at the
//! end of this file. Each holds its value in SI, reads `"40 nm"` and writes a
//! unit back, so that a dumped configuration is valid input.
//!
//! A quantity is refused when it is a bare number or has the wrong dimension. Units
//! are products of the symbols in [`UNITS`] with an SI prefix and an integer power:
//! `"3.18 ohm um^2"`, `"60 fJ/(V m)"`, `"1.1 MA/m"`.

use std::fmt;

/// Exponents of metre, kilogram, second, ampere and kelvin.
pub type Dimension = [i8; 5];

/// One unit symbol: `1 symbol = mantissa * 10^exponent` in SI.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    /// Symbol as written in files.
    pub symbol: &'static str,
    /// Dimension of the unit.
    pub dimension: Dimension,
    /// Factor to SI that is not a power of ten.
    pub mantissa: f64,
    /// Power of ten of the factor to SI.
    pub exponent: i32,
    /// Whether SI prefixes (`n`, `k`, ...) may precede the symbol.
    pub prefixed: bool,
}

const fn unit(
    symbol: &'static str,
    dimension: Dimension,
    mantissa: f64,
    exponent: i32,
    prefixed: bool,
) -> Unit {
    Unit { symbol, dimension, mantissa, exponent, prefixed }
}

/// Every unit symbol known to the configuration.
///
/// `Oe` is the SI field strength 1000/(4 pi) A/m of one oersted.
#[rustfmt::skip]
pub const UNITS: &[Unit] = &[
    unit("m",    [1, 0, 0, 0, 0],   1.0, 0, true),
    unit("g",    [0, 1, 0, 0, 0],   1.0, -3, true),
    unit("s",    [0, 0, 1, 0, 0],   1.0, 0, true),
    unit("A",    [0, 0, 0, 1, 0],   1.0, 0, true),
    unit("K",    [0, 0, 0, 0, 1],   1.0, 0, true),
    unit("V",    [2, 1, -3, -1, 0], 1.0, 0, true),
    unit("ohm",  [2, 1, -3, -2, 0], 1.0, 0, true),
    unit("Ω",    [2, 1, -3, -2, 0], 1.0, 0, true),
    unit("S",    [-2, -1, 3, 2, 0], 1.0, 0, true),
    unit("F",    [-2, -1, 4, 2, 0], 1.0, 0, true),
    unit("C",    [0, 0, 1, 1, 0],   1.0, 0, true),
    unit("J",    [2, 1, -2, 0, 0],  1.0, 0, true),
    unit("W",    [2, 1, -3, 0, 0],  1.0, 0, true),
    unit("N",    [1, 1, -2, 0, 0],  1.0, 0, true),
    unit("T",    [0, 1, -2, -1, 0], 1.0, 0, true),
    unit("Hz",   [0, 0, -1, 0, 0],  1.0, 0, true),
    unit("eV",   [2, 1, -2, 0, 0],  1.602_176_634, -19, true),
    unit("erg",  [2, 1, -2, 0, 0],  1.0, -7, false),
    unit("emu",  [2, 0, 0, 1, 0],   1.0, -3, false),
    unit("Oe",   [-1, 0, 0, 1, 0],  79.577_471_545_947_67, 0, true),
    unit("rad",  [0, 0, 0, 0, 0],   1.0, 0, true),
    unit("deg",  [0, 0, 0, 0, 0],   std::f64::consts::PI / 180.0, 0, false),
    unit("%",    [0, 0, 0, 0, 0],   1.0, -2, false),
    unit("min",  [0, 0, 1, 0, 0],   60.0, 0, false),
    unit("h",    [0, 0, 1, 0, 0],   3600.0, 0, false),
    unit("day",  [0, 0, 1, 0, 0],   86_400.0, 0, false),
    unit("year", [0, 0, 1, 0, 0],   31_557_600.0, 0, false),
];

const PREFIXES: &[(&str, i32)] = &[
    ("f", -15),
    ("p", -12),
    ("n", -9),
    ("u", -6),
    ("µ", -6),
    ("μ", -6),
    ("m", -3),
    ("c", -2),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("a", -18),
];

/// Vacuum permeability mu0 in T m/A (CODATA 2022), used to read fields given in tesla.
const MU0: f64 = 1.256_637_061_27e-6;

/// Why a text is not the wanted quantity.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QuantityError {
    /// The text does not start with a number.
    #[error("`{text}` does not start with a number; expected {expected}")]
    Number {
        /// The text as written.
        text: String,
        /// What would have been accepted.
        expected: String,
    },
    /// The number is not finite or the power of ten leaves the range of a double.
    #[error("`{text}` is not a finite number; expected {expected}")]
    NotFinite {
        /// The text as written.
        text: String,
        /// What would have been accepted.
        expected: String,
    },
    /// A number without a unit.
    #[error("`{text}` has no unit; expected {expected}")]
    NoUnit {
        /// The text as written.
        text: String,
        /// What would have been accepted.
        expected: String,
    },
    /// A unit symbol that is not in [`UNITS`].
    #[error("`{symbol}` in `{text}` is not a known unit; expected {expected}")]
    UnknownUnit {
        /// The offending symbol.
        symbol: String,
        /// The text as written.
        text: String,
        /// What would have been accepted.
        expected: String,
    },
    /// The unit is of another dimension.
    #[error("`{text}` is not {name}: its unit has the wrong dimension; expected {expected}")]
    WrongDimension {
        /// The text as written.
        text: String,
        /// The quantity that was due.
        name: String,
        /// What would have been accepted.
        expected: String,
    },
}

/// What a quantity type is: the one declaration used by the configuration, the schema,
/// the HDF5 attributes and the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Name in words, with its article: "a length".
    pub name: &'static str,
    /// SI unit, UDUNITS spelling, as written into HDF5 attributes.
    pub si_unit: &'static str,
    /// Unit that values are written in, with the prefixable symbol first.
    pub display_unit: &'static str,
    /// Whether an SI prefix may be put before `display_unit` when writing.
    pub display_prefixed: bool,
    /// An example a user may copy.
    pub example: &'static str,
    /// Dimension.
    pub dimension: Dimension,
}

impl Kind {
    fn expected(&self) -> String {
        format!("{} with its unit, such as \"{}\"", self.name, self.example)
    }

    /// Reads `text` as this kind of quantity and returns its SI value.
    ///
    /// Powers of ten are applied to the decimal text, so that `"40 nm"` is the double
    /// nearest to 4e-8.
    ///
    /// # Errors
    /// See [`QuantityError`].
    pub fn parse(&self, text: &str) -> Result<f64, QuantityError> {
        let shown = || text.to_string();
        let trimmed = text.trim();
        let split = number_length(trimmed);
        let (number, unit_text) = trimmed.split_at(split);
        if number.parse::<f64>().is_err() {
            return Err(QuantityError::Number { text: shown(), expected: self.expected() });
        }
        let unit_text = unit_text.trim();
        if unit_text.is_empty() && self.dimension != [0; 5] {
            return Err(QuantityError::NoUnit { text: shown(), expected: self.expected() });
        }
        let parsed = parse_unit(unit_text).map_err(|symbol| QuantityError::UnknownUnit {
            symbol,
            text: shown(),
            expected: self.expected(),
        })?;
        let tesla_for_field = self.dimension == [-1, 0, 0, 1, 0] && parsed.dimension == [0, 1, -2, -1, 0];
        if parsed.dimension != self.dimension && !tesla_for_field {
            return Err(QuantityError::WrongDimension {
                text: shown(),
                name: self.name.to_string(),
                expected: self.expected(),
            });
        }
        let mut value = shift_decimal(number, parsed.exponent) * parsed.mantissa;
        if tesla_for_field {
            value /= MU0;
        }
        if !value.is_finite() {
            return Err(QuantityError::NotFinite { text: shown(), expected: self.expected() });
        }
        Ok(value)
    }

    /// Writes the SI value `si` with a unit; [`Kind::parse`] gives the same value back
    /// (the same bits where the unit is a power of ten of SI).
    pub fn format(&self, si: f64) -> String {
        let unit = parse_unit(self.display_unit).expect("display units are in the table");
        let scientific = format!("{:e}", si / unit.mantissa);
        let Some((digits, exponent)) = scientific.split_once('e') else {
            return format!("{si} {}", self.display_unit); // NaN and infinities, which no file can hold
        };
        let exponent = exponent.parse::<i32>().expect("`{:e}` writes an integer exponent") - unit.exponent;
        let power = leading_power(self.display_unit);
        let prefix_exponent = if self.display_prefixed && si != 0.0 {
            (exponent.div_euclid(3 * power) * 3).clamp(-15, 9)
        } else {
            0
        };
        let prefix = PREFIXES.iter().find(|(_, e)| *e == prefix_exponent).map_or("", |(p, _)| *p);
        let number = plain(shift_decimal(digits, exponent - prefix_exponent * power));
        format!("{number} {prefix}{}", self.display_unit)
    }
}

/// Power of the first symbol of a unit such as `um^2 ohm`.
fn leading_power(unit: &str) -> i32 {
    let first = unit.split([' ', '/']).next().unwrap_or("");
    first.split_once('^').map_or(1, |(_, power)| power.parse().unwrap_or(1))
}

/// Shortest decimal that reads back as `value`, without an exponent where that is short.
fn plain(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-4..1e7).contains(&magnitude) { format!("{value}") } else { format!("{value:e}") }
}

/// Length of the number at the start of `text`.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let c = bytes[end];
        let exponent_follows = matches!(c, b'e' | b'E')
            && end > 0
            && match bytes.get(end + 1) {
                Some(b'+' | b'-') => bytes.get(end + 2).is_some_and(u8::is_ascii_digit),
                Some(d) => d.is_ascii_digit(),
                None => false,
            };
        let sign_ok = matches!(c, b'+' | b'-') && (end == 0 || matches!(bytes[end - 1], b'e' | b'E'));
        if c.is_ascii_digit() || c == b'.' || exponent_follows || sign_ok {
            end += 1;
        } else {
            break;
        }
    }
    end
}

/// `number * 10^shift`, rounded once.
fn shift_decimal(number: &str, shift: i32) -> f64 {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i64 =
        exponent.parse().unwrap_or(if exponent.starts_with('-') { -100_000 } else { 100_000 });
    format!("{mantissa}e{}", exponent + i64::from(shift)).parse().unwrap_or(f64::NAN)
}

struct ParsedUnit {
    dimension: Dimension,
    mantissa: f64,
    exponent: i32,
}

/// Reads a unit expression; `Err` names the symbol that is unknown.
fn parse_unit(text: &str) -> Result<ParsedUnit, String> {
    let mut parsed = ParsedUnit { dimension: [0; 5], mantissa: 1.0, exponent: 0 };
    // Grammar: factors separated by blanks, `*` or `·`; after `/` one factor or one bracketed group is divided.
    let mut sign = 1;
    let mut in_group = false;
    let mut token = String::new();
    for c in text.chars().chain([' ']) {
        match c {
            ' ' | '*' | '·' | '/' | '(' | ')' => {
                if !token.is_empty() {
                    multiply(&mut parsed, &std::mem::take(&mut token), sign)?;
                    if !in_group {
                        sign = 1;
                    }
                }
                match c {
                    '/' if in_group || sign == -1 => return Err(text.to_string()),
                    '/' => sign = -1,
                    '(' if in_group => return Err("(".to_string()),
                    '(' => in_group = true,
                    ')' if !in_group => return Err(")".to_string()),
                    ')' => {
                        in_group = false;
                        sign = 1;
                    }
                    _ => {}
                }
            }
            _ => token.push(c),
        }
    }
    if in_group || sign == -1 {
        return Err(text.to_string());
    }
    Ok(parsed)
}

fn multiply(parsed: &mut ParsedUnit, factor: &str, sign: i8) -> Result<(), String> {
    let unknown = || factor.to_string();
    let (symbol, power) = match factor.split_once('^') {
        Some((symbol, power)) => (symbol, power.parse::<i8>().map_err(|_| unknown())?),
        None => match factor.strip_suffix('²') {
            Some(symbol) => (symbol, 2),
            None => match factor.strip_suffix('³') {
                Some(symbol) => (symbol, 3),
                None => (factor, 1),
            },
        },
    };
    if power.unsigned_abs() > 6 {
        return Err(unknown());
    }
    let power = power * sign;
    let (unit, prefix_exponent) = find_unit(symbol).ok_or_else(unknown)?;
    for (total, own) in parsed.dimension.iter_mut().zip(unit.dimension) {
        *total = total.checked_add(own * power).ok_or_else(unknown)?;
    }
    parsed.mantissa *= unit.mantissa.powi(i32::from(power));
    parsed.exponent += (unit.exponent + prefix_exponent) * i32::from(power);
    Ok(())
}

fn find_unit(symbol: &str) -> Option<(&'static Unit, i32)> {
    if let Some(unit) = UNITS.iter().find(|u| u.symbol == symbol) {
        return Some((unit, 0));
    }
    PREFIXES.iter().find_map(|(prefix, exponent)| {
        let rest = symbol.strip_prefix(prefix)?;
        UNITS.iter().find(|u| u.prefixed && u.symbol == rest).map(|u| (u, *exponent))
    })
}

/// Declares the quantity types: name, doc, words, SI unit, display unit, prefixable, example, dimension.
macro_rules! quantities {
    ($($type:ident, $words:literal, $si:literal, $display:literal, $prefixed:literal, $example:literal, $dimension:expr;)+) => {
        $(
            #[doc = concat!("The quantity `", stringify!($type), "`, held in ", $si, "; written as `\"", $example, "\"`.")]
            #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
            pub struct $type(
                #[doc = concat!("Value in ", $si, ".")]
                pub f64,
            );

            impl $type {
                /// Declaration of this quantity.
                pub const KIND: Kind = Kind {
                    name: $words,
                    si_unit: $si,
                    display_unit: $display,
                    display_prefixed: $prefixed,
                    example: $example,
                    dimension: $dimension,
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
                    Self::KIND.parse(text).map(Self)
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
                        "x-si-unit": $si,
                        "examples": [$example],
                    })
                }
            }
        )+

        /// Declarations of all quantity types, for documentation and tests.
        pub const KINDS: &[Kind] = &[$($type::KIND),+];
    };
}

struct QuantityVisitor(Kind);

impl serde::de::Visitor<'_> for QuantityVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.expected())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<f64, E> {
        self.0.parse(text).map_err(E::custom)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<f64, E> {
        Err(E::custom(QuantityError::NoUnit { text: plain(value), expected: self.0.expected() }))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<f64, E> {
        Err(E::custom(QuantityError::NoUnit { text: value.to_string(), expected: self.0.expected() }))
    }
}

quantities! {
    Length, "a length", "m", "m", true, "40 nm", [1, 0, 0, 0, 0];
    Area, "an area", "m2", "m^2", true, "1256 nm^2", [2, 0, 0, 0, 0];
    Volume, "a volume", "m3", "m^3", true, "2200 nm^3", [3, 0, 0, 0, 0];
    Time, "a time", "s", "s", true, "5 ns", [0, 0, 1, 0, 0];
    Frequency, "a frequency", "Hz", "Hz", true, "10 MHz", [0, 0, -1, 0, 0];
    Voltage, "a voltage", "V", "V", true, "0.68 V", [2, 1, -3, -1, 0];
    Current, "a current", "A", "A", true, "100 uA", [0, 0, 0, 1, 0];
    CurrentDensity, "a current density", "A m-2", "A/m^2", true, "5e10 A/m^2", [-2, 0, 0, 1, 0];
    Resistance, "a resistance", "ohm", "ohm", true, "2.5 kohm", [2, 1, -3, -2, 0];
    ResistanceArea, "a resistance-area product", "ohm m2", "ohm um^2", false, "3.18 ohm um^2", [4, 1, -3, -2, 0];
    Conductance, "a conductance", "S", "S", true, "395 uS", [-2, -1, 3, 2, 0];
    Capacitance, "a capacitance", "F", "F", true, "1 fF", [-2, -1, 4, 2, 0];
    Temperature, "a temperature", "K", "K", false, "300 K", [0, 0, 0, 0, 1];
    Magnetisation, "a magnetisation", "A m-1", "A/m", true, "473 kA/m", [-1, 0, 0, 1, 0];
    MagneticField, "a magnetic field", "A m-1", "A/m", true, "50 mT\" or \"40 kA/m", [-1, 0, 0, 1, 0];
    Energy, "an energy", "J", "J", true, "0.17 aJ", [2, 1, -2, 0, 0];
    Power, "a power", "W", "W", true, "30 uW", [2, 1, -3, 0, 0];
    EnergyDensity, "an energy density", "J m-3", "J/m^3", true, "150 kJ/m^3", [-1, 1, -2, 0, 0];
    SurfaceEnergy, "an energy per area", "J m-2", "J/m^2", true, "0.41 mJ/m^2", [0, 1, -2, 0, 0];
    VcmaCoefficient, "a VCMA coefficient", "J V-1 m-1", "J/(V m)", true, "60 fJ/(V m)", [-1, 0, 1, 1, 0];
    ThermalResistance, "a thermal resistance", "K W-1", "K/W", true, "1e6 K/W", [-2, -1, 3, 0, 1];
    Angle, "an angle", "rad", "deg", false, "5 deg", [0, 0, 0, 0, 0];
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
    fn every_example_is_valid_and_every_value_reads_back() {
        for kind in KINDS {
            let example = kind.example.split('"').next().unwrap();
            kind.parse(example).unwrap_or_else(|e| panic!("{e}"));
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
