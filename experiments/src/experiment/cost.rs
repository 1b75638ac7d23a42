//! What a computation takes, before it begins.

use std::fmt::{self, Display};

/// Memory and time of a computation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Largest memory at one time, in bytes; 0 where it is small.
    pub bytes: f64,
    /// Time on one core of an ordinary machine, in s; `None` where nothing is known before.
    pub core_seconds: Option<f64>,
}

impl Cost {
    /// A computation that holds `bytes` and takes `core_seconds` on one core.
    #[must_use]
    pub fn new(bytes: f64, core_seconds: f64) -> Self {
        Self { bytes, core_seconds: Some(core_seconds) }
    }
}

impl Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.core_seconds {
            None => write!(f, "time not known before the start")?,
            Some(seconds) if seconds < 1.0 => write!(f, "below 1 s of one core")?,
            Some(seconds) if seconds < 120.0 => write!(f, "some {seconds:.0} s of one core")?,
            Some(seconds) => write!(f, "some {:.0} min of one core", seconds / 60.0)?,
        }
        match self.bytes {
            bytes if bytes < 1e7 => Ok(()),
            bytes if bytes < 1e9 => write!(f, ", {:.0} MB of memory", bytes / 1e6),
            bytes => write!(f, ", {:.1} GB of memory", bytes / 1e9),
        }
    }
}
