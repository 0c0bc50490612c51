//! The feedback that was received in a financial year, by who spoke, as it is released: what R3 and R4 print. PURE.
//!
//! - Every count of R3 is a sum of parts of *one* cut: how items ended, whether they were answered and told, and how long the
//!   others wait. So nothing follows from two numbers of it that does not follow from the cut.
//! - How many parts that cut has, its *grain*, is chosen when a group is first released, and kept for that financial year for
//!   ever: of fewer than 100 items nearly every one of the many parts would be too small to be shown, so only three are told
//!   apart. The choice tells nothing: it follows from the total, which is always published at that point. A second cut
//!   beside the first, or another grain later, would be two divisions of the same people, and a reader who subtracts one
//!   from the other finds what either hides; so there is neither, however many items come later.
//! - A group begins to be released at the first release point at which it has twice the threshold of items; until then it is
//!   held back whole.
//! - Shares of R4 move as any cut does, and are shown without their counts, and only where R3's parts on either side of that
//!   step are not mixed among what is hidden; in the coarse grain no part says who was answered, so that the share of those
//!   cannot be held against any. Times of R4 are worked out anew only where R3 or the share beside
//!   them is seen to move, so by the threshold of items or more: if it were where as many came to a step, which is told nowhere,
//!   whoever knows of all items but one would see whether that one did.
//!
//! Invariant: what was released at one point is worked out from the points up to it alone. Must not know how it is worded.

mod item;
mod times;

use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) use self::item::{BANDS, Fate, Outcome, Step};
use self::item::{Cohort, Given, Item, reasons};
pub(super) use self::times::Time;
use self::times::nearest_rank;
use super::disclosure::{Shown, share, threshold};
use super::phrases::{natural, percent};
use super::release::Cut;
use super::rules::{Rule, holds};
use super::{Memory, Parameters, Period, basis};
use crate::domain::event::{ReportSettingsAdopted, Respondents};
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::releases::Point;
use crate::projections::working_days::WorkingDays;

/// The list from which the reasons are taken for which nothing changes.
pub(super) const REASONS: &str = "no-change-reason";

/// A group of at least so many items at its first release is told of in the fine grain.
pub(super) const FINE_FROM: u64 = 100;

/// Into how many parts a group is divided: chosen at its first release, and never again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// Changed, closed with a reason, open.
    Coarse,
    /// Every outcome.
    Fine,
}

impl Grain {
    const fn of(live: u64) -> Self {
        if live < FINE_FROM { Self::Coarse } else { Self::Fine }
    }
}

/// As of which release point something is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct AsOf {
    pub(super) on: Date,
    pub(super) position: u64,
    pub(super) sequence: u64,
}

/// The cohort of a financial year, as of the last release point.
pub(super) struct Released {
    pub(super) point: AsOf,
    /// The reasons that are told apart, in the order of their parts.
    pub(super) reasons: Vec<Code>,
    /// Below this many nothing is shown.
    pub(super) threshold: u64,
    /// Of whom anything is recorded at all.
    heard: BTreeSet<Respondents>,
    groups: BTreeMap<Respondents, Group>,
}

/// Those of one sort who spoke.
pub(super) enum Heard<'g> {
    /// Nothing of them is recorded as received in the year.
    Silent,
    /// Too few to be shown in any way.
    HeldBack,
    /// What is released of them.
    Released(&'g Group),
}

/// What is released of those of one sort.
pub(super) struct Group {
    pub(super) grain: Grain,
    /// How many reasons are told apart.
    reasons: usize,
    /// By outcome, or by fate.
    outcomes: Cut,
    /// By how far whoever gave them can be known.
    given: Cut,
    /// Withdrawn items, by the steps that they had not come to: one part for each set of steps.
    withdrawn: Cut,
    clocks: [Clock; 3],
    /// Whether it was released more than once: what was none at first may be a few by now.
    pub(super) has_moved: bool,
}

/// What is released of the way to one step.
pub(super) struct Clock {
    /// Working days, and those who came to it in time, and those who did not or not yet.
    within: Option<(u32, Cut)>,
    /// At least so many of 100 needed no more than …
    pub(super) median: Time,
    pub(super) ninetieth: Time,
    /// Whether a calendar covers every day that may have been counted.
    pub(super) is_covered: bool,
}

/// The share that came to a step in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    NoTarget,
    HeldBack,
    NearlyAll,
    NearlyNone,
    Percent(u64),
}

/// What is counted at one release point.
struct Counts {
    live: u64,
    outcomes: Vec<u64>,
    fates: [u64; 3],
    given: [u64; 4],
    withdrawn: [u64; 8],
    clocks: [Ticked; 3],
}

