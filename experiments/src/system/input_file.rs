//! Files that a configuration names: found relative to the file that names them, and known by their SHA-256.

use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};
use spinhebb_data::config::Document;
use spinhebb_device::junction::preset;

use crate::error::ExperimentError;
use crate::experiment::Input;

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

/// Keys whose values name inputs. A list is a file for each item.
const KEYS: &[&str] =
    &["device.from", "pulses.waveform.path", "images.folder", "calibrate.data", "evaluate.checkpoint"];

/// `name`, written at `key`, as a path: relative names start at the folder of the file that holds them.
pub(super) fn resolve(document: &Document, key: &str, name: &str) -> PathBuf {
    let folder = document.folder_of(key).unwrap_or_default();
    // `./` would grow with every turn from a printed configuration to its own.
    let path: PathBuf = folder.join(name).components().filter(|part| *part != Component::CurDir).collect();
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// The inputs that the parts `parts` of `document` name.
///
/// # Errors
/// One cannot be read; with the place of its name.
pub(super) fn find(document: &Document, parts: &[String]) -> Result<Vec<InputFile>, ExperimentError> {
    let mut found = Vec::new();
    let read = |key: &&&str| parts.iter().any(|part| key.split('.').next() == Some(part));
    for key in KEYS.iter().filter(read) {
        match document.value_at(key) {
            Some(toml::Value::String(name)) => found.extend(input(document, key, key, &name)?),
            Some(toml::Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(name) = item.as_str() {
                        found.extend(input(document, key, &format!("{key}[{index}]"), name)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn input(
    document: &Document,
    key: &str,
    place: &str,
    name: &str,
) -> Result<Option<InputFile>, ExperimentError> {
    if key == "device.from" && (name == "none" || preset::names().any(|known| known == name)) {
        return Ok(None);
    }
    let path = resolve(document, key, name);
    let refused = |reason: String| ExperimentError::Config(document.at_key(place, reason));
    if name.starts_with("sha256:") {
        return Err(refused("this is the checksum of an input file; name the file itself".to_string()));
    }
    let sha256 = checksum(&path).map_err(|e| refused(format!("cannot read `{}`: {e}", path.display())))?;
    let file_name = path.file_name().map_or_else(|| name.to_string(), |n| n.to_string_lossy().into_owned());
    Ok(Some(InputFile { key: place.to_string(), name: file_name, path, sha256 }))
}

/// `document` with the paths of its inputs as they are found from here.
pub(super) fn lay_paths(document: &Document, inputs: &[InputFile]) -> Document {
    let mut document = document.clone();
    let lists = KEYS.iter().filter(|key| inputs.iter().any(|i| i.key.starts_with(&format!("{key}["))));
    let path = |input: &InputFile| toml::Value::String(input.path.display().to_string());
    let mut settings: Vec<(String, toml::Value)> = lists
        .map(|key| {
            let own = inputs.iter().filter(|i| i.key.starts_with(&format!("{key}[")));
            ((*key).to_string(), toml::Value::Array(own.map(path).collect()))
        })
        .collect();
    settings.extend(inputs.iter().filter(|i| !i.key.ends_with(']')).map(|i| (i.key.clone(), path(i))));
    for (key, value) in settings {
        document = Document::flag("paths of input files", &key, value).over(&document);
    }
    document
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

/// Whether a file of a folder is an input: those of a set of images, or the device of a calibration run. Others, such as a
/// checkpoint kept beside them, change nothing.
fn is_read(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.contains("idx") || name == "device.toml" || name == "device-mean.toml"
}
