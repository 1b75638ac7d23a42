//! Normal variates for the thermal field, in a form that vectorises over lanes.
//!
//! Philox4x32-10 by the counter (position, index) as in
//! [`spinhebb_data::random_stream::Streams::block`], then Box-Muller: the words 0 and 1 give two
//! variates, 2 and 3 a third. Logarithm, sine and cosine are polynomials on reduced arguments, so
//! that the bits are the same on every processor; each is the interpolant at Chebyshev points of
//! the shortest length that errs by less than 3e-11, an eighth of the grid of the 32-bit words.
//!
//! The radius comes from 32 bits: variates are bounded by sqrt(66 ln 2) = 6.76.
//!
//! # References
//! G. E. P. Box and M. E. Muller, Ann. Math. Stat. 29, 610 (1958).

use std::f64::consts::{FRAC_PI_2, LN_2, PI};

const LOW_WORD: u64 = 0xFFFF_FFFF;
const TWO_52: f64 = 4_503_599_627_370_496.0;
const BITS_OF_TWO_52: u64 = 0x4330_0000_0000_0000;
/// Bits of sqrt(1/2).
const BITS_OF_ROOT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;

/// Round keys of Philox4x32-10, widened for vector lanes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoundKeys([[u64; 2]; 10]);

impl RoundKeys {
    pub(crate) fn new(key: [u32; 2]) -> Self {
        let mut words = key;
        Self(std::array::from_fn(|_| {
            let round = words.map(u64::from);
            words = [words[0].wrapping_add(0x9E37_79B9), words[1].wrapping_add(0xBB67_AE85)];
            round
        }))
    }
}

/// Block `position` of the stream `index`: four words of 32 bits.
#[inline(always)]
pub(crate) fn philox(position: u64, index: u64, keys: &RoundKeys) -> [u64; 4] {
    let (mut c0, mut c1) = (position & LOW_WORD, position >> 32);
    let (mut c2, mut c3) = (index & LOW_WORD, index >> 32);
    macro_rules! round {
        ($($r:literal)*) => {$(
            let a = 0xD251_1F53_u64.wrapping_mul(c0 & LOW_WORD);
            let b = 0xCD9E_8D57_u64.wrapping_mul(c2 & LOW_WORD);
            c0 = (b >> 32) ^ c1 ^ keys.0[$r][0];
            c1 = b & LOW_WORD;
            c2 = (a >> 32) ^ c3 ^ keys.0[$r][1];
            c3 = a & LOW_WORD;
        )*};
    }
    round!(0 1 2 3 4 5 6 7 8 9);
    [c0, c1, c2, c3]
}

/// Exact double of an integer below 2^52, less `offset`, which with 2^52 must be a double.
#[inline(always)]
fn double_less(word: u64, offset: f64) -> f64 {
    f64::from_bits(BITS_OF_TWO_52 | word) - (TWO_52 + offset)
}

/// `-4 artanh(s)/s` in powers of `s^2` for `|s| <= (sqrt 2 - 1)/(sqrt 2 + 1)`.
const LOGARITHM: [f64; 5] = [
    -4.000_000_000_016_719,
    -1.333_333_304_949_750_4,
    -0.800_007_693_447_503_8,
    -0.570_701_020_756_326_2,
    -0.472_327_181_982_919_7,
];
/// `sin(x)/x` in powers of `x^2` for `|x| <= pi/4`.
const SINE: [f64; 5] = [
    0.999_999_999_995_673_1,
    -0.166_666_666_315_911_65,
    0.008_333_328_782_458_88,
    -0.000_198_392_022_122_311,
    2.717_345_684_108_995_3e-6,
];
/// `cos(x)` in powers of `x^2` for `|x| <= pi/4`.
const COSINE: [f64; 6] = [
    0.999_999_999_999_944_4,
    -0.499_999_999_993_511_13,
    0.041_666_666_543_911_19,
    -0.001_388_888_039_377_642_4,
    2.479_892_875_532_366_7e-5,
    -2.717_342_984_102_282e-7,
];
/// `sin(x)/x` in powers of `x^2` for `|x| <= pi/2`.
const WIDE_SINE: [f64; 6] = [
    0.999_999_999_982_919_1,
    -0.166_666_666_168_155_67,
    0.008_333_330_974_207_583,
    -0.000_198_408_611_793_195_52,
    2.752_526_981_229_885e-6,
    -2.388_921_777_345_280_6e-8,
];

