//! `spinhebb circuit map`: a logical layer of any size on tiles.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_circuit::operate::tile::TiledMap;
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::PopulationConfig;
use spinhebb_network::encoding::Encoder;
use spinhebb_network::images::ImagesConfig;
use spinhebb_network::training::config::NetworkConfig;

use super::matrix::{relative_error, rows};
use super::pattern::{Maker, PatternConfig};
use crate::error::ExperimentError;
use crate::experiment::{Context, Cost, Experiment, Outcome};
use crate::present::Page;
use crate::present::plot::{Figure, Map};
use crate::system::system_parts;

/// Name of the dataset.
const DATASET: &str = "circuit/map";
/// Largest side of a logical matrix.
const LARGEST: usize = 1_000_000;

system_parts! {
    /// A logical matrix, network x images, on tiles of the size of the array.
    pub struct MapParts {
        /// The junction at every crossing.
        device: MtjConfig,
        /// How devices differ.
        population: PopulationConfig,
        /// Faults of devices and wires.
        faults: FaultsConfig,
        /// One tile and what drives it.
        array: ArrayConfig,
        /// What is stored and which inputs are active.
        pattern: PatternConfig,
        /// The network whose matrix is laid out.
        network: NetworkConfig,
        /// The images whose lines are its inputs.
        images: ImagesConfig,
        /// A matrix of its own.
        map: MapSettings,
    }
}

/// A matrix of its own, in place of that of the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapSettings {
    /// Logical inputs; those of the network when absent: a line for each pixel and threshold, times the devices of a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<usize>,
    /// Logical outputs; the neurons of the network (of one field) when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<usize>,
}

impl Check for MapSettings {
    fn check(&self, faults: &mut Faults) {
        for (key, count) in [("inputs", self.inputs), ("outputs", self.outputs)] {
            if let Some(count) = count {
                faults.require((1..=LARGEST).contains(&count), key, count, format!("1 to {LARGEST}"));
            }
        }
    }
}

impl MapParts {
    /// Logical inputs and outputs: of the network of one field, devices of a line one below the other.
    fn shape(&self) -> Result<(usize, usize), ExperimentError> {
        let inputs = match self.map.inputs {
            Some(inputs) => inputs,
            None => {
                let [_, rows, columns] = spinhebb_data::mnist::training_shape(self.images.folder.as_deref())?;
                let mut encoding = self.network.encoding.clone();
                encoding.field = self.network.fields.first().copied().or(encoding.field);
                let encoder = Encoder::new(&encoding, columns, rows)?;
                encoder.lines() * usize::from(self.network.copies)
            }
        };
        Ok((inputs, self.map.outputs.unwrap_or_else(|| self.network.neurons_each())))
    }
}

/// A logical layer on tiles.
pub struct MapTiles;

