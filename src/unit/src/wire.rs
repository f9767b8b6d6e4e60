//! The table: how a compiled board is laid out, and how it is opened.
//!
//! ```text
//! offset  size  what
//!      0     4  magic "PLT\x01"
//!      4     4  schema: a hash of the model's shape, so that no other build's table is read
//!      8     4  length of what follows the header
//!     12     4  CRC-32 (IEEE) of what follows the header
//!     16     2  number of units
//!     18     2  zero
//!     20     4  offset of each unit's record from the header's end, one u32 a unit
//!      …        Manager, then the Unit records, each in postcard form
//! ```
//! All numbers are little endian. A record is decoded where it is needed and never kept: on the
//! board the table costs read-only pages and no memory of its own.

use core::fmt;

use serde::Deserialize;

use crate::decode;
use crate::model::{Check, Edges, Kind, Manager, Service, Socket, Unit, UnitId};
use crate::seq::Seq;

/// First bytes of a table.
pub const MAGIC: [u8; 4] = *b"PLT\x01";
/// Bytes before the body.
pub const HEADER_BYTES: usize = 16;
/// Bytes of the body before the offsets of the units.
pub const INDEX_AT: usize = 4;

/// The shape of the model in words: any change to it changes [`SCHEMA`].
const SHAPE: &str = concat!(
    include_str!("model/mod.rs"),
    include_str!("model/check.rs"),
    include_str!("model/exec.rs"),
    include_str!("model/relations.rs"),
    include_str!("model/exec_more.rs"),
    include_str!("model/group.rs"),
    include_str!("model/mount.rs"),
    include_str!("model/namespace.rs"),
    include_str!("model/path.rs"),
    include_str!("model/service.rs"),
    include_str!("model/socket.rs"),
    include_str!("model/timer.rs"),
    include_str!("calendar.rs"),
    include_str!("seq.rs")
);

/// Hash of the model's source: a table of another shape is refused, whatever its version.
pub const SCHEMA: u32 = crc32(SHAPE.as_bytes());

/// Why a table was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableError {
    /// Shorter than its header, or than its header says.
    Short,
    /// Not a table.
    Magic,
    /// Compiled for another version of the model.
    Schema,
    /// Damaged.
    Checksum,
    /// A record does not decode.
    Record,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "ends too early",
            Self::Magic => "is no table",
            Self::Schema => "was compiled for another pilot",
            Self::Checksum => "is damaged",
            Self::Record => "has a record that does not decode",
        })
    }
}

/// An opened table.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    body: &'a [u8],
    manager: Manager<'a>,
    crc: u32,
    unit_count: u16,
}

impl<'a> Table<'a> {
    /// Checks the header, the checksum and every record.
    ///
    /// # Errors
    /// [`TableError`], in the order of its variants.
    pub fn open(bytes: &'a [u8]) -> Result<Self, TableError> {
        let (header, body) = bytes.split_at_checked(HEADER_BYTES).ok_or(TableError::Short)?;
        if header[..4] != MAGIC {
            return Err(TableError::Magic);
        }
        if word_at(header, 4) != Some(SCHEMA) {
            return Err(TableError::Schema);
        }
        let body_bytes = word_at(header, 8).ok_or(TableError::Short)? as usize;
        let body = body.get(..body_bytes).ok_or(TableError::Short)?;
        let crc = crc32(body);
        if word_at(header, 12) != Some(crc) {
            return Err(TableError::Checksum);
        }
        let unit_count = word_at(body, 0).ok_or(TableError::Short)? as u16;
        let manager_at = INDEX_AT + 4 * usize::from(unit_count);
        let manager = body.get(manager_at..).ok_or(TableError::Short)?;
        let manager = decode::from_bytes(manager).ok_or(TableError::Record)?;
        let table = Self { body, manager, crc, unit_count };
        for unit in table.ids() {
            table.decode::<Unit<'_>>(unit).ok_or(TableError::Record)?;
        }
        Ok(table)
    }

    /// The checksum: names the configuration.
    pub const fn crc(&self) -> u32 {
        self.crc
    }

    /// How many units there are.
    pub const fn len(&self) -> usize {
        self.unit_count as usize
    }

    /// True if there is none.
    pub const fn is_empty(&self) -> bool {
        self.unit_count == 0
    }

    /// Every unit's number, in start order.
    pub fn ids(&self) -> impl Iterator<Item = UnitId> + use<> {
        (0..self.unit_count).map(UnitId)
    }

