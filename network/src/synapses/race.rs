//! Who fires first on each image of a batch.
//!
//! The largest `(sum - offset) / threshold` of every tile of neurons is kept for every image, so that an image costs one
//! look at each tile; only tiles in which a neuron has learned since are searched again.

use super::sum::{of_rank, rank_of};
use super::{Batch, MAX_BATCH, Sum, Synapses, TILE};
use rayon::prelude::*;

/// Whether a line is driven by each image of a batch: 255 or 0.
pub(super) type Driven = [u8; MAX_BATCH];

/// Neurons in `tile`.
fn in_tile(neurons: usize, tile: usize) -> usize {
    (neurons - tile * TILE).min(TILE)
}

/// Sums of a batch, and who leads.
#[derive(Debug, Clone)]
pub(super) struct Race<S> {
    neurons: usize,
    images: usize,
    /// `1 / threshold` up to a common factor.
    inverse: Vec<[f32; TILE]>,
    /// `sums[(tile * images + image) * TILE + lane]`.
    sums: Vec<S>,
    offsets: Vec<f32>,
    /// Rank of the best neuron, `peaks[image * tiles + tile]`.
    peaks: Vec<i32>,
    /// `peaks` tile by tile, as they are computed.
    by_tile: Vec<i32>,
    /// Tiles whose peaks are to be computed anew.
    stale: Vec<bool>,
}

impl<S: Sum> Race<S> {
    pub(super) fn new(neurons: usize) -> Self {
        let tiles = neurons.div_ceil(TILE);
        Self {
            neurons,
            images: 0,
            inverse: vec![[0.0; TILE]; tiles],
            sums: Vec::new(),
            offsets: Vec::new(),
            peaks: Vec::new(),
            by_tile: Vec::new(),
            stale: vec![false; tiles],
        }
    }

    /// Sets `1 / threshold` of one neuron.
    pub(super) fn set_inverse(&mut self, neuron: usize, inverse: f32) {
        self.inverse[neuron / TILE][neuron % TILE] = inverse;
        self.stale[neuron / TILE] = true;
    }

    pub(super) fn inverse(&self, neuron: usize) -> f32 {
        self.inverse[neuron / TILE][neuron % TILE]
    }

    /// Sums and peaks of all images of `batch`; `offset(n)` is what an image with `n` driven lines has subtracted.
    pub(super) fn score<Y: Synapses<Sum = S>>(
        &mut self,
        synapses: &Y,
        batch: &Batch,
        offset: impl Fn(usize) -> f32,
    ) {
        let (tiles, images) = (self.inverse.len(), batch.len());
        self.images = images;
        self.sums.resize(tiles * images * TILE, S::default());
        self.by_tile.resize(tiles * images, 0);
        self.peaks.resize(tiles * images, 0);
        self.offsets.clear();
        self.offsets.extend((0..images).map(|i| offset(batch.lines(i).len())));
        self.stale.fill(false);
        if images == 0 {
            return;
        }
        let (offsets, neurons) = (&self.offsets, self.neurons);
        self.sums
            .par_chunks_mut(images * TILE * Y::TILES)
            .zip(self.by_tile.par_chunks_mut(images * Y::TILES))
            .zip(self.inverse.par_chunks(Y::TILES))
            .enumerate()
            // Small layers are not worth the wake-up of a thread.
            .with_min_len(32 / Y::TILES)
            .for_each(|(block, ((sums, peaks), inverse))| {
                synapses.score(block, batch, sums);
                for (tile, inverse) in inverse.iter().enumerate() {
                    let width = in_tile(neurons, block * Y::TILES + tile);
                    let sums = &sums[tile * images * TILE..(tile + 1) * images * TILE];
                    S::peaks(sums, inverse, width, offsets, &mut peaks[tile * images..(tile + 1) * images]);
                }
            });
        for (tile, peaks) in self.by_tile.chunks(images).enumerate() {
            for (image, &peak) in peaks.iter().enumerate() {
                self.peaks[image * tiles + tile] = peak;
            }
        }
    }

    /// Brings the peaks of stale tiles up to date for `image`.
    fn refresh(&mut self, image: usize) {
        let tiles = self.inverse.len();
        for tile in 0..tiles {
            if self.stale[tile] {
                let (start, place) = ((tile * self.images + image) * TILE, image * tiles + tile);
                S::peaks(
                    &self.sums[start..start + TILE],
                    &self.inverse[tile],
                    in_tile(self.neurons, tile),
                    &self.offsets[image..=image],
                    &mut self.peaks[place..=place],
                );
            }
        }
    }

    fn rank(&self, image: usize, tile: usize, lane: usize) -> i32 {
        let sum = self.sums[(tile * self.images + image) * TILE + lane];
        rank_of((sum.value() - self.offsets[image]) * self.inverse[tile][lane])
    }

