//! By hand: R9.

use super::{ask, cell, figure, number, parameters, share, stand, subjects};
use crate::domain::event::{Anonymity, Respondents, WithdrawalScope};
use crate::projections::Views;
use crate::projections::chronicle::Chronicle;
use crate::reports::{Report, ReportName, report};

fn r9(ledger: &Chronicle, as_at: &str) -> Report {
    ask(ReportName::Choice, ledger, as_at)
}

const EVERY: &[Anonymity] = Anonymity::ALL;

#[test]
fn given_rounds_when_asked_then_choice_and_gaps_are_told() {
    let mut ledger = Chronicle::opened(false);
    let open = &[Anonymity::Named][..];
    ledger.seek("spring", "2025-04-20", Respondents::Staff, (("2025-05-01", "2025-05-31"), Some(80), EVERY));
    ledger.seek("board", "2025-05-10", Respondents::Partners, (("2025-05-20", "2025-06-09"), Some(9), EVERY));
    ledger.seek("drop-in", "2025-08-20", Respondents::Staff, (("2025-09-01", "2025-09-10"), None, open));
    ledger.seek("winter", "2026-01-02", Respondents::Staff, (("2026-01-10", "2026-01-31"), Some(10), EVERY));
    let report = r9(&ledger, "2026-03-31");
    // Spring and winter; the board has nine members, and in the drop-in one is seen.
    assert_eq!(share(&report, "r9.anonymous_route"), (2, 4));
    assert_eq!(share(&report, "r9.confidential"), (1, 4));
    assert_eq!(cell(&report, "round/board", "choices"), "Confidential, named");
    assert_eq!(cell(&report, "round/board", "anonymous"), "No: fewer than 10 were asked");
    assert_eq!(cell(&report, "round/drop-in", "invited"), "[x] Not counted");
    // 1 May to 9 June is 40 days, ten in September, 22 in January: 72 of 365.
    assert_eq!(share(&report, "r9.open_days"), (72, 365));
    // 10 June to 31 August: 83 days. 11 September to 9 January: 20 + 31 + 30 + 31 + 9 = 121. From 1 February: 59.
    assert_eq!(number(&report, "r9.longest_gap"), 121);
    // In the first quarter the gap since 10 June has begun, and had 21 days by then.
    let quarter = parameters("2025-06-30", 5, "2025-26 Q1");
    let then = self::report(ReportName::Choice, &ledger.views(), &quarter, &stand()).unwrap();
    assert_eq!((share(&then, "r9.open_days"), number(&then, "r9.longest_gap")), ((40, 91), 21));
    assert_eq!(subjects(&then, "r9.rounds"), ["round/spring", "round/board"]);
    assert!(figure(&then, "r9.choices_staff").text.contains("ask for the year"));
}

#[test]
fn given_rounds_that_are_over_when_their_response_is_published_or_not_then_it_is_told() {
    let mut ledger = Chronicle::opened(false);
    let asked = |from, to| ((from, to), Some(80), EVERY);
    for (id, offer) in [
        ("spring", asked("2025-05-01", "2025-05-31")),
        ("autumn", asked("2025-09-01", "2025-09-30")),
        ("winter", asked("2026-03-10", "2026-03-31")),
    ] {
        ledger.seek(id, offer.0.0, Respondents::Staff, offer);
    }
    let published = ledger.answer_round("spring", "2025-07-10");
    let report = r9(&ledger, "2026-03-31");
    let said = ["round/spring", "round/autumn", "round/winter"].map(|round| cell(&report, round, "response"));
    assert_eq!(said, ["Published 10 Jul 2025", "[x] Nothing published", "[z] Still open"]);
    let table = report.tables.iter().find(|table| table.id == "r9.rounds").unwrap();
    assert!(table.rows[0].cells.last().unwrap().events.contains(&published));
    // On the day before, nobody could have read it.
    assert_eq!(cell(&r9(&ledger, "2025-07-09"), "round/spring", "response"), "[x] Nothing published");
}

