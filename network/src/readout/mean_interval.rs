//! The interval of a mean accuracy over trainings that differ by their seeds and share their test images.

use spinhebb_data::proportion::wilson_95;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// What the interval of a mean accuracy is, in words.
pub const MEANING: &str = "interval: from mean m, deviation s of k seeds and n test images, \
    m -+ sqrt((t s / sqrt(k))^2 + w^2), t: Student's t at 97.5 % with k - 1 degrees of freedom, w: Wilson's half width of m at n";

/// Mean and sample standard deviation (0 for one value; NaN for none).
#[must_use]
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, variance.sqrt())
}

/// Half width of the 95 % interval of the mean of `values` by Student's t; infinite for one value.
#[must_use]
pub fn mean_error_95(values: &[f64]) -> f64 {
    let k = values.len() as f64;
    let t = StudentsT::new(0.0, 1.0, k - 1.0).map_or(f64::INFINITY, |law| law.inverse_cdf(0.975));
    t * mean_and_deviation(values).1 / k.sqrt()
}

/// 95 % interval (lower, upper) of the mean of `accuracies`, each a fraction of the same `tested` images.
///
/// One accuracy has Wilson's interval, which says nothing of other seeds. Of several, the error of the mean over seeds by
/// Student's t and Wilson's distance, which the common test images leave however many seeds there are, add in squares. The
/// deviation over seeds holds some of the chance of the test images too, so the interval is rather too wide.
///
/// # Formula
/// `m -+ sqrt((t s / sqrt(k))^2 + w^2)`: mean `m` and sample standard deviation `s` of `k` accuracies, `t` the 97.5 % quantile of
/// Student's t with `k - 1` degrees of freedom, `w` the distance of Wilson's lower or upper end for `m` of `tested` images.
///
/// # References
/// Student, Biometrika 6, 1 (1908), doi:10.1093/biomet/6.1.1; for Wilson see [`wilson_95`].
#[must_use]
pub fn mean_interval_95(accuracies: &[f64], tested: u64) -> (f64, f64) {
    let (mean, _) = mean_and_deviation(accuracies);
    let (low, high) = wilson_95((mean * tested as f64).round() as u64, tested);
    if accuracies.len() < 2 {
        return (low, high);
    }
    let of_seeds = mean_error_95(accuracies);
    let end = |wilson: f64| of_seeds.hypot(mean - wilson);
    ((mean - end(low)).max(0.0), (mean + end(high)).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_accuracy_has_the_interval_of_its_images() {
        assert_eq!(mean_interval_95(&[0.8], 10), wilson_95(8, 10));
    }

    /// Equal accuracies leave the images alone; without end of images Student's t alone is left: t(2) = 4.302653 (tables).
    #[test]
    fn seeds_and_images_add_in_squares() {
        let (low, high) = mean_interval_95(&[0.8; 3], 10);
        let wilson = wilson_95(8, 10);
        assert!((low - wilson.0).abs() < 1e-12 && (high - wilson.1).abs() < 1e-12, "{low} {high}");
        let (low, high) = mean_interval_95(&[0.49, 0.50, 0.51], 1 << 60);
        let half = 4.302_653 * 0.01 / 3f64.sqrt();
        assert!((low - 0.5 + half).abs() < 1e-6 && (high - 0.5 - half).abs() < 1e-6, "{low} {high}");
        let both = mean_interval_95(&[0.7, 0.8, 0.9], 10);
        assert!(both.0 < wilson.0 && both.1 > wilson.1, "{both:?}");
        assert_eq!(mean_interval_95(&[0.0, 1.0], 4), (0.0, 1.0));
    }

    /// Of drawn trainings (accuracy of each seed normal, images binomial) the interval of three holds at least its share.
    #[test]
    fn the_interval_holds_the_true_accuracy() {
        use spinhebb_data::random_stream::Streams;
        use statrs::distribution::Normal;
        let (truth, tested, seeds, trials) = (0.85, 400_u64, 3, 2000);
        // Hard and easy images are common to all seeds; as large as their chance is that of each training.
        let spread = Normal::new(0.0, 0.03).unwrap();
        let streams = Streams::new(3, "test");
        let uniform = |trial, place| (f64::from(streams.block(trial, place)[0]) + 0.5) / 4_294_967_296.0;
        let held = (0..trials)
            .filter(|&trial| {
                let easy = (0..tested).filter(|&image| uniform(trial, image) < truth).count();
                let shared = easy as f64 / tested as f64;
                let found: Vec<f64> = (0..seeds)
                    .map(|seed| shared + spread.inverse_cdf(uniform(trial, tested + seed)))
                    .collect();
                let (low, high) = mean_interval_95(&found, tested);
                (low..=high).contains(&truth)
            })
            .count();
        // 95 % less two standard errors; Wilson's interval alone holds 84 %, Student's 90 %.
        assert!(held as f64 / trials as f64 > 0.94, "{held}");
    }
}
