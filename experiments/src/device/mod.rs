//! Experiments with one junction.

mod disturb;
mod method;
mod over_population;
mod retention;
mod summary;
mod table;
mod tables;
mod trajectory;
mod voltages;
mod write_error;

pub use disturb::Disturb;
pub use retention::Retention;
pub use table::Table;
pub use trajectory::Trajectories;
pub use write_error::WriteError;

pub(crate) use method::check_method;
pub(crate) use summary::{device_name, summarise};
pub(crate) use tables::{TableSource, add_rounding};

/// Papers of the dynamics.
pub(crate) const MODELS: &[&str] = &["slonczewski1996", "brown1963", "sun2000"];
/// Papers of coupled layers.
const COUPLED_MODELS: &[&str] = &["bruno1995", "slonczewski1991"];
