//! What differs from read to read, and what stands between a dendrite's current and its neuron.
//!
//! # Formula
//! Noise: every device conducts `G (1 + s z)` in a read, z standard normal, so that a sum over devices has the standard deviation
//! `s sqrt(sum of G^2)`; the sum of squares is that of nominal devices, as many of them parallel as the current says. Converter: the
//! current of each tile's dendrite becomes a code ([`Converter`]), and the codes of a column of tiles are added.
//!
//! # Not modelled
//! Noise that changes between the clock cycles of one image: an image is one read.

use spinhebb_circuit::operate::read::Converter;
use spinhebb_data::random_stream::Streams;

use super::{Batch, LayerSize, TILE};

/// Noise and converters of the reads of a layer.
#[derive(Debug, Clone)]
pub struct ReadChain {
    /// Relative standard deviation of a device's conductance from read to read.
    pub noise: f64,
    /// G_AP of the nominal device over its step G_P - G_AP.
    pub antiparallel: f64,
    /// Converter behind each dendrite of each tile, for currents in units of the nominal step.
    pub converter: Option<TileConverter>,
    /// Random streams of the noise.
    pub streams: Streams,
}

/// A converter behind each dendrite of each tile.
#[derive(Debug, Clone, Copy)]
pub struct TileConverter {
    /// The converter; currents in units of the nominal step G_P - G_AP at the read voltage.
    pub converter: Converter,
    /// Word lines of a tile.
    pub inputs: usize,
    /// What is subtracted per driven device before conversion, in the same unit.
    pub subtracted: f64,
}

impl ReadChain {
    /// Adds noise to the sum of one neuron for the read number `read`, over `driven` devices; sums in units of `1/scale`.
    pub(super) fn noisy(&self, sum: i32, (neuron, read): (usize, u64), driven: usize, scale: f64) -> i32 {
        if self.noise == 0.0 {
            return sum;
        }
        let parallel = (f64::from(sum) / scale).clamp(0.0, driven as f64);
        let a = self.antiparallel;
        let squares = parallel * (a + 1.0) * (a + 1.0) + (driven as f64 - parallel) * a * a;
        let words = self.streams.block(read, neuron as u64 / 2);
        let pair = neuron % 2 * 2;
        let uniform = |word: u32| (f64::from(word) + 0.5) / 4_294_967_296.0;
        let radius = libm::sqrt(-2.0 * libm::log(uniform(words[pair])));
        let normal = radius * libm::cos(std::f64::consts::TAU * uniform(words[pair + 1]));
        sum + libm::rint(scale * self.noise * squares.sqrt() * normal) as i32
    }

    /// Sums over the active lines of each image for one tile of neurons, tile by tile of the array through its converter;
    /// `weights[line * TILE + lane]` in units of `1/scale`.
    pub(super) fn convert(
        &self,
        tiles: &TileConverter,
        (weights, scale): (&[i16], f64),
        size: LayerSize,
        batch: &Batch,
        sums: &mut [i32],
    ) {
        let r = usize::from(size.copies);
        for (image, sums) in sums.chunks_mut(TILE).enumerate().take(batch.len()) {
            sums.fill(0);
            let mut rest = batch.lines(image);
            while let Some(&first) = rest.first() {
                // Copies of a line stand on neighbouring word lines; a line belongs to the tile of its first copy.
                let tile = usize::from(first) * r / tiles.inputs;
                let own = rest.partition_point(|&line| usize::from(line) * r / tiles.inputs == tile);
                let mut partial = [0i32; TILE];
                for &line in &rest[..own] {
                    let row = &weights[usize::from(line) * TILE..][..TILE];
                    partial.iter_mut().zip(row).for_each(|(sum, &weight)| *sum += i32::from(weight));
                }
                let devices = (own * r) as f64;
                // The current that reaches the converter has all of G_AP, less what is subtracted before.
                let offset = devices * (self.antiparallel - tiles.subtracted);
                for (sum, partial) in sums.iter_mut().zip(partial) {
                    let code = tiles.converter.code(f64::from(partial) / scale + offset);
                    let read = f64::from(code) * tiles.converter.step_amperes() - offset;
                    *sum += libm::rint(read * scale) as i32;
                }
                rest = &rest[own..];
            }
        }
    }
}
