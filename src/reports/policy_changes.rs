//! R5: which policies changed, and because of what?
//!
//! What its words and numbers mean: [`DEFINITION`].
//!
//! Invariant: nothing here can be traced to an item of feedback. Feedback is a word ("Staff feedback"); whose it
//! is and how many items led to a change is said as released, and so is the same as in a trace; no event of a figure is an event of feedback.

mod changes;
mod tables;

use jiff::civil::Date;
use uuid::Uuid;

use self::changes::{Change, any, changes};
use self::tables::About;
use super::definition::Definition;
use super::disclosure::threshold;
use super::phrases::{count, count_or_no, natural, percent};
use super::report::Figure;
use super::{Body, Memory, Parameters};
use crate::domain::event::Origin;
use crate::domain::id::Code;
use crate::projections::Views;
use crate::projections::feedback::Made;
use crate::projections::history::Horizon;
use crate::projections::owner::Owner;
use crate::projections::policies::{ChangeFact, PolicyFact};

/// A substantive change in force, not taken out of force again.
pub(super) struct Done<'v> {
    /// Its first day in force.
    pub(super) from: Date,
    /// When it was proposed, if that counts.
    pub(super) proposed: Option<Made>,
    /// The items that its proposal names.
    pub(super) names: &'v [Uuid],
}

/// One change, if it is substantive, and in force by the horizon's day.
pub(super) fn done<'v>(views: &'v Views, horizon: Horizon, id: &Code) -> Option<Done<'v>> {
    let (id, history) = views.policies.changes.get_entry(id)?;
    let change = Change::of(id, &views.seen(history, horizon));
    let from = change.came_into_force(horizon.as_at)?.from;
    let (proposed, names) =
        change.proposed.map(|(fact, proposed)| (Made::by(fact), proposed.feedback.as_slice())).unzip();
    let counts = change.is_substantive() && change.reversed().is_none();
    counts.then_some(Done { from, proposed, names: names.unwrap_or_default() })
}

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition {
    version: "r5/4",
    terms: &[
        (
            "Came into force in the period",
            "The change was put into the register by the as-at date, and its first day in force lies in the \
             period and not after the as-at date. One whose first day is after the as-at date is still to come.",
        ),
        (
            "Provenance share",
            "Of the substantive changes that came into force in the period (those that were taken out of force \
             later included), the share with at least one feedback link made at or before approval, or before \
             the first day in force if no approval stood by then.",
        ),
        (
            "Feedback link",
            "Made by the proposal that names the item, or by the item's own event. \"At or before\" is by the \
             day on which it takes effect, then by the order in the ledger. What the item's own events said \
             last counts: from the day on which a link is taken back it does not count, and one that is made \
             again is as old as its making again. A link whose feedback was withdrawn or taken back later still \
             counts, and is marked.",
        ),
        (
            "Feedback items",
            "How many items were linked to the change at the last release point, as released: between release points it does \
             not move, and at one by the ledger's threshold (5 at least) or not at all. Below the threshold it is held back; what \
             is held back begins anew at the next release point.",
        ),
        ("Editorial change", "A change of wording only. Listed apart, never counted."),
        (
            "Without approval",
            "The ledger marked the change as not approved, or no approval that took effect on or before the \
             first day in force is known.",
        ),
        ("Reversed", "Taken out of force by the as-at date. It still came into force, and counts so."),
        (
            "Superseded",
            "Another change of the same policy came into force later and was not taken out of force.",
        ),
        (
            "Given up",
            "Declined or abandoned before it was in the register. Such a proposal is counted nowhere else.",
        ),
        (
            "Review overdue",
            "The day by which the policy was to be looked at again, by its registration or by the last review \
             of it since, has passed. A change of the policy is not a review of it.",
        ),
    ],
};

/// A policy whose review is overdue.
struct Overdue<'v> {
    id: &'v Code,
    title: &'v str,
    owner: Owner<'v>,
    due: Date,
    /// The registration or review that says so.
    sequence: u64,
}

