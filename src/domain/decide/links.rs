//! Links to other subjects, judged when they are made: known, standing, valid on the event's day.
//!
//! Invariant: a link is judged against the ledger as it is held at the event's own place. What becomes of the other
//! end later is shown by reports and changes nothing here.

use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

use super::mention::feedback_subject;
use super::{Case, Judged, Mention, Stop, World};
use crate::domain::command::Recorded;
use crate::domain::id::{Code, Kind, Subject};
use crate::domain::rejection::Rejection;
use crate::domain::rules;
use crate::domain::subject::{Life, State};

/// Judges that a post is registered, and for that day.
pub(super) fn post_on<W: World>(world: &mut W, post: &Code, day: Date, field: &str) -> Judged<(), W> {
    let subject = Kind::Post.subject(post);
    match world.life(&subject).map_err(Stop::World)?.state() {
        State::Post(registered) if registered.on(day).is_some() => Ok(()),
        State::Post(registered) => {
            let last = registered.terms.last().map(|term| term.sequence);
            Err(rules::POST_NOT_VALID.refusal(last).into())
        }
        _ => Err(Rejection::unknown(field, subject).into()),
    }
}

/// Judges that nothing is named twice in a list.
pub(super) fn unique<T: Ord>(items: &[T], field: &str) -> Result<(), Rejection> {
    let mut seen = BTreeSet::new();
    match items.iter().position(|item| !seen.insert(item)) {
        Some(index) => Err(rules::NAMED_TWICE.at(format!("{field}[{index}]"))),
        None => Ok(()),
    }
}

/// Judges that a period runs forwards, and is over on the day on which it is told of; `field` names its last day.
pub(super) fn period(from: Date, to: Date, day: Date, field: &str) -> Result<(), Rejection> {
    if to < from {
        return Err(rules::TERM_BACKWARDS.at(field));
    }
    if day < to {
        return Err(rules::PERIOD_NOT_OVER.at(field));
    }
    Ok(())
}

