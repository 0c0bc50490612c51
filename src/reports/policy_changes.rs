//! R5: which policies changed, and because of what?
//!
//! Definitions (DOMAIN §7; version `r5/1`):
//! - A change *came into force in the period* if it was put into the register by as at, and its first day in force lies
//!   in the period and not after as at. A first day after as at is a change still to come.
//! - *Provenance share* = substantive changes that came into force in the period with at least one feedback link made at
//!   or before approval (or before the first day in force, if no approval stood by then) ÷ all of those. A link is made
//!   by the proposal that names it; "at or before" is by effective day, then sequence. A link counts whatever became of
//!   its feedback later. Editorial changes are listed apart and never counted.
//! - *Without approval*: the ledger marked it UNAPPROVED, or no approval effective on or before the first day in force
//!   is known.
//! - *Review overdue*: the day on which the review was due has passed, and no substantive later version came into force.
//!
//! Invariant: nothing here can be traced to an item of feedback. Feedback is a word ("Staff feedback"); how many items
//! led to a change is said from the ledger's threshold (5 at least) on; no event of a figure is an event of feedback.

mod tables;

use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

use self::tables::About;
use super::phrases::{count, count_or_no, natural, percent};
use super::report::Figure;
use super::{Body, Parameters};
use crate::domain::event::{ChangeNature, Origin, PolicyChangeProposed};
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::history::{Dated, Horizon};
use crate::projections::policies::ChangeFact;

/// Which definitions this report is worked out by.
pub const DEFINITION_VERSION: &str = "r5/1";

/// Below this many items feedback has no number, whatever the ledger's settings say (DOMAIN §7).
const LEAST_THRESHOLD: u64 = 5;

/// One policy change as the report sees it.
struct Change<'v> {
    id: &'v Code,
    proposed: Option<(&'v Dated<ChangeFact>, &'v Arc<PolicyChangeProposed>)>,
    /// The first approval.
    approved: Option<(&'v Dated<ChangeFact>, &'v Code)>,
    changed: Option<InForce<'v>>,
}

/// What the register says of a change.
struct InForce<'v> {
    from: Date,
    policy: &'v Code,
    version: &'v Code,
    sequence: u64,
    marked_unapproved: bool,
}

impl Change<'_> {
    /// The policy that it changes.
    fn policy(&self) -> Option<&Code> {
        let changed = self.changed.as_ref().map(|changed| changed.policy);
        changed.or_else(|| self.proposed.map(|(_, proposed)| &proposed.policy))
    }

    fn in_force(&self, as_at: Date) -> Option<&InForce<'_>> {
        self.changed.as_ref().filter(|changed| changed.from <= as_at)
    }

    /// Editorial only if its proposal says so: what nobody described is counted.
    fn is_substantive(&self) -> bool {
        self.proposed.is_none_or(|(_, proposed)| proposed.nature == ChangeNature::Substantive)
    }

    fn origin(&self) -> Origin {
        self.proposed.map_or(Origin::Other, |(_, proposed)| proposed.origin)
    }

    /// The approval that stood on the first day in force.
    fn approval_in_time(&self) -> Option<&Dated<ChangeFact>> {
        let from = self.changed.as_ref()?.from;
        self.approved.map(|(fact, _)| fact).filter(|fact| fact.effective <= from)
    }

    fn is_unapproved(&self) -> bool {
        self.changed.as_ref().is_some_and(|changed| changed.marked_unapproved)
            || self.approval_in_time().is_none()
    }

    fn linked_items(&self) -> u64 {
        let linked = |(_, proposed): (_, &Arc<PolicyChangeProposed>)| {
            proposed.feedback.iter().collect::<BTreeSet<_>>().len() as u64
        };
        self.proposed.map_or(0, linked)
    }

    /// Whether it counts as an answer to feedback: see *Provenance share*.
    fn answers_feedback(&self) -> bool {
        let (Some((link, _)), Some(changed)) = (self.proposed, &self.changed) else { return false };
        let in_time = match self.approval_in_time() {
            Some(approval) => (link.effective, link.sequence) <= (approval.effective, approval.sequence),
            None => link.effective < changed.from,
        };
        self.linked_items() > 0 && in_time
    }

    /// The events of the change itself. Feedback is never among them.
    fn events(&self) -> Vec<u64> {
        let proposed = self.proposed.map(|(fact, _)| fact.sequence);
        let approved = self.approved.map(|(fact, _)| fact.sequence);
        let changed = self.changed.as_ref().map(|changed| changed.sequence);
        [proposed, approved, changed].into_iter().flatten().collect()
    }
}

