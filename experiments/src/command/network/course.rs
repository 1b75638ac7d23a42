//! The course of a training: accuracy against images seen, receptive fields on the way.

use serde::{Deserialize, Serialize};
use spinhebb_data::labelled::{Dataset, Variable};

use super::images::Parts;
use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Draw, Figure, Map, Panel, Series};
use crate::run::Run;

/// What is measured on the way and kept in the checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Notes {
    /// (images seen, accuracy).
    pub(super) curve: Vec<(u64, f64)>,
    /// (images seen, fraction of P devices of the first neurons' lines).
    pub(super) fields: Vec<(u64, Vec<Vec<f64>>)>,
}

/// Neurons whose receptive fields are drawn.
pub(super) const DRAWN: usize = 32;

pub(super) fn curve_figure(run: &mut Run, notes: &Notes, parts: &Parts<'_>) -> Result<(), ExperimentError> {
    let points: Vec<(f64, f64)> =
        notes.curve.iter().filter(|(n, _)| *n > 0).map(|&(n, a)| (n as f64, 100.0 * a)).collect();
    run.add(
        Dataset::new("network/curve")
            .with(Variable::coordinate(
                "images_seen",
                "1",
                "training images shown",
                notes.curve.iter().map(|(n, _)| *n).collect::<Vec<u64>>(),
            ))?
            .with(Variable::along(
                "accuracy",
                "images_seen",
                "1",
                "accuracy, labels from 10,000 training images",
                notes.curve.iter().map(|(_, a)| *a).collect::<Vec<f64>>(),
            ))?,
    )?;
    if points.is_empty() {
        return Ok(());
    }
    let panel = Panel::new("", Axis::log10("training images seen"), Axis::linear("accuracy (%)"))
        .series(Series::line("accuracy", points).draw(Draw::LinePoints))
        .legend(Corner::BottomRight);
    let how = format!(
        "Weights frozen after so many images, neurons labelled by 10,000 training images, tested on the {}, unshifted.",
        parts.test_name
    );
    run.figure(
        &Figure::new("curve", "Accuracy against images seen.", how)
            .columns(1)
            .cell(700.0, 420.0)
            .panel(panel),
    )
}

/// Receptive fields before, on the way and after: 32 neurons as a mosaic (thresholds of a thermometer code averaged).
pub(super) fn fields_figure(
    run: &mut Run,
    notes: &Notes,
    size: (usize, usize),
) -> Result<(), ExperimentError> {
    let mut figure = Figure::new(
        "receptive-fields",
        "Receptive fields: fraction of P devices behind each pixel.",
        "The first neurons of the layer, not chosen; values are device states of the simulation.",
    )
    .columns(1)
    .cell(900.0, 460.0);
    for (shown, fields) in &notes.fields {
        let picture = mosaic(fields, size);
        figure =
            figure.map(Map::new(format!("after {shown} images"), "", "", "fraction P", picture).unnumbered());
    }
    run.figure(&figure)
}

fn mosaic(fields: &[Vec<f64>], (width, height): (usize, usize)) -> Vec<Vec<f64>> {
    const ACROSS: usize = 8;
    let lines = fields.first().map_or(0, Vec::len);
    // Lines come pixel by pixel for each threshold.
    let levels = (lines / (width * height)).max(1);
    let down = fields.len().div_ceil(ACROSS);
    let mut picture = vec![vec![0.0; ACROSS * (width + 1)]; down * (height + 1)];
    for (n, field) in fields.iter().enumerate() {
        for pixel in 0..width * height {
            let mean = (0..levels).map(|l| field[l * width * height + pixel]).sum::<f64>() / levels as f64;
            let row = n / ACROSS * (height + 1) + pixel / width;
            picture[row][n % ACROSS * (width + 1) + pixel % width] = mean;
        }
    }
    picture
}
