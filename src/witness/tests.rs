//! A witness, asked as logs ask it: over a real port, with real keys, on real files.

use super::*;
use std::{
    convert::Infallible,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Barrier},
};
use storage::{
    leaf_hash,
    merkle::proof::{self, Span},
    note::{SignedCheckpoint, Signer},
};
use tempfile::TempDir;
use tokio::sync::oneshot;

const ORIGIN: &str = "ledger.example/acme";
const NAME: &str = "witness.example/w1";

/// A log whose records are a letter and a number.
struct Source {
    signer: Signer,
    history: &'static str,
    /// From here on its records are its own.
    parting: u64,
}

impl Source {
    fn new(seed: u8, history: &'static str, parting: u64) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        Self { signer: Signer::new(ORIGIN, key).unwrap(), history, parting }
    }

    fn node(&self, first: u64, height: u32) -> Digest {
        if height > 0 {
            let half = 1 << (height - 1);
            return Digest::node(&self.node(first, height - 1), &self.node(first + half, height - 1));
        }
        let history = if first < self.parting { "common" } else { self.history };
        leaf_hash(format!("{history}-{first}").as_bytes())
    }

    fn hashes(&self, spans: &[Span]) -> Vec<Digest> {
        proof::fetch(spans, |first, height| Ok::<_, Infallible>(self.node(first, height))).unwrap()
    }

    fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let root = if size == 0 { Digest::of(b"") } else { self.hashes(&[Span { from: 0, to: size }])[0] };
        let checkpoint = Checkpoint { origin: ORIGIN.into(), size, root };
        let text = checkpoint.text();
        let signatures = vec![self.signer.sign(&text)];
        SignedCheckpoint { checkpoint, note: Note { text, signatures } }
    }

    fn request(&self, old: u64, new: u64) -> String {
        let spans = if old == 0 { Vec::new() } else { proof::consistency(old, new).unwrap() };
        AddCheckpoint { old, proof: self.hashes(&spans), checkpoint: self.checkpoint(new) }.to_text()
    }
}

fn open(state: &TempDir, logs: &[&Source]) -> Result<Witness, StartError> {
    let keys = logs.iter().map(|log| log.signer.verifier().clone()).collect();
    Witness::open(state.path(), Some(NAME), keys)
}

fn witness(log: &Source) -> (TempDir, Witness) {
    let state = tempfile::tempdir().unwrap();
    let witness = open(&state, &[log]).unwrap();
    (state, witness)
}

/// Whether the cosignature is this witness's on that checkpoint.
fn cosigned(witness: &Witness, log: &Source, size: u64, line: &SignatureLine) -> bool {
    let mut note = log.checkpoint(size).note;
    note.signatures.push(line.clone());
    matches!(witness.key().verify(&note), Ok(Some(verified)) if verified.time.is_some())
}

/// A witness on a port.
struct Port {
    address: SocketAddr,
    witness: Arc<Witness>,
    stop: oneshot::Sender<()>,
    runtime: tokio::runtime::Runtime,
}

impl Port {
    fn of(witness: Witness) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let witness = Arc::new(witness);
        runtime.spawn(http::serve(witness.clone(), listener, async move { drop(stopped.await) }));
        Self { address, witness, stop, runtime }
    }

    /// Sends that, and gives status, head and body of what comes back.
    fn send(&self, request: &[u8]) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        // A refusal may come, and the connection go, before all is written.
        let _ = stream.write_all(request);
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        let reply = String::from_utf8(reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no reply: {reply:?}"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_lowercase(), body.to_owned())
    }

    fn post(&self, body: &str) -> (u16, String, String) {
        let head = format!(
            "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.send(&[head.as_bytes(), body.as_bytes()].concat())
    }
}

