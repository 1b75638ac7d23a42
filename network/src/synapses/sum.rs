//! Sums of weights over active lines: exact integers, and the order that they give the neurons.

use super::batch::{MAX_BATCH, TILE};
use super::change::Change;
use multiversion::multiversion;

/// A whole number that orders as `q` does (integers are compared faster); 0 and -0 are the same.
#[inline(always)]
pub(super) fn rank_of(q: f32) -> i32 {
    let bits = (q + 0.0).to_bits() as i32;
    bits ^ ((bits >> 31) & i32::MAX)
}

/// The `q` of [`rank_of`].
pub(super) fn of_rank(rank: i32) -> f32 {
    f32::from_bits((rank ^ ((rank >> 31) & i32::MAX)) as u32)
}

/// An integer that holds sums of weights.
pub trait Sum: Copy + Default + Send + Sync + PartialEq + std::fmt::Debug {
    /// The value as a single-precision number (exact below 2^24).
    fn value(self) -> f32;

    /// The sum of two; wraps at the limits of the type, so that a negative correction of an unsigned sum is exact.
    #[must_use]
    fn plus(self, other: Self) -> Self;

    /// Largest `rank_of` `(sum - offset) * inverse` among the first `neurons` of a tile, for each image of a batch.
    ///
    /// `sums` holds [`TILE`] sums for each image.
    fn peaks(sums: &[Self], inverse: &[f32; TILE], neurons: usize, offsets: &[f32], peaks: &mut [i32]);

    /// What `changes` of one neuron add to its sum for each image.
    fn corrections(changes: &[Change], driven: &[[u8; MAX_BATCH]]) -> [Self; MAX_BATCH];
}

macro_rules! sum {
    ($type:ty, $peaks:ident, $corrections:ident) => {
        impl Sum for $type {
            fn value(self) -> f32 {
                self as f32
            }

            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            fn peaks(
                sums: &[Self],
                inverse: &[f32; TILE],
                neurons: usize,
                offsets: &[f32],
                peaks: &mut [i32],
            ) {
                $peaks(sums, inverse, neurons, offsets, peaks);
            }

            fn corrections(changes: &[Change], driven: &[[u8; MAX_BATCH]]) -> [Self; MAX_BATCH] {
                $corrections(changes, driven)
            }
        }

        #[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
        fn $peaks(sums: &[$type], inverse: &[f32; TILE], neurons: usize, offsets: &[f32], peaks: &mut [i32]) {
            let (tiles, _) = sums.as_chunks::<TILE>();
            for ((tile, &offset), peak) in tiles.iter().zip(offsets).zip(peaks) {
                let rank = |(&sum, &inverse): (&$type, &f32)| rank_of((sum as f32 - offset) * inverse);
                *peak = if neurons == TILE {
                    tile.iter().zip(inverse).map(rank).fold(i32::MIN, i32::max)
                } else {
                    tile.iter().zip(inverse).take(neurons).map(rank).fold(i32::MIN, i32::max)
                };
            }
        }

        #[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
        fn $corrections(changes: &[Change], driven: &[[u8; MAX_BATCH]]) -> [$type; MAX_BATCH] {
            let mut sums = [0 as $type; MAX_BATCH];
            for change in changes {
                let amount = change.amount as $type;
                let driven = &driven[usize::from(change.line)];
                for image in 0..MAX_BATCH {
                    // All bits set or none.
                    let mask = driven[image] as i8 as $type;
                    sums[image] = sums[image].wrapping_add(amount & mask);
                }
            }
            sums
        }
    };
}
sum!(u16, peaks_u16, corrections_u16);
sum!(i32, peaks_i32, corrections_i32);
