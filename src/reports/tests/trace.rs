//! Traces by hand: what an auditor sees, and what a reader does not.

use uuid::Uuid;

use super::parameters;
use crate::domain::event::{
    Anonymity, ChangeNature, Origin, Payload, Respondents, ResponseMode, WithdrawalScope,
};
use crate::domain::id::{Code, Subject};
use crate::projections::chronicle::{Chronicle, on};
use crate::reports::explain::Eyes;
use crate::reports::trace::{NotTraceable, Told, Trace, trace};

const HEARD: (Origin, ChangeNature) = (Origin::Feedback, ChangeNature::Substantive);

fn follow(ledger: &Chronicle, as_known: u64, from: &str, eyes: Eyes) -> Result<Trace, NotTraceable> {
    let from = Subject::parse(from).unwrap();
    trace(&ledger.views(), &parameters("2026-03-31", as_known, "2025-26"), &from, eyes)
}

fn now(ledger: &Chronicle, from: &str, eyes: Eyes) -> Trace {
    follow(ledger, ledger.facts.len() as u64, from, eyes).unwrap()
}

fn ledger() -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.post("chief", "Chief Executive");
    ledger.policy("leave", "2025-03-01", "2026-03-31");
    ledger
}

/// So many items of staff, which led to a change that is in force; each of the first `told` was told directly.
fn heard(ledger: &mut Chronicle, id: &str, count: u64, told: usize) -> Vec<Uuid> {
    let items = ledger.feedback("2025-04-02", Respondents::Staff, count);
    ledger.propose(id, "2025-05-01", "leave", HEARD, &items);
    ledger.approve(id, "2025-06-01");
    ledger.change(id, "2025-06-10", "leave", "2025-07-01", true);
    for item in items.iter().take(told) {
        ledger.told_of(*item, "2025-07-08", ResponseMode::Direct);
    }
    items
}

fn counts(told: &[Told]) -> Vec<Option<u64>> {
    told.iter().map(|it| it.items).collect()
}

#[test]
fn given_a_change_when_it_is_traced_then_its_own_days_are_told_to_everybody() {
    let mut ledger = ledger();
    heard(&mut ledger, "hours", 2, 1);
    for eyes in [Eyes::Reader, Eyes::Auditor] {
        let work = now(&ledger, "policy-change/hours", eyes).works.remove(0);
        assert_eq!((work.title.as_str(), work.because), ("Change hours", "Feedback"));
        let steps: Vec<_> = work.steps.iter().map(|it| (it.what.as_str(), it.on, it.sequence)).collect();
        // 0 opened, 1 post, 2 policy, 3 and 4 the items.
        let wanted = [
            ("Proposed, because of: feedback", on("2025-05-01"), 5),
            ("Approved by Chief Executive", on("2025-06-01"), 6),
            ("Put into the register as version v2 of leave, in force from 1 Jul 2025", on("2025-06-10"), 7),
        ];
        assert_eq!(steps, wanted);
    }
}

#[test]
fn given_fewer_items_than_the_threshold_when_a_reader_traces_then_there_is_a_word_and_nothing_else() {
    let mut ledger = ledger();
    let items = heard(&mut ledger, "hours", 4, 4);
    let before = now(&ledger, "policy-change/hours", Eyes::Reader).works.remove(0).voice;
    assert!(before.point.is_none() && before.items.is_none() && before.told.is_empty());
    assert!(before.words.starts_with("Not said yet"), "{}", before.words);
    ledger.release("first", "2025-07-31");
    let trace = now(&ledger, "policy-change/hours", Eyes::Reader);
    let voice = &trace.works[0].voice;
    assert_eq!((voice.words.as_str(), voice.items, voice.told.len()), ("Staff feedback", None, 0));
    assert_eq!(trace.items, []);
    let all = format!("{trace:?}");
    for item in &items {
        assert!(!all.contains(&item.to_string()) && !all.contains(&item.simple().to_string()), "{all}");
    }
    // Neither the day on which they spoke nor the one on which they were told.
    assert!(!all.contains("2025-04-02") && !all.contains("2025-07-08"), "{all}");
    // The same with one item as with four: nothing of how many.
    let mut other = self::ledger();
    heard(&mut other, "hours", 1, 1);
    other.release("first", "2025-07-31");
    let other = now(&other, "policy-change/hours", Eyes::Reader);
    assert_eq!((&other.works[0].voice.words, other.works[0].voice.items), (&voice.words, voice.items));
}

