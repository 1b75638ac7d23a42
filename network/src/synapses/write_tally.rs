//! What write events on an array did, counted as they happen.

use serde::{Deserialize, Serialize};

/// What the devices saw that one pulse is meant to switch.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PulseTally {
    /// Pulses on devices in the state that they drive out of.
    pub pulses: u64,
    /// Sum of their switching probabilities.
    pub probability: f64,
    /// Sum of the squares of the probabilities.
    pub probability_squared: f64,
    /// Sum of the devices' voltages over the pulse's.
    pub share: f64,
    /// Smallest voltage of a device over the pulse's.
    pub least_share: f64,
    /// Largest.
    pub most_share: f64,
}

impl PulseTally {
    /// Counts a device that sees `share` of its pulse and switches with `probability`.
    pub(super) fn add(&mut self, share: f64, probability: f64) {
        if self.pulses == 0 {
            (self.least_share, self.most_share) = (share, share);
        }
        self.pulses += 1;
        self.probability += probability;
        self.probability_squared += probability * probability;
        self.share += share;
        self.least_share = self.least_share.min(share);
        self.most_share = self.most_share.max(share);
    }

    fn merge(&mut self, other: &Self) {
        if other.pulses == 0 {
            return;
        }
        if self.pulses == 0 {
            *self = *other;
            return;
        }
        self.pulses += other.pulses;
        self.probability += other.probability;
        self.probability_squared += other.probability_squared;
        self.share += other.share;
        self.least_share = self.least_share.min(other.least_share);
        self.most_share = self.most_share.max(other.most_share);
    }

    /// Mean switching probability; 0 without pulses.
    #[must_use]
    pub fn mean_probability(&self) -> f64 {
        self.probability / self.pulses.max(1) as f64
    }

    /// Standard deviation of the switching probability from device to device and event to event.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        let n = self.pulses.max(1) as f64;
        (self.probability_squared / n - self.mean_probability().powi(2)).max(0.0).sqrt()
    }

    /// Mean voltage of a device over the pulse's; 0 without pulses.
    #[must_use]
    pub fn mean_share(&self) -> f64 {
        self.share / self.pulses.max(1) as f64
    }
}

/// What write events did.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct WriteTally {
    /// Write events: firings of a neuron.
    pub events: u64,
    /// Pulses of all drivers at once, several of which may make an event.
    pub phases: u64,
    /// Energy drawn from all sources in J.
    pub joules: f64,
    /// Devices of the written dendrite that switched against what their line's pulse drives to, or while their line waited.
    pub astray: u64,
    /// Devices of other dendrites that switched.
    pub disturbed: u64,
    /// Largest error of a voltage, over the largest pulse, as the solver states it.
    pub relative_error: f64,
    /// Depression and potentiation.
    pub pulses: [PulseTally; 2],
}

impl WriteTally {
    /// Adds what `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        self.events += other.events;
        self.phases += other.phases;
        self.joules += other.joules;
        self.astray += other.astray;
        self.disturbed += other.disturbed;
        self.relative_error = self.relative_error.max(other.relative_error);
        for (own, other) in self.pulses.iter_mut().zip(&other.pulses) {
            own.merge(other);
        }
    }
}