impl<W: World> Case<'_, W> {
    /// The event's own subject.
    pub(super) fn subject(&self) -> &Subject {
        &self.fact.event.subject
    }

    pub(super) fn life(&mut self, subject: &Subject) -> Judged<Arc<Life>, W> {
        self.world.life(subject).map_err(Stop::World)
    }

    pub(super) fn mentioned_by(&mut self, mention: &Mention) -> Judged<Vec<Arc<Recorded>>, W> {
        self.world.mentioned_by(mention).map_err(Stop::World)
    }

    /// The life of a subject that must stand.
    pub(super) fn known(&mut self, subject: &Subject, field: &str) -> Judged<Arc<Life>, W> {
        let life = self.life(subject)?;
        if life.stands() { Ok(life) } else { Err(Rejection::unknown(field, subject).into()) }
    }

    /// Subjects of one kind that must all stand, none of them twice.
    pub(super) fn all_known(&mut self, kind: Kind, ids: &[Code], field: &str) -> Judged<(), W> {
        unique(ids, field)?;
        for (index, id) in ids.iter().enumerate() {
            if !self.was_linked(kind, id) {
                self.known(&kind.subject(id), &format!("{field}[{index}]"))?;
            }
        }
        Ok(())
    }

    /// Commitments that must stand, none of them twice and none of them closed on the event's day.
    pub(super) fn open_commitments(&mut self, ids: &[Code], field: &str) -> Judged<(), W> {
        self.all_known(Kind::Commitment, ids, field)?;
        let day = self.day;
        let new: Vec<_> = ids.iter().filter(|id| !self.was_linked(Kind::Commitment, id)).collect();
        new.into_iter().try_for_each(|id| self.open_on(id, day))
    }

    /// Whether a correction only repeats a link that the corrected event made: it was judged then, and what became of
    /// the other end since is not held against the correction.
    pub(super) fn was_linked(&self, kind: Kind, id: &Code) -> bool {
        self.standing.as_ref().is_some_and(|fact| {
            let payload = &fact.event.payload;
            match kind {
                Kind::Commitment => payload.commitments().contains(id),
                Kind::Evidence => payload.evidence().contains(id),
                Kind::Feedback => payload.feedback().iter().any(|item| item.to_string() == id.as_str()),
                _ => false,
            }
        })
    }

    /// A commitment that must stand, and be made and not closed on the event's day: nothing is agreed for, or goes on
    /// in, a promise that nobody had made yet.
    pub(super) fn commitment_of_the_day(&mut self, id: &Code, field: &str) -> Judged<(), W> {
        let life = self.known(&Kind::Commitment.subject(id), field)?;
        if let State::Commitment(commitment) = life.state()
            && self.day < commitment.made_on
        {
            return Err(rules::COMMITMENT_NOT_YET_MADE.refusal(Some(commitment.sequence)).into());
        }
        self.open_on(id, self.day)
    }

    /// Judges that a commitment is not closed on that day. What is told of a period looks at its first day: what was
    /// kept until it ended can still be told afterwards.
    pub(super) fn open_on(&mut self, id: &Code, day: Date) -> Judged<(), W> {
        match self.closing(id)? {
            Some((on, sequence)) if on <= day => Err(rules::COMMITMENT_CLOSED.refusal(Some(sequence)).into()),
            _ => Ok(()),
        }
    }

    /// The first day on which a commitment is closed, and the event that closed it: one of its own, or a later version
    /// of its pledge. Whichever came first counts.
    pub(super) fn closing(&mut self, id: &Code) -> Judged<Option<(Date, u64)>, W> {
        let life = self.life(&Kind::Commitment.subject(id))?;
        let State::Commitment(commitment) = life.state() else { return Ok(None) };
        // An end that is being corrected does not stand in its own way.
        let corrected = self.standing.as_ref().map(|fact| fact.sequence);
        let own = commitment.end.as_ref().map(|end| (end.on, end.sequence));
        let own = own.filter(|(_, sequence)| Some(*sequence) != corrected);
        let pledges = match self.life(&Kind::Pledge.subject(&commitment.pledge))?.state() {
            State::Pledge(pledge) => pledge.closed.get(id).map(|closing| (closing.on, closing.sequence)),
            _ => None,
        };
        Ok(own.into_iter().chain(pledges).min())
    }

    /// A post that must be registered for the event's day.
    pub(super) fn post(&mut self, post: &Code, field: &str) -> Judged<(), W> {
        post_on(self.world, post, self.day, field)
    }

    /// A code that must be in its list, and valid on the event's day.
    pub(super) fn code(&mut self, list: &str, code: &Code, field: &str) -> Judged<(), W> {
        let unknown = || Err(rules::CODE_UNKNOWN.at(field).into());
        let Ok(name) = Code::parse(list) else { return unknown() };
        match self.life(&Kind::CodeList.subject(&name))?.state() {
            State::CodeList(adopted) => match adopted.entries.get(code) {
                Some(span) if span.contains(self.day) => Ok(()),
                Some(_) => Err(rules::CODE_NOT_VALID.refusal(Some(adopted.sequence)).into()),
                None => unknown(),
            },
            _ => unknown(),
        }
    }

    /// Codes of one list, none of them twice.
    pub(super) fn codes(&mut self, list: &str, codes: &[Code], field: &str) -> Judged<(), W> {
        unique(codes, field)?;
        for (index, code) in codes.iter().enumerate() {
            self.code(list, code, &format!("{field}[{index}]"))?;
        }
        Ok(())
    }

    /// Feedback that led to this: it must be live, that is neither voided nor withdrawn, and received by the event's day. What was received later cannot
    /// have led to it; of an anonymous item only the month is known, so its first day counts.
    pub(super) fn feedback(&mut self, ids: &[Uuid], field: &str) -> Judged<(), W> {
        unique(ids, field)?;
        for (index, id) in ids.iter().enumerate() {
            let field = format!("{field}[{index}]");
            let life = match feedback_subject(id) {
                Some(subject) => self.life(&subject)?,
                None => return Err(Rejection::unknown(field, id).into()),
            };
            let linked = self.was_linked(Kind::Feedback, life.subject().id());
            match life.state() {
                State::Feedback(item) if item.withdrawn.is_some() && !linked => {
                    return Err(rules::FEEDBACK_NOT_LIVE.refusal(item.withdrawn).into());
                }
                State::Feedback(item) if item.received_on <= self.day => {}
                // When it was received, and which record says so, is not for whoever tries dates.
                State::Feedback(_) => {
                    return Err(rules::LINK_BEFORE_FEEDBACK.refusal(None).into());
                }
                _ if linked => {}
                _ if life.version() == 0 => return Err(Rejection::unknown(field, life.subject()).into()),
                _ => {
                    let void = life.facts().iter().rev().find_map(|fact| life.voided_by(fact.sequence));
                    return Err(rules::FEEDBACK_NOT_LIVE.refusal(void).into());
                }
            }
        }
        Ok(())
    }
}
