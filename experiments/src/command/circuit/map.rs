//! `spinhebb circuit map`: a logical layer of any size on tiles.

use nalgebra::DMatrix;
use rayon::prelude::*;
use spinhebb_circuit::array::variation::Variation;
use spinhebb_circuit::operate::tile::{TileConfig, TiledMap};
use spinhebb_data::labelled::{Dataset, Variable};

use super::{CircuitConfig, MapConfig, relative_error, rows};
use crate::error::ExperimentError;
use crate::plot::{Figure, Map};
use crate::run::Run;

/// Maps the layer, reduces every tile and reports weights and cost.
pub(super) fn map(config: &CircuitConfig, run: &mut Run) -> Result<(), ExperimentError> {
    let mtj = config.device()?;
    let MapConfig { inputs, outputs, .. } = config.map;
    let variation = Variation::new(&config.variation, config.seed)?;
    let access = config.array.access.si();
    // Row by row, as the archive keeps it; the draws depend on the coordinates alone.
    let siemens: Vec<f64> = (0..inputs * outputs)
        .into_par_iter()
        .map(|index| {
            let (i, j) = (index / outputs, index % outputs);
            let draw = variation.device(i, j, inputs, outputs);
            let cell = variation.cell(&draw, mtj.transport, config.state(i, j), access);
            config.array.cell_of(cell).zero_bias_siemens()
        })
        .collect();
    let tile = TileConfig {
        rows: config.array.rows,
        cols: config.array.cols,
        word_wire: config.array.word_wire,
        bit_wire: config.array.bit_wire,
        driver: config.array.driver,
        sense: config.array.sense,
        cell_area: config.map.cell_area,
        driver_area: config.map.driver_area,
        sense_area: config.map.sense_area,
        conversion_energy: config.map.conversion_energy,
        read_time: config.read.integration,
    };
    let map = TiledMap::from_cells(inputs, outputs, &tile, |i, j| siemens[i * outputs + j])?;
    let cost = map.cost();
    let volts = config.input_volts(inputs);
    let mut effective = vec![0.0; inputs * outputs];
    for tile in &map.tiles {
        for (k, row) in tile.effective_siemens.row_iter().enumerate() {
            let start = (tile.row + k) * outputs + tile.col;
            effective[start..start + row.len()].iter_mut().zip(row.iter()).for_each(|(to, from)| *to = *from);
        }
    }
    // A cell without current has nothing to lose.
    let loss =
        |index: usize| if siemens[index] > 0.0 { 1.0 - effective[index] / siemens[index] } else { 0.0 };
    let (mut sum, mut largest) = (0.0, 0.0_f64);
    for index in 0..siemens.len() {
        sum += loss(index);
        largest = largest.max(loss(index));
    }
    let mut ideal = vec![0.0; outputs];
    for (row, &volts) in siemens.chunks_exact(outputs).zip(&volts) {
        ideal.iter_mut().zip(row).for_each(|(sum, g)| *sum += g * volts);
    }
    run.value("tiles", cost.tiles);
    run.value("cells", cost.cells);
    run.value("used_fraction", cost.used);
    run.value("area_m2", cost.area_m2);
    run.value("read_energy_J", map.read_joules(&volts)?);
    run.value("mean_weight_loss", sum / siemens.len() as f64);
    run.value("largest_weight_loss", largest);
    run.value("largest_relative_current_error", relative_error(&map.apply(&volts)?, &ideal));
    let first = &map.tiles[0];
    let (height, width) = first.effective_siemens.shape();
    let tile_loss = DMatrix::from_fn(height, width, |i, j| loss(i * outputs + j));
    run.figure(
        &Figure::new(
            "tile",
            "Weight lost in the lines of the first tile",
            "exact transfer matrix of the tile",
        )
        .map(Map::new("Lost weight", "output", "input", "relative", rows(&tile_loss))),
    )?;
    let variable = |name: &str, long: &str, values: Vec<f64>| {
        Variable::new(name, "S", long, &["input", "output"], &[inputs, outputs], values)
    };
    run.add(
        Dataset::new("circuit/map")
            .with(variable("conductance", "conductance of each cell at zero bias", siemens)?)?
            .with(variable("effective", "output current per volt at an input", effective)?)?,
    )
}
