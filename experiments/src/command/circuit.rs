//! `spinhebb circuit`: crossbars read, written, mapped onto tiles and exported.

use nalgebra::DMatrix;
use rand::RngExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_circuit::array::Array;
use spinhebb_circuit::read::{Converter, ReadChain, Subtraction};
use spinhebb_circuit::settling::LineCapacitance;
use spinhebb_circuit::tile::{TileConfig, TiledMap};
use spinhebb_circuit::variation::{Variation, VariationConfig};
use spinhebb_circuit::write::{LearningStep, WriteDrivers, WriteScheme, write};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::{Area, Capacitance, Energy, Resistance, Time, Voltage};
use spinhebb_data::random_stream::Streams;
use spinhebb_device::ensemble::Ensemble;
use spinhebb_device::mtj::Mtj;
use spinhebb_device::preset;
use spinhebb_device::state::State;
use spinhebb_device::switching_table::{Refinement, SwitchingTable};

use crate::error::ExperimentError;
use crate::plot::{Axis, Draw, Figure, Map, Panel, Series};
use crate::progress::Progress;
use crate::run::{Run, RunOptions};

/// The commented defaults, also what `spinhebb init circuit` prints.
pub const DEFAULTS: &str = include_str!("../../defaults/circuit.toml");

/// Solve crossbars with wires, drivers, spread and nonlinear junctions.
#[derive(Debug, clap::Args)]
pub struct CircuitArguments {
    #[command(subcommand)]
    action: Action,
}

/// What to do with the crossbar.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Read: output currents, IR drop, converter, settling, energy, error against array size
    Solve(RunOptions),
    /// Learning step: voltage and switching probability of every cell under five schemes
    Write(RunOptions),
    /// Map a logical layer onto tiles: effective weights, area, energy
    Map(RunOptions),
    /// Export the read as a SPICE netlist of exactly the same circuit
    Spice(RunOptions),
}

/// Configuration of the circuit commands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CircuitConfig {
    /// Master seed of all random streams.
    pub seed: u64,
    /// Name of the device at every crossing; `spinhebb presets` lists them.
    pub preset: String,
    /// Fraction of the devices that are parallel.
    pub parallel_fraction: f64,
    /// Fraction of the inputs that are active.
    pub active_fraction: f64,
    /// The array and what drives it.
    pub array: ArrayConfig,
    /// Variation from device to device, faults and read noise.
    pub variation: VariationConfig,
    /// Reading.
    pub read: ReadConfig,
    /// Writing.
    pub write: WriteConfig,
    /// Mapping onto tiles.
    pub map: MapConfig,
}

/// The array and what drives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrayConfig {
    /// Word lines (inputs).
    pub rows: usize,
    /// Bit lines (dendrites).
    pub cols: usize,
    /// Wire resistance between neighbouring cells of a word line.
    pub word_wire: Resistance,
    /// Wire resistance between neighbouring cells of a bit line.
    pub bit_wire: Resistance,
    /// Output resistance of a word-line driver in a read.
    pub driver: Resistance,
    /// Input resistance of a sense circuit.
    pub sense: Resistance,
    /// Resistance of the access transistor in each cell; 0 for none.
    pub access: Resistance,
}

/// Reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadConfig {
    /// Voltage of an active input; V > 0 is the potentiation polarity.
    pub voltage: Voltage,
    /// Resolution of the converter behind each output, bits.
    pub converter_bits: u32,
    /// Capacitance of a word line per cell.
    pub word_capacitance: Capacitance,
    /// Capacitance of a bit line per cell.
    pub bit_capacitance: Capacitance,
    /// Relative distance from the end value at which a read counts as settled.
    pub tolerance: f64,
    /// Time for which currents are integrated after settling.
    pub integration: Time,
    /// Sizes of square arrays for the figure of error against size.
    pub sizes: Vec<usize>,
}

/// Writing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteConfig {
    /// Dendrite of the neuron that fired, counted from 0.
    pub dendrite: usize,
    /// Wanted probability of potentiation of a cell that sees its full voltage.
    pub potentiation: f64,
    /// Wanted probability of depression.
    pub depression: f64,
    /// Full width of the pulses.
    pub width: Time,
    /// Output resistance of a write driver, and of the switch that grounds the dendrite.
    pub driver: Resistance,
    /// Resistance of a transistor that is switched off.
    pub off: Resistance,
    /// Smallest voltage of the switching table.
    pub lowest_voltage: Voltage,
    /// Largest voltage of the switching table; junctions of open dendrites may see the sum of both pulses.
    pub highest_voltage: Voltage,
    /// Voltages of the switching table, evenly spaced.
    pub voltages: usize,
    /// Trials for each voltage and polarity.
    pub trials: u64,
}

