//! Physics in the loop: what the circuit layer makes of the layer's devices.
//!
//! Reading: the devices are mapped onto tiles with wires, drivers and sense amplifiers
//! ([`spinhebb_circuit::operate::tile`]); every device then counts with its effective conductance. Writing: the solved
//! learning step of one tile ([`spinhebb_circuit::operate::write`]) gives the voltage that each cell sees, and the device table at
//! that voltage its switching probability; cells of dendrites that are not to learn are disturbed as the
//! scheme lets them.
//!
//! # Not modelled
//! Between two refreshes ([`crate::training::on_array`]) the ratio of effective to own conductance of each device is kept although
//! states change. Write voltages are those of one tile in its states at the refresh, for a random half of the inputs active,
//! taken from nine dendrites and interpolated between them; disturb is uniform over the unselected cells. Copies of a
//! line sit on neighbouring word lines.

use crate::error::NetworkError;
use crate::synapses::{AnalogSynapses, CLASSES, DeviceConductance, Plasticity, Synapses};
use nalgebra::DMatrix;
use rayon::prelude::*;
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::cell::Cells;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::operate::tile::TiledMap;
use spinhebb_circuit::operate::write::{CellPulse, LearningStep, Role, SwitchingLookup, write};
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use statrs::distribution::{ContinuousCDF, Normal};

/// The array that holds the synapses of a layer.
#[derive(Debug, Clone)]
pub struct Crossbar {
    /// The physical arrays (tiles): lines, drivers, cells, scheme, read voltage.
    pub array: ArrayConfig,
    /// Conductances of the junctions.
    pub transport: Transport,
    /// Potentiation voltage at the driver in V, above 0.
    pub potentiation_v: f64,
    /// Depression voltage at the driver in V, below 0.
    pub depression_v: f64,
    /// Pulse width in s.
    pub width_s: f64,
}

/// Voltages that the cells of a tile see in a learning step, as a fraction of the driver's.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteVoltages {
    /// Fraction of the driver's voltage at the selected cell (row, column) of a tile.
    pub selected: DMatrix<f64>,
    /// Probability that a device of an unselected dendrite switches in one event: AP -> P on a driven line, P -> AP on another.
    pub disturb: [f64; 2],
    /// Energy of one event in one tile, in J.
    pub event_j: f64,
}

/// Cost of a layer on its array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Energy {
    /// Mean energy of reading one image, in J.
    pub read_j: f64,
    /// Energy of the write pulses of one firing, in J.
    pub write_j: f64,
}

/// One solved learning step.
struct SolvedStep {
    /// Voltage of each selected cell over its driver's.
    fraction: Vec<f64>,
    /// Sums over all other cells of the probability to switch: P -> AP, AP -> P.
    disturb: [f64; 2],
    energy_j: f64,
}

impl Crossbar {
    /// Conductances of an ideal device behind its access transistor in S: parallel, anti-parallel (at zero bias, where
    /// all laws of cells agree).
    fn conductances(&self) -> [f64; 2] {
        [State::Parallel, State::AntiParallel].map(|state| {
            let siemens = self.transport.conductance_at(state.cosine(), 0.0);
            siemens / (1.0 + self.array.access.si() * siemens)
        })
    }

    /// `G_AP / (G_P - G_AP)` of the junctions.
    #[must_use]
    pub fn antiparallel_per_step(&self) -> f64 {
        let [p, ap] = self.conductances();
        ap / (p - ap)
    }

    /// Maps the present states onto tiles; inputs are the devices of all lines (line after line, copies side by side),
    /// outputs the neurons.
    ///
    /// # Errors
    /// [`NetworkError::Circuit`] when the circuit layer refuses.
    pub fn map(&self, synapses: &AnalogSynapses) -> Result<TiledMap, NetworkError> {
        self.map_varied(synapses, &[])
    }

    /// As [`Crossbar::map`], the conductances of each device times its factor,
    /// `factors[(neuron * lines + line) * copies + copy]`; no factors stand for 1.
    ///
    /// # Errors
    /// As [`Crossbar::map`].
    pub fn map_varied(&self, synapses: &AnalogSynapses, factors: &[f64]) -> Result<TiledMap, NetworkError> {
        let r = usize::from(synapses.copies());
        let [p, ap] = self.conductances();
        let mut siemens = DMatrix::zeros(synapses.lines() * r, synapses.neurons());
        let states = synapses.states();
        for (synapse, &state) in states.iter().enumerate() {
            let (neuron, line) = (synapse / synapses.lines(), synapse % synapses.lines());
            for copy in 0..r {
                let factor = factors.get(synapse * r + copy).copied().unwrap_or(1.0);
                siemens[(line * r + copy, neuron)] = factor * if state >> copy & 1 == 1 { p } else { ap };
            }
        }
        Ok(TiledMap::new(&siemens, &self.array)?)
    }

