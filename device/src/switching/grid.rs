//! The pulses of a table or figure.

/// Rectangular pulses: every voltage with every width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PulseGrid<'a> {
    /// Voltages in V; magnitudes where both polarities are meant.
    pub volts: &'a [f64],
    /// Full widths in s.
    pub widths_s: &'a [f64],
}
