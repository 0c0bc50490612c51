//! The power goes, in earnest: an ext4 is shut down with everything that it has not written, the process dies, and the
//! disk is mounted anew.

use std::os::unix::process::ExitStatusExt as _;

use super::{
    disk::Disk,
    fault::{Act, CHANGES, Library, seen},
    kill::{for_each_call, within},
    script::{Caller, first_life, launch, second_life},
};

/// One life, cut off before its `nth` call. Says whether it came so far.
fn cut_off(library: &Library, nth: usize) -> Option<bool> {
    let disk = Disk::of_mebibytes(16)?;
    let (data, log, caller) = (disk.path().join("data"), disk.beside("calls"), Caller::default());
    let fault = library.fault(Some(Act::PowerLoss)).at(nth, nth).calls(&CHANGES);
    let status = match fault.into(launch(&data), &disk.path(), &log).start() {
        Err(not) => not.status,
        Ok(program) => {
            // The server may go at any moment; what was heard is in the history.
            let _ = within(first_life(program.address, &caller));
            let _ = within(second_life(program.address, &caller));
            program.terminate()
        }
    };
    let struck = seen(&log).into_iter().find(|seen| seen.struck);
    if let Some(call) = &struck {
        assert_eq!(status.signal(), Some(9), "{status}");
        disk.remount("loop");
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| within(caller.settle(&data))));
        assert!(outcome.is_ok(), "power lost before {call:?}");
    }
    Some(struck.is_some())
}

/// Every how many calls the power goes. `PLEDGEBOOK_POWER_EVERY=1` takes each of them, in half a minute.
fn step() -> usize {
    std::env::var("PLEDGEBOOK_POWER_EVERY")
        .map_or(3, |every| every.parse().expect("PLEDGEBOOK_POWER_EVERY: a number"))
}

#[test]
fn given_a_disk_when_the_power_goes_at_some_calls_then_what_was_acknowledged_is_there_afterwards() {
    let Some(library) = Library::compile() else { return };
    let points = for_each_call(step(), |nth| cut_off(&library, nth) == Some(true));
    println!("power lost at {points} calls, every {}", step());
}
