//! A publisher that lies: exports with one defect each, made by whoever can change every file, and caught by the verdict
//! that it belongs to.

mod keys;
mod web;

use ed25519_dalek::SigningKey;
use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};
use storage::{
    Checkpoints, Log, MemoryBackend,
    integrity::tiled,
    merkle::{Tile, tile},
    note::{Checkpoint, Note, SignedCheckpoint, Signer, Verifier},
};
use tempfile::TempDir;

use super::{Verified, nothing, source::Source, tiled::verify};
use crate::audit::{
    Elsewhere, Given, Kept, Question, Trust,
    Verdict::{self, Broken, Holds, NotEstablished},
    tests::ledger::{CANCELLED, SPARE, Writing, erase_silently, head, honest, post, rewritten},
};
use crate::domain::event::Access;
use crate::export::{Export, layout};
use crate::journal::tests as said;

const ORIGIN: &str = "test.example/ledger";
/// All that can be established without anything from elsewhere.
const ALONE: [Verdict; 5] = [Holds, Holds, Holds, NotEstablished, Holds];
/// Records are not what they were: nothing else can be said.
const DAMAGED: [Verdict; 5] = [Broken, NotEstablished, NotEstablished, NotEstablished, NotEstablished];
/// Something beside the records is not what it should be.
const BESIDE: [Verdict; 5] = [Broken, Holds, Holds, NotEstablished, Holds];

fn signer(seed: u8) -> Signer {
    Signer::new(ORIGIN, SigningKey::from_bytes(&[seed; 32])).unwrap()
}

fn key() -> Verifier {
    signer(1).verifier().clone()
}

fn checkpoint(size: u64, root: storage::Digest, signers: &[&Signer]) -> SignedCheckpoint {
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size, root };
    let text = checkpoint.text();
    let signatures = signers.iter().map(|signer| signer.sign(&text)).collect();
    SignedCheckpoint { checkpoint, note: Note { text, signatures } }
}

/// An export in a folder of its own.
struct Exported {
    folder: TempDir,
}

impl Exported {
    /// All of a ledger, signed by its first key; a checkpoint of four records was kept.
    fn of(backend: &Arc<MemoryBackend>) -> Self {
        Self::signed(backend, &[&signer(1)], &[(4, &[&signer(1)])])
    }

