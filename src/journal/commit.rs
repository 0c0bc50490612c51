//! The commit point: where a group of records becomes true. Today the local disk; beyond one machine a stream that
//! several nodes write to, which is why a commit may find that somebody else was first.

use storage::{CommitError, Erasure, Group, Log};

/// What became of a group.
#[derive(Debug)]
pub enum Outcome {
    /// It is durable.
    Committed,
    /// Another writer was first: what it wrote is in the log now. Decide again, on the new state.
    Superseded,
    /// There is no room. Nothing was written, and the log is as it was.
    Full(String),
    /// Something else stood in the way before anything was written, and the log is as it was.
    NotWritten(String),
    /// It is not known whether it is durable, or the log can no longer be written: no append may go on until a
    /// restart has recovered it.
    Poisoned(String),
}

/// Where groups are committed. One writer thread owns it.
pub trait CommitPoint: Send {
    /// An empty group on top of everything that is committed; none if the point is poisoned.
    fn group(&self) -> Option<Group>;

    /// Makes the group durable. When this returns [`Outcome::Committed`], every reader may see it and no power loss
    /// takes it back.
    fn commit(&mut self, group: Group) -> Outcome;

    /// Overwrites words with zeros. When this returns `Ok`, no power loss brings them back. After an `Err` it is not
    /// known what of them is still there, and the point is poisoned: a restart asks again.
    fn erase(&mut self, erasures: &[Erasure]) -> Result<(), String>;

    /// Closes it, in order.
    fn close(self: Box<Self>) -> Result<(), String>;
}

/// The local disk: one write and one sync a group.
pub struct Local {
    /// Gone after a failed write or sync: there is no handle with which to go on.
    log: Option<Log>,
}

impl Local {
    /// Commits to `log`.
    pub fn new(log: Log) -> Self {
        Self { log: Some(log) }
    }
}

impl CommitPoint for Local {
    fn group(&self) -> Option<Group> {
        self.log.as_ref().map(Log::group)
    }

    fn commit(&mut self, group: Group) -> Outcome {
        let Some(log) = self.log.take() else {
            return Outcome::Poisoned("an earlier write failed".into());
        };
        match log.commit(group) {
            Ok(log) => {
                self.log = Some(log);
                Outcome::Committed
            }
            Err(CommitError::Full { log, error }) => {
                self.log = Some(*log);
                match error {
                    storage::Error::Full { .. } => Outcome::Full(error.to_string()),
                    _ => Outcome::NotWritten(error.to_string()),
                }
            }
            Err(CommitError::Poisoned(error)) => Outcome::Poisoned(error.to_string()),
        }
    }

    fn erase(&mut self, erasures: &[Erasure]) -> Result<(), String> {
        let log = self.log.take().ok_or("an earlier write failed")?;
        self.log = Some(log.erase(erasures).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), String> {
        self.log.map_or(Ok(()), |log| log.close().map_err(|e| e.to_string()))
    }
}
