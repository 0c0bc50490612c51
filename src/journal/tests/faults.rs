//! A full disk loses nothing and passes; a failed write ends the appends, not the reads.

use super::{Limits, Verdict, gated, post};
use crate::journal::{Refused, Standing};

#[test]
fn a_full_disk_refuses_and_is_not_the_end() {
    let it = gated(Limits::default());
    it.pass.send(Verdict::Full).unwrap();
    assert!(matches!(it.journal.append_blocking(vec![post("a")]), Err(Refused::DiskFull)));
    it.pass.send(Verdict::NotWritten).unwrap();
    assert!(matches!(it.journal.append_blocking(vec![post("a")]), Err(Refused::NotWritten)));
    it.pass.send(Verdict::Pass).unwrap();
    let recorded = it.journal.append_blocking(vec![post("a")]).unwrap();
    assert_eq!(recorded[0].receipt.sequence, 0);
}

#[test]
fn a_failed_write_leaves_the_outcome_unknown_and_the_ledger_read_only() {
    let it = gated(Limits::default());
    it.pass.send(Verdict::Pass).unwrap();
    it.journal.append_blocking(vec![post("a")]).unwrap();
    it.pass.send(Verdict::Poisoned).unwrap();
    assert!(matches!(it.journal.append_blocking(vec![post("b")]), Err(Refused::Unknown)));
    assert!(matches!(it.journal.append_blocking(vec![post("c")]), Err(Refused::ReadOnly(_))));
    assert!(matches!(it.journal.standing(), Standing::ReadOnly(_)));
    assert!(it.journal.entry(0).unwrap().is_some(), "reads go on");
}
