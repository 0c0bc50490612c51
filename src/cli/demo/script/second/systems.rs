//! What carries Northmoor's ledger: posts and lists, the list of councils adopted anew, a learning system that another
//! one succeeds, statements, and a clock that jumped. Invented, councils and their codes included.
//!
//! Invariant: the old system posts nothing of its own after its successor began; what it said wrongly its successor says
//! anew, and states its last month.

use jiff::civil::Date;

use super::super::super::pen::{Intent, Year, after, corrected, date, day, event, named, stated, texts};
use super::{CLERK, NEW_LMS, OLD_LMS, OPENING, PROJECTS, REGISTER};
use crate::grpc::wire::{
    AwarenessActivityHeld, CalendarAdopted, CodeAlias, CodeListAdopted, CodeListEntry, Event,
    LearningDelivered, LearningOffered, Level, PostRegistered, Purpose, ReportSettingsAdopted,
    SourceSucceeded, event::Payload,
};

const POSTS: [(&str, &str); 3] = [
    (CLERK, "Clerk to the Committee"),
    ("library-lead", "Head of Libraries"),
    ("estates-lead", "Head of Estates"),
];

const LISTS: [(&str, &[&str]); 2] =
    [("audience", &["readers", "staff", "councils"]), ("evidence-kind", &["minutes", "photographs"])];

/// From this day on Northmoor has another code, and Eastmoor is a part of it.
const RECODED: Date = day(10, 1);

/// Before anything else.
pub(super) fn founding(year: &mut Year) {
    for (number, (code, title)) in POSTS.iter().enumerate() {
        let post = PostRegistered {
            title: (*title).into(),
            valid_from: Some(date(OPENING)),
            valid_to: None,
            held_with: Vec::new(),
        };
        let by = if number == 0 { "" } else { CLERK };
        let post = event(OPENING, &format!("post/{code}"), by, Payload::PostRegistered(post));
        year.post(OPENING, REGISTER, vec![post]);
    }
    let entry = |code: &&str| CodeListEntry {
        code: (*code).into(),
        title: code.replace('-', " "),
        ..CodeListEntry::default()
    };
    let mut lists: Vec<_> =
        LISTS.iter().map(|(name, codes)| adopted(OPENING, name, codes.iter().map(entry).collect())).collect();
    lists.push(adopted(OPENING, "council", councils(false)));
    year.post(OPENING, REGISTER, lists);
    let calendar = CalendarAdopted {
        covers_from: Some(date(OPENING)),
        covers_to: Some(date(after(4, 30))),
        holidays: Vec::new(),
    };
    let settings = ReportSettingsAdopted {
        calendar: "northmoor".into(),
        acknowledge_within: 5,
        respond_within: 20,
        change_within: 120,
        suppress_below: 5,
        survey_minimum: 10,
        release_interval: 28,
    };
    let calendar = event(OPENING, "calendar/northmoor", CLERK, Payload::CalendarAdopted(calendar));
    let settings = event(OPENING, "settings/reports", CLERK, Payload::ReportSettingsAdopted(settings));
    year.post(OPENING, REGISTER, vec![calendar, settings]);
}

pub(super) fn write(year: &mut Year) {
    recoded(year);
    learning(year);
    clock(year);
    statements(year);
}

/// The same key before and after; only what the national register calls it changes, each code with its days.
fn recoded(year: &mut Year) {
    shared(year, day(6, 11), "day-of-libraries", &["NMR", "EMR"]);
    year.post(RECODED, REGISTER, vec![adopted(RECODED, "council", councils(true))]);
    shared(year, day(11, 12), "autumn-exchange", &["NMR", "WMR"]);
    let on = day(11, 13);
    let tried = "a council that had ceased to be";
    let gone = held(on, "winter-exchange", &["EMR"]);
    year.step(on, REGISTER, Intent::Refuse("CODE_NOT_VALID", tried), vec![gone]);
}

fn councils(recoded: bool) -> Vec<CodeListEntry> {
    let last = day(9, 30);
    let alias = |code: &str, valid_from: Option<Date>, valid_to: Option<Date>| CodeAlias {
        code: code.into(),
        valid_from: valid_from.map(date),
        valid_to: valid_to.map(date),
    };
    let entry = |code: &str, title: &str, aliases: Vec<CodeAlias>, valid_to: Option<Date>| CodeListEntry {
        code: code.into(),
        title: title.into(),
        valid_to: valid_to.map(date),
        aliases,
        ..CodeListEntry::default()
    };
    let (ends, northmoor) = if recoded {
        (Some(last), vec![alias("X12000003", None, Some(last)), alias("X12000011", Some(RECODED), None)])
    } else {
        (None, vec![alias("X12000003", None, None)])
    };
    vec![
        entry("NMR", "Northmoor", northmoor, None),
        entry("EMR", "Eastmoor", vec![alias("X12000004", None, ends)], ends),
        entry("WMR", "Westmoor", vec![alias("X12000005", None, None)], None),
    ]
}

