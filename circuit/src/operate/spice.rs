//! SPICE netlist of exactly the same circuit.
//!
//! Node names are `w<i>_<j>` and `b<i>_<j>`; an ideal line is one node, named after its first
//! cell. Nonlinear cells are behavioural current sources with the same formula. The deck solves the operating
//! point and prints all node voltages, ready for `ngspice -b`.

use std::fmt::Write as _;

use crate::array::cell::CellLaw;
use crate::array::crossbar::{Array, End, Lines};
use crate::error::CircuitError;
use crate::solve::line::{LineKind, LineSet};

impl Array {
    /// The array as a SPICE deck titled `title`; voltages at the cells count from word to bit line.
    ///
    /// # Errors
    /// A faulty description.
    pub fn to_spice(&self, title: &str) -> Result<String, CircuitError> {
        self.validate()?;
        let (rows, cols) = self.shape();
        let (word, bit) = (LineSet::word(self)?, LineSet::bit(self)?);
        let word = Side { kind: "w", lines: &self.word, set: &word, rows };
        let bit = Side { kind: "b", lines: &self.bit, set: &bit, rows };
        let mut deck = format!("* {}\n", title.replace(['\n', '\r'], " "));
        for j in 0..cols {
            for i in 0..rows {
                cell(
                    &mut deck,
                    &format!("{i}_{j}"),
                    &self.cells.get(i, j),
                    &word.node(j * rows + i),
                    &bit.node(j * rows + i),
                );
            }
        }
        for i in 0..word.set.count {
            word.line(&mut deck, i);
        }
        for j in 0..cols {
            bit.line(&mut deck, j);
        }
        deck.push_str(".options reltol=1e-12 abstol=1e-18 vntol=1e-14 gmin=1e-30 itl1=1000\n");
        deck.push_str(".control\nset numdgt=17\nop\nprint all\n.endc\n.end\n");
        Ok(deck)
    }
}

fn put(deck: &mut String, text: std::fmt::Arguments<'_>) {
    deck.write_fmt(text).expect("writing into a string does not fail");
    deck.push('\n');
}

fn cell(deck: &mut String, name: &str, cell: &crate::array::cell::Cell, w: &str, b: &str) {
    if cell.law == CellLaw::Open || cell.access_ohm.is_infinite() {
        return;
    }
    let inner = format!("x{name}");
    let top = if cell.access_ohm > 0.0 {
        put(deck, format_args!("Ra{name} {w} {inner} {:e}", cell.access_ohm));
        inner.as_str()
    } else {
        w
    };
    let v = format!("v({top},{b})");
    match cell.law {
        CellLaw::Linear { siemens } if siemens > 0.0 => {
            put(deck, format_args!("Rd{name} {top} {b} {:e}", 1.0 / siemens));
        }
        CellLaw::Linear { .. } | CellLaw::Open => {}
        CellLaw::Cubic { siemens, scale_volts } => put(
            deck,
            format_args!(
                "Bd{name} {top} {b} I={siemens:e}*{v}*(1+({v}/{scale_volts:e})*({v}/{scale_volts:e}))"
            ),
        ),
        CellLaw::Sinh { siemens, scale_volts } => {
            let scale = siemens * scale_volts;
            put(deck, format_args!("Bd{name} {top} {b} I={scale:e}*sinh({v}/{scale_volts:e})"));
        }
        CellLaw::Junction { transport, cosine } => {
            let (p, ap) = (0.5 * (1.0 + cosine), 0.5 * (1.0 - cosine));
            let (g, tmr) = (transport.parallel_s, transport.tmr);
            if ap == 0.0 || transport.half_voltage_v.is_infinite() {
                let ohm = 1.0 / (g * (p + ap / (1.0 + tmr)));
                put(deck, format_args!("Rd{name} {top} {b} {ohm:e}"));
            } else {
                let u = format!("({v}/{:e})", transport.half_voltage_v);
                put(
                    deck,
                    format_args!("Bd{name} {top} {b} I={g:e}*{v}*({p:e}+{ap:e}/(1+{tmr:e}/(1+{u}*{u})))"),
                );
            }
        }
    }
}

/// The word lines or the bit lines.
struct Side<'a> {
    /// Begins the names of their nodes.
    kind: &'static str,
    lines: &'a Lines,
    set: &'a LineSet,
    /// Rows of the array.
    rows: usize,
}

impl Side<'_> {
    /// Name of a node; those of a line without resistance all bear the name of its first.
    fn node(&self, index: usize) -> String {
        let (line, k) = self.set.place(index);
        let index = self.set.at(line, if self.set.kind[line] == LineKind::Segmented { k } else { 0 });
        format!("{}{}_{}", self.kind, index % self.rows, index / self.rows)
    }

    /// Wires and sources of one line.
    fn line(&self, deck: &mut String, index: usize) {
        let Self { kind, lines, set, .. } = self;
        let node = |k: usize| self.node(set.at(index, k));
        let wire = lines.segment_ohm[index];
        let last = set.length - 1;
        if set.kind[index] == LineKind::Segmented {
            for k in 0..last {
                if set.between(index, k) > 0.0 {
                    put(deck, format_args!("R{kind}{index}_{k} {} {} {wire:e}", node(k), node(k + 1)));
                }
            }
        }
        let ends = [
            ("f", lines.first[index], set.first_ohm[index], node(0)),
            ("l", lines.last[index], set.last_ohm[index], node(last)),
        ];
        let mut held = false;
        for (end, source, ohm, node) in ends {
            let End::Driven { volts, .. } = source else { continue };
            if ohm.is_infinite() {
                continue;
            }
            if ohm > 0.0 {
                put(deck, format_args!("V{kind}{end}{index} s{kind}{end}{index} 0 DC {volts:e}"));
                put(deck, format_args!("Rs{kind}{end}{index} s{kind}{end}{index} {node} {ohm:e}"));
            } else if !held {
                // Two ideal sources on one ideal line have the same voltage: one says it all.
                put(deck, format_args!("V{kind}{end}{index} {node} 0 DC {volts:e}"));
                held = true;
            }
        }
    }
}
