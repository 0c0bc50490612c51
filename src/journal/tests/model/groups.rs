//! What one group can hold at once: a correction beside its target, a void beside a correction; and what the world
//! answers in the middle of a group, roots included, or about days on which clocks change.

use ed25519_dalek::{Signer as _, SigningKey};
use jiff::{SignedDuration, Timestamp, civil::date, tz::TimeZone};
use uuid::Uuid;

use super::{engine::Engine, naive::Naive};
use crate::domain::{
    decide::World,
    event::*,
    id::SourceName,
    rules,
    value::{Label, Occurred, PublicKey, Sha256, Signature, Words},
};
use crate::journal::tests::{action, cancelled, code, event, groundwork, opened, post, proposal, source};
use crate::journal::{
    Proposal, Refused,
    clock::Clock as _,
    world::{Base, Layer, View},
};

fn begun() -> Engine {
    let engine = Engine::new(Access::Open);
    let mut genesis = proposal(opened());
    genesis.command.source = source(SourceName::OPERATOR);
    let (answers, _) = engine.burst(&[vec![genesis], groundwork(), vec![post("auditor")]], None);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    engine
}

fn void(target: &Proposal) -> Proposal {
    let event_of = &target.command.event;
    // Whoever owns the action cannot agree that its correction is taken back.
    let is_correction = matches!(event_of.payload, Payload::CorrectionMade(_));
    proposal(event(
        &event_of.subject.to_string(),
        EventVoided {
            target_event_id: event_of.id,
            target_source: None,
            ground: VoidGround::Duplicate,
            approver_post: code(if is_correction { "auditor" } else { "head" }),
        },
    ))
}

fn retitled(target: &Proposal, title: &str) -> Proposal {
    let event_of = &target.command.event;
    let mut payload = event_of.payload.clone();
    if let Payload::ActionPlanned(plan) = &mut payload {
        plan.title = crate::domain::value::Label::parse(title).unwrap();
    }
    let made = CorrectionMade {
        target_event_id: event_of.id,
        target_source: None,
        corrected: Corrected {
            subject: event_of.subject.clone(),
            occurred: event_of.occurred,
            actor_post: None,
            payload: Box::new(payload),
        },
        approver_post: None,
        reason: Words(Sha256([0; 32])),
    };
    proposal(event(&event_of.subject.to_string(), made))
}

#[test]
fn given_a_target_in_the_same_group_when_corrected_then_the_correction_stands() {
    let engine = begun();
    let plan = action("a");
    let correction = retitled(&plan, "A quieter room");
    // The first is alone; plan and correction come into the next group as requests of their own, and as one request.
    let other = action("b");
    let both = vec![other.clone(), retitled(&other, "Another room")];
    let (answers, _) = engine.burst(&[vec![post("x")], vec![plan.clone()], vec![correction], both], None);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    for (plan, title) in [(&plan, "A quieter room"), (&other, "Another room")] {
        let life = engine.journal.life(&plan.command.event.subject).unwrap();
        let first = life.facts()[0].sequence;
        assert_eq!(life.corrected_by(first), Some(first + 1));
        let Payload::ActionPlanned(said) = &life.as_it_stands(first).unwrap().event.payload else {
            panic!("{life:?}")
        };
        assert_eq!(said.title.as_str(), title);
    }
}

#[test]
fn given_one_batch_when_it_corrects_and_voids_then_each_is_judged_after_the_other() {
    let engine = begun();
    let plan = action("a");
    assert!(engine.burst(&[vec![plan.clone()]], None).0[0].is_ok());
    // A void after the correction takes both away; a correction after the void has nothing to correct.
    let refused = engine.burst(&[vec![void(&plan), retitled(&plan, "Too late")]], None).0.remove(0);
    let Err(Refused::Rejected { index: 1, rejection }) = refused else { panic!("{refused:?}") };
    assert_eq!(rejection.reason(), rules::CORRECTION_OF_VOIDED.name);
    assert_eq!(engine.journal.life(&plan.command.event.subject).unwrap().version(), 1, "half a batch");
    let taken = engine.burst(&[vec![retitled(&plan, "In time"), void(&plan)]], None).0.remove(0);
    assert_eq!(taken.unwrap().iter().map(|one| one.receipt.subject_version).collect::<Vec<_>>(), [2, 3]);
    let life = engine.journal.life(&plan.command.event.subject).unwrap();
    assert!(!life.stands() && life.corrected_by(life.facts()[0].sequence).is_none());
    // And a void of the correction alone brings back what was said first.
    let other = action("b");
    let correction = retitled(&other, "For a moment");
    let batch = vec![other.clone(), correction.clone(), void(&correction)];
    assert!(engine.burst(&[batch], None).0[0].is_ok());
    let life = engine.journal.life(&other.command.event.subject).unwrap();
    assert_eq!(life.as_it_stands(life.facts()[0].sequence).unwrap().event, other.command.event);
}