    fn signed(backend: &Arc<MemoryBackend>, by: &[&Signer], kept: &[(u64, &[&Signer])]) -> Self {
        let backend = Arc::new(MemoryBackend::restore(&backend.dump()));
        let (log, _) = Log::open(backend, said::options(), said::keyer()).unwrap();
        let reader = log.reader();
        let mut checkpoints = Checkpoints::open(&log, true).unwrap();
        for (size, signers) in kept {
            let signed = checkpoint(*size, reader.root(*size).unwrap(), signers);
            checkpoints.keep(signed.note.to_text().as_bytes()).unwrap();
        }
        let signed = checkpoint(reader.head().size, reader.head().root, by);
        let export = Export::new(reader, checkpoints.kept(), signed, Some(key())).unwrap();
        let (folder, mut files) = (tempfile::tempdir().unwrap(), 0);
        let mut last = String::new();
        export
            .write(&mut |path, bytes| {
                let at = folder.path().join(path);
                fs::create_dir_all(at.parent().unwrap()).unwrap();
                files += u64::from(last != path);
                path.clone_into(&mut last);
                let before = fs::read(&at).unwrap_or_default();
                fs::write(at, [&before, bytes].concat()).unwrap();
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(files, export.files());
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.at(name)).unwrap()
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.bytes(name);
        change(&mut bytes);
        fs::write(self.at(name), bytes).unwrap();
    }

    fn verified(&self, kept: &[Kept]) -> Verified {
        verified(self.folder.path(), &key(), kept)
    }

    fn verdicts(&self, kept: &[Kept]) -> [Verdict; 5] {
        verdicts(&self.verified(kept))
    }

    /// The names of all its files.
    fn names(&self) -> Vec<String> {
        fn walk(root: &Path, at: &Path, names: &mut Vec<String>) {
            for entry in fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(root, &path, names);
                } else {
                    names.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        let mut names = Vec::new();
        walk(self.folder.path(), self.folder.path(), &mut names);
        names
    }
}

fn verified(path: &Path, key: &Verifier, kept: &[Kept]) -> Verified {
    audited(path, Given { kept: kept.to_vec(), ..pinning(key, &[]) })
}

/// That key is pinned, and these checkpoints are held.
fn pinning(key: &Verifier, held: &[&SignedCheckpoint]) -> Given {
    let one = |it: &&SignedCheckpoint| Elsewhere { by: "kept.txt".into(), signed: (*it).clone() };
    let elsewhere = held.iter().map(one).collect();
    Given { trust: Trust { keys: vec![key.clone()], elsewhere, ..Trust::default() }, ..nothing() }
}

fn audited(path: &Path, given: Given) -> Verified {
    let source = Source::of(path.to_str().unwrap(), None).unwrap().unwrap();
    let key = given.trust.keys[0].clone();
    verify(&source, &key, given, false).unwrap()
}

/// What is told beside a verdict.
fn told(verified: &Verified, question: Question) -> String {
    let it = &verified.audited.conclusions[question as usize];
    it.notes.iter().chain(&it.limits).chain([&it.summary]).cloned().collect::<Vec<_>>().join("\n")
}

fn verdicts(verified: &Verified) -> [Verdict; 5] {
    std::array::from_fn(|at| verified.audited.conclusions[at].verdict)
}

/// Each finding: its rule, its file, its record.
fn found(verified: &Verified) -> Vec<(&'static str, String, Option<u64>)> {
    let findings = verified.audited.conclusions.iter().flat_map(|it| &it.findings);
    let place =
        |place: &Option<(String, u64)>| place.as_ref().map_or(String::new(), |(file, _)| file.clone());
    findings.map(|it| (it.rule, place(&it.place), it.sequence)).collect()
}

fn rules(verified: &Verified) -> Vec<&'static str> {
    found(verified).into_iter().map(|(rule, ..)| rule).collect()
}

/// An honest ledger of more than two entry bundles.
fn long() -> Arc<MemoryBackend> {
    let mut writing = Writing::begin(Access::Granted).may();
    for number in 0..600 {
        writing.add(post(&format!("p{number}")));
    }
    writing.end()
}

fn root(backend: &Arc<MemoryBackend>, size: u64) -> Kept {
    let (log, _) =
        Log::open(Arc::new(MemoryBackend::restore(&backend.dump())), said::options(), said::keyer()).unwrap();
    Kept { size, root: log.reader().root(size).unwrap() }
}

#[test]
fn given_an_honest_export_when_it_is_verified_then_the_verdicts_are_those_of_its_ledger() {
    let backend = honest();
    let export = Exported::of(&backend);
    let verified = export.verified(&[head(&backend), root(&backend, 3)]);
    assert_eq!(verdicts(&verified), [Holds; 5], "{}", verified.json());
    assert_eq!((rules(&verified), verified.name.as_str()), (vec![], "ledgers/test"));
    let words = verified.audited.words.as_ref().unwrap();
    assert_eq!((words.held, verified.report.root), (2, head(&backend).root));
    assert_eq!(export.verdicts(&[]), ALONE);
    let (long, erased) = (long(), Writing::begin(Access::Granted).may().stated(0).erased().end());
    let verified = Exported::of(&long).verified(&[root(&long, 300), root(&long, 256), head(&long)]);
    assert_eq!((verdicts(&verified), verified.report.records), ([Holds; 5], 611), "{}", verified.json());
    let verified = Exported::of(&erased).verified(&[]);
    assert_eq!(verdicts(&verified), ALONE, "{}", verified.json());
    let words = verified.audited.words.as_ref().unwrap();
    assert_eq!((words.held, words.erased), (1, 1));
}

#[test]
fn given_the_public_part_alone_when_it_is_verified_then_nothing_that_rests_on_records_is_established() {
    let backend = long();
    let export = Exported::of(&backend);
    let public = export.at("public");
    let said = verified(&public, &key(), &[root(&backend, 300)]);
    assert_eq!(verdicts(&said), [NotEstablished; 5], "{}", said.json());
    assert_eq!(said.audited.kept[0].1, Some(true));
    let other = Kept { root: storage::Digest([1; 32]), ..root(&backend, 300) };
    let said = verified(&public, &key(), &[other]);
    assert_eq!((verdicts(&said)[3], rules(&said)), (Broken, vec!["freshness.kept"]));
    export.change("public/tile/0/001", |bytes| bytes[40] ^= 1);
    let said = verified(&public, &key(), &[]);
    assert_eq!(verdicts(&said)[0], Broken);
    assert_eq!(rules(&said), ["checkpoint.root", "tile.hash"]);
}

#[test]
fn given_a_bit_flipped_at_any_byte_of_any_file_when_it_is_verified_then_it_is_found_by_the_right_verdict() {
    let backend = Writing::begin(Access::Granted).may().stated(0).erased().end();
    let export = Exported::of(&backend);
    assert_eq!(export.verdicts(&[]), ALONE);
    let mut names = export.names();
    names.sort();
    assert_eq!(names.len(), 7, "{names:?}");
    for name in names {
        let bytes = export.bytes(&name);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(export.at(&name), flipped).unwrap();
            let verified = export.verified(&[]);
            let [integrity, _, _, _, erasure] = verdicts(&verified);
            let words = name.starts_with("auditors/words/");
            let caught = integrity == Broken || (words && erasure == Broken);
            assert!(caught, "{name} at {at}: {}", verified.json());
            // The message says which file; of words it may be which record.
            let told = found(&verified)
                .iter()
                .any(|(_, file, sequence)| *file == name || (words && sequence.is_some()));
            let root = name == layout::entries(&Tile { level: tile::Level::Entries, index: 0, width: 14 });
            assert!(told || root, "{name} at {at}: {}", verified.json());
        }
        fs::write(export.at(&name), bytes).unwrap();
    }
    assert_eq!(export.verdicts(&[]), ALONE);
}

