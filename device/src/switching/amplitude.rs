//! The voltage that an amplitude means for a junction: as it stands, by the critical voltage, or by a table.

use spinhebb_data::config::Staged;
use spinhebb_data::quantity::{Amplitude, DriveVoltage};

use super::table::SwitchingTable;
use crate::dynamics::critical_voltage::critical_voltage;
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;

/// What an amplitude is measured against.
#[derive(Debug, Clone, Copy)]
pub struct AmplitudeScale<'a> {
    /// The device.
    pub junction: &'a Junction,
    /// Its table, for amplitudes that are probabilities.
    pub table: Option<&'a SwitchingTable>,
    /// Full width of the pulses in s, at which the table is asked.
    pub width_s: f64,
}

impl AmplitudeScale<'_> {
    /// Voltage in V of a pulse that drives out of `start`; positive potentiates (anti-parallel to parallel).
    ///
    /// # Formula
    /// Volts as they stand, with their sign; `k Vc0`: k times the critical voltage of `start`, which has the sign that drives
    /// out of it; a probability: by [`SwitchingTable::voltage_for`].
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for volts of the polarity that drives towards `start`, and for a probability without a
    /// table; errors of the critical voltage and of the table.
    pub fn volts(&self, amplitude: Amplitude, start: State) -> Result<f64, DeviceError> {
        let volts = match (amplitude, self.table) {
            (Amplitude::Voltage(DriveVoltage::Absolute(volts)), _) => volts.si(),
            (Amplitude::Voltage(DriveVoltage::Critical(multiple)), _) => {
                multiple * critical_voltage(self.junction, start)?
            }
            (Amplitude::Probability(p), Some(table)) => table.voltage_for(p, self.width_s, start)?.volts,
            (Amplitude::Probability(_), None) => {
                let expected = "only a switching table says which voltage has a probability; give a voltage";
                return Err(DeviceError::out_of_range("amplitude", amplitude, expected));
            }
        };
        if volts * start.switching_polarity() > 0.0 {
            return Ok(volts);
        }
        let expected = match start {
            State::AntiParallel => "a potentiating pulse (anti-parallel to parallel) has a voltage above 0 V",
            State::Parallel => {
                "a depressing pulse (parallel to anti-parallel) has a voltage below 0 V; multiples of Vc0 are positive"
            }
        };
        Err(DeviceError::out_of_range("amplitude", amplitude, expected))
    }

    /// The voltages of amplitudes over the stages of a training, with the same course between them.
    ///
    /// # Errors
    /// As [`Self::volts`].
    pub fn staged(&self, amplitudes: &Staged<Amplitude>, start: State) -> Result<Staged<f64>, DeviceError> {
        let mut failed = None;
        let volts = amplitudes.map(|amplitude| {
            self.volts(*amplitude, start).unwrap_or_else(|error| {
                failed.get_or_insert(error);
                f64::NAN
            })
        });
        failed.map_or(Ok(volts), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junction::preset;
    use crate::switching::table::TableCell;

    fn table() -> SwitchingTable {
        SwitchingTable::new(&[1e-9], "formula", |_, _| {
            (1..=10).map(|k| f64::from(k) / 10.0).map(|v| TableCell::computed(v, 0.99 * v * v, 0.0)).collect()
        })
        .unwrap()
    }

    fn amplitude(text: &str) -> Amplitude {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_of_an_amplitude_is_a_voltage() {
        let table = table();
        for name in ["perpendicular-40nm", "composite-40nm"] {
            let junction = Junction::new(&preset::load(name).unwrap().device).unwrap();
            let scale = AmplitudeScale { junction: &junction, table: Some(&table), width_s: 1e-9 };
            for (start, sign) in [(State::AntiParallel, 1.0), (State::Parallel, -1.0)] {
                let volts = |text: &str| scale.volts(amplitude(text), start).unwrap();
                assert_eq!(volts(&format!("{} V", sign * 0.68)), sign * 0.68);
                let critical = critical_voltage(&junction, start).unwrap();
                assert!(critical * sign > 0.0);
                assert_eq!(volts("1.4 Vc0"), 1.4 * critical);
                assert_eq!(volts("0.2"), table.voltage_for(0.2, 1e-9, start).unwrap().volts);
                assert!(volts("20 %") * sign > 0.0);
            }
        }
    }

    #[test]
    fn wrong_polarities_and_missing_tables_are_refused() {
        let junction = Junction::new(&preset::load("in-plane").unwrap().device).unwrap();
        let scale = AmplitudeScale { junction: &junction, table: None, width_s: 1e-9 };
        for (text, start) in [
            ("-0.5 V", State::AntiParallel),
            ("0.5 V", State::Parallel),
            ("-1.2 Vc0", State::Parallel),
            ("0 V", State::Parallel),
            ("0.3", State::AntiParallel),
        ] {
            let message = scale.volts(amplitude(text), start).unwrap_err().to_string();
            assert!(message.contains(&format!("`amplitude` is {}", amplitude(text))), "{message}");
        }
        let staged = Staged::linear(amplitude("0.5 V"), amplitude("-0.5 V"));
        assert!(scale.staged(&staged, State::AntiParallel).is_err());
        let staged = Staged::Listed(vec![amplitude("0.5 V"), amplitude("0.25 V")]);
        assert_eq!(scale.staged(&staged, State::AntiParallel).unwrap(), Staged::Listed(vec![0.5, 0.25]));
    }
}
