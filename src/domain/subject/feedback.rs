//! The life cycles of a round of asking and of an item of feedback, as far as their own events tell.
//!
//! Invariant: no state here holds a word that somebody said, nor when exactly an anonymous person said it. Whether a
//! linked change came into force is another subject's matter: *changed* is derived in reports, and an item that is
//! withdrawn whole takes no further event.

use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Life, State};
use crate::domain::command::Recorded;
use crate::domain::event::{
    Anonymity, Contact, FeedbackReceived, FeedbackResponded, FeedbackRoundClosed, FeedbackSought, Payload,
    ResponseMode, ResponseOutcome, WithdrawalScope,
};
use crate::domain::id::Subject;
use crate::domain::rules::{self, Breach};

/// The end of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundEnd {
    /// Its sequence.
    pub sequence: u64,
    /// The day on which it was closed.
    pub on: Date,
    /// How many answered.
    pub responses: u32,
}

/// Among fewer people no route is anonymous: it is called confidential.
pub const ANONYMOUS_AMONG: u32 = 10;

/// Whether people can answer so that nobody can know.
pub fn is_anonymous_route(sought: &FeedbackSought) -> bool {
    sought.anonymity_options.contains(&Anonymity::Anonymous)
        && sought.invited.is_none_or(|invited| invited >= ANONYMOUS_AMONG)
}

/// A round of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Sequence of its announcement.
    pub sequence: u64,
    /// First day.
    pub opens: Date,
    /// Last day, as announced.
    pub closes: Date,
    /// How many were asked.
    pub invited: Option<u32>,
    /// Whether people could answer so that nobody can know.
    pub anonymous_route: bool,
    /// Its end, once it is closed.
    pub closed: Option<RoundEnd>,
    /// Sequence of the publication of what came of it.
    pub response: Option<u64>,
}

impl Round {
    pub(super) fn after(state: &State, sought: &FeedbackSought, at: u64) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self {
                sequence: at,
                opens: sought.opens,
                closes: sought.closes,
                invited: sought.invited,
                anonymous_route: is_anonymous_route(sought),
                closed: None,
                response: None,
            }),
            State::Round(round) => Err(Breach::of(&rules::ROUND_ALREADY_SOUGHT, Some(round.sequence))),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    pub(super) fn closed(
        state: &State,
        closed: &FeedbackRoundClosed,
        at: u64,
        day: Date,
    ) -> Result<Self, Breach> {
        let round = Self::standing(state)?;
        match round.closed {
            Some(end) => Err(Breach::of(&rules::ROUND_ALREADY_CLOSED, Some(end.sequence))),
            None if day < round.opens => Err(Breach::of(&rules::ROUND_NOT_YET_OPEN, Some(round.sequence))),
            None => {
                let end = RoundEnd { sequence: at, on: day, responses: closed.responses };
                Ok(Self { closed: Some(end), ..round.clone() })
            }
        }
    }

    pub(super) fn published(state: &State, at: u64) -> Result<Self, Breach> {
        let round = Self::standing(state)?;
        match (round.closed, round.response) {
            (None, _) => Err(Breach::of(&rules::ROUND_NOT_CLOSED, Some(round.sequence))),
            (_, Some(first)) => Err(Breach::of(&rules::ROUND_RESPONSE_ALREADY_PUBLISHED, Some(first))),
            (Some(_), None) => Ok(Self { response: Some(at), ..round.clone() }),
        }
    }

    fn standing(state: &State) -> Result<&Self, Breach> {
        match state {
            State::Round(round) => Ok(round),
            State::None => Err(Breach::of(&rules::ROUND_NOT_SOUGHT, None)),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// The last day on which it took feedback: as announced, or earlier if it was closed earlier. A close that is
    /// recorded later than announced only counts; a round that ran longer is said by correcting its announcement.
    pub fn last_day(&self) -> Date {
        self.closed.map_or(self.closes, |end| end.on.min(self.closes))
    }

    /// The stage's name, as readers see it.
    pub const fn stage_name(&self) -> &'static str {
        match (&self.closed, &self.response) {
            (_, Some(_)) => "RESPONSE_PUBLISHED",
            (Some(_), None) => "CLOSED",
            (None, None) => "OPEN",
        }
    }
}

/// How far an item of feedback is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has answered.
    Received,
    /// Acknowledged, or answered that nothing will change; not yet closed with a reason.
    Acknowledged,
    /// A change is being considered.
    Considering,
    /// Answered that something will change.
    ChangeAgreed,
    /// Nothing will change, and why.
    ClosedWithoutChange,
}

impl Stage {
    /// Its name, as readers see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Considering => "CONSIDERING",
            Self::ChangeAgreed => "CHANGE_AGREED",
            Self::ClosedWithoutChange => "CLOSED_WITHOUT_CHANGE",
        }
    }
}

/// What the feedback's own events said last about one piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Sequence of the event that said so.
    pub sequence: u64,
    /// True: it was linked. False: the link was taken back, whoever had made it.
    pub stands: bool,
}