#[test]
fn given_each_rule_of_the_protocol_when_it_is_broken_then_its_status_comes_back() {
    let (log, stranger) = (Source::new(1, "a", 0), Source::new(9, "a", 0));
    let (_state, witness) = witness(&log);
    let port = Port::of(witness);
    let (status, head, body) = port.post(&log.request(0, 5));
    assert!(status == 200 && head.contains("content-type: text/plain"), "{head}");
    let line = SignatureLine::parse(body.strip_suffix('\n').unwrap()).unwrap();
    assert!(cosigned(&port.witness, &log, 5, &line));

    let good = log.request(5, 9);
    let other_origin = good.replace(ORIGIN, "ledger.example/other");
    let tampered = good.replace("\n9\n", "\n8\n");
    let mut extended = AddCheckpoint::parse(good.as_bytes()).unwrap();
    extended.checkpoint.note.text += "more\n";
    extended.checkpoint.note.signatures = vec![log.signer.sign(&extended.checkpoint.note.text)];
    let mut longer = AddCheckpoint::parse(good.as_bytes()).unwrap();
    longer.proof.push(Digest([0; 32]));
    let behind = AddCheckpoint { old: 9, proof: vec![], checkpoint: log.checkpoint(7) };
    for (body, expected, why) in [
        ("", 400, "old size"),
        ("old 5\n", 400, "blank line"),
        (&good.replace("old 5", "old 05"), 400, "leading zeros"),
        (&other_origin, 404, "was not told of"),
        (&stranger.request(5, 9), 403, "none of the 1 keys"),
        (&tampered, 403, "signature"),
        (&extended.to_text(), 400, "extension"),
        (&behind.to_text(), 400, "larger than"),
        (&longer.to_text(), 422, "goes on behind"),
        (&good.replace("old 5\n", "old 5\n2y7/5k02NSvNTCYL3g4RODEMn3e4nUxXV4ZS+bGFtjA=\n"), 422, "proof"),
        (&Source::new(1, "b", 0).request(5, 9), 422, "another old root"),
    ] {
        let (status, head, said) = port.post(body);
        assert!(status == expected && said.contains(why), "{body}\n{status} {said}");
        assert!(head.contains("content-type: text/plain"), "{head}");
    }
    for old in [0, 4, 9] {
        let (status, head, said) = port.post(&log.request(old, 9));
        assert_eq!((status, said.as_str()), (409, "5\n"));
        assert!(head.contains("content-type: text/x.tlog.size"), "{head}");
    }
    assert_eq!(port.post(&good).0, 200, "after all that it goes on");
}

#[test]
fn given_requests_that_are_none_of_the_protocols_when_they_come_then_they_are_bounded_and_told_so() {
    let (_state, witness) = witness(&Source::new(1, "a", 0));
    let port = Port::of(witness);
    let (status, head, _) =
        port.send(b"GET /add-checkpoint HTTP/1.1\r\nhost: w\r\nconnection: close\r\n\r\n");
    assert!(status == 405 && head.contains("allow: post"), "{head}");
    assert_eq!(
        port.send(b"POST /other HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").0,
        404
    );
    let long = "x".repeat(storage::limits::MAX_ADD_CHECKPOINT + 1);
    assert_eq!(port.post(&long).0, 413);
    let announced = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    let chunked =
        "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(port.send(format!("{chunked}{announced}").as_bytes()).0, 413);
    let head =
        format!("GET / HTTP/1.1\r\nhost: w\r\nx: {}\r\n\r\n", "y".repeat(2 * crate::limits::WITNESS_HEAD));
    assert_eq!(port.send(head.as_bytes()).0, 431);
}

#[test]
fn given_a_witness_that_stops_when_a_request_is_under_way_then_it_ends_in_order() {
    let (_state, witness) = witness(&Source::new(1, "a", 0));
    let Port { stop, runtime, address, .. } = Port::of(witness);
    let idle = TcpStream::connect(address).unwrap();
    drop(stop);
    // An idle connection holds nobody up; the state is free for another process when the runtime is gone.
    runtime.shutdown_timeout(2 * crate::limits::WITNESS_PATIENCE);
    drop(idle);
}

#[test]
fn given_a_log_when_it_grows_then_each_step_is_cosigned_and_the_same_size_again() {
    let log = Source::new(1, "a", 0);
    let (_state, witness) = witness(&log);
    let mut old = 0;
    for new in [0, 0, 1, 1, 2, 7, 8, 300, 1_000, 1_000] {
        let line = witness.add(log.request(old, new).as_bytes()).unwrap();
        assert!(cosigned(&witness, &log, new, &line), "{old} to {new}");
        old = new;
    }
    assert_eq!(witness.logs(), [(ORIGIN, Some(1_000))]);
}

