//! What keeps the ledger itself honest: requests to erase, release points, reports that were issued, an auditor's
//! opinions. Invented.
//!
//! Invariant: release points lie at least 28 days apart, one after each quarter and one between. Positions, roots and
//! hashes are the running ledger's and are filled in when they are posted. One request to erase is still undecided.

use jiff::civil::Date;

use super::super::cast::{AUDIT, DATA_PROTECTION, GOVERNANCE, POLICIES, SURVEY, TRACKER};
use super::super::pen::{Fill, Year, after, date, day, event};
use super::feedback::subject;
use crate::grpc::wire::{
    ActionCompleted, AuditOpinionRecorded, ContentErased, ErasureGround, ErasureReference, ErasureRefused,
    ErasureRequested, OpinionResult, RefusalGround, ReleasePointDeclared, ReportIssued, event::Payload,
};

const LEAD: &str = "data-protection-lead";

/// A release point, and the reports that were issued on it: id, on, which report, as at.
type Release = (&'static str, Date, &'static [(&'static str, Date, &'static str, Date)]);

const RELEASES: [Release; 5] = [
    ("2025-q1", day(7, 17), &[("r1-2025-q1", day(7, 18), "R1", day(6, 30))]),
    (
        "2025-q2",
        day(10, 16),
        &[("r2-2025-q2", day(10, 17), "R2", day(9, 30)), ("r5-2025-q2", day(10, 17), "R5", day(9, 30))],
    ),
    ("2025-q3", day(1, 22), &[("r2-2025-q3", day(1, 23), "R2", day(12, 31))]),
    // With the second wave of the survey, ahead of the review of the year.
    ("2026-winter", day(3, 5), &[]),
    ("2025-q4", after(4, 10), &[("r1-2025-q4", after(4, 10), "R1", day(3, 31))]),
];

pub(super) fn write(year: &mut Year) {
    // A new year, a new key: whoever pinned the first one follows from it to this one.
    year.key_rotates(day(1, 5));
    for &(id, on, reports) in &RELEASES {
        year.filled(on, GOVERNANCE, Fill::Position, release_point(on, id));
        for &(report_id, on, report, as_at) in reports {
            let issued = ReportIssued {
                report: report.into(),
                release_point: id.into(),
                as_at: Some(date(as_at)),
                as_known: 0,
                definition_version: 0,
                sha256: Vec::new(),
                suppressed_cells: 0,
            };
            let subject = format!("issued-report/{report_id}");
            let issued = event(on, &subject, "governance-lead", Payload::ReportIssued(issued));
            year.filled(on, GOVERNANCE, Fill::Report(as_at), issued);
        }
    }
    // Done on time, and written down when the year's first report was out: that report reads otherwise now.
    let (done, recorded) = (day(3, 12), after(4, 10));
    let payload = Payload::ActionCompleted(ActionCompleted { evidence: Vec::new() });
    let completed = event(done, "action/partner-principles", "head-of-partnerships", payload);
    year.post(recorded, TRACKER, vec![completed]);
    opinion(year, day(10, 23), "half-year", OpinionResult::Unqualified);
    // Two months of one source were never stated, and one statement does not match.
    opinion(year, after(4, 10), "full-year", OpinionResult::Qualified);
    erasures(year);
}

/// A release point whose position is still to be filled in.
pub(super) fn release_point(on: Date, id: &str) -> crate::grpc::wire::Event {
    let point = ReleasePointDeclared { position: 1 };
    event(on, &format!("release-point/{id}"), "governance-lead", Payload::ReleasePointDeclared(point))
}

fn opinion(year: &mut Year, on: Date, id: &str, result: OpinionResult) {
    let opinion = AuditOpinionRecorded {
        first: 0,
        end: 0,
        root: Vec::new(),
        result: result.into(),
        auditor: "Fernhill Assurance (invented)".into(),
        public_key: Vec::new(),
        signature: Vec::new(),
    };
    let payload = Payload::AuditOpinionRecorded(opinion);
    let opinion = event(on, &format!("audit-opinion/{id}"), "internal-auditor", payload);
    year.filled(on, AUDIT, Fill::Opinion, opinion);
}

fn erasures(year: &mut Year) {
    // Whoever wrote it took it back, so what they wrote goes.
    let received = |payload: &Payload| matches!(payload, Payload::FeedbackReceived(_));
    let withdrawn = year.said(&subject("f15"), received).event_id;
    requested(year, day(3, 10), "f15", ErasureGround::Withdrawn, "", (SURVEY, withdrawn));
    let on = day(3, 17);
    let erased = ContentErased { backups_expire_on: Some(date(after(4, 16))), attested_by: LEAD.into() };
    year.post(on, DATA_PROTECTION, vec![event(on, "erasure/f15", LEAD, Payload::ContentErased(erased))]);
    // So it is with six that were taken back in September: three to nine working days later it was gone.
    for (id, number) in super::voices::taken_back().zip(0..) {
        let said = year.said(&subject(&id), received).event_id;
        let erasure = format!("september-{number}");
        requested(year, day(9, 25), &erasure, ErasureGround::Withdrawn, "", (SURVEY, said));
        let on = [day(9, 30), day(10, 2), day(10, 6)][number % 3];
        let erased = ContentErased { backups_expire_on: Some(date(day(11, 6))), attested_by: LEAD.into() };
        let payload = Payload::ContentErased(erased);
        year.post(on, DATA_PROTECTION, vec![event(on, &format!("erasure/{erasure}"), LEAD, payload)]);
    }
    // Words about a decision on a deadline: the public interest in them is greater.
    let moved = |payload: &Payload| matches!(payload, Payload::DeadlineRevised(_));
    let reason = year.said("action/absence-letters", moved).event_id;
    requested(year, day(1, 13), "deadline-words", ErasureGround::Objection, "reason", (TRACKER, reason));
    let on = day(1, 21);
    let refused = ErasureRefused { ground: RefusalGround::PublicInterest.into() };
    let payload = Payload::ErasureRefused(refused);
    year.post(on, DATA_PROTECTION, vec![event(on, "erasure/deadline-words", LEAD, payload)]);
    // Asked for in March, and not decided by the end of the year.
    let closed = |payload: &Payload| matches!(payload, Payload::FeedbackClosedWithoutChange(_));
    let words = year.said(&subject("f12"), closed).event_id;
    requested(year, day(3, 24), "closing-words", ErasureGround::Identifying, "reason", (POLICIES, words));
}

fn requested(
    year: &mut Year,
    on: Date,
    id: &str,
    ground: ErasureGround,
    field: &str,
    (source, of): (&'static str, String),
) {
    let references = vec![ErasureReference { sequence: 0, field: field.into() }];
    let payload = Payload::ErasureRequested(ErasureRequested { references, ground: ground.into() });
    let request = event(on, &format!("erasure/{id}"), LEAD, payload);
    year.filled(on, DATA_PROTECTION, Fill::Reference(source, of), request);
}