#[test]
fn given_items_when_they_are_released_then_only_what_is_large_enough_is_shown() {
    let mut ledger = Chronicle::opened(false);
    let staff = Respondents::Staff;
    ledger.seek("board", "2025-04-20", staff, (("2025-05-01", "2025-05-31"), Some(9), EVERY));
    let items = ledger.hear("2025-05", staff, (Anonymity::Anonymous, None), 20);
    ledger.hear("2025-05-02", staff, (Anonymity::Confidential, None), 5);
    // Among nine nobody is anonymous: with these it is ten confidential items.
    ledger.hear("2025-05-02", staff, (Anonymity::Anonymous, Some("board")), 5);
    ledger.hear("2025-05-02", staff, (Anonymity::Named, None), 8);
    ledger.hear("2025-05-02", Respondents::Partners, (Anonymity::Named, None), 4);
    // Of the year before.
    ledger.hear("2025-03-31", staff, (Anonymity::Named, None), 7);
    for item in &items[..8] {
        ledger.take_back(*item, "2025-06-01", WithdrawalScope::Whole);
    }
    assert_eq!(figure(&r9(&ledger, "2026-03-31"), "r9.choices_staff").status.mark(), "[x]");
    ledger.release_at("june", "2025-06-30", ledger.facts.len() as u64);
    let report = r9(&ledger, "2026-03-31");
    // Eight were withdrawn: 12 are left, and 10 and 8. So many has R3.
    assert_eq!(
        (number(&report, "r9.choices_staff"), figure(&report, "r9.choices_staff").numerator),
        (40, None)
    );
    assert_eq!(share(&ask(ReportName::Feedback, &ledger, "2026-03-31"), "r3.staff_open"), (30, 30));
    let text = "At the release point of 30 June 2025, of feedback from staff in 2025-26: 40 % anonymously, 33 % \
                confidentially, 27 % with a name.";
    assert_eq!(figure(&report, "r9.choices_staff").text, text);
    // Four partners are too few even to be counted.
    assert_eq!(figure(&report, "r9.choices_partners").status.mark(), "[c]");
    assert!(cell(&report, "respondents/partners", "anonymous").starts_with("[c]"));
    // What was withdrawn of four partners is nobody's to know, and neither is the sum of all.
    assert_eq!(figure(&report, "r9.withdrawn").status.mark(), "[c]");
    assert!(figure(&report, "r9.withdrawn").events.is_empty());
    // Three more by July: too small a move, so the figures stay.
    ledger.hear("2025-07-02", staff, (Anonymity::Anonymous, None), 3);
    ledger.hear("2025-07-02", Respondents::Partners, (Anonymity::Named, None), 8);
    ledger.release_at("july", "2025-07-31", ledger.facts.len() as u64);
    let report = r9(&ledger, "2026-03-31");
    assert_eq!(number(&report, "r9.choices_staff"), 40);
    // Twelve partners are told of: of them none was withdrawn, of staff eight.
    assert_eq!(number(&report, "r9.withdrawn"), 8);
    assert_eq!(number(&ask(ReportName::Feedback, &ledger, "2026-03-31"), "r3.staff_withdrawn"), 8);
}

#[test]
fn given_requests_to_erase_when_they_are_followed_then_the_median_counts_open_ones_as_infinite() {
    let mut ledger = Chronicle::opened(false);
    // Days from asked to done: 4, 8, 12, 16, 20; then one that is refused and two that are open.
    for (number, day) in [5, 9, 13, 17, 21].into_iter().enumerate() {
        ledger.ask_to_erase(&format!("e{number}"), "2025-05-01");
        ledger.erase(&format!("e{number}"), &format!("2025-05-{day:02}"));
    }
    ledger.ask_to_erase("refused", "2025-05-01");
    ledger.refuse_to_erase("refused", "2025-05-02");
    let days = |ledger: &Chronicle| figure(&r9(ledger, "2026-03-31"), "r9.days_to_erase").printed();
    ledger.release_at("may", "2025-05-31", ledger.facts.len() as u64);
    // One refused is fewer than five: hidden with the five, so that 5 cannot be had from 6 and 1.
    assert!(days(&ledger).starts_with("[c]"), "{}", days(&ledger));
    for number in 0..6 {
        ledger.ask_to_erase(&format!("r{number}"), "2025-06-01");
        ledger.refuse_to_erase(&format!("r{number}"), "2025-06-02");
    }
    for number in 0..6 {
        ledger.ask_to_erase(&format!("o{number}"), "2025-06-01");
    }
    ledger.release_at("june", "2025-06-30", ledger.facts.len() as u64);
    // Five followed, seven refused, six open: the sixth of eleven is open.
    let text = days(&ledger);
    assert!(text.contains("was not reached: still open (11 requests followed or open; 7 refused)"), "{text}");
    // Two of these are followed on the spot: rank six of eleven is then 20 days, but the number did not move.
    ledger.erase("o0", "2025-07-01");
    ledger.release_at("july", "2025-07-31", ledger.facts.len() as u64);
    assert_eq!(days(&ledger), text.replace("30 June", "31 July"));
}

#[test]
fn given_an_erasure_when_the_views_are_made_again_then_every_report_is_the_same() {
    let mut ledger = Chronicle::opened(false);
    ledger.commitment("C1", "Awareness", "be aware", &[]);
    let items = ledger.hear("2025-05-02", Respondents::Staff, (Anonymity::Named, None), 12);
    ledger.take_back(items[0], "2025-05-03", WithdrawalScope::Whole);
    ledger.ask_to_erase("first", "2025-05-03");
    ledger.release_at("may", "2025-05-31", ledger.facts.len() as u64);
    let before = ledger.facts.len() as u64;
    let asked = parameters("2025-12-31", before, "2025-26");
    let all = |views: &Views| ReportName::ALL.map(|name| report(name, views, &asked, &stand()).unwrap());
    let then = all(&ledger.views());
    ledger.erase("first", "2025-06-03");
    // Folded on from a clone, and from zero: what was erased is no part of a record, so nothing before it reads otherwise.
    let mut views = Views::new();
    for fact in &ledger.facts {
        views = views.clone();
        views.apply(fact);
    }
    assert_eq!(all(&views), then);
    assert_eq!(all(&ledger.views()), then);
}
