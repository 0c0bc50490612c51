//! Asking others over HTTP and HTTPS: the one place that says how.
//!
//! Invariant: what is asked, and whom, is decided by whoever asks: not by the environment (no proxy is taken from it), and
//! not by whoever answers (nobody is followed elsewhere). Every question ends in time, and the head of an answer is
//! bounded; its body is bounded by whoever reads it. It must not know what is asked.

use std::{sync::Arc, time::Duration};
use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
};

/// How long a question may take, and how long the head of its answer may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// To connect.
    pub(crate) connect: Duration,
    /// From the first byte that is sent to the last that comes.
    pub(crate) answer: Duration,
    /// Longest head of an answer, in bytes.
    pub(crate) head: usize,
}

/// Whoever asks. Its HTTPS trusts what this machine trusts; connections are kept for the next time.
pub(crate) fn agent(patience: Patience) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_connect(Some(patience.connect))
        .timeout_global(Some(patience.answer))
        .max_response_header_size(patience.head)
        .build()
        .new_agent()
}
