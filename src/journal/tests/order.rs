//! Who hears what, and when: nothing before it is durable, a batch whole or not at all.

use jiff::Timestamp;
use std::{future::Future as _, pin::pin, sync::Arc, task::Poll, time::Duration};

use super::{Limits, Verdict, event, gated, given, impossible, post};
use crate::domain::{
    command::{Command, Expected},
    event::{ClockCorrected, Event},
    irregularity::Irregularity,
    value::Occurred,
};
use crate::journal::{Proposal, Refused, Standing, clock::Clock};

/// Polls a future once.
macro_rules! is_pending {
    ($future:expr) => {
        std::future::poll_fn(|cx| Poll::Ready($future.as_mut().poll(cx).is_pending())).await
    };
}

const SOON: Duration = Duration::from_millis(50);

#[tokio::test]
async fn an_append_is_acknowledged_only_after_the_commit() {
    let it = gated(Limits::default());
    let mut append = pin!(it.journal.append(vec![post("a")], None));
    assert!(is_pending!(append));
    assert_eq!(it.arrived.recv().unwrap(), 1);
    // The group stands at the gate: it is not durable, and nobody may have been told.
    tokio::time::sleep(SOON).await;
    assert!(is_pending!(append), "acknowledged before the commit");
    assert_eq!(it.journal.head().size, 0);
    it.pass.send(Verdict::Pass).unwrap();
    assert_eq!(append.await.unwrap()[0].receipt.sequence, 0);
    assert_eq!(it.journal.head().size, 1);
}

#[tokio::test]
async fn a_refusal_and_a_repeat_are_released_only_after_the_group_that_they_rest_on() {
    let it = gated(Limits::default());
    let first = post("a");
    let mut blocker = pin!(it.journal.append(vec![post("blocker")], None));
    assert!(is_pending!(blocker));
    it.arrived.recv().unwrap();
    // These three wait behind the blocker, and so come into one group.
    let mut new = pin!(it.journal.append(vec![first.clone()], None));
    let mut repeated = pin!(it.journal.append(vec![first], None));
    let mut refused = pin!(it.journal.append(vec![impossible("a")], None));
    assert!(is_pending!(new) && is_pending!(repeated) && is_pending!(refused));
    it.pass.send(Verdict::Pass).unwrap();
    assert_eq!(it.arrived.recv().unwrap(), 1, "one new record stands at the gate");
    tokio::time::sleep(SOON).await;
    assert!(is_pending!(new), "acknowledged before the commit");
    assert!(is_pending!(repeated), "a repeat was released before the group that it repeats was durable");
    assert!(is_pending!(refused), "a refusal was released before the group that it rests on was durable");
    it.pass.send(Verdict::Pass).unwrap();
    let (new, repeated) = (new.await.unwrap(), repeated.await.unwrap());
    assert_eq!(new[0].receipt, repeated[0].receipt);
    assert!(!new[0].repeated && repeated[0].repeated);
    assert!(matches!(refused.await, Err(Refused::Rejected { index: 0, .. })));
}

#[test]
fn a_batch_with_one_refused_event_leaves_nothing_behind() {
    let it = given();
    it.append(vec![post("a")]).unwrap();
    let before = it.journal.head();
    let refused = it.append(vec![post("b"), post("c"), impossible("a"), post("d")]);
    assert!(matches!(refused, Err(Refused::Rejected { index: 2, .. })), "{refused:?}");
    assert_eq!(it.journal.head(), before);
    // What the refused batch had in it can be recorded: it left no trace in memory, either.
    assert_eq!(it.append(vec![post("b"), post("c")]).unwrap()[1].receipt.subject_version, 1);
}

#[test]
fn events_of_one_batch_see_the_ones_before_them() {
    let it = given();
    let refused = it.append(vec![post("a"), impossible("a")]);
    assert!(matches!(refused, Err(Refused::Rejected { index: 1, .. })));
    assert_eq!(it.size(), 1);
}

