//! A mapping against a sheet's header and the schema: which cell goes into which field, in which form. Pure.
//!
//! Invariant: a plan names only columns that the sheet has and fields that the schema has; every type of event is
//! planned by its description, so none is known by name here. All that does not fit is told at once.

use jiff::tz::TimeZone;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value as Json};
use std::{collections::BTreeMap, sync::Arc};

use super::{
    mapping::{self, Block, Cell, Mapping, Part, Precision, When},
    value::{Form, Piece, Reading, Source, Translation, Wrong, comparable},
};
use crate::domain::{event::EventType, id};

/// How rows become events.
pub(super) struct Plan {
    pub(super) reading: Reading,
    pub(super) events: Vec<Planned>,
}

/// How a row becomes one event.
pub(super) struct Planned {
    /// Such as `action.completed`.
    pub(super) event_type: EventType,
    /// Its field, in the schema's own spelling.
    pub(super) payload: String,
    pub(super) when: Condition,
    pub(super) id: Id,
    pub(super) envelope: Node,
    pub(super) content: Node,
    /// Field, as refusals name it → its columns.
    pub(super) columns: Vec<(String, String)>,
}

/// When a row says it.
#[derive(Default)]
pub(super) struct Condition {
    pub(super) filled: Vec<usize>,
    pub(super) empty: Vec<usize>,
    pub(super) is: Vec<(usize, Vec<String>)>,
}

/// Where an event's id comes from.
pub(super) enum Id {
    /// Made from these columns.
    Derived(Vec<Source>),
    /// It stands there.
    Held(Source),
}

/// How a part of an event is made.
pub(super) enum Node {
    Object(Vec<(String, Node)>),
    Each(Vec<Node>),
    Split { source: Source, separator: String, form: Form },
    Value { source: Source, form: Form },
}

impl Node {
    /// The JSON of a row; none where nothing stands. What is wrong is added to `wrong`.
    pub(super) fn json(&self, reading: &Reading, cells: &[String], wrong: &mut Vec<Wrong>) -> Option<Json> {
        match self {
            Self::Object(fields) => {
                let made = fields.iter().filter_map(|(name, node)| {
                    let json = node.json(reading, cells, wrong)?;
                    Some((name.clone(), json, node.has_columns()))
                });
                let made: Vec<_> = made.collect();
                // Of what a row says, nothing is there: then the constants beside it say nothing, either.
                if self.has_columns() && !made.iter().any(|(_, _, from_row)| *from_row) {
                    return None;
                }
                Some(Json::Object(
                    made.into_iter().map(|(name, json, _)| (name, json)).collect::<Map<_, _>>(),
                ))
            }
            Self::Each(nodes) => {
                let list: Vec<_> = nodes.iter().filter_map(|node| node.json(reading, cells, wrong)).collect();
                (!list.is_empty()).then_some(Json::Array(list))
            }
            Self::Split { source, separator, form } => {
                let texts = source.texts(reading, cells, separator);
                let list = texts.and_then(|texts| {
                    texts.iter().map(|text| form.json(source, reading, text)).collect::<Result<Vec<_>, _>>()
                });
                noted(list, wrong).filter(|list| !list.is_empty()).map(Json::Array)
            }
            Self::Value { source, form } => {
                let text = noted(source.text(reading, cells), wrong)??;
                noted(form.json(source, reading, &text), wrong)
            }
        }
    }

    fn has_columns(&self) -> bool {
        match self {
            Self::Object(fields) => fields.iter().any(|(_, node)| node.has_columns()),
            Self::Each(nodes) => nodes.iter().any(Self::has_columns),
            Self::Split { source, .. } | Self::Value { source, .. } => source.columns().next().is_some(),
        }
    }
}

fn noted<T>(result: Result<T, Wrong>, wrong: &mut Vec<Wrong>) -> Option<T> {
    result.map_err(|it| wrong.push(it)).ok()
}

/// Puts a plan together, and collects what does not fit.
struct Maker<'a> {
    mapping: &'a Mapping,
    columns: &'a [String],
    values: BTreeMap<String, Arc<Translation>>,
    reading: Reading,
    /// Which event is being planned, for refusals.
    at: String,
    found: Vec<String>,
    /// The sheet's columns have been told.
    told: bool,
}

