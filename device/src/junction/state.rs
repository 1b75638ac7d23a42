//! The two resistance states of a junction.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// State of a junction, read as the sign of `m.p`.
///
/// `V > 0` (potentiation) drives anti-parallel to parallel; `V < 0` (depression) the reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// `m.p = +1`: high conductance, weight 1.
    Parallel,
    /// `m.p = -1`: low conductance, weight 0.
    AntiParallel,
}

impl State {
    /// Both states, parallel first.
    pub const BOTH: [Self; 2] = [Self::Parallel, Self::AntiParallel];

    /// State read from `m.p` (parallel at exactly 0, which has probability zero).
    #[must_use]
    pub fn from_cosine(cosine: f64) -> Self {
        if cosine < 0.0 { Self::AntiParallel } else { Self::Parallel }
    }

    /// `m.p` of the state: +1 or -1.
    #[must_use]
    pub const fn cosine(self) -> f64 {
        match self {
            Self::Parallel => 1.0,
            Self::AntiParallel => -1.0,
        }
    }

    /// The other state.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Parallel => Self::AntiParallel,
            Self::AntiParallel => Self::Parallel,
        }
    }

    /// Sign of the voltage that drives a junction out of this state: +1 from anti-parallel
    /// (potentiation), -1 from parallel (depression).
    #[must_use]
    pub const fn switching_polarity(self) -> f64 {
        -self.cosine()
    }

    /// Name used in files and stream keys: `parallel` or `anti-parallel`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parallel => "parallel",
            Self::AntiParallel => "anti-parallel",
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positive_voltage_switches_the_anti_parallel_state() {
        assert_eq!(State::AntiParallel.switching_polarity(), 1.0);
        assert_eq!(State::Parallel.switching_polarity(), -1.0);
        for state in State::BOTH {
            assert_eq!(State::from_cosine(state.cosine()), state);
            assert_ne!(state.opposite(), state);
        }
    }
}
