//! Pledges and commitments.

use super::given;
use super::says::*;
use crate::domain::event::*;
use crate::domain::rules::*;

use Disposition::{Kept, Superseded, Withdrawn};

fn made(change: impl FnOnce(&mut CommitmentMade)) -> Said {
    let mut payload = commitment_made();
    change(&mut payload);
    on("2025-02-01", "commitment/C3", payload)
}

fn bent(said: Said, change: impl FnOnce(&mut PledgePublished)) -> Said {
    said.with(|event| {
        if let Payload::PledgePublished(published) = &mut event.payload {
            change(published);
        }
    })
}

#[test]
fn pledge_empty() {
    given([])
        .when(bent(pledge("2025-03-01", 2, &[("C1", Kept), ("C2", Kept)]), |p| p.text.clear()))
        .then_malformed(&PLEDGE_EMPTY, "pledge_published.text");
}

#[test]
fn pledge_hash() {
    given([])
        .when(bent(pledge("2025-03-01", 2, &[("C1", Kept), ("C2", Kept)]), |p| p.text.push('!')))
        .then_malformed(&PLEDGE_HASH, "pledge_published.sha256");
}

#[test]
fn pledge_version_out_of_step() {
    let all = [("C1", Kept), ("C2", Kept)];
    given([]).when(pledge("2025-03-01", 2, &all)).then_accepted().and_state("pledge/main", "PUBLISHED");
    given([]).when(pledge("2025-03-01", 3, &all)).then_refused(&PLEDGE_VERSION_OUT_OF_STEP);
    given([]).when(pledge("2025-03-01", 1, &all)).then_refused(&PLEDGE_VERSION_OUT_OF_STEP);
    given([]).when(pledge("2025-03-01", 0, &all)).then_refused(&PLEDGE_VERSION_OUT_OF_STEP);
    // Version 2 before version 1.
    given([]).when(pledge("2025-01-09", 2, &all)).then_refused(&PLEDGE_VERSION_OUT_OF_STEP);
    given([])
        .when(pledge("2025-03-01", 2, &all).with(|event| event.subject = subject("pledge/new")))
        .then_refused(&PLEDGE_VERSION_OUT_OF_STEP);
}

fn subject(text: &str) -> crate::domain::id::Subject {
    crate::domain::id::Subject::parse(text).unwrap()
}

#[test]
fn first_version_disposes() {
    given([])
        .when(pledge("2025-03-01", 1, &[("C1", Kept)]).with(|event| event.subject = subject("pledge/new")))
        .then_malformed(&FIRST_VERSION_DISPOSES, "pledge_published.dispositions");
}

#[test]
fn commitment_without_disposition() {
    given([]).when(pledge("2025-03-01", 2, &[("C1", Kept)])).then_refused(&COMMITMENT_WITHOUT_DISPOSITION);
    // A voided commitment needs none, and has none.
    let third = made(|_| ());
    let was = || given([third.clone()]).and([void("2025-02-02", &third)]);
    was().when(pledge("2025-03-01", 2, &[("C1", Kept), ("C2", Kept)])).then_accepted();
    was().when(pledge("2025-03-01", 2, &[("C1", Kept), ("C2", Kept), ("C3", Kept)])).then_unknown(
        "pledge_published.dispositions[2].commitment",
        "commitment/C3 of an earlier version of pledge/main",
    );
}

#[test]
fn dispositions_name_each_commitment_of_this_pledge_once() {
    given([])
        .when(pledge("2025-03-01", 2, &[("C1", Kept), ("C1", Withdrawn), ("C2", Kept)]))
        .then_malformed(&NAMED_TWICE, "pledge_published.dispositions[1]");
    given([]).when(pledge("2025-03-01", 2, &[("C1", Kept), ("C2", Kept), ("C9", Kept)])).then_unknown(
        "pledge_published.dispositions[2].commitment",
        "commitment/C9 of an earlier version of pledge/main",
    );
}

#[test]
fn commitment_already_closed() {
    let second = pledge("2025-03-01", 2, &[("C1", Superseded), ("C2", Kept)]);
    let was = || given([second.clone()]);
    was()
        .when(pledge("2025-04-01", 3, &[("C1", Kept), ("C2", Kept)]))
        .then_refused(&COMMITMENT_ALREADY_CLOSED)
        .because_of(0);
    was().when(pledge("2025-04-01", 3, &[("C2", Withdrawn)])).then_accepted();
    was().when(pledge("2025-04-01", 3, &[])).then_refused(&COMMITMENT_WITHOUT_DISPOSITION);
    // The second version is taken back, and with it what it closed.
    was()
        .and([void("2025-03-02", &second)])
        .when(pledge("2025-04-01", 2, &[("C2", Kept)]))
        .then_refused(&COMMITMENT_WITHOUT_DISPOSITION);
}

#[test]
fn commitment_already_made() {
    given([commitment("C3")]).when(commitment("C3")).then_refused(&COMMITMENT_ALREADY_MADE).because_of(0);
}

#[test]
fn pledge_not_yet_published() {
    let on_day = |when| on(when, "commitment/C3", commitment_made());
    given([]).when(on_day("2025-01-10")).then_accepted().and_state("commitment/C3", "ACTIVE");
    given([]).when(on_day("2025-01-09")).then_refused(&PLEDGE_NOT_YET_PUBLISHED);
}

