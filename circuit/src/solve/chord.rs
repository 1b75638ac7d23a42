//! Largest chord conductance of a cell over an interval of voltage: how steep a monotone step must take it to be.
//!
//! # Formula
//! A line sweep that moves a cell from voltage u towards t stays on its side of the solution if it takes the cell
//! to conduct at least (I(x) - I(u))/(x - u) for every x between u and t ([`crate::solve::bounds`]).
//!
//! - Cubic and sinh cells: the slope I' falls up to 0 V and rises from there (quasi-convex). The mean of a
//!   quasi-convex slope over [u, x] is itself quasi-convex in x: it falls while the slope at x lies below it and never
//!   falls again afterwards. Its largest value is therefore at x = u, the slope there, or at x = t, the whole chord.
//! - Junctions: with y = (V/V_h)^2, T = TMR_0 and a = 1 + T, the anti-parallel slope is
//!   G_P (a + (2 + 3T) y + y^2)/(a + y)^2, whose derivative by y is G_P T (3a - y)/(a + y)^3: it rises up to
//!   V = V_h sqrt(3a) and falls beyond. The largest slope over the interval, at one of its ends or at that voltage,
//!   bounds every chord.
//! - An access resistance R turns a slope s into s/(1 + R s), which rises with s, and the voltage of the device rises
//!   with that of the cell: both statements carry over.

use crate::array::cell::{Cell, CellLaw};

/// Conductance in S that no chord of `cell` from `from` to a voltage between it and `to` (V > 0 favours P) exceeds.
pub(crate) fn largest_chord(cell: &Cell, from: f64, to: f64) -> f64 {
    let (start, end) = (cell.at(from), cell.at(to));
    let steepest_end = start.slope_siemens.max(end.slope_siemens);
    match cell.law {
        CellLaw::Linear { .. } | CellLaw::Open => start.slope_siemens,
        CellLaw::Cubic { .. } | CellLaw::Sinh { .. } => {
            let gap = (to - from).abs();
            // Rounding of the two currents, so that the chord is never taken too flat.
            let rounding = 4.0 * f64::EPSILON * (start.amperes.abs() + end.amperes.abs());
            let chord = ((end.amperes - start.amperes).abs() + rounding) / gap;
            if gap > 0.0 { start.slope_siemens.max(chord).min(steepest_end) } else { start.slope_siemens }
        }
        CellLaw::Junction { transport, .. } => {
            let peak = transport.half_voltage_v * (3.0 * (1.0 + transport.tmr)).sqrt();
            let (low, high) =
                (start.device_volts.min(end.device_volts), start.device_volts.max(end.device_volts));
            let inside = (low < peak && peak < high) || (low < -peak && -peak < high);
            if !inside {
                return steepest_end;
            }
            let slope = cell.law.slope_siemens(peak);
            steepest_end.max(slope / (1.0 + cell.access_ohm * slope))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spinhebb_device::junction::transport::Transport;

    /// Against 200 chords of every interval between -2 V and 2 V: none is steeper, and the bound is at most
    /// as large as the steepest slope of the interval.
    #[test]
    fn no_chord_is_steeper() {
        let transport = Transport { parallel_s: 4e-4, tmr: 0.9, half_voltage_v: 0.3 };
        let laws = [
            CellLaw::Linear { siemens: 3e-5 },
            CellLaw::Cubic { siemens: 2e-5, scale_volts: 0.5 },
            CellLaw::Sinh { siemens: 1e-5, scale_volts: 0.2 },
            CellLaw::Junction { transport, cosine: -1.0 },
            CellLaw::Junction { transport, cosine: 0.3 },
            CellLaw::Junction { transport: Transport { tmr: 3.0, ..transport }, cosine: -1.0 },
        ];
        let grid: Vec<f64> = (0..9).map(|k| -2.0 + 0.5 * f64::from(k)).collect();
        for law in laws {
            for access_ohm in [0.0, 2000.0] {
                let cell = Cell { law, access_ohm };
                for &from in &grid {
                    for &to in grid.iter().filter(|&&to| to != from) {
                        let bound = largest_chord(&cell, from, to);
                        let mut steepest = cell.at(from).slope_siemens;
                        for k in 1..=200 {
                            let x = from + (to - from) * f64::from(k) / 200.0;
                            let point = cell.at(x);
                            let chord = (point.amperes - cell.at(from).amperes) / (x - from);
                            steepest = steepest.max(point.slope_siemens);
                            // Cancellation in the shortest chord: 1e-16 of the current over 1e-3 V.
                            assert!(chord <= bound * (1.0 + 1e-9), "{cell:?} {from} {to} at {x}");
                        }
                        // The peak may lie between two of the 200 points.
                        assert!(bound <= steepest * (1.0 + 1e-3), "{cell:?} {from} {to}");
                    }
                }
            }
        }
    }
}
