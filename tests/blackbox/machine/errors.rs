//! One call fails, each in its turn: nothing is acknowledged that was not synced, a ledger whose sync has failed takes
//! no more, one that merely had no room goes on, reads are served, and a restart finds what was acknowledged.

use std::{
    os::unix::process::ExitStatusExt as _,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};
use tonic::Code;

use super::{
    disk::Disk,
    fault::{Act, CHANGES, EIO, EMFILE, ENOSPC, Library, Seen, seen},
    kill::{for_each_call, within},
    memory, run,
    script::{Caller, first_life, launch, recorder, second_life},
};
use crate::history::Outcome;
use crate::seed::{action, cancelled, date, posts};

/// How the faults showed.
#[derive(Debug, Default)]
struct Shown {
    no_start: AtomicUsize,
    no_ledger: AtomicUsize,
    refused: AtomicUsize,
    unknown: AtomicUsize,
    /// In work that nobody waits for.
    not_at_all: AtomicUsize,
}

/// What a caller heard of a life with one failing call.
fn judge(caller: &Caller, struck: &Seen, error: i32, read_only: bool, shown: &Shown) {
    let outcomes: Vec<_> = caller.history.appends().into_iter().map(|(_, outcome)| outcome).collect();
    let unknown = outcomes.iter().position(|it| matches!(it, Outcome::Unknown(_)));
    let refused = |it: &Outcome| match it {
        Outcome::Refused(reason) => Some(reason.clone()),
        _ => None,
    };
    let all_refused: Vec<_> = outcomes.iter().filter_map(refused).collect();
    let of_the_writer = struck.thread == "ledger-writer" && ["pwrite", "fdatasync"].contains(&&*struck.call);
    if let Some(at) = unknown {
        shown.unknown.fetch_add(1, Relaxed);
        assert_eq!(outcomes[at], Outcome::Unknown("OUTCOME_UNKNOWN".into()), "{struck:?}");
        let rest: Vec<_> = outcomes[at + 1..].iter().map(refused).collect();
        assert!(rest.iter().all(|it| it.as_deref() == Some("READ_ONLY")), "{struck:?}: {outcomes:?}");
        assert!(read_only, "{struck:?}: the ledger does not say that it is read-only");
    } else if !all_refused.is_empty() {
        shown.refused.fetch_add(1, Relaxed);
        assert_eq!(all_refused.len(), 1, "{struck:?}: it did not go on: {outcomes:?}");
        // A creation has a sentence of its own.
        let reason = if error == ENOSPC { "DISK_FULL" } else { "NOT_WRITTEN" };
        assert_eq!(all_refused[0], reason, "{struck:?}");
        assert!(!read_only);
    } else {
        shown.not_at_all.fetch_add(1, Relaxed);
        assert!(!read_only, "{struck:?}");
    }
    // A group's own write or sync: whatever the error, it is not known what was kept.
    if of_the_writer && struck.path.ends_with(".seg") {
        assert!(unknown.is_some(), "{struck:?}: nobody was told: {outcomes:?}");
    }
    if of_the_writer && struck.path.contains("/words/") {
        let full = error == ENOSPC && struck.call == "pwrite";
        assert_eq!(unknown.is_none(), full, "{struck:?}: {outcomes:?}");
    }
}

/// One life whose `nth` call of those fails. Says whether it came so far.
fn failing(library: &Library, calls: &[&str], error: i32, nth: usize, shown: &Shown) -> bool {
    let home = memory();
    let (data, log) = (home.path().join("data"), home.path().join("calls"));
    let caller = Caller::default();
    let fault = library.fault(Some(Act::Error(error))).at(nth, nth).calls(calls).named("data");
    let struck = || seen(&log).into_iter().find(|seen| seen.struck);
    let program = match fault.into(launch(&data), home.path(), &log).start() {
        Ok(program) => program,
        Err(not) => {
            let struck = struck().expect("it does not start, and no call has failed");
            assert!(not.status.signal().is_none() && !not.status.success(), "{struck:?}: {not:?}");
            let why = std::io::Error::from_raw_os_error(error).to_string();
            assert!(not.said.contains(&why), "{struck:?}: {not:?}");
            shown.no_start.fetch_add(1, Relaxed);
            within(caller.settle(&data));
            return true;
        }
    };
    within(async {
        let begun = first_life(program.address, &caller).await;
        begun.unwrap_or_else(|gone| panic!("{:?}: {gone:?}", struck()));
        if caller.history.appends().iter().all(|(_, it)| *it == Outcome::Refused("NO_SUCH_LEDGER".into())) {
            // The files could not be made; now they can.
            shown.no_ledger.fetch_add(1, Relaxed);
            match caller.create(program.address).await {
                Ok(()) => {}
                Err(status) => assert_eq!(status.code(), Code::AlreadyExists, "{:?}: {status:?}", struck()),
            }
            let mut recorder = recorder(program.address).await;
            caller.append(&mut recorder, posts("late", 6)).await.unwrap();
        } else if let Some(struck) = struck() {
            let read_only = !caller.head(program.address).await.unwrap().read_only_because.is_empty();
            judge(&caller, &struck, error, read_only, shown);
            let held = caller
                .read(program.address)
                .await
                .unwrap_or_else(|why| panic!("{struck:?}: no reads: {why:?}"));
            caller.history.check(&held).unwrap_or_else(|why| panic!("{struck:?}: {why}"));
        }
    });
    let status = program.terminate();
    let struck = struck();
    assert!(status.signal().is_none() && (struck.is_some() || status.success()), "{struck:?}: {status}");
    if struck.is_some() {
        within(caller.settle(&data));
    }
    struck.is_some()
}

