//! Who takes part in the demo: posts (never persons), and the systems that post for them with what each may say.
//!
//! Invariant: a grant is the least that a system's part in the script needs. All of it is invented.

use crate::grpc::wire::{GrantChanged, SourceGrant};

use super::pen::texts;

/// The register of posts, codes, pledge and commitments.
pub(super) const GOVERNANCE: &str = "governance-register";
/// Where actions are planned and followed.
pub(super) const TRACKER: &str = "action-tracker";
/// The tool of the internal auditor.
pub(super) const AUDIT: &str = "internal-audit";
/// The tool that asks staff and partners.
pub(super) const SURVEY: &str = "survey-tool";
/// The register of policies.
pub(super) const POLICIES: &str = "policy-register";
/// The system of the people team.
pub(super) const PEOPLE: &str = "hr-system";
/// The diary of events for councils and partners.
pub(super) const DIARY: &str = "events-diary";

/// The learning management system.
pub(super) const LMS: &str = "lms";
/// The tool of the data protection lead.
pub(super) const DATA_PROTECTION: &str = "data-protection";

/// A posting system and what it may say: name, types, subjects, posts. Each may also state what it posted.
pub(super) type Part =
    (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// The posting systems.
pub(super) const SOURCES: [Part; 9] = [
    (
        GOVERNANCE,
        &[
            "post.registered",
            "code_list.adopted",
            "calendar.adopted",
            "report_settings.adopted",
            "pledge.published",
            "commitment.*",
            "owner.reassigned",
            "measure.*",
            "evidence.attached",
            "evidence.upheld",
            "evidence.rejected",
            "release_point.declared",
            "report.issued",
        ],
        &["*"],
        &["chief-executive", "governance-lead", "internal-auditor", "people-adviser"],
    ),
    (
        TRACKER,
        &["action.*", "evidence.attached", "event.voided", "owner.reassigned"],
        &["action/*", "evidence/*"],
        &[
            "chief-executive",
            "governance-lead",
            "head-of-people",
            "head-of-learning",
            "head-of-partnerships",
            "head-of-communications",
            "workplace-lead",
            "programme-manager",
            "practice-lead",
        ],
    ),
    (
        AUDIT,
        &["action.verified", "evidence.attached", "evidence.challenged", "audit_opinion.recorded"],
        &["action/*", "evidence/*", "audit-opinion/*"],
        &["internal-auditor"],
    ),
    (
        SURVEY,
        &[
            "feedback.sought",
            "feedback.received",
            "feedback.round_closed",
            "feedback.acknowledged",
            "feedback.withdrawn",
            "survey.result_recorded",
            "event.voided",
        ],
        &["round/*", "feedback/*", "survey-result/*"],
        &["people-adviser", "governance-lead"],
    ),
    (
        POLICIES,
        &[
            "policy.*",
            "policy_change.*",
            "feedback.considered",
            "feedback.responded",
            "feedback.closed_without_change",
            "feedback.told",
            "feedback.linked",
            "feedback.unlinked",
            "feedback.reopened",
            "feedback.round_response_published",
        ],
        &["policy/*", "policy-change/*", "feedback/*", "round/*"],
        &["chief-executive", "governance-lead", "head-of-people", "head-of-learning", "workplace-lead"],
    ),
    (
        PEOPLE,
        &[
            "post.*",
            "unit.registered",
            "workforce.baseline_recorded",
            "support.signposted",
            "action.verified",
            "evidence.attached",
            "evidence.upheld",
        ],
        &["post/*", "unit/*", "signposting/*", "action/*", "evidence/*"],
        &["head-of-people", "people-adviser"],
    ),
    (
        LMS,
        &["learning.*", "practice_support.provided"],
        &["session/*", "unit/*", "practice-support/*"],
        &["head-of-learning", "programme-manager", "practice-lead"],
    ),
    (
        DIARY,
        &["awareness.activity_held", "evidence.attached", "evidence.withdrawn", "event.voided"],
        &["awareness/*", "evidence/*"],
        &["head-of-partnerships", "head-of-learning", "governance-lead"],
    ),
    (DATA_PROTECTION, &["erasure.*"], &["erasure/*"], &["data-protection-lead"]),
];

/// A post of the opening day: code, title, the other posts that its holder has.
pub(super) const POSTS: [(&str, &str, &[&str]); 11] = [
    ("chief-executive", "Chief Executive", &[]),
    ("governance-lead", "Policy and Governance Lead", &[]),
    ("head-of-people", "Head of People and Wellbeing", &[]),
    ("head-of-learning", "Head of Learning and Practice", &[]),
    ("head-of-partnerships", "Head of Councils and Partnerships", &[]),
    ("head-of-communications", "Head of Communications", &[]),
    ("workplace-lead", "Workplace and Facilities Lead", &[]),
    ("programme-manager", "Trauma-Informed Practice Programme Manager", &[]),
    ("internal-auditor", "Internal Auditor", &[]),
    // A small organisation: one person has both, and the ledger marks what follows from it.
    ("people-adviser", "People Adviser", &["head-of-people"]),
    ("data-protection-lead", "Data Protection Lead", &[]),
];

/// The grants of posting systems.
pub(super) fn grants(sources: &[Part]) -> Vec<SourceGrant> {
    let and = |some: &[&str], one: &str| some.iter().copied().chain([one]).map(str::to_owned).collect();
    sources
        .iter()
        .map(|(source, types, subjects, posts)| {
            let itself = format!("source/{source}");
            let grant = GrantChanged {
                types: and(types, "source.stated"),
                subjects: and(subjects, &itself),
                posts: texts(posts),
            };
            SourceGrant { source: (*source).to_owned(), grant: Some(grant) }
        })
        .collect()
}
