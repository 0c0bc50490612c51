//! A spreadsheet's rows as events: a CSV file and a mapping make the same proto3 JSON that an NDJSON file has. Pure.
//!
//! | File | Is |
//! |---|---|
//! | [`table`] | text → rows, numbered as the spreadsheet numbers them |
//! | [`mapping`] | the mapping file as it stands |
//! | [`plan`] | the mapping against header and schema |
//! | [`value`] | cell → value |
//!
//! Invariant: the same row always gives the same events under the same ids, so that a sheet that is posted again repeats
//! and never doubles; a row of which a part cannot be read gives none. Refusals name row, column, rule and remedy, and
//! never what stood there.

mod mapping;
mod plan;
mod table;
mod value;

use anyhow::{Context as _, bail};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

use super::ndjson::Parser;
use crate::domain::event::EventType;
use crate::grpc::wire::Event;
use mapping::Mapping;
use plan::{Condition, Id, Plan, Planned};
use table::{Row, Table};
use value::{Reading, Wrong};

/// Under which ids are made. It must never change: a sheet that was posted before would be recorded a second time.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d0f_6c36_0c1f_4d0b_9a5e_2f7c_51d3_8b94);

/// Things that cannot be read, after which no more are looked for.
const MAX_WRONG: usize = 1_000;

/// Whose events they will be: both go into the ids.
pub(super) struct Whose<'a> {
    /// Such as `ledgers/acme`.
    pub(super) ledger: &'a str,
    /// The posting system, if it was named.
    pub(super) source: Option<&'a str>,
}

/// What a sheet says.
pub(super) struct Sheet {
    pub(super) said: Vec<Said>,
    pub(super) wrong: Vec<WrongRow>,
    /// Rows that are not blank.
    pub(super) rows: usize,
    /// Rows that say nothing, because no event's condition holds.
    pub(super) silent: usize,
    /// There was too much that cannot be read: rows from this one on were not looked at.
    pub(super) given_up_at: Option<usize>,
}

/// An event that a row says.
pub(super) struct Said {
    /// The row, as the spreadsheet numbers it.
    pub(super) row: usize,
    pub(super) event: Event,
    pub(super) event_type: EventType,
    /// The event in proto3 JSON.
    pub(super) json: String,
    /// Which of the mapping's events it is.
    pub(super) block: usize,
}

/// Something that cannot be read.
pub(super) struct WrongRow {
    pub(super) row: usize,
    pub(super) event_type: Option<EventType>,
    pub(super) reason: &'static str,
    pub(super) why: String,
}

/// Field, as refusals name it → its columns; for each of the mapping's events.
pub(super) struct Columns(Vec<Vec<(String, String)>>);

impl Columns {
    /// The columns of the field that a refusal of one of the mapping's events begins with, such as `action_planned.title: too long`.
    pub(super) fn of(&self, block: usize, refusal: &str) -> Option<&str> {
        let field = refusal.split(": ").next()?.split(['[', ' ']).next()?;
        let fields = self.0.get(block)?;
        let inside = |path: &str| {
            field.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        fields.iter().find(|(path, _)| inside(path)).map(|(_, columns)| columns.as_str())
    }
}

/// Reads a sheet by a mapping. `mapping_name` is for errors.
pub(super) fn read(
    bytes: Vec<u8>,
    (mapping_name, mapping): (&str, &str),
    whose: &Whose<'_>,
    parser: &Parser,
) -> anyhow::Result<(Sheet, Columns)> {
    let mapping = Mapping::read(mapping).with_context(|| mapping_name.to_owned())?;
    let text = table::text(bytes)?;
    let table = Table::read(&text, mapping.sheet.delimiter, mapping.sheet.header_row)?;
    let plan = plan::plan(&mapping, &table.columns, parser.descriptor())
        .map_err(|found| anyhow::anyhow!("{mapping_name} does not fit:\n  {}", found.join("\n  ")))?;
    let derived = plan.events.iter().any(|event| matches!(event.id, Id::Derived(_)));
    if derived && whose.source.is_none() {
        bail!(
            "event ids are made from the posting system's name, too: give it with --source, also beside a token"
        );
    }
    let mut reader = Reader { plan: &plan, whose, parser, ids: HashMap::new(), sheet: Sheet::of(&table) };
    for row in &table.rows {
        reader.row(row);
        if reader.sheet.wrong.len() >= MAX_WRONG {
            reader.sheet.given_up_at = Some(row.number + 1);
            break;
        }
    }
    let mut sheet = reader.sheet;
    sheet.wrong.sort_by_key(|it| it.row);
    let columns = Columns(plan.events.into_iter().map(|event| event.columns).collect());
    Ok((sheet, columns))
}

impl Sheet {
    fn of(table: &Table) -> Self {
        let too_wide = table.too_wide.iter().map(|row| WrongRow {
            row: *row,
            event_type: None,
            reason: "TOO_MANY_CELLS",
            why: "the row has more cells than the header: a text that holds the delimiter must stand in quotes; export \
                  the sheet again"
                .into(),
        });
        let wrong = too_wide.collect();
        Self {
            said: Vec::new(),
            wrong,
            rows: table.rows.len() + table.too_wide.len(),
            silent: 0,
            given_up_at: None,
        }
    }
}

struct Reader<'a> {
    plan: &'a Plan,
    whose: &'a Whose<'a>,
    parser: &'a Parser,
    /// Ids so far, and their rows.
    ids: HashMap<String, usize>,
    sheet: Sheet,
}

