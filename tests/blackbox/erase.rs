//! Erasing: what the ledger says is erased is read nowhere and stands in no file.

use pledgebook::grpc::wire::{
    Access, ContentErased, ErasureGround, ErasureReference, ErasureRequested, Event, GetEventRequest,
    GetSubjectRequest, GrantChanged, RecordedEvent, SetGrantsRequest, SourceGrant, SubscribeRequest,
    WordsStatus, event::Payload, get_event_request::Key, subscribe_response::Item,
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::seed::{action, cancelled, date, event, pledge};
use crate::server::{LEDGER, Server};

pub const WORDS: &str = "Because of what Morgan said in June.";
pub const OTHERS: &str = "The office closed.";

pub fn requested(sequence: u64) -> Event {
    let reference = ErasureReference { sequence, field: "reason".into() };
    let payload = ErasureRequested { references: vec![reference], ground: ErasureGround::Identifying.into() };
    event("erasure/e1", date(2025, 2, 2), Payload::ErasureRequested(payload))
}

pub fn erased() -> Event {
    let payload = ContentErased { backups_expire_on: Some(date(2025, 3, 1)), attested_by: "people".into() };
    event("erasure/e1", date(2025, 2, 3), Payload::ContentErased(payload))
}

/// Every file below a directory.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The files in which the bytes of a text stand.
pub fn holding(data: &Path, text: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    files(data).into_iter().filter(holds).collect()
}

/// What `pledgebook verify` says, and whether it found nothing wrong.
fn verified(data: &Path) -> (serde_json::Value, bool) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_pledgebook")).args(["verify", "--json"]).arg(data).output().unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.success())
}

fn assert_intact(data: &Path, held: u64, erased: u64) {
    let (said, fine) = verified(data);
    assert!(fine && said["verdicts"]["integrity"] == "holds", "{said}");
    let words = &said["words"];
    assert_eq!((words["held"].as_u64(), words["erased"].as_u64()), (Some(held), Some(erased)), "{said}");
}

/// A record, in every way in which it can be read.
async fn read(server: &Server, sequence: u64, subject: &str) -> Vec<RecordedEvent> {
    let mut found = Vec::new();
    let request = GetEventRequest { ledger: LEDGER.into(), key: Some(Key::Sequence(sequence)) };
    found.extend(server.reader().get_event(request).await.unwrap().into_inner().event);
    found.extend(server.everything().await.into_iter().filter(|event| event.sequence == sequence));
    let request = GetSubjectRequest { ledger: LEDGER.into(), subject: subject.into(), ..Default::default() };
    let history = server.reader().get_subject(request).await.unwrap().into_inner().history;
    found.extend(history.into_iter().filter(|event| event.sequence == sequence));
    let after = Some(sequence - 1);
    let request = SubscribeRequest { ledger: LEDGER.into(), after, filter: None };
    let mut stream = server.reader().subscribe(request).await.unwrap().into_inner();
    if let Some(Item::Event(event)) = stream.message().await.unwrap().unwrap().item {
        found.push(event);
    }
    assert_eq!(found.len(), 4);
    found
}

/// Whether the reason of a cancellation is shown, and what is said of it.
fn reason(event: &RecordedEvent) -> (String, WordsStatus) {
    assert_eq!((event.words.len(), event.words[0].commitment.len()), (1, 32));
    match event.event.clone().unwrap().payload.unwrap() {
        Payload::ActionCancelled(cancelled) => (cancelled.reason, event.words[0].status()),
        other => panic!("not a cancellation: {other:?}"),
    }
}

async fn assert_erased(server: &Server) {
    for event in read(server, 9, "action/a").await {
        assert_eq!(reason(&event), (String::new(), WordsStatus::Erased));
    }
    for event in read(server, 11, "action/b").await {
        assert_eq!(reason(&event), (OTHERS.to_owned(), WordsStatus::Held));
    }
    assert_eq!(holding(server.path(), WORDS), [] as [PathBuf; 0]);
    assert_eq!(holding(server.path(), OTHERS).len(), 1);
}

