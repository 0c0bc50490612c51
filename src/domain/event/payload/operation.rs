//! What keeps the ledger itself honest: sources, erasures, release points, reports, opinions, keys,
//! cosignatures, restores, the clock.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::domain::event::codes::{ErasureGround, OpinionResult, RefusalGround};
use crate::domain::id::{Code, SourceName};
use crate::domain::value::{KeyName, Label, PublicKey, Sha256, Signature, Words};

payload! {
    /// What is to be erased: the words, or the content, that one record committed to.
    ErasureReference {
        /// Which record.
        sequence: u64,
        /// Which field of words; none: everything that the record committed to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<Code>,
    }
}
payload! {
    /// What a source says that it, or one that it succeeded, posted in a period that is over, of at most 366 days. A later
    /// statement of the same period replaces it.
    SourceStatement {
        /// First day, by the time of recording in the ledger's zone.
        period_from: Date,
        /// Last day.
        period_to: Date,
        /// How many events of the source were recorded in the period.
        count: u64,
        /// SHA-256 over the 16 bytes of each event id, in ascending order.
        digest: Sha256,
    }
}
payload! {
    /// Another system goes on where this one ended.
    SourceSucceeded {
        /// The new system's name.
        to: SourceName,
    }
}
payload! {
    /// Somebody asks that words or content be erased.
    ErasureRequested {
        /// What is to be erased.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        references: Vec<ErasureReference>,
        /// Why.
        ground: ErasureGround,
    }
}
payload! {
    /// They are not erased.
    ErasureRefused {
        /// Why.
        ground: RefusalGround,
    }
}
payload! {
    /// They are erased.
    ContentErased {
        /// When the last backup that holds them is gone.
        backups_expire_on: Date,
        /// The post that attests it for the store.
        attested_by: Code,
    }
}
payload! {
    /// Figures about people are taken at this position. Release points lie at least the release interval of the settings
    /// apart (28 days without settings), each for a later day than those before it, and a later one counts no fewer records
    /// than an earlier one.
    ReleasePointDeclared {
        /// How many records the figures count.
        position: u64,
    }
}
payload! {
    /// A report was issued.
    ReportIssued {
        /// Which, such as `R5`.
        report: Code,
        /// The release point of its figures about people. It counts no more records than the report.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release_point: Option<Code>,
        /// What had happened by that day.
        as_at: Date,
        /// How many records it counts.
        as_known: u64,
        /// The version of its definitions.
        definition_version: u32,
        /// SHA-256 of the output.
        sha256: Sha256,
        /// How many cells are not shown.
        suppressed_cells: u32,
    }
}
payload! {
    /// An auditor says what they found.
    AuditOpinionRecorded {
        /// First record looked at.
        first: u64,
        /// One past the last record looked at.
        end: u64,
        /// The tree's root over the first `end` records.
        root: Sha256,
        /// What was found.
        result: OpinionResult,
        /// Who looked: an organisation.
        auditor: Label,
        /// The auditor's Ed25519 public key, 32 bytes.
        public_key: PublicKey,
        /// Ed25519 (RFC 8032) over the opinion's statement, 64 bytes.
        signature: Signature,
    }
}
impl AuditOpinionRecorded {
    /// What the auditor signs about the ledger of that origin: in UTF-8, each line ended by one line feed,
    ///
    /// ```text
    /// pledgebook audit opinion v1
    /// <the ledger's origin>
    /// <first, decimal>
    /// <end, decimal>
    /// <root, 64 lower-case hexadecimal digits>
    /// <result, such as UNQUALIFIED>
    /// <auditor>
    /// ```
    ///
    /// No field holds a line break, so no two opinions have the same statement.
    pub fn statement(&self, origin: &str) -> String {
        let Self { first, end, root, result, auditor, .. } = self;
        let result = result.as_str();
        format!("pledgebook audit opinion v1\n{origin}\n{first}\n{end}\n{root}\n{result}\n{auditor}\n")
    }
}
payload! {
    /// An operator set the ledger's clock right.
    ClockCorrected {
        /// How far the clock was ahead before (behind: negative), in seconds.
        drift_seconds: i64,
    }
}
payload! {
    /// A witness outside signed a checkpoint of this ledger: from then on somebody else holds it to that history.
    CosignatureRecorded {
        /// The name of the witness's key.
        witness: KeyName,
        /// The organisation that controls the witness.
        organisation: Label,
        /// The witness's Ed25519 public key, 32 bytes.
        public_key: PublicKey,
        /// How many records the checkpoint counts.
        size: u64,
        /// The tree's root over them.
        root: Sha256,
        /// When the witness signed, in seconds since 1970 (UTC).
        time: u64,
        /// Ed25519 (RFC 8032) over the statement, 64 bytes.
        signature: Signature,
    }
}
impl CosignatureRecorded {
    /// What the witness signs, by the C2SP specification `tlog-cosignature` v1: in UTF-8, each line ended by one line
    /// feed, the two lines below and the checkpoint's text (`tlog-checkpoint`).
    ///
    /// ```text
    /// cosignature/v1
    /// time <seconds since 1970, decimal>
    /// <the ledger's origin>
    /// <size, decimal>
    /// <root, base64>
    /// ```
    pub fn statement(&self, origin: &str) -> String {
        let Self { size, root, time, .. } = self;
        let root = BASE64.encode(root.0);
        format!("cosignature/v1\ntime {time}\n{origin}\n{size}\n{root}\n")
    }

