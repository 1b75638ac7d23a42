//! The archive between processes: Python readers, and writers that are killed.

mod sample;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

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

const CHILD_FOLDER: &str = "SPINHEBB_TEST_CRASH_FOLDER";

fn crash_dataset(index: usize) -> Dataset {
    // Numbers that gzip cannot shrink, so that writing takes a while.
    let values =
        (0..40_000_u64).map(|i| (i + index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect::<Vec<_>>();
    Dataset::new("block").with(Variable::along("x", "i", "1", "", values)).unwrap()
}

/// Not a test by itself: the process that is killed below.
#[test]
fn crash_child() {
    let Ok(folder) = std::env::var(CHILD_FOLDER) else { return };
    for index in 0.. {
        let path = Path::new(&folder).join(format!("{index}.h5"));
        write(&path, &header(), &[crash_dataset(index)]).unwrap();
    }
}

#[test]
fn a_killed_writer_leaves_no_file_or_a_whole_one() {
    let _alone = ONE_AT_A_TIME.lock();
    let (mut whole, mut partial) = (0, 0);
    for round in 0..12_u64 {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash_child"])
            .env(CHILD_FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while !folder.path().join("0.h5").exists() && started.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(3 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".partial") {
                partial += 1;
                continue;
            }
            let index = name.strip_suffix(".h5").unwrap().parse().unwrap();
            assert_eq!(
                Archive::open(&path).unwrap().dataset("block").unwrap(),
                crash_dataset(index),
                "{name}"
            );
            whole += 1;
        }
    }
    assert!(whole > 0 && partial > 0, "no kill fell into a write: {whole} whole, {partial} partial");
}
