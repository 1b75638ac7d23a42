//! An outcome as an archive, and back: the page drawn from the file is that of the computation.
//!
//! Beside the datasets of the experiment, the archive holds `results` (one row per scalar: value, interval, unit,
//! meaning), `outcome/texts`, `outcome/remarks` (warnings and citations) and `outcome/files`.

use std::path::Path;

use spinhebb_data::archive::{self, Archive, Header};
use spinhebb_data::labelled::{Attribute, Dataset, Values, Variable};

use super::outcome::{Input, Outcome, OutcomeFile, Scalar, Text};
use super::sealable::Sealable;
use crate::error::ExperimentError;

const RESULTS: &str = "results";
const TEXTS: &str = "outcome/texts";
const WARNINGS: &str = "outcome/warnings";
const CITATIONS: &str = "outcome/citations";
const FILES: &str = "outcome/files";
/// In sealed units alone: what an archive has in its header.
const HEAD: &str = "outcome/head";

/// Writes `outcome` as a sealed archive at `path`.
///
/// # Errors
/// A dataset is not valid, or the file cannot be written.
pub fn write_archive(path: &Path, outcome: &Outcome) -> Result<(), ExperimentError> {
    Ok(archive::write(path, &header(outcome), &body(outcome)?)?)
}

/// All that is not in the header.
fn body(outcome: &Outcome) -> Result<Vec<Dataset>, ExperimentError> {
    let mut datasets = results(&outcome.scalars)?;
    datasets.extend(outcome.datasets.iter().cloned());
    let column = |pick: fn(&Text) -> &String| outcome.texts.iter().map(|t| pick(t).clone()).collect::<Vec<_>>();
    if !outcome.texts.is_empty() {
        datasets.push(
            Dataset::new(TEXTS)
                .with(Variable::coordinate("text", "1", "key of the text", column(|t| &t.key)))?
                .with(Variable::along("words", "text", "1", "the text", column(|t| &t.text)))?,
        );
    }
    for (name, list) in [
        (WARNINGS, outcome.warnings.clone()),
        (CITATIONS, outcome.citations.iter().cloned().collect()),
    ] {
        if !list.is_empty() {
            datasets.push(Dataset::new(name).with(Variable::along("words", "remark", "1", "in words", list))?);
        }
    }
    for (index, file) in outcome.files.iter().enumerate() {
        datasets.push(
            Dataset::new(&format!("{FILES}/{index:04}"))
                .attribute("name", file.name.as_str())
                .with(Variable::along("bytes", "byte", "1", "content of the file", file.bytes.clone()))?,
        );
    }
    Ok(datasets)
}

