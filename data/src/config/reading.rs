//! One way from a document to a sound configuration, with all that is wrong in one report.

use schemars::Schema;
use serde::de::DeserializeOwned;
use toml::de::DeTable;

use super::tree::{self, TAG};
use super::{Check, ConfigError, Document, Fault, Faults, Rename, conform};

/// Most layers whose faulty values are looked behind.
const MOST_LAYERS: usize = 16;

/// The configuration that the root keys named by `values_of` describe.
///
/// The document is checked against `schema`, which declares every root key there is, those that others
/// read too; then the values are read, as if the faulty ones had not been written, and their ranges are
/// checked. What `T` reads must be declared in `schema`, in the same form.
///
/// # Errors
/// All faults of the document at once, each at its place: [`ConfigError::At`] or [`ConfigError::Many`].
pub fn read<T: DeserializeOwned + Check>(
    document: &Document,
    schema: &Schema,
    values_of: &dyn Fn(&str) -> bool,
    renames: &[Rename],
) -> Result<T, ConfigError> {
    let found = conform(document, schema, values_of, renames);
    let (paths, mut faults): (Vec<String>, Vec<Fault>) = found.into_iter().unzip();
    let (rest, hidden) = behind(document, &paths, schema, values_of, renames);
    match rest.parse_part::<T>(values_of) {
        Err(error) if faults.is_empty() => return Err(error),
        Err(_) => {}
        Ok(configuration) => {
            let mut ranges = Faults::default();
            configuration.check(&mut ranges);
            let is_spoilt = |path: &str| paths.iter().chain(&hidden).any(|bad| touches(path, bad));
            let sound = ranges.found().iter().filter(|fault| !is_spoilt(&fault.path));
            faults.extend(sound.map(|fault| document.fault_at(&fault.path, fault.to_string())));
            if faults.is_empty() {
                return Ok(configuration);
            }
        }
    }
    Err(ConfigError::from_faults(faults).expect("there is a fault on every way to this place"))
}

/// The document without the values at `paths`, and without those that come to light behind them and are
/// faulty too; and the paths that were taken out.
fn behind(
    document: &Document,
    paths: &[String],
    schema: &Schema,
    values_of: &dyn Fn(&str) -> bool,
    renames: &[Rename],
) -> (Document, Vec<String>) {
    let mut rest = document.clone();
    let mut hidden: Vec<String> = Vec::new();
    let mut bad = paths.to_vec();
    for _ in 0..MOST_LAYERS {
        let table = rest.table();
        let mut taken: Vec<String> = bad.iter().filter_map(|path| removable(table.get_ref(), path)).collect();
        taken.sort();
        taken.dedup();
        if taken.is_empty() {
            break;
        }
        rest = rest.without(&taken);
        hidden.extend(taken);
        bad = conform(&rest, schema, values_of, renames).into_iter().map(|(path, _)| path).collect();
    }
    (rest, hidden)
}

/// What must be taken out so that the fault at `path` goes: the value, the whole list around it, or the
/// table whose kind it is or that misses it; `None` where that is the document itself.
fn removable(table: &DeTable<'_>, path: &str) -> Option<String> {
    let mut path = path.split('[').next().unwrap_or_default();
    let is_tag = path.rsplit('.').next() == Some(TAG);
    if is_tag {
        path = path.rsplit_once('.')?.0;
    }
    while tree::find(table, path).is_none_or(|found| found.value.is_none()) {
        path = path.rsplit_once('.')?.0;
    }
    Some(path.to_string())
}

/// Whether one of the paths is within the other, or both are the same.
fn touches(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        outer.is_empty()
            || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    within(one, other) || within(other, one)
}
