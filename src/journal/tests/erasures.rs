//! What the ledger says is erased, is: after the commit, before the answer, and again at every start.

use jiff::civil::date;
use std::sync::{Arc, mpsc};
use storage::backend::{Act, Fault};
use storage::{Backend, FaultBackend, Log, MemoryBackend};
use uuid::Uuid;

use super::{
    Gate, Gated, Given, Limits, Proposal, Verdict, action, cancelled, code, event, given, groundwork, keyer,
    new_log, noon, opened, options, proposal, source, start,
};
use crate::domain::{
    event::{
        ContentErased, Corrected, CorrectionMade, ErasureGround, ErasureReference, ErasureRefused,
        ErasureRequested, RefusalGround,
    },
    id::SourceName,
    value::Words,
};
use crate::journal::{
    Journal, Refused, Standing,
    clock::SimulatedClock,
    commit::Local,
    read::{WordsStatus, WordsView},
};

const WORDS: &str = "Because the building is sold";

fn requested(id: &str, references: &[(u64, Option<&str>)]) -> Proposal {
    let references = references
        .iter()
        .map(|(sequence, field)| ErasureReference { sequence: *sequence, field: field.map(code) })
        .collect();
    let ground = ErasureGround::Identifying;
    proposal(event(&format!("erasure/{id}"), ErasureRequested { references, ground }))
}

fn erased(id: &str) -> Proposal {
    let content = ContentErased { backups_expire_on: date(2025, 6, 1), attested_by: code("head") };
    proposal(event(&format!("erasure/{id}"), content))
}

/// Two actions, each cancelled with words: records 6 and 8.
fn story() -> Vec<Vec<Proposal>> {
    vec![
        groundwork(),
        vec![action("a")],
        vec![cancelled("a", Uuid::new_v4(), 1, WORDS)],
        vec![action("b")],
        vec![cancelled("b", Uuid::new_v4(), 2, "No longer needed")],
    ]
}

fn told() -> Given {
    let it = given();
    for batch in story() {
        it.append(batch).unwrap();
    }
    it
}

fn words(journal: &Journal, sequence: u64) -> WordsView {
    journal.entry(sequence).unwrap().unwrap().words.remove(0)
}

fn status(journal: &Journal, sequence: u64) -> WordsStatus {
    let view = words(journal, sequence);
    assert_eq!(view.text.is_some(), view.status == WordsStatus::Held);
    view.status
}

