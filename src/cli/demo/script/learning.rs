//! Learning: sessions and what became of each, how many people have reached which level, help to model good practice.
//! Invented.
//!
//! Invariant: attendances are not people, and coverage counts people: the two are never derived from each other. Of one
//! session nobody ever said what became of it; one was not counted; one had more guests than seats.

use jiff::civil::Date;

use super::super::cast::LMS;
use super::super::pen::{Year, after, date, day, event, texts};
use crate::grpc::wire::{
    Coverage, Event, LearningCancelled, LearningCoverageRecorded, LearningDelivered, LearningOffered, Level,
    PracticeSupportProvided, event::Payload,
};

/// What became of a session.
#[derive(Clone, Copy)]
enum Came {
    /// Held, with so many attendances.
    Held(u32),
    /// Held, and said later.
    HeldSaid(u32, Date),
    NotCounted,
    CancelledOn(Date),
    /// Nobody said, or it is still to come.
    Nothing,
}

struct Session {
    id: &'static str,
    title: &'static str,
    level: Level,
    commitments: &'static [&'static str],
    offered: Date,
    held: Date,
    minutes: u32,
    seats: Option<u32>,
    came: Came,
}

const fn session(
    id: &'static str,
    (title, level, commitments): (&'static str, Level, &'static [&'static str]),
    (offered, held): (Date, Date),
    (minutes, seats): (u32, Option<u32>),
    came: Came,
) -> Session {
    Session { id, title, level, commitments, offered, held, minutes, seats, came }
}

type Course = (&'static str, Level, &'static [&'static str]);

const ESSENTIALS: Course = ("Trauma-informed practice: the essentials", Level::Informed, &["C6", "C15"]);
const SKILLED: Course = ("Trauma-informed practice: skilled level", Level::Skilled, &["C6"]);
const LEADING: Course = ("Leading in a trauma-informed way", Level::Skilled, &["C7", "C8"]);
const ENHANCED: Course = ("Enhanced practice, two days", Level::Enhanced, &["C6", "C8"]);
const IMPACT: Course = ("Open talk: what trauma does", Level::Informed, &["C15"]);

use Came::{CancelledOn, Held, HeldSaid, NotCounted, Nothing};

const SESSIONS: [Session; 14] = [
    session("essentials-may", ESSENTIALS, (day(4, 24), day(5, 15)), (90, Some(30)), Held(28)),
    session("essentials-june", ESSENTIALS, (day(5, 8), day(6, 5)), (90, Some(30)), Held(34)),
    session("skilled-june", SKILLED, (day(5, 13), day(6, 24)), (360, Some(16)), Held(14)),
    session("skilled-september", SKILLED, (day(7, 10), day(9, 9)), (360, Some(16)), Held(16)),
    session("leaders-autumn", LEADING, (day(7, 10), day(9, 25)), (180, Some(12)), Held(7)),
    session("skilled-october", SKILLED, (day(8, 28), day(10, 7)), (360, Some(16)), CancelledOn(day(9, 30))),
    session("impact-talk", IMPACT, (day(9, 18), day(10, 9)), (60, None), NotCounted),
    session("skilled-november", SKILLED, (day(9, 30), day(11, 13)), (360, Some(16)), Held(15)),
    session("leaders-winter", LEADING, (day(10, 2), day(12, 4)), (180, Some(12)), CancelledOn(day(11, 20))),
    session("skilled-december", SKILLED, (day(11, 4), day(12, 9)), (360, Some(16)), Nothing),
    session("enhanced-january", ENHANCED, (day(11, 6), day(1, 22)), (720, Some(8)), Held(6)),
    session("skilled-february", SKILLED, (day(1, 8), day(2, 19)), (360, Some(16)), Held(13)),
    session("essentials-march", ESSENTIALS, (day(2, 3), day(3, 5)), (90, Some(30)), HeldSaid(21, day(3, 24))),
    session("leaders-spring", LEADING, (day(3, 10), after(4, 23)), (180, Some(12)), Nothing),
];

const UNITS: [&str; 4] = ["whole", "change-improvement", "digital-data", "corporate"];

/// Of a unit: all, then at least informed, skilled, enhanced, specialist; of staff and of the leaders among them.
type Reached = ([u32; 5], [u32; 5]);

/// Counted for, recorded on, and each unit's counts.
const COVERAGE: [(Date, Date, [Reached; 4]); 4] = [
    (
        day(6, 30),
        day(7, 2),
        [
            ([75, 51, 22, 4, 1], [9, 6, 2, 0, 0]),
            ([31, 24, 12, 3, 1], [4, 3, 1, 0, 0]),
            ([25, 14, 5, 1, 0], [3, 2, 1, 0, 0]),
            ([19, 13, 5, 0, 0], [2, 1, 0, 0, 0]),
        ],
    ),
    (
        day(9, 30),
        day(10, 2),
        [
            ([76, 58, 31, 4, 1], [9, 8, 4, 1, 0]),
            ([32, 27, 16, 3, 1], [4, 4, 2, 1, 0]),
            ([25, 17, 8, 1, 0], [3, 2, 1, 0, 0]),
            ([19, 14, 7, 0, 0], [2, 2, 1, 0, 0]),
        ],
    ),
    (
        day(12, 31),
        day(1, 6),
        [
            ([76, 63, 45, 4, 1], [9, 9, 6, 1, 0]),
            ([32, 29, 21, 3, 1], [4, 4, 3, 1, 0]),
            ([25, 19, 13, 1, 0], [3, 3, 2, 0, 0]),
            ([19, 15, 11, 0, 0], [2, 2, 1, 0, 0]),
        ],
    ),
    (
        day(3, 31),
        after(4, 2),
        [
            ([77, 68, 52, 9, 1], [10, 10, 7, 2, 0]),
            ([32, 30, 24, 6, 1], [4, 4, 3, 1, 0]),
            ([26, 21, 15, 3, 0], [3, 3, 2, 1, 0]),
            ([19, 17, 13, 0, 0], [3, 3, 2, 0, 0]),
        ],
    ),
];

/// Practice support: id, on, kind, sessions, by which post.
const SUPPORT: [(&str, Date, &str, u32, &str); 7] = [
    ("circles-spring", day(6, 27), "practice-circle", 2, "programme-manager"),
    ("coaching-summer", day(8, 29), "coaching", 5, "programme-manager"),
    ("circles-summer", day(9, 26), "practice-circle", 3, "programme-manager"),
    ("circles-autumn", day(11, 27), "practice-circle", 2, "programme-manager"),
    ("circles-winter", day(12, 18), "practice-circle", 1, "practice-lead"),
    ("reflective-february", day(2, 27), "reflective-session", 4, "practice-lead"),
    ("reflective-march", day(3, 26), "reflective-session", 6, "practice-lead"),
];

pub(super) fn write(year: &mut Year) {
    for session in &SESSIONS {
        session.write(year);
    }
    for (of, recorded, units) in &COVERAGE {
        let counted = UNITS.iter().zip(units).map(|(unit, reached)| covered(*of, unit, reached));
        year.post(*recorded, LMS, counted.collect());
    }
    for &(id, on, kind, sessions, by) in &SUPPORT {
        let support = PracticeSupportProvided {
            kind: kind.into(),
            sessions,
            audience: texts(&["staff", "leaders"]),
            commitments: texts(&["C8"]),
        };
        let payload = Payload::PracticeSupportProvided(support);
        year.post(on, LMS, vec![event(on, &format!("practice-support/{id}"), by, payload)]);
    }
}

impl Session {
    fn write(&self, year: &mut Year) {
        let offered = LearningOffered {
            title: self.title.into(),
            level: self.level.into(),
            audience: texts(if self.commitments.contains(&"C7") { &["leaders"] } else { &["staff"] }),
            commitments: texts(self.commitments),
            held_on: Some(date(self.held)),
            minutes: self.minutes,
            capacity: self.seats,
        };
        year.post(self.offered, LMS, vec![self.about(self.offered, Payload::LearningOffered(offered))]);
        let held = |attendances| {
            let delivered = LearningDelivered { minutes: self.minutes, attendances };
            vec![self.about(self.held, Payload::LearningDelivered(delivered))]
        };
        match self.came {
            Held(attendances) => year.post(self.held, LMS, held(Some(attendances))),
            HeldSaid(attendances, on) => year.post(on, LMS, held(Some(attendances))),
            NotCounted => year.post(self.held, LMS, held(None)),
            CancelledOn(on) => {
                year.post(on, LMS, vec![self.about(on, Payload::LearningCancelled(LearningCancelled {}))]);
            }
            Nothing => {}
        }
    }

    fn about(&self, on: Date, payload: Payload) -> Event {
        event(on, &format!("session/{}", self.id), "head-of-learning", payload)
    }
}

/// How many people of a unit have reached which level.
pub(super) fn covered(of: Date, unit: &str, (staff, leaders): &Reached) -> Event {
    let coverage = |&[people, informed, skilled, enhanced, specialist]: &[u32; 5]| {
        Some(Coverage { people, informed, skilled, enhanced, specialist })
    };
    let recorded = LearningCoverageRecorded { staff: coverage(staff), leaders: coverage(leaders) };
    let payload = Payload::LearningCoverageRecorded(recorded);
    event(of, &format!("unit/{unit}"), "head-of-learning", payload)
}

/// A session that was held, said again with another number.
pub(super) fn held_again(on: Date, attendances: u32) -> Event {
    let delivered = LearningDelivered { minutes: 360, attendances: Some(attendances) };
    let payload = Payload::LearningDelivered(delivered);
    event(on, "session/skilled-september", "head-of-learning", payload)
}
