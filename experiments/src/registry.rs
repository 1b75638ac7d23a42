//! Every experiment of the program: the list from which command line, examples, schema and studies are made.

use crate::experiment::Registered;
use crate::{calibration, circuit, device, network, reproduce};

/// Every experiment, in the order in which help lists them.
pub const EXPERIMENTS: &[Registered] = &[
    Registered::new::<reproduce::Reproduce>(),
    Registered::new::<calibration::Calibrate>(),
    Registered::new::<device::Trajectories>(),
    Registered::new::<device::Table>(),
    Registered::new::<device::WriteError>(),
    Registered::new::<device::Retention>(),
    Registered::new::<device::Disturb>(),
    Registered::new::<circuit::Solve>(),
    Registered::new::<circuit::Write>(),
    Registered::new::<circuit::MapTiles>(),
    Registered::new::<circuit::Spice>(),
    Registered::new::<network::Train>(),
    Registered::new::<network::Evaluate>(),
    Registered::new::<network::Drives>(),
    Registered::new::<network::Grid>(),
    Registered::new::<network::Ablation>(),
    Registered::new::<network::Sensitivity>(),
];

/// The experiment of these words, such as `device table`; also with dashes, as runs are named.
#[must_use]
pub fn find(name: &str) -> Option<&'static Registered> {
    EXPERIMENTS.iter().find(|e| e.name == name || e.stem() == name)
}
