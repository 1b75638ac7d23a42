//! `spinhebb device table`: switching probability against voltage and width, both polarities.

use spinhebb_data::config::Faults;
use spinhebb_data::labelled::Dataset;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::{Population, PopulationConfig};
use spinhebb_device::switching::table::SwitchingTable;
use spinhebb_device::switching::table_config::TableConfig;

use super::over_population::{self, mean_table, over_devices, pulses_of};
use super::tables::{TABLE, TableSource, add_rounding};
use super::{MODELS, check_method, device_name, summarise};
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
        /// How devices differ; mean and quantiles over them stand beside the nominal device.
        population: PopulationConfig,
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

/// Name of the dataset of what devices do.
const POPULATION: &str = "device/population";

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
        let source = TableSource {
            device: &config.device,
            table: &config.table,
            population: &config.population,
            widths_s: &widths_s,
        };
        let tables = source.devices(&mut outcome, context)?;
        let table = tables.nominal_table();
        summarise(&mut outcome, &junction, &name);
        outcome.text("method", table.source());
        summarise_table(&mut outcome, "", table);
        outcome.add(table.to_dataset()?);
        if config.population.is_uniform() {
            return Ok(outcome);
        }
        let population =
            Population::new(&config.population, context.seed()).map_err(ExperimentError::field)?;
        let found = over_devices(&tables, &population, &pulses_of(table))?;
        summarise_table(&mut outcome, "population/", &mean_table(table, &found)?);
        outcome.add(over_population::dataset(POPULATION, &found)?);
        for data in tables.to_datasets()? {
            outcome.add(data);
        }
        let half: Vec<f64> = State::BOTH
            .iter()
            .filter_map(|start| Some(table.voltage_for(0.5, widths_s[0], *start).ok()?.volts))
            .flat_map(|volts| [volts, 0.9 * volts])
            .collect();
        if !half.is_empty()
            && let Some(rounding) = source.rounding(&tables, &half, context)?
        {
            add_rounding(&mut outcome, &rounding);
        }
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        let table = SwitchingTable::from_dataset(outcome.dataset(TABLE)?)?;
        present_table(&table, page);
        if let Ok(data) = outcome.dataset(POPULATION) {
            page.figure(&population_figure(&table, data)?);
        }
        Ok(())
    }
}

/// Amplitudes of either polarity and the voltages at which half of the pulses switch.
fn summarise_table(outcome: &mut Outcome, prefix: &str, table: &SwitchingTable) {
    for start in State::BOTH {
        outcome.count(
            format!("{prefix}{start}/voltages"),
            table.cells(start, 0).len(),
            "amplitudes after refinement",
        );
        for &width_s in table.widths_s() {
            if let Ok(v) = table.voltage_for(0.5, width_s, start) {
                let key = format!("{prefix}voltage_of_one_half/{start}, {} ps", (width_s * 1e12).round());
                outcome
                    .scalar(key, v.volts, "V", "amplitude that switches half of the time")
                    .interval(v.lower, v.upper);
            }
        }
    }
}

/// The nominal device beside mean and quantiles over the population, at the first width.
fn population_figure(table: &SwitchingTable, data: &Dataset) -> Result<Figure, ExperimentError> {
    let column = |name: &str| data.numbers(name);
    let (width, volts, mean) = (column("width")?, column("voltage")?, column("mean")?);
    let (low, high) = (column("quantile_05")?, column("quantile_95")?);
    let width_s = table.widths_s()[0];
    let mut panels = [
        Panel::new("a  linear", Axis::linear("pulse voltage (V)"), linear()),
        Panel::new("b  Gumbel scale", Axis::linear("pulse voltage (V)"), gumbel())
            .legend(Corner::BottomRight),
    ];
    for start in State::BOTH {
        let polarity = start.switching_polarity();
        let chosen: Vec<usize> =
            (0..volts.len()).filter(|&k| width[k] == width_s && volts[k] * polarity > 0.0).collect();
        let over = |values: &[f64]| chosen.iter().map(|&k| (volts[k], values[k])).collect::<Vec<_>>();
        let band = chosen.iter().map(|&k| (low[k], high[k])).collect();
        let nominal = table.cells(start, 0).iter().map(|c| (polarity * c.magnitude_v, c.p)).collect();
        let series = [
            Series::line("mean, 5 to 95 %", over(&mean)).interval(band).tone(0),
            Series::line("nominal device", nominal).tone(1),
        ];
        for series in series {
            // One legend serves both panels.
            let labelled =
                if start == State::Parallel { series.clone().unlabelled() } else { series.clone() };
            let [a, b] = panels;
            panels = [a.series(series.unlabelled()), b.series(labelled)];
        }
    }
    let how = format!("Pulses of {} ns; V > 0: AP to P.", width_s * 1e9);
    let [a, b] = panels;
    let caption = "Switching probability over the devices of the population.";
    Ok(Figure::new("population", caption, how).columns(2).panel(a).panel(b))
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
