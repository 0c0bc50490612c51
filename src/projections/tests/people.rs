//! Tests of the folds of rounds, units, sessions and results: what stands, what was taken back, what was said anew.

use jiff::civil::date;

use crate::domain::event::{Anonymity, FeedbackRoundClosed, LearningDelivered, Level, Respondents};
use crate::domain::id::Subject;
use crate::projections::Views;
use crate::projections::chronicle::people::Answers;
use crate::projections::chronicle::{Chronicle, code, on};
use crate::projections::history::Horizon;
use crate::projections::learning::{Came, holds};
use crate::projections::surveys::{Counts, Round};

const LATER: Horizon = Horizon { as_at: date(2026, 3, 31), as_known: u64::MAX };
const MAY: (&str, &str) = ("2025-05-01", "2025-05-31");

fn asked(invited: Option<u32>, routes: &[Anonymity]) -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    ledger.ask("spring", "2025-04-20", Respondents::Staff, MAY, invited, routes);
    ledger
}

fn of<T>(ledger: &Chronicle, horizon: Horizon, ask: impl Fn(&Round<'_>) -> T) -> Option<T> {
    let views = ledger.views();
    let mut rounds = views.surveys.standings(&views, horizon);
    rounds.next().map(|round| ask(&round))
}

#[test]
fn given_a_round_when_it_is_closed_and_answered_then_from_that_day_on() {
    let mut ledger = asked(Some(80), &[Anonymity::Anonymous]);
    let closed = ledger.close_round("spring", "2025-05-28", 57);
    let answered = ledger.answer_round("spring", "2025-07-01");
    let stands = |round: &Round<'_>| (round.closed, round.response, round.last_day());
    let then = |as_at| of(&ledger, Horizon { as_at, ..LATER }, stands);
    assert_eq!(then(date(2025, 4, 19)), None);
    assert_eq!(then(date(2025, 5, 27)), Some((None, None, on("2025-05-31"))));
    let end = Some((on("2025-05-28"), 57, closed));
    assert_eq!(then(date(2025, 6, 30)), Some((end, None, on("2025-05-28"))));
    assert_eq!(then(date(2025, 7, 1)), Some((end, Some((on("2025-07-01"), answered)), on("2025-05-28"))));
    // As known before it was closed.
    assert_eq!(
        of(&ledger, Horizon { as_known: closed, ..LATER }, stands),
        Some((None, None, on("2025-05-31")))
    );
}

#[test]
fn given_a_closing_when_it_is_said_anew_or_taken_back_then_that_counts() {
    let mut ledger = asked(Some(80), &[Anonymity::Anonymous]);
    let closed = ledger.close_round("spring", "2025-05-28", 57);
    let anew = ledger.correct(closed, "2025-06-02", FeedbackRoundClosed { responses: 58 });
    let stands = |round: &Round<'_>| (round.closed, round.last_day());
    // Closed after it had ended: it took answers up to its announced end.
    assert_eq!(of(&ledger, LATER, stands), Some((Some((on("2025-06-02"), 58, anew)), on("2025-05-31"))));
    ledger.void(closed, "2025-07-01");
    assert_eq!(of(&ledger, LATER, stands), Some((None, on("2025-05-31"))));
    ledger.void(1, "2025-07-02");
    assert_eq!(of(&ledger, LATER, stands), None);
}

#[test]
fn given_few_who_are_asked_when_the_route_is_called_anonymous_then_it_is_not() {
    let routes = [Anonymity::Anonymous, Anonymity::Named];
    let is = |invited, routes: &[Anonymity]| {
        of(&asked(invited, routes), LATER, |it| (it.is_anonymous(), it.offers(Anonymity::Anonymous)))
    };
    assert_eq!(is(Some(10), &routes), Some((true, true)));
    assert_eq!(is(Some(9), &routes), Some((false, true)));
    assert_eq!(is(None, &routes), Some((true, true)));
    assert_eq!(is(Some(80), &[Anonymity::Confidential]), Some((false, false)));
}

fn came(views: &Views) -> Vec<(Option<Level>, Came)> {
    views.learning.sessions(views, LATER).map(|session| (session.level, session.came)).collect()
}

#[test]
fn given_a_session_when_its_events_are_taken_back_then_what_is_left_stands() {
    let mut ledger = Chronicle::opened(false);
    let offered = ledger.offer("s", "2025-04-24", Level::Skilled, "2025-05-20");
    assert_eq!(came(&ledger.views()), [(Some(Level::Skilled), Came::Unsaid)]);
    let held = ledger.deliver("s", "2025-05-20", Some(31));
    let first = ledger.correct(held, "2025-05-20", LearningDelivered { minutes: 90, attendances: Some(13) });
    let second = ledger.correct(held, "2025-05-20", LearningDelivered { minutes: 90, attendances: None });
    assert_eq!(came(&ledger.views()), [(Some(Level::Skilled), Came::Delivered(None))]);
    ledger.void(second, "2025-06-01");
    assert_eq!(came(&ledger.views()), [(Some(Level::Skilled), Came::Delivered(Some(13)))]);
    ledger.void(first, "2025-06-02");
    assert_eq!(came(&ledger.views()), [(Some(Level::Skilled), Came::Delivered(Some(31)))]);
    ledger.void(offered, "2025-06-03");
    assert_eq!(came(&ledger.views()), [(None, Came::Delivered(Some(31)))]);
    // What names commitments is the offer: it was taken back, the delivery was not.
    let views = ledger.views();
    let activity = views.commitments.activity.get(&Subject::parse("session/s").unwrap()).unwrap();
    assert_eq!((activity.all().len(), views.seen(activity, LATER).len()), (1, 0));
    ledger.void(held, "2025-06-04");
    assert_eq!(came(&ledger.views()), []);
}

#[test]
fn given_a_unit_when_its_terms_are_read_then_it_exists_while_one_holds() {
    let mut ledger = Chronicle::opened(false);
    ledger.unit("a", Some("whole"), Some("2025-06-30"));
    ledger.baseline("a", "2025-05-01", 30, 3);
    ledger.baseline("a", "2025-04-01", 20, 2);
    let views = ledger.views();
    let units = |as_at| {
        let units = views.learning.units(&views, Horizon { as_at, ..LATER });
        units.iter().map(|unit| (unit.id.clone(), unit.baseline.map(|it| it.2.people))).collect::<Vec<_>>()
    };
    // The count of the later day stands, whichever was recorded first.
    assert_eq!(units(date(2025, 4, 30)), [(code("a"), Some(20))]);
    assert_eq!(units(date(2025, 6, 30)), [(code("a"), Some(30))]);
    assert_eq!(units(date(2025, 7, 1)), []);
    // As of later, it was a part of the whole in June, and of nothing in July.
    let part_of = |day| {
        let terms = views.learning.registrations(&views, LATER).into_iter();
        let last = terms.filter_map(|(_, terms)| terms.into_iter().rfind(|term| holds(term, day)));
        last.filter_map(|term| term.part_of.clone()).collect::<Vec<_>>()
    };
    assert_eq!((part_of(date(2025, 6, 30)), part_of(date(2025, 7, 1))), (vec![code("whole")], vec![]));
}

#[test]
fn given_a_result_when_it_is_kept_then_without_who_chose_what() {
    let mut ledger = Chronicle::opened(false);
    ledger.answered("q", "2025-06-12", &Answers { counts: Ok([40, 20, 10]), ..Answers::default() });
    ledger.answered("w", "2025-06-12", &Answers { counts: Err(8), ..Answers::default() });
    let views = ledger.views();
    let kept: Vec<_> = views
        .surveys
        .results
        .iter()
        .map(|(_, it)| (it.all()[0].fact.answers, it.all()[0].fact.counts))
        .collect();
    assert_eq!(kept, [(70, Some(Counts { agree: 40, dont_know: 10, other: 20 })), (8, None)]);
}
