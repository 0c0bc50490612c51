//! Receipts that prove themselves, and the keys behind them: over real gRPC, checked with the ledger's key alone.

use futures_util::future::join_all;
use pledgebook::grpc::wire::{
    Access, AppendRequest, AppendResult, AppendStreamRequest, Event, GetCheckpointRequest, GetProofRequest,
    GetReceiptRequest, ListKeysRequest, ListLedgersRequest, Receipt, ReceiptKind, RotateKeyRequest,
    RotateKeyResponse, append_stream_response::Outcome, audit_service_client::AuditServiceClient,
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};
use storage::{
    leaf_hash,
    note::{Checkpoint, Note, ProofFile, Verifier},
};
use tonic::{Code, transport::Channel};

use crate::binary::{Launch, Program};
use crate::machine::fault::{Act, EIO, ENOSPC, Library};
use crate::seed::{append, post, posts};
use crate::server::{LEDGER, Server, endpoint, reason};

const ORIGIN: &str = "ledger.example/acme";

fn proving(events: Vec<Event>) -> AppendRequest {
    AppendRequest { receipt: ReceiptKind::Proof.into(), ..append(events) }
}

fn audit(server: &Server) -> AuditServiceClient<Channel> {
    AuditServiceClient::new(server.channel())
}

/// The ledger's keys, first to last.
async fn keys(server: &Server) -> Vec<Verifier> {
    let request = ListKeysRequest { ledger: LEDGER.into() };
    let keys = audit(server).list_keys(request).await.unwrap().into_inner().keys;
    keys.iter().map(|key| Verifier::parse(&key.vkey).unwrap()).collect()
}

async fn rotate(server: &Server) -> RotateKeyResponse {
    let request = RotateKeyRequest { ledger: LEDGER.into() };
    server.admin().rotate_key(request).await.unwrap().into_inner()
}

async fn receipt(server: &Server, event: &Event, kind: ReceiptKind) -> (Receipt, String) {
    let request = GetReceiptRequest {
        ledger: LEDGER.into(),
        event_id: event.event_id.clone(),
        receipt: kind.into(),
        ..Default::default()
    };
    let answer = server.recorder("governance").get_receipt(request).await.unwrap().into_inner();
    (answer.receipt.unwrap(), answer.tlog_proof)
}

/// Records an event, and gives its proof.
async fn prove(server: &Server, event: &Event) -> AppendResult {
    let request = proving(vec![event.clone()]);
    let mut results = server.recorder("governance").append(request).await.unwrap().into_inner().results;
    assert_eq!(results.len(), 1);
    results.remove(0)
}