/// A policy whose review is overdue.
struct Overdue<'v> {
    id: &'v Code,
    title: &'v str,
    owner: &'v Code,
    due: Date,
    sequence: u64,
}

pub(super) fn body(views: &Views, parameters: &Parameters) -> Body {
    let changes = changes(views, parameters.horizon());
    let (as_at, period) = (parameters.as_at, parameters.period);
    let in_period =
        |change: &&Change<'_>| change.in_force(as_at).is_some_and(|changed| period.contains(changed.from));
    let substantive: Vec<_> =
        changes.iter().filter(in_period).filter(|change| change.is_substantive()).collect();
    let editorial: Vec<_> =
        changes.iter().filter(in_period).filter(|change| !change.is_substantive()).collect();
    let to_come: Vec<_> = changes.iter().filter(|change| change.in_force(as_at).is_none()).collect();
    let (policies, overdue) = overdue(views, parameters, &changes);
    let about = About { views, parameters, threshold: threshold(views, parameters.as_known) };
    let figures = figures(&Counted {
        parameters,
        anything: policies > 0 || !changes.is_empty(),
        policies,
        substantive: &substantive,
        editorial: &editorial,
        to_come: &to_come,
        overdue: &overdue,
    });
    let tables = vec![
        about.changes_table("r5.changes", "Changes that came into force in the period", &substantive),
        about.changes_table("r5.editorial", "Editorial changes: wording only, never counted", &editorial),
        about.to_come_table(&to_come),
        about.overdue_table(&overdue),
    ];
    Body { figures, tables, notes: notes(about.threshold) }
}

/// Every change that is known, in the order of coming into force, those to come last; then by id.
fn changes(views: &Views, horizon: Horizon) -> Vec<Change<'_>> {
    let mut changes: Vec<Change<'_>> = Vec::new();
    for (id, history) in views.policies.changes.iter() {
        let mut change = Change { id, proposed: None, approved: None, changed: None };
        for fact in views.seen(history, horizon) {
            match &fact.fact {
                ChangeFact::Proposed(proposed) => change.proposed = Some((fact, proposed)),
                ChangeFact::Approved(by) => change.approved = change.approved.or(Some((fact, by))),
                ChangeFact::Changed { policy, version, effective_on, unapproved } => {
                    change.changed = Some(InForce {
                        from: *effective_on,
                        policy,
                        version,
                        sequence: fact.sequence,
                        marked_unapproved: *unapproved,
                    });
                }
            }
        }
        if !change.events().is_empty() {
            changes.push(change);
        }
    }
    changes.sort_by_cached_key(|change| {
        (change.changed.as_ref().map_or(Date::MAX, |changed| changed.from), natural(change.id))
    });
    changes
}

/// How many policies there are, and those whose review is overdue, the longest first.
fn overdue<'v>(views: &'v Views, parameters: &Parameters, changes: &[Change<'_>]) -> (u64, Vec<Overdue<'v>>) {
    let mut policies = 0;
    let mut overdue = Vec::new();
    for (id, history) in views.policies.registered.iter() {
        let Some(fact) = views.latest(history, parameters.horizon()) else { continue };
        policies += 1;
        let policy = &fact.fact;
        let later_version = changes.iter().any(|change| {
            change.is_substantive()
                && change
                    .in_force(parameters.as_at)
                    .is_some_and(|changed| changed.policy == id && changed.from > fact.effective)
        });
        if policy.review_due < parameters.as_at && !later_version {
            overdue.push(Overdue {
                id,
                title: policy.title.as_str(),
                owner: &policy.owner_post,
                due: policy.review_due,
                sequence: fact.sequence,
            });
        }
    }
    overdue.sort_by_cached_key(|policy| (policy.due, natural(policy.id)));
    (policies, overdue)
}

/// From how many items on feedback has a number: the highest that the ledger ever set; it is never lowered.
fn threshold(views: &Views, as_known: u64) -> u64 {
    let everything = Horizon { as_at: Date::MAX, as_known };
    let histories = views.ledger.settings.iter().flat_map(|(_, history)| views.seen(history, everything));
    histories.map(|fact| u64::from(fact.fact.suppress_below)).fold(LEAST_THRESHOLD, u64::max)
}

const fn origin_words(origin: Origin) -> &'static str {
    match origin {
        Origin::Feedback => "Feedback",
        Origin::Audit => "An audit",
        Origin::Review => "A review",
        Origin::Law => "The law",
        Origin::Other => "Something else",
    }
}

/// What the figures are counted from.
struct Counted<'a, 'v> {
    parameters: &'a Parameters,
    /// Whether any policy or change is recorded at all.
    anything: bool,
    policies: u64,
    substantive: &'a [&'a Change<'v>],
    editorial: &'a [&'a Change<'v>],
    to_come: &'a [&'a Change<'v>],
    overdue: &'a [Overdue<'v>],
}

