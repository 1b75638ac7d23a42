//! Switching probability against voltage at several pulse widths, both polarities, beside measured curves.

use spinhebb_data::labelled::{Attribute, Dataset, Values, Variable};
use spinhebb_data::measured;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::{DeviceTables, PopulationConfig};
use spinhebb_device::switching::table::{SwitchingTable, TableCell};

use super::ReproduceParts;
use super::settings::CurveParts;
use crate::device::{TableSource, device_name};
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};
use crate::present::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::present::{Comparison, Page};

/// The device whose curve was measured.
const MEASURED: &str = "perpendicular-40nm";
/// Starts in the order of the datasets.
const STARTS: [State; 2] = [State::AntiParallel, State::Parallel];

/// A system whose curves are computed.
struct Curve {
    /// Name in keys and on the page.
    name: String,
    parts: CurveParts,
}

/// Computes the curves of the system and of those that `reproduce.curves` lists; the table of the first.
///
/// # Errors
/// A junction cannot be resolved or has no stable state.
pub(super) fn compute(
    outcome: &mut Outcome,
    config: &ReproduceParts,
    context: &Context,
) -> Result<SwitchingTable, ExperimentError> {
    let mut curves = vec![Curve { name: name(&config.device), parts: config.own_curve() }];
    for changes in &config.reproduce.curves {
        let parts = config.curve(changes)?;
        let plain = name(&parts.device);
        let numbered = (2_u64..).map(|n| format!("{plain}-{n}"));
        let free = |name: &String| curves.iter().all(|other| other.name != *name);
        let name = std::iter::once(plain.clone()).chain(numbered).find(free).unwrap_or(plain);
        curves.push(Curve { name, parts });
    }
    let mut first = None;
    for curve in &curves {
        let CurveParts { device, table: settings, pulses, .. } = &curve.parts;
        let widths = settings.widths_s(pulses.width);
        let alike = PopulationConfig::default();
        let source = TableSource { device, table: settings, population: &alike, widths_s: &widths };
        let table = source.nominal(outcome, context)?;
        outcome.text(format!("switching/{}/description", curve.name), description(device));
        medians(outcome, curve, &table)?;
        outcome.add(dataset(curve, &table)?);
        if let Some(measured) = measured_curve(curve, &widths)? {
            outcome.add(measured);
        }
        first.get_or_insert(table);
    }
    first.map_or_else(|| ExperimentError::refuse("reproduce.curves", "none", "at least the system's own"), Ok)
}

/// Tables of the devices of the 4x2 crossbar at the width of its pulses: `nominal` where all devices have that.
///
/// # Errors
/// As [`TableSource::devices`].
pub(super) fn device_tables(
    outcome: &mut Outcome,
    config: &ReproduceParts,
    nominal: SwitchingTable,
    context: &Context,
) -> Result<DeviceTables, ExperimentError> {
    let ReproduceParts { device, table, population, pulses, .. } = config;
    if population.is_uniform() {
        return Ok(DeviceTables::of_nominal(&Junction::new(device)?, nominal));
    }
    TableSource { device, table, population, widths_s: &[pulses.width.si()] }.devices(outcome, context)
}

/// What a device is called: the name or the end of the path that it is taken from.
fn name(device: &MtjConfig) -> String {
    let from = device.from.as_deref().unwrap_or("device");
    let stem = std::path::Path::new(from).file_stem().map_or(from.into(), |stem| stem.to_string_lossy());
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    stem.chars().map(kept).collect()
}

fn description(device: &MtjConfig) -> String {
    let preset = device.from.as_deref().and_then(|from| preset::open(from).ok());
    let described = preset.map_or_else(|| "a device of its own".to_string(), |preset| preset.description);
    let changed = if device_name(device).ends_with(", changed") { " (changed)" } else { "" };
    format!("{}{changed}", described.trim_end_matches('.'))
}

