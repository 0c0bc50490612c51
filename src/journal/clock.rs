//! The ledger's time, and when not to trust it. The one place where the journal reads a clock.

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, clock_gettime};
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

/// How far the wall clock may drift from the monotonic one, and how far in the future a record may lie, before the
/// ledger stops taking appends.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A source of time.
pub trait Clock: Send + Sync {
    /// The wall clock, to the microsecond.
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment, which nobody can set.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Default)]
pub struct SystemClock;

impl SystemClock {
    /// The machine's clocks.
    pub fn new() -> Self {
        Self
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        // A record keeps microseconds; a clock read between two of them must not seem to go back.
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    fn monotonic(&self) -> Duration {
        // Not `Instant`: that one stands still while the machine sleeps, and waking up would look like a jump.
        let since_boot = clock_gettime(ClockId::Boottime);
        Duration::new(since_boot.tv_sec.unsigned_abs(), since_boot.tv_nsec.unsigned_abs() as u32)
    }
}

/// A clock that somebody sets, for ledgers whose genesis says so, and for tests.
pub struct SimulatedClock {
    /// Microseconds since the epoch.
    now: AtomicI64,
}

impl SimulatedClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now.as_microsecond()) }
    }

    /// Sets the time.
    pub fn set(&self, now: Timestamp) {
        self.now.store(now.as_microsecond(), Ordering::SeqCst);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.now.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn monotonic(&self) -> Duration {
        // It moves with the simulated time, back as well, so that setting it is not taken for a fault.
        let earliest = Timestamp::MIN.as_microsecond();
        Duration::from_micros(self.now.load(Ordering::SeqCst).abs_diff(earliest))
    }
}

/// Why the clock is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In a sentence, with what to do.
    pub why: String,
    /// How far the clock was ahead before (behind: negative), in seconds.
    pub drift_seconds: i64,
}

/// What ends a fault, as an operator reads it.
const REMEDY: &str = "set the clock right, then record that with `pledgebook ledger correct-clock`";

/// Watches the clock of one ledger.
pub(super) struct Guard {
    wall: Timestamp,
    monotonic: Duration,
}

impl Guard {
    /// Begins to watch. Refuses, with the reason, if the last record lies in the future.
    pub(super) fn new(clock: &dyn Clock, last_recorded: Timestamp) -> Result<Self, Fault> {
        let guard = Self::afresh(clock);
        let ahead = last_recorded.duration_since(guard.wall);
        if ahead > TOLERANCE {
            let why = format!(
                "the last record was taken at {last_recorded}, but this machine's clock says {}: {REMEDY}",
                guard.wall
            );
            return Err(Fault { why, drift_seconds: ahead.as_secs() });
        }
        Ok(guard)
    }

    /// Begins to watch with the clock as it is: an operator has said that it is right.
    pub(super) fn afresh(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    /// The time now; or why it cannot be trusted.
    pub(super) fn read(&self, clock: &dyn Clock) -> Result<Timestamp, Fault> {
        let now = clock.now();
        let by_wall = now.duration_since(self.wall);
        // Signed: a simulated clock takes its monotonic time back with it.
        let signed = |time: Duration| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        let by_monotonic = signed(clock.monotonic()).saturating_sub(signed(self.monotonic));
        let drift = (by_wall - by_monotonic).abs();
        if drift > TOLERANCE {
            let jump = (by_wall - by_monotonic).as_secs();
            let why = format!("this machine's clock jumped by {jump} s while the server ran: {REMEDY}");
            return Err(Fault { why, drift_seconds: jump });
        }
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Both(Timestamp, Duration);
    impl Clock for Both {
        fn now(&self) -> Timestamp {
            self.0
        }
        fn monotonic(&self) -> Duration {
            self.1
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_last_record_up_to_five_minutes_ahead_is_tolerated() {
        let clock = Both(at(0), Duration::ZERO);
        assert!(Guard::new(&clock, at(300)).is_ok());
        assert!(
            Guard::new(&clock, at(301))
                .is_err_and(|fault| fault.why.contains("set the clock") && fault.drift_seconds == 301)
        );
    }

    #[test]
    fn simulated_time_that_goes_back_behind_the_beginning_is_no_fault() {
        let clock = SimulatedClock::at(at(0));
        let guard = Guard::new(&clock, at(0)).unwrap();
        for seconds in [3_600, -301, -86_400] {
            clock.set(at(seconds));
            assert_eq!(guard.read(&clock), Ok(at(seconds)));
        }
    }

    #[test]
    fn a_jump_either_way_is_told_from_time_passing() {
        let guard = Guard::new(&Both(at(0), Duration::ZERO), at(0)).unwrap();
        assert_eq!(guard.read(&Both(at(86_400), Duration::from_hours(24))), Ok(at(86_400)));
        assert!(guard.read(&Both(at(300), Duration::ZERO)).is_ok());
        assert!(guard.read(&Both(at(301), Duration::ZERO)).is_err_and(|fault| fault.drift_seconds == 301));
        assert!(
            guard
                .read(&Both(at(0), Duration::from_secs(301)))
                .is_err_and(|fault| fault.why.contains("-301 s"))
        );
    }
}
