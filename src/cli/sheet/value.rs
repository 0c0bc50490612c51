//! From what stands in a row to a value of proto3 JSON. Pure.
//!
//! Invariant: what cannot be read with certainty is refused, never guessed: a number that Excel made of a date, a year of
//! two digits, a name that no list has. A refusal names column, rule and remedy, and never what stood in the cell.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{Timestamp, civil, fmt::strtime::BrokenDownTime, tz::TimeZone};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, sync::Arc};

use super::mapping::Precision;

/// Years that a sheet can mean: a year of two digits is outside.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;
/// Names that are listed in a remedy.
const LISTED: usize = 12;

/// Something in a row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// For programs.
    pub(super) reason: &'static str,
    /// Where, what rule, what to do.
    pub(super) why: String,
}

/// What stands in a column → what is meant.
#[derive(Debug)]
pub(super) struct Translation {
    /// As the mapping calls it.
    pub(super) name: String,
    /// What stands there, as it is compared → what is meant.
    meanings: BTreeMap<String, String>,
    shown: Vec<String>,
}

impl Translation {
    pub(super) fn new(name: &str, meanings: &BTreeMap<String, String>) -> Self {
        Self {
            name: name.to_owned(),
            meanings: meanings.iter().map(|(from, to)| (comparable(from), to.clone())).collect(),
            shown: meanings.keys().cloned().collect(),
        }
    }
}

/// Texts that are the same to people are the same here.
pub(super) fn comparable(text: &str) -> String {
    super::table::spaced(text).to_lowercase()
}

/// A part of a template.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    Column { index: usize, name: String, values: Option<Arc<Translation>> },
}

/// Where a text comes from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) pieces: Vec<Piece>,
    pub(super) default: Option<String>,
    pub(super) required: bool,
}

/// What a value has to be like.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Text,
    Whole,
    Number,
    Bool,
    /// One of these names, which all begin with that prefix.
    Choice {
        names: Vec<String>,
        prefix: String,
    },
    /// Hexadecimal, as everybody writes hashes.
    Bytes,
    Date(String),
    Month(String),
    Instant(String),
    Occurred {
        dates: String,
        precision: Precision,
    },
}

/// What all cells have in common.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// Texts that mean the same as an empty cell, as they are compared.
    pub(super) empty: Vec<String>,
    pub(super) zone: Option<TimeZone>,
}

impl Reading {
    /// What stands in a cell, if anything does.
    pub(super) fn cell<'a>(&self, cells: &'a [String], index: usize) -> Option<&'a str> {
        let text = cells.get(index)?.as_str();
        (!text.is_empty() && !self.empty.contains(&comparable(text))).then_some(text)
    }
}

impl Source {
    /// The columns that it is read from.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Column { name, .. } => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// How it is called in a refusal.
    fn place(&self) -> String {
        let names: Vec<_> = self.columns().map(|name| format!("\"{name}\"")).collect();
        match names.len() {
            0 => "the mapping's own text".to_owned(),
            1 => format!("column {}", names[0]),
            _ => format!("columns {}", names.join(", ")),
        }
    }

    pub(super) fn wrong(&self, reason: &'static str, rule: &str, remedy: &str) -> Wrong {
        Wrong { reason, why: format!("{}: {rule}; {remedy}", self.place()) }
    }