    /// The neuron with the largest current over threshold, the lowest index among equals, and that ratio.
    pub(super) fn first(&mut self, image: usize) -> (usize, f32) {
        self.refresh(image);
        let tiles = self.inverse.len();
        let peaks = &self.peaks[image * tiles..(image + 1) * tiles];
        let peak = peaks.iter().copied().fold(i32::MIN, i32::max);
        let tile = peaks.iter().position(|&p| p == peak).unwrap_or(0);
        let lane = (0..TILE).find(|&lane| self.rank(image, tile, lane) == peak).unwrap_or(0);
        (tile * TILE + lane, of_rank(peak))
    }

    /// The `count` neurons with the largest current over threshold, best first, the lower index among equals.
    pub(super) fn ranking(&mut self, image: usize, count: usize, ranked: &mut Vec<(usize, f32)>) {
        ranked.clear();
        if count == 1 {
            ranked.push(self.first(image));
            return;
        }
        self.refresh(image);
        let tiles = self.inverse.len();
        let peaks = &self.peaks[image * tiles..(image + 1) * tiles];
        // As many tiles reach the bar as there are neurons wanted, so no neuron below it can be among them.
        let bar = if count <= tiles {
            let mut order = peaks.to_vec();
            *order.select_nth_unstable_by(count - 1, |a, b| b.cmp(a)).1
        } else {
            i32::MIN
        };
        for (tile, _) in peaks.iter().enumerate().filter(|(_, peak)| **peak >= bar) {
            for lane in 0..in_tile(self.neurons, tile) {
                let rank = self.rank(image, tile, lane);
                if rank >= bar {
                    ranked.push((tile * TILE + lane, of_rank(rank)));
                }
            }
        }
        ranked.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.truncate(count);
    }

    /// The neurons whose current over threshold passes `bar`, in rising order.
    pub(super) fn passing(
        &mut self,
        image: usize,
        bar: impl Fn(f32) -> bool,
        passing: &mut Vec<(usize, f32)>,
    ) {
        self.refresh(image);
        passing.clear();
        let tiles = self.inverse.len();
        for tile in 0..tiles {
            if !bar(of_rank(self.peaks[image * tiles + tile])) {
                continue;
            }
            for lane in 0..in_tile(self.neurons, tile) {
                let ratio = of_rank(self.rank(image, tile, lane));
                if bar(ratio) {
                    passing.push((tile * TILE + lane, ratio));
                }
            }
        }
    }

    /// Corrects the sums of `neuron` for the images from `first` on.
    pub(super) fn correct(&mut self, neuron: usize, first: usize, corrections: &[S; MAX_BATCH]) {
        let (tile, lane) = (neuron / TILE, neuron % TILE);
        self.stale[tile] = true;
        let start = tile * self.images * TILE + lane;
        for (image, &correction) in corrections.iter().enumerate().take(self.images).skip(first) {
            let sum = &mut self.sums[start + image * TILE];
            *sum = sum.plus(correction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CountSynapses, LayerSize};
    use super::*;
    use crate::rules::chance;
    use spinhebb_data::random_stream::Streams;

    /// Against a plain scan, with many ties and every remainder of the last tile; then again after corrections.
    #[test]
    fn finds_the_first_largest() {
        let mut rng = Streams::new(1, "test").rng(0);
        let lines = 12;
        for neurons in (1..200usize).step_by(7).chain([64, 128, 1000]) {
            let synapses = CountSynapses::random(LayerSize { neurons, lines, copies: 2 }, 0.5, 3).unwrap();
            let mut race = Race::new(neurons);
            for neuron in 0..neurons {
                race.set_inverse(neuron, 1.0 / (1 + chance::below(3, &mut rng)) as f32);
            }
            let mut batch = Batch::default();
            for _ in 0..3 {
                batch.push(|a| a.extend((0..lines as u16).filter(|_| chance::uniform(&mut rng) < 0.5)));
            }
            race.score(&synapses, &batch, |driven| driven as f32 * 0.5);
            let mut sums: Vec<Vec<i32>> = (0..3)
                .map(|i| {
                    let of = |n| {
                        let row = synapses.row(n);
                        batch.lines(i).iter().map(|&l| i32::from(row[usize::from(l)])).sum()
                    };
                    (0..neurons).map(of).collect()
                })
                .collect();
            for image in 0..3 {
                let offset = batch.lines(image).len() as f32 * 0.5;
                let mut order: Vec<(usize, f32)> = (0..neurons)
                    .map(|n| (n, (sums[image][n] as f32 - offset) * race.inverse(n) + 0.0))
                    .collect();
                order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                let first = order[0].0;
                assert_eq!(race.first(image), order[0]);
                let mut ranked = Vec::new();
                for count in [2, 5, 40] {
                    race.ranking(image, count, &mut ranked);
                    assert_eq!(ranked, order[..count.min(neurons)], "{neurons} {count}");
                }
                // The winner's sums change for the images to come, and its threshold rises.
                race.correct(first, image + 1, &[-1i16 as u16; MAX_BATCH]);
                for sums in &mut sums[image + 1..] {
                    sums[first] = (sums[first] - 1).max(0);
                }
                if sums[image + 1..].iter().any(|s| s[first] == 0) {
                    break;
                }
                race.set_inverse(first, race.inverse(first) * 0.5);
            }
        }
    }
}
