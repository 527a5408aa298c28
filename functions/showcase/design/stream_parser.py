"""Reads the blocks of an answer while it is still being written."""

import json
import re
from collections.abc import Iterator
from typing import Any

_BEGINNING = re.compile(r'\s*\{\s*"blocks"\s*:\s*\[')
# Brackets, and texts as a whole, so that brackets in them are passed over. A text without its end is not there yet.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]]|"', re.DOTALL)
_LONGEST = 1_000_000  # characters: far beyond what a model is allowed to write


class AnswerReader:
    """Feed it the text of `{"blocks": [...]}` in any pieces; it gives each element as soon as its last brace is there.

    What is wrong elsewhere in the text is seen at the end, by `complete`.
    """

    def __init__(self) -> None:
        self.given = 0
        self._text = ""
        self._at = 0  # up to where the text has been looked at
        self._start = 0  # of the element that is being written
        self._depth = 0  # 1 in the list, more in an element; 0 before the list, and for good after it

    def feed(self, text: str) -> Iterator[Any]:
        """The elements that this piece completes.

        Raises:
            ValueError: an element is not JSON, or the answer has no end.
        """
        self._text += text
        if len(self._text) > _LONGEST:
            raise ValueError("the answer is too long")
        if self._at == 0 and (beginning := _BEGINNING.match(self._text)):
            self._at, self._depth = beginning.end(), 1
        while self._depth and (token := _TOKEN.search(self._text, self._at)) and token.group() != '"':
            self._at = token.end()
            if token.group() in "{[":
                self._start = token.start() if self._depth == 1 else self._start
                self._depth += 1
            elif token.group() in "}]":
                self._depth -= 1
                if self._depth == 1:
                    self.given += 1
                    yield json.loads(self._text[self._start : self._at])

    def complete(self) -> None:
        """At the end.

        Raises:
            ValueError: the whole is not an object with nothing but a list of the elements that were given.
        """
        answer = json.loads(self._text)
        if not isinstance(answer, dict) or list(answer) != ["blocks"] or not isinstance(answer["blocks"], list):
            raise ValueError("not an object with nothing but a list of blocks")
        if len(answer["blocks"]) != self.given:
            raise ValueError("not all of the list are blocks")
