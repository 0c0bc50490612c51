//! Properties over random small histories: the twins agree; batches and clones do not matter; nothing gives feedback
//! away. The histories are wilder than any that the ledger would accept, so that no report leans on the rules.

use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::twins::{Headlines, Twin};
use super::{as_many, ask_known, parameters, stand};
use crate::domain::event::{
    ChangeNature, Disposition, Origin, Payload, Respondents, ReviewOutcome, WithdrawalScope,
};
use crate::domain::id::{Kind, Subject};
use crate::projections::Views;
use crate::projections::chronicle::{Chronicle, code, codes, on};
use crate::projections::snapshot::Snapshot;
use crate::reports::{Format, Report, ReportName, render, report};

/// One thing to write: what, about which subject, on which day, and some spice.
#[derive(Clone, Debug)]
pub(super) struct Step {
    what: u8,
    which: usize,
    day: i32,
    spice: u32,
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0u8..46, 0usize..4, 0i32..560, any::<u32>()).prop_map(|(what, which, day, spice)| Step {
        what,
        which,
        day,
        spice,
    });
    prop::collection::vec(step, 0..56)
}

const ACTIONS: [&str; 4] = ["a1", "a2", "a3", "a4"];
const COMMITMENTS: [&str; 4] = ["C1", "C2", "C3", "C10"];
const CHANGES: [&str; 4] = ["x1", "x2", "x3", "x4"];
const POLICIES: [&str; 4] = ["p1", "p2", "p3", "p4"];

pub(super) fn day(offset: i32) -> String {
    let first = on("2025-03-01");
    first.checked_add(jiff::Span::new().days(offset)).unwrap().to_string()
}

const POSTS: [&str; 4] = ["people", "chief", "audit", "estates"];
const MEASURES: [&str; 4] = ["m1", "m2", "m3", "m4"];

pub(super) fn write(steps: &[Step]) -> Chronicle {
    let mut ledger = Chronicle::opened(false);
    let mut heard = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let (spice, today) = (step.spice as usize, day(step.day));
        let other = |names: [&'static str; 4]| names[spice / 7 % 4];
        let later = day(step.day + i32::from(step.spice as u8 % 200) - 40);
        // Some things happen at an instant, close to midnight.
        let when = if spice.is_multiple_of(5) { format!("{today}T23:30:00Z") } else { today.clone() };
        let (action, change) = (ACTIONS[step.which], CHANGES[step.which]);
        ledger.at(&format!("{}T09:00:00Z", day(i32::from(number as u8) * 14)));
        match step.what {
            0 | 1 => ledger.plan(action, &when, &later, &[other(COMMITMENTS)]),
            2 => {
                let replaced = Some(other(ACTIONS)).filter(|it| *it != action);
                ledger.plan_replacing(action, &when, &later, &[other(COMMITMENTS)], replaced)
            }
            3 => ledger.start(action, &when),
            4 | 5 => ledger.moved(action, &when, &today, &later, spice.is_multiple_of(3)),
            6 | 7 => ledger.complete(action, &when),
            8 => ledger.verify(action, &when),
            9 => ledger.reopen(action, &when),
            10 => ledger.cancel(action, &when),
            11 => ledger.commitment(COMMITMENTS[step.which], "A line", "a line of the pledge", &[]),
            12 => {
                let fate = Disposition::ALL[spice % 3];
                ledger.pledge(2 + spice as u32 % 2, &when, &[(COMMITMENTS[step.which], fate)])
            }
            13 => {
                let about = if spice.is_multiple_of(2) {
                    format!("action/{action}")
                } else {
                    "commitment/C2".to_owned()
                };
                ledger.evidence(&format!("e{number}"), &when, &about)
            }
            14 => ledger.round(&format!("r{number}"), &when, &[other(COMMITMENTS)]),
            15 => ledger.policy(POLICIES[step.which], &when, &later),
            16 => {
                let nature = ChangeNature::ALL[usize::from(!spice.is_multiple_of(3))];
                let linked = if spice.is_multiple_of(2) { &heard[..] } else { &[] };
                ledger.propose(change, &when, other(POLICIES), (Origin::ALL[spice % 5], nature), linked)
            }
            17 => ledger.approve(change, &when),
            18 | 19 => ledger.change(change, &when, other(POLICIES), &later, !spice.is_multiple_of(3)),
            20 | 21 => {
                let who = Respondents::ALL[spice % 2];
                heard.extend(ledger.feedback(&today, who, 1 + spice as u64 % 3));
                0
            }
            22..=24 => {
                let target = spice as u64 % ledger.facts.len() as u64;
                if matches!(ledger.facts[target as usize].event.payload, Payload::EventVoided(_))
                    || target == 0
                {
                    0
                } else {
                    ledger.void(target, &when)
                }
            }
            25..=28 => say_anew(&mut ledger, &heard, step),
            _ => write_later(&mut ledger, &heard, step, number),
        };
    }
    ledger
}

