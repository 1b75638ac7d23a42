//! Accuracy, confusion matrix, recall and confidence intervals.

use spinhebb_data::DataError;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::proportion::wilson_95;

/// Result of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    classes: usize,
    /// `[truth * (classes + 1) + found]`; the last column counts images without an answer.
    confusion: Vec<u32>,
    silent: u32,
}

impl Evaluation {
    /// An empty result.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self { classes, confusion: vec![0; classes * (classes + 1)], silent: 0 }
    }

    pub(crate) fn add(&mut self, truth: u8, found: Option<u8>) {
        let column = found.map_or(self.classes, usize::from);
        self.confusion[usize::from(truth) * (self.classes + 1) + column] += 1;
    }

    pub(crate) const fn set_silent(&mut self, images: u32) {
        self.silent = images;
    }

    /// Images on which no neuron of any network fired at any displacement; they have no answer.
    #[must_use]
    pub const fn silent(&self) -> u32 {
        self.silent
    }

    /// Number of classes.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// Images of class `truth` that were taken for `found`.
    #[must_use]
    pub fn confusion(&self, truth: usize, found: usize) -> u32 {
        self.confusion[truth * (self.classes + 1) + found]
    }

    /// Images of class `truth` without an answer.
    #[must_use]
    pub fn unanswered(&self, truth: usize) -> u32 {
        self.confusion[truth * (self.classes + 1) + self.classes]
    }

    /// Images tested.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.confusion.iter().sum()
    }

    /// Images recognised.
    #[must_use]
    pub fn correct(&self) -> u32 {
        (0..self.classes).map(|c| self.confusion(c, c)).sum()
    }

    /// Fraction of images recognised.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        f64::from(self.correct()) / f64::from(self.total())
    }

    /// Fraction of the images of class `truth` recognised; NaN when there are none.
    #[must_use]
    pub fn recall(&self, truth: usize) -> f64 {
        let row = &self.confusion[truth * (self.classes + 1)..(truth + 1) * (self.classes + 1)];
        f64::from(row[truth]) / f64::from(row.iter().sum::<u32>())
    }

    /// Wilson's 95 % interval of the accuracy.
    #[must_use]
    pub fn interval_95(&self) -> (f64, f64) {
        wilson_95(u64::from(self.correct()), u64::from(self.total()))
    }

    /// Labelled arrays: `confusion(truth, found)` (the last column counts images without an answer) and `recall(truth)`.
    ///
    /// # Errors
    /// Never.
    pub fn to_dataset(&self, name: &str) -> Result<Dataset, DataError> {
        let classes: Vec<u32> = (0..self.classes as u32).collect();
        let (low, high) = self.interval_95();
        Dataset::new(name)
            .attribute("accuracy", self.accuracy())
            .attribute("accuracy_low_95", low)
            .attribute("accuracy_high_95", high)
            .attribute("images", i64::from(self.total()))
            .attribute("silent_images", i64::from(self.silent))
            .with(Variable::coordinate("truth", "1", "class of the image", classes))?
            .with(Variable::new(
                "confusion",
                "1",
                "images by true and found class; last column: no answer",
                &["truth", "found"],
                &[self.classes, self.classes + 1],
                self.confusion.clone(),
            )?)?
            .with(Variable::along(
                "recall",
                "truth",
                "1",
                "fraction of the images of the class that were recognised",
                (0..self.classes).map(|c| self.recall(c)).collect::<Vec<f64>>(),
            ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_small_confusion_matrix() {
        let mut e = Evaluation::new(2);
        for _ in 0..8 {
            e.add(0, Some(0));
        }
        e.add(0, Some(1));
        e.add(1, None);
        assert_eq!((e.total(), e.correct()), (10, 8));
        assert_eq!(e.recall(0), 8.0 / 9.0);
        assert_eq!(e.recall(1), 0.0);
        assert_eq!(e.unanswered(1), 1);
        // Wilson interval for 8 of 10 at 95 %: 0.490 to 0.943 (Brown, Cai, DasGupta 2001).
        let (low, high) = e.interval_95();
        assert!((low - 0.4902).abs() < 5e-4 && (high - 0.9433).abs() < 5e-4, "{low} {high}");
    }
}
