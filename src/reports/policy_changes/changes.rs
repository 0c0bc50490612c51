//! Each policy change as R5 sees it: proposal, approval, force, end, and the feedback that it is linked to.
//!
//! Invariant: a link is one between an item of feedback and a change, whichever side made it; an item is never named
//! outside this file. Must not know how changes are counted or worded.

use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::event::{ChangeNature, Origin, PolicyChangeProposed};
use crate::domain::id::{Code, Kind};
use crate::projections::Views;
use crate::projections::feedback::{Link, Made};
use crate::projections::history::{Dated, Horizon};
use crate::projections::policies::ChangeFact;
use crate::reports::phrases::natural;

/// One policy change as the report sees it.
pub(super) struct Change<'v> {
    pub(super) id: &'v Code,
    pub(super) proposed: Option<(&'v Dated<ChangeFact>, &'v Arc<PolicyChangeProposed>)>,
    /// The first approval.
    pub(super) approved: Option<(&'v Dated<ChangeFact>, &'v Code)>,
    pub(super) changed: Option<InForce<'v>>,
    /// That it was declined or abandoned before it was in the register, or taken out of force.
    pub(super) end: Option<&'v Dated<ChangeFact>>,
    /// The later change of the same policy that took its place, if one in force did.
    pub(super) superseded: Option<Superseded<'v>>,
    /// When each link was made that counts. Of which item is not said.
    pub(super) linked: Vec<Made>,
    /// When the links were made that were taken back.
    pub(super) unlinked: Vec<Made>,
    /// Of the linked items, at least one was withdrawn or taken back since.
    pub(super) some_gone: bool,
}

/// What the register says of a change.
pub(super) struct InForce<'v> {
    pub(super) from: Date,
    pub(super) policy: &'v Code,
    pub(super) version: &'v Code,
    pub(super) place: u64,
    pub(super) sequence: u64,
    pub(super) marked_unapproved: bool,
}

/// What took the place of a change.
#[derive(Clone, Copy)]
pub(super) struct Superseded<'v> {
    pub(super) by: &'v Code,
    pub(super) title: Option<&'v str>,
    pub(super) from: Date,
    pub(super) sequence: u64,
    /// It changed wording only.
    pub(super) is_editorial: bool,
}

impl<'v> Change<'v> {
    /// The policy that it changes.
    pub(super) fn policy(&self) -> Option<&'v Code> {
        let changed = self.changed.as_ref().map(|changed| changed.policy);
        changed.or_else(|| self.proposed.map(|(_, proposed)| &proposed.policy))
    }

    /// Its entry in the register, if its first day in force has come, whatever became of it later.
    pub(super) fn came_into_force(&self, as_at: Date) -> Option<&InForce<'v>> {
        self.changed.as_ref().filter(|changed| changed.from <= as_at)
    }

    /// Whether it is over without ever having been in the register.
    pub(super) fn is_given_up(&self) -> bool {
        self.end.is_some_and(|end| matches!(end.fact, ChangeFact::Declined | ChangeFact::Abandoned))
    }

    /// The event by which it was taken out of force.
    pub(super) fn reversed(&self) -> Option<&'v Dated<ChangeFact>> {
        self.end.filter(|end| end.fact == ChangeFact::Reversed)
    }

    /// Editorial only if its proposal says so: what nobody described is counted.
    pub(super) fn is_substantive(&self) -> bool {
        self.proposed.is_none_or(|(_, proposed)| proposed.nature == ChangeNature::Substantive)
    }

    pub(super) fn origin(&self) -> Origin {
        self.proposed.map_or(Origin::Other, |(_, proposed)| proposed.origin)
    }

    /// The approval that stood on the first day in force.
    fn approval_in_time(&self) -> Option<&'v Dated<ChangeFact>> {
        let from = self.changed.as_ref()?.from;
        self.approved.map(|(fact, _)| fact).filter(|fact| fact.effective <= from)
    }

    pub(super) fn is_unapproved(&self) -> bool {
        self.changed.as_ref().is_some_and(|changed| changed.marked_unapproved)
            || self.approval_in_time().is_none()
    }

    /// Whether a link that was made then was made in time: see *Provenance share*.
    fn in_time(&self, made: Made) -> bool {
        let Some(changed) = &self.changed else { return false };
        match self.approval_in_time() {
            Some(approval) => (made.effective, made.place) <= (approval.effective, approval.place),
            None => made.effective < changed.from,
        }
    }

    /// Whether it counts as an answer to feedback: see *Provenance share*.
    pub(super) fn answers_feedback(&self) -> bool {
        self.linked.iter().any(|made| self.in_time(*made))
    }

    /// Whether a link that was made in time was taken back.
    pub(super) fn lost_a_link(&self) -> bool {
        self.unlinked.iter().any(|made| self.in_time(*made))
    }

    /// Whether every link that counts became known only after the approval: by an event that was recorded later, or by
    /// a correction.
    pub(super) fn linked_in_hindsight(&self) -> bool {
        let Some(approval) = self.approval_in_time() else { return false };
        let mut counted = self.linked.iter().filter(|made| self.in_time(**made));
        counted.all(|made| made.sequence > approval.place)
    }

    /// The events of the change itself. Feedback is never among them.
    pub(super) fn events(&self) -> Vec<u64> {
        let proposed = self.proposed.map(|(fact, _)| fact.sequence);
        let approved = self.approved.map(|(fact, _)| fact.sequence);
        let changed = self.changed.as_ref().map(|changed| changed.sequence);
        let ended = self.end.map(|fact| fact.sequence);
        [proposed, approved, changed, ended].into_iter().flatten().collect()
    }

    pub(super) fn of(id: &'v Code, facts: &[&'v Dated<ChangeFact>]) -> Self {
        let mut change = Change {
            id,
            proposed: None,
            approved: None,
            changed: None,
            end: None,
            superseded: None,
            linked: Vec::new(),
            unlinked: Vec::new(),
            some_gone: false,
        };
        for fact in facts {
            change.step(fact);
        }
        change
    }

    fn step(&mut self, fact: &'v Dated<ChangeFact>) {
        match &fact.fact {
            ChangeFact::Proposed(proposed) => self.proposed = Some((fact, proposed)),
            ChangeFact::Approved(by) => self.approved = self.approved.or(Some((fact, by))),
            // What was given up does not come into force, and what was taken out of force does not come back.
            ChangeFact::Changed { .. } if self.end.is_some() => {}
            ChangeFact::Changed { policy, version, effective_on, unapproved } => {
                self.changed = Some(InForce {
                    from: *effective_on,
                    policy,
                    version,
                    place: fact.place,
                    sequence: fact.sequence,
                    marked_unapproved: *unapproved,
                });
            }
            ChangeFact::Declined | ChangeFact::Abandoned => {
                if self.changed.is_none() {
                    self.end = self.end.or(Some(fact));
                }
            }
            ChangeFact::Reversed => {
                if self.came_into_force(fact.effective).is_some() {
                    self.end = self.end.or(Some(fact));
                }
            }
        }
    }

    fn link(&mut self, views: &Views, horizon: Horizon) {
        let named = self.proposed.map(|(fact, proposed)| (Made::by(fact), proposed.feedback.as_slice()));
        for (item, link) in views.feedback.links_of(views, horizon, (Kind::PolicyChange, self.id), named) {
            match link {
                Link::Linked(made) => {
                    self.some_gone = self.some_gone || views.feedback.is_gone(views, horizon, &item);
                    self.linked.push(made);
                }
                Link::Unlinked(made) => self.unlinked.push(made),
            }
        }
    }
}

