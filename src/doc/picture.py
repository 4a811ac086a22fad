#!/usr/bin/env python3
"""Draws the terminals of tutorial.md as SVG: python3 src/doc/picture.py > src/doc/terminal.svg

What is typed and what comes of it are the blocks of the page, which DocsIT runs and compares; so the picture shows what the
program does, and is the same each time. DocsIT also tells when it is to be drawn anew.
"""

import html
import pathlib
import re

PAGE = pathlib.Path(__file__).with_name("tutorial.md")
SHOWN = re.compile(r"^(L4PROXY_JOIN=\S+ )?l4proxy (server|client) --|^curl ")
PROMPTS = {"server": "example.org $", "client": "behind NAT $", "user": "anywhere $"}
COLOURS = {"server": "#7ee787", "client": "#79c0ff", "user": "#d2a8ff", "": "#e6edf3", "dim": "#8b949e"}
LETTER, LINE, SIZE, EDGE = 7.83, 20, 13, 20


def fences(lines):
    """Each block of the page: what stands behind its fence, and its lines."""
    blocks, at = [], 0
    while at < len(lines):
        if lines[at].startswith("```"):
            end = lines.index("```", at + 1)
            blocks.append((lines[at][3:], lines[at + 1 : end]))
            at = end
        at += 1
    return blocks


def transcript(blocks):
    """Rows of (colour, prompt, text); prompt and text may be empty."""
    rows = []
    for (info, typed), (behind, printed) in zip(blocks, blocks[1:]):
        words = info.split(" ")
        if words[0] != "sh" or behind != "text" or not SHOWN.match(typed[0]):
            continue
        where = words[3]
        rows.append((where, PROMPTS[where], typed[0]))
        rows += [("dim" if " INFO " in line else "", "", line.lstrip("… ")) for line in printed]
        rows.append(("", "", ""))
    return rows[:-1]


def drawn(rows):
    width = max(len(prompt) + 1 + len(text) for _, prompt, text in rows) * LETTER + 2 * EDGE
    height = len(rows) * LINE + 2 * EDGE
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="{SIZE}">'
    )
    yield "<title>l4proxy on two machines</title>"
    yield '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>'
    for number, (colour, prompt, text) in enumerate(rows):
        y = EDGE + number * LINE + SIZE
        x = EDGE
        if prompt:
            yield f'<text x="{x}" y="{y}" fill="{COLOURS[colour]}">{html.escape(prompt)}</text>'
            x += (len(prompt) + 1) * LETTER
            colour = ""
        if text:
            yield f'<text x="{x:.0f}" y="{y}" fill="{COLOURS[colour]}" xml:space="preserve">{html.escape(text)}</text>'
    yield "</svg>"


if __name__ == "__main__":
    print("\n".join(drawn(transcript(fences(PAGE.read_text(encoding="utf-8").splitlines())))))