/// An item of feedback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// How far it is; what it was decided stays readable once it was told.
    pub stage: Stage,
    /// Sequence of the event that brought it there.
    pub since: u64,
    /// Sequence of its receipt.
    pub received: u64,
    /// The day from which it counts as received; of an anonymous item, the first of its month.
    pub received_on: Date,
    /// How far the respondent can be known.
    pub anonymity: Anonymity,
    /// How the respondent can be answered now.
    pub contact: Contact,
    /// Sequence of the first answer.
    pub answered: Option<u64>,
    /// Sequence of the first telling of what came of it, since it was last reopened.
    pub told: Option<u64>,
    /// What its own events said about policy changes and actions, and nothing of what plans and proposals name: ask
    /// [`Feedback::is_linked`], which reads both.
    pub links: BTreeMap<Subject, Link>,
    /// Sequence of the withdrawal of the contact.
    pub contact_withdrawn: Option<u64>,
    /// Sequence of the withdrawal of the whole.
    pub withdrawn: Option<u64>,
}

impl Feedback {
    pub(super) fn received(
        state: &State,
        received: &FeedbackReceived,
        at: u64,
        day: Date,
    ) -> Result<Self, Breach> {
        match state {
            State::None => Ok(Self {
                stage: Stage::Received,
                since: at,
                received: at,
                received_on: day,
                anonymity: received.anonymity,
                contact: received.contact,
                answered: None,
                told: None,
                links: BTreeMap::new(),
                contact_withdrawn: None,
                withdrawn: None,
            }),
            State::Feedback(feedback) => {
                Err(Breach::of(&rules::FEEDBACK_ALREADY_RECEIVED, Some(feedback.received)))
            }
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// What any event but the receipt makes of it.
    pub(super) fn after(state: &State, fact: &Arc<Recorded>) -> Result<Self, Breach> {
        let feedback = match state {
            State::Feedback(feedback) => feedback,
            State::None => return Err(Breach::of(&rules::FEEDBACK_NOT_RECEIVED, None)),
            _ => return Err(Breach::of(&rules::WRONG_KIND, None)),
        };
        if feedback.withdrawn.is_some() {
            return Err(Breach::of(&rules::FEEDBACK_WITHDRAWN, feedback.withdrawn));
        }
        let at = fact.sequence;
        match &fact.event.payload {
            Payload::FeedbackAcknowledged(acknowledged) => feedback.acknowledged(acknowledged.mode, at),
            Payload::FeedbackConsidered(considered) => feedback.considered(considered.mode, at),
            Payload::FeedbackResponded(answer) => feedback.responded(answer, at),
            Payload::FeedbackClosedWithoutChange(_) => {
                feedback.open()?;
                Ok(feedback.at(Stage::ClosedWithoutChange, at))
            }
            Payload::FeedbackTold(told) => feedback.told(told.mode, at),
            Payload::FeedbackReopened(_) => feedback.reopened(at),
            Payload::FeedbackLinked(linked) => feedback.says(&linked.to, Link { sequence: at, stands: true }),
            Payload::FeedbackUnlinked(unlinked) => {
                feedback.says(&unlinked.from, Link { sequence: at, stands: false })
            }
            Payload::FeedbackWithdrawn(withdrawn) => feedback.withdrawn(withdrawn.scope, at),
            _ => Err(Breach::of(&rules::WRONG_KIND, None)),
        }
    }

    /// A holding reply can come at any time before the end, and never takes a step back.
    fn acknowledged(&self, mode: ResponseMode, at: u64) -> Result<Self, Breach> {
        self.reachable(mode)?;
        self.open()?;
        Ok(match self.stage {
            Stage::Received => self.at(Stage::Acknowledged, at),
            _ => self.clone(),
        })
    }

    /// A change that was agreed may be thought over again: the proposal was declined, or the plan given up.
    fn considered(&self, mode: ResponseMode, at: u64) -> Result<Self, Breach> {
        self.reachable(mode)?;
        self.open()?;
        Ok(self.at(Stage::Considering, at))
    }

    fn responded(&self, answer: &FeedbackResponded, at: u64) -> Result<Self, Breach> {
        self.reachable(answer.mode)?;
        let next = match (self.stage, answer.outcome) {
            // First the decision, then the answer that tells it: that order is common, and the item stays closed.
            (Stage::ClosedWithoutChange, ResponseOutcome::NoChange) => Stage::ClosedWithoutChange,
            (Stage::ClosedWithoutChange, _) => {
                return Err(Breach::of(&rules::FEEDBACK_ALREADY_CLOSED, Some(self.since)));
            }
            (_, ResponseOutcome::ChangeAgreed) => Stage::ChangeAgreed,
            (_, ResponseOutcome::ChangeConsidered) => Stage::Considering,
            (_, ResponseOutcome::NoChange) => Stage::Acknowledged,
        };
        // After the telling an answer may repeat what was told, and nothing else.
        if self.told.is_some() && next != self.stage {
            return Err(Breach::of(&rules::FEEDBACK_ALREADY_TOLD, self.told));
        }
        Ok(Self { answered: self.answered.or(Some(at)), ..self.at(next, at) })
    }

    /// Somebody may be told twice, first in person and then with everybody.
    fn told(&self, mode: ResponseMode, at: u64) -> Result<Self, Breach> {
        self.reachable(mode)?;
        match self.stage {
            Stage::ChangeAgreed | Stage::ClosedWithoutChange => {
                Ok(Self { told: self.told.or(Some(at)), ..self.clone() })
            }
            _ => Err(Breach::of(&rules::FEEDBACK_NOT_DECIDED, Some(self.since))),
        }
    }

    fn reopened(&self, at: u64) -> Result<Self, Breach> {
        if self.stage != Stage::ClosedWithoutChange && self.told.is_none() {
            return Err(Breach::of(&rules::FEEDBACK_NOT_CLOSED, Some(self.since)));
        }
        Ok(Self { told: None, ..self.at(Stage::Considering, at) })
    }

    /// A link, or the end of one. Whether a plan or a proposal made the link that ends is judged across subjects.
    fn says(&self, work: &Subject, link: Link) -> Result<Self, Breach> {
        if let Some(said) = self.links.get(work)
            && said.stands == link.stands
        {
            let rule =
                if link.stands { &rules::FEEDBACK_ALREADY_LINKED } else { &rules::FEEDBACK_NOT_LINKED };
            return Err(Breach::of(rule, Some(said.sequence)));
        }
        let mut next = self.clone();
        next.links.insert(work.clone(), link);
        Ok(next)
    }

    /// Whoever spoke takes it back at any time, from any stage. A contact that was never given can be taken back, too:
    /// nobody has to remember what they once said.
    fn withdrawn(&self, scope: WithdrawalScope, at: u64) -> Result<Self, Breach> {
        match (scope, self.contact_withdrawn) {
            (WithdrawalScope::Whole, _) => Ok(Self { withdrawn: Some(at), ..self.clone() }),
            (WithdrawalScope::Contact, Some(first)) => {
                Err(Breach::of(&rules::FEEDBACK_CONTACT_ALREADY_WITHDRAWN, Some(first)))
            }
            (WithdrawalScope::Contact, None) => {
                Ok(Self { contact: Contact::None, contact_withdrawn: Some(at), ..self.clone() })
            }
        }
    }

    /// Whether the respondent can be answered so.
    fn reachable(&self, mode: ResponseMode) -> Result<(), Breach> {
        if mode == ResponseMode::Direct && self.contact == Contact::None {
            let since = self.contact_withdrawn.unwrap_or(self.received);
            return Err(Breach::of(&rules::FEEDBACK_NOT_CONTACTABLE, Some(since)));
        }
        Ok(())
    }

    /// Whether it has not come to an end: what comes after one begins with reopening it.
    fn open(&self) -> Result<(), Breach> {
        if self.stage == Stage::ClosedWithoutChange {
            return Err(Breach::of(&rules::FEEDBACK_ALREADY_CLOSED, Some(self.since)));
        }
        match self.told {
            Some(told) => Err(Breach::of(&rules::FEEDBACK_ALREADY_TOLD, Some(told))),
            None => Ok(()),
        }
    }

    /// The same item at that stage.
    fn at(&self, stage: Stage, at: u64) -> Self {
        let since = if stage == self.stage { self.since } else { at };
        Self { stage, since, ..self.clone() }
    }

    /// Whether this item, known as `own`, is linked to a piece of work: a policy change or an action.
    ///
    /// Links come from two sides. The feedback's own events ([`Feedback::links`]) link and unlink; a plan or a proposal
    /// that stands names the feedback that led to it. What the own events said last counts, and takes back what a plan
    /// or a proposal names, too, even one that is made again later; where they said nothing, the plan or the proposal
    /// counts. A report on another day or at an earlier position asks in this order of the facts that count there.
    /// Whether the work stands, or is ended, is not asked here: a link that broke stays a link.
    pub fn is_linked(&self, own: &Subject, work: &Life) -> bool {
        match self.links.get(work.subject()) {
            Some(link) => link.stands,
            None => names(work.state(), own),
        }
    }

    /// The stage's name, as readers see it.
    pub const fn stage_name(&self) -> &'static str {
        match (&self.withdrawn, &self.told) {
            (Some(_), _) => "WITHDRAWN",
            (None, Some(_)) => "TOLD",
            (None, None) => self.stage.as_str(),
        }
    }
}

/// Whether a plan or a proposal that stands names that item.
fn names(work: &State, item: &Subject) -> bool {
    let named = match work {
        State::Action(action) => &action.feedback,
        State::Change(change) => &change.feedback,
        _ => return false,
    };
    named.iter().any(|id| id.to_string() == item.id().as_str())
}
