//! The conditions under which a point was measured.

use crate::junction::state::State;

/// The conditions of one measured point, with every unknown filled in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// Pulse voltage in V; V > 0 favours P (drives AP -> P).
    pub volts: f64,
    /// Full width of the pulse in s.
    pub width_s: f64,
    /// State before the pulse.
    pub start: State,
    /// Ambient temperature in K.
    pub temperature_k: f64,
    /// Applied field along the fixed layer in A/m; positive favours P.
    pub field_a_per_m: f64,
}

impl Condition {
    /// Voltage in V, counted positive when it favours leaving the start state.
    #[must_use]
    pub fn drive_v(&self) -> f64 {
        self.volts * self.start.switching_polarity()
    }
}
