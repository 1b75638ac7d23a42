//! One dendrite on its own: cells between driven word lines and a bit line that meet no other cell.
//!
//! Where every other dendrite is cut off, the network of a write is a tree: each word line carries the current of one cell, and
//! the bit line is a ladder. Several ladders of equal length are solved side by side, one in each lane.
//!
//! # Formula
//! Newton's method on the voltages u of the devices. At u a device is a slope s behind its series resistance R, that is a
//! conductance s/(1 + R s) from a source to the bit node; from the top down the ladder is reduced to one conductance g and one
//! current j at each node (through a segment r: g/(1 + r g), j/(1 + r g)), and from the foot up the node voltages follow,
//! b = (r j + b_below)/(1 + r g). Only sums, products and quotients: r and all resistances may be 0. An amplifier at the foot
//! that holds the mean potential of both ends at 0 V enters as the voltage E in b = alpha + beta E.
//!
//! Devices follow G(u) = G_P (1 + y)/(1 + T + y), y = (u/V_h)^2, which with T = 0 is a parallel junction or a resistor, with
//! G_P = 0 an open cell ([`spinhebb_device::junction::transport`]).

use multiversion::multiversion;

use crate::error::CircuitError;

/// Ladders that are solved side by side.
pub const LANES: usize = 8;

/// A number of each ladder.
pub type Lanes = [f64; LANES];

/// The cells of one row of all ladders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LadderRow {
    /// Voltage of the word line's source in V; V > 0 favours P.
    pub source_volts: Lanes,
    /// Resistance between source and device in ohm: driver, wire, access transistor.
    pub series_ohm: Lanes,
    /// Conductance of the device in the parallel state in S; 0 where there is none.
    pub parallel_s: Lanes,
    /// TMR at zero bias of a device that is anti-parallel, 0 of one that is parallel.
    pub tmr: Lanes,
    /// Voltage over the device in V: what [`solve`] finds.
    pub device_volts: Lanes,
}

impl LadderRow {
    /// A row without cells.
    pub const EMPTY: Self = Self {
        source_volts: [0.0; LANES],
        series_ohm: [0.0; LANES],
        parallel_s: [0.0; LANES],
        tmr: [0.0; LANES],
        device_volts: [0.0; LANES],
    };
}

/// What the ladders hang on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LadderEnds {
    /// Resistance of a bit-line segment in ohm.
    pub segment_ohm: f64,
    /// Resistance from the last node to the ground switch and through it, in ohm.
    pub foot_ohm: Lanes,
    /// Whether there is a second ground switch, at the head.
    pub both_ends: bool,
    /// Its resistance in ohm, without the segment before the first node.
    pub head_ohm: Lanes,
    /// Whether an amplifier at the foot holds the mean potential of first and last node at 0 V.
    pub feedback: bool,
    /// 1/V_h^2 of the devices' bias law in 1/V^2; 0 for none.
    pub inverse_half_squared: f64,
}

/// How a solution was reached, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LadderSolution {
    /// Power of all sources of each ladder in W.
    pub watts: Lanes,
    /// Newton steps.
    pub steps: u32,
}

/// A node on the way down, for the way up.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Current of the reduced ladder above and at the node, with the node at 0 V.
    amperes: Lanes,
    /// `1/(1 + r g)` of the segment below.
    through: Lanes,
    /// Part of the device's current that does not depend on the voltage, and `1/(1 + R s)`.
    rest: Lanes,
    divided: Lanes,
}

const NODE: Node =
    Node { amperes: [0.0; LANES], through: [0.0; LANES], rest: [0.0; LANES], divided: [0.0; LANES] };

/// Resistance in place of none at the head, which would be an infinite conductance.
const LEAST_OHM: f64 = 1e-9;
const MOST_STEPS: u32 = 60;

/// Solves ladders with the given rows, top first, to `tolerance` (V) in every device's voltage.
///
/// # Errors
/// [`CircuitError::NotConverged`].
pub fn solve(
    rows: &mut [LadderRow],
    ends: &LadderEnds,
    tolerance: f64,
) -> Result<LadderSolution, CircuitError> {
    let mut nodes = vec![NODE; rows.len()];
    for row in rows.iter_mut() {
        for lane in 0..LANES {
            row.device_volts[lane] =
                row.source_volts[lane] / (1.0 + row.series_ohm[lane] * row.parallel_s[lane]);
        }
    }
    for steps in 1..=MOST_STEPS {
        let (change, foot_volts) = step(rows, &mut nodes, ends);
        // NaN ends here as well.
        if change <= tolerance {
            return Ok(LadderSolution { watts: power(rows, ends, &foot_volts), steps });
        }
    }
    Err(CircuitError::NotConverged {
        error_volts: f64::NAN,
        wanted_volts: tolerance,
        iterations: 0,
        newton_steps: MOST_STEPS as usize,
    })
}

