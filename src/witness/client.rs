//! Asks a witness to cosign a checkpoint (C2SP `tlog-witness`), over HTTP or HTTPS.
//!
//! Invariant: every call ends within [`WITNESS_ANSWER`], and what comes back is bounded. It must not know what follows
//! from a reply: nothing of it is verified here.

use std::sync::Arc;
use storage::note::AddCheckpoint;
use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
};

use crate::limits::{WITNESS_ANSWER, WITNESS_CONNECT, WITNESS_HEAD};

/// Characters of a refusal that are told on: it is somebody else's text.
const MAX_SAID: usize = 200;

/// Asks witnesses. Cheap to clone; connections are kept for the next time.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
}

/// What a witness said.
#[derive(Debug)]
pub enum Reply {
    /// It cosigned: lines of a signed note, not looked at yet.
    Lines(String),
    /// It holds another size than the one that was thought.
    Holds(u64),
    /// The proof does not lead from what it holds to the checkpoint.
    NotConsistent,
    /// Something else.
    Other(String),
}

impl Client {
    /// A client whose HTTPS trusts what this machine trusts.
    pub fn new() -> Self {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            // What is asked is decided by the configuration: not by the environment, and not by whoever answers.
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(WITNESS_CONNECT))
            .timeout_global(Some(WITNESS_ANSWER))
            .max_response_header_size(WITNESS_HEAD)
            .build()
            .new_agent();
        Self { agent }
    }

    /// Hands a checkpoint in at `<prefix>/add-checkpoint`. An error says why there was no answer.
    pub fn add(&self, prefix: &str, request: &AddCheckpoint) -> Result<Reply, String> {
        let url = format!("{}/add-checkpoint", prefix.trim_end_matches('/'));
        let sent = self.agent.post(&url).content_type("text/plain; charset=utf-8").send(request.to_text());
        let mut response = sent.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(WITNESS_HEAD as u64).read_to_string();
        let body = body.map_err(|error| error.to_string())?;
        Ok(match (status, body.strip_suffix('\n').and_then(|size| size.parse().ok())) {
            (200, _) => Reply::Lines(body),
            (409, Some(size)) => Reply::Holds(size),
            (422, _) => Reply::NotConsistent,
            _ => {
                let said: String = body.chars().filter(|it| !it.is_control()).take(MAX_SAID).collect();
                Reply::Other(format!("status {status}: {said}"))
            }
        })
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}
