//! Ten years of an invented organisation, day by day: as many events of mixed types as are asked for.
//!
//! Invariant: deterministic. What is posted about a subject is posted in an order that can be true. Of a thousand events
//! some 270 are about actions and their evidence, 400 about feedback, 130 about sessions, 45 each about awareness and
//! survey results, 20 about policies and their changes; and of each other kind of report's matter there is some.

#[path = "said.rs"]
mod said;

use jiff::{ToSpan as _, civil::Date, civil::date};
use pledgebook::domain::event::*;
use pledgebook::domain::id::{Code, Kind, SourceName, Subject};
use pledgebook::domain::value::{Decimal, Label, Occurred, Sha256, Words};
use uuid::Uuid;

use said::{of_action, of_feedback, of_learning, of_policies, of_surveys};

pub(crate) const FIRST_DAY: Date = date(2016, 4, 1);
/// Ten financial years.
pub(crate) const DAYS: i32 = 3_652;

/// What happens, in the order in which it happens to one subject.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    Plan,
    Start,
    Progress,
    Move,
    Complete,
    Photograph,
    Verify,
    Cancel,
    Receive,
    Acknowledge,
    Consider,
    Respond,
    Link,
    Tell,
    Withdraw,
    Offer,
    Deliver,
    Baseline,
    Cover,
    Support,
    Hold,
    Signpost,
    Survey,
    Seek,
    CloseRound,
    Publish,
    Measure,
    Review,
    Register,
    ReviewPolicy,
    Propose,
    Approve,
    Change,
    Decline,
    State,
    Point,
    Issue,
    Void,
    Correct,
}

pub(crate) struct Posted {
    pub(crate) source: SourceName,
    pub(crate) day: i32,
    pub(crate) event: Event,
}

