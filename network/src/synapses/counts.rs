use super::{Batch, Change, LayerSize, RowWriter, Synapses, TILE, WriteEvent, running_sums};
use crate::error::NetworkError;
use spinhebb_data::random_stream::Streams;

/// Synapses of `r` equal devices each, held as the number of P devices.
///
/// Two copies are kept: `tiles[(tile * lines + line) * TILE + lane]` for currents and `rows[neuron * lines + line]` for
/// writing.
#[derive(Debug, Clone, PartialEq)]
pub struct CountSynapses {
    neurons: usize,
    lines: usize,
    copies: u8,
    tiles: Vec<u8>,
    rows: Vec<u8>,
    writer: Writer,
}

/// A [`RowWriter`] that does not count for equality.
#[derive(Debug, Clone)]
pub(super) struct Writer(pub RowWriter);

impl PartialEq for Writer {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Random initial states: every device is P with probability `parallel`, from the stream (seed, "initial-states", neuron).
pub(super) fn random_rows(size: LayerSize, parallel: f64, streams: &Streams) -> Vec<u8> {
    let LayerSize { neurons, lines, copies } = size;
    let table = super::BinomialTable::new(parallel);
    let mut rows = vec![0; neurons * lines];
    let mut words = vec![0; lines];
    for (neuron, row) in rows.chunks_exact_mut(lines).enumerate() {
        super::random_words(streams, neuron as u64, &mut words);
        for (count, &word) in row.iter_mut().zip(&words) {
            *count = table.draw(copies, word);
        }
    }
    rows
}

impl CountSynapses {
    /// Synapses from the number of P devices, neuron-major `rows[neuron * lines + line]`.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] or [`NetworkError::Length`] when the numbers do not fit together.
    pub fn new(size: LayerSize, rows: Vec<u8>) -> Result<Self, NetworkError> {
        size.check(&rows)?;
        let LayerSize { neurons, lines, copies } = size;
        NetworkError::require(
            lines * usize::from(copies) <= 65_535,
            "copies",
            copies,
            "lines x copies of at most 65535, the range of a sum",
        )?;
        let mut tiles = vec![0; neurons.div_ceil(TILE) * lines * TILE];
        for (neuron, row) in rows.chunks_exact(lines).enumerate() {
            let (tile, lane) = (neuron / TILE, neuron % TILE);
            for (line, &count) in row.iter().enumerate() {
                tiles[(tile * lines + line) * TILE + lane] = count;
            }
        }
        Ok(Self { neurons, lines, copies, tiles, rows, writer: Writer(RowWriter::new(lines)) })
    }

    /// Synapses in random states, each device P with probability `parallel`.
    ///
    /// # Errors
    /// As [`CountSynapses::new`].
    pub fn random(size: LayerSize, parallel: f64, seed: u64) -> Result<Self, NetworkError> {
        size.check_row()?;
        let streams = Streams::new(seed, "initial-states");
        Self::new(size, random_rows(size, parallel, &streams))
    }
}

impl Synapses for CountSynapses {
    type Sum = u16;

    const TILES: usize = 1;

    fn neurons(&self) -> usize {
        self.neurons
    }

    fn lines(&self) -> usize {
        self.lines
    }

    fn copies(&self) -> u8 {
        self.copies
    }

    fn unit(&self) -> f32 {
        1.0
    }

    fn score(&self, block: usize, batch: &Batch, sums: &mut [u16]) {
        running_sums::score_counts(&self.tiles, self.lines, block, batch, sums);
    }

    fn write(
        &mut self,
        neuron: usize,
        event: &WriteEvent<'_>,
        changes: &mut Vec<Change>,
        switched: &mut Vec<(u16, u8)>,
    ) {
        let row = &mut self.rows[neuron * self.lines..(neuron + 1) * self.lines];
        let drawn = self.writer.0.draw(row, self.copies, event);
        let (tile, lane) = (neuron / TILE, neuron % TILE);
        let tile = &mut self.tiles[tile * self.lines * TILE..(tile + 1) * self.lines * TILE];
        changes.clear();
        switched.clear();
        for &(line, count) in drawn {
            let index = usize::from(line);
            let change = if event.active[index] != 0 { i32::from(count) } else { -i32::from(count) };
            row[index] = (i32::from(row[index]) + change) as u8;
            tile[index * TILE + lane] = row[index];
            changes.push(Change { neuron: neuron as u32, line, amount: change });
        }
        switched.extend_from_slice(drawn);
    }

    fn row(&self, neuron: usize) -> Vec<u8> {
        self.rows[neuron * self.lines..(neuron + 1) * self.lines].to_vec()
    }
}
