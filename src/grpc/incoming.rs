//! Connections as they come in: counted, and let go if they do not speak.
//!
//! Invariant: the loop never ends before the server does. A machine that is out of files has no room for a connection,
//! which is no reason to stop taking those that come when there is room again.

use futures_util::{Stream, stream};
use rustix::process::{Resource, getrlimit};
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

use crate::limits::{HANDSHAKE, MAX_CONNECTIONS};

/// The bytes with which every HTTP/2 connection begins.
const PREFACE: usize = 24;
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
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// A connection that must show itself as HTTP/2 in time.
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
}
