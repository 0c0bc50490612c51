//! Plain words that several reports and renderings share: dates, counts, the order of codes.
//!
//! Invariant: the same value is always said in the same words. Must not know any report.

use jiff::civil::Date;

use super::text::Text;
use crate::domain::id::Code;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `31 March 2026`.
pub(super) fn day(date: Date) -> String {
    format!("{} {} {}", date.day(), month(date), date.year())
}

/// `31 Mar 2026`: for tables, where room is scarce.
pub(super) fn short_day(date: Date) -> Text {
    let (day, month) = (date.day(), month(date).get(..3).unwrap_or_default());
    Text::from(format_args!("{day} {month} {}", date.year()))
}

/// The day of a text that [`short_day`] wrote, and nothing else.
pub(super) fn parse_short_day(text: &str) -> Option<Date> {
    let mut parts = text.split(' ');
    let (day, name, year) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?.parse().ok()?);
    let month = MONTHS.iter().position(|month| month.get(..3) == Some(name))?;
    Date::new(year, month as i8 + 1, day).ok().filter(|date| short_day(*date) == text)
}

fn month(date: Date) -> &'static str {
    usize::try_from(date.month() - 1).ok().and_then(|month| MONTHS.get(month).copied()).unwrap_or_default()
}

/// The same words at the beginning of a sentence: `Staff feedback`.
pub(super) fn capital(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

/// `1 action`, `2 actions`.
pub(super) fn count(number: u64, one: &str, many: &str) -> Text {
    Text::from(format_args!("{number} {}", if number == 1 { one } else { many }))
}

/// `No actions`, `1 action`, `2 actions`: at the beginning of a sentence.
pub(super) fn count_or_no(number: u64, one: &str, many: &str) -> Text {
    if number == 0 { Text::from(format_args!("No {many}")) } else { count(number, one, many) }
}

/// Days from one day to another; 0 if the second is not after the first.
pub(super) fn days_after(from: Date, to: Date) -> u64 {
    u64::try_from(from.duration_until(to).as_secs() / 86_400).unwrap_or(0)
}

/// A share in whole percent, half rounded up. The whole is not 0.
pub(super) const fn percent(part: u64, whole: u64) -> u64 {
    (200 * part + whole) / (2 * whole)
}

/// The order in which people read codes: C2 before C10.
pub(super) fn natural(code: &Code) -> (&str, u64, &str) {
    let text = code.as_str();
    let stem = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = text.strip_prefix(stem).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    (stem, number, text)
}