/// Splitmix64: the same numbers everywhere.
fn dice(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn roll(step: Step, subject: u32, of: u64) -> u64 {
    dice((step as u64) << 40 | u64::from(subject)) % of
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn day(number: i32) -> Date {
    FIRST_DAY.checked_add(number.days()).unwrap()
}

fn words() -> Words {
    Words(Sha256([7; 32]))
}

fn id(step: Step, subject: u32) -> Uuid {
    let seed = (step as u64) << 40 | u64::from(subject);
    Uuid::from_u64_pair(dice(seed), dice(!seed))
}

fn commitment(number: u32) -> Code {
    code(&format!("C{}", 1 + dice(u64::from(number)) % 16))
}

/// Everything that happens: day, subject, step.
fn happenings(events: u64) -> Vec<(i32, u32, Step)> {
    let mut all = Vec::new();
    let scale = |per_million: u64| (per_million * events / 1_000_000) as u32;
    let begin = |step, subject: u32| roll(step, subject, DAYS as u64) as i32;
    for n in 0..scale(44_000) {
        let on = begin(Step::Plan, n);
        let fate = roll(Step::Plan, n, 100);
        let mut steps = vec![(0, Step::Plan), (10, Step::Start), (40, Step::Progress)];
        if fate.is_multiple_of(3) {
            steps.push((60, Step::Move));
        }
        let late = roll(Step::Complete, n, 120) as i32;
        match fate {
            0 => {}
            1..5 => steps.push((80, Step::Cancel)),
            5 => steps.push((100 + late, Step::Complete)),
            _ => steps.extend([
                (70 + late, Step::Complete),
                (71 + late, Step::Photograph),
                (80 + late, Step::Verify),
            ]),
        }
        if fate % 37 == 7 {
            steps.push((200 + late, if fate < 50 { Step::Correct } else { Step::Void }));
        }
        all.extend(steps.into_iter().map(|(later, step)| (on + later, n, step)));
    }
    for n in 0..scale(76_000) {
        let on = begin(Step::Receive, n);
        let fate = roll(Step::Receive, n, 100);
        let wait = roll(Step::Respond, n, 40) as i32;
        let mut steps = vec![(0, Step::Receive), (3, Step::Acknowledge), (10, Step::Consider)];
        if fate > 4 {
            steps.push((12 + wait, Step::Respond));
        }
        if fate > 10 {
            steps.push((50 + wait, Step::Tell));
        }
        if fate.is_multiple_of(5) {
            steps.push((45 + wait, Step::Link));
        }
        if fate == 99 {
            steps.push((300, Step::Withdraw));
        }
        all.extend(steps.into_iter().map(|(later, step)| (on + later, n, step)));
    }
    let mut often = |first: Step, per_million: u64, then: &[(i32, Step)]| {
        for n in 0..scale(per_million) {
            let on = begin(first, n);
            all.push((on, n, first));
            all.extend(then.iter().map(|(later, step)| (on + later, n, *step)));
        }
    };
    often(Step::Offer, 66_000, &[(30, Step::Deliver)]);
    often(Step::Cover, 5_000, &[]);
    often(Step::Support, 16_000, &[]);
    often(Step::Hold, 44_000, &[]);
    often(Step::Signpost, 20_000, &[]);
    often(Step::Survey, 44_000, &[]);
    often(Step::Seek, 1_500, &[(30, Step::CloseRound), (60, Step::Publish)]);
    often(Step::Measure, 2_000, &[]);
    often(Step::Review, 160, &[]);
    often(Step::ReviewPolicy, 1_500, &[]);
    for n in 0..scale(4_000) {
        let on = begin(Step::Propose, n);
        all.push((on, n, Step::Propose));
        match roll(Step::Propose, n, 20) {
            0 => all.push((on + 40, n, Step::Decline)),
            1 => {}
            _ => all.extend([(on + 40, n, Step::Approve), (on + 60, n, Step::Change)]),
        }
    }
    all.extend((0..30).map(|n| (0, n, Step::Baseline)));
    all.extend((0..400).map(|n| (1, n, Step::Register)));
    all.extend((0..840).map(|n| (30 * (1 + n as i32 / 7), n, Step::State)));
    all.extend((0..40).map(|n| (91 * (1 + n as i32), n, Step::Point)));
    all.extend((0..480).map(|n| (92 * (1 + n as i32 / 12), n, Step::Issue)));
    all.retain(|(on, _, _)| *on < DAYS);
    all.sort_by_key(|(on, n, step)| (*on, *step, *n));
    all
}

fn posts_commitments_and_lists() -> Vec<(Subject, Payload)> {
    let mut all: Vec<(Subject, Payload)> = Vec::new();
    let on = |kind: Kind, id: &str| kind.subject(&code(id));
    for id in ["people", "chief", "audit", "estates"] {
        let title = label(&format!("Head of {id}"));
        let post = PostRegistered { title, valid_from: FIRST_DAY, valid_to: None, held_with: vec![] };
        all.push((on(Kind::Post, id), post.into()));
    }
    let entry = |id: String| {
        let (code, title) = (code(&id), label(&id));
        CodeListEntry { code, title, valid_from: None, valid_to: None, aliases: vec![] }
    };
    let councils = (0..32).map(|n| entry(format!("council-{n}"))).collect();
    all.push((on(Kind::CodeList, "council"), CodeListAdopted { entries: councils }.into()));
    let calendar = CalendarAdopted { covers_from: FIRST_DAY, covers_to: day(DAYS + 365), holidays: vec![] };
    all.push((on(Kind::Calendar, "scotland"), calendar.into()));
    let settings = ReportSettingsAdopted {
        calendar: code("scotland"),
        acknowledge_within: 5,
        respond_within: 20,
        change_within: 60,
        suppress_below: 5,
        survey_minimum: 10,
        release_interval: 28,
    };
    all.push((on(Kind::Settings, "reports"), settings.into()));
    for n in 1..=16 {
        let made = CommitmentMade {
            title: label("A line of the pledge, as people call it"),
            pledge: code("pledge"),
            pledge_version: 1,
            quote: "a line of the pledge, in its own words, as long as such lines are".into(),
            span_start: 10 * n,
            span_end: 10 * n + 9,
            kind: CommitmentKind::Continuing,
            owner_post: code("people"),
            audience: vec![code("staff")],
            principles: vec![],
            delivers: vec![],
        };
        all.push((on(Kind::Commitment, &format!("C{n}")), made.into()));
    }
    for n in 0..48 {
        let agreed = MeasureAgreed {
            commitment: code(&format!("C{}", 1 + n % 16)),
            title: label("What is counted"),
            definition: words(),
            unit: label("%"),
            numerator: label("counted"),
            denominator: Some(label("of all")),
            target: Some(Decimal::parse("80").unwrap()),
            direction: Direction::Up,
            due: Some(day(DAYS)),
            owner_post: code("people"),
        };
        all.push((on(Kind::Measure, &format!("measure-{n}")), agreed.into()));
    }
    for n in 0..30 {
        let unit = UnitRegistered {
            title: label(&format!("Unit {n}")),
            valid_from: FIRST_DAY,
            valid_to: None,
            part_of: None,
        };
        all.push((on(Kind::Unit, &format!("unit-{n}")), unit.into()));
    }
    all
}

fn event(id: Uuid, on: i32, subject: Subject, payload: Payload) -> Event {
    Event {
        id,
        subject,
        occurred: Occurred::Day(day(on)),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: None,
        correlation_id: None,
        causation_id: None,
        payload,
    }
}

/// What was posted, in the order of the ledger, behind its genesis.
pub(crate) fn posted(events: u64) -> impl Iterator<Item = Posted> {
    let source = SourceName::parse("register").unwrap();
    let (of_first, of_later) = (source.clone(), source);
    let first = posts_commitments_and_lists().into_iter().enumerate().map(move |(n, (subject, payload))| {
        let event = event(Uuid::from_u128(n as u128 + 1), 0, subject, payload);
        Posted { source: of_first.clone(), day: 0, event }
    });
    let mut position = 100;
    let later = happenings(events).into_iter().map(move |(on, n, step)| {
        position += 1;
        let (subject, payload) = said(step, n, on, position);
        Posted { source: of_later.clone(), day: on, event: event(id(step, n), on, subject, payload) }
    });
    first.chain(later)
}

fn said(step: Step, n: u32, on: i32, position: u64) -> (Subject, Payload) {
    let of = |kind: Kind, id: String| kind.subject(&code(&id));
    let named = |kind: Kind, name: &str| of(kind, format!("{name}-{n}"));
    let action = named(Kind::Action, "action");
    let serves = || vec![commitment(n), commitment(n ^ 0x5555)];
    match step {
        Step::Plan
        | Step::Start
        | Step::Progress
        | Step::Move
        | Step::Complete
        | Step::Photograph
        | Step::Verify
        | Step::Cancel
        | Step::Void
        | Step::Correct => of_action(step, n, on, action),
        Step::Receive
        | Step::Acknowledge
        | Step::Consider
        | Step::Respond
        | Step::Link
        | Step::Tell
        | Step::Withdraw => (of(Kind::Feedback, id(Step::Receive, n).to_string()), of_feedback(step, n)),
        Step::Register
        | Step::ReviewPolicy
        | Step::Propose
        | Step::Approve
        | Step::Change
        | Step::Decline => of_policies(step, n, on),
        Step::Offer | Step::Deliver | Step::Baseline | Step::Cover | Step::Support => {
            of_learning(step, n, on)
        }
        Step::Hold => {
            let held = AwarenessActivityHeld {
                title: label("An open day for councils and partners"),
                purpose: Purpose::ALL[n as usize % Purpose::ALL.len()],
                audience: vec![code("councils")],
                commitments: serves(),
                councils: vec![code(&format!("council-{}", n % 32))],
                partners: vec![],
                attendances: Some(n % 90),
            };
            (named(Kind::Awareness, "awareness"), held.into())
        }
        Step::Signpost => {
            let told = SupportSignposted {
                route: code("helpline"),
                channel: code("intranet"),
                reach: Some(80),
                commitments: vec![commitment(n)],
            };
            (named(Kind::Signposting, "signposting"), told.into())
        }
        Step::Survey | Step::Seek | Step::CloseRound | Step::Publish => of_surveys(step, n, on),
        Step::Measure => {
            let value = MeasureReported {
                period_from: day(on - 90),
                period_to: day(on),
                numerator: 60 + n % 40,
                denominator: Some(100),
            };
            (of(Kind::Measure, format!("measure-{}", n % 48)), value.into())
        }
        Step::Review => {
            let reviewed = CommitmentReviewed {
                period_from: day(on - 180),
                period_to: day(on),
                outcome: ReviewOutcome::Partly,
                rubric_version: code("v1"),
                assessor_post: code("audit"),
                evidence: vec![],
            };
            (Kind::Commitment.subject(&commitment(n)), reviewed.into())
        }
        Step::State => {
            let (from, to) = (day(on - 30), day(on - 1));
            let stated =
                SourceStatement { period_from: from, period_to: to, count: 1_000, digest: Sha256([4; 32]) };
            (of(Kind::Source, format!("source-{}", n % 7)), stated.into())
        }
        Step::Point => (named(Kind::ReleasePoint, "point"), ReleasePointDeclared { position }.into()),
        Step::Issue => {
            let issued = ReportIssued {
                report: code(&format!("R{}", 1 + n % 12)),
                release_point: None,
                as_at: day(on),
                as_known: position,
                definition_version: 1,
                sha256: Sha256([3; 32]),
                suppressed_cells: 0,
            };
            (named(Kind::IssuedReport, "issue"), issued.into())
        }
    }
}