/// A ledger of that access, with two actions that were cancelled with words, as records 9 and 11.
pub async fn told(access: Access) -> Server {
    let server = Server::empty().await;
    server.create("acme", access).await.unwrap();
    let mut events = pledge();
    if access == Access::Granted {
        let grant =
            GrantChanged { types: vec!["*".into()], subjects: vec!["*".into()], posts: vec!["*".into()] };
        let grants = vec![SourceGrant { source: "governance".into(), grant: Some(grant) }];
        let request = SetGrantsRequest { ledger: LEDGER.into(), grants };
        server.admin().set_grants(request).await.unwrap();
        // The grant takes the place of a list that nothing here draws from.
        events.retain(|event| event.subject != "code-list/theme");
    }
    server.append("governance", events).await.unwrap();
    for (id, words) in [("a", WORDS), ("b", OTHERS)] {
        let events = vec![action(id, date(2025, 6, 1)), cancelled(id, words)];
        server.append("governance", events).await.unwrap();
    }
    assert_eq!(server.size(LEDGER).await, 12);
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn given_words_when_they_are_erased_then_no_reader_and_no_file_has_them_across_restarts_too() {
    for access in [Access::Open, Access::Granted] {
        let server = told(access).await;
        for event in read(&server, 9, "action/a").await {
            assert_eq!(reason(&event), (WORDS.to_owned(), WordsStatus::Held));
        }
        assert_eq!(holding(server.path(), WORDS).len(), 1);
        assert_intact(server.path(), 2, 0);
        let before = server.everything().await;

        let (request, erasure) = (requested(9), erased());
        server.append("governance", vec![request.clone()]).await.unwrap();
        server.append("governance", vec![erasure.clone()]).await.unwrap();
        assert_erased(&server).await;
        assert_intact(server.path(), 1, 1);
        let server = server.restart().await;
        assert_erased(&server).await;
        assert_intact(server.path(), 1, 1);
        let after = server.everything().await;
        assert!(before.iter().zip(&after).all(|(before, after)| before.hash == after.hash));

        // Sent again, each is what was recorded.
        let again = server.append("governance", vec![request, erasure]).await.unwrap();
        assert!(again.iter().all(|result| result.repeated));
        let (data, _) = server.stop().await;
        assert_intact(data.path(), 1, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_words_files_that_somebody_changed_when_the_ledger_is_verified_then_it_says_so() {
    let server = told(Access::Open).await;
    let (data, config) = server.stop().await;
    let path = data.path().join("acme/log/words/00000000.words");
    let whole = std::fs::read(&path).unwrap();
    let at = |text: &str| whole.windows(text.len()).position(|it| it == text.as_bytes()).unwrap();
    // Nonce, text and checksum of the first, as an erasure leaves them; and no event says why.
    let mut zeroed = whole.clone();
    zeroed[at(WORDS) - 32..at(WORDS) + WORDS.len() + 4].fill(0);
    std::fs::write(&path, &zeroed).unwrap();
    let (said, fine) = verified(data.path());
    assert!(!fine && said["verdicts"]["integrity"] == "holds" && said["verdicts"]["erasure"] == "broken");
    assert_eq!(said["words"]["erased_unexplained"], 1, "{said}");
    assert_eq!(said["findings"][0]["sequence"], 9, "{said}");
    // Other words, with a checksum that fits.
    let mut other = whole.clone();
    let (start, end) = (at(WORDS) - 32, at(WORDS) + WORDS.len());
    other[end - 1] = b'!';
    let checksum = crc32(&other[start..end]);
    other[end..end + 4].copy_from_slice(&checksum.to_be_bytes());
    std::fs::write(&path, &other).unwrap();
    let (said, fine) = verified(data.path());
    assert!(!fine && said["verdicts"]["integrity"] == "holds", "{said}");
    assert_eq!((said["words"]["altered"].as_u64(), said["words"]["held"].as_u64()), (Some(1), Some(1)));
    std::fs::write(&path, &whole).unwrap();
    assert_intact(data.path(), 2, 0);

    // The file as it was before an erasure: it is told, and a start erases them again.
    let server =
        Server::on(data, |it| *it = pledgebook::config::Config { listen: it.listen, ..config }).await;
    server.append("governance", vec![requested(9), erased()]).await.unwrap();
    let (data, config) = server.stop().await;
    std::fs::write(&path, &whole).unwrap();
    let (said, fine) = verified(data.path());
    assert!(!fine && said["words"]["held_though_erased"] == 1, "{said}");
    assert!(said["findings"][0]["found"].as_str().unwrap().contains("record 13"), "{said}");
    let server =
        Server::on(data, |it| *it = pledgebook::config::Config { listen: it.listen, ..config }).await;
    assert_erased(&server).await;
    let (data, _) = server.stop().await;
    assert_intact(data.path(), 1, 1);
}

/// CRC-32 of IEEE 802.3, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}
