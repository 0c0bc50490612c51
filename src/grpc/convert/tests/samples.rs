//! One sample of every payload, every field filled in: what goes there and back, and what the stored forms are pinned
//! with. A field that is added does not compile here until it has a value.

use crate::grpc::wire::{self, Date, Occurred, event::Payload as Message, occurred::Precision};

pub(super) const ID: &str = "0b9e1f4c-6f0e-4a53-9f5e-2f6f6c1f8a10";
pub(super) const OTHER_ID: &str = "7c0b6a52-1f7e-4df0-9a44-6f2f8d5b3c21";

pub(super) fn date(year: i32, month: i32, day: i32) -> Date {
    Date { year, month, day }
}

pub(super) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// An event with every field of the envelope filled in.
pub(super) fn event(payload: Message) -> wire::Event {
    wire::Event {
        event_id: ID.into(),
        subject: "action/rest-spaces".into(),
        occurred: Some(Occurred { precision: Some(Precision::Day(date(2026, 2, 28))) }),
        source_sequence: Some(7),
        producer_recorded_at: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 123_456_000 }),
        actor_post: "head-of-people".into(),
        correlation_id: OTHER_ID.into(),
        causation_id: ID.into(),
        expected: None,
        payload: Some(payload),
    }
}

/// A sample of every type.
pub(super) fn samples() -> Vec<Message> {
    [
        ledger_samples(),
        pledge_samples(),
        action_samples(),
        feedback_samples(),
        policy_samples(),
        commitments_samples(),
        people_samples(),
        feedback_loop_samples(),
        operation_samples(),
        correction_samples(),
        trust_samples(),
    ]
    .concat()
}

fn ledger_samples() -> Vec<Message> {
    let entry = wire::CodeListEntry {
        code: "ABE".into(),
        title: "Aberdeen City".into(),
        valid_from: Some(date(1996, 4, 1)),
        valid_to: None,
        alias: String::new(),
        aliases: vec![wire::CodeAlias {
            code: "S12000033".into(),
            valid_from: Some(date(1996, 4, 1)),
            valid_to: Some(date(2030, 3, 31)),
        }],
    };
    let holiday = wire::Holiday { on: Some(date(2026, 12, 25)), title: "Christmas Day".into(), kind: 1 };
    vec![
        Message::LedgerOpened(wire::LedgerOpened {
            organisation: "Example Council".into(),
            origin: "ledger.example/council".into(),
            time_zone: "Europe/London".into(),
            example_data: true,
            simulated_clock: true,
            access: 2,
        }),
        Message::GrantChanged(wire::GrantChanged {
            types: texts(&["action.*", "evidence.attached"]),
            subjects: texts(&["*"]),
            posts: texts(&["head-of-people"]),
        }),
        Message::PostRegistered(wire::PostRegistered {
            title: "Head of People".into(),
            valid_from: Some(date(2024, 2, 29)),
            valid_to: Some(date(2027, 1, 1)),
            held_with: texts(&["wellbeing-lead"]),
        }),
        Message::CodeListAdopted(wire::CodeListAdopted { entries: vec![entry] }),
        Message::CalendarAdopted(wire::CalendarAdopted {
            covers_from: Some(date(2026, 1, 1)),
            covers_to: Some(date(2026, 12, 31)),
            holidays: vec![holiday],
        }),
        Message::ReportSettingsAdopted(wire::ReportSettingsAdopted {
            calendar: "scotland".into(),
            acknowledge_within: 5,
            respond_within: 20,
            change_within: 120,
            suppress_below: 5,
            survey_minimum: 10,
            release_interval: 28,
        }),
    ]
}

