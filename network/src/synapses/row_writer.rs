//! The write pulses of one STDP event, drawn for a whole row at once.

use super::kind::WriteEvent;
use super::switching::random_words;
use multiversion::multiversion;

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
    /// `row[i]` counts the P devices of line `i`, out of `copies`. Line `i` uses number `i` of the stream of the event. Returns
    /// (line, devices switched) in rising order of lines.
    pub fn draw(&mut self, row: &[u8], copies: u8, event: &WriteEvent<'_>) -> &[(u16, u8)] {
        random_words(event.streams, event.index, &mut self.words);
        let [depression, potentiation] = &event.plasticity.tables;
        // One table for both polarities: entries 0..16 depression, 16..32 potentiation.
        let mut first = [0u32; 32];
        first[..16].copy_from_slice(&depression.first());
        first[16..].copy_from_slice(&potentiation.first());
        let pulses = RowPulses { row, active: event.active, copies };
        mark_hits(&pulses, &first, &self.words, &mut self.hit);
        self.switched.clear();
        for (word, eight) in self.hit.as_chunks::<8>().0.iter().enumerate() {
            let mut bits = u64::from_le_bytes(*eight);
            while bits != 0 {
                let line = word * 8 + bits.trailing_zeros() as usize / 8;
                bits &= bits - 1;
                let (table, available) = if event.active[line] != 0 {
                    (potentiation, copies - row[line])
                } else {
                    (depression, row[line])
                };
                self.switched.push((line as u16, table.draw(available, self.words[line])));
            }
        }
        &self.switched
    }
}

/// The devices of a row and their pulses.
struct RowPulses<'a> {
    /// Number of P devices of each line.
    row: &'a [u8],
    /// 1 for a potentiation pulse, 0 for a depression pulse.
    active: &'a [u8],
    /// Devices of each line.
    copies: u8,
}

/// `hit[i] = 1` where at least one device switches; `first` holds the probability, in units of 2^-32, that one of so many
/// devices does: 0..16 under a depression pulse, 16..32 under a potentiation pulse.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
fn mark_hits(pulses: &RowPulses<'_>, first: &[u32; 32], words: &[u32], hit: &mut [u8]) {
    let RowPulses { row, active, copies } = *pulses;
    for (((h, &w), &a), &u) in hit.iter_mut().zip(row).zip(active).zip(words) {
        let entry = if a != 0 { 16 + copies - w } else { w };
        *h = u8::from(u < first[usize::from(entry & 31)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synapses::Plasticity;
    use spinhebb_data::random_stream::Streams;

    #[test]
    fn drawn_rows_follow_the_binomial_law() {
        let lines = 784;
        let plasticity = Plasticity::new(0.35, 0.3, 0.0);
        let mut writer = RowWriter::new(lines);
        let row: Vec<u8> = (0..lines).map(|i| (i % 9) as u8).collect();
        let active: Vec<u8> = (0..lines).map(|i| u8::from(i % 2 == 0)).collect();
        let streams = Streams::new(3, "test");
        let events = 400;
        // counts[polarity][available][switched]
        let mut counts = [[[0u32; 9]; 9]; 2];
        for event in 0..events {
            let mut switched = vec![0u8; lines];
            let event =
                WriteEvent { active: &active, plasticity: &plasticity, streams: &streams, index: event };
            for &(line, m) in writer.draw(&row, 8, &event) {
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
