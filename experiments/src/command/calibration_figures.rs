//! Figures of a calibration: data against fit, residuals, profiles, posterior.

use spinhebb_device::calibration::analysis::Calibration;
use spinhebb_device::calibration::hold_out::HoldOut;
use spinhebb_device::calibration::problem::Problem;
use spinhebb_device::measurement::points::{MeasuredVoltage, MeasuredData, proportion_interval};

use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::run::Run;

/// Draws the figures of one fit into `run`; `suffix` tells devices apart.
///
/// # Errors
/// A file cannot be written.
pub fn all(
    run: &mut Run,
    suffix: &str,
    data: &MeasuredData,
    fit: &Calibration,
    problem: &Problem<'_>,
) -> Result<(), ExperimentError> {
    run.figure(&curves(suffix, data, fit))?;
    run.figure(&residuals(suffix, data, fit))?;
    if !fit.profiles.is_empty() {
        run.figure(&profiles(suffix, fit))?;
    }
    if fit.posterior.is_some() && fit.free.len() > 1 {
        run.figure(&corner(suffix, fit, problem))?;
    }
    Ok(())
}

/// A part of the data that a fit has not seen.
pub struct HeldOut {
    /// What was predicted.
    pub what: String,
    /// The points.
    pub data: MeasuredData,
    /// The prediction.
    pub result: HoldOut,
}

/// Points (x, y), or intervals (lower, upper).
type Pairs = Vec<(f64, f64)>;

/// Gumbel coordinate -ln(-ln P): ballistic switching is a straight line in it.
fn gumbel(p: f64) -> f64 {
    -(-p.ln()).ln()
}

/// Points of one file in the order of what varies in it, and its values.
fn abscissa(data: &MeasuredData, fit: &Calibration, file: usize) -> (&'static str, Vec<(f64, usize)>) {
    let own: Vec<usize> = (0..data.points.len()).filter(|&i| data.points[i].file == file).collect();
    let volts = |i: usize| fit.conditions[i].volts;
    let voltage_varies = own.iter().any(|&i| volts(i) != volts(own[0]));
    let mut list: Vec<(f64, usize)> = own
        .iter()
        .map(|&i| (if voltage_varies { volts(i) } else { 1e9 * fit.conditions[i].width_s }, i))
        .collect();
    list.sort_by(|a, b| a.0.total_cmp(&b.0));
    (if voltage_varies { "pulse voltage (V)" } else { "pulse width (ns)" }, list)
}

fn curves(suffix: &str, data: &MeasuredData, fit: &Calibration) -> Figure {
    let mut figure = Figure::new(
        format!("calibration{suffix}"),
        format!("Measured switching probability and the fitted {} model.", fit.model),
        "Bars: 95 % Clopper-Pearson intervals. Bands: 95 % of the fit by its covariance. Right: -ln(-ln P), in which \
         a Gumbel law is a straight line.",
    );
    for file in 0..data.files.len() {
        let (label, list) = abscissa(data, fit, file);
        if list.is_empty() {
            continue;
        }
        let measured = |scale: &dyn Fn(f64) -> f64| -> (Pairs, Pairs) {
            list.iter()
                .filter(|(_, i)| scale(data.points[*i].fraction()).is_finite())
                .map(|&(x, i)| {
                    let m = &data.points[i];
                    let (low, high) = proportion_interval(m.switched, m.trials);
                    ((x, scale(m.fraction())), (scale(low), scale(high)))
                })
                .unzip()
        };
        let fitted = |scale: &dyn Fn(f64) -> f64| -> (Pairs, Pairs) {
            list.iter()
                .map(|&(x, i)| {
                    let at = |shift: f64| {
                        let odds = fit.predictions[i].log_odds() + shift;
                        scale(1.0 / (1.0 + (-odds).exp()))
                    };
                    ((x, at(0.0)), (at(-fit.band[i]), at(fit.band[i])))
                })
                .filter(|((_, y), _)| y.is_finite())
                .unzip()
        };
        let panel = |title: &str, y: Axis, scale: &dyn Fn(f64) -> f64, place: Corner| {
            let (points, bars) = measured(scale);
            let (line, band) = fitted(scale);
            Panel::new(title, Axis::linear(label), y)
                .series(Series::points("measured", points).interval(bars))
                .series(Series::line(fit.model.as_str(), line).interval(band))
                .legend(place)
        };
        figure = figure
            .panel(panel("linear", Axis::linear("switching probability"), &|p| p, Corner::BottomRight))
            .panel(panel("Gumbel", Axis::linear("-ln(-ln P)"), &gumbel, Corner::BottomRight));
    }
    figure
}

