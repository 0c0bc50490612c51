//! What must stand before anything else: posts, code lists, the calendar, what steers the reports.
//!
//! Invariant: councils and holidays are real (`councils.csv`; mygov.scot); the rest is invented.

use jiff::civil::Date;

use super::super::cast::{GOVERNANCE, PEOPLE, POSTS};
use super::super::pen::{Year, after, date, day, event, texts};
use crate::grpc::wire::{
    CalendarAdopted, CodeListAdopted, CodeListEntry, Event, Holiday, HolidayKind, PostRegistered,
    ReportSettingsAdopted, event::Payload,
};

/// The 32 councils: register key, GSS code, name.
const COUNCILS: &str = include_str!("../councils.csv");

/// The lists of codes: name, then code and title.
const LISTS: [(&str, &[(&str, &str)]); 9] = [
    (
        "audience",
        &[
            ("own-organisation", "The whole organisation"),
            ("staff", "Staff"),
            ("leaders", "Leaders"),
            ("councils", "Councils"),
            ("partners", "Partners of councils"),
            ("services", "Services"),
            ("systems", "Systems"),
            ("workforce", "Workforce"),
        ],
    ),
    (
        "theme",
        &[
            ("flexible-hours", "Flexible hours"),
            ("absence-procedure", "Absence procedure"),
            ("recruitment-process", "Recruitment process"),
            ("workspace", "Offices and workspace"),
            ("supervision", "Supervision and reflective time"),
            ("meeting-practice", "How meetings are run"),
            ("induction", "Induction"),
            ("training-access", "Access to training"),
            ("travel-expenses", "Travel and expenses"),
            ("communication-of-change", "How change is announced"),
            ("partnership-working", "How we work with partners"),
        ],
    ),
    (
        "channel",
        &[
            ("survey", "Survey"),
            ("online-form", "Online form"),
            ("drop-in", "Drop-in session"),
            ("mailbox", "Feedback mailbox"),
            ("intranet", "Intranet"),
            ("team-meeting", "Team meetings"),
            ("poster", "Posters in the offices"),
        ],
    ),
    (
        "no-change-reason",
        &[
            ("already-in-place", "Already in place"),
            ("required-by-law", "Required by law"),
            ("outside-remit", "Outside our remit"),
            ("cost", "Cost"),
            ("decided-otherwise", "Considered, and decided otherwise"),
        ],
    ),
    (
        "evidence-kind",
        &[
            ("minutes", "Minutes"),
            ("published-document", "Published document"),
            ("session-record", "Record of sessions, counts only"),
            ("policy-document", "Policy document"),
            ("audit-note", "Note of an audit"),
            ("photographs", "Photographs of a place"),
        ],
    ),
    (
        "progress",
        &[
            ("on-track", "On track"),
            ("at-risk", "At risk"),
            ("delayed", "Delayed"),
            ("waiting", "Waiting for somebody else"),
        ],
    ),
    (
        "support-kind",
        &[
            ("coaching", "Coaching"),
            ("practice-circle", "Practice circle"),
            ("reflective-session", "Reflective session"),
        ],
    ),
    (
        "support-route",
        &[
            ("employee-assistance", "Employee assistance programme"),
            ("occupational-health", "Occupational health"),
            ("national-helpline", "National helplines"),
        ],
    ),
    (
        "partner",
        &[
            ("health-board", "A health board"),
            ("third-sector-interface", "A third sector interface"),
            ("police-division", "A police division"),
            ("integration-authority", "An integration authority"),
            ("housing-association", "A housing association"),
        ],
    ),
];

/// Public holidays in Scotland from April 2025 to April 2026. St Andrew's Day fell on a Sunday: Monday instead.
const HOLIDAYS: [(Date, &str); 10] = [
    (day(4, 18), "Good Friday"),
    (day(5, 5), "Early May bank holiday"),
    (day(5, 26), "Spring bank holiday"),
    (day(8, 4), "Summer bank holiday"),
    (day(12, 1), "St Andrew's Day (substitute)"),
    (day(12, 25), "Christmas Day"),
    (day(12, 26), "Boxing Day"),
    (day(1, 1), "New Year's Day"),
    (day(1, 2), "2nd January"),
    (after(4, 3), "Good Friday"),
];