/// A request to erase the words of a record.
fn erasure(id: &str, sequence: u64) -> Proposal {
    let references = vec![ErasureReference { sequence, field: None }];
    proposal(event(
        &format!("erasure/{id}"),
        ErasureRequested { references, ground: ErasureGround::Identifying },
    ))
}

#[test]
fn given_the_middle_of_a_group_when_a_fact_is_asked_for_then_what_was_accepted_before_is_found() {
    let engine = begun();
    let size = engine.journal.head().size;
    let words = |name: &str| cancelled(name, Uuid::new_v4(), 7, "The office closed.");
    // One record of this request, one of an earlier request of the group, its own place, and one behind it.
    let requests = [
        vec![post("x")],
        vec![action("a"), words("a"), erasure("own-request", size + 2)],
        vec![erasure("own-group", size + 2)],
        vec![erasure("own-place", size + 5)],
        vec![action("b"), erasure("no-words", size + 5)],
        vec![action("c"), words("c"), erasure("behind", size + 99)],
    ];
    let (answers, _) = engine.burst(&requests, None);
    let refused = |at: usize| match &answers[at] {
        Err(Refused::Rejected { rejection, .. }) => rejection.to_string(),
        other => panic!("{at}: {other:?}"),
    };
    assert!(answers[..3].iter().all(Result::is_ok), "{answers:?}");
    assert!(refused(3).contains(&format!("the ledger holds no record {}", size + 5)), "{}", refused(3));
    assert!(refused(4).contains("no words or content"), "{}", refused(4));
    assert!(refused(5).contains(&format!("no record {}", size + 99)), "{}", refused(5));
    assert_eq!(engine.journal.head().size, size + 5);
}

#[test]
fn given_days_on_which_clocks_change_when_a_source_is_asked_about_then_no_event_falls_between_days() {
    // Summer time begins on 30 March 2025 at 01:00 UTC, and ends on 26 October at 01:00 UTC: the days between begin at
    // 23:00 UTC.
    let moments = [
        "2025-03-29T23:59:59Z",
        "2025-03-30T00:00:00Z",
        "2025-03-30T00:59:59Z",
        "2025-03-30T01:00:00Z",
        "2025-03-30T22:59:59.999999Z",
        "2025-03-30T23:00:00Z",
        "2025-10-25T22:59:59Z",
        "2025-10-25T23:00:00Z",
        "2025-10-26T00:30:00Z",
        "2025-10-26T01:30:00Z",
        "2025-10-26T23:59:59.999999Z",
        "2025-10-27T00:00:00Z",
    ];
    let engine = Engine::new(Access::Open);
    let mut naive = Naive::new("2025-03-29T12:00:00Z".parse().unwrap(), Access::Open);
    let mut genesis = proposal(opened());
    genesis.command.source = source(SourceName::OPERATOR);
    let mut say = |at: Timestamp, mut one: Proposal| {
        let mut event = (*one.command.event).clone();
        event.occurred = Occurred::Day(date(2025, 3, 1));
        one.command.event = event.into();
        engine.clock.set(at);
        naive.now = at;
        engine.burst(&[vec![one.clone()]], None).0.remove(0).unwrap();
        naive.post(&[one]).unwrap();
    };
    say("2025-03-29T12:00:00Z".parse().unwrap(), genesis);
    for (number, moment) in moments.iter().enumerate() {
        let at: Timestamp = moment.parse().unwrap();
        for (by, more) in [("tracker", 0), ("hr", 0), ("tracker", 1)] {
            let mut one = post(&format!("p{number}-{by}-{more}"));
            one.command.source = source(by);
            say(at.checked_add(SignedDuration::from_nanos(0)).unwrap(), one);
        }
    }
    let reader = engine.journal.reader().clone();
    let next = reader.head().size;
    let mut base = Base::new(reader, naive.zone.clone(), Access::Open, 2);
    let group = Layer::default();
    let mut view = View { base: &mut base, group: &group, request: Layer::default(), now: naive.now, next };
    let days: Vec<_> = [(3, 28..=31), (10, 24..=28)]
        .into_iter()
        .flat_map(|(month, days)| days.map(move |day| date(2025, month, day)))
        .collect();
    let mut seen = 0;
    for from in &days {
        for to in &days {
            for by in ["tracker", "hr", "nobody"] {
                let by = source(by);
                let mut found = view.posted(&by, *from, *to).unwrap();
                let Ok(mut expected) = naive.posted(&by, *from, *to);
                found.sort_unstable();
                expected.sort_unstable();
                assert_eq!(found, expected, "{by} from {from} to {to}");
                seen += found.len();
            }
        }
    }
    assert!(seen > 0);
    let on = |view: &mut View<'_>, day| view.posted(&source("hr"), day, day).unwrap().len();
    let sizes = [(3, 29), (3, 30), (3, 31), (10, 25), (10, 26), (10, 27)];
    let counts = sizes.map(|(month, day)| on(&mut view, date(2025, month, day)));
    assert_eq!(counts, [1, 4, 1, 1, 4, 1]);
}

