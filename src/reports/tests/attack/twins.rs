//! Indistinguishable twins: ledgers that differ in one fact, and only in what must stay hidden.
//!
//! Whether a difference must stay hidden is decided by the cells' own status, and never by looking at what comes out: the
//! *true* figures of both ledgers are worked out without any threshold, and each cell of which the truth differs, at whatever
//! place a reader can stand, must be held back (`[c]`) in both, and in one way: next to others in one table column, or as one
//! that was none when it was released.
//!
//! How many people have learned is left out: levels are printed added up, so a part that may be told is printed nowhere by
//! itself, and what differs in it may be seen later, in a sum. `release::attack` and `subtraction` try those.
//!
//! How many items there are stands in no cell, but in the words of R3's first headlines, even where the figure is held back: a
//! total that is told is never hidden, unless it is an old one, behind which it moved by a few.
//!
//! Whatever R10 compares is a place, too: what R5 says in words of a link may be known, and from another day it says another
//! thing.
//!
//! Invariant: ids, sequences, sources, times of recording and subjects are the same in both, so nothing has to be masked. Must
//! not know how anything is held back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ledgers::{ACTIONS, CHANGES, Draw, Drawn, REASONS};
use super::reader::{Stood, ask, year};
use crate::domain::command::Recorded;
use crate::domain::event::*;
use crate::domain::id::Subject;
use crate::projections::Views;
use crate::projections::chronicle::code;
use crate::reports::explain::Eyes;
use crate::reports::rules::{Rule, without};
use crate::reports::trace::trace;
use crate::reports::{Figure, FigureStatus, ReportName};

/// The reports that say for themselves what is counted. R10 compares these, R12 counts no people.
const COUNTING: [ReportName; 9] = [
    ReportName::Commitments,
    ReportName::Feedback,
    ReportName::ResponseTimes,
    ReportName::PolicyChanges,
    ReportName::Learning,
    ReportName::Reach,
    ReportName::Surveys,
    ReportName::Choice,
    ReportName::Trust,
];

/// A figure as far as it says something: number, numerator, denominator, and the text of a cell.
#[derive(Clone, PartialEq)]
struct Said {
    values: (Option<f64>, Option<u64>, Option<u64>, String),
    held: bool,
    printed: String,
}

impl Said {
    fn of(figure: &Figure, is_cell: bool) -> Self {
        // What a headline says in words stands in some table, too.
        let text = if is_cell { figure.text.to_string() } else { String::new() };
        let hidden = figure.status == FigureStatus::Suppressed;
        Self {
            values: (figure.number, figure.numerator, figure.denominator, text),
            held: hidden,
            printed: if is_cell { figure.printed() } else { String::new() },
        }
    }
}

