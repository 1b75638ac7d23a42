//! Figures: labelled axes with units, legible in print and in greyscale, drawn with kuva.
//!
//! A [`Figure`] is one or more panels side by side. A panel is either curves over two
//! [`Axis`] scales ([`Panel`]) or a map of cells ([`Map`]). The same data
//! always give the same bytes of SVG.

mod axis;
mod figure;
mod map;
mod panel;
mod style;

pub use axis::{Axis, Scale};
pub use figure::Figure;
pub use map::Map;
pub use panel::{Corner, Draw, Panel, Series};
