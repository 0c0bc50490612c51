//! Commitments after they were made: owners, measures, reviews, ends.

use super::Wire;
use super::field::{
    Held, Path, Texts, all, closed, code, codes, date, day, label, number, optional_date, optional_decimal,
    optional_label, shown, shown_or_empty,
};
use crate::domain::{
    event::{
        ActionProgressReported, CommitmentFulfilled, CommitmentMerged, CommitmentReviewed,
        CommitmentSuperseded, CommitmentWithdrawn, EvidenceChallenged, EvidenceRejected, EvidenceUpheld,
        EvidenceWithdrawn, MeasureAgreed, MeasureReported, MeasureRevised, OwnerReassigned,
    },
    rejection::Rejection,
};
use crate::grpc::wire;

impl Wire for OwnerReassigned {
    type Message = wire::OwnerReassigned;

    fn parse(at: &Path<'_>, wire: wire::OwnerReassigned, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            from_post: code(&at.field("from_post"), &wire.from_post)?,
            to_post: code(&at.field("to_post"), &wire.to_post)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::OwnerReassigned {
        wire::OwnerReassigned { from_post: shown(&self.from_post), to_post: shown(&self.to_post) }
    }
}

impl Wire for MeasureAgreed {
    type Message = wire::MeasureAgreed;

    fn parse(at: &Path<'_>, wire: wire::MeasureAgreed, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            commitment: code(&at.field("commitment"), &wire.commitment)?,
            title: label(&at.field("title"), &wire.title)?,
            definition: texts.words(at, "definition", wire.definition)?,
            unit: label(&at.field("unit"), &wire.unit)?,
            numerator: label(&at.field("numerator"), &wire.numerator)?,
            denominator: optional_label(&at.field("denominator"), &wire.denominator)?,
            target: optional_decimal(&at.field("target"), &wire.target)?,
            direction: closed(&at.field("direction"), wire.direction)?,
            due: optional_date(&at.field("due"), wire.due)?,
            owner_post: code(&at.field("owner_post"), &wire.owner_post)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::MeasureAgreed {
        wire::MeasureAgreed {
            commitment: shown(&self.commitment),
            title: shown(&self.title),
            definition: held.text("definition"),
            unit: shown(&self.unit),
            numerator: shown(&self.numerator),
            denominator: shown_or_empty(self.denominator.as_ref()),
            target: shown_or_empty(self.target.as_ref()),
            direction: number(self.direction),
            due: self.due.map(day),
            owner_post: shown(&self.owner_post),
        }
    }
}

impl Wire for MeasureRevised {
    type Message = wire::MeasureRevised;

    fn parse(at: &Path<'_>, wire: wire::MeasureRevised, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            definition: texts.words(at, "definition", wire.definition)?,
            unit: label(&at.field("unit"), &wire.unit)?,
            numerator: label(&at.field("numerator"), &wire.numerator)?,
            denominator: optional_label(&at.field("denominator"), &wire.denominator)?,
            target: optional_decimal(&at.field("target"), &wire.target)?,
            direction: closed(&at.field("direction"), wire.direction)?,
            due: optional_date(&at.field("due"), wire.due)?,
            approver_post: code(&at.field("approver_post"), &wire.approver_post)?,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::MeasureRevised {
        wire::MeasureRevised {
            title: shown(&self.title),
            definition: held.text("definition"),
            unit: shown(&self.unit),
            numerator: shown(&self.numerator),
            denominator: shown_or_empty(self.denominator.as_ref()),
            target: shown_or_empty(self.target.as_ref()),
            direction: number(self.direction),
            due: self.due.map(day),
            approver_post: shown(&self.approver_post),
            reason: held.text("reason"),
        }
    }
}

impl Wire for MeasureReported {
    type Message = wire::MeasureReported;

    fn parse(at: &Path<'_>, wire: wire::MeasureReported, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            period_from: date(&at.field("period_from"), wire.period_from)?,
            period_to: date(&at.field("period_to"), wire.period_to)?,
            numerator: wire.numerator,
            denominator: wire.denominator,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::MeasureReported {
        wire::MeasureReported {
            period_from: Some(day(self.period_from)),
            period_to: Some(day(self.period_to)),
            numerator: self.numerator,
            denominator: self.denominator,
        }
    }
}

impl Wire for CommitmentReviewed {
    type Message = wire::CommitmentReviewed;

