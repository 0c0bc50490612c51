//! The table of actions: who owes what by when, and each turn that it took. Invented.
//!
//! Invariant: the turns of an action stand in the order in which they are recorded. Reasons speak of decisions, never
//! of people.

use jiff::civil::Date;

use super::super::super::pen::{after, day};
use crate::grpc::wire::Origin;

/// An action as it was planned, and its turns.
pub(super) struct Plan {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) owner: &'static str,
    pub(super) commitments: &'static [&'static str],
    pub(super) planned: Date,
    /// The first day that was given.
    pub(super) due: Date,
    pub(super) origin: Origin,
    /// Items of feedback that led to it; its origin is then FEEDBACK.
    pub(super) feedback: &'static [&'static str],
    pub(super) replaces: &'static str,
    pub(super) turns: &'static [Turn],
}

/// What happened to an action.
pub(super) enum Turn {
    Started(Date),
    /// Recorded after something later was.
    StartedLate {
        on: Date,
        recorded: Date,
    },
    /// On, to, why.
    Moved(Date, Date, &'static str),
    /// Said to have been agreed before it was recorded.
    MovedLate {
        on: Date,
        recorded: Date,
        to: Date,
        reason: &'static str,
    },
    /// On, with evidence of these kinds; none: a claim.
    Done(Date, &'static [&'static str]),
    DoneLate {
        on: Date,
        recorded: Date,
        kinds: &'static [&'static str],
    },
    /// By the internal auditor.
    Verified(Date),
    VerifiedBy(Date, &'static str),
    /// By another post, but posted by the system that said it was done.
    VerifiedByTracker(Date, &'static str),
    Reopened(Date, &'static str),
    Cancelled(Date, &'static str),
}

use Turn::{
    Cancelled, Done, DoneLate, Moved, MovedLate, Reopened, Started, StartedLate, Verified, VerifiedBy,
    VerifiedByTracker,
};

impl Plan {
    const fn new(
        id: &'static str,
        title: &'static str,
        owner: &'static str,
        commitments: &'static [&'static str],
        (planned, due): (Date, Date),
        turns: &'static [Turn],
    ) -> Self {
        Self {
            id,
            title,
            owner,
            commitments,
            planned,
            due,
            origin: Origin::Other,
            feedback: &[],
            replaces: "",
            turns,
        }
    }

    const fn from(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    const fn heard(self, feedback: &'static [&'static str]) -> Self {
        Self { feedback, ..self }
    }

    const fn in_place_of(self, replaces: &'static str) -> Self {
        Self { replaces, ..self }
    }
}

/// Every action of the year.
pub(super) const PLANS: [Plan; 26] = [
    Plan::new(
        "benefits-briefing",
        "Briefing for every team: what a trauma-informed approach brings",
        "head-of-learning",
        &["C1"],
        (day(4, 14), day(6, 30)),
        &[Started(day(5, 6)), Done(day(6, 20), &["session-record"]), Verified(day(7, 2))],
    ),
    Plan::new(
        "council-webinars",
        "Four open webinars for councils and their partners",
        "head-of-partnerships",
        &["C2", "C5"],
        (day(4, 14), day(9, 30)),
        &[
            Started(day(5, 19)),
            Moved(
                day(9, 12),
                day(10, 31),
                "Two dates clashed with committee weeks; two webinars were moved.",
            ),
            Done(day(10, 29), &["session-record", "published-document"]),
            Verified(day(11, 10)),
        ],
    ),
    Plan::new(
        "board-paper",
        "Paper for the board: what the approach asks of us",
        "head-of-learning",
        &["C1"],
        (day(4, 22), day(8, 29)),
        &[Started(day(6, 2)), Done(day(8, 27), &["minutes"]), Verified(day(9, 8))],
    ),
    Plan::new(
        "everybodys-business",
        "Intranet and web pages: everybody's business",
        "head-of-communications",
        &["C4", "C5", "C15"],
        (day(4, 22), day(7, 31)),
        &[
            Started(day(5, 20)),
            Done(day(7, 29), &["published-document"]),
            Verified(day(8, 12)),
            Reopened(day(10, 15), "Two pages still described support that had been replaced in September."),
            Started(day(10, 16)),
            Done(day(11, 21), &["published-document"]),
            Verified(day(12, 5)),
        ],
    ),
    Plan::new(
        "skilled-training",
        "Skilled-level training offered to every member of staff",
        "head-of-learning",
        &["C6"],
        (day(4, 22), day(12, 19)),
        &[Started(day(6, 10)), Done(day(12, 12), &["session-record"]), Verified(day(1, 14))],
    ),
    Plan::new(
        "leaders-programme",
        "Leaders' programme, two cohorts",
        "head-of-learning",
        &["C7"],
        (day(4, 29), day(10, 31)),
        &[
            Started(day(6, 17)),
            Moved(
                day(10, 20),
                day(12, 19),
                "The second cohort was postponed until the new leaders had started.",
            ),
            Moved(
                day(12, 10),
                after(4, 24),
                "Too few places were taken up; the second cohort runs in spring.",
            ),
        ],
    ),
    Plan::new(
        "practice-circles",
        "Monthly practice circles begin",
        "programme-manager",
        &["C8"],
        (day(5, 6), day(6, 30)),
        &[Started(day(5, 27)), Done(day(7, 14), &["session-record"]), Verified(day(7, 28))],
    ),
    Plan::new(
        "workload-review",
        "Review of how workload is planned",
        "head-of-people",
        &["C9"],
        (day(5, 7), day(9, 30)),
        &[Started(day(6, 3)), Done(day(9, 26), &[])],
    )
    .from(Origin::Review),
    Plan::new(
        "rest-spaces",
        "A quiet room in each office",
        "workplace-lead",
        &["C9", "C10"],
        (day(6, 9), day(8, 29)),
        &[
            Started(day(7, 1)),
            Moved(day(8, 20), day(11, 28), "The landlord's consent for one office came late."),
            Done(day(12, 9), &["photographs", "minutes"]),
            Verified(day(12, 18)),
        ],
    )
    .heard(&["f04"]),
    Plan::new(
        "flexible-hours-guide",
        "Guide to asking for different hours",
        "head-of-people",
        &["C10"],
        (day(6, 16), day(10, 31)),
        &[Started(day(8, 5)), Done(day(10, 24), &["published-document"]), Verified(day(11, 6))],
    )
    .heard(&["f01", "f02"]),
    Plan::new(
        "principles-in-meetings",
        "The five principles in how meetings are run",
        "chief-executive",
        &["C11"],
        (day(4, 29), day(7, 31)),
        &[
            Started(day(5, 28)),
            Cancelled(day(7, 9), "Folded into team agreements, which go further than meetings."),
        ],
    ),
    Plan::new(
        "team-agreements",
        "Team agreements built on the five principles",
        "chief-executive",
        &["C11"],
        (day(7, 9), day(12, 19)),
        &[Started(day(8, 18)), Done(day(12, 18), &["published-document"]), Verified(day(1, 20))],
    )
    .in_place_of("principles-in-meetings"),
    Plan::new(
        "partner-principles",
        "The five principles in partnership agreements",
        "head-of-partnerships",
        &["C12"],
        (day(8, 11), day(1, 30)),
        &[
            Started(day(9, 29)),
            Moved(day(1, 22), day(3, 13), "Partners asked for one more round of drafting."),
        ],
    ),
    Plan::new(
        "values-review",
        "Review of the values against the five principles",
        "chief-executive",
        &["C13"],
        (day(6, 24), day(11, 28)),
        &[
            Started(day(9, 2)),
            Done(day(11, 27), &["minutes"]),
            // Whoever owns it says that it is done: the ledger takes it and marks it.
            VerifiedBy(day(12, 2), "chief-executive"),
        ],
    )
    .from(Origin::Review),
    Plan::new(
        "anonymous-route",
        "An anonymous route for feedback on policies",
        "governance-lead",
        &["C14"],
        (day(4, 15), day(6, 13)),
        &[Started(day(4, 28)), Done(day(6, 11), &["published-document"]), Verified(day(6, 19))],
    )
    .from(Origin::Audit),
    Plan::new(
        "impact-sessions",
        "Sessions for staff on the impact of trauma",
        "head-of-learning",
        &["C15"],
        (day(8, 18), day(11, 14)),
        &[
            // Done on time, and written down three weeks later.
            DoneLate { on: day(11, 12), recorded: day(12, 3), kinds: &["session-record"] },
            StartedLate { on: day(9, 24), recorded: day(12, 3) },
            Verified(day(12, 11)),
        ],
    ),
    Plan::new(
        "support-card",
        "One page: how to find further support",
        "head-of-people",
        &["C16"],
        (day(4, 9), day(5, 30)),
        &[Started(day(4, 30)), Done(day(5, 28), &["published-document"]), Verified(day(6, 5))],
    ),
    Plan::new(
        "support-card-refresh",
        "The support page is brought up to date",
        "head-of-people",
        &["C16"],
        (day(11, 3), day(2, 27)),
        &[],
    )
    .from(Origin::Review),
    Plan::new(
        "manager-toolkit",
        "Toolkit for leading a team in a trauma-informed way",
        "practice-lead",
        &["C7", "C8"],
        (day(9, 16), day(3, 31)),
        &[Started(day(11, 4)), Done(after(4, 8), &["published-document"])],
    ),
    Plan::new(
        "onboarding-module",
        "Trauma-informed practice in the first month at work",
        "head-of-learning",
        &["C6", "C15"],
        (day(1, 12), after(6, 30)),
        &[Started(day(2, 16))],
    ),
    Plan::new(
        "policy-language",
        "Language check of twelve people policies",
        "head-of-people",
        &["C10"],
        (day(9, 8), day(12, 19)),
        &[
            Started(day(10, 7)),
            Done(day(12, 19), &["policy-document"]),
            // Another post, but held by the same person.
            VerifiedBy(day(1, 8), "people-adviser"),
        ],
    ),
    Plan::new(
        "procurement-clause",
        "A trauma-informed clause in procurement",
        "governance-lead",
        &["C2", "C12"],
        (day(6, 30), day(12, 12)),
        &[
            Started(day(9, 15)),
            Cancelled(
                day(11, 14),
                "The national framework now has such a clause; a second one would confuse.",
            ),
        ],
    ),
    Plan::new(
        "absence-letters",
        "Absence letters rewritten",
        "head-of-people",
        &["C9", "C10"],
        (day(6, 25), day(9, 12)),
        &[
            Started(day(7, 21)),
            // Agreed in time, or so it is said: it was recorded after the deadline had passed.
            MovedLate {
                on: day(9, 10),
                recorded: day(9, 17),
                to: day(9, 30),
                reason: "The union's comments were awaited.",
            },
            Done(day(10, 3), &["policy-document"]),
            VerifiedByTracker(day(10, 10), "governance-lead"),
        ],
    )
    .from(Origin::Audit),
    Plan::new(
        "questions-ahead",
        "Interview questions sent to every candidate beforehand",
        "head-of-people",
        &["C10"],
        (day(10, 1), day(1, 16)),
        &[Started(day(10, 28)), Done(day(1, 15), &["policy-document"]), Verified(day(1, 29))],
    )
    .heard(&["f05"]),
    Plan::new(
        "facilitator-network",
        "A network of facilitators together with partners",
        "head-of-partnerships",
        &["C5", "C12"],
        (day(9, 22), day(2, 13)),
        &[Started(day(11, 11)), Done(day(2, 13), &["minutes"]), Verified(day(3, 4))],
    ),
    Plan::new(
        "annual-section",
        "A section on the pledge in the annual report",
        "head-of-communications",
        &["C1", "C2", "C4", "C5"],
        (day(2, 9), after(4, 30)),
        &[Started(day(3, 9))],
    ),
];
