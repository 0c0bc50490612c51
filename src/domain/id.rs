//! Identifiers: what things are called in a ledger, and nothing else.
//!
//! Invariant: a value of a type here has passed its rule; there is no other way to make one.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use super::short::Short;
use super::value::{Invalid, parsed};

/// The longest identifier, in bytes. Identifiers are hashed, listed and printed; 64 fits a UUID and a readable slug.
pub const MAX_CODE: usize = 64;

/// An identifier inside its kind: `C14`, `rest-spaces`, `head-of-people`. 1–64 ASCII letters, digits, `.`, `_`, `-`,
/// the first a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(Short);

/// Whether a byte may stand in an identifier: looked up, as it is asked of most bytes of most records.
const GOOD: [bool; 256] = {
    let mut good = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        good[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        byte += 1;
    }
    good
};

impl Code {
    /// Parses an identifier.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if first && text.len() <= MAX_CODE && text.bytes().all(|b| GOOD[usize::from(b)]) {
            Ok(Self(Short::of(text)))
        } else {
            Err(Invalid::new(
                "not an identifier",
                "use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit",
            ))
        }
    }

    /// The first of all in their order: no other identifier stands before it.
    pub fn first() -> Self {
        Self(Short::of("0"))
    }

    /// The identifier's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The bytes of its text.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, Self::parse)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal),+ $(,)?) => {
        /// What a subject is. The word before the `/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $kind),+ }

        impl Kind {
            /// Every kind, in the order in which people read them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The word before the `/`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word),+ }
            }

            /// The kind of that word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$kind),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// The ledger itself.
    Ledger = "ledger",
    /// A posting system, as a holder of grants.
    Source = "source",
    /// A post (role) in the organisation.
    Post = "post",
    /// A list of codes.
    CodeList = "code-list",
    /// A calendar of working days.
    Calendar = "calendar",
    /// Settings; there is one subject, `settings/reports`.
    Settings = "settings",
    /// A pledge, in all its versions.
    Pledge = "pledge",
    /// One promise of a pledge.
    Commitment = "commitment",
    /// Something somebody does about a commitment.
    Action = "action",
    /// A round of asking for feedback.
    Round = "round",
    /// One item of feedback.
    Feedback = "feedback",
    /// A policy, in all its versions.
    Policy = "policy",
    /// One change of a policy, from proposal to force.
    PolicyChange = "policy-change",
    /// A document that supports something.
    Evidence = "evidence",
    /// A part of the organisation.
    Unit = "unit",
    /// How a commitment is measured.
    Measure = "measure",
    /// One session of learning.
    Session = "session",
    /// Help to model good practice.
    PracticeSupport = "practice-support",
    /// An activity so that people know.
    Awareness = "awareness",
    /// Telling people where to find help.
    Signposting = "signposting",
    /// What people answered to one question.
    SurveyResult = "survey-result",
    /// A request to erase, and what became of it.
    Erasure = "erasure",
    /// A position at which figures about people are taken.
    ReleasePoint = "release-point",
    /// A report that was issued.
    IssuedReport = "issued-report",
    /// What an auditor concluded.
    AuditOpinion = "audit-opinion",
    /// One witness's signature over one checkpoint.
    Cosignature = "cosignature",
}

impl Kind {
    /// The subject of this kind with that identifier.
    pub fn subject(self, id: &Code) -> Subject {
        Subject { kind: self, id: id.clone() }
    }
}

/// What an event is about: a kind and an identifier, written `commitment/C14`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    kind: Kind,
    id: Code,
}

impl Subject {
    /// Parses `kind/id`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const RULE: Invalid =
            Invalid::new("not a subject", "write kind/id, such as commitment/C14 or action/rest-spaces");
        // The words of kinds are so short that no search for them pays.
        let slash = text.bytes().position(|byte| byte == b'/').ok_or(RULE)?;
        let kind = text.get(..slash).and_then(Kind::parse).ok_or(RULE)?;
        Ok(Self { kind, id: text.get(slash + 1..).map_or(Err(RULE), Code::parse)? })
    }

    /// What it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Which one.
    pub const fn id(&self) -> &Code {
        &self.id
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.id)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from, Self::parse)
    }
}

/// The stable name of a posting system, bound to its authenticated identity. Same rule as [`Code`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceName(Code);

impl SourceName {
    /// The source under which operators' events are recorded. No posting system can have this name.
    pub const OPERATOR: &'static str = "operator";

    /// Parses a source's name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Code::parse(text).map(Self)
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The bytes of its text.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The subject that holds this source's grants.
    pub fn subject(&self) -> Subject {
        Kind::Source.subject(&self.0)
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a ledger: `ledgers/improvement-service`. Lower-case letters, digits and inner hyphens, 1–63 characters:
/// it is a directory's name, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LedgerName(Box<str>);

impl LedgerName {
    /// Parses `ledgers/<name>` or the bare name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name = text.strip_prefix("ledgers/").unwrap_or(text);
        let good = !name.is_empty()
            && name.len() <= 63
            && !name.starts_with('-')
            && !name.ends_with('-')
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if good {
            Ok(Self(name.into()))
        } else {
            Err(Invalid::new(
                "not a ledger's name",
                "write ledgers/<name> with 1 to 63 lower-case letters, digits or inner hyphens",
            ))
        }
    }

    /// The bare name, without `ledgers/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The subject of the ledger's own events.
    pub fn subject(&self) -> Subject {
        Subject { kind: Kind::Ledger, id: Code(Short::of(&self.0)) }
    }
}

impl fmt::Display for LedgerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ledgers/{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_any_byte_anywhere_when_it_is_looked_up_then_it_is_as_the_rule_says() {
        for byte in 0..128_u8 {
            let c = char::from(byte);
            let (first, later) = (c.is_ascii_alphanumeric(), c.is_ascii_alphanumeric() || "._-".contains(c));
            assert_eq!(Code::parse(&format!("{c}a")).is_ok(), first, "{c:?}");
            assert_eq!(Code::parse(&format!("a{c}")).is_ok(), later, "{c:?}");
            assert_eq!(Code::parse(&format!("{}{c}", "a".repeat(30))).is_ok(), later, "{c:?}");
        }
        assert!(["é", "aé", "a\u{80}", ""].iter().all(|text| Code::parse(text).is_err()));
        assert!(
            Code::parse(&"a".repeat(MAX_CODE)).is_ok() && Code::parse(&"a".repeat(MAX_CODE + 1)).is_err()
        );
    }
}
