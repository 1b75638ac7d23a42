//! Description of how the devices of an array differ.

use nalgebra::Matrix5;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults, FieldFault};

use super::correlation::lower_factor;
use super::spread::{FieldSpread, Spread};

/// Number of parameters that may be correlated: resistance-area product, TMR, area, barrier, critical voltage, in this
/// order.
pub const PARAMETERS: usize = 5;

/// How the devices of an array differ; a parameter that is not named has no spread.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PopulationConfig {
    /// Calibration run or file that the spreads come from; other keys change them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Seed of the draws; by default that of the run. Another seed is another set of devices under the same pulses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Resistance-area product.
    pub resistance_area: Spread,
    /// Tunnel magnetoresistance.
    pub tmr: Spread,
    /// Area.
    pub area: Spread,
    /// Energy barrier (thermal stability).
    pub barrier: Spread,
    /// Critical voltage of switching at a given resistance-area product: spread of torque efficiency and damping.
    pub critical_voltage: Spread,
    /// Switching hazard: a device of factor h switches with `1 - (1 - p)^h` where one of factor 1 does with p. For spreads
    /// of which no more is known than that devices switch more or less easily; needs no table.
    pub hazard: Spread,
    /// Stray field along the fixed layer, added to that of the device; positive favours the parallel state.
    pub stray_field: FieldSpread,
    /// Correlations of (resistance-area, TMR, area, barrier, critical voltage), of logarithms where a spread is log-normal;
    /// uncorrelated when absent. Hazard and stray field are independent of the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<[[f64; PARAMETERS]; PARAMETERS]>,
}

impl Check for PopulationConfig {
    fn check(&self, faults: &mut Faults) {
        for (key, spread) in [
            ("resistance_area", self.resistance_area),
            ("tmr", self.tmr),
            ("area", self.area),
            ("barrier", self.barrier),
            ("critical_voltage", self.critical_voltage),
            ("hazard", self.hazard),
        ] {
            faults.within(key, |faults| spread.check(faults));
        }
        faults.within("stray_field", |faults| self.stray_field.check(faults));
        let Some(matrix) = self.correlation.map(matrix_of) else { return };
        let mut sound = true;
        for (row, col) in (0..PARAMETERS).flat_map(|row| (0..=row).map(move |col| (row, col))) {
            let value = matrix[(row, col)];
            let (fine, expected) = if row == col {
                (value == 1.0, "1 on the diagonal")
            } else {
                let symmetric = value.is_finite() && (value - matrix[(col, row)]).abs() <= 1e-12;
                (symmetric, "finite numbers, symmetric about the diagonal")
            };
            sound &= fine;
            faults.require(fine, &format!("correlation[{row}][{col}]"), value, expected);
        }
        if sound && let Err(FieldFault { path, value, expected }) = self.correlation_factor() {
            faults.require(false, &path, value, expected);
        }
    }
}

fn matrix_of(rows: [[f64; PARAMETERS]; PARAMETERS]) -> Matrix5<f64> {
    Matrix5::from_fn(|i, j| rows[i][j])
}

impl PopulationConfig {
    /// Spreads in the order of the correlation matrix.
    pub(super) const fn spreads(&self) -> [Spread; PARAMETERS] {
        [self.resistance_area, self.tmr, self.area, self.barrier, self.critical_voltage]
    }

    /// Whether devices differ in what a switching table depends on, beyond a hazard.
    #[must_use]
    pub fn needs_tables(&self) -> bool {
        let table = [self.resistance_area, self.tmr, self.barrier, self.critical_voltage];
        table.iter().any(|spread| !spread.is_none()) || !self.stray_field.is_none()
    }

    /// Whether devices differ at all.
    #[must_use]
    pub fn is_uniform(&self) -> bool {
        !self.needs_tables() && self.area.is_none() && self.hazard.is_none()
    }

    /// Factor of the symmetric matrix of correlations, the identity where none are given.
    pub(super) fn correlation_factor(&self) -> Result<Matrix5<f64>, FieldFault> {
        let Some(rows) = self.correlation else { return Ok(Matrix5::identity()) };
        lower_factor(&matrix_of(rows)).map_err(|pivot| FieldFault {
            path: "correlation".to_string(),
            value: String::new(),
            expected: format!("a positive semi-definite matrix, whose pivots are not {pivot}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::SpreadDistribution;
    use spinhebb_data::config::Document;
    use spinhebb_data::quantity::MagneticField;

    fn paths(config: &PopulationConfig) -> Vec<String> {
        let mut faults = Faults::default();
        config.check(&mut faults);
        faults.found().iter().map(|fault| fault.path.clone()).collect()
    }

    #[test]
    fn what_is_not_named_has_no_spread() {
        let parse = |text: &str| Document::from_text("", text).unwrap().parse::<PopulationConfig>();
        let text = "barrier = { relative = 0.06, distribution = \"log-normal\" }\ntmr = { gradient_x = 0.1 }";
        let barrier =
            Spread { relative: 0.06, distribution: SpreadDistribution::LogNormal, ..Spread::default() };
        let tmr = Spread { gradient_x: 0.1, ..Spread::default() };
        assert_eq!(parse(text).unwrap(), PopulationConfig { barrier, tmr, ..PopulationConfig::default() });
        assert_eq!(parse("").unwrap(), PopulationConfig::default());
        assert!(parse("barrier = { shape = \"normal\" }").is_err());
        assert!(parse("stuck_open = 0.1").is_err());
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let mut correlation: [[f64; PARAMETERS]; PARAMETERS] = Matrix5::identity().into();
        correlation[0][1] = 0.5;
        correlation[4][4] = 0.9;
        correlation[3][2] = f64::NAN;
        let config = PopulationConfig {
            tmr: Spread { relative: 1.5, gradient_x: 0.5, gradient_y: -1.6, ..Spread::default() },
            critical_voltage: Spread { relative: f64::NAN, ..Spread::default() },
            hazard: Spread { relative: -0.1, ..Spread::default() },
            stray_field: FieldSpread { deviation: MagneticField(-1.0), ..FieldSpread::default() },
            correlation: Some(correlation),
            ..PopulationConfig::default()
        };
        let expected = [
            "tmr.relative",
            "tmr.gradient_y",
            "critical_voltage.relative",
            "hazard.relative",
            "stray_field.deviation",
            "correlation[1][0]",
            "correlation[3][2]",
            "correlation[4][4]",
        ];
        assert_eq!(paths(&config), expected);

        // Every pair is a correlation, the three together are not.
        let mut correlation: [[f64; PARAMETERS]; PARAMETERS] = Matrix5::identity().into();
        for (i, j, r) in [(0, 1, 0.9), (1, 2, 0.9), (0, 2, -0.9)] {
            correlation[i][j] = r;
            correlation[j][i] = r;
        }
        let config = PopulationConfig { correlation: Some(correlation), ..PopulationConfig::default() };
        assert_eq!(paths(&config), ["correlation"]);
        assert!(config.first_fault().unwrap_err().to_string().contains("positive semi-definite"));
    }
}
