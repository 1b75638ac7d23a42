//! Complaints about configuration files that point at the word.

use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use super::{Document, FieldFault};

/// Most faults that are shown; the rest is counted.
const MOST_SHOWN: usize = 50;

/// Why a configuration could not be read or written.
///
/// It is a [`miette::Diagnostic`]: the program prints it with the line and a caret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read at all.
    #[error("cannot read the configuration `{file}`: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why not.
        reason: String,
    },
    /// Something at a known place.
    #[error("{}", _0.message)]
    At(Box<Fault>),
    /// Several things, each at its place.
    #[error("{} faults in the configuration", _0.len())]
    Many(Vec<Fault>),
    /// The configuration has no TOML form.
    #[error("the configuration cannot be written as TOML: {reason}")]
    Unwritable {
        /// Why not.
        reason: String,
    },
}

/// A complaint and the place it is about.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What is wrong, with key, value and what was expected.
    pub message: String,
    /// Words under the caret.
    pub label: String,
    /// What to do, where there is more to say.
    pub help: Option<String>,
    /// Bytes of the text that are meant.
    pub span: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    text: Arc<NamedSource<String>>,
}

impl Fault {
    pub(super) fn new(
        text: &Arc<NamedSource<String>>,
        span: Range<usize>,
        message: String,
        label: String,
        help: Option<String>,
    ) -> Self {
        let before = text.inner().get(..span.start).unwrap_or_default();
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { message, label, help, span, line, column, text: Arc::clone(text) }
    }

    /// Whether both point at the same word of the same text.
    #[must_use]
    pub fn is_at_the_place_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text) && self.span == other.span
    }

    /// Name of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        self.text.name()
    }
}

impl ConfigError {
    /// One error for all `faults`; `None` where there are none.
    #[must_use]
    pub fn from_faults(mut faults: Vec<Fault>) -> Option<Self> {
        match faults.len() {
            0 => None,
            1 => faults.pop().map(|fault| Self::At(Box::new(fault))),
            _ => Some(Self::Many(faults)),
        }
    }

    /// One error for all the values of `document` that a [`Check`](super::Check) complained about, each at
    /// its place; `None` where it did not.
    #[must_use]
    pub fn located(document: &Document, faults: &[FieldFault]) -> Option<Self> {
        let located = faults.iter().map(|fault| document.fault_at(&fault.path, fault.to_string()));
        Self::from_faults(located.collect())
    }

    /// What is wrong at known places; empty where the error is about none.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::At(fault) => std::slice::from_ref(fault),
            Self::Many(faults) => faults,
            Self::Unreadable { .. } | Self::Unwritable { .. } => &[],
        }
    }

    /// File, line and column (both from 1) of the first fault, where the error is about a place.
    #[must_use]
    pub fn location(&self) -> Option<(&str, usize, usize)> {
        self.faults().first().map(|fault| (fault.file(), fault.line, fault.column))
    }

    /// The whole message with file, line and caret, as plain text.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = String::new();
        let theme = miette::GraphicalTheme::unicode_nocolor();
        let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(110);
        match handler.render_report(&mut text, self) {
            Ok(()) => text,
            Err(_) => self.to_string(),
        }
    }
}

impl Diagnostic for Fault {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<_>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.text)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some(self.label.clone()), self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

impl Diagnostic for ConfigError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        match self {
            Self::At(fault) => fault.help(),
            Self::Many(faults) if faults.len() > MOST_SHOWN => {
                Some(Box::new(format!("the first {MOST_SHOWN} are shown")))
            }
            _ => None,
        }
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        match self {
            Self::At(fault) => fault.source_code(),
            _ => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        match self {
            Self::At(fault) => fault.labels(),
            _ => None,
        }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self {
            Self::Many(faults) => {
                let shown = faults.iter().take(MOST_SHOWN);
                Some(Box::new(shown.map(|fault| fault as &dyn Diagnostic)))
            }
            _ => None,
        }
    }
}