    /// Settings of the board as a whole.
    pub const fn manager(&self) -> &Manager<'a> {
        &self.manager
    }

    /// One unit, whole. Most who ask want a part of it, which costs a part of the time.
    ///
    /// # Panics
    /// If `unit` is not of this table.
    pub fn unit(&self, unit: UnitId) -> Unit<'a> {
        self.part(unit)
    }

    /// A unit's name.
    ///
    /// # Panics
    /// If `unit` is not of this table.
    pub fn name(&self, unit: UnitId) -> &'a str {
        self.part::<(u32, &str)>(unit).1
    }

    /// A unit's dependencies.
    ///
    /// # Panics
    /// If `unit` is not of this table.
    pub fn edges(&self, unit: UnitId) -> Edges<'a> {
        self.part::<Named<'_, Edges<'_>>>(unit).rest
    }

    /// What kind a unit is, with that kind's settings.
    ///
    /// # Panics
    /// If `unit` is not of this table.
    pub fn kind(&self, unit: UnitId) -> Kind<'a> {
        self.part::<(&[u8], Kind<'_>)>(unit).1
    }

    /// The settings of a unit that is known to be a service.
    ///
    /// # Panics
    /// If `unit` is none.
    pub fn service(&self, unit: UnitId) -> Service<'a> {
        let Kind::Service(service) = self.kind(unit) else { panic!("not a service") };
        service
    }

    /// The settings of a unit that is known to be a socket.
    ///
    /// # Panics
    /// If `unit` is none.
    pub fn socket(&self, unit: UnitId) -> Socket<'a> {
        let Kind::Socket(socket) = self.kind(unit) else { panic!("not a socket") };
        socket
    }

    /// What must hold for a unit to start.
    ///
    /// # Panics
    /// If `unit` is not of this table.
    pub fn checks(&self, unit: UnitId) -> Seq<'a, Check<'a>> {
        self.part::<Named<'_, (Edges<'_>, Seq<'_, Check<'_>>)>>(unit).rest.1
    }

    /// The unit of that name.
    pub fn find(&self, name: &str) -> Option<UnitId> {
        self.ids().find(|&unit| self.name(unit) == name)
    }

    /// What a unit's record begins with, as a `T`.
    fn part<T: Deserialize<'a>>(&self, unit: UnitId) -> T {
        self.decode(unit).expect("every record was decoded when the table was opened")
    }

    fn decode<T: Deserialize<'a>>(&self, unit: UnitId) -> Option<T> {
        decode::from_bytes(self.record(unit)?)
    }

    fn record(&self, unit: UnitId) -> Option<&'a [u8]> {
        if unit.0 >= self.unit_count {
            return None;
        }
        let at = word_at(self.body, INDEX_AT + 4 * unit.index())? as usize;
        self.body.get(at..)
    }
}

/// A record whose texts are stepped over: postcard writes them as it writes bytes.
#[derive(Deserialize)]
struct Named<'a, T> {
    _head_bytes: u32,
    #[serde(borrow)]
    _name: &'a [u8],
    _description: &'a [u8],
    rest: T,
}

fn word_at(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

/// CRC-32 as in IEEE 802.3, four bits at a time: sixteen words of table buy most of the speed.
pub const fn crc32(bytes: &[u8]) -> u32 {
    const NIBBLES: [u32; 16] = nibbles();
    let mut crc = !0u32;
    let mut at = 0;
    while at < bytes.len() {
        crc ^= bytes[at] as u32;
        crc = (crc >> 4) ^ NIBBLES[(crc & 15) as usize];
        crc = (crc >> 4) ^ NIBBLES[(crc & 15) as usize];
        at += 1;
    }
    !crc
}

const fn nibbles() -> [u32; 16] {
    let mut table = [0; 16];
    let mut nibble = 0;
    while nibble < table.len() {
        let mut crc = nibble as u32;
        let mut bit = 0;
        while bit < 4 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[nibble] = crc;
        nibble += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_the_ieee_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn every_flaw_of_a_header_has_its_error() {
        assert_eq!(Table::open(b"PLT").unwrap_err(), TableError::Short);
        assert_eq!(Table::open(&[0; 16]).unwrap_err(), TableError::Magic);
        let mut bytes = [0; 24];
        bytes[..4].copy_from_slice(&MAGIC);
        assert_eq!(Table::open(&bytes).unwrap_err(), TableError::Schema);
        bytes[4..8].copy_from_slice(&SCHEMA.to_le_bytes());
        bytes[8] = 9;
        assert_eq!(Table::open(&bytes).unwrap_err(), TableError::Short);
        bytes[8] = 8;
        assert_eq!(Table::open(&bytes).unwrap_err(), TableError::Checksum);
        let crc = crc32(&bytes[16..]);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(Table::open(&bytes).unwrap_err(), TableError::Record);
    }
}
