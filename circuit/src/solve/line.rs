//! Lines resolved for solving: conductances of segments and ends, and the tridiagonal
//! factorisation of every line.
//!
//! # Formula
//! The nodal matrix of one line with cell conductances G_k, segment conductance s and end
//! conductances g is tridiagonal. Its pivots are d_k = e_k + s with the excess
//! e_0 = G_0 + g_first, e_(k+1) = G_(k+1) + s e_k/(e_k + s), and d = e + g_last at the last node:
//! sums, products and quotients of positive numbers only, so that no digit is
//! lost where lines float.

use crate::array::crossbar::{Array, End, Lines, Wiring};
use crate::error::CircuitError;

/// How the nodes of one line hang together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LineKind {
    /// Nodes joined by wire segments.
    Segmented,
    /// One node, because the wire has no resistance.
    Ideal,
    /// One node at a known voltage: no resistance between it and an ideal source.
    Fixed(f64),
}

/// `count` parallel lines of `length` nodes.
#[derive(Debug, Clone)]
pub(crate) struct LineSet {
    pub count: usize,
    pub length: usize,
    /// Distance in memory (M x N by columns) of neighbours on one line, and of neighbouring lines.
    pub node_stride: usize,
    pub line_stride: usize,
    /// Whether the lines run across the columns: neighbouring lines are neighbours in memory.
    pub across: bool,
    pub kind: Vec<LineKind>,
    /// Conductance of one segment of each line; 0 where the line is not segmented.
    pub segment: Vec<f64>,
    /// Conductance from the first node to its source, through the end segment; 0 if floating.
    pub first: Vec<f64>,
    pub first_volts: Vec<f64>,
    /// Conductance from the last node to its source.
    pub last: Vec<f64>,
    pub last_volts: Vec<f64>,
    /// Broken inner segments (line, k): between nodes k and k+1; sorted.
    pub broken: Vec<(usize, usize)>,
    /// End resistances including the end segment; infinite if floating.
    pub first_ohm: Vec<f64>,
    pub last_ohm: Vec<f64>,
    pub segment_ohm: Vec<f64>,
}

impl LineSet {
    /// The word lines of `array`.
    pub(crate) fn word(array: &Array) -> Result<Self, CircuitError> {
        let (rows, cols) = array.shape();
        match array.wiring {
            Wiring::Crossed => Self::new(&array.word, cols, (rows, 1), true, "word"),
            Wiring::Parallel => Self::new(&array.word, rows, (1, rows), false, "source"),
        }
    }

    /// The bit lines of `array`.
    pub(crate) fn bit(array: &Array) -> Result<Self, CircuitError> {
        let rows = array.shape().0;
        Self::new(&array.bit, rows, (1, rows), false, "bit")
    }

    /// Line and place on it of the cell at `index` in memory.
    #[inline]
    pub(crate) fn place(&self, index: usize) -> (usize, usize) {
        if self.across {
            (index % self.count, index / self.count)
        } else {
            (index / self.length, index % self.length)
        }
    }

    /// Place in memory of node `k` of `line`.
    #[inline]
    pub(crate) fn at(&self, line: usize, k: usize) -> usize {
        k * self.node_stride + line * self.line_stride
    }

