//! A table as labelled arrays and back: one row per cell.

use spinhebb_data::DataError;
use spinhebb_data::labelled::{Attribute, Dataset, Values, Variable};

use super::{SwitchingTable, TableCell, index};
use crate::error::DeviceError;
use crate::junction::state::State;

/// Probabilities of a cell may miss each other by this much for rounding.
const ROUNDING: f64 = 1e-12;

/// One cell, its start and its width in s.
type Row = (State, f64, TableCell);

impl SwitchingTable {
    /// The table as labelled arrays: one row per cell, with start, width, voltage, estimate,
    /// interval and counts.
    ///
    /// # Errors
    /// [`DataError`] if an array does not fit, which valid tables exclude.
    pub fn to_dataset(&self) -> Result<Dataset, DataError> {
        let mut rows: Vec<Row> = Vec::new();
        for start in State::BOTH {
            for (width, curve) in self.widths_s.iter().zip(&self.curves[index(start)]) {
                rows.extend(curve.cells.iter().map(|cell| (start, *width, *cell)));
            }
        }
        let column = |value: &dyn Fn(&Row) -> f64| rows.iter().map(value).collect::<Vec<f64>>();
        let counts =
            |value: &dyn Fn(&TableCell) -> u64| rows.iter().map(|row| value(&row.2)).collect::<Vec<u64>>();
        let along =
            |name, unit, meaning, values: Values| Variable::along(name, "cell", unit, meaning, values);
        let volts = column(&|row| row.0.switching_polarity() * row.2.magnitude_v);
        Dataset::new("device/switching_table")
            .attribute("source", self.source.as_str())
            .attribute("convention", "positive voltage potentiates (anti-parallel to parallel)")
            .with(along("start", "1", "m.p of the state before the pulse", column(&|r| r.0.cosine()).into()))?
            .with(along("width", "s", "full pulse width", column(&|row| row.1).into()))?
            .with(along("voltage", "V", "pulse amplitude", volts.into()))?
            .with(along("p", "1", "switching probability", column(&|row| row.2.p).into()))?
            .with(along("p_lower", "1", "lower 95 % limit", column(&|row| row.2.lower).into()))?
            .with(along("p_upper", "1", "upper 95 % limit", column(&|row| row.2.upper).into()))?
            .with(along("trials", "1", "trials", counts(&|cell| cell.trials).into()))?
            .with(along("switched", "1", "trials that switched", counts(&|cell| cell.switched).into()))
    }

    /// The table that [`Self::to_dataset`] wrote, the same in every bit.
    ///
    /// # Errors
    /// [`DeviceError::Unreadable`] that names the variable or row which is missing or wrong.
    pub fn from_dataset(dataset: &Dataset) -> Result<Self, DeviceError> {
        let Some(Attribute::Text(source)) = dataset.attributes.get("source") else {
            return Err(unreadable(dataset, "the attribute `source` is missing".to_string()));
        };
        let rows = rows(dataset)?;
        let mut widths_s: Vec<f64> = rows.iter().map(|row| row.1).collect();
        widths_s.sort_by(f64::total_cmp);
        widths_s.dedup();
        let curve = |start: State, width: usize| -> Vec<TableCell> {
            let of_curve = rows.iter().filter(|row| row.0 == start && row.1 == widths_s[width]);
            of_curve.map(|row| row.2).collect()
        };
        let table =
            Self::new(&widths_s, source, curve).map_err(|error| unreadable(dataset, error.to_string()))?;
        let kept: usize = table.curves.iter().flatten().map(|curve| curve.cells.len()).sum();
        if kept < rows.len() {
            let message = format!("{} rows give a voltage of their curve once more", rows.len() - kept);
            return Err(unreadable(dataset, message));
        }
        Ok(table)
    }
}

fn unreadable(dataset: &Dataset, message: String) -> DeviceError {
    DeviceError::Unreadable { name: dataset.name.clone(), message }
}

