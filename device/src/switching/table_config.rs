//! The switching table of a system as written in a configuration, and how it is computed by whatever back end.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::{Time, Voltage};

use super::PulseGrid;
use super::axial::AxialModel;
use super::estimate::BackEnd;
use super::fokker_planck::Resolution;
use super::probability::{
    Automatic, ByEnsemble, ByFokkerPlanck, BySplitting, SwitchingProbability, Trajectories,
};
use super::splitting::Splitting;
use super::table::{Refinement, SwitchingTable};
use crate::dynamics::ensemble::Ensemble;
use crate::dynamics::integrator::Integrator;
use crate::dynamics::lanes::Stepping;
use crate::dynamics::pulse::Drive;
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::ranges::{finite, positive};

/// Most amplitudes of a table.
const MOST_VOLTAGES: usize = 10_000;
/// Most trials of a cell.
const MOST_TRIALS: u64 = 1_000_000_000;
/// Most repeats of splitting.
const MOST_REPEATS: u32 = 10_000;

/// How the probability of switching is computed: at which pulses, by which method, with which effort.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// Run or archive whose table is read instead of computed, such as one of `spinhebb device table`; without it the table is
    /// computed as the other keys say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
    /// How probabilities are computed.
    pub method: BackEnd,
    /// Full widths of the rectangular pulses, rising; that of the pulses alone when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widths: Option<Vec<Time>>,
    /// Smallest amplitude of either polarity; below it, values are extrapolated and flagged.
    pub lowest_voltage: Voltage,
    /// Largest amplitude of either polarity; junctions of open dendrites may see the sum of both pulses.
    pub highest_voltage: Voltage,
    /// Evenly spaced amplitudes to begin with.
    pub voltages: usize,
    /// Most amplitudes after refinement, where the probability rises by more than a tenth from one to the next and, in an
    /// ensemble, where the curve bends; no refinement if not above `voltages`.
    pub most_voltages: usize,
    /// Closest spacing of two amplitudes.
    pub closest_voltages: Voltage,
    /// Trials for each amplitude, width and polarity where an ensemble is taken.
    pub trials: u64,
    /// Half width of the 95 % interval over the result that splitting goes for.
    pub relative_error: f64,
    /// Repeats of splitting at most, which bounds the work; the archive holds the error that was reached.
    pub most_repeats: u32,
    /// Integrator.
    pub integrator: Integrator,
    /// Largest step; the integrator's recommendation when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Time>,
    /// Seed of the table; the master seed when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Step between the barriers that have tables of their own, for devices that differ: a share of the nominal barrier.
    pub barrier_step: f64,
    /// Step between the TMRs that have tables of their own: a share of the nominal TMR.
    pub tmr_step: f64,
    /// Step between the stray fields that have tables of their own, in anisotropy fields of the device.
    pub field_step: f64,
    /// Step between the logarithms of the torques that have tables of their own, under voltage control; without it another
    /// torque is another voltage.
    pub torque_step: f64,
}

/// A table that is wanted.
#[derive(Clone, Copy)]
pub struct TableRequest<'a> {
    /// The device.
    pub junction: &'a Junction,
    /// Full widths of the rectangular pulses in s, rising.
    pub widths_s: &'a [f64],
    /// Master seed; [`TableConfig::seed`] wins.
    pub seed: u64,
    /// Factor on the highest voltage, for devices weaker than the nominal one: 1 for that.
    pub reach: f64,
    /// Called after each amplitude of either polarity, from any thread; [`TableConfig::amplitudes`] at most.
    pub progress: &'a (dyn Fn() + Sync),
}

impl<'a> TableRequest<'a> {
    /// The table of the nominal device, without word of its progress.
    #[must_use]
    pub fn new(junction: &'a Junction, widths_s: &'a [f64], seed: u64) -> Self {
        Self { junction, widths_s, seed, reach: 1.0, progress: &|| () }
    }
}

impl TableConfig {
    /// The table of a junction; the polarity drives out of the start (`V > 0` from anti-parallel).
    ///
    /// The method `ensemble` counts trials; where none switches, the Fokker-Planck equation of one variable serves if it
    /// holds, and else the cell is an upper limit. The method `splitting` counts what counting reaches.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for a value out of range; errors of the back end, such as
    /// [`DeviceError::NotApplicable`] where it does not hold for the device.
    pub fn table(&self, request: &TableRequest<'_>) -> Result<SwitchingTable, DeviceError> {
        self.first_fault().map_err(DeviceError::of_field)?;
        if self.counts_all(request.junction) { self.counted(request) } else { self.computed(request) }
    }

