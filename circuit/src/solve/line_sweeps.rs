//! Whole arrays by sweeps over their lines, several arrays of equal size side by side: quick, to a stated error.
//!
//! # Formula
//! All word lines are solved with the dendrites as they are, then all dendrites with the word lines as they are, and again; each line
//! is a ladder of conductances that one pass reduces and one pass resolves ([`crate::solve::ladder`]). Cells count with
//! the ratio I/V at their last voltage. Voltages are 32-bit numbers. The changes of the voltages fall by about the same factor q from
//! sweep to sweep, so that what is left is at most the last change over 1 - q.

use multiversion::multiversion;

/// Arrays that are solved side by side.
pub const LANES: usize = 16;

/// A number of each array.
pub type Lanes = [f32; LANES];

const ZERO: Lanes = [0.0; LANES];

/// What holds the foot of a dendrite, or its head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foot {
    /// Source voltage in V.
    pub volts: Lanes,
    /// Resistance from the last node to the source in ohm.
    pub ohm: Lanes,
}

/// Arrays side by side, with their sources and their last solution.
#[derive(Debug, Clone)]
pub struct LineSweeps {
    rows: usize,
    cols: usize,
    /// Resistance of a segment of word lines and of bit lines in ohm.
    segment_ohm: [f32; 2],
    /// Resistance of the access transistors in ohm, and 1/V_h^2 in 1/V^2.
    access_ohm: f32,
    inverse_half_squared: f32,
    /// `[col * rows + row]`: conductance in the parallel state in S, and TMR of a device that is anti-parallel, else 0.
    parallel_s: Vec<Lanes>,
    tmr: Vec<Lanes>,
    word_volts: Vec<Lanes>,
    bit_volts: Vec<Lanes>,
    /// Conductance of each cell at its last voltage.
    siemens: Vec<Lanes>,
    /// Reduced current of each node and the share that its segment lets through, of the lines being solved.
    amperes: Vec<Lanes>,
    through: Vec<Lanes>,
    /// What holds each dendrite's foot, amplifiers where they have moved to.
    held: Vec<Option<Foot>>,
}

/// Sources of an array in one phase.
#[derive(Debug, Clone)]
pub struct SweepEnds {
    /// Source voltage in V of each word line, and its resistance to the first node in ohm.
    pub word: Vec<Foot>,
    /// What holds each dendrite's foot; `None` where it floats.
    pub bit: Vec<Option<Foot>>,
    /// A second ground switch at the head of one dendrite.
    pub head: Option<(usize, Foot)>,
    /// Row of the last cell of one dendrite whose mean potential of first and last cell an amplifier at the foot holds at its source
    /// voltage.
    pub feedback: Option<(usize, [usize; LANES])>,
}

/// How far the sweeps went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Swept {
    /// Sweeps over words and dendrites.
    pub sweeps: u32,
    /// Estimate of the largest error of a node voltage in V.
    pub error_volts: f32,
}

/// Sweeps at most.
const MOST_SWEEPS: u32 = 200;

impl LineSweeps {
    /// Arrays of `rows` x `cols` without cells; `segment_ohm` of word lines and of bit lines.
    #[must_use]
    pub fn new(
        (rows, cols): (usize, usize),
        segment_ohm: [f64; 2],
        access_ohm: f64,
        inverse_half_squared: f64,
    ) -> Self {
        let none = || vec![ZERO; rows * cols];
        Self {
            rows,
            cols,
            segment_ohm: segment_ohm.map(|ohm| ohm as f32),
            access_ohm: access_ohm as f32,
            inverse_half_squared: inverse_half_squared as f32,
            parallel_s: none(),
            tmr: none(),
            word_volts: none(),
            bit_volts: none(),
            siemens: none(),
            amperes: none(),
            through: none(),
            held: vec![None; cols],
        }
    }

    /// Replaces one device of the array in `lane`: conductance in the parallel state in S, TMR if it is anti-parallel, else 0.
    pub fn set_device(&mut self, (lane, row, col): (usize, usize, usize), parallel_s: f64, tmr: f64) {
        let at = col * self.rows + row;
        self.parallel_s[at][lane] = parallel_s as f32;
        self.tmr[at][lane] = tmr as f32;
    }

    /// Word lines and dendrites.
    #[must_use]
    pub const fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// Whether the device reads as parallel: its conductance at zero bias lies above `siemens`.
    #[must_use]
    pub fn is_above(&self, (lane, row, col): (usize, usize, usize), siemens: f64) -> bool {
        let at = col * self.rows + row;
        f64::from(self.parallel_s[at][lane]) > siemens * (1.0 + f64::from(self.tmr[at][lane]))
    }

