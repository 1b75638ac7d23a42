//! Writing archives: temporary file, dimension scales, seal.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use hdf5::file::FileCloseDegree;
use hdf5::types::{FloatSize, IntSize, TypeDescriptor, VarLenUnicode};
use hdf5::{File, Group, H5Type, Location};
use hdf5_sys::h5d::H5Dwrite;
use hdf5_sys::h5g::{H5Gclose, H5Gcreate2};
use hdf5_sys::h5p::{
    H5P_CLS_GROUP_CREATE, H5P_CRT_ORDER_INDEXED, H5P_CRT_ORDER_TRACKED, H5P_DEFAULT, H5Pclose, H5Pcreate,
    H5Pset_link_creation_order, H5Pset_obj_track_times,
};
use hdf5_sys::h5s::H5S_ALL;

use super::{BARE_DIMENSION, CONVENTIONS, Header, dimension_scale, seal};
use crate::DataError;
use crate::labelled::{Attribute, Attributes, Dataset, Values, Variable};

/// Largest chunk in bytes; chunks are compressed and summed one by one.
const CHUNK_BYTES: usize = 1 << 20;

/// gzip level: half-way between fast and small.
const GZIP_LEVEL: u8 = 4;

/// An archive in the making; dropped before [`ArchiveWriter::seal`] it leaves nothing behind.
#[derive(Debug)]
pub struct ArchiveWriter {
    path: PathBuf,
    // Closed before the temporary file is removed: fields are dropped in this order.
    file: File,
    temporary: tempfile::TempPath,
}

/// Writes an archive in one go.
///
/// # Errors
/// As [`ArchiveWriter::create`], [`ArchiveWriter::add`] and [`ArchiveWriter::seal`].
pub fn write(path: &Path, header: &Header, datasets: &[Dataset]) -> Result<(), DataError> {
    let mut writer = ArchiveWriter::create(path, header)?;
    for dataset in datasets {
        writer.add(dataset)?;
    }
    writer.seal()
}

impl ArchiveWriter {
    /// Begins the archive that will be `path`.
    ///
    /// # Errors
    /// `path` exists, or its folder cannot be written.
    pub fn create(path: &Path, header: &Header) -> Result<Self, DataError> {
        if path.exists() {
            return Err(DataError::Exists { path: path.to_path_buf() });
        }
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(path.file_name().unwrap_or_default());
        prefix.push(".");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".partial");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary =
            builder.tempfile_in(folder(path)).map_err(DataError::io("write", path))?.into_temp_path();
        let mut options = File::with_options();
        options
            .with_fapl(|p| p.libver_v110().fclose_degree(FileCloseDegree::Strong))
            .with_fcpl(|p| p.obj_track_times(false));
        let failed = failure(path, "begin the archive");
        let file = options.create(&temporary).map_err(&failed)?;
        write_header(&file, header).map_err(&failed)?;
        Ok(Self { path: path.to_path_buf(), file, temporary })
    }

    /// Adds a dataset as the group of its name.
    ///
    /// # Errors
    /// The dataset is not valid, its name is taken, or writing fails (a full disk).
    pub fn add(&mut self, dataset: &Dataset) -> Result<(), DataError> {
        dataset.validate()?;
        let failed = failure(&self.path, &format!("write the dataset `{}`", dataset.name));
        write_dataset(&self.file, dataset).map_err(failed)
    }

    /// Closes the file, seals it, flushes it to the disk and gives it its name.
    ///
    /// # Errors
    /// Writing fails, or a file of that name has appeared meanwhile.
    pub fn seal(self) -> Result<(), DataError> {
        let Self { path, file, temporary } = self;
        file.flush().and_then(|()| file.close()).map_err(failure(&path, "close the archive"))?;
        seal::append(&temporary).map_err(DataError::io("write", &path))?;
        temporary.persist_noclobber(&path).map_err(|e| match e.error.kind() {
            std::io::ErrorKind::AlreadyExists => DataError::Exists { path: path.clone() },
            _ => DataError::io("write", &path)(e.error),
        })?;
        // The new name is on the disk once the folder is; only Unix can flush one.
        if cfg!(unix) {
            let flushed = std::fs::File::open(folder(&path)).and_then(|f| f.sync_all());
            flushed.map_err(DataError::io("write", &path))?;
        }
        Ok(())
    }
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn failure(path: &Path, action: &str) -> impl Fn(hdf5::Error) -> DataError + use<> {
    let (path, action) = (path.to_path_buf(), action.to_string());
    move |error| DataError::Hdf5 { action: action.clone(), path: path.clone(), reason: error.to_string() }
}

