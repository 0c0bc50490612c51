//! Until when a caller wants its answer: `grpc-timeout` as an instant.
//!
//! Why not the transport's own timer: it answers `CANCELLED` where the protocol has `DEADLINE_EXCEEDED`, and it keeps the
//! deadline from the writer, which must not record what nobody waits for any more.

use http::HeaderMap;
use std::time::{Duration, Instant};

use crate::limits::REQUEST_TIMEOUT;

/// A request's deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    /// When.
    pub(super) at: Instant,
    /// The caller set it. Otherwise it is ours, and bounds the time until the answer begins.
    pub(super) asked: bool,
}

impl Deadline {
    /// The deadline of a request that came at `now`.
    pub(super) fn of(headers: &HeaderMap, now: Instant) -> Self {
        let asked = headers.get("grpc-timeout").and_then(|value| parse(value.as_bytes()));
        // A deadline beyond what the clock can say is none.
        let at = asked.and_then(|timeout| now.checked_add(timeout.saturating_sub(margin(timeout))));
        at.map_or(Self { at: now + REQUEST_TIMEOUT, asked: false }, |at| Self { at, asked: true })
    }

    /// When a stream must end; none: when its caller leaves.
    pub(super) fn of_stream(self) -> Option<Instant> {
        self.asked.then_some(self.at)
    }
}

/// We answer a little before the caller's time is up, so that the answer is ours and not the transport's.
fn margin(timeout: Duration) -> Duration {
    (timeout / 8).min(Duration::from_millis(10))
}

/// `TimeoutValue TimeoutUnit`: at most eight digits and one letter. What is not that is no deadline, as in every gRPC
/// server.
fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = str::from_utf8(digits).ok()?.parse().ok()?;
    Some(match unit {
        b'H' => Duration::from_secs(number * 3_600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_understood_and_nothing_else() {
        assert_eq!(parse(b"2H"), Some(Duration::from_hours(2)));
        assert_eq!(parse(b"3M"), Some(Duration::from_mins(3)));
        assert_eq!(parse(b"99999999S"), Some(Duration::from_secs(99_999_999)));
        assert_eq!(parse(b"500m"), Some(Duration::from_millis(500)));
        assert_eq!(parse(b"7u"), Some(Duration::from_micros(7)));
        assert_eq!(parse(b"0n"), Some(Duration::ZERO));
        for bad in [&b""[..], b"S", b"1", b"-1S", b"123456789S", b"1x", b" 1S"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_request_without_a_deadline_gets_ours_and_a_stream_gets_none() {
        let now = Instant::now();
        let deadline = Deadline::of(&HeaderMap::new(), now);
        assert_eq!(deadline.at, now + REQUEST_TIMEOUT);
        assert_eq!(deadline.of_stream(), None);
    }

    #[test]
    fn we_answer_before_the_transport_does() {
        let now = Instant::now();
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", "1S".parse().unwrap());
        assert_eq!(Deadline::of(&headers, now).at, now + Duration::from_millis(990));
        headers.insert("grpc-timeout", "0m".parse().unwrap());
        assert_eq!(Deadline::of(&headers, now), Deadline { at: now, asked: true });
    }
}
