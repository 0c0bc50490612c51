//! Erasure: the words of a ledger, held against what its records commit to and what its events say is erased.
//!
//! Invariant: a text is hashed and forgotten; what is told of words is where they belong and what became of them. Words
//! may be shown to it in any order, each behind the record that commits to it. It must not know how words are stored.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use storage::integrity::Content;

use super::fact::Fact;
use super::finding::{Conclusion, Findings, Question, Verdict};
use crate::domain::{
    command::Recorded,
    event::Payload,
    id::{Code, Kind, Subject},
    value::{self, Occurred, Sha256},
};
use crate::journal::{erasure, receipt::commitment};

/// The record whose words are erased → the field, or all of them → the event that says so, by its place among those.
type Named = HashMap<u64, BTreeMap<Option<String>, usize>>;

/// A field of words of one record.
type Field = (u64, String);

const ALTERED: &str =
    "the record is what was recorded, the words beside it are not: restore them from a copy";
const MISSING: &str = "restore the words' file from a copy; if they were erased, record the erasure";
const UNEXPLAINED: &str = "restore the words from a copy; if they had to go, record the erasure";
const NOT_ERASED: &str = "start the server: it erases them again";

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
    later: u64,
    /// There are no words to look at.
    absent: bool,
}

impl Watch {
    /// A record was read, with so many words beside it.
    pub(super) fn record(&self, fact: &Fact, words: Vec<(&'static str, value::Words)>) {
        let about_erasure = fact.whole.as_ref().filter(|it| it.event.subject.kind() == Kind::Erasure);
        if words.is_empty() && about_erasure.is_none() {
            return;
        }
        let Ok(mut seen) = self.0.lock() else { return };
        if !words.is_empty() {
            let wanted = words.into_iter().map(|(field, words)| (field, words.0)).collect();
            seen.wanted.insert(fact.sequence, wanted);
        }
        if let Some(recorded) = about_erasure {
            seen.erasures.entry(recorded.event.subject.clone()).or_default().push(recorded.clone());
        }
    }

    /// Words were read.
    pub(super) fn word(&self, sequence: u64, field: &str, content: Content<'_>) {
        let Ok(mut seen) = self.0.lock() else { return };
        match (seen.take(sequence, field), content) {
            (Some((field, wanted)), Content::Kept { nonce, text }) if commitment(&nonce, text) == wanted => {
                seen.held.push((sequence, field));
            }
            (Some((field, _)), Content::Erased) => seen.erased.push((sequence, field)),
            (Some((field, _)), Content::Erasing | Content::Torn) => seen.half_erased.push((sequence, field)),
            // What no record commits to, too.
            (_, _) => seen.altered.push((sequence, field.to_owned())),
        }
    }

    /// Words are said to be erased by an event behind what is looked at.
    pub(super) fn erased_later(&self, sequence: u64, field: &str) {
        let Ok(mut seen) = self.0.lock() else { return };
        match seen.take(sequence, field) {
            Some(_) => seen.later += 1,
            None => seen.altered.push((sequence, field.to_owned())),
        }
    }

    /// There are no words to look at: what is not seen is not missing.
    pub(super) fn none(&self) {
        if let Ok(mut seen) = self.0.lock() {
            seen.absent = true;
        }
    }

    /// What it comes to, when everything was read.
    pub(super) fn settle(&self) -> Words {
        self.0.lock().map(|mut seen| std::mem::take(&mut *seen).settle()).unwrap_or_default()
    }
}

impl Seen {
    /// What a record commits to in that field, once.
    fn take(&mut self, sequence: u64, field: &str) -> Option<(&'static str, Sha256)> {
        let fields = self.wanted.get_mut(&sequence)?;
        let place = fields.iter().position(|(wanted, _)| *wanted == field)?;
        let found = fields.swap_remove(place);
        if fields.is_empty() {
            self.wanted.remove(&sequence);
        }
        Some(found)
    }

    fn settle(mut self) -> Words {
        if self.absent {
            self.wanted.clear();
        }
        let (named, events) = self.named();
        let by = |(sequence, field): &(u64, &'static str)| {
            let fields: &BTreeMap<Option<String>, usize> = named.get(sequence)?;
            fields.get(&None).or_else(|| fields.get(&Some((*field).to_owned()))).copied()
        };
        let mut words = Words {
            held: self.held.len() as u64,
            erased: self.erased.len() as u64 + self.later,
            later: self.later,
            absent: self.absent,
            half_erased: self.half_erased.len() as u64,
            missing: self.wanted.values().map(|fields| fields.len() as u64).sum(),
            altered: self.altered.len() as u64,
            erasures: events,
            ..Words::default()
        };
        let mut problems = Vec::new();
        for (sequence, field) in self.altered {
            problems.push(Problem { sequence, field, what: What::Altered });
        }
        for (sequence, fields) in self.wanted {
            let missing =
                |(field, _): (&str, _)| Problem { sequence, field: field.to_owned(), what: What::Missing };
            problems.extend(fields.into_iter().map(missing));
        }
        for it @ (sequence, field) in self.erased.iter().chain(&self.half_erased) {
            if let Some(event) = by(it) {
                words.erasures[event].fields += 1;
            } else {
                words.unexplained += 1;
                let (sequence, field) = (*sequence, (*field).to_owned());
                problems.push(Problem { sequence, field, what: What::Unexplained });
            }
        }
        for it @ (sequence, field) in &self.held {
            let Some(event) = by(it) else { continue };
            words.not_erased += 1;
            let what = What::NotErased { by: words.erasures[event].sequence };
            problems.push(Problem { sequence: *sequence, field: (*field).to_owned(), what });
        }
        problems.sort_by(|one, two| (one.sequence, &one.field).cmp(&(two.sequence, &two.field)));
        Words { problems, ..words }
    }

