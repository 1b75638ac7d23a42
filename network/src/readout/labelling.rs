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
    silent: u64,
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
        let mut silent = 0;
        for_each_response(trainer, (shown, LABELLING), 1, |image, winners| match winners {
            [] => silent += 1,
            [(neuron, _), ..] => firings[neuron * classes + usize::from(labels[image])] += 1,
        });
        Ok(Self { classes, firings, silent })
    }

    /// Presentations on which no neuron fired.
    #[must_use]
    pub const fn silent(&self) -> u64 {
        self.silent
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

/// Who fires on the images of a batch, image after image, and how many on each.
type Responses = (Vec<(usize, f32)>, Vec<usize>);

/// Where the reads of labelling and of tests are numbered from.
const LABELLING: u64 = 1 << 61;
pub(crate) const TEST: u64 = 1 << 62;

/// Calls `found(image, neurons)` for every image at every displacement, in order, whatever the number of threads, with the first
/// `count` neurons that fire; reads are numbered from `reads` on.
pub(crate) fn for_each_response<S: Synapses>(
    trainer: &Trainer<S>,
    (shown, reads): (Shown<'_>, u64),
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
        let responses: Vec<Responses> = starts
            .into_par_iter()
            .map_init(
                || (layer.reader(), Batch::default()),
                |(reader, batch), first| {
                    batch.clear();
                    batch.set_first_read(reads + first as u64);
                    for p in first..(first + BATCH).min(end) {
                        let (image, shift) = (p / shifts.len(), shifts[p % shifts.len()]);
                        batch.push(|active| encoder.encode(images.image(image), shift, active));
                    }
                    let mut all = Vec::with_capacity(batch.len() * count);
                    let mut lengths = Vec::with_capacity(batch.len());
                    reader.respond(batch, count, |_, ranked| {
                        all.extend_from_slice(ranked);
                        lengths.push(ranked.len());
                    });
                    (all, lengths)
                },
            )
            .collect();
        let mut presentation = start;
        for (ranked, lengths) in &responses {
            let mut rest = ranked.as_slice();
            for &length in lengths {
                let (own, after) = rest.split_at(length);
                found(presentation / shifts.len(), own);
                rest = after;
                presentation += 1;
            }
        }
    }
}
