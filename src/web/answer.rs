//! Pages and refusals as HTTP: a status, a sentence that says what to do, and how long an answer may be kept.
//!
//! Invariant: a refusal is plain text, is never kept by anybody, and holds nothing of what was shown or asked for.

use axum::{
    body::Body,
    http::{
        HeaderValue, Response, StatusCode,
        header::{
            ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
        },
    },
};

use crate::auth::Denied;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Who may keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// Whoever passes it on.
    Public,
    /// Whoever asked for it.
    Private,
}

/// A checkpoint: there is a new one every second.
pub(super) fn checkpoint(note: String, keeping: Keeping) -> Response<Body> {
    let kept = match keeping {
        Keeping::Public => "public, max-age=1, no-transform",
        Keeping::Private => "private, max-age=1, no-transform",
    };
    page(Body::from(note), TEXT, kept)
}

/// A tile, which never changes.
pub(super) fn tile(bytes: impl Into<Body>, keeping: Keeping) -> Response<Body> {
    let kept = match keeping {
        Keeping::Public => "public, max-age=31536000, immutable",
        Keeping::Private => "private, max-age=31536000, immutable",
    };
    page(bytes.into(), BYTES, kept)
}

fn page(body: Body, kind: HeaderValue, kept: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    // What pages of other origins may read differs by origin.
    headers.insert(VARY, HeaderValue::from_static("origin"));
    // A record holds titles that others wrote: no browser is to guess that they are a page.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn refusal(status: StatusCode, sentence: &str) -> Response<Body> {
    let mut response = page(Body::from(format!("{sentence}\n")), TEXT, "no-store");
    *response.status_mut() = status;
    response
}

/// There is no such page.
pub(super) fn no_page() -> Response<Body> {
    let sentence = "There is no such page. A ledger has /ledgers/<name>/checkpoint, /ledgers/<name>/tile/<level>/<number> \
                    and /ledgers/<name>/tile/entries/<number>; all else is called by gRPC.";
    refusal(StatusCode::NOT_FOUND, sentence)
}

/// There is no such ledger.
pub(super) fn no_ledger() -> Response<Body> {
    refusal(StatusCode::NOT_FOUND, "There is no ledger of this name on this server.")
}

/// What is asked for is not one of the tiles that there are.
pub(super) fn no_tile() -> Response<Body> {
    let sentence = "There is no such tile: the newest checkpoint does not reach to its end, or its path is not written as \
                    C2SP tlog-tiles has it.";
    refusal(StatusCode::NOT_FOUND, sentence)
}

/// Pages are only looked at.
pub(super) fn other_method() -> Response<Body> {
    let mut response =
        refusal(StatusCode::METHOD_NOT_ALLOWED, "A page is only looked at: ask with GET or HEAD.");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// There is no signed checkpoint.
pub(super) fn silent() -> Response<Body> {
    let sentence = "This ledger has no signed checkpoint now; an operator finds out why in the server's log.";
    refusal(StatusCode::SERVICE_UNAVAILABLE, sentence)
}

/// It took too long.
pub(super) fn too_late() -> Response<Body> {
    let mut response = refusal(
        StatusCode::SERVICE_UNAVAILABLE,
        "It took too long; ask again when the server has less to do.",
    );
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// Our own files could not be read. Why stands in the log.
pub(super) fn unreadable() -> Response<Body> {
    let sentence =
        "The ledger's own files could not be read; an operator finds out why with `pledgebook verify`.";
    refusal(StatusCode::INTERNAL_SERVER_ERROR, sentence)
}

/// The door did not open.
pub(super) fn denied(denied: &Denied) -> Response<Body> {
    let status = match denied {
        Denied::NoSuchRpc => return no_page(),
        Denied::NoToken | Denied::UnknownToken | Denied::NotLocal | Denied::NoSource(_) => {
            StatusCode::UNAUTHORIZED
        }
        Denied::TokensUnusable => StatusCode::SERVICE_UNAVAILABLE,
        Denied::InvalidSource(_) => StatusCode::BAD_REQUEST,
        Denied::ReservedSource | Denied::OtherSource | Denied::Role(_) => StatusCode::FORBIDDEN,
    };
    let sentence = match denied {
        Denied::NotLocal => {
            format!("{denied}. A page is given to them by a name of this machine: localhost, 127.0.0.1")
        }
        other => other.to_string(),
    };
    let mut response = refusal(status, &sentence);
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"pledgebook\""));
    }
    response
}
