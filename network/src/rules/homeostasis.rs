//! Homeostasis: thresholds that rise with a neuron's own firing and fall with time, so that
//! every neuron finds something to represent.
//!
//! # Formula
//! After `n` presentations of which a neuron won `k`:
//! - Querlioz: `theta = theta_0 + gain (k - target n)`, the sum of `d theta = gain (A - T)` with the
//!   activity `A` (1 or 0) of each presentation;
//! - ratio: `theta = theta_0 (1 + gain)^k (1 + gain)^(-target n)`: a firing multiplies the threshold.
//!
//! Both depend on the counts alone, so that a simulation may jump from firing to firing.
//!
//! # References
//! D. Querlioz, O. Bichler, P. Dollfus, C. Gamrat, IEEE Trans. Nanotechnol. 12, 288 (2013), eq. (3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};

/// How thresholds follow activity.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Homeostasis {
    /// No homeostasis: thresholds stay.
    Off,
    /// Additive form: `d theta = gain (A - target)`.
    Querlioz {
        /// Rise per firing, in the unit of the threshold.
        gain: f64,
        /// Target activity: firings per presentation and neuron.
        target: f64,
    },
    /// Multiplicative form: a firing multiplies the threshold by `1 + gain`.
    Ratio {
        /// Relative rise per firing.
        gain: f64,
        /// Target activity: firings per presentation and neuron.
        target: f64,
    },
}

impl Homeostasis {
    /// Threshold after `presentations` images of which the neuron won `firings`, from `initial`.
    #[must_use]
    pub fn threshold(&self, initial: f64, firings: u32, presentations: u32) -> f64 {
        let (k, n) = (f64::from(firings), f64::from(presentations));
        match *self {
            Self::Off => initial,
            Self::Querlioz { gain, target } => initial + gain * (k - target * n),
            Self::Ratio { gain, target } => initial * libm::exp((k - target * n) * libm::log1p(gain)),
        }
    }
}

impl Check for Homeostasis {
    fn check(&self, faults: &mut Faults) {
        let (Self::Querlioz { gain, target } | Self::Ratio { gain, target }) = *self else { return };
        faults.require(gain >= 0.0 && gain.is_finite(), "gain", gain, "0 or more");
        let fraction = (0.0..=1.0).contains(&target);
        faults.require(fraction, "target", target, "firings per presentation, between 0 and 1");
    }
}

/// The two forms of homeostasis, for layers whose gain changes during training.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Additive: a firing adds the gain to the neuron's threshold.
    Querlioz,
    /// Multiplicative: a firing multiplies the neuron's threshold by 1 + gain.
    #[default]
    Ratio,
}