/// The proof holds by one of these keys, is of the receipt's record, and of nothing else.
fn holds(proof: &str, receipt: &Receipt, keys: &[Verifier]) -> Checkpoint {
    let file = ProofFile::parse(proof.as_bytes()).unwrap();
    assert_eq!(file.to_text(), proof);
    let leaf = leaf_hash(file.extra.as_ref().expect("the record is not in it"));
    assert_eq!((leaf.0.to_vec(), file.index), (receipt.hash.clone(), receipt.sequence));
    let checkpoint = file.check(&leaf, ORIGIN, keys).unwrap();
    assert!(checkpoint.size > receipt.sequence);
    assert!(file.check(&leaf_hash(b"another record"), ORIGIN, keys).is_err());
    assert!(file.check(&leaf, "ledger.example/other", keys).is_err());
    checkpoint
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_proof_when_anything_happens_to_the_ledger_then_it_is_the_same_proof_for_ever() {
    let mut server = Server::start().await;
    let (event, plain) = (post("a"), post("plain"));
    let first = prove(&server, &event).await;
    let told = first.receipt.clone().unwrap();
    let by = keys(&server).await;
    holds(&first.tlog_proof, &told, &by);
    server.append("governance", vec![plain.clone()]).await.unwrap();
    let (of_plain, later) = receipt(&server, &plain, ReceiptKind::Proof).await;
    holds(&later, &of_plain, &by);

    for step in ["repeat", "more", "restart", "rotation", "restart", "rebuild"] {
        match step {
            "more" => drop(server.append("governance", posts("more", 300)).await.unwrap()),
            "rotation" => drop(rotate(&server).await),
            "restart" => server = server.restart().await,
            "rebuild" => {
                let (data, config) = server.stop().await;
                fs::remove_dir_all(data.path().join("acme/public")).unwrap();
                server = Server::on(data, |set| *set = config).await;
            }
            _ => {}
        }
        let again = prove(&server, &event).await;
        assert!(again.repeated, "{step}");
        assert_eq!((again.receipt.as_ref(), &again.tlog_proof), (Some(&told), &first.tlog_proof), "{step}");
        assert_eq!(
            receipt(&server, &event, ReceiptKind::Proof).await,
            (told.clone(), again.tlog_proof),
            "{step}"
        );
        assert_eq!(receipt(&server, &event, ReceiptKind::Plain).await, (told.clone(), String::new()));
        assert_eq!(receipt(&server, &plain, ReceiptKind::Proof).await.1, later, "{step}");
        let request = GetProofRequest { ledger: LEDGER.into(), sequence: told.sequence };
        assert_eq!(
            audit(&server).get_proof(request).await.unwrap().into_inner().tlog_proof,
            first.tlog_proof
        );
    }
    // With the key of then; the one of now has not signed it.
    let now = keys(&server).await;
    assert_eq!((now.len(), now[0].to_string()), (2, by[0].to_string()));
    holds(&first.tlog_proof, &told, &now[..1]);
    let file = ProofFile::parse(first.tlog_proof.as_bytes()).unwrap();
    assert!(file.check(&leaf_hash(file.extra.as_ref().unwrap()), ORIGIN, &now[1..]).is_err());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_event_posted_plain_when_its_proof_is_asked_for_later_then_it_gets_one_and_keeps_it() {
    let server = Server::start().await;
    let event = post("a");
    let plain = server.append("governance", vec![event.clone()]).await.unwrap().remove(0);
    assert_eq!(plain.tlog_proof, "");
    let (told, none) = receipt(&server, &event, ReceiptKind::Unspecified).await;
    assert_eq!((Some(&told), none.as_str()), (plain.receipt.as_ref(), ""));
    server.append("governance", posts("p", 20)).await.unwrap();
    let (_, proof) = receipt(&server, &event, ReceiptKind::Proof).await;
    // Nobody had asked before: it rests on what was there when somebody did.
    assert_eq!(holds(&proof, &told, &keys(&server).await).size, 22);
    prove(&server, &post("b")).await;
    let server = server.restart().await;
    assert_eq!(receipt(&server, &event, ReceiptKind::Proof).await, (told, proof));
    let unknown = GetReceiptRequest {
        ledger: LEDGER.into(),
        event_id: event.event_id,
        receipt: 9,
        ..Default::default()
    };
    let refused = server.recorder("governance").get_receipt(unknown).await.unwrap_err();
    assert_eq!(crate::server::field(&refused), "receipt");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_batch_and_a_stream_when_proofs_are_wanted_then_each_event_has_its_own() {
    let server = Server::start().await;
    let by = keys(&server).await;
    let mut recorder = server.recorder("governance");
    let results = recorder.append(proving(posts("b", 100))).await.unwrap().into_inner().results;
    assert_eq!(results.len(), 100);
    for result in &results {
        holds(&result.tlog_proof, result.receipt.as_ref().unwrap(), &by);
    }
    // Some proving, some plain, one refused: on one stream, in their order.
    let request = |correlation: u64| {
        let event = post(if correlation == 7 { "b-1".to_owned() } else { format!("s-{correlation}") });
        let append = if correlation.is_multiple_of(2) { append(vec![event]) } else { proving(vec![event]) };
        AppendStreamRequest { correlation, append: Some(append) }
    };
    let requests = tokio_stream::iter((0..20).map(request));
    let mut answers = recorder.append_stream(requests).await.unwrap().into_inner();
    let mut answered = 0;
    while let Some(answer) = answers.message().await.unwrap() {
        assert_eq!(answer.correlation, answered);
        match answer.outcome.unwrap() {
            Outcome::Refused(refused) => {
                assert_eq!((answered, refused.code), (7, Code::FailedPrecondition as i32))
            }
            Outcome::Appended(appended) => {
                let result = &appended.results[0];
                if answered.is_multiple_of(2) {
                    assert_eq!(result.tlog_proof, "");
                } else {
                    holds(&result.tlog_proof, result.receipt.as_ref().unwrap(), &by);
                }
            }
        }
        answered += 1;
    }
    assert_eq!(answered, 20);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_64_callers_at_once_when_each_wants_a_proof_then_each_gets_the_one_that_it_gets_again() {
    let server = Server::start().await;
    let by = keys(&server).await;
    let call = |caller: usize| {
        let (mut recorder, by) = (server.recorder("governance"), by.clone());
        async move {
            let mut had = Vec::new();
            for number in 0..4 {
                let events = vec![post(format!("c{caller}-{number}"))];
                let result =
                    recorder.append(proving(events.clone())).await.unwrap().into_inner().results.remove(0);
                holds(&result.tlog_proof, result.receipt.as_ref().unwrap(), &by);
                had.push((events, result.tlog_proof));
            }
            had
        }
    };
    let had: Vec<_> = join_all((0..64).map(call)).await.into_iter().flatten().collect();
    assert_eq!(server.size(LEDGER).await, 1 + 256);
    for (events, proof) in had.into_iter().step_by(16) {
        assert_eq!(prove(&server, &events[0]).await.tlog_proof, proof);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_events_that_are_only_judged_when_proofs_are_wanted_then_there_are_none_and_nothing_is_kept() {
    let server = Server::start().await;
    let request = AppendRequest { validate_only: true, ..proving(posts("v", 3)) };
    let answer = server.recorder("governance").append(request).await.unwrap().into_inner();
    assert_eq!((answer.results.len(), answer.judgements.len()), (0, 3));
    assert_eq!(server.size(LEDGER).await, 1);
    assert!(!server.path().join("acme/log/checkpoints").exists(), "a checkpoint was kept for nothing");
    // And a checkpoint that nobody's receipt rests on is not there by its size, once a newer one is signed.
    server.append("governance", posts("w", 1)).await.unwrap();
    let newest = GetCheckpointRequest { ledger: LEDGER.into(), size: 0 };
    let until = Instant::now() + Duration::from_secs(60);
    while audit(&server).get_checkpoint(newest.clone()).await.unwrap().into_inner().size < 2 {
        assert!(Instant::now() < until, "nothing newer was signed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let request = GetCheckpointRequest { ledger: LEDGER.into(), size: 1 };
    let refused = audit(&server).get_checkpoint(request).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NO_SUCH_CHECKPOINT");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_keys_that_were_rotated_when_they_are_listed_then_one_leads_to_the_next_from_the_first_on() {
    let mut server = Server::start().await;
    let pinned = keys(&server).await.remove(0);
    let mut told = Vec::new();
    for round in 0..3 {
        prove(&server, &post(format!("before-{round}"))).await;
        told.push(rotate(&server).await);
        prove(&server, &post(format!("after-{round}"))).await;
        if round == 1 {
            server = server.restart().await;
        }
    }
    let request = ListKeysRequest { ledger: LEDGER.into() };
    let listed = audit(&server).list_keys(request).await.unwrap().into_inner().keys;
    assert_eq!(listed.len(), 4);
    assert_eq!((listed[0].vkey.clone(), listed[0].from_sequence), (pinned.to_string(), 0));
    assert_eq!(listed[0].handover, "");
    let mut trusted = pinned;
    for (key, told) in listed[1..].iter().zip(&told) {
        let rotated = told.receipt.as_ref().unwrap();
        assert_eq!((&key.vkey, &key.handover), (&told.vkey, &told.handover));
        assert_eq!((key.from_sequence, rotated.source.as_str()), (rotated.sequence, "operator"));
        let note = Note::parse(key.handover.as_bytes()).unwrap();
        let checkpoint = Checkpoint::parse(&note.text).unwrap();
        assert_eq!((checkpoint.size, checkpoint.origin.as_str()), (rotated.sequence + 1, ORIGIN));
        let next = Verifier::parse(&key.vkey).unwrap();
        assert_eq!(note.signatures.len(), 2);
        for by in [&trusted, &next] {
            assert!(by.verify(&note).unwrap().is_some(), "{by} has not signed the handover");
        }
        // It is kept, and the record of the rotation is proven by it: so by the old key and by the new one.
        let kept = GetCheckpointRequest { ledger: LEDGER.into(), size: checkpoint.size };
        let kept = audit(&server).get_checkpoint(kept).await.unwrap().into_inner();
        assert_eq!(kept.checkpoint, key.handover);
        let proof = GetProofRequest { ledger: LEDGER.into(), sequence: rotated.sequence };
        let proof = audit(&server).get_proof(proof).await.unwrap().into_inner().tlog_proof;
        holds(&proof, rotated, std::slice::from_ref(&trusted));
        assert_eq!(holds(&proof, rotated, std::slice::from_ref(&next)).size, checkpoint.size);
        trusted = next;
    }
    let ledgers = server.admin().list_ledgers(ListLedgersRequest {}).await.unwrap().into_inner().ledgers;
    assert_eq!(ledgers[0].vkey, trusted.to_string());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_record_that_is_not_there_when_its_proof_is_asked_for_then_it_is_refused_by_name() {
    let server = Server::empty().await;
    server.create("acme", Access::Open).await.unwrap();
    let ask = |ledger: &str, sequence| GetProofRequest { ledger: ledger.into(), sequence };
    let refused = audit(&server).get_proof(ask(LEDGER, 1)).await.unwrap_err();
    assert_eq!((reason(&refused).0, reason(&refused).1.as_str()), (Code::OutOfRange, "BEYOND_HEAD"));
    let refused = audit(&server).get_proof(ask(LEDGER, u64::MAX)).await.unwrap_err();
    assert_eq!(reason(&refused).1, "BEYOND_HEAD");
    let refused = audit(&server).get_proof(ask("ledgers/none", 0)).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NO_SUCH_LEDGER");
    assert!(audit(&server).get_proof(ask(LEDGER, 0)).await.is_ok());
    server.stop().await;
}

/// A server that gets this error whenever it writes to the kept checkpoints, while `armed` is there.
fn failing(library: &Library, error: i32, home: &Path, armed: &Path) -> Program {
    let calls = ["create", "open", "write", "pwrite", "ftruncate", "fdatasync", "fsync"];
    let fault = library.fault(Some(Act::Error(error))).at(1, usize::MAX >> 1);
    let fault = fault.calls(&calls).named("log/checkpoints").armed(armed);
    fault.into(Launch::on(&home.join("data")), home, &home.join("calls")).start().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_disk_that_cannot_keep_a_checkpoint_when_a_proof_is_wanted_then_the_error_says_it_is_recorded()
 {
    let Some(library) = Library::compile() else { return };
    for (error, why) in [(ENOSPC, "DISK_FULL"), (EIO, "NOTHING_SIGNED")] {
        let home = tempfile::tempdir().unwrap();
        let armed = home.path().join("armed");
        let program = failing(&library, error, home.path(), &armed);
        program.create().await;
        fs::write(&armed, "").unwrap();
        let channel = endpoint(program.address).connect_lazy();
        let mut recorder =
            pledgebook::grpc::wire::recorder_service_client::RecorderServiceClient::with_interceptor(
                channel,
                crate::server::Who::Source("governance"),
            );
        let event = post("a");
        let refused = recorder.append(proving(vec![event.clone()])).await.unwrap_err();
        assert_eq!(reason(&refused).1, why, "{refused:?}");
        assert!(refused.message().contains("is recorded"), "{}", refused.message());
        assert!(!refused.message().contains("log/checkpoints"), "{}", refused.message());
        // It is, and plain receipts go on.
        let plain =
            recorder.append(append(vec![event.clone()])).await.unwrap().into_inner().results.remove(0);
        assert!(plain.repeated);
        fs::remove_file(&armed).unwrap();
        let again = recorder.append(proving(vec![event.clone()])).await;
        let program = if error == EIO {
            // What the disk has is known after the next start only.
            assert_eq!(reason(&again.unwrap_err()).1, why);
            assert!(program.terminate().success());
            Launch::on(&home.path().join("data")).start().unwrap()
        } else {
            assert!(again.is_ok(), "there is room again: {again:?}");
            program
        };
        let mut recorder =
            pledgebook::grpc::wire::recorder_service_client::RecorderServiceClient::with_interceptor(
                endpoint(program.address).connect_lazy(),
                crate::server::Who::Source("governance"),
            );
        let proven = recorder.append(proving(vec![event])).await.unwrap().into_inner().results.remove(0);
        assert_eq!(proven.receipt, plain.receipt);
        let mut audit = AuditServiceClient::new(endpoint(program.address).connect_lazy());
        let listed = audit.list_keys(ListKeysRequest { ledger: LEDGER.into() }).await.unwrap().into_inner();
        let key = Verifier::parse(&listed.keys[0].vkey).unwrap();
        holds(&proven.tlog_proof, proven.receipt.as_ref().unwrap(), &[key]);
        assert!(program.terminate().success());
    }
}
