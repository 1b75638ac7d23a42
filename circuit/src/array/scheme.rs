//! What the dendrites that are not to learn do during a write ([`crate::operate::write`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the dendrites that are not to learn do during a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WriteScheme {
    /// Held at 0 V, as the selected one: every row then sees the full voltages.
    Grounded,
    /// Left open, as in the published demonstrator.
    Floating,
    /// V/2: half the voltage from each side of the selected cells, all other lines at 0 V; potentiation and
    /// depression one after the other.
    HalfBias,
    /// V/3: selected word V, other words V/3, selected dendrite 0, other dendrites 2V/3; potentiation
    /// and depression one after the other.
    ThirdBias,
    /// Cut off by a transistor in each cell of every unselected dendrite, dendrites left open.
    CutOff,
}

/// Source voltages of all lines over the pulse that a selected cell is to see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Word lines that are driven.
    pub driven: f64,
    /// Word lines that wait for the other pulse.
    pub waiting: f64,
    /// The dendrite that is to learn.
    pub selected: f64,
    /// The other dendrites; `None` where they float.
    pub others: Option<f64>,
}

impl Shares {
    /// Over cells of a driven line on other dendrites, as far as these are held.
    #[must_use]
    pub fn other_dendrite(&self) -> f64 {
        self.others.map_or(0.0, |others| self.driven - others)
    }

    /// Over cells of the selected dendrite whose line waits.
    #[must_use]
    pub const fn waiting_input(&self) -> f64 {
        self.waiting - self.selected
    }
}

impl WriteScheme {
    /// All schemes.
    pub const ALL: [Self; 5] =
        [Self::Grounded, Self::Floating, Self::HalfBias, Self::ThirdBias, Self::CutOff];

    /// Name used in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grounded => "grounded",
            Self::Floating => "floating",
            Self::HalfBias => "half-bias",
            Self::ThirdBias => "third-bias",
            Self::CutOff => "cut-off",
        }
    }

    /// Source voltages of all lines over the pulse that a selected cell is to see.
    #[must_use]
    pub const fn shares(self) -> Shares {
        let (driven, waiting, selected, others) = match self {
            Self::Grounded => (1.0, 0.0, 0.0, Some(0.0)),
            Self::Floating | Self::CutOff => (1.0, 0.0, 0.0, None),
            Self::HalfBias => (0.5, 0.0, -0.5, Some(0.0)),
            Self::ThirdBias => (1.0, 1.0 / 3.0, 0.0, Some(2.0 / 3.0)),
        };
        Shares { driven, waiting, selected, others }
    }

    /// Whether potentiation and depression are driven at once, each on inputs of its own; else they follow each other.
    #[must_use]
    pub const fn drives_both_at_once(self) -> bool {
        match self {
            Self::Grounded | Self::Floating | Self::CutOff => true,
            Self::HalfBias | Self::ThirdBias => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_listed_under_the_name_that_files_use() {
        let schema = serde_json::to_string(&schemars::schema_for!(WriteScheme)).unwrap();
        assert_eq!(schema.matches("\"const\"").count(), WriteScheme::ALL.len(), "{schema}");
        for scheme in WriteScheme::ALL {
            assert_eq!(serde_json::to_string(&scheme).unwrap(), format!("\"{}\"", scheme.name()));
        }
    }
}
