//! The words in which the tests speak: one short function for each thing that is said, with usual values.
//!
//! Invariant: what these say on their own is acceptable on the ground; each test bends one thing.

use jiff::civil::Date;
use sha2::Digest;
use std::sync::Arc;
use uuid::Uuid;

use crate::domain::command::{Command, Expected};
use crate::domain::event::*;
use crate::domain::id::{Code, SourceName, Subject};
use crate::domain::value::{Label, Occurred, Sha256, Url, Words};

pub(crate) const TEXT: &str = "We are open – and fair. We listen to staff.";

/// An event, its poster, and what the poster believes.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) event: Event,
    pub(crate) source: SourceName,
    pub(crate) expected: Expected,
}

pub(crate) fn on(when: &str, subject: &str, payload: impl Into<Payload>) -> Said {
    let event = Event {
        id: Uuid::new_v4(),
        subject: Subject::parse(subject).unwrap(),
        occurred: Occurred::parse(when).unwrap(),
        source_sequence: None,
        producer_recorded_at: None,
        actor_post: None,
        correlation_id: None,
        causation_id: None,
        payload: payload.into(),
    };
    Said { event, source: SourceName::parse("register").unwrap(), expected: Expected::Any }
}

impl Said {
    pub(crate) fn command(self) -> Command {
        Command { source: self.source, expected: self.expected, event: Arc::new(self.event) }
    }

    pub(crate) fn from(mut self, source: &str) -> Self {
        self.source = SourceName::parse(source).unwrap();
        self
    }

    pub(crate) fn acted(mut self, post: &str) -> Self {
        self.event.actor_post = Some(code(post));
        self
    }

    pub(crate) fn expecting(mut self, expected: Expected) -> Self {
        self.expected = expected;
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Event)) -> Self {
        change(&mut self.event);
        self
    }

    pub(crate) fn with_id(self, id: Uuid) -> Self {
        self.with(|event| event.id = id)
    }
}

pub(crate) fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

pub(crate) fn codes(texts: &[&str]) -> Vec<Code> {
    texts.iter().map(|text| code(text)).collect()
}

pub(crate) fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn url() -> Url {
    Url::parse("https://example.org/help").unwrap()
}

pub(crate) fn words() -> Words {
    Words(hash("words"))
}

pub(crate) fn hash(text: &str) -> Sha256 {
    Sha256(sha2::Sha256::digest(text).into())
}

/// A random UUID that is always the same for a number.
pub(crate) fn uuid(number: u8) -> Uuid {
    uuid::Builder::from_random_bytes([number; 16]).into_uuid()
}

pub(crate) fn item(number: u8) -> String {
    format!("feedback/{}", uuid(number))
}

pub(crate) fn opened() -> Said {
    let opened = LedgerOpened {
        organisation: label("Acme Council"),
        origin: "ledger.example/acme".into(),
        time_zone: "Europe/London".into(),
        example_data: true,
        simulated_clock: false,
        access: Access::Open,
    };
    on("2025-01-01", "ledger/acme", opened).from("operator")
}

pub(crate) fn grant(source: &str, types: &[&str], subjects: &[&str], posts: &[&str]) -> Said {
    let own = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    let payload = GrantChanged { types: own(types), subjects: own(subjects), posts: own(posts) };
    on("2025-01-02", &format!("source/{source}"), payload).from("operator")
}

pub(crate) fn post(id: &str, from: &str, to: Option<&str>, held_with: &[&str]) -> Said {
    let payload = PostRegistered {
        title: label("A post"),
        valid_from: day(from),
        valid_to: to.map(day),
        held_with: codes(held_with),
    };
    on("2025-01-01", &format!("post/{id}"), payload)
}

pub(crate) fn entry(id: &str, from: Option<&str>, to: Option<&str>) -> CodeListEntry {
    CodeListEntry {
        code: code(id),
        title: label("A code"),
        valid_from: from.map(day),
        valid_to: to.map(day),
        aliases: Vec::new(),
    }
}

pub(crate) fn list_of(when: &str, id: &str, entries: Vec<CodeListEntry>) -> Said {
    on(when, &format!("code-list/{id}"), CodeListAdopted { entries })
}

