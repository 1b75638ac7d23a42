//! A map of cells in colour: voltages over a crossbar, receptive fields, confusion matrices.

use kuva::plot::{ColorMap, Heatmap};
use kuva::render::annotations::TextAnnotation;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use std::sync::Arc;

/// A matrix of values, row 0 at the top, in a colour map whose lightness grows with the value.
#[derive(Debug, Clone)]
pub struct Map {
    title: String,
    x_label: String,
    y_label: String,
    value_label: String,
    rows: Vec<Vec<f64>>,
    names: Option<(Vec<String>, Vec<String>)>,
    print_values: bool,
    marks: Vec<(f64, f64, String)>,
}

impl Map {
    /// A map of `rows`; all rows have one length. `value_label` names the colour bar with its unit.
    #[must_use]
    pub fn new(
        title: impl Into<String>,
        x_label: impl Into<String>,
        y_label: impl Into<String>,
        value_label: impl Into<String>,
        rows: Vec<Vec<f64>>,
    ) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            value_label: value_label.into(),
            rows,
            names: None,
            print_values: false,
            marks: Vec::new(),
        }
    }

    /// Names of the rows and columns in place of their numbers.
    #[must_use]
    pub fn names(mut self, rows: Vec<String>, columns: Vec<String>) -> Self {
        self.names = Some((rows, columns));
        self
    }

    /// Prints each value into its cell.
    #[must_use]
    pub fn print_values(mut self) -> Self {
        self.print_values = true;
        self
    }

    /// Writes short black texts onto the map, each centred on a column and standing 6 px above the middle of a row; both may lie
    /// between cells.
    #[must_use]
    pub fn marks(mut self, marks: Vec<(f64, f64, String)>) -> Self {
        self.marks = marks;
        self
    }

    /// Leaves the cells unnumbered, for pictures.
    #[must_use]
    pub fn unnumbered(self) -> Self {
        let (rows, columns) = (self.rows.len(), self.rows.first().map_or(0, Vec::len));
        self.names(vec![String::new(); rows], vec![String::new(); columns])
    }

    /// Title with what the colour bar means, which has no label of its own.
    fn title(&self) -> String {
        match (self.title.as_str(), self.value_label.as_str()) {
            (title, "") => title.to_string(),
            ("", label) => label.to_string(),
            (title, label) => format!("{title}: {label}"),
        }
    }

    pub(super) fn render(&self) -> (Vec<Plot>, Layout) {
        // kuva draws its first row at the bottom; ours is at the top.
        let rows: Vec<Vec<f64>> = self.rows.iter().rev().cloned().collect();
        let height = rows.len();
        let map =
            Heatmap::new().with_data(rows.clone()).with_cell_size(1.0).with_color_map(if self.print_values {
                ColorMap::Custom(Arc::new(pale))
            } else {
                ColorMap::Cividis
            });
        let plots = vec![Plot::from(map)];
        let mut layout = Layout::auto_from_plots(&plots)
            .with_title(self.title())
            .with_title_size(15)
            .with_label_size(13)
            .with_tick_size(11)
            .with_x_label(self.x_label.clone())
            .with_y_label(self.y_label.clone())
            .with_box_axes();
        let (row_names, column_names) = match &self.names {
            Some((rows, columns)) => (rows.iter().rev().cloned().collect(), columns.clone()),
            None => {
                (thinned(height).into_iter().rev().collect(), thinned(self.rows.first().map_or(0, Vec::len)))
            }
        };
        let column_names_blank = column_names.iter().all(String::is_empty);
        layout = layout.with_y_categories(row_names).with_x_categories(column_names);
        if column_names_blank {
            layout = layout.with_tick_length(0.0);
        }
        if self.print_values {
            for (r, row) in rows.iter().enumerate() {
                for (c, value) in row.iter().enumerate() {
                    let text =
                        if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") };
                    layout = layout.with_annotation(
                        TextAnnotation::new(text, c as f64 + 1.0, r as f64 + 0.75).with_font_size(9),
                    );
                }
            }
        }
        for (row, column, text) in &self.marks {
            let (x, y) = (column + 1.0, height as f64 - row);
            let mark = TextAnnotation::new(text.clone(), x, y).with_font_size(9);
            layout = layout.with_annotation(mark);
        }
        (plots, layout)
    }
}

/// Numbers 0, 1, ... of `count` cells, blank where labelling each would crowd the axis.
fn thinned(count: usize) -> Vec<String> {
    let step = count.div_ceil(10).max(1);
    (0..count).map(|i| if i % step == 0 { i.to_string() } else { String::new() }).collect()
}

/// White to mid blue: black figures stay legible on every cell.
fn pale(t: f64) -> String {
    let mix = |low: f64| (255.0 - (255.0 - low) * t.clamp(0.0, 1.0)).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(110.0), mix(165.0), mix(215.0))
}