/// What happens to things after they began.
fn write_later(ledger: &mut Chronicle, heard: &[Uuid], step: &Step, number: usize) -> u64 {
    let (spice, today) = (step.spice as usize, day(step.day));
    let other = |names: [&'static str; 4]| names[spice / 7 % 4];
    let later = day(step.day + i32::from(step.spice as u8 % 200) - 40);
    let span = (today.as_str(), later.as_str());
    let (action, change) = (ACTIONS[step.which], CHANGES[step.which]);
    let (commitment, measure) = (COMMITMENTS[step.which], MEASURES[step.which]);
    let item = heard.get(spice / 3 % heard.len().max(1)).copied();
    match (step.what, item) {
        (29, _) => ledger.reassign(&format!("action/{action}"), &today, "people", other(POSTS)),
        (30, _) => ledger.reassign(&format!("commitment/{commitment}"), &today, "people", other(POSTS)),
        (31, _) => ledger.reassign(&format!("policy/{}", other(POLICIES)), &today, "people", "chief"),
        (32, _) => ledger.measure(measure, &today, other(COMMITMENTS), ("days", None), Some("10")),
        (33, _) => ledger.value(measure, &today, span, 100 + step.spice % 900, None),
        (34, _) => {
            let outcome = [ReviewOutcome::Kept, ReviewOutcome::NotKept][spice % 2];
            ledger.review(commitment, &later, span, outcome, &["e1"], &[])
        }
        (35, _) => match spice % 4 {
            0 => ledger.fulfil(commitment, &today, &[]),
            1 => ledger.merge(commitment, &today, other(COMMITMENTS)),
            2 => ledger.supersede(commitment, &today, other(COMMITMENTS)),
            _ => ledger.withdraw(commitment, &today),
        },
        (36, _) => {
            let abouts = [format!("action/{action}"), format!("session/s{}", step.which)];
            ledger.evidence(&format!("f{}", step.which), &today, &abouts[spice % 2])
        }
        (37, _) if spice.is_multiple_of(2) => ledger.reject(&format!("f{}", step.which), &today),
        (37, _) => ledger.withdraw_evidence(&format!("f{}", step.which), &today),
        (38, _) => ledger.activity(spice, &format!("s{}", step.which), &today, &[other(COMMITMENTS)]),
        (39 | 40, Some(item)) => ledger.link(item, &today, &format!("policy-change/{change}")),
        (41, Some(item)) => ledger.unlink(item, &today, &format!("policy-change/{change}")),
        (42, Some(item)) => ledger.take_back(item, &today, WithdrawalScope::ALL[spice % 2]),
        (43, _) if spice.is_multiple_of(3) => ledger.decline(change, &today),
        (43, _) => ledger.reverse(change, &later),
        (44, _) if spice.is_multiple_of(3) => ledger.abandon(change, &today),
        (44, _) => ledger.review_policy(other(POLICIES), &today, &later),
        _ => ledger.noise(spice + number, &today),
    }
}

/// Says an earlier event anew: on another day, with another deadline, replaced action, commitment, link or feedback.
fn say_anew(ledger: &mut Chronicle, heard: &[Uuid], step: &Step) -> u64 {
    let spice = step.spice as usize;
    let (target, later) = (spice as u64 % ledger.facts.len() as u64, day(step.day));
    let event = ledger.facts[target as usize].event.clone();
    let mut anew = event.payload.clone();
    match &mut anew {
        Payload::LedgerOpened(_) | Payload::EventVoided(_) | Payload::CorrectionMade(_) => return 0,
        Payload::ActionPlanned(it) => {
            it.first_due = on(&day(step.day + 30));
            it.replaces = Some(code(ACTIONS[step.which])).filter(|_| spice.is_multiple_of(3));
        }
        Payload::DeadlineRevised(it) => it.new_due = on(&day(step.day + 60)),
        Payload::LearningOffered(it) => it.commitments = codes(&COMMITMENTS[..step.which]),
        Payload::PolicyChangeProposed(it) => it.feedback = heard.iter().copied().take(step.which).collect(),
        Payload::PolicyChanged(it) => it.effective_on = on(&later),
        Payload::FeedbackLinked(it) => it.to = Subject::parse("policy-change/x1").unwrap(),
        Payload::OwnerReassigned(it) => it.to_post = code(POSTS[step.which]),
        _ => {}
    }
    let occurred = if spice.is_multiple_of(2) { event.occurred.to_string() } else { later };
    ledger.correct(target, &occurred, anew)
}

/// Row by row: owners, last evidence, reviews, values, and what became of each commitment and change.
fn rows_agree(twin: &Twin<'_>, [r1, r2, r5]: [&Report; 3]) -> Result<(), TestCaseError> {
    for row in r1.tables.iter().chain(&r2.tables).flat_map(|table| &table.rows) {
        let owner = row.cells.iter().find(|cell| cell.id == "owner").unwrap();
        let Some((post, since)) = twin.owner(&row.subject) else { continue };
        let since = since.map(|day| format!(", since {}", day.strftime("%-d %b %Y")));
        prop_assert_eq!(&owner.text, &format!("{post}{}", since.unwrap_or_default()), "{}", row.subject);
    }
    let lags = twin.lags();
    for row in r2.tables.iter().flat_map(|table| &table.rows) {
        let lag = match lags[row.subject.strip_prefix("action/").unwrap()] {
            None => "[z] Not done".to_owned(),
            Some(0) => "Same day".to_owned(),
            Some(1) => "1 day".to_owned(),
            Some(days) => format!("{days} days"),
        };
        prop_assert_eq!(
            row.cells.iter().find(|it| it.id == "lag").unwrap().printed(),
            lag,
            "{}",
            row.subject
        );
    }
    for (id, stands) in twin.commitments() {
        let cell = |column| super::cell(r1, &format!("commitment/{id}"), column);
        prop_assert_eq!(cell("state") == "Stands", stands, "{}", id);
        let silence = match twin.silence(&id) {
            None => "[x] Nothing recorded".to_owned(),
            Some(0) => "(the as-at day)".to_owned(),
            Some(1) => "(1 day before)".to_owned(),
            Some(days) => format!("({days} days before)"),
        };
        prop_assert!(cell("last_evidence").ends_with(&silence), "{}: {}", id, silence);
        let actions = twin.actions_of(&id);
        for (number, column) in ["open", "claimed", "verified"].into_iter().enumerate() {
            let said = actions.map_or_else(|| "[x] No action".to_owned(), |it| it[number].to_string());
            prop_assert_eq!(cell(column), said, "{} {}", id, column);
        }
        let review = match twin.review(&id) {
            None => "[x] Not yet reviewed",
            Some(ReviewOutcome::Kept) => "Kept for",
            Some(_) => "Not kept for",
        };
        prop_assert!(cell("review").starts_with(review), "{}: {}", id, review);
    }
    for (id, commitment, value) in twin.measures() {
        let cell = |column| super::cell(r1, &format!("measure/{id}"), column);
        prop_assert_eq!(cell("commitment"), commitment);
        let value = value.map_or_else(|| "[x] No value reported".to_owned(), |it| format!("{it} days"));
        prop_assert_eq!(cell("value"), value);
    }
    let standings = twin.standings();
    for row in r5.tables.iter().filter(|it| it.id == "r5.changes").flat_map(|table| &table.rows) {
        let state = row.cells.iter().find(|cell| cell.id == "state").unwrap();
        let id = row.subject.strip_prefix("policy-change/").unwrap();
        prop_assert_eq!(state.text.as_str(), standings[id], "{}", id);
    }
    Ok(())
}

fn headlines(report: &Report) -> Headlines {
    let given = report.figures.iter().filter_map(|it| {
        let number = it.numerator.or(it.number.map(|number| (number as i64).unsigned_abs()))?;
        Some((it.id.to_string(), (number, it.denominator)))
    });
    given.collect()
}

proptest! {
    #![proptest_config(as_many(500))]

    #[test]
    fn the_twins_agree(steps in steps(), as_at in 0i32..560, cut in 0usize..60, quarter in select(vec!["2024-25", "2025-26", "2025-26 Q2", "2026-27"])) {
        let ledger = write(&steps);
        let size = ledger.facts.len() as u64;
        let as_known = size.saturating_sub(if cut > 40 { cut as u64 - 40 } else { 0 }).max(1);
        let asked = parameters(&day(as_at), as_known, quarter);
        let twin = Twin {
            facts: &ledger.facts,
            as_at: asked.as_at,
            as_known,
            first_day: asked.period.first_day(),
            last_day: asked.period.last_day(),
        };
        let views = ledger.views();
        let names = [ReportName::Commitments, ReportName::Lateness, ReportName::PolicyChanges];
        let [r1, r2, r5] = names.map(|name| report(name, &views, &asked, &stand()).unwrap());
        prop_assert_eq!(headlines(&r1), twin.r1());
        prop_assert_eq!(headlines(&r2), twin.r2());
        prop_assert_eq!(headlines(&r5), twin.r5());
        rows_agree(&twin, [&r1, &r2, &r5])?;
    }

}

proptest! {
    #![proptest_config(as_many(48))]

    #[test]
    fn batches_clones_and_prefixes_give_the_same_bytes(steps in steps(), stops in prop::collection::vec(0usize..60, 0..6), width in 40u16..160) {
        let ledger = write(&steps);
        let size = ledger.facts.len();
        let mut views = Views::new();
        let mut published = Vec::new();
        for (number, fact) in ledger.facts.iter().enumerate() {
            if stops.contains(&number) {
                published.push(views.clone());
            }
            views.apply(fact);
        }
        for name in ReportName::ALL {
            let asked = parameters("2026-03-31", size as u64, "2025-26");
            let once = report(name, &views, &asked, &stand()).unwrap();
            let again = report(name, &ledger.views(), &asked, &stand()).unwrap();
            prop_assert_eq!(&once, &again);
            // What was published at a position, and the newest views as known at that position, are one.
            for then in published.iter().filter(|then| then.size() > 0) {
                let asked = parameters("2026-03-31", then.size(), "2025-26");
                let past = report(name, then, &asked, &stand()).unwrap();
                let now = report(name, &views, &asked, &stand()).unwrap();
                for format in Format::ALL {
                    prop_assert_eq!(render(&past, format, width), render(&now, format, width));
                }
            }
            let text = render(&once, Format::Text, width);
            prop_assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)));
            let json: Report = serde_json::from_str(&render(&once, Format::Json, width)).unwrap();
            prop_assert_eq!(json, once);
        }
    }

    #[test]
    fn any_snapshot_taken_up_in_any_batches_gives_the_same_bytes(steps in steps(), stops in prop::collection::vec(0usize..60, 1..6)) {
        let ledger = write(&steps);
        let whole = ledger.views();
        let leaf = [7; 32];
        let asked = parameters("2026-03-31", ledger.facts.len() as u64, "2025-26");
        let mut resumed = Views::new();
        for (number, fact) in ledger.facts.iter().enumerate() {
            if stops.contains(&number) {
                let bytes = resumed.snapshot(&leaf).unwrap();
                resumed = Snapshot::open(&bytes).unwrap().views().unwrap();
                prop_assert_eq!(resumed.size(), number as u64);
            }
            resumed.apply(fact);
        }
        for name in ReportName::ALL {
            let [one, other] = [&whole, &resumed].map(|views| report(name, views, &asked, &stand()).unwrap());
            for format in Format::ALL {
                prop_assert_eq!(render(&one, format, 80), render(&other, format, 80));
            }
        }
        // Not only what reports ask for today: everything that is kept.
        prop_assert!(whole.snapshot(&leaf) == resumed.snapshot(&leaf));
    }

    #[test]
    fn nothing_gives_feedback_away(steps in steps()) {
        let ledger = write(&steps);
        let report = ask_known(ReportName::PolicyChanges, &ledger, "2026-09-30", ledger.facts.len() as u64);
        let cells = report.tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
        for figure in cells.chain(&report.figures) {
            for event in &figure.events {
                let payload = &ledger.facts[*event as usize].event.payload;
                let subject = &ledger.facts[*event as usize].event.subject;
                prop_assert!(subject.kind() != Kind::Feedback, "{}: {:?}", figure.id, payload);
            }
            if figure.id == "items" {
                prop_assert!(figure.number.is_none_or(|items| items >= 5.0));
            }
        }
    }
}