/// Name of the dataset, and of the figure, of the curves called `name`.
fn stem(name: &str) -> String {
    format!("switching_{}", name.replace('-', "_"))
}

fn measured_stem(name: &str) -> String {
    format!("measured_{}", name.replace('-', "_"))
}

/// Key of the voltage that switches half of the time.
fn median_key(name: &str, width_s: f64, start: State) -> String {
    format!("switching/{name}/median_voltage/{} ps, {start}", (width_s * 1e12).round())
}

/// Voltages of one half, where the curves reach it within the voltages computed.
fn medians(outcome: &mut Outcome, curve: &Curve, table: &SwitchingTable) -> Result<(), ExperimentError> {
    for &width_s in table.widths_s() {
        for start in State::BOTH {
            let Ok(median) = table.voltage_for(0.5, width_s, start) else { continue };
            let (low, high) = (median.lower.min(median.upper), median.lower.max(median.upper));
            let key = median_key(&curve.name, width_s, start);
            outcome
                .scalar(key, median.volts, "V", "amplitude that switches half of the time")
                .interval(low, high);
        }
    }
    Ok(())
}

/// The curves on their grid: start x width x voltage.
fn dataset(curve: &Curve, table: &SwitchingTable) -> Result<Dataset, ExperimentError> {
    let widths = table.widths_s();
    // Refined curves have voltages of their own: they stand on those that all have.
    let voltages: Vec<f64> = table.cells(State::Parallel, 0).iter().map(|c| c.magnitude_v).collect();
    let on_all = |v: &f64| STARTS.iter().all(|s| table.cells(*s, 0).iter().any(|c| c.magnitude_v == *v));
    let voltages: Vec<f64> = voltages.into_iter().filter(on_all).collect();
    let shape = [STARTS.len(), widths.len(), voltages.len()];
    let mut cells: Vec<TableCell> = Vec::new();
    for start in STARTS {
        for width in 0..widths.len() {
            cells.extend(
                table.cells(start, width).iter().filter(|c| voltages.contains(&c.magnitude_v)).copied(),
            );
        }
    }
    let dims = ["start", "width", "voltage"];
    let grid = |name: &str, words: &str, pick: fn(&TableCell) -> f64| {
        Variable::new(name, "1", words, &dims, &shape, cells.iter().map(pick).collect::<Vec<f64>>())
    };
    let count = |name: &str, words: &str, pick: fn(&TableCell) -> u64| {
        Variable::new(name, "1", words, &dims, &shape, cells.iter().map(pick).collect::<Vec<u64>>())
    };
    let device = MtjConfig { from: None, ..curve.parts.device.clone() };
    let polarity: Vec<i64> = STARTS.iter().map(|s| if *s == State::Parallel { 1 } else { -1 }).collect();
    let start_words = "state before the pulse, m.p: +1 parallel, -1 anti-parallel";
    let voltage_words = "magnitude of the pulse; its sign drives out of the start (V > 0 from anti-parallel)";
    Ok(Dataset::new(&stem(&curve.name))
        .attribute("device", curve.name.as_str())
        .attribute("device_configuration", spinhebb_data::config::render(&device)?)
        .with(Variable::coordinate("start", "1", start_words, polarity))?
        .with(Variable::coordinate("width", "s", "full width of the pulse", widths.to_vec()))?
        .with(Variable::coordinate("voltage", "V", voltage_words, voltages))?
        .with(grid("probability", "fraction of the trials that switched", |c| c.p)?)?
        .with(grid("lower", "lower end of the 95 % Wilson interval", |c| c.lower)?)?
        .with(grid("upper", "upper end of the 95 % Wilson interval", |c| c.upper)?)?
        .with(count("switched", "trials that switched", |c| c.switched)?)?
        .with(count("trials", "trials", |c| c.trials)?)?)
}

