// Checks a published log with the Go checksum database's own packages, golang.org/x/mod/sumdb/note and tlog: nothing
// here shares a line with Pledgebook. What it reads is described in storage/examples/vectors.rs.
//
// Prints a line for each check, and ends with 1 at the first that fails. Usage: main DIR
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight of C2SP tlog-tiles: 256 hashes a tile. Its paths leave it out, Go's name it.
const tileHeight = 8

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: main DIR")
		os.Exit(2)
	}
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}

func check(directory string) error {
	log := &log{directory: directory}
	steps := []struct {
		name string
		run  func() error
	}{
		{"keys", log.readKeys},
		{"checkpoint", log.readCheckpoint},
		{"entries", log.readEntries},
		{"tiles", log.checkTiles},
		{"checkpoints", log.checkCheckpoints},
		{"inclusion", log.checkInclusion},
		{"consistency", log.checkConsistency},
	}
	for _, step := range steps {
		if err := step.run(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// log is what was published, and what was made of it here.
type log struct {
	directory string
	origin    string
	keys      note.Verifiers
	signers   int
	tree      tlog.Tree
	// Signed trees by their size.
	trees   map[int64]tlog.Tree
	entries [][]byte
	// Hashes of all perfect subtrees, worked out here from the entries alone.
	hashes hashes
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		found[i] = h[index]
	}
	return found, nil
}

// cosigner verifies C2SP cosignature/v1, which the package does not know, by its interface for other kinds of keys.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	return ed25519.Verify(c.key, append([]byte(head), text...), signature[8:])
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%s: no vkey", vkey)
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, fmt.Errorf("%s: no key of a cosigner", vkey)
	}
	return &cosigner{parts[0], uint32(hash), key[1:]}, nil
}

func (l *log) read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(l.directory, filepath.FromSlash(name)))
}

// names of the files below a folder, by their paths in the directory.
func (l *log) names(folder string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(filepath.Join(l.directory, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(l.directory, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("nothing in %s", folder)
	}
	sort.Strings(names)
	return names, err
}

func (l *log) readKeys() error {
	text, err := l.read("vkeys")
	if err != nil {
		return err
	}
	vkeys := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	key, err := note.NewVerifier(vkeys[0])
	if err != nil {
		return fmt.Errorf("%s: %w", vkeys[0], err)
	}
	verifiers := []note.Verifier{key}
	for _, vkey := range vkeys[1:] {
		witness, err := newCosigner(vkey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, witness)
	}
	l.origin, l.keys, l.signers = key.Name(), note.VerifierList(verifiers...), len(verifiers)
	fmt.Println("ok key of", l.origin, "and of", len(vkeys)-1, "witnesses")
	return nil
}

// open verifies a checkpoint by all keys, and makes sure that one that was changed is refused.
func (l *log) open(signed []byte) (tlog.Tree, error) {
	opened, err := note.Open(signed, l.keys)
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(opened.Sigs) != l.signers || len(opened.UnverifiedSigs) != 0 {
		return tlog.Tree{}, fmt.Errorf("verified by %d keys of %d", len(opened.Sigs), l.signers)
	}
	changed := append([]byte(nil), signed...)
	changed[0] ^= 1
	if _, err := note.Open(changed, l.keys); err == nil {
		return tlog.Tree{}, fmt.Errorf("accepted with another text")
	}
	// The package reads the text of one log, whose origin is fixed: the lines behind it are the same in all.
	lines := strings.TrimPrefix(opened.Text, l.origin+"\n")
	if lines == opened.Text {
		return tlog.Tree{}, fmt.Errorf("of another origin")
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + lines))
}

func (l *log) readCheckpoint() error {
	signed, err := l.read("checkpoint")
	if err != nil {
		return err
	}
	l.tree, err = l.open(signed)
	if err == nil {
		fmt.Println("ok checkpoint of size", l.tree.N)
	}
	return err
}

// readEntries takes all entry bundles apart, and makes the tree of them anew.
func (l *log) readEntries() error {
	names, err := l.names("tile/entries")
	if err != nil {
		return err
	}
	for _, name := range names {
		bundle, err := l.read(name)
		if err != nil {
			return err
		}
		tile, err := tlog.ParseTilePath(strings.Replace(name, "tile/entries/", "tile/8/data/", 1))
		if err != nil {
			return err
		}
		if tile.N*256 != int64(len(l.entries)) {
			return fmt.Errorf("%s: behind entry %d", name, len(l.entries))
		}
		for ; len(bundle) > 0; tile.W-- {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("%s: breaks off", name)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2:end]
			stored, err := tlog.StoredHashes(int64(len(l.entries)), entry, l.hashes)
			if err != nil {
				return err
			}
			l.entries, l.hashes, bundle = append(l.entries, entry), append(l.hashes, stored...), bundle[end:]
		}
		if tile.W != 0 {
			return fmt.Errorf("%s: %d entries fewer than its name says", name, tile.W)
		}
		fmt.Println("ok", name)
	}
	if int64(len(l.entries)) != l.tree.N {
		return fmt.Errorf("%d entries for a checkpoint of size %d", len(l.entries), l.tree.N)
	}
	return l.sameRoot(l.tree)
}

func (l *log) sameRoot(tree tlog.Tree) error {
	root, err := tlog.TreeHash(tree.N, l.hashes)
	if err == nil && root != tree.Hash {
		err = fmt.Errorf("signed root %v of size %d, and %v over the entries", tree.Hash, tree.N, root)
	}
	return err
}

// tileReader reads tiles as somebody does who trusts the checkpoint alone.
type tileReader struct {
	log   *log
	saved int
}

