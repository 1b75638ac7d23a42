//! Reading archives back.

use std::io::Read;
use std::path::{Path, PathBuf};

use hdf5::types::{FloatSize, IntSize, TypeDescriptor, VarLenUnicode};
use hdf5::{File, Group, Location};
use hdf5_sys::h5d::H5Dread;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5s::H5S_ALL;

use super::{BARE_DIMENSION, Header, dimension_scale, seal};
use crate::DataError;
use crate::labelled::{Attribute, Attributes, Dataset, Values, Variable};

/// Attributes that belong to the format, not to the data.
const FORMAT_ATTRIBUTES: &[&str] =
    &["CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "units", "long_name"];

/// More than gzip can shrink by; a dataset that claims more is damaged.
const LARGEST_EXPANSION: u64 = 1100;

/// Values that need no storage to be believed, in bytes.
const SMALL_BYTES: u64 = 1 << 16;

/// An archive opened for reading.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    file: File,
}

impl Archive {
    /// Opens the archive at `path`.
    ///
    /// # Errors
    /// The file is missing, unreadable, not HDF5, cut short, or was changed since it was written.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let start = {
            let file = std::fs::File::open(path).map_err(DataError::io("read", path))?;
            let mut start = Vec::new();
            file.take(8).read_to_end(&mut start).map_err(DataError::io("read", path))?;
            start
        };
        if start != b"\x89HDF\r\n\x1a\n" {
            return Err(DataError::malformed(path, "an HDF5 file", format!("it begins with {start:02x?}")));
        }
        // Before the library sees the file: it can crash or hang on a damaged one.
        seal::check(path)?;
        let file = File::open(path).map_err(|e| DataError::malformed(path, "an HDF5 file", e.to_string()))?;
        Ok(Self { path: path.to_path_buf(), file })
    }

    /// What the archive says about itself.
    ///
    /// # Errors
    /// An attribute is missing: the file was not written by this program.
    pub fn header(&self) -> Result<Header, DataError> {
        let mut attributes = read_attributes(&self.file, &[]).map_err(self.failure("read the header"))?;
        let mut take = |name: &str| {
            attributes.remove(name).ok_or_else(|| {
                let found = format!("its root has no attribute `{name}`");
                DataError::malformed(&self.path, "an archive of spinhebb", found)
            })
        };
        let seed = match take("seed")? {
            Attribute::U64(seed) => seed,
            other => {
                let found = format!("its seed is {other:?}");
                return Err(DataError::malformed(&self.path, "an archive of spinhebb", found));
            }
        };
        let physics = match take("physics_version") {
            Ok(Attribute::U64(version)) => version,
            _ => 0,
        };
        let mut text = |name: &str| match take(name)? {
            Attribute::Text(text) => Ok(text),
            other => Err(DataError::malformed(
                &self.path,
                "an archive of spinhebb",
                format!("its attribute `{name}` is {other:?}"),
            )),
        };
        let experiment = text("experiment").unwrap_or_default();
        let inputs = text("inputs")?;
        let inputs = inputs.lines().filter_map(|line| line.rsplit_once(' '));
        Ok(Header {
            title: text("title")?,
            version: text("version")?,
            commit: text("commit")?,
            seed,
            configuration: text("configuration")?,
            inputs: inputs.map(|(name, sum)| (name.to_string(), sum.to_string())).collect(),
            experiment,
            physics,
        })
    }

    /// Paths of all datasets, in the order of their names.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn names(&self) -> Result<Vec<String>, DataError> {
        fn collect(group: &Group, path: &str, depth: usize, names: &mut Vec<String>) -> hdf5::Result<()> {
            if depth == 0 {
                return Err("groups are nested too deeply".into());
            }
            for name in group.member_names()? {
                if let Ok(inner) = group.group(&name) {
                    let inner_path = if path.is_empty() { name } else { format!("{path}/{name}") };
                    if !inner.datasets()?.is_empty() {
                        names.push(inner_path.clone());
                    }
                    collect(&inner, &inner_path, depth - 1, names)?;
                }
            }
            Ok(())
        }
        let mut names = Vec::new();
        let root = self.file.as_group().map_err(self.failure("list the datasets"))?;
        collect(&root, "", 64, &mut names).map_err(self.failure("list the datasets"))?;
        names.sort();
        Ok(names)
    }

    /// The dataset at `name`, such as `"device/switching"`.
    ///
    /// # Errors
    /// There is none; the message lists those there are. Or the file is damaged.
    pub fn dataset(&self, name: &str) -> Result<Dataset, DataError> {
        let failed = self.failure(&format!("read the dataset `{name}`"));
        let Ok(group) = self.file.group(name) else {
            let names = self.names()?.join(", ");
            return Err(DataError::Hdf5 {
                action: format!("find the dataset `{name}`"),
                path: self.path.clone(),
                reason: format!("it holds {names}"),
            });
        };
        let mut dataset = Dataset::new(name);
        dataset.attributes = read_attributes(&group, FORMAT_ATTRIBUTES).map_err(&failed)?;
        for (_, member) in members(&group).map_err(&failed)? {
            // Nested groups are datasets of their own.
            let Ok(stored) = group.dataset(&member) else { continue };
            if is_bare_dimension(&stored) {
                continue;
            }
            let variable = read_variable(&stored, &member);
            dataset.push(variable.map_err(self.failure(&format!("read `{name}/{member}`")))?)?;
        }
        Ok(dataset)
    }

    fn failure(&self, action: &str) -> impl Fn(hdf5::Error) -> DataError + use<> {
        let (path, action) = (self.path.clone(), action.to_string());
        move |error| DataError::Hdf5 {
            action: action.clone(),
            path: path.clone(),
            reason: format!("the file is damaged or not of this program ({error})"),
        }
    }
}

