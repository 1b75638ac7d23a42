//! The UCI Wine set: 178 samples, 13 measurements, three classes; shipped with its text in the program.
//!
//! # References
//! S. Aeberhard, M. Forina, "Wine", UCI Machine Learning Repository (1992), doi:10.24432/C5PC7J.
//! Split and solutions: usnistgov/daffodil-lib, `examples/wine`.

use std::path::Path;

use crate::DataError;
use crate::columns::Columns;

/// Number of measurements of a sample.
pub const FEATURES: usize = 13;

/// Number of classes.
pub const CLASSES: usize = 3;

/// Names of the measurements, in order.
pub const FEATURE_NAMES: [&str; FEATURES] = [
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "colour_intensity",
    "hue",
    "od280_od315",
    "proline",
];

/// One wine.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The measurements, in the units of the source, or scaled to 0 ... 1.
    pub features: [f64; FEATURES],
    /// Cultivar: 0, 1 or 2.
    pub class: u8,
}

/// A split into samples to learn from and samples to be judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Training samples.
    pub train: Vec<Sample>,
    /// Test samples.
    pub test: Vec<Sample>,
}

/// Binary weights of a 13 x 6 x 3 perceptron with two junctions per weight, as published by NIST.
///
/// # Formula
/// `h = tanh(x (W1+ - W1-) + b1)`, class = argmax of `h (W2+ - W2-) + b2`, where the `+` junction
/// of weight j is in column 2j and the `-` junction in column 2j + 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// First layer, 13 x 12, row-major; `true` is the conducting (parallel) state.
    pub w1: Vec<bool>,
    /// Six biases of the hidden layer.
    pub b1: Vec<f64>,
    /// Second layer, 6 x 6, row-major.
    pub w2: Vec<bool>,
    /// Three biases of the output.
    pub b2: Vec<f64>,
    /// Accuracy of ideal software inference on the training samples of [`nist_split`].
    pub train_accuracy: f64,
    /// The same on its test samples.
    pub test_accuracy: f64,
}

/// All 178 samples in the units of the source.
///
/// # Errors
/// The text in the program is damaged (a fault of the build).
pub fn samples() -> Result<Vec<Sample>, DataError> {
    let columns = Columns::parse(Path::new("wine/wine.csv"), include_str!("../wine/wine.csv"))?;
    read_samples(&columns, &FEATURE_NAMES)
}

/// Every feature of `samples` moved and scaled so that its smallest value is 0 and its largest 1.
#[must_use]
pub fn scaled(samples: &[Sample]) -> Vec<Sample> {
    let mut scaled = samples.to_vec();
    for feature in 0..FEATURES {
        let values = samples.iter().map(|s| s.features[feature]);
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        for sample in &mut scaled {
            let range = high - low;
            let moved = sample.features[feature] - low;
            sample.features[feature] = if range > 0.0 { moved / range } else { 0.0 };
        }
    }
    scaled
}

