//! The seal at the end of an archive: a mark and the SHA-256 of everything before it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::DataError;

const MARK: &[u8; 8] = b"SPINHEBB";
const SEAL_BYTES: u64 = 40;

/// Appends the seal to the file at `path` and flushes it to the disk.
pub(super) fn append(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    let sum = sha256(&mut file)?;
    file.write_all(MARK)?;
    file.write_all(&sum)?;
    file.sync_all()
}

/// Checks the seal of the file at `path`.
pub(super) fn check(path: &Path) -> Result<(), DataError> {
    let wrong = |found: &str| {
        DataError::malformed(path, "an archive as spinhebb wrote it", format!("{found}; run it again"))
    };
    let mut file = File::open(path).map_err(DataError::io("read", path))?;
    let length = file.metadata().map_err(DataError::io("read", path))?.len();
    let Some(content) = length.checked_sub(SEAL_BYTES) else {
        return Err(wrong(&format!("it is cut short after {length} bytes")));
    };
    let sum = sha256(&mut (&mut file).take(content)).map_err(DataError::io("read", path))?;
    let mut seal = Vec::new();
    file.read_to_end(&mut seal).map_err(DataError::io("read", path))?;
    match seal.split_first_chunk() {
        Some((mark, stored)) if mark == MARK && stored == sum => Ok(()),
        Some((mark, _)) if mark == MARK => Err(wrong("its contents do not match its checksum")),
        _ => Err(wrong("it has no seal: it is cut short, or was changed by another program")),
    }
}

fn sha256(reader: &mut impl Read) -> std::io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finalize().into()),
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
