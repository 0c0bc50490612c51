//! Commitments after they were made: owners, measures, reviews, ends.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::event::codes::{Direction, ReviewOutcome};
use crate::domain::id::Code;
use crate::domain::value::{Decimal, Label, Words};

payload! {
    /// Somebody else answers for it from now on.
    OwnerReassigned {
        /// Who answered for it.
        from_post: Code,
        /// Who answers for it now.
        to_post: Code,
    }
}
payload! {
    /// How a commitment will be measured.
    MeasureAgreed {
        /// The commitment that it measures.
        commitment: Code,
        /// What it is called.
        title: Label,
        /// What is counted, and how.
        definition: Words,
        /// The unit, such as `people` or `days`.
        unit: Label,
        /// What is counted.
        numerator: Label,
        /// Of how many. Absent: not applicable.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        denominator: Option<Label>,
        /// The value to reach, a decimal number. Absent: no target is agreed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Decimal>,
        /// Which way it should move.
        direction: Direction,
        /// By when. Absent: no date is agreed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Date>,
        /// Who answers for it.
        owner_post: Code,
    }
}
payload! {
    /// The measure is another from now on. Whatever it says replaces what was agreed.
    MeasureRevised {
        /// What it is called.
        title: Label,
        /// What is counted, and how.
        definition: Words,
        /// The unit, such as `people` or `days`.
        unit: Label,
        /// What is counted.
        numerator: Label,
        /// Of how many. Absent: not applicable.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        denominator: Option<Label>,
        /// The value to reach. Absent: no target is agreed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Decimal>,
        /// Which way it should move.
        direction: Direction,
        /// By when. Absent: no date is agreed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Date>,
        /// Who agreed.
        approver_post: Code,
        /// Why.
        reason: Words,
    }
}
payload! {
    /// A value of a measure for a period.
    MeasureReported {
        /// First day.
        period_from: Date,
        /// Last day.
        period_to: Date,
        /// How many.
        numerator: u32,
        /// Of how many. Absent: not applicable.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        denominator: Option<u32>,
    }
}
payload! {
    /// Somebody looked whether it was kept.
    CommitmentReviewed {
        /// First day.
        period_from: Date,
        /// Last day.
        period_to: Date,
        /// What was found.
        outcome: ReviewOutcome,
        /// The version of the rubric by which it was judged.
        rubric_version: Code,
        /// Who looked.
        assessor_post: Code,
        /// Evidence ids.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Code>,
    }
}
payload! {
    /// A milestone was reached.
    CommitmentFulfilled {
        /// Evidence ids.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Code>,
    }
}
payload! {
    /// It goes on inside another.
    CommitmentMerged {
        /// The commitment that goes on.
        into: Code,
        /// Why.
        reason: Words,
    }
}
payload! {
    /// Another takes its place.
    CommitmentSuperseded {
        /// The commitment that takes its place.
        by: Code,
        /// Why.
        reason: Words,
    }
}
payload! {
    /// It is given up.
    CommitmentWithdrawn {
        /// Why.
        reason: Words,
    }
}
payload! {
    /// How far the work is. It never changes what the action is.
    ActionProgressReported {
        /// A code of the list `progress`.
        progress: Code,
        /// 0 to 100.
        percent: u32,
    }
}
payload! {
    /// Somebody doubts that it supports what it is said to.
    EvidenceChallenged {
        /// Who doubts.
        by_post: Code,
        /// Why.
        reason: Words,
    }
}
payload! {
    /// The challenge was looked at, and the evidence stands.
    EvidenceUpheld {
        /// Who decided.
        by_post: Code,
        /// Why.
        reason: Words,
    }
}
payload! {
    /// The challenge was looked at, and the evidence falls.
    EvidenceRejected {
        /// Who decided.
        by_post: Code,
        /// Why.
        reason: Words,
    }
}
payload! {
    /// Whoever attached it takes it back.
    EvidenceWithdrawn {
        /// Why.
        reason: Words,
    }
}