#[test]
fn given_two_views_of_one_size_when_a_checkpoint_of_the_other_was_kept_then_freshness_is_broken() {
    let backend = honest();
    let other = rewritten(&backend, |sequence, record| {
        if sequence == SPARE {
            record.say(|event| event.actor_post = Some(said::code("head")));
        }
        true
    });
    let views = [&backend, &other].map(Exported::of);
    let [one, two] = [&backend, &other].map(head);
    assert!(one.size == two.size && one.root != two.root);
    assert_eq!(views.each_ref().map(|view| view.verdicts(&[])), [ALONE; 2], "each is whole in itself");
    for (view, kept) in views.iter().zip([two, one]) {
        let verified = view.verified(&[kept]);
        assert_eq!(verdicts(&verified), [Holds, Holds, Holds, Broken, Holds]);
        assert_eq!(rules(&verified), ["freshness.kept"]);
    }
}

#[test]
fn given_a_forked_history_when_a_smaller_checkpoint_was_kept_then_freshness_is_broken() {
    let backend = long();
    let forked = rewritten(&backend, |sequence, record| {
        if sequence == 270 {
            record.say(|event| event.actor_post = Some(said::code("head")));
        }
        true
    });
    let export = Exported::of(&forked);
    assert_eq!(export.verified(&[root(&backend, 270)]).audited.kept[0].1, Some(true), "before the fork");
    let verified = export.verified(&[root(&backend, 400)]);
    assert_eq!(verdicts(&verified), [Holds, Holds, Holds, Broken, Holds]);
    assert_eq!(rules(&verified), ["freshness.kept"]);
}

#[test]
fn given_another_key_when_everything_is_signed_with_it_then_the_pinned_one_catches_it() {
    let backend = honest();
    let swapped = Exported::signed(&backend, &[&signer(9)], &[]);
    let verified = swapped.verified(&[]);
    assert_eq!(verdicts(&verified), DAMAGED);
    assert_eq!(found(&verified), [("published.signature", "public/checkpoint".to_owned(), None)]);
    assert!(told(&verified, Question::Completeness).contains("not signed by the key in force"));
    // The file of keys may say what it likes.
    fs::write(swapped.at("keys"), format!("{}\n", signer(9).verifier())).unwrap();
    assert_eq!(rules(&swapped.verified(&[])), ["published.signature", "keys.list"]);
    // In the name of another log.
    let other = Signer::new("other.example/log", SigningKey::from_bytes(&[9; 32])).unwrap();
    let verified = self::verified(swapped.folder.path(), other.verifier(), &[]);
    assert_eq!(rules(&verified), ["published.origin"]);
    // Beside a bad signature of the pinned key, another counts for nothing.
    let export = Exported::of(&backend);
    let mut forged = checkpoint(head(&backend).size, head(&backend).root, &[&signer(1), &signer(9)]);
    forged.note.signatures[0].bytes[5] ^= 1;
    fs::write(export.at("public/checkpoint"), forged.note.to_text()).unwrap();
    assert_eq!(rules(&export.verified(&[])), ["published.signature"]);
}

