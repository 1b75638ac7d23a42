//! A figure: panels side by side, a caption, and how its numbers were obtained.

use super::{Map, Panel};
use kuva::backend::svg::SvgBackend;
use kuva::render::figure::Figure as KuvaFigure;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

enum Part {
    Curves(Panel),
    Cells(Map),
}

/// One figure of a run, written as `figures/<name>.svg` and put into the report.
pub struct Figure {
    /// File name without its ending.
    pub name: String,
    /// What is to be seen.
    pub caption: String,
    /// One line on how the numbers were obtained.
    pub how: String,
    columns: usize,
    cell: (f64, f64),
    parts: Vec<Part>,
}

impl Figure {
    /// A figure without panels.
    #[must_use]
    pub fn new(name: impl Into<String>, caption: impl Into<String>, how: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            caption: caption.into(),
            how: how.into(),
            columns: 2,
            cell: (520.0, 380.0),
            parts: Vec::new(),
        }
    }

    /// Number of panels in a row; 2 unless told.
    #[must_use]
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns.max(1);
        self
    }

    /// Width and height of one panel in pixels; 520 x 380 unless told.
    #[must_use]
    pub fn cell(mut self, width: f64, height: f64) -> Self {
        self.cell = (width, height);
        self
    }

    /// Adds a panel of curves.
    #[must_use]
    pub fn panel(mut self, panel: Panel) -> Self {
        self.parts.push(Part::Curves(panel));
        self
    }

    /// Adds a map of cells.
    #[must_use]
    pub fn map(mut self, map: Map) -> Self {
        self.parts.push(Part::Cells(map));
        self
    }

    /// The figure as SVG; the same data give the same bytes.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let rendered: Vec<(Vec<Plot>, Layout)> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Curves(panel) => panel.render(),
                Part::Cells(map) => map.render(),
            })
            .collect();
        let columns = self.columns.min(rendered.len().max(1));
        let rows = rendered.len().div_ceil(columns).max(1);
        let (plots, layouts): (Vec<_>, Vec<_>) = rendered.into_iter().unzip();
        let scene = KuvaFigure::new(rows, columns)
            .with_plots(plots)
            .with_layouts(layouts)
            .with_cell_size(self.cell.0, self.cell.1)
            .render();
        // The plotting library names a size alone; without a view box a page that narrows the
        // figure would cut it off instead of shrinking it.
        let view = format!("<svg viewBox=\"0 0 {} {}\" ", scene.width, scene.height);
        SvgBackend.render_scene(&scene).replacen("<svg ", &view, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::plot::{Axis, Series};

    #[test]
    fn a_figure_shrinks_with_the_page_that_holds_it() {
        let panel = Panel::new("m", Axis::linear("time (ns)"), Axis::linear("m_z"))
            .series(Series::line("m_z", vec![(0.0, 0.0), (1.0, 1.0)]));
        let svg = Figure::new("m", "m", "m").panel(panel).to_svg();
        let size = |key: &str| {
            let from = svg.split_once(&format!(" {key}=\"")).expect("a size").1;
            from.split_once('"').expect("a quote").0.to_owned()
        };
        assert_eq!(size("viewBox"), format!("0 0 {} {}", size("width"), size("height")));
    }
}
