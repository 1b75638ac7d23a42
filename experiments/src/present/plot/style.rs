//! Colours, dashes and markers of the curves: told apart in print and in greyscale.

use kuva::plot::LineStyle;
use kuva::plot::scatter::MarkerShape;

/// Colours after Okabe and Ito, ordered so that neighbours also differ in lightness.
const COLOURS: [&str; 8] =
    ["#000000", "#D55E00", "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#888888"];

const MARKERS: [MarkerShape; 8] = [
    MarkerShape::Circle,
    MarkerShape::Square,
    MarkerShape::Triangle,
    MarkerShape::Diamond,
    MarkerShape::TriangleDown,
    MarkerShape::Cross,
    MarkerShape::Plus,
    MarkerShape::Star,
];

const DASHES: [&str; 8] = ["", "7 3", "2 2", "9 3 2 3", "12 4", "4 2", "1 3", "9 2 2 2 2 2"];

/// Colour of the series `tone`.
pub(super) fn colour(tone: usize) -> &'static str {
    COLOURS[tone % COLOURS.len()]
}

/// Marker of the series `tone`.
pub(super) fn marker(tone: usize) -> MarkerShape {
    MARKERS[tone % MARKERS.len()]
}

/// Dash pattern of the series `tone`.
pub(super) fn dash(tone: usize) -> LineStyle {
    match DASHES[tone % DASHES.len()] {
        "" => LineStyle::Solid,
        pattern => LineStyle::Custom(pattern.to_string()),
    }
}