/// Points that a fit has not seen with its prediction of them; one row of panels per part that was predicted.
///
/// # Errors
/// A file cannot be written.
pub fn held_out(run: &mut Run, suffix: &str, parts: &[HeldOut]) -> Result<(), ExperimentError> {
    if parts.is_empty() {
        return Ok(());
    }
    let mut figure = Figure::new(
        format!("calibration-hold-out{suffix}"),
        format!("Points that the fit of {} has not seen.", parts[0].result.training.model),
        "Bars: 95 % Clopper-Pearson intervals of the measured points. Residual: measured minus predicted over the standard \
         deviation of counting and fit; 95 % lie between -1.96 and 1.96 if the model is right.",
    );
    for part in parts {
        let points = &part.data.points;
        let volts = |i: usize| match points[i].drive {
            MeasuredVoltage::Volts(v) => v,
            MeasuredVoltage::Amplitude(_) => 0.0,
        };
        let voltage_varies = (0..points.len()).any(|i| volts(i) != volts(0));
        let x = |i: usize| if voltage_varies { volts(i) } else { 1e9 * points[i].width_s };
        let label = if voltage_varies { "pulse voltage (V)" } else { "pulse width (ns)" };
        let mut order: Vec<usize> = (0..points.len()).collect();
        order.sort_by(|&a, &b| x(a).total_cmp(&x(b)));
        let pairs = |y: &dyn Fn(usize) -> f64| order.iter().map(|&i| (x(i), y(i))).collect::<Pairs>();
        let bars = order.iter().map(|&i| proportion_interval(points[i].switched, points[i].trials)).collect();
        figure = figure
            .panel(
                Panel::new(part.what.as_str(), Axis::linear(label), Axis::linear("switching probability"))
                    .series(Series::points("measured", pairs(&|i| points[i].fraction())).interval(bars))
                    .series(Series::line("predicted", pairs(&|i| part.result.predictions[i].probability())))
                    .legend(Corner::BottomRight),
            )
            .panel(
                Panel::new("residuals", Axis::linear(label), Axis::linear("standardised residual"))
                    .series(Series::points("residual", pairs(&|i| part.result.residuals[i])).unlabelled())
                    .horizontal(1.96, "")
                    .horizontal(-1.96, ""),
            );
    }
    run.figure(&figure)
}

fn residuals(suffix: &str, data: &MeasuredData, fit: &Calibration) -> Figure {
    let mut figure = Figure::new(
        format!("calibration-residuals{suffix}"),
        "Standardised deviance residuals.",
        "If the model were right, 95 % would lie between -1.96 and 1.96.",
    );
    for file in 0..data.files.len() {
        let (label, list) = abscissa(data, fit, file);
        if list.is_empty() {
            continue;
        }
        let points = list.iter().map(|&(x, i)| (x, fit.goodness.residuals[i])).collect();
        figure = figure.panel(
            Panel::new("residuals", Axis::linear(label), Axis::linear("standardised residual"))
                .series(Series::points("residual", points).unlabelled())
                .horizontal(1.96, "")
                .horizontal(-1.96, ""),
        );
    }
    figure
}

