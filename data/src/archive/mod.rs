//! The HDF5 archive of a run: labelled datasets with units, and where they come from.
//!
//! Each [`Dataset`](crate::labelled::Dataset) is a group whose variables have netCDF-4 dimension
//! scales, so that h5py, xarray (engine `h5netcdf`) and netCDF open it with named axes:
//!
//! ```python
//! import xarray
//! table = xarray.open_dataset("run.h5", engine="h5netcdf", group="device/switching")
//! ```
//!
//! **Sealed files.** An archive is written under another name in the same folder, closed,
//! flushed to the disk and then renamed: a crash leaves no file or a whole one, and an
//! existing file is never overwritten.
//!
//! **Same bytes.** Nothing in the file depends on time, host or path: equal content gives equal bytes.
//!
//! **Checksums.** Behind the HDF5 data stands a seal of 40 bytes: the mark `SPINHEBB` and the SHA-256 of all
//! before it. HDF5 readers do not see it; [`Archive::open`] checks it first, because the HDF5 library
//! can crash or hang on damaged files. Compressed values (shuffle, gzip) also carry Fletcher-32 sums,
//! which every reader checks.

mod dimension_scale;
mod read;
mod seal;
mod write;

pub use read::Archive;
pub use write::{ArchiveWriter, write};

/// CF conventions the labels follow.
pub const CONVENTIONS: &str = "CF-1.10";

/// Name that netCDF-4 gives the scale of a dimension without coordinate, up to its length.
const BARE_DIMENSION: &str = "This is a netCDF dimension but not a netCDF variable.";

/// What an archive says about itself: the attributes of its root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// What the archive holds, in words.
    pub title: String,
    /// Version of the program.
    pub version: String,
    /// Commit of the sources, or "unknown".
    pub commit: String,
    /// Master seed of all random streams.
    pub seed: u64,
    /// The resolved configuration as TOML, valid input for the same run.
    pub configuration: String,
    /// Name and checksum of every input file.
    pub inputs: Vec<(String, String)>,
    /// Words of the command that made it, such as `device table`; empty in archives of before there was such a line.
    pub experiment: String,
    /// Version of the physics: equal configurations and seeds give equal numbers where it is equal; 0 in archives of
    /// before there was such a line.
    pub physics: u64,
}