pub(super) fn body(views: &Views, parameters: &Parameters, memory: &Memory) -> Body {
    let (as_at, period) = (parameters.as_at, parameters.period);
    let changes = changes(views, parameters.horizon(), period.first_day());
    let in_period = |change: &&Change<'_>| {
        change.came_into_force(as_at).is_some_and(|changed| period.contains(changed.from))
    };
    let (substantive, editorial): (Vec<_>, Vec<_>) =
        changes.iter().filter(in_period).partition(|change| change.is_substantive());
    let to_come = changes.iter().filter(|it| it.came_into_force(as_at).is_none() && !it.is_given_up());
    let reversed =
        changes.iter().filter(|it| it.reversed().is_some_and(|fact| period.contains(fact.effective)));
    let given_up = changes
        .iter()
        .filter(|it| it.is_given_up() && it.end.is_some_and(|fact| period.contains(fact.effective)));
    let (policies, overdue) = overdue(views, parameters);
    let about = About::new(views, parameters, memory);
    let counted = Counted {
        parameters,
        anything: policies > 0 || any(views, parameters.horizon()),
        policies,
        substantive,
        editorial,
        to_come: to_come.collect(),
        reversed: reversed.collect(),
        given_up: given_up.collect(),
        overdue,
    };
    let tables = vec![
        about.changes_table("r5.changes", "Changes that came into force in the period", &counted.substantive),
        about.changes_table(
            "r5.editorial",
            "Editorial changes: wording only, never counted",
            &counted.editorial,
        ),
        about.reversed_table(&counted.reversed),
        about.to_come_table(&counted.to_come),
        about.overdue_table(&counted.overdue),
    ];
    Body { figures: figures(&counted), tables, notes: notes(threshold(views, parameters.as_known)) }
}

/// How many policies there are, and those whose review is overdue, the longest first.
fn overdue<'v>(views: &'v Views, parameters: &Parameters) -> (u64, Vec<Overdue<'v>>) {
    let mut policies = 0;
    let mut overdue = Vec::new();
    for (id, history) in views.policies.facts.iter() {
        let mut standing: Option<Overdue<'v>> = None;
        for fact in views.seen(history, parameters.horizon()) {
            match (&fact.fact, &mut standing) {
                (PolicyFact::Registered(policy), _) => {
                    standing = Some(Overdue {
                        id,
                        title: policy.title.as_str(),
                        owner: Owner::named(fact, &policy.owner_post),
                        due: policy.review_due,
                        sequence: fact.sequence,
                    });
                }
                (PolicyFact::Reviewed { next_due }, Some(policy)) => {
                    (policy.due, policy.sequence) = (*next_due, fact.sequence);
                }
                (PolicyFact::Reassigned(to), Some(policy)) => policy.owner.hand_over(fact, to),
                (_, None) => {}
            }
        }
        policies += u64::from(standing.is_some());
        overdue.extend(standing.filter(|policy| policy.due < parameters.as_at));
    }
    overdue.sort_by_cached_key(|policy| (policy.due, natural(policy.id)));
    (policies, overdue)
}

pub(super) const fn origin_words(origin: Origin) -> &'static str {
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
    substantive: Vec<&'a Change<'v>>,
    editorial: Vec<&'a Change<'v>>,
    to_come: Vec<&'a Change<'v>>,
    /// Taken out of force in the period.
    reversed: Vec<&'a Change<'v>>,
    /// Declined or abandoned in the period.
    given_up: Vec<&'a Change<'v>>,
    overdue: Vec<Overdue<'v>>,
}

impl Counted<'_, '_> {
    fn known(&self, figure: Figure) -> Figure {
        if self.anything { figure } else { Figure::not_available(SILENCE) }
    }

