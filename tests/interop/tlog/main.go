// Holds a log of ours against Go's sumdb/note and sumdb/tlog.
//
//	tlog VKEY NOTE PROOF LEAFHEX CONSISTENCY [TILES]
//
// VKEY, NOTE, PROOF, CONSISTENCY: files. TILES: a folder of c2sp.org/tlog-tiles.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // of a tile (c2sp.org/tlog-tiles)

func main() {
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(args []string) error {
	verifier, err := note.NewVerifier(strings.TrimSpace(read(args[0])))
	if err != nil {
		return err
	}
	tree, err := state(read(args[1]), verifier)
	if err != nil {
		return fmt.Errorf("note: %w", err)
	}
	fmt.Println("note: good,", tree.N, "records")
	index, err := inclusion(read(args[2]), args[3], verifier)
	if err != nil {
		return fmt.Errorf("inclusion: %w", err)
	}
	fmt.Println("inclusion: good, record", index)
	if err := consistency(read(args[4]), tree); err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	fmt.Println("consistency: good")
	if len(args) > 5 {
		if err := tiles(args[5], verifier); err != nil {
			return fmt.Errorf("tiles: %w", err)
		}
		fmt.Println("tiles: good")
	}
	return nil
}

func state(text string, verifier note.Verifier) (tree tlog.Tree, err error) {
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	if err == nil {
		tree.Hash, err = hash(lines[2])
	}
	return tree, err
}

func inclusion(text, leaf string, verifier note.Verifier) (index int64, err error) {
	head, rest, _ := strings.Cut(text, "\n\n")
	tree, err := state(rest, verifier)
	if err != nil {
		return 0, err
	}
	lines := strings.Split(head, "\n")
	if index, err = strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64); err != nil {
		return 0, err
	}
	proof, err := hashes(lines[2:])
	if err != nil {
		return 0, err
	}
	var wanted tlog.Hash
	raw, err := hex.DecodeString(leaf)
	if err != nil {
		return 0, err
	}
	copy(wanted[:], raw)
	return index, tlog.CheckRecord(proof, tree.N, tree.Hash, index, wanted)
}

func consistency(text string, tree tlog.Tree) error {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	size, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if err != nil {
		return err
	}
	root, err := hash(strings.TrimPrefix(lines[1], "root "))
	if err != nil {
		return err
	}
	proof, err := hashes(lines[2:])
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, size, root)
}

// folder reads tiles as c2sp.org/tlog-tiles lays them out: Go's own paths name the height, too.
type folder string

func (f folder) Height() int                     { return height }
func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}
func (f folder) path(tile tlog.Tile) string      { return filepath.Join(string(f), c2sp(tile)) }
func (f folder) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for i, tile := range wanted {
		data, err := os.ReadFile(f.path(tile))
		if err != nil {
			return nil, err
		}
		found[i] = data
	}
	return found, nil
}

func c2sp(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
}

func tiles(dir string, verifier note.Verifier) error {
	tree, err := state(read(filepath.Join(dir, "checkpoint")), verifier)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, folder(dir))
	for index := int64(0); index < tree.N; index++ {
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			return err
		}
		leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf[0]); err != nil {
			return err
		}
	}
	return entries(dir, tree, reader)
}

func entries(dir string, tree tlog.Tree, reader tlog.HashReader) error {
	for first := int64(0); first < tree.N; first += 1 << height {
		tile := tlog.Tile{H: height, L: 0, N: first >> height, W: 1 << height}
		if tree.N-first < 1<<height {
			tile.W = int(tree.N - first)
		}
		path := strings.Replace(c2sp(tile), "tile/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		for index := first; index < first+int64(tile.W); index++ {
			size := int(binary.BigEndian.Uint16(data))
			leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			if err != nil {
				return err
			}
			if tlog.RecordHash(data[2:2+size]) != leaf[0] {
				return fmt.Errorf("entry %d is not what its tile says", index)
			}
			data = data[2+size:]
		}
		if len(data) > 0 {
			return fmt.Errorf("%s goes on behind its end", path)
		}
	}
	return nil
}

func read(name string) string {
	data, err := os.ReadFile(name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return string(data)
}

func hash(text string) (found tlog.Hash, err error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err == nil && len(data) != len(found) {
		err = fmt.Errorf("a hash of %d bytes", len(data))
	}
	copy(found[:], data)
	return found, err
}

func hashes(lines []string) (found []tlog.Hash, err error) {
	for _, line := range lines {
		each, err := hash(line)
		if err != nil {
			return nil, err
		}
		found = append(found, each)
	}
	return found, nil
}
