//! Labelled arrays: values with a name, a unit, a description and named axes.
//!
//! Every layer hands its results over as a [`Dataset`]; what writes them (the HDF5
//! archive, tables, figures) needs to know nothing else. The model is that of xarray
//! and the CF conventions: a variable has one dimension name per axis, variables of
//! one dataset that share a dimension name share its length, and a one-dimensional variable that is
//! named as its dimension is the coordinate along it.
//!
//! ```
//! use spinhebb_data::labelled::{Dataset, Variable};
//! let table = Dataset::new("device/switching")
//!     .attribute("source", "LLGS ensemble")
//!     .with(Variable::coordinate("voltage", "V", "pulse amplitude", vec![0.3, 0.4, 0.5]))?
//!     .with(Variable::coordinate("width", "s", "pulse width", vec![1e-9, 2e-9]))?
//!     .with(Variable::new("p", "1", "switching probability", &["voltage", "width"], &[3, 2], vec![0.0; 6])?)?;
//! assert_eq!(table.length("voltage"), Some(3));
//! # Ok::<(), spinhebb_data::DataError>(())
//! ```

use std::collections::BTreeMap;

use crate::DataError;

/// The values of a [`Variable`], row-major (the last dimension varies fastest).
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant is named for its element type")]
pub enum Values {
    F64(Vec<f64>),
    F32(Vec<f32>),
    I64(Vec<i64>),
    U64(Vec<u64>),
    U32(Vec<u32>),
    U16(Vec<u16>),
    U8(Vec<u8>),
    Text(Vec<String>),
}

