//! Reads measured switching curves from CSV.
//!
//! # Format
//! Lines that start with `#` are comments. The first other line titles the columns. A title is
//! a name and, where the quantity has a unit, the unit: `width [ns]`, `width (ns)`,
//! `width_ns` or `width` with the unit given on the command line. Names (see `COLUMNS`):
//!
//! | name | meaning |
//! |---|---|
//! | `voltage` | signed pulse voltage; V > 0 favours P (AP -> P) |
//! | `amplitude` | magnitude of the pulse voltage; the sign follows from the direction |
//! | `width` | full pulse width |
//! | `direction` | `AP->P` or `P->AP` |
//! | `trials`, `switched` | number of pulses, and of those that switched |
//! | `probability` | fraction that switched; `trials` must be known |
//! | `temperature`, `field` | optional |
//! | `device` | optional name |

mod defaults;
mod header;
mod row;
mod text;

pub use defaults::CsvDefaults;

use std::io::Read;
use std::path::Path;

use crate::measurement::error::{MalformedCell, MeasurementError};
use crate::measurement::points::MeasuredData;
use header::{Column, header};
use row::read_row;
use text::{as_text, line_at};

/// Reads a file; see [`read`].
///
/// # Errors
/// [`MeasurementError::Unreadable`] and those of [`read`].
pub fn read_file(path: &Path, defaults: &CsvDefaults) -> Result<MeasuredData, MeasurementError> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path)
        .map_err(|e| MeasurementError::Unreadable { file: name.clone(), message: e.to_string() })?;
    read(file, &name, defaults)
}

/// Reads measured points in the format of this module. `file` names the source in messages.
///
/// # Errors
/// [`MeasurementError::Malformed`] with every malformed place, by file, line and column.
pub fn read(
    mut source: impl Read,
    file: &str,
    defaults: &CsvDefaults,
) -> Result<MeasuredData, MeasurementError> {
    let mut bytes = Vec::new();
    source
        .read_to_end(&mut bytes)
        .map_err(|e| MeasurementError::Unreadable { file: file.to_string(), message: e.to_string() })?;
    let text = as_text(bytes).map_err(|(line, column, problem)| {
        MeasurementError::Malformed(vec![malformed(file, line)(column, "", problem)])
    })?;
    let mut reading = Reading::new(file, defaults);
    reading.read(&text);
    reading.finish()
}

/// What has been read of a file.
struct Reading<'a> {
    file: &'a str,
    defaults: &'a CsvDefaults,
    /// The columns, once the header line is read.
    table: Option<Vec<Option<Column>>>,
    data: MeasuredData,
    problems: Vec<MalformedCell>,
}

impl<'a> Reading<'a> {
    fn new(file: &'a str, defaults: &'a CsvDefaults) -> Self {
        let data = MeasuredData { files: vec![file.to_string()], ..MeasuredData::default() };
        Self { file, defaults, table: None, data, problems: Vec::new() }
    }

    /// Reports a problem of a whole line.
    fn report(&mut self, line: u64, problem: String) {
        self.problems.push(malformed(self.file, line)(0, "", problem));
    }

    /// Reads all lines; ends at a header that has no sense.
    fn read(&mut self, text: &str) {
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .flexible(true)
            .has_headers(false)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(e) => {
                    let line = line_at(text, e.position().map_or(0, csv::Position::byte));
                    self.report(line, format!("not readable as CSV text: {e}"));
                    continue;
                }
            }
            let line = line_at(text, record.position().map_or(0, csv::Position::byte));
            if self.table.is_some() {
                self.line(line, &record);
                continue;
            }
            let at = malformed(self.file, line);
            let problems = &mut self.problems;
            self.table = Some(header(&record, self.defaults, |column, title, problem| {
                problems.push(at(column, title, problem));
            }));
            if !self.problems.is_empty() {
                break;
            }
        }
    }

    /// Reads one line below the header.
    fn line(&mut self, line: u64, record: &csv::StringRecord) {
        let Some(columns) = &self.table else { return };
        if record.len() != columns.len() {
            let problem = format!("{} fields, but the header has {}", record.len(), columns.len());
            return self.report(line, problem);
        }
        let (before, at) = (self.problems.len(), malformed(self.file, line));
        let problems = &mut self.problems;
        let row =
            read_row(record, columns, |column, title, problem| problems.push(at(column, title, problem)));
        if self.problems.len() > before {
            return;
        }
        match row.complete(self.defaults, self.file, &mut self.data) {
            Ok(mut point) => {
                point.line = line;
                self.data.points.push(point);
            }
            Err(problem) => self.report(line, problem),
        }
    }

    /// The data, or all that is wrong with them.
    fn finish(mut self) -> Result<MeasuredData, MeasurementError> {
        if self.table.is_none() && self.problems.is_empty() {
            self.report(1, "no header line; the first line that is no comment titles the columns".into());
        } else if self.data.points.is_empty() && self.problems.is_empty() {
            self.report(1, "no data lines below the header".into());
        }
        if self.problems.is_empty() { Ok(self.data) } else { Err(MeasurementError::Malformed(self.problems)) }
    }
}

