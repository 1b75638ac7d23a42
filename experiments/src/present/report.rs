//! The report of a run: one self-contained HTML page, figures inline, nothing from the network.

use std::fmt::Write as _;

use super::bibliography;
use super::plot::Figure;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#111}\
h1{font-size:1.7rem}h2{font-size:1.3rem;border-bottom:1px solid #999;margin-top:2.5rem}\
figure{margin:1.5rem 0}figure svg{max-width:100%;height:auto}figcaption{font-size:.95rem}\
.how{color:#444;font-size:.88rem}table{border-collapse:collapse;margin:1rem 0;font-size:.92rem}\
th,td{border:1px solid #bbb;padding:.25rem .6rem;text-align:left;vertical-align:top}th{background:#eee}.warning{border-left:.3rem solid #b00;padding-left:.7rem}\
pre{background:#f4f4f4;padding:1rem;overflow-x:auto;font-size:.82rem}@media print{body{max-width:none}}";

/// One line of a comparison: quantity, ours, published, how ours was obtained.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What is compared, with its unit.
    pub quantity: String,
    /// This run's value.
    pub ours: String,
    /// The published value, or a dash.
    pub published: String,
    /// How our number was obtained, and where the published one stands.
    pub how: String,
}

impl Comparison {
    /// A line of the table.
    #[must_use]
    pub fn new(
        quantity: impl Into<String>,
        ours: impl Into<String>,
        published: impl Into<String>,
        how: impl Into<String>,
    ) -> Self {
        Self { quantity: quantity.into(), ours: ours.into(), published: published.into(), how: how.into() }
    }
}

/// A page being written.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    body: String,
}

/// What stands around the body of a page.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Title of the page.
    pub title: &'a str,
    /// When the run began, in words; `None` where that is not known.
    pub date: Option<&'a str>,
    /// Words of the command.
    pub experiment: &'a str,
    /// The resolved configuration.
    pub configuration: &'a str,
    /// What a reader must know.
    pub warnings: &'a [String],
    /// Keys of the papers whose models were used.
    pub citations: &'a [&'a str],
}

impl Report {
    /// Begins a section.
    pub fn section(&mut self, title: &str) {
        let _ = writeln!(self.body, "<h2>{}</h2>", escape(title));
    }

    /// Adds a paragraph of plain text.
    pub fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p>{}</p>", escape(text));
    }

    /// Adds a table of our figures beside the published ones.
    pub fn comparison(&mut self, rows: &[Comparison]) {
        self.body.push_str(
            "<table><tr><th>quantity</th><th>this run</th><th>published</th><th>how obtained</th></tr>\n",
        );
        for row in rows {
            let _ = writeln!(
                self.body,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(&row.quantity),
                escape(&row.ours),
                escape(&row.published),
                escape(&row.how)
            );
        }
        self.body.push_str("</table>\n");
    }

    /// Adds a table with named columns.
    pub fn table(&mut self, columns: &[&str], rows: &[Vec<String>]) {
        self.body.push_str("<table><tr>");
        for column in columns {
            let _ = write!(self.body, "<th>{}</th>", escape(column));
        }
        self.body.push_str("</tr>\n");
        for row in rows {
            self.body.push_str("<tr>");
            for cell in row {
                let _ = write!(self.body, "<td>{}</td>", escape(cell));
            }
            self.body.push_str("</tr>\n");
        }
        self.body.push_str("</table>\n");
    }

    /// Adds a figure with its caption and the line on how its numbers were obtained.
    pub fn figure(&mut self, figure: &Figure, svg: &str) {
        // An inline SVG is an element, not a document: the XML declaration goes.
        let element = svg.find("<svg").map_or(svg, |start| &svg[start..]);
        let _ = writeln!(
            self.body,
            "<figure>{element}<figcaption>{} <span class=\"how\">{}</span></figcaption></figure>",
            escape(&figure.caption),
            escape(&figure.how)
        );
    }

    /// The whole page with the resolved configuration and the references at its end.
    #[must_use]
    pub fn page(&self, frame: &Frame<'_>) -> String {
        let mut references = String::new();
        for entry in frame.citations.iter().filter_map(|key| bibliography::entry(key)) {
            let _ = write!(references, "{}\n\n", escape(entry));
        }
        let mut warnings = String::new();
        for warning in frame.warnings {
            let _ =
                writeln!(warnings, "<p class=\"warning\"><strong>Warning:</strong> {}</p>", escape(warning));
        }
        let date = frame.date.map(|date| format!(", {}", escape(date))).unwrap_or_default();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
             <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\n\
             <h1>{title}</h1>\n<p class=\"how\">spinhebb {version}, {experiment}{date}</p>\n{warnings}{body}\
             <h2>Configuration</h2>\n<pre>{configuration}</pre>\n<h2>References</h2>\n<pre>{references}</pre>\n</body></html>\n",
            title = escape(frame.title),
            version = env!("CARGO_PKG_VERSION"),
            experiment = escape(frame.experiment),
            body = self.body,
            configuration = escape(frame.configuration),
        )
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_the_page() {
        let mut report = Report::default();
        report.paragraph("<script>alert(1)</script>");
        report.comparison(&[Comparison::new("x & y", "1", "2", "\"how\"")]);
        let page = report.page(&Frame {
            title: "a < b",
            date: Some("2026"),
            experiment: "device table",
            configuration: "k = \"<v>\"",
            warnings: &["<b>long</b> step".to_string()],
            citations: &["zhou2025"],
        });
        assert!(!page.contains("<script>") && !page.contains("<b>long"));
        assert!(page.contains("a &lt; b") && page.contains("x &amp; y") && page.contains("&lt;v&gt;"));
        assert!(page.contains("@article{zhou2025"));
    }
}
