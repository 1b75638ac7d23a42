//! `spinhebb circuit solve`: an array read, with its losses, bounds, settling, energy, and error against size.

use nalgebra::{DMatrix, DVector};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_circuit::operate::read::Reading;
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::PopulationConfig;

use super::matrix::{relative_error, rows};
use super::pattern::{Maker, PatternConfig};
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome};
use crate::present::Page;
use crate::present::plot::{Axis, Draw, Figure, Map, Panel, Series};
use crate::system::system_parts;

/// The read, and the error against the size of the array.
const READ: &str = "circuit/read";
const SIZE: &str = "circuit/size";

system_parts! {
    /// A crossbar read.
    pub struct SolveParts {
        /// The junction at every crossing.
        device: MtjConfig,
        /// How devices differ.
        population: PopulationConfig,
        /// Faults of devices and wires.
        faults: FaultsConfig,
        /// The array and what drives it.
        array: ArrayConfig,
        /// What is stored and which inputs are active.
        pattern: PatternConfig,
        /// What is reported of the read.
        solve: SolveSettings,
    }
}

/// What is reported of a read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SolveSettings {
    /// Line sweeps of the guaranteed two-sided bounds.
    pub bound_sweeps: usize,
    /// Sizes of square arrays for the figure of error against size.
    pub sizes: Vec<usize>,
}

impl Check for SolveSettings {
    fn check(&self, faults: &mut Faults) {
        let fine = self.bound_sweeps <= 100_000;
        faults.require(fine, "bound_sweeps", self.bound_sweeps, "at most 100000 sweeps");
        faults.each("sizes", &self.sizes, |size, faults| {
            faults.require((1..=1024).contains(size), "", size, "1 to 1024 lines each");
        });
    }
}

/// An array read.
pub struct Solve;

impl Experiment for Solve {
    type Config = SolveParts;
    const NAME: &'static str = "circuit solve";
    const ABOUT: &'static str =
        "Read: output currents, IR drop, bounds, converter, settling, energy, error against array size";
    const CITES: &'static [&'static str] = &[];

    fn compute(config: &SolveParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("Reading a crossbar");
        let mtj = config.device.resolve()?;
        let varied = (&config.population, &config.faults);
        let maker = Maker::new(context.seed(), &mtj, &config.array, &config.pattern, varied)?;
        let (array, chain) = config
            .array
            .read_chain(maker.for_read(config.array.inputs, config.array.outputs), mtj.transport)?;
        let reading = array.read(&chain)?;
        summarise(&mut outcome, &reading);
        let read = read_dataset(&mut outcome, &array, &reading, config.solve.bound_sweeps)?;
        outcome.add(read);
        let stage = context.stage("error against size", config.solve.sizes.len() as u64);
        let sizes = context.unit("error against size", || {
            let points: Vec<SizePoint> = config
                .solve
                .sizes
                .iter()
                .map(|&size| {
                    let point = size_point(&maker, size);
                    stage.advance();
                    point
                })
                .collect::<Result<_, _>>()?;
            Ok(vec![size_dataset(&points)?])
        })?;
        for dataset in sizes {
            let (lines, errors) = (dataset.numbers("size")?, dataset.numbers("relative_error")?);
            for (lines, error) in lines.iter().zip(errors) {
                let meaning = "largest error of an output current over the largest ideal one";
                outcome.scalar(format!("error_by_size/{lines}"), error, "1", meaning);
            }
            outcome.add(dataset);
        }
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let (read, size) = (outcome.dataset(READ)?, outcome.dataset(SIZE)?);
        let how = "nodal solution of the wired array, junctions with bias-dependent TMR";
        let map = |title: &str, value: &str, name: &str| -> Result<Map, ExperimentError> {
            Ok(Map::new(title, "column", "row", value, rows(read, name)?))
        };
        let lines = size.numbers("size")?;
        let points = |name: &str| -> Result<Vec<(f64, f64)>, ExperimentError> {
            Ok(lines.iter().copied().zip(size.numbers(name)?).collect())
        };
        page.figure(
            &Figure::new("read", "Reading: voltage lost in the lines, and error against size", how)
                .columns(2)
                .map(map("IR drop", "lost voltage (V)", "drop")?)
                .map(map("Cell voltage", "word minus bit line (V)", "cell_voltage")?)
                .map(map("Sensitivity of the total current", "dI/dG (V)", "sensitivity")?)
                .panel(
                    Panel::new("Error of outputs", Axis::log10("lines"), Axis::log10("relative"))
                        .series(
                            Series::line("largest error", points("relative_error")?).draw(Draw::LinePoints),
                        )
                        .series(Series::line("severity Lambda", points("severity")?)),
                ),
        );
        Ok(())
    }
}

