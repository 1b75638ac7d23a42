//! The archive within one process: round trip, equal bytes, damage.

mod sample;

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use sample::{datasets, header};
use spinhebb_data::DataError;
use spinhebb_data::archive::{Archive, ArchiveWriter, Header, write};
use spinhebb_data::labelled::{Dataset, Values, Variable};

/// NaNs compare as their bits.
fn same(a: &Dataset, b: &Dataset) -> bool {
    let plain = |dataset: &Dataset| format!("{dataset:?}");
    plain(a) == plain(b)
}

/// Scales come first in the file: bring the coordinates of `dataset` to the front.
fn as_stored(mut dataset: Dataset) -> Dataset {
    dataset.variables.sort_by_key(|v| !v.is_coordinate());
    dataset
}

#[test]
fn what_is_written_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    write(&path, &header(), &datasets().unwrap()).unwrap();
    let archive = Archive::open(&path).unwrap();
    assert_eq!(archive.header().unwrap(), header());
    assert_eq!(archive.names().unwrap(), ["device/switching", "empty", "network", "network/weights"]);
    for dataset in datasets().unwrap() {
        let read = archive.dataset(&dataset.name).unwrap();
        let dataset = as_stored(dataset);
        assert!(same(&read, &dataset), "{read:#?}\n{dataset:#?}");
    }
    let weights = archive.dataset("network/weights").unwrap();
    let bits = weights.variable("w").unwrap().unpacked_bits().unwrap();
    assert!(bits.iter().enumerate().all(|(i, &bit)| bit == (i % 3 == 0)) && bits.len() == 20);
    let missing = archive.dataset("device/swiching").unwrap_err().to_string();
    assert!(missing.contains("device/switching"), "{missing}");
}

#[test]
fn a_long_configuration_fits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let long = Header { configuration: "# a comment\n".repeat(30_000), ..header() };
    write(&path, &long, &[]).unwrap();
    assert_eq!(Archive::open(&path).unwrap().header().unwrap(), long);
}

#[test]
fn equal_content_gives_equal_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |name: &str| {
        let path = folder.path().join(name);
        write(&path, &header(), &datasets().unwrap()).unwrap();
        std::fs::read(path).unwrap()
    };
    let first = bytes("first.h5");
    // Creation times have a resolution of one second.
    std::thread::sleep(Duration::from_millis(1100));
    assert!(first == bytes("another name.h5"), "the bytes depend on time or name");
}

#[test]
fn large_variables_are_compressed_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.h5");
    let values: Vec<f64> = (0..400 * 1000).map(|i| f64::from(i % 1000)).collect();
    let large = Variable::new("x", "m", "position", &["time", "site"], &[400, 1000], values.clone()).unwrap();
    let zeros = Variable::along("zeros", "cell", "1", "mostly nothing", vec![0_u8; 3_000_000]);
    let dataset = Dataset::new("trace").with(large).unwrap().with(zeros).unwrap();
    write(&path, &header(), std::slice::from_ref(&dataset)).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 400_000);
    let read = Archive::open(&path).unwrap().dataset("trace").unwrap();
    assert_eq!(read.variable("x").unwrap().values, Values::F64(values));
    assert_eq!(read, dataset);
}

#[test]
fn nothing_is_overwritten_and_nothing_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let left = || std::fs::read_dir(folder.path()).unwrap().count();
    let mut unsealed = ArchiveWriter::create(&path, &header()).unwrap();
    unsealed.add(&datasets().unwrap()[0]).unwrap();
    assert!(!path.exists());
    drop(unsealed);
    assert_eq!(left(), 0);

    let racing = ArchiveWriter::create(&path, &header()).unwrap();
    write(&path, &header(), &[]).unwrap();
    assert!(matches!(racing.seal(), Err(DataError::Exists { .. })));
    assert!(matches!(write(&path, &header(), &[]), Err(DataError::Exists { .. })));
    assert_eq!(left(), 1);

    let nowhere = folder.path().join("no such folder/run.h5");
    let message = write(&nowhere, &header(), &[]).unwrap_err().to_string();
    assert!(message.contains("no such folder/run.h5"), "{message}");
    let mut twice = ArchiveWriter::create(&folder.path().join("twice.h5"), &header()).unwrap();
    twice.add(&datasets().unwrap()[0]).unwrap();
    let message = twice.add(&datasets().unwrap()[0]).unwrap_err().to_string();
    assert!(message.contains("the name is taken"), "{message}");
    let invalid = Dataset { name: "a//b".into(), ..Dataset::default() };
    assert!(matches!(twice.add(&invalid), Err(DataError::Name { .. })));
}

#[test]
fn permissions_follow_the_umask() {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (archive, plain) = (folder.path().join("run.h5"), folder.path().join("plain"));
        write(&archive, &header(), &[]).unwrap();
        std::fs::write(&plain, "").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&archive), mode(&plain));
    }
}

#[test]
fn files_that_are_no_archives_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let message = |path: &Path| Archive::open(path).map(|_| ()).unwrap_err().to_string();
    assert!(message(&path).contains("cannot read"), "missing: {}", message(&path));
    std::fs::write(&path, "voltage,p\n").unwrap();
    assert!(message(&path).contains("is not an HDF5 file"));
    std::fs::write(&path, "").unwrap();
    assert!(message(&path).contains("is not an HDF5 file"));
    assert!(Archive::open(folder.path()).is_err(), "a folder");
    std::fs::remove_file(&path).unwrap();
    write(&path, &header(), &datasets().unwrap()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in [9, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(message(&path).contains("cut short"), "{length}: {}", message(&path));
    }
    std::fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
    assert!(message(&path).contains("no seal"));
}

proptest! {
    /// No flipped bit goes unnoticed, and none reaches the HDF5 library, which may crash on it.
    #[test]
    fn damage_is_reported(at in 0_usize..1 << 20, bit in 0_u8..8, cut: Option<u16>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.h5");
        write(&path, &header(), &datasets().unwrap()[..2]).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let length = bytes.len();
        bytes[at % length] ^= 1 << bit;
        bytes.truncate(cut.map_or(length, |cut| usize::from(cut) % length));
        std::fs::write(&path, bytes).unwrap();
        let refused = matches!(Archive::open(&path), Err(DataError::Malformed { .. }));
        prop_assert!(refused);
    }
}
