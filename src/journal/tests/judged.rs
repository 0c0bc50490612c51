//! Judging without writing: the same verdict as the append's, at the same place and in the same order, and no trace.
//! That every other test's append is judged first, with the same verdict, is seen to by `Given::append`.

use std::{future::Future as _, pin::pin, task::Poll, time::Duration};
use uuid::Uuid;

use super::{Limits, Verdict, action, cancelled, gated, given, groundwork, impossible, post};
use crate::domain::irregularity::Irregularity;
use crate::journal::{Judgement, Refused, clock::Clock as _};

/// Polls a future once.
macro_rules! is_pending {
    ($future:expr) => {
        std::future::poll_fn(|cx| Poll::Ready($future.as_mut().poll(cx).is_pending())).await
    };
}

const SOON: Duration = Duration::from_millis(50);

fn recordable(subject_version: u64) -> Judgement {
    Judgement::Recordable { subject_version, irregularities: Vec::new() }
}

#[test]
fn given_events_that_would_be_recorded_when_they_are_judged_then_records_words_and_ids_are_untouched() {
    let it = given();
    it.journal.append_blocking(groundwork()).unwrap();
    it.journal.append_blocking(vec![action("a")]).unwrap();
    let (before, stored) = (it.journal.head(), it.backend.dump());
    let id = Uuid::new_v4();
    let judged = it.judge(vec![cancelled("a", id, 1, "No longer needed"), action("b")]).unwrap();
    assert_eq!(judged, [recordable(2), recordable(1)]);
    assert_eq!(it.journal.head(), before);
    assert!(it.backend.dump() == stored, "a record or words were stored");
    // The id is not spent: other words under it are new, and take the sequence that was next all the time.
    let other = it.journal.append_blocking(vec![cancelled("a", id, 2, "Something else")]).unwrap();
    assert_eq!((other[0].repeated, other[0].receipt.sequence), (false, before.size));
    let it = it.restarted();
    assert_eq!(it.size(), before.size + 1);
}

#[test]
fn given_events_of_one_request_when_they_are_judged_then_each_sees_those_before_it_and_no_other_request_does()
{
    let it = given();
    it.journal.append_blocking(groundwork()).unwrap();
    let both = || vec![action("a"), cancelled("a", Uuid::new_v4(), 1, "No longer needed")];
    assert_eq!(it.judge(both()).unwrap(), [recordable(1), recordable(2)]);
    assert!(matches!(it.judge(both().split_off(1)), Err(Refused::Rejected { index: 0, .. })));
    let again =
        [action("b"), cancelled("b", Uuid::new_v4(), 1, "No"), cancelled("b", Uuid::new_v4(), 1, "No")];
    assert!(matches!(it.judge(again.to_vec()), Err(Refused::Rejected { index: 2, .. })));
    assert_eq!(it.size(), 5);
}

#[test]
fn given_events_that_are_recorded_when_they_are_judged_again_then_the_first_receipt_is_shown() {
    let it = given();
    let first = it.journal.append_blocking(vec![post("a")]).unwrap();
    let other = post("b");
    let id = first[0].receipt.event_id;
    let mut same = post("a");
    let mut event = (*same.command.event).clone();
    event.id = id;
    same.command.event = event.into();
    let judged = it.judge(vec![other, same]).unwrap();
    assert_eq!(judged, [recordable(1), Judgement::Repeat(first[0].receipt.clone())]);
}

#[test]
fn given_a_clock_behind_when_an_event_is_judged_then_it_would_carry_the_mark() {
    let it = given();
    it.clock.set(it.clock.now() - jiff::SignedDuration::from_secs(2));
    let judged = it.judge(vec![post("a")]).unwrap();
    let Judgement::Recordable { irregularities, .. } = &judged[0] else { panic!("{judged:?}") };
    assert_eq!(irregularities, &[Irregularity::ClockBehind]);
    it.append(vec![post("a")]).unwrap();
}

