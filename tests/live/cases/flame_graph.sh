# SPDX-License-Identifier: Apache-2.0
# A flame graph in a browser: what a click shows, what a search marks, what a frame says of itself.
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip "needs chromium"
t=$PROGRAMS/target
good profile -q --off-cpu -o waits.svg -c "$t slow 200 100"
"$PYTHON" - <<'END' || fail "the picture has no place for a script"
svg = open("waits.svg").read()
said = """
window.addEventListener('load', function () {
	var said = [], frames = Array.prototype.slice.call(document.getElementsByClassName('f'));
	function id(name) { return document.getElementById(name); }
	function named(name) { return frames.filter(function (g) { return g.getAttribute('data-n') === name; })[0]; }
	function click(e) { e.dispatchEvent(new MouseEvent('click', { bubbles: true })); }
	function shown() { return frames.filter(function (g) { return g.style.display !== 'none'; }); }
	function say(text) { said.push(text); }
	function rect(g) { return g.getElementsByTagName('rect')[0]; }
	var all = shown().length;
	window.prompt = function () { return '^slow$'; };
	click(id('search'));
	say('searched: ' + document.getElementsByClassName('hit').length + ' ' + id('matched').textContent);
	window.prompt = function () { return '('; };
	click(id('search'));
	say('bad: ' + id('matched').textContent);
	click(rect(named('slow')));
	say('zoomed: ' + rect(named('slow')).getAttribute('width') + ' ' + (id('reset').style.display || 'with a way back') + ' ' +
	    shown().every(function (g) { return g.classList.contains('under') === (+g.getAttribute('data-d') < +named('slow').getAttribute('data-d')); }));
	say('main: ' + rect(named('main')).getAttribute('width'));
	click(id('reset'));
	say('reset: ' + (shown().length === all) + ' ' + id('reset').style.display);
	named('slow').dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
	say('about: ' + id('details').textContent);
	window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
	document.documentElement.setAttribute('data-said', said.join('|'));
});
"""
assert svg.count("]]></script>") == 1
open("asked.svg", "w").write(svg.replace("]]></script>", said + "]]></script>"))
END
HOME=$T timeout -k 5 300 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$T/browser" --dump-dom "file://$T/asked.svg" >dom 2>dom.err || skip "the browser does not run here: $(tail -n 1 dom.err)"
grep -o 'data-said="[^"]*"' dom | tr '|' '\n' | sed 's/data-said="//; s/"$//' >out
[ -s out ] || fail "the picture's script does not run: $(head -c 500 dom.err)"
expect_out '^searched: [1-9][0-9]* matched: [0-9.]+ %$'
expect_out '^bad: not a regular expression: \($'
expect_out '^zoomed: 1200 with a way back true$'
expect_out '^main: 1200$'
expect_out '^reset: true none$'
expect_out '^about: slow - ([3-9][0-9][0-9]|[0-9.]+) (ms|s|min), [0-9.]+ %$'