fn pledge_samples() -> Vec<Message> {
    vec![
        Message::PledgePublished(wire::PledgePublished {
            title: "Our pledge".into(),
            version: 2,
            text: "We will listen – always.\nAnd act.".into(),
            sha256: vec![7; 32],
            principles: texts(&["Trust", "Choice"]),
            values: texts(&["Innovation and Creativity"]),
            dispositions: vec![wire::CommitmentDisposition { commitment: "C1".into(), disposition: 2 }],
        }),
        Message::CommitmentMade(wire::CommitmentMade {
            title: "Listen".into(),
            pledge: "pledge-1".into(),
            pledge_version: 2,
            quote: "We will listen".into(),
            span_start: 0,
            span_end: 14,
            kind: 1,
            owner_post: "chief-executive".into(),
            audience: texts(&["staff"]),
            principles: texts(&["Trust"]),
            delivers: vec![wire::Delivery { commitment: "C1".into(), basis: 2 }],
        }),
    ]
}

fn action_samples() -> Vec<Message> {
    vec![
        Message::ActionPlanned(wire::ActionPlanned {
            title: "Rest spaces".into(),
            commitments: texts(&["C9"]),
            owner_post: "head-of-people".into(),
            first_due: Some(date(2026, 3, 31)),
            origin: 1,
            feedback: texts(&[OTHER_ID]),
            replaces: "quiet-room".into(),
        }),
        Message::ActionStarted(wire::ActionStarted {}),
        Message::DeadlineRevised(wire::DeadlineRevised {
            old_due: Some(date(2026, 3, 31)),
            new_due: Some(date(2026, 4, 30)),
            approver_post: "chief-executive".into(),
            reason: "The building work began late.".into(),
        }),
        Message::ActionCompleted(wire::ActionCompleted { evidence: texts(&["photos"]) }),
        Message::ActionVerified(wire::ActionVerified {
            verifier_post: "internal-audit".into(),
            evidence: texts(&["photos"]),
        }),
        Message::ActionReopened(wire::ActionReopened {
            reason: "One room is still in use as a store.".into(),
        }),
        Message::ActionCancelled(wire::ActionCancelled { reason: "The office closed.".into() }),
    ]
}

fn feedback_samples() -> Vec<Message> {
    vec![
        Message::FeedbackSought(wire::FeedbackSought {
            title: "Spring round".into(),
            respondents: 1,
            opens: Some(date(2026, 4, 1)),
            closes: Some(date(2026, 4, 30)),
            invited: Some(0),
            channels: texts(&["survey"]),
            anonymity_options: vec![1, 3],
            support_url: "https://support.example/help".into(),
            commitments: texts(&["C14"]),
        }),
        Message::FeedbackReceived(wire::FeedbackReceived {
            round: "spring-26".into(),
            respondents: 2,
            themes: texts(&["flexible-working"]),
            policies: texts(&["leave"]),
            channel: "survey".into(),
            anonymity: 2,
            contact: 2,
            content_commitment: vec![1; 32],
            receipt_code_hash: vec![2; 32],
        }),
        Message::FeedbackResponded(wire::FeedbackResponded {
            outcome: 1,
            mode: 2,
            response_url: "https://council.example/you-said".into(),
        }),
        Message::FeedbackClosedWithoutChange(wire::FeedbackClosedWithoutChange {
            reason_code: "law".into(),
            reason: "The law fixes the period of notice.".into(),
        }),
    ]
}