/// Mapping onto tiles of the size of the array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapConfig {
    /// Logical inputs.
    pub inputs: usize,
    /// Logical outputs.
    pub outputs: usize,
    /// Area of one cell.
    pub cell_area: Area,
    /// Area of one word-line driver.
    pub driver_area: Area,
    /// Area of one sense amplifier with its converter.
    pub sense_area: Area,
    /// Energy of one conversion.
    pub conversion_energy: Energy,
}

/// Largest side of an array or layer.
const LARGEST: usize = 16_384;

impl CircuitConfig {
    /// Checks ranges within and across tables; the circuit layer checks the rest as it computes.
    ///
    /// # Errors
    /// Names the first key that is wrong.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        let check = |key: &str, value: String, expected: &str, fine: bool| {
            let (key, expected) = (key.to_string(), expected.to_string());
            if fine { Ok(()) } else { Err(ExperimentError::Value { key, value, expected }) }
        };
        for (key, fraction) in [
            ("parallel_fraction", self.parallel_fraction),
            ("active_fraction", self.active_fraction),
            ("write.potentiation", self.write.potentiation),
            ("write.depression", self.write.depression),
        ] {
            check(key, fraction.to_string(), "0 to 1", (0.0..=1.0).contains(&fraction))?;
        }
        let side = "1 to 16384 lines";
        for (key, count) in [
            ("array.rows", self.array.rows),
            ("array.cols", self.array.cols),
            ("map.inputs", self.map.inputs),
            ("map.outputs", self.map.outputs),
        ] {
            check(key, count.to_string(), side, (1..=LARGEST).contains(&count))?;
        }
        for &size in &self.read.sizes {
            check("read.sizes", size.to_string(), "1 to 1024 lines each", (1..=1024).contains(&size))?;
        }
        let dendrite = self.write.dendrite;
        check("write.dendrite", dendrite.to_string(), "a column of the array", dendrite < self.array.cols)?;
        let (low, high) = (self.write.lowest_voltage, self.write.highest_voltage);
        check("write.lowest_voltage", low.to_string(), "a voltage above 0 V", low.si() > 0.0)?;
        let expected = "a voltage above lowest_voltage";
        check("write.highest_voltage", high.to_string(), expected, high.si() > low.si())?;
        let voltages = self.write.voltages;
        check("write.voltages", voltages.to_string(), "2 to 10000", (2..=10_000).contains(&voltages))?;
        let trials = self.write.trials;
        check("write.trials", trials.to_string(), "at least 1", trials >= 1)?;
        let access = self.array.access;
        check("array.access", access.to_string(), "0 ohm or more", access.si() >= 0.0)?;
        let width = self.write.width;
        check("write.width", width.to_string(), "a width above 0 s", width.si() > 0.0)?;
        Ok(self.variation.validate()?)
    }

    /// The device at every crossing.
    fn device(&self) -> Result<Mtj, ExperimentError> {
        Ok(preset::load(&self.preset)?.device.resolve()?)
    }

    /// States drawn at random, device by device.
    fn states(&self, rows: usize, cols: usize) -> DMatrix<State> {
        let streams = Streams::new(self.seed, "circuit/states");
        DMatrix::from_fn(rows, cols, |i, j| {
            let parallel = streams.rng2(i as u32, j as u32).random::<f64>() < self.parallel_fraction;
            if parallel { State::Parallel } else { State::AntiParallel }
        })
    }

    /// Inputs drawn at random.
    fn active(&self, rows: usize) -> Vec<bool> {
        let streams = Streams::new(self.seed, "circuit/inputs");
        (0..rows).map(|i| streams.rng(i as u64).random::<f64>() < self.active_fraction).collect()
    }

    /// An array of the configured kind whose line ends float.
    fn array(&self, mtj: &Mtj, rows: usize, cols: usize) -> Result<Array, ExperimentError> {
        let variation = Variation::new(&self.variation, self.seed)?;
        let cells = variation.cells(mtj.transport, &self.states(rows, cols), self.array.access.si());
        let cells = variation.at_read(&cells, 0);
        let mut array = Array::new(cells, self.array.word_wire.si(), self.array.bit_wire.si());
        variation.break_wires(&mut array);
        Ok(array)
    }

    /// The array as it is read.
    fn for_read(&self, mtj: &Mtj, rows: usize, cols: usize) -> Result<Array, ExperimentError> {
        let volts = |active: bool| if active { self.read.voltage.si() } else { 0.0 };
        let volts: Vec<f64> = self.active(rows).into_iter().map(volts).collect();
        let array = self.array(mtj, rows, cols)?;
        Ok(array.for_read(&volts, self.array.driver.si(), self.array.sense.si()))
    }
}

