//! Small tables in CSV with a header line and `#` comments: columns of numbers by name.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::DataError;

/// Longest table that is read, in bytes.
const LONGEST_BYTES: u64 = 64 << 20;

/// The text of the table at `path`.
pub(crate) fn read_text(path: &Path) -> Result<String, DataError> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(DataError::io("read", path))?;
    let length =
        file.take(LONGEST_BYTES + 1).read_to_string(&mut text).map_err(DataError::io("read", path))?;
    if length as u64 > LONGEST_BYTES {
        return Err(DataError::malformed(path, "a table of at most 64 MiB", "more"));
    }
    Ok(text)
}

/// A table of text cells, with the line each row stands on.
pub(crate) struct Columns {
    path: PathBuf,
    header: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
}

impl Columns {
    /// Reads `text`, called `path` in messages.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, DataError> {
        let mut reader =
            csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
        let wrong = |e: csv::Error| DataError::malformed(path, "a table in CSV", e.to_string());
        let header: Vec<String> = reader.headers().map_err(wrong)?.iter().map(str::to_string).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(wrong)?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push((line, record.iter().map(str::to_string).collect()));
        }
        if rows.is_empty() {
            return Err(DataError::malformed(path, "a table in CSV", "no rows below the header"));
        }
        Ok(Self { path: path.to_path_buf(), header, rows })
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Cells of the column `name` with their lines; an error where there is no such column.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<(u64, &str)>, DataError> {
        self.optional(name).ok_or_else(|| {
            let found = format!("its columns are {}", self.header.join(", "));
            DataError::malformed(&self.path, format!("a table with a column `{name}`"), found)
        })
    }

    fn optional(&self, name: &str) -> Option<Vec<(u64, &str)>> {
        let column = self.header.iter().position(|h| h == name)?;
        Some(self.rows.iter().map(|(line, cells)| (*line, cells[column].as_str())).collect())
    }

    /// Finite numbers of the column `name`.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<f64>, DataError> {
        self.texts(name)?.into_iter().map(|(line, text)| self.number(name, line, text)).collect()
    }

    /// Finite numbers of the column `name`, if the table has it.
    pub(crate) fn optional_numbers(&self, name: &str) -> Result<Option<Vec<f64>>, DataError> {
        self.optional(name).map(|_| self.numbers(name)).transpose()
    }

    /// Whole numbers of the column `name`, from 0 to `largest`.
    pub(crate) fn counts(&self, name: &str, largest: u32) -> Result<Vec<u32>, DataError> {
        let whole = |(line, text): (u64, &str)| match text.parse::<u32>() {
            Ok(n) if n <= largest => Ok(n),
            _ => Err(self.wrong_cell(name, line, text, &format!("a whole number from 0 to {largest}"))),
        };
        self.texts(name)?.into_iter().map(whole).collect()
    }

    fn number(&self, name: &str, line: u64, text: &str) -> Result<f64, DataError> {
        text.parse::<f64>()
            .ok()
            .filter(|x| x.is_finite())
            .ok_or_else(|| self.wrong_cell(name, line, text, "a finite number"))
    }

    /// The error that the cell `text` of column `name` is not `expected`.
    pub(crate) fn wrong_cell(&self, name: &str, line: u64, text: &str, expected: &str) -> DataError {
        DataError::malformed(
            &self.path,
            format!("a table with {expected} in every cell of `{name}`"),
            format!("line {line} has `{text}`"),
        )
    }
}
