//! Training state on disk: sealed files that survive a kill at any moment.
//!
//! # Format
//! A line `spinhebb checkpoint 5`, the length of a header in bytes on a line of its own, the header (TOML:
//! seed, counters, the network and the probabilities of its pulses), the arrays one after the other in little-endian order (device states, thresholds,
//! firings, switched devices per row and per synapse), and the XXH3-64 sum of everything before it. Networks of several fields
//! follow each other.
//!
//! A file is written under another name, synchronised, renamed, and its folder synchronised, so
//! that the name always holds a whole file.

use crate::error::NetworkError;
use crate::synapses::LayerState;
use crate::training::config::NetworkConfig;
use crate::training::on_array::ArrayLoss;
use crate::training::recipe::{Recipe, WriteProbabilities};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use twox_hash::XxHash3_64;

const MAGIC: &str = "spinhebb checkpoint 5\n";

/// What the files of any version begin with.
const ANY_VERSION: &[u8] = b"spinhebb checkpoint ";

/// A training run at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// What is trained: the member of the recipe that sees the field.
    pub recipe: Recipe,
    /// Seed of the run.
    pub seed: u64,
    /// Number of the network among those of the run, see [`crate::readout::committee`].
    pub field: usize,
    /// Sum over the training images, see [`Images::fingerprint`](crate::encoding::Images::fingerprint).
    pub images: u64,
    /// [`Hardware::fingerprint`](crate::training::hardware::Hardware::fingerprint) of what stands under the synapses; 0 for devices
    /// all alike on ideal lines.
    pub hardware: u64,
    /// [`Hardware::pulses_fingerprint`](crate::training::hardware::Hardware::pulses_fingerprint) of the same.
    pub pulses: u64,
    /// What the array did at every renewal, on an array.
    pub losses: Vec<ArrayLoss>,
    /// The parts of the system that make the hardware, as the caller wrote them; empty for ideal synapses.
    pub system: String,
    /// Whatever the caller wants to find again, such as accuracies measured on the way.
    pub notes: String,
    /// States of the devices: number of P devices (ideal) or one bit per device (spread), neuron-major.
    pub devices: Vec<u8>,
    /// Homeostasis and accounting.
    pub state: LayerState,
}

#[derive(Serialize, Deserialize)]
struct Header {
    seed: String,
    field: usize,
    images: String,
    hardware: String,
    driven_by: String,
    system: String,
    notes: String,
    neurons: usize,
    lines: usize,
    /// Bits of the common part of the thresholds.
    common: String,
    shown: u64,
    silent: u64,
    cycles: u64,
    driven: u64,
    potentiation_pulses: u64,
    depression_pulses: u64,
    disturbed: u64,
    disturbed_by_reads: u64,
    events: Vec<u64>,
    last_driven: Vec<u64>,
    #[serde(default)]
    losses: Vec<ArrayLoss>,
    network: NetworkConfig,
    pulses: WriteProbabilities,
}

impl Checkpoint {
    /// Writes the checkpoints of all networks of a run under `path`, replacing what is there.
    ///
    /// # Errors
    /// [`NetworkError::Checkpoint`] when the system refuses.
    pub fn write(all: &[Self], path: &Path) -> Result<(), NetworkError> {
        let fail = |e: std::io::Error| error(path, &e, "check the folder and the space on the disk");
        let mut bytes = Vec::new();
        for checkpoint in all {
            bytes.extend(checkpoint.to_bytes()?);
        }
        let folder = match path.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let mut file = File::create(&name).map_err(fail)?;
        file.write_all(&bytes).map_err(fail)?;
        file.sync_all().map_err(fail)?;
        drop(file);
        std::fs::rename(&name, path).map_err(fail)?;
        File::open(folder).and_then(|f| f.sync_all()).map_err(fail)
    }

