//! Cross-check against a sparse direct factorisation (faer) of a nodal matrix assembled
//! node by node, independently of the library's line structure; and physical laws that
//! every solution must keep (verification problem 10: reciprocity, current conservation).

mod random_array;

use faer::linalg::solvers::Solve;
use faer::sparse::{SparseColMat, Triplet};
use nalgebra::DMatrix;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use random_array::{Kind, random_array};
use spinhebb_circuit::array::cell::Cells;
use spinhebb_circuit::array::crossbar::{Array, End, Lines, Wiring};
use spinhebb_circuit::solve::transfer::{Terminal, Transfer};

/// Node voltages (w, b) by sparse LU. Ideal lines are merged with a union-find.
fn direct(array: &Array, siemens: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    let (rows, cols) = array.shape();
    let w = |i: usize, j: usize| i * cols + j;
    let b = |i: usize, j: usize| rows * cols + i * cols + j;
    let mut parent: Vec<usize> = (0..2 * rows * cols).collect();
    fn root(parent: &[usize], mut k: usize) -> usize {
        while parent[k] != k {
            k = parent[k];
        }
        k
    }
    let mut resistors: Vec<(usize, usize, f64)> = Vec::new();
    let mut sources: Vec<(usize, f64, f64)> = Vec::new();
    let mut fixed: Vec<(usize, f64)> = Vec::new();
    let mut line = |lines: &Lines, line: usize, nodes: Vec<usize>| {
        let wire = lines.segment_ohm[line];
        let broken = |segment| lines.breaks.iter().any(|b| b.line == line && b.segment == segment);
        for (k, pair) in nodes.windows(2).enumerate() {
            if wire == 0.0 {
                let (x, y) = (root(&parent, pair[0]), root(&parent, pair[1]));
                parent[x] = y;
            } else if !broken(k + 1) {
                resistors.push((pair[0], pair[1], 1.0 / wire));
            }
        }
        let ends =
            [(lines.first[line], 0, nodes[0]), (lines.last[line], nodes.len(), *nodes.last().unwrap())];
        for (end, segment, node) in ends {
            if let End::Driven { volts, ohm } = end
                && !broken(segment)
            {
                if ohm + wire == 0.0 {
                    fixed.push((node, volts));
                } else {
                    sources.push((node, 1.0 / (ohm + wire), volts));
                }
            }
        }
    };
    for i in 0..array.word.first.len() {
        let nodes = match array.wiring {
            Wiring::Crossed => (0..cols).map(|j| w(i, j)).collect(),
            Wiring::Parallel => (0..rows).map(|k| w(k, i)).collect(),
        };
        line(&array.word, i, nodes);
    }
    for j in 0..cols {
        line(&array.bit, j, (0..rows).map(|i| b(i, j)).collect());
    }
    for i in 0..rows {
        for j in 0..cols {
            resistors.push((w(i, j), b(i, j), siemens[(i, j)]));
        }
    }
    let size = 2 * rows * cols;
    let roots: Vec<usize> = (0..size).map(|k| root(&parent, k)).collect();
    let held: Vec<usize> = fixed.iter().map(|&(node, _)| roots[node]).collect();
    let mut triplets = Vec::new();
    let mut right = faer::Mat::<f64>::zeros(size, 1);
    let mut add = |a: usize, b: usize, value: f64| {
        if !held.contains(&a) {
            triplets.push(Triplet::new(a, b, value));
        }
    };
    for (x, y, g) in resistors {
        let (x, y) = (roots[x], roots[y]);
        add(x, x, g);
        add(y, y, g);
        add(x, y, -g);
        add(y, x, -g);
    }
    for (node, g, volts) in sources {
        add(roots[node], roots[node], g);
        if !held.contains(&roots[node]) {
            right[(roots[node], 0)] += g * volts;
        }
    }
    for (node, volts) in fixed {
        triplets.push(Triplet::new(roots[node], roots[node], 1.0));
        right[(roots[node], 0)] = volts;
    }
    for (k, &root) in roots.iter().enumerate() {
        if root != k {
            triplets.push(Triplet::new(k, k, 1.0));
            triplets.push(Triplet::new(k, root, -1.0));
        }
    }
    let matrix = SparseColMat::<usize, f64>::try_new_from_triplets(size, size, &triplets).unwrap();
    let solution = matrix.sp_lu().unwrap().solve(&right);
    (
        DMatrix::from_fn(rows, cols, |i, j| solution[(w(i, j), 0)]),
        DMatrix::from_fn(rows, cols, |i, j| solution[(b(i, j), 0)]),
    )
}