impl CircuitArguments {
    /// Runs the chosen action.
    ///
    /// # Errors
    /// The configuration is wrong, the solver fails, or a file cannot be written.
    pub fn execute(self) -> Result<(), ExperimentError> {
        let (options, name, title) = match &self.action {
            Action::Solve(options) => (options, "circuit-solve", "Reading a crossbar"),
            Action::Write(options) => (options, "circuit-write", "Writing a crossbar"),
            Action::Map(options) => (options, "circuit-map", "A layer on tiles"),
            Action::Spice(options) => (options, "circuit-spice", "A crossbar for SPICE"),
        };
        let (mut config, document): (CircuitConfig, _) = options.configuration(DEFAULTS)?;
        if let Some(seed) = options.seed {
            config.seed = seed;
        }
        config.validate().map_err(|error| error.located(&document))?;
        if options.printed_dry_run(&config)? {
            return Ok(());
        }
        let mut run = Run::begin(options, name, title, &config, config.seed)?;
        match &self.action {
            Action::Solve(_) => solve(&config, &mut run)?,
            Action::Write(_) => write_schemes(&config, &mut run)?,
            Action::Map(_) => map(&config, &mut run)?,
            Action::Spice(_) => spice(&config, &mut run)?,
        }
        run.finish()?;
        Ok(())
    }
}

/// Rows of a matrix, for a map.
fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}

fn solve(config: &CircuitConfig, run: &mut Run) -> Result<(), ExperimentError> {
    let mtj = config.device()?;
    let array = config.for_read(&mtj, config.array.rows, config.array.cols)?;
    let read = &config.read;
    let full_scale_amperes =
        array.ideal_product(&vec![read.voltage.si(); config.array.rows]).into_iter().fold(1e-12, f64::max);
    let reading = array.read(&ReadChain {
        subtraction: Subtraction::None,
        converter: Some(Converter { bits: read.converter_bits, full_scale_amperes, offset_amperes: 0.0 }),
        settling: Some((
            LineCapacitance { word_farad: read.word_capacitance.si(), bit_farad: read.bit_capacitance.si() },
            read.tolerance,
        )),
        integration_s: read.integration.si(),
    })?;
    let certificate = reading.solution.certificate;
    let error = relative_error(reading.amperes.as_slice(), reading.ideal_amperes.as_slice());
    run.value("severity", certificate.severity);
    run.value("iterations", certificate.iterations);
    run.value("error_estimate_V", certificate.error_volts);
    run.value("largest_relative_current_error", error);
    run.value("largest_IR_drop_V", reading.drop_volts.max());
    run.value("energy_J", reading.energy_joules);
    if let Some(settling) = &reading.settling {
        run.value("slowest_time_constant_s", settling.slowest_high_s);
        run.value("settled_s", settling.settled_s);
    }
    let outputs = |name: &str, unit: &str, long: &str, values: Vec<f64>| {
        Variable::along(name, "column", unit, long, values)
    };
    let mut dataset = reading.solution.to_dataset(&array, "circuit/read")?.with(outputs(
        "ideal_current",
        "A",
        "with ideal lines",
        reading.ideal_amperes.as_slice().to_vec(),
    ))?;
    if let Some(codes) = &reading.codes {
        let codes = codes.iter().map(|&code| f64::from(code)).collect();
        dataset.push(outputs("code", "1", "code of the converter", codes))?;
    }
    run.add(dataset)?;

    let mut points = Vec::new();
    let mut severities = Vec::new();
    for &size in &config.read.sizes {
        let array = config.for_read(&mtj, size, size)?;
        let solution = array.solve()?;
        let ideal = array.ideal_product(&left_volts(config, size));
        points.push((size as f64, relative_error(solution.output_amperes().as_slice(), &ideal)));
        severities.push((size as f64, array.severity()));
    }
    run.value("error_by_size", json!(points));
    run.add(
        Dataset::new("circuit/size")
            .with(Variable::coordinate(
                "size",
                "1",
                "lines of a square array",
                points.iter().map(|p| p.0).collect::<Vec<f64>>(),
            ))?
            .with(Variable::along(
                "relative_error",
                "size",
                "1",
                "largest error of an output current over the largest ideal one",
                points.iter().map(|p| p.1).collect::<Vec<f64>>(),
            ))?,
    )?;
    let how = "nodal solution of the wired array, junctions with bias-dependent TMR";
    run.figure(
        &Figure::new("read", "Reading: voltage lost in the lines, and error against size", how)
            .map(Map::new("IR drop", "column", "row", "lost voltage (V)", rows(&reading.drop_volts)))
            .map(Map::new(
                "Cell voltage",
                "column",
                "row",
                "word minus bit line (V)",
                rows(&reading.solution.cell_volts()),
            ))
            .panel(
                Panel::new("Error of outputs", Axis::log10("lines"), Axis::log10("relative"))
                    .series(Series::line("largest error", points).draw(Draw::LinePoints))
                    .series(Series::line("severity Lambda", severities)),
            ),
    )
}