/// Names of the members of `group` in the order they were created.
fn members(group: &Group) -> hdf5::Result<Vec<(i64, String)>> {
    let mut members: Vec<(i64, String)> = group.iter_visit_default(vec![], |_, name, info, members| {
        members.push((info.creation_order.unwrap_or(0), name.to_string()));
        true
    })?;
    members.sort();
    Ok(members)
}

fn is_bare_dimension(stored: &hdf5::Dataset) -> bool {
    dimension_scale::scale_name(stored).is_some_and(|name| name.starts_with(BARE_DIMENSION))
}

fn read_variable(stored: &hdf5::Dataset, name: &str) -> hdf5::Result<Variable> {
    let shape = stored.shape();
    let values = match stored.dtype()?.to_descriptor()? {
        TypeDescriptor::Float(FloatSize::U8) => Values::F64(read_values(stored, 1)?),
        TypeDescriptor::Float(FloatSize::U4) => Values::F32(read_values(stored, 1)?),
        TypeDescriptor::Integer(IntSize::U8) => Values::I64(read_values(stored, 1)?),
        TypeDescriptor::Unsigned(IntSize::U8) => Values::U64(read_values(stored, 1)?),
        TypeDescriptor::Unsigned(IntSize::U4) => Values::U32(read_values(stored, 1)?),
        TypeDescriptor::Unsigned(IntSize::U2) => Values::U16(read_values(stored, 1)?),
        TypeDescriptor::Unsigned(IntSize::U1) => Values::U8(read_values(stored, 1)?),
        TypeDescriptor::FixedUnicode(length) | TypeDescriptor::FixedAscii(length) if length > 0 => {
            let bytes: Vec<u8> = read_values(stored, length)?;
            let text = |cell: &[u8]| {
                let end = cell.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
                std::str::from_utf8(&cell[..end]).map(str::to_string).map_err(|e| e.to_string())
            };
            Values::Text(bytes.chunks_exact(length).map(text).collect::<Result<_, _>>()?)
        }
        other => return Err(format!("`{name}` is of the type {other}, which is not written here").into()),
    };
    let dims = if dimension_scale::scale_name(stored).is_some() {
        vec![name.to_string()]
    } else {
        (0..shape.len()).map(|axis| dimension_scale::dimension(stored, axis)).collect::<hdf5::Result<_>>()?
    };
    let text = |name: &str| match read_attribute(stored, name) {
        Ok(Some(Attribute::Text(text))) => Some(text),
        _ => None,
    };
    Ok(Variable {
        name: name.to_string(),
        unit: text("units").unwrap_or_else(|| "1".into()),
        long_name: text("long_name").unwrap_or_default(),
        dims,
        shape,
        values,
        attributes: read_attributes(stored, FORMAT_ATTRIBUTES)?,
    })
}