fn write_header(file: &File, header: &Header) -> hdf5::Result<()> {
    let inputs: Vec<String> = header.inputs.iter().map(|(name, sum)| format!("{name} {sum}")).collect();
    for (name, text) in [
        ("Conventions", CONVENTIONS),
        ("title", &header.title),
        ("source", "spinhebb"),
        ("version", &header.version),
        ("commit", &header.commit),
        ("configuration", &header.configuration),
        ("inputs", &inputs.join("\n")),
        ("experiment", &header.experiment),
    ] {
        write_attribute(file, name, &text.into())?;
    }
    write_attribute(file, "physics_version", &header.physics.into())?;
    write_attribute(file, "seed", &header.seed.into())
}

fn write_dataset(file: &File, dataset: &Dataset) -> hdf5::Result<()> {
    let mut group = file.as_group()?;
    for part in dataset.name.split('/') {
        group = if group.link_exists(part) { group.group(part)? } else { create_group(&group, part)? };
    }
    if !group.datasets()?.is_empty() {
        return Err(hdf5::Error::from("the name is taken"));
    }
    write_attributes(&group, &dataset.attributes)?;
    // Scales first: the other variables point at them.
    let mut scales = BTreeMap::new();
    for variable in dataset.variables.iter().filter(|v| v.is_coordinate()) {
        let scale = write_variable(&group, variable)?;
        dimension_scale::make_scale(&scale, &variable.name)?;
        scales.insert(variable.name.as_str(), scale);
    }
    for (dim, length) in dataset.variables.iter().flat_map(|v| v.dims.iter().zip(&v.shape)) {
        if !scales.contains_key(dim.as_str()) {
            scales.insert(dim, write_bare_dimension(&group, dim, *length)?);
        }
    }
    for variable in dataset.variables.iter().filter(|v| !v.is_coordinate()) {
        let written = write_variable(&group, variable)?;
        for (axis, dim) in variable.dims.iter().enumerate() {
            dimension_scale::attach(&written, &scales[dim.as_str()], axis)?;
        }
    }
    Ok(())
}

/// A group without creation time that remembers the order of its members, as netCDF-4 groups do.
fn create_group(parent: &Group, name: &str) -> hdf5::Result<Group> {
    let c_name = CString::new(name).map_err(|_| hdf5::Error::from("a name with a zero byte"))?;
    let created = hdf5::sync::sync(|| {
        // SAFETY: plain calls of the C library under its lock; the identifiers are checked and closed here.
        unsafe {
            let plist = H5Pcreate(*H5P_CLS_GROUP_CREATE);
            let order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
            let mut good = plist >= 0
                && H5Pset_obj_track_times(plist, 0) >= 0
                && H5Pset_link_creation_order(plist, order) >= 0;
            if good {
                let group = H5Gcreate2(parent.id(), c_name.as_ptr(), H5P_DEFAULT, plist, H5P_DEFAULT);
                good = group >= 0 && H5Gclose(group) >= 0;
            }
            if plist >= 0 {
                H5Pclose(plist);
            }
            good
        }
    });
    if created { parent.group(name) } else { Err(hdf5::Error::from("creating the group failed")) }
}

/// The scale of a dimension without coordinate, as netCDF-4 writes it: a length without values.
fn write_bare_dimension(group: &Group, dim: &str, length: usize) -> hdf5::Result<hdf5::Dataset> {
    let scale = group.new_dataset::<f32>().obj_track_times(false).shape(length).create(dim)?;
    dimension_scale::make_scale(&scale, &format!("{BARE_DIMENSION}{length:10}"))?;
    Ok(scale)
}