fn shared(year: &mut Year, on: Date, id: &str, councils: &[&str]) {
    year.post(on, REGISTER, vec![held(on, id, councils)]);
}

fn held(on: Date, id: &str, councils: &[&str]) -> Event {
    let held = AwarenessActivityHeld {
        title: "What we learned from quiet hours".into(),
        purpose: Purpose::Benefits.into(),
        audience: texts(&["councils"]),
        commitments: texts(&["N1"]),
        councils: texts(councils),
        partners: Vec::new(),
        attendances: Some(23),
    };
    event(on, &format!("awareness/{id}"), CLERK, Payload::AwarenessActivityHeld(held))
}

/// The old system's last session was counted wrongly; the new one, which took over its records, says it anew.
fn learning(year: &mut Year) {
    session(year, OLD_LMS, "desk-1", "N5", (day(4, 24), day(5, 20)), 18);
    session(year, OLD_LMS, "desk-2", "N5", (day(6, 10), day(8, 21)), 31);
    let on = day(9, 1);
    let succeeded = Payload::SourceSucceeded(SourceSucceeded { to: NEW_LMS.into() });
    year.post(on, REGISTER, vec![event(on, "source/training-records", CLERK, succeeded)]);
    let on = day(9, 8);
    let mut anew = delivered(day(8, 21), "desk-2", 13);
    anew.event_id = delivered(day(8, 21), "desk-2", 31).event_id;
    let mut correction =
        corrected(on, "library-lead", anew, "", "Two digits were exchanged in the old system.");
    if let Some(Payload::CorrectionMade(made)) = &mut correction.payload {
        made.target_source = OLD_LMS.into();
    }
    year.post(on, NEW_LMS, vec![named(correction)]);
    let on = day(9, 9);
    let mut stranger = corrected(on, CLERK, delivered(day(8, 21), "desk-2", 12), "", "It looked emptier.");
    if let Some(Payload::CorrectionMade(made)) = &mut stranger.payload {
        made.target_source = OLD_LMS.into();
        if let Some(anew) = &mut made.corrected {
            anew.event_id = delivered(day(8, 21), "desk-2", 31).event_id;
        }
    }
    let tried = "a correction by a system that neither posted nor succeeded";
    year.step(on, REGISTER, Intent::Refuse("NOT_GRANTED", tried), vec![stranger]);
    session(year, NEW_LMS, "desk-3", "N5", (day(9, 10), day(10, 29)), 15);
    session(year, NEW_LMS, "welcome-1", "N10", (day(1, 19), day(2, 25)), 22);
}

fn session(
    year: &mut Year,
    source: &'static str,
    id: &str,
    commitment: &str,
    (offered, on): (Date, Date),
    attendances: u32,
) {
    let learning = LearningOffered {
        title: "Welcoming everybody".into(),
        level: Level::Informed.into(),
        audience: texts(&["staff"]),
        commitments: texts(&[commitment]),
        held_on: Some(date(on)),
        minutes: 120,
        capacity: Some(24),
    };
    let offer = event(offered, &format!("session/{id}"), "library-lead", Payload::LearningOffered(learning));
    year.post(offered, source, vec![offer]);
    year.post(on, source, vec![delivered(on, id, attendances)]);
}

fn delivered(on: Date, id: &str, attendances: u32) -> Event {
    let delivered = LearningDelivered { minutes: 120, attendances: Some(attendances) };
    event(on, &format!("session/{id}"), "library-lead", Payload::LearningDelivered(delivered))
}

/// After a power cut the machine's clock is three hours ahead. The ledger takes nothing until the operator says that it
/// is right again; then the register sends what was refused.
fn clock(year: &mut Year) {
    let on = day(12, 2);
    let minutes = vec![super::attached(on, "december-minutes", "commitment/N1", "minutes", CLERK)];
    year.clock_jumps(on, 3 * 60 * 60, REGISTER, minutes.clone());
    year.post(on, REGISTER, minutes);
}

/// Quarterly here. The project board stated its summer in November; the new learning system states for the old one.
fn statements(year: &mut Year) {
    let quarters = [(OPENING, day(6, 30)), (day(7, 1), day(9, 30)), (day(10, 1), day(12, 31))];
    let days = [day(7, 2), day(10, 2), day(1, 7)];
    for (period, on) in quarters.into_iter().zip(days) {
        for source in [REGISTER, PROJECTS, OLD_LMS, NEW_LMS] {
            let (by, on) = match (source, period.1.month()) {
                (OLD_LMS, 9) => (NEW_LMS, on),
                // It posts no more, and the other had posted nothing yet.
                (OLD_LMS, 12) => continue,
                (PROJECTS, 9) => (source, day(11, 20)),
                _ => (source, on),
            };
            let ids = year.posted(source, period.0, period.1);
            year.post(on, by, vec![stated(on, source, period, ids)]);
        }
    }
}

fn adopted(on: Date, name: &str, entries: Vec<CodeListEntry>) -> Event {
    event(on, &format!("code-list/{name}"), CLERK, Payload::CodeListAdopted(CodeListAdopted { entries }))
}
