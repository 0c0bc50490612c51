//! Actions: planned, moved, done, looked at.

use super::Wire;
use super::field::{
    Held, Path, Texts, all, closed, code, codes, date, day, label, number, optional_code, shown,
    shown_or_empty, uuids,
};
use crate::domain::{
    event::{
        ActionCancelled, ActionCompleted, ActionPlanned, ActionReopened, ActionStarted, ActionVerified,
        DeadlineRevised,
    },
    rejection::Rejection,
};
use crate::grpc::wire;

impl Wire for ActionPlanned {
    type Message = wire::ActionPlanned;

    fn parse(at: &Path<'_>, wire: wire::ActionPlanned, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            commitments: codes(&at.field("commitments"), &wire.commitments)?,
            owner_post: code(&at.field("owner_post"), &wire.owner_post)?,
            first_due: date(&at.field("first_due"), wire.first_due)?,
            origin: closed(&at.field("origin"), wire.origin)?,
            feedback: uuids(&at.field("feedback"), &wire.feedback)?,
            replaces: optional_code(&at.field("replaces"), &wire.replaces)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::ActionPlanned {
        wire::ActionPlanned {
            title: shown(&self.title),
            commitments: all(&self.commitments),
            owner_post: shown(&self.owner_post),
            first_due: Some(day(self.first_due)),
            origin: number(self.origin),
            feedback: all(&self.feedback),
            replaces: shown_or_empty(self.replaces.as_ref()),
        }
    }
}

impl Wire for ActionStarted {
    type Message = wire::ActionStarted;

    fn parse(_: &Path<'_>, _: wire::ActionStarted, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {})
    }

    fn print(&self, _: &Held<'_>) -> wire::ActionStarted {
        wire::ActionStarted {}
    }
}

impl Wire for DeadlineRevised {
    type Message = wire::DeadlineRevised;

    fn parse(at: &Path<'_>, wire: wire::DeadlineRevised, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            old_due: date(&at.field("old_due"), wire.old_due)?,
            new_due: date(&at.field("new_due"), wire.new_due)?,
            approver_post: code(&at.field("approver_post"), &wire.approver_post)?,
            reason: texts.optional_words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::DeadlineRevised {
        wire::DeadlineRevised {
            old_due: Some(day(self.old_due)),
            new_due: Some(day(self.new_due)),
            approver_post: shown(&self.approver_post),
            reason: held.text("reason"),
        }
    }
}

impl Wire for ActionCompleted {
    type Message = wire::ActionCompleted;

    fn parse(at: &Path<'_>, wire: wire::ActionCompleted, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { evidence: codes(&at.field("evidence"), &wire.evidence)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::ActionCompleted {
        wire::ActionCompleted { evidence: all(&self.evidence) }
    }
}

impl Wire for ActionVerified {
    type Message = wire::ActionVerified;

    fn parse(at: &Path<'_>, wire: wire::ActionVerified, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            verifier_post: code(&at.field("verifier_post"), &wire.verifier_post)?,
            evidence: codes(&at.field("evidence"), &wire.evidence)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::ActionVerified {
        wire::ActionVerified { verifier_post: shown(&self.verifier_post), evidence: all(&self.evidence) }
    }
}

impl Wire for ActionReopened {
    type Message = wire::ActionReopened;

    fn parse(at: &Path<'_>, wire: wire::ActionReopened, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { reason: texts.words(at, "reason", wire.reason)? })
    }

    fn print(&self, held: &Held<'_>) -> wire::ActionReopened {
        wire::ActionReopened { reason: held.text("reason") }
    }
}

impl Wire for ActionCancelled {
    type Message = wire::ActionCancelled;

    fn parse(at: &Path<'_>, wire: wire::ActionCancelled, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { reason: texts.words(at, "reason", wire.reason)? })
    }

    fn print(&self, held: &Held<'_>) -> wire::ActionCancelled {
        wire::ActionCancelled { reason: held.text("reason") }
    }
}