/// A few 1e-12 is what sparse LU keeps at conductance ratios up to 1e6.
const DIRECT: f64 = 1e-10;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn linear_arrays_agree_with_sparse_lu(seed: u64) {
        let array = random_array(seed, Kind { linear: true, ideal_lines: true });
        let solution = array.solve().unwrap();
        let Cells::Linear(siemens) = &array.cells else { unreachable!() };
        let (w, b) = direct(&array, siemens);
        prop_assert!((&solution.word_volts - w).amax() < DIRECT);
        prop_assert!((&solution.bit_volts - b).amax() < DIRECT);
    }

    /// The solved nonlinear state solves the linear circuit of its own chord conductances I/V.
    #[test]
    fn nonlinear_arrays_are_consistent_with_sparse_lu(seed: u64) {
        let array = random_array(seed, Kind { linear: false, ideal_lines: true });
        let solution = array.solve().unwrap();
        let (volts, amperes) = (solution.cell_volts(), solution.cell_amperes(&array));
        let zero_bias = array.zero_bias_siemens();
        let chord = DMatrix::from_fn(volts.nrows(), volts.ncols(), |i, j| {
            let (v, c, g) = (volts[(i, j)], amperes[(i, j)], zero_bias[(i, j)]);
            // An isolated piece of an open cell's line needs some reference for the direct solver.
            if v.abs() > 1e-6 { (c / v).max(1e-15) } else { g.max(1e-15) }
        });
        let (w, b) = direct(&array, &chord);
        // Only currents are comparable where open cells leave nodes undetermined.
        let theirs = (w - b).component_mul(&chord);
        prop_assert!(amperes.iter().all(|i| i.is_finite()));
        // The direct solver has no answer where a piece of line is cut off from everything.
        prop_assume!(theirs.iter().all(|i| i.is_finite()));
        // DIRECT volts of error in both nodes of the best-conducting cell.
        let tolerance = 2.0 * DIRECT * chord.amax();
        let difference = (theirs - &amperes).amax();
        prop_assert!(difference < tolerance, "{difference:e} above {tolerance:e}");
        let certificate = solution.certificate;
        // An error of 1e-12 V across the best wire (10 S).
        prop_assert!(certificate.residual_amperes < 1e-11, "{certificate:?}");
    }

    #[test]
    fn currents_are_conserved_and_power_is_dissipated(seed: u64) {
        let array = random_array(seed, Kind { linear: false, ideal_lines: true });
        let solution = array.solve().unwrap();
        let t = &solution.terminals;
        let sum = t.left.sum() + t.right.sum() + t.top.sum() + t.bottom.sum();
        let scale = [&t.left, &t.right, &t.top, &t.bottom].iter().map(|v| v.amax()).fold(0.0, f64::max);
        prop_assert!(sum.abs() <= 1e-10 * scale + 1e-18, "{sum:e} of {scale:e}");
        let in_cells = solution.cell_volts().dot(&solution.cell_amperes(&array));
        prop_assert!(solution.power_watts(&array) >= in_cells * (1.0 - 1e-9) - 1e-18);
    }

    /// The reduced network gives the terminal currents of the full solution and is symmetric.
    #[test]
    fn transfer_agrees_with_the_solution(seed: u64) {
        let array = random_array(seed, Kind { linear: true, ideal_lines: true });
        let transfer = Transfer::new(&array).unwrap();
        prop_assert_eq!(&transfer.siemens, &transfer.siemens.transpose());
        let currents = transfer.currents(&transfer.volts);
        let solution = array.solve().unwrap();
        let scale = currents.amax().max(1e-7);
        for (terminal, current) in transfer.terminals.iter().zip(currents.iter()) {
            let expected = match *terminal {
                Terminal::Left(i) => solution.terminals.left[i],
                Terminal::Right(i) => solution.terminals.right[i],
                Terminal::Top(j) => solution.terminals.top[j],
                Terminal::Bottom(j) => solution.terminals.bottom[j],
            };
            prop_assert!((current - expected).abs() < 1e-10 * scale, "{terminal:?}: {current:e} {expected:e}");
        }
    }

    /// Swapping a source and a meter leaves the reading unchanged.
    #[test]
    fn reciprocity(seed: u64) {
        let mut array = random_array(seed, Kind { linear: true, ideal_lines: false });
        let (word, cols) = (array.word.first.len() - 1, array.shape().1);
        // A parallel source line reaches its own bit line alone.
        prop_assume!(array.wiring == Wiring::Crossed);
        for end in array.word.first.iter_mut().chain(&mut array.word.last) {
            *end = End::Floating;
        }
        for end in array.bit.first.iter_mut().chain(&mut array.bit.last) {
            *end = End::Floating;
        }
        array.word.breaks.clear();
        let reading = |word_volts: f64, bit_volts: f64| {
            let mut array = array.clone();
            array.word.first[word] = End::Driven { volts: word_volts, ohm: 30.0 };
            array.bit.first[cols / 2] = End::Driven { volts: 0.0, ohm: 7.0 };
            array.bit.last[0] = End::Driven { volts: bit_volts, ohm: 10.0 };
            array.bit.breaks.clear();
            let t = array.solve().unwrap().terminals;
            (t.bottom[0], t.left[word])
        };
        let forward = reading(1.0, 0.0).0;
        let backward = reading(0.0, 1.0).1;
        // Two node voltages, each good to DIRECT (1 V drives), read across 10 ohm and more.
        let tolerance = 2.0 * DIRECT / 10.0;
        prop_assert!((forward - backward).abs() <= tolerance, "{forward:e} and {backward:e}");
    }
}