/// Title of the axis of the `j`th free parameter, and by what its SI values are multiplied to be drawn there.
fn axis_of(fit: &Calibration, j: usize) -> (String, f64) {
    const PREFIXES: [(&str, f64); 6] =
        [("f", 1e15), ("p", 1e12), ("n", 1e9), ("u", 1e6), ("m", 1e3), ("", 1.0)];
    let p = &fit.parameters[fit.free[j]];
    // An amplitude carries the name of its file, which is too long for an axis.
    let name = p.name.split(':').next().unwrap_or_default();
    let size = fit.values[fit.free[j]].abs();
    match p.kind {
        Some(_) if !p.unit().contains(' ') && size > 0.0 => {
            let (prefix, factor) =
                PREFIXES.into_iter().find(|(_, f)| (0.1..100.0).contains(&(size * f))).unwrap_or(("", 1.0));
            (format!("{name} ({prefix}{})", p.unit()), factor)
        }
        Some(_) => (format!("{name} ({})", p.unit()), 1.0),
        None => (name.to_string(), 1.0),
    }
}

fn profiles(suffix: &str, fit: &Calibration) -> Figure {
    let mut figure = Figure::new(
        format!("calibration-profiles{suffix}"),
        "Profile likelihoods.",
        "Twice the rise of minus the log-likelihood, minimised over the other parameters; below the dashed line (3.84) lies the 95 % interval.",
    );
    for (j, profile) in fit.profiles.iter().enumerate() {
        let (label, factor) = axis_of(fit, j);
        let values = profile.values.iter().map(|x| x * factor);
        let points = values.zip(profile.deviance_rise.iter().copied()).collect();
        figure = figure.panel(
            Panel::new(
                fit.parameters[profile.parameter].name.as_str(),
                Axis::linear(label),
                Axis::linear("deviance rise"),
            )
            .series(Series::line("profile", points).draw(Draw::LinePoints).unlabelled())
            .horizontal(3.841, ""),
        );
    }
    figure
}

/// Histogram of one parameter above the scatter of every pair.
fn corner(suffix: &str, fit: &Calibration, problem: &Problem<'_>) -> Figure {
    let d = problem.free().len();
    let mut figure = Figure::new(
        format!("calibration-corner{suffix}"),
        "Posterior: marginal densities on the diagonal, pairs of parameters below it.",
        "Metropolis chains, thinned to about 600 draws in the scatter; all draws in the densities.",
    )
    .columns(d)
    .cell(360.0, 260.0);
    let draws: Vec<&Vec<f64>> = fit.posterior.iter().flat_map(|q| q.samples.iter().flatten()).collect();
    let step = draws.len().div_ceil(600).max(1);
    for row in 0..d {
        for column in 0..d {
            let label = |j: usize| axis_of(fit, j).0;
            let (wide, high) = (axis_of(fit, column).1, axis_of(fit, row).1);
            let panel = if column < row {
                let points = draws.iter().step_by(step).map(|x| (x[column] * wide, x[row] * high)).collect();
                Panel::new("", Axis::linear(label(column)), Axis::linear(label(row)))
                    .series(Series::points("draws", points).unlabelled())
            } else if column == row {
                Panel::new("", Axis::linear(label(row)), Axis::linear("draws"))
                    .series(Series::line("marginal", histogram(&draws, row, high)).unlabelled())
            } else {
                // The upper triangle shows the pair on exchanged axes, so that every row reads by itself.
                let points =
                    draws.iter().step_by(4 * step).map(|x| (x[column] * wide, x[row] * high)).collect();
                Panel::new("", Axis::linear(label(column)), Axis::linear(label(row)))
                    .series(Series::points("draws", points).unlabelled())
            };
            figure = figure.panel(panel);
        }
    }
    figure
}

/// Counts of the `j`th value in bins, its values multiplied by `factor`.
fn histogram(draws: &[&Vec<f64>], j: usize, factor: f64) -> Vec<(f64, f64)> {
    const BINS: usize = 30;
    let (low, high) =
        draws.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x[j]), h.max(x[j])));
    let width = ((high - low) / BINS as f64).max(f64::MIN_POSITIVE);
    let mut counts = [0.0; BINS];
    for x in draws {
        counts[(((x[j] - low) / width) as usize).min(BINS - 1)] += 1.0;
    }
    counts.iter().enumerate().map(|(b, n)| (factor * (low + (b as f64 + 0.5) * width), *n)).collect()
}
