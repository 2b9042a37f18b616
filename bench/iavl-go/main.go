// The same work as bench/store.ts, done by cosmos/iavl v1 on goleveldb: see bench/store.ts.
// Usage: iavl-go FOLDER KEYS LOAD BATCH ROUNDS; prints one line of JSON, and progress to stderr.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"cosmossdk.io/log"
	cosmosdb "github.com/cosmos/cosmos-db"
	"github.com/cosmos/iavl"
	iavldb "github.com/cosmos/iavl/db"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

const (
	keyBytes   = 22
	valueBytes = 60
	keep       = 100
	// The SDK's default (iavl-cache-size in app.toml).
	cacheNodes = 781250
)

type result struct {
	UpdatesPerCPUSecond float64 `json:"updatesPerCpuSecond"`
	UpdatesPerSecond    float64 `json:"updatesPerSecond"`
	GetsPerCPUSecond    float64 `json:"getsPerCpuSecond"`
	EmptyCommitMs       float64 `json:"emptyCommitMs"`
	WorstCommitMs       float64 `json:"worstCommitMs"`
	OpenMs              float64 `json:"openMs"`
	ResidentMiB         float64 `json:"residentMiB"`
	LoadSeconds         float64 `json:"loadSeconds"`
	AppHash             string  `json:"appHash"`
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func argument(index int) int {
	value, err := strconv.Atoi(os.Args[index])
	must(err)
	return value
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func residentMiB() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Maxrss) / 1024
}

// The stream of test/support/xorshift.ts.
var state uint32 = 1

func below(limit int) int {
	state ^= state << 13
	state ^= state >> 17
	state ^= state << 5
	return int(state % uint32(limit))
}

func keyAt(index int) []byte {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], uint64(index))
	hash := sha256.Sum256(number[:])
	return hash[:keyBytes]
}

// A value that says when it was written.
func valueAt(index int, round int) []byte {
	value := make([]byte, valueBytes)
	binary.LittleEndian.PutUint32(value, uint32(index))
	binary.LittleEndian.PutUint32(value[4:], uint32(round))
	return value
}

// Loading is not measured: larger buffers spare most of the compaction, and nothing is synced.
var loading = opt.Options{WriteBuffer: 256 * opt.MiB, CompactionTableSize: 16 * opt.MiB}

func open(folder string, options opt.Options, sync bool) (cosmosdb.DB, *iavl.MutableTree) {
	db, err := cosmosdb.NewGoLevelDBWithOpts("bench", folder, &options)
	must(err)
	tree := iavl.NewMutableTree(iavldb.NewWrapper(db), cacheNodes, false, log.NewNopLogger(), iavl.SyncOption(sync))
	_, err = tree.Load()
	must(err)
	return db, tree
}

func commit(tree *iavl.MutableTree) []byte {
	root, version, err := tree.SaveVersion()
	must(err)
	if version > keep {
		must(tree.DeleteVersionsTo(version - keep))
	}
	return root
}

// Sets in the order of the keys, as the SDK's cache store and our own do.
func setAll(tree *iavl.MutableTree, indexes []int, round int) {
	last := make(map[string]int, len(indexes))
	for _, index := range indexes {
		last[string(keyAt(index))] = index
	}
	for _, key := range slices.Sorted(maps.Keys(last)) {
		_, err := tree.Set([]byte(key), valueAt(last[key], round))
		must(err)
	}
}

// The application hash of a multistore that has this one tree, called bank.
func appHash(root []byte) string {
	hash := sha256.Sum256(root)
	leaf := append([]byte("\x00\x04bank\x20"), hash[:]...)
	return fmt.Sprintf("%x", sha256.Sum256(leaf))
}

// All keys in a few large versions.
func load(tree *iavl.MutableTree, keys int, step int) {
	indexes := make([]int, step)
	for from := 0; from < keys; from += step {
		for i := range indexes {
			indexes[i] = from + i
		}
		setAll(tree, indexes, 0)
		commit(tree)
		progress("loaded %d of %d keys", from+step, keys)
	}
}

var begun = time.Now()

func progress(format string, values ...any) {
	note := fmt.Sprintf(format, values...)
	fmt.Fprintf(os.Stderr, "cosmos/iavl: %s, %.0f s, %.0f s of CPU\n", note, time.Since(begun).Seconds(), cpuSeconds())
}

func main() {
	folder, keys, step := os.Args[1], argument(2), argument(3)
	batch, rounds := argument(4), argument(5)
	var out result
	started := time.Now()
	db, tree := open(folder, loading, false)
	load(tree, keys, step)
	must(tree.Close())
	must(db.Close())
	db, tree = open(folder, opt.Options{}, true)
	out.LoadSeconds = time.Since(started).Seconds()
	started, cpu := time.Now(), cpuSeconds()
	indexes := make([]int, batch)
	var root []byte
	for round := 1; round <= rounds; round++ {
		begin := time.Now()
		for i := range indexes {
			indexes[i] = below(keys)
		}
		setAll(tree, indexes, round)
		root = commit(tree)
		out.WorstCommitMs = max(out.WorstCommitMs, float64(time.Since(begin).Microseconds())/1000)
		progress("round %d of %d", round, rounds)
	}
	out.AppHash = appHash(root)
	updates := float64(rounds * batch)
	out.UpdatesPerSecond = updates / time.Since(started).Seconds()
	out.UpdatesPerCPUSecond = updates / (cpuSeconds() - cpu)
	cpu = cpuSeconds()
	const gets = 100000
	for i := 0; i < gets; i++ {
		value, err := tree.Get(keyAt((i * 7919) % keys))
		must(err)
		if len(value) != valueBytes {
			panic("a key is missing")
		}
	}
	out.GetsPerCPUSecond = gets / (cpuSeconds() - cpu)
	started = time.Now()
	const empty = 20
	for i := 0; i < empty; i++ {
		commit(tree)
	}
	out.EmptyCommitMs = time.Since(started).Seconds() * 1000 / empty
	must(tree.Close())
	must(db.Close())
	started = time.Now()
	db, tree = open(folder, opt.Options{}, true)
	out.OpenMs = time.Since(started).Seconds() * 1000
	out.ResidentMiB = residentMiB()
	must(json.NewEncoder(os.Stdout).Encode(out))
}
