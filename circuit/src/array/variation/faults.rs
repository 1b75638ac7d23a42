//! Description of what is broken in an array, and of its read noise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::Resistance;

/// Defects of cells and wires, and noise from read to read; a defect that is not named does not occur.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultsConfig {
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
    pub short: Resistance,
    /// Fraction of cells that keep their state whatever is written.
    #[serde(default)]
    pub stuck_state: f64,
    /// Probability that a given wire segment is broken.
    #[serde(default)]
    pub broken_segment: f64,
}

impl Default for FaultsConfig {
    /// Nothing is broken; a broken-down barrier would have 200 ohm.
    fn default() -> Self {
        Self {
            read_noise: 0.0,
            stuck_open: 0.0,
            stuck_short: 0.0,
            short: Resistance(200.0),
            stuck_state: 0.0,
            broken_segment: 0.0,
        }
    }
}

impl Check for FaultsConfig {
    fn check(&self, faults: &mut Faults) {
        let cells = [
            ("stuck_open", self.stuck_open),
            ("stuck_short", self.stuck_short),
            ("stuck_state", self.stuck_state),
        ];
        let others = [("broken_segment", self.broken_segment), ("read_noise", self.read_noise)];
        for (key, value) in cells.into_iter().chain(others) {
            faults.require((0.0..=1.0).contains(&value), key, value, "a fraction from 0 to 1");
        }
        let (sum, sound) = (cells.iter().map(|(_, p)| p).sum::<f64>(), cells.iter().all(|(_, p)| *p <= 1.0));
        let (key, largest) = cells.iter().fold(cells[0], |a, b| if b.1 > a.1 { *b } else { a });
        let expected = format_args!("fractions of stuck cells that sum to at most 1, not {sum}");
        faults.require(!sound || sum <= 1.0, key, largest, expected);
        let short = self.short.si();
        faults.require(
            short.is_finite() && short > 0.0,
            "short",
            self.short,
            "a finite resistance above 0 ohm",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spinhebb_data::config::Document;

    #[test]
    fn what_is_not_named_does_not_occur() {
        let text = "stuck_open = 0.01\nshort = \"200 ohm\"";
        let found: FaultsConfig = Document::from_text("", text).unwrap().parse().unwrap();
        assert_eq!(found, FaultsConfig { stuck_open: 0.01, ..FaultsConfig::default() });
        assert!(found.first_fault().is_ok());
        assert!(Document::from_text("", "tmr = 0.1").unwrap().parse::<FaultsConfig>().is_err());
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let paths = |config: &FaultsConfig| -> Vec<String> {
            let mut faults = Faults::default();
            config.check(&mut faults);
            faults.found().iter().map(|fault| fault.path.clone()).collect()
        };
        let config = FaultsConfig {
            read_noise: -0.1,
            stuck_open: 1.5,
            stuck_short: f64::NAN,
            short: Resistance(0.0),
            stuck_state: -1.0,
            broken_segment: 2.0,
        };
        let expected = ["stuck_open", "stuck_short", "stuck_state", "broken_segment", "read_noise", "short"];
        assert_eq!(paths(&config), expected);
        let config = FaultsConfig { stuck_open: 0.4, stuck_state: 0.7, ..FaultsConfig::default() };
        assert_eq!(paths(&config), ["stuck_state"]);
    }
}
