//! One item of feedback from one horizon: when it was heard, answered and acted on, and how far it has come.
//!
//! Invariant: an item is in exactly one part of each division that is made here. No item leaves this room: only counts
//! and times of many do. Must not know release points nor how anything is worded.

use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use crate::domain::event::{Anonymity, Respondents};
use crate::domain::id::{Code, Kind};
use crate::projections::Views;
use crate::projections::actions::ActionState;
use crate::projections::feedback::{FeedbackFact, Link, Made, Received};
use crate::projections::history::{Dated, History, Horizon};
use crate::reports::Period;
use crate::reports::phrases::days_after;
use crate::reports::policy_changes;

/// One item that was received in the period.
pub(super) struct Item<'v> {
    pub(super) respondents: Respondents,
    pub(super) given: Given,
    pub(super) received: Date,
    /// When it was first acknowledged, considered or answered; first answered; last changed anything.
    steps: [Option<Date>; 3],
    is_policy: bool,
    /// Why nothing changes, if that is how it stands.
    closed: Option<&'v Code>,
    is_told: bool,
    pub(super) withdrawn: Option<Date>,
}

/// What the clocks of R4 run to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::reports) enum Step {
    /// The first acknowledgement, consideration or answer.
    Acknowledged,
    /// The first answer.
    Answered,
    /// The last change to which it is linked.
    Changed,
}

impl Step {
    pub(in crate::reports) const ALL: [Self; 3] = [Self::Acknowledged, Self::Answered, Self::Changed];

    /// What it is in a set of steps.
    pub(super) const fn bit(self) -> usize {
        1 << self as usize
    }
}

/// What became of an item, as far as the reader is told: the parts of R3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reports) enum Outcome {
    PolicyChanged,
    PracticeChanged,
    ChangedNotTold,
    ChangedNotAnswered,
    ClosedNotTold,
    ClosedNotAnswered,
    AnsweredOpen,
    /// Open and not answered, in that band of age.
    Waiting(usize),
    /// Closed with that reason, counted among the reasons.
    Reason(usize),
}

/// How far whoever gave an item can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Anonymous,
    /// Called anonymous, in a round of so few people that nobody among them is unknown.
    AnonymousAmongFew,
    Confidential,
    Named,
}

impl Given {
    /// Its place among the parts of the cut.
    pub(super) const fn part(self) -> usize {
        self as usize
    }
}

/// Where an item stands: the parts of R3 for a small group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reports) enum Fate {
    Changed,
    /// Closed with a reason, and nothing changed.
    Closed,
    Open,
}

impl Fate {
    /// In the order of the parts of the cut. Where another part has to go with a small one it is the last: what is open
    /// goes before what was done.
    pub(in crate::reports) const ALL: [Self; 3] = [Self::Changed, Self::Closed, Self::Open];

    /// Its place among the parts of the cut.
    pub(in crate::reports) const fn part(self) -> usize {
        self as usize
    }
}

/// The last day of age of each band of open items without an answer, but the last band.
pub(in crate::reports) const BANDS: [u64; 3] = [30, 90, 180];

impl Outcome {
    /// Its place among the parts of the cut. Reasons stand last: that there is one more moves nothing else.
    pub(in crate::reports) const fn part(self) -> usize {
        match self {
            Self::PolicyChanged => 0,
            Self::PracticeChanged => 1,
            Self::ChangedNotTold => 2,
            Self::ChangedNotAnswered => 3,
            Self::ClosedNotTold => 4,
            Self::ClosedNotAnswered => 5,
            Self::AnsweredOpen => 6,
            Self::Waiting(band) => 7 + band,
            Self::Reason(reason) => 8 + BANDS.len() + reason,
        }
    }

    /// Where it stands, and no more than that.
    pub(in crate::reports) const fn fate(self) -> Fate {
        match self {
            Self::PolicyChanged | Self::PracticeChanged | Self::ChangedNotTold | Self::ChangedNotAnswered => {
                Fate::Changed
            }
            Self::ClosedNotTold | Self::ClosedNotAnswered | Self::Reason(_) => Fate::Closed,
            Self::AnsweredOpen | Self::Waiting(_) => Fate::Open,
        }
    }

    pub(in crate::reports) const fn is_answered(self) -> bool {
        !matches!(self, Self::ChangedNotAnswered | Self::ClosedNotAnswered | Self::Waiting(_))
    }

