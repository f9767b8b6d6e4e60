//! Whose output a stream is: the first bytes that come through it, written by the child of PID 1
//! that opened it, before it gives up root and executes the program.
//!
//! All else that `pilot-log` needs to know stands in the table, which it has, too.

use core::fmt;

use unit::UnitId;

/// Bytes of the header of a stream.
pub const ORIGIN_BYTES: usize = 16;

const MAGIC: [u8; 4] = *b"PLO\x01";

/// Which command of which unit writes to a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// [`unit::Table::crc`]: numbers are those of this table.
    pub table: u32,
    /// The unit.
    pub unit: UnitId,
    /// Number of the list that the command stands in.
    pub list: u8,
    /// Its place in the list.
    pub index: u8,
    /// 1 is standard output, 2 is standard error alone.
    pub stream: u8,
}

impl Origin {
    /// The header.
    pub fn to_bytes(self) -> [u8; ORIGIN_BYTES] {
        let mut bytes = [0; ORIGIN_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.table.to_le_bytes());
        bytes[8..10].copy_from_slice(&self.unit.0.to_le_bytes());
        (bytes[10], bytes[11], bytes[12]) = (self.list, self.index, self.stream);
        bytes
    }

    /// Reads a header.
    pub fn from_bytes(bytes: &[u8; ORIGIN_BYTES]) -> Option<Self> {
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let origin = Self {
            table: u32::from(half(6)) << 16 | u32::from(half(4)),
            unit: UnitId(half(8)),
            list: bytes[10],
            index: bytes[11],
            stream: bytes[12],
        };
        (bytes[..4] == MAGIC && bytes[13..] == [0; 3]).then_some(origin)
    }

    /// Reads the name under which a stream was stored, and its place.
    pub fn from_name(name: &[u8], table: u32) -> Option<(Self, usize)> {
        let name = core::str::from_utf8(name).ok()?;
        let mut parts = name.strip_prefix("stream-")?.split('.');
        let unit = UnitId(parts.next()?.parse().ok()?);
        let list = parts.next()?.parse().ok()?;
        let index = parts.next()?.parse().ok()?;
        let stream = parts.next()?.parse().ok()?;
        let place = parts.next()?.parse().ok()?;
        let origin = Self { table, unit, list, index, stream };
        parts.next().is_none().then_some((origin, place))
    }
}

/// The name under which a stream in that place is stored with PID 1.
#[derive(Clone, Copy, Debug)]
pub struct StoredName(pub Origin, pub usize);

impl fmt::Display for StoredName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Origin { unit, list, index, stream, .. }, place) = self;
        write!(f, "stream-{}.{list}.{index}.{stream}.{place}", unit.0)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    const ORIGIN: Origin =
        Origin { table: 0x89ab_cdef, unit: UnitId(515), list: 2, index: 30, stream: 1 };

    #[test]
    fn a_header_is_read_as_it_was_written_and_nothing_else_is_one() {
        let bytes = ORIGIN.to_bytes();
        assert_eq!(Origin::from_bytes(&bytes), Some(ORIGIN));
        for at in [0, 3, 13, 15] {
            let mut wrong = bytes;
            wrong[at] ^= 1;
            assert_eq!(Origin::from_bytes(&wrong), None, "byte {at}");
        }
        assert_eq!(Origin::from_bytes(b"GET / HTTP/1.0\r\n"), None);
    }

    #[test]
    fn a_stored_stream_is_known_by_its_name() {
        let name = StoredName(ORIGIN, 7).to_string();
        assert_eq!(name, "stream-515.2.30.1.7");
        assert_eq!(Origin::from_name(name.as_bytes(), ORIGIN.table), Some((ORIGIN, 7)));
        for wrong in ["", "stream-", "stream-1.2.3.4", "stream-1.2.3.4.5.6", "pilot-log.socket"] {
            assert_eq!(Origin::from_name(wrong.as_bytes(), 0), None, "{wrong}");
        }
    }
}
