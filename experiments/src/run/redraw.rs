//! Page, figures and references of a run, drawn from its archive alone.

use std::path::Path;

use super::{ARCHIVE, provenance, write_file};
use crate::error::ExperimentError;
use crate::experiment::{Outcome, Registered, read_archive};
use crate::present::{Frame, Page, bibliography};
use crate::registry;

/// Draws the run in `folder` again into `target`, and returns what was found in it.
///
/// # Errors
/// The archive does not read, is of an experiment that this version does not have, or a file cannot be written.
pub fn report(folder: &Path, target: &Path) -> Result<Outcome, ExperimentError> {
    let outcome = read_archive(&folder.join(ARCHIVE))?;
    let Some(experiment) = registry::find(&outcome.experiment) else {
        return Err(ExperimentError::Archive {
            experiment: outcome.experiment,
            reason: "this version cannot draw it; its data read as before".to_string(),
        });
    };
    std::fs::create_dir_all(target).map_err(ExperimentError::io("create", target))?;
    redraw(experiment, folder, target)?;
    Ok(outcome)
}

/// Draws the run whose archive stands in `folder` into `target`: the same archive gives the same bytes, but for the date
/// of `provenance.json`.
///
/// # Errors
/// The archive does not read or lacks what the page shows, or a file cannot be written.
pub(super) fn redraw(experiment: &Registered, folder: &Path, target: &Path) -> Result<(), ExperimentError> {
    let outcome = read_archive(&folder.join(ARCHIVE))?;
    let mut page = Page::default();
    experiment.present(&outcome, &mut page)?;
    let citations: Vec<&str> = outcome.citations.iter().map(String::as_str).collect();
    let date = provenance::date_of(folder);
    let drawn = page.finish(&Frame {
        title: &outcome.title,
        date: date.as_deref(),
        experiment: &outcome.experiment,
        configuration: &outcome.configuration,
        warnings: &outcome.warnings,
        citations: &citations,
    });
    let figures = target.join("figures");
    std::fs::create_dir_all(&figures).map_err(ExperimentError::io("create", &figures))?;
    for (name, svg) in &drawn.figures {
        write_file(&figures.join(format!("{name}.svg")), svg.as_bytes())?;
    }
    write_file(&target.join("references.bib"), bibliography::bibtex(&citations)?.as_bytes())?;
    write_file(&target.join("report.html"), drawn.html.as_bytes())
}
