//! Spike-timing-dependent plasticity with binary stochastic synapses.
//!
//! When a neuron fires, every synapse of its row gets one pulse. Inputs that were active within the
//! window before the firing potentiate (pulse V > 0, AP -> P with probability `p_pot`), all
//! others depress (pulse V < 0, P -> AP with probability `p_dep`). A pulse towards the state a
//! device is already in changes nothing.
//!
//! # References
//! M. Suri et al., "Bio-inspired stochastic computing using binary CBRAM synapses", IEEE Trans. Electron
//! Devices 60, 2402 (2013), doi:10.1109/TED.2013.2263000; P. Zhou et al., Commun. Eng. 4, 142 (2025),
//! doi:10.1038/s44172-025-00479-2.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Polarity of a write pulse.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Polarity {
    /// V > 0: drives AP -> P.
    Potentiation,
    /// V < 0: drives P -> AP.
    Depression,
}

/// Polarity for an input last active in cycle `last_active`, when the neuron fires in `firing_cycle`.
///
/// Both are clock cycles since the start; the window counts cycles back from the firing, 0 meaning
/// "active in the cycle of the firing itself".
#[must_use]
pub fn polarity(last_active: Option<u64>, firing_cycle: u64, window_cycles: u32) -> Polarity {
    match last_active {
        Some(cycle) if firing_cycle.saturating_sub(cycle) <= u64::from(window_cycles) => {
            Polarity::Potentiation
        }
        _ => Polarity::Depression,
    }
}
