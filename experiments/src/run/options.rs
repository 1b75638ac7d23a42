//! Options that every computing command shares.

use std::path::PathBuf;

use crate::system::{Request, Setting};

/// How a run is started.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Configuration files; a later one wins over an earlier one.
    pub files: Vec<PathBuf>,
    /// Settings of single keys, which win over files; a later one wins over an earlier one.
    pub settings: Vec<Setting>,
    /// Directory that holds the runs.
    pub out: PathBuf,
    /// Name of this run; by default the command's, with a number if that is taken.
    pub name: Option<String>,
    /// Whether the summary is printed as JSON.
    pub json: bool,
    /// Whether only the resolved configuration is printed.
    pub dry_run: bool,
    /// Threads to use; by default one per core. Results do not depend on it.
    pub threads: Option<usize>,
}

impl RunOptions {
    /// What was asked of the system.
    #[must_use]
    pub fn request(&self) -> Request {
        Request { files: self.files.clone(), settings: self.settings.clone() }
    }
}
