//! The loop of feedback, from asking to telling, and how changes of policies end.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::event::codes::{PolicyReviewOutcome, ResponseMode, WithdrawalScope};
use crate::domain::id::{Code, Subject};
use crate::domain::value::{Url, Words};

payload! {
    /// The round is over.
    FeedbackRoundClosed {
        /// How many answered.
        responses: u32,
    }
}
payload! {
    /// What came of the round was published.
    RoundResponsePublished {
        /// Where it stands. https.
        url: Url,
    }
}
payload! {
    /// Whoever spoke was told that it arrived.
    FeedbackAcknowledged {
        /// To them, or in public.
        mode: ResponseMode,
    }
}
payload! {
    /// Somebody is thinking about it.
    FeedbackConsidered {
        /// Whether they were told, or everybody.
        mode: ResponseMode,
    }
}
payload! {
    /// Whoever spoke was told what came of it.
    FeedbackTold {
        /// To them, or in public.
        mode: ResponseMode,
    }
}
payload! {
    /// It led to this.
    FeedbackLinked {
        /// A policy change or an action.
        to: Subject,
    }
}
payload! {
    /// It did not lead to this after all.
    FeedbackUnlinked {
        /// The policy change or action.
        from: Subject,
    }
}
payload! {
    /// It is being considered again.
    FeedbackReopened {}
}
payload! {
    /// Whoever spoke takes it back. Nobody has to say why, and nobody can.
    FeedbackWithdrawn {
        /// How much of it.
        scope: WithdrawalScope,
    }
}
payload! {
    /// The proposal was turned down.
    PolicyChangeDeclined {
        /// Who decided.
        by_post: Code,
        /// Why.
        reason: Words,
    }
}
payload! {
    /// The proposal was given up.
    PolicyChangeAbandoned {
        /// Who decided.
        by_post: Code,
        /// Why.
        reason: Words,
    }
}
payload! {
    /// The change was taken out of force.
    PolicyChangeReversed {
        /// Who decided.
        by_post: Code,
        /// Why.
        reason: Words,
    }
}
payload! {
    /// The policy was looked at again.
    PolicyReviewed {
        /// What it came to.
        outcome: PolicyReviewOutcome,
        /// The change that is proposed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<Code>,
        /// When it is to be looked at again.
        next_due: Date,
    }
}
