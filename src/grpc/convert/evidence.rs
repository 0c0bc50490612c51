//! Evidence, and events that take others back.

use super::Wire;
use super::field::{
    Held, Path, Texts, closed, code, number, optional_source, optional_url, sha256, shown, shown_or_empty,
    subject, text, uuid,
};
use crate::domain::{
    event::{EventVoided, EvidenceAttached},
    rejection::Rejection,
};
use crate::grpc::wire;
use crate::limits::MAX_NAME;

impl Wire for EvidenceAttached {
    type Message = wire::EvidenceAttached;

    fn parse(at: &Path<'_>, wire: wire::EvidenceAttached, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            about: subject(&at.field("about"), &wire.about)?,
            sha256: sha256(&at.field("sha256"), &wire.sha256)?,
            size_bytes: wire.size_bytes,
            media_type: text(&at.field("media_type"), wire.media_type, MAX_NAME)?,
            kind: code(&at.field("kind"), &wire.kind)?,
            uri: optional_url(&at.field("uri"), &wire.uri)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::EvidenceAttached {
        wire::EvidenceAttached {
            about: shown(&self.about),
            sha256: self.sha256.0.to_vec(),
            size_bytes: self.size_bytes,
            media_type: self.media_type.clone(),
            kind: shown(&self.kind),
            uri: self.uri.as_ref().map(|url| url.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl Wire for EventVoided {
    type Message = wire::EventVoided;

    fn parse(at: &Path<'_>, wire: wire::EventVoided, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            target_event_id: uuid(&at.field("target_event_id"), &wire.target_event_id)?,
            target_source: optional_source(&at.field("target_source"), &wire.target_source)?,
            ground: closed(&at.field("ground"), wire.ground)?,
            approver_post: code(&at.field("approver_post"), &wire.approver_post)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::EventVoided {
        wire::EventVoided {
            target_event_id: shown(&self.target_event_id),
            target_source: shown_or_empty(self.target_source.as_ref()),
            ground: number(self.ground),
            approver_post: shown(&self.approver_post),
        }
    }
}
