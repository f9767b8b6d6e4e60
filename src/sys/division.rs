//! Division, which the processors of ARM that we are built for do not know.
//!
//! compiler_builtins bring it too, weakly, in five times as many bytes. What PID 1 divides are
//! moments, a few in a turn.

macro_rules! divide {
    ($name:ident, $number:ty, $signed:ty) => {
        /// The quotient and the rest, bit by bit.
        pub const fn $name(mut number: $number, by: $number) -> ($number, $number) {
            let mut rest: $number = 0;
            let mut bits = <$number>::BITS;
            loop {
                // With one more bit than there is room for it is more than any divisor.
                let is_wide = (rest as $signed) < 0;
                rest = rest << 1 | number >> (<$number>::BITS - 1);
                number <<= 1;
                let (less, is_less) = rest.overflowing_sub(by);
                if is_wide || !is_less {
                    rest = less;
                    number |= 1;
                }
                bits -= 1;
                if bits == 0 {
                    return (number, rest);
                }
            }
        }
    };
}

divide!(divide, u32, i32);
divide!(divide_wide, u64, i64);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_divides_as_the_compiler_does(a: u64, b: u64, shift in 0..64u32, other in 0..64u32) {
            let (number, by) = (a >> shift, (b >> other).max(1));
            prop_assert_eq!(divide_wide(number, by), (number / by, number % by));
            let (number, by) = (number as u32, (by as u32).max(1));
            prop_assert_eq!(divide(number, by), (number / by, number % by));
        }
    }

    #[test]
    fn the_widest_numbers_are_divided() {
        for number in [0, 1, u64::MAX - 1, u64::MAX] {
            for by in [1, 2, 1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX] {
                assert_eq!(divide_wide(number, by), (number / by, number % by));
            }
        }
        for number in [0, 1, u32::MAX - 1, u32::MAX] {
            for by in [1, 2, 1 << 31, (1 << 31) + 1, u32::MAX - 1, u32::MAX] {
                assert_eq!(divide(number, by), (number / by, number % by));
            }
        }
    }
}
