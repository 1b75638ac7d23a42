//! Ranges that many values share: each adds a fault of the field `key` where its value lies outside.

use std::fmt::Display;

use spinhebb_data::config::Faults;

/// A finite value above zero.
pub(crate) fn positive(faults: &mut Faults, key: &str, value: f64, shown: impl Display) {
    faults.require(value.is_finite() && value > 0.0, key, shown, "a positive value, above zero");
}

/// A finite value of zero or more.
pub(crate) fn not_negative(faults: &mut Faults, key: &str, value: f64, shown: impl Display) {
    faults.require(
        value.is_finite() && value >= 0.0,
        key,
        shown,
        "a value of zero or more, not a negative one",
    );
}

/// Any finite value.
pub(crate) fn finite(faults: &mut Faults, key: &str, value: f64, shown: impl Display) {
    faults.require(value.is_finite(), key, shown, "a finite value");
}

/// Three finite components that are not all zero.
pub(crate) fn direction(faults: &mut Faults, key: &str, direction: [f64; 3]) {
    let norm = direction.iter().map(|c| c * c).sum::<f64>().sqrt();
    let expected = "a direction: three finite numbers that are not all zero";
    faults.require(norm.is_finite() && norm > 0.0, key, format!("{direction:?}"), expected);
}
