//! Ledgers, posts, code lists, calendars, settings.

use super::says::*;
use super::{given, given_nothing};
use crate::domain::event::*;
use crate::domain::irregularity::Irregularity::*;
use crate::domain::rules::*;

#[test]
fn ledger_already_opened() {
    given_nothing().when(opened()).then_accepted().and_state("ledger/acme", "OPENED");
    given_nothing().and([opened()]).when(opened()).then_refused(&LEDGER_ALREADY_OPENED).because_of(0);
    let other = opened()
        .with(|event| event.subject = crate::domain::id::LedgerName::parse("other").unwrap().subject());
    given_nothing().and([opened()]).when(other).then_refused(&LEDGER_ALREADY_OPENED).because_of(0);
}

#[test]
fn origin_form() {
    for text in ["", "two words", "a+b", "umlaut-ö", &"x".repeat(256)] {
        let said = opened().with(|event| {
            if let Payload::LedgerOpened(opened) = &mut event.payload {
                opened.origin = text.into();
            }
        });
        given_nothing().when(said).then_malformed(&ORIGIN_FORM, "ledger_opened.origin");
    }
}

#[test]
fn an_origin_has_at_most_255_bytes() {
    let said = opened().with(|event| {
        if let Payload::LedgerOpened(opened) = &mut event.payload {
            opened.origin = "x".repeat(255);
        }
    });
    given_nothing().when(said).then_accepted();
}

#[test]
fn post_overlap() {
    let was = || given([post("new", "2025-01-01", Some("2025-03-31"), &[])]);
    was().when(post("new", "2025-04-01", None, &[])).then_accepted();
    was().when(post("new", "2025-03-31", None, &[])).then_refused(&POST_OVERLAP).because_of(0);
    was().when(post("new", "2024-01-01", None, &[])).then_refused(&POST_OVERLAP).because_of(0);
    was().when(post("new", "2024-01-01", Some("2025-01-01"), &[])).then_refused(&POST_OVERLAP);
    was().when(post("new", "2024-01-01", Some("2024-12-31"), &[])).then_accepted();
    given([]).when(post("head", "2030-01-01", None, &[])).then_refused(&POST_OVERLAP);
}

#[test]
fn term_backwards() {
    given([])
        .when(post("new", "2025-01-02", Some("2025-01-01"), &[]))
        .then_malformed(&TERM_BACKWARDS, "post_registered.valid_to");
    given([]).when(post("new", "2025-01-02", Some("2025-01-02"), &[])).then_accepted();
    given([])
        .when(list_of("2025-01-02", "new", vec![entry("x", Some("2025-01-02"), Some("2025-01-01"))]))
        .then_malformed(&TERM_BACKWARDS, "code_list_adopted.entries[0].valid_to");
    given([])
        .when(list_of("2025-01-02", "new", vec![entry("x", Some("2025-01-02"), Some("2025-01-02"))]))
        .then_accepted();
    given([])
        .when(calendar("2025-01-02", "2025-01-01", &[]))
        .then_malformed(&TERM_BACKWARDS, "calendar_adopted.covers_to");
}

#[test]
fn held_with_itself() {
    given([])
        .when(post("new", "2025-01-01", None, &["head", "new"]))
        .then_malformed(&HELD_WITH_ITSELF, "post_registered.held_with[1]");
    given([])
        .when(post("new", "2025-01-01", None, &["nobody"]))
        .then_unknown("post_registered.held_with[0]", "post/nobody");
}

fn themes(when: &str, codes: &[&str]) -> Said {
    list_of(when, "theme", codes.iter().map(|code| entry(code, None, None)).collect())
}

#[test]
fn code_in_use() {
    let was = || given([received("2025-05-01", 1)]);
    was().when(themes("2025-06-01", &["rotas", "spare"])).then_refused(&CODE_IN_USE);
    was().when(themes("2025-06-01", &["rest"])).then_accepted();
    // Ended, not removed.
    let ended = list_of("2025-06-01", "theme", vec![entry("rest", None, Some("2025-05-31"))]);
    was().when(ended).then_accepted();
}

