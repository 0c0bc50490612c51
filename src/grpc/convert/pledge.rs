//! Pledges and commitments.

use super::Wire;
use super::field::{
    Held, Path, Texts, all, closed, code, codes, label, labels, list, number, sha256, shown, text,
};
use crate::domain::{
    event::{CommitmentDisposition, CommitmentMade, Delivery, PledgePublished},
    rejection::Rejection,
};
use crate::grpc::wire;
use crate::limits::{MAX_ENTRIES, MAX_LINKS, MAX_PLEDGE};

impl Wire for PledgePublished {
    type Message = wire::PledgePublished;

    fn parse(at: &Path<'_>, wire: wire::PledgePublished, _: &mut Texts) -> Result<Self, Rejection> {
        let dispositions = list(&at.field("dispositions"), MAX_ENTRIES, wire.dispositions, |at, item| {
            Ok(CommitmentDisposition {
                commitment: code(&at.field("commitment"), &item.commitment)?,
                disposition: closed(&at.field("disposition"), item.disposition)?,
            })
        })?;
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            version: wire.version,
            text: text(&at.field("text"), wire.text, MAX_PLEDGE)?,
            sha256: sha256(&at.field("sha256"), &wire.sha256)?,
            principles: labels(&at.field("principles"), &wire.principles)?,
            values: labels(&at.field("values"), &wire.values)?,
            dispositions,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::PledgePublished {
        let disposition = |item: &CommitmentDisposition| wire::CommitmentDisposition {
            commitment: shown(&item.commitment),
            disposition: number(item.disposition),
        };
        wire::PledgePublished {
            title: shown(&self.title),
            version: self.version,
            text: self.text.clone(),
            sha256: self.sha256.0.to_vec(),
            principles: all(&self.principles),
            values: all(&self.values),
            dispositions: self.dispositions.iter().map(disposition).collect(),
        }
    }
}

impl Wire for CommitmentMade {
    type Message = wire::CommitmentMade;

    fn parse(at: &Path<'_>, wire: wire::CommitmentMade, _: &mut Texts) -> Result<Self, Rejection> {
        let delivers = list(&at.field("delivers"), MAX_LINKS, wire.delivers, |at, item| {
            Ok(Delivery {
                commitment: code(&at.field("commitment"), &item.commitment)?,
                basis: closed(&at.field("basis"), item.basis)?,
            })
        })?;
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            pledge: code(&at.field("pledge"), &wire.pledge)?,
            pledge_version: wire.pledge_version,
            quote: text(&at.field("quote"), wire.quote, MAX_PLEDGE)?,
            span_start: wire.span_start,
            span_end: wire.span_end,
            kind: closed(&at.field("kind"), wire.kind)?,
            owner_post: code(&at.field("owner_post"), &wire.owner_post)?,
            audience: codes(&at.field("audience"), &wire.audience)?,
            principles: labels(&at.field("principles"), &wire.principles)?,
            delivers,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::CommitmentMade {
        let delivery = |item: &Delivery| wire::Delivery {
            commitment: shown(&item.commitment),
            basis: number(item.basis),
        };
        wire::CommitmentMade {
            title: shown(&self.title),
            pledge: shown(&self.pledge),
            pledge_version: self.pledge_version,
            quote: self.quote.clone(),
            span_start: self.span_start,
            span_end: self.span_end,
            kind: number(self.kind),
            owner_post: shown(&self.owner_post),
            audience: all(&self.audience),
            principles: all(&self.principles),
            delivers: self.delivers.iter().map(delivery).collect(),
        }
    }
}
