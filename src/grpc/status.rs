//! Refusals as statuses with google.rpc details: a reason for programs, the field or rule that broke, and what to do.
//!
//! Invariant: the codes are those of the domain's table of refusals. Nothing that a poster wrote is repeated, but
//! identifiers; and nothing of our own files is told, but to the log.

use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::auth::Denied;
use crate::domain::{
    command::Expected,
    id::{LedgerName, Subject},
    rejection::Rejection,
};
use crate::journal::Refused;
use crate::notary::Unattested;
use crate::reports::explain::NotExplained;

/// Whose reasons they are.
const DOMAIN: &str = "pledgebook";

/// A status under construction.
struct Answer {
    code: Code,
    message: String,
    reason: &'static str,
    metadata: Vec<(&'static str, String)>,
    details: ErrorDetails,
}

impl Answer {
    fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), reason, metadata: Vec::new(), details: ErrorDetails::new() }
    }

    fn with(mut self, key: &'static str, value: &dyn std::fmt::Display) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }

    fn field(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.details.add_bad_request_violation(field, description);
        self
    }

    fn precondition(mut self, subject: impl Into<String>, description: impl Into<String>) -> Self {
        self.details.add_precondition_failure_violation(self.reason, subject, description);
        self
    }

    fn retry_after(mut self, delay: Duration) -> Self {
        self.details.set_retry_info(Some(delay));
        self
    }

    fn status(mut self) -> Status {
        let metadata = self.metadata.into_iter().map(|(key, value)| (key.to_owned(), value));
        let metadata = metadata.collect::<std::collections::HashMap<_, _>>();
        self.details.set_error_info(self.reason, DOMAIN, metadata);
        Status::with_error_details(self.code, self.message, self.details)
    }
}

/// Which part of a request was judged, so that a refusal can name the field as the caller wrote it.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// `events[i]`.
    Event(usize),
    /// `grants[i]`.
    Grant(usize),
    /// `opened`.
    Opened,
    /// The request's own fields.
    Request,
}

impl Place {
    fn field(self, inner: &str) -> String {
        match self {
            Self::Event(index) => format!("events[{index}].{inner}"),
            Self::Grant(index) => match inner.strip_prefix("grant_changed.") {
                Some(inner) => format!("grants[{index}].grant.{inner}"),
                None => format!("grants[{index}].source"),
            },
            Self::Opened => format!("opened.{}", inner.strip_prefix("ledger_opened.").unwrap_or(inner)),
            Self::Request => inner.to_owned(),
        }
    }

    fn index(self) -> Option<usize> {
        match self {
            Self::Event(index) | Self::Grant(index) => Some(index),
            Self::Opened | Self::Request => None,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Event(index) => format!("events[{index}]"),
            Self::Grant(index) => format!("grants[{index}]"),
            Self::Opened => "opened".into(),
            Self::Request => "request".into(),
        }
    }
}

/// Something in a request was judged and refused.
pub(super) fn rejected(ledger: Option<&LedgerName>, place: Place, rejection: &Rejection) -> Status {
    let message = match rejection {
        Rejection::Malformed { field, rule, remedy } => format!("{}: {rule}; {remedy}", place.field(field)),
        Rejection::Unknown { field, reference } => {
            format!("{}: the ledger holds no {reference}", place.field(field))
        }
        other => format!("{}: {other}", place.name()),
    };
    let mut answer = Answer::new(code(rejection), rejection.reason(), message);
    if let Some(ledger) = ledger {
        answer = answer.with("ledger", ledger);
    }
    if let Some(index) = place.index() {
        answer = answer.with("index", &index);
    }
    detailed(answer, place, rejection).status()
}

const fn code(rejection: &Rejection) -> Code {
    match rejection {
        Rejection::Malformed { .. } => Code::InvalidArgument,
        Rejection::IdTaken { .. } => Code::AlreadyExists,
        Rejection::NotGranted { .. } => Code::PermissionDenied,
        Rejection::Conflict { .. } => Code::Aborted,
        Rejection::InFuture => Code::OutOfRange,
        Rejection::Impossible { .. } => Code::FailedPrecondition,
        Rejection::Unknown { .. } => Code::NotFound,
    }
}