    /// Gives every device of `synapses` the conductance with which it counts on `map`; returns the mean
    /// ratio of effective to own conductance.
    ///
    /// What is subtracted is the nominal G_AP, or with `reference_column` that of a column of the same array: G_AP times the
    /// mean ratio along the word line.
    pub fn apply(&self, map: &TiledMap, synapses: &mut AnalogSynapses, reference_column: bool) -> f64 {
        let r = usize::from(synapses.copies());
        let [p, ap] = self.conductances();
        let step = p - ap;
        let (lines, states) = (synapses.lines(), synapses.states());
        let effective = map.effective_siemens();
        let ratio = |neuron: usize, line: usize, copy: usize| {
            let own = if states[neuron * lines + line] >> copy & 1 == 1 { p } else { ap };
            effective[(line * r + copy, neuron)] / own
        };
        let neurons = synapses.neurons();
        let reference: Vec<f64> = (0..lines * r)
            .map(|input| {
                let mean =
                    || (0..neurons).map(|n| ratio(n, input / r, input % r)).sum::<f64>() / neurons as f64;
                if reference_column { mean() } else { 1.0 }
            })
            .collect();
        synapses.reconduct(|neuron, line, copy| {
            let a = ratio(neuron, line, copy);
            let above = a - reference[line * r + copy];
            DeviceConductance { antiparallel: above * ap / step, step: a, ..DeviceConductance::NOMINAL }
        });
        let mut sum = 0.0;
        for neuron in 0..synapses.neurons() {
            for line in 0..lines {
                for copy in 0..r {
                    sum += ratio(neuron, line, copy);
                }
            }
        }
        sum / (states.len() * r) as f64
    }

    /// Solves learning steps of the first tile in its present states.
    ///
    /// # Errors
    /// [`NetworkError::Circuit`] when the circuit layer or the table refuses.
    pub fn write_voltages(
        &self,
        synapses: &AnalogSynapses,
        lookup: &(impl SwitchingLookup + Sync),
        seed: u64,
    ) -> Result<WriteVoltages, NetworkError> {
        let r = usize::from(synapses.copies());
        let rows = self.array.inputs.min(synapses.lines() * r);
        let cols = self.array.outputs.min(synapses.neurons());
        let all = synapses.states();
        let states = DMatrix::from_fn(rows, cols, |i, j| {
            let state = all[j * synapses.lines() + i / r] >> (i % r) & 1;
            if state == 1 { State::Parallel } else { State::AntiParallel }
        });
        let cells = states.map(|state| self.array.nominal_cell(self.transport, state));
        let array = self.array.wired(Cells::Devices(cells));
        let words = Streams::new(seed, "write-pattern");
        let active: Vec<bool> = (0..rows).map(|i| words.block((i / r) as u64, 0)[0] & 1 == 1).collect();
        let mut sampled: Vec<usize> = (0..=8).map(|k| k * (cols - 1) / 8).collect();
        sampled.dedup();
        let steps = sampled
            .par_iter()
            .map(|&dendrite| self.learning_step(&array, &active, dendrite, lookup))
            .collect::<Result<Vec<_>, _>>()?;
        let mut columns = Vec::new();
        let (mut disturb, mut cells, mut energy) = ([0.0, 0.0], [0usize, 0usize], 0.0);
        for step in steps {
            columns.push(step.fraction);
            energy += step.energy_j / sampled.len() as f64;
            for side in 0..2 {
                disturb[side] += step.disturb[side];
                cells[side] += active.iter().filter(|&&a| usize::from(a) == side).count() * (cols - 1);
            }
        }
        for side in 0..2 {
            disturb[side] /= (cells[side] as f64).max(1.0);
        }
        let selected = DMatrix::from_fn(rows, cols, |i, j| {
            let right = sampled.partition_point(|&s| s < j).min(sampled.len() - 1);
            let left = right.saturating_sub(usize::from(sampled[right] > j));
            let (x0, x1) = (sampled[left] as f64, sampled[right] as f64);
            let share = if x1 > x0 { (j as f64 - x0) / (x1 - x0) } else { 0.0 };
            columns[left][i] * (1.0 - share) + columns[right][i] * share
        });
        Ok(WriteVoltages { selected, disturb, event_j: energy })
    }

