//! The tables of R5: each change with what led to it, as far as that may be said.
//!
//! Invariant: this file alone turns feedback into words, and it gives neither ids nor dates; a number, and
//! who spoke, only as released. Must not know how changes are counted.

use std::sync::Arc;

use super::changes::Change;
use super::{Overdue, origin_words};
use crate::domain::event::Origin;
use crate::domain::id::Kind;
use crate::projections::Views;
use crate::projections::policies::PolicyFact;
use crate::reports::events::Events;
use crate::reports::people::owner_cell;
use crate::reports::phrases::{count, days_after, short_day};
use crate::reports::report::{Figure, FigureStatus, Table};
use crate::reports::text::Text;
use crate::reports::trace::{Points, Voice, Voices, WHOSE, voice};
use crate::reports::{Memory, Parameters, basis};

/// What the tables are written from.
pub(super) struct About<'v> {
    views: &'v Views,
    parameters: &'v Parameters,
    points: Points<'v>,
    voices: Arc<Voices>,
}

impl<'v> About<'v> {
    pub(super) fn new(views: &'v Views, parameters: &'v Parameters, memory: &Memory) -> Self {
        let horizon = parameters.horizon();
        let voices = memory.voices(basis::points(views, horizon));
        Self { views, parameters, points: Points::of(views, horizon), voices }
    }

