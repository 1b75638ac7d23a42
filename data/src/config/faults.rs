//! Faults of a configuration, all at once: each rule knows its own field, the path is pushed on the way down.
//!
//! ```
//! use spinhebb_data::config::{Check, Faults};
//!
//! struct Pillar { diameter_m: f64 }
//!
//! impl Check for Pillar {
//!     fn check(&self, faults: &mut Faults) {
//!         faults.require(self.diameter_m > 0.0, "diameter", self.diameter_m, "a length above 0 m");
//!     }
//! }
//!
//! let mut faults = Faults::default();
//! faults.within("geometry", |faults| Pillar { diameter_m: -1.0 }.check(faults));
//! assert_eq!(faults.found()[0].path, "geometry.diameter");
//! ```

use std::fmt::{self, Display};

/// A configuration, or a part of one, that knows the ranges of its values.
pub trait Check {
    /// Adds every fault of this part to `faults`; paths are relative to this part.
    fn check(&self, faults: &mut Faults);

    /// The first fault, for code that is handed a configuration and was not told that it is sound.
    ///
    /// # Errors
    /// The first fault that [`Check::check`] finds.
    fn first_fault(&self) -> Result<(), FieldFault> {
        let mut faults = Faults::default();
        self.check(&mut faults);
        faults.found.into_iter().next().map_or(Ok(()), Err)
    }
}

impl<T: Check> Check for Option<T> {
    fn check(&self, faults: &mut Faults) {
        if let Some(part) = self {
            part.check(faults);
        }
    }
}

/// One value that is not what its field takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FieldFault {
    /// Path of the field, such as `geometry.diameter` or `layers[1].kind`.
    pub path: String,
    /// The value as a user would write it; empty where the fault is not about a single value.
    pub value: String,
    /// What was expected.
    pub expected: String,
}

impl Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.as_str() {
            "" => write!(f, "`{}`: expected {}", self.path, self.expected),
            value => write!(f, "`{}` is {value}; expected {}", self.path, self.expected),
        }
    }
}

/// Collects the faults of a configuration.
#[derive(Debug, Default)]
pub struct Faults {
    path: String,
    found: Vec<FieldFault>,
}

impl Faults {
    /// Checks the part of the configuration that stands under `key`.
    pub fn within(&mut self, key: &str, check: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path = self.path_of(key);
        check(self);
        self.path.truncate(length);
    }

    /// Checks the items of the list under `key`, each with its place.
    pub fn each<T>(&mut self, key: &str, items: &[T], mut check: impl FnMut(&T, &mut Self)) {
        for (index, item) in items.iter().enumerate() {
            self.within(&format!("{key}[{index}]"), |faults| check(item, faults));
        }
    }

    /// Adds a fault of the field `key` unless `fine`; an empty `key` is this part itself.
    pub fn require(&mut self, fine: bool, key: &str, value: impl Display, expected: impl Display) {
        if !fine {
            let (value, expected) = (value.to_string(), expected.to_string());
            self.found.push(FieldFault { path: self.path_of(key), value, expected });
        }
    }

    /// What was found, in the order of the checks.
    #[must_use]
    pub fn found(&self) -> &[FieldFault] {
        &self.found
    }

    fn path_of(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_string(),
            (path, "") => path.to_string(),
            (path, key) => format!("{path}.{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Leaf(f64);

    impl Check for Leaf {
        fn check(&self, faults: &mut Faults) {
            faults.require(self.0 > 0.0, "", self.0, "a number above 0");
        }
    }

    #[test]
    fn paths_follow_the_way_down() {
        let mut faults = Faults::default();
        faults.within("a", |faults| {
            faults.each("list", &[Leaf(1.0), Leaf(-1.0)], Leaf::check);
            faults.within("b", |faults| faults.require(false, "c", "", "something"));
        });
        Leaf(0.0).check(&mut faults);
        let paths: Vec<&str> = faults.found().iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["a.list[1]", "a.b.c", ""]);
        assert_eq!(faults.found()[0].to_string(), "`a.list[1]` is -1; expected a number above 0");
        assert!(Leaf(1.0).first_fault().is_ok());
        assert!(Leaf(0.0).first_fault().is_err());
    }
}
