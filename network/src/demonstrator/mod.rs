//! The small crossbar of Zhou et al.: inference over all patterns, learning with full traces,
//! statistics over many runs and the exact distribution of the learning time.
//!
//! Both studies take their currents from one [`SmallArray`], solved as a circuit, which also says what the write of a firing
//! does to every device.
//!
//! The paper's network has four inputs and two neurons; every function here takes any number of
//! inputs and neurons up to 32 and 8.
//!
//! # References
//! P. Zhou, A. J. Edwards, F. B. Mancoff, S. Aggarwal, S. K. Heinrich-Barna, J. S. Friedman,
//! "Neuromorphic Hebbian learning with magnetic tunnel junction synapses", Commun. Eng. 4, 142 (2025),
//! doi:10.1038/s44172-025-00479-2, arXiv:2308.11011, Figs. 1 and 3.

mod config;
mod currents;
mod dataset;
mod exact;
mod inference;
mod learning;
mod pattern;
mod sensitivity;
mod small_array;
mod statistics;
mod write_probabilities;

pub use config::{DemonstratorConfig, ImageOrder, ZeroInput, ZeroInputs};
pub use currents::{CurrentTable, DendriteCurrents, DeviceConductances};
pub use exact::{LearningTime, exact_learning_time};
pub use inference::{HammingBin, Inference, InferenceRow, infer_all};
pub use learning::{CycleRecord, Demonstrator, Firing, LearningRun, PulseRecord, Watch, learn};
pub use pattern::Pattern;
pub use sensitivity::{SensitivityAxis, SensitivityPoint, SensitivityStudy};
pub use small_array::{ArrayPulses, SmallArray};
pub use statistics::{LearningStatistics, learn_many, learn_many_with};
pub use write_probabilities::{SwitchingProbabilities, WriteEvent, WriteProbabilities, WriteTable};