    /// Solves one learning step of `array` on `dendrite`.
    fn learning_step(
        &self,
        array: &Array,
        active: &[bool],
        dendrite: usize,
        lookup: &impl SwitchingLookup,
    ) -> Result<SolvedStep, NetworkError> {
        let step = LearningStep {
            dendrite,
            active,
            potentiation_volts: self.potentiation_v,
            depression_volts: self.depression_v,
            width_s: self.width_s,
        };
        let outcome = write(array, self.array.scheme, &self.array.write_drivers(), &step)?;
        let (rows, cols) = array.shape();
        let (mut fraction, mut disturb) = (vec![0.0; rows], [0.0, 0.0]);
        for phase in &outcome.phases {
            for i in (0..rows).filter(|&i| phase.driven[i]) {
                let nominal = if active[i] { self.potentiation_v } else { self.depression_v };
                fraction[i] = phase.device_volts[(i, dendrite)] / nominal;
            }
            for j in (0..cols).filter(|&j| j != dendrite) {
                for i in 0..rows {
                    debug_assert!(outcome.role(phase, i, j) != Role::Selected);
                    let volts = phase.device_volts[(i, j)];
                    // The state that this voltage can switch.
                    let (side, start) =
                        if volts > 0.0 { (1, State::AntiParallel) } else { (0, State::Parallel) };
                    disturb[side] += lookup.probability(CellPulse {
                        row: i,
                        col: j,
                        volts,
                        width_s: self.width_s,
                        start,
                    })?;
                }
            }
        }
        Ok(SolvedStep { fraction, disturb, energy_j: outcome.energy_joules() })
    }

    /// Energy of reading an image with `driven` of the lines (mean over `images` of active lines) and of writing one row.
    ///
    /// # Errors
    /// [`NetworkError::Circuit`] when the circuit layer refuses.
    pub fn energy(
        &self,
        map: &TiledMap,
        voltages: &WriteVoltages,
        copies: usize,
        images: &[Vec<u16>],
    ) -> Result<Energy, NetworkError> {
        let mut read_j = 0.0;
        for active in images {
            let mut volts = vec![0.0; map.inputs];
            for &line in active {
                volts[usize::from(line) * copies..(usize::from(line) + 1) * copies]
                    .fill(self.array.read_voltage.si());
            }
            read_j += map.read_joules(&volts)? / images.len() as f64;
        }
        // The selected dendrite crosses one column of tiles.
        let tiles = map.inputs.div_ceil(self.array.inputs) as f64;
        Ok(Energy { read_j, write_j: voltages.event_j * tiles })
    }
}

impl WriteVoltages {
    /// Range of the fraction of the driver's voltage at selected cells.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        (self.selected.min(), self.selected.max())
    }

    /// Class of the device on word line `input` of dendrite `output`: its place in the tile decides the voltage it sees.
    #[must_use]
    pub fn class(&self, input: usize, output: usize) -> u8 {
        let (low, high) = self.range();
        let (rows, cols) = self.selected.shape();
        let fraction = self.selected[(input % rows, output % cols)];
        let scaled = (fraction - low) / (high - low).max(1e-300) * (CLASSES - 1) as f64;
        scaled.round().clamp(0.0, (CLASSES - 1) as f64) as u8
    }

    /// Probabilities and gain for the voltages that the classes see.
    ///
    /// With a `hazard` above 0 the class is 16 times one of 16 voltages plus one of 16 devices, whose hazards are
    /// log-normal with that standard deviation: p = 1 - (1 - p0)^h.
    ///
    /// # Errors
    /// [`NetworkError::Circuit`] when the table does not reach a voltage.
    pub fn plasticity(
        &self,
        crossbar: &Crossbar,
        lookup: &impl SwitchingLookup,
        gain: f64,
        hazard: f64,
    ) -> Result<Plasticity, NetworkError> {
        let normal = Normal::standard();
        let (low, high) = self.range();
        let of = |volts: f64, start: State| -> Result<Vec<f64>, NetworkError> {
            (0..CLASSES)
                .map(|class| {
                    let place = if hazard > 0.0 { class / 16 * 17 } else { class };
                    let fraction = low + (high - low) * place as f64 / (CLASSES - 1) as f64;
                    let volts = volts * fraction;
                    let p = lookup.probability(CellPulse {
                        row: 0,
                        col: 0,
                        volts,
                        width_s: crossbar.width_s,
                        start,
                    })?;
                    if hazard == 0.0 {
                        return Ok(p);
                    }
                    let own = libm::exp(hazard * normal.inverse_cdf(((class % 16) as f64 + 0.5) / 16.0));
                    Ok(-libm::expm1(own * libm::log1p(-p.min(1.0 - 1e-15))))
                })
                .collect()
        };
        let potentiation = of(crossbar.potentiation_v, State::AntiParallel)?;
        let depression = of(crossbar.depression_v, State::Parallel)?;
        Ok(Plasticity::with_classes(&potentiation, &depression, gain))
    }
}
