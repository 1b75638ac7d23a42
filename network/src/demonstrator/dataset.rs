use super::{Inference, LearningRun, LearningStatistics, LearningTime};
use crate::rules::stdp::Polarity;
use spinhebb_data::DataError;
use spinhebb_data::labelled::{Dataset, Variable};

impl Inference {
    /// Labelled arrays: `current(input, neuron)` in A, `hamming(input, neuron)` and the bins.
    ///
    /// # Errors
    /// Never for results of [`super::infer_all`].
    pub fn to_dataset(&self, name: &str) -> Result<Dataset, DataError> {
        let neurons = self.targets.len();
        let shape = [self.rows.len(), neurons];
        let dims = ["input", "neuron"];
        let inputs: Vec<String> = self.rows.iter().map(|row| row.input.to_string()).collect();
        let targets: Vec<String> = self.targets.iter().map(ToString::to_string).collect();
        let currents: Vec<f64> = self.rows.iter().flat_map(|row| row.currents_a.clone()).collect();
        let hamming: Vec<u32> = self.rows.iter().flat_map(|row| row.hamming.clone()).collect();
        let bin = |f: fn(&super::HammingBin) -> f64| self.bins.iter().map(f).collect::<Vec<f64>>();
        Dataset::new(name)
            .with(Variable::coordinate("input", "1", "input pattern, input 1 first", inputs))?
            .with(Variable::along("target", "neuron", "1", "device states of the neuron (1 = P)", targets))?
            .with(Variable::new("current", "A", "current of the dendrite", &dims, &shape, currents)?)?
            .with(Variable::new("hamming", "1", "Hamming distance from the target", &dims, &shape, hamming)?)?
            .with(Variable::coordinate(
                "distance",
                "1",
                "Hamming distance between input and target",
                self.bins.iter().map(|b| b.distance).collect::<Vec<u32>>(),
            ))?
            .with(Variable::along("mean", "distance", "A", "mean current", bin(|b| b.mean_a)))?
            .with(Variable::along("lowest", "distance", "A", "smallest current", bin(|b| b.min_a)))?
            .with(Variable::along("highest", "distance", "A", "largest current", bin(|b| b.max_a)))
    }
}

impl LearningRun {
    /// Labelled arrays of a traced run: along `cycle` the image, the currents (A), levels, thresholds and who fired; along
    /// `pulse` the image, the neuron, and per input the polarity, the attempts and the switching events.
    ///
    /// # Errors
    /// Never for results of [`super::learn`].
    pub fn to_dataset(&self, name: &str) -> Result<Dataset, DataError> {
        let dataset = Dataset::new(name)
            .attribute("images_needed", self.images_needed.map_or(-1, i64::from))
            .attribute("switching_successes", i64::from(self.successes))
            .attribute("switching_failures", i64::from(self.failures))
            .attribute("disturbed", i64::from(self.disturbed));
        self.with_pulses(self.with_cycles(dataset)?)
    }

    /// `dataset` with what runs along the clock cycles.
    fn with_cycles(&self, dataset: Dataset) -> Result<Dataset, DataError> {
        let cycles = &self.cycles;
        let traced = [cycles.len(), self.weights.len()];
        let trace = |name, unit, meaning, f: fn(&super::CycleRecord) -> &Vec<f64>| {
            let values: Vec<f64> = cycles.iter().flat_map(|c| f(c).clone()).collect();
            Variable::new(name, unit, meaning, &["cycle", "neuron"], &traced, values)
        };
        let fired: Vec<i64> = cycles.iter().map(|c| c.fired.map_or(-1, |n| n as i64)).collect();
        let shown: Vec<String> = cycles.iter().map(|c| c.input.to_string()).collect();
        let level_unit =
            "integration level in units of the mean current of the parallel devices over one clock cycle";
        dataset
            .with(Variable::coordinate(
                "cycle",
                "1",
                "clock cycle",
                cycles.iter().map(|c| c.cycle).collect::<Vec<u64>>(),
            ))?
            .with(Variable::along(
                "image",
                "cycle",
                "1",
                "number of the image",
                cycles.iter().map(|c| c.image).collect::<Vec<u32>>(),
            ))?
            .with(Variable::along("shown", "cycle", "1", "driven inputs, input 1 first", shown))?
            .with(Variable::along("fired", "cycle", "1", "neuron that fires; -1: none", fired))?
            .with(trace("current", "A", "current of the dendrite", |c| &c.currents_a)?)?
            .with(trace("level", "1", level_unit, |c| &c.levels)?)?
            .with(trace("threshold", "1", "threshold, same unit as the level", |c| &c.thresholds)?)
    }

