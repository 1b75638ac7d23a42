//! The section on handwritten digits.

use spinhebb_data::labelled::{Attribute, Dataset, Values};
use spinhebb_network::readout::mean_interval::mean_and_deviation;

use super::{DIGITS, FIELD_FAMILY, FIELDS, LOOKS, NETWORKS, SHOWN, sizes};
use crate::error::ExperimentError;
use crate::experiment::Outcome;
use crate::network::{deviation, digits_in_time, over_seeds};
use crate::present::plot::{Axis, Draw, Figure, Map, Panel, Series};
use crate::present::{Comparison, Page};
use crate::reproduce::ReproduceParts;

/// What Zhou et al. report for 10,000 neurons and 8 devices per pixel.
const PAPER_ACCURACY: f64 = 0.90;
const PAPER_SIZE: (usize, u8) = (10_000, 8);
const FIELDS_PER_ROW: usize = 6;

/// Draws the section.
///
/// # Errors
/// The outcome lacks something.
pub(in super::super) fn draw(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let config: ReproduceParts = outcome.config()?;
    let networks = outcome.dataset(NETWORKS)?;
    page.section("Handwritten digits");
    page.paragraph(&introduction(outcome, &config, networks)?);
    page.figure(&fields_figure(outcome, &config)?);
    if let Some((sentence, figure)) = digits_in_time::picture(outcome, FIELD_FAMILY, DIGITS)? {
        page.paragraph(&sentence);
        page.figure(&figure);
    }
    page.figure(&grid_figure(&config, networks)?);
    page.figure(&confusion_figure(outcome, &config)?);
    page.comparison(&comparison(outcome, &config)?);
    let accuracy = outcome.find("mnist/shown/accuracy");
    let value = outcome.number("mnist/shown/accuracy")?;
    let (low, high) = accuracy.and_then(|a| a.interval).unwrap_or((f64::NAN, f64::NAN));
    page.paragraph(&format!(
        "The network shown recognises {:.2} % (95 % interval of the test set's size: {:.2} to {:.2} %).",
        100.0 * value,
        100.0 * low,
        100.0 * high
    ));
    Ok(())
}

fn introduction(
    outcome: &Outcome,
    config: &ReproduceParts,
    networks: &Dataset,
) -> Result<String, ExperimentError> {
    // The network shown is the first.
    let first = |name: &str| -> Result<f64, ExperimentError> {
        Ok(networks.numbers(name)?.first().copied().unwrap_or(f64::NAN))
    };
    Ok(format!(
        "{} over {} training images without labels, random initial states, labels by firing activity \
         on the training images afterwards ({} labels), accuracy on the {} test images, read once: {}. Frozen: the same with write \
         pulses of probability 0, 1 seed. \
         {} neurons with {} devices per pixel: potentiation at {:.4} V (probability {:.3}), depression at {:.4} V ({:.3}), {:.3} ns.",
        passes(outcome.number("mnist/passes")?),
        outcome.number("mnist/training_images")?,
        outcome.number("mnist/labels_used")?,
        outcome.number("mnist/test_images")?,
        over_seeds(config.grid.repetitions),
        config.network.neurons,
        config.network.copies,
        first("potentiation_voltage")?,
        first("potentiation")?,
        first("depression_voltage")?,
        first("depression")?,
        config.pulses.width.si() * 1e9,
    ))
}

fn comparison(outcome: &Outcome, config: &ReproduceParts) -> Result<Vec<Comparison>, ExperimentError> {
    let row = |(neurons, copies): (usize, u8)| {
        let number =
            |part: &str| outcome.number(&format!("mnist/n{neurons}_r{copies}/{part}")).map(|a| 100.0 * a);
        let published = match (neurons, copies) == PAPER_SIZE {
            true => format!("{:.0} %", 100.0 * PAPER_ACCURACY),
            false => "-".to_string(),
        };
        let (single, vote, frozen) = (number("single_winner")?, number("vote_of_ten")?, number("frozen")?);
        // One repetition has no deviation.
        let spread =
            number("deviation").map_or_else(|_| String::new(), |spread| format!(" (+- {spread:.2})"));
        let key = format!("mnist/n{neurons}_r{copies}/single_winner");
        let (low, high) = outcome.find(&key).and_then(|a| a.interval).unwrap_or((f64::NAN, f64::NAN));
        let devices = outcome.number(&format!("mnist/n{neurons}_r{copies}/devices"))?;
        Ok(Comparison::new(
            format!("accuracy, {neurons} neurons, {copies} devices per pixel"),
            format!("{single:.2} %{spread}; vote of ten: {vote:.2} %; frozen: {frozen:.2} %"),
            published,
            format!(
                "single winner, {devices} devices, 95 % interval {:.2} to {:.2} %; {}",
                100.0 * low,
                100.0 * high,
                over_seeds(config.grid.repetitions)
            ),
        ))
    };
    sizes(config).into_iter().map(row).collect()
}

fn passes(count: f64) -> String {
    if count == 1.0 { "One pass".to_string() } else { format!("{count} passes") }
}