/// A malformed place of `line` by column, title and problem.
fn malformed(file: &str, line: u64) -> impl Fn(usize, &str, String) -> MalformedCell {
    let file = file.to_string();
    move |column, title, problem| MalformedCell {
        file: file.clone(),
        line,
        column,
        title: title.to_string(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junction::state::State;
    use crate::measurement::points::MeasuredVoltage;

    fn parse(text: &str, defaults: &CsvDefaults) -> Result<MeasuredData, MeasurementError> {
        read(text.as_bytes(), "curve.csv", defaults)
    }

    #[test]
    fn reads_titles_with_units_in_every_spelling() {
        let defaults = CsvDefaults { trials: Some(100), ..CsvDefaults::default() };
        for (header, row) in [
            ("voltage [mV],width (ns),probability", "-400, 2, 0.25"),
            ("pulse_voltage_V,pulse_width_s,p_switch", "-0.4,2e-9,0.25"),
            ("pulse amplitude [V],width [ps],direction,probability [%]", "0.4,2000,P->AP,25"),
        ] {
            let data = parse(&format!("# from a note book\n{header}\n{row}\n"), &defaults).unwrap();
            let point = &data.points[0];
            assert_eq!(point.drive, MeasuredVoltage::Volts(-0.4), "{header}");
            assert_eq!((point.width_s, point.switched, point.trials), (2e-9, 25, 100));
            assert_eq!((point.start, point.line), (State::Parallel, 3));
        }
    }

    #[test]
    fn every_malformed_place_is_reported_with_line_and_column() {
        let text = "voltage [V],width [ns],trials,switched\n0.4,1,100,3\n# a comment\nhalf,1,100,x\n0.5,1,100\n0.5,-1,100,5\n0.5,1,100,101\n";
        let Err(MeasurementError::Malformed(places)) = parse(text, &CsvDefaults::default()) else {
            panic!("accepted")
        };
        let found: Vec<_> = places.iter().map(|p| (p.line, p.column)).collect();
        assert_eq!(found, [(4, 1), (4, 4), (5, 0), (6, 2), (7, 0)], "{places:?}");
        assert!(places[0].to_string().starts_with("curve.csv:4:1 (`voltage [V]`): `half`"), "{}", places[0]);
    }

    /// What spreadsheets, instruments and mishaps leave behind: read, or refused with line and column.
    #[test]
    fn nasty_files_are_read_or_refused_by_place() {
        let good = "voltage [V],width [ns],trials,switched\n0.4,1,100,3\n0.5,1,100,9\n";
        for text in [
            format!("\u{feff}{good}"),
            good.replace('\n', "\r\n"),
            good.replace('\n', "\r"),
            format!("\n\n# note, with \"quotes\"\n{good}\n\n"),
            good.trim_end().to_string(),
            good.replace("0.4,1,100,3", "\"0.4\", 1 ,100.0,3e0"),
        ] {
            let data = parse(&text, &CsvDefaults::default()).unwrap_or_else(|e| panic!("{text:?}: {e}"));
            assert_eq!((data.points.len(), data.points[0].switched), (2, 3), "{text:?}");
        }
        let row =
            |row: &str| format!("voltage [V],width [ns],trials,switched\n0.4,1,100,3\n{row}\n").into_bytes();
        let header = |header: &str| format!("# note\n{header}\n0.4,1,100,3\n").into_bytes();
        let nasty: Vec<(Vec<u8>, (u64, usize))> = vec![
            (row("NaN,1,100,3"), (3, 1)),
            (row("inf,1,100,3"), (3, 1)),
            (row("1e400,1,100,3"), (3, 1)),
            (row("1e300,1,100,3"), (3, 1)),
            (row("0.4,0,100,3"), (3, 2)),
            (row("0.4,1,-100,3"), (3, 3)),
            (row("0.4,1,0,0"), (3, 3)),
            (row("0.4,1,1e30,3"), (3, 3)),
            (row("0.4,1,18446744073709551615,3"), (3, 3)),
            (row("0.4,1,100,3.5"), (3, 4)),
            (row("0.4,1,100,"), (3, 4)),
            (row("0.4,1,100,103"), (3, 0)),
            (row("0.4,1,100,3,7"), (3, 0)),
            (row("0,4;1;100;3"), (3, 0)),
            (row("\"0.4,1,100,3"), (3, 0)),
            (header("voltage [V],voltage [mV],width [ns],trials,switched"), (2, 2)),
            (header("voltage [V],width [furlong],trials,switched"), (2, 2)),
            (header("voltage [V],width [ns],trials [s],switched"), (2, 3)),
            (header("voltage [V];width [ns];trials;switched"), (2, 0)),
            (header("voltage [V]\twidth [ns]\ttrials\tswitched"), (2, 0)),
            (header("voltage_ab [\u{b5}],width [ns],trials,switched"), (2, 0)),
            (header("voltage_\u{130}\u{130},width [ns],trials,switched"), (2, 0)),
            (Vec::new(), (1, 0)),
            (b"# only a note\n".to_vec(), (1, 0)),
            (b"voltage [V],width [ns],trials,switched\n".to_vec(), (1, 0)),
            (b"\x89HDF\r\n\x1a\n\0\0\0".to_vec(), (2, 1)),
            (b"voltage [V],width [ns]\n0.4,\xb5,1\n".to_vec(), (2, 2)),
            (b"\xff\xfev\0o\0".to_vec(), (1, 0)),
        ];
        for (bytes, place) in nasty {
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            match read(&bytes[..], "curve.csv", &CsvDefaults::default()) {
                Err(MeasurementError::Malformed(places)) => {
                    assert_eq!((places[0].line, places[0].column), place, "{shown:?}: {places:?}");
                }
                other => panic!("{shown:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_header_without_unit_or_a_wrong_unit_is_refused_unless_given() {
        let text = "voltage,width [ns],trials,switched\n400,1,100,3\n";
        assert!(parse(text, &CsvDefaults::default()).unwrap_err().to_string().contains("no unit"));
        let defaults = CsvDefaults { units: vec![("voltage".into(), "mV".into())], ..CsvDefaults::default() };
        assert_eq!(parse(text, &defaults).unwrap().points[0].drive, MeasuredVoltage::Volts(0.4));
        let wrong = "voltage [ns],width [ns],trials,switched\n400,1,100,3\n";
        assert!(parse(wrong, &CsvDefaults::default()).is_err());
    }

    #[test]
    fn a_probability_that_is_no_count_is_refused() {
        let defaults = CsvDefaults { trials: Some(100), ..CsvDefaults::default() };
        let text = "voltage [V],width [ns],p\n0.4,1,0.123\n";
        assert!(parse(text, &defaults).unwrap_err().to_string().contains("not a whole number"));
    }

    #[test]
    fn files_and_devices_are_merged_by_name() {
        let defaults = CsvDefaults::default();
        let text = "device,voltage [V],width [ns],trials,switched\na,0.4,1,100,3\nb,0.4,1,100,5\n";
        let mut data = parse(text, &defaults).unwrap();
        data.append(parse(&text.replace("a,0.4", "c,0.4"), &defaults).unwrap());
        assert_eq!(data.devices, ["a", "b", "c"]);
        assert_eq!(data.points.iter().map(|p| p.device).collect::<Vec<_>>(), [0, 1, 2, 1]);
        assert_eq!(data.of_device(1).points.len(), 2);
        assert_eq!(data.points[3].file, 1);
    }
}
