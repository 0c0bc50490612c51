//! Every page's way in: who asks, how long it may take, one line in the log when its answer begins.
//!
//! Invariant: whoever is not let in learns nothing but that. The log gets the route, the ledger, the status and the time it
//! took; never a token. What a caller without a token may have as a local one, it may have by a local name alone: see
//! [`names_this_machine`].

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, Uri, header},
    middleware::Next,
    response::Response,
};
use std::{
    net::IpAddr,
    time::{Duration, Instant},
};
use tracing::{Instrument as _, field::Empty};

use super::{House, answer};
use crate::auth::{Credentials, Peer};
use crate::limits::REQUEST_TIMEOUT;

/// Lets a request in, or answers it.
pub(super) async fn enter(
    State(house): State<House>,
    route: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let route = route.as_str().to_owned();
    let span = tracing::info_span!("request", method = %route, ledger = Empty, source = Empty, code = Empty, ms = Empty);
    let response = async {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return answer::other_method();
        }
        match house.gate.visit(&route, shown(&request)) {
            Err(denied) => answer::denied(&denied),
            Ok(principal) => {
                if let Some(source) = principal.as_ref().and_then(|it| it.source()) {
                    tracing::Span::current().record("source", source.as_str());
                }
                let page = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
                page.unwrap_or_else(|_| answer::too_late())
            }
        }
    };
    let response = response.instrument(span.clone()).await;
    note(&span, &response, began.elapsed());
    response
}

fn note(span: &tracing::Span, response: &Response, took: Duration) {
    span.record("code", response.status().as_u16());
    span.record("ms", took.as_secs_f64() * 1_000.0);
    let status = response.status();
    if status.is_success() {
        tracing::debug!(parent: span, "answered");
    } else if status.is_server_error() {
        tracing::error!(parent: span, "failed");
    } else {
        tracing::info!(parent: span, "refused");
    }
}

fn shown(request: &Request) -> Credentials<'_> {
    let peer = request.extensions().get::<Peer>().copied();
    let shown = Credentials::of(request.headers(), peer);
    Credentials { local: shown.local && names_this_machine(request.uri(), request.headers()), ..shown }
}

/// Whether the caller knows us by a name that is this machine's, whoever resolves it. A web page that makes its own name
/// point here is of our origin to its browser, which then says with a GET neither who asks nor from where; but it says by
/// which name. A caller that gives no name is no browser.
fn names_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).map(|host| host.to_str().unwrap_or("?"));
    let host = uri.authority().map(http::uri::Authority::as_str).or(host);
    host.is_none_or(|host| {
        let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
        let name = authority.host();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        bare.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|it| it.to_canonical().is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_when_they_are_resolved_by_others_then_they_are_not_this_machines() {
        let by = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            names_this_machine(&Uri::from_static("/x"), &headers)
        };
        for ours in ["localhost", "LocalHost:8420", "127.0.0.1", "127.0.0.1:8420", "[::1]:8420", "[::1]"] {
            assert!(by(ours), "{ours}");
        }
        for other in
            ["ledger.example", "localhost.example:8420", "192.0.2.1", "127.0.0.1.example", "", "a b", "[::2]"]
        {
            assert!(!by(other), "{other}");
        }
        assert!(names_this_machine(&Uri::from_static("/x"), &HeaderMap::new()));
        // HTTP/2 says it in the address.
        assert!(names_this_machine(&Uri::from_static("http://127.0.0.1:1/x"), &HeaderMap::new()));
        assert!(!names_this_machine(&Uri::from_static("http://page.example/x"), &HeaderMap::new()));
    }
}
