//! The course of a training: accuracy on training images against images seen, receptive fields and digits on the way.

use serde::{Deserialize, Serialize};
use spinhebb_data::labelled::{Attribute, Dataset, Variable};
use spinhebb_network::images::ImageParts;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::labelling::Labelling;

use super::digits_in_time::{self, DigitsInTime, labelled_and_judged};
use super::test_result::class_names;
use crate::error::ExperimentError;
use crate::experiment::Outcome;
use crate::present::Page;
use crate::present::plot::{Axis, Corner, Draw, Figure, Map, Panel, Series};

/// Groups of the archive.
const CURVE: &str = "network/curve";
const FIELDS: &str = "network/receptive_fields";
const DIGITS: &str = "network/digits_in_time";
/// Family of the scalars on receptive fields.
const FAMILY: &str = "fields";
/// Neurons whose receptive fields are drawn, and how many stand side by side.
const DRAWN: usize = 32;
const ACROSS: usize = 8;
/// Rows of cells below a receptive field, for its digit, and their shade, on which black is legible.
const BELOW: usize = 5;
const SHADE: f64 = 0.75;
/// Height of the picture of all fields in px, and how far below its place the text of a mark is asked for.
const PICTURE: f64 = 365.0;
const SUNK: f64 = 9.0;

/// What is measured on the way and kept in the checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Course {
    /// (images seen, accuracy).
    pub(super) curve: Vec<(u64, f64)>,
    /// Receptive fields and digits at the start, early and at the end.
    pub(super) moments: Vec<Moment>,
}

/// Receptive fields and digits at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Moment {
    /// Images seen.
    shown: u64,
    /// Fraction of P devices of the lines of the first neurons of the middle field, which sees the most.
    fields: Vec<Vec<f64>>,
    /// Their number among all neurons, from which on they follow each other.
    first: usize,
    /// Classes of all neurons, field after field.
    labels: Vec<Option<u8>>,
}

impl Moment {
    /// The present of `network`, whose neurons are labelled by `labelling`.
    pub(super) fn of(network: &Committee, labelling: &[Labelling]) -> Self {
        let middle = network.members().len() / 2;
        let member = &network.members()[middle];
        let drawn = member.state().own.len().min(DRAWN);
        Self {
            shown: network.shown(),
            fields: (0..drawn).map(|neuron| member.receptive_field(neuron)).collect(),
            first: labelling[..middle].iter().map(|labelling| labelling.labels().len()).sum(),
            labels: labelling.iter().flat_map(Labelling::labels).collect(),
        }
    }

    /// Classes of the neurons whose fields are drawn, -1 where there is none.
    fn drawn_labels(&self) -> impl Iterator<Item = i64> + '_ {
        self.labels[self.first..][..self.fields.len()].iter().map(|label| label.map_or(-1, i64::from))
    }
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

    /// Notes receptive fields and digits.
    pub(super) fn note_moment(&mut self, moment: Moment) {
        self.moments.push(moment);
    }

    /// Adds curve, receptive fields and digits; `size` is the width and height of a field in pixels.
    ///
    /// # Errors
    /// Never: the arrays fit.
    pub(super) fn add_to(
        &self,
        outcome: &mut Outcome,
        size: (usize, usize),
        parts: &ImageParts<'_>,
    ) -> Result<(), ExperimentError> {
        let (labelled, judged) = labelled_and_judged(parts.train.len());
        let (seen, accuracies): (Vec<u64>, Vec<f64>) = self.curve.iter().copied().unzip();
        let meaning = "accuracy on training images: labels from the first, read on the last";
        outcome.add(
            Dataset::new(CURVE)
                .attribute("labelled_by", labelled.len() as u64)
                .attribute("read_on", judged.len() as u64)
                .with(Variable::coordinate("images_seen", "1", "training images shown", seen))?
                .with(Variable::along("accuracy", "images_seen", "1", meaning, accuracies))?,
        );
        if !self.moments.is_empty() {
            outcome.add(self.fields_dataset(size)?);
        }
        // The start, early, the end; a training of a few images has no time between.
        if let [_, early, late] = self.moments.as_slice() {
            let digits = DigitsInTime {
                moments: [early.shown, late.shown],
                labels: [&early.labels, &late.labels],
                labelled_by: labelled.len(),
                class_names: parts.class_names,
            };
            digits.add_to(outcome, FAMILY, DIGITS)?;
        }
        Ok(())
    }

    fn fields_dataset(&self, (width, height): (usize, usize)) -> Result<Dataset, ExperimentError> {
        let neurons = self.moments[0].fields.len();
        let seen: Vec<u64> = self.moments.iter().map(|moment| moment.shown).collect();
        let fields = self.moments.iter().flat_map(|moment| &moment.fields);
        let pixels: Vec<f64> = fields.flat_map(|field| mean_over_thresholds(field, width * height)).collect();
        let labels: Vec<i64> = self.moments.iter().flat_map(Moment::drawn_labels).collect();
        let meaning = "fraction of P devices behind the pixel, mean over the thresholds of the code";
        let dims = ["images_seen", "neuron", "y", "x"];
        let shape = [seen.len(), neurons, height, width];
        Ok(Dataset::new(FIELDS)
            .with(Variable::coordinate("images_seen", "1", "training images shown", seen))?
            .with(Variable::new("parallel", "1", meaning, &dims, &shape, pixels)?)?
            .with(Variable::new(
                "label",
                "1",
                "class of the neuron, a place in `class_name` of network/test; -1: none",
                &dims[..2],
                &shape[..2],
                labels,
            )?)?)
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
        page.figure(&curve_figure(points, data));
    }
    if let Ok(fields) = outcome.dataset(FIELDS) {
        page.figure(&fields_figure(fields, &class_names(outcome)?)?);
    }
    if let Some((sentence, figure)) = digits_in_time::picture(outcome, FAMILY, DIGITS)? {
        page.paragraph(&sentence);
        page.figure(&figure);
    }
    Ok(())
}

