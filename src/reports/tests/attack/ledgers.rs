//! Random ledgers for the attack: a year of feedback, surveys, learning and what came of it, with several release points.
//!
//! Invariant: the same number gives the same ledger. Days of events never lie after the day on which they are recorded. Must
//! not know what is hidden.

use jiff::{ToSpan, civil::Date};
use uuid::Uuid;

use crate::domain::event::{
    Anonymity, ChangeNature, Level, Origin, Purpose, Respondents, ResponseMode, ResponseOutcome,
    WithdrawalScope,
};
use crate::projections::chronicle::people::Answers;
use crate::projections::chronicle::{Chronicle, on};

/// Numbers that look random and are the same for the same seed.
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        let mut draw = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d);
        draw.below(2);
        draw
    }

    pub(super) fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below.max(1)
    }

    pub(super) fn is(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

pub(super) const REASONS: [&str; 3] = ["cost", "law", "later"];
pub(super) const CHANGES: [&str; 2] = ["policy-change/x", "policy-change/y"];
pub(super) const ACTIONS: [&str; 2] = ["action/quiet", "action/rest"];

/// A ledger, and where in it something was released.
pub(super) struct Drawn {
    pub(super) ledger: Chronicle,
    /// The day of each release point, and its event.
    pub(super) points: Vec<(Date, u64)>,
}

/// How likely each fate is in this ledger, in percent: so that some parts are large and others small.
struct Fates {
    answered: u64,
    closed: u64,
    told: u64,
    linked: u64,
    withdrawn: u64,
    partners: u64,
}

fn later(day: Date, days: u64) -> Date {
    day.checked_add(days.cast_signed().days()).unwrap()
}

pub(super) fn drawn(seed: u64) -> Drawn {
    let mut draw = Draw::new(seed);
    let mut ledger = founded(&mut draw);
    let fates = Fates {
        answered: draw.of(&[30, 60, 90]),
        closed: draw.of(&[20, 50, 80]),
        told: draw.of(&[40, 80, 97]),
        linked: draw.of(&[0, 10, 30]),
        withdrawn: draw.of(&[0, 4, 10, 20]),
        partners: draw.of(&[0, 10, 40]),
    };
    let (mut points, mut open) = (Vec::new(), Vec::new());
    let mut from = on("2025-04-08");
    for number in 0..2 + draw.below(3) {
        let to = later(from, 56);
        ledger.at(&format!("{to}T08:00:00Z"));
        let heard = draw.of(&[3, 12, 30, 45]) / (1 + number / 2);
        for _ in 0..heard {
            open.push(heard_one(&mut ledger, &mut draw, &fates, from));
        }
        works(&mut ledger, number, from);
        open.retain(|item| !goes_on(&mut ledger, &mut draw, &fates, (item.0, item.1.max(from))));
        counted(&mut ledger, &mut draw, number, from);
        ledger.at(&format!("{to}T09:00:00Z"));
        points.push((to, ledger.release(&format!("p{number}"), &to.to_string())));
        if draw.is(50) {
            let as_known = ledger.facts.len() as u64;
            ledger.issue(&format!("i{number}"), &to.to_string(), &to.to_string(), as_known);
        }
        from = later(from, 60 + draw.below(20));
    }
    ledger.at("2026-03-20T09:00:00Z");
    for item in open.iter().take(3) {
        ledger.acknowledge(item.0, "2026-03-19");
    }
    Drawn { ledger, points }
}

fn founded(draw: &mut Draw) -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    for (id, title) in [("people", "Head of People"), ("chief", "Chief Executive"), ("audit", "Audit")] {
        ledger.post(id, title);
    }
    ledger.targets("2025-03-01", [5, 20, 60], 5);
    ledger.calendar("2025-03-01", ("2025-01-01", "2026-12-31"), &["2025-12-25"]);
    ledger.reasons("2025-03-01", &[("cost", "Too costly"), ("law", "The law"), ("later", "Not now")]);
    ledger.commitment_on("C1", &["kindness"]);
    ledger.commitment_on("C14", &["voice"]);
    ledger.policy("leave", "2025-03-02", "2026-01-10");
    ledger.unit("all", None, None);
    ledger.unit("east", Some("all"), None);
    ledger.unit("west", Some("all"), None);
    ledger.unit("apart", None, None);
    for change in ["x", "y"] {
        ledger.propose(change, "2025-03-20", "leave", (Origin::Feedback, ChangeNature::Substantive), &[]);
        ledger.approve(change, "2025-03-21");
    }
    for action in ["quiet", "rest"] {
        ledger.plan(action, "2025-03-20", "2025-11-30", &["C14"]);
    }
    let routes = [Anonymity::Anonymous, Anonymity::Named];
    let invited = draw.of(&[Some(3), Some(40), None]);
    ledger.ask("r1", "2025-04-01", Respondents::Staff, ("2025-04-02", "2025-05-30"), invited, &routes);
    ledger
}