fn policy_samples() -> Vec<Message> {
    vec![
        Message::PolicyRegistered(wire::PolicyRegistered {
            title: "Leave".into(),
            owner_post: "head-of-people".into(),
            version: "3.1".into(),
            document_sha256: vec![3; 32],
            review_due: Some(date(2027, 4, 1)),
        }),
        Message::PolicyChangeProposed(wire::PolicyChangeProposed {
            title: "Carer's leave".into(),
            policy: "leave".into(),
            origin: 1,
            feedback: texts(&[ID]),
            commitments: texts(&["C10"]),
            nature: 2,
        }),
        Message::PolicyChangeApproved(wire::PolicyChangeApproved { by_post: "chief-executive".into() }),
        Message::PolicyChanged(wire::PolicyChanged {
            policy: "leave".into(),
            version: "4".into(),
            effective_on: Some(date(2026, 6, 1)),
            document_sha256: vec![4; 32],
            what_changed: "Carers have five more days.".into(),
        }),
        Message::EvidenceAttached(wire::EvidenceAttached {
            about: "action/rest-spaces".into(),
            sha256: vec![5; 32],
            size_bytes: 12_345,
            media_type: "application/pdf".into(),
            kind: "photo".into(),
            uri: "https://council.example/evidence/1".into(),
        }),
        Message::EventVoided(wire::EventVoided {
            target_event_id: OTHER_ID.into(),
            target_source: "lms".into(),
            ground: 1,
            approver_post: "internal-audit".into(),
        }),
    ]
}

/// One of each payload, every field filled in.
fn commitments_samples() -> Vec<Message> {
    vec![
        Message::OwnerReassigned(wire::OwnerReassigned {
            from_post: "from-post".into(),
            to_post: "to-post".into(),
        }),
        Message::MeasureAgreed(wire::MeasureAgreed {
            commitment: "commitment".into(),
            title: "A title".into(),
            definition: "People of the workforce who finished the module.".into(),
            unit: "people".into(),
            numerator: "People trained".into(),
            denominator: "People employed".into(),
            target: "87.5".into(),
            direction: 2,
            due: Some(date(2026, 5, 4)),
            owner_post: "owner-post".into(),
        }),
        Message::MeasureRevised(wire::MeasureRevised {
            title: "A title".into(),
            definition: "People of the workforce who finished the module.".into(),
            unit: "people".into(),
            numerator: "People trained".into(),
            denominator: "People employed".into(),
            target: "87.5".into(),
            direction: 2,
            due: Some(date(2026, 5, 4)),
            approver_post: "approver-post".into(),
            reason: "It was agreed in committee.".into(),
        }),
        Message::MeasureReported(wire::MeasureReported {
            period_from: Some(date(2026, 1, 1)),
            period_to: Some(date(2026, 3, 31)),
            numerator: 12,
            denominator: Some(34),
        }),
        Message::CommitmentReviewed(wire::CommitmentReviewed {
            period_from: Some(date(2026, 1, 1)),
            period_to: Some(date(2026, 3, 31)),
            outcome: 2,
            rubric_version: "rubric-version".into(),
            assessor_post: "assessor-post".into(),
            evidence: texts(&["evidence-1", "evidence-2"]),
        }),
        Message::CommitmentFulfilled(wire::CommitmentFulfilled {
            evidence: texts(&["evidence-1", "evidence-2"]),
        }),
        Message::CommitmentMerged(wire::CommitmentMerged {
            into: "into".into(),
            reason: "It was agreed in committee.".into(),
        }),
        Message::CommitmentSuperseded(wire::CommitmentSuperseded {
            by: "by".into(),
            reason: "It was agreed in committee.".into(),
        }),
        Message::CommitmentWithdrawn(wire::CommitmentWithdrawn {
            reason: "It was agreed in committee.".into(),
        }),
        Message::ActionProgressReported(wire::ActionProgressReported {
            progress: "on-track".into(),
            percent: 60,
        }),
        Message::EvidenceChallenged(wire::EvidenceChallenged {
            by_post: "by-post".into(),
            reason: "It was agreed in committee.".into(),
        }),
        Message::EvidenceUpheld(wire::EvidenceUpheld {
            by_post: "by-post".into(),
            reason: "It was agreed in committee.".into(),
        }),
        Message::EvidenceRejected(wire::EvidenceRejected {
            by_post: "by-post".into(),
            reason: "It was agreed in committee.".into(),
        }),
        Message::EvidenceWithdrawn(wire::EvidenceWithdrawn { reason: "It was agreed in committee.".into() }),
    ]
}

