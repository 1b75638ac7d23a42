//! The papers behind the models: each run writes `references.bib` for what it used.

use crate::error::ExperimentError;

/// Key and BibTeX entry of every paper a run may cite.
#[rustfmt::skip]
const ENTRIES: &[(&str, &str)] = &[
    ("zhou2025", "@article{zhou2025,\n  author = {Zhou, Peng and Edwards, Alexander J. and Mancoff, Frederick B. and Aggarwal, Sanjeev and Heinrich-Barna, Stephen K. and Friedman, Joseph S.},\n  title = {Neuromorphic {Hebbian} learning with magnetic tunnel junction synapses},\n  journal = {Communications Engineering},\n  volume = {4},\n  pages = {142},\n  year = {2025},\n  eprint = {2308.11011},\n  archivePrefix = {arXiv}\n}"),
    ("rehm2023", "@misc{rehm2023,\n  author = {Rehm, Laura and Morshed, Md Golam and Misra, Shashank and Shukla, Ankit and Rakheja, Shaloo and Pinarbasi, Mustafa and Ghosh, Avik W. and Kent, Andrew D.},\n  title = {Temperature-resilient true random number generation with stochastic actuated magnetic tunnel junction devices},\n  year = {2023},\n  eprint = {2310.18779},\n  archivePrefix = {arXiv}\n}"),
    ("rehm2021", "@article{rehm2021,\n  author = {Rehm, L. and Wolf, G. and Kardasz, B. and Cogulu, E. and Chen, Y. and Pinarbasi, M. and Kent, A. D.},\n  title = {Thermal effects in spin-torque switching of perpendicular magnetic tunnel junctions at cryogenic temperatures},\n  journal = {Physical Review Applied},\n  volume = {15},\n  pages = {034088},\n  year = {2021},\n  doi = {10.1103/PhysRevApplied.15.034088}\n}"),
    ("slonczewski1996", "@article{slonczewski1996,\n  author = {Slonczewski, J. C.},\n  title = {Current-driven excitation of magnetic multilayers},\n  journal = {Journal of Magnetism and Magnetic Materials},\n  volume = {159},\n  pages = {L1--L7},\n  year = {1996},\n  doi = {10.1016/0304-8853(96)00062-5}\n}"),
    ("brown1963", "@article{brown1963,\n  author = {Brown, William Fuller},\n  title = {Thermal fluctuations of a single-domain particle},\n  journal = {Physical Review},\n  volume = {130},\n  pages = {1677--1686},\n  year = {1963},\n  doi = {10.1103/PhysRev.130.1677}\n}"),
    ("sun2000", "@article{sun2000,\n  author = {Sun, J. Z.},\n  title = {Spin-current interaction with a monodomain magnetic body: A model study},\n  journal = {Physical Review B},\n  volume = {62},\n  pages = {570--578},\n  year = {2000},\n  doi = {10.1103/PhysRevB.62.570}\n}"),
    ("butler2012", "@article{butler2012,\n  author = {Butler, W. H. and Mewes, T. and Mewes, C. K. A. and Visscher, P. B. and Rippard, W. H. and Russek, S. E. and Heindl, R.},\n  title = {Switching distributions for perpendicular spin-torque devices within the macrospin approximation},\n  journal = {IEEE Transactions on Magnetics},\n  volume = {48},\n  pages = {4684--4700},\n  year = {2012},\n  doi = {10.1109/TMAG.2012.2209122}\n}"),
    ("scharfetter1969", "@article{scharfetter1969,\n  author = {Scharfetter, D. L. and Gummel, H. K.},\n  title = {Large-signal analysis of a silicon {Read} diode oscillator},\n  journal = {IEEE Transactions on Electron Devices},\n  volume = {16},\n  pages = {64--77},\n  year = {1969},\n  doi = {10.1109/T-ED.1969.16566}\n}"),
    ("salmon2011", "@inproceedings{salmon2011,\n  author = {Salmon, John K. and Moraes, Mark A. and Dror, Ron O. and Shaw, David E.},\n  title = {Parallel random numbers: as easy as 1, 2, 3},\n  booktitle = {SC '11},\n  year = {2011},\n  doi = {10.1145/2063384.2063405}\n}"),
    ("querlioz2013", "@article{querlioz2013,\n  author = {Querlioz, Damien and Bichler, Olivier and Dollfus, Philippe and Gamrat, Christian},\n  title = {Immunity to device variations in a spiking neural network with memristive nanodevices},\n  journal = {IEEE Transactions on Nanotechnology},\n  volume = {12},\n  pages = {288--295},\n  year = {2013},\n  doi = {10.1109/TNANO.2013.2250995}\n}"),
    ("lecun1998", "@article{lecun1998,\n  author = {LeCun, Y. and Bottou, L. and Bengio, Y. and Haffner, P.},\n  title = {Gradient-based learning applied to document recognition},\n  journal = {Proceedings of the IEEE},\n  volume = {86},\n  pages = {2278--2324},\n  year = {1998},\n  doi = {10.1109/5.726791}\n}"),
    ("nishi2021", "@article{nishi2021,\n  author = {Nishi, Yoshifumi and Nomura, Kumiko and Marukame, Takao and Mizushima, Koichi},\n  title = {Stochastic binary synapses having sigmoidal cumulative distribution functions for unsupervised learning with spike timing-dependent plasticity},\n  journal = {Scientific Reports},\n  volume = {11},\n  pages = {18282},\n  year = {2021},\n  doi = {10.1038/s41598-021-97583-y}\n}"),
    ("dempster1981", "@article{dempster1981,\n  author = {Dempster, A. P. and Rubin, D. B. and Tsutakawa, R. K.},\n  title = {Estimation in covariance components models},\n  journal = {Journal of the American Statistical Association},\n  volume = {76},\n  pages = {341--353},\n  year = {1981},\n  doi = {10.1080/01621459.1981.10477653}\n}"),
    ("viechtbauer2007", "@article{viechtbauer2007,\n  author = {Viechtbauer, Wolfgang},\n  title = {Confidence intervals for the amount of heterogeneity in meta-analysis},\n  journal = {Statistics in Medicine},\n  volume = {26},\n  pages = {37--52},\n  year = {2007},\n  doi = {10.1002/sim.2514}\n}"),
    ("chandler2007", "@article{chandler2007,\n  author = {Chandler, Richard E. and Bate, Steven},\n  title = {Inference for clustered data using the independence loglikelihood},\n  journal = {Biometrika},\n  volume = {94},\n  pages = {167--183},\n  year = {2007},\n  doi = {10.1093/biomet/asm015}\n}"),
    ("bruno1995", "@article{bruno1995,\n  author = {Bruno, P.},\n  title = {Theory of interlayer magnetic coupling},\n  journal = {Physical Review B},\n  volume = {52},\n  pages = {411--439},\n  year = {1995},\n  doi = {10.1103/PhysRevB.52.411}\n}"),
    ("slonczewski1991", "@article{slonczewski1991,\n  author = {Slonczewski, J. C.},\n  title = {Fluctuation mechanism for biquadratic exchange coupling in magnetic multilayers},\n  journal = {Physical Review Letters},\n  volume = {67},\n  pages = {3172--3175},\n  year = {1991},\n  doi = {10.1103/PhysRevLett.67.3172}\n}"),
];

