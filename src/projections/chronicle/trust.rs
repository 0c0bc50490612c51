//! What a ledger says of itself: sources, erasures, opinions, witnesses, keys, restores, release points, issued reports;
//! and rounds with choices.
//!
//! Invariant: as of the chronicle: it writes down whatever it is told; signatures are none. Only for tests.

use uuid::Uuid;

use super::{Chronicle, code, codes, label, on, words};
use crate::domain::event::*;
use crate::domain::id::SourceName;
use crate::domain::irregularity::Irregularity;
use crate::domain::value::{KeyName, PublicKey, Sha256, Signature, Url};

const HASH: Sha256 = Sha256([6; 32]);

/// What a round offers: first and last day, how many are asked, the choices.
pub(crate) type Offer<'a> = ((&'a str, &'a str), Option<u32>, &'a [Anonymity]);

impl Chronicle {
    pub(crate) fn grant(&mut self, source: &str, occurred: &str, types: &[&str]) -> u64 {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        let changed = GrantChanged { types: texts(types), subjects: texts(&["*"]), posts: texts(&["*"]) };
        self.say(&format!("source/{source}"), occurred, changed)
    }

    /// A statement; marked if it does not match.
    pub(crate) fn state(&mut self, source: &str, span: (&str, &str), matches: bool) -> u64 {
        let stated =
            SourceStatement { period_from: on(span.0), period_to: on(span.1), count: 1, digest: HASH };
        let marks: &[_] = if matches { &[] } else { &[Irregularity::StatementMismatch] };
        self.say_marked(&format!("source/{source}"), span.1, stated, marks)
    }

    pub(crate) fn succeed(&mut self, source: &str, occurred: &str, to: &str) -> u64 {
        let to = SourceName::parse(to).unwrap();
        self.say(&format!("source/{source}"), occurred, SourceSucceeded { to })
    }

    pub(crate) fn ask_to_erase(&mut self, id: &str, occurred: &str) -> u64 {
        let references = vec![ErasureReference { sequence: 1, field: None }];
        let requested = ErasureRequested { references, ground: ErasureGround::Withdrawn };
        self.say(&format!("erasure/{id}"), occurred, requested)
    }

    pub(crate) fn refuse_to_erase(&mut self, id: &str, occurred: &str) -> u64 {
        let refused = ErasureRefused { ground: RefusalGround::LegalDuty };
        self.say(&format!("erasure/{id}"), occurred, refused)
    }

    pub(crate) fn erase(&mut self, id: &str, occurred: &str) -> u64 {
        let erased = ContentErased { backups_expire_on: on("2027-01-01"), attested_by: code("people") };
        self.say(&format!("erasure/{id}"), occurred, erased)
    }

    pub(crate) fn opinion(&mut self, id: &str, range: (u64, u64), result: OpinionResult) -> u64 {
        let opinion = AuditOpinionRecorded {
            first: range.0,
            end: range.1,
            root: HASH,
            result,
            auditor: label("Fernhill Assurance"),
            public_key: PublicKey([1; 32]),
            signature: Signature([1; 64]),
        };
        self.say(&format!("audit-opinion/{id}"), "2025-10-01", opinion)
    }

    /// A cosignature, signed at an instant.
    pub(crate) fn cosign(&mut self, organisation: &str, witness: &str, size: u64, signed: &str) -> u64 {
        let signed: jiff::Timestamp = signed.parse().unwrap();
        let cosignature = CosignatureRecorded {
            witness: KeyName::parse(witness).unwrap(),
            organisation: label(organisation),
            public_key: PublicKey([2; 32]),
            size,
            root: HASH,
            time: signed.as_second().cast_unsigned(),
            signature: Signature([2; 64]),
        };
        let subject = format!("cosignature/{}", cosignature.subject_id());
        self.say(&subject, "2025-10-01", cosignature)
    }

    pub(crate) fn rotate(&mut self) -> u64 {
        let rotated = KeyRotated {
            old_key: PublicKey([3; 32]),
            new_key: PublicKey([4; 32]),
            signature: Signature([3; 64]),
        };
        self.say("ledger/acme", "2025-10-01", rotated)
    }

    pub(crate) fn restore(&mut self, lost: u64) -> u64 {
        let size = self.facts.len() as u64;
        let restored = LedgerRestored {
            restored_size: size,
            known_size: size + lost,
            known_root: Some(HASH),
            incarnation: 1,
            reason: words(),
        };
        self.say("ledger/acme", "2025-10-01", restored)
    }

    pub(crate) fn set_clock(&mut self, drift_seconds: i64) -> u64 {
        self.say("ledger/acme", "2025-10-01", ClockCorrected { drift_seconds })
    }

    pub(crate) fn release_at(&mut self, id: &str, occurred: &str, position: u64) -> u64 {
        self.say(&format!("release-point/{id}"), occurred, ReleasePointDeclared { position })
    }

    pub(crate) fn issue(&mut self, id: &str, occurred: &str, as_at: &str, as_known: u64) -> u64 {
        let issued = ReportIssued {
            report: code("R2"),
            release_point: None,
            as_at: on(as_at),
            as_known,
            definition_version: 2,
            sha256: HASH,
            suppressed_cells: 0,
        };
        self.say(&format!("issued-report/{id}"), occurred, issued)
    }

    pub(crate) fn seek(&mut self, id: &str, occurred: &str, who: Respondents, offer: Offer<'_>) -> u64 {
        let ((opens, closes), invited, options) = offer;
        let sought = FeedbackSought {
            title: label(&format!("Round {id}")),
            respondents: who,
            opens: on(opens),
            closes: on(closes),
            invited,
            channels: codes(&["web"]),
            anonymity_options: options.to_vec(),
            support_url: Url::parse("https://help.example/").unwrap(),
            commitments: vec![],
        };
        self.say(&format!("round/{id}"), occurred, sought)
    }

    /// Items of feedback; gives back their ids.
    pub(crate) fn hear(
        &mut self,
        occurred: &str,
        respondents: Respondents,
        (anonymity, round): (Anonymity, Option<&str>),
        count: usize,
    ) -> Vec<Uuid> {
        let one = |this: &mut Self| {
            let id = Uuid::from_u128(0xbeef_0000_0000 + this.facts.len() as u128);
            let received = FeedbackReceived {
                round: round.map(code),
                respondents,
                themes: codes(&["flexible-working"]),
                policies: vec![],
                channel: code("web"),
                anonymity,
                contact: Contact::None,
                content_commitment: None,
                receipt_code_hash: None,
            };
            this.say(&format!("feedback/{id}"), occurred, received);
            id
        };
        (0..count).map(|_| one(self)).collect()
    }
}
