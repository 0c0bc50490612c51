//! The closed lists: codes that a payload may hold, each with its stored name. A code is added, never renamed.

use serde::{Deserialize, Serialize};

macro_rules! closed {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

closed! {
    /// Who may post to a ledger without a grant.
    Access {
        /// A source without a grant may post anything; a source with one is held to it.
        Open = "OPEN",
        /// A source posts what it was granted, and nothing else.
        Granted = "GRANTED",
    }
}
closed! {
    /// What sort of holiday.
    HolidayKind {
        /// Everywhere in the calendar's area.
        Public = "PUBLIC",
        /// In the organisation's own place.
        Local = "LOCAL",
    }
}
closed! {
    /// What becomes of an old commitment under a new version of its pledge.
    Disposition {
        /// It stands.
        Kept = "KEPT",
        /// Another takes its place.
        Superseded = "SUPERSEDED",
        /// It is given up.
        Withdrawn = "WITHDRAWN",
    }
}
closed! {
    /// Whether a commitment can ever be complete.
    CommitmentKind {
        /// Kept or not kept in a period; never completed.
        Continuing = "CONTINUING",
        /// Done once.
        Milestone = "MILESTONE",
    }
}
closed! {
    /// Who says that one commitment delivers another.
    DeliveryBasis {
        /// The pledge.
        Stated = "STATED",
        /// Whoever recorded it.
        Interpreted = "INTERPRETED",
    }
}
closed! {
    /// What led to an action or a change.
    Origin {
        /// Somebody's feedback.
        Feedback = "FEEDBACK",
        /// An audit.
        Audit = "AUDIT",
        /// A review.
        Review = "REVIEW",
        /// The law.
        Law = "LAW",
        /// Something else.
        Other = "OTHER",
    }
}
closed! {
    /// Who was asked, or who spoke.
    Respondents {
        /// The organisation's own staff.
        Staff = "STAFF",
        /// Its partners.
        Partners = "PARTNERS",
    }
}
closed! {
    /// How far a respondent can be known.
    Anonymity {
        /// Nobody can know.
        Anonymous = "ANONYMOUS",
        /// A few know, and keep it.
        Confidential = "CONFIDENTIAL",
        /// The respondent gave a name (which never comes here).
        Named = "NAMED",
    }
}
closed! {
    /// Whether, and how, the respondent can be answered.
    Contact {
        /// Not at all.
        None = "NONE",
        /// Through a token that names nobody.
        ReplyToken = "REPLY_TOKEN",
        /// In person.
        Direct = "DIRECT",
    }
}
closed! {
    /// What the answer to feedback was.
    ResponseOutcome {
        /// Something will change.
        ChangeAgreed = "CHANGE_AGREED",
        /// A change is being considered.
        ChangeConsidered = "CHANGE_CONSIDERED",
        /// Nothing will change.
        NoChange = "NO_CHANGE",
    }
}
closed! {
    /// How the answer was given.
    ResponseMode {
        /// To the respondent.
        Direct = "DIRECT",
        /// In public.
        Public = "PUBLIC",
    }
}
closed! {
    /// Whether a change of a policy counts as one.
    ChangeNature {
        /// Wording only; it does not count.
        Editorial = "EDITORIAL",
        /// It counts.
        Substantive = "SUBSTANTIVE",
    }
}
closed! {
    /// Why an event is taken back.
    VoidGround {
        /// Recorded twice.
        Duplicate = "DUPLICATE",
        /// Recorded about the wrong subject.
        WrongSubject = "WRONG_SUBJECT",
        /// It was a test.
        Test = "TEST",
    }
}
closed! {
    /// Which way a measure should move.
    Direction {
        /// More is better.
        Up = "UP",
        /// Less is better.
        Down = "DOWN",
    }
}
closed! {
    /// What a review found. The first four are for continuing commitments, the last four for milestones (the completion scale of the Open Government Partnership's Independent Reporting Mechanism).
    ReviewOutcome {
        /// Kept in the period.
        Kept = "KEPT",
        /// Kept in part.
        Partly = "PARTLY",
        /// Not kept.
        NotKept = "NOT_KEPT",
        /// Nothing tells.
        NoEvidence = "NO_EVIDENCE",
        /// Nothing was done.
        NotStarted = "NOT_STARTED",
        /// Something was done.
        Limited = "LIMITED",
        /// Most was done.
        Substantial = "SUBSTANTIAL",
        /// All was done.
        Complete = "COMPLETE",
    }
}
closed! {
    /// How deep learning goes; each level holds those below it.
    Level {
        /// Everybody.
        Informed = "INFORMED",
        /// Who works with people.
        Skilled = "SKILLED",
        /// Who works with people who are often affected.
        Enhanced = "ENHANCED",
        /// Who treats or advises.
        Specialist = "SPECIALIST",
    }
}
closed! {
    /// What an activity makes people aware of.
    Purpose {
        /// What being trauma-informed is good for.
        Benefits = "BENEFITS",
        /// Why it is vital for what communities get.
        Outcomes = "OUTCOMES",
        /// That anyone can be affected.
        EverybodysBusiness = "EVERYBODYS_BUSINESS",
        /// What trauma does.
        Impact = "IMPACT",
    }
}
closed! {
    /// How much of their feedback somebody takes back.
    WithdrawalScope {
        /// All of it, and what was written is erased.
        Whole = "WHOLE",
        /// Only the way to be answered.
        Contact = "CONTACT",
    }
}
closed! {
    /// What a review of a policy came to.
    PolicyReviewOutcome {
        /// It stays as it is.
        NoChange = "NO_CHANGE",
        /// A change is proposed.
        ChangeProposed = "CHANGE_PROPOSED",
    }
}
closed! {
    /// Why words or content are to be erased.
    ErasureGround {
        /// Whoever gave it took it back.
        Withdrawn = "WITHDRAWN",
        /// Somebody objects to its being held.
        Objection = "OBJECTION",
        /// It identifies somebody.
        Identifying = "IDENTIFYING",
        /// Its time is over.
        Retention = "RETENTION",
        /// It should never have been held.
        Unlawful = "UNLAWFUL",
    }
}
closed! {
    /// Why words or content are not erased.
    RefusalGround {
        /// The law requires that they are held.
        LegalDuty = "LEGAL_DUTY",
        /// They are needed for a legal claim.
        LegalClaim = "LEGAL_CLAIM",
        /// The public interest requires it.
        PublicInterest = "PUBLIC_INTEREST",
        /// They are not held.
        NotHeld = "NOT_HELD",
    }
}
closed! {
    /// What an auditor concluded.
    OpinionResult {
        /// Nothing wrong was found.
        Unqualified = "UNQUALIFIED",
        /// Right but for what is named.
        Qualified = "QUALIFIED",
        /// Wrong.
        Adverse = "ADVERSE",
        /// It could not be established.
        Disclaimer = "DISCLAIMER",
    }
}
