//! The words of the loop: rounds that end, feedback on its way, changes that end, reviews.
//!
//! Invariant: each says one thing with usual values; each test bends one thing.

use super::says::*;
use crate::domain::event::*;
use crate::domain::id::Subject;

pub(super) fn sought(change: impl FnOnce(&mut FeedbackSought)) -> Said {
    let mut payload = feedback_sought();
    change(&mut payload);
    on("2025-03-20", "round/spring", payload)
}

pub(super) fn round_closed(when: &str, responses: u32) -> Said {
    on(when, "round/spring", FeedbackRoundClosed { responses })
}

pub(super) fn published(when: &str) -> Said {
    on(when, "round/spring", RoundResponsePublished { url: url() })
}

/// Received about the round.
pub(super) fn answer_to_round(when: &str, number: u8) -> Said {
    let mut payload = feedback_received(Anonymity::Confidential, Contact::Direct);
    payload.round = Some(code("spring"));
    on(when, &item(number), payload)
}

/// The same, anonymous.
pub(super) fn anonymous_to_round(month: &str, number: u8) -> Said {
    let mut payload = feedback_received(Anonymity::Anonymous, Contact::None);
    payload.round = Some(code("spring"));
    on(month, &item(number), payload)
}

pub(super) fn acknowledged(when: &str, mode: ResponseMode) -> Said {
    on(when, &item(1), FeedbackAcknowledged { mode })
}

pub(super) fn considered(when: &str, mode: ResponseMode) -> Said {
    on(when, &item(1), FeedbackConsidered { mode })
}

pub(super) fn told(when: &str, mode: ResponseMode) -> Said {
    on(when, &item(1), FeedbackTold { mode })
}

/// Answered, in person.
pub(super) fn answered(when: &str, outcome: ResponseOutcome) -> Said {
    on(when, &item(1), FeedbackResponded { outcome, mode: ResponseMode::Direct, response_url: None })
}

pub(super) fn linked(when: &str, to: &str) -> Said {
    on(when, &item(1), FeedbackLinked { to: Subject::parse(to).unwrap() })
}

pub(super) fn unlinked(when: &str, from: &str) -> Said {
    on(when, &item(1), FeedbackUnlinked { from: Subject::parse(from).unwrap() })
}

pub(super) fn heard_again(when: &str) -> Said {
    on(when, &item(1), FeedbackReopened {})
}

pub(super) fn withdrawn(when: &str, scope: WithdrawalScope) -> Said {
    on(when, &item(1), FeedbackWithdrawn { scope })
}

/// An action that came from the feedback.
pub(super) fn planned_for(when: &str) -> Said {
    let mut payload = action_planned();
    payload.origin = Origin::Feedback;
    payload.feedback = vec![uuid(1)];
    on(when, "action/a", payload)
}

/// A change that came from the feedback.
pub(super) fn proposed_for(when: &str) -> Said {
    let mut payload = change_proposed();
    payload.origin = Origin::Feedback;
    payload.feedback = vec![uuid(1)];
    on(when, "policy-change/p", payload)
}

pub(super) fn declined_by(when: &str, post: &str) -> Said {
    on(when, "policy-change/p", PolicyChangeDeclined { by_post: code(post), reason: words() })
}

pub(super) fn declined(when: &str) -> Said {
    declined_by(when, "head")
}

pub(super) fn abandoned_by(when: &str, post: &str) -> Said {
    on(when, "policy-change/p", PolicyChangeAbandoned { by_post: code(post), reason: words() })
}

pub(super) fn abandoned(when: &str) -> Said {
    abandoned_by(when, "head")
}

pub(super) fn reversed_by(when: &str, post: &str) -> Said {
    on(when, "policy-change/p", PolicyChangeReversed { by_post: code(post), reason: words() })
}

pub(super) fn reversed(when: &str) -> Said {
    reversed_by(when, "head")
}

pub(super) fn reviewed(when: &str, change: impl FnOnce(&mut PolicyReviewed)) -> Said {
    let mut payload =
        PolicyReviewed { outcome: PolicyReviewOutcome::NoChange, change: None, next_due: day("2027-01-01") };
    change(&mut payload);
    on(when, "policy/flex", payload)
}

/// A review that led to that change.
pub(super) fn reviewed_with(when: &str, change: &str) -> Said {
    reviewed(when, |review| {
        review.outcome = PolicyReviewOutcome::ChangeProposed;
        review.change = Some(code(change));
    })
}
