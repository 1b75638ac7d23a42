//! Blocks of lanes: macrospins side by side in structure-of-arrays form.

/// Lanes per block: enough vectors to hide latencies at every width, few enough for the L1 cache.
pub const BLOCK: usize = 64;

/// One block of lanes, in the kernel's frame (third axis along p).
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub x: [f64; BLOCK],
    pub y: [f64; BLOCK],
    pub z: [f64; BLOCK],
    /// Temperature in K (used under Joule heating).
    pub temperature: [f64; BLOCK],
    /// Identity in the random stream.
    pub identity: [u64; BLOCK],
}

impl Block {
    /// Lanes at rest along p.
    pub(crate) fn resting(temperature_k: f64) -> Self {
        Self {
            x: [0.0; BLOCK],
            y: [0.0; BLOCK],
            z: [1.0; BLOCK],
            temperature: [temperature_k; BLOCK],
            identity: [0; BLOCK],
        }
    }
}