/// Whether any change is known.
pub(super) fn any(views: &Views, horizon: Horizon) -> bool {
    let mut changes = views.policies.changes.iter();
    changes.any(|(id, history)| !Change::of(id, &views.seen(history, horizon)).events().is_empty())
}

/// Every change that was not in force or given up for good before that day, in the order of coming into force, those to
/// come last; then by id. Some that were may be among them; what came after one of that day or later always is.
pub(super) fn changes(views: &Views, horizon: Horizon, since: Date) -> Vec<Change<'_>> {
    let mut changes: Vec<Change<'_>> = Vec::new();
    for (id, history) in views.awake_changes(horizon, since) {
        let mut change = Change::of(id, &views.seen(history, horizon));
        if !change.events().is_empty() {
            change.link(views, horizon);
            changes.push(change);
        }
    }
    changes.sort_by_cached_key(|change| {
        (change.changed.as_ref().map_or(Date::MAX, |changed| changed.from), natural(change.id))
    });
    supersede(&mut changes, horizon.as_at);
    changes
}

/// The first day in force and the place of a change, and its number in the list.
type Numbered = ((Date, u64), usize);

/// Which change took the place of which: the next one of the same policy that came into force and was not taken out of
/// force. What was itself taken out of force is not superseded.
fn supersede(changes: &mut [Change<'_>], as_at: Date) {
    let mut standing: BTreeMap<&Code, Vec<Numbered>> = BTreeMap::new();
    for (number, change) in changes.iter().enumerate() {
        if let Some(entry) = change.came_into_force(as_at).filter(|_| change.end.is_none()) {
            standing.entry(entry.policy).or_default().push(((entry.from, entry.place), number));
        }
    }
    for mut of_policy in standing.into_values() {
        of_policy.sort_unstable();
        for pair in of_policy.windows(2) {
            let [(_, earlier), ((from, _), later)] = pair else { continue };
            let by = changes.get(*later).map(|it| {
                let sequence = it.changed.as_ref().map_or(0, |entry| entry.sequence);
                let title = it.proposed.map(|(_, proposed)| proposed.title.as_str());
                Superseded { by: it.id, title, from: *from, sequence, is_editorial: !it.is_substantive() }
            });
            if let Some(earlier) = changes.get_mut(*earlier) {
                earlier.superseded = by;
            }
        }
    }
}
