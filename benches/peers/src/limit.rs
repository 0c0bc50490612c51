//! The limit server: decode, one SHA-256 an item over the hash before and the item, one write and one `fdatasync` for
//! everything that waits. It judges nothing, keeps no index, and cannot be read: nothing that does more can be expected
//! to be faster in the same shape.

use anyhow::Result;
use sha2::{Digest as _, Sha256};
use std::{fs::File, io::Write as _, path::Path, sync::mpsc, thread};
use tokio::sync::oneshot;
use tonic::{Request, Response, Status};

pub mod wire {
    //! Generated.
    #![allow(missing_docs, reason = "generated")]
    tonic::include_proto!("limit");
}

struct Waiting {
    items: Vec<wire::Item>,
    answer: oneshot::Sender<u64>,
}

struct Limit {
    queue: mpsc::Sender<Waiting>,
}

#[tonic::async_trait]
impl wire::limit_service_server::LimitService for Limit {
    async fn put(&self, request: Request<wire::PutRequest>) -> Result<Response<wire::PutResponse>, Status> {
        let (answer, answered) = oneshot::channel();
        let items = request.into_inner().items;
        self.queue.send(Waiting { items, answer }).map_err(|_| Status::unavailable("the writer is gone"))?;
        let size = answered.await.map_err(|_| Status::unavailable("the writer is gone"))?;
        Ok(Response::new(wire::PutResponse { size }))
    }
}

/// Serves until it is killed.
pub async fn serve(port: u16, file: &Path) -> Result<()> {
    let (queue, waiting) = mpsc::channel();
    let file = File::create(file)?;
    thread::spawn(move || write(file, &waiting));
    let service = wire::limit_service_server::LimitServiceServer::new(Limit { queue });
    tonic::transport::Server::builder()
        .tcp_nodelay(true)
        .add_service(service)
        .serve(([127, 0, 0, 1], port).into())
        .await?;
    Ok(())
}

fn write(mut file: File, waiting: &mpsc::Receiver<Waiting>) {
    let (mut size, mut hash, mut bytes, mut answers) = (0, [0_u8; 32], Vec::new(), Vec::new());
    while let Ok(first) = waiting.recv() {
        bytes.clear();
        for request in std::iter::once(first).chain(waiting.try_iter()) {
            for item in &request.items {
                let start = bytes.len() + 36;
                let length = item.kind.len() + item.id.len() + item.body.len();
                bytes.extend_from_slice(&(length as u32).to_le_bytes());
                bytes.extend_from_slice(&[0; 32]);
                bytes.extend_from_slice(item.kind.as_bytes());
                bytes.extend_from_slice(item.id.as_bytes());
                bytes.extend_from_slice(&item.body);
                let mut chain = Sha256::new();
                chain.update(hash);
                chain.update(&bytes[start..]);
                hash = chain.finalize().into();
                bytes[start - 32..start].copy_from_slice(&hash);
                size += 1;
            }
            answers.push((request.answer, size));
        }
        file.write_all(&bytes).and_then(|()| file.sync_data()).expect("the limit server's disk works");
        for (answer, size) in answers.drain(..) {
            let _ = answer.send(size);
        }
    }
}
