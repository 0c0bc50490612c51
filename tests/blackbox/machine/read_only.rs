//! A file system that takes no more writes: they are refused with a reason, reads are served; and a server that finds
//! it so does not start, and says why.

use super::{
    disk::Disk,
    kill::within,
    script::{Caller, first_life, launch, recorder, verify},
};
use crate::history::Outcome;
use crate::seed::{post, posts};

#[test]
fn given_a_file_system_that_becomes_read_only_when_it_is_written_to_then_that_is_refused_and_reads_are_served()
 {
    let Some(disk) = Disk::of_mebibytes(16) else { return };
    disk.remount("loop,errors=remount-ro");
    let data = disk.path().join("data");
    let program = launch(&data).start().unwrap();
    let (address, caller) = (program.address, Caller::default());
    within(async {
        first_life(address, &caller).await.unwrap();
        let acknowledged = caller.history.acknowledged();
        disk.break_down();
        let mut recorder = recorder(address).await;
        for number in 0..3 {
            caller.append(&mut recorder, vec![post(format!("late-{number}"))]).await.unwrap_err();
        }
        let outcomes: Vec<_> = caller.history.appends().into_iter().map(|(_, it)| it).rev().take(3).collect();
        assert_eq!(outcomes[0], Outcome::Refused("READ_ONLY".into()), "{outcomes:?}");
        let ledger = caller.head(address).await.unwrap();
        assert!(!ledger.read_only_because.is_empty(), "an operator is not told");
        println!("{}", ledger.read_only_because);
        let held = caller.read(address).await.unwrap();
        assert_eq!(held.len(), acknowledged + 1);
        caller.history.check(&held).unwrap();
    });
    program.terminate();
    disk.remount("loop");
    within(caller.settle(&data));
}

#[test]
fn given_a_file_system_that_is_read_only_when_a_server_starts_then_it_says_so_and_the_files_can_be_verified()
{
    let Some(disk) = Disk::of_mebibytes(16) else { return };
    let (data, caller) = (disk.path().join("data"), Caller::default());
    let program = launch(&data).start().unwrap();
    within(async {
        first_life(program.address, &caller).await.unwrap();
        caller.append(&mut recorder(program.address).await, posts("more", 2)).await.unwrap();
    });
    assert!(program.terminate().success());
    disk.remount("loop,ro");
    let not = launch(&data).start().err().expect("it serves what it cannot write");
    assert!(!not.status.success());
    assert!(
        not.said.contains(data.to_str().unwrap()) && not.said.contains("Read-only file system"),
        "{not:?}"
    );
    verify(&data);
    disk.remount("loop");
    within(caller.settle(&data));
}
