use super::{LayerConfig, LayerState, MAX_COPIES, Plasticity};
use crate::error::NetworkError;
use crate::rules::homeostasis::Form;
use crate::rules::stdp::{self, Polarity};
use crate::rules::winner::TieRule;
use spinhebb_data::random_stream::Streams;

/// The reference: one image at a time, dense currents, clock cycle by clock cycle, device by device.
///
/// It shares with [`super::Layer`] the random numbers and the constants, and none of its shortcuts: no tiles, no
/// batches, no closed form of the race, no bookkeeping of changed rows. It keeps weights of its own.
#[derive(Debug, Clone)]
pub struct SteppingLayer {
    lines: usize,
    copies: u8,
    config: LayerConfig,
    rows: Vec<u8>,
    own: Vec<f64>,
    common: f64,
    streams: Streams,
    ties: Streams,
    images: u64,
    /// Clock cycles since the start, and the one in which each line drove last.
    clock: u64,
    driven: Vec<Option<u64>>,
}

impl SteppingLayer {
    /// A layer with the given numbers of P devices, neuron-major.
    ///
    /// # Errors
    /// [`NetworkError::Field`] for constants out of range.
    pub fn new(
        lines: usize,
        copies: u8,
        rows: Vec<u8>,
        config: LayerConfig,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        NetworkError::require(
            usize::from(copies) <= MAX_COPIES,
            "copies",
            copies,
            "at most 8 devices per line",
        )?;
        let neurons = rows.len() / lines;
        NetworkError::first(|faults| config.check(neurons, faults))?;
        let (own, common) = match config.form {
            Form::Querlioz => (config.threshold, 0.0),
            Form::Ratio => (1.0, libm::log(config.threshold)),
        };
        Ok(Self {
            lines,
            copies,
            rows,
            own: vec![own; neurons],
            common,
            config,
            streams: Streams::new(seed, "write"),
            ties: Streams::new(seed, "tie"),
            images: 0,
            clock: 0,
            driven: vec![None; lines],
        })
    }

    /// Numbers of P devices, neuron-major.
    #[must_use]
    pub fn rows(&self) -> &[u8] {
        &self.rows
    }

    /// Thresholds without what they have in common; see [`LayerState::own`].
    #[must_use]
    pub fn own(&self) -> &[f64] {
        &self.own
    }

    /// Shows one image and learns from it; returns who fired and in which cycle (the last when nobody did).
    pub fn learn(&mut self, active: &[u16], plasticity: &Plasticity) -> (Vec<usize>, u32) {
        let mut pulse = vec![0u8; self.lines];
        for &line in active {
            pulse[usize::from(line)] = 1;
        }
        let offset = (active.len() * usize::from(self.copies)) as f32 * self.config.reference as f32;
        let ratios: Vec<f32> = self
            .rows
            .chunks_exact(self.lines)
            .zip(&self.own)
            .map(|(row, &own)| {
                let sum: u32 =
                    row.iter().zip(&pulse).filter(|(_, p)| **p == 1).map(|(&w, _)| u32::from(w)).sum();
                let threshold = match self.config.form {
                    Form::Querlioz => (own + self.common).max(1e-3),
                    Form::Ratio => own,
                };
                (sum as f32 - offset) * (1.0 / threshold) as f32
            })
            .collect();
        let level = match self.config.form {
            Form::Querlioz => 1.0,
            Form::Ratio => libm::exp(self.common),
        };
        let (fired, first) = self.race(&ratios, level, active);
        // What drove within the window before the firing is potentiated.
        let window = self.config.timing.window_cycles;
        for (pulse, driven) in pulse.iter_mut().zip(&self.driven) {
            *pulse = u8::from(stdp::polarity(*driven, self.clock, window) == Polarity::Potentiation);
        }
        self.clock += u64::from(self.config.timing.rest_cycles);
        for (rank, &neuron) in fired.iter().enumerate() {
            let event = self.images | (rank as u64) << 48;
            let row = &mut self.rows[neuron * self.lines..(neuron + 1) * self.lines];
            for (line, count) in row.iter_mut().enumerate() {
                let u = self.streams.block(event, line as u64 / 4)[line % 4];
                if pulse[line] == 1 {
                    *count += plasticity.tables[1].draw(self.copies - *count, u);
                } else {
                    *count -= plasticity.tables[0].draw(*count, u);
                }
            }
            match self.config.form {
                Form::Querlioz => self.own[neuron] += plasticity.gain,
                Form::Ratio => self.own[neuron] *= 1.0 + plasticity.gain,
            }
        }
        let share = self.config.fraction / self.own.len() as f64;
        self.common -= share
            * match self.config.form {
                Form::Querlioz => plasticity.gain,
                Form::Ratio => plasticity.log_gain,
            };
        self.images += 1;
        (fired, first)
    }

    /// The presentation, cycle by cycle; neurons that cross in the same cycle follow the rule of ties.
    fn race(&mut self, ratios: &[f32], level: f64, active: &[u16]) -> (Vec<usize>, u32) {
        let LayerConfig { neuron, winners, tie, timing, .. } = &self.config;
        let (mut fired, mut first, mut gain): (Vec<usize>, u32, f64) = (Vec::new(), neuron.cycles, 0.0);
        let mut shown = 0;
        for cycle in 1..=neuron.cycles {
            let drives = (cycle - 1).is_multiple_of(timing.refractory_cycles + 1);
            gain = neuron.step(gain, f64::from(u8::from(drives)));
            // The presentation ends with the first firing.
            if fired.is_empty() {
                shown = cycle;
                for &line in active.iter().filter(|_| drives) {
                    self.driven[usize::from(line)] = Some(self.clock + u64::from(cycle));
                }
            }
            let mut crossing: Vec<usize> = (0..ratios.len())
                .filter(|&j| ratios[j] > 0.0 && f64::from(ratios[j]) * gain > level && !fired.contains(&j))
                .collect();
            if crossing.is_empty() {
                continue;
            }
            if fired.is_empty() {
                first = cycle;
            }
            match tie {
                TieRule::LowestIndex => crossing.truncate(1),
                TieRule::Random => {
                    let word = self.ties.block(self.images, 0)[0];
                    crossing = vec![crossing[((u64::from(word) * crossing.len() as u64) >> 32) as usize]];
                }
                TieRule::AnalogRace | TieRule::AllFire => {
                    crossing.sort_by(|&a, &b| ratios[b].total_cmp(&ratios[a]).then(a.cmp(&b)));
                }
            }
            fired.extend(crossing);
            if fired.len() >= *winners {
                break;
            }
        }
        if *tie != TieRule::AllFire {
            fired.truncate(*winners);
        }
        self.clock += u64::from(shown);
        (fired, first)
    }

    /// Whether thresholds and firings agree with a state of the fast layer, bit for bit.
    #[must_use]
    pub fn agrees(&self, state: &LayerState) -> bool {
        self.own == state.own && self.common == state.common && self.images == state.images
    }
}
