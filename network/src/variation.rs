//! Device-to-device variation: normal deviates from keyed streams.

use rand::Rng;

/// A standard normal deviate by Box and Muller, from pure-Rust elementary functions, so that it has the
/// same bits on every machine.
#[must_use = "drawing advances the stream"]
pub fn standard_normal(rng: &mut impl Rng) -> f64 {
    let unit = 1.0 / (1u64 << 53) as f64;
    let radius = ((rng.next_u64() >> 11) as f64 + 0.5) * unit;
    let angle = (rng.next_u64() >> 11) as f64 * unit * std::f64::consts::TAU;
    libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(angle)
}
