// SPDX-License-Identifier: Apache-2.0
// arguments: calls functions with arguments of every kind that Go passes in registers, and with more than there are registers.
package main

import "fmt"

type P struct {
	X    int
	Name string
	F    float64
}

type T struct{ a, b int32 }

//go:noinline
func Blank(_ string, x int) int { return x }

//go:noinline
func (t *T) Method(n int, s []int) int { return int(t.a) + n + len(s) + cap(s) }

//go:noinline
func Many(a, b, c, d, e, f, g, h, i, j, k int) int { return a + b + c + d + e + f + g + h + i + j + k }

//go:noinline
func Struct(p P, f float64, n int, arr [2]int, e error, k int8) int {
	return p.X + n + len(p.Name) + arr[1] + int(k) + int(f+p.F) + len(e.Error())
}

func main() {
	t := &T{1, 2}
	name := fmt.Sprint("pname", "tail")[:5]
	fmt.Println(Blank("x", 7), t.Method(5, make([]int, 2, 3)), Many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))
	fmt.Println(Struct(P{3, name, 1.5}, 2.5, 42, [2]int{8, 9}, fmt.Errorf("x"), -5))
}