impl Values {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F64(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::U64(v) => v.len(),
            Self::U32(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::U8(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All values as doubles; `None` for text.
    #[must_use]
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        Some(match self {
            Self::F64(v) => v.clone(),
            Self::F32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            Self::I64(v) => v.iter().map(|&x| x as f64).collect(),
            Self::U64(v) => v.iter().map(|&x| x as f64).collect(),
            Self::U32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            Self::U16(v) => v.iter().map(|&x| f64::from(x)).collect(),
            Self::U8(v) => v.iter().map(|&x| f64::from(x)).collect(),
            Self::Text(_) => return None,
        })
    }
}

macro_rules! values_from {
    ($($variant:ident $element:ty),+) => {$(
        impl From<Vec<$element>> for Values {
            fn from(values: Vec<$element>) -> Self {
                Self::$variant(values)
            }
        }
        impl From<&[$element]> for Values {
            fn from(values: &[$element]) -> Self {
                Self::$variant(values.to_vec())
            }
        }
        impl From<$element> for Values {
            fn from(value: $element) -> Self {
                Self::$variant(vec![value])
            }
        }
    )+};
}
values_from!(F64 f64, F32 f32, I64 i64, U64 u64, U32 u32, U16 u16, U8 u8, Text String);

impl From<&[&str]> for Values {
    fn from(values: &[&str]) -> Self {
        Self::Text(values.iter().map(ToString::to_string).collect())
    }
}

impl From<Vec<&str>> for Values {
    fn from(values: Vec<&str>) -> Self {
        Self::from(values.as_slice())
    }
}

impl From<&str> for Values {
    fn from(value: &str) -> Self {
        Self::Text(vec![value.to_string()])
    }
}

/// A single value attached to a dataset or a variable.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant is named for its type")]
pub enum Attribute {
    Text(String),
    F64(f64),
    I64(i64),
    U64(u64),
}

impl From<&str> for Attribute {
    fn from(value: &str) -> Self {
        Self::Text(value.to_string())
    }
}
impl From<String> for Attribute {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<f64> for Attribute {
    fn from(value: f64) -> Self {
        Self::F64(value)
    }
}
impl From<i64> for Attribute {
    fn from(value: i64) -> Self {
        Self::I64(value)
    }
}
impl From<u64> for Attribute {
    fn from(value: u64) -> Self {
        Self::U64(value)
    }
}
impl From<usize> for Attribute {
    fn from(value: usize) -> Self {
        Self::U64(value as u64)
    }
}

/// Attributes by name.
pub type Attributes = BTreeMap<String, Attribute>;

/// An array with a name, a unit, a description and named axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Name, unique in its dataset.
    pub name: String,
    /// Unit in UDUNITS spelling (`"m"`, `"A m-2"`); `"1"` where there is none.
    pub unit: String,
    /// Description in words.
    pub long_name: String,
    /// Name of each axis.
    pub dims: Vec<String>,
    /// Length of each axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// The values, row-major.
    pub values: Values,
    /// Further attributes, such as `source`.
    pub attributes: Attributes,
}

impl Variable {
    /// An array over the axes `dims` of lengths `shape`.
    ///
    /// # Errors
    /// The values do not fill the shape, or the numbers of names and lengths differ.
    pub fn new(
        name: &str,
        unit: &str,
        long_name: &str,
        dims: &[&str],
        shape: &[usize],
        values: impl Into<Values>,
    ) -> Result<Self, DataError> {
        let variable = Self {
            name: name.to_string(),
            unit: unit.to_string(),
            long_name: long_name.to_string(),
            dims: dims.iter().map(ToString::to_string).collect(),
            shape: shape.to_vec(),
            values: values.into(),
            attributes: Attributes::new(),
        };
        variable.validate()?;
        Ok(variable)
    }

    /// A one-dimensional variable along its own dimension, such as the voltages of a table.
    #[must_use]
    pub fn coordinate(name: &str, unit: &str, long_name: &str, values: impl Into<Values>) -> Self {
        Self::along(name, name, unit, long_name, values)
    }

    /// A one-dimensional variable along the dimension `dim`.
    #[must_use]
    pub fn along(name: &str, dim: &str, unit: &str, long_name: &str, values: impl Into<Values>) -> Self {
        let values = values.into();
        Self {
            name: name.to_string(),
            unit: unit.to_string(),
            long_name: long_name.to_string(),
            dims: vec![dim.to_string()],
            shape: vec![values.len()],
            values,
            attributes: Attributes::new(),
        }
    }

    /// A single value.
    ///
    /// # Errors
    /// `value` holds more or fewer than one value.
    pub fn scalar(
        name: &str,
        unit: &str,
        long_name: &str,
        value: impl Into<Values>,
    ) -> Result<Self, DataError> {
        Self::new(name, unit, long_name, &[], &[], value)
    }

    /// Bits, eight to a byte along the last dimension, as `numpy.packbits(axis=-1)` packs
    /// them (first bit in the most significant place, each row filled up with zeros).
    ///
    /// `shape` counts bits. The stored variable is of bytes, its last dimension is named
    /// `<dim>_byte`, and the attributes `packed_dim` and `packed_length` hold what
    /// [`Variable::unpacked_bits`] and `numpy.unpackbits(..., count=packed_length)` need.
    ///
    /// # Errors
    /// As [`Variable::new`]; a scalar cannot be packed.
    pub fn packed_bits(
        name: &str,
        long_name: &str,
        dims: &[&str],
        shape: &[usize],
        bits: impl IntoIterator<Item = bool>,
    ) -> Result<Self, DataError> {
        let (Some(&last_dim), Some(&length)) = (dims.last(), shape.last()) else {
            return Err(DataError::Dimensions {
                variable: name.to_string(),
                dims: dims.iter().map(ToString::to_string).collect(),
                shape: shape.to_vec(),
            });
        };
        let row_bytes = length.div_ceil(8);
        let mut bytes: Vec<u8> = Vec::new();
        let mut count = 0;
        for (index, bit) in bits.into_iter().enumerate() {
            let within = index % length.max(1);
            if within.is_multiple_of(8) {
                bytes.push(0);
            }
            if bit && let Some(byte) = bytes.last_mut() {
                *byte |= 0x80 >> (within % 8);
            }
            count = index + 1;
        }
        if count != product(shape) {
            return Err(DataError::Shape { variable: name.to_string(), shape: shape.to_vec(), count });
        }
        let byte_dim = format!("{last_dim}_byte");
        let byte_dims: Vec<&str> =
            dims[..dims.len() - 1].iter().copied().chain([byte_dim.as_str()]).collect();
        let byte_shape: Vec<usize> = shape[..shape.len() - 1].iter().copied().chain([row_bytes]).collect();
        Ok(Self::new(name, "1", long_name, &byte_dims, &byte_shape, bytes)?
            .with_attribute("packed_dim", last_dim)
            .with_attribute("packed_length", length)
            .with_attribute("packing", "numpy.packbits along the last axis, most significant bit first"))
    }

    /// The bits of a variable made by [`Variable::packed_bits`], row-major; `None` for others.
    #[must_use]
    pub fn unpacked_bits(&self) -> Option<Vec<bool>> {
        let Values::U8(bytes) = &self.values else { return None };
        let length = match self.attributes.get("packed_length")? {
            Attribute::U64(n) => usize::try_from(*n).ok()?,
            Attribute::I64(n) => usize::try_from(*n).ok()?,
            _ => return None,
        };
        let row_bytes = *self.shape.last()?;
        if row_bytes != length.div_ceil(8) {
            return None;
        }
        let row = |row: &[u8]| (0..length).map(|i| row[i / 8] & (0x80 >> (i % 8)) != 0).collect::<Vec<_>>();
        Some(bytes.chunks_exact(row_bytes.max(1)).flat_map(row).collect())
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: impl Into<Attribute>) -> Self {
        self.attributes.insert(name.to_string(), value.into());
        self
    }

    /// Whether this variable is the coordinate along its dimension.
    #[must_use]
    pub fn is_coordinate(&self) -> bool {
        self.dims.len() == 1 && self.dims[0] == self.name
    }

    /// Checks that name, axes and values fit together.
    ///
    /// # Errors
    /// See [`DataError::Name`], [`DataError::Dimensions`], [`DataError::Shape`].
    pub fn validate(&self) -> Result<(), DataError> {
        check_name(&self.name, "a variable")?;
        if self.dims.len() != self.shape.len() {
            return Err(DataError::Dimensions {
                variable: self.name.clone(),
                dims: self.dims.clone(),
                shape: self.shape.clone(),
            });
        }
        for (index, dim) in self.dims.iter().enumerate() {
            check_name(dim, "a dimension")?;
            if self.dims[..index].contains(dim) {
                return Err(DataError::Name {
                    name: dim.clone(),
                    what: "two dimensions of one variable",
                    reason: "each axis needs its own name",
                });
            }
        }
        if self.values.len() != product(&self.shape) {
            return Err(DataError::Shape {
                variable: self.name.clone(),
                shape: self.shape.clone(),
                count: self.values.len(),
            });
        }
        Ok(())
    }
}

/// Variables that share dimensions, with attributes; one group of the archive.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dataset {
    /// Path in the archive, such as `"device/switching"`.
    pub name: String,
    /// Attributes of the whole.
    pub attributes: Attributes,
    /// The variables, in the order they were added.
    pub variables: Vec<Variable>,
}

impl Dataset {
    /// An empty dataset; `name` is its path in the archive, parts separated by `/`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_string(), ..Self::default() }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: impl Into<Attribute>) -> Self {
        self.attributes.insert(name.to_string(), value.into());
        self
    }