    /// Answered, and changed or closed with a reason, and told.
    pub(in crate::reports) const fn is_loop_closed(self) -> bool {
        matches!(self, Self::PolicyChanged | Self::PracticeChanged | Self::Reason(_))
    }
}

impl Item<'_> {
    pub(super) fn outcome(&self, on: Date, reasons: &[&Code]) -> Outcome {
        let [_, answered, changed] = self.steps;
        match (changed, self.closed, answered) {
            (Some(_), _, None) => Outcome::ChangedNotAnswered,
            (Some(_), _, Some(_)) if !self.is_told => Outcome::ChangedNotTold,
            (Some(_), _, Some(_)) if self.is_policy => Outcome::PolicyChanged,
            (Some(_), _, Some(_)) => Outcome::PracticeChanged,
            (None, Some(_), None) => Outcome::ClosedNotAnswered,
            (None, Some(_), Some(_)) if !self.is_told => Outcome::ClosedNotTold,
            // Every reason that an item ever gave is among them.
            (None, Some(reason), Some(_)) => {
                Outcome::Reason(reasons.iter().position(|it| *it == reason).unwrap_or(0))
            }
            (None, None, Some(_)) => Outcome::AnsweredOpen,
            (None, None, None) => {
                let age = days_after(self.received, on);
                Outcome::Waiting(BANDS.iter().filter(|last| age > **last).count())
            }
        }
    }

    pub(super) const fn step(&self, step: Step) -> Option<Date> {
        let [acknowledged, answered, changed] = self.steps;
        match step {
            Step::Acknowledged => acknowledged,
            Step::Answered => answered,
            Step::Changed => changed,
        }
    }

    /// Whether only the month of its receipt is known, whatever the round was called.
    pub(super) const fn is_anonymous(&self) -> bool {
        matches!(self.given, Given::Anonymous | Given::AnonymousAmongFew)
    }

    /// Whether it was withdrawn before it came to that step.
    pub(super) fn withdrawn_before(&self, step: Step) -> bool {
        self.withdrawn.is_some_and(|gone| self.step(step).is_none_or(|on| gone < on))
    }
}

/// The items of which any record says that they were received in the period, whoever may know it.
pub(super) struct Cohort<'v>(Vec<(&'v Uuid, &'v History<FeedbackFact>)>);

impl<'v> Cohort<'v> {
    pub(super) fn of(views: &'v Views, period: Period) -> Self {
        let (first, last) = (period.first_day(), period.last_day());
        let is_received_then = |fact: &Dated<FeedbackFact>| {
            matches!(fact.fact, FeedbackFact::Received(_)) && period.contains(fact.effective)
        };
        // Most items of a long ledger are of other years: they cost one look.
        let items = views.feedback.items.iter().filter(|(_, history)| {
            history.may_tell_of(first, last) && history.all().iter().any(is_received_then)
        });
        Self(items.collect())
    }

    /// Those that count from the horizon and were received in the period, in no order that tells anything.
    pub(super) fn from(&self, views: &'v Views, horizon: Horizon, period: Period) -> Vec<Item<'v>> {
        let works = Works::of(views, horizon);
        let items = self.0.iter().filter_map(|(id, history)| works.item(id, &views.seen(history, horizon)));
        items.filter(|item| period.contains(item.received)).collect()
    }
}

/// Every reason that anybody ever closed an item with, and every reason of the code list, known among the first so many.
pub(super) fn reasons(views: &Views, as_known: u64) -> BTreeSet<&Code> {
    let mut reasons = BTreeSet::new();
    for (_, history) in views.feedback.items.iter() {
        for fact in history.all().iter().filter(|fact| fact.sequence < as_known) {
            if let FeedbackFact::ClosedWithoutChange(reason) = &fact.fact {
                reasons.insert(reason);
            }
        }
    }
    let lists = views.ledger.code_lists.iter().filter(|(name, _)| name.as_str() == super::REASONS);
    for fact in lists.flat_map(|(_, history)| history.all()).filter(|fact| fact.sequence < as_known) {
        reasons.extend(fact.fact.entries.iter().map(|entry| &entry.code));
    }
    reasons
}

/// What was done, and for which items.
struct Works<'v> {
    views: &'v Views,
    horizon: Horizon,
    /// The last first day of a policy change in force, by item.
    policies: BTreeMap<Uuid, Date>,
    /// The day of verification of each action that is verified.
    verified: BTreeMap<&'v Code, Date>,
    /// The verified actions whose plan names an item, and when it was made.
    planned: BTreeMap<Uuid, Vec<(&'v Code, Made)>>,
}

impl<'v> Works<'v> {
    fn of(views: &'v Views, horizon: Horizon) -> Self {
        let (mut verified, mut planned) = (BTreeMap::new(), BTreeMap::new());
        for action in views.actions.standings(views, horizon) {
            let Some(on) = action.closed_on.filter(|_| action.state == ActionState::Verified) else {
                continue;
            };
            verified.insert(action.id, on);
            let (effective, sequence) = (action.planned_on, action.planned);
            for item in &action.plan.feedback {
                let by: &mut Vec<_> = planned.entry(*item).or_default();
                by.push((action.id, Made { effective, place: sequence, sequence }));
            }
        }
        Self { views, horizon, policies: policy_changes::changed_by(views, horizon), verified, planned }
    }

