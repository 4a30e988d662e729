// SPDX-License-Identifier: Apache-2.0
// What makes the picture answer: a click zooms into a frame, the search box marks names and sums up their share.
(function () {
	'use strict';
	var svg = document.documentElement, width = 1200, letter = 7.2;
	var near = 1e-6; // the numbers are rounded to nine digits; no frame that is drawn is so narrow
	var frames = Array.prototype.slice.call(svg.getElementsByClassName('f'));
	var details = svg.getElementById('details'), matched = svg.getElementById('matched');
	var reset = svg.getElementById('reset'), search = svg.getElementById('search');
	var rest = details.textContent;

	frames.forEach(function (g) {
		g.x0 = +g.getAttribute('data-x');
		g.w0 = +g.getAttribute('data-w');
		g.depth = +g.getAttribute('data-d');
		g.name = g.getAttribute('data-n');
		g.rect = g.getElementsByTagName('rect')[0];
		g.label = g.getElementsByTagName('text')[0];
		g.about = g.getElementsByTagName('title')[0].textContent;
	});

	function fitted(name, w) {
		var most = Math.floor((w - 6) / letter);

		return most < 3 ? '' : name.length <= most ? name : name.slice(0, most - 2) + '..';
	}

	function place(g, x, w) {
		g.style.display = w < 0.1 ? 'none' : '';
		g.rect.setAttribute('x', x);
		g.rect.setAttribute('width', w);
		g.label.setAttribute('x', x + 3);
		g.label.textContent = fitted(g.name, w);
	}

	function zoom(to) {
		var end = to.x0 + to.w0;

		frames.forEach(function (g) {
			var below = g.depth < to.depth && g.x0 <= to.x0 + near && g.x0 + g.w0 >= end - near;
			var inside = g.depth >= to.depth && g.x0 >= to.x0 - near && g.x0 + g.w0 <= end + near;

			g.classList.toggle('under', below);
			if (below)
				place(g, 0, width);
			else if (inside)
				place(g, (g.x0 - to.x0) / to.w0 * width, g.w0 / to.w0 * width);
			else
				g.style.display = 'none';
		});
		reset.style.display = to.depth > 0 ? '' : 'none';
	}

	// Frames that match, without those above a matching one: their share is counted once.
	function share(pattern) {
		var spans = [], sum = 0, end = 0;

		frames.forEach(function (g) {
			var hit = pattern !== null && pattern.test(g.name);

			g.classList.toggle('hit', hit);
			if (hit)
				spans.push([g.x0, g.x0 + g.w0]);
		});
		spans.sort(function (a, b) { return a[0] - b[0] || b[1] - a[1]; });
		spans.forEach(function (s) {
			if (s[1] > end) {
				sum += s[1] - Math.max(s[0], end);
				end = s[1];
			}
		});
		return sum;
	}

	function ask() {
		var text = window.prompt('Names to find (a regular expression)', ''), pattern = null;

		if (text === null)
			return;
		try {
			pattern = text === '' ? null : new RegExp(text);
		} catch (e) {
			matched.textContent = 'not a regular expression: ' + text;
			return;
		}
		var found = share(pattern);
		matched.textContent = pattern ? 'matched: ' + (found * 100).toFixed(2) + ' %' : '';
	}

	svg.addEventListener('click', function (e) {
		var g = e.target.closest('.f');

		if (g)
			zoom(g);
		else if (e.target === reset)
			zoom(frames[0]);
		else if (e.target === search)
			ask();
	});
	svg.addEventListener('mouseover', function (e) {
		var g = e.target.closest('.f');

		details.textContent = g ? g.about : rest;
	});
	window.addEventListener('keydown', function (e) {
		if (e.key === '/' || (e.key === 'f' && (e.ctrlKey || e.metaKey))) {
			e.preventDefault();
			ask();
		} else if (e.key === 'Escape') {
			zoom(frames[0]);
		}
	});
	window.scrollTo(0, 1e7); // the root is at the bottom, and a tall picture's top is empty
}());