    /// The text of a row; none where nothing stands.
    pub(super) fn text(&self, reading: &Reading, cells: &[String]) -> Result<Option<String>, Wrong> {
        let (mut text, mut empty, mut filled) = (String::new(), 0, 0);
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Column { index, values, .. } => match reading.cell(cells, *index) {
                    None => empty += 1,
                    Some(cell) => {
                        filled += 1;
                        text.push_str(&self.meant(cell, values.as_deref())?);
                    }
                },
            }
        }
        match (empty, filled) {
            (0, _) => Ok(Some(text)),
            (_, 0) => self.nothing(),
            _ => Err(self.wrong("EMPTY", "one of them is empty", "fill it, or empty them all")),
        }
    }

    /// The texts of a row, where a cell holds several.
    pub(super) fn texts(
        &self,
        reading: &Reading,
        cells: &[String],
        separator: &str,
    ) -> Result<Vec<String>, Wrong> {
        let column = self.pieces.iter().find_map(|piece| match piece {
            Piece::Column { index, values, .. } => Some((*index, values.as_deref())),
            Piece::Text(_) => None,
        });
        let split = |text: &str| -> Vec<String> {
            text.split(separator).map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
        };
        let Some((index, values)) = column else {
            return Ok(self.text(reading, cells)?.map(|text| split(&text)).unwrap_or_default());
        };
        let Some(cell) = reading.cell(cells, index) else {
            return Ok(self.nothing()?.map(|text| split(&text)).unwrap_or_default());
        };
        let fill = |item: String| {
            let mut text = String::new();
            for piece in &self.pieces {
                match piece {
                    Piece::Text(part) => text.push_str(part),
                    Piece::Column { .. } => text.push_str(&self.meant(&item, values)?),
                }
            }
            Ok(text)
        };
        split(cell).into_iter().map(fill).collect()
    }

    fn nothing(&self) -> Result<Option<String>, Wrong> {
        match &self.default {
            Some(text) => Ok(Some(text.clone())),
            None if self.required => Err(self.wrong("EMPTY", "nothing stands there", "fill it in")),
            None => Ok(None),
        }
    }

    /// What a cell means, by its table if it has one.
    fn meant(&self, cell: &str, values: Option<&Translation>) -> Result<String, Wrong> {
        if let Some((reason, rule, remedy)) = spoilt(cell) {
            return Err(self.wrong(reason, rule, remedy));
        }
        let Some(values) = values else { return Ok(cell.to_owned()) };
        values.meanings.get(&comparable(cell)).cloned().ok_or_else(|| {
            let rule = format!("what stands there is not in [values.\"{}\"]", values.name);
            self.wrong(
                "NOT_IN_TABLE",
                &rule,
                &format!("add it there, or write one of {}", listed(&values.shown)),
            )
        })
    }
}

fn listed(names: &[String]) -> String {
    let mut list = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        list += " …";
    }
    list
}

/// What a spreadsheet made of a cell that it could not show or would not keep.
fn spoilt(cell: &str) -> Option<(&'static str, &'static str, &'static str)> {
    const ERRORS: [&str; 7] = ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"];
    if ERRORS.contains(&cell) || cell.len() > 2 && cell.chars().all(|it| it == '#') {
        let remedy = "mend the formula or widen the column, and export the sheet again";
        return Some(("SPREADSHEET_ERROR", "the spreadsheet shows an error there", remedy));
    }
    let (mantissa, exponent) = cell.split_once("E+")?;
    let digits = |text: &str| !text.is_empty() && text.chars().all(|it| it.is_ascii_digit() || it == '.');
    (digits(mantissa) && digits(exponent)).then_some((
        "SHORTENED_NUMBER",
        "the spreadsheet has shortened a long number, and its last digits are lost",
        "format the column as text, enter the number again, and export the sheet again",
    ))
}

impl Form {
    /// The value, in proto3 JSON.
    pub(super) fn json(&self, source: &Source, reading: &Reading, text: &str) -> Result<Json, Wrong> {
        match self {
            Self::Text => Ok(text.into()),
            Self::Whole => {
                let whole = text.parse::<i128>().ok().and_then(|it| i64::try_from(it).ok());
                let remedy = "write digits only, without spaces, commas or decimals";
                // proto3 JSON takes a whole number of any size as a text.
                whole
                    .map(|it| it.to_string().into())
                    .ok_or_else(|| source.wrong("NOT_A_NUMBER", "not a whole number", remedy))
            }
            Self::Number => {
                let number = text.parse::<f64>().ok().filter(|it| it.is_finite());
                let remedy = "write digits, with a point before the decimals";
                number.map(Json::from).ok_or_else(|| source.wrong("NOT_A_NUMBER", "not a number", remedy))
            }
            Self::Bool => match comparable(text).as_str() {
                "true" | "yes" => Ok(true.into()),
                "false" | "no" => Ok(false.into()),
                _ => Err(source.wrong("NOT_YES_OR_NO", "neither yes nor no", "write yes or no")),
            },
            Self::Choice { names, prefix } => choice(source, text, names, prefix),
            Self::Bytes => {
                let remedy = "write the 64 hexadecimal digits that a SHA-256 tool prints";
                let bytes = const_hex::decode(text);
                bytes
                    .map(|bytes| STANDARD.encode(bytes).into())
                    .map_err(|_| source.wrong("NOT_A_HASH", "not hexadecimal", remedy))
            }
            Self::Date(dates) => day(source, text, dates).map(date),
            Self::Month(dates) => month(source, text, dates),
            Self::Instant(dates) => instant(source, reading, text, dates),
            Self::Occurred { dates, precision } => Ok(match precision {
                Precision::Day => json!({"day": date(day(source, text, dates)?)}),
                Precision::Month => json!({"month": month(source, text, dates)?}),
                Precision::Instant => json!({"instant": instant(source, reading, text, dates)?}),
            }),
        }
    }
}