    fn new(
        lines: &Lines,
        length: usize,
        (node_stride, line_stride): (usize, usize),
        across: bool,
        name: &'static str,
    ) -> Result<Self, CircuitError> {
        let count = lines.segment_ohm.len();
        let mut set = Self {
            count,
            length,
            node_stride,
            line_stride,
            across,
            kind: vec![LineKind::Segmented; count],
            segment: vec![0.0; count],
            first: vec![0.0; count],
            first_volts: vec![0.0; count],
            last: vec![0.0; count],
            last_volts: vec![0.0; count],
            broken: Vec::new(),
            first_ohm: vec![f64::INFINITY; count],
            last_ohm: vec![f64::INFINITY; count],
            segment_ohm: lines.segment_ohm.clone(),
        };
        let mut first_broken = vec![false; count];
        let mut last_broken = vec![false; count];
        for broken in &lines.breaks {
            if broken.segment == 0 {
                first_broken[broken.line] = true;
            } else if broken.segment == length {
                last_broken[broken.line] = true;
            } else {
                set.broken.push((broken.line, broken.segment - 1));
            }
        }
        set.broken.sort_unstable();
        set.broken.dedup();
        for line in 0..count {
            let wire = lines.segment_ohm[line];
            let end = |end: End, broken: bool| match end {
                End::Driven { volts, ohm } if !broken => (ohm + wire, volts),
                _ => (f64::INFINITY, 0.0),
            };
            let (first_ohm, first_volts) = end(lines.first[line], first_broken[line]);
            let (last_ohm, last_volts) = end(lines.last[line], last_broken[line]);
            set.first_ohm[line] = first_ohm;
            set.last_ohm[line] = last_ohm;
            set.first_volts[line] = first_volts;
            set.last_volts[line] = last_volts;
            if wire > 0.0 {
                set.segment[line] = 1.0 / wire;
                set.first[line] = 1.0 / first_ohm;
                set.last[line] = 1.0 / last_ohm;
            } else if first_ohm == 0.0 || last_ohm == 0.0 {
                if first_ohm == 0.0 && last_ohm == 0.0 && first_volts != last_volts {
                    return Err(CircuitError::Conflict { lines: name, line, first_volts, last_volts });
                }
                set.kind[line] = LineKind::Fixed(if first_ohm == 0.0 { first_volts } else { last_volts });
                set.first[line] = if first_ohm == 0.0 { 0.0 } else { 1.0 / first_ohm };
                set.last[line] = if last_ohm == 0.0 { 0.0 } else { 1.0 / last_ohm };
            } else {
                set.kind[line] = LineKind::Ideal;
                set.first[line] = 1.0 / first_ohm;
                set.last[line] = 1.0 / last_ohm;
            }
        }
        Ok(set)
    }

    /// Conductance between nodes k and k+1 of `line`.
    #[inline]
    pub(crate) fn between(&self, line: usize, k: usize) -> f64 {
        if !self.broken.is_empty() && self.broken.binary_search(&(line, k)).is_ok() {
            0.0
        } else {
            self.segment[line]
        }
    }

    /// Adds the net currents that wires and sources bring into the nodes at the voltages `volts`.
    ///
    /// The current of a wire enters one node and leaves its neighbour as the same number, so that
    /// its rounding error cancels along the line.
    pub(crate) fn add_currents(&self, volts: &[f64], into: &mut [f64]) {
        let last = self.length - 1;
        for line in 0..self.count {
            let (first_at, last_at) = (self.at(line, 0), self.at(line, last));
            into[first_at] += self.first[line] * (self.first_volts[line] - volts[first_at]);
            into[last_at] += self.last[line] * (self.last_volts[line] - volts[last_at]);
        }
        let (outer, inner) = if self.across { (last, self.count) } else { (self.count, last) };
        for a in 0..outer {
            for b in 0..inner {
                let (line, k) = if self.across { (b, a) } else { (a, b) };
                let at = self.at(line, k);
                let next = at + self.node_stride;
                let current = self.between(line, k) * (volts[at] - volts[next]);
                into[at] -= current;
                into[next] += current;
            }
        }
        for line in 0..self.count {
            if let LineKind::Fixed(_) = self.kind[line] {
                (0..self.length).for_each(|k| into[self.at(line, k)] = 0.0);
            }
        }
    }

