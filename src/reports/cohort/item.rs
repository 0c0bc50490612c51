//! One item of feedback from one horizon: when it was heard, answered and acted on, and how far it has come.
//!
//! Invariant: an item is in exactly one part of each division that is made here. No item leaves this room: only counts
//! and times of many do. Must not know release points nor how anything is worded.

use jiff::civil::Date;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use crate::domain::event::{Anonymity, Respondents};
use crate::domain::id::{Code, Kind, Subject};
use crate::projections::Views;
use crate::projections::actions::ActionState;
use crate::projections::feedback::{FeedbackFact, FeedbackView, Link, Made, Received};
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
        let heard = self.0.iter().filter(|(_, history)| history.is_known_at(horizon.as_known));
        let items = heard.filter_map(|(id, history)| works.item(id, history));
        items.filter(|item| period.contains(item.received)).collect()
    }
}

/// Every reason that anybody ever closed an item with, and every reason of the code list, known among the first so many.
pub(super) fn reasons(views: &Views, as_known: u64) -> BTreeSet<&Code> {
    let mut reasons: BTreeSet<&Code> = views.feedback.reasons(as_known).collect();
    let lists = views.ledger.code_lists.iter().filter(|(name, _)| name.as_str() == super::REASONS);
    for fact in lists.flat_map(|(_, history)| history.all()).filter(|fact| fact.sequence < as_known) {
        reasons.extend(fact.fact.entries.iter().map(|entry| &entry.code));
    }
    reasons
}

/// A piece of work that is done: its day, and when it named which items.
#[derive(Clone, Copy)]
struct Done<'v> {
    on: Date,
    made: Option<Made>,
    names: &'v [Uuid],
}

/// What was done, looked for when an item asks.
struct Works<'v> {
    views: &'v Views,
    horizon: Horizon,
    /// The policy changes in force that were asked for. None: it is not in force, or is no change.
    policies: RefCell<BTreeMap<&'v Code, Option<Done<'v>>>>,
    /// The same of verified actions.
    practices: RefCell<BTreeMap<&'v Code, Option<Done<'v>>>>,
}

impl<'v> Works<'v> {
    fn of(views: &'v Views, horizon: Horizon) -> Self {
        let (policies, practices) = (RefCell::new(BTreeMap::new()), RefCell::new(BTreeMap::new()));
        Self { views, horizon, policies, practices }
    }

    fn item(&self, id: &Uuid, history: &'v History<FeedbackFact>) -> Option<Item<'v>> {
        let facts = self.views.seen(history, self.horizon);
        let (how, received) = facts.iter().find_map(|fact| match &fact.fact {
            FeedbackFact::Received(how) => Some((how, fact.effective)),
            _ => None,
        })?;
        let first = |is: &dyn Fn(&FeedbackFact) -> bool| {
            facts.iter().find(|fact| is(&fact.fact)).map(|fact| fact.effective)
        };
        // What was there before anybody spoke did not come of it.
        let policy = self.last(Kind::PolicyChange, id, history).filter(|from| received <= *from);
        let practice = self.last(Kind::Action, id, history).filter(|on| received <= *on);
        let steps = [
            first(&|fact| {
                use FeedbackFact::{Acknowledged, Considered, Responded};
                matches!(fact, Acknowledged | Considered | Responded(_))
            }),
            first(&|fact| matches!(fact, FeedbackFact::Responded(_))),
            policy.max(practice),
        ];
        let (closed, is_told) = end(&facts);
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

    fn given(&self, how: &'v Received) -> Given {
        let is_too_small = || {
            let round = how.round.as_ref();
            let round = round.and_then(|id| self.views.surveys.round(self.views, id, self.horizon));
            round.is_some_and(|round| round.is_too_small())
        };
        match how.anonymity {
            Anonymity::Anonymous if is_too_small() => Given::AnonymousAmongFew,
            Anonymity::Anonymous => Given::Anonymous,
            Anonymity::Confidential => Given::Confidential,
            Anonymity::Named => Given::Named,
        }
    }

    /// The day of the last of the works of that kind that are done and to which an item is linked: whichever side says so.
    fn last(&self, kind: Kind, id: &Uuid, history: &'v History<FeedbackFact>) -> Option<Date> {
        let own = history.all().iter().filter_map(|fact| match &fact.fact {
            FeedbackFact::Linked(to) => Some(to),
            _ => None,
        });
        let named = self.views.feedback.named.get(id).map(Vec::as_slice).unwrap_or_default();
        let works = own.chain(named).filter(|work| work.kind() == kind);
        let done = works.filter_map(|work| {
            let done = self.done(work)?;
            let named = done.made.filter(|_| done.names.contains(id));
            let to = (kind, work.id());
            let link = FeedbackView::link_in(self.views, self.horizon, Some(history), to, named);
            matches!(link, Some(Link::Linked(_))).then_some(done.on)
        });
        done.max()
    }

    fn done(&self, work: &'v Subject) -> Option<Done<'v>> {
        let (known, find): (_, fn(&Self, &Code) -> Option<Done<'v>>) = match work.kind() {
            Kind::Action => (&self.practices, Self::verified),
            _ => (&self.policies, Self::in_force),
        };
        *known.borrow_mut().entry(work.id()).or_insert_with(|| find(self, work.id()))
    }

    /// A substantive change, from its first day in force on, if it was not taken out of force.
    fn in_force(&self, id: &Code) -> Option<Done<'v>> {
        let change = policy_changes::done(self.views, self.horizon, id)?;
        Some(Done { on: change.from, made: change.proposed, names: change.names })
    }

    /// An action, from the day of its verification on.
    fn verified(&self, id: &Code) -> Option<Done<'v>> {
        let action = self.views.actions.standing(self.views, id, self.horizon)?;
        let on = action.closed_on.filter(|_| action.state == ActionState::Verified)?;
        let made = Made { effective: action.planned_on, place: action.planned, sequence: action.planned };
        Some(Done { on, made: Some(made), names: &action.plan.feedback })
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
