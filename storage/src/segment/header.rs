//! The page that opens a segment, and the head that opens each group.
//!
//! Invariant: a checksum covers every byte of both, so that any single damage shows. It
//! must not know how records look.
//!
//! ```text
//! segment header, one page              group header, 40 bytes, then the body
//!    0  8  magic "PBSEGMT1"               0  4  magic "PBg1"
//!    8  4  format version 1               4  4  length of the body
//!   12  4  number of the segment          8  4  number of records
//!   16 16  ledger id                     12  4  end of the segment's words file
//!   32  8  first sequence                16  8  first sequence
//!   40 32  leaf hash of the record       24  8  records on stable storage before it
//!          before                        32  4  CRC-32 of the body
//!   72  8  capacity: length of the file  36  4  CRC-32 of the 36 bytes before
//!   80  2  length of the origin n
//!   82  n  origin                        body: each record as u16 length ‖ record
//!       …  zeros
//! 4092  4  CRC-32 of the 4,092 bytes before
//! ```

use crate::error::Malformed;
use crate::format::digest::Digest;
use crate::format::{Cursor, put};
use crate::limits::{MAX_GROUP, MAX_ORIGIN, MAX_SEGMENT, PAGE};
use crate::log::Identity;

const SEGMENT_MAGIC: &[u8; 8] = b"PBSEGMT1";
pub(crate) const GROUP_MAGIC: &[u8; 4] = b"PBg1";
const VERSION: u32 = 1;

/// Length of a group header, in bytes.
pub(crate) const GROUP_HEADER: usize = 40;

/// What the first page of a segment says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SegmentHeader {
    pub(crate) number: u32,
    pub(crate) identity: Identity,
    pub(crate) first: u64,
    pub(crate) prev: Digest,
    pub(crate) capacity: u64,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut page = Vec::with_capacity(PAGE);
        page.extend_from_slice(SEGMENT_MAGIC);
        put::u32(&mut page, VERSION);
        put::u32(&mut page, self.number);
        page.extend_from_slice(&self.identity.ledger);
        put::u64(&mut page, self.first);
        put::digest(&mut page, &self.prev);
        put::u64(&mut page, self.capacity);
        let origin = self.identity.origin.as_bytes();
        // At most 255 bytes: `Identity` is checked when a log is created.
        put::u16(&mut page, u16::try_from(origin.len()).unwrap_or(u16::MAX));
        page.extend_from_slice(origin);
        page.resize(PAGE - 4, 0);
        let checksum = crc32fast::hash(&page);
        put::u32(&mut page, checksum);
        page
    }

    /// Reads a page back. The version is checked before the rest, so that a later format
    /// can be told from damage.
    pub(crate) fn decode(page: &[u8]) -> Result<Self, HeaderFault> {
        let damaged = HeaderFault::Damaged;
        let mut fields = Cursor::new(page);
        let (covered, checksum) = page.split_at_checked(PAGE - 4).ok_or(damaged)?;
        if page.len() != PAGE || checksum != crc32fast::hash(covered).to_be_bytes() {
            return Err(damaged);
        }
        if fields.take(8) != Some(SEGMENT_MAGIC) {
            return Err(damaged);
        }
        match fields.u32().ok_or(damaged)? {
            VERSION => {}
            version => return Err(HeaderFault::Version(version)),
        }
        let number = fields.u32().ok_or(damaged)?;
        let ledger = fields.array().ok_or(damaged)?;
        let first = fields.u64().ok_or(damaged)?;
        let prev = fields.digest().ok_or(damaged)?;
        let capacity = fields.u64().ok_or(damaged)?;
        let length = usize::from(fields.u16().ok_or(damaged)?);
        if length > MAX_ORIGIN || capacity > MAX_SEGMENT + MAX_GROUP as u64 + PAGE as u64 {
            return Err(damaged);
        }
        let origin = fields.take(length).ok_or(damaged)?;
        let origin = std::str::from_utf8(origin).map_err(|_| damaged)?.to_owned();
        let header = Self { number, identity: Identity { ledger, origin }, first, prev, capacity };
        // A header has one encoding: zeros stand behind its fields.
        if header.encode() == page { Ok(header) } else { Err(damaged) }
    }
}

/// Why a segment header cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeaderFault {
    Damaged,
    Version(u32),
}

/// What the head of a group says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct GroupHeader {
    pub(crate) length: u32,
    pub(crate) count: u32,
    pub(crate) words_end: u32,
    pub(crate) first: u64,
    pub(crate) durable: u64,
    pub(crate) checksum: u32,
}

impl GroupHeader {
    pub(crate) fn encode(&self) -> [u8; GROUP_HEADER] {
        let mut bytes = [0; GROUP_HEADER];
        bytes[..4].copy_from_slice(GROUP_MAGIC);
        bytes[4..8].copy_from_slice(&self.length.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.count.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.words_end.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.durable.to_be_bytes());
        bytes[32..36].copy_from_slice(&self.checksum.to_be_bytes());
        let own = crc32fast::hash(&bytes[..36]);
        bytes[36..].copy_from_slice(&own.to_be_bytes());
        bytes
    }

    /// The header at the front of `bytes`, if there is a whole and plausible one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..GROUP_HEADER)?;
        let mut fields = Cursor::new(bytes);
        if fields.take(4)? != GROUP_MAGIC {
            return None;
        }
        let header = Self {
            length: fields.u32()?,
            count: fields.u32()?,
            words_end: fields.u32()?,
            first: fields.u64()?,
            durable: fields.u64()?,
            checksum: fields.u32()?,
        };
        let whole = fields.u32()? == crc32fast::hash(&bytes[..36]);
        let plausible = header.count > 0
            && header.length as usize <= MAX_GROUP - GROUP_HEADER
            && header.count <= header.length / 2
            && header.durable <= header.first
            && header.first.checked_add(u64::from(header.count)).is_some();
        (whole && plausible).then_some(header)
    }

    /// The sequence after the last record of the group.
    pub(crate) const fn end(&self) -> u64 {
        self.first + self.count as u64
    }

    /// Header and body together, in bytes.
    pub(crate) const fn span(&self) -> u64 {
        GROUP_HEADER as u64 + self.length as u64
    }
}

/// The records in the body of a group, each with its offset in the body.
pub(crate) struct Records<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0 }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(usize, &'a [u8]), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.body.len() {
            return None;
        }
        let mut rest = Cursor::new(&self.body[self.at..]);
        let at = self.at + 2;
        let record = rest.u16().and_then(|length| rest.take(usize::from(length)));
        if let Some(bytes) = record {
            self.at = at + bytes.len();
            Some(Ok((at, bytes)))
        } else {
            self.at = self.body.len();
            Some(Err(Malformed::at(at, "a record reaches past its group")))
        }
    }
}
