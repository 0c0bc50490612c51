//! kill -9 at every call that changes a file: before the first, before the second, … until a life ends by itself.

use std::{
    future::Future,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{
    fault::{Act, CHANGES, Library, seen},
    memory, run,
    script::{Caller, first_life, launch, second_life},
};

/// Lives at the same time: each waits more than it works.
const AT_ONCE: usize = 4;

/// Waits for a future on a runtime of this thread's own. Its connections live in a thread beside it: a server that is
/// told to end waits until they have heard of it.
pub fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Does something for 1, 2, 3 … on several threads, until it says that there is no more. Says how often there was.
pub fn for_each_call(step: usize, work: impl Fn(usize) -> bool + Sync) -> usize {
    let (next, end) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::SeqCst);
                    if nth >= end.load(Ordering::SeqCst) {
                        break;
                    }
                    if !work(1 + nth * step) {
                        end.fetch_min(nth, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    end.load(Ordering::SeqCst)
}

/// One life, killed before its `nth` call. Says whether it came so far.
fn killed(library: &Library, nth: usize, prepared: Option<(&Path, &Caller)>) -> bool {
    let home = memory();
    let (data, log) = (home.path().join("data"), home.path().join("calls"));
    let caller = match prepared {
        Some((from, before)) => {
            run("cp", &["-a", from.to_str().unwrap(), data.to_str().unwrap()]);
            before.again()
        }
        None => Caller::default(),
    };
    let fault = library.fault(Some(Act::Kill)).at(nth, nth).calls(&CHANGES);
    let status = match fault.into(launch(&data), home.path(), &log).start() {
        Err(not) => not.status,
        Ok(program) => {
            // The server may go at any moment; what was heard is in the history.
            let _ = match prepared {
                None => within(first_life(program.address, &caller)),
                Some(_) => within(second_life(program.address, &caller)),
            };
            program.terminate()
        }
    };
    let struck = seen(&log).into_iter().find(|seen| seen.struck);
    match &struck {
        None => assert!(status.success(), "{status}"),
        Some(call) => {
            assert_eq!(status.signal(), Some(9), "{status}");
            let outcome =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| within(caller.settle(&data))));
            assert!(outcome.is_ok(), "killed before {call:?}");
        }
    }
    struck.is_some()
}

#[test]
fn given_a_new_ledger_when_the_program_is_killed_at_each_call_then_what_was_acknowledged_is_there_once() {
    let Some(library) = Library::compile() else { return };
    let points = for_each_call(1, |nth| killed(&library, nth, None));
    println!("kill points: {points}");
    assert!(points > 80, "{points}: the script has become too short");
}

#[test]
fn given_a_ledger_that_was_killed_when_its_recovery_is_killed_at_each_call_then_what_was_acknowledged_is_there_once()
 {
    let Some(library) = Library::compile() else { return };
    let home = memory();
    let data = home.path().join("data");
    let program = launch(&data).start().unwrap();
    let before = Caller::default();
    within(first_life(program.address, &before)).unwrap();
    program.kill();
    let points = for_each_call(1, |nth| killed(&library, nth, Some((&data, &before))));
    println!("kill points: {points}");
    assert!(points > 40, "{points}: the script has become too short");
}
