//! Experiments with crossbars: read, written, mapped onto tiles and exported.

mod drive;
mod map;
mod matrix;
mod pattern;
mod solve;
mod spice;
mod tables;
mod write;
mod write_settings;

pub use map::MapTiles;
pub use pattern::PatternConfig;
pub use solve::Solve;
pub use spice::Spice;
pub use write::Write;