#[test]
fn given_an_edited_record_and_every_later_hash_and_tile_when_the_checkpoint_is_the_old_one_then_it_is_caught()
{
    let backend = honest();
    let edited = rewritten(&backend, |sequence, record| {
        if sequence == SPARE {
            record.say(|event| event.actor_post = Some(said::code("head")));
        }
        true
    });
    let (honest, export) = (Exported::of(&backend), Exported::of(&edited));
    fs::copy(honest.at("public/checkpoint"), export.at("public/checkpoint")).unwrap();
    let verified = export.verified(&[]);
    assert_eq!(verdicts(&verified), DAMAGED);
    assert_eq!(found(&verified), [("checkpoint.root", "public/checkpoint".to_owned(), None)]);
}

#[test]
fn given_a_truncated_tail_when_it_is_verified_then_the_checkpoint_or_a_newer_one_that_was_kept_catches_it() {
    let backend = long();
    let export = Exported::of(&backend);
    fs::remove_file(export.at("auditors/tile/entries/002.p/99")).unwrap();
    fs::remove_file(export.at("public/tile/0/002.p/99")).unwrap();
    let verified = export.verified(&[]);
    assert_eq!(verdicts(&verified), DAMAGED);
    assert_eq!(rules(&verified), ["entry.missing", "tile.missing"]);
    // Cut short with an honest checkpoint of that time: it is what it says, and old.
    let cut = rewritten(&backend, |sequence, _| sequence < 500);
    let verified = Exported::of(&cut).verified(&[head(&backend)]);
    assert_eq!(verdicts(&verified), [Holds, Holds, Holds, Broken, Holds]);
    assert!(verified.json().contains("500 records only"), "{}", verified.json());
}

#[test]
fn given_tiles_that_are_missing_swapped_extra_or_too_long_when_they_are_verified_then_each_is_named() {
    let backend = long();
    let names = ["public/tile/0/000", "public/tile/0/001", "public/tile/0/002.p/99", "public/tile/1/000.p/2"];
    for name in names {
        let export = Exported::of(&backend);
        fs::remove_file(export.at(name)).unwrap();
        let verified = export.verified(&[]);
        assert_eq!(
            (verdicts(&verified), found(&verified)),
            (BESIDE, vec![("tile.missing", name.to_owned(), None)])
        );
        let export = Exported::of(&backend);
        export.change(name, |bytes| bytes.push(0));
        let verified = export.verified(&[]);
        assert_eq!(
            (verdicts(&verified), found(&verified)),
            (BESIDE, vec![("tile.length", name.to_owned(), None)])
        );
        let export = Exported::of(&backend);
        export.change(name, |bytes| bytes.truncate(bytes.len() - 1));
        assert_eq!(rules(&export.verified(&[])), ["tile.length"]);
    }
    let export = Exported::of(&backend);
    let (one, two) = (export.bytes(names[0]), export.bytes(names[1]));
    fs::write(export.at(names[0]), two).unwrap();
    fs::write(export.at(names[1]), one).unwrap();
    let verified = export.verified(&[]);
    assert_eq!((verdicts(&verified), verified.report.found), (BESIDE, 512));
    let export = Exported::of(&backend);
    let extra = [
        "public/tile/0/003",
        "public/tile/0/002",
        "public/tile/2/000.p/1",
        "auditors/words/4096.ndjson",
        "x",
    ];
    for name in extra {
        fs::create_dir_all(export.at(name).parent().unwrap()).unwrap();
        fs::write(export.at(name), [0; 32]).unwrap();
    }
    let verified = export.verified(&[]);
    assert_eq!(verdicts(&verified), BESIDE);
    assert_eq!(rules(&verified), ["file.extra"; 5]);
}

#[test]
fn given_a_tile_that_fits_its_parent_but_not_its_entries_when_it_is_verified_then_it_is_caught() {
    let backend = long();
    let edited = rewritten(&backend, |sequence, record| {
        if sequence == 300 {
            record.say(|event| event.actor_post = Some(said::code("head")));
        }
        true
    });
    // Every hash tile, and the checkpoint, of another history; the entries of this one.
    let (export, other) = (Exported::of(&backend), Exported::of(&edited));
    for name in other.names().iter().filter(|name| name.starts_with("public/")) {
        fs::copy(other.at(name), export.at(name)).unwrap();
    }
    let verified = export.verified(&[]);
    assert_eq!(verdicts(&verified), DAMAGED);
    let first = ("tile.hash", "public/tile/0/001".to_owned(), Some(300));
    assert!(found(&verified).contains(&first), "{}", verified.json());
    assert!(rules(&verified).contains(&"checkpoint.root"));
    // By hashes alone it cannot be seen: that is said.
    assert_eq!(verdicts(&self::verified(&export.at("public"), &key(), &[])), [NotEstablished; 5]);
}

