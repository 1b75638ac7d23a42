//! Motion of two coupled macrospins: both layers advance together in every stage of a step, so that the order of an
//! integrator is that of one macrospin.

mod ensemble;
mod modes;
mod pairs;
mod step;
mod trajectory;

pub use ensemble::{switching_count, switching_counts_by_width};
pub use modes::{Mode, critical_voltage, modes, slowest_damping_time_s};
pub use pairs::{CoupledDynamics, LayerStreams, Pairs};
pub use trajectory::{CoupledBeginning, CoupledRecord, record};
