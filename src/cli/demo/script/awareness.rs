//! What was done so that people know: inside, with councils, with their partners. Invented.
//!
//! Invariant: councils are named by the keys of the list of the 32; partner bodies by kind, so that no real one is said
//! to have done anything. One activity speaks of outcomes for communities, and whoever posted it did not name C3: the
//! ledger does not guess, and C3 stays silent.

use jiff::civil::Date;

use super::super::cast::DIARY;
use super::super::pen::{Year, day, event, texts};
use crate::grpc::wire::{AwarenessActivityHeld, Event, Purpose, event::Payload};

struct Activity {
    id: &'static str,
    on: Date,
    title: &'static str,
    purpose: Purpose,
    audience: &'static [&'static str],
    commitments: &'static [&'static str],
    councils: &'static [&'static str],
    partners: &'static [&'static str],
    attendances: Option<u32>,
}

const fn activity(
    id: &'static str,
    on: Date,
    (title, purpose): (&'static str, Purpose),
    (audience, commitments): (&'static [&'static str], &'static [&'static str]),
    (councils, partners): (&'static [&'static str], &'static [&'static str]),
    attendances: Option<u32>,
) -> Activity {
    Activity { id, on, title, purpose, audience, commitments, councils, partners, attendances }
}

use Purpose::{Benefits, EverybodysBusiness, Impact, Outcomes};

type Reach = (&'static [&'static str], &'static [&'static str]);

const INSIDE: Reach = (&["own-organisation"], &["C1", "C4"]);
const NOBODY_ELSE: Reach = (&[], &[]);
const OUTSIDE: Reach = (&["councils", "partners"], &["C2", "C5"]);

const ACTIVITIES: [Activity; 13] = [
    activity(
        "all-staff-may",
        day(5, 6),
        ("All-staff briefing: why we pledged", Benefits),
        INSIDE,
        NOBODY_ELSE,
        Some(61),
    ),
    activity(
        "webinar-1",
        day(5, 21),
        ("Webinar 1: what a trauma-informed council gains", Benefits),
        OUTSIDE,
        (&["ABD", "FIF", "HLD", "NLK", "STG"], &["health-board"]),
        Some(84),
    ),
    activity(
        "webinar-2",
        day(6, 12),
        ("Webinar 2: what a trauma-informed council gains", Benefits),
        OUTSIDE,
        (&["ANS", "DND", "FIF", "PKN"], &["third-sector-interface"]),
        Some(67),
    ),
    activity(
        "learning-lunch",
        day(6, 26),
        ("Lunch: everybody's business", EverybodysBusiness),
        INSIDE,
        NOBODY_ELSE,
        Some(19),
    ),
    activity(
        "partner-conference",
        day(9, 11),
        ("Conference with partners: everybody's business", EverybodysBusiness),
        (&["partners"], &["C5"]),
        (&["EDH", "GLG"], &["health-board", "police-division", "integration-authority"]),
        Some(112),
    ),
    activity(
        "outcomes-forum",
        day(9, 24),
        ("Forum: what communities would notice", Outcomes),
        (&["councils"], &["C2"]),
        (&["EAY", "IVC", "SAY"], &[]),
        None,
    ),
    activity(
        "mental-health-day",
        day(10, 9),
        ("World Mental Health Day: what trauma does", Impact),
        (&["staff"], &["C15"]),
        NOBODY_ELSE,
        None,
    ),
    activity(
        "webinar-3",
        day(10, 22),
        ("Webinar 3: questions from rural councils", Benefits),
        OUTSIDE,
        (&["AGB", "DGY", "ELS", "ORK", "ZET"], &[]),
        Some(38),
    ),
    activity(
        "elected-members-seminar",
        day(11, 20),
        ("Seminar for elected members", Benefits),
        (&["councils"], &["C2"]),
        (&["CLK", "FAL", "WLN"], &[]),
        Some(27),
    ),
    activity(
        "impact-film",
        day(1, 15),
        ("Film and conversation: what trauma does", Impact),
        (&["staff"], &["C15"]),
        NOBODY_ELSE,
        Some(33),
    ),
    activity(
        "leaders-breakfast",
        day(2, 5),
        ("Breakfast for leaders: the benefits", Benefits),
        (&["own-organisation"], &["C1"]),
        NOBODY_ELSE,
        Some(9),
    ),
    activity(
        "network-day",
        day(3, 12),
        ("Network day: everybody's business", EverybodysBusiness),
        (&["partners"], &["C5"]),
        (&["GLG", "RFW"], &["housing-association", "third-sector-interface"]),
        Some(54),
    ),
    // Held at the end of September; the diary sent it three weeks later, after its statement had counted it.
    activity(
        "planning-partners",
        day(9, 30),
        ("Community planning partners: everybody's business", EverybodysBusiness),
        (&["partners"], &["C5"]),
        (&["MRY"], &["health-board", "integration-authority"]),
        Some(41),
    ),
];

/// When the activity that came late was recorded.
const LATE: (&str, Date) = ("planning-partners", day(10, 21));

pub(super) fn write(year: &mut Year) {
    for activity in &ACTIVITIES {
        let recorded = if activity.id == LATE.0 { LATE.1 } else { activity.on };
        year.post(recorded, DIARY, vec![activity.held()]);
    }
}

/// The activity that the diary's statement counts before the ledger has it.
pub(super) fn sent_late() -> Option<Event> {
    ACTIVITIES.iter().find(|activity| activity.id == LATE.0).map(Activity::held)
}

impl Activity {
    fn held(&self) -> Event {
        let held = AwarenessActivityHeld {
            title: self.title.into(),
            purpose: self.purpose.into(),
            audience: texts(self.audience),
            commitments: texts(self.commitments),
            councils: texts(self.councils),
            partners: texts(self.partners),
            attendances: self.attendances,
        };
        let by =
            if self.audience.contains(&"partners") { "head-of-partnerships" } else { "head-of-learning" };
        event(self.on, &format!("awareness/{}", self.id), by, Payload::AwarenessActivityHeld(held))
    }
}
