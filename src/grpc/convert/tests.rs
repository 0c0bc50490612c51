//! Every payload there and back; and one sample of each way in which a field can be wrong.

mod samples;
mod stored;

use jiff::Timestamp;

use super::*;
use crate::domain::{command::Recorded, event::EventType, irregularity::Irregularity, value::Sha256};
use crate::grpc::wire::{Month, Occurred, expected::Condition, occurred::Precision};
use crate::journal::{
    Proposal, Text,
    read::{Entry, WordsStatus, WordsView},
};
use samples::{ID, OTHER_ID, date, event, samples, texts};

fn source() -> SourceName {
    SourceName::parse("tracker").unwrap()
}

fn parsed(wire: wire::Event) -> Proposal {
    command(wire, &source()).unwrap()
}

/// What a reader gets of a proposal that was recorded, with its words held.
fn entry(proposal: &Proposal) -> Entry {
    let view = |text: &Text| WordsView {
        field: text.field,
        commitment: text.commitment(),
        status: WordsStatus::Held,
        text: Some(text.text.clone()),
    };
    Entry {
        recorded: Recorded {
            sequence: 42,
            recorded_at: Timestamp::from_microsecond(1_700_000_000_000_001).unwrap(),
            source: proposal.command.source.clone(),
            irregularities: vec![Irregularity::LateRecorded],
            event: proposal.command.event.clone(),
        },
        hash: storage::Digest([9; 32]),
        words: proposal.texts.iter().map(view).collect(),
    }
}

#[test]
fn every_type_of_event_has_a_sample() {
    let sampled: Vec<_> = samples()
        .into_iter()
        .map(|sample| parsed(event(sample)).command.event.payload.event_type())
        .collect();
    for event_type in EventType::ALL {
        assert!(sampled.contains(event_type), "{event_type:?} has no sample");
    }
}

#[test]
fn every_payload_comes_back_as_it_was_posted() {
    for sample in samples() {
        let posted = event(sample);
        let shown = recorded(&entry(&parsed(posted.clone())));
        assert_eq!(shown.event, Some(posted));
        assert_eq!((shown.sequence, shown.source.as_str()), (42, "tracker"));
        assert_eq!(shown.irregularities, ["LATE_RECORDED"]);
        assert_eq!(shown.hash, [9; 32]);
    }
}

#[test]
fn what_may_be_left_out_comes_back_left_out() {
    let mut posted = event(Message::FeedbackReceived(wire::FeedbackReceived {
        respondents: 1,
        channel: "survey".into(),
        anonymity: 1,
        contact: 1,
        ..wire::FeedbackReceived::default()
    }));
    posted.source_sequence = None;
    posted.producer_recorded_at = None;
    posted.actor_post.clear();
    posted.correlation_id.clear();
    posted.causation_id.clear();
    let month = Precision::Month(Month { year: 2026, month: 4 });
    posted.occurred = Some(Occurred { precision: Some(month) });
    assert_eq!(recorded(&entry(&parsed(posted.clone()))).event, Some(posted));
}

#[test]
fn an_instant_is_cut_to_microseconds() {
    let at = |nanos| {
        let instant = prost_types::Timestamp { seconds: -1, nanos };
        let mut posted = event(Message::ActionStarted(wire::ActionStarted {}));
        posted.occurred = Some(Occurred { precision: Some(Precision::Instant(instant)) });
        recorded(&entry(&parsed(posted))).event.unwrap().occurred
    };
    assert_eq!(at(123_456_789), at(123_456_000));
}

#[test]
fn words_stand_beside_the_record_and_their_commitment_in_it() {
    let proposal = parsed(event(Message::ActionCancelled(wire::ActionCancelled { reason: "Why.".into() })));
    let words = proposal.command.event.payload.words();
    assert_eq!(words.len(), 1);
    assert_eq!(words[0].0, proposal.texts[0].field);
    assert_eq!(words[0].1.0, proposal.texts[0].commitment());
    assert!(!format!("{proposal:?}").contains("Why."));
    let again = parsed(event(Message::ActionCancelled(wire::ActionCancelled { reason: "Why.".into() })));
    assert_ne!(again.texts[0].nonce, proposal.texts[0].nonce);
}