fn detailed(answer: Answer, place: Place, rejection: &Rejection) -> Answer {
    match rejection {
        Rejection::Malformed { field, rule, remedy } => {
            answer.field(place.field(field), format!("{rule}; {remedy}"))
        }
        Rejection::IdTaken { sequence } => answer.with("sequence", sequence),
        Rejection::NotGranted { source_name, what } => {
            answer.with("source", source_name).with("not_granted", what)
        }
        Rejection::Conflict { subject, expected, actual } => answer
            .with("subject", subject)
            .with("expected", &expectation(*expected))
            .with("actual_version", actual)
            .precondition(subject.to_string(), "read the subject again, and decide on what stands now"),
        Rejection::InFuture => answer.field(place.field("occurred"), "post it when it has happened"),
        Rejection::Impossible { explanation, standing, .. } => {
            let answer = match standing {
                Some(sequence) => answer.with("sequence", sequence),
                None => answer,
            };
            answer.precondition(place.name(), *explanation)
        }
        Rejection::Unknown { field, reference } => answer
            .with("reference", reference)
            .field(place.field(field), format!("the ledger holds no {reference}; record that first")),
    }
}

fn expectation(expected: Expected) -> String {
    match expected {
        Expected::Any => "any".into(),
        Expected::NoSubject => "no_subject".into(),
        Expected::SubjectExists => "subject_exists".into(),
        Expected::Version(version) => format!("version {version}"),
    }
}

/// A journal took nothing of a request, or could not read.
pub(super) fn refused(ledger: &LedgerName, place: fn(usize) -> Place, refused: &Refused) -> Status {
    let (code, reason) = match refused {
        Refused::Rejected { index, rejection } => return rejected(Some(ledger), place(*index), rejection),
        Refused::Stopping => return stopping(),
        Refused::QueueFull => (Code::ResourceExhausted, "QUEUE_FULL"),
        Refused::NotWritten => (Code::Unavailable, "NOT_WRITTEN"),
        Refused::DiskFull => (Code::ResourceExhausted, "DISK_FULL"),
        Refused::DeadlinePassed => (Code::DeadlineExceeded, "DEADLINE_PASSED"),
        Refused::ReadOnly(_) => (Code::FailedPrecondition, "READ_ONLY"),
        Refused::Unknown => (Code::Unavailable, "OUTCOME_UNKNOWN"),
        Refused::TooLarge { .. } => (Code::InvalidArgument, "RECORD_TOO_LARGE"),
        Refused::RequestTooLarge { .. } => (Code::InvalidArgument, "REQUEST_TOO_LARGE"),
        Refused::Unreadable(why) => {
            tracing::error!(%ledger, %why, "the ledger's own files could not be read");
            return unreadable(ledger);
        }
    };
    let message = match refused {
        // Why is about our own files.
        Refused::ReadOnly(_) => {
            "the ledger is read-only; an operator finds out why with ListLedgers".to_owned()
        }
        other => other.to_string(),
    };
    let answer = Answer::new(code, reason, message).with("ledger", ledger);
    match refused {
        Refused::ReadOnly(_) => {
            answer.precondition(ledger.to_string(), "post again when an operator has made it writable")
        }
        Refused::QueueFull => answer.retry_after(Duration::from_millis(100)),
        Refused::Unknown | Refused::NotWritten => answer.retry_after(Duration::from_secs(1)),
        Refused::TooLarge { index } => answer
            .with("index", index)
            .field(place(*index).name(), "its record would be larger than 65,535 bytes; shorten it"),
        _ => answer,
    }
    .status()
}

