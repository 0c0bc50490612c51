//! Ledgers and witnesses in processes of their own: what is cosigned, and what goes back is refused.

use pledgebook::grpc::wire::{
    AddCosignatureRequest, GetCheckpointRequest, ListKeysRequest, ReadRequest, ReceiptKind, RecordedEvent,
    audit_service_client::AuditServiceClient, event::Payload, reader_service_client::ReaderServiceClient,
    recorder_service_client::RecorderServiceClient,
};
use std::{
    convert::Infallible,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use storage::{
    Digest, leaf_hash,
    merkle::proof::{self, Span},
    note::{AddCheckpoint, Checkpoint, Note, SignedCheckpoint, Signer, Verifier},
};
use tempfile::TempDir;
use tonic::{Status, transport::Channel};

use crate::binary::{Launch, NotServing, Program};
use crate::machine::{
    fault::{Act, CHANGES, Library, seen},
    memory,
};
use crate::seed::{append, post};
use crate::server::{LEDGER, Who, endpoint, field, reason};

/// Longer than anything takes on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(120);
const NAME: &str = "witness.example/w1";

fn witness(state: &Path, listen: &str, logs: &[String]) -> Launch {
    let mut arguments = vec!["witness", "--json", "--log-level", "warn", "--name", NAME, "--listen", listen];
    logs.iter().for_each(|log| arguments.extend(["--log", log]));
    arguments.extend(["--state", state.to_str().unwrap()]);
    Launch::of(arguments)
}

fn vkey(program: &Program) -> String {
    program.greeting["vkey"].as_str().unwrap().to_owned()
}

/// A ledger's directory and a witness's state, side by side.
struct House {
    home: TempDir,
}

impl House {
    /// A server that has made the ledger and is gone, and the key of its ledger.
    async fn new() -> (Self, String) {
        let house = Self { home: tempfile::tempdir().unwrap() };
        let program = Launch::on(&house.data()).start().unwrap();
        program.create().await;
        let request = ListKeysRequest { ledger: LEDGER.into() };
        let keys = audit(&program).list_keys(request).await.unwrap().into_inner().keys;
        assert!(program.terminate().success());
        (house, keys[0].vkey.clone())
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// A server on that directory that shows its ledger to the witness at that address.
    fn served(&self, data: &Path, url: &str, vkey: &str) -> Launch {
        let file = self.home.path().join("config.toml");
        let text = format!(
            "witness_every = \"500ms\"\n[[witnesses]]\nurl = \"{url}\"\nvkey = \"{vkey}\"\norganisation = \"Outside Witnesses\"\n"
        );
        std::fs::write(&file, text).unwrap();
        Launch::on(data).with("PLEDGEBOOK_CONFIG", file)
    }
}

fn audit(program: &Program) -> AuditServiceClient<Channel> {
    AuditServiceClient::new(endpoint(program.address).connect_lazy())
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

async fn posted(program: &Program, code: &str) -> Result<(), Status> {
    posted_as(program, code, ReceiptKind::Plain).await
}

async fn posted_as(program: &Program, code: &str, receipt: ReceiptKind) -> Result<(), Status> {
    let channel = endpoint(program.address).connect().await.unwrap();
    let mut recorder = RecorderServiceClient::with_interceptor(channel, Who::Source("governance"));
    let mut request = append(vec![post(code)]);
    request.receipt = receipt.into();
    recorder.append(request).await.map(drop)
}

async fn records(program: &Program) -> Vec<RecordedEvent> {
    let mut reader = ReaderServiceClient::new(endpoint(program.address).connect_lazy());
    let request = ReadRequest { ledger: LEDGER.into(), ..Default::default() };
    let mut stream = reader.read(request).await.unwrap().into_inner();
    let mut records = Vec::new();
    while let Some(answer) = stream.message().await.unwrap() {
        records.push(answer.event.unwrap());
    }
    records
}

/// The sizes that are recorded as cosigned.
async fn cosigned(program: &Program) -> Vec<u64> {
    let cosigned = |record: RecordedEvent| match record.event.unwrap().payload.unwrap() {
        Payload::CosignatureRecorded(said) => {
            assert_eq!((said.witness.as_str(), said.organisation.as_str()), (NAME, "Outside Witnesses"));
            Some(said.size)
        }
        _ => None,
    };
    records(program).await.into_iter().filter_map(cosigned).collect()
}

/// Waits until that many checkpoints are recorded as cosigned.
async fn until_cosigned(program: &Program, count: usize) -> Vec<u64> {
    let began = Instant::now();
    loop {
        let sizes = cosigned(program).await;
        if sizes.len() >= count {
            return sizes;
        }
        assert!(began.elapsed() < PATIENCE, "{sizes:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn checkpoint(program: &Program, size: u64) -> Result<SignedCheckpoint, Status> {
    let request = GetCheckpointRequest { ledger: LEDGER.into(), size };
    let answer = audit(program).get_checkpoint(request).await?.into_inner();
    Ok(SignedCheckpoint::parse(answer.checkpoint.as_bytes()).unwrap())
}

/// Waits until the newest checkpoint has the signatures of both, and is published so.
async fn until_served(
    program: &Program,
    data: &Path,
    log: &Verifier,
    witness: &Verifier,
) -> SignedCheckpoint {
    let began = Instant::now();
    loop {
        let newest = checkpoint(program, 0).await.unwrap();
        assert!(log.verify(&newest.note).unwrap().is_some());
        let file = std::fs::read_to_string(data.join("acme/public/checkpoint")).unwrap_or_default();
        if witness.verify(&newest.note).unwrap().is_some() && file == newest.note.to_text() {
            return newest;
        }
        assert!(began.elapsed() < PATIENCE, "{}", newest.note);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_witness_when_a_ledger_grows_then_its_signature_is_served_and_recorded_and_nothing_goes_round()
 {
    let (house, log) = House::new().await;
    let beside = witness(&house.state(), "127.0.0.1:0", std::slice::from_ref(&log)).start().unwrap();
    let (url, key) = (format!("http://{}/", beside.address), vkey(&beside));
    let program = house.served(&house.data(), &url, &key).start().unwrap();
    let (log, key) = (Verifier::parse(&log).unwrap(), Verifier::parse(&key).unwrap());
    assert_eq!(until_cosigned(&program, 1).await, [1]);
    until_served(&program, &house.data(), &log, &key).await;
    posted(&program, "one").await.unwrap();
    let sizes = until_cosigned(&program, 2).await;
    let newest = until_served(&program, &house.data(), &log, &key).await;
    // Several rounds could have been by then, were a cosignature something new.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(cosigned(&program).await, sizes, "cosignatures keep themselves going");
    assert_eq!(checkpoint(&program, 0).await.unwrap(), newest);

    // What is not the newest any more is still there, with the signature.
    let size = sizes[1];
    let earlier = checkpoint(&program, size).await.unwrap();
    assert!(earlier.checkpoint.size == size && key.verify(&earlier.note).unwrap().is_some());
    let line = earlier.note.signatures.iter().find(|line| key.is_named_by(line)).unwrap().to_string();
    let add = |line: &str, size| {
        let request = AddCosignatureRequest { ledger: LEDGER.into(), cosignature: line.into(), size };
        let mut audit = audit(&program);
        async move { audit.add_cosignature(request).await.map(tonic::Response::into_inner) }
    };
    let again = add(&line, size).await.unwrap();
    let record = records(&program)
        .await
        .into_iter()
        .filter(|it| it.sequence >= size)
        .find(|it| matches!(it.event.as_ref().unwrap().payload, Some(Payload::CosignatureRecorded(_))));
    assert!(again.repeated);
    assert_eq!(again.receipt.unwrap().sequence, record.unwrap().sequence);
    let other_name = line.replace(NAME, "witness.example/w2");
    for (line, size) in [("no line", size), (&other_name, size), (&line, 1)] {
        assert_eq!(field(&add(line, size).await.unwrap_err()), "cosignature", "{line}");
    }
    assert_eq!(reason(&add(&line, 1_000).await.unwrap_err()).1, "NO_SUCH_CHECKPOINT");

    // After a restart nothing is new: it is cosigned again, and nothing recorded.
    assert!(program.terminate().success());
    let program = house.served(&house.data(), &url, &key.to_string()).start().unwrap();
    let size = until_served(&program, &house.data(), &log, &key).await.checkpoint.size;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(cosigned(&program).await, sizes);
    assert_eq!(records(&program).await.len() as u64, size);
    assert!(program.terminate().success());
    assert!(beside.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_witness_that_is_down_when_a_ledger_is_served_then_appends_go_on_and_it_is_asked_again() {
    let (house, log) = House::new().await;
    // Its key is made, and its port is free again.
    let first = witness(&house.state(), "127.0.0.1:0", std::slice::from_ref(&log)).start().unwrap();
    let (address, key) = (first.address, vkey(&first));
    assert!(first.terminate().success());
    // Somebody takes connections there, and never answers.
    let deaf = TcpListener::bind(address).unwrap();
    let program = house.served(&house.data(), &format!("http://{address}"), &key).start().unwrap();
    for number in 0..20 {
        posted_as(&program, &format!("p{number}"), ReceiptKind::Proof).await.unwrap();
    }
    assert!(cosigned(&program).await.is_empty());
    drop(deaf);
    posted(&program, "nobody-there").await.unwrap();
    let beside = witness(&house.state(), &address.to_string(), &[log]).start().unwrap();
    let sizes = until_cosigned(&program, 1).await;
    assert!(sizes[0] >= 22, "{sizes:?}");
    assert!(program.terminate().success());
    assert!(beside.terminate().success());
}

fn refused(launch: Launch) -> String {
    let NotServing { status, said } = launch.start().err().expect("it serves");
    assert_eq!(status.code(), Some(2), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_old_copy_in_the_place_of_a_ledger_when_it_starts_then_what_is_held_outside_refuses_it() {
    let (house, log) = House::new().await;
    let old = house.home.path().join("old");
    copy(&house.data(), &old);
    let beside = witness(&house.state(), "127.0.0.1:0", &[log]).start().unwrap();
    let (url, key) = (format!("http://{}", beside.address), vkey(&beside));
    let program = house.served(&house.data(), &url, &key).start().unwrap();
    until_cosigned(&program, 1).await;
    posted(&program, "one").await.unwrap();
    let held = until_cosigned(&program, 2).await[1];
    let known = house.home.path().join("known");
    std::fs::write(&known, checkpoint(&program, held).await.unwrap().note.to_text()).unwrap();
    assert!(program.terminate().success());
    let with = |data: &Path, file: &Path| Launch::on(data).with("PLEDGEBOOK_KNOWN_CHECKPOINTS", file);

    // What is whole is served.
    assert!(with(&house.data(), &known).start().unwrap().terminate().success());
    assert!(house.served(&house.data(), &url, &key).start().unwrap().terminate().success());
    let now = house.home.path().join("now");
    copy(&house.data(), &now);
    copy(&old, &house.data());
    let said = refused(house.served(&house.data(), &url, &key));
    assert!(said.contains(NAME) && said.contains("there are 1:") && said.contains("Restore"), "{said}");
    let said = refused(with(&house.data(), &known));
    let sizes = format!("checkpoint of {held} records of this ledger, and here there are 1:");
    assert!(
        said.contains(known.to_str().unwrap()) && said.contains(&sizes) && said.contains("Restore"),
        "{said}"
    );

    // An old copy that went on: long enough to hide it.
    let program = Launch::on(&house.data()).start().unwrap();
    for number in 0..10 {
        posted(&program, &format!("other-{number}")).await.unwrap();
    }
    assert!(program.terminate().success());
    for said in [refused(house.served(&house.data(), &url, &key)), refused(with(&house.data(), &known))] {
        assert!(said.contains("another history") && said.contains("11 records"), "{said}");
    }

    // What is no checkpoint, or not of these ledgers, is named.
    let text = std::fs::read_to_string(&known).unwrap();
    let stranger = Source::new("ledger.example/acme", 9, "x");
    let foreign = Source::new("ledger.example/other", 9, "x");
    for (text, why) in [
        ("nothing".to_owned(), "not a signed checkpoint"),
        (text.replace("ledger.example/acme\n", "ledger.example/else\n"), "no ledger here has the origin"),
        (foreign.checkpoint(1).note.to_text(), "no ledger here has the origin"),
        (stranger.checkpoint(1).note.to_text(), "keys given for the log has signed"),
    ] {
        let file = house.home.path().join("wrong");
        std::fs::write(&file, text).unwrap();
        let said = refused(with(&now, &file));
        assert!(said.contains(file.to_str().unwrap()) && said.contains(why), "{said}");
    }
    assert!(refused(with(&now, Path::new("/nowhere/known"))).contains("/nowhere/known"));
    assert!(house.served(&now, &url, &key).start().unwrap().terminate().success(), "the whole one is served");
    assert!(beside.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_two_servers_with_one_ledger_when_they_part_then_the_second_history_is_never_cosigned_and_signs_no_more()
 {
    let (house, log) = House::new().await;
    let second = house.home.path().join("second");
    copy(&house.data(), &second);
    let beside = witness(&house.state(), "127.0.0.1:0", &[log]).start().unwrap();
    let (url, key) = (format!("http://{}", beside.address), vkey(&beside));
    // Both are at the beginning when they start.
    let one = house.served(&house.data(), &url, &key).start().unwrap();
    let other = house.served(&second, &url, &key).start().unwrap();
    until_cosigned(&one, 1).await;
    until_cosigned(&other, 1).await;
    posted(&one, "one").await.unwrap();
    let sizes = until_cosigned(&one, 2).await;
    for number in 0..10 {
        posted(&other, &format!("other-{number}")).await.unwrap();
    }
    let began = Instant::now();
    for number in 0.. {
        assert!(began.elapsed() < PATIENCE, "it signs on");
        match posted_as(&other, &format!("proved-{number}"), ReceiptKind::Proof).await {
            Ok(()) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(status) => {
                assert_eq!(reason(&status).1, "NOTHING_SIGNED");
                break;
            }
        }
    }
    assert_eq!(cosigned(&other).await.len(), 1);
    assert_eq!(cosigned(&one).await, sizes);
    assert!(other.terminate().success());
    let said = refused(house.served(&second, &url, &key));
    assert!(said.contains("another history") && said.contains(NAME), "{said}");
    for program in [one, beside] {
        assert!(program.terminate().success());
    }
}

/// A log of our own making.
struct Source {
    origin: &'static str,
    signer: Signer,
    history: &'static str,
}

impl Source {
    fn new(origin: &'static str, seed: u8, history: &'static str) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        Self { origin, signer: Signer::new(origin, key).unwrap(), history }
    }

    fn node(&self, first: u64, height: u32) -> Digest {
        if height == 0 {
            return leaf_hash(format!("{}-{first}", self.history).as_bytes());
        }
        let half = 1 << (height - 1);
        Digest::node(&self.node(first, height - 1), &self.node(first + half, height - 1))
    }

    fn hashes(&self, spans: &[Span]) -> Vec<Digest> {
        proof::fetch(spans, |first, height| Ok::<_, Infallible>(self.node(first, height))).unwrap()
    }

    fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let root = self.hashes(&[Span { from: 0, to: size }])[0];
        let checkpoint = Checkpoint { origin: self.origin.into(), size, root };
        let text = checkpoint.text();
        let signatures = vec![self.signer.sign(&text)];
        SignedCheckpoint { checkpoint, note: Note { text, signatures } }
    }

    /// Asks a witness; its status, if it lives so long.
    fn ask(&self, address: SocketAddr, old: u64, new: u64) -> Option<u16> {
        let spans = if old == 0 { Vec::new() } else { proof::consistency(old, new).unwrap() };
        let body =
            AddCheckpoint { old, proof: self.hashes(&spans), checkpoint: self.checkpoint(new) }.to_text();
        let mut stream = TcpStream::connect(address).ok()?;
        let length = body.len();
        let head = "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length:";
        stream.write_all(format!("{head} {length}\r\n\r\n{body}").as_bytes()).ok()?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).ok()?;
        reply.split(' ').nth(1)?.parse().ok()
    }
}

#[test]
fn given_a_witness_when_it_is_killed_at_each_call_then_it_holds_what_it_cosigned_and_no_other_history() {
    let Some(library) = Library::compile() else { return };
    let (log, other) =
        (Source::new("ledger.example/acme", 1, "a"), Source::new("ledger.example/acme", 1, "b"));
    let keys = [log.signer.verifier().to_string()];
    let mut points = 0;
    for nth in 1.. {
        let home = memory();
        let (state, calls) = (home.path().join("state"), home.path().join("calls"));
        let fault = library.fault(Some(Act::Kill)).at(nth, nth).calls(&CHANGES);
        let mut cosigned = 0;
        let mut key = None;
        if let Ok(program) = fault.into(witness(&state, "127.0.0.1:0", &keys), home.path(), &calls).start() {
            key = Some(vkey(&program));
            for (old, new) in [(0, 4), (4, 9), (9, 300)] {
                if log.ask(program.address, old, new) == Some(200) {
                    cosigned = new;
                }
            }
            program.terminate();
        }
        if !seen(&calls).iter().any(|call| call.struck) {
            assert_eq!(cosigned, 300);
            break;
        }
        points += 1;
        let again =
            witness(&state, "127.0.0.1:0", &keys).start().unwrap_or_else(|not| panic!("{nth}: {not:?}"));
        assert!(key.is_none_or(|key| key == vkey(&again)), "{nth}: it has another key");
        let held = again.greeting["logs"][0]["cosigned_size"].as_u64().unwrap_or(0);
        assert!(held >= cosigned, "{nth}: it cosigned {cosigned} and holds {held}");
        let split = other.ask(again.address, held, 300);
        assert_eq!(split == Some(200), held == 0, "{nth}: {split:?} at {held}");
        if held > 0 {
            assert_eq!(log.ask(again.address, held, 300), Some(200), "{nth}: it does not go on");
        }
        assert!(again.terminate().success());
    }
    println!("kill points: {points}");
    assert!(points > 15, "{points}: the script has become too short");
}

#[test]
fn given_an_address_that_others_can_reach_when_a_witness_is_to_listen_there_then_it_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let log = Source::new("ledger.example/acme", 1, "a").signer.verifier().to_string();
    let said = refused(witness(&home.path().join("state"), "0.0.0.0:0", std::slice::from_ref(&log)));
    assert!(said.contains("--behind-proxy") && said.contains("TLS"), "{said}");
    let mut arguments = vec!["witness", "--json", "--behind-proxy", "--name", NAME, "--listen", "0.0.0.0:0"];
    let state = home.path().join("state");
    arguments.extend(["--log", &log, "--state", state.to_str().unwrap()]);
    let program = Launch::of(arguments).start().unwrap();
    let said = refused(witness(&state, "127.0.0.1:0", &[log]));
    assert!(said.contains(&format!("process {}", program.id())), "{said}");
    assert!(program.terminate().success());
}
