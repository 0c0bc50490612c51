//! The keys of signed notes: who signs, who cosigns, who verifies.
//!
//! Invariant: a secret leaves neither [`Signer`] nor [`Cosigner`] but as a signature, and a
//! [`Verifier`] exists for no key with which anybody can sign anything. It must not know
//! where keys are kept, or what time it is.
//!
//! ```text
//! key id  = SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key)[..4]
//! vkey    = name ‖ "+" ‖ hex(key id) ‖ "+" ‖ base64(algorithm ‖ public key)
//! 0x01    signature = ed25519[64] over the text
//! 0x04    signature = time u64be ‖ ed25519[64] over "cosignature/v1\ntime <t>\n" ‖ text
//! 0x06    ML-DSA-44 (1,312 bytes of public key): a slot, read and never verified
//! ```

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::{Note, SignatureLine, text};
use crate::error::Malformed;
use crate::format::digest::Digest;
use crate::limits::{MAX_KEY_NAME, MAX_VERIFIER_KEY};

/// Length of an ML-DSA-44 public key, in bytes (FIPS 204).
const ML_DSA_44: usize = 1_312;

/// How a key signs; the numbers are C2SP signed-note's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Algorithm {
    /// Ed25519 over the text.
    Ed25519 = 1,
    /// Ed25519 over the time and the text of a checkpoint (C2SP tlog-cosignature).
    Cosignature = 4,
    /// Timestamped ML-DSA-44: a slot, never verified.
    MlDsa44 = 6,
}

/// A public key that somebody trusts. Shown as its vkey.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    key: Key,
}

#[derive(Clone, PartialEq, Eq)]
enum Key {
    Ed25519(VerifyingKey),
    Cosignature(VerifyingKey),
    MlDsa44(Box<[u8; ML_DSA_44]>),
}

/// What a good signature says beside that it is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified {
    /// When it was made, in seconds since 1970-01-01T00:00:00Z; cosignatures alone say it.
    pub time: Option<u64>,
}

impl Verifier {
    /// The key that a vkey names (C2SP signed-note). The key id must be that of its name
    /// and key, and a key of low order, under which anything is signed, is refused.
    pub fn parse(vkey: &str) -> Result<Self, Malformed> {
        const RULE: &str =
            "a vkey is a name, 8 lowercase hexadecimal digits and base64, with plus signs between";
        if vkey.len() > MAX_VERIFIER_KEY {
            return Err(Malformed::at(MAX_VERIFIER_KEY, "a vkey has at most 2,017 bytes"));
        }
        let (name, rest) = vkey.split_once('+').ok_or(Malformed::new(RULE))?;
        let (id, key) = rest.split_once('+').ok_or(Malformed::at(name.len(), RULE))?;
        let at = name.len() + id.len() + 2;
        let bytes = text::unbase64(key, at)?;
        let (algorithm, public) = bytes.split_first().ok_or(Malformed::at(at, RULE))?;
        let key = Key::decode(*algorithm, public).map_err(|rule| Malformed::at(at, rule))?;
        let verifier = Self::new(name, key)?;
        if id.len() != 8 || !id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Malformed::at(name.len() + 1, RULE));
        }
        if id != verifier.hex_id() {
            return Err(Malformed::at(name.len() + 1, "the key id is that of the name and the key"));
        }
        Ok(verifier)
    }

    /// The key `public` that signs texts under `name`.
    pub fn ed25519(name: &str, public: &[u8; 32]) -> Result<Self, Malformed> {
        Self::new(name, Key::Ed25519(point(public).map_err(Malformed::new)?))
    }

    /// The key `public` that cosigns checkpoints under `name`.
    pub fn cosigner(name: &str, public: &[u8; 32]) -> Result<Self, Malformed> {
        Self::new(name, Key::Cosignature(point(public).map_err(Malformed::new)?))
    }

    fn new(name: &str, key: Key) -> Result<Self, Malformed> {
        text::name(name, 0)?;
        if name.len() > MAX_KEY_NAME {
            return Err(Malformed::at(MAX_KEY_NAME, "a key's name has at most 255 bytes"));
        }
        let hashed = [name.as_bytes(), b"\n", &key.encode()].concat();
        let Digest([a, b, c, d, ..]) = Digest::of(&hashed);
        Ok(Self { name: name.to_owned(), id: [a, b, c, d], key })
    }

    /// The name under which the key signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which key of its name this is.
    pub fn key_id(&self) -> [u8; 4] {
        self.id
    }

    /// How the key signs.
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// The public key: 32 bytes of Ed25519 (RFC 8032 §5.1.2), or 1,312 of ML-DSA-44.
    pub fn public_key(&self) -> &[u8] {
        self.key.public()
    }

    /// Whether `line` says that it is by this key. Its name and id alone are looked at.
    pub fn is_named_by(&self, line: &SignatureLine) -> bool {
        line.key_id == self.id && line.name == self.name
    }

    /// What this key signed of `note`; `None` when nothing on it says that it is by this
    /// key. Of several cosignatures, the latest time.
    ///
    /// # Errors
    /// A signature that says that it is by this key and is not good, be it one of many: the
    /// note must be rejected. So must one that an ML-DSA-44 key signed, which cannot be told.
    pub fn verify(&self, note: &Note) -> Result<Option<Verified>, Malformed> {
        let mut found: Option<Verified> = None;
        for (number, line) in note.signatures.iter().enumerate() {
            if self.is_named_by(line) {
                let verified = self
                    .verify_line(&note.text, line)
                    .map_err(|rule| Malformed::at(note.place(number), rule))?;
                let time = verified.time.max(found.and_then(|found| found.time));
                found = Some(Verified { time });
            }
        }
        Ok(found)
    }

    fn verify_line(&self, text: &str, line: &SignatureLine) -> Result<Verified, &'static str> {
        match &self.key {
            Key::Ed25519(key) => {
                let signature =
                    line.bytes.as_slice().try_into().map_err(|_| "an Ed25519 signature has 64 bytes")?;
                strictly(key, text.as_bytes(), signature)?;
                Ok(Verified { time: None })
            }
            Key::Cosignature(key) => {
                let (time, signature) = line
                    .bytes
                    .split_first_chunk()
                    .and_then(|(time, rest)| Some((u64::from_be_bytes(*time), rest.try_into().ok()?)))
                    .ok_or("a cosignature has 8 bytes of time and 64 of signature")?;
                if time > i64::MAX as u64 {
                    return Err("a cosignature's time is below 2^63");
                }
                strictly(key, &cosignature_message(time, text), signature)?;
                Ok(Verified { time: Some(time) })
            }
            Key::MlDsa44(_) => Err("ML-DSA-44 signatures are not supported here"),
        }
    }

    fn hex_id(&self) -> String {
        format!("{:08x}", u32::from_be_bytes(self.id))
    }
}

