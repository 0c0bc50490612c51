//! The wall clock jumps: nothing is recorded under a wrong time, reads go on, and a right clock is all it takes.

use std::path::Path;

use super::{
    fault::Library,
    kill::within,
    memory,
    script::{Caller, launch, recorder, verify},
};
use crate::history::Outcome;
use crate::seed::post;

const HOUR: i64 = 3_600;

fn set(clock: &Path, ahead: i64) {
    // In one step: a clock that is half written would be a jump of its own.
    let next = clock.with_extension("next");
    std::fs::write(&next, ahead.to_string()).unwrap();
    std::fs::rename(next, clock).unwrap();
}

async fn jumps(library: &Library, ahead: i64) {
    let home = memory();
    let (data, log, clock) = (home.path().join("data"), home.path().join("calls"), home.path().join("clock"));
    let start = || library.fault(None).clock(&clock).into(launch(&data), home.path(), &log).start().unwrap();
    set(&clock, 0);
    let program = start();
    let caller = Caller::default();
    caller.create(program.address).await.unwrap();
    let mut first = recorder(program.address).await;
    caller.append(&mut first, vec![post("before")]).await.unwrap();
    set(&clock, ahead);
    for _ in 0..2 {
        caller.append(&mut first, vec![post("wrong")]).await.unwrap_err();
        let (_, outcome) = caller.history.appends().pop().unwrap();
        assert_eq!(outcome, Outcome::Refused("READ_ONLY".into()), "{ahead}");
    }
    let why = caller.head(program.address).await.unwrap().read_only_because;
    assert!(why.contains("clock jumped"), "{why}");
    assert_eq!(caller.read(program.address).await.unwrap().len(), 2);
    drop(first);
    assert!(program.terminate().success());

    set(&clock, 0);
    let program = start();
    let mut second = recorder(program.address).await;
    caller.append(&mut second, vec![post("after")]).await.unwrap();
    let held = caller.read(program.address).await.unwrap();
    caller.history.check(&held).unwrap();
    let times: Vec<_> = held.iter().map(|it| it.recorded_at.unwrap().seconds).collect();
    assert!(times[2] - times[0] < HOUR / 2, "{times:?}");
    drop(second);
    assert!(program.terminate().success());
    verify(&data);
}

#[test]
fn given_a_running_server_when_the_clock_jumps_an_hour_ahead_or_back_then_it_records_nothing_until_it_is_right()
 {
    let Some(library) = Library::compile() else { return };
    within(jumps(&library, HOUR));
    within(jumps(&library, -HOUR));
}

#[test]
fn given_a_clock_a_minute_behind_the_last_record_when_a_server_starts_then_time_stands_still_and_says_so() {
    let Some(library) = Library::compile() else { return };
    let home = memory();
    let (data, log, clock) = (home.path().join("data"), home.path().join("calls"), home.path().join("clock"));
    let start = || library.fault(None).clock(&clock).into(launch(&data), home.path(), &log).start().unwrap();
    let caller = Caller::default();
    set(&clock, 0);
    let program = start();
    within(async {
        caller.create(program.address).await.unwrap();
        caller.append(&mut recorder(program.address).await, vec![post("before")]).await.unwrap();
    });
    assert!(program.terminate().success());
    set(&clock, -60);
    let program = start();
    within(async {
        caller.append(&mut recorder(program.address).await, vec![post("after")]).await.unwrap();
        let held = caller.read(program.address).await.unwrap();
        caller.history.check(&held).unwrap();
        assert_eq!(held[2].recorded_at, held[1].recorded_at);
        assert_eq!(held[2].irregularities, ["CLOCK_BEHIND"]);
    });
    assert!(program.terminate().success());
    verify(&data);
}