#[test]
fn given_enough_items_when_a_reader_traces_then_they_are_counted_as_released() {
    let mut ledger = ledger();
    // 12 told directly, 3 not: 3 is hidden, and 12 with it; together they are 15.
    let items = heard(&mut ledger, "hours", 15, 12);
    ledger.release("first", "2025-07-31");
    let voice = now(&ledger, "policy-change/hours", Eyes::Reader).works.remove(0).voice;
    assert_eq!((voice.words.as_str(), voice.items), ("Staff feedback", Some(15)));
    assert_eq!(counts(&voice.told), [None, Some(0), Some(0), None]);
    // Whatever happens between two release points changes nothing; at the next one nobody is left untold.
    for item in &items[12..] {
        ledger.told_of(*item, "2025-08-20", ResponseMode::Direct);
        let between = now(&ledger, "policy-change/hours", Eyes::Reader).works.remove(0).voice;
        assert_eq!(between, voice);
    }
    ledger.release("second", "2025-08-31");
    let voice = now(&ledger, "policy-change/hours", Eyes::Reader).works.remove(0).voice;
    // The hidden parts hold 15 as before: they do not move.
    assert_eq!((voice.items, counts(&voice.told)), (Some(15), vec![None, Some(0), Some(0), None]));
    let mut ledger = self::ledger();
    heard(&mut ledger, "hours", 15, 15);
    ledger.release("first", "2025-07-31");
    let voice = now(&ledger, "policy-change/hours", Eyes::Reader).works.remove(0).voice;
    assert_eq!(counts(&voice.told), [Some(15), Some(0), Some(0), Some(0)]);
}

#[test]
fn given_a_reader_when_single_items_are_asked_for_then_the_answer_tells_nothing_of_whether_there_are_any() {
    let mut ledger = ledger();
    let item = heard(&mut ledger, "hours", 15, 3)[0];
    ledger.release("first", "2025-07-31");
    let size = ledger.facts.len() as u64;
    let known = follow(&ledger, size, &format!("feedback/{item}"), Eyes::Reader);
    let unknown = follow(&ledger, size, &format!("feedback/{}", Uuid::from_u128(99)), Eyes::Reader);
    let no_id = follow(&ledger, size, "feedback/nothing", Eyes::Reader);
    assert_eq!(known, Err(NotTraceable::ForAuditors));
    assert!(known == unknown && known == no_id);
    // An auditor is told which it is.
    assert!(follow(&ledger, size, &format!("feedback/{item}"), Eyes::Auditor).is_ok());
    let unknown = follow(&ledger, size, &format!("feedback/{}", Uuid::from_u128(99)), Eyes::Auditor);
    assert!(matches!(unknown, Err(NotTraceable::Unknown(_))));
}

#[test]
fn given_every_position_when_a_reader_traces_then_the_words_change_at_release_points_alone() {
    let mut ledger = ledger();
    heard(&mut ledger, "hours", 3, 0);
    ledger.release("first", "2025-07-31");
    let late = ledger.feedback("2025-08-01", Respondents::Staff, 1)[0];
    ledger.propose("late", "2025-08-02", "leave", (Origin::Law, ChangeNature::Substantive), &[]);
    let proposed = ledger.facts.len() as u64;
    ledger.link(late, "2025-08-03", "policy-change/late");
    let unlinked = ledger.feedback("2025-08-04", Respondents::Partners, 1)[0];
    ledger.link(unlinked, "2025-08-05", "policy-change/late");
    ledger.release("second", "2025-08-31");
    let size = ledger.facts.len() as u64;
    let mut words = Vec::new();
    for as_known in proposed..=size {
        let voice =
            follow(&ledger, as_known, "policy-change/late", Eyes::Reader).unwrap().works.remove(0).voice;
        words.push(voice.words);
    }
    let (last, before) = words.split_last().unwrap();
    assert!(before.iter().all(|words| words == "No feedback is linked to it"), "{before:?}");
    // One of staff, one of partners: which of them is not said.
    assert_eq!(last, "Feedback");
}

/// So many events that nobody asks about.
fn fill(ledger: &mut Chronicle, number: u64, occurred: &str) {
    for _ in 0..number {
        ledger.noise(0, occurred);
    }
}

