// SPDX-License-Identifier: Apache-2.0
// Go code with and without frames: leaves, recursion, calls through interfaces and closures, the library's assembler. It does not
// allocate, so that its one goroutine stays on its own stack.
package main

import (
	"crypto/sha256"
	"sort"
	"strconv"
)

type shape interface{ area(n int) int }
type square struct{ side int }
type circle struct{ radius int }

//go:noinline
func (s square) area(n int) int { return s.side * s.side * n }

//go:noinline
func (c circle) area(n int) int { return leaf(c.radius, n) * 3 }

//go:noinline
func leaf(a, n int) int {
	for i := 0; i < n; i++ {
		a = a*31 + i
	}
	return a
}

//go:noinline
func deep(n int, s shape, f func(int) int) int {
	var some [24]int
	if n == 0 {
		return s.area(300) + f(200)
	}
	some[n%24] = deep(n-1, s, f)
	return some[n%24] + 1
}

func main() {
	data, text := make([]int, 200), make([]byte, 0, 64)
	block := make([]byte, 4096)
	shapes := [2]shape{square{3}, circle{5}}
	sink := 0
	for i := 0; ; i++ {
		for k := range data {
			data[k] = (k*7919 + i) % 1000
		}
		sort.Ints(data)
		sum := sha256.Sum256(block)
		text = strconv.AppendInt(text[:0], int64(i)*int64(sum[0]), 10)
		block[i%4096] = text[0]
		sink += deep(i%20, shapes[i%2], func(n int) int { return leaf(sink, n) })
	}
}
