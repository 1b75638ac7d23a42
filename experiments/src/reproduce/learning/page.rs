//! The section on learning: one run traced, and how many images and attempts it takes.

use spinhebb_data::labelled::{Attribute, Dataset};
use spinhebb_network::demonstrator::{ImageOrder, LearningStatistics, Pattern};

use super::{PAPER_IMAGES, TRACE, chain_name, part, statistics_name};
use crate::error::ExperimentError;
use crate::experiment::{Outcome, texts};
use crate::present::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::present::{Comparison, Page};
use crate::reproduce::ReproduceParts;
use crate::reproduce::small_array::ARRAYS;

/// What Zhou et al. report of their one run (Fig. 3): successful and all switching attempts.
const PAPER_SUCCESSES: u32 = 4;
const PAPER_ATTEMPTS: u32 = 10;

/// Draws the section.
///
/// # Errors
/// The outcome lacks something.
pub(in super::super) fn draw(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let config: ReproduceParts = outcome.config()?;
    page.section("4x2 learning");
    page.paragraph(&introduction(outcome, &config)?);
    page.figure(&trace_figure(outcome)?);
    let mut panels = Vec::new();
    for (letters, (wired, title)) in [["a", "b"], ["c", "d"]].into_iter().zip(titles()) {
        let statistics = statistics(outcome.dataset(&statistics_name(wired))?)?;
        let chain = outcome.dataset(&chain_name(wired))?.numbers("probability")?;
        panels.extend(statistics_panels(&statistics, &chain, letters, title));
    }
    page.figure(&statistics_figure(panels));
    let mut rows = Vec::new();
    for (wired, title) in titles() {
        rows.extend(comparison(outcome, &config, (wired, title))?);
    }
    page.comparison(&rows);
    Ok(())
}

