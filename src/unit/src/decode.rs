//! The decoder of everything that is kept or sent in [postcard's form][form]; what is sent
//! [`encode`](crate::encode) has written.
//!
//! What does not decode is remembered and asked for once, at the end; until then there are
//! zeros in its place. That saves the branch behind each of some hundred fields: on ARM this
//! decoder is half as long as that of the crate `postcard`, which has encoded what it reads.
//!
//! [form]: https://postcard.jamesmunns.com/wire-format

use core::fmt;

use serde::Deserialize;
use serde::de::value::U32Deserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// The value at the begin of `bytes`; `None` if they do not decode.
pub fn from_bytes<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Option<T> {
    let mut reader = Reader { rest: bytes, broken: false };
    T::deserialize(&mut reader).ok().filter(|_| !reader.broken)
}

/// The value at the begin of `bytes`, and the bytes behind it; `None` if they do not decode.
pub fn take_from_bytes<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Option<(T, &'de [u8])> {
    let mut reader = Reader { rest: bytes, broken: false };
    let value = T::deserialize(&mut reader).ok()?;
    (!reader.broken).then_some((value, reader.rest))
}

/// An address, byte by byte in a loop: serde reads each byte of an array in code of its own.
pub(crate) fn octets<'de, D: Deserializer<'de>, T: From<[u8; N]>, const N: usize>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct Octets<const N: usize>;

    impl<'de, const N: usize> Visitor<'de> for Octets<N> {
        type Value = [u8; N];

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an address")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut bytes: A) -> Result<[u8; N], A::Error> {
            let mut octets = [0; N];
            for octet in &mut octets {
                *octet = bytes.next_element()?.unwrap_or_default();
            }
            Ok(octets)
        }
    }

    deserializer.deserialize_tuple(N, Octets).map(T::from)
}

/// It does not decode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it does not decode")
    }
}

impl core::error::Error for Broken {}

impl de::Error for Broken {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Reader<'de> {
    rest: &'de [u8],
    broken: bool,
}

/// Never inlined: what a field costs is a call.
impl<'de> Reader<'de> {
    #[inline(never)]
    fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.rest.split_first() else {
            self.broken = true;
            return 0;
        };
        self.rest = rest;
        byte
    }

    #[inline(never)]
    fn flag(&mut self) -> bool {
        let byte = self.byte();
        self.broken |= byte > 1;
        byte == 1
    }

    /// A number of one byte, as nearly all are.
    #[inline]
    fn short_number(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        if byte >= 0x80 {
            return None;
        }
        self.rest = rest;
        Some(byte)
    }

    /// Seven bits a byte, the lowest first; the last byte is the one below 0x80.
    #[inline(never)]
    fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // The tenth byte has room for one bit.
                self.broken |= shift == 63 && byte > 1;
                return number;
            }
        }
        self.broken = true;
        0
    }

    /// A number up to `most`, which is that of an integer type.
    #[inline(never)]
    fn number_up_to(&mut self, most: u32) -> u32 {
        if let Some(byte) = self.short_number() {
            return byte.into();
        }
        match u32::try_from(self.number()) {
            Ok(number) if number <= most => number,
            Ok(_) | Err(_) => {
                self.broken = true;
                0
            }
        }
    }

    /// A number with its sign in the lowest bit: 0, -1, 1, -2, …
    #[inline(never)]
    fn signed_number(&mut self) -> i32 {
        let number = self.number_up_to(u32::MAX);
        (number >> 1) as i32 ^ -((number & 1) as i32)
    }

    #[inline(never)]
    fn bytes(&mut self) -> &'de [u8] {
        let length = self.number_up_to(u32::MAX) as usize;
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            self.broken = true;
            return &[];
        };
        self.rest = rest;
        bytes
    }

    #[inline(never)]
    fn text(&mut self) -> &'de str {
        core::str::from_utf8(self.bytes()).unwrap_or_else(|_| {
            self.broken = true;
            ""
        })
    }
}

