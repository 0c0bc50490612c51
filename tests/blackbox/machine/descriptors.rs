//! No descriptors left: connections wait, but those that are there go on, and so do the ledgers.

use std::{net::SocketAddr, time::Duration};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{
    have,
    kill::within,
    memory, run,
    script::{Caller, launch, recorder, verify},
};
use crate::binary::Launch;
use crate::seed::{action, cancelled, date, pledge, post, posts};

/// Callers that say hello in HTTP/2, and nothing more.
async fn idle(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut idle = Vec::new();
    for _ in 0..count {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        idle.push(stream);
    }
    idle
}

/// How many descriptors a process has.
fn open(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

/// Waits until a process has so many descriptors and no more.
async fn settled(process: u32, least: usize) {
    for _ in 0..600 {
        let before = open(process);
        tokio::time::sleep(Duration::from_millis(100)).await;
        if before >= least && open(process) == before {
            return;
        }
    }
    panic!("{} descriptors, not {least}", open(process));
}

#[test]
fn given_idle_connections_that_take_every_descriptor_when_they_leave_then_new_ones_are_served() {
    if !have(false, &["prlimit"]) {
        return;
    }
    let home = memory();
    let data = home.path().join("data");
    let program = Launch::on(&data).start().unwrap();
    let (address, caller) = (program.address, Caller::default());
    within(async {
        caller.create(address).await.unwrap();
        let mut early = recorder(address).await;
        caller.append(&mut early, pledge()).await.unwrap();
        // Room for three more, and then none.
        let limit = open(program.id()) + 3;
        run("prlimit", &["--pid", &program.id().to_string(), &format!("--nofile={limit}:")]);
        let crowd = idle(address, 40).await;
        settled(program.id(), limit).await;
        let late = tokio::spawn(async move {
            let mut recorder = recorder(address).await;
            let late = Caller::default();
            late.append(&mut recorder, vec![post("late")]).await.map(|_| late)
        });
        for number in 0..20 {
            caller.append(&mut early, vec![post(format!("early-{number}"))]).await.unwrap();
        }
        assert!(!late.is_finished(), "there was a descriptor left");
        drop(crowd);
        let late =
            tokio::time::timeout(Duration::from_secs(60), late).await.expect("nobody is let in any more");
        let late = late.unwrap().unwrap();
        let held = caller.read(address).await.unwrap();
        let both = [caller.history.entries(), late.history.entries()].concat();
        crate::history::check(&both, &held).unwrap();
    });
    assert!(program.terminate().success());
    verify(&data);
}

#[test]
fn given_more_callers_than_descriptors_when_a_ledger_needs_new_files_then_it_gets_them() {
    if !have(false, &["prlimit"]) {
        return;
    }
    let home = memory();
    let data = home.path().join("data");
    let program = launch(&data).under(&["prlimit", "--nofile=128:128"]).start().unwrap();
    let (address, caller) = (program.address, Caller::default());
    within(async {
        caller.create(address).await.unwrap();
        let mut early = recorder(address).await;
        caller.append(&mut early, pledge()).await.unwrap();
        // Those that are not let in wait in the system's queue, which is not much longer.
        let crowd = idle(address, 150).await;
        settled(program.id(), 64).await;
        // New segments, new words.
        for number in 0..5 {
            let name = format!("a{number}");
            let words = vec![action(&name, date(2025, 6, 1)), cancelled(&name, "Nobody came.")];
            caller.append(&mut early, words).await.unwrap();
            caller.append(&mut early, posts(&name, 6)).await.unwrap();
        }
        drop(crowd);
        caller.append(&mut recorder(address).await, vec![post("late")]).await.unwrap();
    });
    assert!(program.terminate().success());
    within(caller.settle(&data));
}
