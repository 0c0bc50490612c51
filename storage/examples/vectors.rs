//! A log with signed checkpoints and proofs, for others to check: `cargo run --example vectors -- DIR`.
//!
//! What it writes is what a log publishes (C2SP tlog-tiles), and beside it what somebody may
//! hold who asked earlier. The keys are known to everybody: nothing else may use them.
//!
//! | Below DIR | Is |
//! |---|---|
//! | `vkeys` | the log's key, and its witness's, a line each |
//! | `checkpoint`, `tile/…` | what the log publishes at its full size |
//! | `checkpoints/<size>` | signed checkpoints of earlier sizes |
//! | `inclusion/<size>/<index>` | proof files |
//! | `consistency/<old>-<new>` | the hashes of a proof, in base64, a line each |

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use storage::merkle::tile::{Level, tiles};
use storage::note::{Checkpoint, Cosigner, Note, ProofFile, Signer};
use storage::{Backend, Draft, Identity, Keyer, Keys, Log, MemoryBackend, Options, Reader, Record};

type Failure = Box<dyn Error>;

/// As large as it takes for a tile of the third level.
const SIZE: u64 = 66_000;
/// Sizes around those where subtrees and tiles begin and end.
const SIZES: [u64; 19] =
    [1, 2, 3, 4, 5, 7, 8, 13, 255, 256, 257, 511, 512, 513, 700, 65_535, 65_536, 65_537, SIZE];
/// Of the first signature; one more for each record. 2026-01-01T00:00:00Z in seconds.
const TIME: u64 = 1_767_225_600;

fn main() -> Result<(), Failure> {
    let directory = std::env::args().nth(1).ok_or("usage: vectors DIR")?;
    let vectors = Vectors::new()?;
    vectors.write(Path::new(&directory))?;
    println!("{SIZE} records, proofs of {} sizes: {directory}", SIZES.len());
    Ok(())
}

struct Vectors {
    log: Reader,
    signer: Signer,
    witness: Cosigner,
}

impl Vectors {
    fn new() -> Result<Self, Failure> {
        let origin = "ledger.example/vectors";
        let log = log(origin)?.reader();
        let signer = Signer::new(origin, SigningKey::from_bytes(&[1; 32]))?;
        let witness = Cosigner::new("witness.example/w1", SigningKey::from_bytes(&[2; 32]))?;
        Ok(Self { log, signer, witness })
    }

    fn write(&self, directory: &Path) -> Result<(), Failure> {
        let put = |name: &str, bytes: &[u8]| -> Result<(), Failure> {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap_or(directory))?;
            Ok(fs::write(path, bytes)?)
        };
        put("vkeys", format!("{}\n{}\n", self.signer.verifier(), self.witness.verifier()).as_bytes())?;
        put("checkpoint", self.checkpoint(SIZE)?.to_text().as_bytes())?;
        for level in [Level::Entries, Level::Hashes(0), Level::Hashes(1), Level::Hashes(2)] {
            for tile in tiles(SIZE, level) {
                put(&tile.path(), &self.log.tile(tile)?.ok_or("the log has no such tile")?)?;
            }
        }
        for size in SIZES {
            let checkpoint = self.checkpoint(size)?;
            put(&format!("checkpoints/{size}"), checkpoint.to_text().as_bytes())?;
            for index in [0, size / 3, size / 2, size - 1] {
                let proof = ProofFile {
                    extra: (index % 2 == 1).then(|| b"what nobody signed".to_vec()),
                    index,
                    hashes: self.log.prove_inclusion(index, size)?,
                    checkpoint: checkpoint.clone(),
                };
                put(&format!("inclusion/{size}/{index}"), proof.to_text().as_bytes())?;
            }
            for old in SIZES.into_iter().take_while(|old| *old < size) {
                let hashes = self.log.prove_consistency(old, size)?;
                let lines: String = hashes.iter().map(|hash| STANDARD.encode(hash) + "\n").collect();
                put(&format!("consistency/{old}-{size}"), lines.as_bytes())?;
            }
        }
        Ok(())
    }

    fn checkpoint(&self, size: u64) -> Result<Note, Failure> {
        let origin = self.log.identity().origin.clone();
        let text = Checkpoint { origin, size, root: self.log.root(size)? }.text();
        Ok(Note { signatures: vec![self.signer.sign(&text), self.witness.cosign(&text, TIME + size)], text })
    }
}

/// A log in memory with records of several lengths.
fn log(origin: &str) -> Result<Log, Failure> {
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
    let keyer: Keyer = Arc::new(|_: &Record<'_>| Ok(Keys { id: 0, subjects: vec![] }));
    let identity = Identity { ledger: [1; 16], origin: origin.to_owned() };
    let mut log = Log::create(backend, identity, Options::default(), keyer)?;
    while log.head().size < SIZE {
        let mut group = log.group();
        while group.len() < 1_000 && group.next_sequence() < SIZE {
            let n = group.next_sequence();
            let text = n.to_string();
            // {"n": "…"}: a map of one, and a string of fewer than 32 bytes.
            let event = [b"\x81\xa1n".as_slice(), &[0xa0 | text.len() as u8], text.as_bytes()].concat();
            let draft = Draft {
                source: "vectors",
                salt: [1; 16],
                event: &event,
                flags: &[],
                recorded_at: n.cast_signed(),
            };
            group.push(&draft, &[], Keys { id: u128::from(n), subjects: vec![] })?;
        }
        log = log.commit(group)?;
    }
    Ok(log)
}