/// Polynomial in `z` with `coefficients` in rising order, by Horner's rule.
#[inline(always)]
fn polynomial<const N: usize>(z: f64, coefficients: &[f64; N]) -> f64 {
    let mut sum = coefficients[N - 1];
    for coefficient in coefficients[..N - 1].iter().rev() {
        sum = sum * z + coefficient;
    }
    sum
}

/// `sqrt(-2 ln u)` for `u = (word + 1/2)/2^32`.
#[inline(always)]
fn radius(word: u64) -> f64 {
    // word + 1/2 = 2^(k + 32) m with m between sqrt(1/2) and sqrt(2).
    let bits = double_less(word, -0.5).to_bits();
    let biased = bits.wrapping_sub(BITS_OF_ROOT_HALF).wrapping_add(1023 << 52) >> 52;
    let m = f64::from_bits(bits.wrapping_sub(biased << 52).wrapping_add(1023 << 52));
    let k = double_less(biased, 1023.0 + 32.0);
    // -2 ln m = -4 artanh s, |s| < 0.1716.
    let s = (m - 1.0) / (m + 1.0);
    (k * (-2.0 * LN_2) + s * polynomial(s * s, &LOGARITHM)).sqrt()
}

/// Cosine and sine of a uniform angle: the two low bits choose the quadrant, the thirty others
/// the middle of one of 2^30 parts of it.
#[inline(always)]
fn cosine_sine(word: u64) -> (f64, f64) {
    let x = double_less((word & !3) | 2, 2_147_483_648.0) * (FRAC_PI_2 / 4_294_967_296.0);
    let z = x * x;
    let sine = x * polynomial(z, &SINE);
    let cosine = polynomial(z, &COSINE);
    let swapped = word & 1 == 1;
    let first = if swapped { sine } else { cosine };
    let second = if swapped { cosine } else { sine };
    let first_sign = ((word ^ (word >> 1)) & 1) << 63;
    let second_sign = (word & 2) << 62;
    (f64::from_bits(first.to_bits() ^ first_sign), f64::from_bits(second.to_bits() ^ second_sign))
}

/// Sine of an angle uniform in a half turn, which is distributed as that of a full turn.
#[inline(always)]
fn sine(word: u64) -> f64 {
    let x = double_less(word | 1, 2_147_483_648.0) * (PI / 4_294_967_296.0);
    x * polynomial(x * x, &WIDE_SINE)
}

/// Three independent standard normal variates from four words of 32 bits.
#[inline(always)]
pub(crate) fn normals([w0, w1, w2, w3]: [u64; 4]) -> [f64; 3] {
    let (cos, sin) = cosine_sine(w1);
    let first = radius(w0);
    [first * cos, first * sin, radius(w2) * sine(w3)]
}

/// Block `position` of the streams of `identities`, as normal variates times `scale(lane)`. Shape: component x lane.
///
/// Two passes, words and variates: short bodies let the processor work on several vectors at once, where the latency of
/// one long body would leave it waiting.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "one index runs over many arrays; this form vectorises")]
pub(crate) fn normals_of_lanes<const N: usize>(
    position: u64,
    identities: &[u64; N],
    keys: &RoundKeys,
    scale: impl Fn(usize) -> f64,
) -> [[f64; N]; 3] {
    let mut words = [[0; N]; 4];
    for lane in 0..N {
        let drawn = philox(position, identities[lane], keys);
        words[0][lane] = drawn[0];
        words[1][lane] = drawn[1];
        words[2][lane] = drawn[2];
        words[3][lane] = drawn[3];
    }
    let mut variates = [[0.0; N]; 3];
    for lane in 0..N {
        let scale = scale(lane);
        let normal = normals([words[0][lane], words[1][lane], words[2][lane], words[3][lane]]);
        variates[0][lane] = scale * normal[0];
        variates[1][lane] = scale * normal[1];
        variates[2][lane] = scale * normal[2];
    }
    variates
}

