//! Switching probabilities: closed forms, the Fokker-Planck equation (axial or on the sphere), rare-event splitting, and
//! the tables that hold them.
//!
//! [`probability`] is the one face of all back ends; [`table`] interpolates what they computed over voltage and width.

pub mod amplitude;
pub mod axial;
pub mod closed_form;
mod counts;
mod direction;
pub mod estimate;
pub mod fokker_planck;
mod grid;
pub mod probability;
pub mod sphere;
pub mod splitting;
pub mod table;
pub mod table_config;

pub use grid::PulseGrid;