fn choice(source: &Source, text: &str, names: &[String], prefix: &str) -> Result<Json, Wrong> {
    let asked = super::table::spaced(text).to_uppercase().replace([' ', '-'], "_");
    let found = names.iter().find(|name| **name == asked || name.strip_prefix(prefix) == Some(&asked));
    found.map(|name| name.as_str().into()).ok_or_else(|| {
        let short: Vec<String> =
            names.iter().map(|name| name.strip_prefix(prefix).unwrap_or(name).to_owned()).collect();
        let remedy = format!("write one of {}, or translate it in [values]", listed(&short));
        source.wrong("NO_SUCH_NAME", "not a name that the field knows", &remedy)
    })
}

fn date(day: civil::Date) -> Json {
    json!({"year": day.year(), "month": day.month(), "day": day.day()})
}

fn day(source: &Source, text: &str, dates: &str) -> Result<civil::Date, Wrong> {
    let day = civil::Date::strptime(dates, text).map_err(|_| not_a_date(source, text, dates))?;
    check_year(source, day.year())?;
    Ok(day)
}

fn month(source: &Source, text: &str, dates: &str) -> Result<Json, Wrong> {
    let parsed = BrokenDownTime::parse(dates, text).map_err(|_| not_a_date(source, text, dates))?;
    let (Some(year), Some(month)) = (parsed.year(), parsed.month()) else {
        return Err(source.wrong(
            "NOT_A_DATE",
            "its form has no year and month",
            "give a form that has, such as %m/%Y",
        ));
    };
    check_year(source, year)?;
    Ok(json!({"year": year, "month": month}))
}

fn instant(source: &Source, reading: &Reading, text: &str, dates: &str) -> Result<Json, Wrong> {
    let parsed = BrokenDownTime::parse(dates, text).map_err(|_| not_a_date(source, text, dates))?;
    let with_offset = parsed.to_timestamp();
    let local = || -> Option<Timestamp> {
        let local = parsed.to_datetime().ok()?;
        // An hour that the clocks passed twice is not guessed.
        reading.zone.as_ref()?.to_ambiguous_timestamp(local).unambiguous().ok()
    };
    let at = with_offset.ok().or_else(local).ok_or_else(|| {
        let remedy =
            "give the offset in its form (%z), or sheet.time_zone, and a time that the clocks show once";
        source.wrong("NOT_AN_INSTANT", "the instant is not certain", remedy)
    })?;
    if let Some(year) = parsed.year() {
        check_year(source, year)?;
    }
    Ok(at.to_string().into())
}

fn check_year(source: &Source, year: i16) -> Result<(), Wrong> {
    if YEARS.contains(&year) {
        return Ok(());
    }
    let remedy = "write the year with four digits (%Y), or say %y if the sheet has two";
    Err(source.wrong("NOT_A_DATE", "the year is not between 1900 and 2199", remedy))
}

