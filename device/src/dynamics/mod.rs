//! Motion of the magnetisation: the stochastic LLGS equation under a pulse, its integrators, trajectories and ensembles.
//!
//! [`pulse`] says what is applied and [`schedule`] in which steps it is followed; [`lanes`] advances many trajectories
//! at once, [`trajectory`] records them and [`ensemble`] counts those that switch.

pub mod adaptive;
pub mod block;
pub mod coupled;
pub mod critical_voltage;
pub mod ensemble;
pub(crate) mod heating;
pub mod instruction_set;
pub mod integrator;
pub(crate) mod lane_step;
pub mod lanes;
pub(crate) mod llgs;
pub(crate) mod normal;
pub mod pulse;
pub mod pulses;
pub mod schedule;
pub mod trajectory;
pub mod waveform;
