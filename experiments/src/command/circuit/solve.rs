//! `spinhebb circuit solve`: one read, with its bounds, its converter, its settling, and the error against array size.

use nalgebra::DVector;
use serde_json::json;
use spinhebb_circuit::operate::read::{Converter, ReadChain, Reading};
use spinhebb_circuit::operate::settling::LineCapacitance;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::state::State;

use super::{CircuitConfig, SubtractionKind, relative_error, rows};
use crate::error::ExperimentError;
use crate::plot::{Axis, Draw, Figure, Map, Panel, Series};
use crate::run::Run;

/// Solves the read and reports on it.
pub(super) fn solve(config: &CircuitConfig, run: &mut Run) -> Result<(), ExperimentError> {
    let mtj = config.device()?;
    let read = &config.read;
    let array = config.for_read(&mtj, config.array.rows, config.array.cols)?;
    let (array, subtraction) = read.subtraction.prepare(array, mean_siemens(&mtj))?;
    let reading = array.read(&ReadChain {
        subtraction,
        converter: Some(Converter {
            bits: read.converter_bits,
            full_scale_amperes: full_scale_amperes(config, &mtj),
            offset_amperes: read.converter_offset.si(),
        }),
        settling: Some((
            LineCapacitance { word_farad: read.word_capacitance.si(), bit_farad: read.bit_capacitance.si() },
            read.tolerance,
        )),
        integration_s: read.integration.si(),
    })?;
    let bounds = array.bounds(0.0, read.bound_sweeps)?;
    let sensitivity = array.sensitivity(&reading.solution, &vec![1.0; array.shape().1])?;
    summarise(run, &reading);
    run.value("bound_gap_V", bounds.gap_volts);
    run.value("bound_sweeps", bounds.sweeps);

    let along = |name: &str, dim: &str, unit: &str, long: &str, values: &DVector<f64>| {
        Variable::along(name, dim, unit, long, values.as_slice().to_vec())
    };
    let amperes = |name: &str, long: &str, values: &DVector<f64>| along(name, "column", "A", long, values);
    let mut dataset = reading
        .solution
        .to_dataset(&array, "circuit/read")?
        .with(amperes("ideal_current", "with ideal lines", &reading.ideal_amperes))?
        .with(amperes("output_low", "guaranteed lower bound of the current", &bounds.output_low))?
        .with(amperes("output_high", "guaranteed upper bound of the current", &bounds.output_high))?
        .with(along("output", "output", "A", "current after subtraction", &reading.outputs))?;
    if let Some(codes) = &reading.codes {
        let codes: Vec<f64> = codes.iter().map(|&code| f64::from(code)).collect();
        dataset.push(Variable::along("code", "output", "1", "code of the converter", codes))?;
    }
    let shape = [array.shape().0, array.shape().1];
    dataset.push(Variable::new(
        "sensitivity",
        "V",
        "change of the sum of all currents per conductance in parallel to each cell",
        &["row", "column"],
        &shape,
        sensitivity.to_siemens.transpose().as_slice().to_vec(),
    )?)?;
    run.add(dataset)?;

    let sizes = error_by_size(config, &mtj)?;
    let column = |pick: fn(&SizePoint) -> f64| sizes.iter().map(pick).collect::<Vec<f64>>();
    run.value("error_by_size", json!(sizes.iter().map(|p| (p.lines, p.error)).collect::<Vec<_>>()));
    let long = "largest error of an output current over the largest ideal one";
    run.add(
        Dataset::new("circuit/size")
            .with(Variable::coordinate("size", "1", "lines of a square array", column(|p| p.lines)))?
            .with(Variable::along("relative_error", "size", "1", long, column(|p| p.error)))?
            .with(Variable::along("severity", "size", "1", "N^2 r <G>", column(|p| p.severity)))?,
    )?;
    let points = |pick: fn(&SizePoint) -> f64| sizes.iter().map(|p| (p.lines, pick(p))).collect::<Vec<_>>();
    let how = "nodal solution of the wired array, junctions with bias-dependent TMR";
    let map = |title: &str, value: &str, matrix| Map::new(title, "column", "row", value, rows(matrix));
    run.figure(
        &Figure::new("read", "Reading: voltage lost in the lines, and error against size", how)
            .columns(2)
            .map(map("IR drop", "lost voltage (V)", &reading.drop_volts))
            .map(map("Cell voltage", "word minus bit line (V)", &reading.solution.cell_volts()))
            .map(map("Sensitivity of the total current", "dI/dG (V)", &sensitivity.to_siemens))
            .panel(
                Panel::new("Error of outputs", Axis::log10("lines"), Axis::log10("relative"))
                    .series(Series::line("largest error", points(|p| p.error)).draw(Draw::LinePoints))
                    .series(Series::line("severity Lambda", points(|p| p.severity))),
            ),
    )
}

fn summarise(run: &mut Run, reading: &Reading) {
    let certificate = reading.solution.certificate;
    let error = relative_error(reading.amperes.as_slice(), reading.ideal_amperes.as_slice());
    run.value("severity", certificate.severity);
    run.value("iterations", certificate.iterations);
    run.value("residual_A", certificate.residual_amperes);
    run.value("error_estimate_V", certificate.error_volts);
    run.value("largest_relative_current_error", error);
    run.value("largest_IR_drop_V", reading.drop_volts.max());
    run.value("energy_J", reading.energy_joules);
    if let Some(settling) = &reading.settling {
        run.value("slowest_time_constant_s", settling.slowest_high_s);
        run.value("settled_s", settling.settled_s);
    }
}

/// Conductance halfway between the two states at zero bias, in S.
fn mean_siemens(mtj: &Mtj) -> f64 {
    State::BOTH.map(|state| 0.5 * mtj.transport.conductance(state, 0.0)).iter().sum()
}

/// Current in A of a column whose cells are all parallel and active, less what is subtracted from it.
fn full_scale_amperes(config: &CircuitConfig, mtj: &Mtj) -> f64 {
    let [parallel, antiparallel] =
        [State::Parallel, State::AntiParallel].map(|state| mtj.transport.conductance(state, 0.0));
    let largest = match config.read.subtraction {
        SubtractionKind::None => parallel,
        SubtractionKind::ReferenceColumn => 0.5 * (parallel - antiparallel),
        SubtractionKind::Pairs => parallel - antiparallel,
    };
    config.array.rows as f64 * config.read.voltage.si().abs() * largest
}

/// Error of a square array of one size.
struct SizePoint {
    lines: f64,
    error: f64,
    severity: f64,
}

fn error_by_size(config: &CircuitConfig, mtj: &Mtj) -> Result<Vec<SizePoint>, ExperimentError> {
    let one = |&size: &usize| {
        let array = config.for_read(mtj, size, size)?;
        let solution = array.solve()?;
        let ideal = array.ideal_product(&config.input_volts(size));
        Ok(SizePoint {
            lines: size as f64,
            error: relative_error(solution.output_amperes().as_slice(), &ideal),
            severity: array.severity(),
        })
    };
    config.read.sizes.iter().map(one).collect()
}
