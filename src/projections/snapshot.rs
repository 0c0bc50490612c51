//! Views as bytes: what a start takes in place of folding everything again.
//!
//! ```text
//!   0  16  "pledgebook views"
//!  16   2  version of this form, 3
//!  18   8  by what code they were folded: a digest of its sources
//!  26   8  how many events they hold
//!  34  32  leaf hash of the last of these events' records
//!  66   8  how many bytes follow the checksum
//!  74  32  SHA-256 of all that stands before it and all that follows it
//! 106   …  the views: MessagePack
//! ```
//!
//! Integers are big-endian. Invariant: a snapshot is never believed for what it says of itself. One that is cut short or
//! altered, that another form or other code made, or that does not fit the log, gives no views; the views are folded anew.
//! It says nothing that the log does not say, and may be deleted at any time. Must not know where it is kept.

use rmp_serde::{Deserializer, Serializer};
use serde::{Deserialize as _, Serialize as _};
use sha2::{Digest as _, Sha256};

use super::Views;

const MAGIC: &[u8; 16] = b"pledgebook views";
const FORM: u16 = 3;
const HEADER: usize = 74;
const BODY: usize = HEADER + 32;
/// By what code views are folded: other code may fold other views of the same events.
const FOLDS: &str = env!("PLEDGEBOOK_FOLDS");

/// Why a snapshot is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is no snapshot, or is cut short.
    #[error("not a whole snapshot of views")]
    NotWhole,
    /// Another version made it.
    #[error("a snapshot that another version of the program made")]
    OtherVersion,
    /// Its bytes are not what they were.
    #[error("a snapshot whose checksum does not hold")]
    Damaged,
}

/// A snapshot whose bytes are whole. Whether it fits the log, whoever has the log must say.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'b> {
    /// How many events the views hold.
    pub size: u64,
    /// The leaf hash of the last one's record.
    pub leaf: [u8; 32],
    body: &'b [u8],
}

fn header(size: u64, leaf: &[u8; 32], body: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BODY);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORM.to_be_bytes());
    bytes.extend_from_slice(&folds().to_be_bytes());
    bytes.extend_from_slice(&size.to_be_bytes());
    bytes.extend_from_slice(leaf);
    bytes.extend_from_slice(&(body as u64).to_be_bytes());
    bytes
}

/// No digest is as good as another: nothing but this code has it.
fn folds() -> u64 {
    u64::from_str_radix(FOLDS, 16).unwrap_or(0)
}

fn checksum(header: &[u8], body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(header).chain_update(body).finalize().into()
}

impl Views {
    /// The views as bytes, for the log in which their last record has that leaf hash. None: they hold something that
    /// cannot be written, and are folded anew at the next start.
    pub fn snapshot(&self, leaf: &[u8; 32]) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        // Named: some fields of facts are left out when they hold nothing.
        self.serialize(&mut Serializer::new(&mut body).with_struct_map()).ok()?;
        let mut bytes = header(self.size(), leaf, body.len());
        let checksum = checksum(&bytes, &body);
        bytes.extend_from_slice(&checksum);
        bytes.append(&mut body);
        Some(bytes)
    }
}

impl<'b> Snapshot<'b> {
    /// Looks whether bytes are a whole snapshot that this version can read.
    pub fn open(bytes: &'b [u8]) -> Result<Self, Unfit> {
        let (header, rest) = bytes.split_at_checked(HEADER).ok_or(Unfit::NotWhole)?;
        let (said, body) = rest.split_at_checked(BODY - HEADER).ok_or(Unfit::NotWhole)?;
        if !header.starts_with(MAGIC) {
            return Err(Unfit::NotWhole);
        }
        let mut at = MAGIC.len();
        if take(header, &mut at) != FORM.to_be_bytes() || take(header, &mut at) != folds().to_be_bytes() {
            return Err(Unfit::OtherVersion);
        }
        let size = u64::from_be_bytes(take(header, &mut at));
        let leaf = take(header, &mut at);
        if u64::from_be_bytes(take(header, &mut at)) != body.len() as u64 {
            return Err(Unfit::NotWhole);
        }
        if checksum(header, body) != said {
            return Err(Unfit::Damaged);
        }
        Ok(Self { size, leaf, body })
    }

    /// The views.
    pub fn views(&self) -> Result<Views, Unfit> {
        let mut from = Deserializer::from_read_ref(self.body);
        let mut views = Views::deserialize(&mut from).map_err(|_| Unfit::Damaged)?;
        views.settle_actions();
        if views.size() == self.size { Ok(views) } else { Err(Unfit::Damaged) }
    }
}

/// The next bytes of a header that is long enough.
fn take<const N: usize>(header: &[u8], at: &mut usize) -> [u8; N] {
    let bytes = header.get(*at..*at + N).and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; N]);
    *at += N;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projections::chronicle::Chronicle;

    fn views() -> Views {
        let mut ledger = Chronicle::opened(true);
        ledger.post("people", "Head of People");
        ledger.plan("a", "2025-04-01", "2025-06-01", &["C1"]);
        ledger.views()
    }

    #[test]
    fn given_views_when_they_are_written_then_the_header_is_these_bytes() {
        let bytes = views().snapshot(&[0xab; 32]).unwrap();
        let body = (bytes.len() - 106) as u64;
        let mut golden = b"pledgebook views\x00\x03".to_vec();
        golden.extend(u64::from_str_radix(env!("PLEDGEBOOK_FOLDS"), 16).unwrap().to_be_bytes());
        golden.extend([0, 0, 0, 0, 0, 0, 0, 3]);
        golden.extend([0xab; 32]);
        golden.extend(body.to_be_bytes());
        assert_eq!(bytes[..74], golden);
    }

    #[test]
    fn given_a_snapshot_when_it_is_opened_then_it_is_the_same_views() {
        let bytes = views().snapshot(&[7; 32]).unwrap();
        let snapshot = Snapshot::open(&bytes).unwrap();
        assert_eq!((snapshot.size, snapshot.leaf), (3, [7; 32]));
        let again = snapshot.views().unwrap();
        assert_eq!(format!("{again:?}"), format!("{:?}", views()));
        assert_eq!(again.snapshot(&[7; 32]).unwrap(), bytes);
    }

    #[test]
    fn given_a_snapshot_when_any_byte_is_flipped_or_missing_then_it_is_not_taken() {
        let bytes = views().snapshot(&[7; 32]).unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert!(Snapshot::open(&flipped).is_err(), "byte {at}");
            assert!(Snapshot::open(&bytes[..at]).is_err(), "cut at {at}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(Snapshot::open(&longer).unwrap_err(), Unfit::NotWhole);
    }

    #[test]
    fn given_a_snapshot_of_other_code_when_it_is_opened_then_it_is_not_taken() {
        let mut bytes = views().snapshot(&[7; 32]).unwrap();
        bytes[25] ^= 1;
        let checksum = checksum(&bytes[..HEADER], &bytes[BODY..]);
        bytes[HEADER..BODY].copy_from_slice(&checksum);
        assert_eq!(Snapshot::open(&bytes).unwrap_err(), Unfit::OtherVersion);
    }
}