#[tokio::test]
async fn a_group_that_lost_the_race_is_decided_again_on_the_new_state() {
    let it = gated(Limits::default());
    let mut append = pin!(it.journal.append(vec![post("a")], None));
    assert!(is_pending!(append));
    it.arrived.recv().unwrap();
    // Another writer registers the same post first: what was acceptable no longer is.
    it.pass.send(Verdict::Superseded(vec![post("a")])).unwrap();
    assert!(matches!(append.await, Err(Refused::Rejected { index: 0, .. })));
    assert_eq!(it.journal.head().size, 1);

    let mut append = pin!(it.journal.append(vec![post("b")], None));
    assert!(is_pending!(append));
    it.arrived.recv().unwrap();
    it.pass.send(Verdict::Superseded(vec![post("c")])).unwrap();
    assert_eq!(it.arrived.recv().unwrap(), 1, "it is tried again");
    it.pass.send(Verdict::Pass).unwrap();
    assert_eq!(append.await.unwrap()[0].receipt.sequence, 2);
}

#[tokio::test]
async fn a_request_whose_deadline_passed_in_the_queue_is_not_recorded() {
    let it = gated(Limits::default());
    let mut blocker = pin!(it.journal.append(vec![post("blocker")], None));
    assert!(is_pending!(blocker));
    it.arrived.recv().unwrap();
    let deadline = std::time::Instant::now() + Duration::from_millis(10);
    let mut late = pin!(it.journal.append(vec![post("late")], Some(deadline)));
    assert!(is_pending!(late));
    tokio::time::sleep(SOON).await;
    it.pass.send(Verdict::Pass).unwrap();
    assert!(matches!(late.await, Err(Refused::DeadlinePassed)));
    assert_eq!(it.journal.head().size, 1);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let it = gated(Limits { queued_requests: 1, ..Limits::default() });
    let mut blocker = pin!(it.journal.append(vec![post("blocker")], None));
    assert!(is_pending!(blocker));
    it.arrived.recv().unwrap();
    let mut waits = pin!(it.journal.append(vec![post("waits")], None));
    assert!(is_pending!(waits));
    assert!(matches!(it.journal.append(vec![post("refused")], None).await, Err(Refused::QueueFull)));
    it.pass.send(Verdict::Pass).unwrap();
    it.arrived.recv().unwrap();
    it.pass.send(Verdict::Pass).unwrap();
    assert!(waits.await.is_ok(), "what had a place in the queue is recorded");
}

#[tokio::test]
async fn too_many_bytes_in_the_queue_refuse_at_once_and_are_given_back() {
    let it = gated(Limits { queued_bytes: 1_500, ..Limits::default() });
    let mut blocker = pin!(it.journal.append(vec![post("blocker")], None));
    assert!(is_pending!(blocker));
    it.arrived.recv().unwrap();
    let mut waits = pin!(it.journal.append(vec![post("waits")], None));
    assert!(is_pending!(waits));
    let big = (0..3).map(|i| post(&format!("p{i}"))).collect();
    assert!(matches!(it.journal.append(big, None).await, Err(Refused::QueueFull)));
    for _ in 0..2 {
        it.pass.send(Verdict::Pass).unwrap();
    }
    assert!(waits.await.is_ok());
    let mut after = pin!(it.journal.append(vec![post("after")], None));
    assert!(is_pending!(after), "the bytes of what was taken are free again");
    it.pass.send(Verdict::Pass).unwrap();
    assert!(after.await.is_ok());
}

#[tokio::test]
async fn closing_finishes_what_waits() {
    let it = gated(Limits::default());
    let mut first = pin!(it.journal.append(vec![post("a")], None));
    assert!(is_pending!(first));
    let mut second = pin!(it.journal.append(vec![post("b")], None));
    assert!(is_pending!(second));
    it.pass.send(Verdict::Pass).unwrap();
    it.pass.send(Verdict::Pass).unwrap();
    let journal = it.journal.clone();
    tokio::task::spawn_blocking(move || journal.close()).await.unwrap();
    assert!(first.await.is_ok() && second.await.is_ok());
    assert!(matches!(it.journal.append(vec![post("c")], None).await, Err(Refused::Stopping)));
}

