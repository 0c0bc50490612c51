//! What happens to things after they began: owners, measures, reviews, ends, links, and what is done once.
//!
//! Invariant: as of the chronicle: it writes down whatever it is told. Only for tests.

use uuid::Uuid;

use super::{Chronicle, code, codes, label, on, words};
use crate::domain::event::*;
use crate::domain::id::Subject;
use crate::domain::irregularity::Irregularity;
use crate::domain::value::{Decimal, Url};

impl Chronicle {
    pub(crate) fn reassign(&mut self, subject: &str, occurred: &str, from: &str, to: &str) -> u64 {
        self.say(subject, occurred, OwnerReassigned { from_post: code(from), to_post: code(to) })
    }

    pub(crate) fn retire(&mut self, post: &str, occurred: &str, last_day: &str) -> u64 {
        self.say(&format!("post/{post}"), occurred, PostRetired { last_day: on(last_day) })
    }

    pub(crate) fn milestone(&mut self, id: &str, title: &str) -> u64 {
        let sequence = self.commitment(id, title, "publish a plan", &[]);
        let at = self.facts.len() - 1;
        let event = std::sync::Arc::make_mut(&mut self.facts[at].event);
        if let Payload::CommitmentMade(made) = &mut event.payload {
            made.kind = CommitmentKind::Milestone;
        }
        sequence
    }

    pub(crate) fn review(
        &mut self,
        commitment: &str,
        occurred: &str,
        span: (&str, &str),
        outcome: ReviewOutcome,
        evidence: &[&str],
        marks: &[Irregularity],
    ) -> u64 {
        let reviewed = CommitmentReviewed {
            period_from: on(span.0),
            period_to: on(span.1),
            outcome,
            rubric_version: code("v1"),
            assessor_post: code("audit"),
            evidence: codes(evidence),
        };
        self.say_marked(&format!("commitment/{commitment}"), occurred, reviewed, marks)
    }

    pub(crate) fn fulfil(&mut self, commitment: &str, occurred: &str, evidence: &[&str]) -> u64 {
        let fulfilled = CommitmentFulfilled { evidence: codes(evidence) };
        self.say(&format!("commitment/{commitment}"), occurred, fulfilled)
    }

    pub(crate) fn merge(&mut self, commitment: &str, occurred: &str, into: &str) -> u64 {
        let merged = CommitmentMerged { into: code(into), reason: words() };
        self.say(&format!("commitment/{commitment}"), occurred, merged)
    }

    pub(crate) fn supersede(&mut self, commitment: &str, occurred: &str, by: &str) -> u64 {
        let superseded = CommitmentSuperseded { by: code(by), reason: words() };
        self.say(&format!("commitment/{commitment}"), occurred, superseded)
    }

    pub(crate) fn withdraw(&mut self, commitment: &str, occurred: &str) -> u64 {
        let withdrawn = CommitmentWithdrawn { reason: words() };
        self.say(&format!("commitment/{commitment}"), occurred, withdrawn)
    }

    /// A measure in `unit` of something, of something else if `of` is given.
    pub(crate) fn measure(
        &mut self,
        id: &str,
        occurred: &str,
        commitment: &str,
        (unit, of): (&str, Option<&str>),
        target: Option<&str>,
    ) -> u64 {
        let agreed = MeasureAgreed {
            commitment: code(commitment),
            title: label(&format!("Measure {id}")),
            definition: words(),
            unit: label(unit),
            numerator: label("counted"),
            denominator: of.map(label),
            target: target.map(|it| Decimal::parse(it).unwrap()),
            direction: Direction::Up,
            due: Some(on("2027-03-31")),
            owner_post: code("people"),
        };
        self.say(&format!("measure/{id}"), occurred, agreed)
    }

    pub(crate) fn revise(&mut self, id: &str, occurred: &str, unit: &str, target: Option<&str>) -> u64 {
        let revised = MeasureRevised {
            title: label(&format!("Measure {id}")),
            definition: words(),
            unit: label(unit),
            numerator: label("counted"),
            denominator: None,
            target: target.map(|it| Decimal::parse(it).unwrap()),
            direction: Direction::Up,
            due: Some(on("2028-03-31")),
            approver_post: code("chief"),
            reason: words(),
        };
        self.say(&format!("measure/{id}"), occurred, revised)
    }

    pub(crate) fn value(
        &mut self,
        id: &str,
        occurred: &str,
        span: (&str, &str),
        numerator: u32,
        denominator: Option<u32>,
    ) -> u64 {
        let reported =
            MeasureReported { period_from: on(span.0), period_to: on(span.1), numerator, denominator };
        self.say(&format!("measure/{id}"), occurred, reported)
    }

    pub(crate) fn reject(&mut self, evidence: &str, occurred: &str) -> u64 {
        let rejected = EvidenceRejected { by_post: code("audit"), reason: words() };
        self.say(&format!("evidence/{evidence}"), occurred, rejected)
    }

    pub(crate) fn withdraw_evidence(&mut self, evidence: &str, occurred: &str) -> u64 {
        self.say(&format!("evidence/{evidence}"), occurred, EvidenceWithdrawn { reason: words() })
    }

