//! Where thresholds begin, so that charge is integrated over clock cycles.

use crate::encoding::{Encoder, Images};
use crate::synapses::{Batch, MAX_BATCH, Synapses, strongest_currents};
use crate::training::config::NetworkConfig;

/// Training images by which a starting threshold is chosen: the first ones.
pub const LOOKED_AT: usize = 256;

/// The threshold that a layer of `synapses` begins with, in units of the current step of one device over one clock cycle: as
/// configured, or what the strongest current into any neuron, on average over the first images, reaches in
/// `network.integration_cycles`.
#[must_use]
pub fn starting_threshold<S: Synapses>(
    synapses: &S,
    config: &NetworkConfig,
    encoder: &Encoder,
    images: &Images<'_>,
) -> f64 {
    if let Some(threshold) = config.threshold {
        return threshold;
    }
    let looked_at = images.len().min(LOOKED_AT);
    let mut sum = 0.0;
    for first in (0..looked_at).step_by(MAX_BATCH) {
        let mut batch = Batch::default();
        for image in first..(first + MAX_BATCH).min(looked_at) {
            batch.push(|active| encoder.encode(images.image(image), [0, 0], active));
        }
        let strongest = strongest_currents(synapses, &batch, config.reference);
        sum += strongest.iter().map(|current| f64::from(current.max(0.0))).sum::<f64>();
    }
    let mean = sum / looked_at.max(1) as f64;
    // Images that drive nothing leave every threshold out of reach.
    if mean > 0.0 { mean * gain(config) } else { 1.0 }
}

/// Charge over current after `integration_cycles`, linear between cycles.
fn gain(config: &NetworkConfig) -> f64 {
    let gains = config.neuron.gains(config.refractory_cycles);
    let at = |cycle: usize| if cycle == 0 { 0.0 } else { gains[(cycle - 1).min(gains.len() - 1)] };
    let whole = config.integration_cycles.floor();
    let (below, above) = (at(whole as usize), at(whole as usize + 1));
    below + (config.integration_cycles - whole) * (above - below)
}
