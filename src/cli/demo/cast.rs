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

/// A posting system and what it may say: name, types, subjects, posts.
type Part = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// The posting systems.
pub(super) const SOURCES: [Part; 7] = [
    (
        GOVERNANCE,
        &[
            "post.registered",
            "code_list.adopted",
            "calendar.adopted",
            "report_settings.adopted",
            "pledge.published",
            "commitment.made",
        ],
        &["*"],
        &["chief-executive", "governance-lead"],
    ),
    (
        TRACKER,
        &["action.*", "evidence.attached", "event.voided"],
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
    (AUDIT, &["action.verified", "evidence.attached"], &["action/*", "evidence/*"], &["internal-auditor"]),
    (
        SURVEY,
        &["feedback.sought", "feedback.received", "event.voided"],
        &["round/*", "feedback/*"],
        &["people-adviser", "governance-lead"],
    ),
    (
        POLICIES,
        &["policy.*", "policy_change.*", "feedback.responded", "feedback.closed_without_change"],
        &["policy/*", "policy-change/*", "feedback/*"],
        &["chief-executive", "governance-lead", "head-of-people", "head-of-learning", "workplace-lead"],
    ),
    (
        PEOPLE,
        &["post.registered", "action.verified", "evidence.attached"],
        &["post/*", "action/*", "evidence/*"],
        &["head-of-people", "people-adviser"],
    ),
    (
        DIARY,
        &["evidence.attached", "event.voided"],
        &["evidence/*"],
        &["head-of-partnerships", "head-of-learning", "governance-lead"],
    ),
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

/// The grants of the posting systems.
pub(super) fn grants() -> Vec<SourceGrant> {
    SOURCES
        .iter()
        .map(|(source, types, subjects, posts)| SourceGrant {
            source: (*source).to_owned(),
            grant: Some(GrantChanged { types: texts(types), subjects: texts(subjects), posts: texts(posts) }),
        })
        .collect()
}
