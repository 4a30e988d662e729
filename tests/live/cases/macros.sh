# Macros, functions, imports, C sections and named parameters, as the kernel runs them; and the printed core does the same.
# ALSO WITHOUT ringbuf
cat >m.spile <<'SCRIPT'
struct pair { int first; long second; };
#define LIMIT 50
macro square(x) { let $t = x; $t * $t }
macro add(@m, k, n) { @m[k] += n; }
macro pick(c, a, b) { if comptime (is_str(a)) { "text" } else { c ? a : b } }
fn first_over($limit : int64, $what : int64) : int64 {
	for $i : 0..$limit {
		if ($i * $i > $what) { return $i; }
	}
	return -1;
}
fn sign($x : int64) : int64 {
	if ($x < 0) { return -1; }
	if ($x > 0) { return 1; }
	return 0;
}
fn same($w : string[16]) : string[16] { return $w; }
begin {
	$a = 3;
	@f = (first_over(100, LIMIT), first_over(3, LIMIT));
	@s = (sign(-4), sign(0), sign(9));
	@q = square(square($a));
	add(@m, "x", 5);
	add(@m, "x", square(2));
	print(same("hello"));
	print((pick($a > 2, 1, 2), pick($a > 3, 1, 2)));
	print(pick(true, "a", "b"));
	@c = (uint64)container_of((struct pair *)0x1008, struct pair, second);
}
SCRIPT
good m.spile
expect_out '^hello$'
expect_out '^\(1, 2\)$'
expect_out '^text$'
expect_out '^@f: \(8, -1\)$'
expect_out '^@s: \(-1, 0, 1\)$'
expect_out '^@q: 81$'
expect_out '^@m\[x\]: 9$'
expect_out '^@c: 4096$'
cp out first
good -d core m.spile
cp out core.spile
good core.spile
cmp out first || fail "the printed core does something else"

# imports: a folder with a script and a header, kept in the cache until one of them changes
umask 022
mkdir -p lib
printf 'macro hi(x) { printf("hi %%s\\n", x) }\nbegin { printf("first\\n") }\n' >lib/a.bt
printf '#define SEVEN 7\nstruct two { int a, b; };\n' >lib/b.h
cat >main.bt <<'SCRIPT'
import "lib";
begin { hi("you"); printf("%d %d\n", SEVEN, sizeof(struct two)); printf("%s %d\n", getopt("name", "nobody", "who"), getopt("n", 3)); }
SCRIPT
good main.bt
expect_same "$(head -n 4 out | tr '\n' '|')" 'first|hi you|7 8|nobody 3|' "what the imports do"
good -v main.bt
expect_err 'cache: found'
sed -i 's/SEVEN 7/SEVEN 77/' lib/b.h
good main.bt
expect_out '^77 8$'
chmod o+w lib/a.bt
bad --no-cache main.bt
expect_err "a.bt' is left out"
chmod o-w lib/a.bt
export SPILE_PATH="$T/none:$T/lib"
good -e 'import "a.bt"; begin { hi("path") }'
expect_out '^hi path$'
unset SPILE_PATH
bad -e 'import "a.bt"; begin { hi("path") }'
expect_err 'not found'

# named parameters
good main.bt -- --name=bob --n=0x10
expect_out '^bob 16$'
bad main.bt -- --n=many
expect_err 'program command line option --n invalid integer \(value: many\)'
bad main.bt -- --other
expect_err 'unexpected program command line options: --other'
expect_err 'HINT: expected program options: --name, --n'
bad main.bt -- --help
expect_err '^ --name: who'
good main.bt --name=bob # an option that Spile does not have
expect_out '^bob 3$'
good -e 'begin { printf("%s %d\n", str($2), $#) }' one -- two
expect_out '^two 2$'

# what a macro reports at run time names the calls it stands for
cat >report.bt <<'SCRIPT'
macro check(x) { if (x > 1) { errorf("too large: %d", x); } }
macro all(x) { check(x); check(x + 1) }
begin { all(1); }
SCRIPT
run report.bt
expect_err '^report.bt:1:31-57: ERROR: too large: 2$'
expect_err '^report.bt:2:26-38: ERROR: expanded from$'
expect_err '^report.bt:3:9-15: ERROR: expanded from$'
