//! Figures of a fit: data against fit, residuals, points not seen, profiles, posterior.

use spinhebb_data::labelled::Dataset;
use spinhebb_device::measurement::points::proportion_interval;

use super::archive_form::{Fit, FittedPoint, Points, text_of};
use crate::error::ExperimentError;
use crate::experiment::texts;
use crate::present::Page;
use crate::present::plot::{Axis, Corner, Draw, Figure, Panel, Series};

/// Rise of the deviance at the ends of a 95 % interval: the quantile of chi-square with one degree of freedom.
const RISE_95: f64 = 3.841;
/// Residuals within which 95 % lie if the model is right.
const RESIDUAL_95: f64 = 1.96;
/// Draws in a scatter, about.
const DRAWS: usize = 600;
const VOLTAGE: &str = "pulse voltage (V)";
const WIDTH: &str = "pulse width (ns)";

/// Draws the figures of one fit; `suffix` tells devices apart.
pub(super) fn all(page: &mut Page, suffix: &str, fit: &Fit) {
    page.figure(&curves(suffix, fit));
    page.figure(&residuals(suffix, fit));
    if !fit.profiles.is_empty() {
        page.figure(&profiles(suffix, fit));
    }
    if fit.posterior.is_some() && fit.parameters.len() > 1 {
        page.figure(&corner(suffix, fit));
    }
}

/// Gumbel coordinate -ln(-ln P): ballistic switching is a straight line in it.
fn gumbel(p: f64) -> f64 {
    -(-p.ln()).ln()
}

/// Title of the axis along which the points of one file vary, and the points in its order.
fn abscissa<'a>(points: &[&'a FittedPoint]) -> (&'static str, Vec<(f64, &'a FittedPoint)>) {
    let voltage_varies = points.iter().any(|p| p.volts != points[0].volts);
    let x = |p: &FittedPoint| if voltage_varies { p.volts } else { 1e9 * p.width_s };
    let mut list: Vec<_> = points.iter().map(|p| (x(p), *p)).collect();
    list.sort_by(|a, b| a.0.total_cmp(&b.0));
    (if voltage_varies { VOLTAGE } else { WIDTH }, list)
}

/// The points file by file, in the order of the files.
fn by_file(fit: &Fit) -> Vec<Vec<&FittedPoint>> {
    let mut groups: Vec<Vec<&FittedPoint>> = Vec::new();
    for point in &fit.points {
        match groups.iter_mut().find(|group| group[0].file == point.file) {
            Some(group) => group.push(point),
            None => groups.push(vec![point]),
        }
    }
    groups
}

fn curves(suffix: &str, fit: &Fit) -> Figure {
    let mut figure = Figure::new(
        format!("calibration{suffix}"),
        format!("Measured switching probability and the fitted {} model.", fit.model),
        "Bars: 95 % Clopper-Pearson intervals. Bands: 95 % of the fit by its covariance. Right: -ln(-ln P), in which \
         a Gumbel law is a straight line.",
    );
    for points in by_file(fit) {
        let (label, list) = abscissa(&points);
        let measured = |scale: &dyn Fn(f64) -> f64| -> (Points, Points) {
            let seen = list.iter().filter(|(_, p)| scale(p.fraction).is_finite());
            seen.map(|(x, p)| ((*x, scale(p.fraction)), (scale(p.interval.0), scale(p.interval.1)))).unzip()
        };
        let fitted = |scale: &dyn Fn(f64) -> f64| -> (Points, Points) {
            let all = list.iter().map(|(x, p)| {
                let at = |shift: f64| scale(1.0 / (1.0 + (-(p.log_odds + shift)).exp()));
                ((*x, at(0.0)), (at(-p.band), at(p.band)))
            });
            all.filter(|((_, y), _)| y.is_finite()).unzip()
        };
        let panel = |title: &str, y: Axis, scale: &dyn Fn(f64) -> f64| {
            let (points, bars) = measured(scale);
            let (line, band) = fitted(scale);
            Panel::new(title, Axis::linear(label), y)
                .series(Series::points("measured", points).interval(bars))
                .series(Series::line(fit.model.as_str(), line).interval(band))
                .legend(Corner::BottomRight)
        };
        figure = figure
            .panel(panel("linear", Axis::linear("switching probability"), &|p| p))
            .panel(panel("Gumbel", Axis::linear("-ln(-ln P)"), &gumbel));
    }
    figure
}

fn residual_panel(label: &str, points: Points) -> Panel {
    Panel::new("residuals", Axis::linear(label), Axis::linear("standardised residual"))
        .series(Series::points("residual", points).unlabelled())
        .horizontal(RESIDUAL_95, "")
        .horizontal(-RESIDUAL_95, "")
}