    /// Voltage in V over the device itself: u + R_a I(u) is that over the cell.
    #[must_use]
    pub fn device_volts(&self, (lane, row, col): (usize, usize, usize)) -> f64 {
        let at = col * self.rows + row;
        let volts = f64::from(self.word_volts[at][lane] - self.bit_volts[at][lane]);
        let access_ohm = f64::from(self.access_ohm);
        if access_ohm == 0.0 {
            return volts;
        }
        let (p, t) = (f64::from(self.parallel_s[at][lane]), f64::from(self.tmr[at][lane]));
        let mut u = volts;
        // The bias law bends so little that a few steps reach 32 bits.
        for _ in 0..8 {
            let y = u * u * f64::from(self.inverse_half_squared);
            u = volts / (1.0 + access_ohm * p * (1.0 + y) / (1.0 + t + y));
        }
        u
    }

    /// Most negative and most positive voltage in V over the cells of all dendrites but `col`.
    #[must_use]
    pub fn range_beside(&self, col: usize) -> (f32, f32) {
        let (mut low, mut high) = (ZERO, ZERO);
        let own = col * self.rows..(col + 1) * self.rows;
        for (at, (w, b)) in self.word_volts.iter().zip(&self.bit_volts).enumerate() {
            if own.contains(&at) {
                continue;
            }
            for lane in 0..LANES {
                let volts = w[lane] - b[lane];
                low[lane] = low[lane].min(volts);
                high[lane] = high[lane].max(volts);
            }
        }
        (low.into_iter().fold(0.0, f32::min), high.into_iter().fold(0.0, f32::max))
    }

    /// Solves to about `tolerance` in V.
    pub fn solve(&mut self, ends: &SweepEnds, tolerance: f32) -> Swept {
        self.start(ends);
        let mut held = ends.bit.clone();
        let (mut before, mut ratio) = (f32::INFINITY, 0.5f32);
        for sweeps in 1..=MOST_SWEEPS {
            let change = sweep(self, ends, &held).max(self.hold(ends, &mut held));
            if before.is_finite() && before > 0.0 {
                ratio = (change / before).clamp(0.05, 0.95);
            }
            // The words have not yet followed the last change of the dendrites.
            let error_volts = change / (1.0 - ratio);
            // NaN ends here as well.
            let near = error_volts.is_nan() || error_volts <= tolerance;
            if near && sweeps > 1 || sweeps == MOST_SWEEPS {
                self.held = held;
                return Swept { sweeps, error_volts };
            }
            before = change;
        }
        unreachable!("the loop returns at its last sweep")
    }

    /// Every word line at its source, every dendrite at its own, those that float in the middle of the words.
    fn start(&mut self, ends: &SweepEnds) {
        let rows = self.rows as f32;
        let mean: Lanes =
            std::array::from_fn(|lane| ends.word.iter().map(|end| end.volts[lane]).sum::<f32>() / rows);
        for col in 0..self.cols {
            let at = ends.bit[col].map_or(mean, |foot| foot.volts);
            for row in 0..self.rows {
                self.word_volts[col * self.rows + row] = ends.word[row].volts;
                self.bit_volts[col * self.rows + row] = at;
            }
        }
    }

    /// Moves the amplifier under feedback; by how much at most.
    fn hold(&self, ends: &SweepEnds, held: &mut [Option<Foot>]) -> f32 {
        let Some((col, last)) = ends.feedback else { return 0.0 };
        let (Some(wanted), Some(foot)) = (ends.bit[col], &mut held[col]) else { return 0.0 };
        let mut moved = 0.0f32;
        for (lane, &last) in last.iter().enumerate() {
            let ends = [0, last].map(|row| self.bit_volts[col * self.rows + row][lane]);
            let excess = 0.5 * (ends[0] + ends[1]) - wanted.volts[lane];
            foot.volts[lane] -= excess;
            moved = moved.max(excess.abs());
        }
        moved
    }

    /// Power of all sources of the array in `lane` in W.
    #[must_use]
    pub fn watts(&self, ends: &SweepEnds, lane: usize) -> f64 {
        let mut watts = 0.0;
        for col in 0..self.cols {
            let foot = self.held[col].map_or(0.0, |foot| foot.volts[lane]);
            for row in 0..self.rows {
                let at = col * self.rows + row;
                let amperes = self.siemens[at][lane] * (self.word_volts[at][lane] - self.bit_volts[at][lane]);
                watts += f64::from(amperes) * f64::from(ends.word[row].volts[lane] - foot);
            }
        }
        watts
    }
}

/// One sweep over words and dendrites; the largest change of a dendrite's potential.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
fn sweep(arrays: &mut LineSweeps, ends: &SweepEnds, held: &[Option<Foot>]) -> f32 {
    sweep_words(arrays, ends);
    sweep_bits(arrays, ends, held)
}

/// The next node of a ladder that is reduced: conductance `g` and current `j` so far, and what its own cell and the segment to the
/// one after make of them.
#[inline(always)]
fn reduce(own: (&Lanes, &Lanes), r: f32, (g, j): (&mut Lanes, &mut Lanes), kept: (&mut Lanes, &mut Lanes)) {
    let (siemens, volts) = own;
    let (amperes, through) = kept;
    for lane in 0..LANES {
        let conductance = g[lane] + siemens[lane];
        let current = j[lane] + siemens[lane] * volts[lane];
        let share = 1.0 / (1.0 + r * conductance);
        amperes[lane] = current;
        through[lane] = share;
        g[lane] = conductance * share;
        j[lane] = current * share;
    }
}