fn write_variable(group: &Group, variable: &Variable) -> hdf5::Result<hdf5::Dataset> {
    let written = match &variable.values {
        Values::F64(v) => write_values(group, variable, &TypeDescriptor::Float(FloatSize::U8), v),
        Values::F32(v) => write_values(group, variable, &TypeDescriptor::Float(FloatSize::U4), v),
        Values::I64(v) => write_values(group, variable, &TypeDescriptor::Integer(IntSize::U8), v),
        Values::U64(v) => write_values(group, variable, &TypeDescriptor::Unsigned(IntSize::U8), v),
        Values::U32(v) => write_values(group, variable, &TypeDescriptor::Unsigned(IntSize::U4), v),
        Values::U16(v) => write_values(group, variable, &TypeDescriptor::Unsigned(IntSize::U2), v),
        Values::U8(v) => write_values(group, variable, &TypeDescriptor::Unsigned(IntSize::U1), v),
        Values::Text(v) => {
            // Text of fixed length, filled up with zeros: unlike the variable kind it is compressed and
            // summed like numbers are.
            let longest = v.iter().map(String::len).max().unwrap_or(0).max(1);
            let mut bytes = vec![0_u8; longest * v.len()];
            for (cell, text) in bytes.chunks_exact_mut(longest).zip(v) {
                cell[..text.len()].copy_from_slice(text.as_bytes());
            }
            write_values(group, variable, &TypeDescriptor::FixedUnicode(longest), &bytes)
        }
    }?;
    if !matches!(variable.values, Values::Text(_)) {
        write_attribute(&written, "units", &variable.unit.as_str().into())?;
    }
    write_attribute(&written, "long_name", &variable.long_name.as_str().into())?;
    write_attributes(&written, &variable.attributes)?;
    Ok(written)
}

/// Writes `values`, which lie in memory as `element` says.
fn write_values<T: Copy>(
    group: &Group,
    variable: &Variable,
    element: &TypeDescriptor,
    values: &[T],
) -> hdf5::Result<hdf5::Dataset> {
    let shape = variable.shape.as_slice();
    let mut builder = group.new_dataset_builder().empty_as(element).obj_track_times(false);
    if !shape.is_empty() && !shape.contains(&0) {
        builder = builder.chunk(chunk(shape, element.size())).shuffle().deflate(GZIP_LEVEL).fletcher32();
    }
    let name = variable.name.as_str();
    let written =
        if shape.is_empty() { builder.shape(()).create(name) } else { builder.shape(shape).create(name) }?;
    if values.is_empty() {
        return Ok(written);
    }
    let memory = hdf5::Datatype::from_descriptor(element)?;
    if written.size() * memory.size() != size_of_val(values) {
        return Err(hdf5::Error::from("the values do not fill the shape"));
    }
    let status = hdf5::sync::sync(|| {
        let buffer = values.as_ptr().cast();
        // SAFETY: `buffer` holds as many bytes as the whole dataset of this type, checked above.
        unsafe { H5Dwrite(written.id(), memory.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer) }
    });
    if status < 0 {
        return Err(hdf5::Error::query().unwrap_or_else(|_| "writing the values failed".into()));
    }
    Ok(written)
}

/// Shape of the pieces a variable is compressed in: halved along the first long axis until small enough.
fn chunk(shape: &[usize], element_bytes: usize) -> Vec<usize> {
    let mut chunk = shape.to_vec();
    while chunk.iter().product::<usize>() * element_bytes > CHUNK_BYTES {
        let Some(axis) = chunk.iter().position(|&n| n > 1) else { break };
        chunk[axis] = chunk[axis].div_ceil(2);
    }
    chunk
}

fn write_attributes(location: &Location, attributes: &Attributes) -> hdf5::Result<()> {
    attributes.iter().try_for_each(|(name, value)| write_attribute(location, name, value))
}

fn write_attribute(location: &Location, name: &str, value: &Attribute) -> hdf5::Result<()> {
    fn scalar<T: H5Type>(location: &Location, name: &str, value: &T) -> hdf5::Result<()> {
        location.new_attr::<T>().create(name)?.write_scalar(value)
    }
    match value {
        Attribute::Text(text) => {
            let text = VarLenUnicode::from_str(text).map_err(|e| format!("attribute `{name}`: {e}"))?;
            scalar(location, name, &text)
        }
        Attribute::F64(x) => scalar(location, name, x),
        Attribute::I64(x) => scalar(location, name, x),
        Attribute::U64(x) => scalar(location, name, x),
    }
}