#[test]
fn a_commitment_is_of_a_known_pledge_and_version() {
    given([]).when(made(|c| c.pledge = code("other"))).then_unknown("commitment_made.pledge", "pledge/other");
    for version in [0, 2] {
        given([])
            .when(made(|c| c.pledge_version = version))
            .then_unknown("commitment_made.pledge_version", &format!("version {version} of pledge/main"));
    }
}

#[test]
fn quote_not_at_span() {
    let at = "commitment_made.quote";
    given([]).when(made(|c| c.quote.push('.'))).then_malformed(&QUOTE_NOT_AT_SPAN, at);
    given([]).when(made(|c| c.span_start += 1)).then_malformed(&QUOTE_NOT_AT_SPAN, at);
    given([]).when(made(|c| c.span_end += 1)).then_malformed(&QUOTE_NOT_AT_SPAN, at);
    // The dash is three bytes and one code point: byte offsets are off by two behind it.
    let fair = |start, end| {
        made(|c| {
            c.quote = "fair".into();
            c.span_start = start;
            c.span_end = end;
        })
    };
    given([]).when(fair(18, 22)).then_accepted();
    given([]).when(fair(20, 24)).then_malformed(&QUOTE_NOT_AT_SPAN, at);
}

#[test]
fn a_quote_ends_where_the_text_ends() {
    let length = TEXT.chars().count() as u32;
    let last = |end| {
        made(|c| {
            c.quote = "staff.".into();
            c.span_start = length - 6;
            c.span_end = end;
        })
    };
    given([]).when(last(length)).then_accepted();
    given([]).when(last(length + 1)).then_malformed(&QUOTE_NOT_AT_SPAN, "commitment_made.quote");
    given([]).when(last(u32::MAX)).then_malformed(&QUOTE_NOT_AT_SPAN, "commitment_made.quote");
}

#[test]
fn span_empty() {
    for (start, end) in [(7, 7), (7, 6)] {
        let said = made(|c| {
            c.quote.clear();
            (c.span_start, c.span_end) = (start, end);
        });
        given([]).when(said).then_malformed(&SPAN_EMPTY, "commitment_made.span_end");
    }
}

#[test]
fn principle_unknown() {
    given([])
        .when(made(|c| c.principles = vec![label("trust"), label("Choice")]))
        .then_malformed(&PRINCIPLE_UNKNOWN, "commitment_made.principles[1]");
}

#[test]
fn named_twice() {
    given([])
        .when(made(|c| c.principles = vec![label("trust"), label("trust")]))
        .then_malformed(&NAMED_TWICE, "commitment_made.principles[1]");
    given([])
        .when(made(|c| c.audience = codes(&["staff", "staff"])))
        .then_malformed(&NAMED_TWICE, "commitment_made.audience[1]");
}

#[test]
fn delivers_itself() {
    let to = |id: &str| {
        let delivery = Delivery { commitment: code(id), basis: DeliveryBasis::Interpreted };
        made(|c| c.delivers = vec![delivery])
    };
    given([]).when(to("C3")).then_malformed(&DELIVERS_ITSELF, "commitment_made.delivers[0].commitment");
    given([]).when(to("C9")).then_unknown("commitment_made.delivers[0].commitment", "commitment/C9");
    given([]).when(to("C1")).then_accepted();
}

#[test]
fn owner_and_audience_are_there() {
    given([])
        .when(made(|c| c.owner_post = code("nobody")))
        .then_unknown("commitment_made.owner_post", "post/nobody");
    given([])
        .when(made(|c| c.audience = codes(&["cats"])))
        .then_malformed(&CODE_UNKNOWN, "commitment_made.audience[0]");
}

#[test]
fn a_version_that_is_published_again_disposes_of_the_versions_before_it_alone() {
    let all = [("C1", Kept), ("C2", Kept)];
    let second = pledge("2025-03-01", 2, &all);
    let under_it = on("2025-03-02", "commitment/C3", {
        let mut payload = commitment_made();
        payload.pledge_version = 2;
        payload
    });
    let was = || given([second.clone(), under_it.clone()]).and([void("2025-03-03", &second)]);
    was().when(pledge("2025-03-04", 2, &all)).then_accepted();
    was()
        .and([pledge("2025-03-04", 2, &all)])
        .when(pledge("2025-03-05", 3, &all))
        .then_refused(&COMMITMENT_WITHOUT_DISPOSITION)
        .because_of(1);
}

#[test]
fn a_pledge_and_a_commitment_name_nothing_twice() {
    let next = || pledge("2025-03-01", 2, &[("C1", Kept), ("C2", Kept)]);
    given([])
        .when(bent(next(), |p| p.principles.push(label("trust"))))
        .then_malformed(&NAMED_TWICE, "pledge_published.principles[2]");
    given([])
        .when(bent(next(), |p| p.values.push(label("Fairness"))))
        .then_malformed(&NAMED_TWICE, "pledge_published.values[1]");
    let delivery = Delivery { commitment: code("C1"), basis: DeliveryBasis::Stated };
    given([])
        .when(made(|c| c.delivers = vec![delivery.clone(), delivery]))
        .then_malformed(&NAMED_TWICE, "commitment_made.delivers[1]");
}

#[test]
fn a_pledge_does_not_dispose_of_another_pledges_commitments() {
    let first = made(|_| ());
    let moved = made(|c| c.pledge = code("new"));
    given([pledge("2025-01-10", 1, &[]).with(|event| event.subject = subject("pledge/new"))])
        .and([first.clone(), void("2025-02-02", &first), moved])
        .when(pledge("2025-03-01", 2, &[("C1", Kept), ("C2", Kept)]))
        .then_accepted();
}
