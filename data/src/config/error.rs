//! Complaints about configuration files that point at the word.

use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// Why a configuration could not be read or written.
///
/// It is a [`miette::Diagnostic`]: the program prints it with the line and a caret.
#[derive(Debug, thiserror::Error)]
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
    /// The configuration has no TOML form.
    #[error("the configuration cannot be written as TOML: {reason}")]
    Unwritable {
        /// Why not.
        reason: String,
    },
}

/// A complaint and the place it is about.
#[derive(Debug)]
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
    source: NamedSource<String>,
}

impl Fault {
    pub(super) fn new(
        file: &str,
        text: &str,
        span: Range<usize>,
        message: String,
        label: String,
        help: Option<String>,
    ) -> Self {
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let source = NamedSource::new(file, text.to_string()).with_language("toml");
        Self { message, label, help, span, line, column, source }
    }

    /// Name of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        self.source.name()
    }
}

impl ConfigError {
    /// File, line and column (both from 1), where the error is about a place.
    #[must_use]
    pub fn location(&self) -> Option<(&str, usize, usize)> {
        match self {
            Self::At(fault) => Some((fault.file(), fault.line, fault.column)),
            _ => None,
        }
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

impl Diagnostic for ConfigError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        match self {
            Self::At(fault) => fault.help.as_ref().map(|help| Box::new(help) as Box<_>),
            _ => None,
        }
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        match self {
            Self::At(fault) => Some(&fault.source),
            _ => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        match self {
            Self::At(fault) => {
                let label = LabeledSpan::new_with_span(Some(fault.label.clone()), fault.span.clone());
                Some(Box::new(std::iter::once(label)))
            }
            _ => None,
        }
    }
}
