//! What the ledger accepts but marks: it happened, and it should not have happened so.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A mark in a record, set by the ledger when it took the event. Its stored form is its name in capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Irregularity {
    /// Effective before the latest event of its subject.
    LateRecorded,
    /// A policy came into force without approval.
    Unapproved,
    /// People were asked without an anonymous way to answer.
    NoAnonymousRoute,
    /// Who verified is who owns it.
    SelfVerified,
    /// Two posts that should be held apart are held by one person.
    SameHolder,
    /// The system that says it is done is the system that verified it.
    SameSource,
    /// Something is claimed without evidence.
    NoEvidence,
    /// A deadline was moved with effect before the move was recorded; it does not count against lateness.
    BackdatedDeadline,
    /// The ledger's clock read a time before the last record's; the last record's time was used again.
    ClockBehind,
    /// More attendances than seats.
    OverCapacity,
    /// Who reviewed is who owns it.
    SelfAssessed,
    /// More answered than were asked.
    MoreResponsesThanInvited,
    /// Who upheld the evidence is who attached it.
    SelfUpheld,
    /// A source says that it posted something else than the ledger holds.
    StatementMismatch,
}

impl Irregularity {
    /// Every mark there is.
    pub const ALL: &'static [Self] = &[
        Self::LateRecorded,
        Self::Unapproved,
        Self::NoAnonymousRoute,
        Self::SelfVerified,
        Self::SameHolder,
        Self::SameSource,
        Self::NoEvidence,
        Self::BackdatedDeadline,
        Self::ClockBehind,
        Self::OverCapacity,
        Self::SelfAssessed,
        Self::MoreResponsesThanInvited,
        Self::SelfUpheld,
        Self::StatementMismatch,
    ];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LateRecorded => "LATE_RECORDED",
            Self::Unapproved => "UNAPPROVED",
            Self::NoAnonymousRoute => "NO_ANONYMOUS_ROUTE",
            Self::SelfVerified => "SELF_VERIFIED",
            Self::SameHolder => "SAME_HOLDER",
            Self::SameSource => "SAME_SOURCE",
            Self::NoEvidence => "NO_EVIDENCE",
            Self::BackdatedDeadline => "BACKDATED_DEADLINE",
            Self::ClockBehind => "CLOCK_BEHIND",
            Self::OverCapacity => "OVER_CAPACITY",
            Self::SelfAssessed => "SELF_ASSESSED",
            Self::MoreResponsesThanInvited => "MORE_RESPONSES_THAN_INVITED",
            Self::SelfUpheld => "SELF_UPHELD",
            Self::StatementMismatch => "STATEMENT_MISMATCH",
        }
    }

    /// The mark of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|i| i.as_str() == name)
    }
}

impl fmt::Display for Irregularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
