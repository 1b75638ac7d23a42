//! The idx format of MNIST and its kin: an array of bytes with its shape, plain or gzipped.
//!
//! # Formula
//! Header: two zero bytes, the element type (8 = unsigned byte, the only one in use), the number of
//! axes n, then n lengths as big-endian 32-bit numbers; the values follow, row-major, to the end.
//!
//! # References
//! Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use md5::{Digest, Md5};

use crate::DataError;

/// Largest array that is read, in bytes: twenty times MNIST's.
pub const LARGEST_BYTES: usize = 1 << 30;

/// An array of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idx {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The values, row-major.
    pub values: Vec<u8>,
}

impl Idx {
    /// Reads the file at `path`; whether it is gzipped is told from its first bytes.
    ///
    /// Memory grows with what the file holds, never with what its header claims.
    ///
    /// # Errors
    /// The file cannot be read, is not idx, is of another element type, claims more than
    /// [`LARGEST_BYTES`], or holds fewer or more bytes than its header says.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let mut reader = open(path)?;
        let (shape, claimed) = read_shape(&mut reader, path)?;
        let mut values = Vec::new();
        reader.take(claimed as u64 + 1).read_to_end(&mut values).map_err(damaged(path))?;
        if values.len() != claimed {
            let found = if values.len() < claimed { values.len().to_string() } else { "more".into() };
            let found = format!("its header claims {claimed} values {shape:?}, but it holds {found}");
            return Err(wrong(path, found));
        }
        Ok(Self { shape, values })
    }

    /// The shape of the array in the file at `path`, from its header alone.
    ///
    /// # Errors
    /// The file cannot be read, is not idx, is of another element type, or claims more than [`LARGEST_BYTES`].
    pub fn read_shape(path: &Path) -> Result<Vec<usize>, DataError> {
        Ok(read_shape(&mut open(path)?, path)?.0)
    }

    /// Header of the uncompressed file.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let mut header = vec![0, 0, 8, self.shape.len() as u8];
        for &length in &self.shape {
            header.extend((length as u32).to_be_bytes());
        }
        header
    }

    /// MD5 of the uncompressed file, in hexadecimal, as published for MNIST.
    #[must_use]
    pub fn md5(&self) -> String {
        let mut hasher = Md5::new();
        hasher.update(self.header());
        hasher.update(&self.values);
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn wrong(path: &Path, found: String) -> DataError {
    DataError::malformed(path, "an idx file of bytes", found)
}

/// A damaged gzip stream reports itself as an I/O error.
fn damaged(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    move |e| wrong(path, format!("reading its contents failed: {e}"))
}

/// The contents of the file at `path`, uncompressed.
fn open(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let file = File::open(path).map_err(DataError::io("read", path))?;
    let mut reader = BufReader::new(file);
    let mut start = [0; 2];
    let length = read_up_to(&mut reader, &mut start).map_err(DataError::io("read", path))?;
    let whole = Cursor::new(start).take(length as u64).chain(reader);
    Ok(if start == [0x1f, 0x8b] { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}

/// The shape that the header claims, and the number of values.
fn read_shape(reader: &mut impl Read, path: &Path) -> Result<(Vec<usize>, usize), DataError> {
    let mut magic = [0; 4];
    let length = read_up_to(reader, &mut magic).map_err(damaged(path))?;
    if length < 4 {
        return Err(wrong(path, format!("it ends after {length} bytes, within its header")));
    }
    let [zero, nought, element, axes] = magic;
    if (zero, nought) != (0, 0) || axes == 0 {
        return Err(wrong(path, format!("its first four bytes are {magic:02x?}")));
    }
    if element != 8 {
        let found = format!("its element type is {element:#04x}; only unsigned bytes (0x08) are read");
        return Err(wrong(path, found));
    }
    let mut shape = Vec::with_capacity(usize::from(axes));
    for axis in 0..axes {
        let mut length = [0; 4];
        if read_up_to(reader, &mut length).map_err(damaged(path))? < 4 {
            let found = format!("it ends within the length of axis {axis}, in its header");
            return Err(wrong(path, found));
        }
        shape.push(u32::from_be_bytes(length) as usize);
    }
    let claimed = shape.iter().try_fold(1_usize, |total, &n| total.checked_mul(n));
    match claimed.filter(|&n| n <= LARGEST_BYTES) {
        Some(claimed) => Ok((shape, claimed)),
        None => {
            let found = format!(
                "its header claims the shape {shape:?}, more than the {LARGEST_BYTES} bytes read at most"
            );
            Err(wrong(path, found))
        }
    }
}

/// Fills `buffer` as far as the input reaches.
fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn plain(shape: &[usize], values: &[u8]) -> Vec<u8> {
        let mut bytes = Idx { shape: shape.to_vec(), values: Vec::new() }.header();
        bytes.extend(values);
        bytes
    }

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Idx, DataError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Idx::read(file.path())
    }

    #[test]
    fn plain_and_gzipped_files_are_read() {
        let values: Vec<u8> = (0..24).collect();
        let idx = Idx { shape: vec![2, 3, 4], values: values.clone() };
        let bytes = plain(&[2, 3, 4], &values);
        assert_eq!(read(&bytes).unwrap(), idx);
        assert_eq!(read(&gzipped(&bytes)).unwrap(), idx);
        let two_members = [gzipped(&bytes[..9]), gzipped(&bytes[9..])].concat();
        assert_eq!(read(&two_members).unwrap(), idx);
    }

    #[test]
    fn wrong_files_say_what_is_wrong() {
        let message = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert!(message(b"").contains("ends after 0 bytes"));
        assert!(message(b"PK\x03\x04....").contains("first four bytes"));
        assert!(message(&[0, 0, 0x0d, 1, 0, 0, 0, 1, 0]).contains("element type is 0x0d"));
        assert!(message(&[0, 0, 8, 3, 0, 0, 0, 1, 0, 0]).contains("length of axis 1"));
        assert!(message(&plain(&[4], &[1, 2, 3])).contains("claims 4 values [4], but it holds 3"));
        assert!(message(&plain(&[2], &[1, 2, 3])).contains("but it holds more"));
        let claims_too_much = [&[0, 0, 8, 3][..], &[0xff; 12], &[1, 2, 3]].concat();
        assert!(message(&claims_too_much).contains("more than the 1073741824 bytes"));
        let wraps_to_zero = [&[0, 0, 8, 4][..], &[0x80, 0, 0, 0].repeat(4)].concat();
        assert!(message(&wraps_to_zero).contains("more than the 1073741824 bytes"));
        // A claim below the limit costs no memory either: the file ends first.
        assert!(message(&[&[0, 0, 8, 1][..], &[0x3f, 0xff, 0xff, 0xff], &[7]].concat()).contains("holds 1"));
        let whole = gzipped(&plain(&[1000], &[7; 1000]));
        assert!(message(&whole[..whole.len() - 12]).contains("reading its contents failed"));
        let mut wrong_sum = whole.clone();
        let end = wrong_sum.len();
        wrong_sum[end - 6] ^= 1;
        assert!(message(&wrong_sum).contains("reading its contents failed"), "{}", message(&wrong_sum));
    }

    proptest! {
        /// Damaged files give an error or an array that fits its shape; no panic, no hang.
        #[test]
        fn damaged_files_never_panic(
            compressed: bool,
            cut in 0_usize..400,
            flips in proptest::collection::vec((0_usize..400, 0_u8..8), 0..4),
        ) {
            let mut bytes = plain(&[3, 10, 10], &(0..300).map(|i| (i % 251) as u8).collect::<Vec<_>>());
            if compressed {
                bytes = gzipped(&bytes);
            }
            for (at, bit) in flips {
                let length = bytes.len();
                bytes[at % length] ^= 1 << bit;
            }
            bytes.truncate(cut.max(bytes.len() / 2));
            if let Ok(idx) = read(&bytes) {
                prop_assert_eq!(idx.values.len(), idx.shape.iter().product::<usize>());
            }
        }
    }
}
