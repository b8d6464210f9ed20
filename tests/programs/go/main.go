// A program with one planted hot line, which Go inlines into its caller. Writes a CPU profile and
// a heap profile to the two files it is given.
package main

import (
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

var kept [][]byte
var sink uint64

func mix(value uint64, step uint64) uint64 {
	return (value ^ step) * 0x9e3779b97f4a7c15 % 1000003 // hot
}

func grind(rounds uint64) (sum uint64) {
	for step := uint64(0); step < rounds; step++ {
		sum += mix(sum, step)
	}
	return sum
}

func keep() {
	for i := 0; i < 64; i++ {
		kept = append(kept, make([]byte, 1<<20))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	runtime.MemProfileRate = 4096
	cpu, err := os.Create(os.Args[1])
	check(err)
	check(pprof.StartCPUProfile(cpu))
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		sink += grind(1000000)
	}
	pprof.StopCPUProfile()
	check(cpu.Close())
	keep()
	runtime.GC() // the heap profile is as of the last collection
	heap, err := os.Create(os.Args[2])
	check(err)
	check(pprof.WriteHeapProfile(heap))
	check(heap.Close())
}
