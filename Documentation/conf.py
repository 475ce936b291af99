# SPDX-License-Identifier: GPL-2.0
# For sphinx-build -b man Documentation build/man: a page for each file in man/, whose title reads
# "name: what it is".
import pathlib


def page(path):
    title = next(line for line in path.read_text().splitlines() if line.startswith(path.stem))
    section = 5 if path.stem.endswith('-config') else 8
    return ('man/' + path.stem, path.stem, title.partition(': ')[2], '', section)


project = 'kinetd'
root_doc = 'index'
man_pages = [page(path) for path in sorted((pathlib.Path(__file__).parent / 'man').glob('*.rst'))]
