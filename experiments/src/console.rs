//! What the program prints on its standard output.

use std::io::Write as _;

use crate::error::ExperimentError;

/// Prints `text`.
///
/// # Errors
/// Standard output does not take it: a full disk behind a redirection, a closed pipe.
pub(crate) fn print(text: &str) -> Result<(), ExperimentError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(ExperimentError::io("write", "standard output"))
}
