//! What can go wrong with datasets, labelled arrays and archives.

use std::path::{Path, PathBuf};

/// Errors of datasets, labelled arrays and archives; configuration files have
/// [`ConfigError`](crate::config::ConfigError), which points into the file.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The operating system refused to read or write a file.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried: "read", "write", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A dataset file is absent.
    #[error("{what} `{}` is missing; {advice}", path.display())]
    Missing {
        /// What the file would have been.
        what: &'static str,
        /// Where it was looked for.
        path: PathBuf,
        /// What to do.
        advice: String,
    },
    /// A file is not what its name promises.
    #[error("`{}` is not {expected}: {found}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should have been.
        expected: String,
        /// What was found instead, with the place in the file.
        found: String,
    },
    /// A shipped file differs from the published one.
    #[error("`{}` has MD5 {found} after decompression, the published file has {expected}; restore the file, or give your own folder", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The published sum.
        expected: &'static str,
        /// The sum found.
        found: String,
    },
    /// The number of values is not the product of the shape.
    #[error("variable `{variable}`: {count} values do not fill the shape {shape:?}")]
    Shape {
        /// The variable.
        variable: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The number of values given.
        count: usize,
    },
    /// The number of dimension names is not the number of axes.
    #[error("variable `{variable}`: {dims:?} names {} dimensions, the shape {shape:?} has {}", dims.len(), shape.len())]
    Dimensions {
        /// The variable.
        variable: String,
        /// Its dimension names.
        dims: Vec<String>,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Two variables of a dataset disagree about the length of a shared dimension.
    #[error(
        "dataset `{dataset}`: variable `{variable}` has length {found} along `{dim}`, an earlier one has {expected}"
    )]
    DimensionLength {
        /// The dataset.
        dataset: String,
        /// The later variable.
        variable: String,
        /// The dimension.
        dim: String,
        /// Length set by the earlier variables.
        expected: usize,
        /// Length in the later variable.
        found: usize,
    },
    /// A name that is empty, contains `/` or a control character, or is used twice.
    #[error("`{name}` cannot name {what}: {reason}")]
    Name {
        /// The name.
        name: String,
        /// What it was to name.
        what: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// The dataset has no such variable, or it is of another type.
    #[error("dataset `{dataset}` has no {expected} variable `{variable}`")]
    NoVariable {
        /// The dataset.
        dataset: String,
        /// The variable.
        variable: String,
        /// The type that was asked for.
        expected: &'static str,
    },
    /// The HDF5 library refused.
    #[error("cannot {action} in `{}`: {reason}", path.display())]
    Hdf5 {
        /// What was tried.
        action: String,
        /// The archive.
        path: PathBuf,
        /// The library's message.
        reason: String,
    },
    /// The file to be written is already there.
    #[error("`{}` already exists; choose another name or remove it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
}

impl DataError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn malformed(path: &Path, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Malformed { path: path.to_path_buf(), expected: expected.into(), found: found.into() }
    }
}