#[test]
fn given_an_entry_that_was_exchanged_in_its_bundle_alone_when_it_is_verified_then_its_record_is_named() {
    let backend = long();
    let export = Exported::of(&backend);
    let spare = b"post/p300";
    export.change("auditors/tile/entries/001", |bytes| {
        let at = bytes.windows(spare.len()).position(|it| it == spare).unwrap();
        bytes[at + 8] = b'9';
    });
    let verified = export.verified(&[]);
    assert_eq!(verdicts(&verified), DAMAGED);
    let file = "auditors/tile/entries/001".to_owned();
    assert!(found(&verified).contains(&("record.link", file, Some(312))), "{}", verified.json());
    let tile = "public/tile/0/001".to_owned();
    assert!(found(&verified).contains(&("tile.hash", tile, Some(311))), "{}", verified.json());
    assert!(rules(&verified).contains(&"checkpoint.root"));
}

#[test]
fn given_words_that_are_altered_missing_or_erased_without_an_event_when_they_are_verified_then_erasure_is_broken()
 {
    let backend = honest();
    let words = "auditors/words/0.ndjson";
    let rule = |export: &Exported, rule, sequence| {
        let verified = export.verified(&[head(&backend)]);
        assert_eq!(verdicts(&verified), [Holds, Holds, Holds, Holds, Broken], "{}", verified.json());
        let file = "auditors/tile/entries/000.p/12".to_owned();
        assert_eq!(found(&verified), [(rule, file, Some(sequence))]);
    };
    let edit = |change: &dyn Fn(&str) -> String| {
        let export = Exported::of(&backend);
        export.change(words, |bytes| *bytes = change(std::str::from_utf8(bytes).unwrap()).into_bytes());
        export
    };
    rule(
        &edit(&|text| text.replace("The office closed.", "The office opened.")),
        "words.altered",
        CANCELLED[1],
    );
    rule(&edit(&|text| text.split_inclusive('\n').skip(1).collect()), "words.missing", CANCELLED[0]);
    let silent = Arc::new(MemoryBackend::restore(&backend.dump()));
    erase_silently(&silent, CANCELLED[1]);
    rule(&Exported::of(&silent), "words.unexplained", CANCELLED[1]);
    // Nor by a word that names an event which nobody can look at: then it is not known.
    let later = edit(&|text| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        let front = lines[0].split("\"held\"").next().unwrap().to_owned();
        lines[0] = front + "\"erased_later\"}";
        lines.join("\n") + "\n"
    });
    let verified = later.verified(&[]);
    assert_eq!(
        verdicts(&verified),
        [Holds, Holds, Holds, NotEstablished, NotEstablished],
        "{}",
        verified.json()
    );
    // The same words twice, and words that no record commits to.
    rule(&edit(&|text| text.lines().next().unwrap().to_owned() + "\n" + text), "words.altered", CANCELLED[0]);
    let export = edit(&|text| text.lines().rev().map(|line| line.to_owned() + "\n").collect());
    assert_eq!(rules(&export.verified(&[]))[0], "words.form");
    fs::remove_file(export.at(words)).unwrap();
    assert_eq!(rules(&export.verified(&[])), ["words.file", "words.missing", "words.missing"]);
}

#[test]
fn given_words_of_which_an_event_says_that_they_are_erased_when_they_are_still_held_then_no_export_has_them()
{
    let before = Writing::begin(Access::Granted).may().stated(0).end().dump();
    let backend = Writing::begin(Access::Granted).may().stated(0).erased().end();
    let mut files = backend.dump();
    let words = "log/words/00000000.words";
    files.insert(words.to_owned(), before[words].clone());
    let export = Exported::of(&Arc::new(MemoryBackend::restore(&files)));
    let text = String::from_utf8(export.bytes("auditors/words/0.ndjson")).unwrap();
    assert!(!text.contains("The room is needed.") && text.contains("The office closed."), "{text}");
    assert_eq!(export.verdicts(&[]), ALONE);
}

#[test]
fn given_a_checkpoint_that_claims_more_than_anybody_has_when_it_is_verified_then_it_ends() {
    let export = Exported::of(&honest());
    let claimed = checkpoint(u64::MAX, storage::Digest([1; 32]), &[&signer(1)]);
    fs::write(export.at("public/checkpoint"), claimed.note.to_text()).unwrap();
    let verified = export.verified(&[]);
    assert_eq!(verdicts(&verified), DAMAGED);
    assert!(rules(&verified).contains(&"entry.missing") && verified.report.found < 20_000);
    assert_eq!(tiled::SPAN, 4_096);
}
