//! Labels for neurons by firing activity, after learning.
//!
//! With frozen weights the labelled images are shown once; a neuron gets the label for which it fired most often.

use crate::encoding::Shown;
use crate::error::NetworkError;
use crate::synapses::{Batch, Synapses};
use crate::training::trainer::Trainer;

/// How often each neuron fired for each class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelling {
    classes: usize,
    /// `[neuron * classes + class]`.
    firings: Vec<u32>,
}

impl Labelling {
    /// Shows all images with frozen weights and counts who fires.
    ///
    /// # Errors
    /// [`NetworkError::Length`] when there is not one label per image, [`NetworkError::OutOfRange`] for a label not
    /// below `classes`.
    pub fn by_activity<S: Synapses>(
        trainer: &Trainer<S>,
        shown: Shown<'_>,
        labels: &[u8],
        classes: usize,
    ) -> Result<Self, NetworkError> {
        check_labels(shown.images.len(), labels, classes)?;
        let mut firings = vec![0; trainer.layer().synapses().neurons() * classes];
        for_each_response(trainer, shown, 1, |image, winners| {
            firings[winners[0].0 * classes + usize::from(labels[image])] += 1;
        });
        Ok(Self { classes, firings })
    }

    /// Number of classes.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// Firings of `neuron` per class.
    #[must_use]
    pub fn firings(&self, neuron: usize) -> &[u32] {
        &self.firings[neuron * self.classes..(neuron + 1) * self.classes]
    }

    /// Label of `neuron`: the class it fired for most often (the lowest among equals); `None` when it never fired.
    #[must_use]
    pub fn label(&self, neuron: usize) -> Option<u8> {
        let firings = self.firings(neuron);
        let best = firings.iter().copied().max().filter(|&n| n > 0)?;
        firings.iter().position(|&n| n == best).map(|class| class as u8)
    }

    /// Labels of all neurons.
    #[must_use]
    pub fn labels(&self) -> Vec<Option<u8>> {
        (0..self.firings.len() / self.classes).map(|neuron| self.label(neuron)).collect()
    }
}

pub(crate) fn check_labels(images: usize, labels: &[u8], classes: usize) -> Result<(), NetworkError> {
    if labels.len() != images {
        return Err(NetworkError::Length {
            what: "the labels",
            found: labels.len(),
            expected: images,
            why: "one per image",
        });
    }
    NetworkError::require((1..=256).contains(&classes), "classes", classes, "between 1 and 256")?;
    match labels.iter().find(|&&l| usize::from(l) >= classes) {
        None => Ok(()),
        Some(label) => Err(NetworkError::OutOfRange {
            key: "labels",
            value: label.to_string(),
            expected: format!("labels below {classes}"),
        }),
    }
}

/// Calls `found(image, best neurons)` for every image at every displacement, in order, whatever the number of threads.
pub(crate) fn for_each_response<S: Synapses>(
    trainer: &Trainer<S>,
    shown: Shown<'_>,
    count: usize,
    mut found: impl FnMut(usize, &[(usize, f32)]),
) {
    use rayon::prelude::*;
    const BATCH: usize = 64;
    // One group of images per turn keeps what waits for its turn small.
    const GROUP: usize = 64 * BATCH;
    let (layer, encoder, Shown { images, shifts }) = (trainer.layer(), trainer.encoder(), shown);
    let presentations = images.len() * shifts.len();
    for start in (0..presentations).step_by(GROUP) {
        let end = (start + GROUP).min(presentations);
        let starts: Vec<usize> = (start..end).step_by(BATCH).collect();
        let responses: Vec<Vec<(usize, f32)>> = starts
            .into_par_iter()
            .map_init(
                || (layer.reader(), Batch::default()),
                |(reader, batch), first| {
                    batch.clear();
                    for p in first..(first + BATCH).min(end) {
                        let (image, shift) = (p / shifts.len(), shifts[p % shifts.len()]);
                        batch.push(|active| encoder.encode(images.image(image), shift, active));
                    }
                    let mut all = Vec::with_capacity(batch.len() * count);
                    reader.respond(batch, count, |_, ranked| all.extend_from_slice(ranked));
                    all
                },
            )
            .collect();
        let width = count.min(layer.synapses().neurons());
        for (i, ranked) in responses.iter().flat_map(|r| r.chunks_exact(width)).enumerate() {
            found((start + i) / shifts.len(), ranked);
        }
    }
}