fn people_samples() -> Vec<Message> {
    vec![
        Message::PostRetired(wire::PostRetired { last_day: Some(date(2026, 5, 4)) }),
        Message::UnitRegistered(wire::UnitRegistered {
            title: "A title".into(),
            valid_from: Some(date(2026, 5, 4)),
            valid_to: Some(date(2026, 5, 4)),
            part_of: "part-of".into(),
        }),
        Message::WorkforceBaselineRecorded(wire::WorkforceBaselineRecorded { headcount: 12, leaders: 12 }),
        Message::LearningOffered(wire::LearningOffered {
            title: "A title".into(),
            level: 2,
            audience: texts(&["audience-1", "audience-2"]),
            commitments: texts(&["commitments-1", "commitments-2"]),
            held_on: Some(date(2026, 5, 4)),
            minutes: 12,
            capacity: Some(34),
        }),
        Message::LearningDelivered(wire::LearningDelivered { minutes: 12, attendances: Some(34) }),
        Message::LearningCancelled(wire::LearningCancelled {}),
        Message::LearningCoverageRecorded(wire::LearningCoverageRecorded {
            staff: Some(wire::Coverage {
                people: 12,
                informed: 12,
                skilled: 12,
                enhanced: 12,
                specialist: 12,
            }),
            leaders: Some(wire::Coverage {
                people: 12,
                informed: 12,
                skilled: 12,
                enhanced: 12,
                specialist: 12,
            }),
        }),
        Message::PracticeSupportProvided(wire::PracticeSupportProvided {
            kind: "kind".into(),
            sessions: 12,
            audience: texts(&["audience-1", "audience-2"]),
            commitments: texts(&["commitments-1", "commitments-2"]),
        }),
        Message::AwarenessActivityHeld(wire::AwarenessActivityHeld {
            title: "A title".into(),
            purpose: 2,
            audience: texts(&["audience-1", "audience-2"]),
            commitments: texts(&["commitments-1", "commitments-2"]),
            councils: texts(&["councils-1", "councils-2"]),
            partners: texts(&["partners-1", "partners-2"]),
            attendances: Some(34),
        }),
        Message::SupportSignposted(wire::SupportSignposted {
            route: "route".into(),
            channel: "channel".into(),
            reach: Some(34),
            commitments: texts(&["commitments-1", "commitments-2"]),
        }),
        Message::SurveyResultRecorded(wire::SurveyResultRecorded {
            instrument: "instrument".into(),
            instrument_version: "instrument-version".into(),
            item: "item".into(),
            unit: "unit".into(),
            round: "round".into(),
            period_from: Some(date(2026, 1, 1)),
            period_to: Some(date(2026, 3, 31)),
            population: 12,
            answers: 12,
            withheld: true,
            options: vec![wire::OptionCount { option: "option".into(), count: 12 }],
            agree_options: texts(&["agree-options-1", "agree-options-2"]),
            dont_know_options: texts(&["dont-know-options-1", "dont-know-options-2"]),
            commitments: texts(&["commitments-1", "commitments-2"]),
        }),
    ]
}

fn feedback_loop_samples() -> Vec<Message> {
    vec![
        Message::FeedbackRoundClosed(wire::FeedbackRoundClosed { responses: 12 }),
        Message::RoundResponsePublished(wire::RoundResponsePublished {
            url: "https://example.org/you-said".into(),
        }),
        Message::FeedbackAcknowledged(wire::FeedbackAcknowledged { mode: 2 }),
        Message::FeedbackConsidered(wire::FeedbackConsidered { mode: 2 }),
        Message::FeedbackTold(wire::FeedbackTold { mode: 2 }),
        Message::FeedbackLinked(wire::FeedbackLinked { to: "policy-change/rest".into() }),
        Message::FeedbackUnlinked(wire::FeedbackUnlinked { from: "policy-change/rest".into() }),
        Message::FeedbackReopened(wire::FeedbackReopened {}),
        Message::FeedbackWithdrawn(wire::FeedbackWithdrawn { scope: 2 }),
        Message::PolicyChangeDeclined(wire::PolicyChangeDeclined {
            by_post: "by-post".into(),
            reason: "It was agreed in committee.".into(),
        }),
        Message::PolicyChangeAbandoned(wire::PolicyChangeAbandoned {
            by_post: "by-post".into(),
            reason: "It was agreed in committee.".into(),
        }),
        Message::PolicyChangeReversed(wire::PolicyChangeReversed {
            by_post: "by-post".into(),
            reason: "It was agreed in committee.".into(),
        }),
        Message::PolicyReviewed(wire::PolicyReviewed {
            outcome: 2,
            change: "change".into(),
            next_due: Some(date(2026, 5, 4)),
        }),
    ]
}

