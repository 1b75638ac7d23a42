//! What can go wrong when measured data are read.

use std::fmt;

/// One malformed place of a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedCell {
    /// Name of the file.
    pub file: String,
    /// Line, counted from 1 with comment lines.
    pub line: u64,
    /// Column, counted from 1; 0 stands for the whole line.
    pub column: usize,
    /// Title of the column; empty for the whole line.
    pub title: String,
    /// What was found, what was expected and what to do.
    pub problem: String,
}

impl fmt::Display for MalformedCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.column > 0 {
            write!(f, ":{} (`{}`)", self.column, self.title)?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// Error of reading measured data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MeasurementError {
    /// Places of data files that cannot be read; all of them, not the first alone.
    #[error("the measured data have {} malformed place(s):\n{}", .0.len(),
        .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Malformed(Vec<MalformedCell>),
    /// A file that cannot be opened.
    #[error("cannot read `{file}`: {message}")]
    Unreadable {
        /// Name of the file.
        file: String,
        /// What the system said.
        message: String,
    },
}