fn header(outcome: &Outcome) -> Header {
    Header {
        title: outcome.title.clone(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        commit: env!("SPINHEBB_COMMIT").to_string(),
        seed: outcome.seed,
        configuration: outcome.configuration.clone(),
        inputs: outcome.inputs.iter().map(|i| (i.name.clone(), i.sha256.clone())).collect(),
        experiment: outcome.experiment.clone(),
        physics: super::PHYSICS_VERSION,
    }
}

fn results(scalars: &[Scalar]) -> Result<Vec<Dataset>, ExperimentError> {
    if scalars.is_empty() {
        return Ok(Vec::new());
    }
    let text = |pick: fn(&Scalar) -> &String| scalars.iter().map(|s| pick(s).clone()).collect::<Vec<_>>();
    let number = |pick: fn(&Scalar) -> f64| scalars.iter().map(pick).collect::<Vec<f64>>();
    let along = |name: &str, long: &str, values: Values| Variable::along(name, "scalar", "1", long, values);
    let end = |pick: fn((f64, f64)) -> f64| {
        scalars.iter().map(|s| s.interval.map_or(f64::NAN, pick)).collect::<Vec<f64>>()
    };
    Ok(vec![
        Dataset::new(RESULTS)
            .with(Variable::coordinate("scalar", "1", "key of the number", text(|s| &s.key)))?
            .with(along("value", "value, in the unit beside it", number(|s| s.value).into()))?
            .with(along("low", "lower end of the 95 % interval, where there is one", end(|i| i.0).into()))?
            .with(along("high", "upper end of the 95 % interval, where there is one", end(|i| i.1).into()))?
            .with(along("unit", "unit of the value", text(|s| &s.unit).into()))?
            .with(along("meaning", "what the number is", text(|s| &s.meaning).into()))?,
    ])
}

/// Reads the outcome that [`write_archive`] wrote.
///
/// # Errors
/// The file is not an archive of this program, or is damaged.
pub fn read_archive(path: &Path) -> Result<Outcome, ExperimentError> {
    let archive = Archive::open(path)?;
    let header = archive.header()?;
    let mut outcome = Outcome {
        experiment: header.experiment,
        title: header.title,
        configuration: header.configuration,
        seed: header.seed,
        inputs: header.inputs.into_iter().map(|(name, sha256)| Input { name, sha256 }).collect(),
        ..Outcome::default()
    };
    for name in archive.names()? {
        take(&mut outcome, archive.dataset(&name)?)?;
    }
    Ok(outcome)
}

/// Puts a dataset of [`body`] where it belongs.
fn take(outcome: &mut Outcome, dataset: Dataset) -> Result<(), ExperimentError> {
    match dataset.name.as_str() {
        RESULTS => outcome.scalars = scalars_of(&dataset)?,
        TEXTS => {
            let (keys, words) = (texts(&dataset, "text")?, texts(&dataset, "words")?);
            outcome.texts = keys.into_iter().zip(words).map(|(key, text)| Text { key, text }).collect();
        }
        WARNINGS => outcome.warnings = texts(&dataset, "words")?,
        CITATIONS => outcome.citations = texts(&dataset, "words")?.into_iter().collect(),
        name if name.starts_with(FILES) => outcome.files.push(file_of(&dataset)?),
        _ => outcome.datasets.push(dataset),
    }
    Ok(())
}

/// What an experiment composed of others seals of each of them. Data come back in the order of their names.
impl Sealable for Outcome {
    fn to_datasets(&self) -> Result<Vec<Dataset>, ExperimentError> {
        let head = vec![self.experiment.clone(), self.title.clone(), self.configuration.clone(), self.seed.to_string()];
        let input = |pick: fn(&Input) -> &String| self.inputs.iter().map(|i| pick(i).clone()).collect::<Vec<_>>();
        let words = "experiment, title, configuration and seed";
        let mut sealed = Dataset::new(HEAD).with(Variable::along("head", "entry", "1", words, head))?;
        if !self.inputs.is_empty() {
            sealed.push(Variable::coordinate("input", "1", "name of the input", input(|i| &i.name)))?;
            sealed.push(Variable::along("sha256", "input", "1", "its checksum", input(|i| &i.sha256)))?;
        }
        let mut datasets = body(self)?;
        datasets.push(sealed);
        Ok(datasets)
    }

    fn from_datasets(datasets: Vec<Dataset>) -> Result<Self, ExperimentError> {
        let mut outcome = Self::default();
        for dataset in datasets {
            if dataset.name != HEAD {
                take(&mut outcome, dataset)?;
                continue;
            }
            let [experiment, title, configuration, seed] =
                <[String; 4]>::try_from(texts(&dataset, "head")?).map_err(|_| lacks(&dataset, "head"))?;
            outcome.seed = seed.parse().map_err(|_| lacks(&dataset, "seed"))?;
            (outcome.experiment, outcome.title, outcome.configuration) = (experiment, title, configuration);
            if dataset.variable("input").is_some() {
                let pairs = texts(&dataset, "input")?.into_iter().zip(texts(&dataset, "sha256")?);
                outcome.inputs = pairs.map(|(name, sha256)| Input { name, sha256 }).collect();
            }
        }
        Ok(outcome)
    }
}

fn scalars_of(dataset: &Dataset) -> Result<Vec<Scalar>, ExperimentError> {
    let (keys, units, meanings) =
        (texts(dataset, "scalar")?, texts(dataset, "unit")?, texts(dataset, "meaning")?);
    let (values, low, high) = (dataset.numbers("value")?, dataset.numbers("low")?, dataset.numbers("high")?);
    let numbers = values.into_iter().zip(low.into_iter().zip(high));
    Ok(keys
        .into_iter()
        .zip(units.into_iter().zip(meanings))
        .zip(numbers)
        .map(|((key, (unit, meaning)), (value, (low, high)))| Scalar {
            key,
            value,
            interval: (!low.is_nan()).then_some((low, high)),
            unit,
            meaning,
        })
        .collect())
}

fn file_of(dataset: &Dataset) -> Result<OutcomeFile, ExperimentError> {
    let bytes = match dataset.variable("bytes").map(|v| &v.values) {
        Some(Values::U8(bytes)) => bytes.clone(),
        _ => return Err(lacks(dataset, "bytes")),
    };
    match dataset.attributes.get("name") {
        Some(Attribute::Text(name)) => Ok(OutcomeFile { name: name.clone(), bytes }),
        _ => Err(lacks(dataset, "name")),
    }
}

/// The texts of the variable `name`.
///
/// # Errors
/// There is none: the archive is of another version.
pub(crate) fn texts(dataset: &Dataset, name: &str) -> Result<Vec<String>, ExperimentError> {
    match dataset.variable(name).map(|v| &v.values) {
        Some(Values::Text(texts)) => Ok(texts.clone()),
        _ => Err(lacks(dataset, name)),
    }
}

fn lacks(dataset: &Dataset, what: &str) -> ExperimentError {
    let reason = format!("its group `{}` holds no `{what}`", dataset.name);
    ExperimentError::Archive { experiment: String::new(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_whole() {
        let mut outcome = Outcome::new("A test");
        outcome.experiment = "device table".into();
        outcome.configuration = "seed = 3\n".into();
        outcome.seed = 3;
        outcome.scalar("accuracy", 0.1 + 0.2, "1", "share that is right").interval(0.25, 0.35);
        outcome.scalar("cut-off/energy", 1.5e-12, "J", "energy of a step");
        outcome.count("tiles", 4, "tiles of the array");
        outcome.scalar("none", f64::NAN, "s", "a time that was not reached");
        outcome.text("device", "in-plane");
        outcome.text("verdict", "rejected");
        outcome.file("crossbar.cir", "R1 a b 1\n");
        outcome.file("empty", Vec::new());
        outcome.warn("the step is long");
        outcome.warn("the step is long");
        outcome.cite(&["zhou2025", "sun2000"]);
        outcome.input("a.csv", "00ff");
        outcome.add(
            Dataset::new("device/table")
                .with(Variable::coordinate("voltage", "V", "amplitude", vec![0.1, 0.2]))
                .unwrap(),
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.h5");
        write_archive(&path, &outcome).unwrap();
        let read = read_archive(&path).unwrap();
        assert!(read.find("none").unwrap().value.is_nan());
        let plain = |outcome: &Outcome| {
            let mut plain = outcome.clone();
            plain.scalars.retain(|s| s.key != "none");
            plain
        };
        assert_eq!(plain(&read), plain(&outcome));
        assert_eq!(read.warnings.len(), 1);
        assert_eq!(read.family("cut-off")[0].0, "energy");
        // Equal outcomes give equal bytes.
        let again = folder.path().join("again.h5");
        write_archive(&again, &read).unwrap();
        assert_eq!(std::fs::read(path).unwrap(), std::fs::read(again).unwrap());
        let sealed = Outcome::from_datasets(outcome.to_datasets().unwrap()).unwrap();
        assert_eq!(plain(&sealed), plain(&outcome));
    }
}
