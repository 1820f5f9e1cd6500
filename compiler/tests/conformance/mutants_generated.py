"""Servers that get only such input wrong as nobody thinks of."""

from collections.abc import Mapping

from psycopg.rows import DictRow
from pydantic import JsonValue

from .mutant import caught_by
from .reference import Input, Reference
from .refusal import RefusalError
from .serving import Request, Response


def is_odd(text: str) -> bool:
    """Whether there is a character that nobody types."""
    return not text.isprintable()


@caught_by("echo-generated")
class OddNamesAreAServerError(Reference):
    def echo(self, items: list[Input]) -> JsonValue:
        if any(is_odd(str(item["name"])) for item in items):
            raise RefusalError(500, "The server failed.")
        return super().echo(items)


@caught_by("users-list-generated")
class UnknownParametersAreMalformed(Reference):
    def list_users(self, request: Request) -> Response:
        if request.query.keys() - {"limit", "offset"}:
            raise RefusalError(400, "There is no such parameter.")
        return super().list_users(request)


@caught_by("users-get-generated")
class IdsThatAreNoNumbersAreAServerError(Reference):
    def user_id(self, text: str) -> int:
        if not text.isascii():
            raise RefusalError(500, "The server failed.")
        return super().user_id(text)


@caught_by("users-create-generated")
class OddCharactersBecomeSpaces(Reference):
    def insert_user(self, body: Input) -> DictRow:
        name = "".join(character if character.isprintable() else " " for character in str(body["name"]))
        return super().insert_user(body | {"name": name})


@caught_by("users-create-generated")
class OddUsersAreNotStored(Reference):
    def insert_user(self, body: Input) -> DictRow:
        row = super().insert_user(body)
        if is_odd(str(body["name"])):
            with self.connection() as connection:
                connection.execute("DELETE FROM user_events WHERE user_id = %s", (row["id"],))
        return row


@caught_by("users-replace-generated")
class OddNamesAreLeftOut(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        name = str(body["name"])
        printable = "".join(character for character in name if character.isprintable())
        return super().update_user(user_id, body | {"name": printable})


@caught_by("external-generated")
class OddKeysAreNotAsked(Reference):
    def fetch(self, key: str) -> str:
        return "" if is_odd(key) else super().fetch(key)


@caught_by("protected-generated")
class OddSearchesGetAStatusOfTheirOwn(Reference):
    def text(self, values: Mapping[str, str], name: str) -> str:
        text = super().text(values, name)
        if is_odd(text):
            raise RefusalError(400, "The search is odd.")
        return text


@caught_by("upload-generated")
class OtherPartsAreRefused(Reference):
    def post_upload(self, request: Request) -> Response:
        content = b""
        while piece := request.read(65_536):
            content += piece
        rest = iter([content, b""])
        if not content.isascii():
            raise RefusalError(400, "The form is broken.")
        return super().post_upload(Request("POST", "/upload", {}, request.headers, lambda _: next(rest)))
