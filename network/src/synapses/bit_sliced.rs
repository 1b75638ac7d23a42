use super::counts::Writer;
use super::{Batch, Change, CountSynapses, LayerSize, RowWriter, Synapses, TILE, WriteEvent};
use crate::error::NetworkError;
use multiversion::multiversion;

/// Words of one block: 512 neurons, one bit each.
const WORDS: usize = 8;
/// Tiles of one block.
const TILES: usize = 8;

/// Synapses of one device each, one bit per neuron and line.
///
/// The currents of 64 neurons are counted at once: bit `p` of 64 counters is one machine word, and lines are added by
/// carry-save adders.
#[derive(Debug, Clone, PartialEq)]
pub struct BitSynapses {
    neurons: usize,
    lines: usize,
    /// `blocks[(block * lines + line) * WORDS + word]`; see [`place`].
    blocks: Vec<u64>,
    rows: Vec<u8>,
    writer: Writer,
}

/// Block, word and bit of a neuron.
///
/// The order within a block makes the transposed counters come out in the order of the neurons:
/// neuron `64 i + 8 w + b` is bit `8 i + b` of word `w`.
fn place(neuron: usize) -> (usize, usize, u32) {
    let n = neuron % (TILES * TILE);
    (neuron / (TILES * TILE), n / 8 % 8, (n / 64 * 8 + n % 8) as u32)
}

impl BitSynapses {
    /// Synapses from device states, neuron-major `rows[neuron * lines + line]` (1 = P).
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] or [`NetworkError::Length`] when the numbers do not fit together.
    pub fn new(neurons: usize, lines: usize, rows: Vec<u8>) -> Result<Self, NetworkError> {
        LayerSize { neurons, lines, copies: 1 }.check(&rows)?;
        let mut blocks = vec![0; neurons.div_ceil(TILES * TILE) * lines * WORDS];
        for (neuron, row) in rows.chunks_exact(lines).enumerate() {
            let (block, word, bit) = place(neuron);
            for (line, &state) in row.iter().enumerate() {
                blocks[(block * lines + line) * WORDS + word] |= u64::from(state) << bit;
            }
        }
        Ok(Self { neurons, lines, blocks, rows, writer: Writer(RowWriter::new(lines)) })
    }

    /// Synapses in random states, each device P with probability `parallel`; the same states as
    /// [`CountSynapses::random`] with one copy.
    ///
    /// # Errors
    /// As [`BitSynapses::new`].
    pub fn random(neurons: usize, lines: usize, parallel: f64, seed: u64) -> Result<Self, NetworkError> {
        let counts = CountSynapses::random(LayerSize { neurons, lines, copies: 1 }, parallel, seed)?;
        Self::new(neurons, lines, (0..neurons).flat_map(|n| counts.row(n)).collect())
    }
}

impl Synapses for BitSynapses {
    type Sum = u16;

    const TILES: usize = TILES;

    fn neurons(&self) -> usize {
        self.neurons
    }

    fn lines(&self) -> usize {
        self.lines
    }

    fn copies(&self) -> u8 {
        1
    }

    fn unit(&self) -> f32 {
        1.0
    }

    fn score(&self, block: usize, batch: &Batch, sums: &mut [u16]) {
        let size = self.lines * WORDS;
        score_block(&self.blocks[block * size..][..size], batch.starts(), batch.active(), sums);
    }

    fn write(
        &mut self,
        neuron: usize,
        event: &WriteEvent<'_>,
        changes: &mut Vec<Change>,
        switched: &mut Vec<(u16, u8)>,
    ) {
        let row = &mut self.rows[neuron * self.lines..(neuron + 1) * self.lines];
        let drawn = self.writer.0.draw(row, 1, event);
        let (block, word, bit) = place(neuron);
        changes.clear();
        switched.clear();
        for &(line, _) in drawn {
            let index = usize::from(line);
            row[index] ^= 1;
            self.blocks[(block * self.lines + index) * WORDS + word] ^= 1 << bit;
            let amount = if row[index] == 1 { 1 } else { -1 };
            changes.push(Change { neuron: neuron as u32, line, amount });
        }
        switched.extend_from_slice(drawn);
    }

    fn row(&self, neuron: usize) -> Vec<u8> {
        self.rows[neuron * self.lines..(neuron + 1) * self.lines].to_vec()
    }
}

type Plane = [u64; WORDS];

/// Carry-save adder: `a + b + c = 2 carry + sum`, bit by bit.
#[inline(always)]
fn add(a: &Plane, b: &Plane, c: &Plane) -> (Plane, Plane) {
    let (mut sum, mut carry) = ([0; WORDS], [0; WORDS]);
    for w in 0..WORDS {
        let half = a[w] ^ b[w];
        sum[w] = half ^ c[w];
        carry[w] = (a[w] & b[w]) | (half & c[w]);
    }
    (sum, carry)
}

/// Swaps the bits of `b` under `mask` with the bits of `a` under `mask << shift`, in all words.
#[inline(always)]
fn swap(a: &mut Plane, b: &mut Plane, shift: u32, mask: u64) {
    for w in 0..WORDS {
        let t = (a[w] >> shift ^ b[w]) & mask;
        b[w] ^= t;
        a[w] ^= t << shift;
    }
}

