//! Many callers with one id, and a server that dies in between: one record, and one receipt for all.

use pledgebook::grpc::wire::{AppendResult, recorder_service_client::RecorderServiceClient};
use std::{net::SocketAddr, time::Duration};
use tokio::sync::watch;

use super::{
    kill::within,
    memory,
    script::{Caller, launch, recorder, verify},
};
use crate::seed::post;

const CALLERS: usize = 200;

/// Asks until somebody answers, wherever the server is by then.
async fn insist(
    caller: Caller,
    event: pledgebook::grpc::wire::Event,
    at: watch::Receiver<SocketAddr>,
) -> AppendResult {
    loop {
        let address = *at.borrow();
        let Ok(channel) = crate::server::endpoint(address).connect().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let who = crate::server::Who::Source("governance");
        let mut recorder = RecorderServiceClient::with_interceptor(channel, who);
        if let Ok(results) = caller.append(&mut recorder, vec![event.clone()]).await {
            return results.into_iter().next().unwrap();
        }
    }
}

#[test]
fn given_many_callers_with_one_id_when_the_server_is_killed_among_them_then_there_is_one_record_and_one_receipt()
 {
    let home = memory();
    let data = home.path().join("data");
    let mut program = launch(&data).start().unwrap();
    let (caller, event) = (Caller::default(), post("once"));
    within(async {
        caller.create(program.address).await.unwrap();
        let (told, at) = watch::channel(program.address);
        let mut storm = tokio::task::JoinSet::new();
        let join = |storm: &mut tokio::task::JoinSet<_>| {
            for _ in 0..CALLERS / 2 {
                storm.spawn(insist(caller.clone(), event.clone(), at.clone()));
            }
        };
        join(&mut storm);
        // Some have their answer, some do not.
        let mut receipts = vec![storm.join_next().await.unwrap().unwrap()];
        program.kill();
        program = launch(&data).start().unwrap();
        told.send_replace(program.address);
        join(&mut storm);
        while let Some(result) = storm.join_next().await {
            receipts.push(result.unwrap());
        }
        assert_eq!(receipts.len(), CALLERS);
        assert!(receipts.iter().all(|it| it.receipt == receipts[0].receipt));
        assert!(caller.look(&mut recorder(program.address).await, &event).await);
        let held = caller.read(program.address).await.unwrap();
        assert_eq!(held.len(), 2);
        caller.history.check(&held).unwrap();
        let unanswered = caller.history.appends().len() - CALLERS;
        println!("{CALLERS} callers, {unanswered} calls without an answer");
        assert!(program.terminate().success());
    });
    verify(&data);
}