    /// Whether all the cells of a table of `junction` are counts of an ensemble.
    fn counts_all(&self, junction: &Junction) -> bool {
        self.method == BackEnd::Ensemble
            || self.method == BackEnd::Auto && matches!(junction, Junction::Coupled(_))
    }

    fn counted(&self, request: &TableRequest<'_>) -> Result<SwitchingTable, DeviceError> {
        let table = SwitchingTable::by_ensemble(
            request.junction,
            PulseGrid { volts: &self.magnitudes_v(request.reach), widths_s: request.widths_s },
            &self.ensemble(request.seed),
            self.refinement(),
            |_| (request.progress)(),
        )?;
        match request.junction {
            Junction::Single(mtj) if AxialModel::of(mtj, Drive::Voltage).is_ok() => {
                table.with_silent_cells_from(request.junction, &ByFokkerPlanck(Resolution::TABLE))
            }
            _ => Ok(table),
        }
    }

    fn computed(&self, request: &TableRequest<'_>) -> Result<SwitchingTable, DeviceError> {
        let mut automatic = self.automatic(request.seed);
        automatic.fokker_planck = ByFokkerPlanck(Resolution::TABLE);
        let trajectories = Trajectories(&automatic);
        let back_end: &dyn SwitchingProbability = match self.method {
            BackEnd::Splitting => &trajectories,
            method => automatic.back_end(method),
        };
        SwitchingTable::by_back_end(
            back_end,
            request.junction,
            PulseGrid { volts: &self.magnitudes_v(request.reach), widths_s: request.widths_s },
            self.refinement(),
            request.progress,
        )
    }

    /// Evenly spaced amplitudes in V, as many more as it takes to go on to the highest times `reach`.
    #[must_use]
    pub fn magnitudes_v(&self, reach: f64) -> Vec<f64> {
        let (low, high) = (self.lowest_voltage.si(), self.highest_voltage.si());
        let spacing = (high - low) / self.voltages.saturating_sub(1).max(1) as f64;
        let beyond = ((high * reach - high) / spacing - 1e-9).ceil().max(0.0) as usize;
        (0..self.voltages + beyond).map(|k| low + spacing * k as f64).collect()
    }

    /// Widths in s: those written, or else that of the pulses.
    #[must_use]
    pub fn widths_s(&self, pulses: Time) -> Vec<f64> {
        self.widths
            .as_ref()
            .map_or_else(|| vec![pulses.si()], |widths| widths.iter().map(|w| w.si()).collect())
    }

    /// Amplitudes of both polarities that a table computes which goes on to the highest voltage times `reach`, at most.
    #[must_use]
    pub fn amplitudes(&self, reach: f64) -> u64 {
        2 * self.most_voltages.max(self.magnitudes_v(reach).len()) as u64
    }

    /// Where the ensemble adds voltages.
    #[must_use]
    pub fn refinement(&self) -> Refinement {
        Refinement { most_voltages: self.most_voltages, least_spacing_v: self.closest_voltages.si() }
    }

    /// How steps are taken.
    #[must_use]
    pub fn stepping(&self) -> Stepping {
        Stepping {
            integrator: self.integrator,
            step_s: self.step.map(spinhebb_data::quantity::Time::si),
            ..Stepping::default()
        }
    }

    /// The seed of the table: its own, or else the `master` seed.
    #[must_use]
    pub fn seed_or(&self, master: u64) -> u64 {
        self.seed.unwrap_or(master)
    }

    /// Trials, seed and steps of the ensemble.
    #[must_use]
    pub fn ensemble(&self, master: u64) -> Ensemble {
        Ensemble { trials: 0..self.trials, seed: self.seed_or(master), stepping: self.stepping() }
    }

    /// Size, accuracy, seed and steps of splitting.
    #[must_use]
    pub fn splitting(&self, master: u64) -> Splitting {
        let splitting = Splitting::new(self.seed_or(master));
        Splitting {
            relative_error: self.relative_error,
            most_repeats: self.most_repeats,
            repeats: splitting.repeats.min(self.most_repeats),
            stepping: self.stepping(),
            ..splitting
        }
    }

