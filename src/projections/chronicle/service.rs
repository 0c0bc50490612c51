//! How feedback is answered and told, actions that name it, and release points.
//!
//! Invariant: as of the chronicle: it writes down whatever it is told. Only for tests.

use uuid::Uuid;

use super::{Chronicle, code, codes, label, on};
use crate::domain::event::*;

impl Chronicle {
    pub(crate) fn told_of(&mut self, item: Uuid, occurred: &str, mode: ResponseMode) -> u64 {
        self.say(&format!("feedback/{item}"), occurred, FeedbackTold { mode })
    }

    pub(crate) fn answered_by(&mut self, item: Uuid, occurred: &str, mode: ResponseMode) -> u64 {
        let responded =
            FeedbackResponded { outcome: ResponseOutcome::ChangeAgreed, mode, response_url: None };
        self.say(&format!("feedback/{item}"), occurred, responded)
    }

    pub(crate) fn plan_because(&mut self, id: &str, occurred: &str, due: &str, feedback: &[Uuid]) -> u64 {
        let plan = ActionPlanned {
            title: label(&format!("Action {id}")),
            commitments: codes(&["C1"]),
            owner_post: code("people"),
            first_due: on(due),
            origin: Origin::Feedback,
            feedback: feedback.to_vec(),
            replaces: None,
        };
        self.say(&format!("action/{id}"), occurred, plan)
    }
}