impl Counts {
    fn parts(&self, grain: Grain) -> &[u64] {
        match grain {
            Grain::Coarse => &self.fates,
            Grain::Fine => &self.outcomes,
        }
    }
}

struct Ticked {
    target: Option<u32>,
    within: [u64; 2],
    median: Time,
    ninetieth: Time,
    is_covered: bool,
}

/// Why there is nothing that may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Withheld {
    /// Part of a year is asked for.
    PartOfAYear,
    /// Nothing is released yet.
    NoReleasePoint,
}

impl Withheld {
    /// In a sentence that stands alone.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::PartOfAYear => {
                "Figures about people are for whole financial years, so that nothing can be worked out by subtraction; \
                 ask for the financial year."
            }
            Self::NoReleasePoint => {
                "Figures about people are worked out at release points only, and none is declared by then; declare a \
                 release point."
            }
        }
    }

    /// In a few words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::PartOfAYear => "not for a part of a year",
            Self::NoReleasePoint => "not without a release point",
        }
    }
}

/// What is released of the cohort; or why nothing is.
pub(super) fn released(
    views: &Views,
    parameters: &Parameters,
    memory: &Memory,
) -> Arc<Result<Released, Withheld>> {
    let points = basis::points(views, parameters.horizon());
    memory.cohort(points, parameters.period, || worked_out(views, parameters))
}

fn worked_out(views: &Views, parameters: &Parameters) -> Result<Released, Withheld> {
    let period = parameters.period;
    if Period::financial_year_of(period.first_day()) != period {
        return Err(Withheld::PartOfAYear);
    }
    let points = views.releases.points(parameters.horizon());
    let (Some(last), Some(as_known)) = (points.last(), points.iter().map(|point| point.position).max())
    else {
        return Err(Withheld::NoReleasePoint);
    };
    let mut reasons: Vec<&Code> = reasons(views, as_known).into_iter().collect();
    reasons.sort_by_cached_key(|code| natural(code));
    let mut heard = BTreeSet::new();
    let mut groups: BTreeMap<Respondents, Group> = BTreeMap::new();
    let cohort = Cohort::of(views, period);
    // Before the period began nothing of it had been received, and no group had begun: of ten years of release points four
    // or five are left. A point for an earlier day may be declared behind them, and then counts like any other.
    for point in points.iter().skip_while(|point| point.on < period.first_day()) {
        let below = threshold(views, point.position);
        let items = cohort.from(views, point.horizon(), period);
        heard = items.iter().map(|item| item.respondents).collect();
        let at = At::new(views, point, period, &reasons, below);
        for who in Respondents::ALL {
            let of: Vec<&Item<'_>> = items.iter().filter(|item| item.respondents == *who).collect();
            let counts = at.count(&of);
            match groups.get_mut(who) {
                Some(group) => group.next(counts, below),
                None if counts.live >= 2 * below => {
                    groups.insert(*who, Group::first(counts, below, reasons.len()));
                }
                None => {}
            }
        }
    }
    let point = AsOf { on: last.on, position: last.position, sequence: last.sequence };
    let reasons = reasons.into_iter().cloned().collect();
    Ok(Released { point, reasons, threshold: threshold(views, last.position), heard, groups })
}

impl Released {
    pub(super) fn of(&self, who: Respondents) -> Heard<'_> {
        match self.groups.get(&who) {
            Some(group) => Heard::Released(group),
            None if !self.heard.contains(&who) => Heard::Silent,
            None => Heard::HeldBack,
        }
    }

    /// Every part of R3, in the order in which it is read.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = Outcome> {
        outcomes(self.reasons.len())
    }

    /// Whether any group is released in that grain.
    pub(super) fn has(&self, grain: Grain) -> bool {
        self.groups.values().any(|group| group.grain == grain)
    }

    /// The share that came to that step within the target.
    pub(super) fn share(&self, group: &Group, step: Step) -> Share {
        group.share(step, self.threshold)
    }
}

/// Every part of R3, with so many reasons, in the order in which it is read.
fn outcomes(reasons: usize) -> impl Iterator<Item = Outcome> {
    use Outcome::{
        AnsweredOpen, ChangedNotAnswered, ChangedNotTold, ClosedNotAnswered, ClosedNotTold, PolicyChanged,
        PracticeChanged, Reason, Waiting,
    };
    let waiting = (0..=BANDS.len()).map(Waiting);
    let undone = [ChangedNotTold, ChangedNotAnswered, ClosedNotTold, ClosedNotAnswered, AnsweredOpen];
    [PolicyChanged, PracticeChanged].into_iter().chain((0..reasons).map(Reason)).chain(undone).chain(waiting)
}