    fn number(&self, changes: &[&Change<'_>], said: String) -> Figure {
        let events = changes.iter().flat_map(|change| change.events());
        self.known(Figure::number(changes.len() as u64, "changes", said).from_events(events))
    }
}

fn figures(counted: &Counted<'_, '_>) -> Vec<Figure> {
    let period = counted.parameters.period;
    let all = counted.substantive.len() as u64;
    let said =
        format!("{} came into force in {period}.", count_or_no(all, "policy change", "policy changes"));
    let mut figures = vec![
        counted.known(provenance(counted)).named("r5.provenance_share", "Answering feedback"),
        counted.number(&counted.substantive, said).named("r5.changes", "Changes in force in the period"),
    ];
    figures.extend(Origin::ALL.iter().map(|origin| by_origin(counted, *origin)));
    let both = counted.substantive.iter().chain(&counted.editorial).copied();
    let unapproved: Vec<_> = both.filter(|change| change.is_unapproved()).collect();
    let say = |changes: &[&Change<'_>], what: &dyn Fn(usize) -> String| {
        let n = changes.len();
        let text = format!("{} {}.", count_or_no(n as u64, "change", "changes"), what(n));
        counted.number(changes, text)
    };
    let without_approval = |_| "came into force without approval".to_owned();
    let editorial = |n| format!("{} of wording only, and not counted", was(n));
    let to_come = |n| format!("{} waiting to come into force", is(n));
    let reversed = |n| format!("{} taken out of force again in {period}", was(n));
    let given_up = given_up(counted);
    figures.extend([
        say(&unapproved, &without_approval).named("r5.unapproved", "Without approval"),
        say(&counted.editorial, &editorial).named("r5.editorial", "Editorial, not counted"),
        say(&counted.reversed, &reversed).named("r5.reversed", "Reversed"),
        say(&counted.to_come, &to_come).named("r5.to_come", "Not in force yet"),
        given_up.named("r5.given_up", "Declined or abandoned"),
        reviews(counted).named("r5.reviews_overdue", "Reviews overdue"),
    ]);
    figures
}

fn by_origin(counted: &Counted<'_, '_>, origin: Origin) -> Figure {
    let all = counted.substantive.len();
    let of: Vec<_> = counted.substantive.iter().copied().filter(|it| it.origin() == origin).collect();
    let because = match origin {
        Origin::Other => "for another reason".to_owned(),
        origin => format!("because of {}", origin_words(origin).to_lowercase()),
    };
    let text = format!("{} of {all} {} made {because}.", of.len(), was(of.len()));
    let figure = match (counted.anything, all) {
        (true, 0) => Figure::not_applicable("No change came into force in the period."),
        _ => counted.number(&of, text),
    };
    figure.named(&format!("r5.origin.{}", origin.as_str().to_lowercase()), origin_words(origin))
}

fn given_up(counted: &Counted<'_, '_>) -> Figure {
    let of = |how: &ChangeFact| {
        let ends = counted.given_up.iter().filter(|it| it.end.is_some_and(|end| end.fact == *how));
        ends.count() as u64
    };
    let (declined, abandoned) = (of(&ChangeFact::Declined), of(&ChangeFact::Abandoned));
    let period = counted.parameters.period;
    let text = match (declined, abandoned) {
        (0, 0) => format!("No proposal was declined or abandoned in {period}."),
        _ => format!(
            "{} declined and {abandoned} abandoned in {period}, and counted nowhere else.",
            count(declined, "proposal was", "proposals were")
        ),
    };
    counted.number(&counted.given_up, text)
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
        "A change counts as linked to feedback if at least one item was linked to it, by its proposal or later, at or \
         before its approval; without an approval, before its first day in force. A link that was taken back does not \
         count from that day on. A link still counts if its feedback was withdrawn later, and is marked."
            .to_owned(),
        "A change that was taken out of force again still came into force in the period, and is counted. What was \
         declined or abandoned is not."
            .to_owned(),
        "Editorial changes, and reviews that changed nothing, are not changes.".to_owned(),
        format!(
            "Feedback is named without number, dates or names. Whose it is, and how many items led to a change, is as of the \
             last release point; how many is shown from {threshold} on, moves by as many or not at all, and is held back below \
             that."
        ),
        "A review is overdue if the day by which the policy was to be looked at again has passed. Changing a policy is \
         not reviewing it."
            .to_owned(),
    ]
}