/// BibTeX entry of `key`; `None` when it is not in the table.
#[must_use]
pub fn entry(key: &str) -> Option<&'static str> {
    ENTRIES.iter().find(|(known, _)| *known == key).map(|(_, entry)| *entry)
}

/// The file `references.bib` for `keys`, in the order of the table.
///
/// # Errors
/// A key that is not in the table.
pub fn bibtex<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<String, ExperimentError> {
    let wanted: Vec<&str> = keys.into_iter().collect();
    if let Some(unknown) = wanted.iter().find(|key| entry(key).is_none()) {
        return Err(ExperimentError::Value {
            key: "citation".to_string(),
            value: (*unknown).to_string(),
            expected: "a key of experiments/src/bibliography.rs".to_string(),
        });
    }
    let entries: Vec<&str> =
        ENTRIES.iter().filter(|(key, _)| wanted.contains(key)).map(|(_, entry)| *entry).collect();
    Ok(entries.join("\n\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_well_formed_and_unique() {
        for (index, (key, entry)) in ENTRIES.iter().enumerate() {
            assert!(entry.contains(&format!("{{{key},")), "{key} is not the key of its entry");
            assert_eq!(entry.matches('{').count(), entry.matches('}').count(), "{key}: braces");
            assert!(ENTRIES[..index].iter().all(|(other, _)| other != key), "{key} twice");
        }
    }

    #[test]
    fn only_what_is_cited_is_written_once() {
        let text = bibtex(["brown1963", "zhou2025", "brown1963"]).unwrap();
        assert_eq!(text.matches("@article").count(), 2);
        assert!(bibtex(["nobody1900"]).is_err());
    }
}
