//! What the machine gives an experiment while it computes: seed, progress, and units that survive an interruption.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sha2::{Digest, Sha256};
use spinhebb_data::archive::{self, Archive, Header};

use super::sealable::Sealable;
use crate::error::ExperimentError;
use crate::progress::{Progress, Stage};

/// Folder of sealed units: each finished piece of work stands in a file of its own.
#[derive(Debug, Clone)]
pub struct Units {
    folder: PathBuf,
}

impl Units {
    /// Units in `folder`, which exists.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn file(&self, key: &str) -> PathBuf {
        let digest = Sha256::digest(key.as_bytes());
        let hex: String = digest.iter().take(12).map(|b| format!("{b:02x}")).collect();
        self.folder.join(format!("{hex}.h5"))
    }
}

/// The surroundings of a computation.
pub struct Context {
    seed: u64,
    units: Option<Units>,
    progress: Mutex<Progress>,
}

impl Context {
    /// Surroundings of a run whose finished units stand in `units`.
    #[must_use]
    pub fn new(seed: u64, units: Units) -> Self {
        Self { seed, units: Some(units), progress: Mutex::new(Progress::default()) }
    }

    /// Surroundings that keep nothing, for tests and for experiments computed inside others.
    #[must_use]
    pub fn fleeting(seed: u64) -> Self {
        Self { seed, units: None, progress: Mutex::new(Progress::default()) }
    }

    /// Master seed of all random streams.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// A file of that name that survives an interruption, such as a checkpoint; `None` where nothing is kept.
    #[must_use]
    pub fn checkpoint(&self, name: &str) -> Option<PathBuf> {
        self.units.as_ref().map(|units| units.folder.join(name))
    }

    /// Begins a stage of `steps` equal steps; its progress is shown until it is dropped.
    #[must_use]
    pub fn stage(&self, title: &str, steps: u64) -> Stage {
        self.progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner).stage(title, steps)
    }

    /// The result of the unit `key`: read where an earlier start of the same run has finished it, else computed and sealed.
    /// Different units of a run have different keys; the run's identity says that everything else is equal.
    ///
    /// # Errors
    /// Those of `compute`; the sealed file cannot be written. One that does not read, or is that of another unit, is computed
    /// again.
    pub fn unit<T: Sealable>(
        &self,
        key: &str,
        compute: impl FnOnce() -> Result<T, ExperimentError>,
    ) -> Result<T, ExperimentError> {
        let Some(units) = &self.units else { return compute() };
        let file = units.file(key);
        if file.exists() {
            match read_unit(&file, key).and_then(T::from_datasets) {
                Ok(found) => return Ok(found),
                Err(error) => {
                    eprintln!("warning: {error}; it is computed again");
                    std::fs::remove_file(&file).map_err(ExperimentError::io("remove", &file))?;
                }
            }
        }
        let found = compute()?;
        let header = Header { title: key.to_string(), seed: self.seed, ..Header::default() };
        archive::write(&file, &header, &found.to_datasets()?)?;
        Ok(found)
    }
}

fn read_unit(file: &Path, key: &str) -> Result<Vec<spinhebb_data::labelled::Dataset>, ExperimentError> {
    let archive = Archive::open(file)?;
    let found = archive.header()?.title;
    if found != key {
        let reason = format!("`{}` holds `{found}`, not `{key}`", file.display());
        return Err(ExperimentError::Unit { reason });
    }
    Ok(archive.names()?.iter().map(|name| archive.dataset(name)).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::super::Json;
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_finished_unit_is_not_computed_again() {
        let folder = tempfile::tempdir().unwrap();
        let computed = Cell::new(0);
        let ask = |key: &str, value: f64| {
            let context = Context::new(1, Units::new(folder.path().to_path_buf()));
            let found = context.unit(key, || {
                computed.set(computed.get() + 1);
                Ok(Json(value))
            });
            found.unwrap().0
        };
        assert!((ask("a", 0.5) - 0.5).abs() < f64::EPSILON);
        assert!((ask("a", 0.7) - 0.5).abs() < f64::EPSILON, "the sealed value stands");
        assert!((ask("b", 0.7) - 0.7).abs() < f64::EPSILON);
        assert_eq!(computed.get(), 2);
    }

    #[test]
    fn a_damaged_or_foreign_unit_is_computed_again() {
        let folder = tempfile::tempdir().unwrap();
        let units = Units::new(folder.path().to_path_buf());
        let context = Context::new(1, units.clone());
        let ask = |key: &str, value: f64| context.unit(key, || Ok(Json(value))).unwrap().0;
        ask("a", 0.25);
        ask("b", 0.5);
        std::fs::copy(units.file("a"), units.file("b")).unwrap();
        assert!((ask("b", 0.75) - 0.75).abs() < f64::EPSILON, "the result of another unit");
        std::fs::write(units.file("a"), "junk").unwrap();
        assert!((ask("a", 0.125) - 0.125).abs() < f64::EPSILON, "no archive");
        assert!((ask("a", 0.0) - 0.125).abs() < f64::EPSILON, "sealed anew");
    }

    #[test]
    fn a_failed_unit_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let context = Context::new(1, Units::new(folder.path().to_path_buf()));
        let failed = context.unit("a", || ExperimentError::refuse::<Json<f64>>("key", 1, "another"));
        assert!(failed.is_err());
        assert!(context.unit("a", || Ok(Json(1.0))).is_ok());
    }
}
