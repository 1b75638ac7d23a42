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
    random_words_kernel(streams.key(), index, numbers);
}

const LANES: usize = 16;

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
fn random_words_kernel(key: [u32; 2], index: u64, numbers: &mut [u32]) {
    const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let (chunks, rest) = numbers.as_chunks_mut::<{ 4 * LANES }>();
    let mut position = 0u32;
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

/// The write pulses of one STDP event along one row of synapses.
#[derive(Debug, Clone)]
pub struct RowWriter {
    words: Vec<u32>,
    hit: Vec<u8>,
    /// (line, number of devices that switch).
    switched: Vec<(u16, u8)>,
}

impl RowWriter {
    /// Writer for rows of `lines` synapses.
    #[must_use]
    pub fn new(lines: usize) -> Self {
        Self { words: vec![0; lines], hit: vec![0; lines.next_multiple_of(8)], switched: Vec::new() }
    }

    /// Draws how many devices of each synapse switch.
    ///
    /// `row[i]` counts the P devices of line `i`, out of `copies`; `active[i]` is 1 for a line that
    /// gets a potentiation pulse (V > 0) and 0 for one that gets a depression pulse (V < 0). Line `i`
    /// uses number `i` of the stream `event`. Returns (line, devices switched) in rising order of lines.
    pub fn draw(
        &mut self,
        row: &[u8],
        active: &[u8],
        copies: u8,
        tables: &[BinomialTable; 2],
        streams: &Streams,
        event: u64,
    ) -> &[(u16, u8)] {
        random_words(streams, event, &mut self.words);
        let [depression, potentiation] = tables;
        mark_hits(
            row,
            active,
            copies,
            &depression.first(),
            &potentiation.first(),
            &self.words,
            &mut self.hit,
        );
        self.switched.clear();
        for (word, eight) in self.hit.as_chunks::<8>().0.iter().enumerate() {
            let mut bits = u64::from_le_bytes(*eight);
            while bits != 0 {
                let line = word * 8 + bits.trailing_zeros() as usize / 8;
                bits &= bits - 1;
                let (table, available) = if active[line] != 0 {
                    (potentiation, copies - row[line])
                } else {
                    (depression, row[line])
                };
                self.switched.push((line as u16, table.draw(available, self.words[line])));
            }
        }
        &self.switched
    }

    /// The random number that line `line` used in the last draw.
    #[must_use]
    pub fn word(&self, line: u16) -> u32 {
        self.words[usize::from(line)]
    }
}

/// `hit[i] = 1` where at least one device switches.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
fn mark_hits(
    row: &[u8],
    active: &[u8],
    copies: u8,
    depression: &[u32; 16],
    potentiation: &[u32; 16],
    words: &[u32],
    hit: &mut [u8],
) {
    // One table for both polarities: entries 0..16 depression, 16..32 potentiation.
    let mut first = [0u32; 32];
    first[..16].copy_from_slice(depression);
    first[16..].copy_from_slice(potentiation);
    for (((h, &w), &a), &u) in hit.iter_mut().zip(row).zip(active).zip(words) {
        let entry = if a != 0 { 16 + copies - w } else { w };
        *h = u8::from(u < first[usize::from(entry & 31)]);
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

    #[test]
    fn drawn_rows_follow_the_binomial_law() {
        let lines = 784;
        let tables = [BinomialTable::new(0.3), BinomialTable::new(0.35)];
        let mut writer = RowWriter::new(lines);
        let row: Vec<u8> = (0..lines).map(|i| (i % 9) as u8).collect();
        let active: Vec<u8> = (0..lines).map(|i| u8::from(i % 2 == 0)).collect();
        let streams = Streams::new(3, "test");
        let events = 400;
        // counts[polarity][available][switched]
        let mut counts = [[[0u32; 9]; 9]; 2];
        for event in 0..events {
            let mut switched = vec![0u8; lines];
            for &(line, m) in writer.draw(&row, &active, 8, &tables, &streams, event) {
                assert!(m > 0);
                switched[usize::from(line)] = m;
            }
            for i in 0..lines {
                let available = if active[i] == 1 { 8 - row[i] } else { row[i] };
                counts[usize::from(active[i])][usize::from(available)][usize::from(switched[i])] += 1;
            }
        }
        for (polarity, p) in [(0, 0.3f64), (1, 0.35)] {
            for (k, counts) in counts[polarity].iter().enumerate().skip(1) {
                let total: u32 = counts.iter().sum();
                let sum: f64 = counts.iter().enumerate().map(|(m, &c)| m as f64 * f64::from(c)).sum();
                let mean = sum / f64::from(total);
                let sigma = (k as f64 * p * (1.0 - p) / f64::from(total)).sqrt();
                // 16 comparisons at 4.5 sigma: one false alarm in 10,000 seeds.
                assert!((mean - k as f64 * p).abs() < 4.5 * sigma, "k {k}: {mean} +- {sigma}");
                let none = f64::from(counts[0]) / f64::from(total);
                let expected = (1.0 - p).powi(k as i32);
                let sigma = (expected * (1.0 - expected) / f64::from(total)).sqrt();
                assert!((none - expected).abs() < 4.5 * sigma, "k {k}: {none} {expected}");
            }
        }
    }
}
