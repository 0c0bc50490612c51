//! The loop of feedback, from asking to telling, and how changes of policies end.

use super::Wire;
use super::field::{
    Held, Path, Texts, closed, code, date, day, number, optional_code, shown, shown_or_empty, subject, url,
};
use crate::domain::{
    event::{
        FeedbackAcknowledged, FeedbackConsidered, FeedbackLinked, FeedbackReopened, FeedbackRoundClosed,
        FeedbackTold, FeedbackUnlinked, FeedbackWithdrawn, PolicyChangeAbandoned, PolicyChangeDeclined,
        PolicyChangeReversed, PolicyReviewed, RoundResponsePublished,
    },
    rejection::Rejection,
};
use crate::grpc::wire;

impl Wire for FeedbackRoundClosed {
    type Message = wire::FeedbackRoundClosed;

    fn parse(_: &Path<'_>, wire: wire::FeedbackRoundClosed, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { responses: wire.responses })
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackRoundClosed {
        wire::FeedbackRoundClosed { responses: self.responses }
    }
}

impl Wire for RoundResponsePublished {
    type Message = wire::RoundResponsePublished;

    fn parse(at: &Path<'_>, wire: wire::RoundResponsePublished, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { url: url(&at.field("url"), &wire.url)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::RoundResponsePublished {
        wire::RoundResponsePublished { url: self.url.as_str().to_owned() }
    }
}

impl Wire for FeedbackAcknowledged {
    type Message = wire::FeedbackAcknowledged;

    fn parse(at: &Path<'_>, wire: wire::FeedbackAcknowledged, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { mode: closed(&at.field("mode"), wire.mode)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackAcknowledged {
        wire::FeedbackAcknowledged { mode: number(self.mode) }
    }
}

impl Wire for FeedbackConsidered {
    type Message = wire::FeedbackConsidered;

    fn parse(at: &Path<'_>, wire: wire::FeedbackConsidered, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { mode: closed(&at.field("mode"), wire.mode)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackConsidered {
        wire::FeedbackConsidered { mode: number(self.mode) }
    }
}

impl Wire for FeedbackTold {
    type Message = wire::FeedbackTold;

    fn parse(at: &Path<'_>, wire: wire::FeedbackTold, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { mode: closed(&at.field("mode"), wire.mode)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackTold {
        wire::FeedbackTold { mode: number(self.mode) }
    }
}

impl Wire for FeedbackLinked {
    type Message = wire::FeedbackLinked;

    fn parse(at: &Path<'_>, wire: wire::FeedbackLinked, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { to: subject(&at.field("to"), &wire.to)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackLinked {
        wire::FeedbackLinked { to: shown(&self.to) }
    }
}

impl Wire for FeedbackUnlinked {
    type Message = wire::FeedbackUnlinked;

    fn parse(at: &Path<'_>, wire: wire::FeedbackUnlinked, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { from: subject(&at.field("from"), &wire.from)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackUnlinked {
        wire::FeedbackUnlinked { from: shown(&self.from) }
    }
}

impl Wire for FeedbackReopened {
    type Message = wire::FeedbackReopened;

    fn parse(_: &Path<'_>, _: wire::FeedbackReopened, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {})
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackReopened {
        wire::FeedbackReopened {}
    }
}

impl Wire for FeedbackWithdrawn {
    type Message = wire::FeedbackWithdrawn;

    fn parse(at: &Path<'_>, wire: wire::FeedbackWithdrawn, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { scope: closed(&at.field("scope"), wire.scope)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::FeedbackWithdrawn {
        wire::FeedbackWithdrawn { scope: number(self.scope) }
    }
}

impl Wire for PolicyChangeDeclined {
    type Message = wire::PolicyChangeDeclined;

    fn parse(at: &Path<'_>, wire: wire::PolicyChangeDeclined, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            by_post: code(&at.field("by_post"), &wire.by_post)?,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::PolicyChangeDeclined {
        wire::PolicyChangeDeclined { by_post: shown(&self.by_post), reason: held.text("reason") }
    }
}

impl Wire for PolicyChangeAbandoned {
    type Message = wire::PolicyChangeAbandoned;

    fn parse(at: &Path<'_>, wire: wire::PolicyChangeAbandoned, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            by_post: code(&at.field("by_post"), &wire.by_post)?,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::PolicyChangeAbandoned {
        wire::PolicyChangeAbandoned { by_post: shown(&self.by_post), reason: held.text("reason") }
    }
}

impl Wire for PolicyChangeReversed {
    type Message = wire::PolicyChangeReversed;

    fn parse(at: &Path<'_>, wire: wire::PolicyChangeReversed, texts: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            by_post: code(&at.field("by_post"), &wire.by_post)?,
            reason: texts.words(at, "reason", wire.reason)?,
        })
    }

    fn print(&self, held: &Held<'_>) -> wire::PolicyChangeReversed {
        wire::PolicyChangeReversed { by_post: shown(&self.by_post), reason: held.text("reason") }
    }
}

impl Wire for PolicyReviewed {
    type Message = wire::PolicyReviewed;

    fn parse(at: &Path<'_>, wire: wire::PolicyReviewed, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            outcome: closed(&at.field("outcome"), wire.outcome)?,
            change: optional_code(&at.field("change"), &wire.change)?,
            next_due: date(&at.field("next_due"), wire.next_due)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::PolicyReviewed {
        wire::PolicyReviewed {
            outcome: number(self.outcome),
            change: shown_or_empty(self.change.as_ref()),
            next_due: Some(day(self.next_due)),
        }
    }
}
