//! A witness on a port: `POST /add-checkpoint` (C2SP `tlog-witness`), over HTTP/1.1, and nothing else.
//!
//! Invariant: what a caller can make us hold is bounded: connections, heads, bodies, and the time of each. It must not
//! know what is cosigned: it turns bytes into [`Witness::add`], and what that says into a status.

use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE},
};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, future::Future, sync::Arc};
use storage::limits::MAX_ADD_CHECKPOINT;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};

use super::{Refusal, Witness};
use crate::limits::{WITNESS_CONNECTION, WITNESS_CONNECTIONS, WITNESS_HEAD, WITNESS_PATIENCE};

/// Where checkpoints are handed in.
const PATH: &str = "/add-checkpoint";
/// The type of a reply that says which size was cosigned last.
const SIZE: &str = "text/x.tlog.size";
const TEXT: &str = "text/plain; charset=utf-8";

type Reply = Response<Full<Bytes>>;

/// Answers on a port until `stop` resolves; then lets every request that was begun end.
pub async fn serve(witness: Arc<Witness>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(WITNESS_CONNECTIONS));
    let (begin, stopping) = watch::channel(false);
    let accept = async {
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (witness, stopping) = (witness.clone(), stopping.clone());
                    tokio::spawn(async move {
                        let _ = timeout(WITNESS_CONNECTION, converse(witness, stream, stopping)).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Too few descriptors, most often: a pause frees some.
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    begin.send_replace(true);
    // All places are free when all have left; none waits longer than its request may take.
    let all = u32::try_from(WITNESS_CONNECTIONS).unwrap_or(u32::MAX);
    let _ = timeout(2 * WITNESS_PATIENCE, places.acquire_many(all)).await;
}

/// One connection, to its end.
async fn converse(witness: Arc<Witness>, stream: TcpStream, mut stopping: watch::Receiver<bool>) {
    let service = service_fn(move |request| {
        let witness = witness.clone();
        async move { Ok::<_, Infallible>(reply(witness, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(WITNESS_PATIENCE)
        .max_buf_size(WITNESS_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let stopped = async {
        // Its sender lives longer than any connection.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn reply(witness: Arc<Witness>, request: Request<Incoming>) -> Reply {
    if request.uri().path() != PATH {
        return say(StatusCode::NOT_FOUND, TEXT, "there is nothing here but /add-checkpoint\n".into());
    }
    if request.method() != Method::POST {
        let mut reply =
            say(StatusCode::METHOD_NOT_ALLOWED, TEXT, "checkpoints are handed in by POST\n".into());
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return reply;
    }
    let body = match timeout(
        WITNESS_PATIENCE,
        Limited::new(request.into_body(), MAX_ADD_CHECKPOINT).collect(),
    )
    .await
    {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let text = format!("a request has at most {MAX_ADD_CHECKPOINT} bytes\n");
            return say(StatusCode::PAYLOAD_TOO_LARGE, TEXT, text);
        }
        Ok(Err(_)) => return say(StatusCode::BAD_REQUEST, TEXT, "the request broke off\n".into()),
        Err(_) => {
            return say(StatusCode::REQUEST_TIMEOUT, TEXT, "the request did not come in time\n".into());
        }
    };
    let added = tokio::task::spawn_blocking(move || witness.add(&body));
    match added.await {
        Ok(Ok(line)) => say(StatusCode::OK, TEXT, format!("{line}\n")),
        Ok(Err(refusal)) => refuse(&refusal),
        // Its message stands in the log.
        Err(_) => say(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the witness panicked\n".into()),
    }
}

fn refuse(refusal: &Refusal) -> Reply {
    let status = match refusal {
        Refusal::Malformed(_) | Refusal::Extended | Refusal::OldAhead { .. } => StatusCode::BAD_REQUEST,
        Refusal::Untrusted(_) => StatusCode::FORBIDDEN,
        Refusal::UnknownOrigin => StatusCode::NOT_FOUND,
        Refusal::OtherSize { held, .. } => return say(StatusCode::CONFLICT, SIZE, format!("{held}\n")),
        Refusal::OtherRoot { held } => {
            tracing::error!(%refusal, "a checkpoint was refused: keep the log's request, it is evidence");
            return say(StatusCode::CONFLICT, SIZE, format!("{held}\n"));
        }
        Refusal::Proof(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::NotKept(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if matches!(refusal, Refusal::NotKept(_)) {
        tracing::error!(%refusal, "a checkpoint was not cosigned");
    } else {
        tracing::info!(%refusal, "a checkpoint was refused");
    }
    say(status, TEXT, format!("{refusal}\n"))
}

fn say(status: StatusCode, kind: &'static str, text: String) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(text)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}
