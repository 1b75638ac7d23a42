//! Every experiment of the program: the list from which command line, examples, schema and studies are made.

use crate::device;
use crate::experiment::Registered;

/// Every experiment, in the order in which help lists them.
pub const EXPERIMENTS: &[Registered] = &[
    Registered::new::<device::Table>(),
];

/// The experiment of these words, such as `device table`; also with dashes, as runs are named.
#[must_use]
pub fn find(name: &str) -> Option<&'static Registered> {
    EXPERIMENTS.iter().find(|e| e.name == name || e.stem() == name)
}
