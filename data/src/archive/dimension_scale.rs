//! HDF5's dimension scales, which name the axes of a variable.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};

use hdf5::{Dataset, Error};
use hdf5_sys::h5i::{H5Iget_name, hid_t};

// From the high-level library, which the binding links but does not declare.
unsafe extern "C" {
    fn H5DSset_scale(dataset: hid_t, name: *const c_char) -> c_int;
    fn H5DSattach_scale(dataset: hid_t, scale: hid_t, axis: c_uint) -> c_int;
    fn H5DSis_scale(dataset: hid_t) -> c_int;
    fn H5DSget_scale_name(dataset: hid_t, name: *mut c_char, size: usize) -> isize;
    fn H5DSiterate_scales(
        dataset: hid_t,
        axis: c_uint,
        from: *mut c_int,
        visitor: extern "C" fn(hid_t, c_uint, hid_t, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
}

fn c_string(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::from("a name with a zero byte"))
}

fn check(status: c_int, what: &str) -> Result<(), Error> {
    if status < 0 { Err(Error::from(what)) } else { Ok(()) }
}

/// Makes `dataset` the scale of the dimension `name`.
pub(super) fn make_scale(dataset: &Dataset, name: &str) -> Result<(), Error> {
    let name = c_string(name)?;
    // SAFETY: the identifier is that of an open dataset, the name a C string, both alive in the call.
    let status = hdf5::sync::sync(|| unsafe { H5DSset_scale(dataset.id(), name.as_ptr()) });
    check(status, "making a dimension scale failed")
}

/// Attaches `scale` to the axis `axis` of `dataset`.
pub(super) fn attach(dataset: &Dataset, scale: &Dataset, axis: usize) -> Result<(), Error> {
    // SAFETY: both identifiers are those of open datasets.
    let status = hdf5::sync::sync(|| unsafe { H5DSattach_scale(dataset.id(), scale.id(), axis as c_uint) });
    check(status, "attaching a dimension scale failed")
}

/// Name of the first scale attached to the axis `axis` of `dataset`: that of the dimension.
pub(super) fn dimension(dataset: &Dataset, axis: usize) -> Result<String, Error> {
    extern "C" fn first(_: hid_t, _: c_uint, scale: hid_t, data: *mut c_void) -> c_int {
        let mut path = [0_u8; 4096];
        // SAFETY: `data` is the `Option` below, which outlives the visit; the buffer is as long as said.
        unsafe {
            let length = H5Iget_name(scale, path.as_mut_ptr().cast(), path.len());
            let name = CStr::from_bytes_until_nul(&path).ok().filter(|_| length > 0);
            *data.cast::<Option<String>>() = name.map(|name| name.to_string_lossy().into_owned());
        }
        1
    }
    let mut found: Option<String> = None;
    let status = hdf5::sync::sync(|| {
        let data = (&raw mut found).cast();
        // SAFETY: the identifier is that of an open dataset; `first` treats `data` as what it is.
        unsafe { H5DSiterate_scales(dataset.id(), axis as c_uint, std::ptr::null_mut(), first, data) }
    });
    check(status, "reading the scales of an axis failed")?;
    let path = found.ok_or_else(|| Error::from("an axis has no dimension scale"))?;
    Ok(path.rsplit('/').next().unwrap_or_default().to_string())
}

/// The name `dataset` has as a scale; `None` where it is none.
pub(super) fn scale_name(dataset: &Dataset) -> Option<String> {
    // SAFETY: the identifier is that of an open dataset.
    let is_scale = hdf5::sync::sync(|| unsafe { H5DSis_scale(dataset.id()) });
    if is_scale <= 0 {
        return None;
    }
    let mut buffer = [0_u8; 256];
    let length = hdf5::sync::sync(|| {
        // SAFETY: the buffer is as long as said; the library writes at most that with a final zero.
        unsafe { H5DSget_scale_name(dataset.id(), buffer.as_mut_ptr().cast(), buffer.len()) }
    });
    let text = CStr::from_bytes_until_nul(&buffer).ok().filter(|_| length >= 0)?;
    Some(text.to_string_lossy().into_owned())
}
