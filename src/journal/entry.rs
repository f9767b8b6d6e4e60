//! One line as it is kept.
//!
//! ```text
//! offset  size  what
//!      0     2  bytes of the whole entry
//!      2     1  bytes of the identifier
//!      3     1  facility and level, as in syslog(3)
//!      4     2  1 if the line was longer
//!      6     2  the unit; 65535 is none
//!      8     4  the process, 0 if nobody knows
//!     12     8  the line's number: those of all rings count together
//!     20     8  microseconds since boot
//!     28        the identifier, then the line
//! ```
//! Time is that since boot, so that lines from before the clock was set have the right date
//! afterwards.

use unit::UnitId;

/// Longest line that is kept; the rest of a longer one is lost.
pub const TEXT_MAX: usize = 1024;
/// Longest identifier.
pub const IDENTIFIER_MAX: usize = 64;
/// Bytes before the identifier.
pub const HEAD_BYTES: usize = 28;
/// Bytes of the longest entry.
pub const ENTRY_MAX: usize = HEAD_BYTES + IDENTIFIER_MAX + TEXT_MAX;

/// The unit of a line that is no unit's.
pub const NO_UNIT: UnitId = UnitId(u16::MAX);

/// One line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'e> {
    /// Facility and level.
    pub priority: u8,
    /// The line was longer.
    pub is_cut: bool,
    /// Whose line it is.
    pub unit: UnitId,
    /// The process that opened the stream, or sent the message.
    pub pid: u32,
    /// Number of the line.
    pub number: u64,
    /// When it came.
    pub at_us: u64,
    /// Who says it; what is longer than [`IDENTIFIER_MAX`] is cut.
    pub identifier: &'e [u8],
    /// What it says; what is longer than [`TEXT_MAX`] is cut.
    pub text: &'e [u8],
}

impl<'e> Entry<'e> {
    /// Writes it; how many bytes it has is returned.
    pub fn encode(&self, to: &mut [u8; ENTRY_MAX]) -> usize {
        let identifier = &self.identifier[..self.identifier.len().min(IDENTIFIER_MAX)];
        let text = &self.text[..self.text.len().min(TEXT_MAX)];
        let is_cut = self.is_cut || text.len() < self.text.len();
        let text_at = HEAD_BYTES + identifier.len();
        let length = text_at + text.len();
        to[..2].copy_from_slice(&(length as u16).to_le_bytes());
        (to[2], to[3]) = (identifier.len() as u8, self.priority);
        to[4..6].copy_from_slice(&u16::from(is_cut).to_le_bytes());
        to[6..8].copy_from_slice(&self.unit.0.to_le_bytes());
        to[8..12].copy_from_slice(&self.pid.to_le_bytes());
        to[12..20].copy_from_slice(&self.number.to_le_bytes());
        to[20..HEAD_BYTES].copy_from_slice(&self.at_us.to_le_bytes());
        to[HEAD_BYTES..text_at].copy_from_slice(identifier);
        to[text_at..length].copy_from_slice(text);
        length
    }

    /// Reads one.
    pub fn decode(bytes: &'e [u8]) -> Option<Self> {
        let half = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let long = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let length = usize::from(half(0)?);
        let text_at = HEAD_BYTES + usize::from(*bytes.get(2)?);
        Some(Self {
            priority: *bytes.get(3)?,
            is_cut: half(4)? & 1 != 0,
            unit: UnitId(half(6)?),
            pid: u32::from_le_bytes(*bytes.get(8..)?.first_chunk()?),
            number: long(12)?,
            at_us: long(20)?,
            identifier: bytes.get(HEAD_BYTES..text_at)?,
            text: bytes.get(text_at..length)?,
        })
    }
}
