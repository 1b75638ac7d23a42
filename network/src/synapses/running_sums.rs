//! Sums of weights over the active lines of images, by runs of neighbouring lines.
//!
//! The active pixels of an image lie side by side: on MNIST 122 of them make 26 runs. The sum over a run is the difference
//! of two running sums over all lines, so that a tile is summed once for a batch and an image then costs two additions
//! per run. Numbers wrap around; a group of runs is short enough for its sum to fit, so that the result is exact.

use super::{Batch, TILE};
use multiversion::multiversion;
use std::cell::RefCell;

/// Bytes of weights that are taken to stay in the second-level cache from one batch to the next.
const CACHED: usize = 1 << 20;

/// Asks for a part of a tile to be brought into the second-level cache; a hint without effect on results.
#[inline(always)]
fn prefetch<T>(part: &[[T; TILE]]) {
    #[cfg(target_arch = "x86_64")]
    for line in part.as_flattened().chunks(64 / size_of::<T>()) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: every processor of this architecture has the instruction, and it reads nothing the program could see.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = part;
}

macro_rules! running_sums {
    ($score:ident, $kernel:ident, $running:ident, $weight:ty, $sum:ty) => {
        thread_local! {
            static $running: RefCell<Vec<[$weight; TILE]>> = const { RefCell::new(Vec::new()) };
        }

        /// Sums of the weights of tile number `tile` over the active lines of each image of `batch`.
        ///
        /// `weights[(tile * lines + line) * TILE + lane]`, `sums[image * TILE + lane]`. The sum over any 31 lines must fit
        /// the type of the weights.
        ///
        /// # Panics
        /// When a line of the batch lies beyond `lines`.
        pub(super) fn $score(
            weights: &[$weight],
            lines: usize,
            tile: usize,
            batch: &Batch,
            sums: &mut [$sum],
        ) {
            let (columns, _) = weights.as_chunks::<TILE>();
            let span = batch.span();
            assert!(span.end <= lines, "line {} beyond the layer's {lines}", span.end.saturating_sub(1));
            let of_tile = |tile: usize| &columns[tile * lines..][..lines][span.clone()];
            let last = (tile + 1) * lines >= columns.len();
            let next = if last || size_of_val(weights) <= CACHED { &[] } else { of_tile(tile + 1) };
            $running.with_borrow_mut(|running| {
                running.resize(running.len().max(span.end + 1), [0; TILE]);
                let (sums, _) = sums.as_chunks_mut::<TILE>();
                // SAFETY: no run of the batch ends beyond `span.end`, and a run's place is TILE times a line.
                unsafe { $kernel(of_tile(tile), next, span.start, batch, running, sums) };
            });
        }

        /// Sums of one tile for all images; fetches the `next` tile meanwhile.
        ///
        /// # Safety
        /// `running` must be longer than the line at which any run of the batch ends.
        #[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
        unsafe fn $kernel(
            columns: &[[$weight; TILE]],
            next: &[[$weight; TILE]],
            first: usize,
            batch: &Batch,
            running: &mut [[$weight; TILE]],
            sums: &mut [[$sum; TILE]],
        ) {
            let mut sum = [0 as $weight; TILE];
            running[first] = sum;
            for (column, running) in columns.iter().zip(&mut running[first + 1..]) {
                for lane in 0..TILE {
                    sum[lane] = sum[lane].wrapping_add(column[lane]);
                }
                *running = sum;
            }
            let running = running.as_flattened();
            let mut parts = next.chunks(next.len().div_ceil(sums.len()).max(1));
            for (image, sum) in sums.iter_mut().enumerate() {
                prefetch(parts.next().unwrap_or_default());
                let mut total = [0 as $sum; TILE];
                for group in batch.groups(image) {
                    let mut partial = [0 as $weight; TILE];
                    for &[start, end] in group {
                        debug_assert!(start.max(end) as usize + TILE <= running.len());
                        // SAFETY: the caller vouches for the runs.
                        let [start, end] = unsafe {
                            [
                                &*running.as_ptr().add(start as usize).cast::<[$weight; TILE]>(),
                                &*running.as_ptr().add(end as usize).cast::<[$weight; TILE]>(),
                            ]
                        };
                        for lane in 0..TILE {
                            partial[lane] = partial[lane].wrapping_add(end[lane].wrapping_sub(start[lane]));
                        }
                    }
                    for lane in 0..TILE {
                        total[lane] += <$sum>::from(partial[lane]);
                    }
                }
                *sum = total;
            }
        }
    };
}
running_sums!(score_counts, counts_kernel, RUNNING_COUNTS, u8, u16);
running_sums!(score_conductances, conductances_kernel, RUNNING_CONDUCTANCES, i16, i32);