    pub(super) fn changes_table(&self, id: &str, title: &str, changes: &[&Change<'v>]) -> Table {
        let mut table = Table::new(
            id,
            title,
            "None in the period.",
            &[
                ("change", "Change"),
                ("policy", "Policy"),
                ("in_force", "In force from"),
                ("because", "Because of"),
                ("approval", "Approval"),
                ("linked", "Feedback linked in time"),
                ("items", "Feedback items"),
                ("version", "Version"),
                ("state", "State"),
            ],
        );
        for change in changes {
            let Some(entry) = &change.changed else { continue };
            let ((state, since), voice) = (standing(change), self.voice(change));
            let events = Events::of(change.events());
            let beside = change.superseded.map(|it| it.sequence);
            let cells = vec![
                Self::title(change, &events),
                Figure::words(self.policy_title(change)),
                Figure::words(format_args!("{}{since}", short_day(entry.from)))
                    .from_events(events.iter().copied().chain(beside)),
                Self::because(change, &voice),
                self.approval(change, &events),
                Figure::words(linked_words(change)).sharing(&events),
                Self::items(change, &voice),
                Figure::words(entry.version.as_str()).from_events([entry.sequence]),
                Figure::words(state).sharing(&events),
            ];
            table.push(Kind::PolicyChange.subject(change.id), cells);
        }
        table
    }

    pub(super) fn reversed_table(&self, changes: &[&Change<'v>]) -> Table {
        let mut table = Table::new(
            "r5.reversed",
            "Changes that were taken out of force in the period",
            "No change was taken out of force in the period.",
            &[
                ("change", "Change"),
                ("policy", "Policy"),
                ("reversed", "Reversed"),
                ("in_force", "In force from"),
                ("because", "Because of"),
                ("nature", "Nature"),
            ],
        );
        for change in changes {
            let (Some(entry), Some(reversed)) = (&change.changed, change.reversed()) else { continue };
            let cells = vec![
                Self::title(change, &Events::of(change.events())),
                Figure::words(self.policy_title(change)),
                Figure::words(short_day(reversed.effective)).from_events([reversed.sequence]),
                Figure::words(short_day(entry.from)).from_events([entry.sequence]),
                Self::because(change, &self.voice(change)),
                Figure::words(nature(change)),
            ];
            table.push(Kind::PolicyChange.subject(change.id), cells);
        }
        table
    }

    pub(super) fn to_come_table(&self, changes: &[&Change<'v>]) -> Table {
        let mut table = Table::new(
            "r5.to_come",
            "Changes that are not in force yet",
            "No change is waiting to come into force.",
            &[
                ("change", "Change"),
                ("policy", "Policy"),
                ("state", "State"),
                ("because", "Because of"),
                ("nature", "Nature"),
            ],
        );
        for change in changes {
            let state = match (&change.changed, change.approved) {
                (Some(entry), _) => format!("In the register, in force from {}", short_day(entry.from)),
                (None, Some((fact, _))) => format!("Approved {}", short_day(fact.effective)),
                (None, None) => {
                    let on = change.proposed.map(|(fact, _)| format!(" {}", short_day(fact.effective)));
                    format!("Proposed{}", on.unwrap_or_default())
                }
            };
            let events = Events::of(change.events());
            let cells = vec![
                Self::title(change, &events),
                Figure::words(self.policy_title(change)),
                Figure::words(state).sharing(&events),
                Self::because(change, &self.voice(change)),
                Figure::words(nature(change)),
            ];
            table.push(Kind::PolicyChange.subject(change.id), cells);
        }
        table
    }

    pub(super) fn overdue_table(&self, overdue: &[Overdue<'_>]) -> Table {
        let mut table = Table::new(
            "r5.reviews_overdue",
            "Policies whose review is overdue",
            "No review of a policy is overdue.",
            &[("policy", "Policy"), ("late", "Review"), ("due", "Review was due"), ("owner", "Owner")],
        );
        for policy in overdue {
            let days = days_after(policy.due, self.parameters.as_at);
            let late = format!("Late by {}", count(days, "day", "days"));
            let cells = vec![
                Figure::words(policy.title).from_events([policy.sequence]),
                Figure::number(days, "days", late).from_events([policy.sequence]),
                Figure::words(short_day(policy.due)).from_events([policy.sequence]),
                owner_cell(self.views, self.parameters.horizon(), &policy.owner),
            ];
            table.push(Kind::Policy.subject(policy.id), cells);
        }
        table
    }

    fn title(change: &Change<'_>, events: &Events) -> Figure {
        let title = change.proposed.map(|(_, proposed)| proposed.title.as_str());
        Figure::words(title.unwrap_or_else(|| change.id.as_str())).sharing(events)
    }

    fn policy_title(&self, change: &Change<'v>) -> &'v str {
        let Some(id) = change.policy() else { return "not stated" };
        let is_registered = |fact: &PolicyFact| matches!(fact, PolicyFact::Registered(_));
        let history = self.views.policies.facts.get(id);
        let fact =
            history.and_then(|it| self.views.last_or_voided(it, self.parameters.horizon(), is_registered));
        match fact.map(|(fact, _)| &fact.fact) {
            Some(PolicyFact::Registered(policy)) => policy.title.as_str(),
            _ => id.as_str(),
        }
    }

    /// What is released of the feedback behind a change: the same as a trace says.
    fn voice(&self, change: &Change<'_>) -> Voice {
        let work = Kind::PolicyChange.subject(change.id);
        self.voices.of(&work, || voice(self.views, &self.points, &work))
    }

    fn because(change: &Change<'_>, voice: &Voice) -> Figure {
        let words = match (change.proposed, change.origin()) {
            (None, _) => Text::said("Not stated"),
            (_, Origin::Feedback) => Text::said(whose_feedback(voice)),
            (_, origin) if !change.linked.is_empty() => {
                let whose = whose_feedback(voice).to_lowercase();
                Text::from(format_args!("{}; linked to {whose}", origin_words(origin)))
            }
            (_, origin) => Text::said(origin_words(origin)),
        };
        Figure::words(words).from_events(change.proposed.map(|(fact, _)| fact.sequence))
    }

    fn items(change: &Change<'_>, voice: &Voice) -> Figure {
        match (voice.items, &voice.point) {
            (Some(items), _) => Figure::number(items, "items", format_args!("{items}"))
                .from_events(change.proposed.map(|(fact, _)| fact.sequence)),
            (None, _) if change.linked.is_empty() => Figure::not_applicable("None linked"),
            (None, None) => Figure::not_available("No release point yet"),
            (None, Some(_)) => Figure::with_status(FigureStatus::Suppressed, ""),
        }
    }

    fn approval(&self, change: &Change<'_>, events: &Events) -> Figure {
        let said = change.approved.map(|(fact, by)| {
            let by = self.views.post_title(by, self.parameters.horizon());
            (fact, format!("{} by {by}", short_day(fact.effective)))
        });
        let words = match (said, change.is_unapproved()) {
            (None, _) => "IRREGULAR: came into force without approval".to_owned(),
            (Some((_, said)), true) => {
                format!("IRREGULAR: came into force without approval; approval recorded later: {said}")
            }
            (Some((fact, said)), false) if fact.late => format!("{said} (recorded late)"),
            (Some((_, said)), false) => said,
        };
        Figure::words(words).sharing(events)
    }
}

fn nature(change: &Change<'_>) -> &'static str {
    if change.is_substantive() { "Substantive" } else { "Editorial" }
}

/// What a change that came into force is now, and what is added to its first day.
fn standing(change: &Change<'_>) -> (&'static str, Text) {
    if let Some(reversed) = change.reversed() {
        return ("Reversed", Text::from(format_args!("; reversed {}", short_day(reversed.effective))));
    }
    match change.superseded {
        None => ("In force", Text::default()),
        Some(later) => {
            let by = later.title.unwrap_or_else(|| later.by.as_str());
            let nature = if later.is_editorial { " (wording only)" } else { "" };
            let from = short_day(later.from);
            ("Superseded", format!("; superseded {from} by \u{201c}{by}\u{201d}{nature}").into())
        }
    }
}

/// Who spoke, as far as it is released.
fn whose_feedback(voice: &Voice) -> &'static str {
    WHOSE.into_iter().find(|words| *words == voice.words).unwrap_or("Feedback")
}

/// Whether feedback was linked in time. That some of it is gone is said without a number: it may be one person's.
fn linked_words(change: &Change<'_>) -> Text {
    let words = match (change.answers_feedback(), change.linked.is_empty()) {
        (true, _) if change.linked_in_hindsight() => "Yes, but recorded after the approval",
        (true, _) => "Yes",
        (false, false) => "No: linked too late",
        (false, true) if change.lost_a_link() => "No: the link was taken back",
        (false, true) => "No",
    };
    let gone = if change.some_gone { "; some or all of that feedback was withdrawn since" } else { "" };
    Text::from(format_args!("{words}{gone}"))
}