    /// What the events say is erased, and which of the events, by its place among them.
    fn named(&mut self) -> (Named, Vec<Attested>) {
        let (mut named, mut events) = (Named::new(), Vec::new());
        for (subject, facts) in &mut self.erasures {
            facts.sort_by_key(|fact| fact.sequence);
            for (at, fact) in facts.iter().enumerate() {
                let Payload::ContentErased(erased) = &fact.event.payload else { continue };
                for erasure in erasure::named(subject, facts[..at].to_vec()) {
                    named.entry(erasure.sequence).or_default().insert(erasure.field, events.len());
                }
                let (sequence, on) = (fact.sequence, fact.event.occurred);
                events.push(Attested { sequence, on, by: erased.attested_by.clone(), fields: 0 });
            }
        }
        (named, events)
    }
}

/// An erasure, as the event attests it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// The event.
    pub sequence: u64,
    /// When they were erased.
    pub on: Occurred,
    /// The post that attests it.
    pub by: Code,
    /// How many fields of words are erased, and explained by it.
    pub fields: u64,
}

/// Words that are not what the records say.
#[derive(Debug)]
struct Problem {
    sequence: u64,
    field: String,
    what: What,
}

#[derive(Debug)]
enum What {
    Altered,
    Missing,
    Unexplained,
    NotErased { by: u64 },
}

/// What became of a ledger's words.
#[derive(Debug, Default)]
pub struct Words {
    /// Fields of words that are there, and are what their record commits to.
    pub held: u64,
    /// Fields that are erased, explained or not.
    pub erased: u64,
    /// There were no words to look at.
    pub absent: bool,
    /// Fields that are said to be erased by an event behind what was looked at; they are counted as erased too.
    pub later: u64,
    /// An erasure is under way, or was cut short: the next start finishes it.
    pub half_erased: u64,
    /// Fields that are not there, and were not erased.
    pub missing: u64,
    /// Fields that are not what their record commits to, or that no record commits to.
    pub altered: u64,
    /// Erased, and no event says why; they are counted as erased too.
    pub unexplained: u64,
    /// Held, though an event says that they are erased; they are counted as held too.
    pub not_erased: u64,
    /// The events that say what is erased, by subject and sequence.
    pub erasures: Vec<Attested>,
    /// All of them, by sequence and field.
    problems: Vec<Problem>,
}

impl Words {
    /// Whether erased is what the events say is erased. Beside a server that erases just now it may be another look
    /// that shows it: an event and its erasure are two steps.
    pub fn agree(&self) -> bool {
        self.unexplained + self.not_erased == 0
    }

    pub(super) fn conclude(&self) -> Conclusion {
        let mut findings = Findings::about(Question::Erasure);
        for Problem { sequence, field, what } in &self.problems {
            let (rule, remedy, expected, found) = what.finding();
            let at = |said: &str| format!("{field}: {said}");
            findings.add(rule, Some(*sequence), Some(remedy), || (at(expected), found));
        }
        let Self { held, erased, half_erased, missing, altered, .. } = self;
        let summary = format!("{held} held, {erased} erased, {missing} missing, {altered} altered");
        let summary = if self.absent { "no words were looked at".to_owned() } else { summary };
        let mut notes = Vec::new();
        if *half_erased > 0 {
            notes.push(format!(
                "{half_erased} half erased: a server is at it, or its next start finishes it."
            ));
        }
        for Attested { sequence, on, by, fields } in self.erasures.iter().filter(|it| it.fields > 0) {
            notes.push(format!("{fields} erased by record {sequence}, attested by {by} on {on}."));
        }
        let mut limits = Vec::new();
        if !self.erasures.is_empty() {
            limits.push("Whether copies made elsewhere still hold what was erased.".to_owned());
        }
        if self.absent {
            limits.push("Whether words are there, or erased as events say: an export has them.".to_owned());
        }
        if self.later > 0 {
            limits.push(format!(
                "Whether {} of words may be erased: the events that say so stand behind the checkpoint. Export again.",
                super::finding::count(self.later, "field", "fields")
            ));
        }
        findings.conclude(Verdict::holds_if(self.later == 0 && !self.absent), summary, notes, limits)
    }
}

impl What {
    /// Rule, remedy, what should be there, what is there.
    fn finding(&self) -> (&'static str, &'static str, &'static str, String) {
        let committed = "words that are what the record commits to";
        match self {
            Self::Altered => ("words.altered", ALTERED, committed, "others".into()),
            Self::Missing => ("words.missing", MISSING, committed, "none, and they were not erased".into()),
            Self::Unexplained => {
                ("words.unexplained", UNEXPLAINED, committed, "erased, and no event says why".into())
            }
            Self::NotErased { by } => {
                let expected = "nothing, for they are erased";
                (
                    "words.not_erased",
                    NOT_ERASED,
                    expected,
                    format!("the words; record {by} says that they are erased"),
                )
            }
        }
    }
}
