//! The switching tables of a system: computed, or read from the run that `table.from` names.

use std::path::Path;

use spinhebb_data::archive::Archive;
use spinhebb_data::labelled::Dataset;
use spinhebb_device::dynamics::pulse::{Drive, Pulse};
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::{
    DeviceTables, Nodes, Population, PopulationConfig, Rounding, RoundingTest,
};
use spinhebb_device::switching::axial::AxialModel;
use spinhebb_device::switching::fokker_planck::Resolution;
use spinhebb_device::switching::probability::ByFokkerPlanck;
use spinhebb_device::switching::table::SwitchingTable;
use spinhebb_device::switching::table_config::{TableConfig, TableRequest};

use super::COUPLED_MODELS;
use super::summary::step_warning;
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome, Sealable};
use crate::run::ARCHIVE;

/// Name of the dataset of the nominal device's table.
pub(crate) const TABLE: &str = "device/switching_table";
/// Random devices for which tables are compared with the back end.
const TESTED: usize = 400;

/// What tables are made of.
#[derive(Clone, Copy)]
pub(crate) struct TableSource<'a> {
    pub(crate) device: &'a MtjConfig,
    pub(crate) table: &'a TableConfig,
    pub(crate) population: &'a PopulationConfig,
    /// Full widths of the pulses in s, rising.
    pub(crate) widths_s: &'a [f64],
}

impl TableSource<'_> {
    /// The table of the nominal device, as a unit of the run; warnings and citations go to `outcome`.
    ///
    /// # Errors
    /// The method does not serve the device; the archive that `table.from` names holds no table.
    pub(crate) fn nominal(
        &self,
        outcome: &mut Outcome,
        context: &Context,
    ) -> Result<SwitchingTable, ExperimentError> {
        let junction = Junction::new(self.device)?;
        self.announce(&junction, outcome)?;
        if let Some(path) = &self.table.from {
            return self.read_table(&datasets(path)?, path, outcome);
        }
        let stage = context.stage("switching table", self.table.amplitudes(1.0));
        let progress = || stage.advance();
        let request = TableRequest {
            progress: &progress,
            ..TableRequest::new(&junction, self.widths_s, context.seed())
        };
        compute(self.table, &request, context)
    }

    /// Tables for all devices of the population, as units of the run; warnings and citations go to `outcome`.
    ///
    /// # Errors
    /// As [`Self::nominal`]; the archive lacks tables of devices that the population needs.
    pub(crate) fn devices(
        &self,
        outcome: &mut Outcome,
        context: &Context,
    ) -> Result<DeviceTables, ExperimentError> {
        let junction = Junction::new(self.device)?;
        self.announce(&junction, outcome)?;
        let population = self.drawn(context)?;
        if let Some(path) = &self.table.from {
            return self.read_devices(&junction, &population, path, outcome);
        }
        let (nodes, reach) = self.table.nodes(&junction, &population)?;
        let each = self.table.amplitudes(reach);
        let title = format!("{} switching tables", nodes.count());
        let stage = context.stage(&title, nodes.count() as u64 * each);
        let progress = || stage.advance();
        let request = TableRequest {
            progress: &progress,
            ..TableRequest::new(&junction, self.widths_s, context.seed())
        };
        let mut finished = 0;
        self.table.device_tables(&request, &population, |request| {
            let table = compute(self.table, request, context)?;
            // A table that was kept, or needed fewer voltages, counts as a whole.
            finished += each;
            stage.reach(finished);
            Ok(table)
        })
    }

    /// The population, of whose devices the range counts here.
    fn drawn(&self, context: &Context) -> Result<Population, ExperimentError> {
        Population::new(self.population, context.seed()).map_err(ExperimentError::field)
    }

    /// How far `tables` miss the devices between their nodes at pulses of `volts`, where the Fokker-Planck equation of one
    /// variable says it; `None` elsewhere, and where all devices have the table of a node.
    ///
    /// # Errors
    /// As the back end.
    pub(crate) fn rounding(
        &self,
        tables: &DeviceTables,
        volts: &[f64],
        context: &Context,
    ) -> Result<Option<Rounding>, ExperimentError> {
        let Junction::Single(mtj) = tables.nominal_junction() else { return Ok(None) };
        let (Some(&width_s), false) = (self.widths_s.first(), self.table.from.is_some()) else {
            return Ok(None);
        };
        if self.population.is_uniform() || AxialModel::of(mtj, Drive::Voltage).is_err() {
            return Ok(None);
        }
        let back_end = ByFokkerPlanck(Resolution::TABLE);
        let test = RoundingTest { back_end: &back_end, volts, width_s, devices: TESTED };
        Ok(Some(tables.rounding(&self.drawn(context)?, &test)?))
    }

    fn announce(&self, junction: &Junction, outcome: &mut Outcome) -> Result<(), ExperimentError> {
        if matches!(junction, Junction::Coupled(_)) {
            outcome.cite(COUPLED_MODELS);
        }
        let longest = self.widths_s.iter().copied().fold(0.0, f64::max);
        let pulse = Pulse::rectangular(self.table.highest_voltage.si(), longest);
        if self.table.from.is_none()
            && let Some(warning) = step_warning(junction, &pulse, &self.table.stepping())?
        {
            outcome.warn(warning.to_string());
        }
        Ok(())
    }

    fn read_table(
        &self,
        found: &[Dataset],
        path: &Path,
        outcome: &mut Outcome,
    ) -> Result<SwitchingTable, ExperimentError> {
        let Some(dataset) = found.iter().find(|dataset| dataset.name == TABLE) else {
            let expected =
                format!("a run or archive that holds `{TABLE}`, such as one of `spinhebb device table`");
            return ExperimentError::refuse("table.from", path.display(), &expected);
        };
        let table = SwitchingTable::from_dataset(dataset)?;
        for width in self.widths_s {
            let (first, last) = (table.widths_s()[0], table.widths_s()[table.widths_s().len() - 1]);
            if !(first * (1.0 - 1e-9)..=last * (1.0 + 1e-9)).contains(width) {
                let expected =
                    format!("a table with pulses of {width:e} s; its widths go from {first:e} to {last:e} s");
                return ExperimentError::refuse("table.from", path.display(), &expected);
            }
        }
        outcome.text("table/from", path.file_name().unwrap_or_default().to_string_lossy());
        if let Some(other) = device_of(path)?
            && !other.is_same_device(self.device)
        {
            outcome.warn("the table of `table.from` was computed for another device than that of `[device]`");
        }
        Ok(table)
    }

    fn read_devices(
        &self,
        junction: &Junction,
        population: &Population,
        path: &Path,
        outcome: &mut Outcome,
    ) -> Result<DeviceTables, ExperimentError> {
        let found = datasets(path)?;
        let nominal = self.read_table(&found, path, outcome)?;
        let (needed, _) = self.table.nodes(junction, population)?;
        if needed == Nodes::nominal() {
            return Ok(DeviceTables::of_nominal(junction, nominal));
        }
        match DeviceTables::from_datasets(junction, &found)? {
            Some(tables)
                if needed.within(tables.nodes()) && *tables.lattice() == self.table.lattice(junction) =>
            {
                Ok(tables)
            }
            _ => {
                let expected = format!(
                    "an archive with the tables of {} devices on the lattice of this population, which `spinhebb device table` \
                     makes with the same [population]; or a population that differs in torque and hazard alone",
                    needed.count()
                );
                ExperimentError::refuse("table.from", path.display(), &expected)
            }
        }
    }
}

