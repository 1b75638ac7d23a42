//! The course of a training: accuracy against images seen, receptive fields on the way.

use serde::{Deserialize, Serialize};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::training::network::Network;

use super::images::tested_on;
use crate::error::ExperimentError;
use crate::experiment::Outcome;
use crate::present::Page;
use crate::present::plot::{Axis, Corner, Draw, Figure, Map, Panel, Series};

/// Groups of the archive.
const CURVE: &str = "network/curve";
const FIELDS: &str = "network/receptive_fields";
/// Neurons whose receptive fields are drawn, and how many stand side by side.
const DRAWN: usize = 32;
const ACROSS: usize = 8;

/// What is measured on the way and kept in the checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Course {
    /// (images seen, accuracy).
    pub(super) curve: Vec<(u64, f64)>,
    /// (images seen, fraction of P devices of the first neurons' lines).
    pub(super) fields: Vec<(u64, Vec<Vec<f64>>)>,
}

impl Course {
    /// Whether the network was looked at after `shown` images.
    pub(super) fn has(&self, shown: u64) -> bool {
        self.curve.last().is_some_and(|(at, _)| *at >= shown)
    }

    /// Notes the accuracy after the images that `member` has seen.
    pub(super) fn note_accuracy(&mut self, shown: u64, accuracy: f64) {
        self.curve.push((shown, accuracy));
    }

    /// Notes the receptive fields of the first neurons of `member`.
    pub(super) fn note_fields(&mut self, shown: u64, member: &Network) {
        let drawn = member.state().own.len().min(DRAWN);
        self.fields.push((shown, (0..drawn).map(|neuron| member.receptive_field(neuron)).collect()));
    }

    /// Adds curve and receptive fields; `size` is the width and height of a field in pixels.
    ///
    /// # Errors
    /// Never: the arrays fit.
    pub(super) fn add_to(&self, outcome: &mut Outcome, size: (usize, usize)) -> Result<(), ExperimentError> {
        let (seen, accuracies): (Vec<u64>, Vec<f64>) = self.curve.iter().copied().unzip();
        let meaning = "accuracy, labels from 10,000 training images";
        outcome.add(
            Dataset::new(CURVE)
                .with(Variable::coordinate("images_seen", "1", "training images shown", seen))?
                .with(Variable::along("accuracy", "images_seen", "1", meaning, accuracies))?,
        );
        if !self.fields.is_empty() {
            outcome.add(self.fields_dataset(size)?);
        }
        Ok(())
    }

    fn fields_dataset(&self, (width, height): (usize, usize)) -> Result<Dataset, ExperimentError> {
        let neurons = self.fields[0].1.len();
        let seen: Vec<u64> = self.fields.iter().map(|(shown, _)| *shown).collect();
        let pixels: Vec<f64> = self
            .fields
            .iter()
            .flat_map(|(_, fields)| {
                fields.iter().flat_map(|field| mean_over_thresholds(field, width * height))
            })
            .collect();
        let meaning = "fraction of P devices behind the pixel, mean over the thresholds of the code";
        let dims = ["images_seen", "neuron", "y", "x"];
        let shape = [seen.len(), neurons, height, width];
        Ok(Dataset::new(FIELDS)
            .with(Variable::coordinate("images_seen", "1", "training images shown", seen))?
            .with(Variable::new("parallel", "1", meaning, &dims, &shape, pixels)?)?)
    }
}

/// Lines come pixel by pixel for each threshold.
fn mean_over_thresholds(field: &[f64], pixels: usize) -> impl Iterator<Item = f64> {
    let levels = (field.len() / pixels).max(1);
    (0..pixels).map(move |pixel| (0..levels).map(|l| field[l * pixels + pixel]).sum::<f64>() / levels as f64)
}

/// Draws the accuracy against images seen, and the receptive fields before, on the way and after.
///
/// # Errors
/// The outcome holds no course.
pub(super) fn present_course(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let data = outcome.dataset(CURVE)?;
    let points: Vec<(f64, f64)> = data
        .numbers("images_seen")?
        .into_iter()
        .zip(data.numbers("accuracy")?)
        .filter(|(seen, _)| *seen > 0.0)
        .map(|(seen, accuracy)| (seen, 100.0 * accuracy))
        .collect();
    if !points.is_empty() {
        page.figure(&curve_figure(points, tested_on(outcome)?));
    }
    if let Ok(fields) = outcome.dataset(FIELDS) {
        page.figure(&fields_figure(fields)?);
    }
    Ok(())
}

fn curve_figure(points: Vec<(f64, f64)>, tested_on: &str) -> Figure {
    let panel = Panel::new("", Axis::log10("training images seen"), Axis::linear("accuracy (%)"))
        .series(Series::line("accuracy", points).draw(Draw::LinePoints))
        .legend(Corner::BottomRight);
    let how = format!(
        "Weights frozen after so many images, neurons labelled by 10,000 training images, tested on the {tested_on}, unshifted."
    );
    Figure::new("curve", "Accuracy against images seen.", how).columns(1).cell(700.0, 420.0).panel(panel)
}

/// 32 neurons as a mosaic for each moment.
fn fields_figure(data: &Dataset) -> Result<Figure, ExperimentError> {
    let mut figure = Figure::new(
        "receptive-fields",
        "Receptive fields: fraction of P devices behind each pixel.",
        "The first neurons of the layer, not chosen; values are device states of the simulation.",
    )
    .columns(1)
    .cell(900.0, 460.0);
    let length = |dim| data.length(dim).unwrap_or(1);
    let size = (length("x"), length("y"));
    let pixels = data.numbers("parallel")?;
    let moments = pixels.chunks(length("neuron") * size.0 * size.1);
    for (shown, fields) in data.numbers("images_seen")?.into_iter().zip(moments) {
        let title = format!("after {shown} images");
        figure = figure.map(Map::new(title, "", "", "fraction P", mosaic(fields, size)).unnumbered());
    }
    Ok(figure)
}

fn mosaic(fields: &[f64], (width, height): (usize, usize)) -> Vec<Vec<f64>> {
    let fields: Vec<&[f64]> = fields.chunks(width * height).collect();
    let down = fields.len().div_ceil(ACROSS);
    let mut picture = vec![vec![0.0; ACROSS * (width + 1)]; down * (height + 1)];
    for (n, field) in fields.iter().enumerate() {
        for (y, row) in field.chunks(width).enumerate() {
            let left = n % ACROSS * (width + 1);
            picture[n / ACROSS * (height + 1) + y][left..left + width].copy_from_slice(row);
        }
    }
    picture
}
