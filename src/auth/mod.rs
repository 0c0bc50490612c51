//! Who is calling, and what they may call. [`Gate::admit`] and [`Gate::visit`] answer both from what stands in a
//! request's head, before its body is looked at.
//!
//! Invariant: whoever is not recognised is nobody, and nobody may call nothing but health and reflection. It must not
//! know tonic, wire messages, or what a ledger holds; what a source may *post* is judged by `domain::grants`.

pub mod policy;
pub mod principal;
pub mod token;

use http::{HeaderMap, HeaderValue};
use std::net::SocketAddr;

use crate::domain::{id::SourceName, value::Invalid};
use policy::Row;
pub use principal::{Principal, Role, Roles};
use token::{Standing, Tokens};

/// The header in which a caller without a token names its source.
pub const SOURCE_HEADER: &str = "pledgebook-source";

/// What a proxy says of those for whom it calls. A proxy on this machine would make everybody local.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// The other end of a request's connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// What a caller shows.
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// The header `authorization`.
    pub authorization: Option<&'a [u8]>,
    /// The header `pledgebook-source`.
    pub source: Option<&'a [u8]>,
    /// It calls from this machine, and for nobody elsewhere.
    pub local: bool,
}

impl<'a> Credentials<'a> {
    /// What the head of a request from `peer` shows.
    pub fn of(headers: &'a HeaderMap, peer: Option<Peer>) -> Self {
        let header = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
        Self {
            authorization: header("authorization"),
            source: header(SOURCE_HEADER),
            local: peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback())
                && !FORWARDED.iter().any(|name| headers.contains_key(*name)),
        }
    }
}

/// Why a caller was not let in. Never holds what it showed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No such RPC, or none that anybody may call.
    #[error("there is no such RPC")]
    NoSuchRpc,
    /// Nothing was shown where a token is needed.
    #[error("this server asks for a token: send the header `authorization: Bearer pbk_…`")]
    NoToken,
    /// What was shown is no token that stands.
    #[error("the token is not known here, or was revoked: ask an operator for a new one")]
    UnknownToken,
    /// Without tokens, only callers on this machine are let in.
    #[error(
        "this server has no tokens yet and lets in only callers on its own machine that come through no proxy: an \
         operator makes a token with `pledgebook token create`"
    )]
    NotLocal,
    /// The token file cannot be trusted now.
    #[error("the server's token file cannot be used, so nobody is let in: an operator must look at its log")]
    TokensUnusable,
    /// Posting needs a name to post under.
    #[error("{0}")]
    NoSource(&'static str),
    /// What should be a source's name is none.
    #[error("pledgebook-source: {0}")]
    InvalidSource(#[from] Invalid),
    /// The name is the ledger's own.
    #[error(
        "pledgebook-source: no posting system can be called `operator`; choose the posting system's own name"
    )]
    ReservedSource,
    /// The token is another source's.
    #[error("the token belongs to another source than `pledgebook-source` names: leave the header out")]
    OtherSource,
    /// The caller is known, and may not.
    #[error("this call is for {0}: ask an operator for a token with such a role")]
    Role(Roles),
}

/// Decides who comes in.
pub struct Gate {
    tokens: Tokens,
    public: bool,
}

impl Gate {
    /// A gate that knows these tokens.
    pub const fn new(tokens: Tokens) -> Self {
        Self { tokens, public: false }
    }

    /// The same; but whoever asks may see the pages that may be public.
    #[must_use]
    pub fn publishing(self) -> Self {
        Self { public: true, ..self }
    }

    /// Whether the pages that may be public are.
    pub const fn publishes(&self) -> bool {
        self.public
    }

    /// Who is calling `rpc` (as HTTP/2 spells it, `/package.Service/Method`), if they may. `None`: anybody may, and
    /// nobody asked who it is.
    pub fn admit(&self, rpc: &str, shown: Credentials<'_>) -> Result<Option<Principal>, Denied> {
        self.let_in(policy::row_of(rpc), shown)
    }

