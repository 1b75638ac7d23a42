//! The section of the population.

use nalgebra::DMatrix;
use spinhebb_data::labelled::Dataset;

use super::{DATASET, Z95};
use crate::error::ExperimentError;
use crate::experiment::{Outcome, texts};
use crate::present::Page;
use crate::present::plot::{Axis, Figure, Panel, Series};

/// A population as the archive holds it.
struct Archived {
    names: Vec<String>,
    logarithmic: Vec<bool>,
    mean: Vec<f64>,
    mean_error: Vec<f64>,
    deviation_interval: Vec<(f64, f64)>,
    covariance: DMatrix<f64>,
    /// Value and standard error in search coordinates, device by device.
    estimates: Vec<Vec<(f64, f64)>>,
}

impl Archived {
    fn of(data: &Dataset) -> Result<Self, ExperimentError> {
        let names = texts(data, "parameter")?;
        let d = names.len();
        let low = data.numbers("deviation_lower")?;
        let pairs: Vec<(f64, f64)> =
            data.numbers("device_estimate")?.into_iter().zip(data.numbers("device_error")?).collect();
        Ok(Self {
            logarithmic: texts(data, "coordinate")?.iter().map(|c| c == "logarithm").collect(),
            mean: data.numbers("mean")?,
            mean_error: data.numbers("mean_error")?,
            deviation_interval: low.into_iter().zip(data.numbers("deviation_upper")?).collect(),
            covariance: DMatrix::from_row_slice(d, d, &data.numbers("covariance")?),
            estimates: pairs.chunks(d.max(1)).map(<[_]>::to_vec).collect(),
            names,
        })
    }

    /// SI value of the search coordinate `u` of parameter `j`.
    fn value(&self, j: usize, u: f64) -> f64 {
        if self.logarithmic[j] { u.exp() } else { u }
    }

    fn deviation(&self, j: usize) -> f64 {
        self.covariance[(j, j)].sqrt()
    }

    fn correlation(&self, a: usize, b: usize) -> f64 {
        let scale = (self.deviation(a) * self.deviation(b)).max(1e-300);
        if a == b { 1.0 } else { self.covariance[(a, b)] / scale }
    }
}

/// Draws the section of the population, where there is one.
///
/// # Errors
/// The outcome lacks something.
pub(in super::super) fn draw(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let Ok(data) = outcome.dataset(DATASET) else { return Ok(()) };
    let population = Archived::of(data)?;
    page.section("Population");
    page.paragraph(&format!(
        "{} devices. The spread between devices is that of the parameters themselves: the uncertainty of every single fit \
         is taken out of it.",
        population.estimates.len()
    ));
    tables(&population, page);
    page.figure(&figure(&population));
    Ok(())
}

fn tables(population: &Archived, page: &mut Page) {
    let columns = [
        "parameter",
        "median (SI)",
        "standard error of the median",
        "standard deviation between devices",
        "95 %",
        "unit of errors and deviations",
    ];
    let row = |j: usize| {
        let (low, high) = population.deviation_interval[j];
        vec![
            population.names[j].clone(),
            format!("{:.5e}", population.value(j, population.mean[j])),
            format!("{:.4}", population.mean_error[j]),
            format!("{:.4}", population.deviation(j)),
            format!("{low:.4} to {high:.4}"),
            if population.logarithmic[j] { "relative" } else { "SI" }.to_string(),
        ]
    };
    let each = || 0..population.names.len();
    page.table(&columns, &each().map(row).collect::<Vec<_>>());
    let mut header = vec!["correlation"];
    header.extend(population.names.iter().map(String::as_str));
    let row = |a: usize| {
        let cells = each().map(|b| format!("{:.2}", population.correlation(a, b)));
        std::iter::once(population.names[a].clone()).chain(cells).collect()
    };
    page.table(&header, &each().map(row).collect::<Vec<Vec<String>>>());
}

/// Every device's estimate with its interval beside the median and the spread.
fn figure(population: &Archived) -> Figure {
    let mut figure = Figure::new(
        "calibration-population",
        format!("Parameters of {} devices.", population.estimates.len()),
        "Bars: 95 % intervals of every fit. Lines: median of the population and two standard deviations between devices, \
         the uncertainty of the fits taken out.",
    );
    for (j, name) in population.names.iter().enumerate() {
        let value = |u: f64| population.value(j, u);
        let own = || population.estimates.iter().map(|device| device[j]);
        let points = own().enumerate().map(|(i, (u, _))| ((i + 1) as f64, value(u))).collect();
        let bar = |(u, error): (f64, f64)| (value(u - Z95 * error), value(u + Z95 * error));
        let (mean, spread) = (population.mean[j], population.deviation(j));
        let (below, above) = (value(mean - 2.0 * spread), value(mean + 2.0 * spread));
        let ends = own().map(bar).fold((below, above), |(l, h), (low, high)| (l.min(low), h.max(high)));
        let margin = 0.05 * (ends.1 - ends.0);
        let devices = Axis::linear("device").range(0.5, population.estimates.len() as f64 + 0.5);
        let values = Axis::linear(format!("{name} (SI)")).range(ends.0 - margin, ends.1 + margin);
        figure = figure.panel(
            Panel::new(name.as_str(), devices, values)
                .series(Series::points("fits", points).interval(own().map(bar).collect()).unlabelled())
                .horizontal(value(mean), "median")
                .horizontal(below, "")
                .horizontal(above, "2 deviations"),
        );
    }
    figure
}
