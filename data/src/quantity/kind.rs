//! Kinds of quantity: how a text of a kind is read, and a value written.

use super::units::{Dimension, PREFIXES, leading_power, parse_unit};

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
    /// A unit symbol that is not in [`UNITS`](super::UNITS).
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
    /// The value is outside the range of what anyone could mean.
    #[error("`{text}` is out of range; expected {name} from {low} to {high}")]
    OutOfRange {
        /// The text as written.
        text: String,
        /// The quantity that was due.
        name: String,
        /// Lowest value that is accepted.
        low: String,
        /// Highest value that is accepted.
        high: String,
    },
}

/// What a quantity type is: the one declaration used by the configuration, the schema,
/// the HDF5 attributes and the documentation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kind {
    /// Name of the type, which its schema bears as `x-quantity`: `"Length"`.
    pub type_name: &'static str,
    /// Name in words, with its article: "a length".
    pub name: &'static str,
    /// SI unit, UDUNITS spelling, as written into HDF5 attributes.
    pub si_unit: &'static str,
    /// Unit that values are written in, with the prefixable symbol first.
    pub display_unit: &'static str,
    /// Whether an SI prefix may be put before `display_unit` when writing.
    pub display_prefixed: bool,
    /// Examples a user may copy, the first the most usual.
    pub examples: &'static [&'static str],
    /// Dimension.
    pub dimension: Dimension,
    /// Lowest value, in SI, that anyone could mean.
    pub lowest: f64,
    /// Highest value, in SI, that anyone could mean.
    pub highest: f64,
}

impl Kind {
    /// What is accepted, in words: `a length with its unit, such as "40 nm"`.
    #[must_use]
    pub fn expected(&self) -> String {
        format!("{} with its unit, such as {}", self.name, quoted(self.examples))
    }

    /// Reads `text` as this kind of quantity and returns its SI value, whatever its size.
    ///
    /// Powers of ten are applied to the decimal text, so that `"40 nm"` is the double
    /// nearest to 4e-8.
    ///
    /// # Errors
    /// See [`QuantityError`]; all but [`QuantityError::OutOfRange`].
    pub fn parse(&self, text: &str) -> Result<f64, QuantityError> {
        self.parse_or(text, &self.expected())
    }

    /// [`Kind::parse`], for a value that a configuration gives: it must lie between [`Kind::lowest`] and
    /// [`Kind::highest`].
    ///
    /// # Errors
    /// See [`QuantityError`].
    pub fn parse_in_range(&self, text: &str) -> Result<f64, QuantityError> {
        self.parse_in_range_or(text, &self.expected())
    }

    /// [`Kind::parse_in_range`], with other words for what is accepted.
    pub(super) fn parse_in_range_or(&self, text: &str, expected: &str) -> Result<f64, QuantityError> {
        let value = self.parse_or(text, expected)?;
        if (self.lowest..=self.highest).contains(&value) {
            return Ok(value);
        }
        Err(QuantityError::OutOfRange {
            text: text.to_string(),
            name: self.name.to_string(),
            low: self.format(self.lowest),
            high: self.format(self.highest),
        })
    }

    fn parse_or(&self, text: &str, expected: &str) -> Result<f64, QuantityError> {
        let (shown, expected) = (|| text.to_string(), || expected.to_string());
        let (number, unit_text) = split_number(text);
        if number.parse::<f64>().is_err() {
            return Err(QuantityError::Number { text: shown(), expected: expected() });
        }
        if unit_text.is_empty() && self.dimension != [0; 5] {
            return Err(QuantityError::NoUnit { text: shown(), expected: expected() });
        }
        let parsed = parse_unit(unit_text).map_err(|symbol| QuantityError::UnknownUnit {
            symbol,
            text: shown(),
            expected: expected(),
        })?;
        let tesla_for_field = self.dimension == [-1, 0, 0, 1, 0] && parsed.dimension == [0, 1, -2, -1, 0];
        if parsed.dimension != self.dimension && !tesla_for_field {
            return Err(QuantityError::WrongDimension {
                text: shown(),
                name: self.name.to_string(),
                expected: expected(),
            });
        }
        let mut value = shift_decimal(number, parsed.exponent) * parsed.mantissa;
        if tesla_for_field {
            value /= MU0;
        }
        if !value.is_finite() {
            return Err(QuantityError::NotFinite { text: shown(), expected: expected() });
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

/// Shortest decimal that reads back as `value`, without an exponent where that is short.
pub(super) fn plain(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-4..1e7).contains(&magnitude) { format!("{value}") } else { format!("{value:e}") }
}

/// `"40 nm"`, or `"50 mT" or "40 kA/m"`.
pub(super) fn quoted(examples: &[&str]) -> String {
    let quoted: Vec<String> = examples.iter().map(|example| format!("\"{example}\"")).collect();
    quoted.join(" or ")
}

/// The number at the start of `text`, which may be empty, and what follows it.
pub(super) fn split_number(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (number, rest) = text.split_at(number_length(text));
    (number, rest.trim())
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
pub(super) fn shift_decimal(number: &str, shift: i32) -> f64 {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i64 =
        exponent.parse().unwrap_or(if exponent.starts_with('-') { -100_000 } else { 100_000 });
    format!("{mantissa}e{}", exponent + i64::from(shift)).parse().unwrap_or(f64::NAN)
}
