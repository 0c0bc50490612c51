//! A retry gets the first receipt again, for the ledger's whole life; another content under the same id is refused.

use uuid::Uuid;

use super::{action, cancelled, given, groundwork, post, source};
use crate::domain::{command::Expected, rejection::Rejection};
use crate::journal::{Refused, read::WordsStatus};

fn is_taken<T>(answer: &Result<T, Refused>) -> bool {
    matches!(answer, Err(Refused::Rejected { rejection: Rejection::IdTaken { .. }, .. }))
}

#[test]
fn a_repeat_gets_the_same_receipt_in_the_next_group_and_after_a_restart() {
    let it = given();
    let (a, b) = (post("a"), post("b"));
    let first = it.append(vec![a.clone(), b.clone()]).unwrap();
    let second = it.append(vec![b.clone(), a.clone()]).unwrap();
    let it = it.restarted();
    let third = it.append(vec![a, b]).unwrap();
    assert!(first.iter().all(|x| !x.repeated) && second.iter().chain(&third).all(|x| x.repeated));
    assert_eq!(first[0].receipt, second[1].receipt);
    assert_eq!(first[1].receipt, second[0].receipt);
    assert_eq!(
        first.iter().map(|x| &x.receipt).collect::<Vec<_>>(),
        third.iter().map(|x| &x.receipt).collect::<Vec<_>>()
    );
    assert_eq!(it.size(), 3);
}

#[test]
fn a_batch_that_is_half_known_records_the_other_half() {
    let it = given();
    let (a, b) = (post("a"), post("b"));
    it.append(vec![a.clone()]).unwrap();
    let answers = it.append(vec![b, a]).unwrap();
    assert_eq!(
        answers.iter().map(|x| (x.receipt.sequence, x.repeated)).collect::<Vec<_>>(),
        [(2, false), (1, true)]
    );
}

#[test]
fn the_same_id_with_other_content_is_refused() {
    let it = given();
    let first = post("a");
    let mut other = post("b");
    let mut event = (*other.command.event).clone();
    event.id = first.command.event.id;
    other.command.event = event.into();
    it.append(vec![first]).unwrap();
    assert!(is_taken(&it.append(vec![other])));
}

#[test]
fn ids_are_unique_per_source_only() {
    let it = given();
    let first = post("a");
    let mut other = post("b");
    let mut event = (*other.command.event).clone();
    event.id = first.command.event.id;
    other.command.event = event.into();
    other.command.source = source("hr");
    it.append(vec![first]).unwrap();
    assert!(!it.append(vec![other]).unwrap()[0].repeated);
}

#[test]
fn a_repeat_is_found_before_its_expectation_is_judged() {
    let it = given();
    let mut first = post("a");
    first.command.expected = Expected::NoSubject;
    it.append(vec![first.clone()]).unwrap();
    assert!(it.append(vec![first]).unwrap()[0].repeated);
}

#[test]
fn the_same_words_under_another_nonce_are_a_repeat_and_other_words_are_not() {
    let it = given();
    it.append(groundwork()).unwrap();
    it.append(vec![action("a")]).unwrap();
    let id = Uuid::new_v4();
    let first = it.append(vec![cancelled("a", id, 1, "No longer needed")]).unwrap();
    let again = it.append(vec![cancelled("a", id, 2, "No longer needed")]).unwrap();
    assert_eq!(first[0].receipt, again[0].receipt);
    assert!(is_taken(&it.append(vec![cancelled("a", id, 3, "Something else")])));
    let it = it.restarted();
    assert!(it.append(vec![cancelled("a", id, 4, "No longer needed")]).unwrap()[0].repeated);
    assert!(is_taken(&it.append(vec![cancelled("a", id, 5, "Something else")])));
}

#[test]
fn words_stand_beside_the_record_and_never_in_it() {
    let it = given();
    it.append(groundwork()).unwrap();
    it.append(vec![action("a")]).unwrap();
    let words = "Because the building is sold";
    let receipt = it.append(vec![cancelled("a", Uuid::new_v4(), 9, words)]).unwrap()[0].receipt.clone();
    let entry = it.journal.entry(receipt.sequence).unwrap().unwrap();
    assert_eq!(entry.words[0].status, WordsStatus::Held);
    assert_eq!(entry.words[0].text.as_deref(), Some(words));
    let record = it.journal.reader().read(receipt.sequence).unwrap();
    assert!(!record.windows(8).any(|w| w == &words.as_bytes()[..8]));
    assert!(!format!("{entry:?}").contains("building"), "not even through Debug");
}

#[test]
fn the_version_in_a_receipt_is_the_one_of_then() {
    let it = given();
    it.append(groundwork()).unwrap();
    let planned = action("a");
    assert_eq!(it.append(vec![planned.clone()]).unwrap()[0].receipt.subject_version, 1);
    let done = cancelled("a", Uuid::new_v4(), 1, "No longer needed");
    assert_eq!(it.append(vec![done]).unwrap()[0].receipt.subject_version, 2);
    assert_eq!(it.append(vec![planned]).unwrap()[0].receipt.subject_version, 1);
}