    fn parse(at: &Path<'_>, wire: wire::CommitmentReviewed, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            period_from: date(&at.field("period_from"), wire.period_from)?,
            period_to: date(&at.field("period_to"), wire.period_to)?,
            outcome: closed(&at.field("outcome"), wire.outcome)?,
            rubric_version: code(&at.field("rubric_version"), &wire.rubric_version)?,
            assessor_post: code(&at.field("assessor_post"), &wire.assessor_post)?,
            evidence: codes(&at.field("evidence"), &wire.evidence)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::CommitmentReviewed {
        wire::CommitmentReviewed {
            period_from: Some(day(self.period_from)),
            period_to: Some(day(self.period_to)),
            outcome: number(self.outcome),
            rubric_version: shown(&self.rubric_version),
            assessor_post: shown(&self.assessor_post),
            evidence: all(&self.evidence),
        }
    }
}

impl Wire for CommitmentFulfilled {
    type Message = wire::CommitmentFulfilled;

    fn parse(at: &Path<'_>, wire: wire::CommitmentFulfilled, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { evidence: codes(&at.field("evidence"), &wire.evidence)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::CommitmentFulfilled {
        wire::CommitmentFulfilled { evidence: all(&self.evidence) }
    }
}

impl Wire for CommitmentMerged {
    type Message = wire::CommitmentMerged;

    fn parse(at: &Path<'_>, wire: wire::CommitmentMerged, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            into: code(&at.field("into"), &wire.into)?,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::CommitmentMerged {
        wire::CommitmentMerged { into: shown(&self.into), reason: held.text("reason") }
    }
}

impl Wire for CommitmentSuperseded {
    type Message = wire::CommitmentSuperseded;

    fn parse(at: &Path<'_>, wire: wire::CommitmentSuperseded, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { by: code(&at.field("by"), &wire.by)?, reason: texts.words(at, "reason", wire.reason)? })
    }

    fn print(&self, held: &Held<'_>) -> wire::CommitmentSuperseded {
        wire::CommitmentSuperseded { by: shown(&self.by), reason: held.text("reason") }
    }
}

impl Wire for CommitmentWithdrawn {
    type Message = wire::CommitmentWithdrawn;

    fn parse(at: &Path<'_>, wire: wire::CommitmentWithdrawn, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { reason: texts.words(at, "reason", wire.reason)? })
    }

    fn print(&self, held: &Held<'_>) -> wire::CommitmentWithdrawn {
        wire::CommitmentWithdrawn { reason: held.text("reason") }
    }
}

impl Wire for ActionProgressReported {
    type Message = wire::ActionProgressReported;

    fn parse(at: &Path<'_>, wire: wire::ActionProgressReported, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { progress: code(&at.field("progress"), &wire.progress)?, percent: wire.percent })
    }

    fn print(&self, _: &Held<'_>) -> wire::ActionProgressReported {
        wire::ActionProgressReported { progress: shown(&self.progress), percent: self.percent }
    }
}

impl Wire for EvidenceChallenged {
    type Message = wire::EvidenceChallenged;

    fn parse(at: &Path<'_>, wire: wire::EvidenceChallenged, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            by_post: code(&at.field("by_post"), &wire.by_post)?,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::EvidenceChallenged {
        wire::EvidenceChallenged { by_post: shown(&self.by_post), reason: held.text("reason") }
    }
}

impl Wire for EvidenceUpheld {
    type Message = wire::EvidenceUpheld;

    fn parse(at: &Path<'_>, wire: wire::EvidenceUpheld, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            by_post: code(&at.field("by_post"), &wire.by_post)?,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::EvidenceUpheld {
        wire::EvidenceUpheld { by_post: shown(&self.by_post), reason: held.text("reason") }
    }
}

impl Wire for EvidenceRejected {
    type Message = wire::EvidenceRejected;

    fn parse(at: &Path<'_>, wire: wire::EvidenceRejected, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            by_post: code(&at.field("by_post"), &wire.by_post)?,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::EvidenceRejected {
        wire::EvidenceRejected { by_post: shown(&self.by_post), reason: held.text("reason") }
    }
}

impl Wire for EvidenceWithdrawn {
    type Message = wire::EvidenceWithdrawn;

    fn parse(at: &Path<'_>, wire: wire::EvidenceWithdrawn, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { reason: texts.words(at, "reason", wire.reason)? })
    }

    fn print(&self, held: &Held<'_>) -> wire::EvidenceWithdrawn {
        wire::EvidenceWithdrawn { reason: held.text("reason") }
    }
}
