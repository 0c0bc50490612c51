//! Rounds of asking, and what people answered to each question.
//!
//! Invariant: of the answers to a question this view keeps how many agreed, how many did not know and how many there
//! were; which option each chose is not here. Must not know which numbers may be shown.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Views;
use super::commitments::Named;
use super::history::{History, Horizon};
use super::shared::SharedMap;
use crate::domain::event::{Anonymity, FeedbackSought, Payload, SurveyResultRecorded};
use crate::domain::id::Code;
use crate::domain::subject::feedback::{ANONYMOUS_AMONG, is_anonymous_route};

/// One thing that happened to a round of asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoundFact {
    /// People were asked.
    Sought(Arc<FeedbackSought>),
    /// It is over; so many answered.
    Closed(u32),
    /// What came of it was published.
    ResponsePublished,
}

impl RoundFact {
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::FeedbackSought(it) => Self::Sought(Arc::new(it.clone())),
            Payload::FeedbackRoundClosed(it) => Self::Closed(it.responses),
            Payload::RoundResponsePublished(_) => Self::ResponsePublished,
            _ => return None,
        })
    }
}

/// What people answered to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The questionnaire.
    pub instrument: Code,
    /// Its version: only equal versions are compared.
    pub version: Code,
    /// The question.
    pub item: Code,
    /// The unit that was asked. None: the whole organisation.
    pub unit: Option<Code>,
    /// The round that it belongs to.
    pub round: Option<Code>,
    /// First day of asking.
    pub from: Date,
    /// Last day of asking.
    pub to: Date,
    /// How many were asked.
    pub population: u32,
    /// How many answered.
    pub answers: u32,
    /// How many of these chose what; none: whoever recorded it held that back.
    pub counts: Option<Counts>,
    /// The commitments that it tells about.
    pub named: Named,
}

/// How many chose what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// An option that counts as agreement.
    pub agree: u32,
    /// An option that says neither.
    pub dont_know: u32,
    /// Anything else.
    pub other: u32,
}

impl Answered {
    pub(super) fn of(payload: &Payload) -> Option<Arc<Self>> {
        let Payload::SurveyResultRecorded(it) = payload else { return None };
        Some(Arc::new(Self {
            instrument: it.instrument.clone(),
            version: it.instrument_version.clone(),
            item: it.item.clone(),
            unit: it.unit.clone(),
            round: it.round.clone(),
            from: it.period_from,
            to: it.period_to,
            population: it.population,
            answers: it.answers,
            counts: (!it.withheld).then(|| counts(it)),
            named: Named::of(&it.commitments),
        }))
    }
}

fn counts(result: &SurveyResultRecorded) -> Counts {
    let mut counts = Counts { agree: 0, dont_know: 0, other: 0 };
    for chosen in &result.options {
        let of = if result.agree_options.contains(&chosen.option) {
            &mut counts.agree
        } else if result.dont_know_options.contains(&chosen.option) {
            &mut counts.dont_know
        } else {
            &mut counts.other
        };
        *of = of.saturating_add(chosen.count);
    }
    counts
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SurveysView {
    /// Rounds by id.
    pub rounds: SharedMap<Code, History<RoundFact>>,
    /// Results by id.
    pub results: SharedMap<Code, History<Arc<Answered>>>,
}

/// How a round stands from a horizon.
#[derive(Clone, Copy, Debug)]
pub struct Round<'v> {
    /// Its id.
    pub id: &'v Code,
    /// What was announced: who is asked, when, how many, by which routes.
    pub sought: &'v FeedbackSought,
    /// The event that announced it.
    pub announced: u64,
    /// The day on which it was closed, how many answered, and the event that says so. None: it was not closed.
    pub closed: Option<(Date, u32, u64)>,
    /// The day on which it was published what came of it, and the event that says so. None: it was not.
    pub response: Option<(Date, u64)>,
}

impl Round<'_> {
    /// Whether people can answer so that nobody can know. Among fewer than ten no route is anonymous, whatever it is
    /// called.
    pub fn is_anonymous(&self) -> bool {
        is_anonymous_route(self.sought)
    }

    /// Whether so few were asked that nobody among them can be unknown.
    pub fn is_too_small(&self) -> bool {
        self.sought.invited.is_some_and(|invited| invited < ANONYMOUS_AMONG)
    }

    /// Whether it offers that route, by whatever name.
    pub fn offers(&self, route: Anonymity) -> bool {
        self.sought.anonymity_options.contains(&route)
    }

    /// The last day on which it took answers: as announced, or the day on which it was closed, if that came first.
    pub fn last_day(&self) -> Date {
        self.closed.map_or(self.sought.closes, |(on, ..)| on.min(self.sought.closes))
    }
}

impl SurveysView {
    /// Every round that was announced by the horizon, and not taken back, in the order of their ids.
    pub fn standings<'v>(&'v self, views: &'v Views, horizon: Horizon) -> impl Iterator<Item = Round<'v>> {
        self.rounds.iter().filter_map(move |(id, history)| round(views, id, history, horizon))
    }

    /// One round, if it was announced by the horizon, and not taken back.
    pub fn round<'v>(&'v self, views: &Views, id: &'v Code, horizon: Horizon) -> Option<Round<'v>> {
        round(views, id, self.rounds.get(id)?, horizon)
    }
}

fn round<'v>(
    views: &Views,
    id: &'v Code,
    history: &'v History<RoundFact>,
    horizon: Horizon,
) -> Option<Round<'v>> {
    let (mut announced, mut closed, mut response) = (None, None, None);
    for fact in views.seen(history, horizon) {
        match &fact.fact {
            RoundFact::Sought(it) => announced = Some((it.as_ref(), fact.sequence)),
            RoundFact::Closed(responses) => closed = Some((fact.effective, *responses, fact.sequence)),
            RoundFact::ResponsePublished => response = Some((fact.effective, fact.sequence)),
        }
    }
    let (sought, announced) = announced?;
    Some(Round { id, sought, announced, closed, response })
}