/// Transposes 8 counter planes into 8-bit counters: afterwards byte `b` of `planes[i][w]` is the counter of bit `8 i + b`.
#[inline(always)]
fn transpose(planes: &mut [Plane; 8]) {
    // Bytes: plane p, byte i  ->  plane i, byte p.
    for (distance, shift, mask) in
        [(4, 32, 0x0000_0000_ffff_ffff), (2, 16, 0x0000_ffff_0000_ffff), (1, 8, 0x00ff_00ff_00ff_00ff)]
    {
        for p in 0..8 {
            if p & distance == 0 {
                let (low, high) = planes.split_at_mut(p + distance);
                swap(&mut low[p], &mut high[0], shift, mask);
            }
        }
    }
    // Bits: the 8 x 8 bits of each word (byte = plane, bit = neuron) are turned.
    for plane in planes {
        for (shift, mask) in
            [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)]
        {
            for x in plane.iter_mut() {
                let t = (*x ^ *x >> shift) & mask;
                *x ^= t ^ t << shift;
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
fn score_block(block: &[u64], starts: &[u32], active: &[u16], sums: &mut [u16]) {
    let (columns, _) = block.as_chunks::<WORDS>();
    let images = starts.len();
    let tiles = sums.len() / (images * TILE);
    for image in 0..images {
        let end = starts.get(image + 1).map_or(active.len(), |&e| e as usize);
        let lines = &active[starts[image] as usize..end];
        // planes[p]: bit p of the counters; 16 planes count all 65535 lines there can be.
        let mut planes = [[0u64; WORDS]; 16];
        let (eights, rest) = lines.as_chunks::<8>();
        for eight in eights {
            let c: [&Plane; 8] = eight.map(|line| &columns[usize::from(line)]);
            let (sum, two_a) = add(&planes[0], c[0], c[1]);
            let (sum, two_b) = add(&sum, c[2], c[3]);
            let (twos, four_a) = add(&planes[1], &two_a, &two_b);
            let (sum, two_a) = add(&sum, c[4], c[5]);
            let (sum, two_b) = add(&sum, c[6], c[7]);
            let (twos, four_b) = add(&twos, &two_a, &two_b);
            let (fours, eight) = add(&planes[2], &four_a, &four_b);
            (planes[0], planes[1], planes[2]) = (sum, twos, fours);
            carry(&mut planes, 3, eight);
        }
        for &line in rest {
            carry(&mut planes, 0, columns[usize::from(line)]);
        }
        let (low, high) = planes.split_at_mut(8);
        let low: &mut [Plane; 8] = low.try_into().expect("half of 16 planes");
        transpose(low);
        let wide = lines.len() > 255;
        let high: &mut [Plane; 8] = high.try_into().expect("half of 16 planes");
        if wide {
            transpose(high);
        }
        for tile in 0..tiles {
            let start = (tile * images + image) * TILE;
            let out: &mut [u16; TILE] =
                (&mut sums[start..start + TILE]).try_into().expect("a tile has TILE sums");
            for (word, eight) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                let low = low[tile][word].to_le_bytes();
                for b in 0..8 {
                    eight[b] = u16::from(low[b]);
                }
                if wide {
                    let high = high[tile][word].to_le_bytes();
                    for b in 0..8 {
                        eight[b] |= u16::from(high[b]) << 8;
                    }
                }
            }
        }
    }
}

/// Adds `plane` to the counters from bit `from` on.
#[inline(always)]
fn carry(planes: &mut [Plane; 16], from: usize, mut plane: Plane) {
    for target in &mut planes[from..] {
        let mut any = 0;
        for w in 0..WORDS {
            let both = target[w] & plane[w];
            target[w] ^= plane[w];
            plane[w] = both;
            any |= both;
        }
        if any == 0 {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::chance;
    use spinhebb_data::random_stream::Streams;

    #[test]
    fn transposition_turns_planes_into_counters() {
        let mut rng = Streams::new(4, "test").rng(0);
        let counters: Vec<u8> = (0..512).map(|_| chance::below(256, &mut rng) as u8).collect();
        let mut planes = [[0u64; WORDS]; 8];
        for (neuron, &count) in counters.iter().enumerate() {
            let (_, word, bit) = place(neuron);
            for (p, plane) in planes.iter_mut().enumerate() {
                plane[word] |= u64::from(count >> p & 1) << bit;
            }
        }
        transpose(&mut planes);
        let found: Vec<u8> = planes.iter().flatten().flat_map(|w| w.to_le_bytes()).collect();
        assert_eq!(found, counters);
    }

    /// Counters against the 8-bit sums of [`CountSynapses`], for odd sizes and more than 255 active lines.
    #[test]
    fn counts_as_the_plain_sums_do() {
        let mut rng = Streams::new(5, "test").rng(0);
        for (neurons, lines, density) in [(1, 5, 2), (70, 40, 2), (512, 784, 8), (1300, 600, 1)] {
            let bits = BitSynapses::random(neurons, lines, 0.5, 9).unwrap();
            let counts = CountSynapses::random(LayerSize { neurons, lines, copies: 1 }, 0.5, 9).unwrap();
            let mut batch = Batch::default();
            for _ in 0..7 {
                batch.push(|active| {
                    active.extend((0..lines as u16).filter(|_| chance::below(density, &mut rng) == 0));
                });
            }
            batch.push(|_| ());
            let size = neurons.div_ceil(TILE) * batch.len() * TILE;
            let (mut a, mut b) = (vec![0; size], vec![0; size]);
            for (block, sums) in a.chunks_mut(TILES * batch.len() * TILE).enumerate() {
                bits.score(block, &batch, sums);
            }
            for (block, sums) in b.chunks_mut(batch.len() * TILE).enumerate() {
                counts.score(block, &batch, sums);
            }
            assert_eq!(a, b, "{neurons} x {lines}");
        }
    }
}
