use super::BinomialTable;

/// What one write event does to devices and threshold; may change from stage to stage of the training.
#[derive(Debug, Clone, PartialEq)]
pub struct Plasticity {
    /// Switching laws under a depression pulse (V < 0) and under a potentiation pulse (V > 0).
    pub(super) tables: [BinomialTable; 2],
    /// Probabilities of the laws.
    probabilities: [f64; 2],
    /// Pulses under which each device has a probability of its own, in place of the laws.
    own: Option<OwnPulses>,
    /// Gain of the homeostasis.
    pub(super) gain: f64,
    /// `ln(1 + gain)`.
    pub(super) log_gain: f64,
}

/// A pulse from which the probability of each device follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OwnPulse {
    /// The Gumbel variable `ln(-ln(1 - p))` of the nominal device's probability; devices differ in their hazards alone.
    Nominal(f32),
    /// Logarithm of the driver's voltage in V, of either polarity.
    LogVolts(f32),
}

/// The pulses of an event: depression and potentiation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnPulses {
    /// The pulses.
    pub(super) pulses: [OwnPulse; 2],
    /// Upper bounds of the probability of any device.
    pub(super) largest: [f32; 2],
    /// Probabilities that are wanted of the nominal device.
    pub(super) wanted: [f64; 2],
}

impl Plasticity {
    /// All devices switch with the same probabilities per pulse.
    #[must_use]
    pub fn new(potentiation: f64, depression: f64, gain: f64) -> Self {
        Self {
            tables: [BinomialTable::new(depression), BinomialTable::new(potentiation)],
            probabilities: [depression, potentiation],
            own: None,
            gain,
            log_gain: libm::log1p(gain),
        }
    }

    /// Each device switches with a probability of its own, which its synapses know; see
    /// [`AnalogSynapses::plasticity`](super::AnalogSynapses::plasticity).
    #[must_use]
    pub(super) fn of_own(own: OwnPulses, gain: f64) -> Self {
        Self { own: Some(own), ..Self::new(0.0, 0.0, gain) }
    }

    /// Pulses under which each device has a probability of its own.
    #[must_use]
    pub(super) const fn own(&self) -> Option<&OwnPulses> {
        self.own.as_ref()
    }

    /// Probability of all devices under a potentiation or a depression pulse, where they are alike.
    #[must_use]
    pub(super) const fn probability(&self, potentiation: bool) -> f64 {
        if potentiation { self.probabilities[1] } else { self.probabilities[0] }
    }
}