#[test]
fn recorded_time_never_goes_back_and_a_clock_that_does_is_marked() {
    let it = given();
    let now = it.clock.now();
    it.clock.set(now - jiff::SignedDuration::from_secs(2));
    let behind = &it.append(vec![post("a")]).unwrap()[0].receipt;
    assert_eq!(behind.recorded_at, now);
    assert_eq!(behind.irregularities, [Irregularity::ClockBehind]);
    it.clock.set(now + jiff::SignedDuration::from_secs(1));
    let right = &it.append(vec![post("b")]).unwrap()[0].receipt;
    assert_eq!(right.recorded_at, it.clock.now());
    assert_eq!(right.irregularities, []);
}

#[test]
fn a_ledger_whose_last_record_lies_in_the_future_is_read_only() {
    let it = given();
    let now = it.clock.now();
    it.clock.set(now - jiff::SignedDuration::from_secs(301));
    let it = it.restarted();
    let refused = it.append(vec![post("a")]);
    assert!(matches!(&refused, Err(Refused::ReadOnly(why)) if why.contains("clock")), "{refused:?}");
    assert!(matches!(it.journal.standing(), Standing::ClockFault(fault) if fault.drift_seconds == 301));
    assert!(it.journal.entry(0).unwrap().is_some(), "reads go on");
}

#[test]
fn an_operators_word_about_the_clock_opens_the_ledger_again() {
    let it = given();
    let then = it.clock.now();
    // Ten hours ahead, it was; the genesis and all that follows it were recorded then.
    it.clock.set(then - jiff::SignedDuration::from_hours(10));
    let it = it.restarted();
    // Nobody else's word, and nothing beside it.
    let mine = || Proposal { command: clock_corrected("operator", it.clock.now()), texts: Vec::new() };
    let theirs = Proposal { command: clock_corrected("tracker", it.clock.now()), texts: Vec::new() };
    assert!(matches!(it.append(vec![theirs]), Err(Refused::Rejected { .. })));
    assert!(matches!(it.append(vec![mine(), post("a")]), Err(Refused::ReadOnly(_))));
    let corrected = &it.append(vec![mine()]).unwrap()[0].receipt;
    // Time stands still until the clock has caught up with what is recorded: it never goes back.
    assert_eq!(
        (corrected.recorded_at, &corrected.irregularities[..]),
        (then, &[Irregularity::ClockBehind][..])
    );
    assert_eq!(it.journal.standing(), Standing::Open);
    let next = &it.append(vec![post("a")]).unwrap()[0].receipt;
    assert_eq!((next.sequence, next.recorded_at), (corrected.sequence + 1, then));
    it.clock.set(then + jiff::SignedDuration::from_secs(1));
    assert_eq!(it.append(vec![post("b")]).unwrap()[0].receipt.recorded_at, it.clock.now());
}

fn clock_corrected(source: &str, now: Timestamp) -> Command {
    let event = Event {
        occurred: Occurred::Instant(now),
        ..event("ledger/test", ClockCorrected { drift_seconds: 36_000 })
    };
    Command { source: super::source(source), expected: Expected::Any, event: Arc::new(event) }
}

#[test]
fn the_answer_to_a_caller_that_left_is_kept_in_the_ledger() {
    let it = given();
    let left = post("a");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        // Polled once, so that it is in the queue, then dropped.
        let mut append = Box::pin(it.journal.append(vec![left.clone()], None));
        let _ = is_pending!(append);
    });
    let again = &it.journal.append_blocking(vec![left]).unwrap()[0];
    assert!(again.repeated);
    assert_eq!(again.receipt.sequence, 1);
}

#[tokio::test]
async fn a_refused_request_leaves_no_trace_for_the_next_of_its_group() {
    let it = gated(Limits::default());
    let mut blocker = pin!(it.journal.append(vec![post("blocker")], None));
    assert!(is_pending!(blocker));
    it.arrived.recv().unwrap();
    // Both wait behind the blocker, and so come into one group.
    let mut refused = pin!(it.journal.append(vec![post("a"), impossible("blocker")], None));
    let mut next = pin!(it.journal.append(vec![post("a")], None));
    assert!(is_pending!(refused) && is_pending!(next));
    for _ in 0..2 {
        it.pass.send(Verdict::Pass).unwrap();
    }
    assert!(matches!(refused.await, Err(Refused::Rejected { index: 1, .. })));
    let next =
        next.await.expect("the post is not registered: the request that would have done so was refused");
    assert_eq!((next[0].receipt.sequence, next[0].receipt.subject_version), (1, 1));
}
