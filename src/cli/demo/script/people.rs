//! The people team: units, who works there, a post that ends, and where staff were told to find help. Invented.
//!
//! Invariant: counts of people only. Nobody is counted twice in a unit, and who looked for help is nowhere.

use jiff::civil::Date;

use super::super::cast::{GOVERNANCE, PEOPLE, TRACKER};
use super::super::pen::{Year, after, date, day, event, texts};
use crate::grpc::wire::{
    Event, OwnerReassigned, PostRetired, SupportSignposted, UnitRegistered, WorkforceBaselineRecorded,
    event::Payload,
};

/// The units: code and title; the first is the whole of which the others are parts.
const UNITS: [(&str, &str); 4] = [
    ("whole", "The whole organisation"),
    ("change-improvement", "Change and improvement"),
    ("digital-data", "Digital and data"),
    ("corporate", "Corporate services"),
];

/// Counted for, recorded on, and each unit's count.
type Baseline = (Date, Date, [(u32, u32); 4]);

/// Of each unit how many people work there and how many of them lead.
const BASELINES: [Baseline; 3] = [
    (day(4, 1), day(4, 2), [(74, 9), (31, 4), (24, 3), (19, 2)]),
    (day(9, 30), day(10, 1), [(76, 9), (32, 4), (25, 3), (19, 2)]),
    (day(3, 31), after(4, 2), [(77, 10), (32, 4), (26, 3), (19, 3)]),
];

/// Signposting: id, on, route, channel, how many it was sent to if that was counted.
const SIGNPOSTED: [(&str, Date, &str, &str, Option<u32>); 6] = [
    ("card-2025", day(5, 28), "employee-assistance", "intranet", Some(75)),
    ("summer-2025", day(6, 30), "national-helpline", "team-meeting", None),
    ("absence-2025", day(9, 10), "occupational-health", "intranet", Some(76)),
    ("posters-2025", day(11, 5), "employee-assistance", "poster", None),
    ("winter-2025", day(12, 17), "national-helpline", "intranet", Some(76)),
    ("survey-2026", day(2, 9), "employee-assistance", "team-meeting", None),
];

pub(super) fn write(year: &mut Year) {
    let by = "head-of-people";
    year.post(day(4, 1), PEOPLE, vec![unit(&UNITS[0], "")]);
    year.post(day(4, 1), PEOPLE, UNITS[1..].iter().map(|one| unit(one, UNITS[0].0)).collect());
    for (of, recorded, counts) in &BASELINES {
        let counted = UNITS.iter().zip(counts).map(|((code, _), &(headcount, leaders))| {
            let baseline = WorkforceBaselineRecorded { headcount, leaders };
            event(*of, &format!("unit/{code}"), by, Payload::WorkforceBaselineRecorded(baseline))
        });
        year.post(*recorded, PEOPLE, counted.collect());
    }
    for &(id, on, route, channel, reach) in &SIGNPOSTED {
        let said = SupportSignposted {
            route: route.into(),
            channel: channel.into(),
            reach,
            commitments: texts(&["C16"]),
        };
        let payload = Payload::SupportSignposted(said);
        year.post(on, PEOPLE, vec![event(on, &format!("signposting/{id}"), "people-adviser", payload)]);
    }
    hands(year);
}

/// The programme ends, and with it its post. Seventeen days pass in which nobody owns C8, and the ledger shows them.
fn hands(year: &mut Year) {
    let retired = PostRetired { last_day: Some(date(day(11, 28))) };
    let ends = event(day(11, 28), "post/programme-manager", "head-of-people", Payload::PostRetired(retired));
    year.post(day(11, 28), PEOPLE, vec![ends]);
    let on = day(12, 15);
    year.post(on, GOVERNANCE, vec![handed(on, "commitment/C8", "programme-manager", "practice-lead")]);
    let on = day(3, 2);
    year.post(on, TRACKER, vec![handed(on, "action/onboarding-module", "head-of-learning", "practice-lead")]);
}

fn handed(on: Date, subject: &str, from: &str, to: &str) -> Event {
    let reassigned = OwnerReassigned { from_post: from.into(), to_post: to.into() };
    event(on, subject, "chief-executive", Payload::OwnerReassigned(reassigned))
}

fn unit(&(code, title): &(&str, &str), part_of: &str) -> Event {
    let unit = UnitRegistered {
        title: title.into(),
        valid_from: Some(date(day(4, 1))),
        valid_to: None,
        part_of: part_of.into(),
    };
    event(day(4, 1), &format!("unit/{code}"), "head-of-people", Payload::UnitRegistered(unit))
}
