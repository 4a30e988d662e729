# SPDX-License-Identifier: Apache-2.0
# What docs/hooks.md shows compiles against this kernel's types, whatever it can attach to.
awk '/^```spile/ { n++; on = 1; next } /^```/ { on = 0 } on { print > ("doc" n ".spile") }' "$SCRIPTS/../docs/hooks.md"
for script in doc*.spile; do
	good --unsafe -d program "$script"
	expect_out '^body '
done
