//! Tables from the back ends: on a grid of voltages, refined where the probability rises steeply.

use super::cell::TableCell;
use super::refinement::{Refinement, steep_intervals, steepest, wanted_point};
use super::{SwitchingTable, index};
use crate::dynamics::ensemble::{Ensemble, SwitchingCount};
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;
use crate::switching::PulseGrid;
use crate::switching::counts::counts_by_width;
use crate::switching::estimate::ProbabilityEstimate;
use crate::switching::probability::SwitchingProbability;

impl SwitchingTable {
    /// Table by LLGS ensembles on a grid refined where the curves are steep.
    ///
    /// The trials of one voltage are shared by all widths (see
    /// [`crate::dynamics::ensemble::switching_counts_by_width`]). The voltages of `magnitudes` are those to begin with; between
    /// two neighbours a voltage is added while, at any width, the curve interpolated without one of
    /// its inner points misses that point by more than its statistical error, until
    /// `refinement.most_voltages`; first of all where the probability rises by more than [`LARGEST_RISE`](super::LARGEST_RISE).
    ///
    /// # Errors
    /// As [`SwitchingTable::new`] and [`crate::dynamics::ensemble::switching_counts_by_width`].
    pub fn by_ensemble(
        junction: &Junction,
        magnitudes: PulseGrid<'_>,
        ensemble: &Ensemble,
        refinement: Refinement,
        progress: impl FnMut(usize),
    ) -> Result<Self, DeviceError> {
        let counts = |start, volts| counts_by_width(junction, volts, magnitudes.widths_s, start, ensemble);
        let source = match junction {
            Junction::Single(_) => "LLGS ensemble",
            Junction::Coupled(_) => "LLGS ensemble of coupled layers",
        };
        Self::by_counts(magnitudes, source, refinement, counts, progress)
    }

    /// As [`Self::by_ensemble`] from any counts: `counts(start, volts)` gives one for each width at the
    /// signed voltage (`V > 0` potentiates: it switches anti-parallel to parallel).
    ///
    /// # Errors
    /// Those of `counts` and of [`SwitchingTable::new`].
    pub fn by_counts(
        magnitudes: PulseGrid<'_>,
        source: &str,
        refinement: Refinement,
        mut counts: impl FnMut(State, f64) -> Result<Vec<SwitchingCount>, DeviceError>,
        mut progress: impl FnMut(usize),
    ) -> Result<Self, DeviceError> {
        let mut columns: [Vec<Vec<TableCell>>; 2] = [Vec::new(), Vec::new()];
        for start in State::BOTH {
            let column = &mut columns[index(start)];
            *column = vec![Vec::new(); magnitudes.widths_s.len()];
            let mut run = |magnitude: f64, column: &mut Vec<Vec<TableCell>>| {
                let counts = counts(start, start.switching_polarity() * magnitude)?;
                for (cells, count) in column.iter_mut().zip(counts) {
                    let place = cells.partition_point(|cell| cell.magnitude_v < magnitude);
                    cells.insert(place, TableCell::counted(magnitude, count));
                }
                progress(1);
                Ok::<(), DeviceError>(())
            };
            for &magnitude in magnitudes.volts {
                run(magnitude, column)?;
            }
            while column[0].len() < refinement.most_voltages {
                let wanted = steepest(column, refinement)
                    .or_else(|| column.iter().find_map(|cells| wanted_point(cells, refinement)));
                let Some(magnitude) = wanted else { break };
                run(magnitude, column)?;
            }
        }
        Self::new(magnitudes.widths_s, source, |start, width| {
            std::mem::take(&mut columns[index(start)][width])
        })
    }

    /// Table by `back_end` over the voltage `magnitudes` and widths, from both starts; the polarity drives out of the start
    /// (`V > 0` from anti-parallel). Voltages are added where the probability rises by more than
    /// [`LARGEST_RISE`](super::LARGEST_RISE) from one to the next at any width. `advance` is called after each voltage of
    /// either polarity, from any thread.
    ///
    /// # Errors
    /// Those of the back end and of [`SwitchingTable::new`].
    pub fn by_back_end(
        back_end: &dyn SwitchingProbability,
        junction: &Junction,
        magnitudes: PulseGrid<'_>,
        refinement: Refinement,
        advance: &(dyn Fn() + Sync),
    ) -> Result<Self, DeviceError> {
        let mut used: Vec<&str> = Vec::new();
        let mut columns: [Vec<Vec<TableCell>>; 2] = [Vec::new(), Vec::new()];
        for start in State::BOTH {
            let column = &mut columns[index(start)];
            *column = vec![Vec::new(); magnitudes.widths_s.len()];
            let mut wanted = magnitudes.volts.to_vec();
            while !wanted.is_empty() {
                let volts: Vec<f64> = wanted.iter().map(|v| v * start.switching_polarity()).collect();
                let grid = PulseGrid { volts: &volts, ..magnitudes };
                let rows = back_end.grid_with_progress(junction, grid, start, advance)?;
                for (magnitude, row) in wanted.iter().zip(&rows) {
                    for (cells, found) in column.iter_mut().zip(row) {
                        let place = cells.partition_point(|cell| cell.magnitude_v < *magnitude);
                        cells.insert(place, TableCell::estimated(*magnitude, found));
                    }
                }
                used.extend(rows.iter().flatten().map(|found| found.back_end.name()));
                wanted = steep_intervals(column, refinement);
                wanted.truncate(refinement.most_voltages.saturating_sub(column[0].len()));
            }
        }
        used.sort_unstable();
        used.dedup();
        Self::new(magnitudes.widths_s, &used.join(", "), |start, width| {
            std::mem::take(&mut columns[index(start)][width])
        })
    }

    /// The same table with what `back_end` finds in the cells in which nothing was counted, where it finds something.
    ///
    /// # Errors
    /// Those of the back end.
    pub fn with_silent_cells_from(
        &self,
        junction: &Junction,
        back_end: &dyn SwitchingProbability,
    ) -> Result<Self, DeviceError> {
        let silent = |cell: &TableCell| cell.trials > 0 && cell.switched == 0;
        let mut found: [Vec<(f64, Vec<ProbabilityEstimate>)>; 2] = [Vec::new(), Vec::new()];
        for start in State::BOTH {
            let curves = &self.curves[index(start)];
            let mut magnitudes: Vec<f64> = curves
                .iter()
                .flat_map(|curve| curve.cells.iter().filter(|cell| silent(cell)).map(|cell| cell.magnitude_v))
                .collect();
            magnitudes.sort_by(f64::total_cmp);
            magnitudes.dedup();
            let volts: Vec<f64> = magnitudes.iter().map(|v| v * start.switching_polarity()).collect();
            let grid = PulseGrid { volts: &volts, widths_s: &self.widths_s };
            let rows = back_end.grid(junction, grid, start)?;
            found[index(start)] = magnitudes.into_iter().zip(rows).collect();
        }
        if found.iter().all(Vec::is_empty) {
            return Ok(self.clone());
        }
        let used = found.iter().flatten().flat_map(|(_, row)| row).next().map_or("", |e| e.back_end.name());
        Self::new(&self.widths_s, &format!("{}, {used} where none switched", self.source), |start, width| {
            let better = |cell: &TableCell| {
                let rows = &found[index(start)];
                let row = rows.iter().find(|(magnitude, _)| *magnitude == cell.magnitude_v);
                row.filter(|_| silent(cell)).map_or(*cell, |(v, row)| TableCell::estimated(*v, &row[width]))
            };
            self.curves[index(start)][width].cells.iter().map(better).collect()
        })
    }
}
