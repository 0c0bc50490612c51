//! Each commitment as R1 sees it: who answers for it, what became of it, what was found, and what shows activity.
//!
//! Invariant: every commitment that is known has a line, whatever became of it. Must not know how a line is worded.

use jiff::civil::Date;
use std::collections::BTreeMap;

use crate::domain::event::{CommitmentMade, Disposition};
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::actions::Standing;
use crate::projections::commitments::{CommitmentFact, Review};
use crate::projections::history::{Dated, Horizon};
use crate::projections::measures::Measured;
use crate::projections::owner::Owner;
use crate::reports::Parameters;
use crate::reports::phrases::natural;

/// How a commitment ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending<'v> {
    /// Its making was taken back.
    TakenBack,
    /// The milestone was reached, on that evidence.
    Fulfilled(&'v [Code]),
    /// It goes on inside that one.
    Merged(&'v Code),
    /// That one took its place.
    Superseded(&'v Code),
    /// It was given up.
    Withdrawn,
    /// A later version of its pledge put something else in its place.
    SupersededByVersion(u32),
    /// A later version of its pledge gave it up.
    WithdrawnByVersion(u32),
}

impl<'v> Ending<'v> {
    /// The commitment that goes on in its stead.
    pub(super) const fn successor(self) -> Option<&'v Code> {
        match self {
            Self::Merged(other) | Self::Superseded(other) => Some(other),
            _ => None,
        }
    }
}

/// The end of a commitment.
#[derive(Clone, Copy)]
pub(super) struct End<'v> {
    pub(super) how: Ending<'v>,
    /// The first day on which it does not stand any more; of a void, the day on which that was recorded.
    pub(super) on: Date,
    pub(super) sequence: u64,
}

/// One commitment as the report sees it.
pub(super) struct Line<'v> {
    pub(super) id: &'v Code,
    pub(super) made: &'v CommitmentMade,
    /// The event that made it, as it was said last.
    pub(super) sequence: u64,
    pub(super) owner: Owner<'v>,
    pub(super) end: Option<End<'v>>,
    /// The latest version of its pledge that keeps it, and that event.
    pub(super) kept: Option<(u32, u64)>,
    /// What reviews found, in the order in which they were made.
    pub(super) reviews: Vec<(&'v Dated<CommitmentFact>, &'v Review)>,
    /// The latest day on which something shows activity, and the events that do.
    pub(super) last: Option<(Date, Vec<u64>)>,
    /// Whether something shows activity in the period.
    pub(super) in_period: bool,
    /// The actions that list it, but for those that were closed before the period began.
    pub(super) actions: Vec<&'v Standing<'v>>,
    /// Whether an action ever listed it that was not taken back.
    pub(super) has_action: bool,
    pub(super) measures: Vec<&'v Measured<'v>>,
}

impl Line<'_> {
    pub(super) const fn stands(&self) -> bool {
        self.end.is_none()
    }
}

