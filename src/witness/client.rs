//! Asks a witness to cosign a checkpoint (C2SP `tlog-witness`), over HTTP or HTTPS.
//!
//! Invariant: every call ends within [`WITNESS_ANSWER`], and what comes back is bounded. It must not know what follows
//! from a reply: nothing of it is verified here.

use storage::note::AddCheckpoint;
use ureq::Agent;

use crate::limits::{WITNESS_ANSWER, WITNESS_CONNECT, WITNESS_HEAD};
use crate::outward::{Patience, agent};

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
    /// It holds another root of the size that was given, and said no size: the protocol leaves that open.
    OtherRoot,
    /// The proof does not lead from what it holds to the checkpoint.
    NotConsistent,
    /// Something else.
    Other(String),
}

impl Client {
    /// A client whose HTTPS trusts what this machine trusts.
    pub fn new() -> Self {
        let patience = Patience { connect: WITNESS_CONNECT, answer: WITNESS_ANSWER, head: WITNESS_HEAD };
        Self { agent: agent(patience) }
    }

    /// Hands a checkpoint in at `<prefix>/add-checkpoint`. An error says why there was no answer.
    pub fn add(&self, prefix: &str, request: &AddCheckpoint) -> Result<Reply, String> {
        let url = format!("{}/add-checkpoint", prefix.trim_end_matches('/'));
        let sent = self.agent.post(&url).content_type("text/plain; charset=utf-8").send(request.to_text());
        let mut response = sent.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(WITNESS_HEAD as u64).read_to_string();
        let body = body.map_err(|error| error.to_string())?;
        Ok(match (status, body.trim().parse().ok()) {
            (200, _) => Reply::Lines(body),
            (409, Some(size)) => Reply::Holds(size),
            (409, None) => Reply::OtherRoot,
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    const REQUEST: &str = "old 0\n\nledger.example/acme\n3\n2y7/5k02NSvNTCYL3g4RODEMn3e4nUxXV4ZS+bGFtjA=\n\n\
        — ledger.example/acme 7xoeOR94BA7XB53wKn9nl+NQSwqdSNboDVxyDsAC5O29EVGUEzPPUPSlqx0OGn4NcRSfCVROXl94khRET0Wxxs9Ogg4=\n";

    /// What becomes of that answer; and that the question was the request, at its place.
    fn answered(answer: &str) -> Result<Reply, String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/prefix/", listener.local_addr().unwrap());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut asked, mut piece) = (Vec::new(), [0; 4096]);
                while !asked.ends_with(REQUEST.as_bytes()) {
                    let count = stream.read(&mut piece).unwrap();
                    assert!(count > 0, "{}", String::from_utf8_lossy(&asked));
                    asked.extend_from_slice(&piece[..count]);
                }
                assert!(asked.starts_with(b"POST /prefix/add-checkpoint HTTP/1.1\r\n"));
                // It may have gone when it has heard enough.
                let _ = stream.write_all(answer.as_bytes());
            });
            Client::new().add(&url, &AddCheckpoint::parse(REQUEST.as_bytes()).unwrap())
        })
    }

    fn of(status: &str, body: &str) -> Result<Reply, String> {
        let length = body.len();
        answered(&format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"))
    }

    #[test]
    fn given_each_reply_of_the_protocol_when_it_comes_then_it_is_told_for_what_it_is() {
        assert!(matches!(of("200 OK", "— w x\n"), Ok(Reply::Lines(lines)) if lines == "— w x\n"));
        assert!(matches!(of("409 Conflict", "7\n"), Ok(Reply::Holds(7))));
        assert!(
            matches!(of("409 Conflict", "7"), Ok(Reply::Holds(7))),
            "a line feed that is left out changes nothing"
        );
        for body in ["", "x\n", "-7\n", "18446744073709551616\n"] {
            assert!(matches!(of("409 Conflict", body), Ok(Reply::OtherRoot)), "{body}");
        }
        assert!(matches!(of("422 No", "no\n"), Ok(Reply::NotConsistent)));
        for status in ["400 No", "403 No", "404 No", "500 No", "302 Found\r\nlocation: http://127.0.0.1:1/"] {
            assert!(
                matches!(of(status, "no\n"), Ok(Reply::Other(why)) if why.contains(&status[..3])),
                "{status}"
            );
        }
    }

    #[test]
    fn given_a_reply_without_bounds_when_it_comes_then_it_is_cut_off_and_its_text_is_one_short_line() {
        assert!(of("200 OK", &"x".repeat(WITNESS_HEAD + 1)).is_err());
        let Ok(Reply::Other(why)) = of("500 No", &"a\u{1b}[2J\r\n".repeat(1_000)) else { panic!() };
        assert!(why.len() < MAX_SAID + 30 && !why.chars().any(char::is_control), "{why}");
        assert!(answered("nonsense").is_err());
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let request = AddCheckpoint::parse(REQUEST.as_bytes()).unwrap();
        assert!(Client::new().add(&format!("http://{closed}"), &request).is_err());
    }
}
