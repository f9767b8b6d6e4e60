//! INVOCATION_ID: 128 bits, different each time that a unit is started; all processes of one
//! start have the same.

use rustix::rand::{GetRandomFlags, getrandom};
use unit::UnitId;

use crate::sys::cell::{Once, at_rest};
use crate::sys::clock;
use crate::table::limits::UNITS;

at_rest! {
    /// The number of each unit's start, counted over all units.
    static STARTS: Once<[u32; UNITS], 11> = Once::new([0; UNITS]);
}

/// 2^64 divided by the golden ratio: the increment of SplitMix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// One of them.
#[derive(Clone, Copy)]
pub(super) struct Invocation([u64; 2]);

impl Invocation {
    /// As 32 hexadecimal digits.
    pub(super) fn digits(self) -> [u8; 32] {
        let mut digits = [0; 32];
        for (half, digits) in self.0.into_iter().zip(digits.chunks_exact_mut(16)) {
            let mut rest = half;
            for digit in digits.iter_mut().rev() {
                *digit = b"0123456789abcdef"[(rest & 15) as usize];
                rest >>= 4;
            }
        }
        digits
    }
}

/// Makes identifiers without a system call for each: a seed of this boot, and a counter.
pub(super) struct Invocations {
    seed: [u64; 2],
    count: u32,
    starts: &'static mut [u32],
}

impl Invocations {
    /// Seeded by the kernel; before it has randomness, by the clock (the identifiers are to be
    /// different, not secret).
    pub(super) fn new() -> Self {
        let mut bytes = [0u8; 16];
        let seeded = getrandom(&mut bytes, GetRandomFlags::NONBLOCK);
        let (halves, _) = bytes.as_chunks::<8>();
        let mut seed = [u64::from_ne_bytes(halves[0]), u64::from_ne_bytes(halves[1])];
        if seeded != Ok(bytes.len()) {
            seed[0] ^= clock::boot_time_us();
        }
        Self { seed, count: 0, starts: STARTS.take() }
    }

    /// The identifier of a unit's present start; a new one if the process `begins` a start.
    pub(super) fn of(&mut self, unit: UnitId, begins: bool) -> Invocation {
        let start = &mut self.starts[unit.index()];
        if begins {
            self.count += 1;
            *start = self.count;
        }
        let number = u64::from(*start);
        let high = mix(self.seed[0] ^ mix(number));
        let low = mix(self.seed[1] ^ high.wrapping_add(number));
        Invocation([high, low])
    }
}

/// The output function of SplitMix64: a bijection in which every bit depends on all.
const fn mix(word: u64) -> u64 {
    let mut word = word.wrapping_add(GOLDEN);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
