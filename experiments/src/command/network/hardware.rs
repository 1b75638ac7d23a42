//! The hardware a network runs on: device, array, pulses; what it costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_circuit::operate::tile::TileConfig;
use spinhebb_circuit::operate::write::{WriteDrivers, WriteScheme};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::{Resistance, Time, Voltage};
use spinhebb_device::dynamics::ensemble::Ensemble;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::table::{Refinement, SwitchingTable};
use spinhebb_network::encoding::Images;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::recipe::Recipe;
use spinhebb_network::synapses::{AnalogSynapses, DeviceConductance};
use spinhebb_network::training::crossbar::Crossbar;
use spinhebb_network::training::trainer::{Schedule, TrainingConfig};

use crate::device_choice;
use crate::error::ExperimentError;
use crate::progress::Progress;
use crate::run::Run;

/// Device, array and pulses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HardwareConfig {
    /// Shipped device; `spinhebb presets` lists them.
    pub preset: String,
    /// Voltage of an active input in a read; V > 0 is the potentiation polarity.
    pub read_voltage: Voltage,
    /// Clock period of the neurons.
    pub clock: Time,
    /// Full width of the write pulses.
    pub pulse: Time,
    /// What dendrites that are not to learn do during a write.
    pub scheme: WriteScheme,
    /// Output resistance of a write driver, and of the switch that grounds the dendrite.
    pub write_driver: Resistance,
    /// Resistance of a transistor that is switched off.
    pub off: Resistance,
    /// The tiles that hold the synapses.
    pub tile: TileConfig,
    /// Switching table of the device.
    pub table: TableSettings,
}

/// Switching table of the device, computed by an LLGS ensemble.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableSettings {
    /// Smallest amplitude of either polarity.
    pub lowest_voltage: Voltage,
    /// Largest amplitude of either polarity.
    pub highest_voltage: Voltage,
    /// Amplitudes, evenly spaced.
    pub voltages: usize,
    /// Trials for each amplitude and polarity.
    pub trials: u64,
}

/// Amplitudes of the write pulses over a training, equal steps from stage to stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PulseSchedule {
    /// Potentiation (V > 0, AP -> P): amplitude in the first and in the last stage.
    pub potentiation: [Voltage; 2],
    /// Depression (V < 0, P -> AP): amplitude in the first and in the last stage.
    pub depression: [Voltage; 2],
}

/// The device of a configuration with its table.
pub(super) struct Writer {
    pub(super) mtj: Mtj,
    pub(super) name: String,
    pub(super) table: SwitchingTable,
    hardware: HardwareConfig,
    width_s: f64,
}

impl HardwareConfig {
    pub(super) fn validate(&self) -> Result<(), ExperimentError> {
        self.tile.validate()?;
        for (key, value) in [
            ("hardware.read_voltage", self.read_voltage.si()),
            ("hardware.clock", self.clock.si()),
            ("hardware.pulse", self.pulse.si()),
            ("hardware.off", self.off.si()),
            ("hardware.table.lowest_voltage", self.table.lowest_voltage.si()),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return ExperimentError::refuse(key, value, "a number above 0");
            }
        }
        if self.table.highest_voltage.si() <= self.table.lowest_voltage.si() {
            let value = self.table.highest_voltage.si();
            return ExperimentError::refuse(
                "hardware.table.highest_voltage",
                value,
                "above the lowest voltage",
            );
        }
        if !(2..=1000).contains(&self.table.voltages) || !(10..=1_000_000).contains(&self.table.trials) {
            let value = format!("{} voltages, {} trials", self.table.voltages, self.table.trials);
            return ExperimentError::refuse("hardware.table", value, "2 to 1000 voltages, 10 to 1e6 trials");
        }
        Ok(())
    }

    /// Computes the switching table.
    pub(super) fn writer(&self, progress: &mut Progress, seed: u64) -> Result<Writer, ExperimentError> {
        let (mtj, name) = device_choice::resolve(&self.preset, None)?;
        let table = &self.table;
        let (low, high) = (table.lowest_voltage.si(), table.highest_voltage.si());
        let magnitudes: Vec<f64> = (0..table.voltages)
            .map(|k| low + (high - low) * k as f64 / (table.voltages - 1) as f64)
            .collect();
        let stage = progress.stage("switching table", 2 * table.voltages as u64);
        let ensemble = Ensemble::new(table.trials, seed);
        let width_s = self.pulse.si();
        let table = SwitchingTable::by_ensemble(
            &mtj,
            &magnitudes,
            &[width_s],
            &ensemble,
            Refinement::NONE,
            |done| {
                stage.advance_by(done as u64);
            },
        )?;
        Ok(Writer { mtj, name, table, hardware: self.clone(), width_s })
    }

    /// The array with drivers at these voltages.
    pub(super) fn crossbar(&self, writer: &Writer, potentiation_v: f64, depression_v: f64) -> Crossbar {
        Crossbar {
            tile: self.tile.clone(),
            scheme: self.scheme,
            drivers: WriteDrivers {
                word_ohm: self.write_driver.si(),
                dendrite_ohm: self.write_driver.si(),
                off_ohm: self.off.si(),
                one_after_the_other: false,
            },
            transport: writer.mtj.transport,
            read_v: self.read_voltage.si(),
            potentiation_v,
            depression_v,
            width_s: writer.width_s,
        }
    }
}