    /// Largest net current into a node, counting an ideal line as one node.
    pub(crate) fn largest_residual(&self, into: &[f64]) -> f64 {
        let mut largest = 0.0_f64;
        if self.all_segmented() {
            return into.iter().fold(0.0, |a, v| a.max(v.abs()));
        }
        for line in 0..self.count {
            let nodes = || (0..self.length).map(|k| into[self.at(line, k)]);
            largest = largest.max(match self.kind[line] {
                LineKind::Segmented => nodes().fold(0.0, |a, v| a.max(v.abs())),
                LineKind::Ideal => nodes().sum::<f64>().abs(),
                LineKind::Fixed(_) => 0.0,
            });
        }
        largest
    }

    /// Puts the nodes of lines without resistance to their source on its voltage.
    pub(crate) fn hold_fixed(&self, volts: &mut [f64]) {
        for line in 0..self.count {
            if let LineKind::Fixed(held) = self.kind[line] {
                (0..self.length).for_each(|k| volts[self.at(line, k)] = held);
            }
        }
    }

    /// Co-content of wires and end resistances at the node voltages `volts(index)`, in W.
    pub(crate) fn content(&self, volts: impl Fn(usize) -> f64) -> f64 {
        let half = |siemens: f64, volts: f64| 0.5 * siemens * volts * volts;
        let mut content = 0.0;
        for line in 0..self.count {
            for k in 0..self.length - 1 {
                let (at, next) = (self.at(line, k), self.at(line, k + 1));
                content += half(self.between(line, k), volts(at) - volts(next));
            }
            content += half(self.first[line], volts(self.at(line, 0)) - self.first_volts[line]);
            content += half(self.last[line], volts(self.at(line, self.length - 1)) - self.last_volts[line]);
        }
        content
    }

    pub(crate) fn all_segmented(&self) -> bool {
        self.kind.iter().all(|&kind| kind == LineKind::Segmented)
    }

    /// Largest magnitude of a source voltage.
    pub(crate) fn largest_volts(&self) -> f64 {
        self.first_volts.iter().chain(&self.last_volts).fold(0.0_f64, |a, &v| a.max(v.abs()))
    }

    /// Currents that flow out of the lines into the sources at their (first, last) ends.
    ///
    /// `injected(line, k)` is the cell current into node k. The currents follow from the
    /// cell currents and the resistances along the line, without differences of
    /// nearly equal node voltages.
    pub(crate) fn end_currents(&self, injected: impl Fn(usize, usize) -> f64) -> (Vec<f64>, Vec<f64>) {
        let mut first = vec![0.0; self.count];
        let mut last = vec![0.0; self.count];
        for line in 0..self.count {
            let broken: Vec<usize> =
                self.broken.iter().filter(|&&(l, _)| l == line).map(|&(_, k)| k).collect();
            let (to_first, to_last) = (self.first_ohm[line], self.last_ohm[line]);
            if let (Some(&low), Some(&high)) = (broken.first(), broken.last()) {
                if to_first.is_finite() {
                    first[line] = (0..=low).map(|k| injected(line, k)).sum();
                }
                if to_last.is_finite() {
                    last[line] = (high + 1..self.length).map(|k| injected(line, k)).sum();
                }
                continue;
            }
            let total: f64 = (0..self.length).map(|k| injected(line, k)).sum();
            match (to_first.is_finite(), to_last.is_finite()) {
                (false, false) => {}
                (true, false) => first[line] = total,
                (false, true) => last[line] = total,
                (true, true) => {
                    let wire = self.segment_ohm[line];
                    let through = to_first + to_last + wire * (self.length - 1) as f64;
                    if through == 0.0 {
                        first[line] = 0.5 * total;
                        last[line] = 0.5 * total;
                        continue;
                    }
                    let drift = (self.first_volts[line] - self.last_volts[line]) / through;
                    let (mut left, mut right) = (0.0, 0.0);
                    for k in 0..self.length {
                        let current = injected(line, k);
                        left += current * ((to_last + wire * (self.length - 1 - k) as f64) / through);
                        right += current * ((to_first + wire * k as f64) / through);
                    }
                    first[line] = left - drift;
                    last[line] = right + drift;
                }
            }
        }
        (first, last)
    }
}

