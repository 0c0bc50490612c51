//! Every request's way in: who calls, until when, and one line in the log when it is over.
//!
//! Invariant: whoever is not let in is answered before a byte of the body is asked for. The log gets the method, the
//! ledger, the source, the code and the time it took; never a body, an id or a token.

use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};
use tonic::{body::Body, transport::server::TcpConnectInfo};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span, field::Empty};

use super::{deadline::Deadline, status};
use crate::auth::{Credentials, Gate, Peer, policy};
use crate::limits::MAX_REQUEST_TIMEOUT;

/// Puts the door in front of the services.
#[derive(Clone)]
pub(super) struct Door {
    gate: Arc<Gate>,
}

impl Door {
    /// A door that opens for whom `gate` admits.
    pub(super) fn new(gate: Arc<Gate>) -> Self {
        Self { gate }
    }
}

impl<S> Layer<S> for Door {
    type Service = Behind<S>;

    fn layer(&self, inner: S) -> Behind<S> {
        Behind { gate: self.gate.clone(), inner }
    }
}

/// The services behind the door.
#[derive(Clone)]
pub(super) struct Behind<S> {
    gate: Arc<Gate>,
    inner: S,
}

impl<S> Service<Request<Body>> for Behind<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let line = Line::begin(&request);
        if let Err(status) = self.admit(&mut request, &line) {
            let response = status.into_http();
            return Box::pin(async move { Ok(line.follow(response)) });
        }
        let deadline = Deadline::of(request.headers(), line.began);
        request.extensions_mut().insert(deadline);
        // The clone takes the place of the one that was found ready, which is the one to call.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let span = line.span.clone();
        let begin_by = deadline.at.min(line.began + MAX_REQUEST_TIMEOUT);
        Box::pin(async move {
            let late = || Ok(status::too_late().into_http());
            let answer = async {
                if deadline.at <= Instant::now() {
                    return late();
                }
                let answer = tokio::time::timeout_at(begin_by.into(), inner.call(request));
                answer.await.unwrap_or_else(|_| late())
            };
            answer.instrument(span).await.map(|response| line.follow(response))
        })
    }
}

impl<S> Behind<S> {
    fn admit(&self, request: &mut Request<Body>, line: &Line) -> Result<(), tonic::Status> {
        let shown = Credentials::of(request.headers(), peer(request));
        let admitted =
            self.gate.admit(request.uri().path(), shown).map_err(|denied| status::denied(&denied))?;
        if let Some(principal) = admitted {
            if let Some(source) = principal.source() {
                line.span.record("source", source.as_str());
            }
            request.extensions_mut().insert(principal);
        }
        Ok(())
    }
}

/// The other end of a request's connection, as the transport says it.
pub(super) fn peer<T>(request: &Request<T>) -> Option<Peer> {
    request.extensions().get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr).map(Peer)
}

/// The line that a request leaves in the log.
struct Line {
    span: Span,
    began: Instant,
    code: Option<i32>,
    /// The transport refused it, which is not our failure, whatever code it chose.
    by_transport: bool,
}

impl Line {
    fn begin(request: &Request<Body>) -> Self {
        // Only names that we know: a path is the caller's to choose.
        let method = policy::row_of(request.uri().path()).map_or("unknown", |row| row.rpc);
        let span =
            tracing::info_span!("request", method, ledger = Empty, source = Empty, code = Empty, ms = Empty);
        Self { span, began: Instant::now(), code: None, by_transport: false }
    }

    /// Goes on to the end of the answer's body, where a stream's status stands.
    fn follow(mut self, mut response: Response<Body>) -> Response<Body> {
        self.note(response.headers_mut());
        response.map(|body| Body::new(Followed { body, line: self }))
    }

    /// Where a status stands, it is noted; one without a reason is given one.
    fn note(&mut self, headers: &mut HeaderMap) {
        if !headers.contains_key("grpc-status-details-bin")
            && let Some(bare) = tonic::Status::from_header_map(headers)
            && bare.code() != tonic::Code::Ok
        {
            self.by_transport = true;
            // What cannot be said in headers stays as it was said.
            let _ = status::of_transport(&bare).add_header(headers);
        }
        let code = headers.get("grpc-status").and_then(|value| value.to_str().ok()?.parse().ok());
        self.code = code.or(self.code);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // An answer that was dropped before its end: the caller has left.
        let code = self.code.map_or(tonic::Code::Cancelled, tonic::Code::from_i32);
        self.span.record("code", tracing::field::debug(code));
        self.span.record("ms", self.began.elapsed().as_secs_f64() * 1_000.0);
        match code {
            tonic::Code::Ok => tracing::debug!(parent: &self.span, "answered"),
            tonic::Code::Internal | tonic::Code::Unknown | tonic::Code::DataLoss if !self.by_transport => {
                tracing::error!(parent: &self.span, "failed");
            }
            _ => tracing::info!(parent: &self.span, "refused"),
        }
    }
}

/// A body whose end is noted.
struct Followed {
    body: Body,
    line: Line,
}

impl http_body::Body for Followed {
    type Data = <Body as http_body::Body>::Data;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &mut polled
            && let Some(trailers) = frame.trailers_mut()
        {
            self.line.note(trailers);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
