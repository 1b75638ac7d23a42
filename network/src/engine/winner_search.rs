use multiversion::multiversion;

/// Neurons per tile: one cache line of 8-bit weights.
pub const TILE: usize = 64;

/// An integer that holds sums of weights.
pub trait Sum: Copy + Default + Send + Sync + PartialEq + std::fmt::Debug {
    /// The value as a single-precision number (exact below 2^24).
    fn value(self) -> f32;

    /// Adds `change`.
    fn shift(&mut self, change: i32);

    /// Neuron with the largest `(sum - offset) * inverse`, the lowest index among equals, and that value.
    ///
    /// `sums` holds `inverse.len()` neurons in tiles of [`TILE`], tile `t` starting at `t * stride`.
    fn search(sums: &[Self], stride: usize, inverse: &[f32], offset: f32) -> (usize, f32);
}

impl Sum for u16 {
    fn value(self) -> f32 {
        f32::from(self)
    }

    fn shift(&mut self, change: i32) {
        *self = self.wrapping_add(change as Self);
    }

    fn search(sums: &[Self], stride: usize, inverse: &[f32], offset: f32) -> (usize, f32) {
        search_u16(sums, stride, inverse, offset)
    }
}

impl Sum for i32 {
    fn value(self) -> f32 {
        self as f32
    }

    fn shift(&mut self, change: i32) {
        *self += change;
    }

    fn search(sums: &[Self], stride: usize, inverse: &[f32], offset: f32) -> (usize, f32) {
        search_i32(sums, stride, inverse, offset)
    }
}

macro_rules! search {
    ($name:ident, $type:ty) => {
        #[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
        fn $name(sums: &[$type], stride: usize, inverse: &[f32], offset: f32) -> (usize, f32) {
            // Each lane keeps the best of its column of tiles; a strict comparison keeps the first among equals.
            let mut best = [f32::NEG_INFINITY; TILE];
            let mut place = [0u32; TILE];
            let (tiles, rest) = inverse.as_chunks::<TILE>();
            for (t, tile_inverse) in tiles.iter().enumerate() {
                let tile: &[$type; TILE] = sums[t * stride..].first_chunk().expect("sums hold whole tiles");
                for lane in 0..TILE {
                    let q = (tile[lane] as f32 - offset) * tile_inverse[lane];
                    let better = q > best[lane];
                    best[lane] = if better { q } else { best[lane] };
                    place[lane] = if better { t as u32 } else { place[lane] };
                }
            }
            for (lane, &inv) in rest.iter().enumerate() {
                let q = (sums[tiles.len() * stride + lane] as f32 - offset) * inv;
                if q > best[lane] {
                    best[lane] = q;
                    place[lane] = tiles.len() as u32;
                }
            }
            let mut winner = (0, f32::NEG_INFINITY);
            for lane in 0..TILE {
                let neuron = place[lane] as usize * TILE + lane;
                if best[lane] > winner.1 || (best[lane] == winner.1 && neuron < winner.0) {
                    winner = (neuron, best[lane]);
                }
            }
            winner
        }
    };
}
search!(search_u16, u16);
search!(search_i32, i32);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance;
    use spinhebb_data::random_stream::Streams;

    /// Against a plain scan, with many ties and every remainder of the last tile.
    #[test]
    fn finds_the_first_largest() {
        let mut rng = Streams::new(1, "test").rng(0);
        for neurons in (1..200usize).chain([1000]) {
            let tiles = neurons.div_ceil(TILE);
            let sums: Vec<u16> = (0..tiles * TILE).map(|_| chance::below(20, &mut rng) as u16).collect();
            let inverse: Vec<f32> =
                (0..neurons).map(|_| 1.0 / (1 + chance::below(3, &mut rng)) as f32).collect();
            let offset = 5.5;
            let mut expected = (0, f32::NEG_INFINITY);
            for j in 0..neurons {
                let q = (f32::from(sums[j]) - offset) * inverse[j];
                if q > expected.1 {
                    expected = (j, q);
                }
            }
            assert_eq!(u16::search(&sums, TILE, &inverse, offset), expected);
            let wide: Vec<i32> = sums.iter().map(|&s| i32::from(s)).collect();
            assert_eq!(i32::search(&wide, TILE, &inverse, offset), expected);
        }
    }
}
