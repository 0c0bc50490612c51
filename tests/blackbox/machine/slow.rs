//! A disk that dawdles: deadlines are kept, the queue is bounded, and who asks again loses and doubles nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tonic::Code;

use super::{
    fault::{Act, Library, seen},
    kill::within,
    memory,
    script::{Caller, recorder, verify},
};
use crate::binary::Launch;
use crate::seed::{append, post};
use crate::server::reason;
use crate::transport::Raw;

/// Longer than a busy machine takes to answer.
const LONG: Duration = Duration::from_secs(5);

#[test]
fn given_a_sync_that_takes_long_when_a_deadline_passes_meanwhile_then_the_caller_hears_of_it_before_the_sync_ends()
 {
    let Some(library) = Library::compile() else { return };
    let home = memory();
    let (data, log, armed) = (home.path().join("data"), home.path().join("calls"), home.path().join("armed"));
    let fault =
        library.fault(Some(Act::Delay(LONG))).calls(&["fdatasync"]).named(".seg").armed(&armed).at(1, 1);
    let program = fault.into(Launch::on(&data), home.path(), &log).start().unwrap();
    let (address, caller) = (program.address, Caller::default());
    within(async {
        caller.create(address).await.unwrap();
        std::fs::write(&armed, "").unwrap();
        let first = tokio::spawn({
            let caller = caller.clone();
            async move { caller.append(&mut recorder(address).await, vec![post("first")]).await }
        });
        while !seen(&log).iter().any(|seen| seen.struck) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut raw = Raw::to(address).await;
        let second = append(vec![post("second")]);
        let headers = [("pledgebook-source", "governance"), ("grpc-timeout", "200m")];
        let answer =
            raw.call("/pledgebook.v1.RecorderService/Append", &headers, Some(Raw::message(&second))).await;
        assert!(!first.is_finished(), "the sync ended first");
        assert_eq!((answer.code, answer.reason.as_str()), (Code::DeadlineExceeded as i32, "DEADLINE_PASSED"));
        first.await.unwrap().unwrap();
        // What was too late was not begun; asked again, it is new.
        let again = caller.append(&mut recorder(address).await, second.events).await.unwrap();
        assert!(!again[0].repeated, "it was recorded after its deadline");
        caller.history.check(&caller.read(address).await.unwrap()).unwrap();
    });
    assert!(program.terminate().success());
    verify(&data);
}

#[test]
fn given_a_slow_disk_when_more_is_sent_than_the_queue_holds_then_it_is_refused_at_once_and_can_be_sent_again()
{
    const CALLERS: usize = 64;
    let Some(library) = Library::compile() else { return };
    let home = memory();
    let (data, log, armed) = (home.path().join("data"), home.path().join("calls"), home.path().join("armed"));
    let fault =
        library.fault(Some(Act::Delay(Duration::from_millis(200)))).calls(&["fdatasync"]).named(".seg");
    let launch = Launch::on(&data).with("PLEDGEBOOK_LIMITS__QUEUED_REQUESTS", "8");
    let program = fault.armed(&armed).at(1, usize::MAX >> 1).into(launch, home.path(), &log).start().unwrap();
    let (address, caller) = (program.address, Caller::default());
    let full = Arc::new(AtomicUsize::new(0));
    within(async {
        caller.create(address).await.unwrap();
        std::fs::write(&armed, "").unwrap();
        let callers: Vec<_> = (0..CALLERS)
            .map(|number| {
                let (caller, full) = (caller.clone(), full.clone());
                tokio::spawn(async move {
                    let mut recorder = recorder(address).await;
                    let event = post(format!("p{number}"));
                    while let Err(status) = caller.append(&mut recorder, vec![event.clone()]).await {
                        assert_eq!(reason(&status).1, "QUEUE_FULL");
                        assert_eq!(status.code(), Code::ResourceExhausted);
                        full.fetch_add(1, Ordering::Relaxed);
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        let held = caller.read(address).await.unwrap();
        assert_eq!(held.len(), CALLERS + 1);
        caller.history.check(&held).unwrap();
    });
    println!("refused {} times for want of room in the queue", full.load(Ordering::Relaxed));
    assert!(full.load(Ordering::Relaxed) > 0, "the queue has no bound");
    assert!(program.terminate().success());
    verify(&data);
}