impl Reader<'_> {
    fn row(&mut self, row: &Row) {
        let reading = &self.plan.reading;
        let (mut said, mut wrong, mut silent) = (Vec::new(), Vec::new(), true);
        for (block, planned) in self.plan.events.iter().enumerate() {
            if !holds(&planned.when, reading, &row.cells) {
                continue;
            }
            silent = false;
            match self.event(planned, row) {
                Ok((event, json)) => {
                    said.push(Said { row: row.number, event, event_type: planned.event_type, json, block });
                }
                Err(found) => wrong.extend(found.into_iter().map(|it| WrongRow {
                    row: row.number,
                    event_type: Some(planned.event_type),
                    reason: it.reason,
                    why: it.why,
                })),
            }
        }
        self.sheet.silent += usize::from(silent);
        // Two events of a row that read the same cell find the same wrong.
        let mut told = BTreeSet::new();
        wrong.retain(|it: &WrongRow| told.insert(it.why.clone()));
        if wrong.is_empty() {
            self.sheet.said.extend(said);
        } else {
            self.sheet.wrong.extend(wrong);
        }
    }

    fn event(&mut self, planned: &Planned, row: &Row) -> Result<(Event, String), Vec<Wrong>> {
        let reading = &self.plan.reading;
        let mut wrong = Vec::new();
        let id = self.id(planned, row).map_err(|it| wrong.push(it)).ok();
        let envelope = planned.envelope.json(reading, &row.cells, &mut wrong);
        let content = planned.content.json(reading, &row.cells, &mut wrong);
        let (Some(id), Some(serde_json::Value::Object(mut event)), true) = (id, envelope, wrong.is_empty())
        else {
            return Err(wrong);
        };
        event.insert("event_id".into(), id.into());
        event.insert(planned.payload.clone(), content.unwrap_or_else(|| serde_json::json!({})));
        let json = serde_json::Value::Object(event).to_string();
        let unreadable = |why| vec![Wrong { reason: "UNREADABLE", why }];
        Ok((self.parser.event(&json).map_err(unreadable)?, json))
    }

    fn id(&mut self, planned: &Planned, row: &Row) -> Result<String, Wrong> {
        let reading = &self.plan.reading;
        let (id, source) = match &planned.id {
            Id::Held(source) => {
                let id = source.text(reading, &row.cells)?.unwrap_or_default();
                let id = Uuid::parse_str(&id).map_err(|_| {
                    let remedy =
                        "write one such as 7b0c6f0e-58a5-4b5f-a9a6-0d1c3b9f2f11, a new one for each event";
                    source.wrong("NOT_A_UUID", "not a UUID", remedy)
                })?;
                (id.to_string(), source)
            }
            Id::Derived(sources) => {
                let texts = sources.iter().map(|source| source.text(reading, &row.cells));
                let texts = texts.collect::<Result<Vec<_>, _>>()?;
                let texts: Vec<&str> = texts.iter().map(|text| text.as_deref().unwrap_or_default()).collect();
                let source = self.whose.source.unwrap_or_default();
                let id = derived(self.whose.ledger, source, planned.event_type, &texts);
                let Some(first) = sources.first() else { return Ok(id.to_string()) };
                (id.to_string(), first)
            }
        };
        match self.ids.insert(id.clone(), row.number) {
            None => Ok(id),
            Some(other) => {
                let rule = format!("the id of this event is the one of an event of row {other}");
                let remedy = "name in `id` a further column that tells them apart, or delete the row that is there twice";
                Err(source.wrong("ID_TWICE", &rule, remedy))
            }
        }
    }
}

/// The id of the event that these texts tell from all others of its type: version 5 of ledger, source, type and texts, each
/// with its length before it, so that no two lists of texts are one.
fn derived(ledger: &str, source: &str, event_type: EventType, texts: &[&str]) -> Uuid {
    let parts = [ledger, source, event_type.as_str()];
    let name: String =
        parts.into_iter().chain(texts.iter().copied()).map(|text| format!("{}:{text}", text.len())).collect();
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

fn holds(when: &Condition, reading: &Reading, cells: &[String]) -> bool {
    let cell = |index: &usize| reading.cell(cells, *index);
    when.filled.iter().all(|index| cell(index).is_some())
        && when.empty.iter().all(|index| cell(index).is_none())
        && when.is.iter().all(|(index, texts)| {
            let text = value::comparable(cell(index).unwrap_or_default());
            texts.contains(&text)
        })
}

#[cfg(test)]
mod tests;
