//! The confidence interval of a counted proportion.

/// Standard normal quantile of a two-sided 95 % interval.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % interval (lower, upper) of a probability of which `successes` of `trials` were counted.
///
/// It holds the observed fraction and stays within 0 and 1; without trials it is all of it.
///
/// # Formula
/// `(p + z^2/2n -+ z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n)`, `p` the fraction, `n` the trials.
///
/// # References
/// E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927), doi:10.1080/01621459.1927.10502953.
#[must_use]
pub fn wilson_95(successes: u64, trials: u64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let n = trials as f64;
    let (p, z2) = (successes as f64 / n, NORMAL_95 * NORMAL_95);
    let centre = p + z2 / (2.0 * n);
    let half = NORMAL_95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // Rounding must not put the fraction itself outside.
    (((centre - half) / scale).clamp(0.0, p), ((centre + half) / scale).clamp(p, 1.0))
}

#[cfg(test)]
mod tests {
    use super::wilson_95;

    #[test]
    fn published_intervals_are_found() {
        // R. G. Newcombe, Stat. Med. 17, 857 (1998), table I (method 3): 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (k, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (found_low, found_high) = wilson_95(k, n);
            assert!(
                (found_low - low).abs() < 6e-5 && (found_high - high).abs() < 6e-5,
                "{found_low} {found_high}"
            );
        }
        assert_eq!(wilson_95(0, 0), (0.0, 1.0));
        assert_eq!(wilson_95(7, 7).1, 1.0);
    }
}
