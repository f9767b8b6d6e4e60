//! The encoder of what the control protocol sends, in postcard's form: [`decode`](crate::decode)
//! reads it.
//!
//! What does not fit is asked for once, at the end. So a field costs a call and no branch: on ARM
//! this encoder is half as long as that of the crate `postcard`.

use core::fmt;

use serde::Serialize;
use serde::ser::{
    self, Impossible, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleVariant, Serializer,
};

/// The value as bytes; `None` if they do not fit the buffer.
pub fn to_slice<'b>(value: &impl Serialize, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let mut writer = Writer { buffer, used: 0 };
    let Ok(()) = value.serialize(&mut writer);
    let used = writer.used;
    buffer.get(..used)
}

/// There is no error: this is not to be had.
#[derive(Debug)]
enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl core::error::Error for Never {}

impl ser::Error for Never {
    fn custom<T: fmt::Display>(_: T) -> Self {
        panic!("nothing of ours refuses to be encoded")
    }
}

struct Writer<'b> {
    buffer: &'b mut [u8],
    /// Bytes so far, those that did not fit, too.
    used: usize,
}

/// Never inlined: what a field costs is a call.
impl Writer<'_> {
    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.buffer.get_mut(self.used) {
            *place = byte;
        }
        self.used += 1;
    }

    /// Seven bits a byte, the lowest first; the last byte is the one below 0x80.
    #[inline(never)]
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    #[inline(never)]
    fn short_number(&mut self, number: u32) {
        self.number(number.into());
    }
}

macro_rules! lacking {
    ($($name:ident($($value:ty),*) -> $result:ty;)*) => {
        $(fn $name(self, $(_: $value),*) -> Result<$result, Never> {
            panic!("this encoder lacks a type that is used")
        })*
    };
}

impl Serializer for &mut Writer<'_> {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Impossible<(), Never>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Impossible<(), Never>;
    type SerializeTupleVariant = Self;
    type SerializeMap = Impossible<(), Never>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn serialize_bool(self, value: bool) -> Result<(), Never> {
        self.serialize_u8(value.into())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Never> {
        self.byte(value);
        Ok(())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Never> {
        self.serialize_u32(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Never> {
        self.short_number(value);
        Ok(())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Never> {
        self.number(value);
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Never> {
        self.short_number(value.len() as u32);
        value.bytes().for_each(|byte| self.byte(byte));
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Never> {
        self.serialize_u8(0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Never> {
        self.byte(1);
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
    ) -> Result<(), Never> {
        self.serialize_u32(variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        self.short_number(variant);
        value.serialize(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Never> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Never> {
        self.short_number(variant);
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Never> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Never> {
        self.short_number(variant);
        Ok(self)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<(), Never> {
        panic!("this encoder lacks a type that is used")
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    lacking! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_map(Option<usize>) -> Self::SerializeMap;
    }
}

/// Fields stand one behind the other, whatever they are of.
macro_rules! fields {
    ($($kind:ident: $name:ident($($key:ty)?);)*) => {
        $(impl $kind for &mut Writer<'_> {
            type Ok = ();
            type Error = Never;

            fn $name<T: Serialize + ?Sized>(
                &mut self,
                $(_: $key,)?
                value: &T,
            ) -> Result<(), Never> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), Never> {
                Ok(())
            }
        })*
    };
}

fields! {
    SerializeTuple: serialize_element();
    SerializeTupleVariant: serialize_field();
    SerializeStruct: serialize_field(&'static str);
    SerializeStructVariant: serialize_field(&'static str);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{
        Checked, Exit, InstanceStatus, JobKind, Peer, Refusal, Reply, Request, Retry, SubState,
    };
    use crate::decode::tests::VERBS;
    use crate::model::{ListenerId, UnitId};

    /// The same bytes as the crate's, in a buffer that is just long enough.
    fn assert_as_postcard(value: &impl Serialize) {
        let (mut ours, mut theirs) = ([0; 64], [0; 64]);
        let theirs = postcard::to_slice(value, &mut theirs).unwrap();
        assert_eq!(to_slice(value, &mut ours[..theirs.len()]), Some(&*theirs));
        assert_eq!(to_slice(value, &mut ours[..theirs.len() - 1]), None);
    }

    #[test]
    fn bytes_are_those_of_postcard() {
        for verb in VERBS {
            assert_as_postcard(&Request { table: u32::MAX, verb });
        }
        for peer in [Peer::V4([1, 2, 3, 4], 5), Peer::V6([255; 16], 6), Peer::Vsock(7, u32::MAX)] {
            let instance = InstanceStatus { slot: 1, socket: UnitId(2), number: 3, pid: 4, peer };
            assert_as_postcard(&Reply::Instance(instance));
        }
        assert_as_postcard(&Reply::Refused(Refusal::NotByHand));
        let retry = Retry { listener: ListenerId(1), errno: 300, at_us: u64::MAX };
        assert_as_postcard(&(Some(retry), None::<JobKind>, Some(Exit::Core(200)), "naïve"));
        assert_as_postcard(&(Checked::Unmet(9), SubState::Elapsed, [0x80u64, 0x3fff, 0x4000]));
    }
}
