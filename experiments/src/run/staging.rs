//! The folder in which a run grows, `<name>.partial`: taken by one process at a time, renamed when whole, and resumed by
//! the same run after an interruption.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::ExperimentError;

const UNITS: &str = "units";
const LOCK: &str = "lock";
const IDENTITY: &str = "identity";

/// A staging folder, held by this process.
pub(super) struct Staging {
    name: String,
    out: PathBuf,
    folder: PathBuf,
    finished: bool,
    // Held until the run ends; the system lets go of it however the process ends.
    _lock: File,
}

impl Staging {
    /// Takes the staging folder of a new run in `out`, or that of an interrupted run of the same `identity`.
    ///
    /// Its name is `name`, or else `stem` with the first free number.
    ///
    /// # Errors
    /// The name is no directory name, or is taken; a folder cannot be written.
    pub(super) fn open(
        out: &Path,
        name: Option<&str>,
        stem: &str,
        identity: &str,
    ) -> Result<Self, ExperimentError> {
        if let Some(name) = name {
            check_name(name)?;
        }
        std::fs::create_dir_all(out).map_err(ExperimentError::io("create", out))?;
        let numbered = (2_u64..).map(|n| format!("{stem}-{n}"));
        let names: Box<dyn Iterator<Item = String>> = match name {
            Some(name) => Box::new(std::iter::once(name.to_string())),
            None => Box::new(std::iter::once(stem.to_string()).chain(numbered)),
        };
        let mut refused = None;
        for candidate in names {
            match Self::take(out, &candidate, identity)? {
                Ok(staging) => return Ok(staging),
                Err(taken) => refused = Some(taken),
            }
        }
        Err(refused.unwrap_or_else(|| ExperimentError::RunName { name: stem.to_string() }))
    }

    /// Takes the folder of `name`; the inner error says why another run has it.
    fn take(
        out: &Path,
        name: &str,
        identity: &str,
    ) -> Result<Result<Self, ExperimentError>, ExperimentError> {
        if out.join(name).exists() {
            return Ok(Err(ExperimentError::RunExists { path: out.join(name) }));
        }
        let folder = out.join(format!("{name}.partial"));
        match std::fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(ExperimentError::io("create", &folder)(error));
            }
            _ => {}
        }
        let lock_path = folder.join(LOCK);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(ExperimentError::io("create", &lock_path))?;
        if lock.try_lock().is_err() {
            return Ok(Err(ExperimentError::RunUnderWay { path: folder }));
        }
        // Between the look and the lock another process may have finished the run of this name.
        if !lock_path.exists() || out.join(name).exists() {
            return Ok(Err(ExperimentError::RunExists { path: out.join(name) }));
        }
        let staging =
            Self { name: name.to_string(), out: out.to_path_buf(), folder, finished: false, _lock: lock };
        let earlier = std::fs::read_to_string(staging.folder.join(IDENTITY)).unwrap_or_default();
        if earlier != identity && staging.holds_results() {
            let path = staging.folder.clone();
            // Dropping it must not touch what the other run has finished.
            return Ok(Err(ExperimentError::RunInterrupted { path }));
        }
        staging.clear()?;
        let units = staging.units();
        std::fs::create_dir_all(&units).map_err(ExperimentError::io("create", &units))?;
        let path = staging.folder.join(IDENTITY);
        std::fs::write(&path, identity).map_err(ExperimentError::io("write", &path))?;
        Ok(Ok(staging))
    }

    /// Removes what an interrupted start was about to write; its finished units stay.
    fn clear(&self) -> Result<(), ExperimentError> {
        let entries = std::fs::read_dir(&self.folder).map_err(ExperimentError::io("read", &self.folder))?;
        for entry in entries {
            let entry = entry.map_err(ExperimentError::io("read", &self.folder))?;
            if [UNITS, LOCK, IDENTITY].iter().any(|kept| entry.file_name() == *kept) {
                continue;
            }
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let removed =
                if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.map_err(ExperimentError::io("remove", &path))?;
        }
        Ok(())
    }

    /// The folder that grows.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Name of the run.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The folder that the run will be.
    pub(super) fn final_folder(&self) -> PathBuf {
        self.out.join(&self.name)
    }

    /// Folder of the sealed units.
    pub(super) fn units(&self) -> PathBuf {
        self.folder.join(UNITS)
    }

    /// Units that are finished and sealed, and checkpoints.
    pub(super) fn units_finished(&self) -> usize {
        let sealed = |entry: &std::fs::DirEntry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            !name.starts_with('.')
        };
        let entries = std::fs::read_dir(self.units()).into_iter().flatten().flatten();
        entries.filter(sealed).count()
    }

    /// Whether an interruption must not take the folder away: finished units stand in it, or the whole archive.
    pub(super) fn holds_results(&self) -> bool {
        self.units_finished() > 0 || self.folder.join(super::ARCHIVE).exists()
    }

    /// Removes what was needed on the way, and gives the folder its name.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn finish(mut self) -> Result<PathBuf, ExperimentError> {
        let folder = self.final_folder();
        std::fs::rename(&self.folder, &folder)
            .map_err(ExperimentError::io("rename the finished run to", &folder))?;
        self.finished = true;
        // Only now, so that an interruption in between loses nothing.
        let units = folder.join(UNITS);
        std::fs::remove_dir_all(&units).map_err(ExperimentError::io("remove", &units))?;
        for file in [IDENTITY, LOCK] {
            let path = folder.join(file);
            std::fs::remove_file(&path).map_err(ExperimentError::io("remove", &path))?;
        }
        Ok(folder)
    }
}