/// Fields side by side in one picture, with a blank line between them.
fn montage(fields: &[&[f64]], width: usize, height: usize) -> Vec<Vec<f64>> {
    let rows = fields.len().div_ceil(FIELDS_PER_ROW);
    let mut picture = vec![vec![1.0; FIELDS_PER_ROW * (width + 1) - 1]; rows * (height + 1) - 1];
    for (place, field) in fields.iter().enumerate() {
        let (top, left) = ((place / FIELDS_PER_ROW) * (height + 1), (place % FIELDS_PER_ROW) * (width + 1));
        for y in 0..height {
            picture[top + y][left..left + width].copy_from_slice(&field[y * width..(y + 1) * width]);
        }
    }
    picture
}

fn fields_figure(outcome: &Outcome, config: &ReproduceParts) -> Result<Figure, ExperimentError> {
    let data = outcome.dataset(LOOKS)?;
    let pixels = |name: &str| match data.attributes.get(name) {
        Some(Attribute::I64(n)) => usize::try_from(*n).unwrap_or(1),
        _ => 1,
    };
    let (width, height) = (pixels("width"), pixels("height"));
    let (looks, fields) = (data.numbers("images")?, data.numbers("field")?);
    let (shown, each) = (FIELDS.min(config.network.neurons), data.length("pixel").unwrap_or(1).max(1));
    let (early, all) = (looks.get(1).copied().unwrap_or(0.0), looks.last().copied().unwrap_or(0.0));
    let mut figure = Figure::new(
        "mnist_receptive_fields",
        format!(
            "Receptive fields of the first {shown} neurons before, after {early} and after {all} images (Fig. 4a-c of Zhou et al.)."
        ),
        format!(
            "Fraction of parallel devices of each pixel; {} neurons, {} devices per pixel.",
            config.network.neurons, config.network.copies
        ),
    )
    .columns(3)
    .cell(520.0, 340.0);
    let titles = ["a  before".to_string(), format!("b  after {early}"), format!("c  after {all}")];
    for (look, title) in fields.chunks(shown * each).zip(titles) {
        let own: Vec<&[f64]> = look.chunks(each).collect();
        let picture = montage(&own, width, height);
        figure = figure.map(Map::new(title, "", "", "fraction P", picture).unnumbered());
    }
    Ok(figure)
}

fn grid_figure(config: &ReproduceParts, networks: &Dataset) -> Result<Figure, ExperimentError> {
    let mut copies = config.grid.copies.clone();
    copies.sort_unstable();
    let mut neurons = config.grid.neurons.clone();
    neurons.sort_unstable();
    let (n, r) = (networks.numbers("neurons")?, networks.numbers("copies")?);
    let panel = |title: &str, name: &str| -> Result<Panel, ExperimentError> {
        let accuracy = networks.numbers(name)?;
        let mut panel =
            Panel::new(title, Axis::log10("neurons"), Axis::linear("accuracy (%)").range(60.0, 100.0));
        for &own_r in &copies {
            let found: Vec<(f64, Vec<f64>)> = neurons
                .iter()
                .map(|&own_n| {
                    let is_own = |&k: &usize| n[k] == own_n as f64 && r[k] == f64::from(own_r);
                    let own = (0..n.len()).filter(is_own).map(|k| 100.0 * accuracy[k]);
                    (own_n as f64, own.collect())
                })
                .collect();
            let mean = |own: &[f64]| mean_and_deviation(own).0;
            let points = found.iter().map(|(n, own)| (*n, mean(own))).collect();
            let around = |(_, own): &(f64, Vec<f64>)| {
                deviation(own).map(|deviation| (mean(own) - deviation, mean(own) + deviation))
            };
            let interval: Option<Vec<(f64, f64)>> = found.iter().map(around).collect();
            let mut series = Series::line(format!("r = {own_r}"), points);
            if let Some(interval) = interval {
                series = series.interval(interval);
            }
            panel = panel.series(series.draw(Draw::LinePoints));
        }
        Ok(panel.horizontal(100.0 * PAPER_ACCURACY, "paper, 10,000 x 8"))
    };
    Ok(Figure::new(
        "mnist_accuracy",
        "Accuracy against the number of neurons for r devices per pixel (Fig. 4d of Zhou et al.).",
        format!("Test images; {}.", over_seeds(config.grid.repetitions)),
    )
    .panel(panel("a  single winner", "accuracy")?)
    .panel(panel("b  weighted vote of ten", "accuracy_vote")?))
}

fn confusion_figure(outcome: &Outcome, config: &ReproduceParts) -> Result<Figure, ExperimentError> {
    let data = outcome.dataset(SHOWN)?;
    let classes = data.length("true_class").unwrap_or(1).max(1);
    let rows = data.numbers("confusion")?.chunks(classes).map(<[f64]>::to_vec).collect();
    let names = match data.variable("true_class").map(|variable| &variable.values) {
        Some(Values::Text(names)) => names.clone(),
        _ => (0..classes).map(|class| class.to_string()).collect(),
    };
    Ok(Figure::new(
        "mnist_confusion",
        "Test images of each class by the class read from the winner.",
        format!(
            "{} neurons, {} devices per pixel, single winner.",
            config.network.neurons, config.network.copies
        ),
    )
    .cell(640.0, 520.0)
    .map(
        Map::new("Confusion matrix", "class read", "true class", "images", rows)
            .names(names.clone(), names)
            .print_values(),
    ))
}