impl Writer {
    /// Amplitude that switches with `probability`: V > 0 for potentiation, V < 0 for depression.
    pub(super) fn volts(&self, probability: f64, potentiation: bool) -> Result<f64, ExperimentError> {
        let start = if potentiation { State::AntiParallel } else { State::Parallel };
        Ok(self.table.voltage_for(probability, self.width_s, start)?.volts)
    }

    fn probability(&self, volts: f64) -> Result<f64, ExperimentError> {
        let start = if volts > 0.0 { State::AntiParallel } else { State::Parallel };
        Ok(self.table.probability(volts, self.width_s, start)?.p)
    }

    /// The pulses that have the probabilities of `training` in its first and last stage.
    pub(super) fn pulses(&self, training: &TrainingConfig) -> Result<PulseSchedule, ExperimentError> {
        let ends = |schedule: &Schedule, up| -> Result<[Voltage; 2], ExperimentError> {
            let last = schedule.at(training.stages.saturating_sub(1), training.stages);
            Ok([Voltage(self.volts(schedule.at(0, training.stages), up)?), Voltage(self.volts(last, up)?)])
        };
        Ok(PulseSchedule {
            potentiation: ends(&training.potentiation, true)?,
            depression: ends(&training.depression, false)?,
        })
    }

    /// Sets the probabilities of `training` to those of `pulses` in every stage.
    pub(super) fn apply(
        &self,
        pulses: &PulseSchedule,
        training: &mut TrainingConfig,
    ) -> Result<(), ExperimentError> {
        let stages = training.stages;
        let listed = |[first, last]: [Voltage; 2]| -> Result<Schedule, ExperimentError> {
            let course = Schedule::linear(first.si(), last.si());
            (0..stages)
                .map(|stage| self.probability(course.at(stage, stages)))
                .collect::<Result<_, _>>()
                .map(Schedule::listed)
        };
        training.potentiation = listed(pulses.potentiation)?;
        training.depression = listed(pulses.depression)?;
        Ok(())
    }
}

impl PulseSchedule {
    pub(super) fn validate(&self) -> Result<(), ExperimentError> {
        for volts in self.potentiation {
            if volts.si() <= 0.0 {
                return ExperimentError::refuse("pulses.potentiation", volts.si(), "amplitudes above 0 V");
            }
        }
        for volts in self.depression {
            if volts.si() >= 0.0 {
                return ExperimentError::refuse("pulses.depression", volts.si(), "amplitudes below 0 V");
            }
        }
        Ok(())
    }
}