/// `count` items of four, and `told` of them told; what is not there is filled up with what nobody asks about, so that
/// every other event has the same place.
fn filled(count: u64, told: usize) -> Chronicle {
    let mut ledger = ledger();
    let items = ledger.feedback("2025-04-02", Respondents::Staff, count);
    fill(&mut ledger, 4 - count, "2025-04-02");
    ledger.propose("hours", "2025-05-01", "leave", HEARD, &items[..1]);
    for item in &items[1..] {
        ledger.link(*item, "2025-05-02", "policy-change/hours");
    }
    fill(&mut ledger, 4 - count, "2025-05-02");
    ledger.approve("hours", "2025-06-01");
    for item in &items[..told] {
        ledger.told_of(*item, "2025-07-08", ResponseMode::Public);
    }
    fill(&mut ledger, 4 - told as u64, "2025-07-08");
    ledger.release("first", "2025-07-31");
    ledger.change("hours", "2025-08-10", "leave", "2025-09-01", true);
    ledger
}

#[test]
fn given_ledgers_that_differ_only_in_how_many_spoke_and_were_told_when_a_reader_asks_anything_then_all_are_the_same()
 {
    let first = filled(1, 0);
    let size = first.facts.len() as u64;
    let questions = ["policy-change/hours", "policy-change/none", "feedback/nothing", "policy/leave"];
    for (count, told) in (1..=4).flat_map(|count| (0..=count).map(move |told| (count, told))) {
        let other = filled(count, told as usize);
        assert_eq!(other.facts.len() as u64, size);
        for as_known in 1..=size {
            for question in questions {
                let answer = follow(&other, as_known, question, Eyes::Reader);
                assert_eq!(
                    answer,
                    follow(&first, as_known, question, Eyes::Reader),
                    "{count} {told} {as_known}"
                );
            }
        }
    }
}

#[test]
fn given_an_auditor_when_a_change_is_traced_then_each_item_is_there_with_its_steps_and_what_it_led_to() {
    let mut ledger = ledger();
    let items = heard(&mut ledger, "hours", 2, 1);
    ledger.plan_because("rooms", "2025-05-02", "2025-09-01", &items[1..]);
    ledger.verify("rooms", "2025-08-01");
    ledger.answered_by(items[1], "2025-08-02", ResponseMode::Public);
    let trace = now(&ledger, "policy-change/hours", Eyes::Auditor);
    assert_eq!(trace.items.len(), 2);
    let second = &trace.items[1];
    assert_eq!((second.whom, second.gone), ("Staff", false));
    let steps: Vec<_> = second.steps.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(steps, ["Received", "Answered: something will change, in public"]);
    let links: Vec<_> = second.links.iter().map(|it| (it.to.to_string(), it.since)).collect();
    let wanted =
        [("policy-change/hours".to_owned(), on("2025-05-01")), ("action/rooms".to_owned(), on("2025-05-02"))];
    assert!(wanted.iter().all(|it| links.contains(it)) && links.len() == 2, "{links:?}");
    // And from the item forward.
    let forward = now(&ledger, &second.subject.to_string(), Eyes::Auditor);
    assert_eq!((forward.items.as_slice(), forward.works.len()), (std::slice::from_ref(second), 2));
    let back = now(&ledger, "action/rooms", Eyes::Auditor);
    assert_eq!(back.items, std::slice::from_ref(second));
    assert_eq!(back.works[0].steps.last().unwrap().what, "Verified: practice changed");
}

#[test]
fn given_links_and_items_that_were_taken_back_when_they_are_traced_then_they_are_as_they_stand() {
    let mut ledger = ledger();
    let items = heard(&mut ledger, "hours", 3, 0);
    ledger.unlink(items[0], "2025-07-10", "policy-change/hours");
    ledger.take_back(items[1], "2025-07-11", WithdrawalScope::Whole);
    let told = ledger.told_of(items[2], "2025-07-12", ResponseMode::Public);
    ledger.void(told, "2025-07-13");
    let trace = now(&ledger, "policy-change/hours", Eyes::Auditor);
    let found: Vec<_> = trace.items.iter().map(|it| (it.subject.to_string(), it.gone)).collect();
    assert_eq!(found, [(format!("feedback/{}", items[1]), true), (format!("feedback/{}", items[2]), false)]);
    assert_eq!(trace.items[1].steps.len(), 1, "what was voided is not told");
}

#[test]
fn given_what_is_no_change_and_no_action_when_it_is_traced_then_it_is_refused_by_its_name() {
    let ledger = ledger();
    let size = ledger.facts.len() as u64;
    let policy = follow(&ledger, size, "policy/leave", Eyes::Reader);
    assert!(matches!(policy, Err(NotTraceable::NotTraced(_))));
    assert!(matches!(follow(&ledger, size, "action/none", Eyes::Reader), Err(NotTraceable::Unknown(_))));
    let beyond = follow(&ledger, size + 1, "action/none", Eyes::Reader);
    assert_eq!(beyond, Err(NotTraceable::BeyondHead { size }));
}