/// Every commitment that is known from the horizon, in the order in which people read them.
pub(super) fn lines<'v>(
    views: &'v Views,
    parameters: &Parameters,
    standings: &'v [Standing<'v>],
    measures: &'v [Measured<'v>],
) -> Vec<Line<'v>> {
    let (horizon, period) = (parameters.horizon(), parameters.period);
    let mut lines: Vec<Line<'v>> = Vec::new();
    let mut serving: BTreeMap<&Code, Vec<&'v Standing<'v>>> = BTreeMap::new();
    for standing in standings {
        for (number, commitment) in standing.plan.commitments.iter().enumerate() {
            if !standing.plan.commitments.iter().take(number).any(|other| other == commitment) {
                serving.entry(commitment).or_default().push(standing);
            }
        }
    }
    for (id, history) in views.commitments.facts.iter() {
        let is_made = |fact: &CommitmentFact| matches!(fact, CommitmentFact::Made(_));
        let Some((fact, void)) = views.last_or_voided(history, horizon, is_made) else { continue };
        let CommitmentFact::Made(made) = &fact.fact else { continue };
        let mut line = Line {
            id,
            made,
            sequence: fact.sequence,
            owner: Owner::named(fact, &made.owner_post),
            end: None,
            kept: None,
            reviews: Vec::new(),
            last: views.last_named(id, horizon),
            in_period: views.is_named(id, horizon, period.first_day(), period.last_day()),
            has_action: views.has_action(id, horizon),
            actions: serving.remove(id).unwrap_or_default(),
            measures: measures.iter().filter(|it| it.commitment == id).collect(),
        };
        let own = line.live(views.seen(history, horizon));
        (line.end, line.kept) = match void {
            Some(void) => {
                let how = Ending::TakenBack;
                (Some(End { how, on: void.recorded_on, sequence: void.sequence }), None)
            }
            None => ending(own, disposition(views, horizon, id, made)),
        };
        lines.push(line);
    }
    lines.sort_by_cached_key(|line| natural(line.id));
    lines
}

/// An end, and its place in the order in which things count.
type Placed<'v> = ((Date, u64), End<'v>);

impl<'v> Line<'v> {
    /// Takes in its own facts, in the order in which they count; gives back the first end among them.
    fn live(&mut self, facts: Vec<&'v Dated<CommitmentFact>>) -> Option<Placed<'v>> {
        let mut end = None;
        for fact in facts {
            let how = match &fact.fact {
                CommitmentFact::Made(made) => {
                    self.owner = Owner::named(fact, &made.owner_post);
                    continue;
                }
                CommitmentFact::Reassigned(to) => {
                    self.owner.hand_over(fact, to);
                    continue;
                }
                CommitmentFact::Reviewed(review) => {
                    self.reviews.push((fact, review));
                    continue;
                }
                CommitmentFact::Fulfilled(evidence) => Ending::Fulfilled(evidence),
                CommitmentFact::Merged(into) => Ending::Merged(into),
                CommitmentFact::Superseded(by) => Ending::Superseded(by),
                CommitmentFact::Withdrawn => Ending::Withdrawn,
            };
            let this = End { how, on: fact.effective, sequence: fact.sequence };
            end = end.or(Some(((fact.effective, fact.place), this)));
        }
        end
    }
}

/// What the latest version of the pledge that speaks of a commitment says of it.
struct Disposed {
    disposition: Disposition,
    version: u32,
    on: Date,
    place: u64,
    sequence: u64,
}

fn disposition(views: &Views, horizon: Horizon, id: &Code, made: &CommitmentMade) -> Option<Disposed> {
    let versions = views.seen(views.ledger.pledges.get(&made.pledge)?, horizon);
    versions.iter().rev().filter(|fact| fact.fact.version > made.pledge_version).find_map(|fact| {
        let said = fact.fact.dispositions.iter().find(|said| said.commitment == *id)?;
        Some(Disposed {
            disposition: said.disposition,
            version: fact.fact.version,
            on: fact.effective,
            place: fact.place,
            sequence: fact.sequence,
        })
    })
}

/// How it ended, by its own event or by its pledge's, whichever came first; and which version keeps it.
fn ending(own: Option<Placed<'_>>, pledge: Option<Disposed>) -> (Option<End<'_>>, Option<(u32, u64)>) {
    let Some(said) = pledge else { return (own.map(|(_, end)| end), None) };
    let how = match said.disposition {
        Disposition::Kept => return (own.map(|(_, end)| end), Some((said.version, said.sequence))),
        Disposition::Superseded => Ending::SupersededByVersion(said.version),
        Disposition::Withdrawn => Ending::WithdrawnByVersion(said.version),
    };
    let pledge = ((said.on, said.place), End { how, on: said.on, sequence: said.sequence });
    let first = own.into_iter().chain([pledge]).min_by_key(|(place, _)| *place);
    (first.map(|(_, end)| end), None)
}