    /// Adds a variable.
    ///
    /// # Errors
    /// As [`Dataset::push`].
    pub fn with(mut self, variable: Variable) -> Result<Self, DataError> {
        self.push(variable)?;
        Ok(self)
    }

    /// Adds a variable.
    ///
    /// # Errors
    /// The variable is not valid by itself, its name is taken, or it disagrees with an earlier one about the
    /// length of a dimension.
    pub fn push(&mut self, variable: Variable) -> Result<(), DataError> {
        self.check(&variable)?;
        self.variables.push(variable);
        Ok(())
    }

    /// The variable `name`.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|v| v.name == name)
    }

    /// The values of the numeric variable `name`, as doubles.
    ///
    /// # Errors
    /// [`DataError::NoVariable`] where there is none or it is text.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, DataError> {
        self.variable(name).and_then(|v| v.values.to_f64()).ok_or_else(|| DataError::NoVariable {
            dataset: self.name.clone(),
            variable: name.to_string(),
            expected: "numeric",
        })
    }

    /// The length of the dimension `dim`.
    #[must_use]
    pub fn length(&self, dim: &str) -> Option<usize> {
        self.variables.iter().find_map(|v| v.dims.iter().position(|d| d == dim).map(|axis| v.shape[axis]))
    }

    /// Checks every variable again, for datasets whose fields were filled by hand.
    ///
    /// # Errors
    /// As [`Dataset::push`]; also where a part of the dataset's own name is not a name.
    pub fn validate(&self) -> Result<(), DataError> {
        for part in self.name.split('/') {
            check_name(part, "a dataset")?;
        }
        let mut seen = Self::new(&self.name);
        for variable in &self.variables {
            seen.check(variable)?;
            // Shapes are all that later checks need: an empty copy will do.
            seen.variables.push(Variable { values: Values::U8(Vec::new()), ..variable.clone() });
        }
        Ok(())
    }

    fn check(&self, variable: &Variable) -> Result<(), DataError> {
        variable.validate()?;
        if self.variable(&variable.name).is_some() {
            return Err(DataError::Name {
                name: variable.name.clone(),
                what: "two variables of one dataset",
                reason: "the name is taken",
            });
        }
        for (dim, &found) in variable.dims.iter().zip(&variable.shape) {
            if let Some(expected) = self.length(dim)
                && expected != found
            {
                return Err(DataError::DimensionLength {
                    dataset: self.name.clone(),
                    variable: variable.name.clone(),
                    dim: dim.clone(),
                    expected,
                    found,
                });
            }
        }
        if let Some(dim_user) = self.variables.iter().find(|v| v.dims.contains(&variable.name))
            && !variable.is_coordinate()
        {
            return Err(DataError::Name {
                name: variable.name.clone(),
                what: "a variable that is not a coordinate",
                reason: if dim_user.is_coordinate() { "the name is taken" } else { "it names a dimension" },
            });
        }
        Ok(())
    }
}

