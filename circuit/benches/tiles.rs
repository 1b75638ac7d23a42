//! The transfer matrices of a large layer, all of them: 784 x 10,000 synapses in 7 x 79 tiles of 128 x 128.
//! Random 2 to 100 kohm, 1 ohm per segment, 20 ohm drivers and sense amplifiers; all cores.
//!
//! ```text
//! cargo bench -p spinhebb-circuit --bench tiles -- [inputs] [outputs] [side of a tile]
//! ```

use std::time::Instant;

use cpu_time::ProcessTime;
use rand::RngExt;
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::cell::Cells;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::operate::tile::TiledMap;
use spinhebb_data::config::Document;
use spinhebb_data::quantity::Resistance;
use spinhebb_data::random_stream::Streams;

/// Largest resident memory of this process so far in MB, where the system tells.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kb: Option<f64> = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    kb.map_or(f64::NAN, |kb| kb / 1e3)
}

fn main() {
    let given: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let (inputs, outputs, side) = match given[..] {
        [inputs, outputs, side, ..] => (inputs, outputs, side),
        _ => (784, 10_000, 128),
    };
    let document = Document::from_text("array.toml", include_str!("../tests/array.toml"));
    let ideal: ArrayConfig = document.and_then(|document| document.parse()).expect("the array is sound");
    let config = ArrayConfig {
        inputs: side,
        outputs: side,
        word_wire: Resistance(1.0),
        bit_wire: Resistance(1.0),
        driver: Resistance(20.0),
        sense: Resistance(20.0),
        ..ideal
    };
    let streams = Streams::new(1, "bench/tiles");
    let siemens = |i: usize, j: usize| 1.0 / streams.rng2(i as u32, j as u32).random_range(2e3..1e5);
    let (wall, cpu, before) = (Instant::now(), ProcessTime::now(), peak_mb());
    let map = TiledMap::from_cells(inputs, outputs, &config, siemens).expect("the layer is sound");
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu.elapsed().as_secs_f64());
    let cost = map.cost();
    println!(
        "{inputs} x {outputs} in {} tiles of {side} x {side}: {wall:.1} s on the clock, {cpu:.1} s of CPU time ({:.1} ms \
         per tile), {:.0} MB beyond the {before:.0} MB at the start",
        cost.tiles,
        cpu * 1e3 / cost.tiles as f64,
        peak_mb() - before,
    );

    // The last tile, at the lower right corner, against the solved array: the same currents.
    let tile = map.tiles.last().expect("a layer has tiles");
    let (rows, cols) = tile.effective_siemens.shape();
    let cells = nalgebra::DMatrix::from_fn(rows, cols, |i, j| siemens(tile.row + i, tile.col + j));
    let tail = (side - rows) as f64;
    let volts = vec![0.1; rows];
    let array = Array::new(Cells::Linear(cells), 1.0, 1.0).for_read(&volts, 20.0, 20.0 + tail);
    let solution = array.solve().expect("the tile is sound");
    let off = solution.output_amperes().iter().enumerate().map(|(j, current)| {
        let mapped: f64 = tile.effective_siemens.column(j).iter().zip(&volts).map(|(g, v)| g * v).sum();
        (mapped / current - 1.0).abs()
    });
    println!("its last tile and the solved array differ by {:.1e}", off.fold(0.0, f64::max));
}
