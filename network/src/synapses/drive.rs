//! What the cells of an array see of their drivers' voltages in a write event.
//!
//! The maps are those of one tile with a random half of the inputs active, and with the other half, so that every cell is
//! known under either pulse; for a few dendrites, the nearest of which stands for the dendrite that is written.

/// Voltages of the cells of a tile over those of their drivers, in a write event.
#[derive(Debug, Clone, PartialEq)]
pub struct Drive {
    /// Word lines and dendrites of the tile.
    pub rows: usize,
    /// Dendrites of the tile.
    pub cols: usize,
    /// Logarithm of the share that selected cells see, for a depression (0) and a potentiation (1) pulse:
    /// `[row * cols + col]`.
    pub selected: [Vec<f32>; 2],
    /// Dendrites whose events were solved, rising.
    pub solved: Vec<usize>,
    /// What cells of other dendrites see: for each solved dendrite and each phase, signed voltages over the driver's magnitude of
    /// a row that is to be depressed (0) or potentiated (1), `[row * cols + col]`. V > 0 favours P.
    pub others: Vec<Vec<[Vec<f32>; 2]>>,
}

impl Drive {
    /// Logarithm of the share of its driver's voltage that the selected cell (input, output) of the layer sees.
    #[inline]
    #[must_use]
    pub fn log_share(&self, potentiation: bool, input: usize, output: usize) -> f32 {
        self.selected[usize::from(potentiation)][input % self.rows * self.cols + output % self.cols]
    }

    /// The largest of [`Self::log_share`].
    #[must_use]
    pub fn largest_log_share(&self, potentiation: bool) -> f32 {
        self.selected[usize::from(potentiation)].iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }

    /// Whether all selected cells see what their drivers give, but for rounding.
    #[must_use]
    pub fn is_ideal(&self) -> bool {
        self.selected.iter().flatten().all(|log| log.abs() < 1e-6)
    }

    /// Smallest and largest share of selected cells.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let all = || self.selected.iter().flatten().map(|log| f64::from(*log).exp());
        (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max))
    }

    /// The phases of the solved event nearest to dendrite `output`.
    #[must_use]
    pub fn phases(&self, output: usize) -> &[[Vec<f32>; 2]] {
        let col = output % self.cols;
        let nearest = (0..self.solved.len()).min_by_key(|&k| self.solved[k].abs_diff(col)).unwrap_or(0);
        &self.others[nearest]
    }

    /// Place of a cell of another dendrite in the maps of [`Self::phases`]; the solved dendrite itself, which was selected, is
    /// represented by its neighbour.
    #[inline]
    #[must_use]
    pub fn place(&self, written: usize, input: usize, output: usize) -> usize {
        let col = written % self.cols;
        let solved = self.solved.iter().copied().min_by_key(|s| s.abs_diff(col)).unwrap_or(0);
        let mut other = output % self.cols;
        if other == solved {
            other = if other + 1 < self.cols { other + 1 } else { other.saturating_sub(1) };
        }
        input % self.rows * self.cols + other
    }

    /// Largest share of the driver's voltage that cells of other dendrites see with each sign in any phase, depression and
    /// potentiation rows apart: `[potentiation][positive]`.
    #[must_use]
    pub fn largest_other(&self) -> [[f32; 2]; 2] {
        let mut largest = [[0.0f32; 2]; 2];
        for (solved, phases) in self.solved.iter().zip(&self.others) {
            for phase in phases {
                for (side, map) in phase.iter().enumerate() {
                    for (place, &volts) in map.iter().enumerate() {
                        if place % self.cols != *solved {
                            let most = &mut largest[side][usize::from(volts > 0.0)];
                            *most = most.max(volts.abs());
                        }
                    }
                }
            }
        }
        largest
    }

    /// Phases of an event at most.
    #[must_use]
    pub fn most_phases(&self) -> usize {
        self.others.iter().map(Vec::len).max().unwrap_or(0)
    }
}
