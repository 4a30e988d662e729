# SPDX-License-Identifier: Apache-2.0
# Keys of histograms: each is one, however many buckets it has.
# ALSO WITHOUT ringbuf
good -q -e 'begin { @h[1] = hist(5); @h[1] = hist(500); @h[2] = hist(-1); @h[2] = hist(0); @h[3] = hist(1000, 0); @g["a"] = hist(100, 5); @g["a"] = hist(-7, 5);
	@l["a", 1] = lhist(5, 0, 1000, 1); @l["a", 1] = lhist(2000, 0, 1000, 1); @l["b", 1] = lhist(7, 0, 1000, 1); @s = hist(3);
	printf("%d %d %d\n", len(@h), len(@g), len(@l)); printf("%d %d\n", has_key(@h, 2), has_key(@h, 4));
	printf("%d %d %d\n", delete(@h, 2), delete(@h, 2), len(@h)); printf("%d %d\n", delete(@s), delete(@s));
	clear(@h); clear(@g); clear(@l); }
	end { printf("%d %d\n", len(@h), len(@l)); }'
expect_exactly <<'END'
3 1 2
1 0
1 0 2
1 0
0 0


END
good -q -e 'begin { @m[0] = ((int8)pid, (uint8)3); @m[1] = ((int8)5, (uint8)4); $i = 0; $w = ((int64)pid, (int64)pid); $w = @m[$i++]; $w = @m[$i++]; print(($i, $w)); clear(@m); }'
expect_out '^\(2, \(5, 4\)\)$'
# bucket numbers are computed without branches: several in nested loops are no more than the kernel's verifier can follow
good -q -e 'begin { for $v : 0..3 { $w = 0; @m[$v] = hist($v * 100); @m[pid] = hist($v % 70); @m[-1] = hist(1 << $v); while ($w < 3) { $w++; @m[$v * $w] = hist($v + 100000); } } print(len(@m) > 4); clear(@m); }'
expect_out '^true$'
