//! Description of the variation of an array.

use nalgebra::Matrix5;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::quantity::Resistance;

use super::correlation::lower_factor;
use crate::error::CircuitError;

/// Number of varied parameters: resistance-area product, TMR, area, barrier, critical voltage, in this order.
pub const PARAMETERS: usize = 5;

/// Shape of a spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SpreadShape {
    /// Normal, bounded below by a tenth of the mean.
    #[default]
    Normal,
    /// Log-normal with mean 1.
    LogNormal,
}

/// Spread of one device parameter over the array.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Relative standard deviation (0.05 for 5 %).
    #[serde(default)]
    pub relative: f64,
    /// Shape of the distribution.
    #[serde(default)]
    pub shape: SpreadShape,
    /// Relative change from the left to the right edge of the array.
    #[serde(default)]
    pub gradient_x: f64,
    /// Relative change from the top to the bottom edge of the array.
    #[serde(default)]
    pub gradient_y: f64,
}

/// Variation of an array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariationConfig {
    /// Resistance-area product.
    #[serde(default)]
    pub resistance_area: Spread,
    /// Tunnel magnetoresistance.
    #[serde(default)]
    pub tmr: Spread,
    /// Area.
    #[serde(default)]
    pub area: Spread,
    /// Energy barrier (thermal stability).
    #[serde(default)]
    pub barrier: Spread,
    /// Critical voltage of switching at a given resistance-area product: spread of torque efficiency and damping.
    #[serde(default)]
    pub critical_voltage: Spread,
    /// Correlations of (resistance-area, TMR, area, barrier, critical voltage); uncorrelated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<[[f64; PARAMETERS]; PARAMETERS]>,
    /// Relative standard deviation of the conductance from read to read.
    #[serde(default)]
    pub read_noise: f64,
    /// Fraction of cells without any current.
    #[serde(default)]
    pub stuck_open: f64,
    /// Fraction of cells with a broken-down barrier.
    #[serde(default)]
    pub stuck_short: f64,
    /// Resistance of a broken-down barrier.
    #[serde(default = "default_short")]
    pub short: Resistance,
    /// Fraction of cells that keep their state whatever is written.
    #[serde(default)]
    pub stuck_state: f64,
    /// Probability that a given wire segment is broken.
    #[serde(default)]
    pub broken_segment: f64,
}

fn default_short() -> Resistance {
    Resistance(200.0)
}

impl Default for VariationConfig {
    fn default() -> Self {
        Self {
            resistance_area: Spread::default(),
            tmr: Spread::default(),
            area: Spread::default(),
            barrier: Spread::default(),
            critical_voltage: Spread::default(),
            correlation: None,
            read_noise: 0.0,
            stuck_open: 0.0,
            stuck_short: 0.0,
            short: default_short(),
            stuck_state: 0.0,
            broken_segment: 0.0,
        }
    }
}

impl VariationConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the key, the value and what is expected.
    pub fn validate(&self) -> Result<(), CircuitError> {
        let check = |key, value: f64, expected, fine: bool| {
            if fine { Ok(()) } else { Err(CircuitError::Value { key, value, expected }) }
        };
        for (key, spread) in [
            ("variation.resistance_area.relative", self.resistance_area),
            ("variation.tmr.relative", self.tmr),
            ("variation.area.relative", self.area),
            ("variation.barrier.relative", self.barrier),
            ("variation.critical_voltage.relative", self.critical_voltage),
        ] {
            let fine = (0.0..=1.0).contains(&spread.relative);
            check(key, spread.relative, "a relative spread from 0 to 1", fine)?;
            let steepest = spread.gradient_x.abs() + spread.gradient_y.abs();
            check(key, steepest, "gradients that sum to less than 2 in magnitude", steepest < 2.0)?;
        }
        for (key, value) in [
            ("variation.stuck_open", self.stuck_open),
            ("variation.stuck_short", self.stuck_short),
            ("variation.stuck_state", self.stuck_state),
            ("variation.broken_segment", self.broken_segment),
            ("variation.read_noise", self.read_noise),
        ] {
            check(key, value, "a fraction from 0 to 1", (0.0..=1.0).contains(&value))?;
        }
        let faults = self.stuck_open + self.stuck_short + self.stuck_state;
        check("variation.stuck_open", faults, "fractions of faults that sum to at most 1", faults <= 1.0)?;
        let short = self.short.si();
        check("variation.short", short, "a resistance above 0 ohm", short.is_finite() && short > 0.0)?;
        if let Some(rows) = self.correlation {
            for (k, row) in rows.iter().enumerate() {
                check("variation.correlation", row[k], "1 on the diagonal", row[k] == 1.0)?;
            }
            lower_factor(&Matrix5::from_fn(|i, j| rows[i][j]), "variation.correlation")?;
        }
        Ok(())
    }
}