/// Points that a fit has not seen with its prediction of them; one row of panels per part that was predicted.
///
/// # Errors
/// The dataset lacks something.
pub(super) fn held_out(suffix: &str, data: &Dataset) -> Result<Figure, ExperimentError> {
    let parts = texts(data, "part")?;
    let [volts, widths] = [data.numbers("voltage")?, data.numbers("width")?];
    let [trials, switched] = [data.numbers("trials")?, data.numbers("switched")?];
    let [predicted, residual] = [data.numbers("predicted")?, data.numbers("residual")?];
    let mut figure = Figure::new(
        format!("calibration-hold-out{suffix}"),
        format!("Points that the fit of {} has not seen.", text_of(data, "model")),
        "Bars: 95 % Clopper-Pearson intervals of the measured points. Residual: measured minus predicted over the standard \
         deviation of counting and fit; 95 % lie between -1.96 and 1.96 if the model is right.",
    );
    let mut named: Vec<&String> = parts.iter().collect();
    named.dedup();
    for part in named {
        let mut order: Vec<usize> = (0..parts.len()).filter(|&i| parts[i] == *part).collect();
        // Points of an unknown amplitude have one voltage, whatever it is.
        let voltage_varies = order.iter().any(|&i| !volts[i].is_nan() && volts[i] != volts[order[0]]);
        let x = |i: usize| if voltage_varies { volts[i] } else { 1e9 * widths[i] };
        let label = if voltage_varies { VOLTAGE } else { WIDTH };
        order.sort_by(|&a, &b| x(a).total_cmp(&x(b)));
        let pairs = |y: &dyn Fn(usize) -> f64| order.iter().map(|&i| (x(i), y(i))).collect::<Points>();
        let bar = |&i: &usize| proportion_interval(switched[i] as u64, trials[i] as u64);
        let bars = order.iter().map(bar).collect();
        let measured = pairs(&|i| switched[i] / trials[i]);
        figure = figure
            .panel(
                Panel::new(part.as_str(), Axis::linear(label), Axis::linear("switching probability"))
                    .series(Series::points("measured", measured).interval(bars))
                    .series(Series::line("predicted", pairs(&|i| predicted[i])))
                    .legend(Corner::BottomRight),
            )
            .panel(residual_panel(label, pairs(&|i| residual[i])));
    }
    Ok(figure)
}

fn residuals(suffix: &str, fit: &Fit) -> Figure {
    let mut figure = Figure::new(
        format!("calibration-residuals{suffix}"),
        "Standardised deviance residuals.",
        "If the model were right, 95 % would lie between -1.96 and 1.96.",
    );
    for points in by_file(fit) {
        let (label, list) = abscissa(&points);
        figure = figure.panel(residual_panel(label, list.iter().map(|(x, p)| (*x, p.residual)).collect()));
    }
    figure
}

/// Title of the axis of the `j`th parameter, and by what its SI values are multiplied to be drawn there.
fn axis_of(fit: &Fit, j: usize) -> (String, f64) {
    const PREFIXES: [(&str, f64); 6] =
        [("f", 1e15), ("p", 1e12), ("n", 1e9), ("u", 1e6), ("m", 1e3), ("", 1.0)];
    let p = &fit.parameters[j];
    // An amplitude carries the name of its file, which is too long for an axis.
    let name = p.name.split(':').next().unwrap_or_default();
    let size = p.value.abs();
    match p.kind.map(|kind| kind.si_unit) {
        Some(unit) if !unit.contains(' ') && size > 0.0 => {
            let (prefix, factor) =
                PREFIXES.into_iter().find(|(_, f)| (0.1..100.0).contains(&(size * f))).unwrap_or(("", 1.0));
            (format!("{name} ({prefix}{unit})"), factor)
        }
        Some(unit) => (format!("{name} ({unit})"), 1.0),
        None => (name.to_string(), 1.0),
    }
}

fn profiles(suffix: &str, fit: &Fit) -> Figure {
    let mut figure = Figure::new(
        format!("calibration-profiles{suffix}"),
        "Profile likelihoods.",
        "Twice the rise of minus the log-likelihood, minimised over the other parameters; below the dashed line (3.84) lies the 95 % interval.",
    );
    for (j, profile) in fit.profiles.iter().enumerate() {
        let (label, factor) = axis_of(fit, j);
        let points = profile.iter().map(|(x, rise)| (x * factor, *rise)).collect();
        let name = fit.parameters[j].name.as_str();
        figure = figure.panel(
            Panel::new(name, Axis::linear(label), Axis::linear("deviance rise"))
                .series(Series::line("profile", points).draw(Draw::LinePoints).unlabelled())
                .horizontal(RISE_95, ""),
        );
    }
    figure
}

/// Histogram of each parameter above the scatter of every pair.
fn corner(suffix: &str, fit: &Fit) -> Figure {
    let d = fit.parameters.len();
    let mut figure = Figure::new(
        format!("calibration-corner{suffix}"),
        "Posterior: marginal densities on the diagonal, pairs of parameters below it.",
        "Metropolis chains, thinned to about 600 draws in the scatter; all draws in the densities.",
    )
    .columns(d)
    .cell(360.0, 260.0);
    let draws: Vec<&Vec<f64>> = fit.posterior.iter().flat_map(|q| q.samples.iter().flatten()).collect();
    let step = draws.len().div_ceil(DRAWS).max(1);
    for row in 0..d {
        for column in 0..d {
            let ((wide_label, wide), (high_label, high)) = (axis_of(fit, column), axis_of(fit, row));
            let panel = if column == row {
                Panel::new("", Axis::linear(high_label), Axis::linear("draws"))
                    .series(Series::line("marginal", histogram(&draws, row, high)).unlabelled())
            } else {
                // The upper triangle shows the pair on exchanged axes, so that every row reads by itself.
                let step = if column < row { step } else { 4 * step };
                let points = draws.iter().step_by(step).map(|x| (x[column] * wide, x[row] * high)).collect();
                Panel::new("", Axis::linear(wide_label), Axis::linear(high_label))
                    .series(Series::points("draws", points).unlabelled())
            };
            figure = figure.panel(panel);
        }
    }
    figure
}

/// Counts of the `j`th value in bins, its values multiplied by `factor`.
fn histogram(draws: &[&Vec<f64>], j: usize, factor: f64) -> Points {
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