    /// `dataset` with what runs along the firings and their pulses.
    fn with_pulses(&self, dataset: Dataset) -> Result<Dataset, DataError> {
        let pulses = &self.pulses;
        let pulsed = [pulses.len(), self.weights.first().map_or(0, |row| row.len())];
        let dimensions = ["pulse", "input"];
        let flags = |name, meaning, f: fn(&super::PulseRecord) -> &Vec<bool>| {
            let values: Vec<u8> = pulses.iter().flat_map(|p| f(p).iter().map(|&b| u8::from(b))).collect();
            Variable::new(name, "1", meaning, &dimensions, &pulsed, values)
        };
        let polarity: Vec<i64> = pulses
            .iter()
            .flat_map(|p| p.polarity.iter().map(|&q| if q == Polarity::Potentiation { 1 } else { -1 }))
            .collect();
        let after: Vec<String> = pulses.iter().map(|p| p.after.to_string()).collect();
        let polarity_meaning = "pulse: 1 potentiation (V > 0), -1 depression (V < 0)";
        dataset
            .with(Variable::along(
                "pulse_image",
                "pulse",
                "1",
                "image of the firing",
                pulses.iter().map(|p| p.image).collect::<Vec<u32>>(),
            ))?
            .with(Variable::along(
                "pulse_neuron",
                "pulse",
                "1",
                "neuron whose row is written",
                pulses.iter().map(|p| p.neuron as u64).collect::<Vec<u64>>(),
            ))?
            .with(Variable::along(
                "disturbed",
                "pulse",
                "1",
                "devices that changed though no pulse was meant to change them",
                pulses.iter().map(|p| p.disturbed).collect::<Vec<u32>>(),
            ))?
            .with(Variable::along("after", "pulse", "1", "device states afterwards (1 = P)", after))?
            .with(Variable::new("polarity", "1", polarity_meaning, &dimensions, &pulsed, polarity)?)?
            .with(flags("attempted", "1 where the pulse met a device it could switch", |p| &p.attempted)?)?
            .with(flags("switched", "1 where the device switched", |p| &p.switched)?)
    }
}

impl LearningStatistics {
    /// Labelled arrays: numbers of runs by images needed and by successful and failed switching attempts.
    ///
    /// # Errors
    /// Never for results of [`super::learn_many`].
    pub fn to_dataset(&self, name: &str) -> Result<Dataset, DataError> {
        Dataset::new(name)
            .attribute("runs", i64::from(self.runs))
            .attribute("learned", i64::from(self.learned))
            .attribute("disturbed", self.disturbed)
            .with(Variable::along(
                "needed",
                "images",
                "1",
                "runs that needed so many images",
                self.needed.clone(),
            ))?
            .with(Variable::along(
                "successes",
                "success_count",
                "1",
                "learned runs with so many successful switching attempts",
                self.successes.clone(),
            ))?
            .with(Variable::along(
                "failures",
                "failure_count",
                "1",
                "learned runs with so many failed switching attempts",
                self.failures.clone(),
            ))
    }
}

impl LearningTime {
    /// Labelled array: exact probability by number of images needed.
    ///
    /// # Errors
    /// Never.
    pub fn to_dataset(&self, name: &str) -> Result<Dataset, DataError> {
        Dataset::new(name).attribute("beyond", self.beyond).with(Variable::along(
            "probability",
            "images",
            "1",
            "probability of needing exactly so many images",
            self.probability.clone(),
        ))
    }
}