#[test]
fn given_two_histories_when_the_second_comes_then_it_is_never_cosigned() {
    let (log, other) = (Source::new(1, "a", 0), Source::new(1, "b", 4));
    let (_state, witness) = witness(&log);
    witness.add(log.request(0, 6).as_bytes()).unwrap();
    let same_size = witness.add(other.request(6, 6).as_bytes());
    assert!(matches!(same_size, Err(Refusal::OtherRoot { held: 6 })), "{same_size:?}");
    let on_top = witness.add(other.request(6, 9).as_bytes());
    assert!(matches!(on_top, Err(Refusal::Proof(Defect::OtherOldRoot))), "{on_top:?}");
    let from_before = witness.add(other.request(4, 9).as_bytes());
    assert!(matches!(from_before, Err(Refusal::OtherSize { held: 6, old: 4 })), "{from_before:?}");
    let back = AddCheckpoint { old: 6, proof: vec![], checkpoint: log.checkpoint(3) }.to_text();
    assert!(matches!(witness.add(back.as_bytes()), Err(Refusal::OldAhead { old: 6, size: 3 })));
    let nothing = witness.add(Source::new(1, "x", 0).request(0, 0).as_bytes());
    assert!(matches!(nothing, Err(Refusal::OtherSize { held: 6, .. })), "{nothing:?}");
    assert_eq!(witness.logs(), [(ORIGIN, Some(6))]);
}

#[test]
fn given_an_empty_log_with_another_root_than_the_empty_trees_when_it_comes_then_it_is_refused() {
    let log = Source::new(1, "a", 0);
    let (_state, witness) = witness(&log);
    let mut request = AddCheckpoint::parse(log.request(0, 0).as_bytes()).unwrap();
    let checkpoint = Checkpoint { root: Digest([7; 32]), ..request.checkpoint.checkpoint.clone() };
    let text = checkpoint.text();
    request.checkpoint.note = Note { signatures: vec![log.signer.sign(&text)], text };
    assert!(matches!(witness.add(request.to_string().as_bytes()), Err(Refusal::OtherRoot { held: 0 })));
}