    /// All back ends with these trials, steps and this accuracy; [`Automatic::back_end`] gives that of a method.
    #[must_use]
    pub fn automatic(&self, master: u64) -> Automatic {
        let mut automatic = Automatic::new(self.trials, self.seed_or(master));
        automatic.ensemble = ByEnsemble(self.ensemble(master));
        automatic.splitting = BySplitting(self.splitting(master));
        automatic
    }
}

impl Check for TableConfig {
    fn check(&self, faults: &mut Faults) {
        if let Some(widths) = &self.widths {
            let fine = widths.first().is_some_and(|width| width.si() > 0.0)
                && widths.iter().all(|width| width.si().is_finite())
                && widths.windows(2).all(|pair| pair[0] < pair[1]);
            let shown: Vec<String> = widths.iter().map(ToString::to_string).collect();
            faults.require(
                fine,
                "widths",
                format!("[{}]", shown.join(", ")),
                "rising pulse widths above 0 s",
            );
        }
        let (low, high) = (self.lowest_voltage, self.highest_voltage);
        positive(faults, "lowest_voltage", low.si(), low);
        finite(faults, "highest_voltage", high.si(), high);
        faults.require(high > low, "highest_voltage", high, format!("an amplitude above the lowest, {low}"));
        let amplitudes = format!("2 to {MOST_VOLTAGES} amplitudes");
        faults.require((2..=MOST_VOLTAGES).contains(&self.voltages), "voltages", self.voltages, amplitudes);
        let amplitudes = format!("at most {MOST_VOLTAGES} amplitudes");
        faults.require(self.most_voltages <= MOST_VOLTAGES, "most_voltages", self.most_voltages, amplitudes);
        positive(faults, "closest_voltages", self.closest_voltages.si(), self.closest_voltages);
        let trials = format!("1 to {MOST_TRIALS} trials");
        faults.require((1..=MOST_TRIALS).contains(&self.trials), "trials", self.trials, trials);
        positive(faults, "relative_error", self.relative_error, self.relative_error);
        let repeats = format!("2 to {MOST_REPEATS} repeats; an error needs two or more");
        let fine = (2..=MOST_REPEATS).contains(&self.most_repeats);
        faults.require(fine, "most_repeats", self.most_repeats, repeats);
        if let Some(step) = self.step {
            positive(faults, "step", step.si(), step);
        }
        for (key, step) in [
            ("barrier_step", self.barrier_step),
            ("tmr_step", self.tmr_step),
            ("field_step", self.field_step),
            ("torque_step", self.torque_step),
        ] {
            faults.require((1e-3..=1.0).contains(&step), key, step, "a step from 0.001 to 1");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::junction::preset;
    use crate::junction::state::State;

    fn config() -> TableConfig {
        toml::from_str(
            r#"
            method = "ensemble"
            lowest_voltage = "0.3 V"
            highest_voltage = "1.1 V"
            voltages = 4
            most_voltages = 4
            closest_voltages = "10 mV"
            trials = 300
            relative_error = 0.2
            most_repeats = 32
            integrator = "runge-kutta4"
            barrier_step = 0.1
            tmr_step = 0.2
            field_step = 0.02
            torque_step = 0.2
            "#,
        )
        .unwrap()
    }

    fn junction(preset: &str) -> Junction {
        Junction::new(&preset::load(preset).unwrap().device).unwrap()
    }

    fn by_hand(refinement: Refinement) -> SwitchingTable {
        let volts = config().magnitudes_v(1.0);
        let device = junction("perpendicular-40nm");
        let ensemble = Ensemble::new(300, 7);
        let grid = PulseGrid { volts: &volts, widths_s: &[1e-9] };
        let counted = SwitchingTable::by_ensemble(&device, grid, &ensemble, refinement, |_| ()).unwrap();
        // Below what counting reaches, the equation of one variable.
        counted.with_silent_cells_from(&device, &ByFokkerPlanck(Resolution::TABLE)).unwrap()
    }

    #[test]
    fn counted_tables_are_those_of_the_ensemble_to_the_bit() {
        let device = junction("perpendicular-40nm");
        let request = TableRequest::new(&device, &[1e-9], 7);
        let plain = config();
        assert_eq!(plain.table(&request).unwrap(), by_hand(Refinement::NONE));
        let wide = TableRequest { reach: 1.3, ..request };
        let (near, far) = (plain.magnitudes_v(1.0), plain.magnitudes_v(1.3));
        assert!(far.starts_with(&near) && far[far.len() - 1] >= 1.1 * 1.3, "{far:?}");
        assert_eq!(plain.table(&wide).unwrap().cells(State::Parallel, 0).len(), far.len());
        let seeded = TableConfig { seed: Some(7), ..plain.clone() };
        let other_master = TableRequest { seed: 8, ..request };
        assert_eq!(seeded.table(&other_master).unwrap(), by_hand(Refinement::NONE));

        let refined = TableConfig { most_voltages: 6, ..plain };
        let steps = AtomicU64::new(0);
        let progress = || {
            steps.fetch_add(1, Ordering::Relaxed);
        };
        let table = refined.table(&TableRequest { progress: &progress, ..request }).unwrap();
        assert_eq!(table, by_hand(Refinement { most_voltages: 6, least_spacing_v: 0.01 }));
        let found: usize = State::BOTH.iter().map(|start| table.cells(*start, 0).len()).sum();
        assert_eq!(steps.into_inner(), found as u64);
        assert!(found as u64 <= refined.amplitudes(1.0));
    }

    #[test]
    fn computed_tables_are_those_of_the_back_end_to_the_bit() {
        let device = junction("perpendicular-40nm");
        for method in [BackEnd::FokkerPlanck, BackEnd::Auto] {
            let config = TableConfig { method, ..config() };
            let table = config.table(&TableRequest::new(&device, &[1e-9, 2e-9], 7)).unwrap();
            let back_end = ByFokkerPlanck(Resolution::TABLE);
            let volts = config.magnitudes_v(1.0);
            let grid = PulseGrid { volts: &volts, widths_s: &[1e-9, 2e-9] };
            let none = Refinement::NONE;
            let by_hand = SwitchingTable::by_back_end(&back_end, &device, grid, none, &|| ()).unwrap();
            assert_eq!(table, by_hand);
            assert_eq!(table.source(), "fokker-planck");
        }
    }

    #[test]
    fn coupled_layers_are_counted_or_refused_by_name() {
        let device = junction("composite-40nm");
        let few = TableConfig { trials: 40, voltages: 2, method: BackEnd::Auto, ..config() };
        let request = TableRequest::new(&device, &[0.5e-9], 1);
        let table = TableConfig { most_voltages: 0, ..few.clone() }.table(&request).unwrap();
        assert_eq!(table.source(), "LLGS ensemble of coupled layers");
        let sphere = TableConfig { method: BackEnd::Sphere, ..few };
        let message = sphere.table(&request).unwrap_err().to_string();
        assert!(message.contains("two coupled layers") && message.contains("`ensemble`"), "{message}");
    }

    #[test]
    fn all_faults_are_found_at_once() {
        let wrong = TableConfig {
            widths: Some(vec![Time(2e-9), Time(1e-9)]),
            lowest_voltage: Voltage(0.0),
            highest_voltage: Voltage(-1.0),
            voltages: 1,
            most_voltages: 1_000_000,
            closest_voltages: Voltage(0.0),
            trials: 0,
            relative_error: 0.0,
            most_repeats: 1,
            step: Some(Time(0.0)),
            barrier_step: 0.0,
            tmr_step: 2.0,
            field_step: f64::NAN,
            torque_step: -0.1,
            ..config()
        };
        let mut faults = Faults::default();
        wrong.check(&mut faults);
        let paths: Vec<&str> = faults.found().iter().map(|fault| fault.path.as_str()).collect();
        let expected = [
            "widths",
            "lowest_voltage",
            "highest_voltage",
            "voltages",
            "most_voltages",
            "closest_voltages",
            "trials",
            "relative_error",
            "most_repeats",
            "step",
            "barrier_step",
            "tmr_step",
            "field_step",
            "torque_step",
        ];
        assert_eq!(paths, expected);
        assert!(config().first_fault().is_ok());
    }

    #[test]
    fn splitting_is_as_asked_for() {
        let few = TableConfig { most_repeats: 4, relative_error: 0.1, ..config() };
        let splitting = few.splitting(3);
        assert_eq!((splitting.repeats, splitting.most_repeats), (4, 4));
        assert_eq!((splitting.relative_error, splitting.seed), (0.1, 3));
        assert!(splitting.validate().is_ok());
        assert_eq!(config().splitting(3), Splitting::new(3));
        assert_eq!(config().automatic(3), Automatic::new(300, 3));
    }
}