/// NIST's split of the scaled samples: 148 to learn from, 30 to be judged by.
///
/// # Errors
/// As [`samples`].
pub fn nist_split() -> Result<Split, DataError> {
    let columns = Columns::parse(Path::new("wine/nist_split.csv"), include_str!("../wine/nist_split.csv"))?;
    let names: Vec<String> = (0..FEATURES).map(|i| format!("x{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut split = Split { train: Vec::new(), test: Vec::new() };
    for (sample, (line, part)) in read_samples(&columns, &names)?.into_iter().zip(columns.texts("split")?) {
        match part {
            "train" => split.train.push(sample),
            "test" => split.test.push(sample),
            _ => return Err(columns.wrong_cell("split", line, part, "`train` or `test`")),
        }
    }
    Ok(split)
}

/// The first 20 of NIST's published solutions of the task.
///
/// # Errors
/// As [`samples`].
pub fn nist_solutions() -> Result<Vec<Solution>, DataError> {
    let text = include_str!("../wine/nist_solutions.csv");
    let columns = Columns::parse(Path::new("wine/nist_solutions.csv"), text)?;
    let bits = |name: &str, count: usize| -> Result<Vec<Vec<bool>>, DataError> {
        let row = |(line, text): (u64, &str)| {
            if text.len() == count && text.bytes().all(|b| b == b'0' || b == b'1') {
                Ok(text.bytes().map(|b| b == b'1').collect())
            } else {
                Err(columns.wrong_cell(name, line, text, &format!("{count} binary digits")))
            }
        };
        columns.texts(name)?.into_iter().map(row).collect()
    };
    let lists = |name: &str, count: usize| -> Result<Vec<Vec<f64>>, DataError> {
        let row = |(line, text): (u64, &str)| {
            let numbers: Vec<f64> = text.split_whitespace().filter_map(|t| t.parse().ok()).collect();
            if numbers.len() == count && text.split_whitespace().count() == count {
                Ok(numbers)
            } else {
                Err(columns.wrong_cell(name, line, text, &format!("{count} numbers")))
            }
        };
        columns.texts(name)?.into_iter().map(row).collect()
    };
    let (w1, b1) = (bits("w1_bits", FEATURES * 12)?, lists("b1", 6)?);
    let (w2, b2) = (bits("w2_bits", 36)?, lists("b2", CLASSES)?);
    let (train, test) = (columns.numbers("train_accuracy")?, columns.numbers("test_accuracy")?);
    let weights = w1.into_iter().zip(b1).zip(w2.into_iter().zip(b2));
    Ok(weights
        .zip(train.into_iter().zip(test))
        .map(|(((w1, b1), (w2, b2)), (train_accuracy, test_accuracy))| Solution {
            w1,
            b1,
            w2,
            b2,
            train_accuracy,
            test_accuracy,
        })
        .collect())
}

fn read_samples(columns: &Columns, names: &[&str]) -> Result<Vec<Sample>, DataError> {
    let classes = columns.counts("class", CLASSES as u32 - 1)?;
    let mut samples: Vec<Sample> =
        classes.iter().map(|&class| Sample { features: [0.0; FEATURES], class: class as u8 }).collect();
    for (feature, name) in names.iter().enumerate() {
        for (sample, value) in samples.iter_mut().zip(columns.numbers(name)?) {
            sample.features[feature] = value;
        }
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_has_its_published_statistics() {
        let samples = samples().unwrap();
        let count = |class| samples.iter().filter(|s| s.class == class).count();
        assert_eq!([count(0), count(1), count(2)], [59, 71, 48]);
        // Means as published with the set.
        let means = [(0, 13.0, 0.05), (1, 2.34, 0.005), (4, 99.7, 0.05), (7, 0.36, 0.005), (12, 746.0, 1.0)];
        for (feature, mean, last_digit) in means {
            let found = samples.iter().map(|s| s.features[feature]).sum::<f64>() / 178.0;
            assert!((found - mean).abs() < last_digit, "{feature}: {found}");
        }
    }

    #[test]
    fn the_split_is_the_scaled_set() {
        let split = nist_split().unwrap();
        assert_eq!((split.train.len(), split.test.len()), (148, 30));
        let mut left = scaled(&samples().unwrap());
        let close = |a: &Sample, b: &Sample| {
            a.class == b.class && a.features.iter().zip(&b.features).all(|(x, y)| (x - y).abs() < 6e-7)
        };
        for sample in split.train.iter().chain(&split.test) {
            let at = left.iter().position(|s| close(s, sample)).expect("every sample is in the set once");
            left.swap_remove(at);
        }
        assert!(left.is_empty());
    }

    #[test]
    fn the_published_solutions_reach_their_published_accuracy() {
        let split = nist_split().unwrap();
        let layer = |inputs: &[f64], w: &[bool], b: &[f64]| -> Vec<f64> {
            let weight = |i: usize, j: usize| {
                let at = |column: usize| f64::from(u8::from(w[i * 2 * b.len() + column]));
                at(2 * j) - at(2 * j + 1)
            };
            (0..b.len())
                .map(|j| inputs.iter().enumerate().map(|(i, x)| x * weight(i, j)).sum::<f64>() + b[j])
                .collect()
        };
        let solutions = nist_solutions().unwrap();
        assert_eq!(solutions.len(), 20);
        for solution in &solutions {
            let right = |sample: &&Sample| {
                let hidden = layer(&sample.features, &solution.w1, &solution.b1);
                let hidden: Vec<f64> = hidden.into_iter().map(f64::tanh).collect();
                let output = layer(&hidden, &solution.w2, &solution.b2);
                let best = (0..CLASSES).max_by(|&a, &b| output[a].total_cmp(&output[b]));
                best == Some(usize::from(sample.class))
            };
            let accuracy =
                |samples: &[Sample]| samples.iter().filter(right).count() as f64 / samples.len() as f64;
            assert!((accuracy(&split.train) - solution.train_accuracy).abs() < 1e-6);
            assert!((accuracy(&split.test) - solution.test_accuracy).abs() < 1e-6);
        }
    }
}
