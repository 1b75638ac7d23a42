//! Current-voltage laws of the cells, with or without an access device in series.
//!
//! Sign: `volts` is word line minus bit line and the current flows from word to bit
//! line. V > 0 is potentiation: it favours the parallel state (AP -> P).

use nalgebra::DMatrix;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;

/// Law of one two-terminal device.
///
/// # Formula
/// | law | current at voltage v |
/// |---|---|
/// | `Linear` | G v |
/// | `Cubic` | G v (1 + (v/V_h)^2) |
/// | `Sinh` | G V_s sinh(v/V_s) |
/// | `Junction` | v (G_P (1+c)/2 + G_AP(v) (1-c)/2), G_AP = G_P/(1 + TMR(v)), TMR(v) = TMR_0/(1 + (v/V_h)^2) |
///
/// Every law is odd and strictly increasing, so that the circuit has one solution.
///
/// # Not modelled
/// Polarity-dependent TMR; capacitive currents (see [`crate::operate::read`] for settling).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CellLaw {
    /// Ohmic device.
    Linear {
        /// Conductance G in S.
        siemens: f64,
    },
    /// Ohmic with a cubic correction, the low-bias form of a tunnel barrier.
    Cubic {
        /// Zero-bias conductance G in S.
        siemens: f64,
        /// Voltage V_h at which the conductance has doubled, in V.
        scale_volts: f64,
    },
    /// Exponential growth at high bias.
    Sinh {
        /// Zero-bias conductance G in S.
        siemens: f64,
        /// Voltage V_s of the hyperbolic sine, in V.
        scale_volts: f64,
    },
    /// Magnetic tunnel junction of the device layer, with bias-dependent TMR.
    Junction {
        /// Conductances and bias dependence.
        transport: Transport,
        /// Cosine of the angle between the layers: +1 for P, -1 for AP.
        cosine: f64,
    },
    /// No current at any voltage: a stuck-open fault.
    Open,
}

impl CellLaw {
    /// A junction in one of its two states.
    #[must_use]
    pub const fn junction(transport: Transport, state: State) -> Self {
        Self::Junction { transport, cosine: state.cosine() }
    }

    /// Current in A at `volts`; V > 0 favours P.
    #[must_use]
    #[inline]
    pub fn amperes(&self, volts: f64) -> f64 {
        match *self {
            Self::Linear { siemens } => siemens * volts,
            Self::Cubic { siemens, scale_volts } => {
                let u = volts / scale_volts;
                siemens * volts * (1.0 + u * u)
            }
            Self::Sinh { siemens, scale_volts } => siemens * scale_volts * (volts / scale_volts).sinh(),
            Self::Junction { transport, cosine } => volts * transport.conductance_at(cosine, volts),
            Self::Open => 0.0,
        }
    }

    /// Differential conductance dI/dV in S at `volts`; V > 0 favours P.
    #[must_use]
    #[inline]
    pub fn slope_siemens(&self, volts: f64) -> f64 {
        match *self {
            Self::Linear { siemens } => siemens,
            Self::Cubic { siemens, scale_volts } => {
                let u = volts / scale_volts;
                siemens * (1.0 + 3.0 * u * u)
            }
            Self::Sinh { siemens, scale_volts } => siemens * (volts / scale_volts).cosh(),
            Self::Junction { transport, cosine } => {
                let slope = |state| transport.differential_conductance(state, volts);
                0.5 * (1.0 + cosine) * slope(State::Parallel)
                    + 0.5 * (1.0 - cosine) * slope(State::AntiParallel)
            }
            Self::Open => 0.0,
        }
    }

    /// Co-content, the integral of the current from 0 to `volts`, in W; V > 0 favours P.
    #[must_use]
    pub fn content_watts(&self, volts: f64) -> f64 {
        let square = 0.5 * volts * volts;
        match *self {
            Self::Linear { siemens } => siemens * square,
            Self::Cubic { siemens, scale_volts } => {
                let u = volts / scale_volts;
                siemens * square * (1.0 + 0.5 * u * u)
            }
            Self::Sinh { siemens, scale_volts } => {
                let half = (0.5 * volts / scale_volts).sinh();
                siemens * scale_volts * scale_volts * 2.0 * half * half
            }
            Self::Junction { transport, cosine } => {
                let Transport { parallel_s, tmr, half_voltage_v: half_volts } = transport;
                let antiparallel = if half_volts.is_finite() {
                    let u = volts / half_volts;
                    square - 0.5 * tmr * half_volts * half_volts * (u * u / (1.0 + tmr)).ln_1p()
                } else {
                    square / (1.0 + tmr)
                };
                parallel_s * (0.5 * (1.0 + cosine) * square + 0.5 * (1.0 - cosine) * antiparallel)
            }
            Self::Open => 0.0,
        }
    }