pub(crate) fn list(id: &str, entries: &[&str]) -> Said {
    list_of("2025-01-01", id, entries.iter().map(|code| entry(code, None, None)).collect())
}

pub(crate) fn calendar(from: &str, to: &str, holidays: &[&str]) -> Said {
    let holiday = |on: &&str| Holiday { on: day(on), title: label("A holiday"), kind: HolidayKind::Public };
    let holidays = holidays.iter().map(holiday).collect();
    let payload = CalendarAdopted { covers_from: day(from), covers_to: day(to), holidays };
    on("2025-01-01", "calendar/main", payload)
}

pub(crate) fn settings(when: &str, suppress: u32, survey: u32, release: u32) -> Said {
    let payload = ReportSettingsAdopted {
        calendar: code("main"),
        acknowledge_within: 5,
        respond_within: 20,
        change_within: 60,
        suppress_below: suppress,
        survey_minimum: survey,
        release_interval: release,
    };
    on(when, "settings/reports", payload)
}

pub(crate) fn pledge(when: &str, version: u32, dispositions: &[(&str, Disposition)]) -> Said {
    let dispose = |(id, disposition): &(&str, Disposition)| CommitmentDisposition {
        commitment: code(id),
        disposition: *disposition,
    };
    let payload = PledgePublished {
        title: label("Our pledge"),
        version,
        text: TEXT.into(),
        sha256: hash(TEXT),
        principles: vec![label("trust"), label("choice")],
        values: vec![label("Fairness")],
        dispositions: dispositions.iter().map(dispose).collect(),
    };
    on(when, "pledge/main", payload)
}

pub(crate) fn commitment_made() -> CommitmentMade {
    CommitmentMade {
        title: label("Open and fair"),
        pledge: code("main"),
        pledge_version: 1,
        quote: "open – and fair".into(),
        span_start: 7,
        span_end: 22,
        kind: CommitmentKind::Continuing,
        owner_post: code("head"),
        audience: codes(&["staff"]),
        principles: vec![label("trust")],
        delivers: Vec::new(),
    }
}

pub(crate) fn commitment(id: &str) -> Said {
    on("2025-02-01", &format!("commitment/{id}"), commitment_made())
}

/// What every other test stands on, acceptable in this order.
pub(crate) fn ground() -> Vec<Said> {
    vec![
        opened(),
        post("head", "2020-01-01", None, &[]),
        post("assessor", "2020-01-01", None, &[]),
        post("deputy", "2020-01-01", None, &["head"]),
        post("past", "2020-01-01", Some("2025-03-31"), &[]),
        list("audience", &["staff", "partners"]),
        list("channel", &["box", "survey"]),
        list_of(
            "2025-01-01",
            "theme",
            vec![
                entry("rest", None, None),
                entry("rotas", Some("2025-04-01"), Some("2025-06-30")),
                entry("spare", None, None),
            ],
        ),
        list("no-change-reason", &["cost", "law"]),
        list("evidence-kind", &["minutes", "photo"]),
        calendar("2025-01-01", "2026-12-31", &["2025-12-25"]),
        settings("2025-01-01", 5, 10, 28),
        pledge("2025-01-10", 1, &[]),
        commitment("C1"),
        commitment("C2"),
    ]
}

pub(crate) fn action_planned() -> ActionPlanned {
    ActionPlanned {
        title: label("Rest spaces"),
        commitments: codes(&["C1"]),
        owner_post: code("head"),
        first_due: day("2025-06-30"),
        origin: Origin::Review,
        feedback: Vec::new(),
        replaces: None,
    }
}

pub(crate) fn planned(when: &str) -> Said {
    on(when, "action/a", action_planned())
}

pub(crate) fn started(when: &str) -> Said {
    on(when, "action/a", ActionStarted {})
}

pub(crate) fn revised(when: &str, old: &str, new: &str) -> Said {
    let payload = DeadlineRevised {
        old_due: day(old),
        new_due: day(new),
        approver_post: code("assessor"),
        reason: Some(words()),
    };
    on(when, "action/a", payload)
}

pub(crate) fn completed(when: &str, evidence: &[&str]) -> Said {
    on(when, "action/a", ActionCompleted { evidence: codes(evidence) }).from("tracker")
}

