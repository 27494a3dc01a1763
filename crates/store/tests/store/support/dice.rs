//! Numbers that look random and come again with the same seed.

/// splitmix64.
pub(crate) struct Dice(u64);

impl Dice {
    /// Seeded with `RELEVE_SEED`, or else with the time; prints the seed, which is shown when the test fails.
    pub(crate) fn new() -> Self {
        let time = || u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() % (1 << 63)).unwrap();
        let seed = std::env::var("RELEVE_SEED").map_or_else(|_| time(), |seed| seed.parse().unwrap());
        println!("RELEVE_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