fn seek(ledger: &mut Chronicle) {
    let offer = (("2025-03-20", "2025-04-30"), Some(60), &[Anonymity::Confidential][..]);
    ledger.seek("spring", "2025-03-10", Respondents::Staff, offer);
}

/// So many items of staff, given in a round or without one, that led to one change.
fn heard_in(ledger: &mut Chronicle, round: Option<&str>, count: u64) -> Vec<Uuid> {
    let given = |_| {
        let (item, sequence) = ledger.voice("2025-04-02", Respondents::Staff, Anonymity::Confidential);
        let event = std::sync::Arc::make_mut(&mut ledger.facts[sequence as usize].event);
        if let Payload::FeedbackReceived(received) = &mut event.payload {
            received.round = round.map(|round| Code::parse(round).unwrap());
        }
        item
    };
    (0..count).map(given).collect()
}

#[test]
fn given_a_round_whose_response_is_published_when_what_it_led_to_is_traced_then_it_is_part_of_what_was_told()
{
    let mut ledger = ledger();
    seek(&mut ledger);
    let mut items = heard_in(&mut ledger, Some("spring"), 12);
    items.extend(heard_in(&mut ledger, None, 6));
    ledger.propose("hours", "2025-05-01", "leave", HEARD, &items);
    // Five of the round are told by themselves, too: they count there.
    for item in &items[..5] {
        ledger.told_of(*item, "2025-07-08", ResponseMode::Direct);
    }
    let published = ledger.answer_round("spring", "2025-07-10");
    ledger.release("first", "2025-07-31");
    let voice = now(&ledger, "policy-change/hours", Eyes::Reader).works.remove(0).voice;
    let told: Vec<_> = voice.told.iter().map(|it| (it.how, it.items)).collect();
    let wanted = [
        ("Told directly", Some(5)),
        ("Told in public", Some(0)),
        ("In the response to their round", Some(7)),
        ("Not told yet", Some(6)),
    ];
    assert_eq!((voice.items, told), (Some(18), wanted.to_vec()));
    // An auditor sees it among the steps of each item of the round, in the order of the days, and of no other.
    let trace = now(&ledger, "policy-change/hours", Eyes::Auditor);
    let of = |id: &Uuid| {
        let subject = format!("feedback/{id}");
        trace.items.iter().find(|item| item.subject.to_string() == subject).unwrap()
    };
    let step = |item: &Uuid| of(item).steps.last().unwrap().clone();
    for item in &items[..12] {
        assert_eq!((step(item).what.as_str(), step(item).sequence), (PUBLISHED, published));
    }
    assert!(items[12..].iter().all(|item| of(item).steps.len() == 1));
}

/// Between the two points nothing came of the change or its items, but of their round.
#[test]
fn given_a_response_between_two_release_points_when_its_round_led_to_a_change_then_the_later_tells_of_it() {
    let mut ledger = ledger();
    seek(&mut ledger);
    let items = heard_in(&mut ledger, Some("spring"), 12);
    ledger.propose("hours", "2025-05-01", "leave", HEARD, &items);
    ledger.release("first", "2025-07-01");
    let how = |ledger: &Chronicle| -> Vec<_> {
        let voice = now(ledger, "policy-change/hours", Eyes::Reader).works.remove(0).voice;
        voice.told.iter().map(|it| it.items).collect()
    };
    assert_eq!(how(&ledger), [Some(0), Some(0), Some(0), Some(12)]);
    ledger.answer_round("spring", "2025-07-10");
    ledger.release("second", "2025-07-31");
    assert_eq!(how(&ledger), [Some(0), Some(0), Some(12), Some(0)]);
}

const PUBLISHED: &str = "What came of its round was published: round/spring";

#[test]
fn given_a_response_before_an_item_came_or_one_that_was_taken_back_when_it_is_traced_then_it_told_nobody() {
    for (on, voided) in [("2025-04-01", false), ("2025-04-02", false), ("2025-07-10", true)] {
        let mut ledger = ledger();
        seek(&mut ledger);
        let items = heard_in(&mut ledger, Some("spring"), 1);
        let published = ledger.answer_round("spring", on);
        if voided {
            ledger.void(published, "2025-07-11");
        }
        let trace = now(&ledger, &format!("feedback/{}", items[0]), Eyes::Auditor);
        let told = trace.items[0].steps.iter().any(|step| step.what == PUBLISHED);
        assert_eq!(told, on == "2025-04-02", "{on} {voided}");
    }
}
