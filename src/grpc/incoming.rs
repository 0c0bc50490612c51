//! Connections as they come in: counted, and let go if they do not speak.
//!
//! Invariant: the loop never ends before the server does. A machine that is out of files has no room for a connection,
//! which is no reason to stop taking those that come when there is room again.

use futures_util::{Stream, stream};
use rustix::{
    net::sockopt,
    process::{Resource, getrlimit},
};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Sleep,
};
use tonic::transport::server::{Connected, TcpConnectInfo};

use crate::limits::{HANDSHAKE, KEEPALIVE, KEEPALIVE_ANSWER, MAX_CONNECTIONS};

/// The bytes with which every HTTP/2 connection begins.
const PREFACE: usize = 24;
/// So many questions without an answer, and a connection is let go.
const UNANSWERED: u32 = 3;
/// How long the loop waits when a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(50);

/// The connections of a listener, at most [`MAX_CONNECTIONS`] at once, and no more than leave the ledgers their files.
pub(super) fn connections(listener: TcpListener) -> impl Stream<Item = io::Result<Connection>> {
    let room = Arc::new(Semaphore::new(most(getrlimit(Resource::Nofile).current)));
    stream::unfold((listener, room), |(listener, room)| async move {
        // The semaphore is never closed.
        let place = room.clone().acquire_owned().await.ok()?;
        let stream = accept(&listener).await;
        Some((Ok(Connection::new(stream, place)), (listener, room)))
    })
}

/// How many connections there may be, of that many descriptors; none: without a limit.
fn most(descriptors: Option<u64>) -> usize {
    // Half of them: a ledger that can open no segment takes no events, and idle callers must not bring it to that.
    let half = descriptors.map_or(usize::MAX, |count| usize::try_from(count / 2).unwrap_or(usize::MAX));
    half.clamp(1, MAX_CONNECTIONS)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it a small answer waits for the acknowledgement of the one before.
                let _ = stream.set_nodelay(true);
                if let Err(error) = keep_alive(&stream) {
                    tracing::warn!(%error, "a connection will not be asked whether anybody is there");
                }
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Has the system ask a silent connection whether anybody is there. HTTP/2 asks by itself; HTTP/1.1 cannot, and would keep
/// a subscriber that has vanished for ever.
fn keep_alive(stream: &TcpStream) -> rustix::io::Result<()> {
    sockopt::set_tcp_keepidle(stream, KEEPALIVE)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_ANSWER)?;
    sockopt::set_tcp_keepcnt(stream, UNANSWERED)?;
    sockopt::set_socket_keepalive(stream, true)
}

/// A connection that must say something in time: every HTTP/2 connection begins with so many bytes, and the head of every
/// HTTP/1.1 request is longer.
pub(super) struct Connection {
    stream: TcpStream,
    /// Until so many more bytes came, and no longer than this.
    awaited: Option<(usize, Pin<Box<Sleep>>)>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: TcpStream, place: OwnedSemaphorePermit) -> Self {
        let patience = Box::pin(tokio::time::sleep(HANDSHAKE));
        Self { stream, awaited: Some((PREFACE, patience)), _place: place }
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let Some((missing, patience)) = &mut self.awaited else { return polled };
        match polled {
            Poll::Ready(result) => {
                *missing = missing.saturating_sub(buf.filled().len() - before);
                if *missing == 0 {
                    self.awaited = None;
                }
                Poll::Ready(result)
            }
            Poll::Pending => patience.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_half_of_the_descriptors_to_the_ledgers() {
        assert_eq!(most(None), MAX_CONNECTIONS);
        assert_eq!(most(Some(1 << 20)), MAX_CONNECTIONS);
        assert_eq!(most(Some(1_024)), 512);
        assert_eq!(most(Some(0)), 1);
    }

    #[tokio::test]
    async fn given_a_connection_when_it_is_taken_then_the_system_asks_whether_anybody_is_there() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _caller = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let taken = accept(&listener).await;
        assert!(sockopt::socket_keepalive(&taken).unwrap());
        assert_eq!(sockopt::tcp_keepidle(&taken).unwrap(), KEEPALIVE);
        assert_eq!(sockopt::tcp_keepcnt(&taken).unwrap(), UNANSWERED);
    }
}
