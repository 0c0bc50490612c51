//! Other people's transparency logs as witnesses: `tlog_tiles`, a port of Go's, and
//! `ct-merkle`, which grew up with RFC 6962 in Rust. What they say of the same records must
//! be what we say, byte for byte.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;
use storage::backend::Mode;
use storage::merkle::tile::{Level, Tile, tiles};
use storage::merkle::verify;
use storage::{Backend, Digest, Error, Log, MemoryBackend, Reader};
use tlog_tiles::{
    Hash, HashReader, TileHashReader, TileReader, check_record, check_tree, prove_record, prove_tree,
    record_hash, stored_hash_index, stored_hashes, tree_hash,
};

use crate::ledger::{append, create};

/// `tlog_tiles` keeps every hash of the tree, in an order of its own.
#[derive(Default)]
struct Stored(Vec<Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

fn ledger(size: usize) -> (MemoryBackend, Log) {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let mut log = create(&backend).unwrap();
    while (log.head().size as usize) < size {
        let count = 50.min(size - log.head().size as usize);
        log = append(log, count, 0).unwrap();
    }
    (memory, log)
}

fn records(reader: &Reader) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    reader
        .scan(0, u64::MAX, &mut |record| {
            records.push(record.bytes.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
    records
}

fn bytes<'a>(hashes: impl IntoIterator<Item = &'a [u8; 32]>) -> Vec<u8> {
    hashes.into_iter().flatten().copied().collect()
}

#[test]
fn given_the_same_records_when_others_prove_them_then_roots_and_proofs_are_byte_for_byte_ours() {
    let (_, log) = ledger(1_100);
    let reader = log.reader();
    let mut go = Stored::default();
    let mut rust = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut roots = vec![Digest::of(b"")];
    for (record, size) in records(&reader).into_iter().zip(1_u64..) {
        assert_eq!(record_hash(&record).0, reader.leaf(size - 1).unwrap().0);
        let grown = stored_hashes(size - 1, &record, &go).unwrap();
        go.0.extend(grown);
        rust.push(record);
        let root = reader.root(size).unwrap();
        roots.push(root);
        let go_root = tree_hash(size, &go).unwrap();
        assert_eq!(go_root.0, root.0, "root of {size}");
        assert_eq!(rust.root().as_bytes().as_slice(), root.0, "root of {size}");
        if size > 300
            && ![511, 512, 513, 640, 767, 768, 769, 1_000, 1_023, 1_024, 1_025, 1_100].contains(&size)
        {
            continue;
        }
        for index in [0, 1, size / 3, size / 2, size.saturating_sub(2), size - 1] {
            let index = index.min(size - 1);
            let ours = reader.prove_inclusion(index, size).unwrap();
            let theirs = prove_record(size, index, &go).unwrap();
            assert_eq!(bytes(ours.iter().map(|hash| &hash.0)), bytes(theirs.iter().map(|hash| &hash.0)));
            let third = rust.prove_inclusion(index as usize);
            assert_eq!(bytes(ours.iter().map(|hash| &hash.0)), third.as_bytes(), "{index} of {size}");
            let leaf = reader.leaf(index).unwrap();
            assert_eq!(verify::inclusion(&leaf, index, size, &ours, &root), Ok(()));
            check_record(&theirs, size, go_root, index, Hash(leaf.0)).unwrap();
        }
        for old in [1, 2, size / 3, size / 2 + 1, size.saturating_sub(1), size] {
            let old = old.clamp(1, size);
            let ours = reader.prove_consistency(old, size).unwrap();
            let theirs = prove_tree(size, old, &go).unwrap();
            assert_eq!(bytes(ours.iter().map(|hash| &hash.0)), bytes(theirs.iter().map(|hash| &hash.0)));
            if old < size {
                let third = rust.prove_consistency((size - old) as usize);
                assert_eq!(bytes(ours.iter().map(|hash| &hash.0)), third.as_bytes(), "{old} to {size}");
            }
            let old_root = roots[old as usize];
            assert_eq!(verify::consistency(old, size, &ours, &old_root, &root), Ok(()));
            check_tree(&theirs, size, go_root, old, Hash(old_root.0)).unwrap();
        }
    }
    assert_eq!(roots.len(), 1_101);
}

/// Our tiles, as a reader of tiles that is not ours takes them.
struct Served(BTreeMap<String, Vec<u8>>);

/// The path of a hash tile in the older form of Go, which names the height.
fn go_path(tile: Tile) -> String {
    tile.path().replacen("tile/", "tile/8/", 1)
}

impl Served {
    fn of(reader: &Reader) -> Self {
        let all = (0..3).flat_map(|level| tiles(reader.head().size, Level::Hashes(level)));
        Self(all.map(|tile| (go_path(tile), reader.tile(tile).unwrap().unwrap())).collect())
    }
}

impl TileReader for Served {
    fn height(&self) -> u8 {
        8
    }
    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let found = tiles.iter().map(|tile| self.0.get(&tile.path()).cloned());
        found.map(|tile| tile.ok_or(tlog_tiles::Error::InvalidTile)).collect()
    }
    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

#[test]
fn given_our_tiles_when_another_client_reads_them_then_it_proves_every_record_of_ours() {
    let (_, log) = ledger(700);
    let reader = log.reader();
    let served = Served::of(&reader);
    let root = Hash(reader.head().root.0);
    let client = TileHashReader::new(700, root, &served);
    for index in (0..700).step_by(9) {
        let proof = prove_record(700, index, &client).unwrap();
        check_record(&proof, 700, root, index, Hash(reader.leaf(index).unwrap().0)).unwrap();
    }
}

/// `TileHashReader` takes some full tiles unread: where the nodes of the tree's root are more
/// than the tiles that they lie in, the first tiles are passed over. Ours must not.
#[test]
fn given_a_tile_whose_damage_another_reader_lets_pass_when_it_is_asked_for_then_we_refuse_it() {
    for (size, passes) in [(600, true), (700, true), (256, false), (512, false), (513, false)] {
        let (memory, log) = ledger(size);
        let reader = log.reader();
        let size = size as u64;
        let good = Served::of(&reader);
        let leaf = reader.leaf(0).unwrap();
        let tile = Tile { level: Level::Hashes(0), index: 0, width: 256 };
        let level = memory.open("public/tile/0", Mode::Write).unwrap();
        for at in (5..8_192_u64).step_by(31) {
            let byte = good.0[&go_path(tile)][at as usize];
            level.write_at(&[byte ^ 0x10], at).unwrap();
            let found = reader.tile(tile);
            assert!(matches!(found, Err(Error::Damaged { .. })), "{size} records, byte {at}: {found:?}");
            level.write_at(&[byte], at).unwrap();
        }
        let mut served = Served(good.0.clone());
        served.0.get_mut(&go_path(tile)).unwrap()[5] ^= 0x10;
        let client = TileHashReader::new(size, Hash(reader.head().root.0), &served);
        let theirs = client.read_hashes(&[stored_hash_index(0, 0)]);
        let forged = theirs.is_ok_and(|hashes| hashes[0].0 != leaf.0);
        assert_eq!(forged, passes, "what the other reader does at {size}");
        assert_eq!(reader.tile(tile).unwrap(), good.0.get(&go_path(tile)).cloned());
    }
}
