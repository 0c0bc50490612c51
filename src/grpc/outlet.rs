//! The bounded way out to one reader: a few messages wait, and then we wait for it; but not for ever.
//!
//! Invariant: what was put in comes out in order, then the reason why it ended. Nothing waits without a bound, neither
//! in memory nor in time.

use futures_util::Stream;
use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tonic::Status;

use crate::limits::READ_AHEAD;

/// The end that is filled.
pub(super) struct Outlet<T> {
    to: mpsc::Sender<T>,
    end: Arc<OnceLock<Status>>,
    stall: Duration,
    /// Here and not at the end that the transport takes from: whoever takes nothing would hold its place for ever.
    _place: OwnedSemaphorePermit,
}

/// The end that the transport takes from.
pub(super) struct Flow<T> {
    from: mpsc::Receiver<T>,
    end: Arc<OnceLock<Status>>,
    told: bool,
}

/// Why a message did not go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stuck {
    /// The reader has left.
    Left,
    /// The reader takes nothing.
    Stalled,
}

/// A way out for a reader that holds a place among the readers, and is waited for no longer than `stall`.
pub(super) fn outlet<T>(stall: Duration, place: OwnedSemaphorePermit) -> (Outlet<T>, Flow<T>) {
    let (to, from) = mpsc::channel(READ_AHEAD);
    let end = Arc::new(OnceLock::new());
    (Outlet { to, end: end.clone(), stall, _place: place }, Flow { from, end, told: false })
}

impl<T> Outlet<T> {
    /// Puts a message in, when there is room.
    pub(super) async fn put(&self, message: T) -> Result<(), Stuck> {
        match tokio::time::timeout(self.stall, self.to.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Stuck::Left),
            Err(_) => Err(Stuck::Stalled),
        }
    }

    /// Resolves when the reader has left.
    pub(super) async fn left(&self) {
        self.to.closed().await;
    }

    /// The reader has left.
    pub(super) fn is_left(&self) -> bool {
        self.to.is_closed()
    }

    /// Ends it for a reason, which comes after what was put in.
    pub(super) fn end(self, why: Status) {
        // It is set once: this consumes the one end that can.
        let _ = self.end.set(why);
    }
}

impl<T> Stream for Flow<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.from.poll_recv(cx).map(|next| match next {
            Some(message) => Some(Ok(message)),
            None if self.told => None,
            None => {
                self.told = true;
                self.end.get().cloned().map(Err)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;
    use tokio::sync::Semaphore;

    fn pair(stall: Duration) -> (Outlet<usize>, Flow<usize>) {
        outlet(stall, Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap())
    }

    #[tokio::test]
    async fn given_a_reason_when_it_ends_then_it_comes_after_what_was_put_in() {
        let (outlet, flow) = pair(Duration::from_secs(1));
        outlet.put(1).await.unwrap();
        outlet.put(2).await.unwrap();
        outlet.end(Status::aborted("why"));
        let got: Vec<_> = flow.collect().await;
        assert!(matches!(&got[..], [Ok(1), Ok(2), Err(why)] if why.message() == "why"));
    }

    #[tokio::test]
    async fn given_a_reader_that_takes_nothing_when_it_is_full_then_we_do_not_wait_for_ever() {
        let (outlet, flow) = pair(Duration::from_millis(20));
        for message in 0..READ_AHEAD {
            outlet.put(message).await.unwrap();
        }
        assert_eq!(outlet.put(99).await, Err(Stuck::Stalled));
        drop(flow);
        assert_eq!(outlet.put(99).await, Err(Stuck::Left));
        outlet.left().await;
        assert!(outlet.is_left());
    }

    #[tokio::test]
    async fn given_a_reader_that_takes_nothing_when_it_was_ended_then_its_place_is_free() {
        let places = Arc::new(Semaphore::new(1));
        let (outlet, flow) = outlet(Duration::from_secs(1), places.clone().try_acquire_owned().unwrap());
        outlet.put(1).await.unwrap();
        assert_eq!(places.available_permits(), 0);
        outlet.end(Status::aborted("stalled"));
        assert_eq!(places.available_permits(), 1);
        assert_eq!(flow.count().await, 2);
    }
}