#[test]
fn every_field_of_words_is_one_of_the_payload() {
    for sample in samples() {
        let proposal = parsed(event(sample));
        let fields: Vec<_> = proposal.texts.iter().map(|text| text.field).collect();
        let words: Vec<_> =
            proposal.command.event.payload.words().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, words);
    }
}

#[test]
fn words_that_are_not_held_are_shown_as_what_they_are() {
    let proposal = parsed(event(Message::ActionCancelled(wire::ActionCancelled { reason: "Why.".into() })));
    let mut entry = entry(&proposal);
    entry.words[0].status = WordsStatus::Missing;
    entry.words[0].text = None;
    let shown = recorded(&entry);
    assert_eq!(shown.words[0].status(), wire::WordsStatus::Missing);
    assert_eq!(shown.words[0].commitment, proposal.texts[0].commitment().0);
    let Some(Message::ActionCancelled(cancelled)) = shown.event.unwrap().payload else {
        panic!("not as posted")
    };
    assert_eq!(cancelled.reason, "");
}

#[test]
fn every_expectation_is_understood() {
    use crate::domain::command::Expected;
    for (condition, expected) in [
        (None, Expected::Any),
        (Some(Condition::Any(true)), Expected::Any),
        (Some(Condition::NoSubject(true)), Expected::NoSubject),
        (Some(Condition::SubjectExists(true)), Expected::SubjectExists),
        (Some(Condition::Version(3)), Expected::Version(3)),
    ] {
        let mut posted = event(Message::ActionStarted(wire::ActionStarted {}));
        posted.expected = Some(wire::Expected { condition });
        assert_eq!(parsed(posted).command.expected, expected);
    }
}

/// Where it is wrong.
fn wrong_at(wire: wire::Event) -> String {
    match command(wire, &source()) {
        Err(Rejection::Malformed { field, rule, remedy }) => {
            assert!(!rule.is_empty() && !remedy.is_empty());
            field
        }
        other => panic!("not malformed: {other:?}"),
    }
}

fn wrong(change: impl FnOnce(&mut wire::Event)) -> String {
    let mut posted = event(Message::ActionStarted(wire::ActionStarted {}));
    change(&mut posted);
    wrong_at(posted)
}

#[test]
fn each_field_of_the_envelope_is_refused_by_its_path() {
    let occurred = |precision| Some(Occurred { precision });
    let month = |year, month| occurred(Some(Precision::Month(Month { year, month })));
    let day = |year, month, day| occurred(Some(Precision::Day(date(year, month, day))));
    let instant =
        |seconds, nanos| occurred(Some(Precision::Instant(prost_types::Timestamp { seconds, nanos })));
    let expecting = |condition| Some(wire::Expected { condition: Some(condition) });
    assert_eq!(wrong(|e| e.payload = None), "payload");
    for id in ["", "x", "00000000-0000-0000-0000-000000000000", "0b9e1f4c6f0e4a539f5e2f6f6c1f8a10"] {
        assert_eq!(wrong(|e| e.event_id = id.into()), "event_id");
    }
    for subject in ["", "action", "action/", "nothing/x", "action/two words"] {
        assert_eq!(wrong(|e| e.subject = subject.into()), "subject");
    }
    assert_eq!(wrong(|e| e.occurred = None), "occurred");
    assert_eq!(wrong(|e| e.occurred = occurred(None)), "occurred");
    assert_eq!(wrong(|e| e.occurred = month(2026, 13)), "occurred.month.month");
    assert_eq!(wrong(|e| e.occurred = month(0, 1)), "occurred.month.year");
    assert_eq!(wrong(|e| e.occurred = day(2026, 2, 29)), "occurred.day.day");
    assert_eq!(wrong(|e| e.occurred = day(10_000, 1, 1)), "occurred.day.year");
    assert_eq!(wrong(|e| e.occurred = instant(i64::MAX, 0)), "occurred.instant");
    assert_eq!(wrong(|e| e.occurred = instant(0, -1)), "occurred.instant");
    let never = prost_types::Timestamp { seconds: i64::MIN, nanos: 0 };
    assert_eq!(wrong(|e| e.producer_recorded_at = Some(never)), "producer_recorded_at");
    assert_eq!(wrong(|e| e.actor_post = "Jane Doe".into()), "actor_post");
    assert_eq!(wrong(|e| e.correlation_id = "x".into()), "correlation_id");
    assert_eq!(wrong(|e| e.causation_id = "x".into()), "causation_id");
    assert_eq!(wrong(|e| e.expected = expecting(Condition::NoSubject(false))), "expected.no_subject");
    assert_eq!(wrong(|e| e.expected = expecting(Condition::SubjectExists(false))), "expected.subject_exists");
    assert_eq!(wrong(|e| e.expected = expecting(Condition::Any(false))), "expected.any");
}

