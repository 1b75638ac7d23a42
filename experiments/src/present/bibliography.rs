//! The papers behind the models, in `references.bib` beside this file: each run writes those it used.

use crate::error::ExperimentError;

/// Every entry a run may cite.
const ENTRIES: &str = include_str!("references.bib");

/// Keys and entries, in the order of the file.
fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    ENTRIES.split("\n\n").map(str::trim).filter_map(|entry| {
        let key = entry.split_once('{')?.1.split_once(',')?.0;
        Some((key, entry))
    })
}

/// BibTeX entry of `key`; `None` when there is none.
#[must_use]
pub fn entry(key: &str) -> Option<&'static str> {
    entries().find(|(known, _)| *known == key).map(|(_, entry)| entry)
}

/// The file `references.bib` for `keys`, in the order of all entries.
///
/// # Errors
/// A key that has no entry.
pub fn bibtex(keys: &[&str]) -> Result<String, ExperimentError> {
    if let Some(unknown) = keys.iter().find(|key| entry(key).is_none()) {
        return ExperimentError::refuse("citation", unknown, "a key of references.bib");
    }
    let cited = entries().filter(|(key, _)| keys.contains(key)).map(|(_, entry)| entry);
    Ok(cited.collect::<Vec<_>>().join("\n\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_well_formed_and_unique() {
        let all: Vec<_> = entries().collect();
        assert_eq!(all.len(), ENTRIES.matches("\n@").count() + 1, "every entry is found");
        for (index, (key, entry)) in all.iter().enumerate() {
            assert!(entry.starts_with('@') && entry.contains("title = {"), "{key}");
            assert_eq!(entry.matches('{').count(), entry.matches('}').count(), "{key}: braces");
            assert!(all[..index].iter().all(|(other, _)| other != key), "{key} twice");
        }
    }

    #[test]
    fn only_what_is_cited_is_written_once() {
        let text = bibtex(&["brown1963", "zhou2025", "brown1963"]).unwrap();
        assert_eq!(text.matches("@article").count(), 2);
        assert!(bibtex(&["nobody1900"]).is_err());
    }
}
