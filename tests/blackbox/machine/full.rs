//! No room: a disk that is full, a file that must not grow. Refused with a reason, nothing half, reads go on; and with
//! room again it goes on without a restart.

use pledgebook::grpc::wire::{Event, event::Payload};
use std::{net::SocketAddr, path::Path};
use tonic::Code;

use super::{
    disk::Disk,
    have,
    kill::within,
    memory, run,
    script::{Caller, recorder, verify},
};
use crate::binary::{Launch, Program};
use crate::history::Outcome;
use crate::seed::{action, cancelled, date, pledge, post};
use crate::server::reason;

/// Longer than any of these needs.
const ENOUGH: usize = 200;

/// A pledge with as long a text as there may be.
fn long(number: usize) -> Event {
    let mut event = pledge().swap_remove(5);
    event.subject = format!("pledge/p{number}");
    if let Some(Payload::PledgePublished(published)) = &mut event.payload {
        use sha2::Digest as _;
        published.text = format!("{number} {}", "We will listen. ".repeat(3_700));
        published.sha256 = sha2::Sha256::digest(&published.text).to_vec();
    }
    event
}

/// Appends until there is no room, and says how often that went well.
async fn fill(address: SocketAddr, caller: &Caller) -> usize {
    let mut recorder = recorder(address).await;
    caller.append(&mut recorder, pledge()).await.unwrap();
    for number in 0..ENOUGH {
        let words = vec![
            action(&format!("a{number}"), date(2025, 6, 1)),
            cancelled(&format!("a{number}"), &"Nobody came. ".repeat(30)),
        ];
        for events in [vec![long(number)], words] {
            let Err(status) = caller.append(&mut recorder, events).await else { continue };
            let (code, why, metadata) = reason(&status);
            assert_eq!((code, why.as_str()), (Code::ResourceExhausted, "DISK_FULL"), "{status:?}");
            assert_eq!(metadata["ledger"], crate::server::LEDGER);
            return number;
        }
    }
    panic!("it never was full")
}

/// While it is full: refused again, and everything is read.
async fn still_full(address: SocketAddr, caller: &Caller) {
    let mut recorder = recorder(address).await;
    let refused = caller.append(&mut recorder, vec![long(ENOUGH)]).await.unwrap_err();
    assert_eq!(reason(&refused).1, "DISK_FULL");
    let held = caller.read(address).await.unwrap();
    caller.history.check(&held).unwrap();
    assert!(caller.head(address).await.unwrap().read_only_because.is_empty(), "it has given up");
}

/// With room again: what was refused is taken.
async fn goes_on(address: SocketAddr, caller: &Caller) {
    let mut recorder = recorder(address).await;
    let refused = caller.history.appends().into_iter().filter(|(_, it)| matches!(it, Outcome::Refused(_)));
    for (events, _) in refused {
        caller.append(&mut recorder, events).await.unwrap();
    }
    caller.append(&mut recorder, vec![post("after")]).await.unwrap();
    let held = caller.read(address).await.unwrap();
    caller.history.check(&held).unwrap();
    assert_eq!(held.len(), caller.history.sent().len() + 1);
}

fn ends_well(program: Program, data: &Path) {
    assert!(program.terminate().success());
    verify(data);
}

#[test]
fn given_a_disk_that_fills_up_when_there_is_room_again_then_it_goes_on_without_a_restart() {
    let Some(disk) = Disk::of_mebibytes(16) else { return };
    let (data, ballast) = (disk.path().join("data"), disk.path().join("ballast"));
    std::fs::write(&ballast, vec![7; 9 << 20]).unwrap();
    let program = Launch::on(&data).with("PLEDGEBOOK_LIMITS__SEGMENT_BYTES", "262144").start().unwrap();
    let (address, caller) = (program.address, Caller::default());
    within(async {
        caller.create(address).await.unwrap();
        let rounds = fill(address, &caller).await;
        still_full(address, &caller).await;
        println!("full after {rounds} rounds, {} events", caller.history.acknowledged());
        std::fs::remove_file(&ballast).unwrap();
        goes_on(address, &caller).await;
    });
    ends_well(program, &data);
    disk.remount("loop");
    within(caller.settle(&data));
}

#[test]
fn given_a_limit_on_the_size_of_files_when_a_segment_would_exceed_it_then_it_is_refused_and_nothing_dies() {
    if !have(false, &["prlimit"]) {
        return;
    }
    let home = memory();
    let data = home.path().join("data");
    // The first segment has 1 MiB, the second 2 MiB.
    let program = Launch::on(&data).under(&["prlimit", "--fsize=1500000:unlimited"]).start().unwrap();
    let (address, caller) = (program.address, Caller::default());
    within(async {
        caller.create(address).await.unwrap();
        let rounds = fill(address, &caller).await;
        assert!(rounds > 5, "{rounds}");
        still_full(address, &caller).await;
        run("prlimit", &["--pid", &program.id().to_string(), "--fsize=unlimited"]);
        goes_on(address, &caller).await;
    });
    ends_well(program, &data);
    within(caller.settle(&data));
}