    /// Conductance at zero bias in S.
    #[must_use]
    pub fn zero_bias_siemens(&self) -> f64 {
        self.slope_siemens(0.0)
    }

    /// Whether the current is proportional to the voltage.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        match *self {
            Self::Linear { .. } | Self::Open => true,
            Self::Junction { transport, cosine } => {
                cosine >= 1.0 || transport.tmr == 0.0 || transport.half_voltage_v.is_infinite()
            }
            Self::Cubic { .. } | Self::Sinh { .. } => false,
        }
    }

    /// First parameter outside its range: key, value, what is expected.
    pub(crate) fn fault(&self) -> Option<(&'static str, f64, &'static str)> {
        let positive = |key, value: f64| {
            (!(value.is_finite() && value > 0.0)).then_some((key, value, "a finite number above 0"))
        };
        match *self {
            Self::Linear { siemens } => (!(siemens.is_finite() && siemens >= 0.0)).then_some((
                "siemens",
                siemens,
                "a finite number of at least 0",
            )),
            Self::Cubic { siemens, scale_volts } | Self::Sinh { siemens, scale_volts } => {
                positive("siemens", siemens).or_else(|| positive("scale_volts", scale_volts))
            }
            Self::Junction { transport, cosine } => {
                let Transport { parallel_s, tmr, half_voltage_v } = transport;
                let tmr_ok = tmr.is_finite() && tmr >= 0.0;
                let half_ok = half_voltage_v > 0.0;
                let cosine_ok = (-1.0..=1.0).contains(&cosine);
                positive("parallel_s", parallel_s)
                    .or_else(|| (!tmr_ok).then_some(("tmr", tmr, "a finite ratio of at least 0")))
                    .or_else(|| (!half_ok).then_some(("half_voltage_v", half_voltage_v, "a voltage above 0")))
                    .or_else(|| (!cosine_ok).then_some(("cosine", cosine, "-1 to 1")))
            }
            Self::Open => None,
        }
    }
}

/// A device in series with an access transistor of resistance `access_ohm`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Law of the device.
    pub law: CellLaw,
    /// Resistance of the access device in ohm; 0 for none, infinite for cut off.
    pub access_ohm: f64,
}

/// State of a cell at one voltage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellPoint {
    /// Current in A, from word to bit line.
    pub amperes: f64,
    /// Differential conductance in S.
    pub slope_siemens: f64,
    /// Voltage across the device itself (without its access device) in V.
    pub device_volts: f64,
}

impl From<CellLaw> for Cell {
    fn from(law: CellLaw) -> Self {
        Self { law, access_ohm: 0.0 }
    }
}

impl Cell {
    /// Current, slope and device voltage with `volts` over the whole cell; V > 0 favours P.
    ///
    /// # Formula
    /// With an access device the device voltage u solves (V - u)/R_access = I(u); the slope is
    /// 1/(R_access + 1/I'(u)).
    #[must_use]
    #[inline]
    pub fn at(&self, volts: f64) -> CellPoint {
        if self.access_ohm == 0.0 {
            return CellPoint {
                amperes: self.law.amperes(volts),
                slope_siemens: self.law.slope_siemens(volts),
                device_volts: volts,
            };
        }
        let device_volts = self.device_volts(volts);
        let slope = self.law.slope_siemens(device_volts);
        let slope_siemens = if slope > 0.0 { 1.0 / (self.access_ohm + 1.0 / slope) } else { 0.0 };
        let amperes = self.law.amperes(device_volts);
        CellPoint { amperes, slope_siemens, device_volts }
    }

    /// Voltage across the device alone with `volts` over device and access device.
    #[must_use]
    pub fn device_volts(&self, volts: f64) -> f64 {
        if self.access_ohm == 0.0 || self.law == CellLaw::Open {
            return volts;
        }
        if self.access_ohm.is_infinite() || volts == 0.0 {
            return 0.0;
        }
        // Odd laws: solve for |u| by Newton's method inside a bracket.
        let total = volts.abs();
        let (mut low, mut high) = (0.0, total);
        let mut u = total / (1.0 + self.access_ohm * self.law.zero_bias_siemens());
        for _ in 0..200 {
            let excess = u + self.access_ohm * self.law.amperes(u) - total;
            if excess > 0.0 {
                high = u;
            } else {
                low = u;
            }
            let next = u - excess / (1.0 + self.access_ohm * self.law.slope_siemens(u));
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            if (next - u).abs() <= 1e-16 * total || high - low <= 1e-16 * total {
                u = next;
                break;
            }
            u = next;
        }
        u.copysign(volts)
    }

