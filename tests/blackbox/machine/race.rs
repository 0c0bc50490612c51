//! Two servers, one data directory: one serves, the other says who.

use std::{
    sync::Barrier,
    time::{Duration, Instant},
};

use super::{
    fault::{Act, Library, seen},
    memory,
    script::launch,
};
use crate::binary::{Launch, NotServing, Program};

const ROUNDS: usize = 20;

fn names(not: &NotServing, holder: &Program) {
    assert!(!not.status.success(), "{not:?}");
    let process = format!("process {})", holder.id());
    assert!(not.said.contains(&process), "{} is not named: {not:?}", holder.id());
}

#[test]
fn given_two_servers_when_they_race_for_one_directory_then_one_serves_and_the_other_names_its_process() {
    let home = memory();
    let data = home.path().join("data");
    for round in 0..ROUNDS {
        let line = Barrier::new(2);
        let run = || {
            line.wait();
            Launch::on(&data).start()
        };
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(run);
            let other = scope.spawn(run);
            (one.join().unwrap(), other.join().unwrap())
        });
        let winner = match (one, other) {
            (Ok(winner), Err(not)) | (Err(not), Ok(winner)) => {
                names(&not, &winner);
                winner
            }
            (Ok(_), Ok(_)) => panic!("both serve, round {round}"),
            (Err(one), Err(other)) => panic!("neither serves, round {round}: {one:?}, {other:?}"),
        };
        // Half of them leave their process id behind.
        if round % 2 == 0 {
            winner.kill();
        } else {
            assert!(winner.terminate().success());
        }
    }
}

#[test]
fn given_a_directory_of_a_dead_server_when_its_next_holder_has_not_said_who_it_is_then_nobody_is_named_wrongly()
 {
    let Some(library) = Library::compile() else { return };
    let home = memory();
    let (data, log) = (home.path().join("data"), home.path().join("calls"));
    launch(&data).start().unwrap().kill();
    // It has the lock, and is slow to write its name over the dead one's.
    let fault =
        library.fault(Some(Act::Delay(Duration::from_millis(300)))).calls(&["ftruncate"]).named("data/lock");
    let slow = fault.at(1, 1).into(launch(&data), home.path(), &log);
    std::thread::scope(|scope| {
        let holder = scope.spawn(|| slow.start().unwrap());
        let began = Instant::now();
        while !seen(&log).iter().any(|seen| seen.struck) {
            assert!(began.elapsed() < Duration::from_secs(60), "it does not take the lock");
            std::thread::sleep(Duration::from_millis(5));
        }
        let not = launch(&data).start().err().expect("both serve");
        names(&not, &holder.join().unwrap());
    });
}