/// A run that ends early leaves its finished units and its archive; one that has neither leaves nothing.
impl Drop for Staging {
    fn drop(&mut self) {
        if !self.finished && !self.holds_results() && self.folder.exists() {
            // Nothing is lost if this fails: the folder holds no result.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn check_name(name: &str) -> Result<(), ExperimentError> {
    let proper = !name.starts_with('.')
        && !name.is_empty()
        && !name.ends_with(".partial")
        && name.len() <= 200
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if proper { Ok(()) } else { Err(ExperimentError::RunName { name: name.to_string() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(out: &Path, name: Option<&str>, identity: &str) -> Result<Staging, ExperimentError> {
        Staging::open(out, name, "device-table", identity)
    }

    #[test]
    fn two_starts_never_share_a_folder() {
        let out = tempfile::tempdir().unwrap();
        let first = open(out.path(), None, "a").unwrap();
        let second = open(out.path(), None, "a").unwrap();
        assert_eq!((first.name(), second.name()), ("device-table", "device-table-2"));
        assert!(matches!(
            open(out.path(), Some("device-table"), "a"),
            Err(ExperimentError::RunUnderWay { .. })
        ));
        first.finish().unwrap();
        assert!(matches!(
            open(out.path(), Some("device-table"), "a"),
            Err(ExperimentError::RunExists { .. })
        ));
    }

    #[test]
    fn the_same_run_goes_on_and_another_does_not() {
        let out = tempfile::tempdir().unwrap();
        let run = open(out.path(), Some("x"), "a").unwrap();
        std::fs::write(run.units().join("0.h5"), "sealed").unwrap();
        std::fs::write(run.folder().join(".run.h5.partial"), "half of it").unwrap();
        drop(run);
        assert!(matches!(open(out.path(), Some("x"), "b"), Err(ExperimentError::RunInterrupted { .. })));
        let run = open(out.path(), Some("x"), "a").unwrap();
        assert_eq!(run.units_finished(), 1);
        assert!(!run.folder().join(".run.h5.partial").exists());
    }

    #[test]
    fn an_archive_stays_where_the_drawing_failed() {
        let out = tempfile::tempdir().unwrap();
        let run = open(out.path(), Some("x"), "a").unwrap();
        let archive = run.folder().join(crate::run::ARCHIVE);
        std::fs::write(&archive, "whole").unwrap();
        drop(run);
        assert!(archive.exists());
        assert!(matches!(open(out.path(), Some("x"), "b"), Err(ExperimentError::RunInterrupted { .. })));
        assert!(open(out.path(), Some("x"), "a").is_ok());
    }

    #[test]
    fn what_failed_early_leaves_nothing() {
        let out = tempfile::tempdir().unwrap();
        drop(open(out.path(), Some("x"), "a").unwrap());
        assert!(!out.path().join("x.partial").exists());
        for name in ["", ".x", "a/b", "x.partial", "ü"] {
            assert!(
                matches!(open(out.path(), Some(name), "a"), Err(ExperimentError::RunName { .. })),
                "{name}"
            );
        }
    }
}
