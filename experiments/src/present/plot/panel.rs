//! A panel of curves, points and bands.

use super::axis::Axis;
use super::style;
use kuva::plot::LegendPosition;
use kuva::plot::{BandPlot, LinePlot, ScatterPlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// A line in the dash pattern of the series.
    Line,
    /// A line that moves in steps, for states over time.
    Step,
    /// Markers only, for measured or sampled points.
    Points,
    /// A line with markers on it.
    LinePoints,
}

/// One curve or set of points, optionally with a band or error bars.
#[derive(Debug, Clone)]
pub struct Series {
    label: Option<String>,
    points: Vec<(f64, f64)>,
    interval: Option<Vec<(f64, f64)>>,
    draw: Draw,
    tone: Option<usize>,
}

impl Series {
    /// A line through `points` (x, y).
    #[must_use]
    pub fn line(label: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { label: Some(label.into()), points, interval: None, draw: Draw::Line, tone: None }
    }

    /// Markers at `points` (x, y).
    #[must_use]
    pub fn points(label: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { draw: Draw::Points, ..Self::line(label, points) }
    }

    /// Another way of drawing.
    #[must_use]
    pub fn draw(mut self, draw: Draw) -> Self {
        self.draw = draw;
        self
    }

    /// Interval (lower, upper) of each point: a band behind a line, bars through markers.
    #[must_use]
    pub fn interval(mut self, interval: Vec<(f64, f64)>) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Uses the colour, dash and marker of the series number `tone` instead of its own place.
    #[must_use]
    pub fn tone(mut self, tone: usize) -> Self {
        self.tone = Some(tone);
        self
    }

    /// Leaves the series out of the legend.
    #[must_use]
    pub fn unlabelled(mut self) -> Self {
        self.label = None;
        self
    }

    fn plots(&self, place: usize, x: &Axis, y: &Axis, low: f64) -> Vec<Plot> {
        let tone = self.tone.unwrap_or(place);
        let colour = style::colour(tone);
        let mut positions = Vec::with_capacity(self.points.len());
        let mut bounds = Vec::with_capacity(self.points.len());
        for (index, &(px, py)) in self.points.iter().enumerate() {
            if let (Some(px), Some(py)) = (x.scale.position(px), y.scale.position(py)) {
                positions.push((px, py));
                let (below, above) = self
                    .interval
                    .as_ref()
                    .and_then(|i| i.get(index))
                    .copied()
                    .unwrap_or((f64::NAN, f64::NAN));
                // A bound that the scale cannot place (zero on a logarithm) reaches to the axis.
                bounds.push((y.scale.position(below).unwrap_or(low), y.scale.position(above).unwrap_or(py)));
            }
        }
        let mut plots = Vec::new();
        let lined = matches!(self.draw, Draw::Line | Draw::Step | Draw::LinePoints);
        if self.interval.is_some() && lined && positions.len() > 1 {
            plots.push(Plot::from(
                BandPlot::new(
                    positions.iter().map(|p| p.0),
                    bounds.iter().map(|b| b.0),
                    bounds.iter().map(|b| b.1),
                )
                .with_color(colour)
                .with_opacity(0.2),
            ));
        }
        if lined {
            let mut line = LinePlot::new()
                .with_data(positions.clone())
                .with_color(colour)
                .with_stroke_width(1.6)
                .with_line_style(style::dash(tone));
            if self.draw == Draw::Step {
                line = line.with_step();
            }
            if let Some(label) = &self.label {
                line = line.with_legend(label.clone());
            }
            plots.push(line.into());
        }
        if matches!(self.draw, Draw::Points | Draw::LinePoints) {
            let mut markers = ScatterPlot::new()
                .with_data(positions.clone())
                .with_color(colour)
                .with_size(3.5)
                .with_marker(style::marker(tone));
            if self.interval.is_some() && !lined {
                markers = markers.with_y_err_asymmetric(
                    positions.iter().zip(&bounds).map(|(p, b)| ((p.1 - b.0).max(0.0), (b.1 - p.1).max(0.0))),
                );
            }
            if let (Some(label), false) = (&self.label, lined) {
                markers = markers.with_legend(label.clone());
            }
            plots.push(markers.into());
        }
        plots
    }
}

/// Where a legend stands inside its panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corner {
    /// Upper left.
    TopLeft,
    /// Upper right.
    TopRight,
    /// Lower left.
    BottomLeft,
    /// Lower right.
    BottomRight,
}