/// Potential of a node from that of the node before on the way back.
#[inline(always)]
fn resolve(before: &Lanes, r: f32, (amperes, through): (&Lanes, &Lanes)) -> Lanes {
    std::array::from_fn(|lane| (r * amperes[lane] + before[lane]) * through[lane])
}

/// Potential of the last reduced node, which hangs on `foot`; `g` is the conductance behind the segment that follows.
#[inline(always)]
fn at_source(foot: &Foot, (amperes, through): (&Lanes, &Lanes), g: &Lanes) -> Lanes {
    std::array::from_fn(|lane| {
        let conductance = g[lane] / through[lane];
        (amperes[lane] * foot.ohm[lane] + foot.volts[lane]) / (1.0 + conductance * foot.ohm[lane])
    })
}

#[inline(always)]
fn sweep_words(arrays: &mut LineSweeps, ends: &SweepEnds) {
    let LineSweeps { rows, cols, access_ohm, inverse_half_squared, .. } = *arrays;
    let r = arrays.segment_ohm[0];
    let (mut g, mut j) = (vec![ZERO; rows], vec![ZERO; rows]);
    for col in (0..cols).rev() {
        let own = col * rows..(col + 1) * rows;
        let (parallel_s, tmr) = (&arrays.parallel_s[own.clone()], &arrays.tmr[own.clone()]);
        let (w, b) = (&arrays.word_volts[own.clone()], &arrays.bit_volts[own.clone()]);
        let siemens = &mut arrays.siemens[own.clone()];
        let (amperes, through) = (&mut arrays.amperes[own.clone()], &mut arrays.through[own]);
        for row in 0..rows {
            let (p, t, w, b, s) = (&parallel_s[row], &tmr[row], &w[row], &b[row], &mut siemens[row]);
            for lane in 0..LANES {
                let v = (w[lane] - b[lane]) * (1.0 - s[lane] * access_ohm);
                let y = v * v * inverse_half_squared;
                // G/(1 + R G) of a device and its transistor.
                let own = p[lane] * (1.0 + y);
                s[lane] = own / (1.0 + t[lane] + y + access_ohm * own);
            }
            reduce((s, b), r, (&mut g[row], &mut j[row]), (&mut amperes[row], &mut through[row]));
        }
    }
    for (row, (source, g)) in ends.word.iter().zip(&g).enumerate() {
        let kept = (&arrays.amperes[row], &arrays.through[row]);
        arrays.word_volts[row] = at_source(source, kept, g);
    }
    for at in rows..rows * cols {
        let kept = (&arrays.amperes[at], &arrays.through[at]);
        arrays.word_volts[at] = resolve(&arrays.word_volts[at - rows], r, kept);
    }
}

#[inline(always)]
fn sweep_bits(arrays: &mut LineSweeps, ends: &SweepEnds, held: &[Option<Foot>]) -> f32 {
    let LineSweeps { rows, cols, .. } = *arrays;
    let r = arrays.segment_ohm[1];
    let mut change = ZERO;
    for (col, held) in held.iter().enumerate().take(cols) {
        let own = col * rows..(col + 1) * rows;
        let (siemens, w) = (&arrays.siemens[own.clone()], &arrays.word_volts[own.clone()]);
        let (amperes, through) = (&mut arrays.amperes[own.clone()], &mut arrays.through[own.clone()]);
        let (mut g, mut j) = (ZERO, ZERO);
        if let Some((_, head)) = ends.head.filter(|(at, _)| *at == col) {
            g = head.ohm.map(|ohm| 1.0 / (ohm + r).max(1e-6));
            j = std::array::from_fn(|lane| g[lane] * head.volts[lane]);
        }
        for row in 0..rows {
            reduce((&siemens[row], &w[row]), r, (&mut g, &mut j), (&mut amperes[row], &mut through[row]));
        }
        let bit = &mut arrays.bit_volts[own];
        let last = rows - 1;
        let mut b = match held {
            Some(foot) => at_source(foot, (&amperes[last], &through[last]), &g),
            // A line without cells stays where it is.
            None => std::array::from_fn(|lane| {
                if g[lane] > 0.0 {
                    amperes[last][lane] * through[last][lane] / g[lane]
                } else {
                    bit[last][lane]
                }
            }),
        };
        for row in (0..rows).rev() {
            if row < last {
                b = resolve(&b, r, (&amperes[row], &through[row]));
            }
            for lane in 0..LANES {
                change[lane] = change[lane].max((b[lane] - bit[row][lane]).abs());
            }
            bit[row] = b;
        }
    }
    change.into_iter().fold(0.0, f32::max)
}
