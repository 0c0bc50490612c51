//! The spans of time that reports are about: financial years and their quarters.
//!
//! Invariant: a financial year runs from 1 April to 31 March (DOMAIN §7), and is named after both its calendar years;
//! quarter 1 is April to June. Only years 1 to 9998, so that every day of a period is a date.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use crate::domain::value::Invalid;

/// A financial year, `2025-26`, or a quarter of one, `2025-26 Q3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    /// The calendar year in which the financial year begins: 1 to 9998.
    year: i16,
    /// 1 to 4; none: the whole year.
    quarter: Option<i8>,
}

impl Period {
    /// Parses `2025-26` or `2025-26 Q3`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bad = Invalid::new(
            "not a period",
            "write a financial year such as 2025-26, or a quarter such as 2025-26 Q3",
        );
        let (year, quarter) = match text.split_once(' ') {
            None => (text, None),
            Some((year, quarter)) => {
                let number = ["Q1", "Q2", "Q3", "Q4"].iter().position(|name| *name == quarter);
                (year, Some(number.ok_or_else(|| bad.clone())? as i8 + 1))
            }
        };
        let digits = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
        let (first, second) = year.split_once('-').ok_or_else(|| bad.clone())?;
        if !digits(first, 4) || !digits(second, 2) {
            return Err(bad);
        }
        let first: i16 = first.parse().map_err(|_| bad.clone())?;
        let period = Self { year: first, quarter };
        // `2025-27` is not a year, and `2025-26` is the only way to write it.
        if (1..=9998).contains(&first) && period.to_string() == text { Ok(period) } else { Err(bad) }
    }

    /// The financial year in which a day lies.
    pub fn financial_year_of(date: Date) -> Self {
        let year = if date.month() >= 4 { date.year() } else { date.year() - 1 };
        Self { year: year.clamp(1, 9998), quarter: None }
    }

    /// The quarter in which a day lies.
    pub fn quarter_of(date: Date) -> Self {
        let quarter = (date.month() + 8) % 12 / 3 + 1;
        Self { quarter: Some(quarter), ..Self::financial_year_of(date) }
    }

    /// The first day.
    pub const fn first_day(self) -> Date {
        match self.quarter {
            Some(4) => Date::constant(self.year + 1, 1, 1),
            Some(quarter) => Date::constant(self.year, 3 * quarter + 1, 1),
            None => Date::constant(self.year, 4, 1),
        }
    }

    /// The last day.
    pub const fn last_day(self) -> Date {
        match self.quarter {
            Some(1) => Date::constant(self.year, 6, 30),
            Some(2) => Date::constant(self.year, 9, 30),
            Some(3) => Date::constant(self.year, 12, 31),
            _ => Date::constant(self.year + 1, 3, 31),
        }
    }

    /// Whether a day lies in it.
    pub fn contains(self, date: Date) -> bool {
        self.first_day() <= date && date <= self.last_day()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, (self.year + 1) % 100)?;
        self.quarter.map_or(Ok(()), |quarter| write!(f, " Q{quarter}"))
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_financial_year_runs_from_april_to_march() {
        let year = Period::parse("2025-26").unwrap();
        assert_eq!((year.first_day(), year.last_day()), (date(2025, 4, 1), date(2026, 3, 31)));
        assert_eq!(Period::financial_year_of(date(2026, 3, 31)), year);
        assert_eq!(Period::financial_year_of(date(2026, 4, 1)).to_string(), "2026-27");
        assert_eq!(Period::parse("1999-00").unwrap().last_day(), date(2000, 3, 31));
    }

    #[test]
    fn quarters_cover_the_year_without_gap() {
        let spans = [
            ("2025-26 Q1", date(2025, 4, 1), date(2025, 6, 30)),
            ("2025-26 Q2", date(2025, 7, 1), date(2025, 9, 30)),
            ("2025-26 Q3", date(2025, 10, 1), date(2025, 12, 31)),
            ("2025-26 Q4", date(2026, 1, 1), date(2026, 3, 31)),
        ];
        for (name, first, last) in spans {
            let quarter = Period::parse(name).unwrap();
            assert_eq!((quarter.first_day(), quarter.last_day()), (first, last));
            assert_eq!((Period::quarter_of(first), Period::quarter_of(last)), (quarter, quarter));
            assert_eq!(quarter.to_string(), name);
        }
    }

    #[test]
    fn nothing_else_is_a_period() {
        for text in [
            "",
            "2025",
            "2025-27",
            "2025-2026",
            "2025-26 Q5",
            "2025-26 q1",
            "2025-26  Q1",
            "0000-01",
            "9999-00",
            "２０２５-26",
        ] {
            assert!(Period::parse(text).is_err(), "{text}");
        }
    }
}