fn figures(counted: &Counted<'_, '_>) -> Vec<Figure> {
    let period = counted.parameters.period;
    let known = |figure: Figure| if counted.anything { figure } else { Figure::not_available(SILENCE) };
    let number = |changes: &[&Change<'_>], said: String| {
        let events = changes.iter().flat_map(|change| change.events());
        known(Figure::number(changes.len() as u64, "changes", said).from_events(events))
    };
    let all = counted.substantive.len() as u64;
    let said =
        format!("{} came into force in {period}.", count_or_no(all, "policy change", "policy changes"));
    let mut figures = vec![
        known(provenance(counted)).named("r5.provenance_share", "Answering feedback"),
        number(counted.substantive, said).named("r5.changes", "Changes in force in the period"),
    ];
    for origin in Origin::ALL {
        let of: Vec<_> =
            counted.substantive.iter().copied().filter(|change| change.origin() == *origin).collect();
        let because = match origin {
            Origin::Other => "for another reason".to_owned(),
            origin => format!("because of {}", origin_words(*origin).to_lowercase()),
        };
        let text = format!("{} of {all} {} made {because}.", of.len(), was(of.len()));
        let id = format!("r5.origin.{}", origin.as_str().to_lowercase());
        let figure = match (counted.anything, all) {
            (true, 0) => Figure::not_applicable("No change came into force in the period."),
            _ => number(&of, text),
        };
        figures.push(figure.named(&id, origin_words(*origin)));
    }
    let both = counted.substantive.iter().chain(counted.editorial).copied();
    let unapproved: Vec<_> = both.filter(|change| change.is_unapproved()).collect();
    let n = unapproved.len();
    figures.push(
        number(
            &unapproved,
            format!("{} came into force without approval.", count_or_no(n as u64, "change", "changes")),
        )
        .named("r5.unapproved", "Without approval"),
    );
    let n = counted.editorial.len();
    let text = format!(
        "{} {} of wording only, and not counted.",
        count_or_no(n as u64, "change", "changes"),
        was(n)
    );
    figures.push(number(counted.editorial, text).named("r5.editorial", "Editorial, not counted"));
    let n = counted.to_come.len();
    let text =
        format!("{} {} waiting to come into force.", count_or_no(n as u64, "change", "changes"), is(n));
    figures.push(number(counted.to_come, text).named("r5.to_come", "Not in force yet"));
    figures.push(reviews(counted).named("r5.reviews_overdue", "Reviews overdue"));
    figures
}

fn provenance(counted: &Counted<'_, '_>) -> Figure {
    let all = counted.substantive.len() as u64;
    if all == 0 {
        return Figure::not_applicable(
            "No substantive change came into force in the period, so there is no share.",
        );
    }
    let answering: Vec<_> = counted.substantive.iter().filter(|change| change.answers_feedback()).collect();
    let n = answering.len() as u64;
    let share = percent(n, all);
    let (changes, were) = (count(all, "policy change", "policy changes"), was(answering.len()));
    let text = format!(
        "{n} of {changes} that came into force ({share} %) {were} linked to feedback before the decision."
    );
    let events = answering.iter().flat_map(|change| change.events());
    let mut figure = Figure::share(n, all, "%", text).from_events(events);
    figure.number = Some(share as f64);
    figure
}

fn reviews(counted: &Counted<'_, '_>) -> Figure {
    let (n, of) = (counted.overdue.len(), counted.policies);
    if of == 0 {
        return Figure::not_available("No policy is registered, so nothing can be said about reviews.");
    }
    let whole = count(of, "policy", "policies");
    let text = format!("{n} of {whole} {} overdue for review.", is(n));
    Figure::share(n as u64, of, "policies", text)
        .from_events(counted.overdue.iter().map(|policy| policy.sequence))
}

const fn was(number: usize) -> &'static str {
    if number == 1 { "was" } else { "were" }
}

const fn is(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

const SILENCE: &str = "No policy and no change of one is recorded, so nothing can be said.";

fn notes(threshold: u64) -> Vec<String> {
    vec![
        "A change counts as linked to feedback if its proposal named at least one item, at or before its approval; \
         without an approval, before its first day in force. The link counts whatever became of the feedback later."
            .to_owned(),
        "Editorial changes, and reviews that changed nothing, are not changes.".to_owned(),
        format!(
            "Feedback is named without number, dates or names. How many items led to a change is shown from {threshold} on; \
             below that it is held back."
        ),
        "A review is overdue if its day has passed and no substantive later version is in force.".to_owned(),
    ]
}