type Place = (&'static str, String);

/// Everything that is counted.
type All = BTreeMap<Place, Said>;

/// How many items R3 counts, if its first headline says so.
const WHOLES: [&str; 2] = ["r3.staff_changed", "r3.partners_changed"];

/// So many, in the words `Of 22 items of staff feedback …`.
fn whole(headline: &Figure) -> Said {
    let words = headline.text.strip_prefix("Of ").and_then(|text| text.split_once(" items of "));
    let items = words.and_then(|(items, _)| items.parse().ok());
    let held = items.is_none() && headline.status == FigureStatus::Suppressed;
    Said { values: (None, items, None, String::new()), held, printed: String::new() }
}

/// What a reader may know of it: a total that is not true any more hides what it is.
fn told(said: &mut All, truth: &All) {
    for (place, it) in said.iter_mut().filter(|(place, _)| WHOLES.iter().any(|id| place.1 == of_how_many(id)))
    {
        it.held |= truth.get(place).is_none_or(|truth| truth.values != it.values);
    }
}

fn of_how_many(id: &str) -> String {
    format!("{id} of how many")
}

/// Everything that is counted, from one place.
fn said(views: &Views, at: Stood) -> All {
    let mut said = counted_in(&COUNTING, views, at);
    let r3 = ask(ReportName::Feedback, views, &year(at));
    for headline in r3.figures.iter().filter(|it| WHOLES.contains(&it.id.as_str())) {
        said.insert((ReportName::Feedback.code(), of_how_many(&headline.id)), whole(headline));
    }
    said.extend(traced(views, at));
    said
}

/// What some reports count, from one place.
fn counted_in(reports: &[ReportName], views: &Views, at: Stood) -> All {
    let mut said = BTreeMap::new();
    for name in reports {
        let report = ask(*name, views, &year(at));
        for figure in report.figures.iter().filter(|it| it.id != "r9.held_back") {
            said.insert((name.code(), figure.id.to_string()), Said::of(figure, false));
        }
        for table in &report.tables {
            for row in &table.rows {
                for cell in &row.cells {
                    let place = format!("{} {} {}", table.id, row.subject, cell.id);
                    said.insert((name.code(), place), Said::of(cell, true));
                }
            }
        }
    }
    said
}

/// What traces say, from one place.
fn traced(views: &Views, at: Stood) -> All {
    let mut said = BTreeMap::new();
    for work in CHANGES.iter().chain(&ACTIONS) {
        let Ok(trace) = trace(views, &year(at), &Subject::parse(work).unwrap(), Eyes::Reader) else {
            continue;
        };
        let voice = &trace.works[0].voice;
        let told = |how: &str| voice.told.iter().find(|told| told.how == how).and_then(|told| told.items);
        let parts = ["Told directly", "Told in public", "In the response to their round", "Not told yet"]
            .map(|how| (how, told(how)));
        for (how, items) in parts.into_iter().chain([("items", voice.items)]) {
            let values = (None, items, None, String::new());
            said.insert(
                ("trace", format!("{work} {how}")),
                Said { values, held: items.is_none(), printed: "[c]".into() },
            );
        }
        let values = (None, None, None, voice.words.clone());
        said.insert(("trace", format!("{work} words")), Said { values, held: false, printed: String::new() });
    }
    said
}

/// What R10 compares of those.
const COMPARED: [ReportName; 3] = [ReportName::Commitments, ReportName::PolicyChanges, ReportName::Reach];

/// From where R10 looks for somebody who stands at one of these places and no reader does: the day of what it is asked to
/// compare with, and of the last report that was issued.
fn compared(views: &Views, places: &[Stood]) -> BTreeSet<Stood> {
    let mut compared = BTreeSet::new();
    for (as_at, as_known) in places {
        let since = as_known.midpoint(1);
        let issued = views.releases.issued.iter().flat_map(|(_, history)| history.all());
        let issued = issued.filter(|fact| fact.sequence < *as_known).max_by_key(|fact| fact.sequence);
        let issued = issued.map(|fact| (fact.fact.as_at, fact.fact.as_known));
        for (day, then) in issued.into_iter().chain([(views.recorded_on(since - 1), since)]) {
            compared.extend([then, *as_known].map(|known| (day.min(*as_at), known)));
        }
    }
    compared.retain(|it| !places.contains(it));
    compared
}

/// Looks from a place at what is counted there.
type Look = fn(&Views, Stood) -> All;

/// What a ledger says from each place, and what is true there.
pub(super) struct Known {
    places: Vec<(Stood, Look, All, All)>,
}

impl Known {
    pub(super) fn of(views: &Views, places: &[Stood]) -> Self {
        // The end first: there most of what differs is seen to differ.
        let all = places.iter().rev().map(|at| (*at, said as Look));
        let of_r10: Look = |views, at| counted_in(&COMPARED, views, at);
        let all = all.chain(compared(views, places).into_iter().map(|at| (at, of_r10)));
        let known = |(at, look): (Stood, Look)| {
            let (mut here, truth) = (look(views, at), without(Rule::Threshold, || look(views, at)));
            told(&mut here, &truth);
            (at, look, here, truth)
        };
        Self { places: all.map(known).collect() }
    }

    /// Whether another ledger differs from this one in nothing but what must stay hidden.
    fn must_look_like(&self, other: &Views) -> bool {
        self.places.iter().all(|(at, look, here, truth)| {
            let other_truth = without(Rule::Threshold, || look(other, *at));
            let differ: Vec<&Place> = truth
                .keys()
                .chain(other_truth.keys())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .filter(|place| {
                    let values = |of: &BTreeMap<Place, Said>| of.get(*place).map(|it| it.values.clone());
                    values(truth) != values(&other_truth)
                })
                .collect();
            if differ.is_empty() {
                return true;
            }
            if differ.iter().any(|place| here.get(*place).is_some_and(|it| !it.held)) {
                return false;
            }
            let mut there = look(other, *at);
            told(&mut there, &other_truth);
            let mut ways: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for place in differ {
                for it in [here.get(place), there.get(place)].into_iter().flatten() {
                    if !it.held {
                        return false;
                    }
                    ways.entry(place.0)
                        .or_default()
                        .extend(Some(it.printed.as_str()).filter(|it| !it.is_empty()));
                }
            }
            ways.values().all(|ways| ways.len() <= 1)
        })
    }
}

/// What differs between twins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Reason,
    Answer,
    Told,
    Mode,
    Link,
    Choice,
    Whom,
    Withdrawal,
    Day,
    Survey,
    Attendances,
    Erasure,
}