#[test]
fn code_in_use_is_not_lost_by_a_void() {
    let adopted = themes("2025-05-01", &["rest", "heating"]);
    let mut payload = feedback_received(Anonymity::Named, Contact::Direct);
    payload.themes = codes(&["heating"]);
    let was = || given([adopted.clone()]);
    was().when(void("2025-06-01", &adopted)).then_accepted();
    was()
        .and([on("2025-05-02", &item(1), payload)])
        .when(void("2025-06-01", &adopted))
        .then_refused(&CODE_IN_USE);
}

#[test]
fn a_backdated_list_takes_nothing_away() {
    // The later adoption stands, so the code stays.
    given([received("2025-05-01", 1)]).when(themes("2024-12-31", &["spare"])).then_flagged(&[LateRecorded]);
}

#[test]
fn codes_are_unique() {
    given([])
        .when(themes("2025-06-01", &["rest", "rotas", "rest"]))
        .then_malformed(&NAMED_TWICE, "code_list_adopted.entries[2]");
}

#[test]
fn holiday_outside() {
    let at = "calendar_adopted.holidays[0].on";
    given([]).when(calendar("2025-01-01", "2025-01-01", &["2025-01-01"])).then_accepted();
    given([])
        .when(calendar("2025-01-02", "2025-02-01", &["2025-01-01"]))
        .then_malformed(&HOLIDAY_OUTSIDE, at);
    given([])
        .when(calendar("2025-01-02", "2025-02-01", &["2025-02-02"]))
        .then_malformed(&HOLIDAY_OUTSIDE, at);
    given([])
        .when(calendar("2025-01-01", "2025-02-01", &["2025-01-01", "2025-01-01"]))
        .then_malformed(&NAMED_TWICE, "calendar_adopted.holidays[1]");
}

#[test]
fn threshold_floor() {
    let new = |a, b, c| {
        given_nothing().and([calendar("2025-01-01", "2025-12-31", &[])]).when(settings("2025-01-01", a, b, c))
    };
    new(5, 10, 28).then_accepted();
    new(4, 10, 28).then_malformed(&THRESHOLD_FLOOR, "report_settings_adopted.suppress_below");
    new(5, 9, 28).then_malformed(&THRESHOLD_FLOOR, "report_settings_adopted.survey_minimum");
    new(5, 10, 27).then_malformed(&THRESHOLD_FLOOR, "report_settings_adopted.release_interval");
}

#[test]
fn threshold_lowered() {
    let was = || given([settings("2025-06-01", 6, 11, 29)]);
    was().when(settings("2025-07-01", 6, 11, 29)).then_accepted();
    was().when(settings("2025-07-01", 5, 11, 29)).then_refused(&THRESHOLD_LOWERED).because_of(0);
    was().when(settings("2025-07-01", 6, 10, 29)).then_refused(&THRESHOLD_LOWERED).because_of(0);
    was().when(settings("2025-07-01", 6, 11, 28)).then_refused(&THRESHOLD_LOWERED).because_of(0);
}

#[test]
fn threshold_lowered_by_what_stands_after_a_backdated_rise() {
    given([settings("2025-06-01", 6, 11, 29)])
        .when(settings("2025-05-01", 7, 11, 29))
        .then_refused(&THRESHOLD_LOWERED)
        .because_of(0);
    given([settings("2025-06-01", 6, 11, 29)])
        .when(settings("2025-05-01", 5, 11, 28))
        .then_flagged(&[LateRecorded]);
}

#[test]
fn threshold_lowered_by_a_void() {
    let raised = settings("2025-06-01", 6, 10, 28);
    let same = settings("2025-06-01", 5, 10, 28);
    given([raised.clone()]).when(void("2025-07-01", &raised)).then_refused(&THRESHOLD_LOWERED).because_of(0);
    given([same.clone()]).when(void("2025-07-01", &same)).then_accepted();
}

#[test]
fn settings_name_a_known_calendar() {
    given_nothing()
        .when(settings("2025-01-01", 5, 10, 28))
        .then_unknown("report_settings_adopted.calendar", "calendar/main");
}
