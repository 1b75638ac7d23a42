//! Experiments with networks: training, tests, comparisons of sizes and ingredients, sensitivities.

mod ablation;
mod accounting;
mod beside;
mod cost;
mod costs;
mod course;
pub(crate) mod digits_in_time;
mod drives;
mod evaluate;
mod frozen;
mod grid;
mod hardware;
mod images;
mod inputs;
mod on_array;
mod pulses;
mod repetition;
mod sensitivity;
mod silence;
mod terms;
mod test_result;
mod train;
mod training;

pub use ablation::Ablation;
pub use drives::Drives;
pub use evaluate::Evaluate;
pub use grid::{Grid, GridSettings};
pub use sensitivity::Sensitivity;
pub use train::Train;

pub(crate) use evaluate::recipe_of;
pub(crate) use frozen::add_control;
pub(crate) use inputs::add_inputs;
pub(crate) use repetition::{deviation, over_seeds};
pub(crate) use terms::Terms;