/// The measured curve that belongs to the device, at those of its `widths` (s) that were measured.
fn measured_curve(curve: &Curve, widths: &[f64]) -> Result<Option<Dataset>, ExperimentError> {
    if device_name(&curve.parts.device) != MEASURED {
        return Ok(None);
    }
    let points = measured::rehm2023_probability_vs_voltage()?.points;
    let same = |width_s: f64| widths.iter().any(|own| is_width(width_s, *own));
    let seen: Vec<(f64, f64, f64)> = points
        .iter()
        .filter(|p| same(p.width_s))
        .filter_map(|p| p.amplitude_v.map(|volts| (p.width_s, volts, p.probability)))
        .collect();
    if seen.is_empty() {
        return Ok(None);
    }
    let column =
        |pick: fn(&(f64, f64, f64)) -> f64| Values::from(seen.iter().map(pick).collect::<Vec<f64>>());
    let along = |name: &str, unit: &str, words: &str, values: Values| {
        Variable::along(name, "point", unit, words, values)
    };
    Ok(Some(
        Dataset::new(&measured_stem(&curve.name))
            .attribute("source", "L. Rehm et al., arXiv:2310.18779")
            .with(along("width", "s", "full width of the pulse", column(|p| p.0)))?
            .with(along("voltage", "V", "amplitude of the pulse", column(|p| p.1)))?
            .with(along("probability", "1", "fraction that switched", column(|p| p.2)))?,
    ))
}

fn is_width(width_s: f64, own_s: f64) -> bool {
    (width_s / own_s - 1.0).abs() < 1e-6
}

/// Draws the section.
///
/// # Errors
/// The outcome lacks something.
pub(super) fn draw(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    page.section("Switching probability");
    page.paragraph(
        "Each point is an ensemble of stochastic LLGS trajectories that start in thermal equilibrium in \
         their well, see the pulse, relax and are read. V > 0 drives AP to P (potentiation), V < 0 P to AP \
         (depression). Bands are 95 % Wilson intervals.",
    );
    let mut rows = Vec::new();
    for text in &outcome.texts {
        let Some(name) = text.key.strip_prefix("switching/").and_then(|key| key.strip_suffix("/description"))
        else {
            continue;
        };
        let drawn = Drawn::of(outcome, name)?;
        page.paragraph(&format!("{name}: {}.", text.text));
        page.figure(&drawn.figure());
        rows.extend(drawn.comparison(outcome));
    }
    page.comparison(&rows);
    Ok(())
}

/// Curves as the archive holds them.
struct Drawn {
    name: String,
    widths: Vec<f64>,
    voltages: Vec<f64>,
    /// Probability and its interval: start, width, voltage.
    cells: Vec<(f64, (f64, f64))>,
    trials: f64,
    /// Width, voltage and probability of measured points.
    measured: Vec<(f64, (f64, f64))>,
}

impl Drawn {
    fn of(outcome: &Outcome, name: &str) -> Result<Self, ExperimentError> {
        let data = outcome.dataset(&stem(name))?;
        let interval = data.numbers("lower")?.into_iter().zip(data.numbers("upper")?);
        let measured = match outcome.dataset(&measured_stem(name)) {
            Ok(data) => {
                let points = data.numbers("voltage")?.into_iter().zip(data.numbers("probability")?);
                data.numbers("width")?.into_iter().zip(points).collect()
            }
            Err(_) => Vec::new(),
        };
        let name = match data.attributes.get("device") {
            Some(Attribute::Text(name)) => name.clone(),
            _ => name.to_string(),
        };
        Ok(Self {
            name,
            widths: data.numbers("width")?,
            voltages: data.numbers("voltage")?,
            cells: data.numbers("probability")?.into_iter().zip(interval).collect(),
            trials: data.numbers("trials")?.first().copied().unwrap_or(0.0),
            measured,
        })
    }

    /// The measured curve at `width_s`, as (voltage, probability).
    fn measured_at(&self, width_s: f64) -> Vec<(f64, f64)> {
        self.measured.iter().filter(|(own, _)| is_width(*own, width_s)).map(|(_, point)| *point).collect()
    }