    /// Co-content of device and access device together, in W.
    #[must_use]
    pub fn content_watts(&self, volts: f64) -> f64 {
        if self.access_ohm == 0.0 {
            return self.law.content_watts(volts);
        }
        if self.access_ohm.is_infinite() {
            return 0.0;
        }
        let device_volts = self.device_volts(volts);
        let drop = volts - device_volts;
        self.law.content_watts(device_volts) + 0.5 * drop * drop / self.access_ohm
    }

    /// Whether the current is proportional to the voltage.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        self.law.is_linear() || self.access_ohm.is_infinite()
    }

    /// First parameter outside its range: key, value, what is expected.
    pub(crate) fn fault(&self) -> Option<(&'static str, f64, &'static str)> {
        let access_ok = self.access_ohm >= 0.0;
        self.law.fault().or_else(|| (!access_ok).then_some(("access_ohm", self.access_ohm, "at least 0 ohm")))
    }

    /// Conductance of the whole cell at zero bias, in S.
    #[must_use]
    pub fn zero_bias_siemens(&self) -> f64 {
        self.at(0.0).slope_siemens
    }
}

/// All cells of an array, M word lines (rows) x N bit lines (columns).
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Ohmic cells by their conductance in S, M x N; 0 is a stuck-open cell.
    Linear(DMatrix<f64>),
    /// Any cells, M x N.
    Devices(DMatrix<Cell>),
}

impl Cells {
    /// Junctions of one kind in the given states, M x N.
    #[must_use]
    pub fn junctions(transport: Transport, states: &DMatrix<State>) -> Self {
        Self::Devices(states.map(|state| CellLaw::junction(transport, state).into()))
    }

    /// Number of word lines M and of bit lines N.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        match self {
            Self::Linear(siemens) => siemens.shape(),
            Self::Devices(cells) => cells.shape(),
        }
    }

    /// Conductances at zero bias in S, M x N.
    #[must_use]
    pub fn zero_bias_siemens(&self) -> DMatrix<f64> {
        match self {
            Self::Linear(siemens) => siemens.clone(),
            Self::Devices(cells) => cells.map(|cell| cell.zero_bias_siemens()),
        }
    }

    /// The cell at word line `row` and bit line `col`.
    #[must_use]
    pub fn get(&self, row: usize, col: usize) -> Cell {
        match self {
            Self::Linear(siemens) => CellLaw::Linear { siemens: siemens[(row, col)] }.into(),
            Self::Devices(cells) => cells[(row, col)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAWS: [CellLaw; 4] = [
        CellLaw::Linear { siemens: 3e-5 },
        CellLaw::Cubic { siemens: 2e-5, scale_volts: 0.5 },
        CellLaw::Sinh { siemens: 1e-5, scale_volts: 0.2 },
        CellLaw::junction(Transport { parallel_s: 4e-4, tmr: 0.9, half_voltage_v: 0.5 }, State::AntiParallel),
    ];

    /// Slope and current are the derivatives of current and content: central differences
    /// of step h agree to order h^2.
    #[test]
    fn slope_and_content_belong_to_the_current() {
        let h = 1e-5;
        for law in LAWS {
            for access_ohm in [0.0, 1800.0] {
                let cell = Cell { law, access_ohm };
                for volts in [-0.8, -0.1, 0.0, 0.3, 1.2] {
                    let slope = (cell.at(volts + h).amperes - cell.at(volts - h).amperes) / (2.0 * h);
                    let point = cell.at(volts);
                    assert!((slope / point.slope_siemens - 1.0).abs() < 1e-7, "{cell:?} {volts}");
                    let current = (cell.content_watts(volts + h) - cell.content_watts(volts - h)) / (2.0 * h);
                    assert!(
                        (current - point.amperes).abs() < 1e-7 * cell.at(1.2).amperes,
                        "{cell:?} {volts}"
                    );
                    let through_access = point.device_volts + access_ohm * point.amperes;
                    assert!((through_access - volts).abs() < 1e-15, "{cell:?} {volts} {through_access}");
                }
            }
        }
    }

    #[test]
    fn a_junction_has_the_two_published_conductances() {
        let transport = Transport { parallel_s: 1.9, tmr: 0.9, half_voltage_v: 0.5 };
        let junction = |cosine| CellLaw::Junction { transport, cosine };
        assert!((junction(1.0).amperes(0.3) - 1.9 * 0.3).abs() < 1e-15);
        assert!((junction(-1.0).zero_bias_siemens() - 1.0).abs() < 1e-15);
        // At V_h the TMR has halved.
        assert!((junction(-1.0).amperes(0.5) - 0.5 * 1.9 / 1.45).abs() < 1e-15);
    }
}