/// What the model and the control protocol are made of; a type that has more does not compile.
impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Broken;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Broken> {
        const { assert!(size_of::<V>() == usize::MAX, "this decoder lacks a type that is used") }
        Err(Broken)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_bool(self.flag())
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_u8(self.byte())
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_u16(self.number_up_to(u16::MAX.into()) as u16)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_u32(self.number_up_to(u32::MAX))
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_u64(self.number())
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_i32(self.signed_number())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_borrowed_str(self.text())
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_borrowed_bytes(self.bytes())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        if self.flag() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Broken> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Broken> {
        visitor.visit_seq(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_seq(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Broken> {
        visitor.visit_enum(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        i8 i16 i64 i128 u128 f32 f64 char string byte_buf unit unit_struct seq tuple_struct
        map identifier ignored_any
    }
}

/// The fields of a struct or a tuple: whoever asks knows how many there are.
impl<'de> de::SeqAccess<'de> for &mut Reader<'de> {
    type Error = Broken;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Broken> {
        seed.deserialize(&mut **self).map(Some)
    }
}

/// An enum is the number of its variant, and the variant's fields.
impl<'de> de::EnumAccess<'de> for &mut Reader<'de> {
    type Error = Broken;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Broken> {
        let number: U32Deserializer<Broken> = self.number_up_to(u32::MAX).into_deserializer();
        seed.deserialize(number).map(|variant| (variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for &mut Reader<'de> {
    type Error = Broken;

    fn unit_variant(self) -> Result<(), Broken> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Broken> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_seq(self)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Broken> {
        visitor.visit_seq(self)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::control::{
        Exit, InstanceStatus, KillWhom, Order, Peer, Reply, Request, ShutdownKind, Verb,
    };
    use crate::model::{JobMode, UnitId};

    /// Every kind of field that a request has, small and large: for the encoder's tests, too.
    pub(crate) const VERBS: [Verb; 6] = [
        Verb::Unit(UnitId(u16::MAX)),
        Verb::Instance(127),
        Verb::Manager,
        Verb::Job { order: Order::Reload, unit: UnitId(128), mode: JobMode::Flush, wait: true },
        Verb::Kill { unit: UnitId(0), signal: u8::MAX, whom: KillWhom::All },
        Verb::Shutdown { kind: ShutdownKind::Halt, force: false },
    ];

    /// Every value of a request's and a reply's kinds of field, in the encoder's own form.
    #[test]
    fn what_postcard_encodes_comes_back() {
        for verb in VERBS {
            let request = Request { table: u32::MAX, verb };
            let mut bytes = [0; 32];
            let bytes = postcard::to_slice(&request, &mut bytes).unwrap();
            assert_eq!(from_bytes(bytes), Some(request));
            // One byte short of each request there is none.
            let short = &bytes[..bytes.len() - 1];
            assert_eq!(from_bytes::<Request>(short), None);
        }
        for peer in [Peer::V4([1, 2, 3, 4], 5), Peer::V6([255; 16], u16::MAX)] {
            let instance = InstanceStatus { slot: 1, socket: UnitId(2), number: 3, pid: 4, peer };
            let reply = Reply::Instance(instance);
            let mut bytes = [0; 64];
            let bytes = postcard::to_slice(&reply, &mut bytes).unwrap();
            assert_eq!(from_bytes(bytes), Some(reply));
        }
    }

    /// As the crate does, except that a longer way to write a number is no error here.
    #[test]
    fn what_postcard_refuses_is_refused() {
        let mut bytes = [0u8; 12];
        let mut seed = 1u32;
        for _ in 0..200_000 {
            for byte in &mut bytes {
                // xorshift32; small bytes are where the variants are.
                seed ^= seed << 13;
                seed ^= seed >> 17;
                seed ^= seed << 5;
                *byte = if seed & 3 == 0 { (seed >> 8) as u8 } else { (seed >> 8) as u8 % 12 };
            }
            let theirs = postcard::from_bytes::<(Option<u64>, Exit, &str, &[u8])>(&bytes).ok();
            assert_eq!(from_bytes::<(Option<u64>, Exit, &str, &[u8])>(&bytes), theirs);
            let ours = from_bytes::<Request>(&bytes);
            let is_shortest =
                |request| bytes.starts_with(postcard::to_slice(&request, &mut [0; 32]).unwrap());
            if ours.is_none_or(is_shortest) {
                assert_eq!(ours, postcard::from_bytes::<Request>(&bytes).ok());
            }
        }
    }

    #[test]
    fn signs_come_back() {
        for number in [0, -1, 1, 63, -64, 64, i32::MAX, i32::MIN] {
            let mut bytes = [0; 5];
            let bytes = postcard::to_slice(&number, &mut bytes).unwrap();
            assert_eq!(from_bytes(bytes), Some(number));
        }
    }

    #[test]
    fn numbers_have_bounds() {
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(from_bytes(&most), Some(u64::MAX));
        let mut more = most;
        more[9] = 2;
        assert_eq!(from_bytes::<u64>(&more), None);
        more[9] = 0x81;
        assert_eq!(from_bytes::<u64>(&more), None);
        assert_eq!(from_bytes(&[0xff, 0xff, 0x03]), Some(u16::MAX));
        assert_eq!(from_bytes::<u16>(&[0x80, 0x80, 0x04]), None);
        assert_eq!(from_bytes::<bool>(&[2]), None);
    }
}