macro_rules! wrong {
    ($variant:ident, |$it:ident| $change:expr) => {{
        let sample = samples().into_iter().find_map(|sample| match sample {
            Message::$variant(it) => Some(it),
            _ => None,
        });
        let mut $it = sample.unwrap();
        $change;
        wrong_at(event(Message::$variant($it)))
    }};
}

#[test]
fn each_kind_of_field_of_a_payload_is_refused_by_its_path() {
    assert_eq!(wrong!(LedgerOpened, |it| it.access = 0), "ledger_opened.access");
    assert_eq!(wrong!(LedgerOpened, |it| it.access = 99), "ledger_opened.access");
    assert_eq!(wrong!(LedgerOpened, |it| it.origin.clear()), "ledger_opened.origin");
    assert_eq!(wrong!(LedgerOpened, |it| it.organisation = " ".into()), "ledger_opened.organisation");
    assert_eq!(wrong!(GrantChanged, |it| it.types = vec!["*".into(); 101]), "grant_changed.types");
    assert_eq!(wrong!(PostRegistered, |it| it.valid_from = None), "post_registered.valid_from");
    assert_eq!(
        wrong!(CodeListAdopted, |it| it.entries[0].valid_from = Some(date(2026, 0, 1))),
        "code_list_adopted.entries[0].valid_from.month"
    );
    assert_eq!(
        wrong!(CodeListAdopted, |it| it.entries[0].code = "a b".into()),
        "code_list_adopted.entries[0].code"
    );
    assert_eq!(wrong!(CalendarAdopted, |it| it.holidays[0].kind = 0), "calendar_adopted.holidays[0].kind");
    assert_eq!(wrong!(PledgePublished, |it| it.sha256.truncate(31)), "pledge_published.sha256");
    assert_eq!(wrong!(PledgePublished, |it| it.text = "x".repeat(60_001)), "pledge_published.text");
    assert_eq!(
        wrong!(PledgePublished, |it| it.principles[1] = "a\nb".into()),
        "pledge_published.principles[1]"
    );
    assert_eq!(wrong!(CommitmentMade, |it| it.delivers[0].basis = 7), "commitment_made.delivers[0].basis");
    assert_eq!(
        wrong!(ActionPlanned, |it| it.first_due = Some(date(2026, 13, 1))),
        "action_planned.first_due.month"
    );
    assert_eq!(wrong!(ActionPlanned, |it| it.feedback[0] = "x".into()), "action_planned.feedback[0]");
    assert_eq!(
        wrong!(ActionPlanned, |it| it.commitments = vec!["C1".into(); 101]),
        "action_planned.commitments"
    );
    assert_eq!(wrong!(ActionPlanned, |it| it.origin = 0), "action_planned.origin");
    assert_eq!(
        wrong!(FeedbackSought, |it| it.support_url = "http://x.example".into()),
        "feedback_sought.support_url"
    );
    assert_eq!(
        wrong!(FeedbackSought, |it| it.anonymity_options[1] = 0),
        "feedback_sought.anonymity_options[1]"
    );
    assert_eq!(
        wrong!(FeedbackReceived, |it| it.content_commitment = vec![1]),
        "feedback_received.content_commitment"
    );
    assert_eq!(wrong!(EvidenceAttached, |it| it.about = "x".into()), "evidence_attached.about");
    assert_eq!(wrong!(EventVoided, |it| it.target_source = "two words".into()), "event_voided.target_source");
    assert_eq!(wrong!(EventVoided, |it| it.target_event_id.clear()), "event_voided.target_event_id");
}

