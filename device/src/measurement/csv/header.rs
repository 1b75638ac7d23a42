//! The titles of the columns of a measured curve: names and units.

use spinhebb_data::quantity::{Kind, MagneticField, Temperature, Time, Voltage};

use super::defaults::CsvDefaults;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Voltage,
    Amplitude,
    Width,
    Direction,
    Trials,
    Switched,
    Probability,
    Temperature,
    Field,
    Device,
}

/// Column names, with the spellings that are understood and the quantity they hold.
const COLUMNS: &[(Content, &[&str], Option<Kind>)] = &[
    (Content::Voltage, &["voltage", "pulse_voltage", "v"], Some(Voltage::KIND)),
    (Content::Amplitude, &["amplitude", "pulse_amplitude", "voltage_amplitude"], Some(Voltage::KIND)),
    (Content::Width, &["width", "pulse_width", "duration", "pulse_duration"], Some(Time::KIND)),
    (Content::Direction, &["direction", "transition"], None),
    (Content::Trials, &["trials", "pulses", "n"], None),
    (Content::Switched, &["switched", "switches", "count", "k"], None),
    (Content::Probability, &["probability", "p_switch", "p", "switching_probability"], None),
    (Content::Temperature, &["temperature"], Some(Temperature::KIND)),
    (Content::Field, &["field", "applied_field"], Some(MagneticField::KIND)),
    (Content::Device, &["device", "device_id", "id"], None),
];

/// A recognised column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) content: Content,
    pub(super) kind: Option<Kind>,
    pub(super) unit: String,
    pub(super) title: String,
}

/// Splits `width [ns]` or `width (ns)` into name and unit.
fn split_title(title: &str) -> (String, String) {
    let title = title.trim();
    let name = |text: &str| text.trim().replace([' ', '-'], "_");
    for (open, close) in [('[', ']'), ('(', ')')] {
        if let Some((before, rest)) = title.split_once(open)
            && let Some(unit) = rest.trim_end().strip_suffix(close)
        {
            return (name(before), unit.trim().to_string());
        }
    }
    (name(title), String::new())
}

/// The unit that ends `title` after the column name `name`: `s` of `pulse_width_s`, `A/m` of `field_A_per_m`.
fn suffix(title: &str, name: &str, kind: Kind) -> Option<String> {
    let starts = title.get(..name.len())?.eq_ignore_ascii_case(name);
    let rest = title.get(name.len()..)?.strip_prefix('_').filter(|_| starts)?;
    let unit = rest.replace("_per_", "/").replace('_', " ");
    kind.parse(&format!("1 {unit}")).is_ok().then_some(unit)
}

/// The column titled `title`; `None` if it has no meaning here.
fn recognise(title: &str, defaults: &CsvDefaults) -> Result<Option<Column>, String> {
    let (name, mut unit) = split_title(title);
    let lower = name.to_ascii_lowercase();
    let mut entry = COLUMNS.iter().find(|(_, names, _)| names.contains(&lower.as_str()));
    if entry.is_none() && unit.is_empty() {
        let found = COLUMNS.iter().find_map(|column| {
            let kind = column.2?;
            column.1.iter().find_map(|known| suffix(&name, known, kind)).map(|unit| (column, unit))
        });
        if let Some((column, own)) = found {
            (entry, unit) = (Some(column), own);
        }
    }
    let Some(&(content, names, kind)) = entry else { return Ok(None) };
    if let Some(kind) = kind {
        if unit.is_empty() {
            let given = defaults.units.iter().find(|(n, _)| names.contains(&n.as_str()));
            unit = given.map(|(_, u)| u.clone()).ok_or_else(|| {
                format!(
                    "no unit; title it `{} [{}]` or give the unit on the command line (`--unit {}={}`)",
                    names[0], kind.display_unit, names[0], kind.display_unit
                )
            })?;
        }
        kind.parse(&format!("1 {unit}")).map_err(|e| e.to_string())?;
    } else if !unit.is_empty() && unit != "1" && unit != "%" {
        return Err(format!("`{unit}` is a unit, but this column has none"));
    }
    Ok(Some(Column { content, kind, unit, title: title.trim().to_string() }))
}

/// The columns of the header line `record`; `None` for those without meaning here. What is wrong goes to `report` as
/// column (0: the line), title and problem.
pub(super) fn header(
    record: &csv::StringRecord,
    defaults: &CsvDefaults,
    mut report: impl FnMut(usize, &str, String),
) -> Vec<Option<Column>> {
    let mut columns: Vec<Option<Column>> = Vec::new();
    if record.len() == 1
        && let Some(separator) = record[0].chars().find(|c| [';', '\t', '|'].contains(c))
    {
        let name = if separator == '\t' { "tabs" } else { &separator.to_string() };
        report(0, "", format!("columns separated by {name}; separate them by commas, with decimal points"));
        return columns;
    }
    for (index, title) in record.iter().enumerate() {
        let column = recognise(title, defaults).unwrap_or_else(|problem| {
            report(index + 1, title, problem);
            None
        });
        if let Some(new) = &column
            && columns.iter().flatten().any(|c| c.content == new.content)
        {
            report(index + 1, title, "a second column of the same meaning".to_string());
        }
        columns.push(column);
    }
    let has = |content| columns.iter().flatten().any(|c| c.content == content);
    if has(Content::Voltage) && has(Content::Amplitude) {
        report(0, "", "both `voltage` (signed) and `amplitude` (magnitude); keep one".to_string());
    }
    if !has(Content::Switched) && !has(Content::Probability) {
        report(0, "", "no column `switched` or `probability` (also `p_switch`)".to_string());
    }
    if has(Content::Switched) && has(Content::Probability) {
        report(0, "", "both `switched` and `probability`; keep one".to_string());
    }
    if !has(Content::Trials) && defaults.trials.is_none() {
        report(
            0,
            "",
            "no column `trials`; give the number of pulses per point (`--trials 10000`)".to_string(),
        );
    }
    if !has(Content::Width) && defaults.width_s.is_none() {
        report(0, "", "no column `width`; give the pulse width (`--width \"1 ns\"`)".to_string());
    }
    if !has(Content::Voltage)
        && !has(Content::Amplitude)
        && defaults.amplitude_v.is_none()
        && defaults.amplitude_guess_v.is_none()
    {
        report(
            0,
            "",
            "no column `voltage` or `amplitude`; give the amplitude (`--amplitude \"0.68 V\"`), \
             or let it be fitted (`--fit-amplitude \"0.7 V\"`)"
                .to_string(),
        );
    }
    columns
}
