//! Where the datasets that come with spinhebb are found at run time.

use std::path::PathBuf;

use crate::DataError;

/// Environment variable that names the data folder, for installed binaries.
pub const FOLDER_VARIABLE: &str = "SPINHEBB_DATA";

/// The folder `part` (such as `"mnist"`) of the shipped data.
///
/// Looked for, in this order: under the folder named by [`FOLDER_VARIABLE`]; under `data/` beside the
/// executable or up to four folders above it (`target/release/` of a clone, or an unpacked
/// archive); where the sources were when the program was built.
///
/// # Errors
/// None of these exists; the error names the last place and says what to do.
pub fn folder(part: &str) -> Result<PathBuf, DataError> {
    if let Some(data) = std::env::var_os(FOLDER_VARIABLE) {
        let path = PathBuf::from(data).join(part);
        // Who names a folder wants that one and no other.
        return if path.is_dir() { Ok(path) } else { Err(missing(path)) };
    }
    let executable = std::env::current_exe().ok().and_then(|path| path.canonicalize().ok());
    let above = executable.iter().flat_map(|path| path.ancestors().skip(1).take(5));
    let beside = above.map(|folder| folder.join("data").join(part));
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(part);
    beside.chain([built.clone()]).find(|path| path.is_dir()).ok_or_else(|| missing(built))
}

fn missing(path: PathBuf) -> DataError {
    DataError::Missing {
        what: "the folder of shipped data",
        path,
        advice: format!("set {FOLDER_VARIABLE} to the `data` folder of a spinhebb clone"),
    }
}