/// What was asked for is recorded, but no proof of it could be made.
pub(super) fn unattested(ledger: &LedgerName, why: &Unattested) -> Status {
    let (code, reason) = match why {
        Unattested::Stopping => return stopping(),
        Unattested::Busy => (Code::ResourceExhausted, "NOTARY_BUSY"),
        Unattested::DiskFull => (Code::ResourceExhausted, "DISK_FULL"),
        Unattested::Broken(_) | Unattested::Restored { .. } => (Code::FailedPrecondition, "NOTHING_SIGNED"),
        Unattested::Unreadable(why) => {
            tracing::error!(%ledger, %why, "a proof could not be made");
            return unreadable(ledger);
        }
    };
    let message = match why {
        // Why is about our own files.
        Unattested::Broken(_) => {
            "the ledger signs nothing any more until it is started again; the server's log says why"
                .to_owned()
        }
        other => other.to_string(),
    };
    let message = format!(
        "{message}; what was posted is recorded: send it again with the same ids, or ask for its receipt"
    );
    Answer::new(code, reason, message).with("ledger", ledger).retry_after(Duration::from_secs(1)).status()
}

/// The key could not be rotated; the old one signs on.
pub(super) fn not_rotated(ledger: &LedgerName) -> Status {
    let message = "the key's files could not be written; the server's log says why, and the old key signs on";
    Answer::new(Code::Internal, "NOT_ROTATED", message).with("ledger", ledger).status()
}

/// There is no kept checkpoint of that size.
pub(super) fn no_such_checkpoint(ledger: &LedgerName, size: u64) -> Status {
    let message = format!("{ledger} keeps no checkpoint of {size} events; ask for the newest, with size 0");
    Answer::new(Code::NotFound, "NO_SUCH_CHECKPOINT", message)
        .with("ledger", ledger)
        .with("size", &size)
        .status()
}

/// An operator would correct a clock that nobody doubts.
pub(super) fn clock_is_trusted(ledger: &LedgerName) -> Status {
    let message = "the ledger's clock is trusted: there is nothing to correct";
    Answer::new(Code::FailedPrecondition, "CLOCK_TRUSTED", message)
        .with("ledger", ledger)
        .precondition(ledger.to_string(), "only for a ledger that is read-only because of its clock")
        .status()
}

fn unreadable(ledger: &LedgerName) -> Status {
    let message =
        "the ledger's own files could not be read; an operator finds out why with `pledgebook verify`";
    Answer::new(Code::Internal, "UNREADABLE", message).with("ledger", ledger).status()
}

/// A refusal that the transport made by itself, as one of ours: it has a code and words, but no reason to go by, and
/// calls internal what was the caller's mistake.
pub(super) fn of_transport(refusal: &Status) -> Status {
    let said = refusal.message();
    if said.contains("decoded message length too large") {
        let message = format!("{said}; send it in several");
        return Answer::new(Code::InvalidArgument, "REQUEST_TOO_LARGE", message).status();
    }
    // It names fields and types of the schema; nothing of what they held.
    if said.contains("failed to decode") || said.contains("Missing request message") {
        let message = format!("the body is not one message of the type that this call takes: {said}");
        return Answer::new(Code::InvalidArgument, "UNREADABLE_REQUEST", message).status();
    }
    Answer::new(refusal.code(), "TRANSPORT", said).status()
}

/// Something that cannot be, was.
pub(super) fn internal(what: &'static str) -> Status {
    Answer::new(Code::Internal, "INTERNAL", what).status()
}

/// The door did not open.
pub(super) fn denied(denied: &Denied) -> Status {
    let (code, reason) = match denied {
        Denied::NoSuchRpc => (Code::Unimplemented, "NO_SUCH_RPC"),
        Denied::NoToken => (Code::Unauthenticated, "NO_TOKEN"),
        Denied::UnknownToken => (Code::Unauthenticated, "UNKNOWN_TOKEN"),
        Denied::NotLocal => (Code::Unauthenticated, "NOT_LOCAL"),
        Denied::TokensUnusable => (Code::Unavailable, "TOKENS_UNUSABLE"),
        Denied::NoSource(_) => (Code::Unauthenticated, "NO_SOURCE"),
        Denied::InvalidSource(_) => (Code::InvalidArgument, "INVALID_SOURCE"),
        Denied::ReservedSource => (Code::PermissionDenied, "RESERVED_SOURCE"),
        Denied::OtherSource => (Code::PermissionDenied, "OTHER_SOURCE"),
        Denied::Role(_) => (Code::PermissionDenied, "ROLE_MISSING"),
    };
    Answer::new(code, reason, denied.to_string()).status()
}

