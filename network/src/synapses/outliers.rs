//! The few devices whose conductance does not fit the range of the others, such as broken-down barriers: kept exactly, beside
//! the packed weights.

use super::{Batch, TILE};

/// A device with a weight of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outlier {
    /// Its number.
    pub(super) device: u32,
    /// Weights in the AP and in the P state, in units of the sums.
    pub(super) weights: [i32; 2],
    /// Whether it is P.
    pub(super) parallel: bool,
}

/// All of them, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outliers(Vec<Outlier>);

impl Outliers {
    /// Adds a device that comes after all others.
    pub(super) fn push(&mut self, outlier: Outlier) {
        self.0.push(outlier);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts `device` into another state, if it is one of them; returns by how much its weight rises from AP to P.
    pub(super) fn set(&mut self, device: usize, parallel: bool) -> Option<i32> {
        let place = self.0.binary_search_by_key(&(device as u32), |outlier| outlier.device).ok()?;
        let outlier = &mut self.0[place];
        outlier.parallel = parallel;
        Some(outlier.weights[1] - outlier.weights[0])
    }

    /// Adds their weights to the sums of tile number `tile`, `sums[image * TILE + lane]`, for layers of `per_row` devices in a
    /// row of which each line has `copies`.
    pub(super) fn score(
        &self,
        tile: usize,
        (per_row, copies): (usize, usize),
        batch: &Batch,
        sums: &mut [i32],
    ) {
        let first = self.0.partition_point(|o| (o.device as usize) < tile * TILE * per_row);
        let in_tile =
            self.0[first..].iter().take_while(|o| (o.device as usize) < (tile + 1) * TILE * per_row);
        let mut in_tile = in_tile.peekable();
        if in_tile.peek().is_none() {
            return;
        }
        // The images in which each line is active, a bit for each.
        let mut images = vec![0u64; per_row / copies];
        for image in 0..batch.len() {
            for &line in batch.lines(image) {
                images[usize::from(line)] |= 1 << image;
            }
        }
        for outlier in in_tile {
            let device = outlier.device as usize;
            let lane = device / per_row % TILE;
            let mut active = images[device % per_row / copies];
            while active != 0 {
                let image = active.trailing_zeros() as usize;
                active &= active - 1;
                sums[image * TILE + lane] += outlier.weights[usize::from(outlier.parallel)];
            }
        }
    }
}