impl Group {
    fn first(counts: Counts, threshold: u64, reasons: usize) -> Self {
        let grain = Grain::of(counts.live);
        Self {
            grain,
            reasons,
            outcomes: Cut::first(counts.parts(grain), threshold),
            given: Cut::first(&counts.given, threshold),
            withdrawn: Cut::first(&counts.withdrawn, threshold),
            clocks: counts.clocks.map(|ticked| Clock {
                within: ticked.target.map(|target| (target, Cut::first(&ticked.within, threshold))),
                median: ticked.median,
                ninetieth: ticked.ninetieth,
                is_covered: ticked.is_covered,
            }),
            has_moved: false,
        }
    }

    fn next(&mut self, counts: Counts, threshold: u64) {
        self.has_moved = true;
        let before = (self.outcomes.seen(), Step::ALL.map(|step| self.share(step, threshold)));
        self.outcomes.next(counts.parts(self.grain), threshold);
        self.given.next(&counts.given, threshold);
        self.withdrawn.next(&counts.withdrawn, threshold);
        let mut is_old_target = [false; 3];
        for ((clock, ticked), is_old) in self.clocks.iter_mut().zip(&counts.clocks).zip(&mut is_old_target) {
            *is_old = clock.target() == ticked.target;
            clock.next(ticked, threshold);
        }
        // By what is seen, and not by how many came to a step: that is told nowhere.
        let shares = Step::ALL.map(|step| self.share(step, threshold));
        let group_moved = self.outcomes.seen() != before.0;
        let share_moved = shares.into_iter().zip(before.1).zip(is_old_target);
        let share_moved = share_moved.map(|((now, then), is_old_target)| is_old_target && now != then);
        for ((clock, ticked), share_moved) in self.clocks.iter_mut().zip(counts.clocks).zip(share_moved) {
            if group_moved || share_moved {
                (clock.median, clock.ninetieth) = (ticked.median, ticked.ninetieth);
                clock.is_covered = ticked.is_covered;
            }
        }
    }

    /// How many items ended so, or are on their way so. None: held back, or not told apart in the group's grain.
    pub(super) fn count(&self, is: impl Fn(Outcome) -> bool) -> Option<u64> {
        if self.grain == Grain::Fine {
            return self.outcomes.sum(outcomes(self.reasons).filter(|it| is(*it)).map(Outcome::part));
        }
        let mut parts = Vec::new();
        for fate in Fate::ALL {
            let mut of_it = outcomes(self.reasons).filter(|outcome| outcome.fate() == fate);
            let is_so = of_it.next().is_some_and(&is);
            if of_it.any(|outcome| is(outcome) != is_so) {
                return None;
            }
            parts.extend(is_so.then_some(fate.part()));
        }
        self.outcomes.sum(parts)
    }

    /// How many items stand so. None: held back.
    pub(super) fn standing(&self, fate: Fate) -> Option<u64> {
        self.count(|outcome| outcome.fate() == fate)
    }

    /// The share that came to that step within the target.
    fn share(&self, step: Step, threshold: u64) -> Share {
        let Some((_, cut)) = &self.clock(step).within else { return Share::NoTarget };
        // Whoever came to a step in time came to it: if some hidden parts of R3 came to it and some did not, a share
        // would tell a little of how many of each. A part of the coarse grain says nothing of answers.
        let is_apart = match step {
            Step::Acknowledged => true,
            Step::Answered => self.grain == Grain::Coarse || self.count(Outcome::is_answered).is_some(),
            Step::Changed => self.standing(Fate::Changed).is_some(),
        };
        let (Some(within), Some(whole), true) = (cut.part(0), cut.total(), is_apart) else {
            return Share::HeldBack;
        };
        match share(within, whole, threshold) {
            _ if whole == 0 => Share::HeldBack,
            Shown::Exactly => Share::Percent(percent(within, whole)),
            Shown::NearlyAll => Share::NearlyAll,
            Shown::NearlyNone => Share::NearlyNone,
            Shown::HeldBack => Share::HeldBack,
        }
    }

    /// A sum, if it may be told. What was released as none may be a few by now, in each of its parts.
    pub(super) fn told(&self, sum: Option<u64>) -> Option<u64> {
        sum.filter(|items| *items > 0 || !self.has_moved || !holds(Rule::Threshold))
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.outcomes.total()
    }

