//! The page of a run: sections, tables and figures in the order in which they are added.

use super::plot::Figure;
use super::report::{Comparison, Report};

/// A page being drawn.
#[derive(Default)]
pub struct Page {
    report: Report,
    figures: Vec<(String, String)>,
}

/// A page as files.
pub struct Drawn {
    /// The page, one self-contained HTML file.
    pub html: String,
    /// Name without ending and SVG text of every figure.
    pub figures: Vec<(String, String)>,
}

impl Page {
    /// Begins a section.
    pub fn section(&mut self, title: &str) {
        self.report.section(title);
    }

    /// Adds a paragraph of plain text.
    pub fn paragraph(&mut self, text: &str) {
        self.report.paragraph(text);
    }

    /// Adds a table with named columns.
    pub fn table(&mut self, columns: &[&str], rows: &[Vec<String>]) {
        self.report.table(columns, rows);
    }

    /// Adds a table of our figures beside the published ones.
    pub fn comparison(&mut self, rows: &[Comparison]) {
        self.report.comparison(rows);
    }

    /// Adds a figure, which also becomes a file of its own.
    pub fn figure(&mut self, figure: &Figure) {
        let svg = figure.to_svg();
        self.report.figure(figure, &svg);
        self.figures.push((figure.name.clone(), svg));
    }

    /// Figures so far.
    #[must_use]
    pub fn figures(&self) -> &[(String, String)] {
        &self.figures
    }

    /// Finishes the page.
    #[must_use]
    pub fn finish(self, frame: &super::report::Frame<'_>) -> Drawn {
        Drawn { html: self.report.page(frame), figures: self.figures }
    }
}