    /// Reads the checkpoints at `path`, one for each network of the run; at least one.
    ///
    /// # Errors
    /// [`NetworkError::Checkpoint`] when there is none or it is not whole.
    pub fn read(path: &Path) -> Result<Vec<Self>, NetworkError> {
        let bytes = std::fs::read(path).map_err(|e| error(path, &e, "check the path"))?;
        let mut rest = bytes.as_slice();
        let mut all = Vec::new();
        while all.is_empty() || !rest.is_empty() {
            let (checkpoint, length) = Self::from_bytes(rest)
                .map_err(|reason| error(path, &reason, "train again, or resume from another checkpoint"))?;
            all.push(checkpoint);
            rest = &rest[length..];
        }
        Ok(all)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, NetworkError> {
        let state = &self.state;
        let header = Header {
            seed: self.seed.to_string(),
            field: self.field,
            images: format!("{:016x}", self.images),
            hardware: format!("{:016x}", self.hardware),
            driven_by: format!("{:016x}", self.pulses),
            system: self.system.clone(),
            notes: self.notes.clone(),
            neurons: state.own.len(),
            lines: self.devices.len() / state.own.len().max(1),
            common: format!("{:016x}", state.common.to_bits()),
            shown: state.images,
            silent: state.silent,
            cycles: state.cycles,
            driven: state.driven,
            potentiation_pulses: state.potentiation_pulses,
            depression_pulses: state.depression_pulses,
            disturbed: state.disturbed,
            disturbed_by_reads: state.disturbed_by_reads,
            events: state.events.clone(),
            last_driven: state.last_driven.clone(),
            losses: self.losses.clone(),
            network: self.recipe.network.clone(),
            pulses: self.recipe.pulses.clone(),
        };
        let header = toml::to_string(&header).map_err(|e| NetworkError::Unwritable {
            what: "the header of the checkpoint",
            reason: e.to_string(),
        })?;
        let mut bytes = MAGIC.as_bytes().to_vec();
        bytes.extend_from_slice(format!("{}\n", header.len()).as_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&self.devices);
        bytes.extend(state.own.iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend(state.firings.iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend(state.switched.iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend(state.switched_per_synapse.iter().flat_map(|x| x.to_le_bytes()));
        let sum = XxHash3_64::oneshot(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        Ok(bytes)
    }

    /// The first checkpoint of `bytes` and its length.
    fn from_bytes(bytes: &[u8]) -> Result<(Self, usize), String> {
        let rest = bytes.strip_prefix(MAGIC.as_bytes()).ok_or_else(|| foreign(bytes))?;
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| "its header is no text".to_string());
        let end = rest.iter().position(|&b| b == b'\n').ok_or("it has no header")?;
        let length: usize =
            text(&rest[..end])?.parse().map_err(|_| "the length of its header is no number")?;
        let rest = &rest[end + 1..];
        let (header, rest) = rest.split_at_checked(length).ok_or("it is cut short")?;
        let header: Header = toml::from_str(text(header)?)
            .map_err(|e| format!("its checksum cannot be tested, for its header is damaged: {e}"))?;
        let (n, synapses) = (header.neurons, header.neurons.saturating_mul(header.lines));
        let size = synapses.saturating_mul(3).saturating_add(n.saturating_mul(20));
        let (arrays, rest) = rest.split_at_checked(size).ok_or("it is cut short")?;
        let (stored, rest) = rest.split_first_chunk::<8>().ok_or("it is cut short")?;
        let whole = bytes.len() - rest.len();
        if XxHash3_64::oneshot(&bytes[..whole - 8]) != u64::from_le_bytes(*stored) {
            return Err("its checksum does not fit its contents".into());
        }
        let (devices, arrays) = arrays.split_at(synapses);
        let (own, arrays) = arrays.split_at(8 * n);
        let (firings, arrays) = arrays.split_at(4 * n);
        let (switched, per_synapse) = arrays.split_at(8 * n);
        let hex = |s: &str| u64::from_str_radix(s, 16).map_err(|_| format!("`{s}` is no hexadecimal number"));
        let checkpoint = Self {
            recipe: Recipe { network: header.network, pulses: header.pulses },
            seed: header.seed.parse().map_err(|_| "its seed is no number")?,
            field: header.field,
            images: hex(&header.images)?,
            hardware: hex(&header.hardware)?,
            pulses: hex(&header.driven_by)?,
            system: header.system,
            losses: header.losses,
            notes: header.notes,
            devices: devices.to_vec(),
            state: LayerState {
                own: own.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect(),
                common: f64::from_bits(hex(&header.common)?),
                firings: firings.as_chunks().0.iter().map(|&b| u32::from_le_bytes(b)).collect(),
                switched: switched.as_chunks().0.iter().map(|&b| u64::from_le_bytes(b)).collect(),
                switched_per_synapse: per_synapse
                    .as_chunks()
                    .0
                    .iter()
                    .map(|&b| u16::from_le_bytes(b))
                    .collect(),
                images: header.shown,
                silent: header.silent,
                cycles: header.cycles,
                driven: header.driven,
                potentiation_pulses: header.potentiation_pulses,
                depression_pulses: header.depression_pulses,
                disturbed: header.disturbed,
                disturbed_by_reads: header.disturbed_by_reads,
                events: header.events,
                last_driven: header.last_driven,
            },
        };
        Ok((checkpoint, whole))
    }
}

/// Why `bytes`, which do not begin as they should, are refused.
fn foreign(bytes: &[u8]) -> String {
    let Some(rest) = bytes.strip_prefix(ANY_VERSION) else { return "it is no checkpoint".into() };
    let version: String = rest.iter().take_while(|b| b.is_ascii_digit()).map(|&b| char::from(b)).collect();
    format!("it is a checkpoint of format {version}, this program reads format 5")
}

fn error(path: &Path, reason: &dyn std::fmt::Display, remedy: &'static str) -> NetworkError {
    NetworkError::Checkpoint { path: path.display().to_string(), reason: reason.to_string(), remedy }
}
