//! What is no gRPC, on its way to whoever answers that: the same port, connections and limits serve both.
//!
//! Invariant: a request is gRPC by its content type or by its path, and then nobody else sees it; a page never comes to
//! the services. It must not know what is on a page.

use bytes::Bytes;
use http::{Request, Response, header};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};
use tonic::body::Body;
use tower::{Layer, Service, ServiceExt as _, util::BoxCloneSyncService};

use super::door;
use crate::auth::policy;

/// Whether a request is for the services: an RPC, or something that calls itself one.
pub(super) fn is_grpc<T>(request: &Request<T>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
        || policy::row_of(request.uri().path()).is_some()
}

/// Answers what is no gRPC. Each request comes with its `auth::Peer` among its extensions.
#[derive(Clone, Debug)]
pub struct Aside {
    pages: BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>,
}

impl Aside {
    /// Has `pages` answer.
    pub fn new<S, B>(pages: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self { pages: BoxCloneSyncService::new(pages.map_response(|response| response.map(Body::new))) }
    }
}

impl<S> Layer<S> for Aside {
    type Service = Fork<S>;

    fn layer(&self, services: S) -> Fork<S> {
        Fork { pages: self.pages.clone(), services }
    }
}

/// The services, and the pages beside them.
#[derive(Clone, Debug)]
pub struct Fork<S> {
    pages: BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>,
    services: S,
}

impl<S> Service<Request<Body>> for Fork<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.services.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if is_grpc(&request) {
            return Box::pin(self.services.call(request));
        }
        if let Some(peer) = door::peer(&request) {
            request.extensions_mut().insert(peer);
        }
        Box::pin(self.pages.clone().oneshot(request))
    }
}
