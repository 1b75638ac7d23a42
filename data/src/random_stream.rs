//! Counter-based random streams keyed by (seed, purpose, index).
//!
//! Every random number of spinhebb is a pure function of the master seed, a purpose
//! written in words, an index and a position, by Philox4x32-10. No generator
//! is ever shared between work items, so results do not depend on threads, batches or shards.
//!
//! # References
//! J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11,
//! doi:10.1145/2063384.2063405.

use rand_core::{Infallible, TryRng};

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Philox4x32-10: 128 random bits from a 128-bit counter and a 64-bit key.
#[must_use]
#[inline]
pub fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = u64::from(MULTIPLIER[0]) * u64::from(counter[0]);
        let b = u64::from(MULTIPLIER[1]) * u64::from(counter[2]);
        counter = [
            (b >> 32) as u32 ^ counter[1] ^ key[0],
            b as u32,
            (a >> 32) as u32 ^ counter[3] ^ key[1],
            a as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// All random streams of one (seed, purpose) pair.
///
/// The purpose names what the numbers are for, for example `"trajectory"` or
/// `"mnist/initial-weights"`; two purposes never share numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    key: [u32; 2],
}

impl Streams {
    /// Streams for `seed` and `purpose`.
    #[must_use]
    pub fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a of the purpose, mixed with the seed by the finaliser of SplitMix64.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in purpose.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let key = mix(mix(seed.wrapping_add(0x9E37_79B9_7F4A_7C15)) ^ hash);
        Self { key: [key as u32, (key >> 32) as u32] }
    }

    /// Philox key, for kernels that generate their numbers in vector lanes.
    #[must_use]
    pub const fn key(&self) -> [u32; 2] {
        self.key
    }

    /// Generator of the stream `index`; its numbers are the blocks with counters
    /// `[position_low, position_high, index_low, index_high]`.
    #[must_use]
    pub const fn rng(&self, index: u64) -> StreamRng {
        StreamRng { key: self.key, index, position: 0, block: [0; 4], used: 4 }
    }

    /// Generator of the stream of a pair of indices, such as (cell, trial).
    #[must_use]
    pub const fn rng2(&self, first: u32, second: u32) -> StreamRng {
        self.rng(((first as u64) << 32) | second as u64)
    }

    /// Block `position` of the stream `index`, without a generator.
    #[must_use]
    #[inline]
    pub fn block(&self, index: u64, position: u64) -> [u32; 4] {
        philox4x32([position as u32, (position >> 32) as u32, index as u32, (index >> 32) as u32], self.key)
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A generator over one stream; use it with `rand` and `rand_distr`.
#[derive(Debug, Clone)]
pub struct StreamRng {
    key: [u32; 2],
    index: u64,
    position: u64,
    block: [u32; 4],
    used: u8,
}

impl StreamRng {
    #[inline]
    fn next_word(&mut self) -> u32 {
        if self.used == 4 {
            let Self { index, position, .. } = *self;
            self.block = philox4x32(
                [position as u32, (position >> 32) as u32, index as u32, (index >> 32) as u32],
                self.key,
            );
            self.position += 1;
            self.used = 0;
        }
        let word = self.block[usize::from(self.used)];
        self.used += 1;
        word
    }
}

impl TryRng for StreamRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.next_word());
        Ok(low | (u64::from(self.next_word()) << 32))
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Infallible> {
        for chunk in dest.chunks_mut(4) {
            chunk.copy_from_slice(&self.next_word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::Rng;

    /// Known answers of the Random123 distribution (`kat_vectors`, philox4x32 10).
    #[test]
    fn philox_gives_the_published_answers() {
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_index() {
        let first = |seed, purpose, index| Streams::new(seed, purpose).rng(index).next_u64();
        let reference = first(1, "trajectory", 0);
        assert_eq!(reference, first(1, "trajectory", 0));
        for other in [first(2, "trajectory", 0), first(1, "variation", 0), first(1, "trajectory", 1)] {
            assert_ne!(reference, other);
        }
    }

    #[test]
    fn generator_and_blocks_are_the_same_numbers() {
        let streams = Streams::new(7, "test");
        let mut rng = streams.rng2(3, 5);
        let block = streams.block((3 << 32) | 5, 0);
        for word in block {
            assert_eq!(rng.next_u32(), word);
        }
    }
}
