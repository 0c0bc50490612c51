//! The watermark: how many records were on stable storage when it was last written.
//!
//! Invariant: it is written after the sync that it tells of, so it never promises more than
//! there is; and into the older of two slots, so that one of them is always whole. It must
//! not know what the records are.
//!
//! ```text
//! slot, 512 bytes, at 0 and at 512
//!   0  4  magic "PBw1"            32  8  size in records
//!   4  4  flags: 1 clean close    40 32  leaf hash of the last record
//!   8 16  ledger id               72 32  Merkle root
//!  24  8  counter                104  …  zeros
//!                                508  4  CRC-32 of the 508 bytes before
//! ```

use std::io;
use std::sync::Arc;

use super::{Head, Identity};
use crate::backend::{Backend, File, Mode};
use crate::format::digest::Digest;
use crate::format::{Cursor, put};

/// Path of the watermark.
pub(crate) const WATERMARK: &str = "log/watermark";
/// Length of a slot: one sector, which disks write whole.
pub(crate) const SLOT: usize = 512;
const MAGIC: &[u8; 4] = b"PBw1";
const CLEAN: u32 = 1;

/// What a slot says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    pub(crate) clean: bool,
    pub(crate) ledger: [u8; 16],
    pub(crate) counter: u64,
    pub(crate) size: u64,
    pub(crate) hash: Digest,
    pub(crate) root: Digest,
}

impl Mark {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut slot = Vec::with_capacity(SLOT);
        slot.extend_from_slice(MAGIC);
        put::u32(&mut slot, if self.clean { CLEAN } else { 0 });
        slot.extend_from_slice(&self.ledger);
        put::u64(&mut slot, self.counter);
        put::u64(&mut slot, self.size);
        put::digest(&mut slot, &self.hash);
        put::digest(&mut slot, &self.root);
        slot.resize(SLOT - 4, 0);
        let checksum = crc32fast::hash(&slot);
        put::u32(&mut slot, checksum);
        slot
    }

    pub(crate) fn decode(slot: &[u8]) -> Option<Self> {
        let (covered, checksum) = slot.split_at_checked(SLOT - 4)?;
        if checksum != crc32fast::hash(covered).to_be_bytes() {
            return None;
        }
        let mut fields = Cursor::new(covered);
        if fields.take(4)? != MAGIC {
            return None;
        }
        let clean = fields.u32()? == CLEAN;
        let mark = Self {
            clean,
            ledger: fields.array()?,
            counter: fields.u64()?,
            size: fields.u64()?,
            hash: fields.digest()?,
            root: fields.digest()?,
        };
        // A slot has one encoding: a flag that nobody sets, or anything behind the fields,
        // is not ours to interpret.
        (mark.encode() == slot).then_some(mark)
    }
}

/// Both slots; `None` for one that does not hold.
pub(crate) fn read_slots(file: &dyn File) -> io::Result<[Option<Mark>; 2]> {
    let mut bytes = [0; 2 * SLOT];
    let count = file.read_at(&mut bytes, 0)?;
    let slot = |index: usize| bytes[..count].get(index * SLOT..(index + 1) * SLOT);
    Ok([slot(0).and_then(Mark::decode), slot(1).and_then(Mark::decode)])
}

/// Makes the watermark of an empty ledger; its name is kept with the first segment's.
pub(super) fn create(backend: &dyn Backend, identity: &Identity, head: &Head) -> io::Result<()> {
    let file = backend.open(WATERMARK, Mode::Create)?;
    let mut watermark = Watermark { file, ledger: identity.ledger, counter: 0 };
    watermark.open(head)
}

/// The watermark, open to be raised.
pub(super) struct Watermark {
    file: Arc<dyn File>,
    ledger: [u8; 16],
    counter: u64,
}

impl Watermark {
    /// Continues after the slots that were read.
    pub(super) fn new(file: Arc<dyn File>, ledger: [u8; 16], slots: &[Option<Mark>]) -> Self {
        let counter = slots.iter().flatten().map(|mark| mark.counter).max().unwrap_or(0);
        Self { file, ledger, counter }
    }

    fn put(&mut self, head: &Head, clean: bool) -> io::Result<()> {
        self.counter += 1;
        let Head { size, hash, root, .. } = *head;
        let mark = Mark { clean, ledger: self.ledger, counter: self.counter, size, hash, root };
        self.file.write_at(&mark.encode(), self.counter % 2 * SLOT as u64)
    }

    fn put_both(&mut self, head: &Head, clean: bool) -> io::Result<()> {
        for _ in 0..2 {
            self.put(head, clean)?;
            self.file.sync()?;
        }
        Ok(())
    }

    /// Says that the log is open, in both slots: a slot from before that says it ended
    /// cleanly must not come back when a crash tears the newer one.
    pub(super) fn open(&mut self, head: &Head) -> io::Result<()> {
        self.put_both(head, false)
    }

    /// Raises it to `head`, unsynced: enough for a crash of the process.
    pub(super) fn raise(&mut self, head: &Head) -> io::Result<()> {
        self.put(head, false)
    }

    /// Puts what was raised on stable storage.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    /// Says that the log ends at `head`, in both slots.
    pub(super) fn close(&mut self, head: &Head) -> io::Result<()> {
        self.put_both(head, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_comes_back_and_every_flip_shows() {
        let mark = Mark {
            clean: true,
            ledger: [7; 16],
            counter: 9,
            size: 3,
            hash: Digest([1; 32]),
            root: Digest([2; 32]),
        };
        let slot = mark.encode();
        assert_eq!(slot.len(), SLOT);
        assert_eq!(Mark::decode(&slot), Some(mark));
        for bit in 0..8 * SLOT {
            let mut flipped = slot.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Mark::decode(&flipped), None, "bit {bit}");
        }
    }

    /// Found by the fuzz target `watermark`.
    #[test]
    fn given_a_slot_with_its_checksum_when_it_says_more_than_a_slot_does_then_it_is_none() {
        let (ledger, hash, root) = ([7; 16], Digest([1; 32]), Digest([2; 32]));
        let slot = Mark { clean: true, ledger, counter: 9, size: 3, hash, root }.encode();
        for (at, byte) in [(7, 2), (4, 1), (104, 1), (507, 0x80)] {
            let mut odd = slot.clone();
            odd[at] = byte;
            let checksum = crc32fast::hash(&odd[..SLOT - 4]);
            odd[SLOT - 4..].copy_from_slice(&checksum.to_be_bytes());
            assert_eq!(Mark::decode(&odd), None, "byte {at}");
        }
    }
}
