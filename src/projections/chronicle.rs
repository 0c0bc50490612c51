//! Writes small ledgers for tests, fact by fact. Only for tests; it judges nothing.
//!
//! Invariant: sequences run without gaps from 0, and recorded times never decrease.

mod later;
pub(crate) mod people;
mod service;
mod trust;
mod voices;

use jiff::{Timestamp, civil::Date};
use std::sync::Arc;
use uuid::Uuid;

use super::Views;
use crate::domain::command::Recorded;
use crate::domain::event::*;
use crate::domain::id::{Code, SourceName, Subject};
use crate::domain::irregularity::Irregularity;
use crate::domain::value::{Label, Occurred, Sha256, Url, Words};

pub(crate) fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

pub(crate) fn codes(texts: &[&str]) -> Vec<Code> {
    texts.iter().map(|text| code(text)).collect()
}

pub(crate) fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

pub(crate) fn on(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn words() -> Words {
    Words(Sha256([7; 32]))
}

/// A ledger in the making.
pub(crate) struct Chronicle {
    pub(crate) facts: Vec<Recorded>,
    now: Timestamp,
    source: SourceName,
}

impl Chronicle {
    /// A ledger that was opened in Europe/London, and nothing else.
    pub(crate) fn opened(example_data: bool) -> Self {
        let now = "2025-03-01T09:00:00Z".parse().unwrap();
        let mut this = Self { facts: Vec::new(), now, source: SourceName::parse("register").unwrap() };
        this.say(
            "ledger/acme",
            "2025-03-01",
            LedgerOpened {
                organisation: label("Acme Improvement"),
                origin: "ledger.example/acme".into(),
                time_zone: "Europe/London".into(),
                example_data,
                simulated_clock: false,
                access: Access::Open,
            },
        );
        this
    }

    /// From now on events are recorded at this instant.
    pub(crate) fn at(&mut self, now: &str) -> &mut Self {
        self.now = self.now.max(now.parse().unwrap());
        self
    }

    /// From now on this source posts.
    pub(crate) fn by(&mut self, source: &str) -> &mut Self {
        self.source = SourceName::parse(source).unwrap();
        self
    }

    /// Records an event; gives back its sequence.
    pub(crate) fn say(&mut self, subject: &str, occurred: &str, payload: impl Into<Payload>) -> u64 {
        self.say_marked(subject, occurred, payload, &[])
    }

    pub(crate) fn say_marked(
        &mut self,
        subject: &str,
        occurred: &str,
        payload: impl Into<Payload>,
        marks: &[Irregularity],
    ) -> u64 {
        let sequence = self.facts.len() as u64;
        self.facts.push(Recorded {
            sequence,
            recorded_at: self.now,
            source: self.source.clone(),
            irregularities: marks.to_vec(),
            event: Arc::new(Event {
                id: Uuid::from_u128(u128::from(sequence) + 1),
                subject: Subject::parse(subject).unwrap(),
                occurred: Occurred::parse(occurred).unwrap(),
                source_sequence: None,
                producer_recorded_at: None,
                actor_post: None,
                correlation_id: None,
                causation_id: None,
                payload: payload.into(),
            }),
        });
        sequence
    }

    /// Says an event anew: on that day, with that content.
    pub(crate) fn correct(&mut self, target: u64, occurred: &str, payload: impl Into<Payload>) -> u64 {
        let event = self.facts[target as usize].event.clone();
        let corrected = Corrected {
            subject: event.subject.clone(),
            occurred: Occurred::parse(occurred).unwrap(),
            actor_post: None,
            payload: Box::new(payload.into()),
        };
        let made = CorrectionMade {
            target_event_id: event.id,
            target_source: Some(self.facts[target as usize].source.clone()),
            corrected,
            approver_post: Some(code("people")),
            reason: words(),
        };
        self.say(&event.subject.to_string(), "2025-09-01", made)
    }

    pub(crate) fn void(&mut self, target: u64, occurred: &str) -> u64 {
        let target = self.facts[target as usize].clone();
        let void = EventVoided {
            target_event_id: target.event.id,
            target_source: Some(target.source),
            ground: VoidGround::WrongSubject,
            approver_post: code("chief"),
        };
        self.say(&target.event.subject.to_string(), occurred, void)
    }

    pub(crate) fn post(&mut self, id: &str, title: &str) -> u64 {
        let post = PostRegistered {
            title: label(title),
            valid_from: on("2025-03-01"),
            valid_to: None,
            held_with: vec![],
        };
        self.say(&format!("post/{id}"), "2025-03-01", post)
    }

    pub(crate) fn commitment(&mut self, id: &str, title: &str, quote: &str, delivers: &[&str]) -> u64 {
        let made = CommitmentMade {
            title: label(title),
            pledge: code("pledge"),
            pledge_version: 1,
            quote: quote.into(),
            span_start: 10,
            span_end: 20,
            kind: CommitmentKind::Continuing,
            owner_post: code("people"),
            audience: codes(&["staff"]),
            principles: vec![],
            delivers: delivers
                .iter()
                .map(|id| Delivery { commitment: code(id), basis: DeliveryBasis::Stated })
                .collect(),
        };
        self.say(&format!("commitment/{id}"), "2025-03-01", made)
    }

    pub(crate) fn pledge(&mut self, version: u32, occurred: &str, said: &[(&str, Disposition)]) -> u64 {
        let published = PledgePublished {
            title: label("Our pledge"),
            version,
            text: "We will listen.".into(),
            sha256: Sha256([1; 32]),
            principles: vec![],
            values: vec![],
            dispositions: said
                .iter()
                .map(|(id, disposition)| CommitmentDisposition {
                    commitment: code(id),
                    disposition: *disposition,
                })
                .collect(),
        };
        self.say("pledge/pledge", occurred, published)
    }

    pub(crate) fn plan(&mut self, id: &str, occurred: &str, due: &str, commitments: &[&str]) -> u64 {
        self.plan_replacing(id, occurred, due, commitments, None)
    }

    pub(crate) fn plan_replacing(
        &mut self,
        id: &str,
        occurred: &str,
        due: &str,
        commitments: &[&str],
        replaces: Option<&str>,
    ) -> u64 {
        let plan = ActionPlanned {
            title: label(&format!("Action {id}")),
            commitments: codes(commitments),
            owner_post: code("people"),
            first_due: on(due),
            origin: Origin::Other,
            feedback: vec![],
            replaces: replaces.map(code),
        };
        self.say(&format!("action/{id}"), occurred, plan)
    }

    pub(crate) fn start(&mut self, id: &str, occurred: &str) -> u64 {
        self.say(&format!("action/{id}"), occurred, ActionStarted {})
    }

    pub(crate) fn moved(&mut self, id: &str, occurred: &str, from: &str, to: &str, backdated: bool) -> u64 {
        let revised = DeadlineRevised {
            old_due: on(from),
            new_due: on(to),
            approver_post: code("chief"),
            reason: None,
        };
        let marks: &[_] = if backdated { &[Irregularity::BackdatedDeadline] } else { &[] };
        self.say_marked(&format!("action/{id}"), occurred, revised, marks)
    }

    pub(crate) fn complete(&mut self, id: &str, occurred: &str) -> u64 {
        self.say(&format!("action/{id}"), occurred, ActionCompleted { evidence: vec![] })
    }

    pub(crate) fn verify(&mut self, id: &str, occurred: &str) -> u64 {
        let verified = ActionVerified { verifier_post: code("audit"), evidence: codes(&["photo"]) };
        self.say(&format!("action/{id}"), occurred, verified)
    }

    pub(crate) fn reopen(&mut self, id: &str, occurred: &str) -> u64 {
        self.say(&format!("action/{id}"), occurred, ActionReopened { reason: words() })
    }

    pub(crate) fn cancel(&mut self, id: &str, occurred: &str) -> u64 {
        self.say(&format!("action/{id}"), occurred, ActionCancelled { reason: words() })
    }

    pub(crate) fn evidence(&mut self, id: &str, occurred: &str, about: &str) -> u64 {
        let attached = EvidenceAttached {
            about: Subject::parse(about).unwrap(),
            sha256: Sha256([3; 32]),
            size_bytes: 1,
            media_type: "application/pdf".into(),
            kind: code("minutes"),
            uri: None,
        };
        self.say(&format!("evidence/{id}"), occurred, attached)
    }

    pub(crate) fn round(&mut self, id: &str, occurred: &str, commitments: &[&str]) -> u64 {
        let sought = FeedbackSought {
            title: label("Staff survey"),
            respondents: Respondents::Staff,
            opens: on("2025-05-01"),
            closes: on("2025-05-31"),
            invited: Some(80),
            channels: codes(&["web"]),
            anonymity_options: vec![Anonymity::Anonymous],
            support_url: Url::parse("https://help.example/").unwrap(),
            commitments: codes(commitments),
        };
        self.say(&format!("round/{id}"), occurred, sought)
    }

    /// `count` items of feedback; gives back their ids.
    pub(crate) fn feedback(&mut self, occurred: &str, respondents: Respondents, count: u64) -> Vec<Uuid> {
        (0..count)
            .map(|_| {
                let id = Uuid::from_u128(0xfeed_0000_0000 + self.facts.len() as u128);
                let received = FeedbackReceived {
                    round: None,
                    respondents,
                    themes: codes(&["flexible-working"]),
                    policies: vec![],
                    channel: code("web"),
                    anonymity: Anonymity::Confidential,
                    contact: Contact::None,
                    content_commitment: None,
                    receipt_code_hash: None,
                };
                self.say(&format!("feedback/{id}"), occurred, received);
                id
            })
            .collect()
    }

    pub(crate) fn policy(&mut self, id: &str, occurred: &str, review_due: &str) -> u64 {
        let registered = PolicyRegistered {
            title: label(&format!("Policy {id}")),
            owner_post: code("people"),
            version: code("v1"),
            document_sha256: Sha256([4; 32]),
            review_due: on(review_due),
        };
        self.say(&format!("policy/{id}"), occurred, registered)
    }

    pub(crate) fn propose(
        &mut self,
        id: &str,
        occurred: &str,
        policy: &str,
        why: (Origin, ChangeNature),
        feedback: &[Uuid],
    ) -> u64 {
        let proposed = PolicyChangeProposed {
            title: label(&format!("Change {id}")),
            policy: code(policy),
            origin: why.0,
            feedback: feedback.to_vec(),
            commitments: codes(&["C1"]),
            nature: why.1,
        };
        self.say(&format!("policy-change/{id}"), occurred, proposed)
    }

    pub(crate) fn approve(&mut self, id: &str, occurred: &str) -> u64 {
        let approved = PolicyChangeApproved { by_post: code("chief") };
        self.say(&format!("policy-change/{id}"), occurred, approved)
    }

    pub(crate) fn change(
        &mut self,
        id: &str,
        occurred: &str,
        policy: &str,
        from: &str,
        approved: bool,
    ) -> u64 {
        let changed = PolicyChanged {
            policy: code(policy),
            version: code("v2"),
            effective_on: on(from),
            document_sha256: Sha256([5; 32]),
            what_changed: words(),
        };
        let marks: &[_] = if approved { &[] } else { &[Irregularity::Unapproved] };
        self.say_marked(&format!("policy-change/{id}"), occurred, changed, marks)
    }

    pub(crate) fn settings(&mut self, suppress_below: u32) -> u64 {
        let settings = ReportSettingsAdopted {
            calendar: code("scotland"),
            acknowledge_within: 5,
            respond_within: 20,
            change_within: 60,
            suppress_below,
            survey_minimum: 10,
            release_interval: 28,
        };
        self.say("settings/reports", "2025-03-01", settings)
    }

    pub(crate) fn views(&self) -> Views {
        let mut views = Views::new();
        self.facts.iter().for_each(|fact| views.apply(fact));
        views
    }
}