fn curve_figure(points: Vec<(f64, f64)>, data: &Dataset) -> Figure {
    let images = |key: &str| match data.attributes.get(key) {
        Some(Attribute::U64(images)) => images.to_string(),
        _ => String::new(),
    };
    let accuracy = Axis::linear("accuracy on training images (%)");
    let panel = Panel::new("", Axis::log10("training images seen"), accuracy)
        .series(Series::line("accuracy", points).draw(Draw::LinePoints))
        .legend(Corner::BottomRight);
    let how = format!(
        "Weights frozen after so many images, neurons labelled by the first {} training images, read on the last {}, unshifted; the \
         test images are read once, when all is trained.",
        images("labelled_by"),
        images("read_on"),
    );
    Figure::new("curve", "Accuracy on training images against images seen.", how)
        .columns(1)
        .cell(700.0, 420.0)
        .panel(panel)
}

/// 32 neurons as a mosaic for each moment.
fn fields_figure(data: &Dataset, names: &[String]) -> Result<Figure, ExperimentError> {
    let mut figure = Figure::new(
        "receptive-fields",
        "Receptive fields: fraction of P devices behind each pixel.",
        "The first neurons of the layer, not chosen; values are device states of the simulation. Below each field the class for which \
         its neuron fires most, -: it never fires.",
    )
    .columns(1)
    .cell(900.0, 460.0);
    let length = |dim| data.length(dim).unwrap_or(1);
    let size = (length("x"), length("y"));
    let pixels = data.numbers("parallel")?;
    let moments = pixels.chunks(length("neuron") * size.0 * size.1);
    let labels = data.numbers("label")?;
    let labels = labels.chunks(length("neuron"));
    for ((shown, fields), labels) in data.numbers("images_seen")?.into_iter().zip(moments).zip(labels) {
        let title = format!("after {shown} images");
        let map = Map::new(title, "", "", "fraction P", mosaic(fields, size)).unnumbered();
        figure = figure.map(map.marks(marks(labels, size, names)));
    }
    Ok(figure)
}

/// Fields side by side, a strip for the digit below each.
fn mosaic(fields: &[f64], (width, height): (usize, usize)) -> Vec<Vec<f64>> {
    let fields: Vec<&[f64]> = fields.chunks(width * height).collect();
    let down = fields.len().div_ceil(ACROSS);
    let mut picture = vec![vec![0.0; ACROSS * (width + 1)]; down * (height + BELOW)];
    for (n, field) in fields.iter().enumerate() {
        let strip = std::iter::repeat_n(vec![SHADE; width], BELOW - 1);
        let rows = field.chunks(width).map(<[f64]>::to_vec).chain(strip);
        for (y, row) in rows.enumerate() {
            let left = n % ACROSS * (width + 1);
            picture[n / ACROSS * (height + BELOW) + y][left..left + width].copy_from_slice(&row);
        }
    }
    picture
}

/// The class of each neuron below its field: row, column and text.
fn marks(labels: &[f64], (width, height): (usize, usize), names: &[String]) -> Vec<(f64, f64, String)> {
    let all = labels.len().div_ceil(ACROSS) * (height + BELOW);
    let sunk = SUNK / PICTURE * all as f64;
    let place = |(n, &label): (usize, &f64)| {
        let name = usize::try_from(label as i64).ok().and_then(|class| names.get(class));
        let name = name.map_or("-", String::as_str);
        let row = (n / ACROSS * (height + BELOW) + height) as f64 + (BELOW - 2) as f64 / 2.0 + sunk;
        let column = (n % ACROSS * (width + 1)) as f64 + (width - 1) as f64 / 2.0;
        (row, column, name.to_string())
    };
    labels.iter().enumerate().map(place).collect()
}
