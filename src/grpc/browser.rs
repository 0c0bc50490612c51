//! Callers that are web pages: their way in, for the pages of origins that an operator has named, and for no other.
//!
//! Why any other page is refused, even where it could read no answer: a page that makes its own name point to this
//! machine is of the same origin to its browser, which then asks nobody; and on a server without tokens, whoever calls
//! from this machine may do everything. Its origin is what gives it away: a browser sends it with every POST. Programs
//! send none. (Nor does such a page with a GET: what is given to a GET is given by the name that it calls us by.)
//!
//! Invariant: an origin is compared as it was written; there is no pattern, and nothing is sent back that was not
//! configured.

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tonic::body::Body;
use tower::{Layer, Service};

use super::{aside, status};
use crate::limits::MAX_HEADERS;

/// What a page may send beside its message.
const MAY_SEND: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, grpc-timeout, pledgebook-source, x-grpc-web, x-user-agent",
);
/// What a page may read beside its answer.
const MAY_READ: HeaderValue = HeaderValue::from_static("grpc-status, grpc-message, grpc-status-details-bin");
/// How RPCs are called.
const CALLED: HeaderValue = HeaderValue::from_static("POST");
/// How pages are seen.
const SEEN: HeaderValue = HeaderValue::from_static("GET, HEAD");
/// For how many seconds a browser need not ask again.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("3600");

/// Lets in pages of these origins.
#[derive(Clone)]
pub(super) struct Browsers {
    origins: Arc<[HeaderValue]>,
}

impl Browsers {
    /// Origins such as `https://ledger.example`; what cannot stand in a header is none.
    pub(super) fn new(origins: &[String]) -> Self {
        Self { origins: origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect() }
    }
}

impl<S> Layer<S> for Browsers {
    type Service = BehindOrigin<S>;

    fn layer(&self, inner: S) -> BehindOrigin<S> {
        BehindOrigin { browsers: self.clone(), inner }
    }
}

/// The services, behind the question which page calls.
#[derive(Clone)]
pub(super) struct BehindOrigin<S> {
    browsers: Browsers,
    inner: S,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for BehindOrigin<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        if request.version() != Version::HTTP_2 && length(request.headers()) > MAX_HEADERS as usize {
            return answer(bare(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        }
        let Some(origin) = request.headers().get(header::ORIGIN) else {
            return Box::pin(self.inner.call(request));
        };
        let listed = self.browsers.origins.iter().find(|listed| *listed == origin).cloned();
        let asks = request.method() == Method::OPTIONS;
        let grpc = aside::is_grpc(&request);
        match listed {
            None if asks => answer(bare(StatusCode::FORBIDDEN)),
            None => {
                tracing::info!("refused: a web page of an origin that is not among `web_origins`");
                answer(if grpc { refusal(request.headers()) } else { plain_refusal() })
            }
            Some(origin) if asks => answer(may(origin, if grpc { CALLED } else { SEEN })),
            Some(origin) => {
                let answered = self.inner.call(request);
                Box::pin(async move {
                    let mut response = answered.await?;
                    response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, MAY_READ);
                    of_origin(response.headers_mut(), origin);
                    Ok(response)
                })
            }
        }
    }
}

/// What a list of headers takes, as HTTP/2 counts it.
fn length(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}

fn answer(response: Response<Body>) -> Answer {
    Box::pin(std::future::ready(Ok(response)))
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A refusal, in the form in which it was called.
fn refusal(asked: &HeaderMap) -> Response<Body> {
    let mut response = status::other_origin().into_http();
    let web = HeaderValue::from_static("application/grpc-web+proto");
    if asked
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc-web"))
    {
        response.headers_mut().insert(header::CONTENT_TYPE, web);
    }
    response
}

/// A refusal to whoever asked for a page.
fn plain_refusal() -> Response<Body> {
    let mut response = Response::new(Body::new(format!("{}\n", status::OTHER_ORIGIN)));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

/// Tells a browser what a page of that origin may do, by these methods.
fn may(origin: HeaderValue, methods: HeaderValue) -> Response<Body> {
    let mut response = bare(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, MAY_SEND);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, ASK_AGAIN);
    of_origin(headers, origin);
    response
}

fn of_origin(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    // Whoever keeps answers must not give this one to a page of another origin.
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
}