/// Plans events of the schema's message `event` for a sheet with these columns; or tells all that does not fit.
pub(super) fn plan(
    mapping: &Mapping,
    columns: &[String],
    event: &MessageDescriptor,
) -> Result<Plan, Vec<String>> {
    let zone = mapping.sheet.time_zone.as_deref().map(|name| (name, TimeZone::get(name)));
    let mut found = Vec::new();
    let zone = zone.and_then(|(_, zone)| {
        let rule = "sheet.time_zone: not a time zone; write its name, such as \"Europe/London\"";
        zone.map_err(|_| found.push(rule.to_owned())).ok()
    });
    let empty = mapping.sheet.empty.iter().map(|text| comparable(text)).collect();
    let values = mapping.values.iter();
    let values = values.map(|(name, it)| (comparable(name), Arc::new(Translation::new(name, it)))).collect();
    let reading = Reading { empty, zone };
    let mut maker = Maker { mapping, columns, values, reading, at: String::new(), found, told: false };
    let mut events = Vec::new();
    for (number, block) in (1..).zip(&mapping.events) {
        maker.at = format!("[[event]] {number} ({})", block.event_type);
        events.extend(maker.event(block, event));
    }
    if maker.found.is_empty() { Ok(Plan { reading: maker.reading, events }) } else { Err(maker.found) }
}