#[cfg(test)]
mod tests {
    use super::*;
    use spinhebb_data::random_stream::Streams;

    #[test]
    fn blocks_are_those_of_the_keyed_streams() {
        let streams = Streams::new(42, "thermal field");
        let keys = RoundKeys::new(streams.key());
        for (position, index) in [(0, 0), (17, 3), (1 << 40, 1 << 33), (u64::MAX, u64::MAX)] {
            assert_eq!(philox(position, index, &keys), streams.block(index, position).map(u64::from));
        }
    }

    #[test]
    fn polynomials_agree_with_the_mathematical_library() {
        for i in 0..100_000_u64 {
            let word = (i * 42_949) ^ (i << 7) & LOW_WORD;
            let u = (word as f64 + 0.5) / 4_294_967_296.0;
            let exact = (-2.0 * u.ln()).sqrt();
            assert!((radius(word) - exact).abs() < 1e-11 * exact, "{word}: {} {exact}", radius(word));
            let (c, s) = cosine_sine(word);
            let quarter = ((word >> 2) as f64 + 0.5) / 1_073_741_824.0 - 0.5;
            let angle = (quarter + (word & 3) as f64) * FRAC_PI_2;
            assert!((c - angle.cos()).abs() < 2e-11 && (s - angle.sin()).abs() < 2e-11, "{word}");
            let half_turn = ((word | 1) as f64 / 4_294_967_296.0 - 0.5) * PI;
            assert!((sine(word) - half_turn.sin()).abs() < 3e-11, "{word}");
        }
        for word in [0, 1, LOW_WORD - 1, LOW_WORD] {
            let u = (word as f64 + 0.5) / 4_294_967_296.0;
            let exact = (-2.0 * f64::ln_1p(u - 1.0)).sqrt();
            assert!((radius(word) - exact).abs() < 1e-11 * exact, "{word}: {} {exact}", radius(word));
        }
    }

    /// Moments of 3 x 200,000 variates against those of the normal law, at five standard errors,
    /// and a Kolmogorov-Smirnov test at the 1e-4 level (fixed key: the outcome never changes).
    #[test]
    fn variates_are_normal_and_uncorrelated() {
        let keys = RoundKeys::new(Streams::new(3, "test").key());
        let n = 200_000_u64;
        let draws: Vec<[f64; 3]> = (0..n).map(|i| normals(philox(i % 1000, i / 1000, &keys))).collect();
        for component in 0..3 {
            let mut sorted: Vec<f64> = draws.iter().map(|d| d[component]).collect();
            let moment = |k: i32| sorted.iter().map(|x| x.powi(k)).sum::<f64>() / n as f64;
            // Variances of x, x^2, x^3, x^4: 1, 2, 15, 96.
            for (k, exact, variance) in [(1, 0.0, 1.0_f64), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
                let error = 5.0 * (variance / n as f64).sqrt();
                assert!((moment(k) - exact).abs() < error, "moment {k} of {component}: {}", moment(k));
            }
            sorted.sort_by(f64::total_cmp);
            let distance = sorted
                .iter()
                .enumerate()
                .map(|(i, x)| {
                    let cdf = 0.5 * statrs::function::erf::erfc(-x / 2.0_f64.sqrt());
                    (cdf - i as f64 / n as f64).abs().max((cdf - (i + 1) as f64 / n as f64).abs())
                })
                .fold(0.0, f64::max);
            assert!(distance < 2.23 / (n as f64).sqrt(), "{distance}");
        }
        for (a, b) in [(0, 1), (1, 2), (2, 0)] {
            let correlation = draws.iter().map(|d| d[a] * d[b]).sum::<f64>() / n as f64;
            assert!(correlation.abs() < 5.0 / (n as f64).sqrt());
        }
    }
}
