use std::ops::Range;

/// Most images that are scored at once: a cache line has a byte for each.
pub const MAX_BATCH: usize = 64;

/// Neurons per tile: one cache line of 8-bit weights.
pub const TILE: usize = 64;

/// Lines that may be added before a sum leaves 8 bits: 31, as each adds at most [`super::switching::MAX_COPIES`].
const MAX_LINES: usize = u8::MAX as usize / super::switching::MAX_COPIES;

/// A run of neighbouring active lines: where it starts and ends among the weights of a tile, `TILE * line`.
pub(super) type LineRun = [u32; 2];

/// Runs that together hold at most 31 lines; the last ones may be empty.
///
/// Always four, so that the processor need not guess when a loop over them ends (four made the fewest additions with
/// MNIST's 26 runs an image among three to ten).
pub(super) type Group = [LineRun; 4];

/// Active lines of some images, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    starts: Vec<u32>,
    active: Vec<u16>,
    groups: Vec<Group>,
    /// Where the groups of each image end.
    group_ends: Vec<u32>,
    /// From the first active line of any image to behind the last.
    span: Range<usize>,
    /// Number of the first image's read among all reads.
    first_read: u64,
}

impl Batch {
    /// Empties the batch.
    pub fn clear(&mut self) {
        self.starts.clear();
        self.active.clear();
        self.groups.clear();
        self.group_ends.clear();
        self.span = 0..0;
    }

    /// Numbers the reads of the images from `first` on, for what differs from read to read.
    pub const fn set_first_read(&mut self, first: u64) {
        self.first_read = first;
    }

    /// Number of the read of image `index`.
    pub(super) const fn read(&self, index: usize) -> u64 {
        self.first_read + index as u64
    }

    /// Adds an image; `encode` appends its active lines.
    pub fn push(&mut self, encode: impl FnOnce(&mut Vec<u16>)) {
        let start = self.active.len();
        self.starts.push(start as u32);
        encode(&mut self.active);
        let mut rest = &self.active[start..];
        while let Some(&line) = rest.first() {
            let first = usize::from(line);
            // Where the last run ends, there the empty ones lie.
            let mut group = [[first; 2]; 4];
            let (mut room, mut end) = (MAX_LINES, first);
            for run in &mut group {
                let length = run_length(&rest[..rest.len().min(room)]);
                if length > 0 {
                    let first = usize::from(rest[0]);
                    end = first + length;
                    self.span.start = if self.span.is_empty() { first } else { self.span.start.min(first) };
                    self.span.end = self.span.end.max(end);
                    *run = [first, end];
                } else {
                    *run = [end; 2];
                }
                room -= length;
                rest = &rest[length..];
            }
            self.groups.push(group.map(|run| run.map(|line| (line * TILE) as u32)));
        }
        self.group_ends.push(self.groups.len() as u32);
    }

    /// From the first line that is active in any image to behind the last.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Runs of neighbouring active lines of image `index`.
    pub(super) fn groups(&self, index: usize) -> &[Group] {
        let start = index.checked_sub(1).map_or(0, |before| self.group_ends[before]);
        &self.groups[start as usize..self.group_ends[index] as usize]
    }

    /// Number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Active lines of image `index`.
    #[must_use]
    pub fn lines(&self, index: usize) -> &[u16] {
        let end = self.starts.get(index + 1).map_or(self.active.len(), |&e| e as usize);
        &self.active[self.starts[index] as usize..end]
    }

    /// Where each image starts in [`Batch::active`].
    pub(crate) fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// All active lines.
    pub(crate) fn active(&self) -> &[u16] {
        &self.active
    }
}

/// How many of the first `lines` follow each other.
fn run_length(lines: &[u16]) -> usize {
    let Some(&first) = lines.first() else { return 0 };
    lines.iter().zip(usize::from(first)..).take_while(|&(&line, next)| usize::from(line) == next).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_the_active_lines_in_groups() {
        let images: [Vec<u16>; 5] = [
            vec![3, 4, 5, 9, 11, 12],
            vec![],
            (300..500).chain(65_530..=65_535).collect(),
            vec![7, 6, 6, 7, 8, 400, 2],
            (0..900).map(|i| 2 * i).collect(),
        ];
        let mut batch = Batch::default();
        for _ in 0..2 {
            batch.clear();
            for lines in &images {
                batch.push(|active| active.extend(lines));
            }
            assert_eq!(batch.span(), 0..65_536);
            for (image, lines) in images.iter().enumerate() {
                assert_eq!(batch.lines(image), lines);
                let mut found = Vec::new();
                for group in batch.groups(image) {
                    let before = found.len();
                    for [start, end] in group.map(|run| run.map(|at| at as usize / TILE)) {
                        found.extend((start..end).map(|line| line as u16));
                    }
                    assert!((1..=31).contains(&(found.len() - before)));
                }
                assert_eq!(&found, lines);
            }
        }
        let lines = batch.groups(0)[0].map(|run| run.map(|at| at as usize / TILE));
        assert_eq!(lines, [[3, 6], [9, 10], [11, 13], [13, 13]]);
    }
}