impl Writer {
    /// Time and energy of a trained network, from one column of tiles of every field.
    ///
    /// Neurons are drawn alike, so the first ones stand for all. Reads cost the energy of a cycle times the cycles until
    /// the first firing; the write is that with the pulses of the first stage.
    pub(super) fn costs(
        &self,
        run: &mut Run,
        pulses: &PulseSchedule,
        committee: &Committee,
        recipe: &Recipe,
        images: &Images<'_>,
        seed: u64,
    ) -> Result<(), ExperimentError> {
        let hardware = &self.hardware;
        let crossbar = hardware.crossbar(self, pulses.potentiation[0].si(), pulses.depression[0].si());
        let (mut read_j, mut write_j, mut cycles, mut tiles, mut pulse_time_s) = (0.0, 0.0, 0.0, 0, 0.0f64);
        let copies = recipe.training.copies;
        for member in committee.members() {
            let (state, lines) = (member.state(), member.encoder().lines());
            let neurons = recipe.training.neurons;
            let sampled = neurons.min(hardware.tile.cols);
            let rows: Vec<u8> = (0..sampled).flat_map(|n| member.row(n)).collect();
            let nominal = |_, _, _| DeviceConductance::NOMINAL;
            let (synapses, _) = AnalogSynapses::new(sampled, lines, copies, &rows, 1.0, nominal)?;
            let map = crossbar.map(&synapses)?;
            let voltages = crossbar.write_voltages(&synapses, &self.table, seed)?;
            let shown: Vec<Vec<u16>> = (0..images.len().min(20))
                .map(|i| {
                    let mut active = Vec::new();
                    member.encoder().encode(images.image(i), [0, 0], &mut active);
                    active
                })
                .collect();
            let energy = crossbar.energy(&map, &voltages, usize::from(copies), &shown)?;
            let columns = neurons.div_ceil(sampled);
            let shows = state.images.max(1) as f64;
            let fired = state.firings.iter().map(|&n| f64::from(n)).sum::<f64>() / shows;
            cycles = state.cycles as f64 / shows;
            read_j += energy.read_j * columns as f64 * cycles;
            write_j += energy.write_j * fired;
            tiles += map.cost().tiles * columns;
            pulse_time_s = pulse_time_s.max(fired * 2.0 * hardware.pulse.si());
        }
        let time_s = cycles * hardware.clock.si() + pulse_time_s;
        run.value(
            "hardware",
            json!({
                "device": self.name,
                "tiles": tiles,
                "read_energy_per_image_J": read_j,
                "write_energy_per_image_J": write_j,
                "time_per_image_s": time_s,
            }),
        );
        let scalar = |name, unit, meaning, value: f64| Variable::scalar(name, unit, meaning, vec![value]);
        run.add(
            Dataset::new("network/cost")
                .attribute("device", self.name.clone())
                .with(Variable::scalar("tiles", "1", "tiles of the array", vec![tiles as u64])?)?
                .with(scalar("read_energy", "J", "energy of the reads of one training image", read_j)?)?
                .with(scalar(
                    "write_energy",
                    "J",
                    "energy of the write pulses of one training image",
                    write_j,
                )?)?
                .with(scalar("time", "s", "time of one training image by the hardware's clock", time_s)?)?,
        )?;
        run.report().section("Cost on hardware");
        run.report().paragraph(&format!(
        "Energy of one column of {} x {} tiles of each field, solved with wires and drivers on 20 training images and scaled to \
         all {tiles} tiles; clock {:.3} ns, potentiation and depression one after the other.",
        hardware.tile.rows,
        hardware.tile.cols,
        hardware.clock.si() * 1e9
    ));
        run.report().table(
            &["per training image", "value"],
            &[
                vec!["reads (nJ)".into(), format!("{:.4}", read_j * 1e9)],
                vec!["write pulses (nJ)".into(), format!("{:.4}", write_j * 1e9)],
                vec!["time (ns)".into(), format!("{:.1}", time_s * 1e9)],
            ],
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::network::array::{ArrayConfig, DEFAULTS};
    use spinhebb_data::config::Document;
    use spinhebb_network::readout::preset;

    /// Pulses exist for every probability of the shipped recipes, and have those probabilities.
    #[test]
    fn the_default_table_serves_the_shipped_recipes() {
        let document = Document::from_text("defaults", DEFAULTS).unwrap();
        let hardware = document.parse::<ArrayConfig>().unwrap().hardware;
        let writer = hardware.writer(&mut Progress::new(1), 1).unwrap();
        for training in [preset::paper(500, 8, 60_000), preset::best(10_000, 60_000).training] {
            let pulses = writer.pulses(&training).unwrap();
            let mut looked_up = training.clone();
            writer.apply(&pulses, &mut looked_up).unwrap();
            let last = training.stages - 1;
            for (wanted, found) in [
                (&training.potentiation, &looked_up.potentiation),
                (&training.depression, &looked_up.depression),
            ] {
                for stage in [0, last] {
                    let (wanted, found) =
                        (wanted.at(stage, training.stages), found.at(stage, training.stages));
                    assert!((found / wanted - 1.0).abs() < 1e-6, "stage {stage}: {found} for {wanted}");
                }
            }
        }
    }
}