/// Product of the lengths, saturating so that absurd shapes cannot wrap round to a valid one.
fn product(shape: &[usize]) -> usize {
    shape.iter().fold(1, |total, &n| total.saturating_mul(n))
}

fn check_name(name: &str, what: &'static str) -> Result<(), DataError> {
    let reason = if name.is_empty() {
        "it is empty"
    } else if name == "." || name == ".." {
        "it means a place in the path"
    } else if name.contains('/') {
        "it contains a slash"
    } else if name.chars().any(char::is_control) {
        "it contains a control character"
    } else {
        return Ok(());
    };
    Err(DataError::Name { name: name.to_string(), what, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voltages() -> Variable {
        Variable::coordinate("voltage", "V", "pulse amplitude", vec![0.3, 0.4, 0.5])
    }

    #[test]
    fn shapes_are_checked() {
        let short = Variable::new("p", "1", "probability", &["voltage"], &[3], vec![0.0; 2]);
        assert!(matches!(short, Err(DataError::Shape { count: 2, .. })));
        let dims = Variable::new("p", "1", "probability", &["voltage"], &[3, 2], vec![0.0; 6]);
        assert!(matches!(dims, Err(DataError::Dimensions { .. })));
        let huge = Variable::new("p", "1", "", &["a", "b"], &[usize::MAX / 2 + 1, 2], Vec::<f64>::new());
        assert!(matches!(huge, Err(DataError::Shape { .. })), "a product that wraps to zero");
        let twice = Variable::new("p", "1", "", &["a", "a"], &[1, 1], 0.5);
        assert!(matches!(twice, Err(DataError::Name { .. })));
        assert!(Variable::scalar("p", "1", "probability", 0.5).is_ok());
        assert!(Variable::scalar("p", "1", "probability", vec![0.5, 0.5]).is_err());
    }

    #[test]
    fn variables_of_a_dataset_agree() {
        let table = Dataset::new("table").with(voltages()).unwrap();
        let longer = Variable::along("p", "voltage", "1", "probability", vec![0.0; 4]);
        assert!(matches!(
            table.clone().with(longer),
            Err(DataError::DimensionLength { expected: 3, found: 4, .. })
        ));
        assert!(matches!(table.clone().with(voltages()), Err(DataError::Name { .. })));
        for name in ["", "a/b", "..", "a\nb"] {
            let bad = Variable::along(name, "voltage", "1", "", vec![0.0; 3]);
            assert!(matches!(table.clone().with(bad), Err(DataError::Name { .. })), "{name:?}");
        }
        let shadow = Variable::scalar("voltage", "V", "", 1.0).unwrap();
        let p = Variable::along("p", "voltage", "1", "probability", vec![0.0; 3]);
        assert!(Dataset::new("t").with(p).unwrap().with(shadow).is_err());
        assert!(table.validate().is_ok());
        assert!(Dataset { name: "a//b".into(), ..table }.validate().is_err());
    }

    #[test]
    fn bits_pack_as_numpy_does() {
        let bits: Vec<bool> = (0..20).map(|i| i % 3 == 0).collect();
        let packed =
            Variable::packed_bits("w", "weights", &["row", "pixel"], &[2, 10], bits.clone()).unwrap();
        // numpy.packbits([[1,0,0,1,0,0,1,0,0,1],[0,0,1,0,0,1,0,0,1,0]], axis=-1)
        assert_eq!(packed.values, Values::U8(vec![0b1001_0010, 0b0100_0000, 0b0010_0100, 0b1000_0000]));
        assert_eq!(packed.dims, ["row", "pixel_byte"]);
        assert_eq!(packed.unpacked_bits().unwrap(), bits);
        assert!(Variable::packed_bits("w", "", &["row"], &[4], [true; 3]).is_err());
        assert!(
            Variable::packed_bits("w", "", &["row"], &[0], []).unwrap().unpacked_bits().unwrap().is_empty()
        );
    }
}