/// Curves over two axes.
#[derive(Debug, Clone)]
pub struct Panel {
    title: String,
    x: Axis,
    y: Axis,
    series: Vec<Series>,
    marks: Vec<(f64, String, bool)>,
    legend: Option<Corner>,
}

impl Panel {
    /// An empty panel.
    #[must_use]
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self { title: title.into(), x, y, series: Vec::new(), marks: Vec::new(), legend: None }
    }

    /// Adds a series.
    #[must_use]
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Adds a labelled horizontal line, such as a paper's value.
    #[must_use]
    pub fn horizontal(mut self, y: f64, label: impl Into<String>) -> Self {
        self.marks.push((y, label.into(), true));
        self
    }

    /// Adds a labelled vertical line.
    #[must_use]
    pub fn vertical(mut self, x: f64, label: impl Into<String>) -> Self {
        self.marks.push((x, label.into(), false));
        self
    }

    /// Puts the legend into a corner inside the panel instead of beside it.
    #[must_use]
    pub fn legend(mut self, corner: Corner) -> Self {
        self.legend = Some(corner);
        self
    }

    pub(super) fn render(&self) -> (Vec<Plot>, Layout) {
        let positions = |axis: &Axis, pick: fn(&(f64, f64)) -> f64| {
            let scale = axis.scale;
            self.series
                .iter()
                .flat_map(move |s| s.points.iter().filter_map(move |p| scale.position(pick(p))))
                .collect::<Vec<_>>()
        };
        let x_range = self.x.positions(positions(&self.x, |p| p.0).into_iter());
        let y_range = self.y.positions(positions(&self.y, |p| p.1).into_iter());
        let mut plots = Vec::new();
        for (place, series) in self.series.iter().enumerate() {
            plots.extend(series.plots(place, &self.x, &self.y, y_range.0));
        }
        let mut layout = Layout::new(x_range, y_range)
            .with_title(self.title.clone())
            .with_title_size(15)
            .with_label_size(13)
            .with_tick_size(11)
            .with_body_size(11)
            .with_x_label(self.x.label.clone())
            .with_y_label(self.y.label.clone())
            .with_x_axis_min(x_range.0)
            .with_x_axis_max(x_range.1)
            .with_y_axis_min(y_range.0)
            .with_y_axis_max(y_range.1)
            .with_x_tick_format(self.x.scale.tick_format())
            .with_y_tick_format(self.y.scale.tick_format());
        layout.show_legend = self.series.iter().any(|s| s.label.is_some());
        if let Some(longest) =
            self.series.iter().filter_map(|s| Some(s.label.as_ref()?.chars().count())).max()
        {
            layout = layout.with_legend_width(legend_width(longest));
        }
        if self.x.scale == super::Scale::Log10 {
            layout = layout.with_x_tick_step(decade_step(x_range));
        }
        if self.y.scale == super::Scale::Log10 {
            layout = layout.with_y_tick_step(decade_step(y_range));
        }
        if let Some(corner) = self.legend {
            layout = layout.with_legend_position(match corner {
                Corner::TopLeft => LegendPosition::InsideTopLeft,
                Corner::TopRight => LegendPosition::InsideTopRight,
                Corner::BottomLeft => LegendPosition::InsideBottomLeft,
                Corner::BottomRight => LegendPosition::InsideBottomRight,
            });
        }
        for (value, label, horizontal) in &self.marks {
            let axis = if *horizontal { &self.y } else { &self.x };
            let Some(position) = axis.scale.position(*value) else { continue };
            let line = if *horizontal {
                ReferenceLine::horizontal(position)
            } else {
                ReferenceLine::vertical(position)
            };
            layout = layout.with_reference_line(line.with_label(label.clone()).with_color("#555555"));
        }
        (plots, layout)
    }
}

/// Width in pixels of a legend whose longest label has `characters`: swatch and margins, and the mean width of a character
/// at the size of the body. The plotting library keeps 120 pixels, some 15 characters, for any label.
fn legend_width(characters: usize) -> f64 {
    40.0 + 6.6 * characters as f64
}

/// Whole decades between ticks, so that at most about eight are labelled.
fn decade_step((low, high): (f64, f64)) -> f64 {
    ((high - low) / 8.0).ceil().max(1.0)
}