/// Source voltages of the inputs in V.
fn left_volts(config: &CircuitConfig, rows: usize) -> Vec<f64> {
    let volts = |active| if active { config.read.voltage.si() } else { 0.0 };
    config.active(rows).into_iter().map(volts).collect()
}

/// Largest difference relative to the largest ideal current.
fn relative_error(amperes: &[f64], ideal: &[f64]) -> f64 {
    let scale = ideal.iter().fold(0.0_f64, |a, i| a.max(i.abs()));
    let worst = amperes.iter().zip(ideal).fold(0.0_f64, |a, (x, y)| a.max((x - y).abs()));
    if scale > 0.0 { worst / scale } else { 0.0 }
}

fn write_schemes(config: &CircuitConfig, run: &mut Run) -> Result<(), ExperimentError> {
    let settings = &config.write;
    let mtj = config.device()?;
    let (low, high) = (settings.lowest_voltage.si(), settings.highest_voltage.si());
    let last = (settings.voltages - 1) as f64;
    let magnitudes: Vec<f64> = (0..settings.voltages).map(|k| low + (high - low) * k as f64 / last).collect();
    let width_s = settings.width.si();
    let mut progress = Progress::new(1);
    let stage = progress.stage("switching table", 2 * settings.voltages as u64);
    let ensemble = Ensemble::new(settings.trials, config.seed);
    let table =
        SwitchingTable::by_ensemble(&mtj, &magnitudes, &[width_s], &ensemble, Refinement::NONE, |done| {
            stage.advance_by(done as u64);
        })?;
    drop(stage);
    let up = table.voltage_for(settings.potentiation, width_s, State::AntiParallel)?.volts;
    let down = table.voltage_for(settings.depression, width_s, State::Parallel)?.volts;
    run.value("potentiation_V", up);
    run.value("depression_V", down);
    run.cite(&["zhou2025", "slonczewski1996"]);

    let (n_rows, n_cols) = (config.array.rows, config.array.cols);
    let states = config.states(n_rows, n_cols);
    let array = config.array(&mtj, n_rows, n_cols)?;
    let active = config.active(n_rows);
    let step = LearningStep {
        dendrite: settings.dendrite,
        active: &active,
        potentiation_volts: up,
        depression_volts: down,
        width_s,
    };
    let drivers = WriteDrivers {
        word_ohm: settings.driver.si(),
        dendrite_ohm: settings.driver.si(),
        off_ohm: settings.off.si(),
        one_after_the_other: false,
    };
    let how = "voltages of the solved array; probabilities from an LLGS ensemble at the pulse width";
    let mut voltage_maps = Figure::new("write-voltages", "Voltage across every junction", how).columns(3);
    let mut disturb_maps =
        Figure::new("write-flips", "Probability that a junction changes state in one learning step", how)
            .columns(3);
    let mut lines = Vec::new();
    for scheme in WriteScheme::ALL {
        let outcome = write(&array, scheme, &drivers, &step)?;
        let flips = outcome.flip_probability(&states, &table)?;
        let mut summary = serde_json::Map::new();
        for role in outcome.summary(&states, &table)? {
            summary.insert(
                role.role.name().replace(' ', "_"),
                json!({
                    "lowest_V": role.lowest_volts,
                    "highest_V": role.highest_volts,
                    "mean_probability": role.mean_probability,
                    "largest_probability": role.largest_probability,
                    "expected_switches": role.expected_switches,
                }),
            );
            lines.push(vec![
                scheme.name().to_string(),
                role.role.name().to_string(),
                format!("{:.3}", role.lowest_volts),
                format!("{:.3}", role.highest_volts),
                format!("{:.2e}", role.mean_probability),
                format!("{:.2}", role.expected_switches),
            ]);
        }
        let disturbed: f64 =
            (0..n_cols).filter(|&j| j != settings.dendrite).map(|j| flips.column(j).sum()).sum();
        summary.insert("energy_J".to_string(), json!(outcome.energy_joules()));
        summary.insert("expected_flips_selected".to_string(), json!(flips.column(settings.dendrite).sum()));
        summary.insert("expected_flips_elsewhere".to_string(), json!(disturbed));
        run.value(scheme.name(), serde_json::Value::Object(summary));
        run.add(outcome.to_dataset(&flips, &format!("circuit/write/{}", scheme.name()))?)?;
        for (k, phase) in outcome.phases.iter().enumerate() {
            let title = format!("{}, pulse {}", scheme.name(), k + 1);
            voltage_maps = voltage_maps.map(Map::new(
                title,
                "dendrite",
                "input",
                "voltage (V)",
                rows(&phase.device_volts),
            ));
        }
        disturb_maps =
            disturb_maps.map(Map::new(scheme.name(), "dendrite", "input", "probability", rows(&flips)));
    }
    run.report().section("Cells by what is meant to happen to them");
    run.report().table(
        &["scheme", "role", "lowest (V)", "highest (V)", "mean probability", "expected switches"],
        &lines,
    );
    run.figure(&voltage_maps)?;
    run.figure(&disturb_maps)
}

