//! Elementary draws from a keyed stream: uniform numbers, indices and normal deviates.

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

/// Uniform in [0, 1) with 53 bits.
#[must_use = "drawing advances the stream"]
pub fn uniform(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// An index below `n`, uniform to within `n / 2^32`.
#[must_use = "drawing advances the stream"]
pub fn below(n: usize, rng: &mut impl Rng) -> usize {
    ((u64::from(rng.next_u32()) * n as u64) >> 32) as usize
}