/// Changes come into force and actions are verified on the same days, so that one could be the other.
fn works(ledger: &mut Chronicle, number: u64, from: Date) {
    let day = later(from, 40).to_string();
    match number {
        0 => {
            ledger.change("x", &day, "leave", &day, true);
            ledger.complete("quiet", &day);
            ledger.verify("quiet", &day);
        }
        1 => {
            ledger.change("y", &day, "leave", &day, true);
            ledger.complete("rest", &day);
            ledger.verify("rest", &day);
        }
        _ => {}
    }
}

fn heard_one(ledger: &mut Chronicle, draw: &mut Draw, fates: &Fates, from: Date) -> (Uuid, Date) {
    let whom = if draw.is(fates.partners) { Respondents::Partners } else { Respondents::Staff };
    let how =
        draw.of(&[Anonymity::Anonymous, Anonymity::Confidential, Anonymity::Confidential, Anonymity::Named]);
    let day = later(from, draw.below(20));
    let said = if how == Anonymity::Anonymous { day.strftime("%Y-%m").to_string() } else { day.to_string() };
    (ledger.voice(&said, whom, how).0, day)
}

/// What happens to an item in a stretch of the year. Whether nothing more does.
fn goes_on(ledger: &mut Chronicle, draw: &mut Draw, fates: &Fates, (item, from): (Uuid, Date)) -> bool {
    let day = |days| later(from, days).to_string();
    if draw.is(fates.withdrawn) {
        let scope = draw.of(&[WithdrawalScope::Whole, WithdrawalScope::Whole, WithdrawalScope::Contact]);
        ledger.take_back(item, &day(21), scope);
        return true;
    }
    if draw.is(25) {
        ledger.acknowledge(item, &day(1 + draw.below(8)));
    }
    if !draw.is(fates.answered) {
        return false;
    }
    let outcome = draw.of(&[ResponseOutcome::NoChange, ResponseOutcome::ChangeConsidered]);
    ledger.respond(item, &day(8 + draw.below(14)), outcome);
    let linked = draw.is(fates.linked);
    if linked {
        ledger.link(item, &day(23), draw.of(&[CHANGES[0], CHANGES[1], ACTIONS[0], ACTIONS[1]]));
    } else if draw.is(fates.closed) {
        ledger.close(item, &day(24), draw.of(&REASONS));
    } else {
        return false;
    }
    if draw.is(fates.told) {
        ledger.told_of(item, &day(26), draw.of(&[ResponseMode::Direct, ResponseMode::Public]));
    }
    true
}

/// What is counted beside feedback: surveys, learning, attendances, requests to erase.
fn counted(ledger: &mut Chronicle, draw: &mut Draw, number: u64, from: Date) {
    let day = later(from, 45).to_string();
    let asked = (from.to_string(), later(from, 30).to_string());
    // Whoever answered in a unit answered in the whole.
    let mut all = [0; 3];
    for (id, unit, most) in [("east", Some("east"), 30), ("west", Some("west"), 14), ("whole", None, 60)] {
        let mut counts = [5 + draw.below(most), draw.below(most / 3), draw.below(9)].map(|it| it as u32);
        for (count, all) in counts.iter_mut().zip(&mut all) {
            *all += *count;
            if unit.is_none() {
                *count = *all;
            }
        }
        let answers = Answers {
            item: draw.of(&["feel-safe", "kindness"]),
            unit,
            asked: (&asked.0, &asked.1),
            population: counts.iter().sum::<u32>() + draw.below(30) as u32,
            counts: if draw.is(10) { Err(counts.iter().sum()) } else { Ok(counts) },
            commitments: &["C1"],
            ..Answers::default()
        };
        ledger.answered(&format!("{id}-{number}"), &day, &answers);
    }
    for unit in ["all", "east", "west", "apart"] {
        if draw.is(70) {
            let levels = cumulative(draw, if unit == "all" { 40 } else { 14 });
            let leaders = levels.map(|it| it / 3);
            ledger.learned(unit, &day, levels, leaders);
            if draw.is(60) {
                let near = levels[0] + draw.below(3) as u32;
                ledger.baseline(unit, &day, near, leaders[0]);
            }
        }
    }
    let (session, held) = (format!("s{number}"), later(from, 30).to_string());
    ledger.offer(&session, &from.to_string(), Level::Skilled, &held);
    ledger.deliver(&session, &held, Some(draw.of(&[2, 3, 12])));
    ledger.hold(&format!("a{number}"), &held, Purpose::Impact, (&[], &[]), Some(draw.of(&[2, 4, 25])));
    ledger.signpost(&format!("g{number}"), &held, "helpline", Some(draw.of(&[3, 50])));
    for request in 0..draw.of(&[0, 1, 6]) {
        let id = format!("e{number}-{request}");
        ledger.ask_to_erase(&id, &held);
        if draw.is(70) {
            ledger.erase(&id, &later(from, 31 + draw.below(10)).to_string());
        }
    }
}

/// All, and at least at each level.
fn cumulative(draw: &mut Draw, most: u64) -> [u32; 5] {
    let mut levels = [0; 5];
    let mut sum = 0;
    for level in levels.iter_mut().rev() {
        sum += draw.below(most / 2) as u32;
        *level = sum;
    }
    levels
}
