//! Feedback: asked for, received, answered. Nothing here holds what anybody said.

use super::Wire;
use super::field::{
    Held, Path, Texts, all, closed, code, codes, date, day, label, list, number, optional_code,
    optional_sha256, optional_url, shown, shown_or_empty, url,
};
use crate::domain::{
    event::{Anonymity, FeedbackClosedWithoutChange, FeedbackReceived, FeedbackResponded, FeedbackSought},
    rejection::Rejection,
};
use crate::grpc::wire;
use crate::limits::MAX_LINKS;

impl Wire for FeedbackSought {
    type Message = wire::FeedbackSought;

    fn parse(at: &Path<'_>, wire: wire::FeedbackSought, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            respondents: closed(&at.field("respondents"), wire.respondents)?,
            opens: date(&at.field("opens"), wire.opens)?,
            closes: date(&at.field("closes"), wire.closes)?,
            invited: wire.invited,
            channels: codes(&at.field("channels"), &wire.channels)?,
            anonymity_options: list(
                &at.field("anonymity_options"),
                MAX_LINKS,
                wire.anonymity_options,
                closed::<Anonymity>,
            )?,
            support_url: url(&at.field("support_url"), &wire.support_url)?,
            commitments: codes(&at.field("commitments"), &wire.commitments)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackSought {
        wire::FeedbackSought {
            title: shown(&self.title),
            respondents: number(self.respondents),
            opens: Some(day(self.opens)),
            closes: Some(day(self.closes)),
            invited: self.invited,
            channels: all(&self.channels),
            anonymity_options: self.anonymity_options.iter().copied().map(number).collect(),
            support_url: self.support_url.as_str().to_owned(),
            commitments: all(&self.commitments),
        }
    }
}

impl Wire for FeedbackReceived {
    type Message = wire::FeedbackReceived;

    fn parse(at: &Path<'_>, wire: wire::FeedbackReceived, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            round: optional_code(&at.field("round"), &wire.round)?,
            respondents: closed(&at.field("respondents"), wire.respondents)?,
            themes: codes(&at.field("themes"), &wire.themes)?,
            policies: codes(&at.field("policies"), &wire.policies)?,
            channel: code(&at.field("channel"), &wire.channel)?,
            anonymity: closed(&at.field("anonymity"), wire.anonymity)?,
            contact: closed(&at.field("contact"), wire.contact)?,
            content_commitment: optional_sha256(&at.field("content_commitment"), &wire.content_commitment)?,
            receipt_code_hash: optional_sha256(&at.field("receipt_code_hash"), &wire.receipt_code_hash)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackReceived {
        wire::FeedbackReceived {
            round: shown_or_empty(self.round.as_ref()),
            respondents: number(self.respondents),
            themes: all(&self.themes),
            policies: all(&self.policies),
            channel: shown(&self.channel),
            anonymity: number(self.anonymity),
            contact: number(self.contact),
            content_commitment: self.content_commitment.map(|hash| hash.0.to_vec()).unwrap_or_default(),
            receipt_code_hash: self.receipt_code_hash.map(|hash| hash.0.to_vec()).unwrap_or_default(),
        }
    }
}

impl Wire for FeedbackResponded {
    type Message = wire::FeedbackResponded;

    fn parse(at: &Path<'_>, wire: wire::FeedbackResponded, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            outcome: closed(&at.field("outcome"), wire.outcome)?,
            mode: closed(&at.field("mode"), wire.mode)?,
            response_url: optional_url(&at.field("response_url"), &wire.response_url)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackResponded {
        wire::FeedbackResponded {
            outcome: number(self.outcome),
            mode: number(self.mode),
            response_url: self.response_url.as_ref().map(|url| url.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl Wire for FeedbackClosedWithoutChange {
    type Message = wire::FeedbackClosedWithoutChange;

    fn parse(
        at: &Path<'_>,
        wire: wire::FeedbackClosedWithoutChange,
        texts: &mut Texts,
    ) -> Result<Self, Rejection> {
        Ok(Self {
            reason_code: code(&at.field("reason_code"), &wire.reason_code)?,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::FeedbackClosedWithoutChange {
        wire::FeedbackClosedWithoutChange {
            reason_code: shown(&self.reason_code),
            reason: held.text("reason"),
        }
    }
}