/// Plain numbers, of which any bit pattern is a value.
trait Plain: Copy + Default + hdf5::H5Type {}
impl Plain for f64 {}
impl Plain for f32 {}
impl Plain for i64 {}
impl Plain for u64 {}
impl Plain for u32 {}
impl Plain for u16 {}
impl Plain for u8 {}

/// All values of `stored`; each element is `per_element` values of `T`.
fn read_values<T: Plain>(stored: &hdf5::Dataset, per_element: usize) -> hdf5::Result<Vec<T>> {
    let element = size_of::<T>() as u64 * per_element as u64;
    let count = stored.shape().iter().try_fold(1_u64, |n, &length| n.checked_mul(length as u64));
    let bytes = count.and_then(|n| n.checked_mul(element));
    // A damaged shape must not decide how much memory is asked for.
    let believable = stored.storage_size().saturating_mul(LARGEST_EXPANSION).max(SMALL_BYTES);
    let Some(bytes) = bytes.filter(|&bytes| bytes <= believable) else {
        return Err("its shape claims far more than is stored".into());
    };
    let mut values = vec![T::default(); bytes as usize / size_of::<T>()];
    if values.is_empty() {
        return Ok(values);
    }
    let stored_type = stored.dtype()?;
    let memory = hdf5::Datatype::from_descriptor(&stored_type.to_descriptor()?)?;
    if stored.size() as u64 * memory.size() as u64 != bytes {
        return Err("its type and its shape do not agree".into());
    }
    let status = hdf5::sync::sync(|| {
        let buffer = values.as_mut_ptr().cast();
        // SAFETY: `values` is as long as the whole dataset of this type, checked above.
        unsafe { H5Dread(stored.id(), memory.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer) }
    });
    if status < 0 {
        return Err("its values cannot be decompressed or fail their checksum".into());
    }
    Ok(values)
}

fn read_attributes(location: &Location, without: &[&str]) -> hdf5::Result<Attributes> {
    let mut attributes = Attributes::new();
    for name in location.attr_names()? {
        if !without.contains(&name.as_str())
            && let Some(value) = read_attribute(location, &name)?
        {
            attributes.insert(name, value);
        }
    }
    Ok(attributes)
}

/// The attribute `name`; `None` where it is of a type that is not written here.
fn read_attribute(location: &Location, name: &str) -> hdf5::Result<Option<Attribute>> {
    let attribute = location.attr(name)?;
    if !attribute.is_scalar() {
        return Ok(None);
    }
    Ok(match attribute.dtype()?.to_descriptor()? {
        TypeDescriptor::VarLenUnicode => {
            Some(Attribute::Text(attribute.read_scalar::<VarLenUnicode>()?.to_string()))
        }
        TypeDescriptor::Float(FloatSize::U8) => Some(Attribute::F64(attribute.read_scalar()?)),
        TypeDescriptor::Integer(IntSize::U8) => Some(Attribute::I64(attribute.read_scalar()?)),
        TypeDescriptor::Unsigned(IntSize::U8) => Some(Attribute::U64(attribute.read_scalar()?)),
        _ => None,
    })
}