impl Experiment for MapTiles {
    type Config = MapParts;
    const NAME: &'static str = "circuit map";
    const ABOUT: &'static str = "Map a logical layer onto tiles: effective weights, area, energy";
    const CITES: &'static [&'static str] = &[];

    fn cost(config: &MapParts) -> Cost {
        let (inputs, outputs) = config.shape().unwrap_or_default();
        // 5.6 s on two cores for 784 x 10,000; two matrices of doubles and their copies.
        let cells = inputs as f64 * outputs as f64;
        Cost::new(48.0 * cells, 1.4e-6 * cells)
    }

    fn compute(config: &MapParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("A layer on tiles");
        let mtj = config.device.resolve()?;
        let varied = (&config.population, &config.faults);
        let maker = Maker::new(context.seed(), &mtj, &config.array, &config.pattern, varied)?;
        let (inputs, outputs) = config.shape()?;
        let access = config.array.access.si();
        // Row by row, as the archive keeps it; the draws depend on the coordinates alone.
        let siemens: Vec<f64> = (0..inputs * outputs)
            .into_par_iter()
            .map(|index| {
                let (i, j) = (index / outputs, index % outputs);
                let draw = maker.variation.device(i, j, config.array.inputs, config.array.outputs);
                let state = config.pattern.state(context.seed(), i, j);
                let cell = maker.variation.cell(&draw, mtj.transport, state, access);
                config.array.cell_of(cell).zero_bias_siemens()
            })
            .collect();
        let map = TiledMap::from_cells(inputs, outputs, &config.array, |i, j| siemens[i * outputs + j])?;
        let effective = effective(&map, inputs, outputs);
        summarise(&mut outcome, &map, &maker.input_volts(inputs), &siemens, &effective)?;
        let variable = |name: &str, long: &str, values: Vec<f64>| {
            Variable::new(name, "S", long, &["input", "output"], &[inputs, outputs], values)
        };
        let (height, width) = map.tiles[0].effective_siemens.shape();
        let lost = (0..height * width).map(|k| (k / width) * outputs + k % width);
        let lost: Vec<f64> = lost.map(|index| loss(siemens[index], effective[index])).collect();
        outcome.add(Dataset::new("circuit/map_tile").with(Variable::new(
            "loss",
            "1",
            "weight lost in the lines of the first tile",
            &["input", "output"],
            &[height, width],
            lost,
        )?)?);
        outcome.add(
            Dataset::new(DATASET)
                .with(variable("conductance", "conductance of each cell at zero bias", siemens)?)?
                .with(variable("effective", "output current per volt at an input", effective)?)?,
        );
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let lost = rows(outcome.dataset("circuit/map_tile")?, "loss")?;
        page.figure(
            &Figure::new(
                "tile",
                "Weight lost in the lines of the first tile",
                "exact transfer matrix of the tile",
            )
            .map(Map::new("Lost weight", "output", "input", "share of the ideal one", lost)),
        );
        Ok(())
    }
}

/// Share of a conductance that is lost; a cell without current has nothing to lose.
fn loss(siemens: f64, effective: f64) -> f64 {
    if siemens > 0.0 { 1.0 - effective / siemens } else { 0.0 }
}

/// Effective conductances of all tiles, row by row.
fn effective(map: &TiledMap, inputs: usize, outputs: usize) -> Vec<f64> {
    let mut effective = vec![0.0; inputs * outputs];
    for tile in &map.tiles {
        for (k, row) in tile.effective_siemens.row_iter().enumerate() {
            let start = (tile.row + k) * outputs + tile.col;
            effective[start..start + row.len()].iter_mut().zip(row.iter()).for_each(|(to, from)| *to = *from);
        }
    }
    effective
}

fn summarise(
    outcome: &mut Outcome,
    map: &TiledMap,
    volts: &[f64],
    siemens: &[f64],
    effective: &[f64],
) -> Result<(), ExperimentError> {
    let outputs = siemens.len() / volts.len();
    let (mut sum, mut largest) = (0.0, 0.0_f64);
    for (own, left) in siemens.iter().zip(effective) {
        sum += loss(*own, *left);
        largest = largest.max(loss(*own, *left));
    }
    let mut ideal = vec![0.0; outputs];
    for (row, &volts) in siemens.chunks_exact(outputs).zip(volts) {
        ideal.iter_mut().zip(row).for_each(|(sum, g)| *sum += g * volts);
    }
    let cost = map.cost();
    outcome.count("inputs", volts.len(), "logical inputs");
    outcome.count("outputs", outputs, "logical outputs");
    outcome.count("tiles", cost.tiles, "tiles");
    outcome.count("cells", cost.cells, "cells of all tiles, used or not");
    outcome.scalar("used_fraction", cost.used, "1", "share of the cells that hold a weight");
    outcome.scalar("area", cost.area_m2, "m2", "area of cells, drivers and sense amplifiers");
    outcome.scalar("read_energy", map.read_joules(volts)?, "J", "energy of a read");
    outcome.scalar(
        "mean_weight_loss",
        sum / siemens.len() as f64,
        "1",
        "mean share of a weight that is lost",
    );
    outcome.scalar("largest_weight_loss", largest, "1", "largest share of a weight that is lost");
    let meaning = "largest error of an output current over the largest ideal one";
    outcome.scalar(
        "largest_relative_current_error",
        relative_error(&map.apply(volts)?, &ideal),
        "1",
        meaning,
    );
    Ok(())
}