/// An opinion of the key of seed 7 about the first `end` records, under that root.
fn opinion(id: &str, end: u64, root: Sha256) -> Proposal {
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut opinion = AuditOpinionRecorded {
        first: 0,
        end,
        root,
        result: OpinionResult::Unqualified,
        auditor: Label::parse("Outside Auditors").unwrap(),
        public_key: PublicKey(key.verifying_key().to_bytes()),
        signature: Signature([0; 64]),
    };
    opinion.signature = Signature(key.sign(opinion.statement("test.example/ledger").as_bytes()).to_bytes());
    proposal(event(&format!("audit-opinion/{id}"), opinion))
}

#[test]
fn given_the_middle_of_a_group_when_a_root_is_asked_for_then_only_what_is_durable_has_one() {
    let engine = begun();
    let reader = engine.journal.reader().clone();
    let head = reader.head();
    let mut base = Base::new(reader, TimeZone::UTC, Access::Open, 2);
    let group = Layer::default();
    let (now, next) = (engine.clock.now(), head.size + 2);
    let mut view = View { base: &mut base, group: &group, request: Layer::default(), now, next };
    // The tree of one record is its hash.
    let leaf = engine.journal.reader().leaf(0).unwrap();
    assert_eq!(view.root(1).unwrap(), Some(Sha256(leaf.0)));
    assert_eq!(view.root(head.size).unwrap(), Some(Sha256(head.root.0)));
    assert_eq!(view.root(head.size + 1).unwrap(), None);
}

#[test]
fn given_an_opinion_when_its_root_is_not_the_ledgers_then_it_is_refused_and_otherwise_recorded() {
    let engine = begun();
    let head = engine.journal.head();
    let root = Sha256(head.root.0);
    let refused = |proposals: Vec<Proposal>| match engine.burst(&[proposals], None).0.remove(0) {
        Err(Refused::Rejected { rejection, .. }) => rejection,
        other => panic!("{other:?}"),
    };
    let another = rules::ROOT_IS_ANOTHER.at("audit_opinion_recorded.root");
    assert_eq!(refused(vec![opinion("o", head.size - 1, root)]), another);
    // A record of the same request is not under any root yet.
    assert_eq!(refused(vec![post("x"), opinion("o", head.size + 1, root)]), another);
    assert_eq!(engine.journal.head(), head);
    // And the root of an earlier size is still the root of that size.
    let (answers, _) = engine.burst(&[vec![post("y")], vec![opinion("o", head.size, root)]], None);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}