/// The same fact with something else in it, if it can differ.
fn changed(draw: &mut Draw, payload: &Payload) -> Option<(Kind, Payload)> {
    Some(match payload {
        Payload::FeedbackClosedWithoutChange(it) => {
            let other = REASONS.into_iter().find(|reason| *reason != it.reason_code.as_str())?;
            (Kind::Reason, FeedbackClosedWithoutChange { reason_code: code(other), ..it.clone() }.into())
        }
        Payload::FeedbackResponded(it) => (Kind::Answer, FeedbackConsidered { mode: it.mode }.into()),
        Payload::FeedbackTold(it) if draw.is(50) => {
            let mode = match it.mode {
                ResponseMode::Direct => ResponseMode::Public,
                ResponseMode::Public => ResponseMode::Direct,
            };
            (Kind::Mode, FeedbackTold { mode }.into())
        }
        Payload::FeedbackTold(it) => (Kind::Told, FeedbackConsidered { mode: it.mode }.into()),
        Payload::FeedbackLinked(it) => {
            let was = it.to.to_string();
            let all = CHANGES.into_iter().zip(ACTIONS);
            let (one, other) = all.into_iter().find(|(one, other)| [*one, *other].contains(&was.as_str()))?;
            let to = if was == one { other } else { one };
            (Kind::Link, FeedbackLinked { to: Subject::parse(to).unwrap() }.into())
        }
        Payload::FeedbackReceived(it) if it.anonymity != Anonymity::Anonymous => {
            let mut other = it.clone();
            if draw.is(60) {
                other.anonymity = match it.anonymity {
                    Anonymity::Named => Anonymity::Confidential,
                    _ => Anonymity::Named,
                };
                return Some((Kind::Choice, other.into()));
            }
            other.respondents = match it.respondents {
                Respondents::Staff => Respondents::Partners,
                Respondents::Partners => Respondents::Staff,
            };
            (Kind::Whom, other.into())
        }
        Payload::FeedbackWithdrawn(it) => {
            let scope = match it.scope {
                WithdrawalScope::Whole => WithdrawalScope::Contact,
                WithdrawalScope::Contact => WithdrawalScope::Whole,
            };
            (Kind::Withdrawal, FeedbackWithdrawn { scope }.into())
        }
        _ => return counted(draw, payload),
    })
}

/// The same of what was counted.
fn counted(draw: &mut Draw, payload: &Payload) -> Option<(Kind, Payload)> {
    let few = |attendances: Option<u32>| attendances.filter(|it| (2..5).contains(it)).map(|it| it - 1);
    Some(match payload {
        Payload::SurveyResultRecorded(it) => {
            let mut other = it.clone();
            let (from, to) = (draw.below(3) as usize, draw.below(3) as usize);
            let gone = other.options.get_mut(from).filter(|it| it.count > 0 && from != to)?;
            gone.count -= 1;
            other.options.get_mut(to)?.count += 1;
            (Kind::Survey, other.into())
        }
        Payload::LearningDelivered(it) => {
            let attendances = Some(few(it.attendances)?);
            (Kind::Attendances, LearningDelivered { attendances, ..it.clone() }.into())
        }
        Payload::AwarenessActivityHeld(it) => {
            let attendances = Some(few(it.attendances)?);
            (Kind::Attendances, AwarenessActivityHeld { attendances, ..it.clone() }.into())
        }
        Payload::SupportSignposted(it) => {
            let reach = Some(few(it.reach)?);
            (Kind::Attendances, SupportSignposted { reach, ..it.clone() }.into())
        }
        _ => return None,
    })
}

/// The same event on another day, if it is one that counts days about people.
fn moved(draw: &mut Draw, fact: &Recorded) -> Option<(Kind, Event)> {
    let kind = match &fact.event.payload {
        Payload::FeedbackResponded(_) | Payload::FeedbackAcknowledged(_) => Kind::Day,
        Payload::ContentErased(_) => Kind::Erasure,
        _ => return None,
    };
    let day = fact.event.occurred.effective(&jiff::tz::TimeZone::UTC);
    let other = if draw.is(50) { day.yesterday() } else { day.tomorrow() }.ok()?;
    let occurred = crate::domain::value::Occurred::parse(&other.to_string()).ok()?;
    Some((kind, Event { occurred, ..(*fact.event).clone() }))
}

/// A twin of a ledger: what differs, and the whole ledger. None: this fact has no twin from which it must not be told.
pub(super) fn twin(draw: &mut Draw, drawn: &Drawn, known: &Known) -> Option<(Kind, Views, String)> {
    let facts = &drawn.ledger.facts;
    let fact = facts.get(20 + draw.below(facts.len() as u64 - 20) as usize)?;
    let by_day = draw.is(25);
    let (kind, event) = if let Some(moved) = by_day.then(|| moved(draw, fact)).flatten() {
        moved
    } else {
        let (kind, payload) = changed(draw, &fact.event.payload)?;
        (kind, Event { payload, ..(*fact.event).clone() })
    };
    let what = format!("record {}: {:?} is {:?}", fact.sequence, fact.event.payload, event.payload);
    let event = Arc::new(event);
    let mut views = Views::new();
    for it in facts {
        if it.sequence == fact.sequence {
            views.apply(&Recorded { event: Arc::clone(&event), ..it.clone() });
        } else {
            views.apply(it);
        }
    }
    known.must_look_like(&views).then_some((kind, views, what))
}