    /// One of the things that are done once, by number: learning, support, awareness, signposting, a survey result.
    pub(crate) fn activity(&mut self, which: usize, id: &str, occurred: &str, commitments: &[&str]) -> u64 {
        let commitments = codes(commitments);
        let (kind, payload): (_, Payload) = match which % 5 {
            0 => (
                "session",
                LearningOffered {
                    title: label("A session"),
                    level: Level::Informed,
                    audience: vec![],
                    commitments,
                    held_on: on("2025-06-01"),
                    minutes: 60,
                    capacity: None,
                }
                .into(),
            ),
            1 => (
                "practice-support",
                PracticeSupportProvided {
                    kind: code("coaching"),
                    sessions: 1,
                    audience: vec![],
                    commitments,
                }
                .into(),
            ),
            2 => (
                "awareness",
                AwarenessActivityHeld {
                    title: label("An activity"),
                    purpose: Purpose::Impact,
                    audience: vec![],
                    commitments,
                    councils: vec![],
                    partners: vec![],
                    attendances: None,
                }
                .into(),
            ),
            3 => (
                "signposting",
                SupportSignposted { route: code("helpline"), channel: code("web"), reach: None, commitments }
                    .into(),
            ),
            _ => (
                "survey-result",
                SurveyResultRecorded {
                    instrument: code("staff-survey"),
                    instrument_version: code("v1"),
                    item: code("safe"),
                    unit: None,
                    round: None,
                    period_from: on("2025-05-01"),
                    period_to: on("2025-05-31"),
                    population: 80,
                    answers: 4,
                    withheld: true,
                    options: vec![],
                    agree_options: vec![],
                    dont_know_options: vec![],
                    commitments,
                }
                .into(),
            ),
        };
        self.say(&format!("{kind}/{id}"), occurred, payload)
    }

    pub(crate) fn link(&mut self, item: Uuid, occurred: &str, to: &str) -> u64 {
        let linked = FeedbackLinked { to: Subject::parse(to).unwrap() };
        self.say(&format!("feedback/{item}"), occurred, linked)
    }

    pub(crate) fn unlink(&mut self, item: Uuid, occurred: &str, from: &str) -> u64 {
        let unlinked = FeedbackUnlinked { from: Subject::parse(from).unwrap() };
        self.say(&format!("feedback/{item}"), occurred, unlinked)
    }

    pub(crate) fn take_back(&mut self, item: Uuid, occurred: &str, scope: WithdrawalScope) -> u64 {
        self.say(&format!("feedback/{item}"), occurred, FeedbackWithdrawn { scope })
    }

    pub(crate) fn decline(&mut self, change: &str, occurred: &str) -> u64 {
        let declined = PolicyChangeDeclined { by_post: code("chief"), reason: words() };
        self.say(&format!("policy-change/{change}"), occurred, declined)
    }

    pub(crate) fn abandon(&mut self, change: &str, occurred: &str) -> u64 {
        let abandoned = PolicyChangeAbandoned { by_post: code("chief"), reason: words() };
        self.say(&format!("policy-change/{change}"), occurred, abandoned)
    }

    pub(crate) fn reverse(&mut self, change: &str, occurred: &str) -> u64 {
        let reversed = PolicyChangeReversed { by_post: code("chief"), reason: words() };
        self.say(&format!("policy-change/{change}"), occurred, reversed)
    }

    pub(crate) fn review_policy(&mut self, policy: &str, occurred: &str, next_due: &str) -> u64 {
        let outcome = PolicyReviewOutcome::NoChange;
        let reviewed = PolicyReviewed { outcome, change: None, next_due: on(next_due) };
        self.say(&format!("policy/{policy}"), occurred, reviewed)
    }

    /// Events that change nothing in the reports about commitments, actions and policies.
    pub(crate) fn noise(&mut self, which: usize, occurred: &str) -> u64 {
        match which % 6 {
            0 => self.say("unit/people", occurred, WorkforceBaselineRecorded { headcount: 80, leaders: 8 }),
            1 => self.say("session/s0", occurred, LearningDelivered { minutes: 60, attendances: Some(12) }),
            2 => self.say(
                "source/register",
                occurred,
                SourceSucceeded { to: crate::domain::id::SourceName::parse("register2").unwrap() },
            ),
            3 => self.say("release-point/r1", occurred, ReleasePointDeclared { position: 1 }),
            4 => self.say(
                "action/a1",
                occurred,
                ActionProgressReported { progress: code("half"), percent: 50 },
            ),
            _ => self.say(
                "round/r0",
                occurred,
                RoundResponsePublished { url: Url::parse("https://help.example/what-came-of-it").unwrap() },
            ),
        }
    }

    /// Says the proposal of a change anew, with that feedback.
    pub(crate) fn correct_feedback(&mut self, proposal: u64, feedback: &[Uuid]) -> u64 {
        let event = self.facts[proposal as usize].event.clone();
        let Payload::PolicyChangeProposed(said) = &event.payload else { panic!("no proposal") };
        let anew = PolicyChangeProposed { feedback: feedback.to_vec(), ..said.clone() };
        self.correct(proposal, &event.occurred.to_string(), anew)
    }
}