/// A recovery whose `nth` call fails: the server comes up, or says why not; and the next one finds everything.
fn failing_recovery(
    library: &Library,
    prepared: (&Path, &Caller),
    nth: usize,
    refused: &AtomicUsize,
) -> bool {
    let home = memory();
    let (data, log) = (home.path().join("data"), home.path().join("calls"));
    run("cp", &["-a", prepared.0.to_str().unwrap(), data.to_str().unwrap()]);
    let caller = prepared.1.again();
    let fault = library.fault(Some(Act::Error(EIO))).at(nth, nth).calls(&CHANGES);
    match fault.into(launch(&data), home.path(), &log).start() {
        Ok(program) => {
            within(second_life(program.address, &caller)).unwrap();
            assert!(program.terminate().signal().is_none());
        }
        Err(not) => {
            assert!(not.status.signal().is_none() && !not.status.success(), "{not:?}");
            assert!(not.said.contains("Input/output error"), "{not:?}");
            refused.fetch_add(1, Relaxed);
        }
    }
    let struck = seen(&log).into_iter().any(|seen| seen.struck);
    if struck {
        within(caller.settle(&data));
    }
    struck
}

#[test]
fn given_each_call_of_a_recovery_when_it_fails_then_the_next_one_finds_everything() {
    let Some(library) = Library::compile() else { return };
    let home = memory();
    let data = home.path().join("data");
    let program = launch(&data).start().unwrap();
    let before = Caller::default();
    within(first_life(program.address, &before)).unwrap();
    program.kill();
    let refused = AtomicUsize::new(0);
    let struck = for_each_call(1, |nth| failing_recovery(&library, (&data, &before), nth, &refused));
    println!("EIO after a crash: {struck} calls, each failed once: {refused:?} servers did not start");
    assert!(struck >= 40 && refused.into_inner() > 10, "{struck}: the script has become too short");
}

fn sweep(what: &str, calls: &[&str], error: i32, least: usize) {
    let Some(library) = Library::compile() else { return };
    let shown = Shown::default();
    let struck = for_each_call(1, |nth| failing(&library, calls, error, nth, &shown));
    println!("{what}: {struck} calls, each failed once: {shown:?}");
    assert!(struck >= least, "{struck}: the script has become too short");
}

#[test]
fn given_each_sync_when_it_fails_then_nothing_unsynced_is_acknowledged_and_the_ledger_takes_no_more() {
    sweep("EIO at a sync", &["fdatasync", "fsync"], EIO, 40);
}

#[test]
fn given_each_sync_when_there_is_no_room_then_nothing_unsynced_is_acknowledged_and_the_ledger_takes_no_more()
{
    sweep("ENOSPC at a sync", &["fdatasync", "fsync"], ENOSPC, 40);
}

#[test]
fn given_each_other_call_when_it_fails_then_nothing_unwritten_is_acknowledged() {
    sweep(
        "EIO elsewhere",
        &CHANGES.into_iter().filter(|it| !it.ends_with("sync")).collect::<Vec<_>>(),
        EIO,
        60,
    );
}

#[test]
fn given_each_other_call_when_there_is_no_room_then_nothing_unwritten_is_acknowledged() {
    sweep(
        "ENOSPC elsewhere",
        &CHANGES.into_iter().filter(|it| !it.ends_with("sync")).collect::<Vec<_>>(),
        ENOSPC,
        60,
    );
}

#[test]
fn given_each_opening_when_descriptors_have_run_out_then_it_goes_on_when_there_are_some_again() {
    sweep("EMFILE", &["open", "create"], EMFILE, 20);
}

/// Not an injected error: a disk that really loses what it was given, while the system goes on holding it in memory.
#[test]
fn given_a_disk_that_dies_under_a_sync_when_it_is_well_again_then_what_was_acknowledged_is_there() {
    let Some(disk) = Disk::thin(64, 8) else { return };
    let (data, ballast) = (disk.path().join("data"), disk.store().join("ballast"));
    let program = launch(&data).start().unwrap();
    let (address, caller) = (program.address, Caller::default());
    within(async {
        first_life(address, &caller).await.unwrap();
        // As much as goes in; that it does not all go in is what is wanted.
        let _ = std::fs::write(&ballast, vec![7; 8 << 20]);
        let mut recorder = recorder(address).await;
        let mut last = Outcome::Recorded(Vec::new());
        for number in 0..200 {
            let reason = "Nobody came. ".repeat(30);
            let (id, due) = (format!("late-{number}"), date(2025, 6, 1));
            let _ = caller.append(&mut recorder, vec![action(&id, due), cancelled(&id, &reason)]).await;
            last = caller.history.appends().pop().unwrap().1;
            if last == Outcome::Refused("READ_ONLY".into()) {
                break;
            }
        }
        assert_eq!(last, Outcome::Refused("READ_ONLY".into()));
        let why = caller.head(address).await.unwrap().read_only_because;
        assert!(why.contains("a write failed"), "{why}");
        let held = caller.read(address).await.unwrap();
        caller.history.check(&held).unwrap();
        println!("{} events, then: {why}", caller.history.acknowledged());
    });
    program.kill();
    std::fs::remove_file(&ballast).unwrap();
    // What the system holds in memory of the files is not what the disk has.
    within(caller.settle(&data));
    disk.remount("loop");
    within(caller.settle(&data));
}
