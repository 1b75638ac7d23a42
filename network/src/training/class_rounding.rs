//! How far the packed devices of a layer miss the tables of their population.

use rayon::prelude::*;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;

use crate::error::NetworkError;
use crate::synapses::{AnalogSynapses, probability};
use crate::training::hardware::Hardware;

/// Pairs of a device and a voltage that are compared.
const PAIRS: u64 = 10_000;

/// Smallest share of its driver's voltage at which a device is compared.
pub const LEAST_SHARE: f64 = 0.8;

/// Differences between the probabilities by which devices are written and those of their tables.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassRounding {
    /// Pairs that were compared.
    pub pairs: u64,
    /// Root mean square.
    pub rms: f64,
    /// Largest.
    pub largest: f64,
}

impl ClassRounding {
    /// Compares devices drawn from `synapses`, which stand on `hardware` from dendrite `first` on, under the pulses of any stage at
    /// [`LEAST_SHARE`] to all of their voltage; `None` where no voltages drive them.
    ///
    /// # Errors
    /// A voltage beyond the tables.
    pub fn of(
        synapses: &AnalogSynapses,
        hardware: &Hardware,
        (first, seed): (usize, u64),
    ) -> Result<Option<Self>, NetworkError> {
        let Some(pulses) = hardware.pulses() else { return Ok(None) };
        let size = synapses.size();
        let copies = usize::from(size.copies);
        let streams = Streams::new(seed, "class-rounding");
        let stages = pulses.potentiation_v.len() as u64;
        let one = |pair: u64| -> Result<Option<f64>, NetworkError> {
            let words = streams.block(pair, 0).map(u64::from);
            let pick = |word: u64, count: u64| ((word * count) >> 32) as usize;
            let neuron = pick(words[0], size.neurons as u64);
            let input = pick(words[1], (size.lines * copies) as u64);
            let side = pair % 2 == 1;
            let volts = pulses.at(pick(words[2], stages))[usize::from(side)];
            let share = words[3] as f64 / 4_294_967_296.0;
            let volts = volts * (LEAST_SHARE + (1.0 - LEAST_SHARE) * share);
            let draw = hardware.draw(input, first + neuron);
            if draw.fault.is_some() {
                return Ok(None);
            }
            let start = if side { State::AntiParallel } else { State::Parallel };
            let tables = pulses.tables.exact();
            let exact = tables.probability(&draw.factors, volts, pulses.tables.width_s(), start)?.p;
            let device = (neuron * size.lines + input / copies) * copies + input % copies;
            let packed =
                probability(synapses.devices().at_volts(device, libm::log(volts.abs()) as f32, start));
            Ok(Some(f64::from(packed) - exact))
        };
        let misses = (0..PAIRS).into_par_iter().map(one).collect::<Result<Vec<_>, _>>()?;
        let misses: Vec<f64> = misses.into_iter().flatten().collect();
        if misses.is_empty() {
            return Ok(None);
        }
        let mean = misses.iter().map(|miss| miss * miss).sum::<f64>() / misses.len() as f64;
        let largest = misses.iter().fold(0.0, |most: f64, miss| most.max(miss.abs()));
        Ok(Some(Self { pairs: misses.len() as u64, rms: mean.sqrt(), largest }))
    }
}