fn map(config: &CircuitConfig, run: &mut Run) -> Result<(), ExperimentError> {
    let mtj = config.device()?;
    let MapConfig { inputs, outputs, .. } = config.map;
    let siemens = config.array(&mtj, inputs, outputs)?.zero_bias_siemens();
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
    let map = TiledMap::new(&siemens, &tile)?;
    let cost = map.cost();
    let volts = left_volts(config, inputs);
    let effective = map.effective_siemens();
    let loss = DMatrix::from_fn(inputs, outputs, |i, j| 1.0 - effective[(i, j)] / siemens[(i, j)].max(1e-30));
    run.value("tiles", cost.tiles);
    run.value("cells", cost.cells);
    run.value("used_fraction", cost.used);
    run.value("area_m2", cost.area_m2);
    run.value("read_energy_J", map.read_joules(&volts)?);
    run.value("mean_weight_loss", loss.mean());
    run.value("largest_weight_loss", loss.max());
    let ideal: Vec<f64> =
        (0..outputs).map(|j| siemens.column(j).iter().zip(&volts).map(|(g, v)| g * v).sum()).collect();
    run.value("largest_relative_current_error", relative_error(&map.apply(&volts)?, &ideal));
    let weights = |matrix: &DMatrix<f64>| matrix.transpose().as_slice().to_vec();
    let variable = |name: &str, long: &str, matrix: &DMatrix<f64>| {
        Variable::new(name, "S", long, &["input", "output"], &[inputs, outputs], weights(matrix))
    };
    run.add(
        Dataset::new("circuit/map")
            .with(variable("conductance", "conductance of each cell at zero bias", &siemens)?)?
            .with(variable("effective", "output current per volt at an input", &effective)?)?,
    )?;
    let first = &map.tiles[0];
    let shape = first.effective_siemens.shape();
    let tile_loss = loss.view((0, 0), shape).into_owned();
    run.figure(
        &Figure::new(
            "tile",
            "Weight lost in the lines of the first tile",
            "exact transfer matrix of the tile",
        )
        .map(Map::new("Lost weight", "output", "input", "relative", rows(&tile_loss))),
    )
}

fn spice(config: &CircuitConfig, run: &mut Run) -> Result<(), ExperimentError> {
    let mtj = config.device()?;
    let array = config.for_read(&mtj, config.array.rows, config.array.cols)?;
    let deck = array.to_spice("crossbar read, exported by spinhebb")?;
    run.value("cells", config.array.rows * config.array.cols);
    run.value("netlist", "crossbar.cir");
    run.value("run_it_with", "ngspice -b crossbar.cir");
    run.write("crossbar.cir", deck.as_bytes())?;
    let solution = array.solve()?;
    run.add(solution.to_dataset(&array, "circuit/read")?)?;
    Ok(())
}