/// Everything about the read, cell by cell and output by output.
fn read_dataset(
    outcome: &mut Outcome,
    array: &Array,
    reading: &Reading,
    sweeps: usize,
) -> Result<Dataset, ExperimentError> {
    let bounds = array.bounds(0.0, sweeps)?;
    outcome.scalar("bound_gap", bounds.gap_volts, "V", "largest distance of the bounds of a node voltage");
    outcome.count("bound_sweeps", bounds.sweeps, "line sweeps of the bounds");
    let sensitivity = array.sensitivity(&reading.solution, &vec![1.0; array.shape().1])?;
    let along = |name: &str, dim: &str, unit: &str, long: &str, values: &DVector<f64>| {
        Variable::along(name, dim, unit, long, values.as_slice().to_vec())
    };
    let amperes = |name: &str, long: &str, values: &DVector<f64>| along(name, "column", "A", long, values);
    let mut dataset = reading
        .solution
        .to_dataset(array, READ)?
        .with(amperes("ideal_current", "with ideal lines", &reading.ideal_amperes))?
        .with(amperes("output_low", "guaranteed lower bound of the current", &bounds.output_low))?
        .with(amperes("output_high", "guaranteed upper bound of the current", &bounds.output_high))?
        .with(along("output", "output", "A", "current after subtraction", &reading.outputs))?;
    if let Some(codes) = &reading.codes {
        let codes: Vec<f64> = codes.iter().map(|&code| f64::from(code)).collect();
        dataset.push(Variable::along("code", "output", "1", "code of the converter", codes))?;
    }
    let shape = [array.shape().0, array.shape().1];
    let map = |name: &str, long: &str, matrix: &DMatrix<f64>| {
        Variable::new(name, "V", long, &["row", "column"], &shape, matrix.transpose().as_slice().to_vec())
    };
    let long = "change of the sum of all currents per conductance in parallel to each cell";
    dataset.push(map("sensitivity", long, &sensitivity.to_siemens)?)?;
    dataset.push(map(
        "drop",
        "voltage over each cell with ideal lines minus the real one",
        &reading.drop_volts,
    )?)?;
    let long = "voltage of the word line minus that of the bit line";
    dataset.push(map("cell_voltage", long, &reading.solution.cell_volts())?)?;
    Ok(dataset)
}

fn summarise(outcome: &mut Outcome, reading: &Reading) {
    let certificate = reading.solution.certificate;
    let error = relative_error(reading.amperes.as_slice(), reading.ideal_amperes.as_slice());
    outcome.scalar("severity", certificate.severity, "1", "N^2 r <G>");
    outcome.count("iterations", certificate.iterations, "iterations of the solver");
    outcome.scalar(
        "residual",
        certificate.residual_amperes,
        "A",
        "largest current that Kirchhoff's law misses",
    );
    outcome.scalar("error_estimate", certificate.error_volts, "V", "estimated error of node voltages");
    let meaning = "largest error of an output current over the largest ideal one";
    outcome.scalar("largest_relative_current_error", error, "1", meaning);
    outcome.scalar("largest_IR_drop", reading.drop_volts.max(), "V", "largest voltage lost in the lines");
    outcome.scalar("energy", reading.energy_joules, "J", "energy of the read");
    if let Some(settling) = &reading.settling {
        let meaning = "upper bound of the slowest time constant";
        outcome.scalar("slowest_time_constant", settling.slowest_high_s, "s", meaning);
        outcome.scalar("settled", settling.settled_s, "s", "time until the read has settled");
    }
}

/// Error of a square array of one size.
struct SizePoint {
    lines: f64,
    error: f64,
    severity: f64,
}

fn size_point(maker: &Maker<'_>, size: usize) -> Result<SizePoint, ExperimentError> {
    let array = maker.for_read(size, size);
    let solution = array.solve()?;
    let ideal = array.ideal_product(&maker.input_volts(size));
    Ok(SizePoint {
        lines: size as f64,
        error: relative_error(solution.output_amperes().as_slice(), &ideal),
        severity: array.severity(),
    })
}

fn size_dataset(points: &[SizePoint]) -> Result<Dataset, ExperimentError> {
    let column = |pick: fn(&SizePoint) -> f64| points.iter().map(pick).collect::<Vec<f64>>();
    let long = "largest error of an output current over the largest ideal one";
    Ok(Dataset::new(SIZE)
        .with(Variable::coordinate("size", "1", "lines of a square array", column(|p| p.lines)))?
        .with(Variable::along("relative_error", "size", "1", long, column(|p| p.error)))?
        .with(Variable::along("severity", "size", "1", "N^2 r <G>", column(|p| p.severity)))?)
}