#[tokio::test]
async fn given_a_group_that_is_not_durable_when_a_request_is_judged_on_it_then_nothing_is_said_before_it_is()
{
    let it = gated(Limits::default());
    let first = post("a");
    let mut blocker = pin!(it.journal.append(vec![post("blocker")], None));
    assert!(is_pending!(blocker));
    it.arrived.recv().unwrap();
    // All of these wait behind the blocker, and so come into one group.
    let mut early = pin!(it.journal.judge(vec![first.clone()], None));
    let mut new = pin!(it.journal.append(vec![first.clone()], None));
    let mut repeat = pin!(it.journal.judge(vec![first.clone()], None));
    let mut refused = pin!(it.journal.judge(vec![impossible("a")], None));
    let mut next = pin!(it.journal.append(vec![post("b")], None));
    assert!(is_pending!(early) && is_pending!(new) && is_pending!(repeat));
    assert!(is_pending!(refused) && is_pending!(next));
    it.pass.send(Verdict::Pass).unwrap();
    assert_eq!(it.arrived.recv().unwrap(), 2, "a judgement has no record");
    tokio::time::sleep(SOON).await;
    assert!(is_pending!(early) && is_pending!(repeat), "judged before what it rests on was durable");
    assert!(is_pending!(refused), "refused before what it rests on was durable");
    it.pass.send(Verdict::Pass).unwrap();
    assert_eq!(early.await.unwrap(), [recordable(1)], "what is only judged is seen by nobody after it");
    let new = new.await.unwrap();
    assert!(!new[0].repeated);
    assert_eq!(repeat.await.unwrap(), [Judgement::Repeat(new[0].receipt.clone())]);
    assert!(matches!(refused.await, Err(Refused::Rejected { index: 0, .. })));
    assert_eq!(next.await.unwrap()[0].receipt.sequence, new[0].receipt.sequence + 1);
}

#[tokio::test]
async fn given_a_group_that_lost_the_race_when_a_request_was_judged_on_it_then_it_is_judged_again() {
    let it = gated(Limits::default());
    let mut append = pin!(it.journal.append(vec![post("a")], None));
    assert!(is_pending!(append));
    it.arrived.recv().unwrap();
    it.pass.send(Verdict::Pass).unwrap();
    append.await.unwrap();
    let mut blocker = pin!(it.journal.append(vec![post("blocker")], None));
    assert!(is_pending!(blocker));
    it.arrived.recv().unwrap();
    let mut with = pin!(it.journal.append(vec![post("b")], None));
    let mut judged = pin!(it.journal.judge(vec![post("c")], None));
    assert!(is_pending!(with) && is_pending!(judged));
    it.pass.send(Verdict::Pass).unwrap();
    it.arrived.recv().unwrap();
    it.pass.send(Verdict::Superseded(vec![post("c")])).unwrap();
    it.arrived.recv().unwrap();
    it.pass.send(Verdict::Pass).unwrap();
    assert!(matches!(judged.await, Err(Refused::Rejected { index: 0, .. })));
    assert!(with.await.is_ok() && blocker.await.is_ok());
}

#[tokio::test]
async fn given_a_deadline_that_passed_in_the_queue_when_a_request_is_judged_then_it_says_so_and_so_does_a_full_queue()
 {
    let it = gated(Limits { queued_requests: 1, ..Limits::default() });
    let mut blocker = pin!(it.journal.append(vec![post("blocker")], None));
    assert!(is_pending!(blocker));
    it.arrived.recv().unwrap();
    let deadline = std::time::Instant::now() + Duration::from_millis(10);
    let mut late = pin!(it.journal.judge(vec![post("late")], Some(deadline)));
    assert!(is_pending!(late));
    assert!(matches!(it.journal.judge(vec![post("more")], None).await, Err(Refused::QueueFull)));
    tokio::time::sleep(SOON).await;
    it.pass.send(Verdict::Pass).unwrap();
    assert!(matches!(late.await, Err(Refused::DeadlinePassed)));
}

#[test]
fn given_a_ledger_that_takes_no_appends_when_an_event_is_judged_then_it_is_refused_as_the_append_is() {
    let it = given();
    it.clock.set(it.clock.now() - jiff::SignedDuration::from_secs(301));
    let it = it.restarted();
    assert!(matches!(it.judge(vec![post("a")]), Err(Refused::ReadOnly(_))));
    it.journal.close();
    assert!(matches!(it.judge(vec![post("a")]), Err(Refused::Stopping)));
}
