//! Files that a configuration names: found relative to the file that names them, and known by their SHA-256.

use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};
use spinhebb_data::config::{ConfigError, Document, Fault};
use spinhebb_device::junction::preset;

use crate::experiment::Input;
use crate::run::ARCHIVE;

/// A file or folder that a configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// The key that names it.
    pub key: String,
    /// Its name without folders.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of the file, or of the names and checksums of the files in the folder.
    pub sha256: String,
}

impl InputFile {
    /// Name and checksum, for the archive.
    #[must_use]
    pub fn as_input(&self) -> Input {
        Input { name: self.name.clone(), sha256: self.sha256.clone() }
    }
}

/// Keys whose values name inputs; `[]` stands for each item of a list.
const KEYS: &[&str] = &[
    "device.from",
    "population.from",
    "table.from",
    "pulses.waveform.path",
    "images.folder",
    "calibrate.data[]",
    "evaluate.checkpoint",
    "reproduce.curves[].device.from",
];

/// `name`, written at `key`, as a path: relative names start at the folder of the file that holds them.
pub(super) fn resolve(document: &Document, key: &str, name: &str) -> PathBuf {
    let folder = document.folder_of(key).unwrap_or_default();
    // `./` would grow with every turn from a printed configuration to its own.
    let path: PathBuf = folder.join(name).components().filter(|part| *part != Component::CurDir).collect();
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// The inputs that the parts `parts` of `document` name; what cannot be read is added to `faults`, with the place of its name.
pub(super) fn find(document: &Document, parts: &[String], faults: &mut Vec<Fault>) -> Vec<InputFile> {
    let mut found = Vec::new();
    let read = |key: &&&str| parts.iter().any(|part| key.split('.').next() == Some(part));
    for key in KEYS.iter().filter(read) {
        for place in places(document, key) {
            if let Some(name) = document.text_at(&place) {
                match input(document, &place, &name) {
                    Ok(input) => found.extend(input),
                    Err(error) => faults.extend_from_slice(error.faults()),
                }
            }
        }
    }
    found
}

/// The paths that `key` stands for in `document`.
fn places(document: &Document, key: &str) -> Vec<String> {
    let Some((list, rest)) = key.split_once("[]") else { return vec![key.to_string()] };
    match document.value_at(list) {
        Some(toml::Value::Array(items)) => (0..items.len()).map(|k| format!("{list}[{k}]{rest}")).collect(),
        // One file where a list of one is meant.
        Some(_) if rest.is_empty() => vec![list.to_string()],
        _ => Vec::new(),
    }
}

fn input(document: &Document, place: &str, name: &str) -> Result<Option<InputFile>, ConfigError> {
    if place.ends_with("device.from") && (name == "none" || preset::names().any(|known| known == name)) {
        return Ok(None);
    }
    let path = resolve(document, place, name);
    let refused = |reason: String| document.at_key(place, reason);
    if name.starts_with("sha256:") {
        return Err(refused("this is the checksum of an input file; name the file itself".to_string()));
    }
    let sha256 = checksum(&path).map_err(|e| refused(format!("cannot read `{}`: {e}", path.display())))?;
    let file_name = path.file_name().map_or_else(|| name.to_string(), |n| n.to_string_lossy().into_owned());
    Ok(Some(InputFile { key: place.to_string(), name: file_name, path, sha256 }))
}

/// `document` with the paths of its inputs as they are found from here.
pub(super) fn lay_paths(document: &Document, inputs: &[InputFile]) -> Document {
    inputs.iter().fold(document.clone(), |document, input| {
        document.read_as(&input.key, input.path.display().to_string())
    })
}

/// SHA-256 of a file, or of the names and checksums of the files of a folder.
fn checksum(path: &Path) -> std::io::Result<String> {
    let mut digest = Sha256::new();
    if path.is_dir() {
        let mut names: Vec<PathBuf> =
            std::fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
        names.retain(|file| file.is_file() && is_read(file));
        names.sort();
        for file in names {
            digest.update(file.file_name().unwrap_or_default().as_encoded_bytes());
            digest.update(checksum(&file)?);
        }
    } else {
        if !std::fs::metadata(path)?.is_file() {
            return Err(std::io::Error::other("it is neither a file nor a folder"));
        }
        let mut file = std::fs::File::open(path)?;
        let mut block = vec![0; 1 << 16];
        loop {
            let read = file.read(&mut block)?;
            if read == 0 {
                break;
            }
            digest.update(&block[..read]);
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a file of a folder is an input: those of a set of images, the device or the population of a calibration run, the
/// archive of a run. Others, such as a checkpoint kept beside them, change nothing.
fn is_read(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.contains("idx") || ["device.toml", "device-mean.toml", "population.toml", ARCHIVE].contains(&&*name)
}