fn not_a_date(source: &Source, text: &str, dates: &str) -> Wrong {
    let number = text.replace(',', ".").parse::<f64>();
    if text.len() <= 12 && number.is_ok_and(|it| (1.0..100_000.0).contains(&it)) {
        return source.wrong(
            "EXCEL_SERIAL",
            "this is a number, as Excel keeps dates inside, not a date",
            "format the column as a date in the spreadsheet, and export it again",
        );
    }
    let rule = format!("not a date of the form {dates}");
    source.wrong("NOT_A_DATE", &rule, "correct the cell, or say in the mapping which form its dates have")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        let column = Piece::Column { index: 0, name: "Due".into(), values: None };
        Source { pieces: vec![column], default: None, required: false }
    }

    fn reading() -> Reading {
        Reading { empty: Vec::new(), zone: Some(TimeZone::get("Europe/London").unwrap()) }
    }

    fn read(form: &Form, text: &str) -> Result<Json, &'static str> {
        form.json(&source(), &reading(), text).map_err(|wrong| {
            assert!(wrong.why.contains("column \"Due\"") && !wrong.why.contains(text), "{}", wrong.why);
            wrong.reason
        })
    }

    #[test]
    fn given_dates_when_they_are_read_then_what_is_uncertain_is_refused() {
        let day = Form::Date("%d/%m/%Y".into());
        let ninth = json!({"year": 2025, "month": 6, "day": 9});
        assert_eq!(read(&day, "09/06/2025"), Ok(ninth.clone()));
        assert_eq!(read(&day, "9/6/2025"), Ok(ninth.clone()));
        assert_eq!(read(&Form::Date("%d %b %Y".into()), "9 Jun 2025"), Ok(ninth.clone()));
        assert_eq!(read(&Form::Date("%d/%m/%y".into()), "09/06/25"), Ok(ninth));
        for (text, reason) in [
            ("45817", "EXCEL_SERIAL"),
            ("45817,5", "EXCEL_SERIAL"),
            ("09/06/25", "NOT_A_DATE"),
            ("06/31/2025", "NOT_A_DATE"),
            ("31/06/2025", "NOT_A_DATE"),
            ("09/06/2025 00:00", "NOT_A_DATE"),
            ("2025-06-09", "NOT_A_DATE"),
            ("soon", "NOT_A_DATE"),
        ] {
            assert_eq!(read(&day, text), Err(reason), "{text}");
        }
    }

    #[test]
    fn given_a_time_when_it_happened_when_it_is_read_then_it_is_told_as_exactly_as_is_asked() {
        let occurred = |dates: &str, precision| Form::Occurred { dates: dates.into(), precision };
        let june = json!({"month": {"year": 2025, "month": 6}});
        assert_eq!(read(&occurred("%d/%m/%Y", Precision::Month), "09/06/2025"), Ok(june.clone()));
        assert_eq!(read(&occurred("%m/%Y", Precision::Month), "06/2025"), Ok(june));
        let day = json!({"day": {"year": 2025, "month": 6, "day": 9}});
        assert_eq!(read(&occurred("%d/%m/%Y", Precision::Day), "09/06/2025"), Ok(day));
        let instant = occurred("%d/%m/%Y %H:%M", Precision::Instant);
        assert_eq!(read(&instant, "09/06/2025 14:30"), Ok(json!({"instant": "2025-06-09T13:30:00Z"})));
        assert_eq!(read(&instant, "26/10/2025 01:30"), Err("NOT_AN_INSTANT"));
        let offset = Form::Instant("%Y-%m-%dT%H:%M:%S%:z".into());
        assert_eq!(read(&offset, "2025-06-09T14:30:00+01:00"), Ok("2025-06-09T13:30:00Z".into()));
    }

    #[test]
    fn given_numbers_names_and_hashes_when_they_are_read_then_each_has_its_form() {
        assert_eq!(read(&Form::Whole, "1200"), Ok("1200".into()));
        assert_eq!(read(&Form::Whole, "1,200"), Err("NOT_A_NUMBER"));
        assert_eq!(read(&Form::Bool, "Yes"), Ok(true.into()));
        assert_eq!(read(&Form::Bool, "maybe"), Err("NOT_YES_OR_NO"));
        assert_eq!(read(&Form::Bytes, "00ff"), Ok("AP8=".into()));
        assert_eq!(read(&Form::Bytes, "AP8="), Err("NOT_A_HASH"));
        let names = vec!["ORIGIN_REVIEW".to_owned(), "ORIGIN_LAW".to_owned()];
        let origin = Form::Choice { names, prefix: "ORIGIN_".into() };
        assert_eq!(read(&origin, "review"), Ok("ORIGIN_REVIEW".into()));
        assert_eq!(read(&origin, "ORIGIN_LAW"), Ok("ORIGIN_LAW".into()));
        assert_eq!(read(&origin, "gossip"), Err("NO_SUCH_NAME"));
    }

    #[test]
    fn given_cells_that_the_spreadsheet_spoilt_when_they_are_read_then_they_are_refused() {
        for (cell, reason) in
            [("#REF!", "SPREADSHEET_ERROR"), ("#####", "SPREADSHEET_ERROR"), ("1.23E+11", "SHORTENED_NUMBER")]
        {
            assert_eq!(source().text(&reading(), &[cell.to_owned()]).unwrap_err().reason, reason);
        }
        assert_eq!(
            source().text(&reading(), &["#1 priority".to_owned()]).unwrap().as_deref(),
            Some("#1 priority")
        );
    }
}
