//! Free-layer material and its change with temperature.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::{Magnetisation, Temperature};

use crate::ranges::{not_negative, positive};

/// Material of the free layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaterialConfig {
    /// Saturation magnetisation Ms at the reference temperature.
    pub magnetisation: Magnetisation,
    /// Gilbert damping alpha (dimensionless).
    pub damping: f64,
    /// Change of Ms and of the anisotropies with temperature.
    #[serde(default)]
    pub temperature_scaling: TemperatureScaling,
}

impl Check for MaterialConfig {
    fn check(&self, faults: &mut Faults) {
        positive(faults, "magnetisation", self.magnetisation.si(), self.magnetisation);
        not_negative(faults, "damping", self.damping, self.damping);
        faults.within("temperature_scaling", |faults| self.temperature_scaling.check(faults));
    }
}

/// How Ms and the anisotropy energies change with temperature.
///
/// # Formula
/// With s(T) the reduced magnetisation, `Ms(T) = Ms s(T)/s(T_ref)` and every anisotropy
/// energy `K(T) = K (s(T)/s(T_ref))^n` (Callen and Callen: n = 3 for single-ion uniaxial
/// anisotropy, about 2 to 2.5 measured for interfacial anisotropy).
///
/// # References
/// F. Bloch, Z. Phys. 61, 206 (1930); H. B. Callen and E. Callen, J. Phys. Chem. Solids 27, 1271 (1966).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TemperatureScaling {
    /// Ms and the anisotropies do not change.
    #[default]
    Constant,
    /// `s = 1 - (T/T_c)^(3/2)`.
    Bloch {
        /// Temperature at which s vanishes.
        critical: Temperature,
        /// Temperature at which the configured Ms and anisotropies hold.
        reference: Temperature,
        /// Exponent n of the anisotropy against Ms.
        anisotropy_exponent: f64,
    },
    /// `s = (1 - T/T_c)^b`.
    PowerLaw {
        /// Temperature at which s vanishes.
        critical: Temperature,
        /// Temperature at which the configured Ms and anisotropies hold.
        reference: Temperature,
        /// Exponent b of the magnetisation.
        magnetisation_exponent: f64,
        /// Exponent n of the anisotropy against Ms.
        anisotropy_exponent: f64,
    },
    /// Measured factors, interpolated linearly.
    Table {
        /// Temperatures, increasing.
        temperature: Vec<Temperature>,
        /// Ms(T) over the configured Ms.
        magnetisation: Vec<f64>,
        /// K(T) over the configured K.
        anisotropy: Vec<f64>,
    },
}

/// Factors of Ms and of the anisotropy energies at one temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TemperatureFactors {
    /// Ms(T) over the configured Ms.
    pub magnetisation: f64,
    /// K(T) over the configured K.
    pub anisotropy: f64,
}

/// Reduced magnetisation below which the layer counts as demagnetised; keeps Ms positive
/// when Joule heating reaches the critical temperature.
const LEAST_MAGNETISATION: f64 = 1e-3;

impl Check for TemperatureScaling {
    fn check(&self, faults: &mut Faults) {
        match self {
            Self::Constant => {}
            Self::Bloch { critical, reference, anisotropy_exponent } => {
                check_critical(faults, *critical, *reference);
                not_negative(faults, "anisotropy_exponent", *anisotropy_exponent, anisotropy_exponent);
            }
            Self::PowerLaw { critical, reference, magnetisation_exponent, anisotropy_exponent } => {
                check_critical(faults, *critical, *reference);
                let exponent = magnetisation_exponent;
                not_negative(faults, "magnetisation_exponent", *exponent, exponent);
                not_negative(faults, "anisotropy_exponent", *anisotropy_exponent, anisotropy_exponent);
            }
            Self::Table { temperature, magnetisation, anisotropy } => {
                let count = temperature.len();
                faults.require(
                    count >= 2 && magnetisation.len() == count && anisotropy.len() == count,
                    "",
                    format!("{count}, {} and {} entries", magnetisation.len(), anisotropy.len()),
                    "three columns of the same length of at least 2",
                );
                faults.require(
                    temperature.windows(2).all(|pair| pair[0] < pair[1]),
                    "temperature",
                    format!("{:?}", temperature.iter().map(|t| t.si()).collect::<Vec<_>>()),
                    "temperatures that increase; sort the rows",
                );
                let positive = |value: &f64, faults: &mut Faults| positive(faults, "", *value, value);
                faults.each("magnetisation", magnetisation, positive);
                faults.each("anisotropy", anisotropy, positive);
            }
        }
    }
}

