//! Clocked leaky integrate-and-fire neurons.
//!
//! # Formula
//! Every clock cycle `u <- lambda u + I`; the neuron fires in the first cycle in which
//! `u > theta`. From `u = 0` and with a constant current,
//! `u[n] = I S_n`, `S_n = (1 - lambda^n)/(1 - lambda)` (`S_n = n` for `lambda = 1`).
//!
//! # Not modelled
//! Noise of the comparator, finite gain of the integrator, charge left over from an image on which no neuron fired.
//!
//! # References
//! D. Querlioz et al., "Immunity to device variations in a spiking neural network with memristive
//! nanodevices", IEEE Trans. Nanotechnol. 12, 288 (2013), doi:10.1109/TNANO.2013.2250995.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};

/// A clocked leaky integrator, shared by all neurons of a layer.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct LeakyIntegrator {
    /// Fraction lambda of the integration level that is kept from one clock cycle to the next.
    ///
    /// 1 means no leak. With a leak, a current below `(1 - lambda) theta` never fires the neuron.
    pub retention: f64,
    /// Clock cycles for which one image is shown.
    pub cycles: u32,
}

impl LeakyIntegrator {
    /// One clock cycle: the level after `level` under `current`.
    #[must_use]
    #[inline]
    pub fn step(&self, level: f64, current: f64) -> f64 {
        self.retention * level + current
    }

    /// `S_n` of the closed form, by its recursion `S_n = lambda S_(n-1) + 1` (the same rounding on every machine).
    #[must_use]
    pub fn gain(&self, cycle: u32) -> f64 {
        (0..cycle).fold(0.0, |s, _| self.retention * s + 1.0)
    }

    /// Largest of `S_1 ..= S_n` for each cycle `n` of a presentation, when lines drive the neuron in the first cycle and again
    /// after every `refractory_cycles` cycles in which they rest: what `threshold / current` a neuron has passed by then.
    #[must_use]
    pub fn gains(&self, refractory_cycles: u32) -> Vec<f64> {
        let (mut s, mut most) = (0.0, 0.0f64);
        (0..self.cycles)
            .map(|cycle| {
                let driven = is_driven(cycle + 1, refractory_cycles);
                s = self.step(s, f64::from(u8::from(driven)));
                most = most.max(s);
                most
            })
            .collect()
    }

    /// First cycle, counted from 1, in which `current * S_n > threshold`, if that is within the presentation.
    ///
    /// # Formula
    /// `lambda = 1`: `n = floor(theta / I) + 1`. `lambda < 1`: never if `I / (1 - lambda) <= theta`, else
    /// `n = ceil(ln(1 - theta (1 - lambda) / I) / ln(lambda))`; corrected by the definition against rounding.
    #[must_use]
    pub fn first_crossing(&self, current: f64, threshold: f64) -> Option<u32> {
        if threshold < 0.0 {
            return Some(1);
        }
        if current <= 0.0 {
            return None;
        }
        let estimate = if self.retention == 1.0 {
            (threshold / current).floor() + 1.0
        } else if self.retention == 0.0 {
            1.0
        } else {
            let left = 1.0 - threshold * (1.0 - self.retention) / current;
            if left > 0.0 { (left.ln() / self.retention.ln()).ceil() } else { f64::from(self.cycles) }
        };
        // Rounding can put the estimate one cycle off on either side; the definition decides.
        let mut cycle = (estimate.clamp(1.0, f64::from(self.cycles)) as u32).max(1);
        let crosses = |n: u32| current * self.gain(n) > threshold;
        while cycle > 1 && crosses(cycle - 1) {
            cycle -= 1;
        }
        while cycle <= self.cycles && !crosses(cycle) {
            if cycle as f64 > estimate + 2.0 {
                return None;
            }
            cycle += 1;
        }
        (cycle <= self.cycles).then_some(cycle)
    }
}

/// Whether lines that rest for `refractory_cycles` after each drive the neurons in `cycle`, counted from 1.
#[must_use]
pub const fn is_driven(cycle: u32, refractory_cycles: u32) -> bool {
    cycles_since_driven(cycle, refractory_cycles) == 0
}

/// Cycles that have passed in `cycle` (from 1) since such lines drove the neurons last.
#[must_use]
pub const fn cycles_since_driven(cycle: u32, refractory_cycles: u32) -> u32 {
    ((cycle as u64 - 1) % (refractory_cycles as u64 + 1)) as u32
}

impl Check for LeakyIntegrator {
    fn check(&self, faults: &mut Faults) {
        faults.require(
            (0.0..=1.0).contains(&self.retention),
            "retention",
            self.retention,
            "a fraction between 0 and 1 (1 = no leak)",
        );
        let fine = (1..=1_000_000).contains(&self.cycles);
        faults.require(fine, "cycles", self.cycles, "1 to 1000000 clock cycles");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The closed form finds the cycle that stepping finds, on a grid that includes exact hits.
    #[test]
    fn closed_form_agrees_with_stepping() {
        let mut fired = 0;
        for retention in [0.0, 0.5, 0.9, 0.95, 0.999, 1.0] {
            let lif = LeakyIntegrator { retention, cycles: 60 };
            for numerator in 0..80 {
                for threshold in [0.0, 0.5, 1.0, 3.0, 7.25, 10.0, 19.0] {
                    let current = f64::from(numerator) * 0.0625;
                    let mut gain = 0.0;
                    let stepped = (1..=lif.cycles).find(|_| {
                        gain = lif.step(gain, 1.0);
                        current * gain > threshold
                    });
                    assert_eq!(
                        lif.first_crossing(current, threshold),
                        stepped,
                        "lambda {retention}, I {current}, theta {threshold}"
                    );
                    fired += usize::from(stepped.is_some());
                }
            }
        }
        assert!(fired > 1000, "the grid must fire often to mean anything: {fired}");
    }

    #[test]
    fn a_leak_sets_the_weakest_current_that_fires() {
        let lif = LeakyIntegrator { retention: 0.9, cycles: 10_000 };
        assert_eq!(lif.first_crossing(0.999, 10.0), None);
        assert!(lif.first_crossing(1.001, 10.0).is_some());
    }
}