/// The vkey.
impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, self.hex_id(), text::base64(&self.key.encode()))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({self})")
    }
}

impl Key {
    fn decode(algorithm: u8, public: &[u8]) -> Result<Self, &'static str> {
        match algorithm {
            1 | 4 => {
                let public = public.try_into().map_err(|_| "an Ed25519 key has 32 bytes")?;
                let key = point(public)?;
                Ok(if algorithm == 1 { Self::Ed25519(key) } else { Self::Cosignature(key) })
            }
            6 => match public.try_into() {
                Ok(public) => Ok(Self::MlDsa44(Box::new(public))),
                Err(_) => Err("an ML-DSA-44 key has 1,312 bytes"),
            },
            _ => Err("a key's algorithm is 0x01 (Ed25519), 0x04 (cosignature) or 0x06 (ML-DSA-44)"),
        }
    }

    fn encode(&self) -> Vec<u8> {
        [&[self.algorithm() as u8], self.public()].concat()
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::Cosignature(_) => Algorithm::Cosignature,
            Self::MlDsa44(_) => Algorithm::MlDsa44,
        }
    }

    fn public(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) | Self::Cosignature(key) => key.as_bytes(),
            Self::MlDsa44(key) => &key[..],
        }
    }
}

/// The key that `public` is. One point has one key: another encoding of it would have
/// another key id, and be another key to everybody who compares bytes.
fn point(public: &[u8; 32]) -> Result<VerifyingKey, &'static str> {
    let key = VerifyingKey::from_bytes(public).map_err(|_| "an Ed25519 key is a point on the curve")?;
    if key.is_weak() {
        return Err("an Ed25519 key is not of low order: anything is signed under such a one");
    }
    if key.to_edwards().compress().as_bytes() != public {
        return Err("an Ed25519 key has one encoding");
    }
    Ok(key)
}

/// Verification by the stricter rules of RFC 8032: no second form of a signature is good.
fn strictly(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> Result<(), &'static str> {
    key.verify_strict(message, &Signature::from_bytes(signature))
        .map_err(|_| "the signature is not this key's over this text")
}

/// What a cosigner signs (C2SP tlog-cosignature v1). `time` is in seconds since
/// 1970-01-01T00:00:00Z.
#[must_use]
pub fn cosignature_message(time: u64, checkpoint_text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{checkpoint_text}").into_bytes()
}

/// The key of a log. Its `Debug` shows the public key alone.
pub struct Signer {
    verifier: Verifier,
    key: SigningKey,
}

impl Signer {
    /// Signs under `name`, which is the log's origin.
    ///
    /// # Errors
    /// A name that is empty, has spaces, control characters or `+`, or is longer than 255
    /// bytes; a key that no verifier would accept.
    pub fn new(name: &str, key: SigningKey) -> Result<Self, Malformed> {
        let verifier = Verifier::ed25519(name, key.verifying_key().as_bytes())?;
        Ok(Self { verifier, key })
    }

    /// The public key.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The signature over `text`, which must end in a newline to become a [`Note`].
    pub fn sign(&self, text: &str) -> SignatureLine {
        let bytes = self.key.sign(text.as_bytes()).to_vec();
        SignatureLine { name: self.verifier.name.clone(), key_id: self.verifier.id, bytes }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.verifier)
    }
}

/// The key of a witness. Its `Debug` shows the public key alone.
pub struct Cosigner {
    verifier: Verifier,
    key: SigningKey,
}

impl Cosigner {
    /// Cosigns under `name`, which is the witness's.
    ///
    /// # Errors
    /// As for [`Signer::new`].
    pub fn new(name: &str, key: SigningKey) -> Result<Self, Malformed> {
        let verifier = Verifier::cosigner(name, key.verifying_key().as_bytes())?;
        Ok(Self { verifier, key })
    }

    /// The public key.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The cosignature over the whole text of a checkpoint's note, made at `time` in seconds
    /// since 1970-01-01T00:00:00Z; no verifier accepts a time of 2⁶³ or more.
    pub fn cosign(&self, checkpoint_text: &str, time: u64) -> SignatureLine {
        let signature = self.key.sign(&cosignature_message(time, checkpoint_text));
        let bytes = [&time.to_be_bytes()[..], &signature.to_bytes()].concat();
        SignatureLine { name: self.verifier.name.clone(), key_id: self.verifier.id, bytes }
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.verifier)
    }
}