/// One Newton step; the largest change of a device's voltage, and the voltage of the amplifiers at the feet.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2+fma", "aarch64+neon"))]
fn step(rows: &mut [LadderRow], nodes: &mut [Node], ends: &LadderEnds) -> (f64, Lanes) {
    let r = ends.segment_ohm;
    let head = ends.head_ohm.map(|ohm| 1.0 / (ohm + r).max(LEAST_OHM));
    let (mut g, mut j) = (if ends.both_ends { head } else { [0.0; LANES] }, [0.0; LANES]);
    let mut last_g = [0.0; LANES];
    for (row, node) in rows.iter().zip(nodes.iter_mut()) {
        for lane in 0..LANES {
            let (u, t, p) = (row.device_volts[lane], row.tmr[lane], row.parallel_s[lane]);
            let y = u * u * ends.inverse_half_squared;
            let d = 1.0 / (1.0 + t + y);
            let own = p * (1.0 + y) * d;
            let slope = own + 2.0 * y * p * t * d * d;
            let rest = u * (own - slope);
            let divided = 1.0 / (1.0 + row.series_ohm[lane] * slope);
            g[lane] += slope * divided;
            j[lane] += (rest + slope * row.source_volts[lane]) * divided;
            last_g[lane] = g[lane];
            let through = 1.0 / (1.0 + r * g[lane]);
            node.amperes[lane] = j[lane];
            node.through[lane] = through;
            node.rest[lane] = rest;
            node.divided[lane] = divided;
            g[lane] *= through;
            j[lane] *= through;
        }
    }
    let (foot_volts, bottom) = foot(nodes, ends, &last_g);
    let mut b = bottom;
    let mut change = 0.0f64;
    for (i, (row, node)) in rows.iter_mut().zip(nodes.iter()).enumerate().rev() {
        let below = i + 1 < nodes.len();
        for (lane, b) in b.iter_mut().enumerate() {
            if below {
                *b = (r * node.amperes[lane] + *b) * node.through[lane];
            }
            let u =
                (row.source_volts[lane] - *b - row.series_ohm[lane] * node.rest[lane]) * node.divided[lane];
            change = change.max((u - row.device_volts[lane]).abs());
            row.device_volts[lane] = u;
        }
    }
    (change, foot_volts)
}

/// Voltages of the amplifiers at the feet, and of the last nodes.
#[inline(always)]
fn foot(nodes: &[Node], ends: &LadderEnds, last_g: &Lanes) -> (Lanes, Lanes) {
    let last = nodes[nodes.len() - 1];
    let mut volts = [0.0; LANES];
    let mut bottom = [0.0; LANES];
    for lane in 0..LANES {
        let beta = 1.0 / (1.0 + last_g[lane] * ends.foot_ohm[lane]);
        let alpha = last.amperes[lane] * ends.foot_ohm[lane] * beta;
        if ends.feedback {
            let (mut a, mut b) = (alpha, beta);
            for node in nodes[..nodes.len() - 1].iter().rev() {
                a = (ends.segment_ohm * node.amperes[lane] + a) * node.through[lane];
                b *= node.through[lane];
            }
            volts[lane] = -(alpha + a) / (beta + b);
        }
        bottom[lane] = alpha + beta * volts[lane];
    }
    (volts, bottom)
}

/// Power of all sources in W: of the word lines, and of the amplifiers at the feet, into which the current of the cells flows.
///
/// With a second ground switch at the head there is no amplifier.
fn power(rows: &[LadderRow], ends: &LadderEnds, foot_volts: &Lanes) -> Lanes {
    let mut watts = [0.0; LANES];
    for row in rows {
        for lane in 0..LANES {
            let y = row.device_volts[lane] * row.device_volts[lane] * ends.inverse_half_squared;
            let own = row.parallel_s[lane] * (1.0 + y) / (1.0 + row.tmr[lane] + y);
            let amperes = row.device_volts[lane] * own;
            watts[lane] += amperes * (row.source_volts[lane] - foot_volts[lane]);
        }
    }
    watts
}