impl Maker<'_> {
    fn complain(&mut self, what: impl std::fmt::Display) {
        self.found.push(format!("{}: {what}", self.at));
    }

    fn event(&mut self, block: &Block, event: &MessageDescriptor) -> Option<Planned> {
        let Some(event_type) = EventType::parse(&block.event_type) else {
            let family = block.event_type.split('.').next().unwrap_or_default();
            let mut near: Vec<_> = EventType::ALL.iter().map(|it| it.as_str()).collect();
            if near.iter().any(|it| it.starts_with(&format!("{family}."))) {
                near.retain(|it| it.starts_with(&format!("{family}.")));
            }
            self.complain(format!("there is no event of this type; there are {}", near.join(", ")));
            return None;
        };
        // A type's message is named as the type is, whatever the field is called.
        let name = format!("{event_type:?}");
        let payloads = event.oneofs().find(|it| it.name() == "payload")?;
        let payload = payloads.fields().find(|field| message(field).is_some_and(|it| it.name() == name))?;
        let when = self.condition(&block.when);
        let id = self.id(block, event_type);
        let mut columns = Vec::new();
        let envelope = self.envelope(block, event, &mut columns);
        let content = self.object(&message(&payload)?, &block.fields, payload.name(), &mut columns);
        Some(Planned {
            event_type,
            payload: payload.name().to_owned(),
            when,
            id: id?,
            envelope,
            content,
            columns,
        })
    }

    fn condition(&mut self, when: &When) -> Condition {
        let mut found = |names: &[String]| -> Vec<usize> {
            names.iter().filter_map(|name| self.column(name, "when")).collect()
        };
        let (filled, empty) = (found(&when.filled), found(&when.empty));
        let is = when.is.iter().filter_map(|(name, texts)| {
            Some((self.column(name, "when.is")?, texts.iter().map(|it| comparable(it)).collect()))
        });
        Condition { filled, empty, is: is.collect() }
    }

    fn id(&mut self, block: &Block, event_type: EventType) -> Option<Id> {
        let of_feedback = event_type.kind() == Some(id::Kind::Feedback)
            || block
                .envelope
                .get("subject")
                .and_then(toml::Value::as_str)
                .is_some_and(|it| it.starts_with("feedback/"));
        match (&block.id_column, block.id.as_slice()) {
            (Some(_), [_, ..]) => self.complain("has id and id_column; leave one of them out"),
            (None, []) => self.complain(
                "says nothing that tells it from others: name the columns that do, such as id = [\"Ref\"]; or, if a \
                 column holds ready-made UUIDs, id_column",
            ),
            (None, _) if of_feedback => self.complain(
                "ids of feedback are random, so that they lead to nobody: they cannot be made from columns; let the \
                 survey tool keep a random UUID (version 4) with each answer, and name its column: id_column = \"…\"",
            ),
            (Some(column), []) => {
                let form = format!("{{{column}}}");
                return self.source(&Cell { from: form, required: true, ..Cell::default() }, "id_column").map(Id::Held);
            }
            (None, columns) => {
                let sources = columns.iter().filter_map(|column| {
                    let index = self.column(column, "id")?;
                    // As it stands there: a translation that is corrected later must not make another event of it.
                    let pieces = vec![Piece::Column { index, name: column.clone(), values: None }];
                    Some(Source { pieces, default: None, required: true })
                });
                return Some(Id::Derived(sources.collect()));
            }
        }
        None
    }

    fn envelope(
        &mut self,
        block: &Block,
        event: &MessageDescriptor,
        columns: &mut Vec<(String, String)>,
    ) -> Node {
        for (name, remedy) in [
            ("subject", "say what it is about, such as subject = \"action/{Ref}\""),
            ("occurred", "say when it happened, such as occurred = \"{Completed on}\""),
        ] {
            if !block.envelope.contains_key(name) {
                self.complain(format!("{name} is missing; {remedy}"));
            }
        }
        let mut fields = Vec::new();
        for (key, value) in &block.envelope {
            let field = named(event, key).filter(|field| {
                field.containing_oneof().is_none_or(|oneof| oneof.name() != "payload")
                    && field.name() != "event_id"
            });
            let Some(field) = field else {
                self.complain(format!(
                    "{key}: not a part of every event; what only this type has goes below [event.fields]"
                ));
                continue;
            };
            let Some(mut node) = self.field(&field, value, field.name(), columns) else { continue };
            if let (Node::Value { source, .. }, "subject" | "occurred") = (&mut node, field.name()) {
                source.required = true;
            }
            fields.push((field.name().to_owned(), node));
        }
        Node::Object(fields)
    }

    fn object(
        &mut self,
        message: &MessageDescriptor,
        table: &toml::Table,
        path: &str,
        columns: &mut Vec<(String, String)>,
    ) -> Node {
        let mut fields = Vec::new();
        for (key, value) in table {
            let Some(field) = named(message, key) else {
                let known: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
                let known = if known.is_empty() { "nothing".into() } else { known.join(", ") };
                self.complain(format!("{path}.{key}: no such field; there is {known}"));
                continue;
            };
            let path = format!("{path}.{}", field.name());
            if let Some(node) = self.field(&field, value, &path, columns) {
                fields.push((field.name().to_owned(), node));
            }
        }
        Node::Object(fields)
    }

    fn field(
        &mut self,
        field: &FieldDescriptor,
        value: &toml::Value,
        path: &str,
        columns: &mut Vec<(String, String)>,
    ) -> Option<Node> {
        if field.is_map() {
            self.complain(format!("{path}: cannot be made from a sheet"));
            return None;
        }
        if let (true, toml::Value::Array(values)) = (field.is_list(), value) {
            let nodes: Vec<_> =
                values.iter().filter_map(|value| self.one(field, value, path, false, columns)).collect();
            return Some(Node::Each(nodes));
        }
        let node = self.one(field, value, path, field.is_list(), columns)?;
        Some(if matches!(node, Node::Object(_)) && field.is_list() { Node::Each(vec![node]) } else { node })
    }

    /// One value; or, if it is `split`, the several that stand in one cell.
    fn one(
        &mut self,
        field: &FieldDescriptor,
        value: &toml::Value,
        path: &str,
        split: bool,
        columns: &mut Vec<(String, String)>,
    ) -> Option<Node> {
        if let Some(message) = message(field).filter(|message| !is_time(message)) {
            let toml::Value::Table(table) = value else {
                self.complain(format!(
                    "{path}: has parts of its own; write them as a table, {{ part = \"{{Column}}\" }}"
                ));
                return None;
            };
            return Some(self.object(&message, table, path, columns));
        }
        let mut cell = self.cell(value, path)?;
        let source = self.source(&cell, path)?;
        let names: Vec<_> = source.columns().map(|name| format!("\"{name}\"")).collect();
        if !names.is_empty() {
            columns.push((path.to_owned(), names.join(", ")));
        }
        let separator = cell.split.take();
        let form = self.form(field, cell, path)?;
        let node = if split {
            if names.len() > 1 {
                self.complain(format!("{path}: a list is read from one column"));
            }
            let separator = separator.unwrap_or_else(|| self.mapping.sheet.split.clone());
            if separator.is_empty() {
                self.complain(format!("{path}: split must not be empty"));
                return None;
            }
            Node::Split { source, separator, form }
        } else {
            if separator.is_some() {
                self.complain(format!("{path}: holds one value, so there is nothing to split"));
            }
            Node::Value { source, form }
        };
        if names.is_empty() {
            self.check_constant(&node, path);
        }
        Some(node)
    }

    /// What depends on no row can be judged now.
    fn check_constant(&mut self, node: &Node, path: &str) {
        let mut wrong = Vec::new();
        node.json(&self.reading, &[], &mut wrong);
        for it in wrong {
            self.complain(format!("{path}: {}", it.why));
        }
    }

    fn cell(&mut self, value: &toml::Value, path: &str) -> Option<Cell> {
        Some(match value {
            toml::Value::String(from) => Cell { from: from.clone(), ..Cell::default() },
            toml::Value::Integer(it) => Cell { from: it.to_string(), ..Cell::default() },
            toml::Value::Float(it) => Cell { from: it.to_string(), ..Cell::default() },
            toml::Value::Boolean(it) => Cell { from: it.to_string(), ..Cell::default() },
            // TOML has one form of dates, whatever the sheet has.
            toml::Value::Datetime(it) => {
                Cell { from: it.to_string(), dates: Some("%Y-%m-%d".into()), ..Cell::default() }
            }
            toml::Value::Table(table) => match table.clone().try_into::<Cell>() {
                Ok(cell) => cell,
                Err(error) => {
                    let known = "from, dates, split, values, default, required, precision";
                    self.complain(format!("{path}: {}; there are {known}", error.message()));
                    return None;
                }
            },
            toml::Value::Array(_) => {
                self.complain(format!("{path}: holds one value, not a list"));
                return None;
            }
        })
    }

    fn source(&mut self, cell: &Cell, path: &str) -> Option<Source> {
        let parts = match mapping::parts(&cell.from) {
            Ok(parts) => parts,
            Err(why) => {
                self.complain(format!("{path}: {why}"));
                return None;
            }
        };
        let named = cell.values.as_ref().map(|name| (name, self.values.get(&comparable(name)).cloned()));
        if let Some((name, None)) = &named {
            self.complain(format!("{path}: there is no [values.\"{name}\"]"));
            return None;
        }
        let named = named.and_then(|(_, values)| values);
        let mut pieces = Vec::new();
        for part in parts {
            pieces.push(match part {
                Part::Text(text) => Piece::Text(text),
                Part::Column(name) => {
                    let values = named.clone().or_else(|| self.values.get(&comparable(&name)).cloned());
                    Piece::Column { index: self.column(&name, path)?, name, values }
                }
            });
        }
        Some(Source { pieces, default: cell.default.clone(), required: cell.required })
    }

    fn column(&mut self, name: &str, path: &str) -> Option<usize> {
        let wanted = comparable(name);
        let mut places = self.columns.iter().enumerate().filter(|(_, column)| comparable(column) == wanted);
        let (first, second) = (places.next().map(|(index, _)| index), places.next());
        if second.is_some() {
            self.complain(format!(
                "{path}: the sheet has two columns \"{name}\"; give one of them another name"
            ));
            return None;
        }
        if first.is_none() {
            // Once is enough, however many are missing.
            let there: Vec<_> = self.columns.iter().filter(|it| !it.is_empty()).take(40).cloned().collect();
            let there = if self.told { String::new() } else { format!("; it has {}", there.join(", ")) };
            self.told = true;
            self.complain(format!("{path}: the sheet has no column \"{name}\"{there}"));
        }
        first
    }

    fn form(&mut self, field: &FieldDescriptor, cell: Cell, path: &str) -> Option<Form> {
        let own = cell.dates;
        let dates = own.clone().unwrap_or_else(|| self.mapping.sheet.dates.clone());
        let rfc3339 = "%Y-%m-%dT%H:%M:%S%:z";
        let of_time = message(field);
        if cell.precision.is_some() && of_time.as_ref().is_none_or(|it| it.name() != "Occurred") {
            self.complain(format!("{path}: precision is for `occurred` only"));
        }
        Some(match (field.kind(), of_time.as_ref().map(MessageDescriptor::name)) {
            (_, Some("Date")) => Form::Date(dates),
            (_, Some("Month")) => Form::Month(dates),
            (_, Some("Timestamp")) => Form::Instant(own.unwrap_or_else(|| rfc3339.into())),
            (_, Some("Occurred")) => {
                Form::Occurred { dates, precision: cell.precision.unwrap_or(Precision::Day) }
            }
            (Kind::String, _) => Form::Text,
            (Kind::Bytes, _) => Form::Bytes,
            (Kind::Bool, _) => Form::Bool,
            (Kind::Float | Kind::Double, _) => Form::Number,
            (Kind::Enum(choices), _) => choice(&choices),
            (Kind::Message(_), _) => {
                self.complain(format!("{path}: cannot be made from a sheet"));
                return None;
            }
            _ => Form::Whole,
        })
    }
}

fn choice(choices: &EnumDescriptor) -> Form {
    let unspecified = "UNSPECIFIED";
    let all: Vec<String> = choices.values().map(|value| value.name().to_owned()).collect();
    let prefix = all.iter().find_map(|name| name.strip_suffix(unspecified)).unwrap_or_default().to_owned();
    let names = all.into_iter().filter(|name| !name.ends_with(unspecified)).collect();
    Form::Choice { names, prefix }
}

fn message(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(message) => Some(message),
        _ => None,
    }
}

/// Whether a message stands in one cell.
fn is_time(message: &MessageDescriptor) -> bool {
    let names =
        ["pledgebook.v1.Date", "pledgebook.v1.Month", "pledgebook.v1.Occurred", "google.protobuf.Timestamp"];
    names.contains(&message.full_name())
}

/// A field by its name, in either spelling.
fn named(message: &MessageDescriptor, key: &str) -> Option<FieldDescriptor> {
    message.get_field_by_name(key).or_else(|| message.get_field_by_json_name(key))
}
