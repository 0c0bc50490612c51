//! What the engine reaches on this machine: `cargo run --release --example measure -- DIR`.
//!
//! One line per measurement. DIR must be on the disk in question and must not hold a ledger.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use storage::merkle::tile::{Level, Tile};
use storage::{
    Backend, Digest, Draft, FileBackend, Identity, Keyer, Keys, Log, Options, Reader, Record, integrity,
};

fn keys(event: &[u8]) -> Keys {
    let Digest(hash) = Digest::of(&event[..16]);
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    Keys { id: u128::from_be_bytes(id), subjects: vec![u64::from(hash[16]), 1_000 + u64::from(hash[17])] }
}

fn append(log: Log, groups: u64, each: u64) -> Result<Log, Box<dyn Error>> {
    let mut log = log;
    let mut event = b"\x82\xa1n\xcf00000000\xa1x\xc5\x01\x5c".to_vec();
    event.resize(event.len() + 0x15c, 7);
    for _ in 0..groups {
        let mut group = log.group();
        for _ in 0..each {
            let n = group.next_sequence();
            event[4..12].copy_from_slice(&n.to_be_bytes());
            let draft = Draft {
                source: "measure",
                salt: [1; 16],
                event: &event,
                flags: &[],
                recorded_at: i64::try_from(n)?,
            };
            group.push(&draft, &[], keys(&event))?;
        }
        log = log.commit(group)?;
    }
    Ok(log)
}

/// Asks 10,000 times, for numbers spread over `0..count`, and says how long an answer takes.
fn latency(
    what: &str,
    count: u64,
    ask: impl Fn(u64) -> Result<(), storage::Error>,
) -> Result<(), storage::Error> {
    let mut micros = Vec::new();
    for n in 0..10_000_u64 {
        // The golden ratio: every number anew, and none near the one before.
        let at = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % count;
        let begun = Instant::now();
        ask(at)?;
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    micros.sort_by(f64::total_cmp);
    println!("{what} us p50={:.0} p99={:.0} max={:.0}", micros[5_000], micros[9_900], micros[9_999]);
    Ok(())
}

/// Proofs and tiles, each checked before it is given out.
fn prove(reader: &Reader) -> Result<(), storage::Error> {
    let size = reader.head().size;
    for (what, size) in [("at head", size), ("at 1,000,000 records", 1_000_000)] {
        latency(&format!("inclusion proof {what}"), size, |index| {
            reader.prove_inclusion(index, size).map(drop)
        })?;
        latency(&format!("consistency proof {what}"), size, |old| {
            reader.prove_consistency(old.max(1), size).map(drop)
        })?;
    }
    for (what, level) in [("hash tile", Level::Hashes(0)), ("entry bundle", Level::Entries)] {
        latency(what, size / 256, |index| reader.tile(Tile { level, index, width: 256 }).map(drop))?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("usage: measure DIR")?;
    let backend: Arc<dyn Backend> = Arc::new(FileBackend::new(&directory));
    let keyer: Keyer = Arc::new(|record: &Record<'_>| Ok(keys(record.event)));
    let identity = Identity { ledger: [1; 16], origin: "ledger.example/measure".to_owned() };
    let begun = Instant::now();
    let log = Log::create(Arc::clone(&backend), identity, Options::default(), Arc::clone(&keyer))?;
    println!("create ms={:.1}", begun.elapsed().as_secs_f64() * 1e3);
    let mut log = log;
    for (groups, each) in [(10_000, 1), (2_000, 100), (1_000, 1_000)] {
        let begun = Instant::now();
        log = append(log, groups, each)?;
        let seconds = begun.elapsed().as_secs_f64();
        let records = (groups * each) as f64;
        println!(
            "append each={each} commits/s={:.0} records/s={:.0}",
            groups as f64 / seconds,
            records / seconds
        );
    }
    let size = log.head().size;
    let reader = log.reader();
    let begun = Instant::now();
    let mut found = 0;
    for n in (0..size).step_by(101) {
        let mut event = b"\x82\xa1n\xcf".to_vec();
        event.extend_from_slice(&n.to_be_bytes());
        event.extend_from_slice(b"\xa1x\xc5\x01");
        found += reader.by_id(keys(&event).id)?.len();
    }
    let lookups = size.div_ceil(101);
    println!("by_id us={:.1} found={found}/{lookups}", begun.elapsed().as_secs_f64() * 1e6 / lookups as f64);
    let begun = Instant::now();
    for n in (0..size).step_by(101) {
        reader.read(n)?;
    }
    println!("read us={:.1}", begun.elapsed().as_secs_f64() * 1e6 / lookups as f64);
    let begun = Instant::now();
    for n in 0..100 {
        reader.root(size * n / 100)?;
    }
    println!("root us={:.0}", begun.elapsed().as_secs_f64() * 1e4);
    prove(&reader)?;
    let begun = Instant::now();
    let mut bytes = 0;
    reader.scan(0, size, &mut |record| {
        bytes += record.bytes.len();
        std::ops::ControlFlow::Continue(())
    })?;
    println!(
        "scan records/s={:.0} record-bytes={}",
        size as f64 / begun.elapsed().as_secs_f64(),
        bytes as u64 / size
    );
    drop(log);
    let begun = Instant::now();
    let (log, recovery) = Log::open(Arc::clone(&backend), Options::default(), Arc::clone(&keyer))?;
    println!("open ms={:.0} replayed={}", begun.elapsed().as_secs_f64() * 1e3, recovery.replayed);
    log.close()?;
    for _ in 0..3 {
        let begun = Instant::now();
        let report = integrity::verify(&*backend, Arc::clone(&keyer), &|_| {})?;
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "verify MB/s={:.0} records/s={:.0} found={}",
            bytes as f64 / 1e6 / seconds,
            size as f64 / seconds,
            report.found
        );
    }
    Ok(())
}