fn stands(backend: &MemoryBackend, text: &str) -> bool {
    let files = backend.dump();
    files.values().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

fn reopened(backend: &Arc<dyn Backend>) -> std::io::Result<Journal> {
    journal(Log::open(backend.clone(), options(), keyer()).unwrap().0)
}

fn journal(log: Log) -> std::io::Result<Journal> {
    let reader = log.reader();
    let (zone, access) = (jiff::tz::TimeZone::UTC, crate::domain::event::Access::Open);
    let clock = Arc::new(SimulatedClock::at(noon()));
    Journal::start(Box::new(Local::new(log)), reader, zone, access, clock, Limits::default())
}

#[test]
fn given_words_when_their_erasure_is_recorded_then_they_are_gone_and_the_record_stays() {
    let it = told();
    assert!(stands(&it.backend, WORDS));
    let leaf = it.journal.reader().leaf(6).unwrap();
    it.append(vec![requested("e", &[(6, Some("reason"))])]).unwrap();
    assert_eq!(status(&it.journal, 6), WordsStatus::Held, "asked for is not erased");
    it.append(vec![erased("e")]).unwrap();
    assert_eq!((status(&it.journal, 6), status(&it.journal, 8)), (WordsStatus::Erased, WordsStatus::Held));
    let it = it.restarted();
    assert_eq!((status(&it.journal, 6), status(&it.journal, 8)), (WordsStatus::Erased, WordsStatus::Held));
    assert_eq!(it.journal.reader().leaf(6).unwrap(), leaf);
    assert!(!stands(&it.backend, WORDS) && stands(&it.backend, "No longer needed"));
}

#[test]
fn given_a_request_that_is_refused_when_time_goes_on_then_the_words_are_held() {
    let it = told();
    it.append(vec![requested("e", &[(6, None), (8, None)])]).unwrap();
    let refused = ErasureRefused { ground: RefusalGround::LegalDuty };
    it.append(vec![proposal(event("erasure/e", refused))]).unwrap();
    let it = it.restarted();
    assert_eq!((status(&it.journal, 6), status(&it.journal, 8)), (WordsStatus::Held, WordsStatus::Held));
}

#[test]
fn given_words_request_and_erasure_in_one_batch_when_recorded_then_they_are_gone() {
    let it = given();
    it.append(groundwork()).unwrap();
    // Records 5 to 8.
    let batch = vec![
        action("a"),
        cancelled("a", Uuid::new_v4(), 1, WORDS),
        requested("e", &[(6, None)]),
        erased("e"),
    ];
    it.append(batch).unwrap();
    assert_eq!(status(&it.journal, 6), WordsStatus::Erased);
    assert!(!stands(&it.backend, WORDS));
}

#[test]
fn given_a_request_that_somebody_would_correct_when_it_is_granted_then_what_it_named_is_erased() {
    let it = told();
    let first = requested("e", &[(6, None)]);
    it.append(vec![first.clone()]).unwrap();
    let second = requested("e", &[(8, None)]).command.event.payload.clone();
    let text = crate::journal::Text { field: "reason", nonce: [9; 32], text: "The wrong record".into() };
    let made = CorrectionMade {
        target_event_id: first.command.event.id,
        target_source: None,
        corrected: Corrected {
            subject: first.command.event.subject.clone(),
            occurred: first.command.event.occurred,
            actor_post: None,
            payload: Box::new(second),
        },
        approver_post: None,
        reason: Words(text.commitment()),
    };
    let correction = Proposal { texts: vec![text], ..proposal(event("erasure/e", made)) };
    // What was asked for is not said anew: a request is taken back, and made again.
    assert!(matches!(it.append(vec![correction]), Err(Refused::Rejected { .. })));
    it.append(vec![erased("e")]).unwrap();
    let it = it.restarted();
    assert_eq!((status(&it.journal, 6), status(&it.journal, 8)), (WordsStatus::Erased, WordsStatus::Held));
}

#[test]
fn given_erased_words_when_their_event_or_its_erasure_is_posted_again_then_each_is_a_repeat() {
    let it = given();
    it.append(groundwork()).unwrap();
    it.append(vec![action("a")]).unwrap();
    let id = Uuid::new_v4();
    let first = it.append(vec![cancelled("a", id, 1, WORDS)]).unwrap();
    let erasure = [requested("e", &[(6, None)]), erased("e")];
    let answers = it.append(erasure.to_vec()).unwrap();
    let files = it.backend.dump();
    // Nobody can say any more whether the words are the same.
    for words in [WORDS, "Something else"] {
        let again = it.append(vec![cancelled("a", id, 7, words)]).unwrap();
        assert!(again[0].repeated && again[0].receipt == first[0].receipt);
    }
    let again = it.append(erasure.to_vec()).unwrap();
    assert!(
        again.iter().zip(&answers).all(|(again, first)| again.repeated && again.receipt == first.receipt)
    );
    assert!(it.backend.dump() == files, "nothing is recorded, and nothing erased twice");
    assert!(!stands(&it.backend, WORDS));
}

#[test]
fn given_an_erasure_that_is_only_judged_when_it_would_be_recorded_then_the_words_are_held() {
    let it = told();
    it.append(vec![requested("e", &[(6, None)])]).unwrap();
    it.judge(vec![erased("e")]).unwrap();
    assert_eq!(status(&it.journal, 6), WordsStatus::Held);
}

/// A ledger behind a gate at which erasures fail, as if the process had ended before them.
fn without_erasures() -> (Arc<MemoryBackend>, Gated) {
    let backend = Arc::new(MemoryBackend::new());
    let log = new_log(backend.clone());
    let reader = log.reader();
    let (arrive, arrived) = mpsc::channel();
    let (pass, passes) = mpsc::channel();
    let gate = Gate { point: Local::new(log), arrived: arrive, passes, erasures: false };
    let journal = start(Box::new(gate), reader, Arc::new(SimulatedClock::at(noon())), Limits::default());
    let mut genesis = proposal(opened());
    genesis.command.source = source(SourceName::OPERATOR);
    for batch in std::iter::once(vec![genesis]).chain(story()) {
        pass.send(Verdict::Pass).unwrap();
        journal.append_blocking(batch).unwrap();
    }
    (backend, Gated { journal, arrived, pass })
}

#[test]
fn given_a_process_that_ends_between_commit_and_erasure_when_it_starts_again_then_the_words_are_gone() {
    let (backend, it) = without_erasures();
    let both = vec![requested("e", &[(6, None)]), erased("e")];
    it.pass.send(Verdict::Pass).unwrap();
    let answer = it.journal.append_blocking(both.clone());
    assert!(matches!(answer, Err(Refused::Unknown)), "nobody hears that it is done: {answer:?}");
    assert!(matches!(it.journal.standing(), Standing::ReadOnly(why) if why.contains("erased")));
    assert!(matches!(it.journal.append_blocking(vec![action("c")]), Err(Refused::ReadOnly(_))));
    assert_eq!((it.journal.head().size, status(&it.journal, 6)), (11, WordsStatus::Held), "reads go on");
    it.journal.close();
    drop(it);
    let again: Arc<dyn Backend> = backend.clone();
    let journal = reopened(&again).unwrap();
    assert_eq!((status(&journal, 6), status(&journal, 8)), (WordsStatus::Erased, WordsStatus::Held));
    assert!(!stands(&backend, WORDS));
    assert!(journal.append_blocking(both).unwrap().iter().all(|answer| answer.repeated));
    journal.close();
}

#[test]
fn given_a_disk_that_fails_under_an_erasure_when_it_starts_again_then_it_is_finished_before_anybody_is_served()
 {
    let it = told();
    it.append(vec![requested("e", &[(6, None)])]).unwrap();
    it.journal.close();
    let whole = it.backend.dump();
    let mut finished = 0;
    for nth in 1.. {
        let memory = Arc::new(MemoryBackend::restore(&whole));
        let inner: Arc<dyn Backend> = memory.clone();
        let (log, _) = Log::open(inner.clone(), options(), keyer()).unwrap();
        drop(log);
        let fault = Fault::Error(std::io::ErrorKind::Other);
        let failing = FaultBackend::new(inner.clone(), Act::Sync, nth, fault, true);
        let backend: Arc<dyn Backend> = Arc::new(failing.clone());
        // Opening syncs as well; that it is refused then is not what is meant.
        let Ok((log, _)) = Log::open(backend, options(), keyer()) else { continue };
        let journal = journal(log).unwrap();
        let answer = journal.append_blocking(vec![erased("e")]);
        if !failing.struck() {
            assert!(answer.is_ok());
            break;
        }
        assert!(matches!(answer, Err(Refused::Unknown)), "{nth}: {answer:?}");
        assert!(matches!(journal.standing(), Standing::ReadOnly(_)), "{nth}");
        let why = journal.standing();
        journal.close();
        drop(journal);
        if matches!(why, Standing::ReadOnly(why) if why.contains("words could not be erased")) {
            let journal = reopened(&inner).unwrap();
            assert_eq!(status(&journal, 6), WordsStatus::Erased, "{nth}");
            assert!(!stands(&memory, WORDS), "{nth}");
            journal.close();
            finished += 1;
        }
    }
    // The look at what the disk has, the checksum, the words.
    assert_eq!(finished, 3);
}

#[test]
fn given_words_that_cannot_be_erased_at_a_start_when_it_starts_then_nobody_is_served() {
    let (backend, it) = without_erasures();
    it.pass.send(Verdict::Pass).unwrap();
    assert!(it.journal.append_blocking(vec![requested("e", &[(6, None)]), erased("e")]).is_err());
    it.journal.close();
    drop(it);
    let inner: Arc<dyn Backend> = backend.clone();
    // Opening writes as well; the first write behind that is of the erasure.
    let refused = (1..10).find_map(|nth| {
        let fault = Fault::Error(std::io::ErrorKind::Other);
        let failing: Arc<dyn Backend> =
            Arc::new(FaultBackend::new(inner.clone(), Act::Write, nth, fault, true));
        let (log, _) = Log::open(failing, options(), keyer()).ok()?;
        Some(journal(log).err().map(|error| error.to_string()).unwrap_or_default())
    });
    let refused = refused.unwrap();
    assert!(refused.contains("erased") && refused.contains("00000000.words"), "{refused}");
    let journal = reopened(&inner).unwrap();
    assert_eq!(status(&journal, 6), WordsStatus::Erased);
    journal.close();
}

#[test]
fn given_words_that_came_back_with_an_old_file_when_it_starts_again_then_they_are_gone_again() {
    let it = told();
    let path = "log/words/00000000.words";
    let old = it.backend.dump()[path].clone();
    it.append(vec![requested("e", &[(6, None)]), erased("e")]).unwrap();
    it.append(vec![action("c")]).unwrap();
    it.journal.close();
    it.backend.put(path, old);
    assert!(stands(&it.backend, WORDS));
    let it = it.restarted();
    assert_eq!((status(&it.journal, 6), status(&it.journal, 8)), (WordsStatus::Erased, WordsStatus::Held));
    assert!(!stands(&it.backend, WORDS));
}