    /// The id of its subject: the first 16 bytes, in lower-case hexadecimal, of the SHA-256 of the witness's name, a line
    /// feed, the public key and the size in 8 bytes, big-endian. So there is one subject for what one key of one witness
    /// says of one size, and the ledger's own life does not grow with every cosignature.
    pub fn subject_id(&self) -> String {
        let hash = sha2::Sha256::new()
            .chain_update(self.witness.as_str())
            .chain_update(b"\n")
            .chain_update(self.public_key.0)
            .chain_update(self.size.to_be_bytes());
        const_hex::encode(&hash.finalize()[..16])
    }
}
payload! {
    /// From this record on the ledger signs with another key. The key before the first rotation stands in no record:
    /// whoever follows a ledger from its beginning has it from elsewhere, and then follows the rotations.
    KeyRotated {
        /// The Ed25519 public key with which it signed until now, 32 bytes.
        old_key: PublicKey,
        /// The Ed25519 public key with which it signs from now on, 32 bytes.
        new_key: PublicKey,
        /// Ed25519 (RFC 8032) of the old key over the statement, 64 bytes.
        signature: Signature,
    }
}
impl KeyRotated {
    /// What the old key signs: in UTF-8, each line ended by one line feed,
    ///
    /// ```text
    /// pledgebook.key-rotation/v1
    /// <the ledger's origin>
    /// <old key, base64>
    /// <new key, base64>
    /// ```
    pub fn statement(&self, origin: &str) -> String {
        let [old, new] = [self.old_key, self.new_key].map(|key| BASE64.encode(key.0));
        format!("pledgebook.key-rotation/v1\n{origin}\n{old}\n{new}\n")
    }
}
payload! {
    /// The ledger goes on from a copy: the first record after what the copy held. What the copy did not hold is lost,
    /// and sequences from `restored_size` on may have been given out before to other records.
    LedgerRestored {
        /// How many records the copy held; the sequence of this record.
        restored_size: u64,
        /// The highest size of any checkpoint of this ledger that is known to anybody; 0: none is known.
        known_size: u64,
        /// The root in that checkpoint; none: none is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known_root: Option<Sha256>,
        /// Which restore it is, counted from 1.
        incarnation: u32,
        /// Why it was restored.
        reason: Words,
    }
}
impl LedgerRestored {
    /// How many records are known to be lost. There may be more: nobody may have known of them.
    pub const fn lost(&self) -> u64 {
        self.known_size.saturating_sub(self.restored_size)
    }
}