#[test]
fn words_are_judged_before_they_are_held() {
    for reason in
        ["", "  ", "write to a.person@example.org", "ring 0131 496 0000", &"x".repeat(501), "a\u{7}"]
    {
        assert_eq!(wrong!(ActionCancelled, |it| it.reason = (*reason).to_owned()), "action_cancelled.reason");
    }
    assert_eq!(wrong!(PolicyChanged, |it| it.what_changed.clear()), "policy_changed.what_changed");
    let none = event(Message::DeadlineRevised(wire::DeadlineRevised {
        old_due: Some(date(2026, 1, 1)),
        new_due: Some(date(2026, 2, 1)),
        approver_post: "ceo".into(),
        reason: String::new(),
    }));
    // Whether a reason is needed is a rule of the domain: here there are simply no words.
    assert!(parsed(none).texts.is_empty());
}

#[test]
fn a_filter_lets_through_what_it_names_and_the_caller_may_see() {
    let recorded = entry(&parsed(event(samples().remove(9)))).recorded;
    let filter = |types: &[&str], subjects: &[&str], correlation: &str, only: Option<&str>| {
        let wire = wire::Filter {
            types: texts(types),
            subjects: texts(subjects),
            correlation_id: correlation.to_owned(),
            ..Default::default()
        };
        Filter::parse(Some(wire), only.map(|only| SourceName::parse(only).unwrap()))
            .unwrap()
            .admits(&recorded)
    };
    assert_eq!(recorded.event.payload.event_type(), EventType::ActionStarted);
    assert!(filter(&[], &[], "", None));
    assert!(filter(&["action.started"], &["action/rest-spaces"], OTHER_ID, Some("tracker")));
    assert!(filter(&["policy.registered", "action.*"], &["policy/x", "action/*"], "", None));
    assert!(filter(&["*"], &["*"], "", None));
    assert!(!filter(&["action.completed"], &[], "", None));
    assert!(!filter(&[], &["action/rest"], "", None));
    assert!(!filter(&[], &[], ID, None));
    assert!(!filter(&[], &[], "", Some("lms")));
    let malformed = |filter| Filter::parse(Some(filter), None).unwrap_err().to_string();
    assert!(
        malformed(wire::Filter { types: texts(&["actoin.*"]), ..Default::default() })
            .starts_with("filter.types[0]")
    );
    assert!(
        malformed(wire::Filter { subjects: texts(&["acts/*"]), ..Default::default() })
            .starts_with("filter.subjects[0]")
    );
    assert!(
        malformed(wire::Filter { correlation_id: "x".into(), ..Default::default() })
            .starts_with("filter.correlation_id")
    );
}

#[test]
fn every_value_of_every_closed_list_comes_back() {
    use crate::domain::event as domain;
    macro_rules! all {
        ($($name:ident),+) => {$(
            for value in domain::$name::ALL {
                let number = field::number(*value);
                assert_ne!(number, 0);
                assert_eq!(field::closed::<domain::$name>(&Path::root("x"), number), Ok(*value));
            }
            assert!(field::closed::<domain::$name>(&Path::root("x"), 0).is_err());
            assert!(field::closed::<domain::$name>(&Path::root("x"), 99).is_err());
        )+};
    }
    all!(
        Access,
        HolidayKind,
        Disposition,
        CommitmentKind,
        DeliveryBasis,
        Origin,
        Respondents,
        Anonymity,
        Contact,
        ResponseOutcome,
        ResponseMode,
        ChangeNature,
        VoidGround,
        Direction,
        ReviewOutcome,
        Level,
        Purpose,
        WithdrawalScope,
        PolicyReviewOutcome,
        ErasureGround,
        RefusalGround,
        OpinionResult
    );
}

#[test]
fn a_sha256_is_its_32_bytes() {
    assert_eq!(field::sha256(&Path::root("x"), &[1; 32]), Ok(Sha256([1; 32])));
    assert!(field::sha256(&Path::root("x"), &[1; 33]).is_err());
}