func path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
}

func (r *tileReader) Height() int                             { return tileHeight }
func (r *tileReader) SaveTiles(tiles []tlog.Tile, _ [][]byte) { r.saved += len(tiles) }
func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		data, err := r.log.read(path(tile))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// checkTiles holds the hash tiles against those that are worked out here: all that there must be, and no others.
func (l *log) checkTiles() error {
	there := map[string]bool{}
	names, err := l.names("tile")
	if err != nil {
		return err
	}
	for _, name := range names {
		there[name] = !strings.HasPrefix(name, "tile/entries/")
	}
	for _, tile := range tlog.NewTiles(tileHeight, 0, l.tree.N) {
		// Some versions name all widths that a tile has had on the way.
		if last := l.tree.N >> (tileHeight * tile.L); tile.N == last>>tileHeight && tile.W != int(last&255) {
			continue
		}
		expected, err := tlog.ReadTileData(tile, l.hashes)
		if err != nil {
			return err
		}
		found, err := l.read(path(tile))
		if err != nil {
			return err
		}
		if !bytes.Equal(found, expected) {
			return fmt.Errorf("%s: other hashes than those of the entries", path(tile))
		}
		delete(there, path(tile))
		fmt.Println("ok", path(tile))
	}
	for name, hashes := range there {
		if hashes {
			return fmt.Errorf("%s: no tile of a tree of size %d", name, l.tree.N)
		}
	}
	reader := &tileReader{log: l}
	var indexes []int64
	for n := int64(0); n < l.tree.N; n += 97 {
		indexes = append(indexes, tlog.StoredHashIndex(0, n))
	}
	found, err := tlog.TileHashReader(l.tree, reader).ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i, hash := range found {
		if hash != l.hashes[indexes[i]] {
			return fmt.Errorf("hash of entry %d by its tile", i*97)
		}
	}
	fmt.Println("ok", len(found), "hashes through", reader.saved, "tiles, from the checkpoint down")
	return nil
}

func (l *log) checkCheckpoints() error {
	l.trees = map[int64]tlog.Tree{l.tree.N: l.tree}
	names, err := l.names("checkpoints")
	if err != nil {
		return err
	}
	for _, name := range names {
		signed, err := l.read(name)
		if err != nil {
			return err
		}
		tree, err := l.open(signed)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := l.sameRoot(tree); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		l.trees[tree.N] = tree
		fmt.Println("ok", name)
	}
	return nil
}

// hashLines reads base64, a hash a line.
func hashLines(text string) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, line := range strings.Split(text, "\n") {
		if line == "" {
			continue
		}
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		found = append(found, hash)
	}
	return found, nil
}

// checkInclusion reads proof files (C2SP tlog-proof@v1).
func (l *log) checkInclusion() error {
	names, err := l.names("inclusion")
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := l.checkProofFile(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Println("ok", name)
	}
	return nil
}

func (l *log) checkProofFile(name string) error {
	text, err := l.read(name)
	if err != nil {
		return err
	}
	head, signed, _ := strings.Cut(string(text), "\n\n")
	version, head, _ := strings.Cut(head, "\n")
	if version != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("no proof file")
	}
	if strings.HasPrefix(head, "extra ") {
		extra, rest, _ := strings.Cut(head, "\n")
		if _, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(extra, "extra ")); err != nil {
			return err
		}
		head = rest
	}
	line, lines, _ := strings.Cut(head, "\n")
	index, err := strconv.ParseInt(strings.TrimPrefix(line, "index "), 10, 64)
	if err != nil {
		return err
	}
	found, err := hashLines(lines)
	if err != nil {
		return err
	}
	tree, err := l.open([]byte(signed))
	if err != nil {
		return err
	}
	if name != fmt.Sprintf("inclusion/%d/%d", tree.N, index) || index >= int64(len(l.entries)) {
		return fmt.Errorf("of entry %d in a tree of size %d", index, tree.N)
	}
	if err := tlog.CheckRecord(found, tree.N, tree.Hash, index, tlog.RecordHash(l.entries[index])); err != nil {
		return err
	}
	if tlog.CheckRecord(found, tree.N, tree.Hash, index, tlog.RecordHash([]byte("another entry"))) == nil {
		return fmt.Errorf("accepted for another entry")
	}
	proof, err := tlog.ProveRecord(tree.N, index, l.hashes)
	if err == nil && !same(found, proof) {
		err = fmt.Errorf("another proof than Go's")
	}
	return err
}

func (l *log) checkConsistency() error {
	names, err := l.names("consistency")
	if err != nil {
		return err
	}
	for _, name := range names {
		var old, new int64
		if _, err := fmt.Sscanf(name, "consistency/%d-%d", &old, &new); err != nil {
			return err
		}
		text, err := l.read(name)
		if err != nil {
			return err
		}
		found, err := hashLines(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		before, after := l.trees[old], l.trees[new]
		if before.N != old || after.N != new {
			return fmt.Errorf("%s: no checkpoints of these sizes", name)
		}
		if err := tlog.CheckTree(found, after.N, after.Hash, before.N, before.Hash); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if tlog.CheckTree(found, after.N, after.Hash, before.N, tlog.Hash{}) == nil {
			return fmt.Errorf("%s: accepted for another tree", name)
		}
		proof, err := tlog.ProveTree(after.N, before.N, l.hashes)
		if err != nil {
			return err
		}
		if !same(found, proof) {
			return fmt.Errorf("%s: another proof than Go's", name)
		}
		fmt.Println("ok", name)
	}
	return nil
}

func same(a, b []tlog.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
