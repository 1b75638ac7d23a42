/// Most images that are scored at once: one bit each in a 64-bit word.
pub const MAX_BATCH: usize = 64;

/// Active lines of some images, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    starts: Vec<u32>,
    active: Vec<u16>,
    largest: u16,
    seen: Vec<bool>,
    distinct: Vec<u16>,
}

impl Batch {
    /// Empties the batch.
    pub fn clear(&mut self) {
        self.starts.clear();
        self.active.clear();
        self.largest = 0;
        for &line in &self.distinct {
            self.seen[usize::from(line)] = false;
        }
        self.distinct.clear();
    }

    /// Adds an image; `encode` appends its active lines.
    pub fn push(&mut self, encode: impl FnOnce(&mut Vec<u16>)) {
        self.starts.push(self.active.len() as u32);
        let start = self.active.len();
        encode(&mut self.active);
        self.largest = self.active[start..].iter().copied().fold(self.largest, u16::max);
        if self.seen.len() <= usize::from(self.largest) {
            self.seen.resize(usize::from(self.largest) + 1, false);
        }
        for &line in &self.active[start..] {
            if !std::mem::replace(&mut self.seen[usize::from(line)], true) {
                self.distinct.push(line);
            }
        }
    }

    /// Lines that are active in any image.
    pub(crate) fn distinct(&self) -> &[u16] {
        &self.distinct
    }

    /// The largest index of a line that is active in any image; 0 when there is none.
    pub(crate) const fn largest(&self) -> u16 {
        self.largest
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
