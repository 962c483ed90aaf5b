//! An order in which everything comes once and neighbours come far apart.

/// A permutation of the numbers below `len`, by a key.
///
/// A Feistel network shuffles the smallest block of bits that holds them all; what falls outside is shuffled
/// again until it falls inside (cycle walking; Black and Rogaway, "Ciphers with arbitrary finite
/// domains", 2002). The block is less than twice as large, so that takes less than two turns on average. It
/// hides nothing: it only scatters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permutation {
    len: u64,
    /// Bits of the left and of the right half.
    bits: (u32, u32),
    key: u64,
}

const ROUNDS: u64 = 4;

impl Permutation {
    pub(crate) fn new(len: u64, key: u64) -> Self {
        let bits = (u64::BITS - len.saturating_sub(1).leading_zeros()).clamp(2, 62);
        Self { len, bits: (bits / 2, bits - bits / 2), key }
    }

    /// Where `index` comes; it must be below the length.
    pub(crate) fn at(&self, index: u64) -> u64 {
        debug_assert!(index < self.len);
        let mut value = index;
        loop {
            value = self.shuffle(value);
            if value < self.len {
                return value;
            }
        }
    }

    fn shuffle(&self, value: u64) -> u64 {
        let (mut left_bits, mut right_bits) = self.bits;
        let (mut left, mut right) = (value >> right_bits, value & ones(right_bits));
        for round in 0..ROUNDS {
            // The halves change places, and so do their sizes.
            let mixed =
                (left ^ mix(right ^ self.key.rotate_left(13 * round as u32))) & ones(left_bits);
            (left, right) = (right, mixed);
            (left_bits, right_bits) = (right_bits, left_bits);
        }
        (left << right_bits) | right
    }
}

fn ones(bits: u32) -> u64 {
    (1 << bits) - 1
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_number_comes_once(len in 1u64..5_000, key in any::<u64>()) {
            let order = Permutation::new(len, key);
            let mut seen = vec![false; len as usize];
            for index in 0..len {
                let at = order.at(index) as usize;
                prop_assert!(!std::mem::replace(&mut seen[at], true));
            }
        }

        #[test]
        fn large_lengths_stay_within(len in 1u64..1 << 48, key in any::<u64>(), at in any::<u64>()) {
            prop_assert!(Permutation::new(len, key).at(at % len) < len);
        }
    }

    #[test]
    fn neighbours_are_scattered() {
        // In random order the mean distance of two numbers below n is n/3.
        let order = Permutation::new(65_536, 7);
        let far: u64 = (1..65_536).map(|i| order.at(i).abs_diff(order.at(i - 1))).sum();
        let mean = far / 65_535;
        assert!((20_000..24_000).contains(&mean), "{mean}");
    }
}