/// What a web page is told that nobody let in.
pub(super) const OTHER_ORIGIN: &str = "a web page calls, of an origin that this server does not know: an operator names \
                                       those that may with `web_origins`";

/// A web page calls that nobody let in.
pub(super) fn other_origin() -> Status {
    Answer::new(Code::PermissionDenied, "OTHER_ORIGIN", OTHER_ORIGIN).status()
}

/// A field of the request itself is wrong.
pub(super) fn field(field: &'static str, rule: &'static str, remedy: &'static str) -> Status {
    rejected(None, Place::Request, &Rejection::malformed(field, rule, remedy))
}

/// The request is larger than a request may be.
pub(super) fn too_large(field: &'static str, most: usize) -> Status {
    let message = format!("{field}: the request is larger than {most} bytes; send it in several");
    Answer::new(Code::InvalidArgument, "REQUEST_TOO_LARGE", message)
        .field(field, format!("at most {most} bytes in one request"))
        .status()
}

/// There is no ledger of that name.
pub(super) fn no_such_ledger(ledger: &LedgerName) -> Status {
    let message = format!("there is no {ledger} on this server; an operator creates it with CreateLedger");
    Answer::new(Code::NotFound, "NO_SUCH_LEDGER", message).with("ledger", ledger).status()
}

/// There is a ledger of that name.
pub(super) fn ledger_exists(ledger: &LedgerName) -> Status {
    let message = format!("{ledger} is there already; choose another name");
    Answer::new(Code::AlreadyExists, "LEDGER_EXISTS", message).with("ledger", ledger).status()
}

/// A ledger's files could not be made.
pub(super) fn not_created(ledger: &LedgerName) -> Status {
    let message = "the ledger's files could not be made; the server's log says why";
    Answer::new(Code::Internal, "NOT_CREATED", message).with("ledger", ledger).status()
}

/// The ledger holds no such thing, or none that the caller may see.
pub(super) fn not_found(ledger: &LedgerName, what: &str) -> Status {
    Answer::new(Code::NotFound, "NOT_RECORDED", format!("{ledger} holds no {what} that you may see"))
        .with("ledger", ledger)
        .status()
}

/// The caller may see its own events only.
pub(super) fn others_events() -> Status {
    let message = "posting systems see their own events; an auditor's token sees all";
    Answer::new(Code::PermissionDenied, "OTHERS_EVENTS", message).status()
}

/// A position that the ledger has not reached.
pub(super) fn beyond_head(ledger: &LedgerName, field: &'static str, asked: u64, size: u64) -> Status {
    let message =
        format!("{field}: {ledger} holds {size} events, so there is no {asked}; ask for what it holds");
    Answer::new(Code::OutOfRange, "BEYOND_HEAD", message)
        .with("ledger", ledger)
        .with("size", &size)
        .field(field, format!("the ledger holds {size} events"))
        .status()
}

/// The reader is too slow. It goes on after `resume_after` and misses nothing; none: from the beginning.
pub(super) fn lagged(ledger: &LedgerName, resume_after: Option<u64>, why: &str) -> Status {
    let answer = Answer::new(
        Code::ResourceExhausted,
        "SUBSCRIBER_LAGGED",
        format!("{why}; go on from where it ended"),
    )
    .with("ledger", ledger);
    match resume_after {
        Some(sequence) => answer.with("resume_after", &sequence),
        None => answer,
    }
    .status()
}

/// Something was asked for that only auditors may see. Whether it is there at all is not looked at.
pub(super) fn for_auditors(field: &'static str) -> Status {
    let message = format!(
        "{field}: single items of feedback, sources and proofs are for auditors: ask with `auditor`, and an auditor's token"
    );
    Answer::new(Code::PermissionDenied, "FOR_AUDITORS", message).field(field, "for auditors").status()
}

