// SPDX-License-Identifier: Apache-2.0
// deep N: N goroutines, each of which calls itself 200 deep with large frames, so that its stack grows on the way; calls are counted.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

var calls int64

//go:noinline
func Deep(n int) int {
	var pad [100]int
	atomic.AddInt64(&calls, 1)
	pad[n%100] = n
	if n == 0 {
		return pad[0]
	}
	return Deep(n-1) + pad[n%100] - n + 1
}

//go:noinline
func Greet(id int, name string) int {
	return id + len(name)
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	done := make(chan int)
	sum := 0
	for i := 0; i < n; i++ {
		go func() { done <- Deep(199) }()
		sum += <-done
		Greet(i, "caller"+strconv.Itoa(i))
	}
	fmt.Println("calls", calls, "sum", sum)
}
