//! `spinhebb device table`: switching probability against voltage and width, both polarities.

use spinhebb_data::config::Faults;
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::table::SwitchingTable;
use spinhebb_device::switching::table_config::{TableConfig, TableRequest};

use super::summary::step_warning;
use super::{COUPLED_MODELS, MODELS, check_method, device_name, summarise};
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome};
use crate::present::Page;
use crate::present::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::system::system_parts;

system_parts! {
    /// Switching probability of one junction against voltage and width, both polarities.
    pub struct TableParts {
        /// The junction.
        device: MtjConfig,
        /// How its switching probabilities are computed.
        table: TableConfig,
        /// The width of the pulses, where the table names none.
        pulses: PulsesConfig,
    }
    across across;
}

fn across(config: &TableParts, faults: &mut Faults) {
    check_method(&config.table, &config.device, faults);
}

/// Switching probability against voltage and width.
pub struct Table;

impl Experiment for Table {
    type Config = TableParts;
    const NAME: &'static str = "device table";
    const ABOUT: &'static str =
        "Tabulate the switching probability against voltage and width, refined where it is steep";
    const CITES: &'static [&'static str] = MODELS;

    fn compute(config: &TableParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let name = device_name(&config.device);
        let mut outcome = Outcome::new(format!("Switching probability of {name}"));
        let junction = Junction::new(&config.device)?;
        let widths_s = config.table.widths_s(config.pulses.width);
        let table = compute_table(&mut outcome, &junction, &config.table, &widths_s, context)?;
        summarise(&mut outcome, &junction, &name);
        summarise_table(&mut outcome, &table);
        outcome.add(table.to_dataset()?);
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        present_table(&SwitchingTable::from_dataset(outcome.dataset("device/switching_table")?)?, page);
        Ok(())
    }
}

/// The table of `junction` at `widths_s`, as a unit of the run; warnings and citations go to `outcome`.
///
/// # Errors
/// The method does not serve the junction.
pub(crate) fn compute_table(
    outcome: &mut Outcome,
    junction: &Junction,
    settings: &TableConfig,
    widths_s: &[f64],
    context: &Context,
) -> Result<SwitchingTable, ExperimentError> {
    if matches!(junction, Junction::Coupled(_)) {
        outcome.cite(COUPLED_MODELS);
    }
    let longest = widths_s.iter().copied().fold(0.0, f64::max);
    let pulse = Pulse::rectangular(settings.highest_voltage.si(), longest);
    if let Some(warning) = step_warning(junction, &pulse, &settings.stepping())? {
        outcome.warn(warning.to_string());
    }
    let stage = context.stage("switching table", settings.amplitudes(junction));
    context.unit(&format!("switching table {junction:?} {settings:?} {widths_s:?}"), || {
        let progress = || stage.advance();
        let request =
            TableRequest { junction, widths_s, seed: context.seed(), reach: 1.0, progress: &progress };
        Ok(settings.table(&request)?)
    })
}

/// Amplitudes of either polarity and the voltages at which half of the pulses switch.
fn summarise_table(outcome: &mut Outcome, table: &SwitchingTable) {
    outcome.text("method", table.source());
    for start in State::BOTH {
        outcome.count(
            format!("{start}/voltages"),
            table.cells(start, 0).len(),
            "amplitudes after refinement",
        );
        for &width_s in table.widths_s() {
            if let Ok(v) = table.voltage_for(0.5, width_s, start) {
                let key = format!("voltage_of_one_half/{start}, {} ps", (width_s * 1e12).round());
                outcome
                    .scalar(key, v.volts, "V", "amplitude that switches half of the time")
                    .interval(v.lower, v.upper);
            }
        }
    }
}

/// P against voltage and against width, each on a linear and on the Gumbel scale.
fn present_table(table: &SwitchingTable, page: &mut Page) {
    let trials = table.cells(State::AntiParallel, 0)[0].trials;
    let counted =
        if trials > 0 { format!(", {trials} trials a point, 95 % Wilson intervals") } else { String::new() };
    let how = format!("Back end {}{counted}; V > 0: AP to P.", table.source());
    let figure = |name: &str, caption: &str, panels: [Panel; 2]| {
        let [a, b] = panels;
        Figure::new(name, caption, how.clone()).columns(2).panel(a).panel(b)
    };
    page.figure(&figure("probability_voltage", "Switching probability against voltage.", by_voltage(table)));
    page.figure(&figure(
        "probability_width",
        "Switching probability against pulse width, AP to P.",
        by_width(table),
    ));
}

fn linear() -> Axis {
    Axis::linear("switching probability").range(0.0, 1.0)
}

fn gumbel() -> Axis {
    Axis::gumbel("switching probability").range(1e-4, 0.999_9)
}

fn by_voltage(table: &SwitchingTable) -> [Panel; 2] {
    let mut panels = [
        Panel::new("a  linear", Axis::linear("pulse voltage (V)"), linear()),
        Panel::new("b  Gumbel scale", Axis::linear("pulse voltage (V)"), gumbel())
            .legend(Corner::BottomRight),
    ];
    for (width, width_s) in table.widths_s().iter().enumerate() {
        for start in State::BOTH {
            let polarity = start.switching_polarity();
            let cells = table.cells(start, width);
            let series = Series::line(
                format!("{} ns", width_s * 1e9),
                cells.iter().map(|c| (polarity * c.magnitude_v, c.p)).collect(),
            )
            .interval(cells.iter().map(|c| (c.lower, c.upper)).collect())
            .draw(Draw::LinePoints)
            .tone(width);
            let series = if start == State::Parallel { series.unlabelled() } else { series };
            panels = panels.map(|panel| panel.series(series.clone()));
        }
    }
    panels
}

fn by_width(table: &SwitchingTable) -> [Panel; 2] {
    let mut panels = [
        Panel::new("a  linear", Axis::log10("pulse width (ns)"), linear()),
        Panel::new("b  Gumbel scale", Axis::log10("pulse width (ns)"), gumbel()).legend(Corner::BottomRight),
    ];
    let start = State::AntiParallel;
    let cells = table.cells(start, 0);
    let chosen = cells.iter().step_by(cells.len().div_ceil(7));
    for (tone, magnitude) in chosen.map(|cell| cell.magnitude_v).enumerate() {
        let points: Vec<(f64, f64)> = table
            .widths_s()
            .iter()
            .filter_map(|w| Some((w * 1e9, table.probability(magnitude, *w, start).ok()?.p)))
            .collect();
        let series = Series::line(format!("{magnitude:.3} V"), points).draw(Draw::LinePoints).tone(tone);
        panels = panels.map(|panel| panel.series(series.clone()));
    }
    panels
}
