//! What is said of actions, feedback, policies, learning and surveys, step by step.
//!
//! Invariant: deterministic; the same step of the same subject says the same. Must not know in which order it is said.

use pledgebook::domain::event::*;
use pledgebook::domain::id::{Kind, Subject};
use pledgebook::domain::value::{Occurred, Sha256, Url};

use super::{DAYS, Step, code, commitment, day, id, label, words};

pub(super) fn of_action(step: Step, n: u32, on: i32, action: Subject) -> (Subject, Payload) {
    let photo = || code(&format!("photo-{n}"));
    let payload: Payload = match step {
        Step::Plan => ActionPlanned {
            title: label("Rest spaces in every building, agreed with those who use them"),
            commitments: if n.is_multiple_of(3) {
                vec![commitment(n), commitment(n ^ 0x5555)]
            } else {
                vec![commitment(n)]
            },
            owner_post: code(["people", "chief", "estates"][n as usize % 3]),
            first_due: day(on + 120),
            origin: Origin::Review,
            feedback: vec![],
            replaces: (n.is_multiple_of(50) && n > 0).then(|| code(&format!("action-{}", n - 1))),
        }
        .into(),
        Step::Start => ActionStarted {}.into(),
        Step::Progress => ActionProgressReported { progress: code("half"), percent: 50 }.into(),
        Step::Move => DeadlineRevised {
            old_due: day(on + 60),
            new_due: day(on + 120),
            approver_post: code("chief"),
            reason: Some(words()),
        }
        .into(),
        Step::Complete => ActionCompleted { evidence: vec![] }.into(),
        Step::Verify => ActionVerified { verifier_post: code("audit"), evidence: vec![photo()] }.into(),
        Step::Cancel => ActionCancelled { reason: words() }.into(),
        Step::Photograph => {
            let attached = EvidenceAttached {
                about: action,
                sha256: Sha256([9; 32]),
                size_bytes: 100_000,
                media_type: "image/jpeg".into(),
                kind: code("photo"),
                uri: None,
            };
            return (Kind::Evidence.subject(&photo()), attached.into());
        }
        Step::Correct => CorrectionMade {
            target_event_id: id(Step::Complete, n),
            target_source: None,
            corrected: Corrected {
                subject: action.clone(),
                occurred: Occurred::Day(day(on - 100)),
                actor_post: None,
                payload: Box::new(ActionCompleted { evidence: vec![] }.into()),
            },
            approver_post: Some(code("chief")),
            reason: words(),
        }
        .into(),
        _ => EventVoided {
            target_event_id: id(Step::Verify, n),
            target_source: None,
            ground: VoidGround::WrongSubject,
            approver_post: code("chief"),
        }
        .into(),
    };
    (action, payload)
}

pub(super) fn of_feedback(step: Step, n: u32) -> Payload {
    match step {
        Step::Receive => FeedbackReceived {
            round: Some(code(&format!("round-{}", n % 1_000))),
            respondents: Respondents::ALL[usize::from(n.is_multiple_of(5))],
            themes: vec![code("flexible-working")],
            policies: vec![code(&format!("policy-{}", n % 400))],
            channel: code("web"),
            anonymity: Anonymity::Confidential,
            contact: Contact::Direct,
            content_commitment: None,
            receipt_code_hash: Some(Sha256([5; 32])),
        }
        .into(),
        Step::Acknowledge => FeedbackAcknowledged { mode: ResponseMode::Direct }.into(),
        Step::Consider => FeedbackConsidered { mode: ResponseMode::Direct }.into(),
        Step::Respond if !n.is_multiple_of(5) => {
            FeedbackClosedWithoutChange { reason_code: code("out-of-scope"), reason: words() }.into()
        }
        Step::Respond => FeedbackResponded {
            outcome: ResponseOutcome::ChangeAgreed,
            mode: ResponseMode::Direct,
            response_url: None,
        }
        .into(),
        Step::Link => {
            FeedbackLinked { to: Kind::PolicyChange.subject(&code(&format!("change-{}", n % 4_000))) }.into()
        }
        Step::Tell => FeedbackTold { mode: ResponseMode::Direct }.into(),
        _ => FeedbackWithdrawn { scope: WithdrawalScope::Whole }.into(),
    }
}