    /// The same for a page, by the route that leads to it.
    pub fn visit(&self, route: &str, shown: Credentials<'_>) -> Result<Option<Principal>, Denied> {
        self.let_in(policy::page(route), shown)
    }

    fn let_in(&self, row: Option<&Row>, shown: Credentials<'_>) -> Result<Option<Principal>, Denied> {
        let row = row.ok_or(Denied::NoSuchRpc)?;
        if row.open || row.may_be_public && self.public {
            return Ok(None);
        }
        let principal = self.recognise(shown)?;
        judge(row, &principal)?;
        Ok(Some(principal))
    }

    fn recognise(&self, shown: Credentials<'_>) -> Result<Principal, Denied> {
        let named = shown.source.map(source).transpose()?;
        let book = match self.tokens.standing() {
            Standing::Unusable => return Err(Denied::TokensUnusable),
            Standing::Absent if !shown.local => return Err(Denied::NotLocal),
            // Somebody who shows a token believes that it is looked at.
            Standing::Absent if shown.authorization.is_some() => return Err(Denied::UnknownToken),
            Standing::Absent => return Ok(Principal::new(named, Roles::ALL)),
            Standing::Held(book) => book,
        };
        let header = shown.authorization.ok_or(Denied::NoToken)?;
        let principal = bearer(header).and_then(|token| book.holder(token)).ok_or(Denied::UnknownToken)?;
        match (named, principal.source()) {
            (Some(named), Some(own)) if named != *own => Err(Denied::OtherSource),
            (Some(_), None) => Err(Denied::OtherSource),
            _ => Ok(principal),
        }
    }
}

fn judge(row: &Row, principal: &Principal) -> Result<(), Denied> {
    if !principal.has_any(row.roles) {
        return Err(Denied::Role(row.roles));
    }
    if row.needs_source && principal.source().is_none() {
        return Err(Denied::NoSource(
            "say which posting system this is: send the header `pledgebook-source: <name>`, such as \
             `pledgebook-source: action-tracker` (1 to 64 letters, digits, '.', '_' or '-'), or use a token of one",
        ));
    }
    Ok(())
}

fn source(header: &[u8]) -> Result<SourceName, Denied> {
    let name = SourceName::parse(str::from_utf8(header).unwrap_or_default())?;
    if name.as_str() == SourceName::OPERATOR { Err(Denied::ReservedSource) } else { Ok(name) }
}

fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use token::Book;

    const APPEND: &str = "/pledgebook.v1.RecorderService/Append";
    const READ: &str = "/pledgebook.v1.ReaderService/Read";
    const GRANTS: &str = "/pledgebook.v1.LedgerAdminService/SetGrants";

    fn open() -> (tempfile::TempDir, Gate) {
        let dir = tempfile::tempdir().unwrap();
        let gate = Gate::new(Tokens::watch(dir.path().join("tokens.json")));
        (dir, gate)
    }

    fn local<'a>(authorization: Option<&'a str>, source: Option<&'a str>) -> Credentials<'a> {
        Credentials {
            authorization: authorization.map(str::as_bytes),
            source: source.map(str::as_bytes),
            local: true,
        }
    }

    #[test]
    fn without_tokens_a_local_caller_may_do_everything_under_the_name_it_gives() {
        let (_dir, gate) = open();
        let principal = gate.admit(APPEND, local(None, Some("tracker"))).unwrap().unwrap();
        assert_eq!(principal.source().unwrap().as_str(), "tracker");
        assert!(gate.admit(GRANTS, local(None, None)).is_ok());
    }

    #[test]
    fn without_tokens_posting_needs_a_name_and_the_refusal_says_what_to_send() {
        let (_dir, gate) = open();
        let denied = gate.admit(APPEND, local(None, None)).unwrap_err();
        assert!(denied.to_string().contains("`pledgebook-source: "), "{denied}");
    }

    #[test]
    fn without_tokens_a_caller_from_elsewhere_is_nobody() {
        let (_dir, gate) = open();
        let elsewhere = Credentials { source: Some(b"tracker"), ..Credentials::default() };
        assert_eq!(gate.admit(APPEND, elsewhere), Err(Denied::NotLocal));
    }

    #[test]
    fn nobody_posts_as_the_operator() {
        let (_dir, gate) = open();
        assert_eq!(gate.admit(APPEND, local(None, Some("operator"))), Err(Denied::ReservedSource));
        assert!(matches!(gate.admit(APPEND, local(None, Some("two words"))), Err(Denied::InvalidSource(_))));
    }

    #[test]
    fn with_tokens_each_holder_may_what_its_roles_say() {
        let (dir, gate) = open();
        let path = dir.path().join("tokens.json");
        let mut book = Book::default();
        let tracker = book.issue("t", Some("tracker"), Roles::of(&[Role::Poster]), "now").unwrap();
        let auditor = book.issue("a", None, Roles::of(&[Role::Auditor]), "now").unwrap();
        book.save(&path).unwrap();
        std::thread::sleep(crate::limits::TOKEN_RELOAD);
        let poster = format!("Bearer {}", tracker.reveal());
        let reader = format!("bearer {}", auditor.reveal());

        assert_eq!(gate.admit(APPEND, local(None, Some("tracker"))), Err(Denied::NoToken));
        assert_eq!(gate.admit(APPEND, local(Some("Bearer pbk_00"), None)), Err(Denied::UnknownToken));
        assert_eq!(gate.admit(APPEND, local(Some("Basic eDp5"), None)), Err(Denied::UnknownToken));
        assert!(gate.admit(APPEND, local(Some(&poster), None)).is_ok());
        assert!(gate.admit(APPEND, local(Some(&poster), Some("tracker"))).is_ok());
        assert_eq!(gate.admit(APPEND, local(Some(&poster), Some("lms"))), Err(Denied::OtherSource));
        assert_eq!(gate.admit(READ, local(Some(&reader), Some("tracker"))), Err(Denied::OtherSource));
        assert!(gate.admit(READ, local(Some(&reader), None)).is_ok());
        assert!(matches!(gate.admit(APPEND, local(Some(&reader), None)), Err(Denied::Role(_))));
        assert!(matches!(gate.admit(GRANTS, local(Some(&poster), None)), Err(Denied::Role(_))));
    }

    #[test]
    fn given_pages_that_may_be_public_when_an_operator_says_so_then_those_alone_are_for_everybody() {
        let dir = tempfile::tempdir().unwrap();
        let tokens = || Tokens::watch(dir.path().join("tokens.json"));
        let elsewhere = Credentials::default();
        let public = Gate::new(tokens()).publishing();
        for row in policy::PAGES {
            assert_eq!(Gate::new(tokens()).visit(row.rpc, elsewhere), Err(Denied::NotLocal));
            assert_eq!(public.visit(row.rpc, elsewhere).is_ok(), row.may_be_public, "{}", row.rpc);
        }
        assert_eq!(public.admit(READ, elsewhere), Err(Denied::NotLocal));
        assert_eq!(public.visit(READ, elsewhere), Err(Denied::NoSuchRpc), "an RPC is no page");
        assert_eq!(public.admit(policy::PAGES[0].rpc, elsewhere), Err(Denied::NoSuchRpc));
    }

    #[test]
    fn given_a_request_when_it_comes_through_a_proxy_or_from_elsewhere_then_it_is_not_local() {
        let (here, elsewhere) = ("127.0.0.1:1".parse().unwrap(), "192.0.2.1:1".parse().unwrap());
        let mut headers = HeaderMap::new();
        assert!(Credentials::of(&headers, Some(Peer(here))).local);
        assert!(!Credentials::of(&headers, Some(Peer(elsewhere))).local);
        assert!(!Credentials::of(&headers, None).local);
        headers.insert("via", HeaderValue::from_static("1.1 proxy"));
        assert!(!Credentials::of(&headers, Some(Peer(here))).local);
    }

    #[test]
    fn an_rpc_without_a_row_is_refused_whoever_calls() {
        let (_dir, gate) = open();
        assert_eq!(
            gate.admit("/pledgebook.v1.VaultService/Erase", local(None, None)),
            Err(Denied::NoSuchRpc)
        );
    }
}