const OPENING: Date = day(4, 1);
const BY: &str = "governance-lead";

pub(super) fn write(year: &mut Year) {
    // The post that acts is registered by nobody's hand: then it can act.
    let (first, others): (Vec<_>, Vec<_>) = POSTS.iter().partition(|(code, ..)| *code == BY);
    year.post(OPENING, GOVERNANCE, first.iter().map(|post| registered(OPENING, "", post)).collect());
    year.post(OPENING, GOVERNANCE, others.iter().map(|post| registered(OPENING, BY, post)).collect());
    let mut lists: Vec<Event> = LISTS.iter().map(|(name, codes)| adopted(name, entries(codes))).collect();
    lists.push(adopted("council", councils()));
    year.post(OPENING, GOVERNANCE, lists);
    year.post(OPENING, GOVERNANCE, vec![calendar(), settings()]);
    let practice = ("practice-lead", "Practice Support Lead", &[] as &[&str]);
    year.post(day(9, 1), PEOPLE, vec![registered(day(9, 1), "head-of-people", &practice)]);
}

fn registered(on: Date, by: &str, &(code, title, held_with): &(&str, &str, &[&str])) -> Event {
    let valid_from = Some(date(on));
    let post =
        PostRegistered { title: title.into(), valid_from, valid_to: None, held_with: texts(held_with) };
    event(on, &format!("post/{code}"), by, Payload::PostRegistered(post))
}

fn adopted(name: &str, entries: Vec<CodeListEntry>) -> Event {
    event(OPENING, &format!("code-list/{name}"), BY, Payload::CodeListAdopted(CodeListAdopted { entries }))
}

fn entries(codes: &[(&str, &str)]) -> Vec<CodeListEntry> {
    codes.iter().map(|&(code, title)| entry(code, title, "")).collect()
}

fn entry(code: &str, title: &str, alias: &str) -> CodeListEntry {
    CodeListEntry { code: code.into(), title: title.into(), alias: alias.into(), ..CodeListEntry::default() }
}

fn councils() -> Vec<CodeListEntry> {
    let fields = COUNCILS.lines().skip(1).map(|line| line.splitn(3, ',').collect::<Vec<_>>());
    fields.filter_map(|it| Some(entry(it.first()?, it.get(2)?, it.get(1)?))).collect()
}

fn calendar() -> Event {
    let holidays = HOLIDAYS
        .iter()
        .map(|&(on, title)| Holiday {
            on: Some(date(on)),
            title: title.into(),
            kind: HolidayKind::Public.into(),
        })
        .collect();
    let (covers_from, covers_to) = (Some(date(OPENING)), Some(date(after(4, 30))));
    let payload = Payload::CalendarAdopted(CalendarAdopted { covers_from, covers_to, holidays });
    event(OPENING, "calendar/scotland", BY, payload)
}

fn settings() -> Event {
    let settings = ReportSettingsAdopted {
        calendar: "scotland".into(),
        acknowledge_within: 5,
        respond_within: 20,
        change_within: 120,
        suppress_below: 5,
        survey_minimum: 10,
        release_interval: 28,
    };
    event(OPENING, "settings/reports", BY, Payload::ReportSettingsAdopted(settings))
}

/// Whether nobody works on that day.
pub(super) fn is_day_off(on: Date) -> bool {
    use jiff::civil::Weekday::{Saturday, Sunday};
    matches!(on.weekday(), Saturday | Sunday) || HOLIDAYS.iter().any(|(holiday, _)| *holiday == on)
}

#[cfg(test)]
pub(super) fn council_codes() -> usize {
    councils().len()
}
