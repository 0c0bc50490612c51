//! What each posting system says, month by month, that it got recorded. Invented.
//!
//! Invariant: a statement counts what the ledger took from that source on the days of the month, earlier statements
//! included, so a nil return can only be a source's first. The survey tool left out two months; audit was late once; the
//! diary counted what it had not sent yet, and stated the month again; the LMS counted what it never sent.

use jiff::civil::Date;
use uuid::Uuid;

use super::super::cast::{AUDIT, DIARY, LMS, SOURCES, SURVEY};
use super::super::pen::{Year, day, event, stated};
use super::{awareness, founding};
use crate::grpc::wire::{LearningDelivered, event::Payload};

pub(super) fn write(year: &mut Year) {
    for months in 0..12 {
        let (from, to) = month(months);
        for (place, &(source, ..)) in SOURCES.iter().enumerate() {
            if source == SURVEY && matches!(to.month(), 8 | 12) {
                continue;
            }
            // Not all on one day: the first three write on the first working day, and so on.
            let late = if source == AUDIT && to.month() == 8 { 15 } else { 0 };
            let on = working_day(to, 1 + place / 3 + late);
            let mut ids = year.posted(source, from, to);
            ids.extend(counted_but_not_sent(source, to));
            year.post(on, source, vec![stated(on, source, (from, to), ids)]);
        }
        if to == day(9, 30) {
            // It has sent what was missing: of September the ledger still holds what it held, and now both say so.
            let on = day(10, 23);
            let ids = year.posted(DIARY, from, to);
            year.post(on, DIARY, vec![stated(on, DIARY, (from, to), ids)]);
        }
    }
}

/// What a source believed to have posted in a month.
fn counted_but_not_sent(source: &str, to: Date) -> Option<Uuid> {
    let event = match (source, to.month()) {
        (DIARY, 9) => awareness::sent_late()?,
        (LMS, 12) => {
            let delivered = LearningDelivered { minutes: 360, attendances: Some(12) };
            let payload = Payload::LearningDelivered(delivered);
            event(day(12, 9), "session/skilled-december", "head-of-learning", payload)
        }
        _ => return None,
    };
    Uuid::parse_str(&event.event_id).ok()
}

/// The first and last day of a month of the financial year, counted from April.
fn month(months: i8) -> (Date, Date) {
    let first = if months < 9 { day(4 + months, 1) } else { day(months - 8, 1) };
    (first, first.last_of_month())
}

/// The n-th working day after a month's last day.
fn working_day(last: Date, n: usize) -> Date {
    let days = std::iter::successors(last.tomorrow().ok(), |on| on.tomorrow().ok());
    days.filter(|on| !founding::is_day_off(*on)).nth(n - 1).unwrap_or(last)
}