/// All cells, each checked.
fn rows(dataset: &Dataset) -> Result<Vec<Row>, DeviceError> {
    let numbers = |name: &str| dataset.numbers(name).map_err(|error| unreadable(dataset, error.to_string()));
    let counts = |name: &str| match dataset.variable(name).map(|variable| &variable.values) {
        Some(Values::U64(values)) => Ok(values.clone()),
        Some(_) => Err(unreadable(dataset, format!("`{name}` does not hold whole numbers"))),
        None => Err(unreadable(dataset, format!("the variable `{name}` is missing"))),
    };
    let start = numbers("start")?;
    let [width, voltage] = [numbers("width")?, numbers("voltage")?];
    let [p, lower, upper] = [numbers("p")?, numbers("p_lower")?, numbers("p_upper")?];
    let [trials, switched] = [counts("trials")?, counts("switched")?];
    let lengths = [
        ("width", width.len()),
        ("voltage", voltage.len()),
        ("p", p.len()),
        ("p_lower", lower.len()),
        ("p_upper", upper.len()),
        ("trials", trials.len()),
        ("switched", switched.len()),
    ];
    if let Some((name, found)) = lengths.iter().find(|(_, length)| *length != start.len()) {
        return Err(unreadable(dataset, format!("`{name}` has {found} values, `start` {}", start.len())));
    }
    (0..start.len())
        .map(|i| {
            let wrong = |name: &str, value: f64, expected: &str| {
                unreadable(dataset, format!("`{name}` of row {i} is {value}; expected {expected}"))
            };
            let from = State::BOTH
                .into_iter()
                .find(|state| state.cosine() == start[i])
                .ok_or_else(|| wrong("start", start[i], "1 (parallel) or -1 (anti-parallel)"))?;
            let magnitude_v = from.switching_polarity() * voltage[i];
            let cell = TableCell {
                magnitude_v: magnitude_v.abs(),
                p: p[i],
                lower: lower[i],
                upper: upper[i],
                trials: trials[i],
                switched: switched[i],
            };
            if !(width[i].is_finite() && width[i] > 0.0) {
                return Err(wrong("width", width[i], "a finite width above 0 s"));
            }
            if !(magnitude_v.is_finite() && magnitude_v >= 0.0) {
                return Err(wrong("voltage", voltage[i], "a finite voltage that drives out of the start"));
            }
            for (name, value) in [("p", cell.p), ("p_lower", cell.lower), ("p_upper", cell.upper)] {
                if !(0.0..=1.0).contains(&value) {
                    return Err(wrong(name, value, "a probability"));
                }
            }
            if cell.lower > cell.p + ROUNDING {
                return Err(wrong("p_lower", cell.lower, "a limit that is not above `p`"));
            }
            if cell.upper < cell.p - ROUNDING {
                return Err(wrong("p_upper", cell.upper, "a limit that is not below `p`"));
            }
            if cell.switched > cell.trials {
                return Err(wrong("switched", cell.switched as f64, "at most the `trials`"));
            }
            Ok((from, width[i], cell))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::ensemble::SwitchingCount;

    /// Counted cells of other voltages for either start, and computed ones at the second width.
    fn table() -> SwitchingTable {
        SwitchingTable::new(&[1.0 / 3.0e9, 2e-9], "ensemble, fokker-planck", |start, width| {
            let first = if start == State::Parallel { 0.1 } else { 0.2 };
            (0..4)
                .map(|k| {
                    let volts = first + f64::from(k) / 7.0;
                    if width == 0 {
                        let switched = u64::from(u32::try_from(k).unwrap()).pow(3) * 11;
                        TableCell::counted(volts, SwitchingCount { switched, trials: 1000 })
                    } else {
                        TableCell::computed(volts, f64::from(k) * 0.31, 1e-7)
                    }
                })
                .collect()
        })
        .unwrap()
    }

    #[test]
    fn a_table_comes_back_in_every_bit() {
        let table = table();
        let dataset = table.to_dataset().unwrap();
        let read = SwitchingTable::from_dataset(&dataset).unwrap();
        assert_eq!(read, table);
        assert_eq!(read.source(), "ensemble, fokker-planck");
        assert_eq!(read.to_dataset().unwrap(), dataset);
    }

    /// `change` on the values of a variable must be refused with the word `name`.
    fn refused(variable: &str, name: &str, change: impl Fn(&mut Values)) {
        let mut dataset = table().to_dataset().unwrap();
        let place = dataset.variables.iter().position(|v| v.name == variable).unwrap();
        change(&mut dataset.variables[place].values);
        let message = SwitchingTable::from_dataset(&dataset).unwrap_err().to_string();
        assert!(message.contains("device/switching_table") && message.contains(name), "{name}: {message}");
    }

    #[test]
    fn damaged_tables_are_refused_by_name() {
        let set = |at: usize, value: f64| {
            move |values: &mut Values| match values {
                Values::F64(values) => values[at] = value,
                Values::U64(values) => values[at] = value as u64,
                _ => unreachable!("a table holds no other values"),
            }
        };
        refused("start", "`start` of row 2", set(2, 0.5));
        refused("width", "`width` of row 1", set(1, f64::NAN));
        refused("voltage", "`voltage` of row 0", set(0, 0.3));
        refused("p", "`p` of row 3", set(3, 1.5));
        refused("p_lower", "`p_lower` of row 5", set(5, 0.9));
        refused("p_upper", "`p_upper` of row 3", set(3, 0.0));
        refused("switched", "`switched` of row 1", set(1, 2000.0));
        refused("width", "at least two different voltages", set(1, 7e-9));
        refused("voltage", "once more", |values| {
            if let Values::F64(values) = values {
                values[1] = values[0];
            }
        });
        refused("trials", "`trials`", |values| *values = Values::F64(vec![1.0; 16]));
        refused("p", "`p` has 3 values", |values| *values = Values::F64(vec![0.0; 3]));
        for name in ["start", "width", "voltage", "p", "p_lower", "p_upper", "trials", "switched"] {
            let mut dataset = table().to_dataset().unwrap();
            dataset.variables.retain(|variable| variable.name != name);
            let message = SwitchingTable::from_dataset(&dataset).unwrap_err().to_string();
            assert!(message.contains(&format!("`{name}`")), "{message}");
        }
        let mut dataset = table().to_dataset().unwrap();
        dataset.attributes.remove("source");
        assert!(SwitchingTable::from_dataset(&dataset).unwrap_err().to_string().contains("`source`"));
    }
}