/// Both arrays, that with ideal lines first: whether it is the one with wires, and its title.
fn titles() -> [(bool, &'static str); 2] {
    let [ideal, parasitic] = ARRAYS.map(|(_, title)| title);
    [(false, ideal), (true, parasitic)]
}

fn introduction(outcome: &Outcome, config: &ReproduceParts) -> Result<String, ExperimentError> {
    let demonstrator = &config.demonstrator;
    let listed = |patterns: &[Pattern]| patterns.iter().map(ToString::to_string).collect::<Vec<String>>();
    let (initial, images) = (listed(&demonstrator.initial), listed(&demonstrator.images));
    let pulse = |name: &str| -> Result<(f64, String), ExperimentError> {
        let key = format!("learning_4x2/{name}_probability");
        let (low, high) = outcome.find(&key).and_then(|p| p.interval).unwrap_or((f64::NAN, f64::NAN));
        let words = format!("probability of {:.3} ({low:.3} to {high:.3})", outcome.number(&key)?);
        Ok((outcome.number(&format!("learning_4x2/{name}_voltage"))?, words))
    };
    let ((up_v, up), (down_v, down)) = (pulse("potentiation")?, pulse("depression")?);
    Ok(format!(
        "The neurons start as {}; the images {} are shown {}. Pulses from the device's table: {up_v:.4} V \
         for {:.3} ns gives a potentiation {up}, {down_v:.4} V a depression {down}, at the device. With ideal lines each device of the \
         neuron that fired sees its pulse; in the array as it is made, all devices see what the solved circuit leaves them, \
         with the other dendrites as the scheme `{}` has them. G_P / G_AP = {:.2}.",
        initial.join(" and "),
        images.join(" and "),
        match demonstrator.order {
            ImageOrder::Alternating => "in turn",
            ImageOrder::Random => "in random order",
        },
        config.pulses.width.si() * 1e9,
        config.array.scheme.name(),
        outcome.number("learning_4x2/conductance_ratio")?,
    ))
}

fn comparison(
    outcome: &Outcome,
    config: &ReproduceParts,
    (wired, title): (bool, &str),
) -> Result<[Comparison; 5], ExperimentError> {
    let number = |key: &str| outcome.number(&format!("learning_4x2{}/{key}", part(wired)));
    let (successes, failures) = (number("successful_attempts_mean")?, number("failed_attempts_mean")?);
    let (demonstrator, attempts) = (&config.demonstrator, successes + failures);
    Ok([
        Comparison::new(
            format!("images needed, mean (median), {title}"),
            format!("{:.2} ({:.0})", number("images_needed_mean")?, number("images_needed_median")?),
            format!("{PAPER_IMAGES} in the one run shown"),
            format!(
                "{} simulated runs; Markov chain of the same network: mean {:.2}",
                demonstrator.runs,
                number("images_needed_mean_exact")?
            ),
        ),
        Comparison::new(
            format!("runs that had learned within {} images, {title}", demonstrator.within),
            format!("{:.1} %", 100.0 * number("learned_within")?),
            "-",
            format!("same runs; Markov chain: {:.1} %", 100.0 * number("learned_within_exact")?),
        ),
        Comparison::new(
            format!("runs that learned all images within {}, {title}", demonstrator.max_images),
            format!("{:.2} %", 100.0 * number("learned")?),
            "the run shown did",
            "same runs",
        ),
        Comparison::new(
            format!("successful of all switching attempts, {title}"),
            format!("{successes:.2} of {attempts:.2} ({:.1} %)", 100.0 * successes / attempts),
            format!("{PAPER_SUCCESSES} of {PAPER_ATTEMPTS}"),
            "mean of the runs that learned; an attempt is a pulse that would change the device's state",
        ),
        Comparison::new(
            format!("devices disturbed in a run, {title}"),
            format!("{:.2}", number("disturbed_mean")?),
            "not reported",
            "changes of devices that no pulse was meant to change: those of the neurons that did not fire",
        ),
    ])
}

/// Columns of a variable with a value for each cycle or pulse, and neuron or input.
fn column(data: &Dataset, name: &str, index: usize, width: usize) -> Result<Vec<f64>, ExperimentError> {
    Ok(data.numbers(name)?.into_iter().skip(index).step_by(width.max(1)).collect())
}

/// One run like Fig. 3c-e: integration levels with thresholds, firings with pulses, device states.
fn trace_figure(outcome: &Outcome) -> Result<Figure, ExperimentError> {
    let data = outcome.dataset(TRACE)?;
    let (neurons, inputs) = (data.length("neuron").unwrap_or(0), data.length("input").unwrap_or(0));
    let cycles = data.numbers("cycle")?;
    let mut levels =
        Panel::new("a  Integration", Axis::linear("clock cycle"), Axis::linear("level (I_P cycles)"));
    for neuron in 0..neurons {
        let over = |name: &str| -> Result<Vec<(f64, f64)>, ExperimentError> {
            Ok(cycles.iter().copied().zip(column(data, name, neuron, neurons)?).collect())
        };
        levels = levels
            .series(Series::line(format!("level {}", neuron + 1), over("level")?).tone(2 * neuron))
            .series(
                Series::line(format!("threshold {}", neuron + 1), over("threshold")?)
                    .draw(Draw::Step)
                    .tone(2 * neuron + 1),
            );
    }
    let index = outcome.number("learning_4x2/run_shown")?;
    Ok(Figure::new(
        "learning_4x2_trace",
        "One run: integration levels and thresholds, switching attempts, and the devices' approach to the learned images (Fig. 3c-e of Zhou et al.).",
        format!("Run {index} of the statistics below, the first that needed {PAPER_IMAGES} images as the paper's did; only pulses that could change a state are drawn."),
    )
    .columns(3)
    .cell(500.0, 360.0)
    .panel(levels)
    .panel(attempts_panel(data, neurons, inputs)?)
    .panel(distance_panel(data, neurons)?))
}

/// Switching attempts, device by device.
fn attempts_panel(data: &Dataset, neurons: usize, inputs: usize) -> Result<Panel, ExperimentError> {
    let (images, fired) = (data.numbers("pulse_image")?, data.numbers("pulse_neuron")?);
    let [polarity, attempted, switched] =
        [data.numbers("polarity")?, data.numbers("attempted")?, data.numbers("switched")?];
    let mut panel = Panel::new(
        "b  Write pulses",
        Axis::linear("image"),
        Axis::linear("device (4 neuron + input, from 0)").range(-0.5, (neurons * inputs) as f64 - 0.5),
    );
    for (label, sign, success) in
        [("to P", 1.0, 1.0), ("to P, failed", 1.0, 0.0), ("to AP", -1.0, 1.0), ("to AP, failed", -1.0, 0.0)]
    {
        let mut points = Vec::new();
        for pulse in 0..images.len() {
            for input in 0..inputs {
                let cell = pulse * inputs + input;
                if attempted[cell] > 0.0 && switched[cell] == success && polarity[cell] == sign {
                    points.push((images[pulse] + 1.0, fired[pulse] * inputs as f64 + input as f64));
                }
            }
        }
        panel = panel.series(Series::points(label, points));
    }
    Ok(panel)
}

/// Devices of every neuron that differ from those at the end.
fn distance_panel(data: &Dataset, neurons: usize) -> Result<Panel, ExperimentError> {
    let (images, fired) = (data.numbers("pulse_image")?, data.numbers("pulse_neuron")?);
    let after: Vec<Pattern> =
        texts(data, "after")?.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let mut panel =
        Panel::new("c  Distance to the learned image", Axis::linear("image"), Axis::linear("wrong devices"));
    for neuron in 0..neurons {
        let own: Vec<usize> = (0..after.len()).filter(|&k| fired[k] == neuron as f64).collect();
        let Some(&last) = own.last() else { continue };
        let points =
            own.iter().map(|&k| (images[k] + 1.0, f64::from(after[k].hamming(after[last])))).collect();
        panel = panel.series(Series::line(format!("neuron {}", neuron + 1), points).draw(Draw::LinePoints));
    }
    Ok(panel)
}

/// The statistics as the archive holds them.
fn statistics(data: &Dataset) -> Result<LearningStatistics, ExperimentError> {
    let counts = |name: &str| -> Result<Vec<u32>, ExperimentError> {
        Ok(data.numbers(name)?.into_iter().map(|n| n as u32).collect())
    };
    let attribute = |name: &str| match data.attributes.get(name) {
        Some(Attribute::I64(n)) => u32::try_from(*n).unwrap_or(0),
        _ => 0,
    };
    Ok(LearningStatistics {
        runs: attribute("runs"),
        learned: attribute("learned"),
        needed: counts("needed")?,
        successes: counts("successes")?,
        failures: counts("failures")?,
        silent_images: 0,
        images: 0,
        disturbed: 0,
    })
}

fn statistics_figure(panels: Vec<Panel>) -> Figure {
    let figure = Figure::new(
        "learning_4x2_statistics",
        "How many images the network needs, and its switching attempts, over many runs.",
        "Simulated runs with independent streams; the line is the exact Markov chain of the same network.",
    );
    panels.into_iter().fold(figure.columns(2), Figure::panel)
}

fn statistics_panels(
    statistics: &LearningStatistics,
    chain: &[f64],
    letters: [&str; 2],
    title: &str,
) -> [Panel; 2] {
    let runs = f64::from(statistics.runs);
    let last = statistics.quantile_needed(0.995).unwrap_or(1).clamp(20, 100) as usize;
    let histogram = |counts: &[u32], last: usize| {
        (0..=last)
            .map(|n| (n as f64, f64::from(counts.get(n).copied().unwrap_or(0)) / runs))
            .collect::<Vec<_>>()
    };
    let chain = (0..=last).map(|n| (n as f64, chain.get(n).copied().unwrap_or(0.0))).collect();
    let fraction = || Axis::linear("fraction of runs");
    let [time, attempts] = letters;
    [
        Panel::new(format!("{time}  Learning time, {title}"), Axis::linear("images needed"), fraction())
            .series(Series::points("simulated", histogram(&statistics.needed, last)))
            .series(Series::line("Markov chain", chain))
            .vertical(f64::from(PAPER_IMAGES), "paper")
            .legend(Corner::TopRight),
        Panel::new(format!("{attempts}  Switching attempts"), Axis::linear("attempts"), fraction())
            .series(Series::line("successful", histogram(&statistics.successes, 25)).draw(Draw::LinePoints))
            .series(Series::line("failed", histogram(&statistics.failures, 25)).draw(Draw::LinePoints))
            .vertical(f64::from(PAPER_SUCCESSES), "")
            .vertical(f64::from(PAPER_ATTEMPTS - PAPER_SUCCESSES), "paper: 4 and 6")
            .legend(Corner::TopRight),
    ]
}
