//! Small ledgers for the tests: deterministic records, and ways to say what a log holds.

use std::ops::ControlFlow;
use std::sync::Arc;

use storage::{
    Backend, CommitError, Digest, Draft, Error, FoundWord, Head, Identity, Keyer, Keys, Log, Options, Placed,
    Record, Word, WordState,
};

pub(crate) const SMALL: Options = Options { segment_bytes: 8192, background: false };

pub(crate) fn identity() -> Identity {
    Identity { ledger: *b"ledger-of-tests!", origin: "ledger.example/tests".to_owned() }
}

pub(crate) fn id_of(sequence: u64) -> u128 {
    let Digest(hash) = Digest::of(&sequence.to_be_bytes());
    u128::from_be_bytes(hash[..16].try_into().unwrap())
}

/// The event's first entry is `"n": u64`: id and subjects follow from it.
pub(crate) fn event(n: u64, filler: usize) -> Vec<u8> {
    let mut event = vec![0x82, 0xa1, b'n', 0xcf];
    event.extend_from_slice(&n.to_be_bytes());
    event.extend_from_slice(&[0xa1, b'x', 0xc5]);
    event.extend_from_slice(&(filler as u16).to_be_bytes());
    event.resize(event.len() + filler, n as u8);
    event
}

pub(crate) fn keys_of(n: u64) -> Keys {
    Keys { id: id_of(n), subjects: vec![n % 7, 100 + n % 3] }
}

pub(crate) fn keyer() -> Keyer {
    Arc::new(|record: &Record<'_>| {
        let n = record.event.get(4..12).and_then(|n| n.try_into().ok());
        let n = n.ok_or(storage::Malformed::new("an event of another kind"))?;
        Ok(keys_of(u64::from_be_bytes(n)))
    })
}

pub(crate) fn nonce(n: u64, index: u8) -> [u8; 32] {
    let mut nonce = [index + 1; 32];
    nonce[..8].copy_from_slice(&n.to_be_bytes());
    nonce
}

/// How many words the record n has: every fifth has two.
pub(crate) fn worded(n: u64) -> bool {
    n % 5 == 3
}

pub(crate) fn push(group: &mut storage::Group, filler: usize) -> Result<Placed, Error> {
    let n = group.next_sequence();
    let event = event(n, filler);
    let flags: &[&str] = if n % 4 == 1 { &["late", "self-reported"] } else { &[] };
    let draft = Draft {
        source: "tests",
        salt: [n as u8; 16],
        event: &event,
        flags,
        recorded_at: 1_700_000_000_000_000 + 10 * i64::try_from(n).unwrap(),
    };
    let text = format!("the words of {n}");
    let words = [
        Word { field: "summary", nonce: nonce(n, 0), text: &text },
        Word { field: "reason", nonce: nonce(n, 1), text: "" },
    ];
    let words = if worded(n) { &words[..] } else { &[] };
    group.push(&draft, words, keys_of(n))
}

pub(crate) fn append(log: Log, count: usize, filler: usize) -> Result<Log, CommitError> {
    let mut group = log.group();
    for _ in 0..count {
        push(&mut group, filler).unwrap();
    }
    log.commit(group)
}

pub(crate) fn create(backend: &Arc<dyn Backend>) -> Result<Log, Error> {
    Log::create(Arc::clone(backend), identity(), SMALL, keyer())
}

pub(crate) fn open(backend: &Arc<dyn Backend>) -> Result<(Log, storage::Recovery), Error> {
    Log::open(Arc::clone(backend), SMALL, keyer())
}

/// All that a log serves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Served {
    pub(crate) head: Head,
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) words: Vec<Vec<FoundWord>>,
    pub(crate) leaves: Vec<Digest>,
}

/// Reads everything in every way there is, and compares them.
pub(crate) fn served(log: &Log) -> Result<Served, Error> {
    let reader = log.reader();
    let head = reader.head();
    let mut served = Served { head, records: Vec::new(), words: Vec::new(), leaves: Vec::new() };
    reader.scan(0, u64::MAX, &mut |record| {
        served.records.push(record.bytes.to_vec());
        ControlFlow::Continue(())
    })?;
    assert_eq!(served.records.len() as u64, head.size);
    for n in 0..head.size {
        let record = reader.read(n)?;
        assert_eq!(record, served.records[n as usize], "scan and read give the same record {n}");
        served.leaves.push(reader.leaf(n)?);
        served.words.push(whole(n, reader.words(n)?)?);
        assert_eq!(served.words[n as usize].len(), if worded(n) { 2 } else { 0 }, "words of {n}");
        assert_eq!(reader.by_id(id_of(n))?, [n]);
    }
    for subject in 0..7 {
        let wanted: Vec<u64> = (0..head.size).filter(|n| n % 7 == subject).collect();
        assert_eq!(reader.by_subject(subject)?, wanted);
    }
    assert_eq!(reader.by_id(id_of(head.size))?, [] as [u64; 0]);
    Ok(served)
}

/// A record whose words are damaged is readable; here that is told like all other damage.
fn whole(sequence: u64, words: Vec<FoundWord>) -> Result<Vec<FoundWord>, Error> {
    if words.iter().all(|word| word.state != WordState::Damaged) {
        return Ok(words);
    }
    let (file, rule) = ("the words".to_owned(), "a word does not have its checksum");
    Err(Error::Damaged { file, offset: 0, sequence, rule })
}

/// RFC 6962's definition, once more and slowly.
pub(crate) fn naive_root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            Digest::node(&naive_root(&leaves[..k]), &naive_root(&leaves[k..]))
        }
    }
}

/// Verifies all of it.
pub(crate) fn verify(backend: &dyn Backend) -> storage::integrity::Report {
    storage::integrity::verify(backend, keyer(), &|_| {}).unwrap()
}

/// Whether the file `path` is one of the kind that ends in `suffix`.
pub(crate) fn is_a(path: &str, suffix: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, end)| end == suffix)
}