/// Adds what the tables round.
pub(crate) fn add_rounding(outcome: &mut Outcome, rounding: &Rounding) {
    let pairs = format!("{} pairs of device and voltage", rounding.pairs);
    let rms = "root mean square difference of a device's probability by tables and by its own macrospin";
    outcome.scalar("table_rounding/rms", rounding.rms, "1", format!("{rms}, upper limit; {pairs}"));
    let largest = "largest such difference, devices at the corners of the population among them";
    outcome.scalar("table_rounding/largest", rounding.largest, "1", format!("{largest}; {pairs}"));
}

/// Computes the table of a request as a unit of the run.
fn compute(
    settings: &TableConfig,
    request: &TableRequest<'_>,
    context: &Context,
) -> Result<SwitchingTable, ExperimentError> {
    let TableRequest { junction, widths_s, reach, .. } = *request;
    let key = format!("switching table {junction:?} {settings:?} {widths_s:?} {reach:e}");
    context.unit(&key, || Ok(settings.table(request)?))
}

/// The datasets of tables in a run's folder or an archive.
fn datasets(path: &Path) -> Result<Vec<Dataset>, ExperimentError> {
    let archive = Archive::open(&archive_of(path))?;
    let names = archive.names()?;
    let tables =
        names.iter().filter(|name| name.as_str() == TABLE || name.starts_with("device/node_tables/"));
    Ok(tables.map(|name| archive.dataset(name)).collect::<Result<_, _>>()?)
}

fn archive_of(path: &Path) -> std::path::PathBuf {
    if path.is_dir() { path.join(ARCHIVE) } else { path.to_path_buf() }
}

/// The device of the run whose archive `path` is; `None` for an archive without one.
fn device_of(path: &Path) -> Result<Option<MtjConfig>, ExperimentError> {
    let header = Archive::open(&archive_of(path))?.header()?;
    let device =
        header.configuration.parse::<toml::Table>().ok().and_then(|mut table| table.remove("device"));
    Ok(device.and_then(|device| device.try_into().ok()))
}

impl Sealable for SwitchingTable {
    fn to_datasets(&self) -> Result<Vec<Dataset>, ExperimentError> {
        Ok(vec![self.to_dataset()?])
    }

    fn from_datasets(datasets: Vec<Dataset>) -> Result<Self, ExperimentError> {
        let table = datasets.first().map(Self::from_dataset).transpose()?;
        table.ok_or_else(|| ExperimentError::Unit { reason: "no switching table".to_string() })
    }
}
