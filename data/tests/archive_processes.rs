//! The archive between processes: Python readers, and writers that are killed.

mod sample;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use sample::{datasets, header};
use spinhebb_data::archive::{Archive, write};
use spinhebb_data::labelled::{Dataset, Variable};

/// A process started while another test has an archive open inherits HDF5's lock on it.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn h5py_and_xarray_read_it_with_labelled_axes() {
    let _alone = ONE_AT_A_TIME.lock();
    let python = std::env::var("SPINHEBB_PYTHON").unwrap_or_else(|_| "python3".into());
    let modules = Command::new(&python)
        .args(["-c", "import h5py, xarray, h5netcdf"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !modules.is_ok_and(|status| status.success()) {
        let is_required = std::env::var_os("SPINHEBB_PEERS").is_some()
            || std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_required, "`{python}` has no h5py, xarray, h5netcdf");
        println!(
            "skipped h5py_and_xarray_read_it_with_labelled_axes: `{python}` has no h5py, xarray, h5netcdf"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    write(&path, &header(), &datasets().unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read_archive.py");
    let output = Command::new(&python).arg(script).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const CHILD_FILE: &str = "SPINHEBB_TEST_CRASH_FILE";

fn crash_dataset() -> Dataset {
    // Numbers that gzip cannot shrink, so that the archive is written in many pieces.
    let values = (0..200_000_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect::<Vec<_>>();
    Dataset::new("block").with(Variable::along("x", "i", "1", "", values)).unwrap()
}

/// Not a test by itself: the process that the system ends below.
#[test]
fn crash_child() {
    let Ok(path) = std::env::var(CHILD_FILE) else { return };
    write(Path::new(&path), &header(), &[crash_dataset()]).unwrap();
}

/// The system ends a process that writes a file beyond a limit: at whatever place of the archive that is, there is no file
/// of its name, or a whole one.
#[cfg(unix)]
#[test]
fn a_killed_writer_leaves_no_file_or_a_whole_one() {
    use std::os::unix::process::ExitStatusExt as _;

    let _alone = ONE_AT_A_TIME.lock();
    let folder = tempfile::tempdir().unwrap();
    let write_within = |blocks: &str| {
        let path = folder.path().join(format!("{blocks}.h5"));
        let status = Command::new("sh")
            .args(["-c", &format!("ulimit -c 0; ulimit -f {blocks}; exec \"$0\" --exact crash_child")])
            .arg(std::env::current_exe().unwrap())
            .env(CHILD_FILE, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        (path, status)
    };
    let (path, status) = write_within("unlimited");
    assert!(status.success());
    assert_eq!(Archive::open(&path).unwrap().dataset("block").unwrap(), crash_dataset());
    // Blocks have 512 bytes. The first write, the header, the middle, the last numbers, the seal.
    let whole = std::fs::metadata(&path).unwrap().len() / 512;
    for blocks in [0, 1, whole / 2, whole - 64, whole - 1] {
        let (path, status) = write_within(&blocks.to_string());
        assert!(status.signal().is_some(), "{blocks} of {whole} blocks are enough: {status}");
        assert!(!path.exists(), "{blocks} of {whole} blocks have the name of a whole archive");
    }
    let partial = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().ends_with(".partial")
    };
    assert!(std::fs::read_dir(folder.path()).unwrap().any(partial), "no kill fell into a write");
}