pub(crate) fn verified(when: &str, verifier: &str, evidence: &[&str]) -> Said {
    on(when, "action/a", ActionVerified { verifier_post: code(verifier), evidence: codes(evidence) })
}

pub(crate) fn reopened(when: &str) -> Said {
    on(when, "action/a", ActionReopened { reason: words() })
}

pub(crate) fn cancelled(when: &str) -> Said {
    on(when, "action/a", ActionCancelled { reason: words() })
}

pub(crate) fn evidence(id: &str, about: &str, document: &str) -> Said {
    let payload = EvidenceAttached {
        about: Subject::parse(about).unwrap(),
        sha256: hash(document),
        size_bytes: 1_000,
        media_type: "application/pdf".into(),
        kind: code("minutes"),
        uri: None,
    };
    on("2025-04-15", &format!("evidence/{id}"), payload)
}

pub(crate) fn feedback_sought() -> FeedbackSought {
    FeedbackSought {
        title: label("Spring round"),
        respondents: Respondents::Staff,
        opens: day("2025-04-01"),
        closes: day("2025-04-30"),
        invited: Some(10),
        channels: codes(&["survey"]),
        anonymity_options: vec![Anonymity::Anonymous, Anonymity::Confidential],
        support_url: url(),
        commitments: codes(&["C1"]),
    }
}

pub(crate) fn feedback_received(anonymity: Anonymity, contact: Contact) -> FeedbackReceived {
    FeedbackReceived {
        round: None,
        respondents: Respondents::Staff,
        themes: codes(&["rest"]),
        policies: Vec::new(),
        channel: code("box"),
        anonymity,
        contact,
        content_commitment: None,
        receipt_code_hash: None,
    }
}

pub(crate) fn received(when: &str, number: u8) -> Said {
    on(when, &item(number), feedback_received(Anonymity::Confidential, Contact::Direct))
}

pub(crate) fn anonymous(when: &str, number: u8) -> Said {
    on(when, &item(number), feedback_received(Anonymity::Anonymous, Contact::None))
}

pub(crate) fn responded(when: &str, number: u8, outcome: ResponseOutcome) -> Said {
    let payload = FeedbackResponded { outcome, mode: ResponseMode::Public, response_url: Some(url()) };
    on(when, &item(number), payload)
}

pub(crate) fn closed(when: &str, number: u8) -> Said {
    let payload = FeedbackClosedWithoutChange { reason_code: code("cost"), reason: words() };
    on(when, &item(number), payload)
}

pub(crate) fn policy() -> Said {
    let payload = PolicyRegistered {
        title: label("Flexible working"),
        owner_post: code("head"),
        version: code("1.0"),
        document_sha256: hash("first"),
        review_due: day("2026-01-01"),
    };
    on("2025-02-01", "policy/flex", payload)
}

pub(crate) fn change_proposed() -> PolicyChangeProposed {
    PolicyChangeProposed {
        title: label("Rest breaks"),
        policy: code("flex"),
        origin: Origin::Review,
        feedback: Vec::new(),
        commitments: codes(&["C1"]),
        nature: ChangeNature::Substantive,
    }
}

pub(crate) fn proposed(when: &str) -> Said {
    on(when, "policy-change/p", change_proposed())
}

pub(crate) fn approved(when: &str) -> Said {
    on(when, "policy-change/p", PolicyChangeApproved { by_post: code("head") })
}

pub(crate) fn policy_changed(effective_on: &str, document: &str) -> PolicyChanged {
    PolicyChanged {
        policy: code("flex"),
        version: code("1.1"),
        effective_on: day(effective_on),
        document_sha256: hash(document),
        what_changed: words(),
    }
}

pub(crate) fn changed(when: &str, document: &str) -> Said {
    on(when, "policy-change/p", policy_changed(when, document))
}

pub(crate) fn void(when: &str, target: &Said) -> Said {
    let payload = EventVoided {
        target_event_id: target.event.id,
        target_source: Some(target.source.clone()),
        ground: VoidGround::Test,
        approver_post: code("assessor"),
    };
    on(when, &target.event.subject.to_string(), payload)
}