impl TemperatureScaling {
    /// Factors at `temperature_k`. A table is held at its end values outside its range.
    #[must_use]
    pub fn factors(&self, temperature_k: f64) -> TemperatureFactors {
        let callen = |s: fn(f64, f64) -> f64, critical: f64, reference: f64, b: f64, n: f64| {
            let reduced = |t: f64| s((t / critical).min(1.0), b).max(LEAST_MAGNETISATION);
            let magnetisation = reduced(temperature_k) / reduced(reference);
            TemperatureFactors { magnetisation, anisotropy: magnetisation.powf(n) }
        };
        match self {
            Self::Constant => TemperatureFactors { magnetisation: 1.0, anisotropy: 1.0 },
            Self::Bloch { critical, reference, anisotropy_exponent } => callen(
                |x, exponent| 1.0 - x.powf(exponent),
                critical.si(),
                reference.si(),
                1.5,
                *anisotropy_exponent,
            ),
            Self::PowerLaw { critical, reference, magnetisation_exponent, anisotropy_exponent } => callen(
                |x, exponent| (1.0 - x).powf(exponent),
                critical.si(),
                reference.si(),
                *magnetisation_exponent,
                *anisotropy_exponent,
            ),
            Self::Table { temperature, magnetisation, anisotropy } => {
                let last = temperature.len() - 1;
                let upper = temperature.partition_point(|t| t.si() < temperature_k).clamp(1, last);
                let (low, high) = (temperature[upper - 1].si(), temperature[upper].si());
                let fraction = ((temperature_k - low) / (high - low)).clamp(0.0, 1.0);
                let at = |column: &[f64]| column[upper - 1] + fraction * (column[upper] - column[upper - 1]);
                TemperatureFactors { magnetisation: at(magnetisation), anisotropy: at(anisotropy) }
            }
        }
    }

    /// Whether Ms and the anisotropies do not change with temperature.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Constant)
    }
}

fn check_critical(faults: &mut Faults, critical: Temperature, reference: Temperature) {
    positive(faults, "critical", critical.si(), critical);
    not_negative(faults, "reference", reference.si(), reference);
    let expected = format!("a temperature below the critical one of {critical}");
    faults.require(reference.si() < critical.si(), "reference", reference, expected);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_are_one_at_the_reference_and_vanish_at_the_critical_temperature() {
        let bloch = TemperatureScaling::Bloch {
            critical: Temperature(1000.0),
            reference: Temperature(300.0),
            anisotropy_exponent: 2.0,
        };
        let at = bloch.factors(300.0);
        assert_eq!((at.magnetisation, at.anisotropy), (1.0, 1.0));
        let cold = bloch.factors(0.0);
        assert!((cold.magnetisation - 1.0 / (1.0 - 0.3_f64.powf(1.5))).abs() < 1e-14);
        assert!((cold.anisotropy - cold.magnetisation.powi(2)).abs() < 1e-13);
        assert!(bloch.factors(1200.0).magnetisation < 2e-3);
        let table = TemperatureScaling::Table {
            temperature: vec![Temperature(100.0), Temperature(300.0)],
            magnetisation: vec![1.2, 1.0],
            anisotropy: vec![1.4, 1.0],
        };
        assert!((table.factors(200.0).magnetisation - 1.1).abs() < 1e-15);
        assert_eq!(table.factors(400.0).anisotropy, 1.0);
    }

    #[test]
    fn bad_columns_are_named() {
        let table = TemperatureScaling::Table {
            temperature: vec![Temperature(300.0), Temperature(100.0)],
            magnetisation: vec![1.2, 1.0],
            anisotropy: vec![1.4, 1.0],
        };
        assert_eq!(table.first_fault().unwrap_err().path, "temperature");
    }
}