pub(super) fn of_policies(step: Step, n: u32, on: i32) -> (Subject, Payload) {
    let policy = code(&format!("policy-{}", n % 400));
    let change = || Kind::PolicyChange.subject(&code(&format!("change-{n}")));
    match step {
        Step::Register => {
            let registered = PolicyRegistered {
                title: label("Flexible working, leave and absence"),
                owner_post: code("people"),
                version: code("v1"),
                document_sha256: Sha256([6; 32]),
                review_due: day(on + 730),
            };
            (Kind::Policy.subject(&policy), registered.into())
        }
        Step::ReviewPolicy => {
            let outcome = PolicyReviewOutcome::NoChange;
            let reviewed = PolicyReviewed { outcome, change: None, next_due: day(on + 730) };
            (Kind::Policy.subject(&policy), reviewed.into())
        }
        Step::Propose => {
            let proposed = PolicyChangeProposed {
                title: label("Core hours become shorter, and are agreed by each team"),
                policy,
                origin: Origin::Feedback,
                feedback: (0..6).map(|item| id(Step::Receive, n * 6 + item)).collect(),
                commitments: vec![commitment(n)],
                nature: ChangeNature::ALL[usize::from(!n.is_multiple_of(4))],
            };
            (change(), proposed.into())
        }
        Step::Approve => (change(), PolicyChangeApproved { by_post: code("chief") }.into()),
        Step::Change => {
            let changed = PolicyChanged {
                policy,
                version: code("v2"),
                effective_on: day(on + 14),
                document_sha256: Sha256([8; 32]),
                what_changed: words(),
            };
            (change(), changed.into())
        }
        _ => (change(), PolicyChangeDeclined { by_post: code("chief"), reason: words() }.into()),
    }
}

pub(super) fn of_learning(step: Step, n: u32, on: i32) -> (Subject, Payload) {
    let session = || Kind::Session.subject(&code(&format!("session-{n}")));
    let unit = Kind::Unit.subject(&code(&format!("unit-{}", n % 30)));
    match step {
        Step::Offer => {
            let offered = LearningOffered {
                title: label("Noticing the impact of trauma"),
                level: Level::ALL[n as usize % Level::ALL.len()],
                audience: vec![code("staff")],
                commitments: vec![code("C6"), code("C7")],
                held_on: day(on + 30),
                minutes: 90,
                capacity: Some(30),
            };
            (session(), offered.into())
        }
        Step::Deliver => (session(), LearningDelivered { minutes: 90, attendances: Some(n % 30) }.into()),
        Step::Baseline => (unit, WorkforceBaselineRecorded { headcount: 120, leaders: 12 }.into()),
        Step::Cover => {
            let coverage = |people: u32| {
                let informed = people * (on as u32 + 1) / (DAYS as u32 + 1);
                let skilled = informed / 2;
                Coverage { people, informed, skilled, enhanced: skilled / 2, specialist: skilled / 8 }
            };
            (unit, LearningCoverageRecorded { staff: coverage(120), leaders: coverage(12) }.into())
        }
        _ => {
            let support = PracticeSupportProvided {
                kind: code("coaching"),
                sessions: 2,
                audience: vec![code("staff")],
                commitments: vec![code("C8")],
            };
            (Kind::PracticeSupport.subject(&code(&format!("support-{n}"))), support.into())
        }
    }
}

pub(super) fn of_surveys(step: Step, n: u32, on: i32) -> (Subject, Payload) {
    let round = Kind::Round.subject(&code(&format!("round-{n}")));
    match step {
        Step::Survey => {
            let options = [("agree", 60), ("disagree", 30), ("unsure", 10)];
            let result = SurveyResultRecorded {
                instrument: code("staff-survey"),
                instrument_version: code("v1"),
                item: code(&format!("item-{}", n % 20)),
                unit: Some(code(&format!("unit-{}", n % 30))),
                round: None,
                period_from: day(on - 30),
                period_to: day(on),
                population: 120,
                answers: 100,
                withheld: false,
                options: options.map(|(id, count)| OptionCount { option: code(id), count }).to_vec(),
                agree_options: vec![code("agree")],
                dont_know_options: vec![code("unsure")],
                commitments: vec![commitment(n), code("C11")],
            };
            (Kind::SurveyResult.subject(&code(&format!("result-{n}"))), result.into())
        }
        Step::Seek => {
            let sought = FeedbackSought {
                title: label("What should be different"),
                respondents: Respondents::Staff,
                opens: day(on),
                closes: day(on + 30),
                invited: Some(120),
                channels: vec![code("web")],
                anonymity_options: vec![Anonymity::Anonymous, Anonymity::Confidential],
                support_url: Url::parse("https://help.example/").unwrap(),
                commitments: vec![code("C14")],
            };
            (round, sought.into())
        }
        Step::CloseRound => (round, FeedbackRoundClosed { responses: 80 }.into()),
        _ => (round, RoundResponsePublished { url: Url::parse("https://help.example/r").unwrap() }.into()),
    }
}
