//! Experiments with networks: training, tests, comparisons of sizes and ingredients, sensitivities.

mod ablation;
mod accounting;
mod array;
mod cost;
mod costs;
mod course;
mod evaluate;
mod grid;
mod images;
mod on_array;
mod pulses;
mod repetition;
mod sensitivity;
mod test_result;
mod train;
mod training;

pub use ablation::Ablation;
pub use array::OnTheArray;
pub use evaluate::Evaluate;
pub use grid::Grid;
pub use sensitivity::Sensitivity;
pub use train::Train;

pub(crate) use evaluate::recipe_of;

/// Device, table and array that networks start from.
const HARDWARE: &str = include_str!("../../defaults/network_hardware.toml");