/// A report has no such figure.
pub(super) fn no_such_figure(ledger: &LedgerName, why: &NotExplained) -> Status {
    let field = match why {
        NotExplained::NoFigure { .. } => "figure_id",
        NotExplained::NoTable { .. } => "table_id",
        NotExplained::NoColumn { .. } => "column_id",
        NotExplained::NoRow { .. } => "row_subject",
    };
    Answer::new(Code::NotFound, "NO_SUCH_FIGURE", format!("{field}: {why}"))
        .with("ledger", ledger)
        .field(field, why.to_string())
        .status()
}

/// A report about people is to be issued, and there is no release point.
pub(super) fn no_release_point(ledger: &LedgerName, report: &str) -> Status {
    let message = format!(
        "{report} is about people, whose figures exist at release points only, and none is known at that position: \
         declare one (release_point.declared), then issue the report"
    );
    Answer::new(Code::FailedPrecondition, "NO_RELEASE_POINT", message)
        .with("ledger", ledger)
        .precondition(ledger.to_string(), "declare a release point first")
        .status()
}

/// Another issue has that id.
pub(super) fn already_issued(ledger: &LedgerName, issue: &Subject, sequence: u64) -> Status {
    let message = format!(
        "{issue} was issued already, by record {sequence}, with another content; choose another id, or ask for the same \
         report to have it again"
    );
    Answer::new(Code::AlreadyExists, "ALREADY_ISSUED", message)
        .with("ledger", ledger)
        .with("sequence", &sequence)
        .field("id", "another issue has it")
        .status()
}

/// Somebody would issue a report who has no name to post under.
pub(super) fn issuing_needs_a_name() -> Status {
    let message = "issuing records an event: call under a posting system's name that was granted report.issued, or with \
                   an operator's token";
    Answer::new(Code::PermissionDenied, "NO_NAME", message).status()
}

/// As many readers as there may be are reading.
pub(super) fn too_many_readers() -> Status {
    let message = "too many readers at once; try again when others have left";
    Answer::new(Code::ResourceExhausted, "TOO_MANY_READERS", message)
        .retry_after(Duration::from_secs(5))
        .status()
}

/// The server stops.
pub(super) fn stopping() -> Status {
    let message = "the server is stopping; connect again, and go on from where it ended";
    Answer::new(Code::Unavailable, "STOPPING", message).retry_after(Duration::from_secs(1)).status()
}

/// The caller's deadline, or ours, has passed.
pub(super) fn too_late() -> Status {
    let message = "the deadline has passed; if this was an append, send it again with the same ids to learn its outcome";
    Answer::new(Code::DeadlineExceeded, "DEADLINE_PASSED", message).status()
}

/// The views did not get there in time.
pub(super) fn views_behind(ledger: &LedgerName, wanted: u64, size: u64) -> Status {
    let message =
        format!("the views of {ledger} hold {size} events and did not reach {wanted} in time; ask again");
    Answer::new(Code::DeadlineExceeded, "VIEWS_BEHIND", message)
        .with("ledger", ledger)
        .with("size", &size)
        .status()
}

/// The views have ended.
pub(super) fn views_ended(ledger: &LedgerName) -> Status {
    let message = "the ledger's views stand still; the server's log says why, and a restart builds them anew";
    Answer::new(Code::Internal, "VIEWS_ENDED", message).with("ledger", ledger).status()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_only_ledger_tells_nothing_of_our_files_and_a_stopping_server_is_no_read_only_one() {
        let acme = LedgerName::parse("acme").unwrap();
        let status = refused(&acme, Place::Event, &Refused::ReadOnly("/data/acme/00.log: no space".into()));
        assert!(!format!("{status:?}").contains("/data"), "{status:?}");
        let violations = status.get_error_details().precondition_failure().unwrap().violations.clone();
        assert_eq!(violations[0].r#type, "READ_ONLY");
        let status = refused(&acme, Place::Event, &Refused::Stopping);
        assert_eq!(status.get_error_details().error_info().unwrap().reason, "STOPPING");
    }
}
