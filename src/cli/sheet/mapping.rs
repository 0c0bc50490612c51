//! How a sheet becomes events, as somebody wrote it down: the mapping file, as it stands.
//!
//! Invariant: a key that nobody knows is refused by its name. Whether columns and fields of these names exist is found
//! out in [`super::plan`], against the sheet's header and the schema.

use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A mapping.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// What the sheet is like.
    #[serde(default)]
    pub(super) sheet: Sheet,
    /// What stands in a column → what is meant; by the column's name, or by a name that fields refer to.
    #[serde(default)]
    pub(super) values: BTreeMap<String, BTreeMap<String, String>>,
    /// What a row can say, in the order in which it is posted.
    #[serde(default, rename = "event")]
    pub(super) events: Vec<Block>,
}

/// What a sheet is like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sheet {
    /// Between cells; none: found in the header.
    pub(super) delimiter: Option<char>,
    /// The row that names the columns.
    pub(super) header_row: usize,
    /// The form of dates, as strptime has it.
    pub(super) dates: String,
    /// Between the values of a list.
    pub(super) split: String,
    /// Texts that mean the same as an empty cell.
    pub(super) empty: Vec<String>,
    /// In which local times without an offset are told, such as `Europe/London`.
    pub(super) time_zone: Option<String>,
}

impl Default for Sheet {
    fn default() -> Self {
        Self {
            delimiter: None,
            header_row: 1,
            dates: "%Y-%m-%d".into(),
            split: ";".into(),
            empty: Vec::new(),
            time_zone: None,
        }
    }
}

/// One event that a row can say.
#[derive(Debug, Deserialize)]
pub(super) struct Block {
    /// Such as `action.completed`.
    #[serde(rename = "type")]
    pub(super) event_type: String,
    /// When a row says it; always, if nothing is said.
    #[serde(default)]
    pub(super) when: When,
    /// The columns that tell this event from all others of its type.
    #[serde(default)]
    pub(super) id: Vec<String>,
    /// The column that holds the event's id itself.
    pub(super) id_column: Option<String>,
    /// The payload.
    #[serde(default)]
    pub(super) fields: toml::Table,
    /// The envelope.
    #[serde(flatten)]
    pub(super) envelope: toml::Table,
}

/// Conditions on a row, all of which must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct When {
    /// Columns in which something stands.
    pub(super) filled: Vec<String>,
    /// Columns in which nothing stands.
    pub(super) empty: Vec<String>,
    /// Column → what may stand there, as the sheet has it.
    pub(super) is: BTreeMap<String, Vec<String>>,
}

/// Where a value comes from, if more than a text is said of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cell {
    /// The text, with columns in braces.
    pub(super) from: String,
    /// The form of its date or time.
    pub(super) dates: Option<String>,
    /// Between the values of a list.
    pub(super) split: Option<String>,
    /// The table of `[values]` by which its columns are read, in place of those of the columns' names.
    pub(super) values: Option<String>,
    /// What is meant where nothing stands.
    pub(super) default: Option<String>,
    /// A row in which nothing stands there is wrong.
    #[serde(default)]
    pub(super) required: bool,
    /// Of `occurred`: how exactly it is told.
    pub(super) precision: Option<Precision>,
}

/// How exactly a time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Precision {
    /// With its time of day.
    Instant,
    /// A day.
    Day,
    /// A month.
    Month,
}

impl Mapping {
    /// Reads a mapping file.
    pub(super) fn read(text: &str) -> anyhow::Result<Self> {
        let mapping: Self = toml::from_str(text).context("cannot be read")?;
        if mapping.events.is_empty() {
            bail!("says no event: begin one with [[event]], and give it a type such as \"action.planned\"");
        }
        if let Some(delimiter) = mapping.sheet.delimiter.filter(|it| !it.is_ascii()) {
            bail!(
                "sheet.delimiter = \"{delimiter}\": must be a plain character such as \",\", \";\" or \"\\t\""
            );
        }
        if mapping.sheet.header_row == 0 {
            bail!("sheet.header_row = 0: rows are counted from 1");
        }
        Ok(mapping)
    }
}

/// A part of a text with columns in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Stands there as it is.
    Text(String),
    /// What stands in that column.
    Column(String),
}

/// The parts of such as `action/{Ref}`. A brace itself is written twice.
pub(super) fn parts(template: &str) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut chars = template.chars().peekable();
    while let Some(it) = chars.next() {
        match it {
            '{' | '}' if chars.peek() == Some(&it) => {
                text.push(it);
                chars.next();
            }
            '}' => return Err("a brace is closed that was not opened; write }} for a brace itself"),
            '{' => {
                let mut column = String::new();
                loop {
                    match chars.next() {
                        Some('}') => break,
                        Some(it) => column.push(it),
                        None => {
                            return Err(
                                "a brace is opened and not closed; write {Column}, or {{ for a brace itself",
                            );
                        }
                    }
                }
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Column(column));
            }
            _ => text.push(it),
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_template_when_it_is_read_then_columns_stand_in_braces_and_braces_are_doubled() {
        let column = |name: &str| Part::Column(name.into());
        let text = |text: &str| Part::Text(text.into());
        assert_eq!(parts("action/{Ref}").unwrap(), [text("action/"), column("Ref")]);
        assert_eq!(parts("{A}{B C}").unwrap(), [column("A"), column("B C")]);
        assert_eq!(parts("{{x}}").unwrap(), [text("{x}")]);
        assert!(parts("{Ref").is_err() && parts("Ref}").is_err());
    }

    #[test]
    fn given_a_key_that_nobody_knows_when_a_mapping_is_read_then_it_is_named() {
        let block = "[[event]]\ntype = \"action.started\"\n";
        for (text, named) in [
            (format!("[sheet]\ndate = \"%d\"\n{block}"), "date"),
            (format!("{block}[event.when]\nfiled = [\"x\"]\n"), "filed"),
            (format!("[valeus.x]\n{block}"), "valeus"),
            ("[sheet]\n".to_owned(), "[[event]]"),
        ] {
            let why = format!("{:#}", Mapping::read(&text).unwrap_err());
            assert!(why.contains(named), "{why}");
        }
    }
}
