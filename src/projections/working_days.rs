//! Working days by the calendar in force: Monday to Friday without the holidays, public or local.
//!
//! Invariant: the day from which is counted is day 0, so Friday to Monday is 1. Each day is as the last adoption says that
//! covers it; what no adoption covers is counted Monday to Friday, and [`WorkingDays::covers`] says so: whoever prints a
//! count has to ask. Must not know what is counted.

use jiff::civil::{Date, Weekday};

use super::Views;
use super::history::Horizon;
use crate::domain::event::{CalendarAdopted, ReportSettingsAdopted};

/// The calendar in force from a horizon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkingDays {
    /// What is covered: first and last days, ascending, without overlap.
    spans: Vec<(Date, Date)>,
    /// The days off that are no Saturday and no Sunday, ascending.
    off: Vec<Date>,
}

impl WorkingDays {
    /// The calendar that the settings in force name, as it was adopted by then. Nothing is covered if there are none.
    pub fn in_force(views: &Views, horizon: Horizon) -> Self {
        let name = views.settings(horizon).map(|settings| &settings.calendar);
        let Some(history) = name.and_then(|name| views.ledger.calendars.get(name)) else {
            return Self::default();
        };
        let mut days = Self::default();
        for adopted in views.seen(history, horizon) {
            days.adopt(&adopted.fact);
        }
        days
    }

    /// Working days from one day to another, the first not counted; 0 if the second is not after the first.
    pub fn between(&self, from: Date, to: Date) -> u64 {
        if to <= from {
            return 0;
        }
        let days = u64::try_from(from.duration_until(to).as_secs() / 86_400).unwrap_or(0);
        let before = u64::from(from.weekday().to_monday_zero_offset().unsigned_abs());
        // Days of the week from the Monday of the first week on: Monday to Friday are the first five of each seven.
        let weekdays = |day: u64| day / 7 * 5 + (day % 7).min(5);
        let off = self.off.partition_point(|day| *day <= to) - self.off.partition_point(|day| *day <= from);
        (weekdays(before + days + 1) - weekdays(before + 1)).saturating_sub(off as u64)
    }

    /// Whether each Monday to Friday after the first day, up to the second, is covered.
    pub fn covers(&self, from: Date, to: Date) -> bool {
        let plain = Self::default();
        let mut known_to = from;
        for (first, last) in &self.spans {
            let before = first.yesterday().unwrap_or(*first);
            if plain.between(known_to, before.min(to)) > 0 {
                return false;
            }
            known_to = known_to.max(*last);
        }
        plain.between(known_to, to) == 0
    }

