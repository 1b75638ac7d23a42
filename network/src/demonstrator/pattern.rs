use crate::error::NetworkError;
use std::fmt;
use std::str::FromStr;

/// A row of binary values, written like `1001`; the leftmost character is input 1 (index 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    bits: u32,
    len: u8,
}

impl Pattern {
    /// Pattern of `len` values from the bits of `bits`: bit `i` is input `i`.
    ///
    /// # Errors
    /// [`NetworkError::Pattern`] when `len` is 0 or above 32 or a bit beyond `len` is set.
    pub fn new(bits: u32, len: usize) -> Result<Self, NetworkError> {
        if len == 0 || len > 32 || (len < 32 && bits >> len != 0) {
            return Err(NetworkError::Pattern {
                text: format!("{bits:b}"),
                expected: "1 to 32 values and no bit beyond them".into(),
            });
        }
        Ok(Self { bits, len: len as u8 })
    }

    /// All patterns of `len` values in counting order of the written form (0000, 0001, 0010, ...).
    ///
    /// # Errors
    /// [`NetworkError::Pattern`] unless `1 <= len <= 16`.
    pub fn all(len: usize) -> Result<Vec<Self>, NetworkError> {
        if len == 0 || len > 16 {
            return Err(NetworkError::Pattern {
                text: format!("all patterns of {len}"),
                expected: "1 to 16 inputs".into(),
            });
        }
        let mirrored = |n: u32| n.reverse_bits() >> (32 - len as u32);
        (0..1u32 << len).map(|n| Self::new(mirrored(n), len)).collect()
    }

    /// Number of values.
    #[must_use]
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Never true: a pattern holds at least one value.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Bit `i` is input `i`.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.bits
    }

    /// Value of input `index`.
    #[must_use]
    pub const fn get(self, index: usize) -> bool {
        self.bits >> index & 1 == 1
    }

    /// The same pattern with input `index` inverted.
    #[must_use]
    pub(crate) const fn flipped(self, index: usize) -> Self {
        Self { bits: self.bits ^ 1 << index, len: self.len }
    }

    /// The pattern that is 1 where one of the two is, of the length of this one.
    #[must_use]
    pub(crate) const fn union(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits, len: self.len }
    }

    /// Values as booleans, input 1 first.
    pub fn values(self) -> impl Iterator<Item = bool> {
        (0..self.len()).map(move |i| self.get(i))
    }

    /// Number of inputs in which two patterns differ.
    #[must_use]
    pub const fn hamming(self, other: Self) -> u32 {
        (self.bits ^ other.bits).count_ones()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.values().try_for_each(|v| f.write_str(if v { "1" } else { "0" }))
    }
}

impl FromStr for Pattern {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong =
            || NetworkError::Pattern { text: text.into(), expected: "1 to 32 characters 0 or 1".into() };
        if text.len() > 32 {
            return Err(wrong());
        }
        let mut bits = 0;
        for (i, c) in text.chars().enumerate() {
            match c {
                '1' => bits |= 1 << i,
                '0' => {}
                _ => return Err(wrong()),
            }
        }
        Self::new(bits, text.len()).map_err(|_| wrong())
    }
}

impl serde::Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Pattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[01]{1,32}$", "examples": ["1001"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_and_write_left_to_right() {
        let pattern: Pattern = "1100".parse().unwrap();
        assert_eq!(pattern.to_string(), "1100");
        assert!(pattern.get(0) && pattern.get(1) && !pattern.get(2));
        let all = Pattern::all(4).unwrap();
        assert_eq!(all.len(), 16);
        assert_eq!(all[1].to_string(), "0001");
        assert_eq!(all[12], pattern);
        for bad in ["", "012", "1".repeat(33).as_str()] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }
}
