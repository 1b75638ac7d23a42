//! How write drivers make up for what lines take of a pulse ([`crate::operate::write`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How drivers make up for the loss on the lines in a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compensation {
    /// Not at all: every driver gives the voltage of the pulse.
    #[default]
    None,
    /// The amplitude is raised by the mean loss of the lines that are driven, known from their number and from that of their
    /// parallel devices.
    Count,
    /// As `count`, and each row by its own place along the dendrite.
    Row,
    /// The loss of the word line is added, and an amplifier at the foot of the dendrite holds the mean potential of its two ends at
    /// 0 V.
    Feedback,
    /// The dendrite is grounded at both of its ends.
    BothEnds,
}

impl Compensation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::None, Self::Count, Self::Row, Self::Feedback, Self::BothEnds];

    /// Name used in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Count => "count",
            Self::Row => "row",
            Self::Feedback => "feedback",
            Self::BothEnds => "both-ends",
        }
    }
}
