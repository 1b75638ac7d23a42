//! How many of the devices behind one line and neuron switch under one pulse.
//!
//! The `r` devices of a synapse see the same pulse and switch on their own, so the number that
//! switches is binomial. It is drawn by inversion from one 32-bit number per line; probabilities are
//! therefore exact to 2^-32.

use multiversion::multiversion;
use spinhebb_data::random_stream::{Streams, philox4x32};

/// `above[k][m]`: probability that more than `m` of `k` devices switch, in units of 2^-32.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinomialTable {
    above: [[u32; MAX_COPIES]; MAX_COPIES + 1],
}

/// Most devices one synapse may have.
pub const MAX_COPIES: usize = 8;

impl BinomialTable {
    /// Table for the switching probability `p` of one device.
    #[must_use]
    pub fn new(p: f64) -> Self {
        let mut above = [[0; MAX_COPIES]; MAX_COPIES + 1];
        for (k, row) in above.iter_mut().enumerate() {
            // Sum the upper tail from its smallest term.
            let mut tail = 0.0;
            for m in (0..k).rev() {
                tail += binomial(k, m + 1) * power(p, m + 1) * power(1.0 - p, k - m - 1);
                row[m] = (tail * 4_294_967_296.0).round().min(4_294_967_295.0) as u32;
            }
        }
        Self { above }
    }

    /// Number of `available` devices that switch, for the random number `u`.
    #[must_use]
    #[inline]
    pub fn draw(&self, available: u8, u: u32) -> u8 {
        self.above[usize::from(available)].iter().map(|&t| u8::from(u < t)).sum()
    }

    /// `first[k]`: probability that at least one of `k` devices switches, in units of 2^-32.
    #[must_use]
    pub fn first(&self) -> [u32; 16] {
        let mut first = [0; 16];
        for (f, row) in first.iter_mut().zip(&self.above) {
            *f = row[0];
        }
        first
    }
}

fn binomial(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |b, i| b * (n - i) as f64 / (i + 1) as f64)
}

/// `x^n` by multiplication, the same on every machine.
fn power(x: f64, n: usize) -> f64 {
    (0..n).fold(1.0, |product, _| product * x)
}

/// Fills `numbers` with the stream `index`: number `i` is word `i % 4` of block `i / 4`.
pub fn random_words(streams: &Streams, index: u64, numbers: &mut [u32]) {
    random_words_from(streams, index, 0, numbers);
}

/// The same from block `first` on.
pub fn random_words_from(streams: &Streams, index: u64, first: u64, numbers: &mut [u32]) {
    random_words_kernel(streams.key(), index, first as u32, numbers);
}

const LANES: usize = 16;

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
fn random_words_kernel(key: [u32; 2], index: u64, first: u32, numbers: &mut [u32]) {
    const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let (chunks, rest) = numbers.as_chunks_mut::<{ 4 * LANES }>();
    let mut position = first;
    for chunk in chunks.iter_mut() {
        let mut c0: [u32; LANES] = std::array::from_fn(|lane| position + lane as u32);
        let mut c1 = [0u32; LANES];
        let mut c2 = [index as u32; LANES];
        let mut c3 = [(index >> 32) as u32; LANES];
        let mut k = key;
        for _ in 0..10 {
            for lane in 0..LANES {
                let a = u64::from(MULTIPLIER[0]) * u64::from(c0[lane]);
                let b = u64::from(MULTIPLIER[1]) * u64::from(c2[lane]);
                c0[lane] = (b >> 32) as u32 ^ c1[lane] ^ k[0];
                c1[lane] = b as u32;
                c2[lane] = (a >> 32) as u32 ^ c3[lane] ^ k[1];
                c3[lane] = a as u32;
            }
            k = [k[0].wrapping_add(WEYL[0]), k[1].wrapping_add(WEYL[1])];
        }
        for lane in 0..LANES {
            chunk[4 * lane] = c0[lane];
            chunk[4 * lane + 1] = c1[lane];
            chunk[4 * lane + 2] = c2[lane];
            chunk[4 * lane + 3] = c3[lane];
        }
        position += LANES as u32;
    }
    for four in rest.chunks_mut(4) {
        let block = philox4x32([position, 0, index as u32, (index >> 32) as u32], key);
        four.copy_from_slice(&block[..four.len()]);
        position += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_blocks_of_the_stream() {
        let streams = Streams::new(5, "test");
        for length in [1, 3, 64, 70, 784] {
            let mut words = vec![0; length];
            random_words(&streams, 77 << 33, &mut words);
            for (i, &word) in words.iter().enumerate() {
                assert_eq!(word, streams.block(77 << 33, i as u64 / 4)[i % 4], "{length} {i}");
            }
            random_words_from(&streams, 77 << 33, 1000, &mut words);
            for (i, &word) in words.iter().enumerate() {
                assert_eq!(word, streams.block(77 << 33, 1000 + i as u64 / 4)[i % 4], "{length} {i}");
            }
        }
    }

    /// Law of the counts against Bernoulli trials: every entry of the table is the binomial tail.
    #[test]
    fn tails_are_binomial() {
        for p in [0.0, 1e-3, 0.043, 0.35, 0.5, 0.999, 1.0] {
            let table = BinomialTable::new(p);
            for k in 0..=MAX_COPIES {
                // Exact law by convolution of k Bernoulli variables.
                let mut law = vec![1.0];
                for _ in 0..k {
                    let mut next = vec![0.0; law.len() + 1];
                    for (m, q) in law.iter().enumerate() {
                        next[m] += q * (1.0 - p);
                        next[m + 1] += q * p;
                    }
                    law = next;
                }
                for m in 0..k {
                    let tail: f64 = law[m + 1..].iter().sum();
                    let found = f64::from(table.above[k][m]) / 4_294_967_296.0;
                    assert!((found - tail).abs() < 3e-10, "p {p} k {k} m {m}: {found} {tail}");
                }
            }
        }
    }
}
