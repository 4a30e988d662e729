// SPDX-License-Identifier: Apache-2.0
// routines N: N goroutines that call themselves, grow their stacks and change threads; each function returns from several places.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

//go:noinline
func Recurse(n int, id int) int {
	var pad [64]int
	pad[n&63] = id
	if n == 0 {
		runtime.Gosched()
		return pad[0] - id + n
	}
	return Recurse(n-1, id) + 1
}

//go:noinline
func Early(n int) int {
	if n%2 == 0 {
		return n
	}
	runtime.Gosched()
	if n%3 == 0 {
		return -n
	}
	return n + 1
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	var w sync.WaitGroup
	bad := 0
	for id := 0; id < n; id++ {
		w.Add(1)
		go func(id int) {
			defer w.Done()
			for i := 0; i < 50; i++ {
				if Recurse(id%20, id) != id%20 {
					bad++
				}
				Early(i)
			}
		}(id)
	}
	w.Wait()
	fmt.Println("goroutines", n, "bad", bad)
}