fn operation_samples() -> Vec<Message> {
    vec![
        Message::SourceStatement(wire::SourceStatement {
            period_from: Some(date(2026, 1, 1)),
            period_to: Some(date(2026, 3, 31)),
            count: 12,
            digest: vec![9; 32],
        }),
        Message::SourceSucceeded(wire::SourceSucceeded { to: "new-lms".into() }),
        Message::ErasureRequested(wire::ErasureRequested {
            references: vec![wire::ErasureReference { sequence: 12, field: "field".into() }],
            ground: 2,
        }),
        Message::ErasureRefused(wire::ErasureRefused { ground: 2 }),
        Message::ContentErased(wire::ContentErased {
            backups_expire_on: Some(date(2026, 5, 4)),
            attested_by: "attested-by".into(),
        }),
        Message::ReleasePointDeclared(wire::ReleasePointDeclared { position: 12 }),
        Message::ReportIssued(wire::ReportIssued {
            report: "R5".into(),
            release_point: "release-point".into(),
            as_at: Some(date(2026, 5, 4)),
            as_known: 12,
            definition_version: 12,
            sha256: vec![9; 32],
            suppressed_cells: 12,
        }),
        Message::AuditOpinionRecorded(wire::AuditOpinionRecorded {
            first: 12,
            end: 12,
            root: vec![9; 32],
            result: 2,
            auditor: "Example Audit".into(),
            public_key: vec![9; 32],
            signature: vec![5; 64],
        }),
        Message::ClockCorrected(wire::ClockCorrected { drift_seconds: -90 }),
    ]
}

fn correction_samples() -> Vec<Message> {
    let corrected = wire::Event {
        event_id: ID.into(),
        subject: "action/rest-spaces".into(),
        occurred: Some(Occurred { precision: Some(Precision::Day(date(2026, 2, 27))) }),
        actor_post: "head-of-people".into(),
        payload: Some(Message::ActionCancelled(wire::ActionCancelled {
            reason: "The office closed.".into(),
        })),
        ..wire::Event::default()
    };
    vec![Message::CorrectionMade(Box::new(wire::CorrectionMade {
        corrected: Some(Box::new(corrected)),
        target_source: "tracker".into(),
        approver_post: "internal-audit".into(),
        reason: "The day was wrong.".into(),
    }))]
}

fn trust_samples() -> Vec<Message> {
    vec![
        Message::CosignatureRecorded(wire::CosignatureRecorded {
            witness: "witness.example/w1".into(),
            organisation: "Example Audit".into(),
            public_key: vec![9; 32],
            size: 12,
            root: vec![9; 32],
            time: 1_767_225_600,
            signature: vec![5; 64],
        }),
        Message::KeyRotated(wire::KeyRotated {
            old_key: vec![9; 32],
            new_key: vec![8; 32],
            signature: vec![5; 64],
        }),
        Message::LedgerRestored(wire::LedgerRestored {
            restored_size: 12,
            known_size: 15,
            known_root: vec![9; 32],
            incarnation: 2,
            reason: "The disk failed.".into(),
        }),
    ]
}