/// Inverse pivots and couplings of all lines, in the memory order of the array (M x N by columns).
///
/// Forward: z_k = r_k f_k + c_k z_(k-1) s-scaled; see [`Tridiagonal`] users. For node k,
/// `inverse` is 1/d_k and `coupling` is s_k/d_k with s_k the segment towards node k+1.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tridiagonal {
    pub inverse: Vec<f64>,
    pub coupling: Vec<f64>,
    /// 1/(sum of cell and end conductances) of ideal lines, 0 of others.
    pub whole: Vec<f64>,
}

impl Tridiagonal {
    /// Factorises all lines.
    pub(crate) fn factorise(&mut self, lines: &LineSet, siemens: &[f64]) {
        let &LineSet { node_stride, line_stride, across, .. } = lines;
        self.inverse.resize(siemens.len(), 0.0);
        self.coupling.resize(siemens.len(), 0.0);
        self.whole.clear();
        self.whole.resize(lines.count, 0.0);
        // Excess conductance of the current node of every line.
        let mut excess: Vec<f64> = lines.first.clone();
        let last = lines.length - 1;
        // Word lines advance together over contiguous memory, bit lines one after the other.
        let (outer, inner) = if across { (lines.length, lines.count) } else { (lines.count, lines.length) };
        for a in 0..outer {
            for b in 0..inner {
                let (k, line) = if across { (a, b) } else { (b, a) };
                let at = k * node_stride + line * line_stride;
                if lines.kind[line] != LineKind::Segmented {
                    self.inverse[at] = 0.0;
                    self.coupling[at] = 0.0;
                    self.whole[line] += siemens[at];
                    continue;
                }
                let e = excess[line] + siemens[at];
                let s = if k == last { lines.last[line] } else { lines.between(line, k) };
                let pivot = e + s;
                let inverse = if pivot > 0.0 { 1.0 / pivot } else { 0.0 };
                self.inverse[at] = inverse;
                self.coupling[at] = if k == last { 0.0 } else { s * inverse };
                excess[line] = s * (e * inverse);
            }
        }
        for line in 0..lines.count {
            let sum = self.whole[line] + lines.first[line] + lines.last[line];
            self.whole[line] = if lines.kind[line] == LineKind::Ideal && sum > 0.0 { 1.0 / sum } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A floating line of 1000 nodes with leaks eleven orders below the wire conductance:
    /// ordinary pivots would keep five digits of the leak, these keep them all.
    #[test]
    fn pivots_of_a_floating_line_keep_their_digits() {
        let (nodes, leak) = (1000, 1e-5);
        let lines = LineSet::new(&Lines::floating(1, 1e-6), nodes, (1, 1), true, "word").unwrap();
        let mut factor = Tridiagonal::default();
        factor.factorise(&lines, &vec![leak; nodes]);
        let pivot = 1.0 / factor.inverse[nodes - 1];
        // All leaks in parallel; the wire (1 mohm in all) lowers this by 3e-6 of itself.
        let expected = leak * nodes as f64 * (1.0 - 1e-6 * leak * (nodes * nodes) as f64 / 3.0);
        assert!((pivot / expected - 1.0).abs() < 2e-8, "{pivot:e} {expected:e}");
    }

    #[test]
    fn end_currents_of_a_wire_without_cells_follow_ohm() {
        let lines = Lines::floating(1, 2.0).driven_first(&[1.0], 3.0).driven_last(&[0.0], 5.0);
        let lines = LineSet::new(&lines, 4, (1, 1), true, "word").unwrap();
        let (first, last) = lines.end_currents(|_, _| 0.0);
        let current = 1.0 / (3.0 + 5.0 + 5.0 * 2.0);
        assert!((last[0] - current).abs() < 1e-16 && (first[0] + current).abs() < 1e-16);
    }
}