#[test]
fn given_two_histories_of_one_size_when_they_come_at_once_then_exactly_one_is_cosigned() {
    for _ in 0..20 {
        let (log, other) = (Source::new(1, "a", 3), Source::new(1, "b", 3));
        let (_state, witness) = witness(&log);
        witness.add(log.request(0, 3).as_bytes()).unwrap();
        let line = Barrier::new(8);
        let won: usize = std::thread::scope(|scope| {
            let ask = |source: &Source| {
                let request = source.request(3, 8);
                line.wait();
                witness.add(request.as_bytes()).is_ok()
            };
            let threads: Vec<_> = (0..8)
                .map(|number| {
                    let source = if number % 2 == 0 { &log } else { &other };
                    scope.spawn(move || ask(source))
                })
                .collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(won, 1);
    }
}

#[test]
fn given_an_answer_that_never_left_when_the_witness_starts_again_then_it_holds_what_it_kept() {
    let (log, other) = (Source::new(1, "a", 0), Source::new(1, "b", 4));
    let state = tempfile::tempdir().unwrap();
    let first = open(&state, &[&log]).unwrap();
    first.add(log.request(0, 4).as_bytes()).unwrap();
    // Kept, and the reply lost.
    drop(first.add(log.request(4, 9).as_bytes()).unwrap());
    let key = first.key().clone();
    drop(first);
    let again = open(&state, &[&log]).unwrap();
    assert_eq!((again.key(), again.logs()), (&key, vec![(ORIGIN, Some(9))]));
    let split = again.add(other.request(4, 9).as_bytes());
    assert!(matches!(split, Err(Refusal::OtherSize { held: 9, old: 4 })), "{split:?}");
    let line = again.add(log.request(9, 9).as_bytes()).unwrap();
    assert!(cosigned(&again, &log, 9, &line), "the log gets the cosignature that it never got");
}

#[test]
fn given_a_state_that_a_witness_has_when_another_starts_on_it_then_it_is_refused() {
    let log = Source::new(1, "a", 0);
    let (state, first) = witness(&log);
    let why = open(&state, &[&log]).err().unwrap().to_string();
    assert!(why.contains(&format!("process {}", std::process::id())), "{why}");
    drop(first);
    open(&state, &[&log]).unwrap();
}

#[test]
fn given_a_record_that_was_changed_when_the_witness_starts_then_it_refuses_and_names_the_file() {
    let log = Source::new(1, "a", 0);
    let (state, first) = witness(&log);
    first.add(log.request(0, 4).as_bytes()).unwrap();
    drop(first);
    let file = fs::read_dir(state.path().join("logs")).unwrap().next().unwrap().unwrap().path();
    let good = fs::read_to_string(&file).unwrap();
    let unsigned: String = good.split_inclusive('\n').filter(|line| !line.contains(NAME)).collect();
    let cases =
        [good.replace("\n4\n", "\n3\n"), good.replace(ORIGIN, "ledger.example/b"), unsigned, String::new()];
    for changed in cases {
        fs::write(&file, changed).unwrap();
        let why = open(&state, &[&log]).err().unwrap().to_string();
        assert!(why.contains(file.to_str().unwrap()) && why.contains("another history"), "{why}");
    }
    fs::write(&file, good).unwrap();
    assert_eq!(open(&state, &[&log]).unwrap().logs(), [(ORIGIN, Some(4))]);
}

#[test]
fn given_a_log_that_changes_its_key_when_the_witness_knows_both_then_either_may_sign() {
    let (old, new) = (Source::new(1, "a", 0), Source::new(2, "a", 0));
    let state = tempfile::tempdir().unwrap();
    let witness = open(&state, &[&old, &new]).unwrap();
    witness.add(old.request(0, 4).as_bytes()).unwrap();
    witness.add(new.request(4, 6).as_bytes()).unwrap();
    assert_eq!(witness.logs(), [(ORIGIN, Some(6))], "it is one log");
    drop(witness);
    let witness = open(&state, &[&new]).unwrap();
    assert!(matches!(witness.add(old.request(6, 7).as_bytes()), Err(Refusal::Untrusted(_))));
    witness.add(new.request(6, 7).as_bytes()).unwrap();
}

#[test]
fn given_a_disk_that_takes_nothing_when_a_checkpoint_comes_then_it_is_not_cosigned_and_later_it_is() {
    let log = Source::new(1, "a", 0);
    let (state, witness) = witness(&log);
    witness.add(log.request(0, 4).as_bytes()).unwrap();
    let file = fs::read_dir(state.path().join("logs")).unwrap().next().unwrap().unwrap().path();
    // A directory stands where the new file is to be written.
    let blocked = file.with_extension("new");
    fs::create_dir(&blocked).unwrap();
    let refused = witness.add(log.request(4, 5).as_bytes());
    assert!(matches!(refused, Err(Refusal::NotKept(_))), "{refused:?}");
    assert_eq!(witness.logs(), [(ORIGIN, Some(4))]);
    fs::remove_dir(&blocked).unwrap();
    witness.add(log.request(4, 5).as_bytes()).unwrap();
}

#[test]
fn given_what_is_no_log_or_no_name_when_a_witness_starts_then_it_says_what_to_give() {
    let log = Source::new(1, "a", 0);
    let state = tempfile::tempdir().unwrap();
    let why = Witness::open(state.path(), None, vec![log.signer.verifier().clone()]).err().unwrap();
    assert!(why.to_string().contains("--name"), "{why}");
    assert!(matches!(Witness::open(state.path(), Some(NAME), vec![]), Err(StartError::NoLogs)));
    let own = open(&state, &[&log]).unwrap().key().clone();
    let why = Witness::open(state.path(), None, vec![own]).err().unwrap();
    assert!(why.to_string().contains("0x04"), "{why}");
    let again = Witness::open(state.path(), None, vec![log.signer.verifier().clone()]).unwrap();
    assert_eq!(again.key().name(), NAME, "the key says its name");
}
