//! Which events a reader wants, parsed once and then compared with each.

use uuid::Uuid;

use super::field::{Path, list, optional_uuid};
use crate::domain::{
    command::Recorded,
    event::EventType,
    id::{Kind, SourceName, Subject},
    irregularity::Irregularity,
    rejection::Rejection,
};
use crate::grpc::wire;
use crate::limits::MAX_FILTER;

/// Conditions joined by "and", the values of one condition by "or"; an empty condition holds for all.
#[derive(Clone, Debug, Default)]
pub(in crate::grpc) struct Filter {
    types: Vec<String>,
    subjects: Vec<String>,
    correlation: Option<Uuid>,
    sources: Vec<SourceName>,
    marks: Vec<Mark>,
    /// Whose events the reader may see; none: everybody's. Not the reader's to choose.
    only: Option<SourceName>,
}

impl Filter {
    /// Parses the request's field `filter`, for a reader that may see the events of `only` (none: everybody's).
    pub(in crate::grpc) fn parse(
        wire: Option<wire::Filter>,
        only: Option<SourceName>,
    ) -> Result<Self, Rejection> {
        let at = Path::root("filter");
        let wire = wire.unwrap_or_default();
        Ok(Self {
            types: list(&at.field("types"), MAX_FILTER, wire.types, type_pattern)?,
            subjects: list(&at.field("subjects"), MAX_FILTER, wire.subjects, subject_pattern)?,
            correlation: optional_uuid(&at.field("correlation_id"), &wire.correlation_id)?,
            sources: list(&at.field("sources"), MAX_FILTER, &wire.sources, |at, text| source(at, text))?,
            marks: list(&at.field("irregularities"), MAX_FILTER, &wire.irregularities, |at, text| {
                mark(at, text)
            })?,
            only,
        })
    }

    /// The subjects, if single ones are named and no kinds of them.
    pub(in crate::grpc) fn single_subjects(&self) -> Option<Vec<Subject>> {
        let single = self.subjects.iter().map(|subject| Subject::parse(subject).ok());
        single.collect::<Option<Vec<_>>>().filter(|single| !single.is_empty())
    }

    /// Whether the reader wants it, and may see it.
    pub(in crate::grpc) fn admits(&self, fact: &Recorded) -> bool {
        let event = &fact.event;
        self.only.as_ref().is_none_or(|only| *only == fact.source)
            && self.correlation.is_none_or(|id| event.correlation_id == Some(id))
            && any(&self.types, event.payload.event_type().as_str(), '.')
            && (self.subjects.is_empty() || any(&self.subjects, &event.subject.to_string(), '/'))
            && (self.sources.is_empty() || self.sources.contains(&fact.source))
            && (self.marks.is_empty() || self.marks.iter().any(|mark| mark.is_on(fact)))
    }
}

/// A mark that is asked for.
#[derive(Clone, Copy, Debug)]
enum Mark {
    Any,
    One(Irregularity),
}

impl Mark {
    fn is_on(self, fact: &Recorded) -> bool {
        match self {
            Self::Any => !fact.irregularities.is_empty(),
            Self::One(mark) => fact.irregularities.contains(&mark),
        }
    }
}

/// Whether one of the patterns is the name, its family (up to `mark`) or `*`.
fn any(patterns: &[String], name: &str, mark: char) -> bool {
    patterns.is_empty()
        || patterns.iter().any(|pattern| {
            let family = || {
                let whole = pattern.strip_suffix('*').and_then(|family| family.strip_suffix(mark));
                whole.is_some_and(|family| name.split_once(mark).is_some_and(|(first, _)| first == family))
            };
            pattern == "*" || pattern == name || family()
        })
}

/// A type, a family of types or `*`; a misspelt one would filter everything away, in silence.
fn type_pattern(at: &Path<'_>, text: String) -> Result<String, Rejection> {
    let known = text == "*"
        || EventType::parse(&text).is_some()
        || text.strip_suffix(".*").is_some_and(|family| {
            EventType::ALL.iter().any(|t| t.as_str().split_once('.').is_some_and(|(f, _)| f == family))
        });
    if known {
        Ok(text)
    } else {
        Err(at.refuse(
            "not an event type",
            "write a type such as action.completed, a family such as action.*, or *",
        ))
    }
}

/// A subject, a kind of subjects or `*`.
fn subject_pattern(at: &Path<'_>, text: String) -> Result<String, Rejection> {
    let known = text == "*"
        || Subject::parse(&text).is_ok()
        || text.strip_suffix("/*").is_some_and(|kind| Kind::ALL.iter().any(|k| k.as_str() == kind));
    if known {
        Ok(text)
    } else {
        Err(at
            .refuse("not a subject", "write a subject such as commitment/C14, a kind such as action/*, or *"))
    }
}

fn source(at: &Path<'_>, text: &str) -> Result<SourceName, Rejection> {
    SourceName::parse(text).map_err(|why| at.refuse(why.rule, why.remedy))
}

fn mark(at: &Path<'_>, text: &str) -> Result<Mark, Rejection> {
    if text == "*" {
        return Ok(Mark::Any);
    }
    let mark = Irregularity::parse(text).map(Mark::One);
    mark.ok_or_else(|| at.refuse("not a mark", "write a mark such as LATE_RECORDED, or * for any"))
}
