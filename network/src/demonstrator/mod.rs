//! The small crossbar of Zhou et al.: inference over all patterns, learning with full traces,
//! statistics over many runs and the exact distribution of the learning time.
//!
//! The paper's network has four inputs and two neurons; every function here takes any number of
//! inputs and neurons up to 32 and 8.
//!
//! # References
//! P. Zhou, A. J. Edwards, F. B. Mancoff, S. Aggarwal, S. K. Heinrich-Barna, J. S. Friedman,
//! "Neuromorphic Hebbian learning with magnetic tunnel junction synapses", Commun. Eng. 4, 142 (2025),
//! doi:10.1038/s44172-025-00479-2, arXiv:2308.11011, Figs. 1 and 3.

mod currents;
mod dataset;
mod exact;
mod inference;
mod learning;
mod pattern;
mod sensitivity;
mod statistics;

pub use currents::{CurrentTable, DendriteCurrents, DeviceConductances};
pub use exact::{LearningTime, exact_learning_time};
pub use inference::{HammingBin, Inference, InferenceRow, infer_all};
pub use learning::{
    CycleRecord, Demonstrator, DemonstratorConfig, Firing, ImageOrder, LearningRun, PulseRecord,
    SwitchingProbabilities, Watch, learn,
};
pub use pattern::Pattern;
pub use sensitivity::{SensitivityAxis, SensitivityPoint, SensitivityStudy};
pub use statistics::{LearningStatistics, learn_many, learn_many_with};
