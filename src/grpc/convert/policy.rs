//! Policies and their changes.

use super::Wire;
use super::field::{
    Held, Path, Texts, all, closed, code, codes, date, day, label, number, sha256, shown, uuids,
};
use crate::domain::{
    event::{PolicyChangeApproved, PolicyChangeProposed, PolicyChanged, PolicyRegistered},
    rejection::Rejection,
};
use crate::grpc::wire;

impl Wire for PolicyRegistered {
    type Message = wire::PolicyRegistered;

    fn parse(at: &Path<'_>, wire: wire::PolicyRegistered, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            owner_post: code(&at.field("owner_post"), &wire.owner_post)?,
            version: code(&at.field("version"), &wire.version)?,
            document_sha256: sha256(&at.field("document_sha256"), &wire.document_sha256)?,
            review_due: date(&at.field("review_due"), wire.review_due)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::PolicyRegistered {
        wire::PolicyRegistered {
            title: shown(&self.title),
            owner_post: shown(&self.owner_post),
            version: shown(&self.version),
            document_sha256: self.document_sha256.0.to_vec(),
            review_due: Some(day(self.review_due)),
        }
    }
}

impl Wire for PolicyChangeProposed {
    type Message = wire::PolicyChangeProposed;

    fn parse(at: &Path<'_>, wire: wire::PolicyChangeProposed, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            policy: code(&at.field("policy"), &wire.policy)?,
            origin: closed(&at.field("origin"), wire.origin)?,
            feedback: uuids(&at.field("feedback"), &wire.feedback)?,
            commitments: codes(&at.field("commitments"), &wire.commitments)?,
            nature: closed(&at.field("nature"), wire.nature)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::PolicyChangeProposed {
        wire::PolicyChangeProposed {
            title: shown(&self.title),
            policy: shown(&self.policy),
            origin: number(self.origin),
            feedback: all(&self.feedback),
            commitments: all(&self.commitments),
            nature: number(self.nature),
        }
    }
}

impl Wire for PolicyChangeApproved {
    type Message = wire::PolicyChangeApproved;

    fn parse(at: &Path<'_>, wire: wire::PolicyChangeApproved, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { by_post: code(&at.field("by_post"), &wire.by_post)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::PolicyChangeApproved {
        wire::PolicyChangeApproved { by_post: shown(&self.by_post) }
    }
}

impl Wire for PolicyChanged {
    type Message = wire::PolicyChanged;

    fn parse(at: &Path<'_>, wire: wire::PolicyChanged, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            policy: code(&at.field("policy"), &wire.policy)?,
            version: code(&at.field("version"), &wire.version)?,
            effective_on: date(&at.field("effective_on"), wire.effective_on)?,
            document_sha256: sha256(&at.field("document_sha256"), &wire.document_sha256)?,
            what_changed: texts.words(at, "what_changed", wire.what_changed)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::PolicyChanged {
        wire::PolicyChanged {
            policy: shown(&self.policy),
            version: shown(&self.version),
            effective_on: Some(day(self.effective_on)),
            document_sha256: self.document_sha256.0.to_vec(),
            what_changed: held.text("what_changed"),
        }
    }
}
