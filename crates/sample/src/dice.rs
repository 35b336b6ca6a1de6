//! Chance from a seed, in whole numbers alone: floats would differ between machines.

/// xorshift64*.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// A seed of zero would never leave zero.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// Zero to below `sides`, which is at least one.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides.max(1)
    }

    /// A rank below `2^octaves - 1`, each octave as likely as the next: near Zipf's law.
    pub(crate) fn rank(&mut self, octaves: usize) -> usize {
        let octave = self.roll(octaves);
        (1 << octave) - 1 + self.roll(1 << octave)
    }

    pub(crate) fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list.get(self.roll(list.len())).copied().unwrap_or_default()
    }
}