    fn item(&self, id: &Uuid, facts: &[&'v Dated<FeedbackFact>]) -> Option<Item<'v>> {
        let (how, received) = facts.iter().find_map(|fact| match &fact.fact {
            FeedbackFact::Received(how) => Some((how, fact.effective)),
            _ => None,
        })?;
        let first = |is: &dyn Fn(&FeedbackFact) -> bool| {
            facts.iter().find(|fact| is(&fact.fact)).map(|fact| fact.effective)
        };
        // What was there before anybody spoke did not come of it.
        let policy = self.policies.get(id).copied().filter(|from| received <= *from);
        let practice = self.practice(id, facts).filter(|on| received <= *on);
        let steps = [
            first(&|fact| {
                use FeedbackFact::{Acknowledged, Considered, Responded};
                matches!(fact, Acknowledged | Considered | Responded(_))
            }),
            first(&|fact| matches!(fact, FeedbackFact::Responded(_))),
            policy.max(practice),
        ];
        let (closed, is_told) = end(facts);
        Some(Item {
            respondents: how.respondents,
            given: self.given(how),
            received,
            steps,
            is_policy: policy.is_some(),
            closed,
            is_told,
            withdrawn: first(&|fact| *fact == FeedbackFact::Withdrawn),
        })
    }

    fn given(&self, how: &Received) -> Given {
        let round = how.round.as_ref();
        let round = round.and_then(|id| self.views.surveys.round(self.views, id, self.horizon));
        match how.anonymity {
            Anonymity::Anonymous if round.is_some_and(|round| round.is_too_small()) => {
                Given::AnonymousAmongFew
            }
            Anonymity::Anonymous => Given::Anonymous,
            Anonymity::Confidential => Given::Confidential,
            Anonymity::Named => Given::Named,
        }
    }

    /// When the last of the verified actions to which it is linked was verified.
    fn practice(&self, id: &Uuid, facts: &[&'v Dated<FeedbackFact>]) -> Option<Date> {
        let planned = self.planned.get(id).map(Vec::as_slice).unwrap_or_default();
        let own = facts.iter().filter_map(|fact| match &fact.fact {
            FeedbackFact::Linked(to) if to.kind() == Kind::Action => Some((to.id(), None)),
            _ => None,
        });
        let linked = own.chain(planned.iter().map(|(action, made)| (*action, Some(*made))));
        let done = linked.filter_map(|(action, named)| {
            let on = self.verified.get(action)?;
            let named = named.or_else(|| Some(planned.iter().find(|(it, _)| *it == action)?.1));
            let link =
                self.views.feedback.link_to(self.views, self.horizon, id, (Kind::Action, action), named);
            matches!(link, Some(Link::Linked(_))).then_some(*on)
        });
        done.max()
    }
}

/// With which reason it is closed, and whether whoever spoke was told since it was last open.
fn end<'v>(facts: &[&'v Dated<FeedbackFact>]) -> (Option<&'v Code>, bool) {
    let (mut closed, mut told) = (None, false);
    for fact in facts {
        match &fact.fact {
            FeedbackFact::ClosedWithoutChange(reason) => closed = Some(reason),
            FeedbackFact::Reopened => (closed, told) = (None, false),
            FeedbackFact::Told => told = true,
            _ => {}
        }
    }
    (closed, told)
}
