//! The words of a ledger, held against what its records commit to and what its events say is erased.
//!
//! Invariant: a text is hashed and forgotten; what is told of words is where they belong and what became of them. It
//! must not know how words are stored.

use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use storage::{
    Record,
    integrity::{Content, Entry},
};

use super::out;
use crate::domain::{
    command::Recorded,
    event::Payload,
    id::{Kind, Subject},
    value::Sha256,
};
use crate::journal::{erasure, receipt::commitment};

/// A field of words of one record.
type Field = (u64, String);

/// The problems that are listed at most; all are counted.
const MOST: usize = 1_000;

/// What is seen of words while a ledger is verified, on several threads.
#[derive(Default)]
pub(super) struct Watch(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// What records commit to, until the words are seen: they follow the records of their group.
    wanted: HashMap<u64, Vec<(&'static str, Sha256)>>,
    /// All that is recorded about requests to erase.
    erasures: BTreeMap<Subject, Vec<Arc<Recorded>>>,
    held: Vec<(u64, &'static str)>,
    erased: Vec<(u64, &'static str)>,
    half_erased: Vec<(u64, &'static str)>,
    altered: Vec<Field>,
}

impl Watch {
    /// A record was read.
    pub(super) fn fact(&self, record: &Record<'_>, fact: Recorded) {
        let words: Vec<_> =
            fact.event.payload.words().into_iter().map(|(field, words)| (field, words.0)).collect();
        let about_erasure = fact.event.subject.kind() == Kind::Erasure;
        if words.is_empty() && !about_erasure {
            return;
        }
        let Ok(mut seen) = self.0.lock() else { return };
        if !words.is_empty() {
            seen.wanted.insert(record.sequence, words);
        }
        if about_erasure {
            seen.erasures.entry(fact.event.subject.clone()).or_default().push(Arc::new(fact));
        }
    }

    /// Words were read.
    pub(super) fn word(&self, entry: &Entry<'_>) {
        let Ok(mut seen) = self.0.lock() else { return };
        let seen = &mut *seen;
        let wanted = seen.wanted.get_mut(&entry.sequence).and_then(|fields| {
            let place = fields.iter().position(|(field, _)| *field == entry.field)?;
            Some(fields.swap_remove(place))
        });
        if seen.wanted.get(&entry.sequence).is_some_and(Vec::is_empty) {
            seen.wanted.remove(&entry.sequence);
        }
        let sequence = entry.sequence;
        match (wanted, entry.content) {
            (Some((field, wanted)), Content::Kept { nonce, text }) if commitment(&nonce, text) == wanted => {
                seen.held.push((sequence, field));
            }
            (Some((field, _)), Content::Erased) => seen.erased.push((sequence, field)),
            (Some((field, _)), Content::Erasing | Content::Torn) => seen.half_erased.push((sequence, field)),
            // What no record commits to, too.
            (_, _) => seen.altered.push((sequence, entry.field.to_owned())),
        }
    }

    /// What it comes to, when everything was read.
    pub(super) fn settle(&self) -> Words {
        self.0.lock().map(|mut seen| std::mem::take(&mut *seen).settle()).unwrap_or_default()
    }
}

impl Seen {
    fn settle(mut self) -> Words {
        let named = self.named();
        let by = |(sequence, field): &(u64, &'static str)| {
            let fields: &BTreeMap<Option<String>, u64> = named.get(sequence)?;
            fields.get(&None).or_else(|| fields.get(&Some((*field).to_owned()))).copied()
        };
        let mut words = Words {
            held: self.held.len() as u64,
            erased: self.erased.len() as u64,
            half_erased: self.half_erased.len() as u64,
            missing: self.wanted.values().map(|fields| fields.len() as u64).sum(),
            altered: self.altered.len() as u64,
            ..Words::default()
        };
        self.altered.sort_unstable();
        let mut problems = Vec::new();
        problems.extend(self.altered.into_iter().map(|(sequence, field)| Problem {
            sequence,
            field,
            rule: "words.altered",
            what: "they are not what the record commits to".into(),
        }));
        for (sequence, fields) in self.wanted {
            problems.extend(fields.into_iter().map(|(field, _)| Problem {
                sequence,
                field: field.to_owned(),
                rule: "words.missing",
                what: "they are not there, and were not erased".into(),
            }));
        }
        for &(sequence, field) in self.erased.iter().chain(&self.half_erased).filter(|it| by(it).is_none()) {
            words.unexplained += 1;
            let what = "they are erased, and no event says why".into();
            problems.push(Problem { sequence, field: field.to_owned(), rule: "words.unexplained", what });
        }
        for it @ &(sequence, field) in &self.held {
            let Some(event) = by(it) else { continue };
            words.not_erased += 1;
            let what =
                format!("they are held, and record {event} says that they are erased: start the server");
            problems.push(Problem { sequence, field: field.to_owned(), rule: "words.not_erased", what });
        }
        problems.sort_by(|one, two| (one.sequence, &one.field).cmp(&(two.sequence, &two.field)));
        problems.truncate(MOST);
        Words { problems, ..words }
    }

    /// What the events say is erased, and which event says so.
    fn named(&mut self) -> HashMap<u64, BTreeMap<Option<String>, u64>> {
        let mut named = HashMap::<u64, BTreeMap<_, _>>::new();
        for (subject, facts) in &mut self.erasures {
            facts.sort_by_key(|fact| fact.sequence);
            for (at, fact) in facts.iter().enumerate() {
                if matches!(fact.event.payload, Payload::ContentErased(_)) {
                    for erasure in erasure::named(subject, facts[..at].to_vec()) {
                        named.entry(erasure.sequence).or_default().insert(erasure.field, fact.sequence);
                    }
                }
            }
        }
        named
    }
}

/// Words that are not what the records say.
#[derive(Debug)]
struct Problem {
    sequence: u64,
    field: String,
    rule: &'static str,
    what: String,
}

/// What became of a ledger's words.
#[derive(Debug, Default)]
pub(super) struct Words {
    held: u64,
    erased: u64,
    /// An erasure is under way, or was cut short: the next start finishes it.
    half_erased: u64,
    missing: u64,
    altered: u64,
    /// Erased, and no event says why; they are counted as erased too.
    unexplained: u64,
    /// Held, though an event says that they are erased; they are counted as held too.
    not_erased: u64,
    /// The first of them, by sequence and field.
    problems: Vec<Problem>,
}

impl Words {
    /// Whether all words are what the records say.
    pub(super) fn hold(&self) -> bool {
        self.missing + self.altered == 0 && self.agree()
    }

    /// Whether erased is what the events say is erased. Beside a server that erases just now it may be another look
    /// that shows it: an event and its erasure are two steps.
    pub(super) fn agree(&self) -> bool {
        self.unexplained + self.not_erased == 0
    }

    /// For people.
    pub(super) fn text(&self, width: usize) -> String {
        let Self { held, erased, half_erased, missing, altered, .. } = self;
        let mut page =
            format!("  Words      {held} held, {erased} erased, {missing} missing, {altered} altered\n");
        if *half_erased > 0 {
            let text = format!("{half_erased} half erased: a server is at it, or its next start finishes it");
            page += &out::paragraph("             ", &text, width);
        }
        for problem in &self.problems {
            let Problem { sequence, field, rule, what } = problem;
            page += &out::paragraph(
                "  - ",
                &format!("words of record {sequence}, {field}: {rule}: {what}"),
                width,
            );
        }
        let all = missing + altered + self.unexplained + self.not_erased;
        let listed = self.problems.len() as u64;
        if all > listed {
            page +=
                &format!("  … and the words of {}\n", out::count(all - listed, "field more", "fields more"));
        }
        page
    }

    /// For programs.
    pub(super) fn json(&self) -> serde_json::Value {
        let problems = self
            .problems
            .iter()
            .map(|it| json!({"sequence": it.sequence, "field": it.field, "rule": it.rule, "found": it.what}));
        json!({
            "held": self.held, "erased": self.erased, "half_erased": self.half_erased, "missing": self.missing,
            "altered": self.altered, "erased_unexplained": self.unexplained, "held_though_erased": self.not_erased,
            "problems": problems.collect::<Vec<_>>(),
        })
    }
}
