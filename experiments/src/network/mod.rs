//! Experiments with networks: training, tests, comparisons of sizes and ingredients, sensitivities.

mod ablation;
mod accounting;
mod cost;
mod costs;
mod course;
mod evaluate;
mod grid;
mod hardware;
mod images;
mod on_array;
mod pulses;
mod repetition;
mod sensitivity;
mod test_result;
mod train;
mod training;

pub use ablation::Ablation;
pub use evaluate::Evaluate;
pub use grid::{Grid, GridSettings};
pub use sensitivity::Sensitivity;
pub use train::Train;

pub(crate) use evaluate::recipe_of;
pub(crate) use repetition::mean_and_deviation;