    fn adopt(&mut self, calendar: &CalendarAdopted) {
        let (from, to) = (calendar.covers_from, calendar.covers_to);
        self.off.retain(|day| *day < from || to < *day);
        let off = calendar.holidays.iter().map(|holiday| holiday.on);
        self.off.extend(off.filter(|day| from <= *day && *day <= to && !is_weekend(*day)));
        self.off.sort_unstable();
        self.off.dedup();
        self.spans.push((from, to));
        self.spans.sort_unstable();
        let mut apart: Vec<(Date, Date)> = Vec::with_capacity(self.spans.len());
        for (from, to) in self.spans.drain(..) {
            match apart.last_mut().filter(|(_, last)| from <= *last) {
                Some((_, last)) => *last = to.max(*last),
                None => apart.push((from, to)),
            }
        }
        self.spans = apart;
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

impl Views {
    /// What steers the reports from a horizon.
    pub fn settings(&self, horizon: Horizon) -> Option<&ReportSettingsAdopted> {
        let (_, history) = self.ledger.settings.iter().next()?;
        self.latest(history, horizon).map(|fact| &fact.fact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{Holiday, HolidayKind};
    use crate::projections::chronicle::{Chronicle, label};
    use jiff::civil::date;
    use proptest::prelude::*;

    const NOW: Horizon = Horizon { as_at: date(2026, 3, 31), as_known: u64::MAX };

    fn calendar(from: Date, to: Date, off: &[Date]) -> CalendarAdopted {
        let holiday = |(number, on): (usize, &Date)| Holiday {
            on: *on,
            title: label("A day off"),
            kind: HolidayKind::ALL[number % 2],
        };
        CalendarAdopted {
            covers_from: from,
            covers_to: to,
            holidays: off.iter().enumerate().map(holiday).collect(),
        }
    }

    #[test]
    fn given_a_friday_when_days_are_counted_to_monday_then_it_is_one() {
        let days = WorkingDays::default();
        let friday = date(2025, 4, 4);
        let to = [4, 5, 6, 7, 8].map(|day| days.between(friday, date(2025, 4, day)));
        assert_eq!(to, [0, 0, 0, 1, 2]);
        assert_eq!(days.between(date(2025, 4, 7), friday), 0);
        // Received on a Saturday: Monday is the first working day.
        assert_eq!(days.between(date(2025, 4, 5), date(2025, 4, 7)), 1);
    }

    #[test]
    fn given_public_and_local_holidays_when_days_are_counted_then_both_are_off() {
        let mut days = WorkingDays::default();
        // Good Friday, Easter Monday (public, local): Thursday 17 to Tuesday 22 April 2025 is one working day.
        days.adopt(&calendar(date(2025, 4, 1), date(2026, 3, 31), &[date(2025, 4, 18), date(2025, 4, 21)]));
        assert_eq!(days.between(date(2025, 4, 17), date(2025, 4, 22)), 1);
        assert!(days.covers(date(2025, 4, 17), date(2025, 4, 22)));
    }

    #[test]
    fn given_a_day_that_no_calendar_covers_when_days_are_counted_then_it_is_said() {
        let mut days = WorkingDays::default();
        assert!(!days.covers(date(2025, 4, 4), date(2025, 4, 7)));
        days.adopt(&calendar(date(2025, 4, 1), date(2025, 4, 4), &[]));
        // 5 and 6 April are a weekend, whatever a calendar says; 7 April is not covered until the next one.
        assert!(days.covers(date(2025, 3, 31), date(2025, 4, 6)));
        assert!(!days.covers(date(2025, 4, 4), date(2025, 4, 7)));
        days.adopt(&calendar(date(2025, 4, 7), date(2026, 3, 31), &[]));
        assert!(days.covers(date(2025, 3, 31), date(2026, 3, 31)));
        assert!(!days.covers(date(2025, 3, 28), date(2025, 3, 31)));
    }

    #[test]
    fn given_a_calendar_adopted_anew_when_days_are_counted_then_the_last_that_covers_a_day_counts() {
        let mut ledger = Chronicle::opened(false);
        ledger.settings(5);
        let (may, june) = (date(2025, 5, 5), date(2025, 6, 2));
        ledger.say("calendar/other", "2025-03-01", calendar(date(2025, 1, 1), date(2030, 1, 1), &[]));
        let first = calendar(date(2025, 4, 1), date(2026, 3, 31), &[may, june]);
        ledger.say("calendar/scotland", "2025-03-01", first);
        ledger.say("calendar/scotland", "2025-05-20", calendar(date(2025, 6, 1), date(2025, 6, 30), &[]));
        let views = ledger.views();
        let off = |horizon| {
            let days = WorkingDays::in_force(&views, horizon);
            [may, june].map(|day| days.between(day.yesterday().unwrap(), day) == 0)
        };
        assert_eq!(off(NOW), [true, false]);
        // As it stood before 2 June became a working day.
        assert_eq!(off(Horizon { as_at: date(2025, 5, 19), ..NOW }), [true, true]);
        assert_eq!(off(Horizon { as_known: 3, ..NOW }), [false, false]);
    }

    /// Day by day: whether it is a working day, and whether anything covers it.
    fn naive(adopted: &[CalendarAdopted], from: Date, to: Date) -> (u64, bool) {
        let (mut count, mut covered) = (0, true);
        let mut day = from;
        while day < to {
            day = day.tomorrow().unwrap();
            if day.weekday() == Weekday::Saturday || day.weekday() == Weekday::Sunday {
                continue;
            }
            let calendar = adopted.iter().rev().find(|it| it.covers_from <= day && day <= it.covers_to);
            covered &= calendar.is_some();
            count += u64::from(calendar.is_none_or(|it| it.holidays.iter().all(|off| off.on != day)));
        }
        (count, covered)
    }

    proptest! {
        #[test]
        fn given_any_calendars_when_days_are_counted_then_it_is_as_day_by_day(
            adopted in prop::collection::vec((0i64..400, 0i64..200, prop::collection::vec(0i64..200, 0..12)), 0..5),
            from in 0i64..500,
            length in -5i64..300,
        ) {
            let day = |offset: i64| date(2025, 1, 1).checked_add(jiff::Span::new().days(offset)).unwrap();
            let adopted: Vec<CalendarAdopted> = adopted.into_iter().map(|(from, length, off)| {
                let off: Vec<Date> = off.into_iter().filter(|it| *it <= length).map(|it| day(from + it)).collect();
                calendar(day(from), day(from + length), &off)
            }).collect();
            let mut days = WorkingDays::default();
            for calendar in &adopted {
                days.adopt(calendar);
            }
            let (from, to) = (day(from), day(from + length));
            prop_assert_eq!((days.between(from, to), days.covers(from, to)), naive(&adopted, from, to));
        }
    }
}