    /// Items of which only the month is known.
    pub(super) fn anonymous(&self) -> Option<u64> {
        self.given.sum([Given::Anonymous, Given::AnonymousAmongFew].map(Given::part))
    }

    /// How many were given anonymously, confidentially, with a name; and all of them. Among few people nobody is unknown:
    /// what is called anonymous there was given confidentially.
    pub(super) fn given(&self) -> ([Option<u64>; 3], Option<u64>) {
        let ways =
            [&[Given::Anonymous][..], &[Given::AnonymousAmongFew, Given::Confidential], &[Given::Named]];
        (ways.map(|ways| self.given.sum(ways.iter().map(|way| way.part()))), self.given.total())
    }

    pub(super) fn withdrawn(&self) -> Option<u64> {
        self.withdrawn.total()
    }

    pub(super) fn withdrawn_before(&self, step: Step) -> Option<u64> {
        self.withdrawn.sum((0..8).filter(|steps| steps & step.bit() != 0))
    }

    pub(super) const fn clock(&self, step: Step) -> &Clock {
        let [acknowledged, answered, changed] = &self.clocks;
        match step {
            Step::Acknowledged => acknowledged,
            Step::Answered => answered,
            Step::Changed => changed,
        }
    }
}

impl Clock {
    fn next(&mut self, ticked: &Ticked, threshold: u64) {
        self.within = match (self.within.take(), ticked.target) {
            (Some((target, mut cut)), Some(now)) if target == now => {
                cut.next(&ticked.within, threshold);
                Some((target, cut))
            }
            // Another target is another question.
            (_, now) => now.map(|target| (target, Cut::first(&ticked.within, threshold))),
        };
    }

    /// The target, in working days.
    pub(super) fn target(&self) -> Option<u32> {
        self.within.as_ref().map(|(target, _)| *target)
    }
}

/// One release point, and what items are counted by there.
struct At<'a> {
    on: Date,
    reasons: &'a [&'a Code],
    threshold: u64,
    days: WorkingDays,
    is_covered: bool,
    settings: Option<&'a ReportSettingsAdopted>,
}

impl<'a> At<'a> {
    fn new(
        views: &'a Views,
        point: &Point<'_>,
        period: Period,
        reasons: &'a [&'a Code],
        threshold: u64,
    ) -> Self {
        let days = WorkingDays::in_force(views, point.horizon());
        let is_covered = days.covers(period.first_day(), point.on);
        let settings = views.settings(point.horizon());
        Self { on: point.on, reasons, threshold, days, is_covered, settings }
    }

    fn count(&self, items: &[&Item<'_>]) -> Counts {
        let mut counts = Counts {
            live: 0,
            outcomes: vec![0; Outcome::Reason(self.reasons.len()).part()],
            fates: [0; 3],
            given: [0; 4],
            withdrawn: [0; 8],
            clocks: Step::ALL.map(|step| self.tick(items, step)),
        };
        for item in items {
            if item.withdrawn.is_some() {
                let steps = Step::ALL.into_iter().filter(|step| item.withdrawn_before(*step));
                add(&mut counts.withdrawn, steps.map(Step::bit).sum());
            } else {
                counts.live += 1;
                let outcome = item.outcome(self.on, self.reasons);
                add(&mut counts.outcomes, outcome.part());
                add(&mut counts.fates, outcome.fate().part());
                add(&mut counts.given, item.given.part());
            }
        }
        counts
    }

    fn tick(&self, items: &[&Item<'_>], step: Step) -> Ticked {
        let clocked = items.iter().filter(|item| !item.is_anonymous() && !item.withdrawn_before(step));
        // What is not there yet stands behind everything that is.
        let mut took: Vec<u64> = clocked
            .map(|item| item.step(step).map_or(u64::MAX, |on| self.days.between(item.received, on)))
            .collect();
        took.sort_unstable();
        let target = self.settings.map(|settings| match step {
            Step::Acknowledged => settings.acknowledge_within,
            Step::Answered => settings.respond_within,
            Step::Changed => settings.change_within,
        });
        let within = took.partition_point(|days| target.is_some_and(|target| *days <= u64::from(target)));
        Ticked {
            target,
            within: [within, took.len() - within].map(|count| count as u64),
            median: nearest_rank(&took, 50, self.threshold),
            // Of fewer, it would be the time of the slowest item alone.
            ninetieth: nearest_rank(&took, 90, 2 * self.threshold),
            is_covered: self.is_covered,
        }
    }
}

fn add(counts: &mut [u64], part: usize) {
    if let Some(count) = counts.get_mut(part) {
        *count += 1;
    }
}