    /// Voltage at which the measured curve passes one half. The direction of the measurement is not
    /// stated; it stands beside the anti-parallel start.
    fn published_median(&self, width_s: f64, start: State) -> Option<f64> {
        let curve = self.measured_at(width_s);
        let passing = curve.windows(2).find(|pair| pair[0].1 < 0.5 && pair[1].1 >= 0.5);
        passing.filter(|_| start == State::AntiParallel).map(|pair| {
            let fraction = (0.5 - pair[0].1) / (pair[1].1 - pair[0].1);
            pair[0].0 + fraction * (pair[1].0 - pair[0].0)
        })
    }

    fn comparison(&self, outcome: &Outcome) -> Vec<Comparison> {
        let mut rows = Vec::new();
        for &width_s in &self.widths {
            for start in State::BOTH {
                let Some(median) = outcome.find(&median_key(&self.name, width_s, start)) else { continue };
                let (low, high) = median.interval.unwrap_or((f64::NAN, f64::NAN));
                let published = self.published_median(width_s, start);
                let how = match published {
                    Some(_) => "inverse lookup in the ensemble's table; published: Rehm et al., interpolated",
                    None => "inverse lookup in the ensemble's table",
                };
                rows.push(Comparison::new(
                    format!("{}: voltage of P = 1/2, {:.3} ns, from {start} (V)", self.name, width_s * 1e9),
                    format!("{:.4} ({low:.4} to {high:.4})", median.value),
                    published.map_or_else(|| "-".to_string(), |v| format!("{v:.3}")),
                    how,
                ));
            }
        }
        rows
    }

    /// Curve of one start and width over the signed voltage, with its band.
    fn series(&self, label: &str, start: State, width: usize) -> Series {
        let place = STARTS.iter().position(|s| *s == start).unwrap_or(0) * self.widths.len() + width;
        let cells = &self.cells[place * self.voltages.len()..(place + 1) * self.voltages.len()];
        let sign = start.switching_polarity();
        Series::line(label, self.voltages.iter().zip(cells).map(|(v, cell)| (sign * v, cell.0)).collect())
            .interval(cells.iter().map(|cell| cell.1).collect())
            .draw(Draw::LinePoints)
            .tone(width)
    }

    fn figure(&self) -> Figure {
        let mut linear = Panel::new(
            "a  linear",
            Axis::linear("pulse voltage (V)"),
            Axis::linear("switching probability").range(0.0, 1.0),
        );
        let mut gumbel = Panel::new(
            "b  AP to P, Gumbel scale",
            Axis::linear("pulse voltage (V)"),
            Axis::gumbel("switching probability").range(1e-4, 0.999_9),
        )
        .legend(Corner::BottomRight);
        for (index, &width_s) in self.widths.iter().enumerate() {
            let label = format!("{:.3} ns", width_s * 1e9).replace(".000", "").replace("00 ns", " ns");
            linear = linear
                .series(self.series(&label, State::AntiParallel, index))
                .series(self.series(&label, State::Parallel, index).unlabelled());
            gumbel = gumbel.series(self.series(&label, State::AntiParallel, index));
            let curve = self.measured_at(width_s);
            if !curve.is_empty() {
                linear = linear.series(Series::points("measured, 1 ns", curve.clone()).tone(5));
                gumbel = gumbel.series(Series::points("measured, 1 ns", curve).tone(5));
            }
        }
        let counted = if self.trials > 0.0 {
            format!("LLGS ensembles, {} trials a point, 95 % Wilson intervals", self.trials)
        } else {
            "Bands: errors of the back end".to_string()
        };
        Figure::new(
            stem(&self.name),
            format!("Switching probability of the device {} against pulse voltage.", self.name),
            format!("{counted}; measured points: Rehm et al., arXiv:2310.18779."),
        )
        .panel(linear)
        .panel(gumbel)
    }
}
